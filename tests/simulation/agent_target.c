/* SPDX-License-Identifier: BSD-3-Clause */
/* What a target does with a new request; see agent.h. */
#include "agent.h"

#include <stdio.h>

#define RUDE 1000 /* added to the status of a response that steps no machine */

static void later(struct ua_txn *txn, uint32_t ms, uint16_t status)
{
	world_in(ms, EVENT_TXN_ANSWER, txn, txn->generation, status);
}

static bool is_answered(const struct call *call)
{
	for (const struct leg *leg = call->legs; leg; leg = leg->next)
		if (!leg->is_caller && leg->status / 100 == 2)
			return true;
	return false;
}

/* Notes that this request was placed here, and how many it was placed at before.  A second one
 * with another branch at one target is a second call. */
static uint32_t place(struct call *call, struct node *node, const struct buffer *in)
{
	if (call->placed_cseq != in->sip.cseq) {
		call->placed_cseq = in->sip.cseq;
		call->reached = 0;
	}
	if (call->begins_anew)
		return ATTEMPTS_MAX;
	for (uint32_t i = 0; i < call->reached; i++) {
		if (call->placed_branch[i] == in->sip.branch_hash && call->placed[i] == node) {
			/* Known, and forgotten since: it crashed, or the engine asks anew. */
			if (!agreement_is_touched(call) && !call->has_lost)
				world_fail(call, "a call comes again after its end");
			return i;
		}
		if (call->placed[i] == node && !call->has_lost)
			world_fail(call, "a second call for one INVITE at one target");
	}
	if (call->has_lost && is_answered(call))
		call_race(call, RACE_LOST_TWICE);
	if (call->reached >= ATTEMPTS_MAX && call->has_lost)
		return ATTEMPTS_MAX;
	if (call->reached >= ATTEMPTS_MAX) {
		world_fail(call, "a call is placed at more than %d targets", ATTEMPTS_MAX);
		return 0;
	}
	call->placed_branch[call->reached] = in->sip.branch_hash;
	call->placed[call->reached] = node;
	call->placed_incarnation[call->reached] = node->incarnation;
	return call->reached++;
}

static void take_other(struct call *call, struct node *node, struct buffer *in,
		       struct address from)
{
	const struct plan *plan = &call->plan;
	uint32_t place_number = place(call, node, in);
	struct ua_txn *txn = agent_server(call, node, in, from);

	if (place_number < plan->failures) {
		later(txn, plan->ring_ms, 503);
	} else if (plan->flow == FLOW_DEAD) {
		if (plan->has_trying)
			later(txn, plan->ring_ms, 100);
		/* Nothing ends Trying but an answer; it may go when nobody asks any more. */
		txn->end = world.now + TICK_MS(70 * T1_MS);
		world_in(70 * T1_MS, EVENT_TXN_END, txn, txn->generation, 0);
	} else {
		/* RFC 4320 §4.1; some answer as RFC 3261 did before. */
		if (plan->answer_ms >= 3500)
			later(txn, plan->has_trying ? plan->ring_ms : 3500,
			      plan->rings ? 183 : 100);
		later(txn, plan->answer_ms, plan->status);
	}
}

/* One of several that are asked. */
static void ring_forked(struct leg *leg, struct ua_txn *txn, uint32_t place_number)
{
	const struct plan *plan = &leg->call->plan;
	uint32_t number = MIN(place_number, ATTEMPTS_MAX - 1u), late_ms = plan->late_ms[number];

	if (plan->has_trying)
		later(txn, late_ms, 100);
	if (plan->rings)
		later(txn, late_ms + plan->ring_ms, 180);
	later(txn, late_ms + plan->ring_ms + plan->answer_ms, plan->statuses[number]);
}

static void ring(struct leg *leg, struct ua_txn *txn)
{
	const struct plan *plan = &leg->call->plan;

	if (plan->has_trying)
		agent_respond(txn, agent_response(txn, 100, leg, ""));
	if (plan->flow == FLOW_PRACK || plan->rings)
		later(txn, plan->ring_ms, plan->flow == FLOW_PRACK ? 183 : 180);
	if (plan->flow != FLOW_PRACK && plan->flow != FLOW_TIMER_C && plan->flow != FLOW_STUBBORN)
		later(txn, plan->ring_ms + plan->answer_ms, plan->status);
	if (plan->flow == FLOW_TIMER_C || plan->flow == FLOW_STUBBORN)
		later(txn, TIMER_C_MS + 80000, 480); /* should the CANCEL never come */
}

static void take_invite(struct call *call, struct node *node, struct buffer *in,
			struct address from)
{
	const struct plan *plan = &call->plan;
	uint32_t place_number;

