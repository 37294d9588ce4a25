/* SPDX-License-Identifier: BSD-3-Clause */
/* Tags of From and To (RFC 3261 §19.3, §20.20, §20.39); see tag.h. */
#include "sip/tag.h"

#include "sip/chars.h"
#include "sip/uri.h"

bool sip_tag_find(struct span value, struct span *tag)
{
	struct sip_name_addr address;

	*tag = SPAN_EMPTY;
	if (!sip_name_addr_decode(value, &address))
		return false;
	const char *p = address.params.data;
	const char *end = p + address.params.len;
	while (p < end) {
		/* *p is the ';'.  Parameters that are nothing to us may be odd, even empty. */
		p = sip_skip_lws(p + 1, end);
		const char *start = p;
		p = sip_skip(p, end, SIP_CHAR_TOKEN);
		bool is_tag = p - start == 3 &&
			      span_equal_nocase(span_of(start, 3), SPAN("tag"));
		p = sip_skip_lws(p, end);
		struct span text = SPAN_EMPTY;
		if (p < end && *p == '=') {
			p = sip_skip_lws(p + 1, end);
			start = p;
			if (p < end && *p == '"') {
				p = sip_skip_quoted(p, end);
				if (!p)
					return false;
			} else {
				p = sip_skip(p, end, SIP_CHAR_VALUE);
			}
			text = span_of(start, (size_t)(p - start));
			p = sip_skip_lws(p, end);
		}
		/* Anything else here, above all a comma and a second value, is malformed. */
		if (p < end && *p != ';')
			return false;
		if (is_tag) {
			if (tag->len || text.len == 0)
				return false;
			*tag = text;
		}
	}
	return true;
}
