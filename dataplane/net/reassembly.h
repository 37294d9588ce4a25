/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly of fragments into contiguous buffers (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722):
 * a fixed number of datagrams at a time, up to 65,535 octets each, in any order of arrival.
 *
 * Overlapping fragments kill the datagram, and what still comes of it; an exact repetition of a
 * fragment is tolerated.  A source has at most so many datagrams under reassembly, then its own
 * oldest gives way; when all are taken, the oldest of all does.  One that is younger than
 * REASSEMBLY_PROTECT_TIME is never evicted: were it, a flood would keep anything from completing.
 *
 * Does not parse headers: offsets and flags come from the caller.  One a stack; used by its thread.
 */
#ifndef NET_REASSEMBLY_H
#define NET_REASSEMBLY_H

#include "base/hash.h"
#include "base/tick.h"
#include "net/endpoint.h"

#define REASSEMBLY_NONE         UINT32_MAX
#define REASSEMBLY_DATAGRAM_MAX 65535u
#define REASSEMBLY_PROTECT_TIME TICK_MS(1)

struct reassembly_config {
	uint32_t max;          /* datagrams at a time */
	uint32_t source_max;   /* of them by one source */
	uint64_t timeout_v4_us, timeout_v6_us;
	uint32_t headroom, tailroom; /* left around a datagram */
	struct hash_key key;
};

struct reassembly_key {
	struct ip_address source, destination;
	uint16_t interface;
	uint32_t identification;
};

struct reassembly_fragment {
	struct reassembly_key key;
	const uint8_t *data;
	uint32_t offset, len;  /* in the datagram, octets */
	bool more;             /* others follow this one */
	uint8_t protocol;      /* of the datagram, as this fragment's header says */
};

struct reassembly_datagram {
	uint8_t *data;         /* with head- and tailroom; valid until the next insertion */
	uint32_t len;
	uint8_t protocol;      /* as the first fragment's header says (RFC 8200 §4.5) */
};

enum reassembly_status {
	REASSEMBLY_HELD,
	REASSEMBLY_COMPLETE,
	REASSEMBLY_INVALID,    /* malformed, overlapping or contradictory; or of a killed datagram */
	REASSEMBLY_FULL,
};

struct reassembly_stats {
	uint64_t datagrams;    /* under reassembly now */
	uint64_t completed, timeouts, evicted, invalid;
};

struct reassembly;

[[nodiscard]] size_t reassembly_size(const struct reassembly_config *config);
/* In memory[reassembly_size], aligned to CACHE_LINE_SIZE. */
struct reassembly *reassembly_init(void *memory, const struct reassembly_config *config);

/* The hash that steers a datagram's fragments to one place; the same for all its fragments. */
[[nodiscard]] uint64_t reassembly_hash(const struct hash_key *key, const struct reassembly_key *of);

/* `hash` is reassembly_hash under the configured key. */
enum reassembly_status reassembly_insert(struct reassembly *reassembly,
					 const struct reassembly_fragment *fragment, uint64_t hash,
					 tick_t now, struct reassembly_datagram *datagram);

/* Gives up what is overdue. */
void reassembly_expire(struct reassembly *reassembly, tick_t now);
[[nodiscard]] tick_t reassembly_next_expiry(const struct reassembly *reassembly);
const struct reassembly_stats *reassembly_stats(const struct reassembly *reassembly);
/* For tests: NULL when every invariant holds, else what is wrong. */
[[nodiscard]] const char *reassembly_check(const struct reassembly *reassembly);

#endif
