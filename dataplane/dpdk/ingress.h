/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a received frame to its verdict: the net layer judges it, a SIP datagram goes to the
 * worker that owns its Call-ID, a fragment to the one that reassembles it, what is not ours to
 * the kernel.  Worker thread.
 */
#ifndef DPDK_INGRESS_H
#define DPDK_INGRESS_H

#include "dpdk/adapter.h"

/* Polls the worker's receive queues once; how many packets came. */
uint32_t ingress_poll(struct worker *worker);
/* Takes in what other workers handed over, and what they learned; how many. */
uint32_t ingress_take_in(struct worker *worker);
/* Runs the net layer's timers; true when any was due. */
bool ingress_expire(struct worker *worker);
/* Drops what lies in the hand-off rings, counted, at the end. */
void ingress_fini(struct worker *worker);

#endif
