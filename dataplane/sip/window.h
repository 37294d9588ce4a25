/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A window on the first 64 bytes of a value: which of them are in which class, as bitmaps made
 * once.  A scan then is a shift and a count; without it, each scan of a value would wait for the
 * one before and for a load, a lookup and a move out of a vector register.
 *
 * Without AVX2 the window is empty, and every scan the plain one.  Inside sip/ only.
 */
#ifndef SIP_WINDOW_H
#define SIP_WINDOW_H

#include "sip/chars.h"

struct sip_window {
	const char *base;
	const char *end;   /* of the value */
	const char *limit; /* bytes before it may be read; see chars.h */
	size_t size;       /* bytes that the bitmaps speak of: 64 or 0 */
	/* Bit i: byte i is not in the class, or is past the end. */
	uint64_t token, host, uri, value, name, plain;
	/* Bit i: byte i is the character, or is past the end. */
	uint64_t at, colon, semicolon, query, open;
};

#if defined(__AVX512VBMI__)

static ALWAYS_INLINE struct sip_window sip_window_open(const char *p, const char *end,
						       const char *limit)
{
	__mmask64 valid = sip_scan_mask(p, end);
	__m512i x = _mm512_maskz_loadu_epi8(valid, p);
	__m512i classes = _mm512_permutex2var_epi8(_mm512_load_si512(sip_scan_ascii), x,
						   _mm512_load_si512(sip_scan_ascii + 64));
	uint64_t eighth = _mm512_movepi8_mask(x);
	uint64_t past = ~valid;

#define NOT_IN(class) _mm512_testn_epi8_mask(classes, _mm512_set1_epi8((char)(class)))
#define IS(c)         _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(c))
	return (struct sip_window){
		.base = p,
		.end = end,
		.limit = limit,
		.size = 64,
		.token = NOT_IN(SIP_CHAR_TOKEN) | eighth | past,
		.host = NOT_IN(SIP_CHAR_HOST) | eighth | past,
		.uri = (NOT_IN(SIP_CHAR_URI) & ~eighth) | past,
		.value = (NOT_IN(SIP_CHAR_VALUE) & ~eighth) | past,
		.name = (NOT_IN(SIP_CHAR_NAME) & ~eighth) | past,
		.plain = (NOT_IN(SIP_CHAR_PLAIN) & ~eighth) | past,
		.at = IS('@') | past,
		.colon = IS(':') | past,
		.semicolon = IS(';') | past,
		.query = IS('?') | past,
		.open = IS('<') | past,
	};
#undef NOT_IN
#undef IS
}

#elif defined(__AVX2__)

