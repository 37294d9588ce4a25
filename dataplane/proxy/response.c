/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A response received: find the transaction that it belongs to, step its client machine, choose
 * what goes upstream (RFC 3261 §16.7, RFC 6026 §7.2, RFC 4320 §4).
 */
#include "proxy/dialog.h"
#include "proxy/note_add.h"
#include "proxy/own.h"
#include "proxy/timers.h"
#include "sip/retry_after.h"

struct match {
	struct txn *txn;
	struct tombstone *tombstone;
	struct via_hint hint;
	bool has_hint;
	struct verdict stray; /* when neither was found */
};

static bool is_own_sent_by(const struct balance_snapshot *snapshot, const struct sip_via *via)
{
	struct endpoint endpoint = { .port = via->port ? via->port : SIP_PORT };

	return ip_address_parse(via->host, &endpoint.address) &&
	       balance_is_own_endpoint(snapshot, &endpoint);
}

/* By slot when the hint is ours and fresh, else by table.  RFC 3261 §17.1.3: branch and CSeq
 * method; a CANCEL's response has its INVITE's branch. */
static void match_find(struct call *call, const struct sip_message *msg, struct match *match)
{
	struct proxy *proxy = call->proxy;
	struct hash128 key;
	uint32_t loop_part;

	*match = (struct match){ .stray = verdict_of(VERDICT_DROP, REASON_RESPONSE_NOT_OURS) };
	if (!is_own_sent_by(call->snapshot, &msg->via))
		return;
	match->stray = verdict_of(VERDICT_DROP, REASON_RESPONSE_FORGED);
	if (!branch_parse(msg->via.branch, &key, &loop_part))
		return;
	match->has_hint = via_hint_decode(call->snapshot, msg->via.hint, msg->via.branch,
					  &match->hint);
	if (match->has_hint) {
		match->stray = verdict_of(VERDICT_DROP, REASON_STRAY_RESPONSE);
		if (match->hint.instance == call->snapshot->instance &&
		    match->hint.epoch == call->snapshot->epoch && !match->hint.stateless) {
			struct txn *txn = slot_pool_get(&proxy->txns, match->hint.slot,
							match->hint.generation);
			if (txn && hash128_equal(txn->client_key, key)) {
				proxy->stats.hint_hits++;
				match->txn = txn;
				return;
			}
		}
	}
	proxy->stats.hint_misses++;
	match->txn = txn_find_client(proxy, key, &match->tombstone);
}

static uint8_t txn_method_of(const struct sip_message *msg)
{
	return msg->method == SIP_METHOD_CANCEL ? (uint8_t)SIP_METHOD_INVITE : msg->method;
}

/* Methods without a name here are told apart by the request line of the copy.  Without a copy the
 * final response has been: what comes now is absorbed whatever it says. */
static bool is_answer_to(const struct txn *txn, const struct sip_message *msg)
{
	if (txn->method != txn_method_of(msg))
		return false;
	if (msg->method != SIP_METHOD_OTHER || !txn->request)
		return true;
	struct span method = sip_slice_span(msg, msg->method_token);
	struct span sent = held_message(txn->request);
	return span_starts_with(sent, method) && sent.data[method.len] == ' ';
}

/* Takes our Via off, in the datagram itself. */
static bool pop_via(struct call *call, const struct sip_message *msg, struct span *message)
{
	struct proxy *proxy = call->proxy;
	struct proxy_datagram *datagram = call->datagram;
	enum stage before = call_enter(call, STAGE_COMPOSE);
	char *out;
	uint32_t len;

	sip_edit_init(&proxy->edits);
	compose_pop_via(msg, &proxy->edits);
	bool is_done = sip_edit_apply(&proxy->edits, datagram->data, msg->len, datagram->headroom,
				      datagram->tailroom, &out, &len);
	(void)call_enter(call, before);
	if (is_done)
		*message = span_of(out, len);
	return is_done;
}

