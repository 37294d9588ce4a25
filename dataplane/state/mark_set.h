/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks: what a rejection leaves behind when message and configuration alone do not decide it
 * again.  Sixteen octets a mark (transaction key, code), so that a repeated request gets the same
 * answer and its ACK is known, without a transaction.  Bounded; when full, the mark nearest to its
 * end gives way, which is counted.  No timer runs: a mark past its end is free.  One owner.
 */
#ifndef STATE_MARK_SET_H
#define STATE_MARK_SET_H

#include "base/hash.h"
#include "base/tick.h"

struct mark_set;

/* For at least `capacity` marks; twice as many may fit.  NULL: out of memory. */
[[nodiscard]] struct mark_set *mark_set_create(uint32_t capacity);
void mark_set_destroy(struct mark_set *set);

/* Leaves a mark, or renews it with this code.  It lasts until `until`, rounded up to a second. */
void mark_set_put(struct mark_set *set, struct hash128 key, uint8_t kind, uint8_t code,
		  tick_t until, tick_t now);
/* True and the code when there is a mark of this kind that is not past its end.  80 bits of the
 * keyed hash are compared, and the place follows from more. */
[[nodiscard]] bool mark_set_get(const struct mark_set *set, struct hash128 key, uint8_t kind,
				tick_t now, uint8_t *code);

/* Marks kept, with those past their end whose place nobody took yet. */
[[nodiscard]] uint32_t mark_set_count(const struct mark_set *set);
/* Memory taken. */
[[nodiscard]] size_t mark_set_octets(const struct mark_set *set);
[[nodiscard]] size_t mark_set_octets_for(uint32_t capacity);
/* Marks that gave way before their end. */
[[nodiscard]] uint64_t mark_set_overflow(const struct mark_set *set);

/* Checks every invariant of the structure; for tests.  NULL when sound, else what is wrong. */
[[nodiscard]] const char *mark_set_check(const struct mark_set *set);

#endif
