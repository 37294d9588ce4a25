/* SPDX-License-Identifier: BSD-3-Clause */
/* name-addr, addr-spec and header parameters (RFC 3261 §20.10, §25.1); see uri.h. */
#include "sip/uri.h"

#include "sip/chars.h"

/* display-name = *( token LWS ) / quoted-string.  Octets of UTF-8 outside quotes are let pass:
 * they are common and mean nothing to a proxy; other foreign characters must not be forwarded
 * unquoted (RFC 4475 §3.1.2.15). */
static bool display_is_tokens(struct span display)
{
	for (size_t i = 0; i < display.len; i++) {
		if (!sip_char_is(display.data[i], SIP_CHAR_TOKEN | SIP_CHAR_LWS) &&
		    (uint8_t)display.data[i] < 0x80)
			return false;
	}
	return true;
}

/* The URI between < and >: no blank may stand in it. */
static const char *bracketed_parse(const char *p, const char *end, struct sip_name_addr *out)
{
	const char *close = memchr(p, '>', (size_t)(end - p));

	if (!close || sip_skip(p + 1, close, SIP_CHAR_URI) != close)
		return NULL;
	out->uri = span_of(p + 1, (size_t)(close - p - 1));
	out->has_brackets = true;
	return close + 1;
}

bool sip_name_addr_decode(struct span value, struct sip_name_addr *out)
{
	memset(out, 0, sizeof(*out));
	value = span_trim(value);
	const char *p = value.data;
	const char *end = p + value.len;
	if (value.len == 0)
		return false;

	if (*p == '"') {
		const char *close = sip_skip_quoted(p, end);
		if (!close)
			return false;
		out->display = span_of(p, (size_t)(close - p));
		p = sip_skip_lws(close, end);
		if (p == end || *p != '<')
			return false;
	} else {
		const char *open = memchr(p, '<', (size_t)(end - p));
		/* A '<' after a ';' can only belong to a parameter of an addr-spec. */
		if (open && memchr(p, ';', (size_t)(open - p)))
			return false;
		if (open) {
			out->display = span_trim(span_of(p, (size_t)(open - p)));
			if (!display_is_tokens(out->display))
				return false;
			p = open;
		}
	}
	if (*p == '<') {
		p = bracketed_parse(p, end, out);
		if (!p)
			return false;
	} else {
		const char *start = p;
		while (p < end && sip_char_is(*p, SIP_CHAR_URI) && *p != ';' && *p != ',')
			p++;
		out->uri = span_of(start, (size_t)(p - start));
	}
	if (out->uri.len == 0 || span_find(out->uri, ':') == out->uri.len)
		return false;
	p = sip_skip_lws(p, end);
	if (p < end && *p != ';')
		return false;
	out->params = span_of(p, (size_t)(end - p));
	return true;
}

bool sip_param_find(struct span params, struct span name, struct span *value)
{
	const char *p = params.data;
	const char *end = p + params.len;

	while (p < end) {
		if (*p != ';')
			return false;
		p = sip_skip_lws(p + 1, end);
		const char *start = p;
		while (p < end && *p != ';' && *p != '=' && !sip_char_is(*p, SIP_CHAR_LWS))
			p++;
		bool found = span_equal_nocase(span_of(start, (size_t)(p - start)), name);
		p = sip_skip_lws(p, end);
		struct span text = span_of(p, 0);
		if (p < end && *p == '=') {
			p = sip_skip_lws(p + 1, end);
			start = p;
			if (p < end && *p == '"') {
				p = sip_skip_quoted(p, end);
				if (!p)
					return false;
			} else {
				while (p < end && *p != ';' && !sip_char_is(*p, SIP_CHAR_LWS))
					p++;
			}
			text = span_of(start, (size_t)(p - start));
			p = sip_skip_lws(p, end);
		}
		if (found) {
			*value = text;
			return true;
		}
		/* Whatever is left before the next ';' is not a parameter. */
		while (p < end && *p != ';')
			p++;
	}
	return false;
}
