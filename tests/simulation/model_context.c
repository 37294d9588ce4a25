/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The branches of one request: who is asked next (RFC 3263 §4.3), what goes upstream (RFC 3261
 * §16.7 items 4 to 7), who is cancelled (item 10, §16.10), and how Max-Breadth is shared (RFC 5393
 * §5.3.3).  See model.h.
 */
#include "model.h"

bool model_may_follow(const struct model_txn *txn)
{
	return txn->is_balanced && !txn->is_abandoned && model_is_undecided(txn) &&
	       txn->attempts < ATTEMPTS_MAX;
}

/* ---- what goes upstream */

/* Of candidates the classes that may go up: 6xx if there is one, else the lowest. */
static unsigned int best_class(const struct model_txn *txn)
{
	unsigned int best = 9;

	for (int i = 0; i < txn->attempts; i++) {
		const struct model_attempt *attempt = &txn->attempt[i];
		if (attempt->status == 0 || attempt->is_followed)
			continue;
		if (attempt->status >= 600)
			return 6;
		best = MIN(best, attempt->status / 100u);
	}
	return best;
}

/* §16.7 item 6: in 4xx first what tells the caller how to do better, and 408 last of all. */
static int preference(uint16_t status)
{
	switch (status) {
	case 401:
	case 407:
	case 415:
	case 420:
	case 484:
		return 2;
	case 408:
		return 0;
	default:
		return 1;
	}
}

static bool is_best(const struct model_txn *txn, const struct model_attempt *chosen)
{
	unsigned int class = best_class(txn);

	if (chosen->status == 0 || chosen->is_followed || chosen->status / 100u != class)
		return false;
	for (int i = 0; i < txn->attempts && class == 4; i++) {
		const struct model_attempt *other = &txn->attempt[i];
		if (other->status / 100 == 4 && !other->is_followed &&
		    preference(other->status) > preference(chosen->status))
			return false;
	}
	return true;
}

static bool is_challenge(const struct model_attempt *attempt)
{
	return attempt->status == 401 || attempt->status == 407;
}

/* Which of the best the engine keeps is its own affair; that it is the first one of a target's is
 * how it says what memory it takes. */
void model_kept(const struct model_txn *txn, bool *has_best, bool *has_challenges)
{
	const struct model_attempt *best = NULL;
	int challenges = 0;

	for (int i = 0; i < txn->attempts; i++) {
		const struct model_attempt *attempt = &txn->attempt[i];
		if (attempt->status == 0 || attempt->is_followed)
			continue;
		challenges += is_challenge(attempt);
		if (!is_best(txn, attempt))
			continue;
		if (!best || attempt->is_own < best->is_own ||
		    (attempt->is_own == best->is_own && attempt->order < best->order))
			best = attempt;
	}
	*has_best = best && !best->is_own;
	*has_challenges = challenges > (best && is_challenge(best));
}

/* §16.7 item 7: a 401 or 407 takes all others' challenges along. */
static void check_challenges(const struct model_txn *txn, const struct buffer *out)
{
	uint64_t sum = 0;
	uint32_t count = 0;

	for (int i = 0; i < txn->attempts; i++) {
		const struct model_attempt *attempt = &txn->attempt[i];
		if (attempt->is_followed || !is_challenge(attempt) || !attempt->final)
			continue;
		sum += attempt->final->sip.challenge_sum;
		count += attempt->final->sip.challenges;
	}
	if (out->sip.challenges != count || out->sip.challenge_sum != sum)
		world_fail(txn->call, "%u challenges go up, %u came", out->sip.challenges, count);
}

static void check_choice(const struct model_txn *txn, const struct buffer *out)
{
	const struct model_attempt *chosen = NULL;
	bool is_own = false;

	for (int i = 0; i < txn->attempts; i++) {
		const struct model_attempt *attempt = &txn->attempt[i];
		if (attempt->status != out->sip.status || !is_best(txn, attempt))
			continue;
		is_own |= attempt->is_own;
		if (attempt->final && !attempt->is_own &&
		    sip_same(attempt->final, attempt->final->sip.to, out, out->sip.to))
			chosen = attempt;
	}
	if (chosen && (out->sip.status == 401 || out->sip.status == 407)) {
		check_challenges(txn, out);
		model_check_challenged(txn->call, chosen->final, out);
	} else if (chosen) {
		model_check_passed(txn->call, chosen->final, out);
	} else if (is_own) {
		world.engine_answers++;
		txn->call->is_answered_by_engine = true;
		model_check_own(txn, out);
	} else {
		world_fail(txn->call, "%u goes up, of several that is not the best",
			   out->sip.status);
	}
}

static void release_finals(struct model_txn *txn)
{
	for (int i = 0; i < txn->attempts; i++)
		model_keep(&txn->attempt[i].final, NULL);
}

static void decide(struct model_txn *txn, struct outputs *outputs)
{
	struct output *output;

	txn->next_at = TICK_NEVER;
	if (best_class(txn) == 9) { /* RFC 4320 §4.2 */
		model_server_silent(txn, world.now, false);
		return;
	}
	output = model_take_final(txn, outputs);
	if (!output)
		return;
	check_choice(txn, output->buffer);
	model_server_sent(txn, output->buffer, true);
	release_finals(txn);
}

/* ---- how a branch ends */

