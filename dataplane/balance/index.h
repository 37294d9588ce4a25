/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lookup table in the snapshot, so that "which target is this" and "which address has this
 * name" cost the same for one entry and for tens of thousands.  Open addressing, at most a
 * quarter full: probe runs stay short whatever a stranger asks for.
 *
 * Built once by whoever builds the snapshot, before publication; read by workers through
 * balance/interface.h.  A snapshot without it works, by scanning.
 */
#ifndef BALANCE_INDEX_H
#define BALANCE_INDEX_H

#include "balance/snapshot.h"

enum balance_index_kind {
	BALANCE_INDEX_FREE,
	BALANCE_INDEX_ENDPOINT, /* address and port -> first target */
	BALANCE_INDEX_ADDRESS,  /* address -> first target */
	BALANCE_INDEX_MEMBER,   /* address and pool -> first target */
	BALANCE_INDEX_HOST,     /* name -> host */
};

/* Slots that a snapshot with so many targets and hosts needs; a power of two. */
[[nodiscard]] uint32_t balance_index_slots(uint32_t target_count, uint32_t host_count);

/*
 * Fills slots[0 .. count) from the snapshot's targets and hosts and attaches them to it.  `count`
 * is what balance_index_slots said, the memory stays the caller's and lives as long as the
 * snapshot.  The tables must not change afterwards.
 */
void balance_index_build(struct balance_snapshot *snapshot, struct balance_index_slot *slots,
			 uint32_t count);

/* Indices, or BALANCE_NONE.  Only on a snapshot with an index. */
[[nodiscard]] uint16_t balance_index_find_target(const struct balance_snapshot *snapshot,
						 const struct endpoint *endpoint);
[[nodiscard]] uint16_t balance_index_find_member(const struct balance_snapshot *snapshot,
						 uint16_t pool, const struct ip_address *address);
/* `name` in lower case. */
[[nodiscard]] uint16_t balance_index_find_host(const struct balance_snapshot *snapshot,
					       struct span name);

#endif
