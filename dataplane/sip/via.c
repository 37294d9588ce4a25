/* SPDX-License-Identifier: BSD-3-Clause */
/* One Via value; see via.h.  LWS, folds included, may stand around every separator. */
#include "sip/via.h"

#include "sip/param.h"
#include "sip/parse.h"

/* protocol-name SLASH protocol-version SLASH transport LWS.  NULL when malformed. */
static ALWAYS_INLINE const char *protocol_parse(const struct sip_window *w, struct sip_via *via,
						bool *is_sip_2)
{
	const char *p = w->base;
	const char *end = w->end;

	if (LIKELY(end - p >= 12 && memcmp(p, "SIP/2.0/UDP ", 12) == 0)) {
		*is_sip_2 = true;
		via->transport = span_of(p + 8, 3);
		return sip_skip_lws(p + 12, end);
	}
	if (LIKELY(end - p >= 8 && memcmp(p, "SIP/2.0/", 8) == 0)) {
		*is_sip_2 = true;
		p = sip_skip_lws(p + 8, end);
	} else {
		struct span parts[2];
		for (int i = 0; i < 2; i++) {
			const char *start = p;
			p = sip_skip(p, end, SIP_CHAR_TOKEN);
			parts[i] = span_of(start, (size_t)(p - start));
			p = sip_skip_lws(p, end);
			if (parts[i].len == 0 || p == end || *p != '/')
				return NULL;
			p = sip_skip_lws(p + 1, end);
		}
		*is_sip_2 = span_equal_nocase(parts[0], SPAN("SIP")) &&
			    span_equal(parts[1], SPAN("2.0"));
	}
	const char *start = p;
	p = sip_window_token(w, p);
	via->transport = span_of(start, (size_t)(p - start));
	if (p == start || p == end || !sip_char_is(*p, SIP_CHAR_LWS))
		return NULL;
	return sip_skip_lws(p, end);
}

/* host [ COLON port ].  NULL when malformed. */
static ALWAYS_INLINE const char *sent_by_parse(const struct sip_window *w, const char *p,
					       struct sip_via *via)
{
	const char *start = p;
	const char *end = w->end;

	if (p < end && *p == '[') {
		const char *close = sip_skip(p + 1, end, SIP_CHAR_IPV6);
		if (close == end || *close != ']' || close == p + 1)
			return NULL;
		via->host = span_of(p + 1, (size_t)(close - p - 1));
		via->host_is_ipv6 = true;
		p = close + 1;
	} else {
		p = sip_window_host(w, p);
		if (p == start)
			return NULL;
		via->host = span_of(start, (size_t)(p - start));
	}
	const char *after = sip_skip_lws(p, end);
	if (after < end && *after == ':') {
		const char *digits = sip_skip_lws(after + 1, end);
		p = sip_port_read(digits, end, &via->port);
		if (!p)
			return NULL;
		after = sip_skip_lws(p, end);
	}
	via->sent_by = span_of(start, (size_t)(p - start));
	return after;
}

static struct span brackets_removed(struct span s)
{
	if (s.len >= 2 && s.data[0] == '[' && s.data[s.len - 1] == ']')
		return span_of(s.data + 1, s.len - 2);
	return s;
}

/* Keeps a parameter that a proxy looks at.  False when it was there before: no parameter name may
 * appear twice (RFC 3261 §7.3.1), and which of two branches counts would be a guess. */
static ALWAYS_INLINE bool param_keep(struct sip_via *via, struct span name, struct span value,
				     const char *limit)
{
	struct span *slot;

	if (name.len > 8)
		return true;
	switch (sip_word_lower(name.data, name.len, limit)) {
	case SIP_WORD8('b', 'r', 'a', 'n', 'c', 'h', 0, 0):
		slot = &via->branch;
		break;
	case SIP_WORD8('r', 'p', 'o', 'r', 't', 0, 0, 0):
		if (via->has_rport)
			return false;
		via->has_rport = true;
		via->rport = value;
		return true;
	case SIP_WORD8('r', 'e', 'c', 'e', 'i', 'v', 'e', 'd'):
		slot = &via->received;
		value = brackets_removed(value);
		break;
	case SIP_WORD8('m', 'a', 'd', 'd', 'r', 0, 0, 0):
		slot = &via->maddr;
		value = brackets_removed(value);
		break;
	default:
		if (!span_equal_nocase(name, SPAN(SIP_VIA_HINT)))
			return true;
		slot = &via->hint;
		break;
	}
	if (slot->data)
		return false;
	*slot = value.data ? value : span_of(name.data, 0);
	return true;
}

static ALWAYS_INLINE bool params_parse(const struct sip_window *w, const char *p,
				       struct sip_via *via)
{
	via->params = span_of(p, (size_t)(w->end - p));
	while (p < w->end) {
		struct span name, value;
		if (*p != ';')
			return false;
		p = sip_param_read(w, p + 1, SIP_PARAM_TOKEN, &name, &value);
		if (!p || name.len == 0 || !param_keep(via, name, value, w->limit))
			return false;
	}
	return true;
}

bool sip_via_parse(struct span value, const char *limit, struct sip_via *via, bool *is_sip_2)
{
	const struct sip_window w = sip_window_open(value.data, value.data + value.len, limit);

	sip_clear(via, sizeof(*via));
	via->value = value;
	const char *p = protocol_parse(&w, via, is_sip_2);
	if (!p)
		return false;
	p = sent_by_parse(&w, p, via);
	if (!p || !params_parse(&w, p, via))
		return false;
	via->has_cookie = via->branch.len >= 7 &&
			  sip_word_lower(via->branch.data, 7, limit) ==
				  SIP_WORD8('z', '9', 'h', 'g', '4', 'b', 'k', 0);
	return true;
}