void model_count(struct model_txn *txn, struct model_attempt *attempt, uint16_t status, bool is_own,
		 struct buffer *final, struct outputs *outputs)
{
	if (!model_is_undecided(txn))
		return;
	attempt->status = status;
	attempt->is_own = is_own;
	attempt->order = ++txn->counted;
	if (final)
		model_keep(&attempt->final, final);
	if (status >= 600)
		model_cancel_all(txn, false, outputs);
	if (!model_has_open(txn))
		decide(txn, outputs);
}

static bool follow(struct model_txn *txn, struct outputs *outputs)
{
	struct output *output = model_take_request(txn, outputs, txn->method);

	if (!output)
		return false;
	if (txn->request)
		model_check_request(txn->call, txn->request, output->buffer);
	model_attempt_begin(txn, output);
	return true;
}

void model_attempt_failed(struct model_txn *txn, struct model_attempt *attempt, uint16_t status,
			  bool may_follow, struct outputs *outputs)
{
	if (may_follow && !attempt->is_cancelled && model_may_follow(txn)) {
		attempt->is_followed = true;
		(void)follow(txn, outputs);
		return;
	}
	model_count(txn, attempt, status, true, NULL, outputs);
}

void model_cancel_all(struct model_txn *txn, bool has_reason, struct outputs *outputs)
{
	txn->is_abandoned = true;
	txn->next_at = TICK_NEVER;
	for (int i = 0; i < txn->attempts; i++) {
		struct model_attempt *attempt = &txn->attempt[i];
		if (!model_is_open(attempt))
			continue;
		attempt->is_cancelled = true;
		if (attempt->side == SIDE_PROCEEDING && !attempt->has_cancel)
			model_send_cancel(txn, attempt, outputs);
		else if (attempt->side == SIDE_TRYING && has_reason)
			attempt->keeps_cancel = true;
	}
}

void model_send_cancel(struct model_txn *txn, struct model_attempt *attempt,
		       struct outputs *outputs)
{
	struct output *output =
		model_take_branch(txn, outputs, METHOD_CANCEL, attempt->branch_hash);

	if (!output)
		return;
	model_check_derived(attempt, txn->call, output->buffer, NULL);
	if (!address_equal(output->to, attempt->to))
		world_fail(txn->call, "a CANCEL goes elsewhere than its INVITE");
	attempt->has_cancel = attempt->cancel_is_kept = attempt->is_cancelled = true;
	attempt->keeps_cancel = false;
	attempt->cancel_interval_ms = T1_MS;
	attempt->cancel_at = AFTER(T1_MS);
	attempt->cancel_end = attempt->end = AFTER(64 * T1_MS); /* §9.1 */
	model_keep(&attempt->cancel, output->buffer);
}

/* ---- how one begins */

/* RFC 5393 §5.3.3: what open branches carry adds up to no more than what came in. */
static void check_breadth(struct model_txn *txn, struct model_attempt *attempt)
{
	bool forks = world.options.fork_ms && model_is_invite(txn) && txn->is_balanced;
	uint32_t sum = 0;

	if (!forks) {
		if (attempt->breadth != txn->breadth)
			world_fail(txn->call, "Max-Breadth %u became %u", txn->breadth,
				   attempt->breadth);
		return;
	}
	for (int i = 0; i < txn->attempts; i++)
		if (model_is_open(&txn->attempt[i]))
			sum += txn->attempt[i].breadth;
	if (attempt->breadth == 0 || sum > txn->breadth)
		world_fail(txn->call, "%u of Max-Breadth are shared out, %u came", sum,
			   txn->breadth);
}

uint64_t model_via_hash(const struct buffer *buffer)
{
	struct span row = sip_text(buffer, buffer->sip.via[0]);

	return sip_hash(row.data, row.len);
}

void model_attempt_begin(struct model_txn *txn, struct output *output)
{
	struct model_attempt *attempt = &txn->attempt[txn->attempts];
	struct node *peer = network_node(output->to);

	*attempt = (struct model_attempt){
		.branch_hash = output->buffer->sip.branch_hash,
		.via_hash = model_via_hash(output->buffer),
		.peer = peer,
		.from = output->from,
		.to = output->to,
		.side = SIDE_TRYING,
		.breadth = (uint8_t)output->buffer->sip.max_breadth,
		.interval_ms = T1_MS,
		.began = world.now,
		.resend_at = AFTER(T1_MS),
		.end = AFTER(64 * T1_MS),
		.cancel_at = TICK_NEVER,
		.cancel_end = TICK_NEVER,
		.request = buffer_ref(output->buffer),
	};
	if (!peer || (txn->is_balanced && (!peer->is_target || peer->pool != txn->pool)))
		world_fail(txn->call, "a request goes to no target of its pool");
	txn->call->had_failover |= txn->attempts > 0;
	for (int i = 0; i < txn->attempts; i++)
		if (txn->attempt[i].peer == peer ||
		    txn->attempt[i].branch_hash == attempt->branch_hash)
			world_fail(txn->call, "the next attempt goes to the same target");
	txn->attempts++;
	check_breadth(txn, attempt);
	txn->next_at = TICK_NEVER;
	txn->may_be_alone = false;
	if (world.options.fork_ms && model_is_invite(txn) && model_may_follow(txn))
		txn->next_at = AFTER(world.options.fork_ms);
}
