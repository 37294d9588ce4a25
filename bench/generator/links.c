/* SPDX-License-Identifier: BSD-3-Clause */
/* See links.h. */
#include <stdlib.h>

#include "generator/links.h"
#include "net/wire.h"

#define HOPS_MAX      512u /* targets, when direct, and proxies */
#define EXPIRE_EVENTS 64
#define FRESHEN_TICKS TICK_MS(500)

struct hop {
	uint16_t device;
	struct ip_address destination;
	uint8_t mac[6];
	bool is_known, is_own; /* own: the other side of the same device */
};

struct headers {
	uint32_t generation; /* the links', when they were made; 0: never */
	struct frame_template t;
};

struct links {
	struct links_config config;
	struct links_device devices[OPTIONS_DEVICES_MAX];
	const struct endpoint *endpoints[LINKS_ROLES]; /* by role and local */
	uint16_t peers;                                /* destinations of a local */
	struct headers *headers[LINKS_ROLES];
	uint32_t generation; /* one more whenever a MAC address changed */
	struct net_stack *stack;
	tick_t due, freshen;
	uint32_t hop_count;
	struct hop hops[HOPS_MAX];
};

uint16_t links_device_of(const struct links *links, enum locals_role role)
{
	return role == LOCALS_TARGET && links->config.device_count > 1 ? 1 : 0;
}

struct net_stack *links_stack(struct links *links)
{
	return links->stack;
}

/* ---- creation -------------------------------------------------------------------------------- */

static bool failed(char *error, const char *sentence)
{
	snprintf(error, OPTIONS_ERROR_MAX, "%s", sentence);
	return false;
}

static bool address_add(struct net_interface_config *interface, const struct endpoint *endpoint,
			char *error)
{
	const struct ip_address *gateway =
		endpoint->address.family == IP_V4 ? &interface->gateway_v4 : &interface->gateway_v6;

	for (uint32_t i = 0; i < interface->address_count; i++) {
		if (ip_address_equal(&interface->addresses[i].address, &endpoint->address))
			return true;
	}
	if (interface->address_count == NET_ADDRESSES_MAX)
		return failed(error, "a device has at most 8 addresses; ports may be many "
				     "(192.0.2.50:10000-10255)");
	/* Without a gateway everybody is on the link, with one nobody is. */
	interface->addresses[interface->address_count++] = (struct ip_prefix){
		.address = endpoint->address,
		.bits = gateway->family == IP_NONE
				? 0
				: (uint8_t)(8 * ip_address_size(&endpoint->address)),
	};
	return true;
}

static bool describe(struct links *links, struct net_config *net, char *error)
{
	const struct options *o = links->config.options;
	const uint16_t counts[LINKS_ROLES] = { o->caller_count, o->target_count,
					       o->flood_from_count };

	net->interface_count = links->config.device_count;
	for (uint16_t d = 0; d < net->interface_count; d++) {
		const struct options_gateway *gateway =
			&o->gateways[d ? TRAFFIC_TARGETS : TRAFFIC_CALLERS];

		net->interfaces[d] = (struct net_interface_config){
			.port = d,
			.mtu = o->mtu,
			.gateway_v4 = gateway->v4,
			.gateway_v6 = gateway->v6,
			.flags = links->devices[d].trust_udp ? NET_INTERFACE_TRUST_UDP : 0,
		};
		memcpy(net->interfaces[d].mac, links->devices[d].mac, MAC_LEN);
	}
	for (int role = 0; role < (int)LINKS_ROLES; role++) {
		uint16_t d = links_device_of(links, (enum locals_role)role);

		for (uint16_t i = 0; i < counts[role]; i++) {
			if (!address_add(&net->interfaces[d], &links->endpoints[role][i], error))
				return false;
		}
	}
	return true;
}

/* Where fragments and odd frames are taken; plain datagrams do not come this way. */
static void serve_ports(struct links *links)
{
	const struct options *o = links->config.options;
	const uint16_t counts[LINKS_ROLES] = { o->caller_count, o->target_count,
					       o->flood_from_count };
	uint16_t ports[NET_UDP_PORTS_MAX];
	uint32_t count = 0;

	for (int role = 0; role < (int)LINKS_ROLES; role++) {
		for (uint16_t i = 0; i < counts[role] && count < NET_UDP_PORTS_MAX; i++)
			ports[count++] = links->endpoints[role][i].port;
	}
	net_stack_ports_set(links->stack, ports, count);
}

