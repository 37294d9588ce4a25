/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GNU oSIP's parser (libosipparser2 alone, without its state machines); see parse_peer.h.
 *
 * Memory: osip_message_init and osip_message_free around every message, and malloc for each part
 * of it, which is the only way that the library has; its allocator is left at malloc.  Tracing is
 * switched off: as it comes, it writes errors to the standard output.  All header fields are decoded by osip_message_parse; what it
 * keeps as plain text (Max-Forwards, Proxy-Require) is looked up by name.
 */
#include "parse_peer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include <osipparser2/osip_parser.h>

static osip_message_t *message;

static struct parse_text text_of(const char *string)
{
	return (struct parse_text){ string, PARSE_STRING };
}

static uint32_t number_of(const char *string)
{
	return string ? (uint32_t)strtoul(string, NULL, 10) : 0;
}

static enum parse_scheme scheme_of(const char *scheme)
{
	if (!scheme)
		return PARSE_SCHEME_NONE;
	if (strcasecmp(scheme, "sip") == 0)
		return PARSE_SIP;
	if (strcasecmp(scheme, "sips") == 0)
		return PARSE_SIPS;
	return strcasecmp(scheme, "tel") == 0 ? PARSE_TEL : PARSE_SCHEME_OTHER;
}

static struct parse_uri uri_of(const osip_uri_t *uri)
{
	if (!uri)
		return (struct parse_uri){ .scheme = PARSE_SCHEME_NONE };
	return (struct parse_uri){
		.scheme = scheme_of(uri->scheme),
		.port = number_of(uri->port),
		.user = text_of(uri->username),
		/* What follows the scheme of any other URI. */
		.host = text_of(uri->host ? uri->host : uri->string),
	};
}

static const osip_generic_param_t *param_find(osip_list_t *params, const char *name)
{
	osip_generic_param_t *param = NULL;

	osip_generic_param_get_byname(params, (char *)(uintptr_t)name, &param);
	return param;
}

static struct parse_text param_text(osip_list_t *params, const char *name)
{
	const osip_generic_param_t *param = param_find(params, name);

	return text_of(param ? param->gvalue : NULL);
}

static bool via_take(struct parse_fields *fields)
{
	osip_via_t *via = osip_list_get(&message->vias, 0);

	if (!via)
		return false;
	fields->via_count = (uint32_t)osip_list_size(&message->vias);
	fields->via_transport = text_of(via->protocol);
	fields->via_host = text_of(via->host);
	fields->via_port = number_of(via->port);
	fields->via_branch = param_text(&via->via_params, "branch");
	fields->via_received = param_text(&via->via_params, "received");
	fields->via_maddr = param_text(&via->via_params, "maddr");
	const osip_generic_param_t *rport = param_find(&via->via_params, "rport");
	fields->has_rport = rport != NULL;
	fields->via_rport = text_of(rport ? rport->gvalue : NULL);
	return true;
}

static bool has_own_via(void)
{
	osip_list_iterator_t at;

	for (osip_via_t *via = osip_list_get_first(&message->vias, &at); via;
	     via = osip_list_get_next(&at)) {
		if (via->host && strcmp(via->host, PARSE_OWN_HOST) == 0)
			return true;
	}
	return false;
}

static void addresses_take(struct parse_fields *fields)
{
	const osip_route_t *route = osip_list_get(&message->routes, 0);
	const osip_contact_t *contact = osip_list_get(&message->contacts, 0);

	if (route) {
		fields->has_route = true;
		fields->route = uri_of(route->url);
		fields->route_has_lr = route->url && param_find(&route->url->url_params, "lr");
	}
	if (contact) {
		fields->has_contact = true;
		/* "*" is kept as a display name without a URI. */
		fields->contact_is_star = !contact->url && contact->displayname &&
					  strcmp(contact->displayname, "*") == 0;
		fields->contact = uri_of(contact->url);
	}
}

static void start_line_take(struct parse_fields *fields)
{
	fields->is_request = MSG_IS_REQUEST(message);
	if (!fields->is_request) {
		fields->status = (uint16_t)message->status_code;
		fields->reason_phrase = text_of(message->reason_phrase);
		return;
	}
	fields->method = text_of(message->sip_method);
	fields->request_uri = uri_of(message->req_uri);
	if (message->req_uri)
		fields->request_maddr = param_text(&message->req_uri->url_params, "maddr");
}

static bool parse(const char *bytes, size_t len, struct parse_fields *fields)
{
	osip_header_t *max_forwards = NULL, *proxy_require = NULL;

	if (osip_message_init(&message) != OSIP_SUCCESS ||
	    osip_message_parse(message, bytes, len) != OSIP_SUCCESS)
		return false;
	if (!message->from || !message->to || !message->call_id || !message->cseq)
		return false;
	memset(fields, 0, sizeof(*fields));
	if (!via_take(fields))
		return false;
	start_line_take(fields);
	addresses_take(fields);
	fields->from_tag = param_text(&message->from->gen_params, "tag");
	fields->to_tag = param_text(&message->to->gen_params, "tag");
	fields->call_id = text_of(message->call_id->number);
	fields->call_id_host = text_of(message->call_id->host);
	fields->cseq = number_of(message->cseq->number);
	fields->cseq_method = text_of(message->cseq->method);
	osip_message_get_max_forwards(message, 0, &max_forwards);
	fields->max_forwards = max_forwards ? (int32_t)number_of(max_forwards->hvalue) : -1;
	fields->content_length =
		message->content_length ? (int64_t)number_of(message->content_length->value) : -1;
	osip_message_get_proxy_require(message, 0, &proxy_require);
	fields->check =
		parse_check_of(fields, fields->is_request && has_own_via(), proxy_require != NULL);
	return true;
}

static void release(void)
{
	osip_message_free(message);
	message = NULL;
}

static void trace_drop(const char *, int, osip_trace_level_t, const char *, va_list)
{
}

/* Disabling levels alone leaves them on: the first trace would set them anew. */
static bool start(void)
{
	static bool is_ready;

	if (is_ready)
		return true;
	osip_trace_initialize_func(TRACE_LEVEL0, trace_drop);
	osip_trace_disable_level(TRACE_LEVEL0);
	is_ready = parser_init() == OSIP_SUCCESS;
	return is_ready;
}

const struct parse_peer parse_osip = { "osip", start, parse, release };
