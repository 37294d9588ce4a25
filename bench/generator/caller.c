/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The caller's end of a call: client transactions (RFC 3261 §17.1), the ACK to a 2xx (§13.2.2.4),
 * CANCEL (§9.1), the second INVITE after a challenge (§22.3), BYE.
 *
 * Since one program has both ends, the BYE and the second INVITE wait until the ACK before them
 * has reached the target: an ACK that a proxy drops then never hides behind the next request.
 */
#include "generator/engine.h"

static void send_request(struct traffic *t, struct call *call, enum message kind,
			 enum caller_state state)
{
	call->caller_state = (uint8_t)state;
	call_transmit(t, call, kind, NULL);
	resend_start(t, call, &call->of_caller, kind);
}

void caller_start(struct traffic *t, struct call *call)
{
	send_request(t, call, (enum message)flows[call->flow].request, CALLER_CALLING);
	delay_add(t, TRAFFIC_DELAY_LATE, call->due);
}

void caller_cancel(struct traffic *t, struct call *call)
{
	if (call->caller_state != CALLER_PROCEEDING)
		return;
	/* Not before the target rings: a little longer when only the 180 was lost. */
	if (!(call->flags & (CALL_RANG | CALL_CANCEL_DUE))) {
		call->flags |= CALL_CANCEL_DUE;
		call->of_caller.next = t->now + TICK_MS(t->config.t1_ms);
		call_timer_update(t, call);
		return;
	}
	call->flags &= (uint8_t)~CALL_CANCEL_DUE;
	send_request(t, call, MESSAGE_CANCEL, CALLER_CANCELLING);
}

static void send_bye(struct traffic *t, struct call *call)
{
	send_request(t, call, MESSAGE_BYE, CALLER_ENDING);
}

void caller_hold_over(struct traffic *t, struct call *call)
{
	if (call->caller_state != CALLER_TALKING)
		return;
	if (call->target_state == TARGET_ANSWERED)
		call->flags |= CALL_BYE_WAITS;
	else if (call->target_state == TARGET_TALKING)
		send_bye(t, call);
}

static void send_second(struct traffic *t, struct call *call)
{
	call->cseq = '2';
	send_request(t, call, (enum message)flows[call->flow].second, CALLER_CALLING);
}

void caller_ack_arrived(struct traffic *t, struct call *call)
{
	if (call->caller_state == CALLER_CHALLENGED) {
		send_second(t, call);
	} else if (call->flags & CALL_BYE_WAITS) {
		call->flags &= (uint8_t)~CALL_BYE_WAITS;
		send_bye(t, call); /* due since the hold time was over: list_due */
	}
}

/* ---- responses */

static void over(struct call *call)
{
	call->caller_state = CALLER_OVER;
	resend_stop(&call->of_caller);
}

static bool again(struct traffic *t)
{
	t->results.retransmissions_received++;
	return true;
}

static bool is_waiting(const struct call *call)
{
	return call->caller_state == CALLER_CALLING || call->caller_state == CALLER_PROCEEDING;
}

static bool receive_provisional(struct traffic *t, struct call *call,
				const struct received *received)
{
	const bool rings = received->kind == MESSAGE_RINGING;

	if (rings && call->target_state == TARGET_IDLE)
		return false;
	if (messages[flows[call->flow].request].method != SIP_METHOD_INVITE) {
		/* §17.1.2.2, Proceeding: Timer E runs on with T2, Timer F too. */
		call->of_caller.interval_ms = t->config.t2_ms;
		return true;
	}
	if (!is_waiting(call))
		return true; /* overtaken by a final response, or by our CANCEL */
	call->of_caller.give_up = t->now + TICK_MS((uint64_t)T1_COUNT * t->config.t1_ms +
						   t->trial.ring_ms);
	if (rings)
		call->flags |= CALL_RANG;
	if (rings && call->flags & CALL_CANCEL_DUE) {
		caller_cancel(t, call);
	} else if (call->caller_state == CALLER_CALLING) {
		call->of_caller.next = TICK_NEVER;
		call->caller_state = CALLER_PROCEEDING;
		if (flows[call->flow].cancels)
			call_list_add(t, call, LIST_RING, t->now_tsc + t->ring_tsc);
	}
	return true;
}

