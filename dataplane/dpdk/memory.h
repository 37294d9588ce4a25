/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the configured octets go: packet buffers, the net layer's stacks, the engines'
 * transactions and copies.  Everything is taken at start; nothing on the packet path allocates
 * but from these pools.
 */
#ifndef DPDK_MEMORY_H
#define DPDK_MEMORY_H

#include "dpdk/adapter.h"
#include "proxy/proxy.h"

#define MEMORY_MIN ((size_t)64 << 20)

/* Octets that the kernel can give without paging; SIZE_MAX where it does not tell. */
[[nodiscard]] size_t memory_available(void);

struct memory_plan {
	size_t packets;         /* octets of all packet pools */
	size_t heap;            /* of DPDK's heap: pools, rings, stacks */
	size_t engine;          /* an engine: transactions and copies */
	uint32_t reassembly_max;
	struct proxy_config proxy; /* an engine's capacities */
};

/* Fails when config->memory is too little to start at all. */
[[nodiscard]] int memory_plan(const struct dataplane_config *config, struct memory_plan *plan,
			      struct failure *failure);

/* Pools for all devices, after devices_probe. */
[[nodiscard]] int memory_create_pools(struct dataplane *dataplane, const struct memory_plan *plan,
				      struct failure *failure);
void memory_free_pools(struct dataplane *dataplane);

#endif
