/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a full check; see check.h. */
#include "generator/check_parts.h"

#include <stdio.h>

/* ---- Via */

/* The value without received and rport, which whoever received it adds or fills in. */
static struct span without_source(struct span value, char *buffer, size_t size)
{
	struct text_writer w = text_writer_of(buffer, size);
	struct span rest = value;
	size_t end = span_find(rest, ';');

	text_put(&w, span_of(rest.data, end));
	for (rest = span_from(rest, end); rest.len; rest = span_from(rest, end)) {
		struct span name = span_from(rest, 1);
		end = 1 + span_find(name, ';');
		name = span_trim(span_of(name.data, MIN(span_find(name, ';'), span_find(name, '='))));
		if (!span_equal_nocase(name, SPAN("received")) &&
		    !span_equal_nocase(name, SPAN("rport")))
			text_put(&w, span_of(rest.data, end));
	}
	return text_written(&w);
}

static bool is_source_right(const struct sip_via *via, const struct endpoint *source)
{
	struct ip_address address;
	uint64_t port;

	if (via->received.len && (!ip_address_parse(via->received, &address) ||
				  !ip_address_equal(&address, &source->address)))
		return false;
	return !via->rport.len ||
	       (text_parse_u64(via->rport, UINT16_MAX, &port) && port == source->port);
}

/* A Via of the sender's own, as it comes back or on. */
static void check_own_via(struct checking *c, struct span value, const struct endpoint *sender)
{
	char ours[256], theirs[1024];
	struct sip_via via;

	if (span_equal(without_source(c->want->via.value, ours, sizeof(ours)),
		       without_source(value, theirs, sizeof(theirs))) &&
	    sip_via_decode(value, &via) && is_source_right(&via, sender))
		return;
	AT_FAULT(c, TRAFFIC_FAULT_VIA_CHANGED, c->want->via.value,
		 "the Via of who sent it first is not as it was: %.*s",
		 (int)MIN(value.len, (size_t)120), value.data);
}

static const struct endpoint *sender_of(const struct checking *c)
{
	const bool by_caller = c->t->incoming.side == TRAFFIC_TARGETS;
	/* A response has the Via of the side that it comes to. */
	const bool is_caller = c->msg->is_request ? by_caller : !by_caller;

	return is_caller ? &c->t->addresses[TRAFFIC_CALLERS][c->call->caller] :
			   &c->t->addresses[TRAFFIC_TARGETS][c->call->target];
}

/* Places of all values; their number may be larger than what is kept. */
static uint32_t read_values(const struct checking *c, enum sip_header_id id, struct range *ranges,
			    uint32_t max)
{
	struct sip_value_cursor at;
	uint32_t count = 0;

	for (bool more = sip_value_first(c->msg, id, &at); more;
	     more = sip_value_next(c->msg, &at), count++) {
		if (count < max)
			ranges[count] = (struct range){
				.at = (uint16_t)(at.value.data - c->t->incoming.data),
				.len = (uint16_t)at.value.len,
			};
	}
	return count;
}

static struct span value_span(const struct checking *c, struct range range)
{
	return span_of(c->t->incoming.data + range.at, range.len);
}

void check_request_vias(struct checking *c)
{
	struct received *r = c->received;
	uint32_t count = read_values(c, SIP_HEADER_VIA, r->via, VIA_VALUES_MAX);
	const uint32_t above = c->t->config.direct ? 0 : 1;

	r->via_count = (uint8_t)MIN(count, (uint32_t)VIA_VALUES_MAX);
	if (c->msg->via.branch.len)
		r->branch = (struct range){
			.at = (uint16_t)(c->msg->via.branch.data - c->t->incoming.data),
			.len = (uint16_t)c->msg->via.branch.len,
		};
	if (!c->t->config.direct &&
	    !octets_are(OCTET_TOKEN, c->t->incoming.data + r->branch.at, r->branch.len))
		AT_FAULT(c, TRAFFIC_FAULT_WRONG_BRANCH, SPAN("a branch that is a token"),
			 "the branch has octets that no token has: %.*s",
			 (int)MIN(r->branch.len, 80), c->t->incoming.data + r->branch.at);
	if (c->by_proxy && count == 1)
		return; /* a transaction of the proxy's own (§9.1, §17.1.1.3) */
	if (count <= above) {
		AT_FAULT(c, TRAFFIC_FAULT_VIA_MISSING, c->want->via.value,
			 "%u Via values instead of %u", count, above + 1);
		return;
	}
	if (count > above + 1) {
		AT_FAULT(c, TRAFFIC_FAULT_DOUBLED_VIA, c->want->via.value,
			 "%u Via values above the caller's instead of %u", count - 1, above);
		return;
	}
	check_own_via(c, value_span(c, r->via[count - 1]), sender_of(c));
}

