/* SPDX-License-Identifier: BSD-3-Clause */
/* What a caller does: its request, credentials, PRACK, CANCEL, ACK; see agent.h. */
#include "agent.h"
#include "model.h"

#include <stdio.h>

struct address caller_way_in(const struct call *call)
{
	struct address address = cluster_access(call->slot);

	address.port = (uint16_t)(5060 + 2 * call->plan.service);
	return address;
}

static void send(struct call *call, const char *extra)
{
	char text[200];
	const char *reliable = call->plan.flow == FLOW_PRACK ? "Supported: 100rel\r\n" : "";

	snprintf(text, sizeof(text), "%s%s", reliable, extra);
	call->cseq++;
	struct ua_txn *txn = agent_client(call, call->caller_leg, call->caller,
					  agent_initial(call, text), caller_way_in(call));
	if (call->plan.method == METHOD_INVITE)
		call->invite = txn;
	call->caller_leg->local_cseq = call->cseq;
}

void caller_start(struct call *call)
{
	call->caller_leg = leg_new(call, call->caller, true);
	call->cseq = call->caller_leg->local_cseq;
	send(call, "");
	if (call->plan.gone_ms)
		world_in(call->plan.gone_ms, EVENT_GONE, call, 0, 0);
	if (call->plan.cancel_ms)
		world_in(call->plan.cancel_ms, EVENT_TXN_ANSWER, call->invite,
			 call->invite->generation, 0);
}

/* RFC 3261 §9.1: not before a provisional response, not after a final one. */
static void send_cancel(struct call *call)
{
	struct ua_txn *invite = call->invite;

	if (!invite || invite->state > UA_PROCEEDING || call->has_cancelled)
		return;
	if (!call->has_provisional) {
		call->wants_cancel = true;
		return;
	}
	call->has_cancelled = true;
	agent_client(call, call->caller_leg, call->caller,
		     agent_derived(invite, METHOD_CANCEL, NULL,
				   call->plan.has_reason ? "Reason: SIP;cause=200\r\n" : ""),
		     invite->peer);
	/* §9.1: the INVITE is over 64*T1 later; somewhat longer, to hear a proxy's 408. */
	invite->end = world.now + TICK_MS(64 * T1_MS + 6000);
	world_in(64 * T1_MS + 6000, EVENT_TXN_END, invite, invite->generation, 0);
}

void caller_cancel_due(struct call *call)
{
	send_cancel(call);
}

/* The leg of who answers, by the To tag: the first dialog is the caller's own leg, each further one
 * gets a leg (RFC 3261 §13.2.2.4). */
static struct leg *leg_for(struct ua_txn *txn, const struct buffer *in)
{
	struct leg *first = txn->leg, *leg;

	leg = leg_find(txn->call, txn->node, span_of_string(first->local_tag),
		       sip_text(in, in->sip.to_tag));
	if (leg)
		return leg;
	leg = leg_new(txn->call, txn->node, true);
	memcpy(leg->local_tag, first->local_tag, sizeof(leg->local_tag));
	leg->local_cseq = txn->cseq;
	return leg;
}

void caller_provisional(struct ua_txn *txn, struct buffer *in)
{
	struct call *call = txn->call;

	if (txn != call->invite)
		return;
	/* An ACK to nothing yet; should it come late, it acknowledges what was never seen. */
	if (call->plan.rude_status == 100 && !call->has_provisional) {
		call->was_contradicted = true;
		struct buffer *ack = agent_derived(txn, METHOD_ACK, in, "");
		network_send(ack, call->caller->seen, txn->peer);
		buffer_release(ack);
	}
	call->has_provisional = true;
	if (call->wants_cancel)
		send_cancel(call);
	if (!in->sip.needs_100rel)
		return;
	struct leg *leg = leg_for(txn, in);
	if (in->sip.rseq <= leg->rseq)
		return;
	char extra[64];
	leg_learn(leg, in);
	leg->rseq = in->sip.rseq;
	snprintf(extra, sizeof(extra), "RAck: %u %u INVITE\r\n", in->sip.rseq, txn->cseq);
	agent_client(call, leg, leg->node,
		     agent_in_dialog(leg, METHOD_PRACK, ++leg->local_cseq, extra), leg->next_hop);
}