struct verdict response_pass(struct call *call, const struct sip_message *msg, uint8_t interface,
			     const struct endpoint *local, const struct endpoint *destination,
			     enum verdict_reason reason)
{
	struct span message;

	if (!pop_via(call, msg, &message))
		return verdict_of(VERDICT_DROP, REASON_TOO_LARGE);
	call_send(call, message, true, interface, local, destination);
	return verdict_of(VERDICT_FORWARD, reason);
}

static void send_ack(struct call *call, struct txn *txn, const struct sip_message *msg)
{
	struct proxy *proxy = call->proxy;

	if (txn->ack) {
		call_send_held(call, txn->ack);
		proxy->stats.acks_resent++;
		return;
	}
	if (!txn->request)
		return;
	struct span sent = held_message(txn->request);
	const struct held *held = held_of(txn->request);
	if (sip_message_parse(&proxy->sent, sent.data, (uint32_t)sent.len) != VERDICT_REASON_NONE)
		return;
	struct text_writer w = call_scratch(call);
	sip_build_ack(&w, &proxy->sent, msg);
	if (w.overflow)
		return;
	struct span ack = call_scratch_done(call, &w);
	call_send_own(call, ack, held->interface, &held->source, &held->destination);
	(void)txn_hold(call, &txn->ack, PROXY_OWED_ACK, ack, held->interface, &held->source,
		       &held->destination);
}

static struct verdict take_provisional(struct call *call, struct txn *branch,
				       const struct sip_message *msg)
{
	struct txn *txn = txn_parent(call->proxy, branch);

	if (!(txn->flags & TXN_IS_INVITE))
		return verdict_of(VERDICT_ABSORB, msg->status == 100 ? REASON_TRYING :
								       REASON_NON_INVITE_PROVISIONAL);
	/* RFC 3261 §9.1: a CANCEL that waited for a provisional may go now. */
	if (branch->flags & TXN_CANCELLED)
		cancel_client(call, branch, NULL);
	if (msg->status == 100)
		return verdict_of(VERDICT_ABSORB, REASON_TRYING);
	/* §16.7 item 2: 101-199 restart Timer C. */
	if (!(branch->flags & TXN_CANCEL_SENT))
		client_linger(call, branch);
	return context_forward(call, txn, msg, SPAN_EMPTY, REASON_PROVISIONAL);
}

/* Whoever saw the request can answer with its branch.  Only the server that it was sent to can say
 * of itself that it cannot serve. */
bool response_is_from_target(const struct call *call, const struct txn *branch)
{
	return branch->request && ip_address_equal(&held_of(branch->request)->destination.address,
						   &call->datagram->source.address);
}

static void remember_call(struct call *call, struct txn *txn, const struct txn *branch)
{
	uint64_t target;

	/* Only what was remembered at selection: its time ends 64*T1 after the final response. */
	if ((txn->flags & TXN_REMEMBERED) &&
	    call_memory_get(call->proxy->calls, txn->call_key, call->now, &target))
		call_memory_put(call->proxy->calls, txn->call_key,
				branch->target_id ? branch->target_id : target,
				tick_add(call->now,
					 TICK_MS(64 * (uint64_t)timers_of_client(call, txn)->t1_ms)),
				call->now);
}

uint32_t response_retry_after(const struct sip_message *msg)
{
	const struct sip_header *row =
		msg->status == 503 ? sip_message_find(msg, SIP_HEADER_RETRY_AFTER) : NULL;
	uint32_t seconds;

	return row && sip_retry_after_parse(sip_header_value(msg, row), &seconds) ?
		       seconds :
		       OUTCOME_NO_RETRY_AFTER;
}

/* The first response to an INVITE: how long until the target gave a sign of life. */
static void count_provisional(struct call *call, const struct txn *branch, uint16_t status)
{
	struct outcome *outcome;

	if (response_is_from_target(call, branch) &&
	    (outcome = call_outcome(call, branch, OUTCOME_PROVISIONAL, status)))
		outcome->delay_us = call_delay_us(call, branch);
}