void check_response_vias(struct checking *c)
{
	struct received *r = c->received;
	uint32_t count = read_values(c, SIP_HEADER_VIA, r->via, VIA_VALUES_MAX);

	r->via_count = (uint8_t)MIN(count, (uint32_t)VIA_VALUES_MAX);
	if (count > 1)
		AT_FAULT(c, TRAFFIC_FAULT_VIA_NOT_POPPED, c->want->via.value,
			 "%u Via values in a response instead of the receiver's own alone", count);
	else if (count == 0)
		AT_FAULT(c, TRAFFIC_FAULT_VIA_MISSING, c->want->via.value, "no Via in a response");
	else
		check_own_via(c, value_span(c, r->via[0]), sender_of(c));
}

/* ---- Record-Route, Route, Max-Forwards */

/* uri-parameters of RFC 3261 §25.1: the parser lets more pass than stands there. */
static bool are_parameters(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != ';' && text.data[i] != '=' &&
		    !octets_are(OCTET_PARAMETER, text.data + i, 1))
			return false;
	}
	return true;
}

static bool is_loose(struct span value)
{
	struct sip_name_addr address;
	struct sip_uri uri;

	return sip_name_addr_decode(value, &address) && sip_uri_decode(address.uri, &uri) &&
	       uri.has_lr && are_parameters(uri.params);
}

static void check_recorded(struct checking *c, uint32_t count)
{
	const uint8_t wanted = c->t->config.record_route;

	if (c->t->config.direct)
		return;
	if (wanted == TRAFFIC_RECORD_ROUTE_REQUIRED && count == 0)
		AT_FAULT(c, TRAFFIC_FAULT_RECORD_ROUTE, SPAN("Record-Route: <sip:...;lr>"),
			 "no Record-Route in an INVITE");
	else if (wanted == TRAFFIC_RECORD_ROUTE_ABSENT && count != 0)
		AT_FAULT(c, TRAFFIC_FAULT_RECORD_ROUTE, SPAN("no Record-Route"),
			 "%u Record-Route values in an INVITE", count);
	for (uint32_t i = 0; i < c->received->rr_count; i++) {
		if (is_loose(value_span(c, c->received->rr[i])))
			continue;
		AT_FAULT(c, TRAFFIC_FAULT_RECORD_ROUTE, SPAN("Record-Route: <sip:...;lr>"),
			 "a Record-Route that is no URI with lr (§16.6 item 4)");
		return;
	}
}

void check_routes(struct checking *c)
{
	struct received *r = c->received;
	uint32_t count = read_values(c, SIP_HEADER_RECORD_ROUTE, r->rr, RR_VALUES_MAX);

	r->rr_count = (uint8_t)MIN(count, (uint32_t)RR_VALUES_MAX);
	if (r->kind == MESSAGE_INVITE || r->kind == MESSAGE_INVITE_AUTH)
		check_recorded(c, count);
	if (count > RR_VALUES_MAX)
		AT_FAULT(c, TRAFFIC_FAULT_TOO_LONG, SPAN_EMPTY, "%u Record-Route values", count);
	if (!c->msg->is_request)
		return;
	const struct sip_header *route = sip_message_find(c->msg, SIP_HEADER_ROUTE);
	if (route)
		AT_FAULT(c, TRAFFIC_FAULT_ROUTE_LEFT, SPAN("no Route"), "a Route is left: %.*s",
			 (int)MIN(route->value_len, 120), c->msg->bytes + route->value);
	if (c->by_proxy)
		return;
	const int forwards = c->want->max_forwards - (c->t->config.direct ? 0 : 1);
	char expected[32];
	int len = snprintf(expected, sizeof(expected), "Max-Forwards: %d", forwards);
	if (c->msg->max_forwards != forwards)
		AT_FAULT(c, TRAFFIC_FAULT_MAX_FORWARDS, span_of(expected, (size_t)len),
			 "Max-Forwards is %d instead of %d", c->msg->max_forwards, forwards);
}

/* ---- identity */

static struct span row_value(const struct sip_message *msg, enum sip_header_id id)
{
	const struct sip_header *row = sip_message_find(msg, id);

	return row ? sip_header_value(msg, row) : SPAN_EMPTY;
}

static bool check_tag(struct checking *c, const char *name, struct sip_slice got,
		      struct sip_slice want, struct span expected)
{
	struct span tag = sip_slice_span(c->msg, got), wanted = sip_slice_span(c->want, want);

	if (span_equal(tag, wanted))
		return true;
	if (got.len == 0)
		AT_FAULT(c, TRAFFIC_FAULT_LOST_TAG, expected, "%s has lost its tag", name);
	else
		AT_FAULT(c, TRAFFIC_FAULT_WRONG_TAG, expected, "%s has tag %.*s", name,
			 (int)MIN(tag.len, (size_t)80), tag.data);
	return false;
}

static void check_value(struct checking *c, const char *name, enum sip_header_id id)
{
	struct span want = row_value(c->want, id), got = row_value(c->msg, id);

	if (!span_equal(want, got))
		AT_FAULT(c, TRAFFIC_FAULT_HEADER_CHANGED, want, "%s was changed", name);
}

