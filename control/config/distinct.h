/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds values that have to be distinct but are not, among tens of thousands, by sorting.
 */
#ifndef CONFIG_DISTINCT_H
#define CONFIG_DISTINCT_H

#include "config/model.h"

struct distinct_entry {
	struct span key;    /* bytes of anything; not owned */
	struct config_position at;
	const void *owner;  /* for the caller's message */
};

struct distinct {
	struct distinct_entry *entries;
	size_t count, size;
};

/* Room for `size` entries.  False: out of memory. */
[[nodiscard]] bool distinct_init(struct distinct *distinct, size_t size);
void distinct_fini(struct distinct *distinct);
void distinct_add(struct distinct *distinct, struct span key, struct config_position at,
		  const void *owner);

/* Called for each entry whose key an earlier position has too. */
typedef void (*distinct_twice_fn)(void *context, const struct distinct_entry *first,
				  const struct distinct_entry *again);
/* Sorts, then reports; distinct_find works afterwards. */
void distinct_check(struct distinct *distinct, distinct_twice_fn twice, void *context);
/* The first entry with the key, or NULL. */
const struct distinct_entry *distinct_find(const struct distinct *distinct, struct span key);

#endif