static void count_outcome(struct call *call, struct txn *branch, const struct sip_message *msg,
			  bool was_answered)
{
	const uint16_t status = msg->status;
	struct outcome *outcome;

	if (!(branch->flags & TXN_OUTSTANDING))
		return;
	if (response_is_from_target(call, branch)) {
		outcome = call_outcome(call, branch, OUTCOME_RESPONSE, status);
		if (outcome) {
			outcome->delay_us = call_delay_us(call, branch);
			outcome->retry_after_s = response_retry_after(msg);
			outcome->flags |= was_answered ? OUTCOME_WAS_ANSWERED : 0;
		}
		uint64_t *counter = status < 300 ? &branch->status->responses_2xx :
						   &branch->status->responses_other;
		__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	}
	client_forget_target(branch);
}

static bool is_kept_from_caller(struct call *call, struct txn *txn,
				const struct sip_message *msg, struct verdict *verdict)
{
	const struct extra_2xx extra = {
		.service = txn->service,
		.winner = txn->winner,
		.has_offer = (txn->flags & TXN_HAS_OFFER) != 0,
		.legs = &txn->legs,
	};

	return extra_2xx_take(call, msg, &extra, verdict);
}

/* To an INVITE: at once, and each further one too (§16.7 item 5, RFC 6026 §7.2), but for what the
 * service's policy keeps from the caller. */
static struct verdict take_2xx(struct call *call, struct txn *branch,
			       const struct sip_message *msg, enum verdict_reason reason)
{
	struct txn *txn = txn_parent(call->proxy, branch);
	struct verdict verdict;

	if (!txn_is_undecided(txn)) {
		if (is_kept_from_caller(call, txn, msg, &verdict))
			return verdict;
		dialog_take_2xx(call, txn->service, txn->flags & TXN_HAS_TO_TAG, msg, branch,
				branch->target);
		return context_forward(call, txn, msg, SPAN_EMPTY, reason);
	}
	txn->winner = extra_2xx_winner(call, txn->service, msg);
	dialog_take_2xx(call, txn->service, txn->flags & TXN_HAS_TO_TAG, msg, branch,
			branch->target);
	verdict = context_forward(call, txn, msg, SPAN_EMPTY, reason);
	remember_call(call, txn, branch);
	context_cancel(call, txn, NULL);
	txn_release(call->proxy, &txn->best);
	txn_release(call->proxy, &txn->challenges);
	return verdict;
}

static struct verdict take_final(struct call *call, struct txn *branch,
				 const struct sip_message *msg, bool was_answered)
{
	struct txn *txn = txn_parent(call->proxy, branch);
	bool may_failover = msg->status == 503 && response_is_from_target(call, branch);

	/* The final response ends the need for a CANCEL still on its way. */
	cancel_answered(call, branch);
	count_outcome(call, branch, msg, was_answered);
	context_branch_ended(txn, branch);
	if ((txn->flags & TXN_IS_INVITE) && msg->status < 300)
		return take_2xx(call, branch, msg, REASON_FINAL);
	/* RFC 4320 §4.2. */
	if (!(txn->flags & TXN_IS_INVITE) && msg->status == 408) {
		if (txn_is_undecided(txn))
			context_failed(call, txn, 0);
		return verdict_of(VERDICT_ABSORB, REASON_NON_INVITE_TIMEOUT);
	}
	if (may_failover)
		note_failed(call, branch, FAILOVER_503);
	if (may_failover && attempt_failover(call, txn, branch, FAILOVER_503))
		return verdict_of(VERDICT_FORWARD, REASON_FAILOVER);
	remember_call(call, txn, branch);
	dialog_take_final(call, txn->service, msg);
	return context_final(call, txn, msg, REASON_FINAL);
}

