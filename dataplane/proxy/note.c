/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine says of its decisions; see note.h. */
#include "proxy/note_add.h"
#include "proxy/timers.h"

/* NULL: there is no room. */
static struct proxy_note *note_put(struct call *call, enum proxy_note_kind kind)
{
	struct proxy_notes *notes = call->notes;

	if (notes->count == PROXY_NOTES_MAX)
		return NULL;
	struct proxy_note *note = &notes->notes[notes->count++];
	*note = (struct proxy_note){
		.kind = (uint8_t)kind,
		.entry = (uint16_t)call->outbox->count,
		.service = BALANCE_NONE,
		.pool = BALANCE_NONE,
	};
	return note;
}

/* A branch that has no copy of its own any more has its transaction's. */
static void note_about(struct call *call, struct proxy_note *note, const struct txn *txn)
{
	const struct txn *parent =
		txn_parent(call->proxy, (struct txn *)(uintptr_t)txn);
	struct retained *copy = txn->request ? txn->request : parent->request;

	if (!copy)
		copy = txn->response ? txn->response : parent->response;
	if (!copy)
		return;
	struct span message = held_message(copy);
	note->about = message.data;
	note->about_len = (uint32_t)message.len;
}

static void note_target(struct proxy_note *note, const struct target_status *status, uint64_t id)
{
	note->target_id = id;
	if (!status)
		return;
	note->admin = (uint8_t)__atomic_load_n(&status->admin, __ATOMIC_RELAXED);
	note->health = (uint8_t)__atomic_load_n(&status->health, __ATOMIC_RELAXED);
}

void note_add_chosen(struct call *call, const struct route *route, const struct txn *txn,
		     enum proxy_note_choice how)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	struct proxy_note *note = note_put(call, NOTE_CHOSEN);

	if (!note)
		return;
	note->how = (uint8_t)how;
	note->service = route->service;
	note->pool = route->pool;
	note->policy = (uint8_t)snapshot->pools[route->pool].policy;
	note->call_hash = txn ? txn->call_hash :
				balance_call_hash(snapshot, route->balance_call_id);
	if (route->target != BALANCE_NONE)
		note_target(note, snapshot->targets[route->target].status,
			    snapshot->targets[route->target].id);
	if (!txn)
		return;
	note->attempt = txn->attempts;
	note->tried = txn->tried_count;
	note_about(call, note, txn);
}

void note_add_routed(struct call *call, const struct route *route)
{
	struct proxy_note *note = note_put(call, NOTE_ROUTED);

	if (!note)
		return;
	note->how = (uint8_t)route->kind;
	note->service = route->service;
}

void note_add_timer(struct call *call, const struct txn *txn, enum txn_deadline deadline)
{
	struct proxy_note *note = note_put(call, NOTE_TIMER);

	if (!note)
		return;
	note->timer = (uint8_t)timers_name(txn, deadline);
	note->service = txn->service;
	note->pool = txn->pool;
	note->attempt = txn->attempt;
	note_target(note, txn->status, txn->target_id);
	note_about(call, note, txn);
}

void note_add_failed(struct call *call, const struct txn *branch, enum failover_cause cause)
{
	struct proxy_note *note = note_put(call, NOTE_FAILED);

	if (!note)
		return;
	note->cause = (uint8_t)cause;
	note->service = branch->service;
	note->pool = branch->pool;
	note->attempt = branch->attempt;
	note_target(note, branch->status, branch->target_id);
	note_about(call, note, branch);
}

void note_add_next(struct call *call, const struct txn *txn, enum proxy_note_next how)
{
	struct proxy_note *note = note_put(call, NOTE_NEXT);

	if (!note)
		return;
	note->how = (uint8_t)how;
	note->service = txn->service;
	note->pool = txn->pool;
	note->attempt = txn->attempts;
	note_about(call, note, txn);
}
