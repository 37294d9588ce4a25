// SPDX-License-Identifier: BSD-3-Clause
// Tandem's timer wheel beside rte_timer at 10 k, 1 M and 10 M running timers: time an operation,
// in batches of 32; expiry a timer, with all that its ticks cost, and the longest tick.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "micro.h"
#include "peer_eal.h"
#include "timer_subject.h"

namespace
{

constexpr int batch_size = 32;
const int64_t sizes[] = { 10000, 1000000, 10000000 };

// One population at a time is kept for each of the two: filling takes longer than measuring.
struct Population {
	const timer_subject *subject;
	int64_t count;
	bool ticking;

	bool fill(int64_t wanted_count, bool wanted_ticking)
	{
		if (count == wanted_count && ticking == wanted_ticking)
			return true;
		empty();
		// Whole batches, so that each of a batch has its own share of the timers.
		int64_t rounded = (wanted_count + batch_size - 1) / batch_size * batch_size;
		if (!subject->fill(static_cast<uint32_t>(rounded), wanted_ticking))
			return false;
		count = wanted_count;
		ticking = wanted_ticking;
		return true;
	}

	void empty()
	{
		if (count)
			subject->empty();
		count = 0;
	}
};

Population populations[] = { { &timer_subject_wheel, 0, false }, { &timer_subject_rte, 0, false } };

void measure_batch(benchmark::State &state, Population *population, timer_operation operation,
		   bool prefetch)
{
	if (!population->fill(state.range(0), false)) {
		state.SkipWithError("out of memory");
		return;
	}
	uint64_t interrupted = 0;
	while (state.KeepRunningBatch(batch_size))
		state.SetIterationTime(micro_seconds(
			[&] { return population->subject->batch(operation, prefetch); },
			&interrupted));
	state.counters["interrupted"] = static_cast<double>(interrupted);
	state.SetItemsProcessed(state.iterations());
	state.counters["huge_percent"] = machine_huge_percent();
}

void measure_expiry(benchmark::State &state, Population *population)
{
	std::vector<double> ticks;
	uint32_t pending = 0;
	uint64_t interrupted = 0;

	if (!population->fill(state.range(0), true)) {
		state.SkipWithError("out of memory");
		return;
	}
	while (state.KeepRunningBatch(batch_size)) {
		double took = 0;
		while (pending < batch_size) {
			uint32_t expired;
			ticks.push_back(micro_seconds(
				[&] { return population->subject->tick(&expired); }, &interrupted));
			took += ticks.back();
			pending += expired;
		}
		pending -= batch_size;
		state.SetIterationTime(took);
	}
	state.SetItemsProcessed(state.iterations());
	std::sort(ticks.begin(), ticks.end());
	state.counters["interrupted"] = static_cast<double>(interrupted);
	state.counters["tick_p50_us"] = 1e6 * ticks[ticks.size() / 2];
	state.counters["tick_p99_us"] = 1e6 * ticks[ticks.size() * 99 / 100];
	state.counters["tick_worst_us"] = 1e6 * ticks.back();
	state.counters["huge_percent"] = machine_huge_percent();
}

void register_batch(const char *name, timer_operation operation, bool prefetch, int64_t size)
{
	for (Population &population : populations) {
		std::string full = std::string(name) + "/" + population.subject->name;
		benchmark::RegisterBenchmark(full.c_str(), measure_batch, &population, operation,
					     prefetch)
			->Arg(size)
			->UseManualTime();
	}
}

// One turn of the 32 s for the small population; a number of ticks for the others.
int64_t expiry_count(int64_t size)
{
	return std::min<int64_t>(size / batch_size, 9600) * batch_size;
}

void register_all()
{
	for (int64_t size : sizes) {
		register_batch("start", TIMER_START, false, size);
		register_batch("cancel", TIMER_CANCEL, false, size);
		register_batch("cancel_prefetched", TIMER_CANCEL, true, size);
		register_batch("rearm", TIMER_REARM, false, size);
		register_batch("rearm_prefetched", TIMER_REARM, true, size);
		register_batch("rearm_same_delay", TIMER_REARM_SAME, false, size);
		register_batch("rearm_same_delay_prefetched", TIMER_REARM_SAME, true, size);
		for (Population &population : populations) {
			std::string full = std::string("expire/") + population.subject->name;
			benchmark::RegisterBenchmark(full.c_str(), measure_expiry, &population)
				->Arg(size)
				->Iterations(expiry_count(size))
				->UseManualTime();
		}
	}
}

} // namespace

int main(int argc, char **argv)
{
	int status;

	register_all();
	if (!micro_start(&argc, argv, &status))
		return status;
	const char *wrong = peer_eal_start();
	if (wrong) {
		fprintf(stderr, "%s: %s\n", argv[0], wrong);
		return 3;
	}
	benchmark::RunSpecifiedBenchmarks();
	for (Population &population : populations)
		population.empty();
	peer_eal_stop();
	benchmark::Shutdown();
	return 0;
}
