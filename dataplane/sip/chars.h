/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Character classes of RFC 3261 §25.1, as one table lookup.  Inside sip/ only.
 */
#ifndef SIP_CHARS_H
#define SIP_CHARS_H

#include "base/span.h"

enum {
	SIP_CHAR_TOKEN = 0x01,  /* alphanum and -.!%*_+`'~ */
	SIP_CHAR_HOST = 0x02,   /* alphanum and -._ : underscores do occur in names */
	SIP_CHAR_LWS = 0x04,    /* SP HTAB CR LF: what a fold is made of */
	SIP_CHAR_DIGIT = 0x08,
	SIP_CHAR_IPV6 = 0x10,   /* hexadecimal digits, ':' and '.' */
	SIP_CHAR_ALPHA = 0x20,
	SIP_CHAR_URI = 0x40,    /* may stand in a URI: no blank, control, quote, < or > */
	SIP_CHAR_VALUE = 0x80,  /* may stand in an unquoted parameter value */
};

extern const uint8_t sip_chars[256];

static inline bool sip_char_is(char c, unsigned int classes)
{
	return (sip_chars[(uint8_t)c] & classes) != 0;
}

/* The first byte in [p, end) that is in none of the classes. */
static inline const char *sip_skip(const char *p, const char *end, unsigned int classes)
{
	while (p < end && sip_char_is(*p, classes))
		p++;
	return p;
}

static inline const char *sip_skip_lws(const char *p, const char *end)
{
	return sip_skip(p, end, SIP_CHAR_LWS);
}

/* Past the quoted string that starts at p (RFC 3261 §25.1 quoted-string), or NULL when it does
 * not end before `end`. */
static inline const char *sip_skip_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

#endif
