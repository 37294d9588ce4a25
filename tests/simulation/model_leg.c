/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second party that answers 2xx, by the policy of the pool's service: forwarded (RFC 3261 §16.7
 * item 5); dropped; or acknowledged and ended as its caller would (§13.2.2.4): ACK, then BYE, the
 * ACK again for each repetition, the BYE a non-INVITE client transaction.  See model.h.
 */
#include "model.h"

enum extra model_extra(uint16_t pool)
{
	static const uint8_t policies[POOLS] = { EXTRA_FORWARD, EXTRA_DROP, EXTRA_ACK_BYE };

	return world.options.fork_ms ? (enum extra)policies[pool] : EXTRA_FORWARD;
}

/* In the dialog that `answer` made. */
static void check_own(const struct model_txn *txn, const struct output *output,
		      const struct buffer *answer, uint32_t cseq)
{
	const struct buffer *out = output->buffer;
	struct address contact;

	if (!sip_same(answer, answer->sip.to, out, out->sip.to) ||
	    !sip_same(answer, answer->sip.from, out, out->sip.from) ||
	    !sip_same(answer, answer->sip.call_id, out, out->sip.call_id) ||
	    !sip_same(answer, answer->sip.contact, out, out->sip.request_uri) ||
	    out->sip.cseq != cseq || out->sip.via_count != 1)
		world_fail(txn->call, "an own %s does not fit the leg that it ends",
			   method_names[out->sip.method]);
	for (int i = 0; i < txn->attempts; i++)
		if (txn->attempt[i].branch_hash == out->sip.branch_hash)
			world_fail(txn->call, "an own %s has its INVITE's branch",
				   method_names[out->sip.method]);
	if (!sip_uri_address(sip_text(answer, answer->sip.contact), &contact) ||
	    !address_equal(contact, output->to))
		world_fail(txn->call, "an own %s goes to nobody's Contact",
			   method_names[out->sip.method]);
}

static struct model_leg *leg_of(struct model_txn *txn, uint64_t tag_hash)
{
	for (int i = 0; i < txn->legs; i++)
		if (txn->leg[i].tag_hash == tag_hash)
			return &txn->leg[i];
	return NULL;
}

static void take_again(struct model_txn *txn, struct model_leg *leg, struct outputs *outputs)
{
	struct output *ack;

	/* Who is ended and gone is remembered for as long as its 2xx may come again. */
	if (world.now >= leg->keep_end || (world.now >= txn->end && outputs->count == 0))
		return;
	ack = model_take_request(txn, outputs, METHOD_ACK);
	if (ack && (ack->buffer->len != leg->ack->len ||
		    memcmp(ack->buffer->data, leg->ack->data, leg->ack->len) != 0))
		world_fail(txn->call, "an own ACK is repeated differently");
}

void model_leg_take(struct model_txn *txn, struct buffer *in, struct outputs *outputs)
{
	struct span tag = sip_text(in, in->sip.to_tag);
	uint64_t tag_hash = sip_hash(tag.data, tag.len);
	struct model_leg *leg = leg_of(txn, tag_hash);
	struct output *ack, *bye;

	if (leg) {
		take_again(txn, leg, outputs);
		return;
	}
	if (txn->legs == MODEL_LEGS_MAX)
		return;
	ack = model_take_request(txn, outputs, METHOD_ACK);
	bye = ack ? model_take_request(txn, outputs, METHOD_BYE) : NULL;
	if (!bye)
		return;
	if (bye < ack)
		world_fail(txn->call, "a BYE goes before its ACK");
	check_own(txn, ack, in, in->sip.cseq);
	check_own(txn, bye, in, in->sip.cseq + 1);
	world.legs_ended++;
	txn->leg[txn->legs++] = (struct model_leg){
		.tag_hash = tag_hash,
		.branch_hash = bye->buffer->sip.branch_hash,
		.side = SIDE_TRYING,
		.interval_ms = T1_MS,
		.resend_at = AFTER(T1_MS),
		.end = AFTER(64 * T1_MS),
		.keep_end = AFTER(64 * T1_MS),
		.to = bye->to,
		.ack = buffer_ref(ack->buffer),
		.bye = buffer_ref(bye->buffer),
	};
}

static struct model_leg *find(struct call *call, const struct buffer *buffer)
{
	for (struct model_txn *txn = call->models; txn; txn = txn->next)
		for (int i = 0; i < txn->legs && !txn->is_lost; i++)
			if (txn->leg[i].branch_hash == buffer->sip.branch_hash)
				return &txn->leg[i];
	return NULL;
}

bool model_leg_response(struct call *call, const struct buffer *in)
{
	struct model_leg *leg = in->sip.method == METHOD_BYE ? find(call, in) : NULL;

	if (!leg)
		return false;
	if (leg->side != SIDE_TRYING && leg->side != SIDE_PROCEEDING)
		return true;
	if (world.now >= leg->end)
		return true; /* Timer F may just have fired */
	if (in->sip.status < 200) {
		leg->side = SIDE_PROCEEDING;
		return true;
	}
	leg->side = SIDE_COMPLETED;
	leg->resend_at = TICK_NEVER;
	leg->end = AFTER(T4_MS); /* Timer K */
	return true;
}

bool model_leg_resent(struct call *call, struct output *output)
{
	struct model_leg *leg =
		output->buffer->sip.method == METHOD_BYE ? find(call, output->buffer) : NULL;

	if (!leg)
		return false;
	model_measure(call, leg->resend_at, "Timer E of an own BYE");
	if (output->buffer->len != leg->bye->len ||
	    memcmp(output->buffer->data, leg->bye->data, leg->bye->len) != 0)
		world_fail(call, "an own BYE is repeated differently");
	leg->interval_ms = leg->side == SIDE_PROCEEDING ? T2_MS : MIN(2 * leg->interval_ms, T2_MS);
	leg->resend_at = AFTER(leg->interval_ms);
	if (leg->resend_at >= leg->end)
		leg->resend_at = TICK_NEVER;
	return true;
}

bool model_leg_error(struct call *call, const struct buffer *quoted, struct address to)
{
	struct model_leg *leg = quoted->sip.method == METHOD_BYE ? find(call, quoted) : NULL;

	if (!leg)
		return false;
	if ((leg->side == SIDE_TRYING || leg->side == SIDE_PROCEEDING) &&
	    address_equal(leg->to, to)) {
		leg->side = SIDE_TERMINATED;
		leg->resend_at = TICK_NEVER;
		leg->end = world.now;
	}
	return true;
}

void model_leg_advance(struct model_txn *txn)
{
	for (int i = 0; i < txn->legs; i++) {
		struct model_leg *leg = &txn->leg[i];
		if (leg->resend_at < world.now && world.now - leg->resend_at > SLACK)
			world_fail(txn->call, "an own BYE was not repeated");
		if (leg->side != SIDE_COMPLETED && leg->side != SIDE_TERMINATED &&
		    leg->end < world.now && world.now - leg->end > SLACK)
			leg->side = SIDE_TERMINATED; /* Timer F: nobody to tell */
	}
}
