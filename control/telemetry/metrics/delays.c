/* SPDX-License-Identifier: BSD-3-Clause */
/* Set-up delays; see delays.h. */
#include "telemetry/metrics/delays.h"

#include <stdlib.h>

struct delays {
	struct pool_delays **pools;    /* in order of first sight */
	uint32_t pool_count, pool_room;
	struct target_delays *targets; /* open addressing by id; pool BALANCE_NONE: free */
	uint32_t target_count, target_room; /* a power of two, at most half full */
};

struct delays *delays_create(void)
{
	return calloc(1, sizeof(struct delays));
}

void delays_destroy(struct delays *delays)
{
	if (!delays)
		return;
	for (uint32_t i = 0; i < delays->pool_count; i++)
		free(delays->pools[i]);
	free(delays->pools);
	free(delays->targets);
	free(delays);
}

/* ---- pools -------------------------------------------------------------------------------- */

static uint16_t pool_find(const struct delays *delays, const char *pool)
{
	for (uint32_t i = 0; i < delays->pool_count; i++) {
		if (strcmp(delays->pools[i]->pool, pool) == 0)
			return (uint16_t)i;
	}
	return BALANCE_NONE;
}

/* BALANCE_NONE: out of memory. */
static uint16_t pool_learn(struct delays *delays, const char *name)
{
	uint16_t found = pool_find(delays, name);

	if (found != BALANCE_NONE || delays->pool_count == BALANCE_NONE)
		return found;
	if (delays->pool_count == delays->pool_room) {
		uint32_t more = delays->pool_room ? 2 * delays->pool_room : 16;
		struct pool_delays **pools = realloc(delays->pools, more * sizeof(struct pool_delays *));

		if (!pools)
			return BALANCE_NONE;
		delays->pools = pools;
		delays->pool_room = more;
	}
	struct pool_delays *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return BALANCE_NONE;
	memcpy(pool->pool, name, MIN(strlen(name), sizeof(pool->pool) - 1));
	delays->pools[delays->pool_count] = pool;
	return (uint16_t)delays->pool_count++;
}

/* ---- targets ------------------------------------------------------------------------------ */

/* The target's place, or the free one where it would stand. */
static struct target_delays *target_place(struct target_delays *targets, uint32_t room, uint64_t id)
{
	uint32_t at = (uint32_t)(id ^ id >> 32) & (room - 1);

	while (targets[at].pool != BALANCE_NONE && targets[at].id != id)
		at = (at + 1) & (room - 1);
	return &targets[at];
}

static bool targets_grow(struct delays *delays)
{
	uint32_t room = delays->target_room ? 2 * delays->target_room : 64;
	struct target_delays *targets = malloc(room * sizeof(*targets));

	if (!targets)
		return false;
	for (uint32_t i = 0; i < room; i++)
		targets[i] = (struct target_delays){ .pool = BALANCE_NONE };
	for (uint32_t i = 0; i < delays->target_room; i++) {
		const struct target_delays *old = &delays->targets[i];
		if (old->pool != BALANCE_NONE)
			*target_place(targets, room, old->id) = *old;
	}
	free(delays->targets);
	delays->targets = targets;
	delays->target_room = room;
	return true;
}

static bool target_learn(struct delays *delays, uint64_t id, uint16_t pool)
{
	struct target_delays *place;

	if (2 * (delays->target_count + 1) > delays->target_room && !targets_grow(delays))
		return false;
	place = target_place(delays->targets, delays->target_room, id);
	delays->target_count += place->pool == BALANCE_NONE;
	if (place->pool == BALANCE_NONE)
		*place = (struct target_delays){ .id = id };
	place->pool = pool;
	return true;
}

static struct target_delays *target_find(const struct delays *delays, uint64_t id)
{
	struct target_delays *place;

	if (delays->target_room == 0)
		return NULL;
	place = target_place(delays->targets, delays->target_room, id);
	return place->pool == BALANCE_NONE ? NULL : place;
}

/* ---- all ---------------------------------------------------------------------------------- */

bool delays_follow(struct delays *delays, const struct balance_snapshot *snapshot)
{
	for (uint32_t p = 0; p < snapshot->pool_count; p++) {
		const struct balance_pool *pool = &snapshot->pools[p];
		uint16_t index;

		if (pool->is_request_uri)
			continue;
		index = pool_learn(delays, pool->name);
		if (index == BALANCE_NONE)
			return false;
		for (uint32_t i = 0; i < pool->target_count; i++) {
			if (!target_learn(delays, snapshot->targets[pool->target_first + i].id, index))
				return false;
		}
	}
	return true;
}

/* A final response is an INVITE's first when no provisional one was told of: engines say so by
 * the kind, and a 2xx after a 180 comes as RESPONSE alone. */
void delays_count(struct delays *delays, const struct outcome *outcome)
{
	const bool is_invite = outcome->flags & OUTCOME_IS_INVITE;
	struct target_delays *target;
	struct pool_delays *pool;

	if (!is_invite || outcome->delay_us == 0 ||
	    (outcome->kind != OUTCOME_PROVISIONAL && outcome->kind != OUTCOME_RESPONSE))
		return;
	target = target_find(delays, outcome->target_id);
	if (!target)
		return;
	pool = delays->pools[target->pool];
	if (outcome->kind == OUTCOME_PROVISIONAL || !(outcome->flags & OUTCOME_WAS_ANSWERED)) {
		histogram_add(&pool->first_us, outcome->delay_us);
		target->first_count++;
		target->first_sum_us += outcome->delay_us;
	}
	if (outcome->kind == OUTCOME_RESPONSE && outcome->value / 100 == 2)
		histogram_add(&pool->answer_us, outcome->delay_us);
}

const struct pool_delays *delays_of_pool(const struct delays *delays, const char *pool)
{
	uint16_t found = pool_find(delays, pool);

	return found == BALANCE_NONE ? NULL : delays->pools[found];
}

const struct target_delays *delays_of_target(const struct delays *delays, uint64_t id)
{
	return target_find(delays, id);
}
