/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What T1 a neighbour has, inferred from how soon it sends a request again (RFC 4321 §1.6: nothing
 * in SIP tells).  A table of fixed size, by source address, for diagnosis alone: nothing is decided
 * by it.  When a set of four is full, the peer not heard of for longest gives way.  One owner.
 *
 * A client sends copies at 0, T1, 3*T1, ...  The first two that arrive are T1 apart, or 2*T1 when
 * the first was lost, or 3*T1 when the second was; a network that delivers one copy twice makes
 * them far closer.  So a single spacing tells little: the second shortest of the latest few is
 * taken, when others agree with it.
 */
#ifndef STATE_PEER_TIMING_H
#define STATE_PEER_TIMING_H

#include "base/hash.h"
#include "base/tick.h"
#include "net/endpoint.h"

struct peer_timing;

#define PEER_TIMING_PEERS 1024
/* Closer copies are the network's work; further apart, T1 or nothing in particular. */
#define PEER_TIMING_SPACING_MIN TICK_MS(10)
#define PEER_TIMING_SPACING_MAX TICK_SECONDS(20)

/* NULL: out of memory. */
[[nodiscard]] struct peer_timing *peer_timing_create(struct hash_key key);
void peer_timing_destroy(struct peer_timing *timing);

/*
 * `peer` sent the second copy of a request `spacing` after the first, to where T1 is `ours_ms`.
 * True when it is time to say that it has another: *theirs_ms is its T1 about.  Said once a peer,
 * as long as it stays in the table, and once a second in all.
 */
[[nodiscard]] bool peer_timing_note(struct peer_timing *timing, const struct ip_address *peer,
				    uint64_t spacing, uint32_t ours_ms, tick_t now,
				    uint32_t *theirs_ms);

/* Peers in the table, for tests. */
[[nodiscard]] uint32_t peer_timing_count(const struct peer_timing *timing);
[[nodiscard]] size_t peer_timing_size(void);

#endif
