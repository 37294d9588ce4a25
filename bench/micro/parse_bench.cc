// SPDX-License-Identifier: BSD-3-Clause
// Messages a second through the parser, by structural index.  Run pinned to one core:
//   taskset -c 1 parse-bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>

#include "parse_subject.h"

namespace {

void measure(benchmark::State &state, unsigned int (*subject)())
{
	const char *name = parse_subject_use(static_cast<int>(state.range(0)));

	if (!name) {
		state.SkipWithError("this processor does not run it");
		return;
	}
	for (auto _ : state)
		benchmark::DoNotOptimize(subject());
	state.SetLabel(name);
	state.SetItemsProcessed(state.iterations());
	state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(parse_subject_size()));
}

BENCHMARK_CAPTURE(measure, parse, parse_subject_parse)->DenseRange(0, 2);
BENCHMARK_CAPTURE(measure, index, parse_subject_index)->DenseRange(0, 2);
BENCHMARK_CAPTURE(measure, peek_call_id, parse_subject_peek)->DenseRange(0, 2);

} // namespace

BENCHMARK_MAIN();
