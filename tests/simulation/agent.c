/* SPDX-License-Identifier: BSD-3-Clause */
/* Agents' transactions: the four machines of RFC 3261 §17 with RFC 6026; see agent.h. */
#include "agent.h"

#include <stdlib.h>

static struct ua_txn *free_txns;

static struct ua_txn *txn_new(struct call *call, struct node *node, struct buffer *request,
			      enum ua_kind kind)
{
	struct ua_txn *txn = free_txns;
	uint32_t generation;

	if (txn)
		free_txns = txn->next;
	else if (!(txn = calloc(1, sizeof(*txn))))
		abort();
	generation = txn->generation;
	*txn = (struct ua_txn){
		.next = call->txns, .call = call, .node = node,
		.generation = generation, .incarnation = node->incarnation,
		.kind = (uint8_t)kind, .method = request->sip.method, .cseq = request->sip.cseq,
		.branch_hash = request->sip.branch_hash, .end = TICK_NEVER,
		.interval_ms = T1_MS, .request = request,
	};
	call->txns = txn;
	return txn;
}

/* Events may still point to it: the memory stays, with another generation. */
void agent_txn_drop(struct ua_txn *txn)
{
	struct ua_txn **link = &txn->call->txns;

	while (*link != txn)
		link = &(*link)->next;
	*link = txn->next;
	if (txn->call->invite == txn)
		txn->call->invite = NULL;
	if (txn->leg && txn->leg->invite == txn)
		txn->leg->invite = NULL;
	buffer_release(txn->request);
	buffer_release(txn->last);
	txn->request = txn->last = NULL;
	txn->generation++;
	txn->next = free_txns;
	free_txns = txn;
}

static void send(const struct ua_txn *txn, struct buffer *buffer)
{
	network_send(buffer, txn->node->seen, txn->peer);
}

static void end_in(struct ua_txn *txn, uint64_t ms)
{
	txn->end = world.now + TICK_MS(ms);
	world_in(ms, EVENT_TXN_END, txn, txn->generation, 0);
}

static void resend_in(struct ua_txn *txn, uint32_t ms)
{
	txn->interval_ms = ms;
	world_in(ms, EVENT_TXN_RETRANSMIT, txn, txn->generation, txn->state);
}

struct ua_txn *agent_client(struct call *call, struct leg *leg, struct node *node,
			    struct buffer *request, struct address to)
{
	struct ua_txn *txn = txn_new(call, node, request,
				     request->sip.method == METHOD_INVITE ? UA_INVITE_CLIENT :
									    UA_CLIENT);
	txn->leg = leg;
	txn->peer = to;
	send(txn, request);
	resend_in(txn, T1_MS);
	end_in(txn, 64 * T1_MS);
	return txn;
}

struct ua_txn *agent_server(struct call *call, struct node *node, struct buffer *request,
			    struct address from)
{
	struct ua_txn *txn = txn_new(call, node, buffer_ref(request),
				     request->sip.method == METHOD_INVITE ? UA_INVITE_SERVER :
									    UA_SERVER);
	txn->peer = from;
	return txn;
}

void agent_respond(struct ua_txn *txn, struct buffer *response)
{
	uint16_t status = response->sip.status;

	buffer_release(txn->last);
	txn->last = response;
	send(txn, response);
	if (status < 200) {
		txn->state = UA_PROCEEDING;
		return;
	}
	txn->state = txn->kind == UA_INVITE_SERVER && status < 300 ? UA_ACCEPTED : UA_COMPLETED;
	end_in(txn, 64 * T1_MS); /* Timers H, J, L */
	if (txn->kind == UA_INVITE_SERVER && txn->state == UA_COMPLETED)
		resend_in(txn, T1_MS);
	if (txn->leg && txn->leg->invite == txn)
		txn->leg->invite = NULL;
}

void agent_txn_retransmit(struct ua_txn *txn)
{
	bool is_client = txn->kind == UA_INVITE_CLIENT || txn->kind == UA_CLIENT;

	if (!agent_txn_lives(txn))
		return;
	if (is_client && txn->state == UA_CALLING) {
		send(txn, txn->request);
		resend_in(txn, txn->kind == UA_CLIENT ? MIN(2 * txn->interval_ms, T2_MS) :
							2 * txn->interval_ms);
	} else if (txn->kind == UA_CLIENT && txn->state == UA_PROCEEDING) {
		send(txn, txn->request);
		resend_in(txn, T2_MS);
	} else if (txn->kind == UA_INVITE_SERVER && txn->state == UA_COMPLETED) {
		send(txn, txn->last);
		resend_in(txn, MIN(2 * txn->interval_ms, T2_MS));
	}
}

static bool is_initial(const struct ua_txn *txn)
{
	return !txn->request->sip.to_tag.len;
}

void agent_txn_end(struct ua_txn *txn)
{
	bool is_client = txn->kind == UA_INVITE_CLIENT || txn->kind == UA_CLIENT;

	if (world.now < txn->end || !agent_txn_lives(txn))
		return;
	if (is_client && (txn->state == UA_CALLING || txn->state == UA_PROCEEDING) &&
	    txn->method != METHOD_CANCEL) {
		if (is_initial(txn))
			caller_timeout(txn);
		else
			dialog_timeout(txn);
	}
	agent_txn_drop(txn);
}

