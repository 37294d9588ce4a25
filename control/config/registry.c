/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The target registry: statuses by stable id, each in cache lines of its own, never moved and
 * never freed before the registry is; those of pools by name; and sets of timers by index.
 */
#include <stdlib.h>

#include "config/config.h"

struct registry_slot {
	uint64_t id;
	struct target_status *status; /* NULL: free */
	uint16_t number;
};

struct registry_pool {
	struct pool_status status; /* first: it is aligned to a cache line */
	struct registry_pool *next;
	char name[BALANCE_NAME_MAX];
};

struct target_registry {
	struct registry_slot *slots;
	uint32_t size, count; /* size: a power of two */
	struct balance_timers *timer_sets;
	uint32_t timer_set_count, timer_set_room;
	struct registry_pool *pools;
};

#define SLOTS_FIRST 64

struct target_registry *target_registry_create(void)
{
	struct target_registry *registry = calloc(1, sizeof(*registry));
	if (!registry)
		return NULL;
	registry->slots = calloc(SLOTS_FIRST, sizeof(*registry->slots));
	if (!registry->slots) {
		free(registry);
		return NULL;
	}
	registry->size = SLOTS_FIRST;
	return registry;
}

void target_registry_destroy(struct target_registry *registry)
{
	if (!registry)
		return;
	for (uint32_t i = 0; i < registry->size; i++)
		free(registry->slots[i].status);
	for (struct registry_pool *pool = registry->pools, *next; pool; pool = next) {
		next = pool->next;
		free(pool);
	}
	free(registry->slots);
	free(registry->timer_sets);
	free(registry);
}

/* The id's slot, or the free one where it belongs; there always is one. */
static struct registry_slot *slot_find(struct registry_slot *slots, uint32_t size, uint64_t id)
{
	uint32_t i = (uint32_t)id & (size - 1);
	while (slots[i].status && slots[i].id != id)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static bool registry_grow(struct target_registry *registry)
{
	uint32_t size = registry->size * 2;
	struct registry_slot *slots = calloc(size, sizeof(*slots));
	if (!slots)
		return false;
	for (uint32_t i = 0; i < registry->size; i++) {
		if (registry->slots[i].status)
			*slot_find(slots, size, registry->slots[i].id) = registry->slots[i];
	}
	free(registry->slots);
	registry->slots = slots;
	registry->size = size;
	return true;
}

static struct target_status *slot_found(const struct registry_slot *slot, uint16_t *number)
{
	if (number)
		*number = slot->number;
	return slot->status;
}

struct target_status *target_registry_find(struct target_registry *registry, uint64_t id,
					   uint16_t *number)
{
	struct registry_slot *slot = slot_find(registry->slots, registry->size, id);
	if (slot->status)
		return slot_found(slot, number);
	if (target_registry_is_full(registry))
		return NULL;
	if (registry->count >= registry->size / 2) {
		if (!registry_grow(registry))
			return NULL;
		slot = slot_find(registry->slots, registry->size, id);
	}
	struct target_status *status = aligned_alloc(CACHE_LINE_SIZE, sizeof(*status));
	if (!status)
		return NULL;
	*status = (struct target_status){ .admin = TARGET_READY, .health = TARGET_UP };
	*slot = (struct registry_slot){
		.id = id,
		.status = status,
		.number = (uint16_t)registry->count++,
	};
	return slot_found(slot, number);
}

bool target_registry_is_full(const struct target_registry *registry)
{
	return registry->count == BALANCE_NONE;
}

struct pool_status *target_registry_pool(struct target_registry *registry, const char *name)
{
	struct registry_pool *pool = registry->pools;

	while (pool && strcmp(pool->name, name) != 0)
		pool = pool->next;
	if (pool)
		return &pool->status;
	pool = aligned_alloc(CACHE_LINE_SIZE, sizeof(*pool));
	if (!pool)
		return NULL;
	*pool = (struct registry_pool){ .next = registry->pools };
	snprintf(pool->name, sizeof(pool->name), "%s", name);
	registry->pools = pool;
	return &pool->status;
}

uint16_t target_registry_timers(struct target_registry *registry, const struct balance_timers *set)
{
	for (uint32_t i = 0; i < registry->timer_set_count; i++) {
		if (memcmp(&registry->timer_sets[i], set, sizeof(*set)) == 0)
			return (uint16_t)i;
	}
	if (target_registry_timers_are_full(registry))
		return BALANCE_NONE;
	if (registry->timer_set_count == registry->timer_set_room) {
		uint32_t room = MAX(2 * registry->timer_set_room, 8u);
		struct balance_timers *sets = realloc(registry->timer_sets, room * sizeof(*sets));
		if (!sets)
			return BALANCE_NONE;
		registry->timer_sets = sets;
		registry->timer_set_room = room;
	}
	registry->timer_sets[registry->timer_set_count] = *set;
	return (uint16_t)registry->timer_set_count++;
}

bool target_registry_timers_are_full(const struct target_registry *registry)
{
	return registry->timer_set_count == BALANCE_NONE;
}

uint32_t target_registry_timer_sets(const struct target_registry *registry,
				    const struct balance_timers **sets)
{
	*sets = registry->timer_sets;
	return registry->timer_set_count;
}

uint64_t target_registry_id(struct span pool, struct span target)
{
	/* A key that everybody knows: the names are the operator's own, and all instances have to
	 * agree on the id. */
	static const struct hash_key key = { .k0 = 0x74616e64656d2074, .k1 = 0x6172676574206964 };
	struct hash_stream stream;
	hash_stream_init(&stream, &key);
	hash_stream_field(&stream, pool);
	hash_stream_field(&stream, target);
	return hash_stream_final(&stream).lo;
}
