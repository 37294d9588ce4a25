/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of all targets: found by id, renewed with each snapshot, ticked when due; see
 * health.h.  What a record makes of what it learns is in record.c and outcome.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "health/internal.h"

#define SLOTS_FIRST 64
#define DUE_A_TICK  512 /* so that no call takes long; the rest is due at the next */

uint64_t health_random(struct health *health)
{
	/* xorshift64 (Marsaglia 2003) */
	health->random ^= health->random << 13;
	health->random ^= health->random >> 7;
	health->random ^= health->random << 17;
	return health->random;
}

const char *health_time(uint64_t us, char text[HEALTH_TIME_MAX])
{
	if (us < TICK_SECONDS(1))
		snprintf(text, HEALTH_TIME_MAX, "%llu ms", (unsigned long long)(us + 999) / 1000);
	else if (us < TICK_SECONDS(120))
		snprintf(text, HEALTH_TIME_MAX, "%llu s",
			 (unsigned long long)((us + 500000) / 1000000));
	else
		snprintf(text, HEALTH_TIME_MAX, "%llu min",
			 (unsigned long long)((us + 30000000) / 60000000));
	return text;
}

void health_tell(const struct health *health, enum health_event_kind kind,
		 const struct health_record *record, uint16_t pool, const char *format, ...)
{
	char text[320];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	health->calls.tell(health->calls.context, &(struct health_event){ .kind = kind,
									   .record = record,
									   .pool = pool,
									   .text = text });
}

const struct health_settings *health_settings_of(const struct health *health,
						 const struct health_record *record)
{
	return &health->pools[record->pool].settings;
}

/* ---- by id */

/* The id's slot, or the free one where it belongs; there always is one. */
static struct health_record **slot_find(struct health_record **slots, uint32_t size, uint64_t id)
{
	uint32_t i = (uint32_t)id & (size - 1);

	while (slots[i] && slots[i]->id != id)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

struct health_record *health_record_find(const struct health *health, uint64_t id)
{
	return *slot_find(health->slots, health->size, id);
}

const struct health_record *health_find(const struct health *health, uint64_t id)
{
	return health_record_find(health, id);
}

const struct health_pool *health_pool_find(const struct health *health, uint16_t pool)
{
	return pool < health->pool_count ? &health->pools[pool] : NULL;
}

static bool slots_grow(struct health *health)
{
	uint32_t size = 2 * health->size;
	struct health_record **slots = calloc(size, sizeof(struct health_record *));

	if (!slots)
		return false;
	for (uint32_t i = 0; i < health->size; i++) {
		if (health->slots[i])
			*slot_find(slots, size, health->slots[i]->id) = health->slots[i];
	}
	free(health->slots);
	health->slots = slots;
	health->size = size;
	return true;
}

/* As many as there are different targets since the start, which the registry bounds. */
static struct health_record *record_make(struct health *health, const struct balance_target *target,
					 tick_t now)
{
	struct health_record *record;

	if (health->count >= health->size / 2 && !slots_grow(health))
		return NULL;
	if (!due_reserve(&health->due, health->count + 1))
		return NULL;
	record = calloc(1, sizeof(*record));
	if (!record)
		return NULL;
	record->id = target->id;
	record->status = target->status;
	record->due.index = DUE_NOWHERE;
	record->since = now;
	blacklist_entry_init(&record->entry);
	share_init(&record->share);
	*slot_find(health->slots, health->size, record->id) = record;
	health->count++;
	return record;
}

struct health *health_create(const struct health_calls *calls, uint64_t seed)
{
	struct health *health = calloc(1, sizeof(*health));

	if (!health)
		return NULL;
	health->slots = calloc(SLOTS_FIRST, sizeof(struct health_record *));
	if (!health->slots) {
		free(health);
		return NULL;
	}
	health->size = SLOTS_FIRST;
	health->calls = *calls;
	health->random = seed | 1; /* xorshift stays at 0 */
	return health;
}

void health_destroy(struct health *health)
{
	if (!health)
		return;
	for (uint32_t i = 0; i < health->size; i++)
		free(health->slots[i]);
	free(health->slots);
	free(health->pools);
	due_fini(&health->due);
	free(health);
}

/* ---- a new snapshot */

static bool pools_take_over(struct health *health, const struct balance_snapshot *snapshot)
{
	struct health_pool *pools = calloc(snapshot->pool_count + 1, sizeof(*pools));

	if (!pools)
		return false;
	for (uint32_t i = 0; i < snapshot->pool_count; i++) {
		/* A pool keeps its index; one that took a retired one's over has another status. */
		if (i < health->pool_count && health->pools[i].status == snapshot->pools[i].status)
			pools[i] = health->pools[i];
		pools[i].status = snapshot->pools[i].status;
		pools[i].is_stale = true;
		health->calls.settings(health->calls.context, &snapshot->pools[i],
				       &pools[i].settings);
	}
	free(health->pools);
	health->pools = pools;
	health->pool_count = snapshot->pool_count;
	return true;
}

/* Targets that are gone keep what was learnt, and are not looked at. */
static void records_detach(struct health *health)
{
	for (uint32_t i = 0; i < health->size; i++) {
		if (health->slots[i])
			health->slots[i]->target = NULL;
	}
}

static void records_rest(struct health *health)
{
	for (uint32_t i = 0; i < health->size; i++) {
		struct health_record *record = health->slots[i];
		if (!record || record->target)
			continue;
		due_set(&health->due, &record->due, TICK_NEVER);
		record->prober.is_on = false;
		record->prober.number = 0;
	}
}

/* Where probes end, what they held back returns, and a call tries what one of them was to try. */
static void record_configure(struct health *health, struct health_record *record, tick_t now)
{
	bool was_down = record->prober.is_down;

	prober_configure(&record->prober, &health_settings_of(health, record)->probe, now,
			 health_random(health));
	if (!record->prober.is_on)
		health_trial_by_call(record, now);
	if (was_down && !record->prober.is_down)
		health_return(health, record, now, "it is not probed any more");
	else
		health_apply(health, record, now);
}

int health_publish(struct health *health, const struct balance_snapshot *snapshot, tick_t now)
{
	int status = 0;

	/* Before anything can fail: what they refer to is about to be destroyed. */
	records_detach(health);
	if (!pools_take_over(health, snapshot)) {
		health->snapshot = NULL;
		records_rest(health);
		return -ENOMEM;
	}
	health->snapshot = snapshot;
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		struct health_record *record = health_record_find(health, target->id);
		if (!record)
			record = record_make(health, target, now);
		if (!record) {
			status = -ENOMEM;
			continue;
		}
		record->target = target;
		record->pool = target->pool;
		record_configure(health, record, now);
	}
	records_rest(health);
	health_count_pools(health, now);
	return status;
}

void health_tick(struct health *health, tick_t now)
{
	for (uint32_t i = 0; i < DUE_A_TICK; i++) {
		struct due_node *node = due_first(&health->due, now);
		if (!node)
			break;
		/* The node is the record's first member. */
		health_record_tick(health, (struct health_record *)(void *)node, now);
	}
	health_count_pools(health, now);
}
