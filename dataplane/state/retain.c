/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retained copies; see retain.h.  Run by the owner alone.
 *
 * A store is a jemalloc arena whose extents lie in two regions of ours.  Data extents are carved
 * off the data region, whose size is the limit; jemalloc's own descriptions of them, which it asks
 * for in whole huge pages, come from the second one.  Nothing is ever given back to the hooks
 * (they refuse), so jemalloc keeps what was carved off, merged with its free neighbours.  Decay is
 * immediate, not off: with it off, freed extents below 16 KiB are merged only when they decay, and
 * a store that was full of small copies could hold no large one.  As nothing is ever purged or
 * unmapped, decay costs no system call.
 *
 * In front stands a small cache of blocks released last.  jemalloc's thread cache is not used: it
 * keeps too much from the limit, and flushing it (5.3) means to destroy it and to map a new one.
 * The cache here is handed back block by block when the arena refuses.
 *
 * At creation the store is filled to the limit and emptied, with large blocks and with one-page
 * blocks: after that each page of data and of description has been touched.
 */
#include "state/retain.h"

#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <sys/types.h>

#include "state/mapping.h"

#define PAGE_SIZE   ((size_t)4096)
#define LIMIT_MIN   ((size_t)64 * 1024)
/* From here on a block is an extent of its own. */
#define LARGE_MIN   ((size_t)16 * 1024)
#define COPY_MAX    ((uint32_t)1 << 30)
/* Size classes of 128 to 4096 octets are cached, four a power of two as in jemalloc. */
#define BLOCK_MIN    128u
#define CACHE_FIRST  27u
#define CACHE_LAST   47u
#define CACHE_BLOCKS 32u
/* For 128 octets a page described, the arena itself, and jemalloc's growing steps. */
#define META_SIZE(limit) (8 * MAPPING_HUGE_PAGE + (limit) / 8)

struct region {
	uint8_t *base;
	size_t size;
	size_t used;
};

struct cache {
	uint32_t count;
	void *blocks[CACHE_BLOCKS];
};

struct retain_store {
	extent_hooks_t hooks; /* first: the hooks are given its address */
	struct region data;
	struct region meta;
	unsigned int arena;
	int flags;       /* for mallocx */
	uint32_t depth;  /* blocks cached a size class, at most */
	uint32_t cached; /* blocks cached */
	struct cache caches[CACHE_LAST - CACHE_FIRST + 1];
	struct retain_stats stats;
};

/* ---- extent hooks ---- */

static void *region_carve(struct region *region, size_t size, size_t alignment)
{
	uintptr_t at = (uintptr_t)region->base + region->used;
	size_t skip = (alignment - at % alignment) % alignment;

	if (skip > region->size - region->used || size > region->size - region->used - skip)
		return NULL;
	region->used += skip + size;
	return region->base + (region->used - size);
}

static void *hook_alloc(extent_hooks_t *hooks, void *wanted, size_t size, size_t alignment,
			bool *zero, bool *commit, unsigned int)
{
	struct retain_store *store = (struct retain_store *)(void *)hooks;

	if (wanted)
		return NULL;
	/* Only jemalloc's descriptions are aligned to huge pages: no copy asks for alignment. */
	struct region *region = alignment >= MAPPING_HUGE_PAGE ? &store->meta : &store->data;
	void *extent = region_carve(region, size, alignment);
	/* Each octet is carved once: it is zero still. */
	*zero = extent != NULL;
	*commit = extent != NULL;
	return extent;
}

/* True: no, keep it. */
static bool hook_dalloc(extent_hooks_t *, void *, size_t, bool, unsigned int)
{
	return true;
}

/* False: done.  Neighbours in a region always merge, and any extent may be split. */
static bool hook_split(extent_hooks_t *, void *, size_t, size_t, size_t, bool, unsigned int)
{
	return false;
}

static bool hook_merge(extent_hooks_t *, void *, size_t, void *, size_t, bool, unsigned int)
{
	return false;
}

