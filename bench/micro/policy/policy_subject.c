/* SPDX-License-Identifier: BSD-3-Clause */
/* The policies over a snapshot made here; see policy_subject.h. */
#include "policy_subject.h"

#include <stdlib.h>

#include "balance/policy.h"
#include "clock.h"

static struct {
	struct balance_snapshot snapshot;
	struct balance_pool pool;
	struct balance_target *targets;
	struct target_status *statuses;
	struct balance_state state;
	struct micro_random calls;
} world;

void policy_subject_empty(void)
{
	free(world.targets);
	free(world.statuses);
	world.targets = NULL;
	world.statuses = NULL;
}

static void target_set(struct balance_target *target, uint32_t i, bool weighted,
		       struct micro_random *random)
{
	*target = (struct balance_target){
		.id = micro_random_u64(random),
		.status = &world.statuses[i],
		.slot = (uint16_t)i,
		.weight = weighted ? (uint16_t)(1 + micro_random_below(random, 4)) : 1,
	};
	world.statuses[i] = (struct target_status){ .admin = TARGET_READY, .health = TARGET_UP };
}

bool policy_subject_fill(enum policy_subject_kind kind, uint32_t targets, bool weighted)
{
	static const enum balance_policy policies[] = {
		[POLICY_SUBJECT_HASH] = POLICY_CALL_ID_HASH,
		[POLICY_SUBJECT_ROUND] = POLICY_ROUND_ROBIN,
		[POLICY_SUBJECT_RANDOM] = POLICY_WEIGHTED_RANDOM,
		[POLICY_SUBJECT_LEAST] = POLICY_LEAST_TRANSACTIONS,
		[POLICY_SUBJECT_SRV] = POLICY_SRV,
	};
	struct micro_random random = { .state = targets };

	world.targets = aligned_alloc(CACHE_LINE_SIZE,
				      (targets * sizeof(*world.targets) + CACHE_LINE_SIZE - 1) /
					      CACHE_LINE_SIZE * CACHE_LINE_SIZE);
	world.statuses = aligned_alloc(CACHE_LINE_SIZE, targets * sizeof(*world.statuses));
	if (!world.targets || !world.statuses) {
		policy_subject_empty();
		return false;
	}
	for (uint32_t i = 0; i < targets; i++)
		target_set(&world.targets[i], i, weighted, &random);
	world.pool = (struct balance_pool){ .policy = (uint8_t)policies[kind],
					    .attempts_max = 1,
					    .target_count = targets };
	world.snapshot = (struct balance_snapshot){ .pool_count = 1,
						    .target_count = targets,
						    .pools = &world.pool,
						    .targets = world.targets };
	world.state = (struct balance_state){ .random = micro_random_u64(&random) | 1 };
	world.calls = random;
	return true;
}

static uint32_t select_with(struct balance_request *request)
{
	uint16_t chosen =
		balance_select(&world.snapshot, 0, request, &world.state, false).target;

	MICRO_MUST(chosen < world.pool.target_count);
	return chosen;
}

uint32_t policy_subject_select(void)
{
	return select_with(
		&(struct balance_request){ .call_hash = micro_random_u64(&world.calls) });
}

uint32_t policy_subject_select_third(void)
{
	struct balance_request request = { .call_hash = micro_random_u64(&world.calls) };

	while (request.tried_count < 2)
		request.tried[request.tried_count++] = world.targets[select_with(&request)].slot;
	return select_with(&request);
}
