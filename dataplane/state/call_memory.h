/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call memory: (service, Call-ID) -> target, from selection until a while after the final
 * response, so that merged INVITEs meet one target and a retry with credentials goes to the
 * server that made the nonce.  Bounded; when full, the entry nearest to its end gives way (the
 * loss is counted: the call is then selected anew).  One owner.
 */
#ifndef STATE_CALL_MEMORY_H
#define STATE_CALL_MEMORY_H

#include "base/hash.h"
#include "base/tick.h"

struct call_memory;

/* For at least `capacity` calls; twice as many may fit.  NULL: out of memory. */
[[nodiscard]] struct call_memory *call_memory_create(uint32_t capacity);
void call_memory_destroy(struct call_memory *memory);

/* Remembers or refreshes; forgets when `until` is not after `now`.  `target` is a stable target
 * id. */
void call_memory_put(struct call_memory *memory, struct hash128 key, uint64_t target, tick_t until,
		     tick_t now);
/* True and the target when remembered and not past its end. */
[[nodiscard]] bool call_memory_get(struct call_memory *memory, struct hash128 key, tick_t now,
				   uint64_t *target);
/* Forgets what is past its end in the next `buckets` buckets (of up to four calls), in turn.  For
 * housekeeping: nothing but the count depends on it. */
void call_memory_sweep(struct call_memory *memory, tick_t now, uint32_t buckets);

/* Calls remembered, with those past their end that no look-up or sweep has met yet. */
[[nodiscard]] uint32_t call_memory_count(const struct call_memory *memory);
/* Memory taken. */
[[nodiscard]] size_t call_memory_octets(const struct call_memory *memory);
[[nodiscard]] size_t call_memory_octets_for(uint32_t capacity);
/* Entries that gave way before their end. */
[[nodiscard]] uint64_t call_memory_evicted(const struct call_memory *memory);

/* Checks every invariant of the structure; for tests.  NULL when sound, else what is wrong. */
[[nodiscard]] const char *call_memory_check(const struct call_memory *memory);

#endif
