/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's server side: requests, what is sent upstream, bookkeeping; see model.h. */
#include "model.h"

#include <stdlib.h>

static struct model_txn *free_txns;

/* ---- outputs */

/* `status` 0: any final one; `branch_hash` 0: any. */
static struct output *take(const struct model_txn *txn, struct outputs *outputs, bool is_request,
			   uint8_t method, uint16_t status, uint64_t branch_hash)
{
	for (uint32_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->output[i];
		const struct sip *sip = &output->buffer->sip;
		if (output->is_asked_for || sip->is_request != is_request ||
		    sip->call != txn->call->number)
			continue;
		if (sip->method != method || (branch_hash && sip->branch_hash != branch_hash) ||
		    (!is_request && (status ? sip->status != status : sip->status < 200)))
			continue;
		output->is_asked_for = true;
		return output;
	}
	return NULL;
}

struct output *model_take_request(struct model_txn *txn, struct outputs *outputs, uint8_t method)
{
	struct output *output = take(txn, outputs, true, method, 0, 0);

	if (!output)
		world_fail(txn->call, "no %s was sent, one is due", method_names[method]);
	return output;
}

struct output *model_take_branch(struct model_txn *txn, struct outputs *outputs, uint8_t method,
				 uint64_t branch_hash)
{
	struct output *output = take(txn, outputs, true, method, 0, branch_hash);

	if (!output)
		world_fail(txn->call, "no %s was sent on a branch, one is due",
			   method_names[method]);
	return output;
}

bool model_has_final(const struct model_txn *txn, const struct outputs *outputs)
{
	for (uint32_t i = 0; i < outputs->count; i++) {
		const struct sip *sip = &outputs->output[i].buffer->sip;
		if (!sip->is_request && sip->status >= 200 && sip->method == txn->method &&
		    sip->branch_hash == txn->branch_hash)
			return true;
	}
	return false;
}

struct output *model_take_answer(struct model_txn *txn, struct outputs *outputs, uint8_t method,
				 uint16_t status)
{
	struct output *output = take(txn, outputs, false, method, status, 0);

	if (!output && status)
		world_fail(txn->call, "no %u to %s was sent, one is due", status,
			   method_names[method]);
	else if (!output)
		world_fail(txn->call, "no final response to %s was sent, one is due",
			   method_names[method]);
	if (!output)
		return NULL;
	if (!address_equal(output->to, txn->asker) || !address_equal(output->from, txn->own))
		world_fail(txn->call, "a response goes to somebody who did not ask");
	return output;
}

struct output *model_take_response(struct model_txn *txn, struct outputs *outputs, uint16_t status)
{
	return model_take_answer(txn, outputs, txn->method, status);
}

struct output *model_take_final(struct model_txn *txn, struct outputs *outputs)
{
	return model_take_answer(txn, outputs, txn->method, 0);
}

void model_keep(struct buffer **slot, struct buffer *buffer)
{
	struct buffer *old = *slot;

	*slot = buffer ? buffer_ref(buffer) : NULL;
	buffer_release(old);
}

void model_measure(const struct call *call, tick_t due, const char *timer)
{
	world.timers_measured++;
	if (due == TICK_NEVER || world.now < due)
		world_fail(call, "%s fired early", timer);
	else if (world.now - due > SLACK)
		world_fail(call, "%s fired %llu us late", timer,
			   (unsigned long long)(world.now - due));
	else if (world.now - due > world.latest)
		world.latest = world.now - due;
}

/* ---- the server machine */

void model_server_silent(struct model_txn *txn, tick_t since, bool by_timer)
{
	txn->is_silent = true;
	/* RFC 4320 §4.1: the 100 is still to come. */
	if (!by_timer && txn->trying_at != TICK_NEVER)
		return;
	txn->side = SIDE_COMPLETED;
	txn->trying_at = TICK_NEVER;
	txn->end = since + TICK_MS(64 * T1_MS);
	if (by_timer)
		model_keep(&txn->response, NULL);
	model_keep(&txn->request, NULL);
}

