/* SPDX-License-Identifier: BSD-3-Clause */
/* What callers and targets have in common: lists, timers, sending, the end; see engine.h. */
#include "generator/engine.h"

/* ---- lists */

void call_list_add(struct traffic *t, struct call *call, enum call_list list, uint64_t due)
{
	struct call_queue *queue = &t->queues[list];
	const uint32_t slot = call_slot(t, call);

	call_list_remove(t, call);
	call->list = (uint8_t)list;
	call->list_due = due;
	call->next = CALL_NONE;
	call->prev = queue->last;
	if (queue->last == CALL_NONE)
		queue->first = slot;
	else
		t->calls[queue->last].next = slot;
	queue->last = slot;
}

void call_list_remove(struct traffic *t, struct call *call)
{
	struct call_queue *queue = &t->queues[call->list];

	if (call->list == LIST_NONE)
		return;
	if (call->prev == CALL_NONE)
		queue->first = call->next;
	else
		t->calls[call->prev].next = call->next;
	if (call->next == CALL_NONE)
		queue->last = call->prev;
	else
		t->calls[call->next].prev = call->prev;
	call->list = LIST_NONE;
}

/* ---- timers */

void resend_stop(struct resend *resend)
{
	resend->next = resend->give_up = TICK_NEVER;
}

void resend_start(struct traffic *t, struct call *call, struct resend *resend, enum message kind)
{
	*resend = (struct resend){
		.next = t->now + TICK_MS(t->config.t1_ms),
		.give_up = t->now + TICK_MS(T1_COUNT * t->config.t1_ms),
		.interval_ms = t->config.t1_ms,
		.kind = (uint8_t)kind,
	};
	call_timer_update(t, call);
}

void resend_advance(struct traffic *t, struct resend *resend, uint32_t max_ms)
{
	resend->interval_ms = MIN(2 * resend->interval_ms, max_ms);
	resend->next = t->now + TICK_MS(resend->interval_ms);
}

/* One timer a call, for its earliest deadline; one that was armed for an earlier deadline stays,
 * and finds nothing due when it expires: few calls ever move it. */
void call_timer_update(struct traffic *t, struct call *call)
{
	const tick_t of_caller = MIN(call->of_caller.next, call->of_caller.give_up);
	const tick_t of_target = MIN(call->of_target.next, call->of_target.give_up);
	const tick_t deadline = MIN(of_caller, of_target);

	if (deadline == TICK_NEVER || (call->timer != TIMER_NONE && call->timer_at <= deadline))
		return;
	timer_wheel_cancel(t->wheel, call->timer);
	call->timer = timer_wheel_arm(t->wheel, deadline, call_slot(t, call));
	call->timer_at = deadline;
}

/* ---- the end */

void call_end(struct traffic *t, struct call *call, enum traffic_failure failure)
{
	struct traffic_results *results = &t->results;
	struct traffic_flow_results *flow = &results->flows[call->flow];

	if (failure == TRAFFIC_FAILURE_COUNT && call->flags & CALL_NO_ACK)
		failure = TRAFFIC_FAILURE_NO_ACK;
	if (failure == TRAFFIC_FAILURE_COUNT && call->flags & CALL_FAULTY)
		failure = TRAFFIC_FAILURE_FAULT;
	if (failure == TRAFFIC_FAILURE_COUNT) {
		results->completed++;
		results->completed_in_time += schedule_is_open(&t->schedule, t->now_tsc);
		flow->completed++;
	} else {
		results->failures[failure]++;
		results->failed++;
		flow->failed++;
	}
	results->live--;
	call_list_remove(t, call);
	timer_wheel_cancel(t->wheel, call->timer);
	call->timer = TIMER_NONE;
	call->is_live = false;
	call->next = t->free_call;
	t->free_call = call_slot(t, call);
}

void call_end_if_over(struct traffic *t, struct call *call)
{
	if (call->caller_state == CALLER_OVER && call->target_state == TARGET_OVER)
		call_end(t, call, TRAFFIC_FAILURE_COUNT);
}

/* ---- sending */

static char *put(char *at, const void *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}
#define PUT(at, text) put((at), (text), sizeof(text) - 1)

/* Route of a request in the dialog: the caller's route set is the recorded one backwards
 * (RFC 3261 §12.1.1, §12.1.2). */
