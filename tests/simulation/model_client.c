/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's client side: responses, fail-over, what time brings; see model.h. */
#include "model.h"

static void release_request(struct model_attempt *attempt)
{
	model_keep(&attempt->request, NULL);
	model_keep(&attempt->cancel, NULL);
}

static void attempt_is_over(struct model_attempt *attempt)
{
	attempt->side = SIDE_TERMINATED;
	attempt->resend_at = attempt->cancel_at = TICK_NEVER;
	attempt->end = world.now;
	release_request(attempt);
}

void model_fail_over(struct model_txn *txn, struct outputs *outputs, bool may)
{
	struct model_attempt *last = model_current(txn);

	last->resend_at = last->cancel_at = TICK_NEVER;
	if (may && txn->is_balanced && !txn->is_cancelled && txn->attempts < ATTEMPTS_MAX) {
		struct output *output = model_take_request(txn, outputs, txn->method);
		if (!output)
			return;
		if (txn->request)
			model_check_request(txn->call, txn->request, output->buffer);
		model_attempt_begin(txn, output);
		return;
	}
	/* RFC 3261 §16.7 item 6: 408 if any attempt timed out, else the 503 that must not go up. */
	model_answer_own(txn, outputs, txn->has_timeout ? 408 : 500);
}

/* ---- responses */

static void take_provisional(struct model_txn *txn, struct model_attempt *attempt,
			     struct buffer *in, struct outputs *outputs)
{
	struct output *output;
	bool is_first = attempt->side == SIDE_TRYING;

	if (attempt->side != SIDE_TRYING && attempt->side != SIDE_PROCEEDING)
		return;
	attempt->side = SIDE_PROCEEDING;
	if (!model_is_invite(txn))
		return; /* RFC 4320 §4.1: nothing upstream; Timer E runs on */
	attempt->resend_at = TICK_NEVER;
	if (is_first || (in->sip.status > 100 && !attempt->has_cancel))
		attempt->end = AFTER(TIMER_C_MS);
	if (txn->is_cancelled && !attempt->has_cancel)
		model_send_cancel(txn, outputs);
	if (in->sip.status == 100)
		return;
	output = model_take_response(txn, outputs, in->sip.status);
	if (!output)
		return;
	model_check_passed(txn->call, in, output->buffer);
	model_server_sent(txn, output->buffer, true);
}

static void take_final(struct model_txn *txn, struct model_attempt *attempt, struct buffer *in,
		       struct outputs *outputs)
{
	bool is_invite = model_is_invite(txn), is_2xx = in->sip.status < 300;
	struct output *output;

	attempt->resend_at = attempt->cancel_at = TICK_NEVER;
	attempt->side = is_invite && is_2xx ? SIDE_ACCEPTED : SIDE_COMPLETED;
	attempt->end = AFTER(!is_invite ? T4_MS : is_2xx ? 64 * T1_MS : TIMER_D_MS);
	if (is_invite && !is_2xx) {
		output = model_take_request(txn, outputs, METHOD_ACK);
		if (!output)
			return;
		if (!address_equal(output->to, attempt->to))
			world_fail(txn->call, "an ACK goes elsewhere than its INVITE");
		model_check_derived(attempt, txn->call, output->buffer, in);
		model_keep(&attempt->ack, output->buffer);
	}
	release_request(attempt);
	if (!is_invite && in->sip.status == 408) {
		model_server_silent(txn, world.now); /* RFC 4320 §4.2 */
	} else if (in->sip.status == 503) {
		model_fail_over(txn, outputs, true);
	} else if ((output = model_take_response(txn, outputs, in->sip.status))) {
		model_check_passed(txn->call, in, output->buffer);
		model_server_sent(txn, output->buffer, true);
	}
}

/* §17.1.1.2, RFC 6026 §7.2: what comes again. */
static void take_final_again(struct model_txn *txn, struct model_attempt *attempt,
			     struct buffer *in, struct outputs *outputs)
{
	struct output *output;

	if (!model_is_invite(txn) || world.now >= attempt->end)
		return;
	/* Without room for its tombstone an attempt that was left repeats no ACK. */
	if (world.options.is_scarce && attempt != model_current(txn) && outputs->count == 0)
		return;
	if (attempt->side == SIDE_COMPLETED && in->sip.status >= 300) {
		output = model_take_request(txn, outputs, METHOD_ACK);
		if (output && attempt->ack &&
		    (output->buffer->len != attempt->ack->len ||
		     memcmp(output->buffer->data, attempt->ack->data, attempt->ack->len) != 0))
			world_fail(txn->call, "an ACK is repeated differently");
	} else if (attempt->side == SIDE_ACCEPTED && in->sip.status < 300) {
		output = model_take_response(txn, outputs, in->sip.status);
		if (output)
			model_check_passed(txn->call, in, output->buffer);
	}
}