unsigned int client_event(const struct txn *txn, uint16_t status)
{
	if (!(txn->flags & TXN_IS_INVITE))
		return status < 200 ? NON_INVITE_CLIENT_1XX : NON_INVITE_CLIENT_FINAL;
	if (status < 200)
		return INVITE_CLIENT_1XX;
	return status < 300 ? INVITE_CLIENT_2XX : INVITE_CLIENT_300_699;
}

static struct verdict live(struct call *call, struct txn *branch, const struct sip_message *msg)
{
	uint8_t before = branch->client_state;
	uint16_t actions = client_step(branch, client_event(branch, msg->status));
	struct verdict verdict = verdict_of(VERDICT_ABSORB, msg->status < 200 ?
								    REASON_LATE_PROVISIONAL :
								    REASON_FINAL_AGAIN);

	if (actions & FSM_QUIET)
		txn_deadline_clear(branch, DEADLINE_CLIENT_RETRANSMIT);
	if (actions & FSM_LINGER)
		client_linger(call, branch);
	if (actions & FSM_ACK)
		send_ack(call, branch, msg);
	if (!(actions & FSM_PASS_UP)) {
		if (msg->status >= 200)
			call->proxy->stats.response_retransmissions_seen++;
		return verdict;
	}
	if (msg->status < 200) {
		if ((branch->flags & TXN_IS_INVITE) && before == INVITE_CLIENT_CALLING)
			count_provisional(call, branch, msg->status);
		return take_provisional(call, branch, msg);
	}
	if ((branch->flags & TXN_IS_INVITE) && before == INVITE_CLIENT_ACCEPTED) {
		call->proxy->stats.response_retransmissions_seen++;
		return take_2xx(call, branch, msg, REASON_FINAL_2XX_AGAIN);
	}
	return take_final(call, branch, msg,
			  (branch->flags & TXN_IS_INVITE) && before == INVITE_CLIENT_PROCEEDING);
}

/* What is left of a transaction repeats its ACK, forwards 2xx, and absorbs the rest. */
static struct verdict dead(struct call *call, const struct match *match,
			   const struct sip_message *msg)
{
	struct tombstone *tombstone = match->tombstone;
	struct proxy *proxy = call->proxy;

	if (tombstone->client_state ==
	    (tombstone->is_invite ? INVITE_CLIENT_TERMINATED : NON_INVITE_CLIENT_TERMINATED))
		return verdict_of(VERDICT_DROP, REASON_STRAY_RESPONSE);
	if (msg->status < 200)
		return verdict_of(VERDICT_ABSORB, REASON_LATE_PROVISIONAL);
	proxy->stats.response_retransmissions_seen++;
	if (!tombstone->is_invite)
		return verdict_of(VERDICT_ABSORB, REASON_FINAL_AGAIN);
	if (tombstone->client_state == INVITE_CLIENT_COMPLETED) {
		if (msg->status >= 300 && tombstone->copy) {
			call_send_held(call, tombstone->copy);
			proxy->stats.acks_resent++;
		}
		return verdict_of(VERDICT_ABSORB, REASON_FINAL_AGAIN);
	}
	if (msg->status >= 300 || tombstone->server_state != INVITE_SERVER_ACCEPTED)
		return verdict_of(VERDICT_ABSORB, REASON_FINAL_AGAIN);
	/* RFC 6026 §7.2: a 2xx again, or another UAS's.  The way up is in the hint, signed. */
	if (!match->has_hint || match->hint.ingress >= call->snapshot->interface_count)
		return verdict_of(VERDICT_DROP, REASON_RESPONSE_FORGED);
	const struct balance_interface *interface =
		&call->snapshot->interfaces[match->hint.ingress];
	struct endpoint local = match->hint.local;
	if (tombstone->local_address < interface->address_count)
		local.address = interface->addresses[tombstone->local_address].address;
	struct verdict verdict;
	const struct extra_2xx extra = {
		.service = tombstone->service,
		.winner = tombstone->winner,
		.has_offer = tombstone->has_offer,
		.legs = &tombstone->legs,
	};
	if (extra_2xx_take(call, msg, &extra, &verdict))
		return verdict;
	dialog_take_2xx(call, tombstone->service, tombstone->has_to_tag, msg, NULL,
			tombstone->target);
	struct endpoint answer = match->hint.answer;
	response_answer_2xx(call, msg, match->hint.ingress, &answer);
	return response_pass(call, msg, match->hint.ingress, &local, &answer,
			     REASON_FINAL_2XX_AGAIN);
}

