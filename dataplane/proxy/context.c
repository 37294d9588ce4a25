/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The response context (RFC 3261 §16.7): which response of several branches goes upstream, and
 * what becomes of the other branches.  A final response other than a 2xx waits while branches are
 * open; when the last one has ended the best goes up.
 */
#include "proxy/engine.h"

/* Of the edits' scratch, for the challenges that a 401 or 407 takes along. */
#define CHALLENGES_MAX 3072

struct verdict context_forward(struct call *call, struct txn *txn, const struct sip_message *msg,
			       struct span rows, enum verdict_reason reason)
{
	struct proxy *proxy = call->proxy;
	struct proxy_datagram *datagram = call->datagram;
	uint16_t status = msg->status;
	uint16_t actions = server_step(txn, server_tu_event(txn, status));
	char *out;
	uint32_t len;

	if (!(actions & FSM_SEND))
		return verdict_of(VERDICT_ABSORB, status < 200 ? REASON_LATE_PROVISIONAL :
								 REASON_FINAL_AGAIN);
	enum stage before = call_enter(call, STAGE_COMPOSE);
	sip_edit_init(&proxy->edits);
	compose_pop_via(msg, &proxy->edits);
	if (rows.len)
		sip_edit_insert(&proxy->edits, msg->headers_end, rows);
	bool is_done = sip_edit_apply(&proxy->edits, datagram->data, msg->len, datagram->headroom,
				      datagram->tailroom, &out, &len);
	(void)call_enter(call, before);
	if (!is_done)
		return verdict_of(VERDICT_DROP, REASON_TOO_LARGE);
	server_respond(call, txn, actions, span_of(out, len), true);
	return verdict_of(VERDICT_FORWARD, reason);
}

void context_branch_ended(struct txn *txn, struct txn *branch)
{
	if (!(branch->flags & TXN_IS_OPEN))
		return;
	branch->flags &= (uint16_t)~TXN_IS_OPEN;
	txn->open--;
	txn->breadth_left += branch->breadth; /* RFC 5393 §5.3.3.1 */
	branch->breadth = 0;
}

/* ---- the best response, RFC 3261 §16.7 item 6 */

static bool is_challenge(uint16_t status)
{
	return status == 401 || status == 407;
}

/* Less is better: 6xx, then the lowest class; in 4xx first those that tell the caller how to do
 * better, and last a 408, which says the least.  Of equals the first that came. */
static unsigned int rank(uint16_t status)
{
	if (status >= 600)
		return 0;
	if (status >= 500)
		return 50;
	if (status < 400)
		return 30;
	switch (status) {
	case 401:
	case 407:
	case 415:
	case 420:
	case 484:
		return 40;
	case 408:
		return 42;
	default:
		return 41;
	}
}

/* What a server said goes before one of our own of the same rank. */
static bool is_better(const struct txn *txn, uint16_t status, bool is_own)
{
	return txn->best_status == 0 ||
	       2 * rank(status) + is_own < 2 * rank(txn->best_status) + (txn->best == NULL);
}

static void put_challenges(struct text_writer *w, const struct sip_message *msg)
{
	static const enum sip_header_id ids[] = { SIP_HEADER_WWW_AUTHENTICATE,
						  SIP_HEADER_PROXY_AUTHENTICATE };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (const struct sip_header *row = sip_message_find(msg, ids[i]); row;
		     row = sip_message_find_next(msg, row)) {
			text_put(w, sip_header_name(ids[i]));
			text_put(w, SPAN(": "));
			text_put(w, sip_header_value(msg, row));
			text_put(w, SPAN("\r\n"));
		}
}

static struct span challenges_of(const struct txn *txn)
{
	return txn->challenges ? held_message(txn->challenges) : SPAN_EMPTY;
}

/* §16.7 item 7: the challenges of a 401 or 407 that is not chosen. */
static void keep_challenges(struct call *call, struct txn *txn, const struct sip_message *msg)
{
	struct text_writer w = call_scratch(call);

	text_put(&w, challenges_of(txn));
	put_challenges(&w, msg);
	if (w.overflow || text_written(&w).len > CHALLENGES_MAX)
		return;
	(void)txn_hold(call, &txn->challenges, PROXY_OWED_OTHER, call_scratch_done(call, &w),
		       txn->ingress, &txn->local, &txn->answer);
}

static void keep_challenges_of_best(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;

	if (!txn->best || !is_challenge(txn->best_status))
		return;
	struct span best = held_message(txn->best);
	if (sip_message_parse(&proxy->sent, best.data, (uint32_t)best.len) == VERDICT_REASON_NONE)
		keep_challenges(call, txn, &proxy->sent);
}

/* Keeps the response, our Via taken off; without memory for it one of our own of the same status
 * stands for it. */
