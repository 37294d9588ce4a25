/* SPDX-License-Identifier: BSD-3-Clause */
/* Calibration of the clock; see clock.h.  Control thread, at start. */
#include <time.h>

#include "dpdk/clock.h"

#define SAMPLE_TRIES 8

static uint64_t nanoseconds_of(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void clock_sample_take(struct clock_sample *sample)
{
	uint64_t narrowest = UINT64_MAX;

	/* The thread may lose the core between the two readings: keep the tightest of some. */
	for (int i = 0; i < SAMPLE_TRIES; i++) {
		uint64_t before = rte_rdtsc();
		uint64_t ns = nanoseconds_of(CLOCK_MONOTONIC_RAW);
		uint64_t width = rte_rdtsc() - before;

		if (width < narrowest) {
			narrowest = width;
			sample->tsc = before + width / 2;
			sample->monotonic_ns = ns;
		}
	}
}

uint64_t clock_cycles(void)
{
	return rte_rdtsc();
}

void clock_init(struct clock *clock, const struct clock_sample *from, const struct clock_sample *to,
		uint64_t tsc_hz)
{
	uint64_t ns = to->monotonic_ns - from->monotonic_ns;
	uint64_t cycles = to->tsc - from->tsc;
	__extension__ typedef unsigned __int128 wide;

	clock->tsc_hz = tsc_hz;
	if (to->monotonic_ns > from->monotonic_ns && ns >= 10000000u) {
		uint64_t measured = (uint64_t)((wide)cycles * 1000000000u / ns);
		uint64_t off = measured > tsc_hz ? measured - tsc_hz : tsc_hz - measured;

		if (off <= tsc_hz / 100)
			clock->tsc_hz = measured;
	}
	clock->us_per_tsc_q48 = (uint64_t)(((wide)1000000u << 48) / clock->tsc_hz);
	clock->wall_start_ns = nanoseconds_of(CLOCK_REALTIME);
	clock->tsc_start = rte_rdtsc();
}
