/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's calls of its engine, and what follows from them: the outbox drained into egress,
 * outcomes into control's ring, messages that could not be sent back into the engine.
 * Every message that gets here belongs to this worker's shard, or has none.  Worker thread.
 */
#ifndef DPDK_ENGINE_H
#define DPDK_ENGINE_H

#include "dpdk/adapter.h"

/* Payload and endpoints as packet_meta(packet) says; takes ownership of the packet. */
void engine_take_packet(struct worker *worker, struct rte_mbuf *packet);

/* A payload in a buffer that cannot be sent itself; `rx_tsc` as in packet_meta. */
void engine_take_buffer(struct worker *worker, struct proxy_datagram *datagram, uint64_t rx_tsc);

/* The octets that an ICMP error quotes, sent to `destination`.  The verdict is counted. */
struct verdict engine_take_error(struct worker *worker, struct span quoted,
				 const struct endpoint *destination);

/* Sends a probe, between two passes of the loop. */
void engine_probe(struct worker *worker, const struct proxy_probe *probe);
/* Control has found a name, or not. */
void engine_name_answer(struct worker *worker, const struct proxy_name_answer *answer);

/* Runs due timers, a bounded number; true when there were any. */
bool engine_expire(struct worker *worker);

/* Tells the engine of what egress could not send. */
void engine_take_failures(struct worker *worker);

#endif
