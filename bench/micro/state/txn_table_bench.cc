// SPDX-License-Identifier: BSD-3-Clause
// Tandem's transaction table beside rte_hash at 100 k, 1 M and 10 M entries: time an operation, in
// batches of 32, one by one and in bulk.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "micro.h"
#include "peer_eal.h"
#include "table_subject.h"

namespace
{

constexpr int batch_size = 32;
const int64_t sizes[] = { 100000, 1000000, 10000000 };

struct Operation {
	const char *name;
	table_operation operation;
};

const Operation operations[] = {
	{ "find", TABLE_FIND },
	{ "find_absent", TABLE_FIND_ABSENT },
	{ "insert", TABLE_INSERT },
	{ "remove", TABLE_REMOVE },
	{ "remove_insert", TABLE_REPLACE },
};

// One table of each kind is kept at a time: filling takes longer than measuring.
struct Table {
	const table_subject *subject;
	int64_t count;

	bool fill(int64_t wanted)
	{
		if (count == wanted)
			return true;
		empty();
		// Whole batches, so that each of a batch has its own share of the entries.
		int64_t rounded = (wanted + batch_size - 1) / batch_size * batch_size;
		if (!subject->fill(static_cast<uint32_t>(rounded)))
			return false;
		count = wanted;
		return true;
	}

	void empty()
	{
		if (count)
			subject->empty();
		count = 0;
	}
};

Table tables[] = {
	{ &table_subject_txn, 0 },
	{ &table_subject_rte, 0 },
	{ &table_subject_rte_lock_free, 0 },
};

void measure(benchmark::State &state, Table *table, table_operation operation, bool bulk)
{
	if (!table->fill(state.range(0))) {
		state.SkipWithError("out of memory");
		return;
	}
	uint64_t interrupted = 0;
	while (state.KeepRunningBatch(batch_size))
		state.SetIterationTime(micro_seconds(
			[&] { return table->subject->batch(operation, bulk); }, &interrupted));
	state.counters["interrupted"] = static_cast<double>(interrupted);
	state.SetItemsProcessed(state.iterations());
	state.counters["huge_percent"] = machine_huge_percent();
}

void register_operation(const Operation &operation, bool bulk, int64_t size)
{
	for (Table &table : tables) {
		// Where a peer has no bulk call, its single ones stand beside our bulk.
		bool in_bulk = bulk && table.subject->has_bulk[operation.operation];
		std::string full =
			std::string(operation.name) + (bulk ? "_bulk/" : "/") + table.subject->name;
		benchmark::RegisterBenchmark(full.c_str(), measure, &table, operation.operation,
					     in_bulk)
			->Arg(size)
			->UseManualTime();
	}
}

void register_all()
{
	for (int64_t size : sizes) {
		for (const Operation &operation : operations) {
			register_operation(operation, false, size);
			register_operation(operation, true, size);
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
	for (Table &table : tables)
		table.empty();
	peer_eal_stop();
	benchmark::Shutdown();
	return 0;
}
