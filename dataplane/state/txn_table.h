/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table from 128-bit keyed transaction keys to 32-bit values (slots of a pool), for one
 * owner.  Buckets are one cache line; a look-up touches one line in the common case.  All memory
 * is taken at creation; a full table refuses.
 *
 * The key is already a keyed hash (SipHash), so its bits choose the bucket as they are.  The
 * table keeps part of the key only: a value found is a candidate whose whole key the caller
 * compares, as it touches that slot next anyway.
 */
#ifndef STATE_TXN_TABLE_H
#define STATE_TXN_TABLE_H

#include "base/hash.h"

struct txn_table;

#define TXN_TABLE_NONE UINT32_MAX

/* For `capacity` entries, which fit whatever their keys.  NULL: out of memory. */
[[nodiscard]] struct txn_table *txn_table_create(uint32_t capacity);
void txn_table_destroy(struct txn_table *table);

/* False when full.  The same key may be inserted more than once, with other values. */
[[nodiscard]] bool txn_table_insert(struct txn_table *table, struct hash128 key, uint32_t value);

/* Walks the candidates for `key`.  Start with *cursor = 0; returns a value or TXN_TABLE_NONE.
 * An insertion or removal ends the walk: start again. */
[[nodiscard]] uint32_t txn_table_find(const struct txn_table *table, struct hash128 key,
				      uint32_t *cursor);

/* Removes the entry (key, value); false when it is not there. */
bool txn_table_remove(struct txn_table *table, struct hash128 key, uint32_t value);

/* Replaces the value of entry (key, from) by `to`; false when it is not there. */
bool txn_table_update(struct txn_table *table, struct hash128 key, uint32_t from, uint32_t to);

/* Brings the key's bucket into the cache. */
void txn_table_prefetch(const struct txn_table *table, struct hash128 key);

[[nodiscard]] uint32_t txn_table_count(const struct txn_table *table);
/* Memory taken. */
[[nodiscard]] size_t txn_table_octets(const struct txn_table *table);
[[nodiscard]] size_t txn_table_octets_for(uint32_t capacity);
/* Checks every invariant of the structure; for tests.  NULL when sound, else what is wrong. */
[[nodiscard]] const char *txn_table_check(const struct txn_table *table);

#endif
