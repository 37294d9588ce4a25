/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Panic: when too many of a pool's targets would be out, all that the operator wishes take part,
 * whatever was observed: better a call at a target that may be dead than none at all.
 */
#include "health/internal.h"

/* A wish is changed behind our back: pools are counted now and then, and when a target changed. */
#define COUNT_EVERY TICK_SECONDS(1)
/* So long it has to be over before it is, so that it does not come and go with one target. */
#define CALM        TICK_SECONDS(5)

static void pool_count(struct health *health, uint32_t index)
{
	const struct balance_pool *pool = &health->snapshot->pools[index];
	struct health_pool *to = &health->pools[index];

	to->ready = to->out = 0;
	to->is_stale = false;
	for (uint32_t i = 0; i < pool->target_count; i++) {
		const struct target_status *status =
			health->snapshot->targets[pool->target_first + i].status;
		if (__atomic_load_n(&status->admin, __ATOMIC_RELAXED) != TARGET_READY)
			continue;
		to->ready++;
		to->out += __atomic_load_n(&status->health, __ATOMIC_RELAXED) != TARGET_UP;
	}
}

static void pool_set(struct health *health, uint32_t index, bool is_panicking)
{
	struct health_pool *pool = &health->pools[index];
	uint32_t threshold = pool->settings.blacklist.panic_threshold;

	pool->is_panicking = is_panicking;
	pool->calm = 0;
	__atomic_store_n(&pool->status->is_panicking, is_panicking, __ATOMIC_RELAXED);
	if (is_panicking)
		health_tell(health, HEALTH_EVENT_PANIC, NULL, (uint16_t)index,
			    "panic: %u of %u ready targets would be out, more than %u%%: all of "
			    "them get calls, whatever was observed",
			    pool->out, pool->ready, threshold);
	else
		health_tell(health, HEALTH_EVENT_PANIC, NULL, (uint16_t)index,
			    "panic is over: %u of %u ready targets %s out", pool->out, pool->ready,
			    pool->out == 1 ? "is" : "are");
}

static void pool_judge(struct health *health, uint32_t index, tick_t now)
{
	struct health_pool *pool = &health->pools[index];
	bool is_beyond = (uint64_t)pool->out * 100 >
			 (uint64_t)pool->ready * pool->settings.blacklist.panic_threshold;

	if (is_beyond)
		pool->calm = 0;
	if (is_beyond && !pool->is_panicking)
		pool_set(health, index, true);
	if (is_beyond || !pool->is_panicking)
		return;
	if (!pool->calm)
		pool->calm = now;
	if (now - pool->calm >= CALM || !pool->out)
		pool_set(health, index, false);
}

void health_count_pools(struct health *health, tick_t now)
{
	bool all = now - health->counted >= COUNT_EVERY;

	if (!health->snapshot)
		return;
	if (all)
		health->counted = now;
	for (uint32_t i = 0; i < health->pool_count; i++) {
		if (!all && !health->pools[i].is_stale)
			continue;
		pool_count(health, i);
		if (health->pools[i].status)
			pool_judge(health, i, now);
	}
}
