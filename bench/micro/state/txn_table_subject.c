/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tandem's transaction table as table_subject.h wants it.  The table keeps a part of each key; the
 * whole one stands in the slot that the caller looks at next, here one line a slot as a tombstone
 * takes.  To store keys and search is the caller's part, which is timed: an insertion looks for the
 * key first and writes it into the slot, a removal finds its entry by the key, as rte_hash does
 * within its calls.  The table has no bulk calls: a batch is prefetched, buckets first, then slots.
 */
#include "table_subject.h"

#include "clock.h"
#include "state/mapping.h"
#include "state/txn_table.h"

struct slot {
	alignas(CACHE_LINE_SIZE) struct hash128 key;
};

static struct {
	struct txn_table *table;
	struct slot *slots;
	struct hash128 *keys; /* what the next message brings, apart from the slots */
	uint32_t count;
	struct micro_random random;
} world;

struct batch {
	uint32_t places[MICRO_BATCH]; /* also the slots that are to be found */
	uint32_t found[MICRO_BATCH];
	struct hash128 keys[MICRO_BATCH];
	struct hash128 fresh[MICRO_BATCH];
};

static struct hash128 key_random(void)
{
	return (struct hash128){ .lo = micro_random_u64(&world.random),
				 .hi = micro_random_u64(&world.random) };
}

static void batch_draw(struct batch *batch)
{
	micro_random_places(&world.random, world.count, batch->places);
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		batch->keys[k] = world.keys[batch->places[k]];
		batch->fresh[k] = key_random();
	}
}

/* The candidates for a key from `value` on, until one's slot has it. */
static ALWAYS_INLINE uint32_t find_from(struct hash128 key, uint32_t value, uint32_t cursor)
{
	while (value != TXN_TABLE_NONE && !hash128_equal(world.slots[value].key, key))
		value = txn_table_find(world.table, key, &cursor);
	return value;
}

static ALWAYS_INLINE uint32_t one_find(struct hash128 key)
{
	uint32_t cursor = 0;
	uint32_t value = txn_table_find(world.table, key, &cursor);

	return find_from(key, value, cursor);
}

static ALWAYS_INLINE void one_insert(struct hash128 key, uint32_t value)
{
	MICRO_MUST(one_find(key) == TXN_TABLE_NONE);
	MICRO_MUST(txn_table_insert(world.table, key, value));
	world.slots[value].key = key;
}

static ALWAYS_INLINE void one_remove(struct hash128 key, uint32_t found)
{
	MICRO_MUST(found != TXN_TABLE_NONE);
	MICRO_MUST(txn_table_remove(world.table, key, found));
}

static void batch_find(const struct hash128 keys[MICRO_BATCH], uint32_t found[MICRO_BATCH])
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		found[k] = one_find(keys[k]);
}

static void batch_prefetch(const struct hash128 keys[MICRO_BATCH])
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		txn_table_prefetch(world.table, keys[k]);
}

static void batch_find_bulk(const struct hash128 keys[MICRO_BATCH], uint32_t found[MICRO_BATCH])
{
	uint32_t cursors[MICRO_BATCH] = { 0 };

	batch_prefetch(keys);
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		found[k] = txn_table_find(world.table, keys[k], &cursors[k]);
		if (found[k] != TXN_TABLE_NONE)
			PREFETCH_R(&world.slots[found[k]]);
	}
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		found[k] = find_from(keys[k], found[k], cursors[k]);
}

static void batch_change(struct batch *batch, enum table_operation operation)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		if (operation != TABLE_INSERT) {
			batch->found[k] = one_find(batch->keys[k]);
			one_remove(batch->keys[k], batch->found[k]);
		}
		if (operation != TABLE_REMOVE)
			one_insert(batch->fresh[k], batch->places[k]);
	}
}

static void batch_change_bulk(struct batch *batch, enum table_operation operation)
{
	if (operation != TABLE_REMOVE)
		batch_prefetch(batch->fresh);
	if (operation == TABLE_INSERT) {
		for (uint32_t k = 0; k < MICRO_BATCH; k++)
			PREFETCH_W(&world.slots[batch->places[k]]);
	} else {
		batch_find_bulk(batch->keys, batch->found);
	}
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		if (operation != TABLE_INSERT)
			one_remove(batch->keys[k], batch->found[k]);
		if (operation != TABLE_REMOVE)
			one_insert(batch->fresh[k], batch->places[k]);
	}
}

static uint64_t time_find(struct batch *batch, bool absent, bool bulk)
{
	const struct hash128 *keys = absent ? batch->fresh : batch->keys;
	uint64_t from = micro_clock();

	if (bulk)
		batch_find_bulk(keys, batch->found);
	else
		batch_find(keys, batch->found);
	uint64_t took = micro_clock() - from;
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		MICRO_MUST(batch->found[k] == (absent ? TXN_TABLE_NONE : batch->places[k]));
	return took;
}

static uint64_t time_change(struct batch *batch, enum table_operation operation, bool bulk)
{
	if (operation == TABLE_INSERT)
		batch_change(batch, TABLE_REMOVE);
	uint64_t from = micro_clock();
	if (bulk)
		batch_change_bulk(batch, operation);
	else
		batch_change(batch, operation);
	uint64_t took = micro_clock() - from;
	if (operation == TABLE_REMOVE)
		batch_change(batch, TABLE_INSERT);
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		MICRO_MUST(batch->found[k] == batch->places[k]);
		world.keys[batch->places[k]] = batch->fresh[k];
	}
	return took;
}

static uint64_t txn_batch(enum table_operation operation, bool bulk)
{
	struct batch batch;

	batch_draw(&batch);
	if (operation == TABLE_FIND || operation == TABLE_FIND_ABSENT)
		return time_find(&batch, operation == TABLE_FIND_ABSENT, bulk);
	return time_change(&batch, operation, bulk);
}

static void txn_empty(void)
{
	mapping_destroy(world.keys, world.count * sizeof(*world.keys));
	mapping_destroy(world.slots, world.count * sizeof(*world.slots));
	txn_table_destroy(world.table);
	world.keys = NULL;
	world.slots = NULL;
	world.table = NULL;
}

static bool txn_fill(uint32_t count)
{
	world.count = count;
	world.table = txn_table_create(count);
	world.slots = mapping_create(count * sizeof(*world.slots));
	world.keys = mapping_create(count * sizeof(*world.keys));
	if (!world.table || !world.slots || !world.keys) {
		txn_empty();
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		world.keys[i] = world.slots[i].key = key_random();
		MICRO_MUST(txn_table_insert(world.table, world.keys[i], i));
	}
	return true;
}

const struct table_subject table_subject_txn = {
	.name = "tandem",
	.fill = txn_fill,
	.empty = txn_empty,
	.batch = txn_batch,
	.has_bulk = { true, true, true, true, true },
};