/* A 503 never reaches a caller: it is 500 then (RFC 3261 §16.7 item 6). */
static bool tries_again(const struct call *call, uint16_t status)
{
	const struct plan *plan = &call->plan;

	if (call->was_challenged)
		return false;
	return plan->flow == FLOW_CHALLENGE
		       ? status == 407
		       : plan->first_status &&
				 status == (plan->first_status == 503 ? 500 : plan->first_status);
}

void caller_answered_again(struct ua_txn *txn, struct buffer *in)
{
	struct call *call = txn->call;
	struct leg *leg = leg_for(txn, in);

	if (leg->status / 100 == 2) {
		leg_send_ack(leg, txn->cseq);
		return;
	}
	/* Two targets answered, or one that crashed in between and knew nothing of the first
	 * time. */
	bool may_be = agreement_is_touched(call) ||
		      (call->had_failover && model_extra(call->plan.service) == EXTRA_FORWARD);
	if (!call->has_lost && !may_be)
		world_fail(call, "a second call was placed: two 2xx");
	call_race(call, RACE_TWO_ANSWERS);
	leg_learn(leg, in);
	leg->status = in->sip.status;
	leg_send_ack(leg, txn->cseq);
	leg->state = LEG_CONFIRMED;
	leg_send_bye(leg);
}

/* What only rang is over (RFC 3261 §13.2.2.3, §13.2.2.4). */
static void end_early_legs(struct call *call)
{
	for (struct leg *leg = call->legs; leg; leg = leg->next)
		if (leg->is_caller && leg->state == LEG_EARLY)
			leg->state = LEG_ENDED;
}

static void accepted(struct call *call, struct ua_txn *txn, struct buffer *in)
{
	struct leg *leg = leg_for(txn, in);

	call->caller_leg = leg;
	leg_learn(leg, in);
	leg->status = in->sip.status;
	leg->first_cseq = txn->cseq;
	leg_send_ack(leg, txn->cseq);
	leg_confirmed(leg);
	end_early_legs(call);
	call->is_done = true;
	if (!call->has_cancelled && !call->wants_cancel)
		return;
	call_race(call, RACE_ANSWER_BEATS_CANCEL);
	leg_send_bye(leg);
}

void caller_final(struct ua_txn *txn, struct buffer *in)
{
	struct call *call = txn->call;
	uint16_t status = in->sip.status;

	if (txn->method == METHOD_INVITE && tries_again(call, status)) {
		call->was_challenged = true;
		call->has_provisional = false;
		send(call, call->plan.flow == FLOW_CHALLENGE
				   ? "Proxy-Authorization: Digest nonce=\"x\"\r\n"
				   : "");
		return;
	}
	call->status = status;
	world.statuses[status]++;
	if (txn->method == METHOD_INVITE && status < 300) {
		accepted(call, txn, in);
		return;
	}
	call->is_done = true;
	end_early_legs(call);
	call->caller_leg->status = status;
}

void caller_timeout(struct ua_txn *txn)
{
	struct call *call = txn->call;

	call->status = 1;
	world.statuses[1]++;
	call->is_done = true;
	end_early_legs(call);
	call->caller_leg->status = 1;
}

void caller_gone(struct call *call)
{
	struct ua_txn *txn = call->txns, *next;

	call->is_caller_gone = call->is_done = true;
	for (; txn; txn = next) {
		next = txn->next;
		if (txn->node == call->caller)
			agent_txn_drop(txn);
	}
	for (struct leg *leg = call->legs; leg; leg = leg->next) {
		if (!leg->is_caller)
			continue;
		leg->state = LEG_ENDED;
		buffer_release(leg->answer);
		leg->answer = NULL;
	}
}
