/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the generator sends: an outbox whose buffers are packets already, headers in front, and the
 * short queue of each port.  A port that takes no more is waited for as long as the queue has
 * room; beyond that packets are dropped and counted, as a full wire would: calls go on being due.
 * The polling thread's alone.
 */
#ifndef GENERATOR_TX_H
#define GENERATOR_TX_H

#include <rte_mbuf.h>

#include "generator/flood.h"
#include "generator/ports.h"

#define TX_OUTBOX  256u
#define TX_WAITING 512u

struct tx_counters {
	uint64_t sent;       /* packets */
	uint64_t full;       /* dropped: the port took none for too long */
	uint64_t unroutable; /* dropped: the next hop was not known */
	uint64_t no_buffers; /* dropped: the pool was empty */
};

struct tx_queue {
	struct rte_mbuf *packets[TX_WAITING];
	uint16_t count;
	uint16_t port;
	bool offload;
};

struct tx {
	struct links *links;
	struct rte_mempool *pool;
	struct traffic_outbox outbox;
	uint32_t missing;            /* packets from the first on that have no buffer */
	struct tx_counters counters;
	uint16_t mtu, ip_id;
	struct tx_queue queues[OPTIONS_DEVICES_MAX];
	uint16_t queue_count;
	struct rte_mbuf *buffers[TX_OUTBOX]; /* behind packets[i].data */
	struct traffic_packet packets[TX_OUTBOX];
};

/* False: the pool has not enough buffers. */
[[nodiscard]] bool tx_init(struct tx *tx, struct links *links, const struct ports *ports,
			   uint16_t mtu);
void tx_fini(struct tx *tx);

/* Sends what the engine has put into the outbox, and makes the outbox new.  Returns packets. */
uint32_t tx_take_outbox(struct tx *tx, tick_t now);
/* Sends a flood's messages that are due, a bounded number.  Returns packets. */
uint32_t tx_take_flood(struct tx *tx, struct flood *flood, const struct endpoint *proxy,
		       uint64_t now_tsc, tick_t now);
/* links_send: `context` is the tx. */
void tx_control(void *context, uint16_t device, const uint8_t *frame, uint32_t len);
/* True when a port has left packets untaken. */
static inline bool tx_is_waiting(const struct tx *tx)
{
	return tx->queues[0].count || tx->queues[1].count;
}
/* Gives the ports what waits.  Returns how many they took. */
uint32_t tx_flush(struct tx *tx);

#endif
