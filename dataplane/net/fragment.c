/* SPDX-License-Identifier: BSD-3-Clause */
/* A fragment's way into reassembly: which worker's it is, and what came of it. */
#include "net/stack_state.h"

enum net_action fragment_insert(const struct net_rx *rx, const struct reassembly_fragment *fragment,
				struct net_packet *packet)
{
	struct net_stack *stack = rx->stack;
	uint64_t hash = reassembly_hash(&stack->key, &fragment->key);
	/* The upper half: the table uses the lower. */
	uint16_t worker = (uint16_t)((hash >> 32) % stack->workers);
	struct reassembly_datagram datagram;

	if (worker != stack->worker) {
		rx->result->worker = worker;
		return rx_finish(rx, NET_STEER, VERDICT_HANDOFF, REASON_OTHER_SHARD);
	}
	switch (reassembly_insert(stack->reassembly, fragment, hash, rx->now, &datagram)) {
	case REASSEMBLY_COMPLETE:
		packet->data = datagram.data;
		packet->len = datagram.len;
		packet->protocol = datagram.protocol;
		packet->reassembled = true;
		return NET_DATAGRAM;
	case REASSEMBLY_HELD:
		return rx_finish(rx, NET_HELD, VERDICT_ABSORB, REASON_FRAGMENT_HELD);
	case REASSEMBLY_FULL:
		return rx_drop(rx, REASON_FRAGMENT_FULL);
	default:
		return rx_drop(rx, REASON_FRAGMENT_INVALID);
	}
}