static struct model_txn *find(struct call *call, const struct sip *sip,
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

	/* Of an attempt that was left only what an ACK is owed for is remembered. */
	if (attempt != &txn->attempt[txn->attempts - 1] &&
	    (world.options.is_scarce || !model_is_invite(txn)))
		return;
	if (is_dropped && attempt->side != SIDE_TERMINATED && world.now < attempt->end)
		world_fail(txn->call, "a response to a live transaction is dropped: %s",
			   verdict_reasons[verdict.reason].name);
	if (!is_dropped && !world.options.is_scarce && !model_is_invite(txn) &&
	    attempt->side == SIDE_COMPLETED && world.now > attempt->end + SLACK)
		world_fail(txn->call, "a response after Timer K is no stray");
}

void model_response(struct call *call, struct buffer *in, struct outputs *outputs)
{
	struct model_attempt *attempt;
	struct model_txn *txn;

	model_bury(call);
	txn = find(call, &in->sip, &attempt);
	if (!txn) {
		model_lost_response(call, in, outputs);
		return;
	}
	model_advance(txn);
	model_end_silent(txn, outputs);
	if (attempt->end <= world.now && world.now <= attempt->end + SLACK &&
	    (attempt->side == SIDE_COMPLETED || attempt->side == SIDE_ACCEPTED)) {
		/* Its timer may have fired just before. */
		for (uint32_t i = 0; i < outputs->count; i++)
			outputs->output[i].is_asked_for = true;
		return;
	}
	if (in->sip.method != METHOD_CANCEL)
		check_verdict(txn, attempt, outputs->verdict);
	if (in->sip.method == METHOD_CANCEL) {
		attempt->cancel_at = TICK_NEVER;
		attempt->cancel_is_kept = false;
		return;
	}
	if (attempt->side == SIDE_TERMINATED)
		return;
	if (in->sip.status < 200) {
		if (attempt == model_current(txn))
			take_provisional(txn, attempt, in, outputs);
	} else if (attempt->side == SIDE_TRYING || attempt->side == SIDE_PROCEEDING) {
		take_final(txn, attempt, in, outputs);
	} else {
		take_final_again(txn, attempt, in, outputs);
	}
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
	txn = find(call, &quoted->sip, &attempt);
	if (!txn)
		return;
	model_advance(txn);
	if (attempt != model_current(txn) || !address_equal(attempt->to, to) ||
	    !(attempt->side == SIDE_TRYING ||
	      (attempt->side == SIDE_PROCEEDING && !model_is_invite(txn))))
		return;
	attempt_is_over(attempt);
	model_fail_over(txn, outputs, true);
}

/* ---- time */

static void resent(struct model_txn *txn, struct model_attempt *attempt, struct output *output)
{
	model_measure(txn->call, attempt->resend_at,
		      model_is_invite(txn) ? "Timer A" : "Timer E");
	if (attempt->request && (output->buffer->len != attempt->request->len ||
				 memcmp(output->buffer->data, attempt->request->data,
					attempt->request->len) != 0))
		world_fail(txn->call, "a request is repeated differently");
	if (model_is_invite(txn))
		attempt->interval_ms *= 2;
	else if (attempt->side == SIDE_PROCEEDING)
		attempt->interval_ms = T2_MS;
	else
		attempt->interval_ms = MIN(2 * attempt->interval_ms, T2_MS);
	attempt->resend_at = AFTER(attempt->interval_ms);
	if (attempt->resend_at >= attempt->end)
		attempt->resend_at = TICK_NEVER;
}

static void cancel_sent(struct model_txn *txn, struct model_attempt *attempt,
			struct output *output, struct outputs *outputs)
{
	if (!attempt->has_cancel) { /* Timer C, §16.8 */
		if (attempt->side != SIDE_PROCEEDING) {
			world_fail(txn->call, "a CANCEL without a provisional response");
			return;
		}
		model_measure(txn->call, attempt->end, "Timer C");
		output->is_asked_for = false;
		txn->is_cancelled = true;
		model_send_cancel(txn, outputs);
		return;
	}
	model_measure(txn->call, attempt->cancel_at, "Timer E of a CANCEL");
	attempt->cancel_interval_ms = MIN(2 * attempt->cancel_interval_ms, T2_MS);
	attempt->cancel_at = AFTER(attempt->cancel_interval_ms);
	if (attempt->cancel_at >= attempt->cancel_end)
		attempt->cancel_at = TICK_NEVER;
}

/* A request with a new branch: some attempt of this call timed out. */
static void next_attempt(struct call *call, struct output *output, struct outputs *outputs)
{
	for (struct model_txn *txn = call->models; txn; txn = txn->next) {
		struct model_attempt *attempt = model_current(txn);
		if (txn->is_lost || txn->method != output->buffer->sip.method || attempt->side != SIDE_TRYING ||
		    world.now < attempt->end || !model_is_invite(txn) || !txn->is_balanced)
			continue;
		model_measure(call, attempt->end, "Timer B");
		txn->has_timeout = true;
		attempt_is_over(attempt);
		output->is_asked_for = false;
		model_fail_over(txn, outputs, true);
		return;
	}
	world_fail(call, "a second %s is sent, for no reason",
		   method_names[output->buffer->sip.method]);
}

