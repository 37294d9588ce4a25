/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the model asks for when an engine died with its transactions.  The branch is a function of
 * the request (RFC 3261 §16.11), so a request that comes again must leave as it did before; what
 * has no transaction is forwarded without one: CANCEL (§16.10) and ACK.
 */
#include "model.h"

void model_bury(struct call *call)
{
	for (struct model_txn *txn = call->models; txn; txn = txn->next) {
		if (txn->is_lost || world.engines[txn->engine].life == txn->life)
			continue;
		txn->is_lost = call->has_lost = true;
		world.lost_txns++;
		model_keep(&txn->response, NULL);
		for (int i = 0; i < txn->attempts; i++) {
			model_keep(&txn->attempt[i].ack, NULL);
			model_keep(&txn->attempt[i].cancel, NULL);
			model_keep(&txn->attempt[i].final, NULL);
		}
	}
}

struct model_txn *model_lost(const struct call *call, const struct sip *sip)
{
	uint8_t method = sip->method == METHOD_ACK || sip->method == METHOD_CANCEL ? METHOD_INVITE
										   : sip->method;

	for (struct model_txn *txn = call->models; txn; txn = txn->next)
		if (txn->is_lost && txn->branch_hash == sip->branch_hash && txn->method == method)
			return txn;
	return NULL;
}

void model_check_revived(const struct model_txn *txn, const struct model_txn *lost)
{
	const struct model_attempt *now = &txn->attempt[0], *before = &lost->attempt[0];

	world.revived++;
	if (now->branch_hash != before->branch_hash)
		world_fail(txn->call, "a %s leaves another engine with another branch",
			   method_names[txn->method]);
	if (now->peer == before->peer)
		return;
	if (txn->call->had_failover)
		call_race(txn->call, RACE_LOST_ATTEMPTS);
	else
		world_fail(txn->call, "a %s leaves another engine for another target",
			   method_names[txn->method]);
}

void model_lost_cancel(struct model_txn *lost, struct buffer *in, struct outputs *outputs)
{
	const struct model_attempt *attempt = &lost->attempt[0];
	struct output *output = model_take_request(lost, outputs, METHOD_CANCEL);

	if (!output)
		return;
	model_check_request(lost->call, in, output->buffer);
	if (lost->call->had_failover)
		call_race(lost->call, RACE_LOST_ATTEMPTS);
	else if (!address_equal(output->to, attempt->to))
		world_fail(lost->call, "a CANCEL does not follow its INVITE");
	model_keep(&lost->cancel, output->buffer);
	if (output->buffer->sip.branch_hash != attempt->branch_hash)
		world_fail(lost->call, "a CANCEL has another branch than its INVITE");
}

/* Several engines may have sent the same branch: whose request is answered, its Via tells. */
static struct model_txn *find_attempt(struct call *call, const struct buffer *in,
				      struct model_attempt **attempt)
{
	uint64_t via_hash = model_via_hash(in);
	struct model_txn *found = NULL;

	for (struct model_txn *txn = call->models; txn; txn = txn->next)
		for (int i = 0; i < txn->attempts && txn->is_lost; i++)
			if (txn->attempt[i].branch_hash == in->sip.branch_hash &&
			    (!found || txn->attempt[i].via_hash == via_hash)) {
				*attempt = &txn->attempt[i];
				found = txn;
			}
	return found;
}

/* What a transaction would have kept to itself (RFC 3261 §16.7 item 4, RFC 4320). */
static bool is_kept_back(const struct buffer *in)
{
	bool is_invite = in->sip.method == METHOD_INVITE;

	return in->sip.status == 100 ||
	       (!is_invite && (in->sip.status < 200 || in->sip.status == 408));
}

/* How long the transaction could have lived; seconds are told apart, no less. */
static tick_t late_at(const struct model_attempt *attempt, const struct buffer *in)
{
	uint64_t ms = 64 * T1_MS + (in->sip.method == METHOD_INVITE ? TIMER_C_MS : 0);

	return attempt->began + TICK_MS(ms);
}

/* By RFC 6026 §7.3 strays are dropped; by the operator's wish they go where the transaction
 * would have sent them, while it could have lived. */
static void take_stray(struct model_txn *txn, const struct model_attempt *attempt,
		       struct buffer *in, struct outputs *outputs)
{
	struct output *output;

	if (!world.options.forwards_strays && outputs->verdict.kind != VERDICT_DROP)
		world_fail(txn->call, "a stray response is not dropped");
	if (!world.options.forwards_strays || is_kept_back(in))
		return;
	/* Clocks are compared by the second. */
	if (world.now + TICK_SECONDS(2) > late_at(attempt, in) && outputs->count == 0)
		return;
	output = model_take_response(txn, outputs, in->sip.status);
	if (!output)
		return;
	world.strays_forwarded++;
	if (world.now > late_at(attempt, in) + TICK_SECONDS(2))
		world_fail(txn->call, "a stray is forwarded whose transaction would long be over");
	model_check_passed(txn->call, in, output->buffer);
}

bool model_lost_response(struct call *call, struct buffer *in, struct outputs *outputs)
{
	struct model_attempt *attempt = NULL;
	struct model_txn *txn = find_attempt(call, in, &attempt);
	struct output *output;

	if (!txn)
		return false;
	if (in->sip.method != METHOD_CANCEL) {
		take_stray(txn, attempt, in, outputs);
		return true;
	}
	/* To a CANCEL that went on without state (§16.11), or to one of the engine that died. */
	if (!txn->cancel)
		return true;
	/* Each engine that has served the call since may have sent one. */
	if (!sip_same(txn->cancel, txn->cancel->sip.via[0], in, in->sip.via[0]) &&
	    outputs->count == 0)
		return true;
	output = model_take_answer(txn, outputs, METHOD_CANCEL, in->sip.status);
	if (output)
		model_check_passed(call, in, output->buffer);
	return true;
}
