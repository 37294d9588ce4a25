/* SPDX-License-Identifier: BSD-3-Clause */
/* Where one value of a list header ends; see parse.h. */
#include "sip/parse.h"

uint32_t sip_value_end(const char *bytes, uint32_t from, uint32_t end, uint32_t limit)
{
	const char *stop = bytes + end;
	const char *last = bytes + limit;
	const char *p = bytes + from;

	for (; p < stop; p++) {
		p = sip_scan(p, stop, last, SIP_CHAR_PLAIN);
		if (p == stop || *p == ',')
			return (uint32_t)(p - bytes);
		/* Quotes or brackets that do not close: all of the rest is one value. */
		if (*p == '"') {
			p = sip_skip_quoted(p, stop, last);
			if (!p)
				return end;
			p--;
		} else if (*p == '<') {
			p = sip_scan_for(p, stop, last, '>');
			if (p == stop)
				return end;
		}
	}
	return end;
}
