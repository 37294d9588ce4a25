/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmark of timers asks of each end of the comparison: Tandem's wheel and DPDK's
 * rte_timer.  Timers are picked at random and their deadlines lie at random in the next 32 s,
 * unless said otherwise; drawing them is not timed.
 */
#ifndef BENCH_MICRO_TIMER_SUBJECT_H
#define BENCH_MICRO_TIMER_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIMER_SUBJECT_DELAY_MS 32000u

enum timer_operation {
	TIMER_START,      /* timers that have not run for a while, see timer_parking.h */
	TIMER_CANCEL,     /* running timers */
	TIMER_REARM,      /* running timers get a new deadline */
	TIMER_REARM_SAME, /* the same, each 32 s from now */
};

struct timer_subject {
	const char *name;
	/* Starts `count` timers (a multiple of MICRO_BATCH) whose order in time is unlike that in
	 * memory.  With `ticking` they are about to expire at the pace of `tick`.  False: out of
	 * memory. */
	bool (*fill)(uint32_t count, bool ticking);
	void (*empty)(void);
	/* TSC cycles of MICRO_BATCH operations; with `prefetch`, the prefetches for the whole
	 * batch first, and within what is timed.  As many timers run after it as before, but
	 * for TIMER_START, which leaves some parked until the next operation starts them. */
	uint64_t (*batch)(enum timer_operation operation, bool prefetch);
	/* TSC cycles of the expiry call or calls of one millisecond of the 32 s; *expired: how many
	 * timers that were.  They are started again, 32 s later, outside what is timed. */
	uint64_t (*tick)(uint32_t *expired);
};

extern const struct timer_subject timer_subject_wheel;
extern const struct timer_subject timer_subject_rte;

#ifdef __cplusplus
}
#endif

#endif
