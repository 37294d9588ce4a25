/* SPDX-License-Identifier: BSD-3-Clause */
/* URIs (RFC 3261 §19.1, RFC 3966); see uri.h. */
#include "sip/uri.h"

#include "sip/param.h"
#include "sip/parse.h"

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

static uint8_t scheme_of(const char *scheme, size_t len, const char *limit)
{
	if (len > 4)
		return SIP_URI_OTHER;
	switch (sip_word_lower(scheme, len, limit)) {
	case SIP_WORD8('s', 'i', 'p', 0, 0, 0, 0, 0):
		return SIP_URI_SIP;
	case SIP_WORD8('s', 'i', 'p', 's', 0, 0, 0, 0):
		return SIP_URI_SIPS;
	case SIP_WORD8('t', 'e', 'l', 0, 0, 0, 0, 0):
		return SIP_URI_TEL;
	default:
		return SIP_URI_OTHER;
	}
}

/* hostport.  Returns what follows it, or NULL when malformed. */
static ALWAYS_INLINE const char *host_port_parse(const struct sip_window *w, const char *p,
						 struct sip_uri *uri)
{
	const char *start = p;
	const char *end = w->end;

	if (p < end && *p == '[') {
		const char *close = sip_skip(p + 1, end, SIP_CHAR_IPV6);
		if (close == end || *close != ']' || close == p + 1)
			return NULL;
		uri->host = span_of(p + 1, (size_t)(close - p - 1));
		uri->host_is_ipv6 = true;
		p = close + 1;
	} else {
		p = sip_window_host(w, p);
		if (p == start)
			return NULL;
		uri->host = span_of(start, (size_t)(p - start));
	}
	if (p < end && *p == ':') {
		p = sip_port_read(p + 1, end, &uri->port);
		if (!p)
			return NULL;
	}
	uri->host_port = span_of(start, (size_t)(p - start));
	return p;
}

/* The first of two equal names counts; what is no parameter is passed over. */
static ALWAYS_INLINE void params_decode(const struct sip_window *w, struct sip_uri *uri)
{
	const char *p = uri->params.data;
	const char *end = p + uri->params.len;

	while (p < end) {
		struct span name, value, *slot;
		p = sip_param_read(w, p + 1, SIP_PARAM_URI, &name, &value);
		p = p ? sip_window_semicolon(w, p) : end;
		if (name.len == 0 || name.len > 9)
			continue;
		switch (sip_word_lower(name.data, MIN(name.len, (size_t)8), w->limit)) {
		case SIP_WORD8('l', 'r', 0, 0, 0, 0, 0, 0):
			uri->has_lr = true;
			continue;
		case SIP_WORD8('m', 'a', 'd', 'd', 'r', 0, 0, 0):
			slot = &uri->maddr;
			break;
		case SIP_WORD8('m', 'e', 't', 'h', 'o', 'd', 0, 0):
			slot = &uri->method;
			break;
		case SIP_WORD8('t', 'r', 'a', 'n', 's', 'p', 'o', 'r'):
			if (name.len != 9 || char_lower(name.data[8]) != 't')
				continue;
			slot = &uri->transport;
			break;
		default:
			continue;
		}
		if (!slot->data)
			*slot = value;
	}
}

/* With headers behind: they must not be taken for the last parameter's rest. */
static NO_INLINE void params_decode_before_headers(const struct sip_window *w, struct sip_uri *uri)
{
	const char *end = uri->params.data + uri->params.len;
	const struct sip_window params = sip_window_open(uri->params.data, end, w->limit);

	params_decode(&params, uri);
}

/* What follows "sip:" or "sips:". */
static ALWAYS_INLINE bool sip_decode(const struct sip_window *w, const char *p, struct sip_uri *uri)
{
	const char *end = w->end;
	const char *at = sip_window_at(w, p);

	if (at < end) {
		/* The user part may hold any of ; ? / , so the '@' is found first; no other
		 * part of a URI may have one unescaped. */
		const char *colon = sip_window_colon(w, p);
		uri->user = span_of(p, (size_t)(MIN(colon, at) - p));
		if (uri->user.len == 0)
			return false;
		p = at + 1;
		if (sip_window_at(w, p) < end)
			return false;
	}
	p = host_port_parse(w, p, uri);
	if (!p)
		return false;
	if (p < end && *p == ';') {
		const char *stop = sip_window_query(w, p);
		uri->params = span_of(p, (size_t)(stop - p));
		if (LIKELY(stop == end))
			params_decode(w, uri);
		else
			params_decode_before_headers(w, uri);
		p = stop;
	}
	if (p < end) {
		if (*p != '?')
			return false;
		uri->headers = span_of(p, (size_t)(end - p));
	}
	return true;
}

/* What follows "tel:". */
static bool tel_decode(const struct sip_window *w, const char *p, struct sip_uri *uri)
{
	const char *stop = sip_window_semicolon(w, p);

	uri->host = span_of(p, (size_t)(stop - p));
	uri->host_port = uri->host;
	uri->params = span_of(stop, (size_t)(w->end - stop));
	return uri->host.len != 0;
}

bool sip_uri_parse(struct span text, const char *limit, struct sip_uri *uri)
{
	const char *end = text.data + text.len;

	sip_clear(uri, sizeof(*uri));
	uri->all = text;
	if (text.len == 0)
		return false;
	const struct sip_window w = sip_window_open(text.data, end, limit);
	const char *colon = scheme_end(text.data, end);
	if (!colon || colon + 1 == end || sip_window_uri(&w, colon) != end)
		return false;
	uri->scheme = scheme_of(text.data, (size_t)(colon - text.data), limit);
	switch (uri->scheme) {
	case SIP_URI_SIP:
	case SIP_URI_SIPS:
		return sip_decode(&w, colon + 1, uri);
	case SIP_URI_TEL:
		return tel_decode(&w, colon + 1, uri);
	default:
		return true;
	}
}