static bool receive_ok(struct traffic *t, struct call *call, const struct received *received)
{
	if (call->target_state == TARGET_IDLE || call->caller_state == CALLER_CHALLENGED ||
	    call->caller_state == CALLER_CANCELLING)
		return false;
	if (!is_waiting(call)) {
		again(t);
		call_transmit(t, call, MESSAGE_ACK, received);
		return true;
	}
	if (call->target_state != TARGET_ANSWERED)
		return false;
	delay_add(t, TRAFFIC_DELAY_RESPONSE, call->list_due);
	delay_add(t, TRAFFIC_DELAY_SETUP, call->due);
	delay_add(t, TRAFFIC_DELAY_SETUP_NET, call->due + t->ring_tsc);
	call->caller_state = CALLER_TALKING;
	resend_stop(&call->of_caller);
	call_transmit(t, call, MESSAGE_ACK, received);
	call_list_add(t, call, LIST_HOLD, t->now_tsc + t->hold_tsc);
	return true;
}

static void reject(struct traffic *t, struct call *call)
{
	call_end(t, call, TRAFFIC_FAILURE_REJECTED);
}

static bool receive_challenge(struct traffic *t, struct call *call,
			      const struct received *received)
{
	if (call->target_state == TARGET_IDLE)
		return false;
	call_transmit(t, call, MESSAGE_ACK_REFUSAL, received);
	if (!is_waiting(call) || call->cseq != '1')
		return again(t);
	if (flows[call->flow].second == MESSAGE_NONE) {
		reject(t, call);
		return true;
	}
	call->caller_state = CALLER_CHALLENGED;
	resend_stop(&call->of_caller);
	/* A proxy acknowledges by itself, perhaps before the challenge got here. */
	if (call->target_state == TARGET_CHALLENGED)
		send_second(t, call);
	return true;
}

static bool receive_terminated(struct traffic *t, struct call *call,
			       const struct received *received)
{
	if (call->target_state == TARGET_IDLE)
		return false;
	call_transmit(t, call, MESSAGE_ACK_REFUSAL, received);
	if (!flows[call->flow].cancels || call->caller_state != CALLER_CANCELLING) {
		if (!is_waiting(call))
			return again(t);
		reject(t, call);
		return true;
	}
	if (call->flags & CALL_INVITE_DONE)
		return again(t);
	call->flags |= CALL_INVITE_DONE;
	if (call->flags & CALL_CANCEL_DONE)
		over(call);
	return true;
}

static bool receive_cancel_ok(struct traffic *t, struct call *call)
{
	if (call->caller_state != CALLER_CANCELLING || call->flags & CALL_CANCEL_DONE)
		return call->flags & CALL_CANCEL_DONE ? again(t) : false;
	call->flags |= CALL_CANCEL_DONE;
	if (call->flags & CALL_INVITE_DONE) {
		over(call);
		return true;
	}
	/* §9.1: the INVITE gets its final response within 64*T1. */
	call->of_caller.next = TICK_NEVER;
	call->of_caller.kind = MESSAGE_INVITE;
	call->of_caller.give_up = t->now + TICK_MS(T1_COUNT * t->config.t1_ms);
	return true;
}

static bool receive_answer(struct traffic *t, struct call *call, const struct received *received)
{
	/* No answer before the request has arrived. */
	if (call->target_state != TARGET_OVER)
		return false;
	if (call->caller_state == CALLER_OVER)
		return again(t);
	if (received->kind == MESSAGE_BYE_OK && call->caller_state != CALLER_ENDING)
		return false;
	if (received->kind != MESSAGE_BYE_OK)
		delay_add(t, TRAFFIC_DELAY_EXCHANGE, call->due);
	over(call);
	return true;
}

