/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers said about the largest packet that gets through to a destination (RFC 8201): a
 * small, bounded, forgetting cache.  A miss means the interface's MTU.
 *
 * IPv6 only: IPv4 packets of ours may be fragmented on their way.
 * One a stack; used by its thread.
 */
#ifndef NET_PATH_MTU_H
#define NET_PATH_MTU_H

#include "base/hash.h"
#include "base/tick.h"
#include "net/endpoint.h"

#define PATH_MTU_SETS     64
#define PATH_MTU_WAYS     4
#define PATH_MTU_LIFETIME TICK_SECONDS(600) /* RFC 8201 §4 */

struct path_mtu_entry {
	struct ip_address destination; /* family IP_NONE: free */
	uint16_t interface;
	uint16_t mtu;
	tick_t deadline;
};

struct path_mtu_cache {
	struct hash_key key;
	uint32_t count;  /* slots ever filled: 0 spares the lookup */
	struct path_mtu_entry entries[PATH_MTU_SETS][PATH_MTU_WAYS];
};

void path_mtu_init(struct path_mtu_cache *cache, const struct hash_key *key);
/* `mtu` when nothing smaller is known. */
[[nodiscard]] uint16_t path_mtu_lookup(const struct path_mtu_cache *cache, uint16_t interface,
				       const struct ip_address *destination, uint16_t mtu,
				       tick_t now);
/* Only ever lowers what is known and not expired; in a full set the first to expire gives way.
 * False: nothing changed. */
bool path_mtu_learn(struct path_mtu_cache *cache, uint16_t interface,
		    const struct ip_address *destination, uint16_t mtu, tick_t now);

#endif
