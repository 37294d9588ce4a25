/* SPDX-License-Identifier: BSD-3-Clause */
/* See distinct.h. */
#include "config/distinct.h"

#include <stdlib.h>

bool distinct_init(struct distinct *distinct, size_t size)
{
	*distinct = (struct distinct){ .size = size };
	distinct->entries = calloc(size ? size : 1, sizeof(*distinct->entries));
	return distinct->entries != NULL;
}

void distinct_fini(struct distinct *distinct)
{
	free(distinct->entries);
	*distinct = (struct distinct){ 0 };
}

void distinct_add(struct distinct *distinct, struct span key, struct config_position at,
		  const void *owner)
{
	assert(distinct->count < distinct->size);
	distinct->entries[distinct->count++] =
		(struct distinct_entry){ .key = key, .at = at, .owner = owner };
}

static int compare_keys(struct span a, struct span b)
{
	int order = memcmp(a.data, b.data, MIN(a.len, b.len));
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *left, const void *right)
{
	const struct distinct_entry *a = left, *b = right;
	int order = compare_keys(a->key, b->key);
	if (order)
		return order;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	return (a->at.column > b->at.column) - (a->at.column < b->at.column);
}

void distinct_check(struct distinct *distinct, distinct_twice_fn twice, void *context)
{
	const struct distinct_entry *first = distinct->entries;
	qsort(distinct->entries, distinct->count, sizeof(*distinct->entries), compare_entries);
	for (size_t i = 1; i < distinct->count; i++) {
		const struct distinct_entry *entry = &distinct->entries[i];
		if (span_equal(first->key, entry->key))
			twice(context, first, entry);
		else
			first = entry;
	}
}

const struct distinct_entry *distinct_find(const struct distinct *distinct, struct span key)
{
	size_t from = 0, to = distinct->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (compare_keys(distinct->entries[middle].key, key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == distinct->count || !span_equal(distinct->entries[from].key, key))
		return NULL;
	return &distinct->entries[from];
}
