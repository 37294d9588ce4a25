/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours whose T1 is not ours (RFC 4321 §1.6), from how soon they send a request again: people
 * are told, nothing else depends on it.
 */
#include "proxy/timers.h"

void peer_note_copy(struct call *call, struct txn *txn)
{
	struct outbox *outbox = call->outbox;
	const struct ip_address *peer = &call->datagram->source.address;
	const uint64_t spacing = TICK_MS((uint32_t)tick_to_ms(call->now) - txn->received_ms);
	const uint32_t ours_ms = timers_of_server(call, txn)->t1_ms;
	uint32_t theirs_ms;

	/* A copy that the network made is not the second one. */
	if ((txn->flags & TXN_COPY_CAME) || spacing < PEER_TIMING_SPACING_MIN)
		return;
	txn->flags |= TXN_COPY_CAME;
	if (!peer_timing_note(call->proxy->peers, peer, spacing, ours_ms, call->now, &theirs_ms))
		return;
	if (outbox->event_count == OUTBOX_EVENTS_MAX) {
		call->proxy->stats.events_dropped++;
		return;
	}
	outbox->events[outbox->event_count++] = (struct engine_event){
		.kind = ENGINE_EVENT_PEER_T1,
		.service = txn->service,
		.theirs_ms = theirs_ms,
		.ours_ms = ours_ms,
		.peer = *peer,
	};
}
