/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The effective frequency of the core it runs on, beside the TSC's: a chain of dependent additions
 * takes one core cycle each, so their number by elapsed time is the frequency that the core really
 * had, where a virtual machine shows neither counters nor governor.  Prints one line of JSON.
 *
 * Pin it to the core that is asked about.  Interruptions make a window look slower: the best of
 * many short windows is the frequency, the median beside it tells how disturbed the core was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>

#define WINDOWS  400u
#define ROUNDS   50000u
#define UNROLLED 16u

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ROUNDS * UNROLLED additions, each of which needs the result of the one before it. */
static uint64_t chain_run(uint64_t value)
{
	for (uint32_t i = 0; i < ROUNDS; i++)
		__asm__ volatile("add %1, %0\n add %1, %0\n add %1, %0\n add %1, %0\n"
				 "add %1, %0\n add %1, %0\n add %1, %0\n add %1, %0\n"
				 "add %1, %0\n add %1, %0\n add %1, %0\n add %1, %0\n"
				 "add %1, %0\n add %1, %0\n add %1, %0\n add %1, %0\n"
				 : "+r"(value)
				 : "r"((uint64_t)3));
	return value;
}

static int compare_ticks(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static uint64_t ticks[WINDOWS];
	const double cycles = (double)ROUNDS * UNROLLED;
	uint64_t began_ns, began, took_ns, took, value = (uint64_t)time(NULL);
	double tsc_hz;

	value = chain_run(value); /* the core may have to wake up first */
	began_ns = now_ns();
	began = __rdtsc();
	for (uint32_t i = 0; i < WINDOWS; i++) {
		uint64_t start = __rdtsc();

		value = chain_run(value);
		ticks[i] = __rdtsc() - start;
	}
	took = __rdtsc() - began;
	took_ns = now_ns() - began_ns;
	tsc_hz = (double)took * 1e9 / (double)took_ns;
	qsort(ticks, WINDOWS, sizeof(ticks[0]), compare_ticks);
	printf("{\"tsc_ghz\": %.4f, \"effective_ghz\": %.4f, \"median_ghz\": %.4f, "
	       "\"lost_share\": %.4f, \"windows\": %u, \"chain\": %u}\n",
	       tsc_hz / 1e9, cycles / (double)ticks[0] * tsc_hz / 1e9,
	       cycles / (double)ticks[WINDOWS / 2] * tsc_hz / 1e9,
	       1.0 - (double)ticks[WINDOWS / 2] * WINDOWS / (double)took, WINDOWS,
	       (unsigned int)(value & 1));
	return 0;
}
