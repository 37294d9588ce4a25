/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that wait until their next hop's MAC address is known, a bounded number a neighbour
 * and a bounded number in all: a next hop that never answers must not hold the pool.  Frames are
 * complete but for the first six octets.  Knows nothing of who resolves.
 */
#ifndef DPDK_HOLD_H
#define DPDK_HOLD_H

#include <rte_mbuf.h>

#include "net/endpoint.h"

#define HOLD_NEIGHBOURS_MAX 1024
#define HOLD_PER_NEIGHBOUR  32
#define HOLD_MAX            512

struct hold_neighbour {
	uint16_t count;
	uint16_t interface;
	struct ip_address address; /* of the next hop */
	struct rte_mbuf *packets[HOLD_PER_NEIGHBOUR];
};

struct hold {
	uint32_t count;
	struct hold_neighbour *neighbours; /* [HOLD_NEIGHBOURS_MAX], zeroed */
};

/* False: at a limit; the packet stays the caller's. */
[[nodiscard]] bool hold_put(struct hold *hold, uint32_t neighbour, uint16_t interface,
			    const struct ip_address *address, struct rte_mbuf *packet);
/* Moves what is held for a neighbour to packets[HOLD_PER_NEIGHBOUR], oldest first, and returns
 * how many; the caller owns them. */
uint16_t hold_take(struct hold *hold, uint32_t neighbour, struct rte_mbuf **packets);

#endif
