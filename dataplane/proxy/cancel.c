/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CANCEL, hop by hop: one received is answered here and makes one of ours (RFC 3261 §16.10), which
 * waits for a provisional response (§9.1) and is a non-INVITE client transaction of its own,
 * kept inside the INVITE's: same branch, Timers E and F.
 */
#include "proxy/note_add.h"
#include "proxy/timers.h"

/* A CANCEL that came too early is kept for its Reason rows (RFC 3326 §2) until it may go on. */
static const struct sip_message *waiting_cancel(const struct txn *txn, struct sip_message *parsed)
{
	struct span text;

	if (!txn->cancel)
		return NULL;
	text = held_message(txn->cancel);
	if (sip_message_parse(parsed, text.data, (uint32_t)text.len) != VERDICT_REASON_NONE)
		return NULL;
	return parsed;
}

void cancel_client(struct call *call, struct txn *txn, const struct sip_message *cancel)
{
	struct proxy *proxy = call->proxy;
	struct sip_message waiting;

	if (!(txn->flags & TXN_IS_INVITE) || (txn->flags & TXN_CANCEL_SENT) ||
	    txn->client_state != INVITE_CLIENT_PROCEEDING || !txn->request)
		return;
	struct span sent = held_message(txn->request);
	const struct held *held = held_of(txn->request);
	if (sip_message_parse(&proxy->sent, sent.data, (uint32_t)sent.len) != VERDICT_REASON_NONE)
		return;
	struct text_writer w = call_scratch(call);
	/* The branch lost because another one took the call: phones show no missed call then. */
	struct span reason = txn_parent(proxy, txn)->server_state == INVITE_SERVER_ACCEPTED ?
				     SPAN("SIP;cause=200;text=\"Call completed elsewhere\"") :
				     SPAN_EMPTY;
	sip_build_cancel(&w, &proxy->sent, cancel ? cancel : waiting_cancel(txn, &waiting), reason);
	if (w.overflow)
		return;
	struct span message = call_scratch_done(call, &w);
	txn->flags |= TXN_CANCEL_SENT;
	call_send_own(call, message, held->interface, &held->source, &held->destination);
	if (txn_hold(call, &txn->cancel, PROXY_OWED_CANCEL, message, held->interface, &held->source,
		     &held->destination)) {
		const struct balance_timers *timers = timers_of_client(call, txn);
		txn->cancel_interval_ms = timers->timer_e_ms;
		txn_deadline_in(call, txn, DEADLINE_CANCEL_RETRANSMIT, timers->timer_e_ms);
		txn_deadline_in(call, txn, DEADLINE_CANCEL_END, timers->timer_f_ms);
	}
	/* §9.1: 64*T1 after the CANCEL without a final response the branch is over. */
	client_linger(call, txn);
}

void cancel_branch(struct call *call, struct txn *txn, const struct sip_message *cancel)
{
	txn->flags |= TXN_CANCELLED;
	cancel_client(call, txn, cancel);
	if (!(txn->flags & TXN_CANCEL_SENT) && cancel && cancel->first[SIP_HEADER_REASON])
		(void)txn_hold(call, &txn->cancel, PROXY_OWED_CANCEL,
			       span_of(cancel->bytes, cancel->len), txn->ingress, &txn->local, &txn->answer);
}

void cancel_answered(struct call *call, struct txn *txn)
{
	txn_deadline_clear(txn, DEADLINE_CANCEL_RETRANSMIT);
	txn_deadline_clear(txn, DEADLINE_CANCEL_END);
	txn_release(call->proxy, &txn->cancel);
}

void cancel_retransmit(struct call *call, struct txn *txn)
{
	txn_deadline_clear(txn, DEADLINE_CANCEL_RETRANSMIT);
	if (!txn->cancel)
		return;
	call_send_held(call, txn->cancel);
	call->proxy->stats.requests_resent++;
	txn->cancel_interval_ms = MIN(txn->cancel_interval_ms * 2,
				      timers_of_client(call, txn)->t2_ms);
	txn_deadline_in(call, txn, DEADLINE_CANCEL_RETRANSMIT, txn->cancel_interval_ms);
}

/* RFC 3261 §16.10: no context, so it follows its INVITE without state; the branch is the
 * INVITE's, since no method goes into it. */
static struct verdict forward_stray(struct call *call, struct sip_message *msg)
{
	struct route route;
	uint32_t loop_part;
	enum verdict_reason failure = request_decide(call, msg, &route, &loop_part, false);

	if (failure != VERDICT_REASON_NONE)
		return reply_stateless(call, msg, verdict_reasons[failure].status, SPAN_EMPTY,
				       failure);
	return request_forward_stateless(call, msg, &route, REASON_STRAY_CANCEL);
}

struct verdict cancel_receive(struct call *call, struct sip_message *msg)
{
	struct proxy *proxy = call->proxy;
	struct tombstone *tombstone;
	struct txn *txn = txn_find_server(proxy, branch_server_key(call->snapshot, msg),
					  SIP_METHOD_INVITE, &tombstone);

	if (!txn && !tombstone) {
		enum verdict_reason answered;
		if (mark_find(call, branch_server_key(call->snapshot, msg), SIP_METHOD_CANCEL,
			      &answered))
			return reply_stateless(call, msg, 200, SPAN_EMPTY, REASON_CANCEL);
		struct verdict waited;
		if (names_cancel(call, msg, &waited))
			return waited;
		return forward_stray(call, msg);
	}
	struct verdict verdict = reply_stateless(call, msg, 200, SPAN_EMPTY, REASON_CANCEL);
	if (!txn || txn->server_state != INVITE_SERVER_PROCEEDING)
		return verdict;
	(void)call_enter(call, STAGE_TRANSACTION);
	/* Its own Timer J is 64*T1.  The INVITE's record stays as long by the Timer D of its first
	 * branch; where that one failed long before, a mark does. */
	if (txn->attempts > 1)
		mark_set_put(proxy->marks, txn->server_key, SIP_METHOD_CANCEL, REASON_CANCEL,
			     tick_add(call->now, TICK_MS(call->snapshot->settle_ms)), call->now);
	context_cancel(call, txn, msg);
	txn_settle(call, txn);
	return verdict;
}
