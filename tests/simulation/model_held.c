/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an engine must hold of a transaction now: whole ones, tombstones, copies.  The server side
 * and the first branch share one record; each further branch has its own, small once it has ended.
 */
#include "model.h"

static bool is_turning(tick_t end)
{
	return end <= world.now && world.now <= tick_add(end, SLACK);
}

/* An open branch that ends now is the last thing that keeps the record whole. */
static bool has_turning(const struct model_txn *txn)
{
	for (int i = 1; i < txn->attempts; i++)
		if (model_is_open(&txn->attempt[i]) && is_turning(txn->attempt[i].end))
			return true;
	return false;
}

static bool has_server(const struct model_txn *txn)
{
	return model_is_undecided(txn) || world.now < txn->end;
}

/* Owes nothing but absorbing, and one message at most. */
static bool is_small(const struct model_txn *txn)
{
	const struct model_attempt *first = &txn->attempt[0];

	if (model_is_open(first) || model_has_open(txn) || model_is_undecided(txn))
		return false;
	return !model_is_invite(txn) || txn->side != SIDE_COMPLETED || world.now >= txn->end;
}

static bool is_client_alive(const struct model_attempt *attempt)
{
	return attempt->side != SIDE_TERMINATED && world.now < attempt->end;
}

/* The request until its final response, for the server side until it has sent one; the ACK as
 * long as the record; a response until nobody may ask for it; a CANCEL until it is answered, or
 * needed no more; the best response while others are awaited. */
static void hold_record(const struct model_txn *txn, struct model_held *held)
{
	const struct model_attempt *first = &txn->attempt[0];
	bool has_response = txn->response && (txn->side == SIDE_PROCEEDING ||
					      world.now < txn->end || !model_is_invite(txn));
	bool has_best = false, has_challenges = false;

	if (is_turning(txn->end) || is_turning(first->end) || has_turning(txn)) {
		held->grey++;
		return;
	}
	if (!has_server(txn) && !is_client_alive(first) && !model_has_open(txn))
		return;
	if (model_is_undecided(txn))
		model_kept(txn, &has_best, &has_challenges);
	held->copies[PROXY_OWED_REQUEST] += model_is_open(first) || model_is_undecided(txn);
	held->copies[PROXY_OWED_RESPONSE] += has_response;
	held->copies[PROXY_OWED_ACK] += first->ack != NULL;
	held->copies[PROXY_OWED_OTHER] += 0u + has_best + has_challenges;
	if (is_small(txn))
		held->tombstones++;
	else
		held->txns++;
}

static void hold_branch(const struct model_attempt *attempt, struct model_held *held)
{
	if (is_turning(attempt->end)) {
		held->grey++;
		return;
	}
	if (!is_client_alive(attempt))
		return;
	held->copies[PROXY_OWED_REQUEST] += model_is_open(attempt);
	held->copies[PROXY_OWED_ACK] += attempt->ack != NULL;
	if (model_is_open(attempt))
		held->txns++;
	else
		held->tombstones++;
}

/* A leg that is ended for its caller stays whole. */
static void hold_leg(const struct model_leg *leg, struct model_held *held)
{
	bool is_open = leg->side == SIDE_TRYING || leg->side == SIDE_PROCEEDING;
	bool is_alive = is_open || (leg->side == SIDE_COMPLETED && world.now < leg->end);

	if (is_turning(leg->end) || is_turning(leg->keep_end)) {
		held->grey++;
		return;
	}
	if (!is_alive && world.now >= leg->keep_end)
		return;
	held->txns++;
	held->copies[PROXY_OWED_ACK]++;
	held->copies[PROXY_OWED_REQUEST] += is_open;
}

void model_held(const struct model_txn *txn, struct model_held *held)
{
	hold_record(txn, held);
	for (int i = 0; i < txn->attempts; i++) {
		const struct model_attempt *attempt = &txn->attempt[i];
		if (i)
			hold_branch(attempt, held);
		if (model_is_open(attempt))
			held->copies[PROXY_OWED_CANCEL] +=
				attempt->keeps_cancel ||
				(attempt->has_cancel && attempt->cancel_is_kept);
	}
	for (int i = 0; i < txn->legs; i++)
		hold_leg(&txn->leg[i], held);
}
