/* SPDX-License-Identifier: BSD-3-Clause */
/* URIs (RFC 3261 §19.1, RFC 3966); see uri.h. */
#include "sip/uri.h"

#include "base/text.h"
#include "sip/chars.h"

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ).  Returns the ':' after it, or NULL. */
static const char *scheme_end(const char *p, const char *end)
{
	if (p == end || !sip_char_is(*p, SIP_CHAR_ALPHA))
		return NULL;
	while (p < end && (sip_char_is(*p, SIP_CHAR_ALPHA | SIP_CHAR_DIGIT) || *p == '+' ||
			   *p == '-' || *p == '.'))
		p++;
	return p < end && *p == ':' ? p : NULL;
}

static uint8_t scheme_of(struct span scheme)
{
	switch (scheme.len) {
	case 3:
		if (span_equal_nocase(scheme, SPAN("sip")))
			return SIP_URI_SIP;
		if (span_equal_nocase(scheme, SPAN("tel")))
			return SIP_URI_TEL;
		break;
	case 4:
		if (span_equal_nocase(scheme, SPAN("sips")))
			return SIP_URI_SIPS;
		break;
	default:
		break;
	}
	return SIP_URI_OTHER;
}

/* hostport.  Returns what follows it, or NULL when malformed. */
static const char *host_port_parse(const char *p, const char *end, struct sip_uri *uri)
{
	const char *start = p;

	if (p < end && *p == '[') {
		const char *close = sip_skip(p + 1, end, SIP_CHAR_IPV6);
		if (close == end || *close != ']' || close == p + 1)
			return NULL;
		uri->host = span_of(p + 1, (size_t)(close - p - 1));
		uri->host_is_ipv6 = true;
		p = close + 1;
	} else {
		p = sip_skip(p, end, SIP_CHAR_HOST);
		if (p == start)
			return NULL;
		uri->host = span_of(start, (size_t)(p - start));
	}
	if (p < end && *p == ':') {
		const char *digits = p + 1;
		uint64_t port;
		p = sip_skip(digits, end, SIP_CHAR_DIGIT);
		if (!text_parse_u64(span_of(digits, (size_t)(p - digits)), UINT16_MAX, &port) ||
		    port == 0)
			return NULL;
		uri->port = (uint16_t)port;
	}
	uri->host_port = span_of(start, (size_t)(p - start));
	return p;
}

static void params_decode(struct sip_uri *uri)
{
	struct span value;

	if (uri->params.len == 0)
		return;
	uri->has_lr = sip_param_find(uri->params, SPAN("lr"), &value);
	if (!sip_param_find(uri->params, SPAN("transport"), &uri->transport))
		uri->transport = SPAN_EMPTY;
	if (!sip_param_find(uri->params, SPAN("maddr"), &uri->maddr))
		uri->maddr = SPAN_EMPTY;
	if (!sip_param_find(uri->params, SPAN("method"), &uri->method))
		uri->method = SPAN_EMPTY;
}

/* What follows "sip:" or "sips:". */
static bool sip_decode(const char *p, const char *end, struct sip_uri *uri)
{
	const char *at = memchr(p, '@', (size_t)(end - p));

	if (at) {
		/* The user part may hold any of ; ? / , so the '@' is found first; no other
		 * part of a URI may have one unescaped. */
		const char *colon = memchr(p, ':', (size_t)(at - p));
		uri->user = span_of(p, (size_t)((colon ? colon : at) - p));
		if (uri->user.len == 0)
			return false;
		p = at + 1;
		if (memchr(p, '@', (size_t)(end - p)))
			return false;
	}
	p = host_port_parse(p, end, uri);
	if (!p)
		return false;
	if (p < end && *p == ';') {
		const char *query = memchr(p, '?', (size_t)(end - p));
		const char *stop = query ? query : end;
		uri->params = span_of(p, (size_t)(stop - p));
		p = stop;
	}
	if (p < end) {
		if (*p != '?')
			return false;
		uri->headers = span_of(p, (size_t)(end - p));
	}
	params_decode(uri);
	return true;
}

/* What follows "tel:". */
static bool tel_decode(const char *p, const char *end, struct sip_uri *uri)
{
	const char *semicolon = memchr(p, ';', (size_t)(end - p));
	const char *stop = semicolon ? semicolon : end;

	uri->host = span_of(p, (size_t)(stop - p));
	uri->host_port = uri->host;
	uri->params = span_of(stop, (size_t)(end - stop));
	return uri->host.len != 0;
}

bool sip_uri_decode(struct span text, struct sip_uri *uri)
{
	const char *end = text.data + text.len;

	memset(uri, 0, sizeof(*uri));
	uri->all = text;
	if (text.len == 0)
		return false;
	const char *colon = scheme_end(text.data, end);
	if (!colon || colon + 1 == end || sip_skip(text.data, end, SIP_CHAR_URI) != end)
		return false;
	uri->scheme = scheme_of(span_of(text.data, (size_t)(colon - text.data)));
	switch (uri->scheme) {
	case SIP_URI_SIP:
	case SIP_URI_SIPS:
		return sip_decode(colon + 1, end, uri);
	case SIP_URI_TEL:
		return tel_decode(colon + 1, end, uri);
	default:
		return true;
	}
}
