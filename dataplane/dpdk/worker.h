/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: its memory, its engine and stack, its rings, and the poll loop.  Created and
 * destroyed by control; between launch and end of the loop its own thread alone touches it, but
 * for what is marked as shared.
 */
#ifndef DPDK_WORKER_H
#define DPDK_WORKER_H

#include "dpdk/adapter.h"
#include "dpdk/memory.h"

/* All workers, their rings included.  Devices are started: MAC addresses are known. */
[[nodiscard]] int workers_create(struct dataplane *dataplane, const struct memory_plan *plan,
				 struct failure *failure);
void workers_destroy(struct dataplane *dataplane);

/* The loop, for rte_eal_remote_launch; returns 0 when dataplane->stopping is set. */
int worker_run(void *worker);

#endif