static void keep_best(struct call *call, struct txn *txn, const struct sip_message *msg)
{
	struct proxy *proxy = call->proxy;
	struct text_writer w = call_scratch(call);

	sip_edit_init(&proxy->edits);
	compose_pop_via(msg, &proxy->edits);
	uint32_t len = sip_edit_copy(&proxy->edits, msg->bytes, msg->len, w.at,
				     (uint32_t)(w.end - w.at));
	w.at += len;
	txn_release(proxy, &txn->best);
	if (len)
		(void)txn_hold(call, &txn->best, PROXY_OWED_OTHER, call_scratch_done(call, &w),
			       txn->ingress, &txn->local, &txn->answer);
	txn->best_status = msg->status;
}

/* The best that was kept, with the challenges of the others. */
static void send_kept(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	struct span best = held_message(txn->best), rows = SPAN_EMPTY;

	if (is_challenge(txn->best_status))
		rows = challenges_of(txn);
	if (rows.len &&
	    sip_message_parse(&proxy->sent, best.data, (uint32_t)best.len) == VERDICT_REASON_NONE) {
		struct text_writer w = call_scratch(call);
		sip_edit_init(&proxy->edits);
		sip_edit_insert(&proxy->edits, proxy->sent.headers_end, rows);
		uint32_t len = sip_edit_copy(&proxy->edits, best.data, (uint32_t)best.len, w.at,
					     (uint32_t)(w.end - w.at));
		w.at += len;
		if (len)
			best = call_scratch_done(call, &w);
	}
	uint16_t actions = server_step(txn, server_tu_event(txn, txn->best_status));
	server_respond(call, txn, actions, best, false);
}

static void forget_kept(struct proxy *proxy, struct txn *txn)
{
	txn_release(proxy, &txn->best);
	txn_release(proxy, &txn->challenges);
}

/* The last branch has ended: the best goes up. */
static void decide(struct call *call, struct txn *txn)
{
	txn_deadline_clear(txn, DEADLINE_NEXT_TARGET);
	if (txn->best)
		send_kept(call, txn);
	else if (txn->best_status)
		server_reply(call, txn, txn->best_status);
	else
		server_stay_silent(call, txn);
	forget_kept(call->proxy, txn);
}

static struct verdict decide_with(struct call *call, struct txn *txn,
				  const struct sip_message *msg, enum verdict_reason reason)
{
	uint16_t status = msg->status == 503 ? 500 : msg->status;

	txn_deadline_clear(txn, DEADLINE_NEXT_TARGET);
	if (!is_better(txn, status, msg->status == 503)) {
		bool is_kept = txn->best != NULL;
		if (is_challenge(status) && is_challenge(txn->best_status))
			keep_challenges(call, txn, msg);
		decide(call, txn);
		return is_kept ? verdict_of(VERDICT_FORWARD, REASON_BEST_RESPONSE) :
				 verdict_of(VERDICT_REPLY, REASON_ALL_TARGETS_FAILED);
	}
	if (msg->status == 503) {
		/* Upstream it would say that Tandem cannot serve. */
		forget_kept(call->proxy, txn);
		server_reply(call, txn, 500);
		return verdict_of(VERDICT_REPLY, REASON_ALL_TARGETS_FAILED);
	}
	if (is_challenge(status))
		keep_challenges_of_best(call, txn);
	struct verdict verdict = context_forward(
		call, txn, msg, is_challenge(status) ? challenges_of(txn) : SPAN_EMPTY, reason);
	forget_kept(call->proxy, txn);
	return verdict;
}

struct verdict context_final(struct call *call, struct txn *txn, const struct sip_message *msg,
			     enum verdict_reason reason)
{
	uint16_t status = msg->status == 503 ? 500 : msg->status;

	if (!txn_is_undecided(txn))
		return verdict_of(VERDICT_ABSORB, REASON_FINAL_AGAIN);
	/* §16.7 item 5: nobody will do better than a 6xx. */
	if (status >= 600)
		context_cancel(call, txn, NULL);
	if (txn->open == 0)
		return decide_with(call, txn, msg, reason);
	if (is_better(txn, status, msg->status == 503)) {
		keep_challenges_of_best(call, txn);
		if (msg->status == 503) {
			txn_release(call->proxy, &txn->best);
			txn->best_status = status;
		} else {
			keep_best(call, txn, msg);
		}
	} else if (is_challenge(status)) {
		keep_challenges(call, txn, msg);
	}
	return verdict_of(VERDICT_ABSORB, REASON_FINAL_WAITS);
}

void context_failed(struct call *call, struct txn *txn, uint16_t status)
{
	if (status && is_better(txn, status, true)) {
		keep_challenges_of_best(call, txn);
		txn_release(call->proxy, &txn->best);
		txn->best_status = status;
	}
	if (txn->open == 0)
		decide(call, txn);
}

void context_cancel(struct call *call, struct txn *txn, const struct sip_message *cancel)
{
	txn->flags |= TXN_ABANDONED;
	txn_deadline_clear(txn, DEADLINE_NEXT_TARGET);
	for (struct txn *branch = txn; branch; branch = txn_branch_next(call->proxy, branch))
		if (branch->flags & TXN_IS_OPEN)
			cancel_branch(call, branch, cancel);
}
