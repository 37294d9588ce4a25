/* SPDX-License-Identifier: BSD-3-Clause */
/* Dialogs of agents: RFC 3261 §12 to §15, RFC 3262; see agent.h. */
#include "agent.h"

#include <stdlib.h>

static struct leg *free_legs;

struct leg *leg_new(struct call *call, struct node *node, bool is_caller)
{
	struct leg *leg = free_legs;

	if (leg)
		free_legs = leg->next;
	else if (!(leg = calloc(1, sizeof(*leg))))
		abort();
	uint32_t generation = leg->generation;
	memset(leg, 0, offsetof(struct leg, target));
	leg->answer = leg->reliable = leg->ack = NULL;
	leg->answer_cseq = leg->ack_cseq = 0;
	leg->invite = NULL;
	leg->generation = generation;
	leg->incarnation = node->incarnation;
	leg->call = call;
	leg->node = node;
	leg->is_caller = is_caller;
	leg->local_cseq = call->number % 1000;
	agent_tag(call, leg->local_tag);
	leg->next = call->legs;
	call->legs = leg;
	return leg;
}

void legs_forget(struct call *call)
{
	struct leg *leg;

	while ((leg = call->legs) != NULL) {
		call->legs = leg->next;
		buffer_release(leg->answer);
		buffer_release(leg->reliable);
		buffer_release(leg->ack);
		leg->generation++;
		leg->next = free_legs;
		free_legs = leg;
	}
}

static void put(char *to, uint16_t *len, size_t size, struct span text)
{
	if (*len + text.len > size)
		abort();
	memcpy(to + *len, text.data, text.len);
	*len = (uint16_t)(*len + text.len);
}

void leg_learn(struct leg *leg, const struct buffer *in)
{
	const struct sip *sip = &in->sip;
	struct span tag = sip_text(in, leg->is_caller ? sip->to_tag : sip->from_tag);

	if (tag.len >= TAG_SIZE)
		abort();
	memcpy(leg->remote_tag, tag.data, tag.len);
	leg->remote_tag[tag.len] = '\0';
	leg->routes_len = leg->target_len = 0;
	put(leg->target, &leg->target_len, sizeof(leg->target), sip_text(in, sip->contact));
	for (int i = 0; i < sip->record_route_count; i++) {
		int at = leg->is_caller ? sip->record_route_count - 1 - i : i;
		struct span uri = sip_text(in, sip->record_route[at]);
		if (i == 0 && !sip_uri_address(uri, &leg->next_hop))
			world_fail(leg->call, "a Record-Route names no address");
		put(leg->routes, &leg->routes_len, sizeof(leg->routes), SPAN("Route: <"));
		put(leg->routes, &leg->routes_len, sizeof(leg->routes), uri);
		put(leg->routes, &leg->routes_len, sizeof(leg->routes), SPAN(">\r\n"));
	}
	if (!sip->record_route_count)
		world_fail(leg->call, "no Record-Route in what makes a dialog");
	leg->has_dialog = true;
}

struct leg *leg_find(const struct call *call, const struct node *node, struct span local_tag,
		     struct span remote_tag)
{
	for (struct leg *leg = call->legs; leg; leg = leg->next)
		if (leg->node == node && agent_leg_lives(leg) &&
		    span_equal(local_tag, span_of_string(leg->local_tag)) &&
		    (!leg->has_dialog || span_equal(remote_tag, span_of_string(leg->remote_tag))))
			return leg;
	return NULL;
}

static void act_in(struct leg *leg, uint64_t ms, enum leg_action action)
{
	world_in(ms, EVENT_LEG, leg, leg->generation, action);
}

/* Both sides know: now the call takes its course. */
void leg_confirmed(struct leg *leg)
{
	const struct plan *plan = &leg->call->plan;
	int side = leg->is_caller ? 0 : 1;

	leg->state = LEG_CONFIRMED;
	if (plan->midway[side])
		act_in(leg, plan->midway_ms[side], LEG_MIDWAY);
	/* Whoever waits for a BYE that never comes ends the call in the end. */
	act_in(leg, plan->hangs_up[side] ? plan->hold_ms : plan->hold_ms + 90000, LEG_BYE);
}

void leg_send_ack(struct leg *leg, uint32_t cseq)
{
	if (leg->ack_cseq != cseq) {
		buffer_release(leg->ack);
		leg->ack = agent_in_dialog(leg, METHOD_ACK, cseq, "");
		leg->ack_cseq = cseq;
	}
	network_send(leg->ack, leg->node->seen, leg->next_hop);
}

static struct ua_txn *send_request(struct leg *leg, uint8_t method, const char *extra)
{
	return agent_client(leg->call, leg, leg->node,
			    agent_in_dialog(leg, method, ++leg->local_cseq, extra), leg->next_hop);
}

