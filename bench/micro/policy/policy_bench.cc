// SPDX-License-Identifier: BSD-3-Clause
// Time to hash a Call-ID (beside DPDK's unkeyed hashes), to choose a target by each policy at 10,
// 100 and 1,000 targets, and to make and check the branch and the tokens of one request.
#include <benchmark/benchmark.h>

#include <string>

#include "micro.h"
#include "policy_subject.h"

namespace
{

void hash_measure(benchmark::State &state, uint64_t (*subject)())
{
	hash_subject_fill(static_cast<uint32_t>(state.range(0)));
	for (auto _ : state)
		benchmark::DoNotOptimize(subject());
	state.SetItemsProcessed(state.iterations());
	state.SetBytesProcessed(state.iterations() * state.range(0));
}

void policy_measure(benchmark::State &state, policy_subject_kind kind, bool weighted,
		    uint32_t (*subject)())
{
	if (!policy_subject_fill(kind, static_cast<uint32_t>(state.range(0)), weighted)) {
		state.SkipWithError("out of memory");
		return;
	}
	for (auto _ : state)
		benchmark::DoNotOptimize(subject());
	state.SetItemsProcessed(state.iterations());
	policy_subject_empty();
}

void token_measure(benchmark::State &state, uint64_t (*subject)())
{
	const char *wrong = token_subject_fill();

	if (wrong) {
		state.SkipWithError(wrong);
		return;
	}
	for (auto _ : state)
		benchmark::DoNotOptimize(subject());
	state.SetItemsProcessed(state.iterations());
}

void hashes_register()
{
	static const struct {
		const char *name;
		uint64_t (*subject)();
	} hashes[] = {
		{ "hash_call_id/tandem", hash_subject_call },
		{ "hash_call_id/rte_jhash", hash_subject_jhash },
		{ "hash_call_id/rte_hash_crc", hash_subject_crc },
		{ "mac/tandem", hash_subject_mac },
	};

	for (const auto &hash : hashes)
		benchmark::RegisterBenchmark(hash.name, hash_measure, hash.subject)
			->Arg(16)
			->Arg(36)
			->Arg(64);
}

void policies_register()
{
	static const struct {
		const char *name;
		policy_subject_kind kind;
	} policies[] = {
		{ "call_id_hash", POLICY_SUBJECT_HASH },
		{ "round_robin", POLICY_SUBJECT_ROUND },
		{ "weighted_random", POLICY_SUBJECT_RANDOM },
		{ "least_transactions", POLICY_SUBJECT_LEAST },
		{ "srv", POLICY_SUBJECT_SRV },
	};
	static const struct {
		const char *name;
		bool weighted;
		uint32_t (*subject)();
	} choices[] = {
		{ "", false, policy_subject_select },
		{ "_weights", true, policy_subject_select },
		{ "_three_tried", true, policy_subject_select_third },
	};

	for (const auto &policy : policies) {
		for (const auto &choice : choices) {
			std::string name =
				std::string("select_") + policy.name + choice.name + "/tandem";
			benchmark::RegisterBenchmark(name.c_str(), policy_measure, policy.kind,
						     choice.weighted, choice.subject)
				->Arg(10)
				->Arg(100)
				->Arg(1000);
		}
	}
}

void tokens_register()
{
	static const struct {
		const char *name;
		uint64_t (*subject)();
	} tokens[] = {
		{ "server_key", token_subject_server_key },
		{ "client_key", token_subject_client_key },
		{ "loop_part", token_subject_loop_part },
		{ "branch_put", token_subject_branch_put },
		{ "branch_parse", token_subject_branch_parse },
		{ "hint_encode", token_subject_hint_encode },
		{ "hint_decode", token_subject_hint_decode },
		{ "route_token_encode", token_subject_route_encode },
		{ "route_token_decode", token_subject_route_decode },
		{ "request_all_tokens", token_subject_request },
		{ "response_all_tokens", token_subject_response },
	};

	for (const auto &token : tokens)
		benchmark::RegisterBenchmark((std::string(token.name) + "/tandem").c_str(),
					     token_measure, token.subject);
}

} // namespace

int main(int argc, char **argv)
{
	int status;

	hashes_register();
	policies_register();
	tokens_register();
	if (!micro_start(&argc, argv, &status))
		return status;
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
