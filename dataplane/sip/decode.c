/* SPDX-License-Identifier: BSD-3-Clause */
/* The public decoders: those of the instruction set in use, on a span and no byte behind it. */
#include "sip/isa.h"
#include "sip/param.h"

enum verdict_reason sip_message_parse(struct sip_message *msg, const char *bytes, uint32_t len)
{
	return sip_parse_ops->message(msg, bytes, len);
}

bool sip_message_is_answerable(const struct sip_message *msg)
{
	/* No response is sent to an ACK (RFC 3261 §17.1.1.2), nor to what may be one.  The Via alone
	 * leads back: a row that the request lacks, the answer lacks too (RFC 4475 §3.3.1). */
	return msg->is_request && msg->method_token.len && msg->method != SIP_METHOD_ACK &&
	       msg->has_via;
}

bool sip_via_decode(struct span value, struct sip_via *via)
{
	bool is_sip_2;

	value = span_trim(value);
	return sip_parse_ops->via(value, value.data + value.len, via, &is_sip_2) && is_sip_2;
}

bool sip_uri_decode(struct span text, struct sip_uri *uri)
{
	return sip_parse_ops->uri(text, text.data + text.len, uri);
}

bool sip_name_addr_decode(struct span value, struct sip_name_addr *out)
{
	return sip_parse_ops->name_addr(value, value.data + value.len, out);
}

bool sip_param_find(struct span params, struct span name, struct span *value)
{
	if (params.len == 0)
		return false; /* a span of nothing may point nowhere */
	const char *p = params.data;
	const char *end = p + params.len;
	const struct sip_window w = sip_window_open(p, end, end);

	while (p < end && *p == ';') {
		struct span found, text;
		p = sip_param_read(&w, p + 1, SIP_PARAM_URI, &found, &text);
		if (!p)
			return false;
		if (span_equal_nocase(found, name)) {
			*value = text.data ? text : span_of(p, 0);
			return true;
		}
		/* Whatever is left before the next ';' is not a parameter. */
		p = sip_window_semicolon(&w, p);
	}
	return false;
}