/* An answer of the proxy's own, or one repeated, upstream. */
static void answered(struct model_txn *txn, struct output *output, struct outputs *outputs)
{
	struct model_attempt *attempt = model_current(txn);
	uint16_t status = output->buffer->sip.status;

	if (!address_equal(output->to, txn->asker))
		world_fail(txn->call, "a response goes to somebody who did not ask");
	if (status == 100 && !model_is_invite(txn) && txn->side == SIDE_TRYING) {
		model_measure(txn->call, txn->trying_at, "the 100 of RFC 4320");
		model_check_own(txn, output->buffer);
		txn->trying_at = TICK_NEVER;
		model_server_sent(txn, output->buffer, true);
		return;
	}
	if (model_is_invite(txn) && txn->side == SIDE_COMPLETED && txn->response) {
		model_measure(txn->call, txn->resend_at, "Timer G");
		if (output->buffer->len != txn->response->len ||
		    memcmp(output->buffer->data, txn->response->data, txn->response->len) != 0)
			world_fail(txn->call, "a final response is repeated differently");
		txn->interval_ms = MIN(2 * txn->interval_ms, T2_MS);
		txn->resend_at = AFTER(txn->interval_ms);
		if (txn->resend_at >= txn->end)
			txn->resend_at = TICK_NEVER;
		return;
	}
	if (!model_is_invite(txn) || txn->side != SIDE_PROCEEDING) {
		world_fail(txn->call, "a %u is sent, for no reason", status);
		return;
	}
	model_measure(txn->call, attempt->end,
		      attempt->side == SIDE_TRYING ? "Timer B" : "the wait after a CANCEL");
	if (attempt->side == SIDE_PROCEEDING && !attempt->has_cancel)
		world_fail(txn->call, "Timer C without a CANCEL");
	if (attempt->side == SIDE_TRYING && txn->is_balanced && !txn->is_cancelled &&
	    txn->attempts < ATTEMPTS_MAX)
		world_fail(txn->call, "a timeout without fail-over");
	txn->has_timeout = true;
	attempt_is_over(attempt);
	output->is_asked_for = false;
	model_fail_over(txn, outputs, false);
}

void model_expiry(struct output *output, struct outputs *outputs)
{
	const struct sip *sip = &output->buffer->sip;
	struct call *call = world.calls[sip->call];
	struct model_attempt *attempt;
	struct model_txn *txn;

	if (output->is_asked_for)
		return;
	model_bury(call);
	output->is_asked_for = true;
	if (sip->is_request) {
		txn = find(call, sip, &attempt);
		if (!txn)
			next_attempt(call, output, outputs);
		else if (sip->method == METHOD_CANCEL)
			cancel_sent(txn, attempt, output, outputs);
		else
			resent(txn, attempt, output);
		return;
	}
	for (txn = call->models; txn; txn = txn->next)
		if (!txn->is_lost && txn->branch_hash == sip->branch_hash &&
		    txn->method == sip->method) {
			answered(txn, output, outputs);
			return;
		}
	world_fail(call, "a %u is sent, for no request", sip->status);
}

/* Nothing is said (RFC 4320 §4.2). */
static void timer_f(struct model_txn *txn)
{
	struct model_attempt *attempt = model_current(txn);
	tick_t end = attempt->end;

	attempt_is_over(attempt);
	attempt->end = end;
	if (txn->side == SIDE_TRYING || txn->side == SIDE_PROCEEDING)
		model_server_silent(txn, end);
}

static bool is_overdue(tick_t due)
{
	return due < world.now && world.now - due > SLACK;
}

void model_advance(struct model_txn *txn)
{
	struct model_attempt *attempt = model_current(txn);
	bool is_open = attempt->side == SIDE_TRYING || attempt->side == SIDE_PROCEEDING;

	if (is_overdue(txn->trying_at))
		world_fail(txn->call, "the 100 of RFC 4320 was not sent");
	if (is_overdue(attempt->cancel_at))
		world_fail(txn->call, "a CANCEL was not repeated");
	if (is_overdue(attempt->resend_at))
		world_fail(txn->call, "a request was not repeated");
	if (is_overdue(txn->resend_at))
		world_fail(txn->call, "a final response was not repeated");
	if (!is_open || !is_overdue(attempt->end))
		return;
	if (model_is_invite(txn)) {
		world_fail(txn->call, "an attempt went on after its time");
		return;
	}
	timer_f(txn);
}

void model_end_silent(struct model_txn *txn, const struct outputs *outputs)
{
	const struct model_attempt *attempt = model_current(txn);

	if (!model_is_invite(txn) && outputs->count == 0 && world.now >= attempt->end &&
	    (attempt->side == SIDE_TRYING || attempt->side == SIDE_PROCEEDING))
		timer_f(txn);
}