void leg_send_bye(struct leg *leg)
{
	if (leg->state != LEG_CONFIRMED)
		return;
	leg->state = LEG_ENDED;
	leg->sent_bye = true;
	send_request(leg, METHOD_BYE, "");
}

/* The UAS core repeats its 2xx itself until the ACK, also when a BYE came meanwhile (§13.3.1.4). */
void leg_answer(struct leg *leg, struct ua_txn *txn)
{
	struct buffer *answer = agent_response(txn, 200, leg, "");

	buffer_release(leg->answer);
	leg->answer = buffer_ref(answer);
	leg->answer_cseq = txn->cseq;
	leg->answer_to = txn->peer;
	leg->repeat_since = world.now;
	leg->repeat_ms = T1_MS;
	agent_respond(txn, answer);
	act_in(leg, T1_MS, LEG_REPEAT_ANSWER);
}

static void repeat_answer(struct leg *leg)
{
	/* A later answer has its own clock. */
	if (!leg->answer || world.now < leg->repeat_since + TICK_MS(leg->repeat_ms) - TICK_MS(1))
		return;
	if (world.now - leg->repeat_since >= TICK_MS(64 * T1_MS)) {
		leg->gave_up = true;
		buffer_release(leg->answer);
		leg->answer = NULL;
		if (leg->state == LEG_EARLY)
			leg->state = LEG_CONFIRMED;
		leg_send_bye(leg);
		return;
	}
	network_send(leg->answer, leg->node->seen, leg->answer_to);
	/* At 0.5, 1.5, 3.5, 7.5, 11.5 ... s after the first: T1 doubling to T2. */
	uint64_t elapsed = (world.now - leg->repeat_since) / 1000;
	uint64_t wait = MIN(elapsed + T1_MS, (uint64_t)T2_MS);
	wait = MIN(wait, 64 * T1_MS - elapsed);
	leg->repeat_ms = (uint32_t)(elapsed + wait);
	act_in(leg, wait, LEG_REPEAT_ANSWER);
}

static void repeat_reliable(struct leg *leg)
{
	if (!leg->reliable || !leg->invite)
		return;
	if (world.now - leg->reliable_since >= TICK_MS(64 * T1_MS)) {
		target_answer(leg->invite, 504); /* RFC 3262 §3: a 5xx */
		return;
	}
	network_send(leg->reliable, leg->node->seen, leg->invite->peer);
	leg->reliable_ms *= 2;
	act_in(leg, leg->reliable_ms, LEG_REPEAT_RELIABLE);
}

static void midway(struct leg *leg)
{
	static const uint8_t methods[] = {
		[MIDWAY_INFO] = METHOD_INFO, [MIDWAY_UPDATE] = METHOD_UPDATE,
		[MIDWAY_MESSAGE] = METHOD_MESSAGE, [MIDWAY_OPTIONS] = METHOD_OPTIONS,
	};
	int side = leg->is_caller ? 0 : 1;

	if (leg->state != LEG_CONFIRMED)
		return;
	if (leg->call->plan.midway[side] == MIDWAY_OUT_OF_ORDER) {
		agent_client(leg->call, leg, leg->node,
			     agent_in_dialog(leg, METHOD_INFO, leg->first_cseq - 1, ""),
			     leg->next_hop);
	} else if (leg->call->plan.midway[side] != MIDWAY_REINVITE) {
		send_request(leg, methods[leg->call->plan.midway[side]], "");
	} else if (!leg->answer) {
		/* While an offer of the other side is open there is none of our own. */
		leg->invite_cseq = leg->local_cseq + 1;
		send_request(leg, METHOD_INVITE, "");
	}
}

void leg_act(struct leg *leg, enum leg_action action)
{
	if (!agent_leg_lives(leg))
		return;
	if (action == LEG_REPEAT_ANSWER)
		repeat_answer(leg);
	else if (action == LEG_REPEAT_RELIABLE)
		repeat_reliable(leg);
	else if (action == LEG_MIDWAY)
		midway(leg);
	else
		leg_send_bye(leg);
}

/* ---- requests inside */

void dialog_ack(struct leg *leg, const struct buffer *in)
{
	if (!leg->answer || in->sip.cseq != leg->answer_cseq)
		return;
	buffer_release(leg->answer);
	leg->answer = NULL;
	if (leg->is_acknowledged || leg->is_caller)
		return;
	leg->is_acknowledged = true;
	if (leg->state == LEG_EARLY)
		leg_confirmed(leg);
}

