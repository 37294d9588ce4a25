/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a figure depends on besides the code: processor, its clock, kind of pages.  Plain C for the
 * C++ of Google Benchmark.
 */
#ifndef BENCH_MICRO_MACHINE_H
#define BENCH_MICRO_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* TSC cycles a second, measured once against the system's clock. */
double machine_tsc_hz(void);
/* TSC cycles that micro_clock takes by itself: the median of many times nothing. */
uint64_t machine_clock_cycles(void);
/* Clock cycles a second that the core really makes now: the best of some short loops of dependent
 * additions, which take one cycle each. */
double machine_effective_hz(void);
/* As the kernel names it; "unknown". */
void machine_cpu_model(char *text, size_t size);
/* Of the core that this runs on; "none" where the kernel does not set frequencies. */
void machine_governor(char *text, size_t size);
/* "core 1", or "cores 0-1" when the process is not pinned to one. */
void machine_pinned(char *text, size_t size);
/* How often the kernel has run something else in place of this thread.  What was timed while that
 * number changed tells of the other, not of us. */
uint64_t machine_switches(void);
/* From now on this process gets 4 KiB pages only, whatever is advised. */
bool machine_small_pages(void);
/* Percent of the process' memory that lies in pages of 2 MiB; negative: not known. */
double machine_huge_percent(void);

#ifdef __cplusplus
}
#endif

#endif
