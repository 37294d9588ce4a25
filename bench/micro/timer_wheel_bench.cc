// SPDX-License-Identifier: BSD-3-Clause
// Nanoseconds a timer (items_per_second) at 10 k, 1 M and 10 M running timers.  Pin to one core.
#include <benchmark/benchmark.h>

#include "state_subject.h"

namespace {

void sizes(benchmark::internal::Benchmark *benchmark)
{
	benchmark->Arg(10000)->Arg(1000000)->Arg(10000000);
}

void measure(benchmark::State &state, void (*subject)())
{
	wheel_subject_fill(static_cast<uint32_t>(state.range(0)));
	while (state.KeepRunningBatch(STATE_SUBJECT_BATCH))
		subject();
	state.SetItemsProcessed(state.iterations());
	wheel_subject_empty();
}

BENCHMARK_CAPTURE(measure, rearm_random, wheel_subject_rearm_random)->Apply(sizes);
BENCHMARK_CAPTURE(measure, rearm_prefetched, wheel_subject_rearm_prefetched)->Apply(sizes);
BENCHMARK_CAPTURE(measure, rearm_same_delay, wheel_subject_rearm_same_delay)->Apply(sizes);
BENCHMARK_CAPTURE(measure, expire_and_arm, wheel_subject_expire)->Apply(sizes);

} // namespace

BENCHMARK_MAIN();
