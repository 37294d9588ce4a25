/* SPDX-License-Identifier: BSD-3-Clause */
/* The message to be explained, and its path in; see explain_message.h. */
#include "api/explain_message.h"

#include <stdio.h>

#include "balance/interface.h"
#include "sip/message.h"

#define SIP_PORT 5060

static uint16_t interface_by_name(const struct balance_snapshot *snapshot, const char *name)
{
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		if (strcmp(snapshot->interfaces[i].name, name) == 0)
			return (uint16_t)i;
	}
	return BALANCE_NONE;
}

static uint16_t interface_by_address(const struct balance_snapshot *snapshot,
				     const struct ip_address *address)
{
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		const struct balance_interface *interface = &snapshot->interfaces[i];
		for (uint8_t a = 0; a < interface->address_count; a++) {
			if (ip_address_equal(&interface->addresses[a].address, address))
				return (uint16_t)i;
		}
	}
	return BALANCE_NONE;
}

/* The first listen address on the interface (BALANCE_NONE: any) of the family (IP_NONE: any). */
static const struct balance_listen *listen_find(const struct balance_snapshot *snapshot,
						uint16_t interface, uint8_t family)
{
	for (uint32_t i = 0; i < snapshot->listen_count; i++) {
		const struct balance_listen *listen = &snapshot->listens[i];
		if ((interface == BALANCE_NONE || listen->interface == interface) &&
		    (family == IP_NONE || listen->endpoint.address.family == family))
			return listen;
	}
	return NULL;
}

static bool path_choose_local(const struct balance_snapshot *snapshot, bool has_source,
			      struct explain_path *path)
{
	uint8_t family = has_source ? path->source.address.family : IP_NONE;
	uint16_t interface = path->interface;
	const struct balance_listen *listen = NULL;

	if (interface == BALANCE_NONE && has_source)
		interface = balance_egress_find(snapshot, &path->source.address);
	listen = listen_find(snapshot, interface, family);
	if (!listen && path->interface == BALANCE_NONE)
		listen = listen_find(snapshot, BALANCE_NONE, family);
	if (!listen)
		return false;
	path->local = listen->endpoint;
	path->interface = listen->interface;
	return true;
}

static const struct balance_target *pool_target_of_family(const struct balance_snapshot *snapshot,
							  const struct balance_pool *pool,
							  uint8_t family)
{
	for (uint32_t i = 0; i < pool->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[pool->target_first + i];
		if (target->endpoint.address.family == family)
			return target;
	}
	return NULL;
}

/* For a service with `from`, one of that pool; else the gateway, else a neighbour on the link. */
static void path_choose_source(const struct balance_snapshot *snapshot, struct explain_path *path)
{
	const struct balance_interface *interface = &snapshot->interfaces[path->interface];
	uint8_t family = path->local.address.family;
	const struct ip_address *gateway =
		family == IP_V4 ? &interface->gateway_v4 : &interface->gateway_v6;

	path->source = path->local;
	path->source.port = SIP_PORT;
	for (uint32_t i = 0; i < snapshot->listen_count; i++) {
		const struct balance_listen *listen = &snapshot->listens[i];
		const struct balance_service *service = &snapshot->services[listen->service];
		if (!endpoint_equal(&listen->endpoint, &path->local))
			continue;
		if (service->from_pool == BALANCE_NONE)
			break;
		const struct balance_target *target = pool_target_of_family(
			snapshot, &snapshot->pools[service->from_pool], family);
		if (target) {
			path->source = target->endpoint;
			return;
		}
	}
	if (gateway->family == family) {
		path->source.address = *gateway;
		return;
	}
	uint8_t *last = &path->source.address.bytes[ip_address_size(&path->local.address) - 1];
	*last = *last < 128 ? *last + 1 : *last - 1;
}

/* The port may be left out, and an IPv6 address then stand without brackets. */
static bool endpoint_take(const char *text, struct endpoint *endpoint, char *why, size_t size)
{
	struct span span = span_of_string(text);

	if (endpoint_parse(span, SIP_PORT, endpoint))
		return true;
	if (ip_address_parse(span, &endpoint->address)) {
		endpoint->port = SIP_PORT;
		return true;
	}
	snprintf(why, size, "'%.60s' is not an address and port", text);
	return false;
}

bool explain_path_find(const struct balance_snapshot *snapshot, const char *source,
		       const char *local, const char *interface, struct explain_path *path,
		       char *why, size_t size)
{
	*path = (struct explain_path){ .interface = BALANCE_NONE };
	if ((source && !endpoint_take(source, &path->source, why, size)) ||
	    (local && !endpoint_take(local, &path->local, why, size)))
		return false;
	if (interface) {
		path->interface = interface_by_name(snapshot, interface);
		if (path->interface == BALANCE_NONE) {
			snprintf(why, size, "there is no interface '%.60s'", interface);
			return false;
		}
	}
	if (local && !interface)
		path->interface = interface_by_address(snapshot, &path->local.address);
	if (local && path->interface == BALANCE_NONE) {
		snprintf(why, size, "%.60s is no address of Tandem's", local);
		return false;
	}
	if (!local && !path_choose_local(snapshot, source != NULL, path)) {
		snprintf(why, size, "no service listens there");
		return false;
	}
	if (!source)
		path_choose_source(snapshot, path);
	return true;
}

void explain_message_put(struct text_writer *w, const struct explain_path *path,
			 struct span call_id)
{
	text_put(w, SPAN("INVITE sip:explain@"));
	endpoint_put(w, &path->local);
	text_put(w, SPAN(" SIP/2.0\r\nVia: SIP/2.0/UDP "));
	endpoint_put(w, &path->source);
	text_put(w, SPAN(";rport;branch=z9hG4bK-explain\r\nMax-Forwards: 70\r\nFrom: <sip:explain@"));
	endpoint_put(w, &path->source);
	text_put(w, SPAN(">;tag=explain\r\nTo: <sip:explain@"));
	endpoint_put(w, &path->local);
	text_put(w, SPAN(">\r\nCall-ID: "));
	text_put(w, call_id);
	text_put(w, SPAN("\r\nCSeq: 1 INVITE\r\nContact: <sip:explain@"));
	endpoint_put(w, &path->source);
	text_put(w, SPAN(">\r\nContent-Length: 0\r\n\r\n"));
}

bool explain_message_put_with_call_id(struct text_writer *w, struct span message,
				      struct span call_id)
{
	struct span old;

	if (!sip_message_peek_call_id(message.data, (uint32_t)message.len, &old))
		return false;
	size_t offset = (size_t)(old.data - message.data);
	text_put(w, span_of(message.data, offset));
	text_put(w, call_id);
	text_put(w, span_from(message, offset + old.len));
	return !w->overflow;
}

bool explain_call_id_is_usable(struct span call_id)
{
	for (size_t i = 0; i < call_id.len; i++) {
		if ((unsigned char)call_id.data[i] <= ' ' || call_id.data[i] == 0x7f)
			return false;
	}
	return call_id.len > 0;
}
