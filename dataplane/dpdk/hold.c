/* SPDX-License-Identifier: BSD-3-Clause */
/* See hold.h.  Worker thread. */
#include "dpdk/hold.h"

bool hold_put(struct hold *hold, uint32_t neighbour, uint16_t interface,
	      const struct ip_address *address, struct rte_mbuf *packet)
{
	struct hold_neighbour *at;

	if (neighbour >= HOLD_NEIGHBOURS_MAX || hold->count == HOLD_MAX)
		return false;
	at = &hold->neighbours[neighbour];
	if (at->count == HOLD_PER_NEIGHBOUR)
		return false;
	at->interface = interface;
	at->address = *address;
	at->packets[at->count++] = packet;
	hold->count++;
	return true;
}

uint16_t hold_take(struct hold *hold, uint32_t neighbour, struct rte_mbuf **packets)
{
	struct hold_neighbour *at;
	uint16_t count;

	if (neighbour >= HOLD_NEIGHBOURS_MAX)
		return 0;
	at = &hold->neighbours[neighbour];
	count = at->count;
	memcpy(packets, at->packets, count * sizeof(struct rte_mbuf *));
	at->count = 0;
	hold->count -= count;
	return count;
}
