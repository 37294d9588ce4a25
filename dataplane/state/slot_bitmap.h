/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of numbers below 65,536 that finds the next member in three loads: a bit a number, a bit
 * a word of those, a bit a word of these.
 */
#ifndef STATE_SLOT_BITMAP_H
#define STATE_SLOT_BITMAP_H

#include "base/compiler.h"

#define SLOT_BITMAP_SIZE 65536u
#define SLOT_BITMAP_NONE UINT32_MAX

struct slot_bitmap {
	uint64_t top; /* which of mid are not 0 */
	uint64_t mid[SLOT_BITMAP_SIZE / 64 / 64];
	uint64_t low[SLOT_BITMAP_SIZE / 64];
};

static inline void slot_bitmap_set(struct slot_bitmap *map, uint32_t i)
{
	map->low[i >> 6] |= UINT64_C(1) << (i & 63);
	map->mid[i >> 12] |= UINT64_C(1) << (i >> 6 & 63);
	map->top |= UINT64_C(1) << (i >> 12);
}

static inline void slot_bitmap_clear(struct slot_bitmap *map, uint32_t i)
{
	if (map->low[i >> 6] &= ~(UINT64_C(1) << (i & 63)))
		return;
	if (map->mid[i >> 12] &= ~(UINT64_C(1) << (i >> 6 & 63)))
		return;
	map->top &= ~(UINT64_C(1) << (i >> 12));
}

static inline bool slot_bitmap_has(const struct slot_bitmap *map, uint32_t i)
{
	return map->low[i >> 6] >> (i & 63) & 1;
}

/* The lowest member from `i` on, or SLOT_BITMAP_NONE. */
static inline uint32_t slot_bitmap_next(const struct slot_bitmap *map, uint32_t i)
{
	uint64_t bits = map->low[i >> 6] >> (i & 63);
	if (bits)
		return i + (uint32_t)__builtin_ctzll(bits);
	uint32_t word = i >> 6;
	bits = map->mid[word >> 6] & (~UINT64_C(1) << (word & 63));
	if (!bits) {
		uint64_t groups = map->top & (~UINT64_C(1) << (word >> 6));
		if (!groups)
			return SLOT_BITMAP_NONE;
		word = (uint32_t)__builtin_ctzll(groups) << 6;
		bits = map->mid[word >> 6];
	}
	word = (word & ~63u) + (uint32_t)__builtin_ctzll(bits);
	return (word << 6) + (uint32_t)__builtin_ctzll(map->low[word]);
}

/* The same, going on from 0 where nothing is found to the end. */
static inline uint32_t slot_bitmap_next_around(const struct slot_bitmap *map, uint32_t i)
{
	uint32_t found = slot_bitmap_next(map, i);
	return found != SLOT_BITMAP_NONE || !i ? found : slot_bitmap_next(map, 0);
}

#endif
