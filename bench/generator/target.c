/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The target's end of a call: server transactions (RFC 3261 §17.2), the 2xx sent again until its
 * ACK (§13.3.1.4), the BYE for want of one (§13.3.1.4 as well), CANCEL (§9.2).
 */
#include "generator/engine.h"

#include "generator/check.h"

static bool again(struct traffic *t)
{
	t->results.retransmissions_received++;
	return true;
}

/* The INVITE's rows, for all of its responses and for the route set. */
static bool keep_rows(struct traffic *t, struct call *call, const struct received *received)
{
	uint32_t at = 0;

	call->via_len = call->rr_count = 0;
	for (uint32_t i = 0; i < received->via_count; i++) {
		const struct range *via = &received->via[i];
		if (at + via->len + 7 > CALL_VIA_MAX)
			goto too_long;
		memcpy(call->via + at, "Via: ", 5);
		memcpy(call->via + at + 5, received->data + via->at, via->len);
		memcpy(call->via + at + 5 + via->len, "\r\n", 2);
		at += via->len + 7u;
	}
	call->via_len = (uint16_t)at;
	at = 0;
	for (uint32_t i = 0; i < received->rr_count; i++) {
		const struct range *rr = &received->rr[i];
		if (at + rr->len > CALL_RR_MAX)
			goto too_long;
		memcpy(call->rr + at, received->data + rr->at, rr->len);
		call->rr_len[i] = rr->len;
		at += rr->len;
	}
	call->rr_count = received->rr_count;
	return true;

too_long:
	if (call->flags & CALL_FAULTY)
		return false; /* told already what makes them so long */
	fault_report(t, TRAFFIC_FAULT_TOO_LONG, call, SPAN_EMPTY,
		     "a call has room for %u octets of Via and %u of Record-Route", CALL_VIA_MAX,
		     CALL_RR_MAX);
	return false;
}

static bool is_refusal(enum message kind)
{
	return messages[kind].status >= 300;
}

static void refuse(struct traffic *t, struct call *call, enum message kind)
{
	call->target_state = TARGET_REFUSED;
	resend_start(t, call, &call->of_target, kind);
}

static bool take_invite(struct traffic *t, struct call *call, const struct received *received,
			const uint8_t *answers)
{
	if (!keep_rows(t, call, received))
		return true;
	if (call->target_state == TARGET_IDLE)
		delay_add(t, TRAFFIC_DELAY_INVITE, call->due);
	call->target_state = TARGET_RINGING;
	for (int i = 0; i < FLOW_ANSWERS_MAX && answers[i] != MESSAGE_NONE; i++) {
		call_transmit(t, call, (enum message)answers[i], received);
		if (is_refusal((enum message)answers[i]))
			refuse(t, call, (enum message)answers[i]);
	}
	if (call->target_state == TARGET_RINGING && flows[call->flow].after_ringing)
		call_list_add(t, call, LIST_RING, t->now_tsc + t->ring_tsc);
	return true;
}

static bool receive_invite(struct traffic *t, struct call *call, const struct received *received)
{
	const struct flow *flow = &flows[call->flow];

	if (received->kind == MESSAGE_INVITE && call->target_state == TARGET_IDLE)
		return take_invite(t, call, received, flow->answers);
	if (received->kind == MESSAGE_INVITE_AUTH && call->target_state == TARGET_CHALLENGED)
		return take_invite(t, call, received, flow->second_answers);
	if (call->target_state == TARGET_IDLE)
		return false;
	/* §17.2.1: the latest response goes out again; a 2xx is the timer's work (RFC 6026). */
	const bool is_current = (received->kind == MESSAGE_INVITE) == (call->cseq == '1');
	if (is_current && call->target_state == TARGET_RINGING)
		call_transmit(t, call, MESSAGE_RINGING, received);
	else if (is_current && call->target_state == TARGET_REFUSED)
		call_transmit(t, call, (enum message)call->of_target.kind, received);
	return again(t);
}

void target_ring_over(struct traffic *t, struct call *call)
{
	if (call->target_state != TARGET_RINGING)
		return;
	call->target_state = TARGET_ANSWERED;
	call_transmit(t, call, (enum message)flows[call->flow].after_ringing, NULL);
	resend_start(t, call, &call->of_target, (enum message)flows[call->flow].after_ringing);
}

static bool receive_ack(struct traffic *t, struct call *call)
{
	switch (call->target_state) {
	case TARGET_ANSWERED:
		call->target_state = TARGET_TALKING;
		resend_stop(&call->of_target);
		caller_ack_arrived(t, call);
		return true;
	case TARGET_TALKING:
	case TARGET_HANGING_UP:
	case TARGET_OVER:
		return again(t);
	default:
		return false;
	}
}

static bool receive_ack_refusal(struct traffic *t, struct call *call)
{
	if (call->target_state != TARGET_REFUSED)
		return call->target_state == TARGET_IDLE ? false : again(t);
	resend_stop(&call->of_target);
	if (flows[call->flow].second == MESSAGE_NONE) {
		call->target_state = TARGET_OVER;
		return true;
	}
	call->target_state = TARGET_CHALLENGED;
	caller_ack_arrived(t, call);
	return true;
}