/* ---- creation ---- */

static bool arena_create(struct retain_store *store)
{
	extent_hooks_t *hooks = &store->hooks;
	size_t len = sizeof(store->arena);

	store->hooks = (extent_hooks_t){
		.alloc = hook_alloc,
		.dalloc = hook_dalloc,
		.split = hook_split,
		.merge = hook_merge,
	};
	return mallctl("arenas.create", &store->arena, &len, &hooks, sizeof(hooks)) == 0;
}

static int arena_control(const struct retain_store *store, const char *node, const char *leaf,
			 void *value, size_t size)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%u.%s", node, store->arena, leaf);
	return mallctl(name, NULL, NULL, value, size);
}

/* Largest class of jemalloc's not above `size`, which is 16 or more. */
static size_t class_below(size_t size)
{
	size_t quarter = (size_t)1 << (63 - (unsigned int)__builtin_clzll(size) - 2);

	return size & ~(quarter - 1);
}

/* Adds blocks of one size to a chain until the store refuses. */
static void **chain_fill(struct retain_store *store, size_t size, void **chain)
{
	void **block;

	while ((block = mallocx(size, store->flags)) != NULL) {
		*block = chain;
		chain = block;
	}
	return chain;
}

static void chain_release(struct retain_store *store, void **chain)
{
	while (chain) {
		void **block = chain;
		chain = *block;
		dallocx(block, store->flags);
	}
}

/*
 * First takes the region in few and large pieces, since jemalloc never merges what it got from
 * the hook in two; then fills it with the blocks that need most description.
 */
static void store_warm(struct retain_store *store)
{
	void **chain = NULL;

	for (size_t size = class_below(store->data.size); size >= LARGE_MIN;
	     size = class_below(size - 1))
		chain = chain_fill(store, size, chain);
	chain_release(store, chain);
	chain_release(store, chain_fill(store, PAGE_SIZE, NULL));
}

static void store_unmap(struct retain_store *store)
{
	mapping_destroy(store->data.base, store->data.size);
	mapping_destroy(store->meta.base, store->meta.size);
	mapping_destroy(store, sizeof(*store));
}

struct retain_store *retain_store_create(size_t limit)
{
	if (limit > SIZE_MAX / 4)
		return NULL;
	struct retain_store *store = mapping_create(sizeof(*store));
	if (!store)
		return NULL;
	limit = MAX(limit / PAGE_SIZE * PAGE_SIZE, LIMIT_MIN);
	store->data.size = limit;
	store->data.base = mapping_create(limit);
	store->meta.size = META_SIZE(limit);
	store->meta.base = mapping_create_untouched(store->meta.size);
	store->stats.limit = limit;
	if (!store->data.base || !store->meta.base || !arena_create(store)) {
		store_unmap(store);
		return NULL;
	}
	ssize_t at_once = 0;
	if (arena_control(store, "arena", "dirty_decay_ms", &at_once, sizeof(at_once)) != 0 ||
	    arena_control(store, "arena", "muzzy_decay_ms", &at_once, sizeof(at_once)) != 0) {
		(void)arena_control(store, "arena", "destroy", NULL, 0);
		store_unmap(store);
		return NULL;
	}
	store->flags = MALLOCX_ARENA(store->arena) | MALLOCX_TCACHE_NONE;
	store->depth = (uint32_t)MAX(MIN(limit >> 17, CACHE_BLOCKS), 1u);
	store_warm(store);
	return store;
}

void retain_store_destroy(struct retain_store *store)
{
	if (!store)
		return;
	assert(store->stats.count == 0);
	(void)arena_control(store, "arena", "destroy", NULL, 0);
	store_unmap(store);
}

/* ---- copies ---- */

/* worker: rw, control: ro */
static void stat_add(uint64_t *word, uint64_t delta)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + delta, __ATOMIC_RELAXED);
}

struct size_class {
	uint32_t size;
	uint32_t index;
};

