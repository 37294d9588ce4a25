/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of servers that are still good; see cache.h. */
#include "resolver/cache.h"

#include <stdlib.h>

static struct cache_entry *cache_row(struct cache *cache, const struct locate_request *request)
{
	uint64_t hash = hash64(&cache->key, span_of_string(request->name));

	return cache->entries[hash % CACHE_ROWS];
}

static bool is_of(const struct cache_entry *entry, const struct locate_request *request)
{
	return entry->set && entry->request.port == request->port &&
	       entry->request.transport == request->transport &&
	       entry->request.is_sips == request->is_sips &&
	       strcmp(entry->request.name, request->name) == 0;
}

static void entry_free(struct cache_entry *entry)
{
	free(entry->set);
	entry->set = NULL;
}

const struct server_set *cache_find(struct cache *cache, const struct locate_request *request,
				    uint64_t now_ms)
{
	struct cache_entry *row = cache_row(cache, request);

	for (int i = 0; i < CACHE_COLUMNS; i++) {
		if (!is_of(&row[i], request))
			continue;
		if (row[i].expires_ms > now_ms)
			return row[i].set;
		entry_free(&row[i]);
	}
	return NULL;
}

void cache_put(struct cache *cache, const struct locate_request *request,
	       const struct server_set *set, uint64_t now_ms, uint32_t ttl_ms)
{
	struct cache_entry *row = cache_row(cache, request), *place = &row[0];

	for (int i = 0; i < CACHE_COLUMNS; i++) {
		if (is_of(&row[i], request)) {
			place = &row[i];
			break;
		}
		if (place->set && (!row[i].set || row[i].expires_ms < place->expires_ms))
			place = &row[i];
	}
	entry_free(place);
	place->request = *request;
	place->set = server_set_copy(set);
	place->expires_ms = now_ms + ttl_ms;
}

void cache_clear(struct cache *cache)
{
	for (int i = 0; i < CACHE_ROWS * CACHE_COLUMNS; i++)
		entry_free(&cache->entries[i / CACHE_COLUMNS][i % CACHE_COLUMNS]);
}

uint32_t cache_count(const struct cache *cache)
{
	uint32_t count = 0;

	for (int i = 0; i < CACHE_ROWS * CACHE_COLUMNS; i++)
		count += cache->entries[i / CACHE_COLUMNS][i % CACHE_COLUMNS].set != NULL;
	return count;
}
