/* SPDX-License-Identifier: BSD-3-Clause */
/* One parameter of a header field or URI: ;name[=value].  Inside sip/ only. */
#ifndef SIP_PARAM_H
#define SIP_PARAM_H

#include "sip/window.h"

enum sip_param_name {
	SIP_PARAM_TOKEN, /* of a header field */
	SIP_PARAM_URI,   /* of a URI: paramchar has more than a token */
};

/*
 * Reads the parameter at p, the byte after its ';', of the value in the window.  Blanks may stand
 * around name, '=' and value.  Returns what follows: ';', a foreign byte, or the end; NULL when a
 * quoted value does not end.  value->data is NULL when there is no '='.
 */
static ALWAYS_INLINE const char *sip_param_read(const struct sip_window *w, const char *p,
						enum sip_param_name kind, struct span *name,
						struct span *value)
{
	p = sip_skip_lws(p, w->end);
	const char *start = p;
	p = kind == SIP_PARAM_URI ? sip_window_name(w, p) : sip_window_token(w, p);
	*name = span_of(start, (size_t)(p - start));
	*value = SPAN_EMPTY;
	p = sip_skip_lws(p, w->end);
	if (p == w->end || *p != '=')
		return p;
	p = sip_skip_lws(p + 1, w->end);
	start = p;
	if (p < w->end && UNLIKELY(*p == '"')) {
		p = sip_window_quoted(w, p);
		if (!p)
			return NULL;
	} else {
		p = sip_window_value(w, p);
	}
	*value = span_of(start, (size_t)(p - start));
	return sip_skip_lws(p, w->end);
}

#endif