static bool headers_create(struct links *links)
{
	const struct options *o = links->config.options;
	const size_t counts[LINKS_ROLES] = { o->caller_count, o->target_count,
					     o->flood_from_count };

	links->peers = o->direct ? MAX(o->caller_count, o->target_count) : 1;
	for (int role = 0; role < (int)LINKS_ROLES; role++) {
		links->headers[role] =
			calloc(counts[role] * links->peers + 1, sizeof(struct headers));
		if (!links->headers[role])
			return false;
	}
	return true;
}

struct links *links_create(const struct links_config *config, tick_t now, char *error)
{
	struct net_config net = { .workers = 1, .key = { config->seed, ~config->seed } };
	struct links *links = calloc(1, sizeof(*links));
	void *memory = NULL;
	size_t size;

	if (!links) {
		failed(error, "out of memory");
		return NULL;
	}
	links->config = *config;
	links->generation = 1;
	memcpy(links->devices, config->devices, config->device_count * sizeof(*config->devices));
	links->endpoints[LOCALS_CALLER] = config->options->callers;
	links->endpoints[LOCALS_TARGET] = config->options->targets;
	links->endpoints[LOCALS_FLOOD] = config->options->flood_from;
	if (!describe(links, &net, error))
		goto fail;
	size = net_stack_size(&net);
	if (size)
		memory = aligned_alloc(CACHE_LINE_SIZE, (size + CACHE_LINE_SIZE - 1) &
								~(size_t)(CACHE_LINE_SIZE - 1));
	if (memory)
		links->stack = net_stack_init(memory, &net, now);
	if (!links->stack || !headers_create(links)) {
		free(memory);
		links->stack = NULL;
		failed(error, size ? "out of memory" : "these addresses cannot be a station's");
		goto fail;
	}
	serve_ports(links);
	return links;
fail:
	links_destroy(links);
	return NULL;
}

void links_destroy(struct links *links)
{
	if (!links)
		return;
	for (int role = 0; role < (int)LINKS_ROLES; role++)
		free(links->headers[role]);
	free(links->stack);
	free(links);
}

void links_announce(struct links *links)
{
	uint8_t frame[NET_CONTROL_FRAME_MAX];

	for (uint16_t d = 0; d < links->config.device_count; d++) {
		uint32_t len;

		for (uint32_t which = 0; (len = net_announce(links->stack, d, which, frame)) != 0;
		     which++)
			links->config.send(links->config.context, d, frame, len);
	}
}

/* ---- next hops ------------------------------------------------------------------------------- */

static void hop_refresh(struct links *links, struct hop *hop, tick_t now)
{
	struct net_hop found;
	enum net_hop_status status;

	if (hop->is_own)
		return;
	status = net_resolve(links->stack, hop->device, &hop->destination, now, &found);
	if (found.solicitation_len) {
		links->config.send(links->config.context, hop->device, found.solicitation,
				   found.solicitation_len);
		links->due = 0;
	}
	/* A neighbour that has fallen silent keeps its address: calls tell that it is gone. */
	if (status != NET_HOP_RESOLVED)
		return;
	if (!hop->is_known || !mac_equal(hop->mac, found.mac)) {
		memcpy(hop->mac, found.mac, MAC_LEN);
		links->generation++;
	}
	hop->is_known = true;
}

static struct hop *hop_of(struct links *links, uint16_t device, const struct ip_address *to,
			  tick_t now)
{
	struct hop *hop;

	for (uint32_t i = 0; i < links->hop_count; i++) {
		hop = &links->hops[i];
		if (hop->device == device && ip_address_equal(&hop->destination, to))
			return hop;
	}
	if (links->hop_count == HOPS_MAX)
		return NULL;
	hop = &links->hops[links->hop_count++];
	*hop = (struct hop){ .device = device, .destination = *to };
	hop->is_own = net_is_own(links->stack, device, to);
	hop->is_known = hop->is_own;
	memcpy(hop->mac, links->devices[device].mac, MAC_LEN);
	hop_refresh(links, hop, now);
	return hop;
}

