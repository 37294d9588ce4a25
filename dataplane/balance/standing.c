/* SPDX-License-Identifier: BSD-3-Clause */
/* Who takes part in a choice; see standing.h and policy.h. */
#include "balance/standing.h"

struct contest contest_of(const struct balance_snapshot *snapshot, uint16_t index,
			  const struct balance_request *request)
{
	const struct balance_pool *pool = &snapshot->pools[index];

	return (struct contest){
		.request = request,
		.targets = snapshot->targets + pool->target_first,
		.target_first = pool->target_first,
		.target_count = pool->target_count,
		.pool = index,
		.is_panicking = balance_pool_is_panicking(pool),
	};
}

bool balance_pool_is_panicking(const struct balance_pool *pool)
{
	return pool->status && __atomic_load_n(&pool->status->is_panicking, __ATOMIC_RELAXED);
}

static enum balance_standing standing_by_wish(const struct balance_target *target)
{
	switch (__atomic_load_n(&target->status->admin, __ATOMIC_RELAXED)) {
	case TARGET_READY:
		return STANDING_USABLE;
	case TARGET_DRAIN:
		return STANDING_DRAIN;
	default:
		return STANDING_MAINT;
	}
}

static enum balance_standing standing_on_trial(const struct target_status *status,
					       const struct balance_request *request)
{
	bool may_take = !request || request->is_call ||
			!__atomic_load_n(&status->trials_are_calls, __ATOMIC_RELAXED);

	return may_take && cap_trial_is_left(status) ? STANDING_USABLE : STANDING_TRIAL_SPENT;
}

static enum balance_standing standing_by_health(const struct balance_target *target,
						const struct balance_request *request)
{
	switch (__atomic_load_n(&target->status->health, __ATOMIC_RELAXED)) {
	case TARGET_UP:
		return STANDING_USABLE;
	case TARGET_TRIAL:
		return standing_on_trial(target->status, request);
	case TARGET_BLACKLISTED:
		return STANDING_BLACKLISTED;
	default:
		return STANDING_DOWN;
	}
}

enum balance_standing standing_of(const struct balance_target *target,
				  const struct balance_request *request, bool is_panicking)
{
	if (target->interface == BALANCE_NONE)
		return STANDING_NO_WAY;
	enum balance_standing standing = standing_by_wish(target);
	if (standing != STANDING_USABLE || is_panicking)
		return standing;
	return standing_by_health(target, request);
}

enum balance_standing standing_of_caps(const struct balance_target *target,
				       const struct balance_request *request)
{
	if (request->is_call && cap_calls_is_full(target))
		return STANDING_CALLS_FULL;
	if (cap_rate_is_full(target, request->now))
		return STANDING_RATE_FULL;
	return STANDING_USABLE;
}

bool balance_target_is_usable(const struct balance_target *target)
{
	return standing_of(target, NULL, false) == STANDING_USABLE;
}

bool balance_pool_is_usable(const struct balance_snapshot *snapshot, uint16_t index)
{
	const struct balance_pool *pool = &snapshot->pools[index];
	bool is_panicking = balance_pool_is_panicking(pool);

	for (uint32_t i = 0; i < pool->target_count; i++) {
		if (standing_of(&snapshot->targets[pool->target_first + i], NULL,
				is_panicking) == STANDING_USABLE)
			return true;
	}
	return false;
}

enum balance_standing balance_target_standing(const struct balance_snapshot *snapshot,
					      uint16_t index,
					      const struct balance_request *request)
{
	const struct balance_target *target = &snapshot->targets[index];

	if (request_has_tried(request, target))
		return STANDING_TRIED;
	enum balance_standing standing =
		standing_of(target, request,
			    balance_pool_is_panicking(&snapshot->pools[target->pool]));
	return standing == STANDING_USABLE ? standing_of_caps(target, request) : standing;
}

const char *balance_standing_text(enum balance_standing standing)
{
	switch (standing) {
	case STANDING_USABLE:
		return "usable";
	case STANDING_TRIED:
		return "tried";
	case STANDING_NO_WAY:
		return "no interface leads there";
	case STANDING_DRAIN:
		return "drain";
	case STANDING_MAINT:
		return "maint";
	case STANDING_DOWN:
		return "down";
	case STANDING_BLACKLISTED:
		return "blacklisted";
	case STANDING_TRIAL_SPENT:
		return "blacklisted, on trial with another call";
	case STANDING_CALLS_FULL:
		return "at max_calls";
	case STANDING_RATE_FULL:
		return "at max_rate";
	}
	return "unknown";
}
