/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what the engine wants sent to frames: next hop, headers, fragments, packets held until
 * the next hop's MAC address is known.  What cannot be sent comes back to the engine as a
 * transport error (RFC 3261 §18.4), after the outbox is drained.  Worker thread.
 */
#ifndef DPDK_EGRESS_H
#define DPDK_EGRESS_H

#include "dpdk/adapter.h"

/*
 * Sends an entry.  `packet`: the mbuf whose buffer holds entry->data, to be sent itself; NULL:
 * the octets are copied.  Takes ownership of the packet.  `rx_tsc`: when the message that caused
 * it was received, 0 where none did.
 */
void egress_send(struct worker *worker, const struct outbox_entry *entry, struct rte_mbuf *packet,
		 uint64_t rx_tsc);

/* A frame that the net layer has made, copied and sent by a device. */
void egress_send_frame(struct worker *worker, uint16_t device, const uint8_t *frame, uint32_t len);

/* The neighbour has become known: sends what was held for it. */
void egress_neighbour_known(struct worker *worker, uint32_t neighbour);
/* It will not: what was held is lost, and the engine will be told. */
void egress_neighbour_lost(struct worker *worker, uint32_t neighbour);

/* The oldest payload that could not be sent, for the engine; NULL: none.  The caller frees it;
 * packet_meta tells where the payload lies and where (`local`) it was to go. */
struct rte_mbuf *egress_take_failure(struct worker *worker);

/* Frees all that is held. */
void egress_fini(struct worker *worker);

#endif
