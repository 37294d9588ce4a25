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

/* Names in lower case, padded with NUL; indexed by id. */
extern const char sip_header_names_lower[SIP_HEADER_ID_COUNT][SIP_HEADER_NAME_MAX];
extern const uint8_t sip_header_name_lengths[SIP_HEADER_ID_COUNT];
extern const char sip_header_compacts[SIP_HEADER_ID_COUNT];
/* A perfect hash of length and first four bytes: no two known names, long or compact, share a
 * slot.  The seed was searched for; the unit test notices when a new name breaks it. */
extern const uint8_t sip_header_slots[1 << SIP_HEADER_SLOT_BITS];

static inline uint32_t sip_header_slot(const char *name, uint32_t len)
{
	static const uint32_t masks[4] = { 0, 0xff, 0xffff, 0xffffff };
	uint32_t word;

	memcpy(&word, name, sizeof(word));
	word |= 0x20202020u;
	if (len < 4)
		word &= masks[len];
	return (word + len * 0x01000193u) * SIP_HEADER_SLOT_SEED >> (32 - SIP_HEADER_SLOT_BITS);
}

/*
 * The id of the name of `len` bytes; SIP_HEADER_NAME_MAX bytes must be readable at `name`.
 * Setting bit 5 makes letters lower case and tells every known name from all others but those
 * with a CR for a '-': the caller has made sure that there is no CR, or rejects it later.
 */
static inline enum sip_header_id sip_header_lookup(const char *name, uint32_t len)
{
	static const uint8_t lanes[2 * SIP_HEADER_NAME_MAX] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	if (UNLIKELY(len - 1 >= SIP_HEADER_NAME_MAX - 1))
		return SIP_HEADER_OTHER;
	unsigned int id = sip_header_slots[sip_header_slot(name, len)];
	if (len == 1)
		return (*name | 0x20) == sip_header_compacts[id] ? (enum sip_header_id)id
								 : SIP_HEADER_OTHER;
	if (len != sip_header_name_lengths[id])
		return SIP_HEADER_OTHER;
	const __m128i *want = (const __m128i *)(const void *)sip_header_names_lower[id];
	const __m128i *have = (const __m128i *)(const void *)name;
	const __m128i *mask =
		(const __m128i *)(const void *)(lanes + SIP_HEADER_NAME_MAX - len);
	const __m128i lower = _mm_set1_epi8(0x20);
	__m128i low = _mm_xor_si128(_mm_or_si128(_mm_loadu_si128(have), lower),
				    _mm_loadu_si128(want));
	__m128i high = _mm_xor_si128(_mm_or_si128(_mm_loadu_si128(have + 1), lower),
				     _mm_loadu_si128(want + 1));
	__m128i differ = _mm_or_si128(_mm_and_si128(low, _mm_loadu_si128(mask)),
				      _mm_and_si128(high, _mm_loadu_si128(mask + 1)));
	return _mm_testz_si128(differ, differ) ? (enum sip_header_id)id : SIP_HEADER_OTHER;
}

#endif
