/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a header name's bytes to its id, without a branch on the name.  Inside sip/ only; others
 * ask sip_header_find.
 */
#ifndef SIP_HEADER_NAME_H
#define SIP_HEADER_NAME_H

#include <smmintrin.h>

#include "sip/message.h"

#define SIP_HEADER_NAME_MAX  32 /* no known name is as long */
#define SIP_HEADER_VECTOR    16 /* names up to this length are compared in one vector */
#define SIP_HEADER_SLOT_BITS 7
#define SIP_HEADER_SLOT_SEED 0x9473837u

/* The first bytes of a name in lower case, and 0x20 where they are letters. */
struct sip_header_vector {
	char lower[SIP_HEADER_VECTOR];
	char letters[SIP_HEADER_VECTOR];
};

/* id in the low byte, length of the long name above; compact names are told by their length. */
#define SIP_HEADER_SLOT(id, len) ((uint16_t)((id) | (len) << 8))

/*
 * One structure, so that one register leads to all of it.
 *
 * slots is a perfect hash of length and first four bytes: no two known names, long or compact,
 * share one.  The seed was searched for; the unit test notices when a new name breaks it.
 */
struct sip_header_tables {
	struct sip_header_vector vectors[SIP_HEADER_ID_COUNT];
	uint8_t lanes[2 * SIP_HEADER_VECTOR]; /* 0xff, then 0: a mask of n bytes at 16 - n */
	struct {
		uint32_t mask; /* of the bytes of the first four that belong to the name */
		uint32_t bias; /* what its length adds */
	} by_len[SIP_HEADER_NAME_MAX]; /* a branch on short names would be a coin toss */
	uint16_t slots[1 << SIP_HEADER_SLOT_BITS];
};
extern const struct sip_header_tables sip_header_tables;

static ALWAYS_INLINE uint32_t sip_header_hash(const char *name, uint32_t len)
{
	uint32_t word;

	memcpy(&word, name, sizeof(word));
	word = (word | 0x20202020u) & sip_header_tables.by_len[len].mask;
	return (word + sip_header_tables.by_len[len].bias) * SIP_HEADER_SLOT_SEED >>
	       (32 - SIP_HEADER_SLOT_BITS);
}

/* Finds a known long name of 2 to 16 bytes; 16 bytes must be readable at `name`. */
static ALWAYS_INLINE bool sip_header_match(const char *name, uint32_t len, uint32_t *id)
{
	const struct sip_header_tables *tables = &sip_header_tables;

	if (UNLIKELY(len - 2 > SIP_HEADER_VECTOR - 2))
		return false;
	uint32_t slot = tables->slots[sip_header_hash(name, len)];
	if (UNLIKELY(slot >> 8 != len))
		return false;
	*id = slot & 0xff;
	const struct sip_header_vector *vector = &tables->vectors[*id];
	__m128i mask = _mm_loadu_si128(
		(const __m128i *)(const void *)(tables->lanes + SIP_HEADER_VECTOR - len));
	__m128i want = _mm_load_si128((const __m128i *)(const void *)vector->lower);
	__m128i letters = _mm_load_si128((const __m128i *)(const void *)vector->letters);
	__m128i have = _mm_loadu_si128((const __m128i *)(const void *)name);

	have = _mm_xor_si128(_mm_or_si128(have, letters), want);
	return LIKELY(_mm_testz_si128(mask, have));
}

#endif
