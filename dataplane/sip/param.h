/* SPDX-License-Identifier: BSD-3-Clause */
/* One parameter of a header field or URI: ;name[=value].  Inside sip/ only. */
#ifndef SIP_PARAM_H
#define SIP_PARAM_H

#include "sip/chars.h"

/*
 * Reads the parameter at p, the byte after its ';'.  Blanks may stand around name, '=' and value.
 * Returns what follows: ';', a foreign byte, or end; NULL when a quoted value does not end.
 * value->data is NULL when there is no '='.  Bytes up to `limit` may be read.
 */
static ALWAYS_INLINE const char *sip_param_read(const char *p, const char *end, const char *limit,
						enum sip_char_class name_class, struct span *name,
						struct span *value)
{
	p = sip_skip_lws(p, end);
	const char *start = p;
	p = sip_scan(p, end, limit, name_class);
	*name = span_of(start, (size_t)(p - start));
	*value = SPAN_EMPTY;
	p = sip_skip_lws(p, end);
	if (p == end || *p != '=')
		return p;
	p = sip_skip_lws(p + 1, end);
	start = p;
	if (p < end && UNLIKELY(*p == '"')) {
		p = sip_skip_quoted(p, end, limit);
		if (!p)
			return NULL;
	} else {
		p = sip_scan(p, end, limit, SIP_CHAR_VALUE);
	}
	*value = span_of(start, (size_t)(p - start));
	return sip_skip_lws(p, end);
}

#endif
