/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's client side: responses and errors; see model.h.  What time brings: model_time.c. */
#include "model.h"

void model_release_request(struct model_attempt *attempt)
{
	attempt->resend_at = attempt->cancel_at = TICK_NEVER;
	model_keep(&attempt->request, NULL);
	model_keep(&attempt->cancel, NULL);
}

void model_attempt_over(struct model_attempt *attempt, tick_t at)
{
	attempt->side = SIDE_TERMINATED;
	attempt->end = at;
	model_release_request(attempt);
}

/* ---- responses */

static void take_provisional(struct model_txn *txn, struct model_attempt *attempt,
			     struct buffer *in, struct outputs *outputs)
{
	struct output *output;
	bool is_first = attempt->side == SIDE_TRYING;

	if (!model_is_open(attempt))
		return;
	attempt->side = SIDE_PROCEEDING;
	if (!model_is_invite(txn))
		return; /* RFC 4320 §4.1: nothing upstream; Timer E runs on */
	attempt->resend_at = TICK_NEVER;
	if (is_first || (in->sip.status > 100 && !attempt->has_cancel))
		attempt->end = AFTER(TIMER_C_MS);
	if (attempt->is_cancelled && !attempt->has_cancel)
		model_send_cancel(txn, attempt, outputs);
	if (in->sip.status == 100 || !model_is_undecided(txn))
		return;
	output = model_take_response(txn, outputs, in->sip.status);
	if (!output)
		return;
	model_check_passed(txn->call, in, output->buffer);
	model_server_sent(txn, output->buffer, true);
}

static uint64_t tag_hash(const struct buffer *in)
{
	struct span tag = sip_text(in, in->sip.to_tag);

	return sip_hash(tag.data, tag.len);
}

static void pass(struct model_txn *txn, struct buffer *in, struct outputs *outputs)
{
	struct output *output = model_take_response(txn, outputs, in->sip.status);

	if (!output)
		return;
	model_check_passed(txn->call, in, output->buffer);
	model_server_sent(txn, output->buffer, true);
}

/* RFC 3261 §16.7 item 5, RFC 6026 §7.2: each one, for as long as somebody may wait for it. */
static void take_2xx(struct model_txn *txn, struct buffer *in, struct outputs *outputs)
{
	uint64_t tag = tag_hash(in);
	enum extra extra = model_extra(txn->pool);

	if (model_is_undecided(txn)) {
		txn->winner = tag;
		pass(txn, in, outputs);
		model_cancel_all(txn, false, outputs);
		for (int i = 0; i < txn->attempts; i++)
			model_keep(&txn->attempt[i].final, NULL);
		return;
	}
	if (txn->side != SIDE_ACCEPTED)
		return;
	if (tag != txn->winner)
		world.second_answers++;
	if (tag == txn->winner || !txn->is_balanced || extra == EXTRA_FORWARD) {
		if (world.now < txn->end)
			pass(txn, in, outputs);
	} else if (extra == EXTRA_ACK_BYE) {
		model_leg_take(txn, in, outputs);
	}
}

static void take_final(struct model_txn *txn, struct model_attempt *attempt, struct buffer *in,
		       struct outputs *outputs)
{
	bool is_invite = model_is_invite(txn), is_2xx = in->sip.status < 300;
	uint16_t status = in->sip.status;
	struct output *output;

	attempt->side = is_invite && is_2xx ? SIDE_ACCEPTED : SIDE_COMPLETED;
	attempt->end = AFTER(!is_invite ? T4_MS : is_2xx ? 64 * T1_MS : TIMER_D_MS);
	attempt->keeps_cancel = attempt->cancel_is_kept = false;
	if (is_invite && !is_2xx) {
		output = model_take_branch(txn, outputs, METHOD_ACK, attempt->branch_hash);
		if (!output)
			return;
		if (!address_equal(output->to, attempt->to))
			world_fail(txn->call, "an ACK goes elsewhere than its INVITE");
		model_check_derived(attempt, txn->call, output->buffer, in);
		model_keep(&attempt->ack, output->buffer);
	}
	model_release_request(attempt);
	if (is_invite && is_2xx)
		take_2xx(txn, in, outputs);
	else if (!is_invite && status == 408)
		model_attempt_failed(txn, attempt, 0, false, outputs); /* RFC 4320 §4.2 */
	else if (status == 503)
		model_attempt_failed(txn, attempt, 500, true, outputs);
	else
		model_count(txn, attempt, status, false, in, outputs);
}

/* §17.1.1.2, RFC 6026 §7.2: what comes again. */
static void take_final_again(struct model_txn *txn, struct model_attempt *attempt,
			     struct buffer *in, struct outputs *outputs)
{
	struct output *output;

