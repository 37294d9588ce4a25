// SPDX-License-Identifier: BSD-3-Clause
// What it costs to edit a message that is forwarded:
//   edit/WHAT/WHERE       list of edits built and applied, and the message put back
//   put_back/WHAT/WHERE   the putting back alone, to be subtracted
// What and where: edit_subject.h; how to read it: bench/README.md.
#include <string>

#include <benchmark/benchmark.h>

#include "edit_subject.h"
#include "micro.h"

namespace
{

const char *const kind_names[EDIT_KINDS] = { "via_push", "record_route", "both", "forward",
					     "via_pop" };
const char *const place_names[EDIT_PLACES] = { "headroom", "mbuf", "copy" };

void measure(benchmark::State &state, edit_kind kind, edit_place place,
	     uint32_t (*subject)(edit_kind, edit_place, size_t))
{
	size_t copy = 0, copies = edit_copies();

	for (auto _ : state) {
		benchmark::DoNotOptimize(subject(kind, place, copy));
		benchmark::ClobberMemory();
		copy = copy + 1 == copies ? 0 : copy + 1;
	}
	state.SetItemsProcessed(state.iterations());
	state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(edit_message_len(kind)));
	state.counters["octets"] = static_cast<double>(edit_message_len(kind));
	state.counters["text"] = static_cast<double>(edit_text_len(kind));
}

void edits_register(const std::string &name, uint32_t (*subject)(edit_kind, edit_place, size_t),
		    int places)
{
	for (int kind = 0; kind < EDIT_KINDS; kind++) {
		for (int place = 0; place < places; place++)
			benchmark::RegisterBenchmark(
				(name + "/" + kind_names[kind] + "/" + place_names[place]).c_str(),
				measure, static_cast<edit_kind>(kind),
				static_cast<edit_place>(place), subject);
	}
}

} // namespace

int main(int argc, char **argv)
{
	int status;

	if (!micro_start(&argc, argv, &status))
		return status;
	if (!edit_open())
		return 2;
	edits_register("edit", edit_run, EDIT_PLACES);
	// A copy leaves the message as it was.
	edits_register("put_back", edit_put_back, EDIT_TO_COPY);
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