	if (call->silent == node)
		return;
	place_number = place(call, node, in);
	if ((plan->flow == FLOW_SILENT || plan->flow == FLOW_SILENT_CANCEL) && place_number == 0) {
		call->silent = node;
		return;
	}
	struct leg *leg = leg_new(call, node, false);
	struct ua_txn *txn = agent_server(call, node, in, from);
	leg->invite = txn;
	leg->remote_cseq = in->sip.cseq;
	leg->branch_hash = in->sip.branch_hash;
	txn->leg = leg;
	leg_learn(leg, in);
	if (place_number < plan->failures) {
		later(txn, plan->ring_ms, 503);
	} else if (plan->flow == FLOW_FORK) {
		ring_forked(leg, txn, place_number);
	} else if (plan->first_status && !call->was_challenged) {
		later(txn, plan->ring_ms, plan->first_status);
	} else if (plan->flow == FLOW_CHALLENGE && !in->sip.has_credentials) {
		call->challenger = node->number;
		later(txn, plan->ring_ms, 407);
	} else {
		/* Only who made the nonce knows it. */
		if (plan->flow == FLOW_CHALLENGE && call->challenger != node->number &&
		    !agreement_is_touched(call) && !call->had_failover)
			world_fail(call, "credentials come to target %u, target %u asked for them",
				   node->number, call->challenger);
		ring(leg, txn);
	}
}

void target_request(struct call *call, struct node *node, struct buffer *in, struct address from)
{
	if (in->sip.method == METHOD_INVITE)
		take_invite(call, node, in, from);
	else
		take_other(call, node, in, from);
}

void target_cancel(struct ua_txn *invite)
{
	if (invite->call->plan.flow != FLOW_STUBBORN) {
		target_answer(invite, 487);
		return;
	}
	/* A target that is wrong: it ends the call, and tells nobody. */
	invite->leg->state = LEG_ENDED;
	invite->end = world.now + TICK_MS(64 * T1_MS);
	world_in(64 * T1_MS, EVENT_TXN_END, invite, invite->generation, 0);
}

static void send_reliable(struct leg *leg, struct ua_txn *txn)
{
	leg->rseq = leg->call->number % 5000 + 1;
	char extra[64], *at = extra;
	struct draft draft;

	draft_begin(&draft);
	draft_text(&draft, "Require: 100rel\r\nRSeq: ");
	draft_number(&draft, leg->rseq);
	draft_text(&draft, "\r\n");
	size_t len = (size_t)(draft.at - draft.text);
	memcpy(at, draft.text, len);
	at[len] = '\0';
	struct buffer *ringing = agent_response(txn, 183, leg, extra);
	leg->reliable = buffer_ref(ringing);
	leg->reliable_ms = T1_MS;
	leg->reliable_since = world.now;
	agent_respond(txn, ringing);
	world_in(T1_MS, EVENT_LEG, leg, leg->generation, LEG_REPEAT_RELIABLE);
}

/* Which nonce is whose can be told. */
static const char *challenge(const struct ua_txn *txn, uint16_t status)
{
	static char row[80];

	if (status != 401 && status != 407)
		return "";
	snprintf(row, sizeof(row), "%s-Authenticate: Digest realm=\"t%u\", nonce=\"%u\"\r\n",
		 status == 401 ? "WWW" : "Proxy", txn->node->number, txn->call->number);
	return row;
}

void target_answer(struct ua_txn *txn, uint16_t status)
{
	struct leg *leg = txn->leg;

	const struct plan *plan = &txn->call->plan;

	if (agent_txn_lives(txn) && status >= RUDE && txn->state > UA_PROCEEDING) {
		struct buffer *response = agent_response(txn, status - RUDE, leg, "");
		txn->call->was_contradicted |= status >= RUDE + 200;
		network_send(response, txn->node->seen, txn->peer);
		buffer_release(response);
	}
	if (!agent_txn_lives(txn) || txn->state > UA_PROCEEDING || status >= RUDE)
		return;
	if (status >= 200 && plan->rude_status)
		later(txn, plan->rude_ms, RUDE + plan->rude_status);
	if (txn->kind == UA_SERVER) {
		agent_respond(txn, agent_response(txn, status, leg, ""));
		return;
	}
	if (leg->state == LEG_ENDED)
		return;
	if (status == 183) {
		send_reliable(leg, txn);
	} else if (status < 200) {
		agent_respond(txn, agent_response(txn, status, leg, ""));
	} else if (status < 300) {
		leg->status = status;
		leg_answer(leg, txn);
	} else {
		leg->status = status;
		leg->state = LEG_ENDED;
		buffer_release(leg->reliable);
		leg->reliable = NULL;
		agent_respond(txn, agent_response(txn, status, leg, challenge(txn, status)));
	}
}