static char *put_routes(char *at, const struct call *call, bool backwards)
{
	const char *first = call->rr, *last = call->rr;

	for (uint32_t i = 0; i < call->rr_count; i++)
		last += call->rr_len[i];
	for (uint32_t i = 0; i < call->rr_count; i++) {
		uint32_t len = call->rr_len[backwards ? call->rr_count - 1 - i : i];
		if (backwards)
			last -= len;
		at = PUT(at, "Route: ");
		at = put(at, backwards ? last : first, len);
		at = PUT(at, "\r\n");
		first += len;
	}
	return at;
}

static char *put_recorded(char *at, const struct call *call)
{
	const char *value = call->rr;

	for (uint32_t i = 0; i < call->rr_count; value += call->rr_len[i++]) {
		at = PUT(at, "Record-Route: ");
		at = put(at, value, call->rr_len[i]);
		at = PUT(at, "\r\n");
	}
	return at;
}

static char *put_vias(char *at, const char *end, const struct received *received)
{
	for (uint32_t i = 0; i < received->via_count; i++) {
		const struct range *via = &received->via[i];
		if ((size_t)(end - at) < via->len + sizeof("Via: \r\n"))
			break; /* too long a row: the answer then lacks it, and does not arrive */
		at = PUT(at, "Via: ");
		at = put(at, received->data + via->at, via->len);
		at = PUT(at, "\r\n");
	}
	return at;
}

#define ROWS_MAX (CALL_VIA_MAX + CALL_RR_MAX + RR_VALUES_MAX * sizeof("Record-Route: \r\n"))

static char *put_rows(char *at, const char *end, const struct call *call, enum message kind,
		      const struct received *received)
{
	switch (kind) {
	case MESSAGE_ACK:
	case MESSAGE_BYE:
		return put_routes(at, call, true);
	case MESSAGE_HANG_UP:
		return put_routes(at, call, false);
	case MESSAGE_RINGING:
	case MESSAGE_OK:
		return put_recorded(put(at, call->via, call->via_len), call);
	case MESSAGE_TRYING:
	case MESSAGE_CHALLENGE:
	case MESSAGE_TERMINATED:
		return put(at, call->via, call->via_len);
	case MESSAGE_ACK_REFUSAL:
		if (received->to.len > ROWS_MAX - sizeof("To: \r\n"))
			return at;
		at = PUT(at, "To: ");
		at = put(at, received->data + received->to.at, received->to.len);
		return PUT(at, "\r\n");
	case MESSAGE_CANCEL_OK:
	case MESSAGE_BYE_OK:
	case MESSAGE_REGISTER_OK:
	case MESSAGE_OPTIONS_OK:
	case MESSAGE_HANG_UP_OK:
		return put_vias(at, end, received);
	default:
		return at;
	}
}

uint32_t call_render(struct traffic *t, const struct call *call, enum message kind,
		     const struct received *received, char *to, uint32_t max)
{
	char rows[ROWS_MAX];
	struct template_values values = {
		.digits = call->digits,
		.caller = call->caller,
		.target = call->target,
		.cseq = call->cseq,
		.rows = rows,
	};

	/* The challenge is to the first INVITE, also when it comes again later. */
	if (kind == MESSAGE_ACK_REFUSAL && received->kind == MESSAGE_CHALLENGE)
		values.cseq = '1';
	values.rows_len = (uint32_t)(put_rows(rows, rows + sizeof(rows), call, kind, received) -
				     rows);
	return template_render(t->templates, kind, &values, to, max);
}

void call_transmit(struct traffic *t, struct call *call, enum message kind,
	       const struct received *received)
{
	struct traffic_outbox *outbox = t->outbox;
	const uint8_t side = messages[kind].side;
	const bool by_caller = side == TRAFFIC_CALLERS;

	if (outbox->count == outbox->max)
		return; /* as good as lost: the timers send it again */
	struct traffic_packet *packet = &outbox->packets[outbox->count];
	packet->len = call_render(t, call, kind, received, packet->data, TRAFFIC_OCTETS_MAX);
	if (UNLIKELY(packet->len == 0)) {
		fault_report(t, TRAFFIC_FAULT_TOO_LONG, call, SPAN_EMPTY,
			     "%s would take more than %u octets", messages[kind].text,
			     TRAFFIC_OCTETS_MAX);
		return;
	}
	packet->side = side;
	packet->local = by_caller ? call->caller : call->target;
	if (t->config.direct) {
		packet->peer = by_caller ? call->target : call->caller;
		packet->destination =
			t->addresses[by_caller ? TRAFFIC_TARGETS : TRAFFIC_CALLERS][packet->peer];
	} else {
		packet->peer = 0;
		packet->destination = t->config.proxy[side];
	}
	outbox->count++;
	t->results.messages_sent++;
}