void model_server_sent(struct model_txn *txn, struct buffer *response, bool is_kept)
{
	uint16_t status = response->sip.status;

	if (is_kept)
		model_keep(&txn->response, response);
	if (status < 200) {
		txn->side = SIDE_PROCEEDING;
		return;
	}
	txn->status = status;
	txn->trying_at = TICK_NEVER;
	model_keep(&txn->request, NULL);
	if (txn->side != SIDE_ACCEPTED)
		txn->end = AFTER(64 * T1_MS); /* Timers H, J, L */
	if (!model_is_invite(txn)) {
		txn->side = SIDE_COMPLETED;
	} else if (status < 300) {
		txn->side = SIDE_ACCEPTED;
		model_keep(&txn->response, NULL);
	} else {
		txn->side = SIDE_COMPLETED;
		txn->interval_ms = T1_MS;
		txn->resend_at = AFTER(T1_MS);
	}
}

/* ---- look-up */

static struct model_txn *find(struct call *call, const struct sip *sip)
{
	uint8_t method = sip->method == METHOD_ACK || sip->method == METHOD_CANCEL ? METHOD_INVITE
										   : sip->method;

	for (struct model_txn *txn = call->models; txn; txn = txn->next)
		if (!txn->is_lost && txn->branch_hash == sip->branch_hash && txn->method == method)
			return txn;
	return NULL;
}

static tick_t server_end(const struct model_txn *txn)
{
	return txn->side == SIDE_TERMINATED ? 0 : txn->end;
}

/* The last moment at which something lives of it that knows the request again: further branches are
 * let go when none is open. */
static tick_t record_end(const struct model_txn *txn)
{
	const struct model_attempt *attempt = &txn->attempt[0];
	tick_t end = server_end(txn);

	for (int i = 0; i < txn->attempts; i++)
		if (model_is_open(&txn->attempt[i]))
			end = MAX(end, txn->attempt[i].end);
	return attempt->side == SIDE_TERMINATED ? end : MAX(end, attempt->end);
}

/* The last moment at which anything does. */
static tick_t all_end(const struct model_txn *txn)
{
	tick_t end = record_end(txn);

	for (int i = 0; i < txn->attempts; i++)
		if (txn->attempt[i].side != SIDE_TERMINATED)
			end = MAX(end, txn->attempt[i].end);
	for (int i = 0; i < txn->legs; i++) {
		end = MAX(end, txn->leg[i].end);
		end = MAX(end, txn->leg[i].keep_end);
	}
	return end;
}

static bool is_alive(const struct model_txn *txn)
{
	return world.now < record_end(txn);
}

static bool is_grey(const struct model_txn *txn)
{
	tick_t end = record_end(txn);

	return end <= world.now && world.now <= tick_add(end, SLACK);
}

/* ---- requests */

static struct model_txn *txn_new(struct call *call, struct buffer *in, struct address from,
				 struct address to, uint32_t engine)
{
	struct model_txn *txn = free_txns;

	if (txn)
		free_txns = txn->next;
	else if (!(txn = malloc(sizeof(*txn))))
		abort();
	memset(txn, 0, offsetof(struct model_txn, attempt));
	txn->call = call;
	txn->branch_hash = in->sip.branch_hash;
	txn->method = in->sip.method;
	txn->side = in->sip.method == METHOD_INVITE ? SIDE_PROCEEDING : SIDE_TRYING;
	txn->asker = from;
	txn->own = to;
	txn->engine = (uint8_t)engine;
	txn->life = world.engines[engine].life;
	txn->resend_at = txn->end = txn->trying_at = txn->next_at = TICK_NEVER;
	txn->breadth = (uint16_t)(in->sip.max_breadth < 0 ? 60 : MIN(in->sip.max_breadth, 60));
	txn->is_balanced = in->sip.to_tag.len == 0;
	txn->pool = (uint16_t)((to.port - 5060) / 2);
	txn->request = buffer_ref(in);
	txn->next = call->models;
	call->models = txn;
	return txn;
}

/* Who must get an in-dialog request from `from`. */
static struct node *other_side(const struct call *call, const struct buffer *in,
			       struct address from)
{
	if (!address_equal(from, call->caller->seen))
		return call->caller;
	for (struct leg *leg = call->legs; leg; leg = leg->next)
		if (!leg->is_caller &&
		    span_equal(sip_text(in, in->sip.to_tag), span_of_string(leg->local_tag)))
			return leg->node;
	return NULL;
}

