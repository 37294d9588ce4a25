/* SPDX-License-Identifier: BSD-3-Clause */
/* Arrivals; see schedule.h. */
#include "generator/schedule.h"

#include <math.h>

#include "base/hash.h"

/* A pause of the machine is caught up with; an overload is not. */
#define GRACE_SECONDS 0.01

static double exponential(struct schedule *schedule)
{
	/* 53 random bits, never 0: the logarithm is finite. */
	uint64_t bits = hash_mix64(schedule->random += 0x9e3779b97f4a7c15u) >> 11;

	return -log(((double)bits + 0.5) * 0x1p-53);
}

static void set_next(struct schedule *schedule)
{
	double offset = schedule->is_poisson ? schedule->offset :
					       schedule->gap * (double)schedule->count;

	schedule->next = schedule->begin + (uint64_t)offset;
	if (schedule->count >= schedule->count_max || schedule->next >= schedule->until)
		schedule->next = UINT64_MAX;
}

void schedule_begin(struct schedule *schedule, const struct traffic_trial *trial, uint64_t tsc_hz,
		    uint64_t seed, uint64_t now_tsc)
{
	*schedule = (struct schedule){
		.gap = (double)tsc_hz / trial->rate,
		.begin = now_tsc,
		.until = trial->seconds > 0 ?
				 now_tsc + (uint64_t)(trial->seconds * (double)tsc_hz) :
				 UINT64_MAX,
		.cutoff = UINT64_MAX,
		.count_max = trial->calls_max ? trial->calls_max : UINT64_MAX,
		.random = seed,
		.is_poisson = trial->arrivals == TRAFFIC_POISSON,
	};
	if (trial->seconds > 0)
		schedule->cutoff = schedule->until + (uint64_t)(GRACE_SECONDS * (double)tsc_hz);
	if (schedule->is_poisson)
		schedule->offset = exponential(schedule) * schedule->gap;
	set_next(schedule);
}

void schedule_advance(struct schedule *schedule)
{
	schedule->count++;
	if (schedule->is_poisson)
		schedule->offset += exponential(schedule) * schedule->gap;
	set_next(schedule);
}

void schedule_stop(struct schedule *schedule, uint64_t now_tsc)
{
	schedule->next = UINT64_MAX;
	schedule->until = MIN(schedule->until, now_tsc);
}

void schedule_close(struct schedule *schedule, uint64_t now_tsc)
{
	double offset = schedule->is_poisson ? schedule->offset :
					       schedule->gap * (double)schedule->count;

	if (schedule->count >= schedule->count_max)
		schedule->until = MAX(schedule->begin + (uint64_t)offset, now_tsc);
}
