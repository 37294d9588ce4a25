// SPDX-License-Identifier: BSD-3-Clause
// Parsing by Tandem and by its peers, message by message, in one process and one run:
//   parse/KIND/PARSER   all that parse_peer.h asks for, memory taken and given back
//   message, index, call_id/KIND/TANDEM   parts of Tandem's parser alone
// Time is that of one message.  What the kinds are: corpus.h; how to read it: bench/README.md.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "corpus.h"
#include "micro.h"
#include "own_parts.h"
#include "parse_peer.h"

namespace
{

// Items are messages, bytes their octets; `octets` and `messages` tell the set.
void rates_set(benchmark::State &state, const corpus_set *set, size_t octets)
{
	size_t all = 0;

	for (size_t i = 0; i < set->count; i++)
		all += set->messages[i].len;
	state.SetItemsProcessed(state.iterations());
	state.SetBytesProcessed(static_cast<int64_t>(octets));
	state.counters["octets"] = static_cast<double>(all) / static_cast<double>(set->count);
	state.counters["messages"] = static_cast<double>(set->count);
}

// Every parser must take every message of a set, or it would be praised for giving up early.
bool is_taken(const parse_peer *peer, const corpus_message &message)
{
	parse_fields fields;
	bool taken = peer->start() && peer->parse(message.bytes, message.len, &fields);

	peer->release();
	return taken;
}

void parse_measure(benchmark::State &state, const parse_peer *peer, const corpus_set *set)
{
	parse_fields fields;
	size_t at = 0, octets = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (!is_taken(peer, set->messages[i])) {
			state.SkipWithError("a message of the set is refused");
			return;
		}
	}
	for (auto _ : state) {
		const corpus_message &message = set->messages[at];
		at = at + 1 == set->count ? 0 : at + 1;
		octets += message.len;
		bool taken = peer->parse(message.bytes, message.len, &fields);
		benchmark::DoNotOptimize(taken);
		benchmark::DoNotOptimize(fields);
		benchmark::ClobberMemory();
		peer->release();
	}
	rates_set(state, set, octets);
}

void part_measure(benchmark::State &state, const parse_peer *peer, const corpus_set *set,
		  unsigned int (*part)(const char *, size_t))
{
	size_t at = 0, octets = 0;

	if (!peer->start()) {
		state.SkipWithError("this processor does not run it");
		return;
	}
	for (auto _ : state) {
		const corpus_message &message = set->messages[at];
		at = at + 1 == set->count ? 0 : at + 1;
		octets += message.len;
		benchmark::DoNotOptimize(part(message.bytes, message.len));
		benchmark::ClobberMemory();
	}
	rates_set(state, set, octets);
}

bool is_own(const parse_peer *peer)
{
	return std::string(peer->name).rfind("tandem", 0) == 0;
}

void set_register(const corpus_set *set, const std::vector<const parse_peer *> &peers)
{
	for (const parse_peer *peer : peers)
		benchmark::RegisterBenchmark(
			(std::string("parse/") + set->name + "/" + peer->name).c_str(),
			parse_measure, peer, set);
}

void parts_register(const corpus_set *set, const std::vector<const parse_peer *> &peers)
{
	static const struct {
		const char *name;
		unsigned int (*run)(const char *, size_t);
	} parts[] = { { "message", own_message },
		      { "index", own_index },
		      { "call_id", own_call_id } };

	for (const auto &part : parts) {
		for (const parse_peer *peer : peers) {
			if (is_own(peer))
				benchmark::RegisterBenchmark((std::string(part.name) + "/" +
							      set->name + "/" + peer->name)
								     .c_str(),
							     part_measure, peer, set, part.run);
		}
	}
}

} // namespace

int main(int argc, char **argv)
{
	static corpus_set torture;
	std::vector<const parse_peer *> peers;
	size_t kinds;
	const corpus_set *sets = corpus_kinds(&kinds);
	const char *folder = std::getenv("TANDEM_VECTORS");
	int status;

	if (!micro_start(&argc, argv, &status))
		return status;
	for (size_t i = 0; parse_peers[i]; i++) {
		if (parse_peers[i]->start())
			peers.push_back(parse_peers[i]);
	}
	if (!sets || !corpus_torture(folder ? folder : VECTORS_FOLDER, &torture)) {
		std::fputs("parse-bench: no vectors; TANDEM_VECTORS names their folder "
			   "(tests/vectors/sip)\n",
			   stderr);
		return 2;
	}
	for (size_t i = 0; i < kinds; i++)
		set_register(&sets[i], peers);
	set_register(&torture, peers);
	for (size_t i = 0; i < kinds; i++)
		parts_register(&sets[i], peers);
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
