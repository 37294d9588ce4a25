/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transaction table; see txn_table.h.  Run by the owner alone.
 *
 * A bucket is a cache line of seven entries; there is one for every four entries of the capacity.
 * A full bucket continues in overflow buckets, of which the first alone may be partly filled: a
 * removal fills the hole from there, so a chain is never longer than its entries need and
 * nothing is left behind.  A chain of n entries has (n - 1) / 7 overflow buckets, so a seventh of
 * the capacity suffices for any distribution of the keys.
 */
#include "state/txn_table.h"

#include <emmintrin.h>

#include "state/mapping.h"

#define BUCKET_ENTRIES 7
#define MEAN_ENTRIES   4
/* A cursor is bucket and position in 32 bits. */
#define CAPACITY_MAX (UINT32_C(1) << 30)

struct txn_bucket {
	alignas(CACHE_LINE_SIZE) uint32_t signatures[BUCKET_ENTRIES];
	uint32_t next; /* overflow bucket, or 0 */
	uint32_t values[BUCKET_ENTRIES];
	uint32_t count;
};
static_assert(sizeof(struct txn_bucket) == CACHE_LINE_SIZE, "a bucket is a cache line");

struct txn_table {
	alignas(CACHE_LINE_SIZE) uint32_t capacity;
	uint32_t count;
	uint32_t bucket_count; /* main buckets; the overflow buckets follow */
	uint32_t overflow_count;
	uint32_t overflow_free; /* head of the list of free ones, or 0 */
	uint32_t overflow_free_count;
	size_t size; /* of the mapping */
	struct txn_bucket buckets[];
};

struct txn_place {
	struct txn_bucket *bucket;
	uint32_t position;
};

static uint32_t buckets_for(uint32_t capacity)
{
	return (capacity + MEAN_ENTRIES - 1) / MEAN_ENTRIES;
}

static uint32_t overflow_for(uint32_t capacity)
{
	return capacity / BUCKET_ENTRIES;
}

size_t txn_table_octets_for(uint32_t capacity)
{
	return sizeof(struct txn_table) +
	       ((size_t)buckets_for(capacity) + overflow_for(capacity)) * sizeof(struct txn_bucket);
}

struct txn_table *txn_table_create(uint32_t capacity)
{
	if (!capacity || capacity > CAPACITY_MAX)
		return NULL;
	uint32_t buckets = buckets_for(capacity);
	uint32_t overflow = overflow_for(capacity);
	size_t size = txn_table_octets_for(capacity);
	struct txn_table *table = mapping_create(size);
	if (!table)
		return NULL;
	table->size = size;
	table->capacity = capacity;
	table->bucket_count = buckets;
	table->overflow_count = table->overflow_free_count = overflow;
	/* Bucket 0 is a main one, so 0 ends a chain. */
	for (uint32_t at = buckets + overflow; at-- > buckets;) {
		table->buckets[at].next = table->overflow_free;
		table->overflow_free = at;
	}
	return table;
}

void txn_table_destroy(struct txn_table *table)
{
	if (table)
		mapping_destroy(table, table->size);
}

/* The product's upper half: any number of buckets, no division. */
static uint32_t bucket_of(const struct txn_table *table, struct hash128 key)
{
	return (uint32_t)(((key.lo >> 32) * table->bucket_count) >> 32);
}

static uint32_t signature_of(struct hash128 key)
{
	return (uint32_t)key.hi;
}

/* Bit i: entry i has the signature. */
static ALWAYS_INLINE uint32_t bucket_match(const struct txn_bucket *bucket, uint32_t signature)
{
	const __m128i *words = (const __m128i *)(const void *)bucket->signatures;
	__m128i wanted = _mm_set1_epi32((int)signature);
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128(words), wanted);
	/* The eighth word is `next`; the count cuts it off. */
	__m128i high = _mm_cmpeq_epi32(_mm_load_si128(words + 1), wanted);
	uint32_t bits = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(low)) |
			(uint32_t)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
	return bits & ((1u << bucket->count) - 1);
}

static void bucket_put(struct txn_bucket *bucket, struct hash128 key, uint32_t value)
{
	bucket->signatures[bucket->count] = signature_of(key);
	bucket->values[bucket->count++] = value;
}

