/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second party that answers an INVITE with 2xx.  RFC 3261 §16.7 item 5 sends each 2xx to the
 * caller, whose business it is to end what it does not want; callers that cannot are helped by the
 * service's `extra_2xx`:
 *
 *	drop     the 2xx goes nowhere; the other party repeats it for 64*T1 and gives up
 *	ack-bye  the leg is acknowledged and ended here, as the caller should have done (§13.2.2.4):
 *	         by its Contact and the Record-Route values above ours; once a To tag
 *
 * A leg is a transaction of our own (the BYE) that keeps the ACK for each repetition of the 2xx.
 */
#include "proxy/dialog.h"
#include "proxy/note_add.h"
#include "proxy/own.h"
#include "proxy/timers.h"
#include "sip/sdp.h"

/* Parties ended for one INVITE: a target that makes up To tags costs no more slots than this. */
#define LEGS_MAX 8

static uint32_t tag_hash(const struct balance_snapshot *snapshot, const struct sip_message *msg)
{
	struct hash128 none = { 0, 0 };
	struct hash128 key = branch_leg_key(snapshot, 't', none, sip_slice_span(msg, msg->to_tag));

	return (uint32_t)key.lo | 1; /* 0 means none */
}

static uint8_t policy_of(const struct call *call, uint16_t service)
{
	return service < call->snapshot->service_count ? call->snapshot->services[service].extra_2xx :
							 (uint8_t)EXTRA_2XX_FORWARD;
}

uint32_t extra_2xx_winner(const struct call *call, uint16_t service, const struct sip_message *msg)
{
	return policy_of(call, service) == EXTRA_2XX_FORWARD ? 0 : tag_hash(call->snapshot, msg);
}

/* An INVITE without offer gets its offer in the 2xx, and the ACK has to answer it. */
static struct span answer_to_offer(struct call *call, const struct sip_message *msg, bool has_offer)
{
	const struct sip_header *type = sip_message_find(msg, SIP_HEADER_CONTENT_TYPE);
	struct text_writer w = call_scratch(call);

	if (has_offer || msg->body == msg->len || !type ||
	    !span_starts_with_nocase(sip_header_value(msg, type), SPAN("application/sdp")))
		return SPAN_EMPTY;
	sdp_put_rejection(&w, span_of(msg->bytes + msg->body, msg->len - msg->body));
	return w.overflow ? SPAN_EMPTY : call_scratch_done(call, &w);
}

static bool leg_end(struct call *call, const struct sip_message *msg, uint16_t service,
		    bool has_offer, struct hash128 branch, struct hash128 leg_key)
{
	struct proxy *proxy = call->proxy;
	struct leg leg;
	struct endpoint source;
	struct span to_tag = sip_slice_span(msg, msg->to_tag);
	const struct sip_header *from = sip_message_find(msg, SIP_HEADER_FROM);
	const struct sip_header *to = sip_message_find(msg, SIP_HEADER_TO);

	if (!from || !to ||
	    !leg_resolve(call, msg, service, LEG_ANSWERER, leg_contact(msg), &leg))
		return false;
	struct own_request own = {
		.method = SIP_METHOD_ACK,
		.request_uri = leg.request_uri,
		.routes = leg.routes,
		.from = sip_header_value(msg, from),
		.to = sip_header_value(msg, to),
		.call_id = sip_slice_span(msg, msg->call_id),
		.cseq = msg->cseq,
		.sdp = answer_to_offer(call, msg, has_offer),
		.key = branch_leg_key(call->snapshot, 'a', branch, to_tag),
		.service = service,
		.route = &leg.route,
	};
	struct span ack = own_compose(call, &own, NULL, &source);
	if (ack.len == 0)
		return false;
	uint8_t egress = (uint8_t)leg.route.egress;
	call_send_own(call, ack, egress, &source, &leg.route.next_hop);
	own.method = SIP_METHOD_BYE;
	own.cseq = msg->cseq + 1;
	own.sdp = SPAN_EMPTY;
	own.key = branch_leg_key(call->snapshot, 'b', branch, to_tag);
	struct txn *txn = own_start(call, &own);
	if (!txn)
		return true;
	/* Kept as long as the other party may repeat its 2xx (§13.3.1.4). */
	txn->server_key = leg_key;
	txn->server_state = NON_INVITE_SERVER_COMPLETED;
	txn_deadline_in(call, txn, DEADLINE_SERVER_END,
			64 * (uint64_t)timers_of_client(call, txn)->t1_ms);
	if (txn_table_insert(proxy->table, leg_key, txn->index))
		(void)txn_hold(call, &txn->ack, PROXY_OWED_ACK, ack, egress, &source,
			       &leg.route.next_hop);
	txn_settle(call, txn);
	return true;
}

static struct verdict dropped(struct call *call)
{
	call->proxy->stats.extra_2xx_dropped++;
	return verdict_of(VERDICT_ABSORB, REASON_EXTRA_2XX_DROPPED);
}

bool extra_2xx_take(struct call *call, const struct sip_message *msg, const struct extra_2xx *extra,
		    struct verdict *verdict)
{
	struct proxy *proxy = call->proxy;
	uint8_t policy = policy_of(call, extra->service);
	struct hash128 branch;
	uint32_t loop_part;

	if (policy == EXTRA_2XX_FORWARD)
		return false;
	if (extra->winner == 0 || extra->winner == tag_hash(call->snapshot, msg))
		return false;
	if (policy == EXTRA_2XX_DROP || !branch_parse(msg->via.branch, &branch, &loop_part)) {
		*verdict = dropped(call);
		return true;
	}
	struct hash128 leg_key = branch_leg_key(call->snapshot, 'x', branch,
						sip_slice_span(msg, msg->to_tag));
	struct tombstone *tombstone;
	struct txn *txn = txn_find_server(proxy, leg_key, SIP_METHOD_BYE, &tombstone);
	*verdict = verdict_of(VERDICT_ABSORB, REASON_EXTRA_2XX_ENDED);
	if (txn) {
		call_send_held(call, txn->ack);
		proxy->stats.acks_resent++;
	} else if (*extra->legs < LEGS_MAX &&
		   leg_end(call, msg, extra->service, extra->has_offer, branch, leg_key)) {
		*extra->legs += 1;
		proxy->stats.extra_2xx_ended++;
	} else {
		*verdict = dropped(call);
	}
	return true;
}