static ALWAYS_INLINE uint64_t sip_window_bits(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* Bytes that are not in the class; the halves of the window as their low and high nibbles. */
static ALWAYS_INLINE uint64_t sip_window_strangers(const __m256i nibbles[2], const __m256i rows[2],
						   enum sip_char_class class)
{
	__m256i zero = _mm256_setzero_si256();
	__m256i table = _mm256_broadcastsi128_si256(_mm_load_si128(
		(const __m128i *)(const void *)sip_scan_low[__builtin_ctz((unsigned int)class)]));
	__m256i low = _mm256_and_si256(_mm256_shuffle_epi8(table, nibbles[0]), rows[0]);
	__m256i high = _mm256_and_si256(_mm256_shuffle_epi8(table, nibbles[1]), rows[1]);

	return sip_window_bits(_mm256_cmpeq_epi8(low, zero), _mm256_cmpeq_epi8(high, zero));
}

static ALWAYS_INLINE struct sip_window sip_window_open(const char *p, const char *end,
						       const char *limit)
{
	struct sip_window w = { .base = p, .end = end, .limit = limit, .size = 0 };

	if (UNLIKELY(limit - p < 64))
		return w;
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	__m256i row_table = _mm256_broadcastsi128_si256(
		_mm_load_si128((const __m128i *)(const void *)sip_scan_high));
	__m256i x[2], nibbles[2], rows[2];
	for (int i = 0; i < 2; i++) {
		x[i] = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		nibbles[i] = _mm256_and_si256(x[i], nibble);
		rows[i] = _mm256_shuffle_epi8(
			row_table, _mm256_and_si256(_mm256_srli_epi16(x[i], 4), nibble));
	}
	uint64_t past = end - p >= 64 ? 0 : ~0ull << (end - p);

#define NOT_IN(class) (sip_window_strangers(nibbles, rows, class) | past)
#define IS(c)                                                                                      \
	(sip_window_bits(_mm256_cmpeq_epi8(x[0], _mm256_set1_epi8(c)),                             \
			 _mm256_cmpeq_epi8(x[1], _mm256_set1_epi8(c))) | past)
	w.size = 64;
	w.token = NOT_IN(SIP_CHAR_TOKEN);
	w.host = NOT_IN(SIP_CHAR_HOST);
	w.uri = NOT_IN(SIP_CHAR_URI);
	w.value = NOT_IN(SIP_CHAR_VALUE);
	w.name = NOT_IN(SIP_CHAR_NAME);
	w.plain = NOT_IN(SIP_CHAR_PLAIN);
	w.at = IS('@');
	w.colon = IS(':');
	w.semicolon = IS(';');
	w.query = IS('?');
	w.open = IS('<');
#undef NOT_IN
#undef IS
	return w;
}

#else

static ALWAYS_INLINE struct sip_window sip_window_open(const char *p, const char *end,
						       const char *limit)
{
	return (struct sip_window){ .base = p, .end = end, .limit = limit };
}

#endif

/* The first set bit from p on, as a pointer; NULL when it is not in the window. */
static ALWAYS_INLINE const char *sip_window_next(const struct sip_window *w, const char *p,
						 uint64_t bits)
{
	size_t offset = (size_t)(p - w->base);

	if (UNLIKELY(offset >= w->size))
		return NULL;
	bits >>= offset;
	return LIKELY(bits) ? p + __builtin_ctzll(bits) : NULL;
}

/* As sip_scan and sip_scan_for, up to the end of the value. */
#define SIP_WINDOW_SCAN(w, p, field, class)                                                        \
	__extension__({                                                                            \
		const char *found_ = sip_window_next((w), (p), (w)->field);                        \
		LIKELY(found_) ? found_ : sip_scan((p), (w)->end, (w)->limit, (class));            \
	})
#define SIP_WINDOW_FIND(w, p, field, c)                                                            \
	__extension__({                                                                            \
		const char *found_ = sip_window_next((w), (p), (w)->field);                        \
		LIKELY(found_) ? found_ : sip_scan_for((p), (w)->end, (w)->limit, (c));            \
	})

static ALWAYS_INLINE const char *sip_window_token(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_SCAN(w, p, token, SIP_CHAR_TOKEN);
}

static ALWAYS_INLINE const char *sip_window_host(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_SCAN(w, p, host, SIP_CHAR_HOST);
}

static ALWAYS_INLINE const char *sip_window_uri(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_SCAN(w, p, uri, SIP_CHAR_URI);
}

static ALWAYS_INLINE const char *sip_window_value(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_SCAN(w, p, value, SIP_CHAR_VALUE);
}

static ALWAYS_INLINE const char *sip_window_name(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_SCAN(w, p, name, SIP_CHAR_NAME);
}

static ALWAYS_INLINE const char *sip_window_plain(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_SCAN(w, p, plain, SIP_CHAR_PLAIN);
}

static ALWAYS_INLINE const char *sip_window_at(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_FIND(w, p, at, '@');
}

static ALWAYS_INLINE const char *sip_window_colon(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_FIND(w, p, colon, ':');
}

static ALWAYS_INLINE const char *sip_window_semicolon(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_FIND(w, p, semicolon, ';');
}

static ALWAYS_INLINE const char *sip_window_query(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_FIND(w, p, query, '?');
}

static ALWAYS_INLINE const char *sip_window_open_bracket(const struct sip_window *w, const char *p)
{
	return SIP_WINDOW_FIND(w, p, open, '<');
}

/* Past the quoted string that starts at p (RFC 3261 §25.1 quoted-string), or NULL when it does
 * not end within the value. */
static ALWAYS_INLINE const char *sip_window_quoted(const struct sip_window *w, const char *p)
{
	for (p++; p < w->end; p++) {
		p = sip_window_plain(w, p);
		if (p == w->end)
			break;
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

#endif