static bool receive_cancel(struct traffic *t, struct call *call, const struct received *received)
{
	if (!flows[call->flow].cancels || call->target_state == TARGET_IDLE ||
	    !(call->caller_state == CALLER_CANCELLING || call->caller_state == CALLER_OVER))
		return false;
	call_transmit(t, call, MESSAGE_CANCEL_OK, received);
	if (call->target_state != TARGET_RINGING)
		return again(t);
	call_transmit(t, call, MESSAGE_TERMINATED, received);
	refuse(t, call, MESSAGE_TERMINATED);
	return true;
}

static bool receive_bye(struct traffic *t, struct call *call, const struct received *received)
{
	switch (call->target_state) {
	case TARGET_TALKING:
		delay_add(t, TRAFFIC_DELAY_BYE, call->list_due);
		call->target_state = TARGET_OVER;
		break;
	case TARGET_OVER:
		again(t);
		break;
	default:
		return false;
	}
	call_transmit(t, call, MESSAGE_BYE_OK, received);
	return true;
}

static bool receive_single(struct traffic *t, struct call *call, const struct received *received)
{
	if (received->kind != flows[call->flow].request)
		return false;
	if (call->target_state != TARGET_IDLE)
		again(t);
	call->target_state = TARGET_OVER;
	call_transmit(t, call, (enum message)flows[call->flow].answers[0], received);
	return true;
}

bool target_receive(struct traffic *t, struct call *call, const struct received *received)
{
	switch (received->kind) {
	case MESSAGE_INVITE:
	case MESSAGE_INVITE_AUTH:
		return messages[flows[call->flow].request].method == SIP_METHOD_INVITE &&
		       receive_invite(t, call, received);
	case MESSAGE_ACK:
		return receive_ack(t, call);
	case MESSAGE_ACK_REFUSAL:
		return receive_ack_refusal(t, call);
	case MESSAGE_CANCEL:
		return receive_cancel(t, call, received);
	case MESSAGE_BYE:
		return receive_bye(t, call, received);
	case MESSAGE_REGISTER:
	case MESSAGE_OPTIONS:
		return receive_single(t, call, received);
	case MESSAGE_HANG_UP_OK:
	case MESSAGE_OTHER_FINAL:
		if (call->target_state != TARGET_HANGING_UP)
			return call->target_state == TARGET_OVER ? again(t) : false;
		call->target_state = TARGET_OVER;
		call->caller_state = CALLER_OVER;
		resend_stop(&call->of_target);
		return true;
	case MESSAGE_OTHER_PROVISIONAL:
		return call->target_state == TARGET_HANGING_UP;
	default:
		return false;
	}
}

/* ---- timers */

/* For 64*T1 the answer went out again and again, the caller acknowledged, and nothing came. */
static void report_dropped_ack(struct traffic *t, struct call *call)
{
	char answer[TRAFFIC_OCTETS_MAX], ack[TRAFFIC_OCTETS_MAX];
	struct received received = { .data = answer, .kind = call->of_target.kind };
	struct sip_message *msg = &t->expected_parsed;
	const bool is_refused = call->target_state == TARGET_REFUSED;
	uint32_t answer_len = call_render(t, call, (enum message)call->of_target.kind, &received,
					  answer, sizeof(answer));

	if (sip_message_parse(msg, answer, answer_len) == VERDICT_REASON_NONE) {
		const struct sip_header *to = sip_message_find(msg, SIP_HEADER_TO);
		received.to = (struct range){ .at = to->value, .len = to->value_len };
	}
	uint32_t ack_len = call_render(t, call, is_refused ? MESSAGE_ACK_REFUSAL : MESSAGE_ACK,
				       &received, ack, sizeof(ack));
	t->incoming = (struct incoming){
		.data = answer, .len = answer_len, .side = TRAFFIC_TARGETS, .local = call->target,
	};
	fault_report(t, TRAFFIC_FAULT_DROPPED_ACK, call, span_of(ack, ack_len),
		     "the caller acknowledged this answer, and for 64*T1 no ACK came");
	t->incoming = (struct incoming){ .len = 0 };
}

static void give_up(struct traffic *t, struct call *call)
{
	const bool acknowledged = call->caller_state > CALLER_CANCELLING ||
				  call->flags & CALL_INVITE_DONE;

	call->flags |= CALL_NO_ACK;
	if (call->target_state != TARGET_HANGING_UP && acknowledged)
		report_dropped_ack(t, call);
	if (call->target_state != TARGET_ANSWERED) {
		call_end(t, call, TRAFFIC_FAILURE_NO_ACK);
		return;
	}
	call_list_remove(t, call);
	call->flags &= (uint8_t)~CALL_BYE_WAITS;
	call->target_state = TARGET_HANGING_UP;
	call_transmit(t, call, MESSAGE_HANG_UP, NULL);
	resend_start(t, call, &call->of_target, MESSAGE_HANG_UP);
}

void target_timer(struct traffic *t, struct call *call)
{
	struct resend *resend = &call->of_target;

	if (resend->give_up <= t->now) {
		give_up(t, call);
		return;
	}
	if (resend->next > t->now)
		return;
	t->results.retransmissions_target++;
	call_transmit(t, call, (enum message)resend->kind, NULL);
	resend_advance(t, resend, t->config.t2_ms);
}