/* ---- what comes in */

static void take_response(struct ua_txn *txn, struct buffer *in)
{
	uint16_t status = in->sip.status;
	bool is_open = txn->state == UA_CALLING || txn->state == UA_PROCEEDING;
	bool is_invite = txn->kind == UA_INVITE_CLIENT;

	if (status < 200) {
		if (txn->state == UA_CALLING && is_invite)
			end_in(txn, 300000); /* a caller's patience */
		if (is_open)
			txn->state = UA_PROCEEDING;
		if (is_open && is_initial(txn))
			caller_provisional(txn, in);
		if (!is_invite && status != 100)
			world_fail(txn->call, "a caller sees %u to %s", status,
				   method_names[txn->method]);
		return;
	}
	if (!is_invite && status == 408)
		world_fail(txn->call, "408 to %s is seen", method_names[txn->method]);
	if (is_invite && status >= 300) {
		if (is_open)
			txn->last = agent_derived(txn, METHOD_ACK, in, "");
		if (is_open || txn->state == UA_COMPLETED)
			send(txn, txn->last);
	}
	if (!is_open) {
		if (is_invite && txn->state == UA_ACCEPTED && status < 300)
			caller_answered_again(txn, in);
		return;
	}
	txn->state = is_invite && status < 300 ? UA_ACCEPTED : UA_COMPLETED;
	end_in(txn, !is_invite ? T4_MS : 64 * T1_MS); /* Timers K, D, M */
	if (txn->method == METHOD_CANCEL)
		return;
	if (is_initial(txn))
		caller_final(txn, in);
	else
		dialog_final(txn, in);
}

static struct ua_txn *find(struct call *call, const struct node *node, uint64_t branch_hash,
			   uint8_t method, bool is_client)
{
	for (struct ua_txn *txn = call->txns; txn; txn = txn->next)
		if (txn->branch_hash == branch_hash && txn->method == method && txn->node == node &&
		    (txn->kind <= UA_CLIENT) == is_client && agent_txn_lives(txn))
			return txn;
	return NULL;
}

static void take_ack(struct call *call, struct node *node, struct buffer *in)
{
	struct ua_txn *txn = find(call, node, in->sip.branch_hash, METHOD_INVITE, false);
	struct leg *leg = leg_find(call, node, sip_text(in, in->sip.to_tag),
				   sip_text(in, in->sip.from_tag));

	if (txn && txn->state == UA_COMPLETED) {
		txn->state = UA_CONFIRMED;
		end_in(txn, T4_MS); /* Timer I */
	}
	if (!txn && leg)
		dialog_ack(leg, in);
}

static void take_cancel(struct call *call, struct node *node, struct buffer *in,
			struct address from)
{
	struct ua_txn *invite = find(call, node, in->sip.branch_hash, METHOD_INVITE, false);
	struct ua_txn *txn = agent_server(call, node, in, from);

	agent_respond(txn, agent_response(txn, invite ? 200 : 481, NULL, ""));
	if (invite && invite->state <= UA_PROCEEDING)
		target_cancel(invite);
}

static void take_request(struct call *call, struct node *node, struct buffer *in,
			 struct address from)
{
	if (in->sip.method == METHOD_ACK) {
		take_ack(call, node, in);
		return;
	}
	struct ua_txn *txn = find(call, node, in->sip.branch_hash, in->sip.method, false);
	if (txn) { /* a retransmission */
		if (txn->state == UA_PROCEEDING || txn->state == UA_COMPLETED)
			send(txn, txn->last);
		return;
	}
	if (in->sip.method == METHOD_CANCEL) {
		take_cancel(call, node, in, from);
	} else if (in->sip.to_tag.len) {
		struct leg *leg = leg_find(call, node, sip_text(in, in->sip.to_tag),
					   sip_text(in, in->sip.from_tag));
		txn = agent_server(call, node, in, from);
		if (leg)
			dialog_request(leg, txn, in);
		else
			agent_respond(txn, agent_response(txn, 481, NULL, ""));
	} else if (node->is_target) {
		target_request(call, node, in, from);
	} else {
		world_fail(call, "a caller gets a call");
	}
}

void agent_receive(struct node *node, struct buffer *buffer, struct address from)
{
	struct call *call = world.calls[buffer->sip.call];

	if (!call) {
		world_fail(NULL, "a datagram of call %u comes after its end", buffer->sip.call);
		return;
	}
	call->touched = world.now;
	if (!network_is_engine(from))
		world_fail(call, "a datagram that Tandem did not send");
	if (!node->is_target && node != call->caller)
		world_fail(call, "a datagram goes to another caller");
	if (buffer->sip.is_request) {
		take_request(call, node, buffer, from);
		return;
	}
	struct ua_txn *txn = find(call, node, buffer->sip.branch_hash, buffer->sip.method, true);
	if (!txn)
		world.strays++;
	else if (txn->method != METHOD_CANCEL &&
		 buffer->sip.via_count != txn->request->sip.via_count)
		world_fail(call, "a response has %u Via values, its request has %u",
			   buffer->sip.via_count, txn->request->sip.via_count);
	else
		take_response(txn, buffer);
}
