/* SPDX-License-Identifier: BSD-3-Clause */
/* A choice by the pool's policy, and taking what it uses up; see policy.h. */
#include "balance/standing.h"

/* Times that others may take the last of a trial or of a cap before a choice is given up. */
#define SELECT_TRIES_MAX 4

uint64_t balance_call_hash(const struct balance_snapshot *snapshot, struct span call_id)
{
	return hash64(&snapshot->call_key, call_id);
}

static struct balance_choice choose(const struct balance_snapshot *snapshot,
				    struct contest *contest, struct balance_state *state,
				    bool peek)
{
	enum balance_policy policy =
		(enum balance_policy)snapshot->pools[contest->pool].policy;

	switch (policy) {
	case POLICY_ROUND_ROBIN:
		return select_round_robin(contest, state, peek);
	case POLICY_WEIGHTED_RANDOM:
		return select_weighted_random(contest, state, peek);
	case POLICY_LEAST_TRANSACTIONS:
	case POLICY_LEAST_CALLS:
		return select_least(contest, policy, state, peek);
	case POLICY_SRV:
		return select_srv(contest, state, peek);
	case POLICY_CALL_ID_HASH:
		break;
	}
	return select_by_hash(contest);
}

/* False: others took the last of it since it was looked at. */
static bool take(const struct contest *contest, const struct balance_target *target)
{
	if (target->rate_max && !cap_rate_take(target, contest->request->now))
		return false;
	if (contest->is_panicking ||
	    LIKELY(__atomic_load_n(&target->status->health, __ATOMIC_RELAXED) != TARGET_TRIAL))
		return true;
	return cap_trial_take(target->status);
}

struct balance_choice balance_select(const struct balance_snapshot *snapshot, uint16_t pool,
				     const struct balance_request *request,
				     struct balance_state *state, bool peek)
{
	struct balance_choice choice = { .target = BALANCE_NONE };

	if (pool >= snapshot->pool_count)
		return choice;
	struct contest contest = contest_of(snapshot, pool, request);
	for (unsigned int i = 0; i < SELECT_TRIES_MAX; i++) {
		choice = choose(snapshot, &contest, state, peek);
		if (peek || choice.target == BALANCE_NONE ||
		    take(&contest, &snapshot->targets[choice.target]))
			return choice;
	}
	return (struct balance_choice){ .target = BALANCE_NONE, .is_full = true };
}

const char *balance_policy_name(enum balance_policy policy)
{
	switch (policy) {
	case POLICY_CALL_ID_HASH:
		return "call-id-hash";
	case POLICY_ROUND_ROBIN:
		return "round-robin";
	case POLICY_WEIGHTED_RANDOM:
		return "weighted-random";
	case POLICY_LEAST_TRANSACTIONS:
		return "least-transactions";
	case POLICY_LEAST_CALLS:
		return "least-calls";
	case POLICY_SRV:
		return "srv";
	}
	return "unknown";
}
