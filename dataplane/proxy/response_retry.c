/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A response of ours that ICMP brings back is sent once more, to the address and port that the
 * previous hop's Via names itself (RFC 3261 §18.2.2, RFC 3263 §5).
 *
 * A response of which a copy is kept is sent again at once, and the error must quote that copy
 * octet for octet: who is not on the path cannot make one up (RFC 5927).  The copy changes its
 * destination with it, so an error about the second place, or another one about the first, moves
 * nothing.  Of a 2xx to an INVITE there is no copy; its sender repeats it until the ACK (RFC 3261
 * §13.3.1.4), and what it repeats then goes to the second place.
 *
 * The caller chose the place: it gets nothing but what it asked for, and it must be the address
 * that the answer went to, a peer or a target, on the same interface.  What becomes of the
 * transaction is not touched (RFC 6026 §8.8).
 */
#include "proxy/engine.h"

static struct span after_line(struct span text)
{
	return span_from(text, span_find(text, '\n') + 1);
}

/* The first row with that name that the quote has whole. */
static bool quoted_row(struct span quoted, enum sip_header_id id, struct span *value)
{
	for (struct span at = after_line(quoted); at.len; at = after_line(at)) {
		size_t len = span_find(at, '\n');
		struct span line = span_of(at.data, len);
		size_t colon = span_find(line, ':');
		/* Cut off, or at the end of the head. */
		if (len == at.len || colon == len)
			return false;
		if (sip_header_find(span_trim(span_of(line.data, colon))) != id)
			continue;
		/* A fold would hide the rest of it. */
		struct span next = after_line(at);
		if (next.len == 0 || next.data[0] == ' ' || next.data[0] == '\t')
			return false;
		*value = span_trim(span_from(line, colon + 1));
		return true;
	}
	return false;
}

static struct span first_value(struct span row)
{
	bool quoted = false;

	for (size_t i = 0; i < row.len; i++) {
		if (row.data[i] == '\\' && quoted)
			i++;
		else if (row.data[i] == '"')
			quoted = !quoted;
		else if (row.data[i] == ',' && !quoted)
			return span_of(row.data, i);
	}
	return row;
}

/* What a quoted response answers. */
struct answered {
	struct sip_via via;
	struct txn *txn;
	struct tombstone *tombstone;
};

/* The server transaction; false: none, or a Via without the magic cookie, which does not suffice
 * (§17.2.3).  `token` is the method's and lies in `bytes`. */
static bool answered_find(struct call *call, const char *bytes, struct span token,
			  struct answered *answered)
{
	struct sip_message *msg = &call->proxy->sent;

	if (!answered->via.has_cookie)
		return false;
	*msg = (struct sip_message){
		.bytes = bytes,
		.method = (uint8_t)sip_method_find(token),
		.method_token = { (uint16_t)(token.data - bytes), (uint16_t)token.len },
		.via = answered->via,
	};
	answered->txn = txn_find_server(call->proxy, branch_server_key(call->snapshot, msg),
					msg->method, &answered->tombstone);
	return answered->txn || answered->tombstone;
}

static bool quoted_find(struct call *call, struct span quoted, struct answered *answered)
{
	struct span via, cseq;

	if (!quoted_row(quoted, SIP_HEADER_VIA, &via) ||
	    !quoted_row(quoted, SIP_HEADER_CSEQ, &cseq) ||
	    !sip_via_decode(first_value(via), &answered->via))
		return false;
	return answered_find(call, quoted.data,
			     span_trim(span_from(cseq, span_find(cseq, ' '))), answered);
}

static struct retained *copy_of(const struct answered *answered)
{
	if (answered->txn)
		return answered->txn->response;
	return answered->tombstone->is_invite ? NULL : answered->tombstone->copy;
}

static bool is_quote_of(struct span quoted, struct retained *copy)
{
	struct span message = held_message(copy);

	return quoted.len <= message.len &&
	       memcmp(quoted.data, message.data, quoted.len) == 0;
}

/* The sent-by: an address, a name of `hosts`, or one that has been asked for: with a port its
 * addresses, without one its SRV records first (RFC 3263 §5). */
static enum name_knowledge sent_by_find(struct call *call, const struct sip_via *via,
					struct endpoint *place)
{
	*place = (struct endpoint){ .port = via->port ? via->port : SIP_PORT };
	return balance_host_find(call->snapshot, via->host, &place->address) ?
		       NAME_FOUND :
		       names_find(&call->proxy->names, via->host, via->port, call->now, place);
}

