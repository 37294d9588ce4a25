/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Right-sized copies of messages that may have to be sent again, in a jemalloc arena of the
 * worker's own over memory reserved and pre-faulted at creation: the packet path never maps or
 * unmaps, and never exceeds the limit.  One owner, no lock.
 */
#ifndef STATE_RETAIN_H
#define STATE_RETAIN_H

#include "base/span.h"

struct retain_store;

struct retained {
	uint32_t len;
	uint32_t size; /* octets allocated, header included */
	char bytes[];
};

/* `limit`: octets that all copies together may take, rounding and gaps included (at least 64 KiB;
 * the allocator's own bookkeeping, about 3 %, comes on top).  NULL: out of memory. */
[[nodiscard]] struct retain_store *retain_store_create(size_t limit);
/* Every copy must have been released. */
void retain_store_destroy(struct retain_store *store);

/* A copy of `bytes`, or NULL when the limit is reached. */
[[nodiscard]] struct retained *retain_copy(struct retain_store *store, struct span bytes);
/* Uninitialised, for a message composed in place. */
[[nodiscard]] struct retained *retain_reserve(struct retain_store *store, uint32_t len);
void retain_release(struct retain_store *store, struct retained *copy); /* NULL: nothing */

/* worker: rw, control: ro */
struct retain_stats {
	uint64_t count;      /* copies now */
	uint64_t bytes;      /* octets asked for now */
	uint64_t allocated;  /* octets with header and rounding now */
	uint64_t limit;
	uint64_t refused;    /* requests beyond the limit, ever */
};
void retain_store_stats(const struct retain_store *store, struct retain_stats *stats);

#endif
