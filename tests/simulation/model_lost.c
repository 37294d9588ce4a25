/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the model asks for when an engine died with its transactions.  The branch is a function of the
 * request (RFC 3261 §16.11), so a request that comes again must leave as it did before; what has no
 * transaction is forwarded without one: CANCEL (§16.10) and ACK.
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
		}
	}
}

struct model_txn *model_lost(const struct call *call, const struct sip *sip)
{
	uint8_t method = sip->method == METHOD_ACK || sip->method == METHOD_CANCEL ? METHOD_INVITE :
										      sip->method;

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
	if (output->buffer->sip.branch_hash != attempt->branch_hash)
		world_fail(lost->call, "a CANCEL has another branch than its INVITE");
}

void model_lost_response(struct call *call, struct buffer *in, struct outputs *outputs)
{
	(void)in;
	/* RFC 6026 §7.3: strays are dropped. */
	if (call->has_lost && outputs->verdict.kind != VERDICT_DROP)
		world_fail(call, "a stray response is not dropped");
}