static void take_bye(struct leg *leg, struct ua_txn *txn)
{
	if (leg->state == LEG_ENDED) {
		if (leg->sent_bye)
			call_race(leg->call, RACE_BYE_CROSSES_BYE);
		agent_respond(txn, agent_response(txn, leg->sent_bye ? 200 : 481, leg, ""));
		leg->got_bye |= leg->sent_bye;
		return;
	}
	if (leg->answer && !leg->is_caller && !leg->is_acknowledged)
		call_race(leg->call, RACE_BYE_OVERTAKES_ACK);
	leg->got_bye = true;
	leg->state = LEG_ENDED;
	buffer_release(leg->reliable);
	leg->reliable = NULL;
	agent_respond(txn, agent_response(txn, 200, leg, ""));
	if (leg->invite) /* §15.1.2: a pending request gets 487 */
		agent_respond(leg->invite, agent_response(leg->invite, 487, leg, ""));
}

static bool has_own_invite(const struct leg *leg)
{
	for (const struct ua_txn *txn = leg->call->txns; txn; txn = txn->next)
		if (txn->leg == leg && txn->kind == UA_INVITE_CLIENT && txn->state <= UA_PROCEEDING)
			return true;
	return false;
}

static void take_reinvite(struct leg *leg, struct ua_txn *txn)
{
	if (leg->answer) {
		call_race(leg->call, RACE_REQUEST_BEFORE_ACK);
		agent_respond(txn, agent_response(txn, 500, leg, "Retry-After: 1\r\n"));
	} else if (has_own_invite(leg)) {
		call_race(leg->call, RACE_REINVITE_GLARE);
		agent_respond(txn, agent_response(txn, 491, leg, ""));
	} else if (leg->call->plan.refuses_midway) {
		agent_respond(txn, agent_response(txn, 488, leg, ""));
	} else {
		leg_answer(leg, txn);
	}
}

static void take_prack(struct leg *leg, struct ua_txn *txn, const struct buffer *in)
{
	if (!leg->reliable || in->sip.rseq != leg->rseq) {
		agent_respond(txn, agent_response(txn, 481, leg, ""));
		return;
	}
	buffer_release(leg->reliable);
	leg->reliable = NULL;
	agent_respond(txn, agent_response(txn, 200, leg, ""));
	if (leg->invite)
		world_in(leg->call->plan.answer_ms, EVENT_TXN_ANSWER, leg->invite,
			 leg->invite->generation, 200);
}

void dialog_request(struct leg *leg, struct ua_txn *txn, struct buffer *in)
{
	txn->leg = leg;
	if (in->sip.method == METHOD_BYE) {
		take_bye(leg, txn);
	} else if (leg->state == LEG_ENDED) {
		call_race(leg->call, RACE_BYE_MEETS_REQUEST);
		agent_respond(txn, agent_response(txn, 481, leg, ""));
	} else if (in->sip.cseq <= leg->remote_cseq) {
		/* §12.2.2 */
		if (leg->call->plan.midway[0] == MIDWAY_OUT_OF_ORDER)
			leg->call->has_race = true;
		else
			call_race(leg->call, RACE_REQUEST_OVERTAKEN);
		agent_respond(txn, agent_response(txn, 500, leg, ""));
	} else if (in->sip.method == METHOD_PRACK) {
		leg->remote_cseq = in->sip.cseq;
		take_prack(leg, txn, in);
	} else if (in->sip.method == METHOD_INVITE) {
		leg->remote_cseq = in->sip.cseq;
		take_reinvite(leg, txn);
	} else {
		leg->remote_cseq = in->sip.cseq;
		if (leg->call->plan.has_trying) {
			agent_respond(txn, agent_response(txn, 100, leg, ""));
			world_in(leg->call->plan.answer_ms, EVENT_TXN_ANSWER, txn, txn->generation,
				 200);
		} else {
			agent_respond(txn, agent_response(txn, 200, leg, ""));
		}
	}
}

/* ---- their outcome */

void dialog_final(struct ua_txn *txn, struct buffer *in)
{
	struct leg *leg = txn->leg;
	uint16_t status = in->sip.status;

	if (txn->method == METHOD_BYE) {
		leg->bye_status = status;
		return;
	}
	if (txn->method == METHOD_PRACK && leg->call->plan.updates_early && status == 200 &&
	    leg->state == LEG_EARLY)
		send_request(leg, METHOD_UPDATE, "");
	if (txn->method != METHOD_PRACK)
		leg->midway_status = status;
	if (txn->method == METHOD_INVITE && status < 300)
		leg_send_ack(leg, txn->cseq);
	/* §12.2.1.2: these end the dialog. */
	if (status == 481 || status == 408)
		leg_send_bye(leg);
}

void dialog_timeout(struct ua_txn *txn)
{
	struct leg *leg = txn->leg;

	if (txn->method == METHOD_BYE) {
		leg->bye_status = 1;
		return;
	}
	if (txn->method != METHOD_PRACK)
		leg->midway_status = 1;
	leg_send_bye(leg);
}
