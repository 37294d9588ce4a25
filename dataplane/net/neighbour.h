/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbour cache (RFC 4861 §7.3, the same machine for ARP): which station has this address on
 * this interface, is it still there, whom to ask next.  Bounded, driven by ticks.
 *
 * Entries are made only by packets of our own that want to go somewhere; what others say on the
 * wire updates entries and never makes any, so a stranger cannot fill the table by talking.
 * Entries under resolution are never evicted, and take at most half of the table.
 *
 * There is no state DELAY: it waits for upper layers to confirm that the neighbour lives, and a
 * proxy of datagrams cannot tell.  A stale entry that is used is asked for at once.
 *
 * Does not build or parse packets, holds none.  One table a stack; used by its thread.
 */
#ifndef NET_NEIGHBOUR_H
#define NET_NEIGHBOUR_H

#include "base/hash.h"
#include "base/tick.h"
#include "net/endpoint.h"

#define NEIGHBOUR_NONE UINT32_MAX

/* RFC 4861 §10 */
#define NEIGHBOUR_REACHABLE_TIME TICK_SECONDS(30)
#define NEIGHBOUR_RETRANS_TIME   TICK_SECONDS(1)
#define NEIGHBOUR_SOLICIT_MAX    3
/* After a failure the same address is not asked for again this long. */
#define NEIGHBOUR_FAILED_TIME    TICK_SECONDS(1)
/* A station's address just confirmed or changed does not change again this soon: two stations
 * that claim one address do not make it flap with every packet. */
#define NEIGHBOUR_LOCK_TIME      TICK_SECONDS(1)

enum neighbour_state {
	NEIGHBOUR_FREE,
	NEIGHBOUR_INCOMPLETE, /* asked, not answered */
	NEIGHBOUR_REACHABLE,
	NEIGHBOUR_STALE,      /* known, not confirmed lately */
	NEIGHBOUR_PROBE,      /* used while stale: asked again, by unicast */
	NEIGHBOUR_FAILED,     /* did not answer */
};

enum neighbour_learn_flag {
	NEIGHBOUR_SOLICITED = 1u << 0, /* the message says that it answers a question */
	NEIGHBOUR_OVERRIDE = 1u << 1,  /* it may replace a different station's address */
};

struct neighbour {
	struct ip_address address;
	uint8_t state;          /* enum neighbour_state */
	uint16_t interface;
	uint8_t mac[6];
	uint8_t asked;          /* solicitations since the last answer */
	bool is_armed;          /* in the timer queue; see neighbour.c */
	tick_t deadline;        /* end of REACHABLE and FAILED, next step of the others */
	tick_t updated;         /* mac confirmed or changed */
	tick_t used;
	uint32_t hash_next;     /* also the free list */
	uint32_t queue_next, queue_previous;
};
static_assert(sizeof(struct neighbour) <= CACHE_LINE_SIZE + 16, "a lookup touches two lines at most");

struct neighbour_table {
	struct hash_key key;
	uint32_t max, bucket_mask;
	uint32_t count, incomplete;
	uint32_t free_first, evict_hand;
	uint64_t failed, full; /* totals, for the statistics */
	uint32_t queue_first, queue_last; /* in order of deadlines */
	struct neighbour *entries;
	uint32_t *buckets;
};

[[nodiscard]] size_t neighbour_table_size(uint32_t max);
void neighbour_table_init(struct neighbour_table *table, void *memory, uint32_t max,
			  const struct hash_key *key);

enum neighbour_status { NEIGHBOUR_KNOWN, NEIGHBOUR_PENDING, NEIGHBOUR_UNREACHABLE };

/*
 * A packet wants to go to `address`.  KNOWN: entries[*index].mac; PENDING: not yet.  *solicit says
 * whether a solicitation is to be sent now: to all when PENDING, to that mac when KNOWN.
 * UNREACHABLE: it did not answer lately, or no entry is left (*index is then NEIGHBOUR_NONE).
 */
enum neighbour_status neighbour_lookup(struct neighbour_table *table, uint16_t interface,
				       const struct ip_address *address, tick_t now,
				       uint32_t *index, bool *solicit);

/* Someone says that `address` is at `mac` (a station's).  Returns the entry when it was under
 * resolution and is now known, else NEIGHBOUR_NONE. */
uint32_t neighbour_learn(struct neighbour_table *table, uint16_t interface,
			 const struct ip_address *address, const uint8_t mac[6], uint32_t flags,
			 tick_t now);

/* NEIGHBOUR_NONE: not in the table. */
[[nodiscard]] uint32_t neighbour_find(const struct neighbour_table *table, uint16_t interface,
				      const struct ip_address *address);

enum neighbour_due { NEIGHBOUR_NOTHING_DUE, NEIGHBOUR_ASK, NEIGHBOUR_ASK_UNICAST, NEIGHBOUR_LOST };

/* One step that is due, for entries[*index]: ask again (by unicast: at its mac), or give up what
 * was held for it. */
enum neighbour_due neighbour_expire(struct neighbour_table *table, tick_t now, uint32_t *index);
[[nodiscard]] tick_t neighbour_next_expiry(const struct neighbour_table *table);

#endif
