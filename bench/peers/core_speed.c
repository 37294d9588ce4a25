/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast the core that it is started on really is: prints "TSC_HZ CORE_HZ".  Additions that depend
 * on one another take one cycle each on every x86-64 core of this century, so their rate is the clock
 * that the core runs at, whatever the TSC and /proc/cpuinfo say.
 *
 * The best of some windows, each short enough to fall between two interrupts.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum {
	WINDOWS = 4000,
	ROUNDS = 4000,
	ADDS = 32, /* written out below */
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t add_up(uint64_t x)
{
	/* The bounds of the loop run beside the chain of additions and cost nothing. */
	for (uint32_t i = 0; i < ROUNDS; i++)
		__asm__ volatile(".rept 32\n\tadd %1, %0\n\t.endr" : "+r"(x) : "r"((uint64_t)3));
	return x;
}

int main(void)
{
	uint64_t began_ns = clock_ns(), began_tsc = __rdtsc(), best = UINT64_MAX, sum = 0;
	double tsc_hz;

	for (int i = 0; i < WINDOWS; i++) {
		uint64_t start = __rdtsc(), took;

		sum = add_up(sum);
		took = __rdtsc() - start;
		if (took < best)
			best = took;
	}
	tsc_hz = (double)(__rdtsc() - began_tsc) * 1e9 / (double)(clock_ns() - began_ns);
	printf("%.0f %.0f\n", tsc_hz, tsc_hz * ROUNDS * ADDS / (double)best);
	return sum == 0; /* of no other use: the additions are not to be left out */
}
