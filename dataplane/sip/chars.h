/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Character classes of RFC 3261 §25.1 and runs of them, 16 bytes at a time.  Inside sip/ only.
 */
#ifndef SIP_CHARS_H
#define SIP_CHARS_H

#ifdef __AVX2__
#include <immintrin.h>
#else
#include <smmintrin.h>
#endif

#include "base/span.h"

enum sip_char_class {
	SIP_CHAR_TOKEN = 0x001, /* alphanum and -.!%*_+`'~ */
	SIP_CHAR_HOST = 0x002,  /* alphanum and -._ : underscores do occur in names */
	SIP_CHAR_IPV6 = 0x004,  /* hexadecimal digits, ':' and '.' */
	SIP_CHAR_URI = 0x008,   /* may stand in a URI: no blank, control, quote, < or > */
	SIP_CHAR_VALUE = 0x010, /* may stand in an unquoted parameter value: URI without ; and , */
	SIP_CHAR_NAME = 0x020,  /* may stand in a URI parameter's name: VALUE without = */
	SIP_CHAR_WORD = 0x040,  /* anything but blanks and controls */
	SIP_CHAR_PLAIN = 0x080, /* WORD, SP and HTAB, without the four that need care in a list or
	                           a quoted string: " , < \ */
	SIP_CHAR_LWS = 0x100,   /* SP HTAB CR LF: what a fold is made of */
	SIP_CHAR_DIGIT = 0x200,
	SIP_CHAR_ALPHA = 0x400,
};
#define SIP_SCAN_CLASSES 8 /* the first so many can be scanned for: sip_scan */

extern const uint16_t sip_chars[256];
/*
 * The classes by nibbles: bit h of [class][low] tells of the character 0xh0 + low for h = 2..7;
 * bit 0 of all from 0x80 on; bit 1 of HTAB.
 */
extern const uint8_t sip_scan_low[SIP_SCAN_CLASSES][16];
extern const uint8_t sip_scan_high[16];
/* The classes that can be scanned for, of characters below 0x80. */
extern const uint8_t sip_scan_ascii[128];

static inline bool sip_char_is(char c, unsigned int classes)
{
	return (sip_chars[(uint8_t)c] & classes) != 0;
}

/* The first byte in [p, end) that is in none of the classes; for runs of few bytes. */
static inline const char *sip_skip(const char *p, const char *end, unsigned int classes)
{
	while (p < end && sip_char_is(*p, classes))
		p++;
	return p;
}

static ALWAYS_INLINE const char *sip_skip_lws(const char *p, const char *end)
{
	while (p < end && UNLIKELY(sip_char_is(*p, SIP_CHAR_LWS)))
		p++;
	return p;
}

/* Bit i is set when byte i at p is not in the class; reads 16 bytes. */
static ALWAYS_INLINE uint32_t sip_scan_strangers(const char *p, enum sip_char_class class)
{
	const __m128i nibble = _mm_set1_epi8(0x0f);
	__m128i low = _mm_load_si128(
		(const __m128i *)(const void *)sip_scan_low[__builtin_ctz((unsigned int)class)]);
	__m128i high = _mm_load_si128((const __m128i *)(const void *)sip_scan_high);
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);

	low = _mm_shuffle_epi8(low, _mm_and_si128(x, nibble));
	high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(x, 4), nibble));
	return (uint32_t)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128()));
}

#ifdef __AVX512VBMI__

/* 64 bytes at a time, loaded under a mask, so that nothing past `end` is read. */
static ALWAYS_INLINE __mmask64 sip_scan_mask(const char *p, const char *end)
{
	size_t left = (size_t)(end - p);

	return left >= 64 ? ~0ull : _bzhi_u64(~0ull, (unsigned int)left);
}

/* The first byte in [p, end) that is not in the class, or end; `limit` is not needed here. */
static ALWAYS_INLINE const char *sip_scan(const char *p, const char *end, const char *,
					  enum sip_char_class class)
{
	/* Classes that have all bytes from 0x80 on; the others have none of them. */
	const bool has_high = (class & (SIP_CHAR_URI | SIP_CHAR_VALUE | SIP_CHAR_NAME |
					SIP_CHAR_WORD | SIP_CHAR_PLAIN)) != 0;
	const __m512i low = _mm512_load_si512(sip_scan_ascii);
	const __m512i high = _mm512_load_si512(sip_scan_ascii + 64);

	for (; p < end; p += 64) {
		__mmask64 valid = sip_scan_mask(p, end);
		__m512i x = _mm512_maskz_loadu_epi8(valid, p);
		__m512i classes = _mm512_permutex2var_epi8(low, x, high);
		__mmask64 strangers =
			_mm512_mask_testn_epi8_mask(valid, classes, _mm512_set1_epi8((char)class));
		__mmask64 eighth = _mm512_movepi8_mask(x);
		strangers = has_high ? strangers & ~eighth : strangers | eighth;
		if (LIKELY(strangers))
			return p + _tzcnt_u64(strangers);
	}
	return end;
}

/* The first c in [p, end), or end. */
static ALWAYS_INLINE const char *sip_scan_for(const char *p, const char *end, const char *, char c)
{
	for (; p < end; p += 64) {
		__mmask64 valid = sip_scan_mask(p, end);
		__m512i x = _mm512_maskz_loadu_epi8(valid, p);
		__mmask64 found = _mm512_mask_cmpeq_epi8_mask(valid, x, _mm512_set1_epi8(c));
		if (found)
			return p + _tzcnt_u64(found);
	}
	return end;
}

#else

/* The first byte in [p, end) that is not in the class, or end.  Bytes up to `limit`, which is
 * `end` or lies behind it, may be read. */
static ALWAYS_INLINE const char *sip_scan(const char *p, const char *end, const char *limit,
					  enum sip_char_class class)
{
	while (LIKELY(limit - p >= 16)) {
		uint32_t strangers = sip_scan_strangers(p, class);
		if (strangers) {
			p += __builtin_ctz(strangers);
			return p < end ? p : end;
		}
		p += 16;
		if (p >= end)
			return end;
	}
	return sip_skip(p, end, class);
}

/* The first c in [p, end), or end; limit as above. */
static ALWAYS_INLINE const char *sip_scan_for(const char *p, const char *end, const char *limit,
					      char c)
{
	while (LIKELY(limit - p >= 16)) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		uint32_t found =
			(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8(c)));
		if (found) {
			p += __builtin_ctz(found);
			return p < end ? p : end;
		}
		p += 16;
		if (p >= end)
			return end;
	}
	while (p < end && *p != c)
		p++;
	return p;
}

#endif

/* Past the quoted string that starts at p (RFC 3261 §25.1 quoted-string), or NULL when it does
 * not end before `end`. */
static inline const char *sip_skip_quoted(const char *p, const char *end, const char *limit)
{
	for (p++; p < end; p++) {
		p = sip_scan(p, end, limit, SIP_CHAR_PLAIN);
		if (p == end)
			break;
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* Letters of at most eight bytes as a word, to compare names without case and without a loop. */
#define SIP_WORD8(a, b, c, d, e, f, g, h)                                                          \
	((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 |          \
	 (uint64_t)(e) << 32 | (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

/* The first `len` bytes at p, 1 to 8, in lower case if they are letters; limit as above. */
static ALWAYS_INLINE uint64_t sip_word_lower(const char *p, size_t len, const char *limit)
{
	uint64_t word = 0;

	if (LIKELY(limit - p >= 8))
		memcpy(&word, p, sizeof(word));
	else
		memcpy(&word, p, len);
	return (word | 0x2020202020202020u) & (~0ull >> (64 - 8 * len));
}

#endif
