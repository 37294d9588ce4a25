/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks; see mark_set.h.  Run by the owner alone.
 *
 * Each key has two buckets of four marks, a cache line each, chosen by the two halves of its first
 * word, and goes to the emptier one.  Times are whole seconds, which fit 32 bits for 136 years.
 */
#include "state/mark_set.h"

#include "state/mapping.h"

#define BUCKET_MARKS 4
#define CAPACITY_MAX (UINT32_C(1) << 30)

struct mark {
	uint64_t tag;     /* the key's second word */
	uint32_t until_s; /* 0: no mark */
	uint16_t check;   /* of the key's first word */
	uint8_t kind, code;
};
static_assert(sizeof(struct mark) == 16, "a mark takes 16 bytes");

struct mark_bucket {
	alignas(CACHE_LINE_SIZE) struct mark marks[BUCKET_MARKS];
};
static_assert(sizeof(struct mark_bucket) == CACHE_LINE_SIZE);

struct mark_set {
	alignas(CACHE_LINE_SIZE) uint32_t bucket_count;
	uint32_t count;
	uint64_t overflow;
	size_t size; /* of the mapping */
	struct mark_bucket buckets[];
};

static uint32_t buckets_for(uint32_t capacity)
{
	return (capacity + 1) / 2;
}

size_t mark_set_octets(const struct mark_set *set)
{
	return set->size;
}

size_t mark_set_octets_for(uint32_t capacity)
{
	return sizeof(struct mark_set) + buckets_for(capacity) * sizeof(struct mark_bucket);
}

struct mark_set *mark_set_create(uint32_t capacity)
{
	if (!capacity || capacity > CAPACITY_MAX)
		return NULL;
	uint32_t buckets = buckets_for(capacity);
	size_t size = mark_set_octets_for(capacity);
	struct mark_set *set = mapping_create(size);
	if (!set)
		return NULL;
	set->size = size;
	set->bucket_count = buckets;
	return set;
}

void mark_set_destroy(struct mark_set *set)
{
	if (set)
		mapping_destroy(set, set->size);
}

static uint32_t second_of(tick_t tick)
{
	return (uint32_t)(tick / TICK_SECONDS(1));
}

static uint32_t bucket_index(const struct mark_set *set, uint32_t half)
{
	return (uint32_t)(((uint64_t)half * set->bucket_count) >> 32);
}

static uint32_t first_bucket(const struct mark_set *set, struct hash128 key)
{
	return bucket_index(set, (uint32_t)(key.lo >> 32));
}

static uint32_t second_bucket(const struct mark_set *set, struct hash128 key)
{
	return bucket_index(set, (uint32_t)key.lo);
}

/* Over all of the word, whose upper bits of each half choose the buckets. */
static uint16_t key_check(struct hash128 key)
{
	return (uint16_t)hash_mix64(key.lo);
}

static const struct mark *bucket_find(const struct mark_bucket *bucket, struct hash128 key,
				      uint8_t kind)
{
	for (uint32_t i = 0; i < BUCKET_MARKS; i++) {
		const struct mark *mark = &bucket->marks[i];
		if (mark->until_s && mark->tag == key.hi && mark->check == key_check(key) &&
		    mark->kind == kind)
			return mark;
	}
	return NULL;
}

static const struct mark *find(const struct mark_set *set, struct hash128 key, uint8_t kind)
{
	const struct mark *mark = bucket_find(&set->buckets[first_bucket(set, key)], key, kind);

	return mark ? mark : bucket_find(&set->buckets[second_bucket(set, key)], key, kind);
}

static uint32_t bucket_live(const struct mark_bucket *bucket, uint32_t now_s)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < BUCKET_MARKS; i++)
		live += bucket->marks[i].until_s > now_s;
	return live;
}

/* The one that is free, or over longest, or ends first. */
static struct mark *bucket_soonest(struct mark_bucket *bucket)
{
	struct mark *soonest = &bucket->marks[0];

	for (uint32_t i = 1; i < BUCKET_MARKS; i++) {
		if (bucket->marks[i].until_s < soonest->until_s)
			soonest = &bucket->marks[i];
	}
	return soonest;
}

static struct mark *place_for(struct mark_set *set, struct hash128 key, uint32_t now_s)
{
	struct mark_bucket *a = &set->buckets[first_bucket(set, key)];
	struct mark_bucket *b = &set->buckets[second_bucket(set, key)];
	uint32_t live_a = bucket_live(a, now_s), live_b = bucket_live(b, now_s);

	if (live_a != live_b)
		return bucket_soonest(live_a < live_b ? a : b);
	struct mark *in_a = bucket_soonest(a), *in_b = bucket_soonest(b);
	return in_a->until_s <= in_b->until_s ? in_a : in_b;
}

void mark_set_put(struct mark_set *set, struct hash128 key, uint8_t kind, uint8_t code,
		  tick_t until, tick_t now)
{
	/* Never early: the second in which it ends is the mark's. */
	uint32_t until_s = second_of(until) + 1, now_s = second_of(now);
	struct mark *mark = (struct mark *)find(set, key, kind);

	if (!mark) {
		mark = place_for(set, key, now_s);
		if (!mark->until_s)
			set->count++;
		else if (mark->until_s > now_s)
			set->overflow++;
	}
	*mark = (struct mark){ .tag = key.hi,
			       .until_s = until_s,
			       .check = key_check(key),
			       .kind = kind,
			       .code = code };
}

bool mark_set_get(const struct mark_set *set, struct hash128 key, uint8_t kind, tick_t now,
		  uint8_t *code)
{
	/* Most sets are empty: not even a cache line is touched then. */
	if (LIKELY(!set->count))
		return false;
	const struct mark *mark = find(set, key, kind);
	if (!mark || mark->until_s <= second_of(now))
		return false;
	*code = mark->code;
	return true;
}

uint32_t mark_set_count(const struct mark_set *set)
{
	return set->count;
}

uint64_t mark_set_overflow(const struct mark_set *set)
{
	return set->overflow;
}

const char *mark_set_check(const struct mark_set *set)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < set->bucket_count; at++) {
		const struct mark *marks = set->buckets[at].marks;
		for (uint32_t i = 0; i < BUCKET_MARKS; i++) {
			count += marks[i].until_s != 0;
			for (uint32_t j = 0; j < i && marks[i].until_s; j++) {
				if (marks[j].until_s && marks[i].tag == marks[j].tag &&
				    marks[i].check == marks[j].check &&
				    marks[i].kind == marks[j].kind)
					return "one key has two marks";
			}
		}
	}
	return count == set->count ? NULL : "the count is wrong";
}