bool links_find(struct links *links, enum locals_role role, const struct endpoint *destination,
		tick_t now)
{
	const struct hop *hop =
		hop_of(links, links_device_of(links, role), &destination->address, now);

	return hop && hop->is_known;
}

static const struct frame_template *headers_make(struct links *links, struct headers *headers,
						 enum locals_role role, uint16_t local,
						 const struct endpoint *destination, tick_t now)
{
	const uint16_t d = links_device_of(links, role);
	const struct hop *hop = hop_of(links, d, &destination->address, now);

	if (!hop || !hop->is_known)
		return NULL;
	frame_template_init(&headers->t, links->devices[d].mac, hop->mac,
			    &links->endpoints[role][local], destination, links->devices[d].offload);
	headers->generation = links->generation;
	return &headers->t;
}

const struct frame_template *links_headers(struct links *links, enum locals_role role,
					   uint16_t local, uint16_t peer,
					   const struct endpoint *destination, tick_t now)
{
	struct headers *headers = &links->headers[role][(size_t)local * links->peers + peer];

	if (LIKELY(headers->generation == links->generation))
		return &headers->t;
	return headers_make(links, headers, role, local, destination, now);
}

bool links_route(struct links *links, enum locals_role role, uint16_t local,
		 const struct endpoint *destination, tick_t now, struct net_send *send)
{
	const uint16_t d = links_device_of(links, role);
	const struct hop *hop = hop_of(links, d, &destination->address, now);

	if (!hop || !hop->is_known)
		return false;
	*send = (struct net_send){ .interface = d,
				   .source = links->endpoints[role][local],
				   .destination = *destination };
	memcpy(send->mac, hop->mac, MAC_LEN);
	return true;
}

void links_expire(struct links *links, tick_t now)
{
	struct net_event event;

	if (now >= links->freshen) {
		for (uint32_t i = 0; i < links->hop_count; i++)
			hop_refresh(links, &links->hops[i], now);
		links->freshen = tick_add(now, FRESHEN_TICKS);
	}
	if (now < links->due)
		return;
	for (int i = 0; i < EXPIRE_EVENTS && net_expire(links->stack, now, &event); i++) {
		if (event.kind == NET_EVENT_SEND)
			links->config.send(links->config.context, event.port, event.frame,
					   event.frame_len);
	}
	links->due = net_next_expiry(links->stack);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void neighbour_known(struct links *links, tick_t now)
{
	for (uint32_t i = 0; i < links->hop_count; i++) {
		if (!links->hops[i].is_known)
			hop_refresh(links, &links->hops[i], now);
	}
}

enum links_result links_receive(struct links *links, uint16_t device, const uint8_t *frame,
				uint32_t len, uint32_t flags, tick_t now,
				struct frame_datagram *datagram)
{
	struct net_result result;
	enum net_action action;

	switch (frame_parse(frame, len, flags, datagram)) {
	case FRAME_DATAGRAM:
		return LINKS_DATAGRAM;
	case FRAME_CORRUPT:
		return LINKS_CORRUPT;
	default:
		break;
	}
	action = net_receive(links->stack, device, frame, len,
			     (flags & FRAME_IP_GOOD ? NET_RX_IP_CHECKSUM_GOOD : 0) |
				     (flags & FRAME_UDP_GOOD ? NET_RX_UDP_CHECKSUM_GOOD : 0),
			     now, &result);
	links->due = 0;
	if (action == NET_REPLY)
		links->config.send(links->config.context, device, result.reply, result.reply_len);
	if (result.neighbour_resolved != NET_NEIGHBOUR_NONE)
		neighbour_known(links, now);
	if (action == NET_ICMP_ERROR)
		return LINKS_ERROR;
	if (action != NET_DATAGRAM)
		return LINKS_TAKEN;
	*datagram = (struct frame_datagram){
		.source = result.source,
		.destination = result.local,
		.payload = result.reassembled ? (const char *)result.payload
					      : (const char *)frame + result.payload_offset,
		.len = result.payload_len,
	};
	return LINKS_DATAGRAM;
}
