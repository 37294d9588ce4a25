// SPDX-License-Identifier: BSD-3-Clause
// Nanoseconds an operation at 10 k, 1 M and 10 M entries in a full table.  Pin to one core.
#include <benchmark/benchmark.h>

#include "state_subject.h"

namespace {

void sizes(benchmark::internal::Benchmark *benchmark)
{
	benchmark->Arg(10000)->Arg(1000000)->Arg(10000000);
}

void measure_find(benchmark::State &state, uint64_t (*subject)())
{
	table_subject_fill(static_cast<uint32_t>(state.range(0)));
	while (state.KeepRunningBatch(STATE_SUBJECT_BATCH))
		benchmark::DoNotOptimize(subject());
	state.SetItemsProcessed(state.iterations());
	table_subject_empty();
}

void measure(benchmark::State &state, void (*subject)())
{
	table_subject_fill(static_cast<uint32_t>(state.range(0)));
	while (state.KeepRunningBatch(STATE_SUBJECT_BATCH))
		subject();
	state.SetItemsProcessed(state.iterations());
	table_subject_empty();
}

BENCHMARK_CAPTURE(measure_find, find, table_subject_find)->Apply(sizes);
BENCHMARK_CAPTURE(measure_find, find_prefetched, table_subject_find_prefetched)->Apply(sizes);
BENCHMARK_CAPTURE(measure_find, find_none, table_subject_find_none)->Apply(sizes);
BENCHMARK_CAPTURE(measure, remove_and_insert, table_subject_replace)->Apply(sizes);

} // namespace

BENCHMARK_MAIN();
