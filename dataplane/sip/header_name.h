/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a header name's bytes to its id, without a branch on the name.  Inside sip/ only; others
 * ask sip_header_find.
 */
#ifndef SIP_HEADER_NAME_H
#define SIP_HEADER_NAME_H

#include <smmintrin.h>

#include "sip/message.h"

#define SIP_HEADER_NAME_MAX  32 /* bytes that may be read at a name */
#define SIP_HEADER_SLOT_BITS 7
#define SIP_HEADER_SLOT_SEED 0x9473837u

#define SIP_HEADER_VECTOR 16 /* names up to this length are compared in one vector */

/* The first bytes of a name in lower case, and 0x20 where they are letters; indexed by id. */
struct sip_header_vector {
	char lower[SIP_HEADER_VECTOR];
	char letters[SIP_HEADER_VECTOR];
};
extern const struct sip_header_vector sip_header_vectors[SIP_HEADER_ID_COUNT];
extern const char sip_header_compacts[SIP_HEADER_ID_COUNT];
/*
 * A perfect hash of length and first four bytes: no two known names, long or compact, share a
 * slot.  The seed was searched for; the unit test notices when a new name breaks it.
 */
struct sip_header_slot {
	uint8_t id;
	uint8_t len; /* of the long name; compact ones are told by their length of 1 */
};
extern const struct sip_header_slot sip_header_slots[1 << SIP_HEADER_SLOT_BITS];

static ALWAYS_INLINE uint32_t sip_header_hash(const char *name, uint32_t len)
{
	/* By length: a branch on short names would be a coin toss. */
	static const uint32_t masks[SIP_HEADER_NAME_MAX] = {
		0,   0xff, 0xffff, 0xffffff, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
		~0u, ~0u,  ~0u,	   ~0u,	     ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
		~0u, ~0u,  ~0u,	   ~0u,	     ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
	};
	uint32_t word;

	memcpy(&word, name, sizeof(word));
	word = (word | 0x20202020u) & masks[len];
	return (word + len * 0x01000193u) * SIP_HEADER_SLOT_SEED >> (32 - SIP_HEADER_SLOT_BITS);
}

/* The id of a long name of 2 to 16 bytes, else OTHER; SIP_HEADER_NAME_MAX bytes must be readable. */
static ALWAYS_INLINE uint32_t sip_header_match(const char *name, uint32_t len)
{
	static const uint8_t lanes[32] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	if (UNLIKELY(len - 2 > 14))
		return SIP_HEADER_OTHER;
	struct sip_header_slot slot = sip_header_slots[sip_header_hash(name, len)];
	__m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(lanes + 16 - len));
	const struct sip_header_vector *vector = &sip_header_vectors[slot.id];
	__m128i want = _mm_load_si128((const __m128i *)(const void *)vector->lower);
	__m128i letters = _mm_load_si128((const __m128i *)(const void *)vector->letters);
	__m128i have = _mm_loadu_si128((const __m128i *)(const void *)name);

	have = _mm_or_si128(have, letters);
	return slot.len == len && _mm_testz_si128(mask, _mm_xor_si128(have, want)) ?
		       slot.id : SIP_HEADER_OTHER;
}

#endif
