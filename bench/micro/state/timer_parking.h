/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which timers do not run while `start` is measured, the same for both ends of the comparison.
 * What was cancelled a moment ago is in the cache, so many are cancelled at once, and those
 * cancelled last are started again first, unmeasured: the rest have lain idle while more was
 * touched than a second-level cache holds.  From one time to the next it goes round all timers.
 */
#ifndef BENCH_MICRO_TIMER_PARKING_H
#define BENCH_MICRO_TIMER_PARKING_H

#include "clock.h"

#define TIMER_PARKING_MAX   (1u << 17)
#define TIMER_PARKING_MIXED 0x9e3779b1u

struct timer_parking {
	uint64_t end; /* turns of timer_place: those before it are parked */
	uint32_t count;
};

/* A permutation of 0 .. count-1: MIXED is prime, and `count`, which is below it, no multiple. */
static inline uint32_t timer_place(uint64_t turn, uint32_t count)
{
	return (uint32_t)(turn % count * TIMER_PARKING_MIXED % count);
}

/* Whole batches, of which half are started again at once. */
static inline uint32_t timer_parking_size(uint32_t count)
{
	uint32_t part = count / 4 < TIMER_PARKING_MAX ? count / 4 : TIMER_PARKING_MAX;

	return part / (2 * MICRO_BATCH) * (2 * MICRO_BATCH);
}

static inline void timer_parking_add(struct timer_parking *parking, uint32_t count,
				     uint32_t places[MICRO_BATCH])
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		places[k] = timer_place(parking->end++, count);
	parking->count += MICRO_BATCH;
}

/* Those that were parked last. */
static inline void timer_parking_take(struct timer_parking *parking, uint32_t count,
				      uint32_t places[MICRO_BATCH])
{
	for (uint32_t k = MICRO_BATCH; k--;)
		places[k] = timer_place(--parking->end, count);
	parking->count -= MICRO_BATCH;
}

#endif
