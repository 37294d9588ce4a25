/* SPDX-License-Identifier: BSD-3-Clause */
/* Which target a balanced route goes to: what the call memory says, else what the policy does. */
#include "proxy/note_add.h"

static uint16_t remembered_target(struct call *call, const struct route *route,
				  struct hash128 call_key)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct balance_pool *pool = &snapshot->pools[route->pool];
	uint64_t id;

	if (!call_memory_get(call->proxy->calls, call_key, call->now, &id))
		return BALANCE_NONE;
	for (uint32_t i = 0; i < pool->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[pool->target_first + i];
		if (target->id != id)
			continue;
		/* A draining target finishes what it has begun. */
		uint32_t admin = target->status ? __atomic_load_n(&target->status->admin,
								  __ATOMIC_RELAXED) :
						  (uint32_t)TARGET_READY;
		return admin == TARGET_MAINT ? BALANCE_NONE : (uint16_t)(pool->target_first + i);
	}
	return BALANCE_NONE;
}

enum verdict_reason request_select(struct call *call, struct route *route, const struct txn *txn,
				   bool peek)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	struct balance_request request = { .now = call->now, .is_call = route->is_call };
	struct balance_choice choice = { .target = BALANCE_NONE };

	if (txn) {
		request.call_hash = txn->call_hash;
		request.tried_count = txn->tried_count;
		memcpy(request.tried, txn->tried, sizeof(txn->tried));
	} else {
		request.call_hash = balance_call_hash(snapshot, route->balance_call_id);
		choice.target = remembered_target(call, route,
						  branch_call_key(snapshot, route->service,
								  route->balance_call_id));
		route->is_recalled = choice.is_remembered = choice.target != BALANCE_NONE;
	}
	if (choice.target == BALANCE_NONE)
		choice = balance_select(snapshot, route->pool, &request, &call->proxy->balance,
					peek);
	if (choice.target == BALANCE_NONE)
		return choice.is_full ? REASON_TARGETS_FULL : REASON_NO_TARGET;
	route->is_remembered = choice.is_remembered;
	if (!route_use_target(snapshot, choice.target, route))
		return REASON_NO_TARGET;
	note_chosen(call, route, txn,
		    !txn && route->is_recalled ? NOTE_BY_MEMORY : NOTE_BY_POLICY);
	return VERDICT_REASON_NONE;
}

bool request_select_stray(struct call *call, struct route *route)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	struct balance_request request = {
		.call_hash = balance_call_hash(snapshot, route->balance_call_id),
	};
	uint16_t target = remembered_target(call, route,
					    branch_call_key(snapshot, route->service,
							    route->balance_call_id));

	if (target == BALANCE_NONE)
		target = balance_select_by_hash(snapshot, route->pool, &request);
	if (target == BALANCE_NONE || !route_use_target(snapshot, target, route))
		return false;
	note_chosen(call, route, NULL, NOTE_BY_HASH);
	return true;
}
