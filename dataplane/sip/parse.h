/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoders as the parser calls them: with `limit`, up to which bytes may be read behind the
 * value's end, so that whole vectors can be loaded.  The public ones (via.h, uri.h) know no more
 * than their span.  Inside sip/ only.
 */
#ifndef SIP_PARSE_H
#define SIP_PARSE_H

#include "sip/chars.h"
#include "sip/isa.h"

/* Zeroes `size` bytes, a multiple of 8 known when compiled.  For a hundred bytes or two the
 * compilers take "rep stos", whose start alone costs more than all the stores. */
static ALWAYS_INLINE void sip_clear(void *at, size_t size)
{
	char *p = at;

	for (; size >= 16; size -= 16, p += 16) {
		__asm__("" : "+r"(p)); /* or the loop is found to be a memset */
		_mm_storeu_si128((__m128i *)(void *)p, _mm_setzero_si128());
	}
	if (size)
		memset(p, 0, 8);
}

/* Port 1 to 65535 at p: returns what follows its digits, or NULL. */
static ALWAYS_INLINE const char *sip_port_read(const char *p, const char *end, uint16_t *port)
{
	uint32_t number = 0;

	for (; p < end && sip_char_is(*p, SIP_CHAR_DIGIT); p++) {
		number = number * 10 + (uint32_t)(*p - '0');
		if (number > UINT16_MAX)
			return NULL;
	}
	*port = (uint16_t)number;
	return number ? p : NULL;
}

/*
 * A Via value whose blanks are trimmed, whatever its protocol version: a request of another
 * version is answered 505 to where its Via says (RFC 3261 §21.5.6).  False when malformed.
 */
[[nodiscard]] bool sip_via_parse(struct span value, const char *limit, struct sip_via *via,
				 bool *is_sip_2);

[[nodiscard]] bool sip_uri_parse(struct span text, const char *limit, struct sip_uri *uri);

[[nodiscard]] bool sip_name_addr_parse(struct span value, const char *limit,
				       struct sip_name_addr *out);

/*
 * The tag of a From or To value whose blanks are trimmed; *tag is empty when it has none
 * (RFC 2543).  False when the value is not one name-addr or addr-spec with parameters, so that
 * the tag would be a guess.
 */
[[nodiscard]] bool sip_tag_parse(struct span value, const char *limit, struct span *tag);

/* Offset of the comma that ends the value starting at `from`, or `end`.  Commas within quotes and
 * within < > do not separate (RFC 3261 §7.3.1).  bytes[0..limit) may be read; limit >= end. */
[[nodiscard]] uint32_t sip_value_end(const char *bytes, uint32_t from, uint32_t end,
				     uint32_t limit);

/* As sip_message_parse. */
[[nodiscard]] enum verdict_reason sip_message_parse_isa(struct sip_message *msg, const char *bytes,
							uint32_t len);

#endif
