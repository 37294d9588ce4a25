/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A response of ours that ICMP brings back is sent once more, to the address and port that the
 * previous hop's Via names itself (RFC 3261 §18.2.2, RFC 3263 §5), where those are a number.
 *
 * Only a response whose copy is kept can be sent again, and the error must quote that copy octet
 * for octet: who is not on the path cannot make one up (RFC 5927).  The copy changes its
 * destination with it, so an error about the second place, or another one about the first, moves
 * nothing.  The caller chose the place: it gets nothing but what it asked for, and it must be the
 * address that the answer went to, a peer or a target, on the same interface.  What becomes of the
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

/* The copy of the response quoted, or NULL.  A Via without the magic cookie does not suffice to
 * find it (§17.2.3). */
static struct retained *quoted_copy(struct call *call, struct span quoted, struct sip_via *via)
{
	struct sip_message *msg = &call->proxy->sent;
	struct tombstone *tombstone;
	struct span row;

	if (!quoted_row(quoted, SIP_HEADER_VIA, &row) || !sip_via_decode(first_value(row), via) ||
	    !via->has_cookie || !quoted_row(quoted, SIP_HEADER_CSEQ, &row))
		return NULL;
	size_t blank = span_find(row, ' ');
	struct span method = span_trim(span_from(row, blank));
	*msg = (struct sip_message){
		.bytes = quoted.data,
		.len = (uint32_t)quoted.len,
		.method = (uint8_t)sip_method_find(method),
		.method_token = { (uint16_t)(method.data - quoted.data), (uint16_t)method.len },
		.via = *via,
	};
	struct txn *txn = txn_find_server(call->proxy, branch_server_key(call->snapshot, msg),
					  msg->method, &tombstone);
	if (txn)
		return txn->response;
	return tombstone && !tombstone->is_invite ? tombstone->copy : NULL;
}

static bool is_quote_of(struct span quoted, struct retained *copy)
{
	struct span message = held_message(copy);

	return quoted.len <= message.len &&
	       memcmp(quoted.data, message.data, quoted.len) == 0;
}

/* Where the Via says that its sender listens; false: a name, or not to be sent to. */
static bool second_place(const struct balance_snapshot *snapshot, const struct sip_via *via,
			 const struct held *held, struct endpoint *place)
{
	const struct ip_address *first = &held->destination.address;
	struct endpoint any_port = { .port = 0 };

	*place = (struct endpoint){ .port = via->port ? via->port : SIP_PORT };
	if (!ip_address_parse(via->host, &place->address) ||
	    place->address.family != first->family || endpoint_equal(place, &held->destination) ||
	    !compose_answer_is_usable(snapshot, place))
		return false;
	if (ip_address_equal(&place->address, first))
		return true;
	any_port.address = place->address;
	return balance_egress_find(snapshot, &place->address) == held->interface &&
	       (balance_is_peer(snapshot, held->interface, &place->address) ||
		balance_target_find(snapshot, &any_port) != BALANCE_NONE);
}

struct verdict response_transport_error(struct call *call, struct span quoted,
					const struct endpoint *destination)
{
	struct endpoint place;
	struct sip_via via;
	struct retained *copy = quoted_copy(call, quoted, &via);

	if (!copy || !is_quote_of(quoted, copy))
		return verdict_of(VERDICT_DROP, REASON_ICMP_UNMATCHED);
	struct held *held = held_of(copy);
	if (!endpoint_equal(&held->destination, destination) ||
	    !second_place(call->snapshot, &via, held, &place))
		return verdict_of(VERDICT_DROP, REASON_ICMP_UNMATCHED);
	held->destination = place;
	call_send_held(call, copy);
	call->proxy->stats.responses_resent++;
	return verdict_of(VERDICT_ABSORB, REASON_RESPONSE_RETRIED);
}