	if (!model_is_invite(txn) || world.now >= attempt->end)
		return;
	if (attempt->side == SIDE_COMPLETED && in->sip.status >= 300) {
		output = model_take_branch(txn, outputs, METHOD_ACK, attempt->branch_hash);
		if (output && attempt->ack &&
		    (output->buffer->len != attempt->ack->len ||
		     memcmp(output->buffer->data, attempt->ack->data, attempt->ack->len) != 0))
			world_fail(txn->call, "an ACK is repeated differently");
	} else if (attempt->side == SIDE_ACCEPTED && in->sip.status < 300) {
		take_2xx(txn, in, outputs);
	}
}

struct model_txn *model_find_attempt(struct call *call, const struct sip *sip,
				     struct model_attempt **attempt)
{
	for (struct model_txn *txn = call->models; txn; txn = txn->next)
		for (int i = 0; i < txn->attempts && !txn->is_lost; i++)
			if (txn->attempt[i].branch_hash == sip->branch_hash) {
				*attempt = &txn->attempt[i];
				return txn;
			}
	return NULL;
}

/* What a client transaction still waits for is its own; what comes after Timer K is a stray
 * (RFC 3261 §17.1.2.2, RFC 6026 §7.3). */
static void check_verdict(const struct model_txn *txn, const struct model_attempt *attempt,
			  struct verdict verdict)
{
	bool is_dropped = verdict.kind == VERDICT_DROP;

	if (is_dropped && attempt->side != SIDE_TERMINATED && world.now < attempt->end)
		world_fail(txn->call, "a response to a live transaction is dropped: %s",
			   verdict_reasons[verdict.reason].name);
	if (!is_dropped && !world.options.is_scarce && !model_is_invite(txn) &&
	    attempt->side == SIDE_COMPLETED && world.now > attempt->end + SLACK &&
	    !model_has_open(txn) && !txn->call->has_lost)
		world_fail(txn->call, "a response after Timer K is no stray");
}

/* Its timer may have fired just before. */
static bool is_ambiguous(const struct model_txn *txn, const struct model_attempt *attempt)
{
	bool client = attempt->end <= world.now && world.now <= attempt->end + SLACK;
	bool server = txn->end <= world.now && world.now <= tick_add(txn->end, SLACK);

	return (attempt->side == SIDE_COMPLETED && client) ||
	       (attempt->side == SIDE_ACCEPTED && (client || server));
}

void model_response(struct call *call, struct buffer *in, struct outputs *outputs)
{
	struct model_attempt *attempt;
	struct model_txn *txn;

	model_bury(call);
	if (model_leg_response(call, in))
		return;
	txn = model_find_attempt(call, &in->sip, &attempt);
	if (!txn) {
		(void)model_lost_response(call, in, outputs);
		return;
	}
	model_advance(txn);
	model_end_silent(txn, outputs);
	if (is_ambiguous(txn, attempt)) {
		for (uint32_t i = 0; i < outputs->count; i++)
			outputs->output[i].is_asked_for = true;
		return;
	}
	if (in->sip.method == METHOD_CANCEL) {
		attempt->cancel_at = TICK_NEVER;
		attempt->cancel_is_kept = false;
		/* To one that went on without state before the INVITE's was made anew. */
		if (outputs->count)
			(void)model_lost_response(call, in, outputs);
		return;
	}
	check_verdict(txn, attempt, outputs->verdict);
	/* What was asked for by an engine that died, and again by one that lives, is a stray
	 * when that one is through too. */
	bool is_through = !model_is_open(attempt) && world.now >= attempt->end;
	if (is_through && outputs->count && model_lost_response(call, in, outputs))
		return;
	if (attempt->side == SIDE_TERMINATED)
		return;
	if (in->sip.status < 200)
		take_provisional(txn, attempt, in, outputs);
	else if (model_is_open(attempt))
		take_final(txn, attempt, in, outputs);
	else
		take_final_again(txn, attempt, in, outputs);
}

/* RFC 3261 §17.1.4, §16.9: only where the request itself still travels. */
void model_error(struct call *call, const struct buffer *quoted, struct address to,
		 struct outputs *outputs)
{
	struct model_attempt *attempt;
	struct model_txn *txn;

	if (!quoted->sip.is_request || quoted->sip.method == METHOD_ACK ||
	    quoted->sip.method == METHOD_CANCEL)
		return;
	model_bury(call);
	if (model_leg_error(call, quoted, to))
		return;
	txn = model_find_attempt(call, &quoted->sip, &attempt);
	if (!txn)
		return;
	model_advance(txn);
	model_end_silent(txn, outputs);
	if (!address_equal(attempt->to, to) ||
	    !(attempt->side == SIDE_TRYING ||
	      (attempt->side == SIDE_PROCEEDING && !model_is_invite(txn))))
		return;
	model_attempt_over(attempt, world.now);
	model_attempt_failed(txn, attempt, 500, true, outputs);
}
