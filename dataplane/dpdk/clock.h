/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane's clock: ticks out of the TSC.  One epoch for all workers, set before they
 * start.  Reading it costs one rdtsc and one multiplication and no system call.
 *
 * DPDK rounds its TSC frequency to 10 MHz; timers of 32 s deserve better, so that the frequency
 * is measured here against CLOCK_MONOTONIC over the time that start-up takes anyway.
 */
#ifndef DPDK_CLOCK_H
#define DPDK_CLOCK_H

#include <rte_cycles.h>

#include "base/compiler.h"
#include "base/tick.h"

struct clock {
	uint64_t tsc_start;
	uint64_t tsc_hz;
	uint64_t us_per_tsc_q48; /* microseconds a cycle, 48 fraction bits, rounded down */
	uint64_t wall_start_ns;  /* CLOCK_REALTIME at tsc_start */
};

/* A pair of readings taken as close together as can be. */
struct clock_sample {
	uint64_t tsc, monotonic_ns;
};
void clock_sample_take(struct clock_sample *sample);

/* From two samples; when they lie less than 10 ms apart, or disagree with `tsc_hz` by more than a
 * hundredth (a clock was stepped, a machine was frozen), `tsc_hz` is taken as it is. */
void clock_init(struct clock *clock, const struct clock_sample *from, const struct clock_sample *to,
		uint64_t tsc_hz);

/* Rounded down: a timer never fires early. */
static inline tick_t clock_tick_of(const struct clock *clock, uint64_t tsc)
{
	__extension__ typedef unsigned __int128 wide;

	return (tick_t)(((wide)(tsc - clock->tsc_start) * clock->us_per_tsc_q48) >> 48);
}

static inline tick_t clock_now(const struct clock *clock)
{
	return clock_tick_of(clock, rte_rdtsc());
}

/* The TSC itself, for instruments. */
[[nodiscard]] uint64_t clock_cycles(void);

/* For durations: nanoseconds of a number of cycles. */
static inline uint64_t clock_ns_of(const struct clock *clock, uint64_t cycles)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)(((wide)cycles * clock->us_per_tsc_q48 * 1000u) >> 48);
}

/* Wall-clock nanoseconds of a TSC reading, for captures. */
static inline uint64_t clock_wall_ns_of(const struct clock *clock, uint64_t tsc)
{
	return clock->wall_start_ns + clock_ns_of(clock, tsc - clock->tsc_start);
}

#endif
