/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock around a batch of operations that are too short to be timed one by one, and what both
 * ends of a comparison draw from: batches, and a random sequence that is no part of what is timed.
 */
#ifndef BENCH_MICRO_CLOCK_H
#define BENCH_MICRO_CLOCK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "base/hash.h"

/* Operations a batch: a burst, as a worker takes it from a port. */
#define MICRO_BATCH 32

/*
 * TSC cycles.  The fences charge to a batch all that it began: a store that misses the cache and
 * would drain behind the clock's back, too.
 */
static inline uint64_t micro_clock(void)
{
	_mm_mfence();
	_mm_lfence();
	uint64_t now = __rdtsc();
	_mm_lfence();
	return now;
}

/* splitmix64: cheap, and the same sequence in each run. */
struct micro_random {
	uint64_t state;
};

static inline uint64_t micro_random_u64(struct micro_random *random)
{
	return hash_mix64(random->state += 0x9e3779b97f4a7c15u);
}

static inline uint32_t micro_random_below(struct micro_random *random, uint32_t bound)
{
	return (uint32_t)(((micro_random_u64(random) >> 32) * bound) >> 32);
}

/* Distinct places for a batch among `count`, a multiple of MICRO_BATCH. */
static inline void micro_random_places(struct micro_random *random, uint32_t count,
				       uint32_t places[MICRO_BATCH])
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		places[k] = micro_random_below(random, count / MICRO_BATCH) * MICRO_BATCH + k;
}

/* What is measured did not do what it was asked: a figure of it would mean nothing. */
#define MICRO_MUST(ok)                                                                             \
	do {                                                                                       \
		if (__builtin_expect(!(ok), 0)) {                                                  \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #ok);           \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
