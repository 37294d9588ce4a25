/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When calls are due: the k-th at begin + k/rate, or after gaps that are exponentially
 * distributed.  A function of rate and seed alone: nothing that happens to calls moves it.
 */
#ifndef GENERATOR_SCHEDULE_H
#define GENERATOR_SCHEDULE_H

#include "generator/traffic.h"

struct schedule {
	double gap;            /* mean, in TSC cycles */
	double offset;         /* of the next call; Poisson only */
	uint64_t begin, until; /* TSC: no call is due from `until` on */
	uint64_t cutoff;       /* TSC: none begins after it */
	uint64_t count, count_max;
	uint64_t random;
	uint64_t next;         /* TSC: when the next call is due; UINT64_MAX: none is left */
	bool is_poisson;
};

void schedule_begin(struct schedule *schedule, const struct traffic_trial *trial, uint64_t tsc_hz,
		    uint64_t seed, uint64_t now_tsc);
/* The call that was due has been taken: on to the next. */
void schedule_advance(struct schedule *schedule);
/* The last call has begun at `now_tsc`: where count_max ended the calls, the time for beginning ends
 * when the next would have been due, or now if that is later. */
void schedule_close(struct schedule *schedule, uint64_t now_tsc);
/* True while calls begin. */
static inline bool schedule_is_open(const struct schedule *schedule, uint64_t now_tsc)
{
	return schedule->until == UINT64_MAX ? schedule->next != UINT64_MAX :
					       now_tsc <= schedule->until;
}
/* No call is due any more, and the time for beginning ends at `now_tsc` if not before. */
void schedule_stop(struct schedule *schedule, uint64_t now_tsc);

#endif
