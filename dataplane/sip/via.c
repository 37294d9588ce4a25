/* SPDX-License-Identifier: BSD-3-Clause */
/* One Via value; see via.h.  LWS, folds included, may stand around every separator. */
#include "sip/via.h"

#include "base/text.h"
#include "sip/chars.h"
#include "sip/via_parse.h"

/* protocol-name SLASH protocol-version SLASH transport LWS.  NULL when malformed. */
static const char *protocol_parse(const char *p, const char *end, struct sip_via *via,
				  bool *is_sip_2)
{
	if (LIKELY(end - p >= 8 && memcmp(p, "SIP/2.0/", 8) == 0)) {
		*is_sip_2 = true;
		p += 8;
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
	p = sip_skip(p, end, SIP_CHAR_TOKEN);
	via->transport = span_of(start, (size_t)(p - start));
	if (p == start || p == end || !sip_char_is(*p, SIP_CHAR_LWS))
		return NULL;
	return sip_skip_lws(p, end);
}

/* host [ COLON port ].  NULL when malformed. */
static const char *sent_by_parse(const char *p, const char *end, struct sip_via *via)
{
	const char *start = p;

	if (p < end && *p == '[') {
		const char *close = sip_skip(p + 1, end, SIP_CHAR_IPV6);
		if (close == end || *close != ']' || close == p + 1)
			return NULL;
		via->host = span_of(p + 1, (size_t)(close - p - 1));
		via->host_is_ipv6 = true;
		p = close + 1;
	} else {
		p = sip_skip(p, end, SIP_CHAR_HOST);
		if (p == start)
			return NULL;
		via->host = span_of(start, (size_t)(p - start));
	}
	const char *after = sip_skip_lws(p, end);
	if (after < end && *after == ':') {
		const char *digits = sip_skip_lws(after + 1, end);
		uint64_t port;
		p = sip_skip(digits, end, SIP_CHAR_DIGIT);
		if (!text_parse_u64(span_of(digits, (size_t)(p - digits)), UINT16_MAX, &port) ||
		    port == 0)
			return NULL;
		via->port = (uint16_t)port;
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
static bool param_keep(struct sip_via *via, struct span name, struct span value)
{
	struct span *slot;

	switch (name.len) {
	case 5:
		if (span_equal_nocase(name, SPAN("rport"))) {
			if (via->has_rport)
				return false;
			via->has_rport = true;
			via->rport = value;
			return true;
		}
		if (!span_equal_nocase(name, SPAN("maddr")))
			return true;
		slot = &via->maddr;
		value = brackets_removed(value);
		break;
	case 6:
		if (span_equal_nocase(name, SPAN("branch")))
			slot = &via->branch;
		else if (span_equal_nocase(name, SPAN(SIP_VIA_HINT)))
			slot = &via->hint;
		else
			return true;
		break;
	case 8:
		if (!span_equal_nocase(name, SPAN("received")))
			return true;
		slot = &via->received;
		value = brackets_removed(value);
		break;
	default:
		return true;
	}
	if (slot->data)
		return false;
	*slot = value.data ? value : span_of(name.data, 0);
	return true;
}

/* One parameter after its ';'.  Returns what follows it (a ';' or the end), NULL when malformed. */
static const char *param_parse(const char *p, const char *end, struct sip_via *via)
{
	p = sip_skip_lws(p, end);
	const char *start = p;
	p = sip_skip(p, end, SIP_CHAR_TOKEN);
	struct span name = span_of(start, (size_t)(p - start));
	struct span value = SPAN_EMPTY;
	if (name.len == 0)
		return NULL;
	p = sip_skip_lws(p, end);
	if (p < end && *p == '=') {
		p = sip_skip_lws(p + 1, end);
		start = p;
		if (p < end && *p == '"')
			p = sip_skip_quoted(p, end);
		else
			p = sip_skip(p, end, SIP_CHAR_VALUE);
		if (!p)
			return NULL;
		value = span_of(start, (size_t)(p - start));
		p = sip_skip_lws(p, end);
	}
	if (p < end && *p != ';')
		return NULL;
	return param_keep(via, name, value) ? p : NULL;
}

bool sip_via_parse(struct span value, struct sip_via *via, bool *is_sip_2)
{
	const char *end = value.data + value.len;
	const char *p;

	memset(via, 0, sizeof(*via));
	via->value = value;
	p = protocol_parse(value.data, end, via, is_sip_2);
	if (!p)
		return false;
	p = sent_by_parse(p, end, via);
	if (!p)
		return false;
	if (p < end) {
		if (*p != ';')
			return false;
		via->params = span_of(p, (size_t)(end - p));
		while (p && p < end)
			p = param_parse(p + 1, end, via);
		if (!p)
			return false;
	}
	via->has_cookie = span_starts_with_nocase(via->branch, SPAN("z9hG4bK"));
	return true;
}

bool sip_via_decode(struct span value, struct sip_via *via)
{
	bool is_sip_2;

	return sip_via_parse(span_trim(value), via, &is_sip_2) && is_sip_2;
}
