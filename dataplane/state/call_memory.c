/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call memory; see call_memory.h.  Run by the owner alone.
 *
 * Each key has two buckets of four entries, chosen by its two halves, and goes to the emptier
 * one; there is room for twice the capacity.  So both buckets of a new key are full for about one
 * key in ten thousand when `capacity` entries live.  An entry past its end counts as free; a sweep
 * that runs along with the insertions takes such entries out of the count.
 */
#include "state/call_memory.h"

#include "state/mapping.h"

#define BUCKET_ENTRIES 4
#define SWEEP_BUCKETS  2
#define CAPACITY_MAX   (UINT32_C(1) << 30)

struct call_entry {
	struct hash128 key;
	uint64_t target;
	tick_t until; /* 0: no entry */
};
static_assert(sizeof(struct call_entry) == 32, "two entries a cache line");

struct call_bucket {
	alignas(CACHE_LINE_SIZE) struct call_entry entries[BUCKET_ENTRIES];
};

struct call_memory {
	alignas(CACHE_LINE_SIZE) uint32_t bucket_count;
	uint32_t count;
	uint32_t hand; /* the sweep's next bucket */
	uint64_t evicted;
	size_t size; /* of the mapping */
	struct call_bucket buckets[];
};

static uint32_t buckets_for(uint32_t capacity)
{
	return (capacity + 1) / 2;
}

size_t call_memory_octets_for(uint32_t capacity)
{
	return sizeof(struct call_memory) + buckets_for(capacity) * sizeof(struct call_bucket);
}

struct call_memory *call_memory_create(uint32_t capacity)
{
	if (!capacity || capacity > CAPACITY_MAX)
		return NULL;
	uint32_t buckets = buckets_for(capacity);
	size_t size = call_memory_octets_for(capacity);
	struct call_memory *memory = mapping_create(size);
	if (!memory)
		return NULL;
	memory->size = size;
	memory->bucket_count = buckets;
	return memory;
}

void call_memory_destroy(struct call_memory *memory)
{
	if (memory)
		mapping_destroy(memory, memory->size);
}

static uint32_t bucket_index(const struct call_memory *memory, uint64_t half)
{
	return (uint32_t)(((half >> 32) * memory->bucket_count) >> 32);
}

static struct call_entry *bucket_find(struct call_bucket *bucket, struct hash128 key)
{
	for (uint32_t i = 0; i < BUCKET_ENTRIES; i++) {
		struct call_entry *entry = &bucket->entries[i];
		if (entry->until && hash128_equal(entry->key, key))
			return entry;
	}
	return NULL;
}

static uint32_t bucket_live(const struct call_bucket *bucket, tick_t now)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < BUCKET_ENTRIES; i++)
		live += bucket->entries[i].until > now;
	return live;
}

/* The one that is free, or over longest, or ends first. */
static struct call_entry *bucket_soonest(struct call_bucket *bucket)
{
	struct call_entry *soonest = &bucket->entries[0];

	for (uint32_t i = 1; i < BUCKET_ENTRIES; i++) {
		if (bucket->entries[i].until < soonest->until)
			soonest = &bucket->entries[i];
	}
	return soonest;
}

static void entry_clear(struct call_memory *memory, struct call_entry *entry)
{
	entry->until = 0;
	memory->count--;
}

static struct call_entry *place_for(struct call_bucket *a, struct call_bucket *b, tick_t now)
{
	uint32_t live_a = bucket_live(a, now), live_b = bucket_live(b, now);

	if (live_a != live_b)
		return bucket_soonest(live_a < live_b ? a : b);
	struct call_entry *in_a = bucket_soonest(a), *in_b = bucket_soonest(b);
	return in_a->until <= in_b->until ? in_a : in_b;
}

void call_memory_put(struct call_memory *memory, struct hash128 key, uint64_t target, tick_t until,
		     tick_t now)
{
	struct call_bucket *a = &memory->buckets[bucket_index(memory, key.lo)];
	struct call_bucket *b = &memory->buckets[bucket_index(memory, key.hi)];
	struct call_entry *entry = bucket_find(a, key);

	call_memory_sweep(memory, now, SWEEP_BUCKETS);
	if (!entry)
		entry = bucket_find(b, key);
	if (until <= now) {
		if (entry && entry->until)
			entry_clear(memory, entry);
		return;
	}
	if (!entry)
		entry = place_for(a, b, now);
	if (!entry->until)
		memory->count++;
	else if (entry->until > now && !hash128_equal(entry->key, key))
		memory->evicted++;
	*entry = (struct call_entry){ .key = key, .target = target, .until = until };
}

bool call_memory_get(struct call_memory *memory, struct hash128 key, tick_t now, uint64_t *target)
{
	struct call_entry *entry =
		bucket_find(&memory->buckets[bucket_index(memory, key.lo)], key);

	if (!entry)
		entry = bucket_find(&memory->buckets[bucket_index(memory, key.hi)], key);
	if (!entry)
		return false;
	if (entry->until <= now) {
		entry_clear(memory, entry);
		return false;
	}
	*target = entry->target;
	return true;
}

void call_memory_sweep(struct call_memory *memory, tick_t now, uint32_t buckets)
{
	for (uint32_t n = MIN(buckets, memory->bucket_count); n--;) {
		struct call_bucket *bucket = &memory->buckets[memory->hand];
		if (++memory->hand == memory->bucket_count)
			memory->hand = 0;
		for (uint32_t i = 0; i < BUCKET_ENTRIES; i++) {
			struct call_entry *entry = &bucket->entries[i];
			if (entry->until && entry->until <= now)
				entry_clear(memory, entry);
		}
	}
}

uint32_t call_memory_count(const struct call_memory *memory)
{
	return memory->count;
}

size_t call_memory_octets(const struct call_memory *memory)
{
	return memory->size;
}

uint64_t call_memory_evicted(const struct call_memory *memory)
{
	return memory->evicted;
}

const char *call_memory_check(const struct call_memory *memory)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < memory->bucket_count; at++) {
		for (uint32_t i = 0; i < BUCKET_ENTRIES; i++) {
			const struct call_entry *entry = &memory->buckets[at].entries[i];
			if (!entry->until)
				continue;
			count++;
			if (at != bucket_index(memory, entry->key.lo) &&
			    at != bucket_index(memory, entry->key.hi))
				return "an entry is in neither of its buckets";
		}
	}
	if (count != memory->count)
		return "the count is wrong";
	return memory->hand < memory->bucket_count ? NULL : "the sweep is out of bounds";
}
