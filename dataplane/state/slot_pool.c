/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pool of equal slots; see slot_pool.h.  Run by the owner alone.
 *
 * One mapping holds the slots, then the generations, then the free list.
 */
#include "state/slot_pool.h"

#include <string.h>

#include "state/mapping.h"

bool slot_pool_init(struct slot_pool *pool, uint32_t size, uint32_t capacity)
{
	memset(pool, 0, sizeof(*pool));
	if (!size || size > UINT32_MAX - CACHE_LINE_SIZE || !capacity || capacity == SLOT_NONE)
		return false;
	pool->stride = (size + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE;
	pool->capacity = capacity;
	pool->slots = mapping_create(slot_pool_octets(pool));
	if (!pool->slots) {
		memset(pool, 0, sizeof(*pool));
		return false;
	}
	size_t slots_bytes = (size_t)capacity * pool->stride;
	pool->generations = (uint32_t *)(void *)(pool->slots + slots_bytes);
	pool->free_list = pool->generations + capacity;
	/* The lowest index is taken first. */
	for (uint32_t i = 0; i < capacity; i++)
		pool->free_list[i] = capacity - 1 - i;
	pool->free_count = capacity;
	MEMORY_POISON(pool->slots, slots_bytes);
	return true;
}

void slot_pool_fini(struct slot_pool *pool)
{
	mapping_destroy(pool->slots, slot_pool_octets(pool));
	memset(pool, 0, sizeof(*pool));
}

uint32_t slot_pool_take(struct slot_pool *pool)
{
	if (!pool->free_count)
		return SLOT_NONE;
	uint32_t index = pool->free_list[--pool->free_count];
	pool->generations[index]++;
	uint32_t taken = slot_pool_taken(pool);
	if (taken > pool->taken_max)
		pool->taken_max = taken;
	MEMORY_UNPOISON(slot_pool_at(pool, index), pool->stride);
	return index;
}

void slot_pool_give(struct slot_pool *pool, uint32_t index)
{
	assert(index < pool->capacity);
	assert(pool->generations[index] & 1);
	pool->generations[index]++;
	pool->free_list[pool->free_count++] = index;
	MEMORY_POISON(slot_pool_at(pool, index), pool->stride);
}

const char *slot_pool_check(const struct slot_pool *pool)
{
	uint32_t odd = 0;

	if (pool->free_count > pool->capacity)
		return "more slots are free than exist";
	for (uint32_t i = 0; i < pool->capacity; i++)
		odd += pool->generations[i] & 1;
	if (odd != slot_pool_taken(pool))
		return "the odd generations are not the slots taken";
	if (pool->taken_max < slot_pool_taken(pool))
		return "the high-water mark is below the level";
	for (uint32_t i = 0; i < pool->free_count; i++) {
		if (pool->free_list[i] >= pool->capacity)
			return "the free list names a slot that does not exist";
		if (pool->generations[pool->free_list[i]] & 1)
			return "the free list names a slot that is taken";
	}
	return NULL;
}
