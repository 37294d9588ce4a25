/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of servers by request, until they expire.  Bounded whatever strangers ask for: a full place
 * gives up what expires first.  Time comes from the caller.
 */
#ifndef RESOLVER_CACHE_H
#define RESOLVER_CACHE_H

#include "base/hash.h"
#include "resolver/locate.h"

#define CACHE_ROWS    256
#define CACHE_COLUMNS 4

struct cache_entry {
	struct locate_request request;
	struct server_set *set; /* NULL: free */
	uint64_t expires_ms;
};

struct cache {
	struct hash_key key; /* not known outside: names cannot be chosen to collide */
	struct cache_entry entries[CACHE_ROWS][CACHE_COLUMNS];
};

/* Borrowed until the next cache_put or cache_clear; NULL: not there, or expired. */
const struct server_set *cache_find(struct cache *cache, const struct locate_request *request,
				    uint64_t now_ms);
/* Keeps a copy for ttl_ms; without memory for one, nothing. */
void cache_put(struct cache *cache, const struct locate_request *request,
	       const struct server_set *set, uint64_t now_ms, uint32_t ttl_ms);
void cache_clear(struct cache *cache);
uint32_t cache_count(const struct cache *cache);

#endif
