/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What travels with a packet between workers: private area of its mbuf, and the plain buffer for
 * a datagram that no mbuf can hold (an mbuf's lengths are 16 bits; a reassembled datagram of
 * 65,507 octets and the room to edit it are more).
 */
#ifndef DPDK_PACKET_H
#define DPDK_PACKET_H

#include <rte_mbuf.h>

#include "base/compiler.h"
#include "net/stack.h"

/* What the taker of a hand-off ring is to do. */
enum packet_kind {
	PACKET_DATAGRAM, /* a SIP datagram of the taker's shard */
	PACKET_FRAGMENT, /* a frame whose datagram the taker reassembles: net_receive on it */
	PACKET_ICMP,     /* an ICMP error whose shard is unknown: try it, else pass it on */
};

struct packet_meta {
	uint64_t rx_tsc;          /* of the burst that brought the message; 0: not to be timed */
	struct endpoint source;
	struct endpoint local;
	uint16_t payload_offset;  /* in the frame */
	uint16_t payload_len;
	uint16_t interface;       /* net's; of a fragment: the device */
	uint16_t queue;           /* to send by: index into dataplane->queues */
	uint8_t kind;             /* enum packet_kind */
	uint8_t hops;             /* PACKET_ICMP: workers that have tried */
	uint16_t flags;           /* enum net_receive_flag */
};
static_assert(sizeof(struct packet_meta) <= CACHE_LINE_SIZE, "one line of private area");

#define PACKET_PRIVATE_SIZE CACHE_LINE_SIZE

static inline struct packet_meta *packet_meta(struct rte_mbuf *m)
{
	return (struct packet_meta *)rte_mbuf_to_priv(m);
}

/* A reassembled datagram on its way to another worker. */
struct jumbo {
	struct packet_meta meta;  /* payload_len is not used */
	uint32_t len;
	alignas(CACHE_LINE_SIZE) char room[NET_REASSEMBLY_HEADROOM + 65535 + NET_REASSEMBLY_TAILROOM];
};

/* What one worker learned, on its way to another. */
struct update_item {
	alignas(8) struct net_update update;
};
static_assert(sizeof(struct update_item) % 4 == 0, "rte_ring's elements are multiples of 4");
static_assert(sizeof(struct update_item) <= 40);

/* Both kinds go through one ring: a jumbo's pointer is told by its lowest bit. */
static inline void *packet_tag_jumbo(struct jumbo *jumbo)
{
	return (void *)((uintptr_t)jumbo | 1u);
}

static inline struct jumbo *packet_as_jumbo(void *item)
{
	return (uintptr_t)item & 1u ? (struct jumbo *)((uintptr_t)item & ~(uintptr_t)1) : NULL;
}

#endif