/* A final response that no flow has: it was parsed in full. */
static bool receive_other(struct traffic *t, struct call *call, const struct received *received)
{
	if (t->parsed.method == SIP_METHOD_INVITE) {
		if (received->status >= 300)
			call_transmit(t, call, MESSAGE_ACK_REFUSAL, received);
		if (!is_waiting(call) && call->caller_state != CALLER_CANCELLING)
			return false;
	}
	reject(t, call);
	return true;
}

/* The target's BYE (RFC 3261 §15.1.2). */
static bool receive_hang_up(struct traffic *t, struct call *call, const struct received *received)
{
	if (call->target_state != TARGET_HANGING_UP)
		return false;
	if (call->caller_state == CALLER_OVER)
		again(t);
	call_list_remove(t, call);
	over(call);
	call_transmit(t, call, MESSAGE_HANG_UP_OK, received);
	return true;
}

bool caller_receive(struct traffic *t, struct call *call, const struct received *received)
{
	switch (received->kind) {
	case MESSAGE_TRYING:
	case MESSAGE_RINGING:
	case MESSAGE_OTHER_PROVISIONAL:
		return receive_provisional(t, call, received);
	case MESSAGE_OK:
		return receive_ok(t, call, received);
	case MESSAGE_CHALLENGE:
		return receive_challenge(t, call, received);
	case MESSAGE_TERMINATED:
		return receive_terminated(t, call, received);
	case MESSAGE_CANCEL_OK:
		return receive_cancel_ok(t, call);
	case MESSAGE_BYE_OK:
	case MESSAGE_REGISTER_OK:
	case MESSAGE_OPTIONS_OK:
		return receive_answer(t, call, received);
	case MESSAGE_OTHER_FINAL:
		return receive_other(t, call, received);
	case MESSAGE_HANG_UP:
		return receive_hang_up(t, call, received);
	default:
		return false;
	}
}

/* ---- timers */

void caller_timer(struct traffic *t, struct call *call)
{
	struct resend *resend = &call->of_caller;

	if (resend->give_up <= t->now) {
		call_end(t, call,
			 messages[resend->kind].method == SIP_METHOD_INVITE ?
				 TRAFFIC_FAILURE_TIMEOUT_INVITE :
				 TRAFFIC_FAILURE_TIMEOUT_NON_INVITE);
		return;
	}
	if (resend->next > t->now)
		return;
	if (call->flags & CALL_CANCEL_DUE) {
		caller_cancel(t, call);
		return;
	}
	t->results.retransmissions_caller++;
	call_transmit(t, call, (enum message)resend->kind, NULL);
	/* Timer A doubles on, Timer E stops at T2 (§17.1.1.2, §17.1.2.2). */
	resend_advance(t, resend,
		       messages[resend->kind].method == SIP_METHOD_INVITE ? UINT32_MAX / 2 :
									    t->config.t2_ms);
}

void caller_late(struct traffic *t, uint64_t serial, const char *digits)
{
	struct received received;
	struct sip_message *msg = &t->parsed;
	const char *data = t->incoming.data;

	if (sip_message_parse(msg, data, t->incoming.len) != VERDICT_REASON_NONE ||
	    msg->is_request || msg->status < 300 || msg->method != SIP_METHOD_INVITE ||
	    (msg->cseq != 1 && msg->cseq != 2))
		return;
	const struct sip_header *to = sip_message_find(msg, SIP_HEADER_TO);
	if (!to || t->config.direct)
		return; /* without a proxy a call ends only when its ACK has arrived */
	/* All that the ACK needs is told by the number and the response. */
	struct call gone = {
		.serial = serial,
		.caller = t->incoming.local,
		.cseq = (uint8_t)('0' + msg->cseq),
	};
	memcpy(gone.digits, digits, NUMBER_DIGITS);
	received = (struct received){
		.data = data,
		.to = { .at = (uint16_t)(msg->bytes + to->value - data), .len = to->value_len },
	};
	call_transmit(t, &gone, MESSAGE_ACK_REFUSAL, &received);
}
