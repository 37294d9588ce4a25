/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends a call whose 2xx saw no ACK, with a BYE to both parties, each as if from the other.  What
 * that needs is copied out of the 2xx and its INVITE, and kept until the ACK or the end.
 */
#include "proxy/dialog.h"
#include "proxy/own.h"

/* A party with a head larger than that is not worth the memory. */
#define BYE_COPY_MAX 8192

/* Requests that passed before the answer are not counted, PRACK and UPDATE above all: a gap is fine
 * (RFC 3261 §12.2.2), a number that was used is not. */
#define BYE_CSEQ_GAP 32

struct bye_leg {
	struct hash128 key; /* of our branch */
	struct endpoint next_hop;
	uint16_t egress;    /* BALANCE_NONE: there is no way */
	uint16_t uri_len, routes_len;
};

struct bye_copy {
	struct bye_leg legs[LEG_ENDS];
	uint16_t from_len, to_len, call_id_len;
	char text[]; /* From, To, Call-ID of the 2xx; Request-URI and Route rows of each leg */
};

static struct span invite_contact(struct call *call, const struct txn *branch)
{
	struct sip_message *sent = &call->proxy->sent;

	if (!branch->request)
		return SPAN_EMPTY;
	struct span invite = held_message(branch->request);
	if (sip_message_parse(sent, invite.data, (uint32_t)invite.len) != VERDICT_REASON_NONE)
		return SPAN_EMPTY;
	return leg_contact(sent);
}

static struct span row_value(const struct sip_message *msg, enum sip_header_id id)
{
	const struct sip_header *row = sip_message_find(msg, id);

	return row ? sip_header_value(msg, row) : SPAN_EMPTY;
}

static bool leg_keep(struct call *call, const struct sip_message *msg, uint16_t service,
		     enum leg_end end, struct span contact, const struct txn *branch,
		     struct bye_leg *to, struct text_writer *w)
{
	struct leg leg;

	to->egress = BALANCE_NONE;
	if (!leg_resolve(call, msg, service, end, contact, &leg))
		return false;
	*to = (struct bye_leg){
		.key = branch_leg_key(call->snapshot, end == LEG_ANSWERER ? 'u' : 'v',
				      branch->client_key, sip_slice_span(msg, msg->to_tag)),
		.next_hop = leg.route.next_hop,
		.egress = leg.route.egress,
		.uri_len = (uint16_t)leg.request_uri.len,
		.routes_len = (uint16_t)leg.routes.len,
	};
	text_put(w, leg.request_uri);
	text_put(w, leg.routes);
	return true;
}

struct retained *bye_keep(struct call *call, const struct sip_message *msg, uint16_t service,
			  const struct txn *branch)
{
	const struct span from = row_value(msg, SIP_HEADER_FROM);
	const struct span to = row_value(msg, SIP_HEADER_TO);
	const struct span call_id = sip_slice_span(msg, msg->call_id);
	struct bye_copy copy = { .from_len = (uint16_t)from.len,
				 .to_len = (uint16_t)to.len,
				 .call_id_len = (uint16_t)call_id.len };
	char text[BYE_COPY_MAX];
	struct text_writer w = text_writer_of(text, sizeof(text));

	text_put(&w, from);
	text_put(&w, to);
	text_put(&w, call_id);
	bool answerer = leg_keep(call, msg, service, LEG_ANSWERER, leg_contact(msg), branch,
				 &copy.legs[LEG_ANSWERER], &w);
	bool inviter = leg_keep(call, msg, service, LEG_INVITER, invite_contact(call, branch),
				branch, &copy.legs[LEG_INVITER], &w);
	if ((!answerer && !inviter) || w.overflow)
		return NULL;
	struct span written = text_written(&w);
	struct retained *kept = retain_reserve(call->proxy->retain,
					       (uint32_t)(sizeof(copy) + written.len));
	if (!kept)
		return NULL;
	memcpy(kept->bytes, &copy, sizeof(copy));
	memcpy(kept->bytes + sizeof(copy), written.data, written.len);
	return kept;
}

/* Takes the first `len` octets off. */
static struct span text_take(struct span *text, size_t len)
{
	struct span taken = span_of(text->data, len);

	*text = span_from(*text, len);
	return taken;
}

void bye_send(struct call *call, const struct retained *kept, uint16_t service,
	      const uint32_t last[LEG_ENDS])
{
	struct bye_copy copy;
	struct span text = span_of(kept->bytes + sizeof(copy), kept->len - sizeof(copy));

	memcpy(&copy, kept->bytes, sizeof(copy));
	struct span from = text_take(&text, copy.from_len);
	struct span to = text_take(&text, copy.to_len);
	struct span call_id = text_take(&text, copy.call_id_len);
	for (int end = 0; end < LEG_ENDS; end++) {
		const struct bye_leg *leg = &copy.legs[end];
		const struct route route = { .next_hop = leg->next_hop, .egress = leg->egress };
		if (leg->egress == BALANCE_NONE)
			continue;
		const struct own_request own = {
			.method = SIP_METHOD_BYE,
			.request_uri = text_take(&text, leg->uri_len),
			.routes = text_take(&text, leg->routes_len),
			.from = end == LEG_ANSWERER ? from : to,
			.to = end == LEG_ANSWERER ? to : from,
			.call_id = call_id,
			.cseq = last[end] + BYE_CSEQ_GAP,
			.key = leg->key,
			.service = service,
			.route = &route,
		};
		struct txn *txn = own_start(call, &own);
		if (txn)
			txn_settle(call, txn);
	}
}

bool bye_has_scratch(const struct call *call)
{
	return OUTBOX_SCRATCH_SIZE - call->outbox->scratch_used >= LEG_ENDS * 2 * BYE_COPY_MAX;
}
