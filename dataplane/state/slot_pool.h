/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pool of equal slots with generations, for one owner.  All memory is taken (and touched) at
 * creation.  A handle is slot index and generation; a handle to a slot that was freed, and maybe
 * taken again, is recognised as stale.
 */
#ifndef STATE_SLOT_POOL_H
#define STATE_SLOT_POOL_H

#include "base/compiler.h"

struct slot_pool {
	uint8_t *slots;        /* capacity * stride, cache-line aligned */
	uint32_t *generations; /* bumped by each take and each give; odd while taken */
	uint32_t *free_list;   /* LIFO: the slot freed last is the warmest */
	uint32_t stride;
	uint32_t capacity;
	uint32_t free_count;
	uint32_t taken_max;    /* high-water mark */
};

#define SLOT_NONE UINT32_MAX

/* `size` is rounded up to a multiple of 64.  False: out of memory. */
[[nodiscard]] bool slot_pool_init(struct slot_pool *pool, uint32_t size, uint32_t capacity);
void slot_pool_fini(struct slot_pool *pool);

/* Index of a slot with undefined contents, or SLOT_NONE when all are taken. */
[[nodiscard]] uint32_t slot_pool_take(struct slot_pool *pool);
void slot_pool_give(struct slot_pool *pool, uint32_t index);

static inline void *slot_pool_at(const struct slot_pool *pool, uint32_t index)
{
	return pool->slots + (size_t)index * pool->stride;
}

static inline uint32_t slot_pool_generation(const struct slot_pool *pool, uint32_t index)
{
	return pool->generations[index];
}

/* The slot when `index` is in bounds, taken, and of that generation; else NULL. */
static inline void *slot_pool_get(const struct slot_pool *pool, uint32_t index, uint32_t generation)
{
	if (index >= pool->capacity || pool->generations[index] != generation || !(generation & 1))
		return NULL;
	return slot_pool_at(pool, index);
}

static inline uint32_t slot_pool_taken(const struct slot_pool *pool)
{
	return pool->capacity - pool->free_count;
}

/* Memory taken; `size` as for slot_pool_init. */
static inline size_t slot_pool_octets_for(uint32_t size, uint32_t capacity)
{
	size_t stride = ((size_t)size + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE;

	return capacity * (stride + 2 * sizeof(uint32_t));
}

static inline size_t slot_pool_octets(const struct slot_pool *pool)
{
	return slot_pool_octets_for(pool->stride, pool->capacity);
}

/* Checks every invariant of the structure; for tests.  NULL when sound, else what is wrong. */
[[nodiscard]] const char *slot_pool_check(const struct slot_pool *pool);

#endif
