/* SPDX-License-Identifier: BSD-3-Clause */
/* See retry_after.h.  Octet by octet: it stands in few responses. */
#include "sip/retry_after.h"

#include "sip/chars.h"

#define SECONDS_MAX (UINT32_MAX - 1)

/* Past the comment that starts at p, with those in it; NULL: it does not end. */
static const char *comment_end(const char *p, const char *end)
{
	unsigned int depth = 0;

	for (; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

/* Past the quoted string that starts at p; NULL: it does not end. */
static const char *quoted_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* Past name[=value] at p and blanks behind it; NULL: it is none. */
static const char *param_end(const char *p, const char *end)
{
	const char *start = p = sip_skip_lws(p, end);

	p = sip_skip(p, end, SIP_CHAR_TOKEN);
	if (p == start)
		return NULL;
	p = sip_skip_lws(p, end);
	if (p == end || *p != '=')
		return p;
	start = p = sip_skip_lws(p + 1, end);
	p = p < end && *p == '"' ? quoted_end(p, end) :
				   sip_skip(p, end, SIP_CHAR_TOKEN | SIP_CHAR_VALUE);
	if (!p || p == start)
		return NULL;
	return sip_skip_lws(p, end);
}

bool sip_retry_after_parse(struct span value, uint32_t *seconds)
{
	uint64_t sum = 0;

	value = span_trim(value);
	const char *p = value.data, *end = p + value.len;
	if (value.len == 0 || !sip_char_is(*p, SIP_CHAR_DIGIT))
		return false;
	for (; p < end && sip_char_is(*p, SIP_CHAR_DIGIT); p++)
		sum = MIN(sum * 10 + (uint64_t)(*p - '0'), (uint64_t)SECONDS_MAX);
	p = sip_skip_lws(p, end);
	if (p < end && *p == '(') {
		p = comment_end(p, end);
		if (!p)
			return false;
		p = sip_skip_lws(p, end);
	}
	while (p < end) {
		if (*p != ';' || !(p = param_end(p + 1, end)))
			return false;
	}
	*seconds = (uint32_t)sum;
	return true;
}
