/* SPDX-License-Identifier: BSD-3-Clause */
/* Tags of From and To (RFC 3261 §19.3, §20.20, §20.39); see parse.h. */
#include "sip/param.h"
#include "sip/parse.h"

bool sip_tag_parse(struct span value, const char *limit, struct span *tag)
{
	struct sip_name_addr address;

	*tag = SPAN_EMPTY;
	if (!sip_name_addr_parse(value, limit, &address))
		return false;
	const char *p = address.params.data;
	const char *end = p + address.params.len;
	while (p < end) {
		struct span name, text;
		/* *p is the ';'.  Parameters that are nothing to us may be odd, even empty; but
		 * a foreign byte, above all a comma and a second value, is malformed. */
		p = sip_param_read(p + 1, end, limit, SIP_CHAR_TOKEN, &name, &text);
		if (!p || (p < end && *p != ';'))
			return false;
		if (name.len == 3 && sip_word_lower(name.data, 3, limit) ==
					     SIP_WORD8('t', 'a', 'g', 0, 0, 0, 0, 0)) {
			if (tag->len || text.len == 0)
				return false;
			*tag = text;
		}
	}
	return true;
}
