/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames on their way out: buffered a queue, flushed at the end of each pass of the loop, or
 * given to the worker that owns the queue over a ring (a port may have fewer queues than there
 * are workers).  Takes ownership of every packet.  Worker thread.
 */
#ifndef DPDK_TX_H
#define DPDK_TX_H

#include "dpdk/adapter.h"

/* A complete frame, to leave by a device. */
void tx_put(struct worker *worker, uint16_t device, struct rte_mbuf *packet);
/* The same by a given queue (a TAP's). */
void tx_put_queue(struct worker *worker, uint16_t queue, struct rte_mbuf *packet);
/* Takes in what other workers want sent by queues of this one; how many. */
uint32_t tx_take_in(struct worker *worker);
/* Sends all buffers.  What the port does not take is dropped and counted. */
void tx_flush(struct worker *worker);
void tx_drop(struct worker *worker, struct rte_mbuf *packet);

#endif