struct verdict response_stray_verdict(struct call *call, const struct sip_message *msg)
{
	struct proxy_stats before = call->proxy->stats;
	struct match match;

	match_find(call, msg, &match);
	call->proxy->stats = before;
	if (match.txn || match.tombstone)
		return verdict_of(VERDICT_FORWARD, VERDICT_REASON_NONE);
	return stray_decide(call, msg, match.has_hint ? &match.hint : NULL, match.stray);
}

/* Ours is a non-INVITE: a provisional does not end it, and what was not sent yet is not answered. */
static void take_cancel_answer(struct call *call, struct txn *txn, const struct sip_message *msg)
{
	if (msg->status >= 200 && (txn->flags & TXN_CANCEL_SENT))
		cancel_answered(call, txn);
}

/* To a CANCEL that overtook its INVITE and went on without state: the caller's.  One of ours that
 * was sent since has the same branch, so the target has answered it too (RFC 3261 §17.2.3). */
static struct verdict stateless_cancel_answered(struct call *call, const struct sip_message *msg,
						const struct match *match)
{
	if (match->txn && is_answer_to(match->txn, msg)) {
		take_cancel_answer(call, match->txn, msg);
		txn_settle(call, match->txn);
	}
	return stray_receive(call, msg, &match->hint, match->stray);
}

struct verdict response_receive(struct call *call, struct sip_message *msg)
{
	struct match match;

	(void)call_enter(call, STAGE_FIND);
	match_find(call, msg, &match);
	const struct via_hint *hint = match.has_hint ? &match.hint : NULL;
	if (stray_is_stateless_cancel(msg, hint))
		return stateless_cancel_answered(call, msg, &match);
	if (!match.txn && !match.tombstone)
		return stray_receive(call, msg, hint, match.stray);
	(void)call_enter(call, STAGE_TRANSACTION);
	if (match.txn && is_answer_to(match.txn, msg)) {
		struct verdict verdict;
		if (match.txn->flags & TXN_IS_PROBE) {
			verdict = probe_response(call, match.txn, msg);
		} else if (match.txn->flags & TXN_IS_OWN) {
			verdict = own_response(call, match.txn, msg);
		} else if (msg->method == SIP_METHOD_CANCEL) {
			take_cancel_answer(call, match.txn, msg);
			verdict = verdict_of(VERDICT_ABSORB, REASON_CANCEL_RESPONSE);
		} else if (msg->via_values < 2) {
			/* §16.7 item 3: for nobody but us; and we asked for nothing. */
			return verdict_of(VERDICT_DROP, REASON_RESPONSE_NO_VIA);
		} else {
			verdict = live(call, match.txn, msg);
		}
		txn_settle(call, match.txn);
		return verdict;
	}
	if (match.tombstone && match.tombstone->method == txn_method_of(msg)) {
		if (msg->method == SIP_METHOD_CANCEL)
			return verdict_of(VERDICT_ABSORB, REASON_CANCEL_RESPONSE);
		if (match.tombstone->is_own)
			return verdict_of(VERDICT_ABSORB, REASON_OWN_RESPONSE);
		if (msg->via_values < 2)
			return verdict_of(VERDICT_DROP, REASON_RESPONSE_NO_VIA);
		return dead(call, &match, msg);
	}
	return verdict_of(VERDICT_DROP, REASON_STRAY_RESPONSE);
}
