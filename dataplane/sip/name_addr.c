/* SPDX-License-Identifier: BSD-3-Clause */
/* name-addr, addr-spec and header parameters (RFC 3261 §20.10, §25.1); see uri.h. */
#include "sip/uri.h"

#include "sip/param.h"
#include "sip/parse.h"

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

/* What stands before the '<', or nothing when there is none.  Returns the '<', or p when the
 * value is an addr-spec; NULL when malformed. */
static const char *display_parse(const char *p, const char *end, const char *limit,
				 struct sip_name_addr *out)
{
	if (*p == '<')
		return p;
	if (*p == '"') {
		const char *close = sip_skip_quoted(p, end, limit);
		if (!close)
			return NULL;
		out->display = span_of(p, (size_t)(close - p));
		p = sip_skip_lws(close, end);
		return p < end && *p == '<' ? p : NULL;
	}
	const char *open = sip_scan_for(p, end, limit, '<');
	if (open == end)
		return p;
	/* A '<' after a ';' can only belong to a parameter of an addr-spec; ';' is no token. */
	out->display = span_trim(span_of(p, (size_t)(open - p)));
	return display_is_tokens(out->display) ? open : NULL;
}

bool sip_name_addr_parse(struct span value, const char *limit, struct sip_name_addr *out)
{
	sip_clear(out, sizeof(*out));
	value = span_trim(value);
	const char *end = value.data + value.len;
	if (value.len == 0)
		return false;
	const char *p = display_parse(value.data, end, limit, out);
	if (!p)
		return false;
	if (*p == '<') {
		const char *start = ++p;
		p = sip_scan(p, end, limit, SIP_CHAR_URI); /* no blank may stand in it */
		if (p == end || *p != '>')
			return false;
		out->uri = span_of(start, (size_t)(p - start));
		out->has_brackets = true;
		p++;
	} else {
		const char *start = p;
		p = sip_scan(p, end, limit, SIP_CHAR_VALUE);
		out->uri = span_of(start, (size_t)(p - start));
	}
	const char *uri_end = out->uri.data + out->uri.len;
	if (sip_scan_for(out->uri.data, uri_end, limit, ':') == uri_end)
		return false;
	p = sip_skip_lws(p, end);
	if (p < end && *p != ';')
		return false;
	out->params = span_of(p, (size_t)(end - p));
	return true;
}

bool sip_name_addr_decode(struct span value, struct sip_name_addr *out)
{
	return sip_name_addr_parse(value, value.data + value.len, out);
}

bool sip_param_find(struct span params, struct span name, struct span *value)
{
	const char *p = params.data;
	const char *end = p + params.len;

	while (p < end && *p == ';') {
		struct span found, text;
		p = sip_param_read(p + 1, end, end, SIP_CHAR_NAME, &found, &text);
		if (!p)
			return false;
		if (span_equal_nocase(found, name)) {
			*value = text.data ? text : span_of(p, 0);
			return true;
		}
		/* Whatever is left before the next ';' is not a parameter. */
		p = sip_scan_for(p, end, end, ';');
	}
	return false;
}