/* Where the Via says that its sender listens, when `first` did not take the answer; false: not
 * known, or not to be sent to. */
static bool second_place(struct call *call, const struct sip_via *via, uint16_t interface,
			 const struct endpoint *first, struct endpoint *place)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	struct endpoint any_port = { .port = 0 };

	if (sent_by_find(call, via, place) != NAME_FOUND ||
	    place->address.family != first->address.family || endpoint_equal(place, first) ||
	    !compose_answer_is_usable(snapshot, place))
		return false;
	if (ip_address_equal(&place->address, &first->address))
		return true;
	any_port.address = place->address;
	return balance_egress_find(snapshot, &place->address) == interface &&
	       (balance_is_peer(snapshot, interface, &place->address) ||
		balance_target_find(snapshot, &any_port) != BALANCE_NONE);
}

/* The error is looked at again when the sent-by's name is known. */
static bool waits_for_name(struct call *call, struct span quoted, const struct answered *answered,
			   const struct endpoint *destination)
{
	struct endpoint ignored;

	return sent_by_find(call, &answered->via, &ignored) == NAME_UNASKED &&
	       names_wait_error(call, quoted, destination, answered->via.host,
				answered->via.port);
}

static bool send_copy_again(struct call *call, struct span quoted,
			    const struct answered *answered, const struct endpoint *destination)
{
	struct retained *copy = copy_of(answered);
	struct endpoint place;

	if (!copy || !is_quote_of(quoted, copy))
		return false;
	struct held *held = held_of(copy);
	if (!endpoint_equal(&held->destination, destination) ||
	    !second_place(call, &answered->via, held->interface, &held->destination, &place))
		return waits_for_name(call, quoted, answered, destination);
	held->destination = place;
	call_send_held(call, copy);
	call->proxy->stats.responses_resent++;
	return true;
}

/* The Via's branch, which the quote must have right, is what tells this error from a forged one. */
static bool note_failure_of_2xx(struct call *call, struct span quoted, struct answered *answered,
				const struct endpoint *destination)
{
	struct tombstone *tombstone = answered->tombstone;
	struct txn *txn = answered->txn;
	struct endpoint place;

	if (!span_starts_with(quoted, SPAN("SIP/2.0 2")))
		return false;
	if (tombstone) {
		if (!tombstone->is_invite || tombstone->answer_failed ||
		    tombstone->server_state != INVITE_SERVER_ACCEPTED)
			return false;
		tombstone->answer_failed = true;
		/* So that it is known when the 2xx is repeated. */
		(void)waits_for_name(call, quoted, answered, destination);
		return true;
	}
	/* Whole still, because of other branches: in Accepted nothing but 2xx follows. */
	if (!(txn->flags & TXN_IS_INVITE) || txn->server_state != INVITE_SERVER_ACCEPTED ||
	    !endpoint_equal(&txn->answer, destination))
		return false;
	if (!second_place(call, &answered->via, txn->ingress, &txn->answer, &place))
		return waits_for_name(call, quoted, answered, destination);
	txn->answer = place;
	return true;
}

struct verdict response_transport_error(struct call *call, struct span quoted,
					const struct endpoint *destination)
{
	struct answered answered;

	if (!quoted_find(call, quoted, &answered) ||
	    (!send_copy_again(call, quoted, &answered, destination) &&
	     !note_failure_of_2xx(call, quoted, &answered, destination)))
		return verdict_of(VERDICT_DROP, REASON_ICMP_UNMATCHED);
	return verdict_of(VERDICT_ABSORB, REASON_RESPONSE_RETRIED);
}

void response_answer_2xx(struct call *call, const struct sip_message *msg, uint16_t interface,
			 struct endpoint *answer)
{
	struct answered answered;
	struct sip_value_cursor at;
	struct endpoint place;

	if (!sip_value_first(msg, SIP_HEADER_VIA, &at) || !sip_value_next(msg, &at) ||
	    !sip_via_decode(at.value, &answered.via) ||
	    !answered_find(call, msg->bytes, sip_slice_span(msg, msg->method_token), &answered))
		return;
	if (answered.txn)
		*answer = answered.txn->answer;
	else if (answered.tombstone->answer_failed &&
		 second_place(call, &answered.via, interface, answer, &place))
		*answer = place;
}
