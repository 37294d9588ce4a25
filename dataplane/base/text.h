/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text on spans: numbers, hexadecimal, base64url, and a bounded writer that cannot overrun.
 * Knows no protocol.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/span.h"

/* Appends to [at, end).  After an append that did not fit, `overflow` stays set and nothing more
 * is written: check once at the end. */
struct text_writer {
	char *start, *at, *end;
	bool overflow;
};

static inline struct text_writer text_writer_of(char *buffer, size_t size)
{
	return (struct text_writer){ .start = buffer, .at = buffer, .end = buffer + size };
}

static inline void text_put(struct text_writer *w, struct span s)
{
	if (UNLIKELY(w->overflow || (size_t)(w->end - w->at) < s.len)) {
		w->overflow = true;
		return;
	}
	if (s.len)
		memcpy(w->at, s.data, s.len);
	w->at += s.len;
}

static inline void text_put_char(struct text_writer *w, char c)
{
	text_put(w, span_of(&c, 1));
}

static inline struct span text_written(const struct text_writer *w)
{
	return span_of(w->start, (size_t)(w->at - w->start));
}

void text_put_u64(struct text_writer *w, uint64_t value);
/* Lower-case hexadecimal of `value`, exactly `digits` digits. */
void text_put_hex(struct text_writer *w, uint64_t value, unsigned int digits);
/* base64url (RFC 4648 §5) without padding. */
void text_put_base64url(struct text_writer *w, struct span bytes);

/* Decimal digits only, no sign, no blanks.  False on an empty span, another byte, or a value
 * above `max`; *out is then unchanged. */
[[nodiscard]] bool text_parse_u64(struct span s, uint64_t max, uint64_t *out);
/* Hexadecimal of either case, 1 to 16 digits. */
[[nodiscard]] bool text_parse_hex(struct span s, uint64_t *out);
/* Decodes base64url without padding; returns the bytes written, or -1 on a foreign byte, an
 * impossible length, non-zero trailing bits, or more than `size` bytes. */
[[nodiscard]] int text_parse_base64url(struct span s, void *out, size_t size);

#endif
