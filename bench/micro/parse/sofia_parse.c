/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sofia-SIP's parser; see parse_peer.h.
 *
 * Memory: one msg_t a message, which is a su_home of its own: all that the parser needs comes from
 * it in blocks, and msg_destroy gives it back at once.  That is how its transports receive: the
 * octets are put into the message's buffer (here msg_make's copy; there the kernel's), where the
 * parser splits them into strings in place.  All header fields are decoded by msg_make.  Debug
 * output exists in its transport only.
 */
#include "parse_peer.h"

#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>

static msg_t *message;
static char maddr[256];

static struct parse_text text_of(const char *string)
{
	return (struct parse_text){ string, PARSE_STRING };
}

static uint32_t number_of(const char *string)
{
	return string ? (uint32_t)strtoul(string, NULL, 10) : 0;
}

static enum parse_scheme scheme_of(const url_t *url)
{
	switch (url->url_type) {
	case url_sip:
		return PARSE_SIP;
	case url_sips:
		return PARSE_SIPS;
	case url_tel:
		return PARSE_TEL;
	default:
		return PARSE_SCHEME_OTHER;
	}
}

static struct parse_uri uri_of(const url_t *url)
{
	enum parse_scheme scheme = scheme_of(url);

	return (struct parse_uri){
		.scheme = scheme,
		.port = number_of(url->url_port),
		.user = text_of(scheme == PARSE_TEL ? NULL : url->url_user),
		/* The number of a tel URI stands where others have their user. */
		.host = text_of(scheme == PARSE_TEL ? url->url_user : url->url_host),
	};
}

static uint32_t via_count(const sip_via_t *via)
{
	uint32_t count = 0;

	for (; via; via = via->v_next)
		count++;
	return count;
}

static bool has_own_via(const sip_via_t *via)
{
	for (; via; via = via->v_next) {
		if (via->v_host && strcmp(via->v_host, PARSE_OWN_HOST) == 0)
			return true;
	}
	return false;
}

static void via_take(const sip_via_t *via, struct parse_fields *fields)
{
	fields->via_count = via_count(via);
	fields->via_transport = text_of(sip_via_transport(via));
	fields->via_host = text_of(via->v_host);
	fields->via_port = number_of(via->v_port);
	fields->via_branch = text_of(via->v_branch);
	fields->via_received = text_of(via->v_received);
	fields->via_maddr = text_of(via->v_maddr);
	fields->has_rport = via->v_rport != NULL;
	fields->via_rport = text_of(via->v_rport);
}

static void addresses_take(const sip_t *sip, struct parse_fields *fields)
{
	if (sip->sip_route) {
		fields->has_route = true;
		fields->route = uri_of(sip->sip_route->r_url);
		fields->route_has_lr = url_has_param(sip->sip_route->r_url, "lr");
	}
	if (sip->sip_contact) {
		fields->has_contact = true;
		fields->contact_is_star = sip->sip_contact->m_url->url_type == url_any;
		if (!fields->contact_is_star)
			fields->contact = uri_of(sip->sip_contact->m_url);
	}
}

static void start_line_take(const sip_t *sip, struct parse_fields *fields)
{
	fields->is_request = sip->sip_request != NULL;
	if (!fields->is_request) {
		fields->status = (uint16_t)sip->sip_status->st_status;
		fields->reason_phrase = text_of(sip->sip_status->st_phrase);
		return;
	}
	const url_t *url = sip->sip_request->rq_url;
	fields->method = text_of(sip->sip_request->rq_method_name);
	fields->request_uri = uri_of(url);
	if (url->url_params && url_param(url->url_params, "maddr", maddr, sizeof(maddr)) > 0)
		fields->request_maddr = text_of(maddr);
}

static bool parse(const char *bytes, size_t len, struct parse_fields *fields)
{
	message = msg_make(sip_default_mclass(), 0, bytes, (ssize_t)len);
	const sip_t *sip = message ? sip_object(message) : NULL;

	/* The library's own test of what a message must have; it looks for no Via. */
	if (!sip || msg_has_error(message) || sip_sanity_check(sip) < 0 || !sip->sip_via)
		return false;
	memset(fields, 0, sizeof(*fields));
	start_line_take(sip, fields);
	via_take(sip->sip_via, fields);
	addresses_take(sip, fields);
	fields->from_tag = text_of(sip->sip_from->a_tag);
	fields->to_tag = text_of(sip->sip_to->a_tag);
	fields->call_id = text_of(sip->sip_call_id->i_id);
	fields->cseq = sip->sip_cseq->cs_seq;
	fields->cseq_method = text_of(sip->sip_cseq->cs_method_name);
	fields->max_forwards =
		sip->sip_max_forwards ? (int32_t)sip->sip_max_forwards->mf_count : -1;
	fields->content_length =
		sip->sip_content_length ? (int64_t)sip->sip_content_length->l_length : -1;
	fields->check = parse_check_of(fields, fields->is_request && has_own_via(sip->sip_via),
				       sip->sip_proxy_require != NULL);
	return true;
}

static void release(void)
{
	msg_destroy(message);
	message = NULL;
}

static bool start(void)
{
	return sip_default_mclass() != NULL;
}

const struct parse_peer parse_sofia = { "sofia", start, parse, release };
