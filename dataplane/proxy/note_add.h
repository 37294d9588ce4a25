/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the engine: taking notes (note.h), and telling messages of our own from forwarded ones. */
#ifndef PROXY_NOTE_ADD_H
#define PROXY_NOTE_ADD_H

#include "proxy/engine.h"

/* ---- note.c: out of line, since nobody looks most of the time */
void note_add_chosen(struct call *call, const struct route *route, const struct txn *txn,
		     enum proxy_note_choice how);
void note_add_routed(struct call *call, const struct route *route);
void note_add_timer(struct call *call, const struct txn *txn, enum txn_deadline deadline);
void note_add_failed(struct call *call, const struct txn *branch, enum failover_cause cause);
void note_add_next(struct call *call, const struct txn *txn, enum proxy_note_next how);

/* `txn`: whose next target it is, NULL: of a request just received. */
static inline void note_chosen(struct call *call, const struct route *route, const struct txn *txn,
			       enum proxy_note_choice how)
{
	if (UNLIKELY(call->notes != NULL))
		note_add_chosen(call, route, txn, how);
}

static inline void note_routed(struct call *call, const struct route *route)
{
	if (UNLIKELY(call->notes != NULL))
		note_add_routed(call, route);
}

static inline void note_timer(struct call *call, const struct txn *txn, enum txn_deadline deadline)
{
	if (UNLIKELY(call->notes != NULL))
		note_add_timer(call, txn, deadline);
}

static inline void note_failed(struct call *call, const struct txn *branch,
			       enum failover_cause cause)
{
	if (UNLIKELY(call->notes != NULL))
		note_add_failed(call, branch, cause);
}

static inline void note_next(struct call *call, const struct txn *txn, enum proxy_note_next how)
{
	if (UNLIKELY(call->notes != NULL))
		note_add_next(call, txn, how);
}

/* What was queued since the outbox held `before` entries. */
static inline void call_sent_as(struct call *call, uint32_t before, enum outbox_origin origin)
{
	for (uint32_t i = before; i < call->outbox->count; i++)
		call->outbox->entries[i].origin = (uint8_t)origin;
}

/* Queues a message of our own making. */
static inline void call_send_own(struct call *call, struct span message, uint8_t interface,
				 const struct endpoint *source, const struct endpoint *destination)
{
	const uint32_t before = call->outbox->count;

	call_send(call, message, false, interface, source, destination);
	call_sent_as(call, before, OUTBOX_OWN);
}

#endif