static void take_new(struct call *call, struct buffer *in, struct address from, struct address to,
		     struct outputs *outputs)
{
	const struct model_txn *lost = model_lost(call, &in->sip);
	struct model_txn *txn = txn_new(call, in, from, to, outputs->engine);
	struct output *output;

	if (model_is_invite(txn) && (output = model_take_response(txn, outputs, 100)))
		model_check_own(txn, output->buffer);
	output = model_take_request(txn, outputs, in->sip.method);
	if (!output) {
		txn->attempts = 1; /* for the look-ups until the run ends */
		txn->attempt[0] = (struct model_attempt){ .side = SIDE_TERMINATED };
		return;
	}
	/* It goes on, and is noticed. */
	world.planted += call->plan.midway[0] == MIDWAY_OUT_OF_ORDER && !txn->is_balanced &&
			 in->sip.method == METHOD_INFO && address_equal(from, call->caller->seen) &&
			 in->sip.cseq + 1 == call->caller_leg->first_cseq;
	model_check_request(call, in, output->buffer);
	model_attempt_begin(txn, output);
	if (lost)
		model_check_revived(txn, lost);
	if (!txn->is_balanced && other_side(call, in, from) != txn->attempt[0].peer)
		world_fail(call, "an in-dialog request goes to somebody else");
	/* RFC 4320 §4.1: when a client's Timer E reaches T2. */
	if (!model_is_invite(txn))
		txn->trying_at = AFTER(T1_MS + 2 * T1_MS + 4 * T1_MS);
}

/* §17.2: what was said last is said again, and nothing goes downstream. */
static void take_again(struct model_txn *txn, struct outputs *outputs)
{
	struct output *output;
	uint16_t status = txn->response ? txn->response->sip.status : 100;

	if (txn->side == SIDE_TRYING || (txn->is_silent && !txn->response) ||
	    (txn->side != SIDE_PROCEEDING && txn->side != SIDE_COMPLETED) ||
	    (txn->side == SIDE_COMPLETED && world.now >= txn->end))
		return;
	output = model_take_response(txn, outputs, status);
	if (!output)
		return;
	if (!txn->response)
		model_check_own(txn, output->buffer);
	else if (output->buffer->len != txn->response->len ||
		 memcmp(output->buffer->data, txn->response->data, txn->response->len) != 0)
		world_fail(txn->call, "a response is repeated differently");
}

static bool has_request(const struct outputs *outputs, uint8_t method)
{
	for (uint32_t i = 0; i < outputs->count; i++)
		if (outputs->output[i].buffer->sip.is_request &&
		    outputs->output[i].buffer->sip.method == method)
			return true;
	return false;
}

static void take_ack(struct call *call, struct model_txn *txn, struct buffer *in,
		     struct address from, struct outputs *outputs)
{
	struct model_txn none = { .call = call };
	const struct model_txn *lost;

	if (txn) {
		/* RFC 6026 §7.1: in Accepted an ACK is the TU's, here to be forwarded. */
		if (txn->side == SIDE_ACCEPTED && world.now < txn->end)
			(void)model_take_request(txn, outputs, METHOD_ACK);
		if (txn->side != SIDE_COMPLETED)
			return;
		txn->side = SIDE_CONFIRMED;
		txn->resend_at = TICK_NEVER;
		txn->end = AFTER(T4_MS); /* Timer I */
		model_keep(&txn->response, NULL);
		return;
	}
	/* To an answer of an engine that died: another knows the tag for the cluster's. */
	if (call->has_lost && !has_request(outputs, METHOD_ACK) &&
	    outputs->verdict.kind == VERDICT_ABSORB)
		return;
	struct output *output = model_take_request(&none, outputs, METHOD_ACK);
	if (!output)
		return;
	model_check_request(call, in, output->buffer);
	lost = model_lost(call, &in->sip);
	/* After a fail-over the first target gets it. */
	if (lost && call->had_failover)
		call_race(call, RACE_LOST_ATTEMPTS);
	else if (network_node(output->to) !=
		 (lost ? lost->attempt[0].peer : other_side(call, in, from)))
		world_fail(call, "an ACK goes to somebody else");
}

static void take_cancel(struct model_txn *txn, struct buffer *in, struct address from,
			struct outputs *outputs)
{
	struct output *output = model_take_answer(txn, outputs, METHOD_CANCEL, 200);

