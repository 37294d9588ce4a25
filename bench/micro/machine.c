/* SPDX-License-Identifier: BSD-3-Clause */
/* See machine.h. */
#include "machine.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "clock.h"

#define CALIBRATE_NS 50000000u
#define ADD_LOOPS    20
#define ADD_ROUNDS   100000u
#define NOTHING_MAX  1001

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double machine_tsc_hz(void)
{
	static double hz;

	if (hz > 0)
		return hz;
	uint64_t from_ns = clock_ns(), from = __rdtsc(), to_ns;
	while ((to_ns = clock_ns()) - from_ns < CALIBRATE_NS)
		;
	hz = (double)(__rdtsc() - from) * 1e9 / (double)(to_ns - from_ns);
	return hz;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t machine_clock_cycles(void)
{
	static uint64_t took[NOTHING_MAX];
	static bool known;

	if (!known) {
		for (int i = 0; i < NOTHING_MAX; i++) {
			uint64_t from = micro_clock();
			took[i] = micro_clock() - from;
		}
		qsort(took, NOTHING_MAX, sizeof(took[0]), compare_u64);
		known = true;
	}
	return took[NOTHING_MAX / 2];
}

/* Register to register: some processors add constants at no cost. */
#define ADD1  "add %0, %0\n\t"
#define ADD10 ADD1 ADD1 ADD1 ADD1 ADD1 ADD1 ADD1 ADD1 ADD1 ADD1

double machine_effective_hz(void)
{
	uint64_t best_ns = UINT64_MAX, value = 1;

	for (int loop = 0; loop < ADD_LOOPS; loop++) {
		uint64_t from = clock_ns();
		for (uint32_t round = 0; round < ADD_ROUNDS; round++)
			__asm__ volatile(ADD10 ADD10 : "+r"(value));
		uint64_t took = clock_ns() - from;
		if (took < best_ns)
			best_ns = took;
	}
	return 20.0 * ADD_ROUNDS * 1e9 / (double)best_ns;
}

/* The first line of a file; false when there is none. */
static bool read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return false;
	bool read = fgets(text, (int)size, file) != NULL;
	fclose(file);
	if (read)
		text[strcspn(text, "\n")] = '\0';
	return read;
}

void machine_cpu_model(char *text, size_t size)
{
	char line[256];
	FILE *file = fopen("/proc/cpuinfo", "r");

	snprintf(text, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');
		if (!colon || strncmp(line, "model name", 10) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, size, "%s", colon + 2);
		break;
	}
	if (file)
		fclose(file);
}

void machine_governor(char *text, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
		 sched_getcpu());
	if (!read_line(path, text, size))
		snprintf(text, size, "none");
}

void machine_pinned(char *text, size_t size)
{
	cpu_set_t set;
	int count = 0, first = -1, last = -1;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (!CPU_ISSET(cpu, &set))
				continue;
			first = first < 0 ? cpu : first;
			last = cpu;
			count++;
		}
	}
	if (count == 1)
		snprintf(text, size, "core %d", first);
	else
		snprintf(text, size, "not pinned (%d cores of %d to %d)", count, first, last);
}

uint64_t machine_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

bool machine_small_pages(void)
{
	return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0;
}

double machine_huge_percent(void)
{
	char line[128];
	unsigned long value, resident = 0, huge = 0;
	FILE *file = fopen("/proc/self/smaps_rollup", "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Rss: %lu", &value) == 1)
			resident = value;
		else if (sscanf(line, "AnonHugePages: %lu", &value) == 1)
			huge = value;
	}
	if (file)
		fclose(file);
	return resident ? 100.0 * (double)huge / (double)resident : -1;
}
