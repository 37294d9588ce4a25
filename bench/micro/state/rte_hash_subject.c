/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's rte_hash as table_subject.h wants it: with extendable buckets, since only so it promises
 * room for all entries whatever their keys, as Tandem's does.  The keys are keyed hashes already;
 * their bits serve as the hash, as they do for Tandem's table.
 */
#include "table_subject.h"

#include <rte_hash.h>

#include "clock.h"
#include "peer_eal.h"
#include "state/mapping.h"

static_assert(MICRO_BATCH <= RTE_HASH_LOOKUP_BULK_MAX, "a batch is one bulk call");

struct world {
	const char *heap;
	bool lock_free;
	struct rte_hash *hash;
	struct hash128 *keys;
	uint32_t count;
	struct micro_random random;
};

static struct world plain = { .heap = "rte_hash" };
static struct world lock_free = { .heap = "rte_hash_lock_free", .lock_free = true };

struct batch {
	uint32_t places[MICRO_BATCH];
	void *found[MICRO_BATCH];
	uint64_t found_mask;
	struct hash128 keys[MICRO_BATCH];
	struct hash128 fresh[MICRO_BATCH];
	const void *pointers[MICRO_BATCH]; /* to the keys to be looked up */
};

static uint32_t key_hash(const void *key, uint32_t, uint32_t)
{
	return (uint32_t)((const struct hash128 *)key)->lo;
}

static struct hash128 key_random(struct world *world)
{
	return (struct hash128){ .lo = micro_random_u64(&world->random),
				 .hi = micro_random_u64(&world->random) };
}

static void *value_of(uint32_t place)
{
	return (void *)(uintptr_t)place;
}

static void batch_draw(struct world *world, struct batch *batch, bool absent)
{
	micro_random_places(&world->random, world->count, batch->places);
	batch->found_mask = 0;
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		batch->keys[k] = world->keys[batch->places[k]];
		batch->fresh[k] = key_random(world);
		batch->pointers[k] = absent ? &batch->fresh[k] : &batch->keys[k];
	}
}

static void batch_find(const struct world *world, struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		if (rte_hash_lookup_data(world->hash, batch->pointers[k], &batch->found[k]) >= 0)
			batch->found_mask |= UINT64_C(1) << k;
	}
}

static void batch_find_bulk(const struct world *world, struct batch *batch)
{
	rte_hash_lookup_bulk_data(world->hash, batch->pointers, MICRO_BATCH, &batch->found_mask,
				  batch->found);
}

static void one_insert(const struct world *world, const struct batch *batch, uint32_t k)
{
	MICRO_MUST(rte_hash_add_key_data(world->hash, &batch->fresh[k],
					 value_of(batch->places[k])) == 0);
}

static void one_remove(const struct world *world, const struct batch *batch, uint32_t k)
{
	int32_t position = rte_hash_del_key(world->hash, &batch->keys[k]);

	MICRO_MUST(position >= 0);
	/* A reader may still look at it: freed apart, here at once, as nobody reads. */
	if (world->lock_free)
		MICRO_MUST(rte_hash_free_key_with_position(world->hash, position) == 0);
}

static void batch_change(const struct world *world, const struct batch *batch,
			 enum table_operation operation)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		if (operation != TABLE_INSERT)
			one_remove(world, batch, k);
		if (operation != TABLE_REMOVE)
			one_insert(world, batch, k);
	}
}

static uint64_t time_find(const struct world *world, struct batch *batch, bool absent, bool bulk)
{
	uint64_t from = micro_clock();

	if (bulk)
		batch_find_bulk(world, batch);
	else
		batch_find(world, batch);
	uint64_t took = micro_clock() - from;
	MICRO_MUST(batch->found_mask == (absent ? 0 : (UINT64_C(1) << MICRO_BATCH) - 1));
	for (uint32_t k = 0; k < MICRO_BATCH && !absent; k++)
		MICRO_MUST(batch->found[k] == value_of(batch->places[k]));
	return took;
}

static uint64_t time_change(struct world *world, const struct batch *batch,
			    enum table_operation operation)
{
	if (operation == TABLE_INSERT)
		batch_change(world, batch, TABLE_REMOVE);
	uint64_t from = micro_clock();
	batch_change(world, batch, operation);
	uint64_t took = micro_clock() - from;
	if (operation == TABLE_REMOVE)
		batch_change(world, batch, TABLE_INSERT);
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		world->keys[batch->places[k]] = batch->fresh[k];
	return took;
}

static uint64_t world_batch(struct world *world, enum table_operation operation, bool bulk)
{
	struct batch batch;

	batch_draw(world, &batch, operation == TABLE_FIND_ABSENT);
	if (operation == TABLE_FIND || operation == TABLE_FIND_ABSENT)
		return time_find(world, &batch, operation == TABLE_FIND_ABSENT, bulk);
	return time_change(world, &batch, operation);
}

static void world_empty(struct world *world)
{
	rte_hash_free(world->hash);
	peer_heap_destroy(world->heap);
	mapping_destroy(world->keys, world->count * sizeof(*world->keys));
	world->hash = NULL;
	world->keys = NULL;
}

/* Keys, buckets twice (the second time for those that overflow), free slots; up to the next power
 * of two where they are rounded so, and what the heap itself needs. */
static size_t heap_size(uint32_t count)
{
	size_t rounded = (size_t)1 << (32 - __builtin_clz(count));

	return (size_t)count * 48 + rounded * 40 + ((size_t)16 << 20);
}

static bool world_fill(struct world *world, uint32_t count)
{
	struct rte_hash_parameters parameters = {
		.name = world->heap,
		.entries = count,
		.key_len = sizeof(struct hash128),
		.hash_func = key_hash,
		.socket_id = peer_heap_create(world->heap, heap_size(count)),
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	world->count = count;
	if (world->lock_free)
		parameters.extra_flag |= RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF;
	if (parameters.socket_id >= 0)
		world->hash = rte_hash_create(&parameters);
	world->keys = mapping_create(count * sizeof(*world->keys));
	if (!world->hash || !world->keys) {
		world_empty(world);
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		world->keys[i] = key_random(world);
		MICRO_MUST(rte_hash_add_key_data(world->hash, &world->keys[i], value_of(i)) == 0);
	}
	return true;
}

static bool plain_fill(uint32_t count)
{
	return world_fill(&plain, count);
}

static void plain_empty(void)
{
	world_empty(&plain);
}

static uint64_t plain_batch(enum table_operation operation, bool bulk)
{
	return world_batch(&plain, operation, bulk);
}

static bool lock_free_fill(uint32_t count)
{
	return world_fill(&lock_free, count);
}

static void lock_free_empty(void)
{
	world_empty(&lock_free);
}

static uint64_t lock_free_batch(enum table_operation operation, bool bulk)
{
	return world_batch(&lock_free, operation, bulk);
}

const struct table_subject table_subject_rte = {
	.name = "rte_hash",
	.fill = plain_fill,
	.empty = plain_empty,
	.batch = plain_batch,
	.has_bulk = { [TABLE_FIND] = true, [TABLE_FIND_ABSENT] = true },
};

const struct table_subject table_subject_rte_lock_free = {
	.name = "rte_hash_lock_free",
	.fill = lock_free_fill,
	.empty = lock_free_empty,
	.batch = lock_free_batch,
	.has_bulk = { [TABLE_FIND] = true, [TABLE_FIND_ABSENT] = true },
};