	if (output && (!address_equal(output->to, from) || !output->buffer->sip.to_tag.len ||
		       output->buffer->sip.branch_hash != in->sip.branch_hash))
		world_fail(txn->call, "a 200 to CANCEL does not fit it");
	if (txn->side != SIDE_PROCEEDING)
		return;
	model_cancel_all(txn, txn->call->plan.has_reason, outputs);
}

static bool is_ping(const struct buffer *in)
{
	struct span uri = sip_text(in, in->sip.request_uri);

	return in->sip.method == METHOD_OPTIONS && !memchr(uri.data, '@', uri.len);
}

void model_request(struct call *call, struct buffer *in, struct address from, struct address to,
		   struct outputs *outputs)
{
	struct model_txn *txn, *lost;

	model_bury(call);
	txn = find(call, &in->sip);
	if (txn && in->sip.method != METHOD_ACK)
		model_advance(txn);
	if (txn)
		model_end_silent(txn, outputs);
	bool is_taken_anew = txn && is_grey(txn) && has_request(outputs, txn->method);
	if (txn && is_grey(txn) && !is_taken_anew) {
		for (uint32_t i = 0; i < outputs->count; i++)
			outputs->output[i].is_asked_for = true;
		return;
	}
	/* A CANCEL comes again for as long as its own Timer J, and is answered. */
	bool is_cancel = in->sip.method == METHOD_CANCEL;
	/* What the network kept is no fault of anybody's. */
	bool was_kept = txn && world.now < tick_add(record_end(txn), TICK_SECONDS(2));
	if (txn && !is_cancel && (is_taken_anew || !is_alive(txn)) &&
	    (txn->is_silent || was_kept || agreement_is_touched(call))) {
		call_race(call, RACE_LATE_RETRANSMISSION);
		call->begins_anew = true;
		txn = NULL;
	}
	if (txn && !is_alive(txn) && in->sip.method != METHOD_ACK && !is_cancel)
		world_fail(call, "a %s comes again after its transaction ended",
			   method_names[in->sip.method]);
	if (in->sip.method == METHOD_ACK) {
		take_ack(call, txn, in, from, outputs);
	} else if (in->sip.method == METHOD_CANCEL) {
		if (txn)
			take_cancel(txn, in, from, outputs);
		else if ((lost = model_lost(call, &in->sip)))
			model_lost_cancel(lost, in, outputs);
		else
			world_fail(call, "a CANCEL without its INVITE");
	} else if (txn) {
		take_again(txn, outputs);
	} else if (is_ping(in)) {
		struct model_txn ping = { .call = call,
					  .method = METHOD_OPTIONS,
					  .asker = from,
					  .own = to,
					  .request = in };
		struct output *output = model_take_response(&ping, outputs, 200);
		if (output)
			model_check_own(&ping, output->buffer);
	} else {
		take_new(call, in, from, to, outputs);
	}
}

/* ---- the books */

bool model_is_over(const struct call *call)
{
	for (struct model_txn *txn = call->models; txn; txn = txn->next) {
		if (txn->is_lost || world.engines[txn->engine].life != txn->life)
			continue;
		model_advance(txn);
		if (world.now <= tick_add(all_end(txn), SLACK))
			return false;
	}
	return true;
}

void model_forget(struct call *call)
{
	struct model_txn *txn;

	while ((txn = call->models) != NULL) {
		call->models = txn->next;
		buffer_release(txn->request);
		buffer_release(txn->response);
		buffer_release(txn->cancel);
		for (int i = 0; i < txn->attempts; i++) {
			buffer_release(txn->attempt[i].request);
			buffer_release(txn->attempt[i].ack);
			buffer_release(txn->attempt[i].cancel);
			buffer_release(txn->attempt[i].final);
		}
		for (int i = 0; i < txn->legs; i++) {
			buffer_release(txn->leg[i].ack);
			buffer_release(txn->leg[i].bye);
		}
		txn->next = free_txns;
		free_txns = txn;
	}
	model_calls_detach(call);
	/* Nothing of the allocator's outlives the run. */
	if (world.ended + 1 >= world.options.calls || world.has_failed)
		while ((txn = free_txns) != NULL) {
			free_txns = txn->next;
			free(txn);
		}
}