bool txn_table_insert(struct txn_table *table, struct hash128 key, uint32_t value)
{
	struct txn_bucket *main = &table->buckets[bucket_of(table, key)];

	if (table->count == table->capacity)
		return false;
	table->count++;
	if (LIKELY(main->count < BUCKET_ENTRIES)) {
		bucket_put(main, key, value);
		return true;
	}
	if (!main->next || table->buckets[main->next].count == BUCKET_ENTRIES) {
		uint32_t fresh = table->overflow_free;
		struct txn_bucket *bucket = &table->buckets[fresh];
		table->overflow_free = bucket->next;
		table->overflow_free_count--;
		bucket->next = main->next;
		main->next = fresh;
	}
	bucket_put(&table->buckets[main->next], key, value);
	return true;
}

uint32_t txn_table_find(const struct txn_table *table, struct hash128 key, uint32_t *cursor)
{
	/* Past the entry found last; positions count to eight, so that none carries over. */
	uint32_t at = *cursor ? *cursor / 8 : bucket_of(table, key);
	uint32_t seen = *cursor % 8;

	for (;;) {
		const struct txn_bucket *bucket = &table->buckets[at];
		uint32_t bits = bucket_match(bucket, signature_of(key)) >> seen << seen;
		if (bits) {
			uint32_t i = (uint32_t)__builtin_ctz(bits);
			*cursor = at * 8 + i + 1;
			return bucket->values[i];
		}
		if (!bucket->next)
			return TXN_TABLE_NONE;
		at = bucket->next;
		seen = 0;
	}
}

static struct txn_place place_of(struct txn_table *table, struct hash128 key, uint32_t value)
{
	struct txn_bucket *bucket = &table->buckets[bucket_of(table, key)];

	for (;;) {
		for (uint32_t bits = bucket_match(bucket, signature_of(key)); bits;
		     bits &= bits - 1) {
			uint32_t i = (uint32_t)__builtin_ctz(bits);
			if (bucket->values[i] == value)
				return (struct txn_place){ .bucket = bucket, .position = i };
		}
		if (!bucket->next)
			return (struct txn_place){ .bucket = NULL };
		bucket = &table->buckets[bucket->next];
	}
}

bool txn_table_remove(struct txn_table *table, struct hash128 key, uint32_t value)
{
	struct txn_place hole = place_of(table, key, value);

	if (!hole.bucket)
		return false;
	table->count--;
	struct txn_bucket *main = &table->buckets[bucket_of(table, key)];
	uint32_t spare = main->next;
	struct txn_bucket *last = spare ? &table->buckets[spare] : main;
	last->count--;
	hole.bucket->signatures[hole.position] = last->signatures[last->count];
	hole.bucket->values[hole.position] = last->values[last->count];
	if (spare && !last->count) {
		main->next = last->next;
		last->next = table->overflow_free;
		table->overflow_free = spare;
		table->overflow_free_count++;
	}
	return true;
}

bool txn_table_update(struct txn_table *table, struct hash128 key, uint32_t from, uint32_t to)
{
	struct txn_place place = place_of(table, key, from);

	if (!place.bucket)
		return false;
	place.bucket->values[place.position] = to;
	return true;
}

void txn_table_prefetch(const struct txn_table *table, struct hash128 key)
{
	PREFETCH_R(&table->buckets[bucket_of(table, key)]);
}

uint32_t txn_table_count(const struct txn_table *table)
{
	return table->count;
}

size_t txn_table_octets(const struct txn_table *table)
{
	return table->size;
}

const char *txn_table_check(const struct txn_table *table)
{
	uint32_t entries = 0, used = 0, unused = 0;
	uint32_t all = table->bucket_count + table->overflow_count;

	for (uint32_t main = 0; main < table->bucket_count; main++) {
		uint32_t first = table->buckets[main].next;
		if (first && table->buckets[main].count != BUCKET_ENTRIES)
			return "a bucket overflows though it is not full";
		entries += table->buckets[main].count;
		for (uint32_t at = first; at; at = table->buckets[at].next) {
			if (at < table->bucket_count || at >= all || ++used > table->overflow_count)
				return "a chain of overflow buckets does not end";
			uint32_t count = table->buckets[at].count;
			if (!count || count > BUCKET_ENTRIES)
				return "an overflow bucket is empty or overfull";
			if (at != first && count != BUCKET_ENTRIES)
				return "an overflow bucket inside a chain is not full";
			entries += count;
		}
	}
	for (uint32_t at = table->overflow_free; at; at = table->buckets[at].next) {
		if (at < table->bucket_count || at >= all || ++unused > table->overflow_count)
			return "the list of free buckets does not end";
		if (table->buckets[at].count)
			return "a free bucket has entries";
	}
	if (entries != table->count || entries > table->capacity)
		return "the count is wrong";
	if (used + unused != table->overflow_count || unused != table->overflow_free_count)
		return "an overflow bucket is lost";
	return NULL;
}
