/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tandem's parser, once for each instruction set; see parse_peer.h.  Memory: one struct
 * sip_message that every message is parsed into, as a worker has it.  Nothing is allocated or
 * copied, so there is nothing to release.
 */
#include "parse_peer.h"

#include "sip/index.h"
#include "sip/message.h"

static struct sip_message message;

static struct parse_text text_of(struct span s)
{
	return (struct parse_text){ s.data, s.len };
}

static struct parse_text slice_text(struct sip_slice slice)
{
	return (struct parse_text){ message.bytes + slice.offset, slice.len };
}

static struct parse_uri uri_of(const struct sip_uri *uri)
{
	static const enum parse_scheme schemes[] = {
		[SIP_URI_SIP] = PARSE_SIP,
		[SIP_URI_SIPS] = PARSE_SIPS,
		[SIP_URI_TEL] = PARSE_TEL,
		[SIP_URI_OTHER] = PARSE_SCHEME_OTHER,
	};

	return (struct parse_uri){
		.scheme = schemes[uri->scheme],
		.port = uri->port,
		.user = text_of(uri->user),
		.host = text_of(uri->host),
	};
}

/* The first value of a header field that holds addresses. */
static bool address_take(enum sip_header_id id, struct sip_uri *uri)
{
	struct sip_value_cursor at;
	struct sip_name_addr address;

	return sip_value_first(&message, id, &at) && sip_name_addr_decode(at.value, &address) &&
	       sip_uri_decode(address.uri, uri);
}

/* Decodes only a value that can be it, as the engine's own loop check does. */
static bool has_own_via(void)
{
	const struct span own = SPAN(PARSE_OWN_HOST);
	struct sip_value_cursor at;
	struct sip_via via;

	for (bool more = sip_value_first(&message, SIP_HEADER_VIA, &at); more;
	     more = sip_value_next(&message, &at)) {
		if (parse_may_be_own_via(at.value.data, at.value.len) &&
		    sip_via_decode(at.value, &via) && span_equal(via.host, own))
			return true;
	}
	return false;
}

static void via_take(struct parse_fields *fields)
{
	const struct sip_via *via = &message.via;

	fields->via_transport = text_of(via->transport);
	fields->via_host = text_of(via->host);
	fields->via_port = via->port;
	fields->via_branch = text_of(via->branch);
	fields->via_received = text_of(via->received);
	fields->via_maddr = text_of(via->maddr);
	fields->via_rport = text_of(via->rport);
	fields->has_rport = via->has_rport;
	fields->via_count = message.via_values;
}

static void contact_take(struct parse_fields *fields)
{
	const struct sip_header *row = sip_message_find(&message, SIP_HEADER_CONTACT);
	struct sip_uri uri;

	if (!row)
		return;
	fields->has_contact = true;
	if (span_equal(sip_header_value(&message, row), SPAN("*")))
		fields->contact_is_star = true;
	else if (address_take(SIP_HEADER_CONTACT, &uri))
		fields->contact = uri_of(&uri);
}

static bool parse(const char *bytes, size_t len, struct parse_fields *fields)
{
	struct sip_uri route;

	if (sip_message_parse(&message, bytes, (uint32_t)len) != VERDICT_REASON_NONE)
		return false;
	*fields = (struct parse_fields){
		.is_request = message.is_request,
		.status = message.status,
		.cseq = message.cseq,
		.max_forwards = message.max_forwards,
		.content_length =
			message.has_content_length ? (int64_t)message.len - message.body : -1,
		.from_tag = slice_text(message.from_tag),
		.to_tag = slice_text(message.to_tag),
		.call_id = slice_text(message.call_id),
		/* The same octets in both places, or the message is malformed. */
		.cseq_method = slice_text(message.method_token),
	};
	if (message.is_request) {
		fields->method = slice_text(message.method_token);
		fields->request_uri = uri_of(&message.uri);
		fields->request_maddr = text_of(message.uri.maddr);
	} else {
		fields->reason_phrase = slice_text(message.reason_phrase);
	}
	via_take(fields);
	fields->has_route = message.first[SIP_HEADER_ROUTE] != 0;
	if (fields->has_route && address_take(SIP_HEADER_ROUTE, &route)) {
		fields->route = uri_of(&route);
		fields->route_has_lr = route.has_lr;
	}
	contact_take(fields);
	fields->check = parse_check_of(fields, message.is_request && has_own_via(),
				       message.first[SIP_HEADER_PROXY_REQUIRE] != 0);
	return true;
}

static void release(void)
{
}

static bool start_scalar(void)
{
	return sip_index_use(SIP_INDEX_SCALAR);
}

static bool start_avx2(void)
{
	return sip_index_use(SIP_INDEX_AVX2);
}

static bool start_avx512(void)
{
	return sip_index_use(SIP_INDEX_AVX512);
}

const struct parse_peer parse_tandem_scalar = { "tandem-scalar", start_scalar, parse, release };
const struct parse_peer parse_tandem_avx2 = { "tandem-avx2", start_avx2, parse, release };
const struct parse_peer parse_tandem_avx512 = { "tandem-avx512", start_avx512, parse, release };
