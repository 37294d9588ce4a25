/* SPDX-License-Identifier: BSD-3-Clause */
/* What time brings: repetitions, ends, next targets, and what happens without a word; see
 * model.h. */
#include "model.h"

static bool is_overdue(tick_t due)
{
	return due < world.now && world.now - due > SLACK;
}

static bool is_due(tick_t due)
{
	return due <= world.now;
}

/* ---- what is sent */

static void resent(struct model_txn *txn, struct model_attempt *attempt, struct output *output)
{
	model_measure(txn->call, attempt->resend_at, model_is_invite(txn) ? "Timer A" : "Timer E");
	if (attempt->request &&
	    (output->buffer->len != attempt->request->len ||
	     memcmp(output->buffer->data, attempt->request->data, attempt->request->len) != 0))
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

static void cancel_sent(struct model_txn *txn, struct model_attempt *attempt, struct output *output,
			struct outputs *outputs)
{
	if (!attempt->has_cancel) { /* Timer C, §16.8 */
		if (attempt->side != SIDE_PROCEEDING) {
			world_fail(txn->call, "a CANCEL without a provisional response");
			return;
		}
		model_measure(txn->call, attempt->end, "Timer C");
		output->is_asked_for = false;
		model_send_cancel(txn, attempt, outputs);
		return;
	}
	model_measure(txn->call, attempt->cancel_at, "Timer E of a CANCEL");
	attempt->cancel_interval_ms = MIN(2 * attempt->cancel_interval_ms, T2_MS);
	attempt->cancel_at = AFTER(attempt->cancel_interval_ms);
	if (attempt->cancel_at >= attempt->cancel_end)
		attempt->cancel_at = TICK_NEVER;
}

/* ---- ends */

static const char *end_name(const struct model_attempt *attempt)
{
	return attempt->side == SIDE_TRYING ? "Timer B" : "the wait after a CANCEL";
}

/* Timers B and F, or 64*T1 after a CANCEL: the branch is over, and it counts as 408. */
static void end_attempt(struct model_txn *txn, struct model_attempt *attempt,
			struct outputs *outputs)
{
	bool may_follow = attempt->side == SIDE_TRYING && model_is_invite(txn);

	model_attempt_over(attempt, attempt->end);
	model_attempt_failed(txn, attempt, model_is_invite(txn) ? 408 : 0, may_follow, outputs);
}

/* Its end will be seen: by another target, or by what goes upstream. */
static bool is_end_seen(const struct model_txn *txn, const struct model_attempt *attempt)
{
	if (!model_is_undecided(txn) || !model_is_invite(txn))
		return false;
	if (attempt->side == SIDE_PROCEEDING && !attempt->has_cancel)
		return true; /* Timer C: a CANCEL */
	if (attempt->side == SIDE_TRYING && !attempt->is_cancelled && model_may_follow(txn))
		return true;
	for (int i = 0; i < txn->attempts; i++)
		if (&txn->attempt[i] != attempt && model_is_open(&txn->attempt[i]))
			return false;
	return true;
}

/* RFC 4320 §4.2 for a non-INVITE; for an INVITE a branch that others outlive. */
static void end_without_a_word(struct model_txn *txn, struct model_attempt *attempt)
{
	struct outputs none = { .count = 0 };
	tick_t end = attempt->end;

	model_attempt_over(attempt, end);
	if (model_is_invite(txn))
		model_count(txn, attempt, 408, true, NULL, &none);
	else if (model_is_undecided(txn))
		model_server_silent(txn, end, true);
}

/* ---- the next target */

/* Any response, be it a 100, shows that somebody works on it. */
static bool wants_next(const struct model_txn *txn)
{
	uint32_t sum = 0;

	if (!model_may_follow(txn))
		return false;
	for (int i = 0; i < txn->attempts; i++) {
		const struct model_attempt *attempt = &txn->attempt[i];
		if (attempt->side == SIDE_PROCEEDING)
			return false;
		if (model_is_open(attempt))
			sum += attempt->breadth;
	}
	return sum < txn->breadth;
}

/* A request with a new branch: nobody answered in time, or some attempt of this call timed out. */
static void next_attempt(struct call *call, struct output *output, struct outputs *outputs)
{
	for (struct model_txn *txn = call->models; txn; txn = txn->next) {
		if (txn->is_lost || txn->method != output->buffer->sip.method ||
		    !model_is_invite(txn) || !txn->is_balanced)
			continue;
		model_advance(txn);
		for (int i = 0; i < txn->attempts; i++) {
			struct model_attempt *attempt = &txn->attempt[i];
			if (attempt->side != SIDE_TRYING || !is_due(attempt->end))
				continue;
			model_measure(call, attempt->end, "Timer B");
			output->is_asked_for = false;
			end_attempt(txn, attempt, outputs);
			return;
		}
		if (!is_due(txn->next_at) || !wants_next(txn))
			continue;
		model_measure(call, txn->next_at, "the time for a next target");
		if (txn->request)
			model_check_request(call, txn->request, output->buffer);
		model_attempt_begin(txn, output);
		world.forks++;
		return;
	}
	world_fail(call, "a second %s is sent, for no reason",
		   method_names[output->buffer->sip.method]);
}

/* ---- answers */

static void repeated(struct model_txn *txn, struct output *output)
{
	model_measure(txn->call, txn->resend_at, "Timer G");
	if (output->buffer->len != txn->response->len ||
	    memcmp(output->buffer->data, txn->response->data, txn->response->len) != 0)
		world_fail(txn->call, "a final response is repeated differently");
	txn->interval_ms = MIN(2 * txn->interval_ms, T2_MS);
	txn->resend_at = AFTER(txn->interval_ms);
	if (txn->resend_at >= txn->end)
		txn->resend_at = TICK_NEVER;
}

/* An answer of the proxy's own or the best of what was kept, or one repeated, upstream. */
static void answered(struct model_txn *txn, struct output *output, struct outputs *outputs)
{
	uint16_t status = output->buffer->sip.status;

	model_advance(txn);
	if (!address_equal(output->to, txn->asker))
		world_fail(txn->call, "a response goes to somebody who did not ask");
	if (status == 100 && !model_is_invite(txn) && txn->side == SIDE_TRYING) {
		model_measure(txn->call, txn->trying_at, "the 100 of RFC 4320");
		model_check_own(txn, output->buffer);
		txn->trying_at = TICK_NEVER;
		model_server_sent(txn, output->buffer, true);
		if (txn->is_silent)
			model_server_silent(txn, world.now, false);
		return;
	}
	if (model_is_invite(txn) && txn->side == SIDE_COMPLETED && txn->response) {
		repeated(txn, output);
		return;
	}
	for (int i = 0; i < txn->attempts && model_is_undecided(txn); i++) {
		struct model_attempt *attempt = &txn->attempt[i];
		if (!model_is_invite(txn) || !model_is_open(attempt) || !is_due(attempt->end))
			continue;
		model_measure(txn->call, attempt->end, end_name(attempt));
		if (attempt->side == SIDE_PROCEEDING && !attempt->has_cancel)
			world_fail(txn->call, "Timer C without a CANCEL");
		output->is_asked_for = false;
		end_attempt(txn, attempt, outputs);
		if (output->is_asked_for)
			return;
	}
	world_fail(txn->call, "a %u is sent, for no reason", status);
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
		if (model_leg_resent(call, output))
			return;
		txn = model_find_attempt(call, sip, &attempt);
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

/* ---- what was due and did not come, or came without a word */

static void advance_attempt(struct model_txn *txn, struct model_attempt *attempt)
{
	if (is_overdue(attempt->cancel_at))
		world_fail(txn->call, "a CANCEL was not repeated");
	if (is_overdue(attempt->resend_at))
		world_fail(txn->call, "a request was not repeated");
	if (!model_is_open(attempt) || !is_overdue(attempt->end))
		return;
	if (is_end_seen(txn, attempt))
		world_fail(txn->call, "an attempt went on after its time");
	else
		end_without_a_word(txn, attempt);
}

void model_advance(struct model_txn *txn)
{
	if (is_overdue(txn->trying_at))
		world_fail(txn->call, "the 100 of RFC 4320 was not sent");
	if (is_overdue(txn->resend_at))
		world_fail(txn->call, "a final response was not repeated");
	/* Who answered when the time had come, or just before, has seen to it that nobody else is
	 * asked, whatever comes now. */
	if (is_due(txn->next_at) && !wants_next(txn))
		txn->may_be_alone = true;
	if (is_overdue(txn->next_at)) {
		if (wants_next(txn) && !txn->may_be_alone)
			world_fail(txn->call, "nobody answered, and no next target was tried");
		txn->next_at = TICK_NEVER;
	}
	for (int i = 0; i < txn->attempts; i++)
		advance_attempt(txn, &txn->attempt[i]);
	model_leg_advance(txn);
}

void model_end_silent(struct model_txn *txn, struct outputs *outputs)
{
	for (int i = 0; i < txn->attempts; i++) {
		struct model_attempt *attempt = &txn->attempt[i];
		if (!model_is_open(attempt) || !is_due(attempt->end) || is_end_seen(txn, attempt))
			continue;
		/* A final response to a non-INVITE goes up only if it came in time. */
		if (outputs->count == 0 ||
		    (model_is_invite(txn) && model_has_final(txn, outputs)))
			end_without_a_word(txn, attempt);
	}
}
