// SPDX-License-Identifier: BSD-3-Clause
// What the main functions of the benchmarks share: options of ours, and the machine in the output.
#ifndef BENCH_MICRO_MICRO_H
#define BENCH_MICRO_MICRO_H

#include <cstdint>

#include "machine.h"

// Takes the options, --pages=huge|small besides Google Benchmark's own, and says in the context of
// the results what machine this is and how the process runs.  False: *status is what the process
// ends with; what is wrong has been said.
bool micro_start(int *argc, char **argv, int *status);

// Seconds of what `cycles()` returns in TSC cycles, less what the clock itself takes.  Where the kernel ran something else in between,
// it is called again, and *interrupted counts that.
template <typename Cycles> double micro_seconds(Cycles cycles, uint64_t *interrupted)
{
	for (;;) {
		uint64_t switches = machine_switches();
		uint64_t took = cycles(), clock = machine_clock_cycles();
		if (machine_switches() == switches)
			return static_cast<double>(took > clock ? took - clock : 0) /
			       machine_tsc_hz();
		++*interrupted;
	}
}

#endif