void check_identity(struct checking *c)
{
	const struct sip_message *msg = c->msg, *want = c->want;
	const struct span from = row_value(want, SIP_HEADER_FROM), to = row_value(want, SIP_HEADER_TO);

	if (check_tag(c, "From", msg->from_tag, want->from_tag, from))
		check_value(c, "From", SIP_HEADER_FROM);
	/* The tag of a response that the proxy made is its own; a 100 needs none (§8.2.6.2). */
	if (!msg->is_request && c->by_proxy) {
		if (msg->status > 100 && msg->to_tag.len == 0)
			AT_FAULT(c, TRAFFIC_FAULT_LOST_TAG, to, "To of a response has no tag");
	} else if (check_tag(c, "To", msg->to_tag, want->to_tag, to)) {
		check_value(c, "To", SIP_HEADER_TO);
	}
	if (!span_equal(sip_slice_span(msg, msg->call_id), sip_slice_span(want, want->call_id)))
		AT_FAULT(c, TRAFFIC_FAULT_HEADER_CHANGED, sip_slice_span(want, want->call_id),
			 "Call-ID was changed");
	if (msg->cseq != want->cseq || msg->method != want->method)
		AT_FAULT(c, TRAFFIC_FAULT_WRONG_CSEQ, row_value(want, SIP_HEADER_CSEQ),
			 "CSeq is %u %.*s", msg->cseq, (int)MIN(msg->method_token.len, 32),
			 msg->bytes + msg->method_token.offset);
}

/* ---- the rest */

static bool may_change(uint8_t id)
{
	switch (id) {
	case SIP_HEADER_VIA:
	case SIP_HEADER_ROUTE:
	case SIP_HEADER_RECORD_ROUTE:
	case SIP_HEADER_MAX_FORWARDS:
	case SIP_HEADER_FROM: /* these four are looked at by themselves */
	case SIP_HEADER_TO:
	case SIP_HEADER_CALL_ID:
	case SIP_HEADER_CSEQ:
		return true;
	default:
		return false;
	}
}

static struct span row_span(const struct sip_message *msg, const struct sip_header *row)
{
	return span_of(msg->bytes + row->offset, (size_t)(row->end - row->offset));
}

static bool has_row(const struct sip_message *msg, struct span row)
{
	for (uint16_t i = 0; i < msg->header_count; i++) {
		if (span_equal(row_span(msg, &msg->headers[i]), row))
			return true;
	}
	return false;
}

/* Rows of which one more changes what the message means. */
static bool is_counted(uint8_t id)
{
	switch (id) {
	case SIP_HEADER_FROM:
	case SIP_HEADER_TO:
	case SIP_HEADER_CALL_ID:
	case SIP_HEADER_CSEQ:
	case SIP_HEADER_CONTACT:
	case SIP_HEADER_CONTENT_LENGTH:
	case SIP_HEADER_CONTENT_TYPE:
	case SIP_HEADER_CONTENT_ENCODING:
	case SIP_HEADER_REQUIRE:
	case SIP_HEADER_PROXY_REQUIRE:
		return true;
	default:
		return false;
	}
}

static uint32_t count_rows(const struct sip_message *msg, uint8_t id)
{
	uint32_t count = 0;

	for (uint16_t i = 0; i < msg->header_count; i++)
		count += msg->headers[i].id == id;
	return count;
}

/* Rows that the proxy added; what was lost is told by check_untouched. */
static void check_added(struct checking *c)
{
	for (uint16_t i = 0; i < c->msg->header_count; i++) {
		const uint8_t id = c->msg->headers[i].id;
		if (!is_counted(id) || count_rows(c->msg, id) <= count_rows(c->want, id))
			continue;
		const struct span row = row_span(c->msg, &c->msg->headers[i]);
		const struct span sent = row_value(c->want, (enum sip_header_id)id);
		AT_FAULT(c, TRAFFIC_FAULT_HEADER_CHANGED, sent.len ? sent : SPAN("no such row"),
			 "%u such rows instead of %u: %.*s", count_rows(c->msg, id),
			 count_rows(c->want, id), (int)MIN(span_find(row, '\r'), (size_t)80),
			 row.data);
		return;
	}
}

void check_untouched(struct checking *c)
{
	const struct sip_message *msg = c->msg, *want = c->want;
	const struct span line = span_of(want->bytes, want->start_line_end);
	const struct span body = span_of(want->bytes + want->body, want->len - want->body);

	if (!span_equal(span_of(msg->bytes, msg->start_line_end), line))
		AT_FAULT(c, TRAFFIC_FAULT_START_LINE, line, "the start line was changed");
	for (uint16_t i = 0; i < want->header_count; i++) {
		struct span row = row_span(want, &want->headers[i]);
		if (may_change(want->headers[i].id) || has_row(msg, row))
			continue;
		AT_FAULT(c, TRAFFIC_FAULT_HEADER_CHANGED, row, "a header field was changed or lost");
		break;
	}
	if (!c->faulty)
		check_added(c);
	if (!span_equal(span_of(msg->bytes + msg->body, msg->len - msg->body), body))
		AT_FAULT(c, TRAFFIC_FAULT_BODY_CHANGED, body, "the body was changed");
}