/* jemalloc's own class, so that what is told to sdallocx is what was asked for. */
static struct size_class class_of(uint32_t size)
{
	uint32_t last = MAX(size, BLOCK_MIN) - 1;
	uint32_t lg = 31 - (uint32_t)__builtin_clz(last);
	uint32_t quarters = last >> (lg - 2);

	return (struct size_class){ .size = (quarters + 1) << (lg - 2),
				    .index = lg * 4 + quarters - 4 };
}

static struct cache *cache_of(struct retain_store *store, struct size_class class)
{
	return class.index <= CACHE_LAST ? &store->caches[class.index - CACHE_FIRST] : NULL;
}

/* Hands all cached blocks back: each was put there by one release. */
static void caches_flush(struct retain_store *store)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(store->caches); i++) {
		struct cache *cache = &store->caches[i];
		while (cache->count) {
			dallocx(cache->blocks[--cache->count], store->flags);
		}
	}
	store->cached = 0;
}

static void *block_take(struct retain_store *store, struct size_class class)
{
	struct cache *cache = cache_of(store, class);

	if (LIKELY(cache && cache->count)) {
		store->cached--;
		return cache->blocks[--cache->count];
	}
	void *block = mallocx(class.size, store->flags);
	if (LIKELY(block != NULL) || !store->cached)
		return block;
	caches_flush(store);
	return mallocx(class.size, store->flags);
}

static void block_give(struct retain_store *store, void *block, uint32_t size)
{
	struct cache *cache = cache_of(store, class_of(size));

	if (LIKELY(cache && cache->count < store->depth)) {
		cache->blocks[cache->count++] = block;
		store->cached++;
		return;
	}
	sdallocx(block, size, store->flags);
}

struct retained *retain_reserve(struct retain_store *store, uint32_t len)
{
	struct retained *copy = NULL;
	struct size_class class = { .size = 0 };

	if (LIKELY(len <= COPY_MAX)) {
		class = class_of((uint32_t)sizeof(*copy) + len);
		copy = block_take(store, class);
	}
	if (UNLIKELY(!copy)) {
		stat_add(&store->stats.refused, 1);
		return NULL;
	}
	/* Not the rest of the block: a write past the length is found under ASan. */
	MEMORY_UNPOISON(copy, sizeof(*copy) + len);
	copy->len = len;
	copy->size = class.size;
	stat_add(&store->stats.count, 1);
	stat_add(&store->stats.bytes, len);
	stat_add(&store->stats.allocated, class.size);
	return copy;
}

struct retained *retain_copy(struct retain_store *store, struct span bytes)
{
	struct retained *copy = NULL;

	if (LIKELY(bytes.len <= COPY_MAX))
		copy = retain_reserve(store, (uint32_t)bytes.len);
	else
		stat_add(&store->stats.refused, 1);
	if (copy && bytes.len)
		memcpy(copy->bytes, bytes.data, bytes.len);
	return copy;
}

void retain_release(struct retain_store *store, struct retained *copy)
{
	if (!copy)
		return;
	uint32_t size = copy->size;
	stat_add(&store->stats.count, (uint64_t)-1);
	stat_add(&store->stats.bytes, -(uint64_t)copy->len);
	stat_add(&store->stats.allocated, -(uint64_t)size);
	MEMORY_POISON(copy, size);
	block_give(store, copy, size);
}

void retain_store_stats(const struct retain_store *store, struct retain_stats *stats)
{
	const struct retain_stats *now = &store->stats;

	stats->count = __atomic_load_n(&now->count, __ATOMIC_RELAXED);
	stats->bytes = __atomic_load_n(&now->bytes, __ATOMIC_RELAXED);
	stats->allocated = __atomic_load_n(&now->allocated, __ATOMIC_RELAXED);
	stats->limit = __atomic_load_n(&now->limit, __ATOMIC_RELAXED);
	stats->refused = __atomic_load_n(&now->refused, __ATOMIC_RELAXED);
}
