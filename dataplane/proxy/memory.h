/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an engine's memory is used for: slots, copies, the structures that find and time them; and
 * what is kept back for requests within dialogs when the pools run full.
 */
#ifndef PROXY_MEMORY_H
#define PROXY_MEMORY_H

#include "base/verdict.h"

struct proxy;
struct proxy_config;

/* Octets that proxy_create takes for a configuration, the limit of the copies included. */
[[nodiscard]] size_t proxy_memory_needed(const struct proxy_config *config);

/*
 * Sets the four capacities of the configuration so that an engine takes `octets`.  Beside what it
 * takes anyhow, an eighth is for transactions, a quarter for tombstones, an eighth for dialogs, and
 * what they leave, about half, for copies.  False: too few octets for an engine.
 *
 * A call leaves two tombstones or more for half a minute, and is one dialog for some minutes; of
 * the copies, a request that rings and its 180 take some 2,600 octets, a tombstone half of 560.
 */
[[nodiscard]] bool proxy_memory_plan(size_t octets, struct proxy_config *config);

/* Copies by what they are kept for. */
#define PROXY_OWED(X)                                                                              \
	X(REQUEST, "request", "requests that are sent again until they are answered")             \
	X(RESPONSE, "response", "responses that a retransmission of the request asks for again")  \
	X(ACK, "ack", "ACKs to refusals, repeated when the refusal is")                           \
	X(CANCEL, "cancel", "CANCELs of ours, sent again until they are answered")                \
	X(OTHER, "other", "responses that wait for other branches, and what else is kept")

enum proxy_owed {
#define X(name, text, help) PROXY_OWED_##name,
	PROXY_OWED(X)
#undef X
	PROXY_OWED_KINDS,
};

extern const char *const proxy_owed_names[PROXY_OWED_KINDS];

struct proxy_owed_stats {
	uint64_t count;
	uint64_t bytes;     /* of copies, addresses they go to included */
};

/* worker: rw, control: ro (relaxed).  All members are counters of one type, so that workers add
 * up; octets a slot are in proxy_txn_octets and proxy_tombstone_octets. */
struct proxy_memory {
	uint64_t txns, txns_max, txns_peak;
	uint64_t txns_reserve;            /* of txns_max: for requests within dialogs alone */
	uint64_t tombstones, tombstones_max, tombstones_peak;
	uint64_t copies, copies_bytes;    /* kept, octets asked for */
	uint64_t copies_allocated;        /* with header and rounding */
	uint64_t copies_limit, copies_reserve;
	uint64_t copies_refused;          /* ever: the limit was reached */
	uint64_t reserve_used;            /* requests within dialogs that lived on the reserve, ever */
	uint64_t timers, timers_max;
	/* Reserved octets, used or not. */
	uint64_t slots_octets, table_octets, wheel_octets, calls_octets, peers_octets;
	uint64_t marks_octets, dialogs_octets, names_octets;
	struct proxy_owed_stats owed[PROXY_OWED_KINDS];
};
void proxy_memory_read(const struct proxy *proxy, struct proxy_memory *memory);

/* Octets of one slot. */
extern const uint32_t proxy_txn_octets, proxy_tombstone_octets;
/* What a dialog that is kept takes, its places in index and timer wheel included. */
extern const uint32_t proxy_dialog_octets;

/*
 * One part in so many of slots and copies is kept for requests within dialogs.  A call is set up
 * by one initial request and held and ended by a few later ones, each of which lives for
 * milliseconds: when new calls are refused, a sixteenth carries on those that stand, and what
 * ends calls is what makes room again.
 */
#define PROXY_RESERVE_PART 16u

/* Why a request that would begin a transaction is refused (503): TXN_POOL_FULL, RETAIN_FULL;
 * VERDICT_REASON_NONE: it is not, there is room. */
[[nodiscard]] enum verdict_reason proxy_memory_refusal(struct proxy *proxy, bool is_in_dialog);

#endif
