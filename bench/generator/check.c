/* SPDX-License-Identifier: BSD-3-Clause */
/* The full check of a message; see check.h. */
#include "generator/check_parts.h"

#include <stdio.h>

/* ---- what it is */

static enum message kind_of_request(const struct traffic *t, const struct call *call,
				    const struct sip_message *msg)
{
	const bool is_challenge = call->flow == TRAFFIC_FLOW_CHALLENGE;

	if (t->incoming.side == TRAFFIC_CALLERS)
		return msg->method == SIP_METHOD_BYE ? MESSAGE_HANG_UP : MESSAGE_NONE;
	switch (msg->method) {
	case SIP_METHOD_INVITE:
		return is_challenge && msg->cseq == 2 ? MESSAGE_INVITE_AUTH : MESSAGE_INVITE;
	case SIP_METHOD_ACK:
		return call->flow == TRAFFIC_FLOW_CANCEL || (is_challenge && msg->cseq == 1) ?
			       MESSAGE_ACK_REFUSAL :
			       MESSAGE_ACK;
	case SIP_METHOD_CANCEL:
		return MESSAGE_CANCEL;
	case SIP_METHOD_BYE:
		return MESSAGE_BYE;
	case SIP_METHOD_REGISTER:
		return MESSAGE_REGISTER;
	case SIP_METHOD_OPTIONS:
		return MESSAGE_OPTIONS;
	default:
		return MESSAGE_NONE;
	}
}

static enum message kind_of_response(const struct traffic *t, const struct sip_message *msg)
{
	const uint8_t from = t->incoming.side == TRAFFIC_CALLERS ? TRAFFIC_TARGETS : TRAFFIC_CALLERS;

	for (int kind = MESSAGE_NONE + 1; kind < MESSAGE_OTHER_PROVISIONAL; kind++) {
		if (messages[kind].side == from && messages[kind].status == msg->status &&
		    messages[kind].method == msg->method)
			return (enum message)kind;
	}
	if (from == TRAFFIC_CALLERS && msg->method != SIP_METHOD_BYE)
		return MESSAGE_NONE;
	return msg->status < 200 ? MESSAGE_OTHER_PROVISIONAL : MESSAGE_OTHER_FINAL;
}

/* The CSeq digit of the INVITE that the message belongs to. */
static char invite_cseq(const struct call *call, enum message kind, const struct sip_message *msg)
{
	if (call->flow != TRAFFIC_FLOW_CHALLENGE)
		return '1';
	switch (kind) {
	case MESSAGE_INVITE:
	case MESSAGE_ACK_REFUSAL:
	case MESSAGE_CHALLENGE:
		return '1';
	case MESSAGE_TRYING:
	case MESSAGE_OTHER_PROVISIONAL:
	case MESSAGE_OTHER_FINAL:
		return msg->method == SIP_METHOD_INVITE && msg->cseq == 1 ? '1' : '2';
	default:
		return '2';
	}
}

static bool is_by_proxy(const struct traffic *t, enum message kind)
{
	switch (kind) {
	case MESSAGE_ACK_REFUSAL:
	case MESSAGE_CANCEL:
	case MESSAGE_TRYING:
	case MESSAGE_CANCEL_OK:
		return !t->config.direct;
	case MESSAGE_OTHER_PROVISIONAL:
	case MESSAGE_OTHER_FINAL:
		return true;
	default:
		return false;
	}
}

/* ---- what it should be */

static enum message request_of(const struct sip_message *msg, char cseq, uint8_t side)
{
	switch (msg->method) {
	case SIP_METHOD_CANCEL:
		return MESSAGE_CANCEL;
	case SIP_METHOD_BYE:
		return side == TRAFFIC_CALLERS ? MESSAGE_BYE : MESSAGE_HANG_UP;
	case SIP_METHOD_REGISTER:
		return MESSAGE_REGISTER;
	case SIP_METHOD_OPTIONS:
		return MESSAGE_OPTIONS;
	case SIP_METHOD_INVITE:
		return cseq == '2' ? MESSAGE_INVITE_AUTH : MESSAGE_INVITE;
	default:
		return MESSAGE_NONE;
	}
}

/* Renders what the other side sent, or the request that a response of the proxy's answers. */
static bool render_expected(struct traffic *t, const struct call *call, enum message kind,
			    const struct sip_message *msg, bool by_proxy)
{
	char rows[256];
	struct template_values values = {
		.digits = call->digits,
		.caller = call->caller,
		.target = call->target,
		.cseq = (uint8_t)invite_cseq(call, kind, msg),
	};

	if (!msg->is_request) {
		enum message request = request_of(msg, (char)values.cseq, t->incoming.side);
		if (request == MESSAGE_NONE)
			return false;
		if (by_proxy) {
			kind = request;
		} else {
			values.rows_len = template_via(t->templates, request, &values, rows,
						       sizeof(rows));
			values.rows = rows;
		}
	} else if (kind == MESSAGE_ACK_REFUSAL) {
		/* To of the response that it acknowledges. */
		values.rows = rows;
		values.rows_len = (uint32_t)snprintf(
			rows, sizeof(rows), "To: <sip:+439876543210@example.net>;tag=t%02x%.*s\r\n",
			call->target, (int)NUMBER_DIGITS, call->digits);
	}
	uint32_t len = template_render(t->templates, kind, &values, t->expected,
				       sizeof(t->expected));
	return len && sip_message_parse(&t->expected_parsed, t->expected, len) ==
			      VERDICT_REASON_NONE;
}

/* ---- parts that the masked compare needs too */

bool check_addresses(struct traffic *t, struct call *call)
{
	const struct incoming *in = &t->incoming;
	const uint8_t other = in->side == TRAFFIC_CALLERS ? TRAFFIC_TARGETS : TRAFFIC_CALLERS;
	const uint16_t index = other == TRAFFIC_CALLERS ? call->caller : call->target;
	const struct endpoint *source =
		t->config.direct ? &t->addresses[other][index] : &t->config.proxy[in->side];
	char text[ENDPOINT_TEXT_MAX];

	if (UNLIKELY(!endpoint_equal(source, in->source))) {
		endpoint_to_string(source, text);
		fault_report(t, TRAFFIC_FAULT_WRONG_SOURCE, call, span_of_string(text),
			     "it came from another address");
		return false;
	}
	if (in->side == TRAFFIC_CALLERS && UNLIKELY(in->local != call->caller)) {
		endpoint_to_string(&t->addresses[TRAFFIC_CALLERS][call->caller], text);
		fault_report(t, TRAFFIC_FAULT_WRONG_CALLER, call, span_of_string(text),
			     "it came to a caller whose call it is not");
		return false;
	}
	if (in->side == TRAFFIC_TARGETS && UNLIKELY(in->local != call->target)) {
		endpoint_to_string(&t->addresses[TRAFFIC_TARGETS][call->target], text);
		fault_report(t, TRAFFIC_FAULT_WRONG_TARGET, call, span_of_string(text),
			     "the call's earlier messages came to another target");
		return false;
	}
	return true;
}

static uint64_t fingerprint(const char *text, uint32_t len)
{
	uint64_t print = len, word;

	for (; len >= 8; len -= 8, text += 8) {
		memcpy(&word, text, 8);
		print = (print ^ word) * 0x9e3779b97f4a7c15u;
		print ^= print >> 32;
	}
	word = 0;
	memcpy(&word, text, len);
	return hash_mix64(print ^ word);
}

static bool check_is_unique(struct traffic *t, struct call *call, const struct received *r,
			    uint64_t print)
{
	/* One owner for each transaction of each call. */
	const uint64_t owner = call->serial << 8 | r->kind;
	struct branch_owner *entry = &t->branches[print >> (64 - BRANCHES_LOG2)];

	if (UNLIKELY(entry->fingerprint == print && entry->owner != owner)) {
		fault_report(t, TRAFFIC_FAULT_WRONG_BRANCH, call, SPAN("a branch of its own"),
			     "branch %.*s was another transaction's before (§8.1.1.7)",
			     (int)MIN(r->branch.len, 80), r->data + r->branch.at);
		return false;
	}
	*entry = (struct branch_owner){ .fingerprint = print, .owner = owner };
	return true;
}

bool check_branch(struct traffic *t, struct call *call, const struct received *r)
{
	if (t->config.direct)
		return true;
	if (r->branch.len <= 7 || memcmp(r->data + r->branch.at, "z9hG4bK", 7) != 0) {
		fault_report(t, TRAFFIC_FAULT_WRONG_BRANCH, call, SPAN("z9hG4bK and more"),
			     "the top Via has no branch of RFC 3261");
		return false;
	}
	uint64_t print = fingerprint(r->data + r->branch.at, r->branch.len);
	switch (r->kind) {
	case MESSAGE_INVITE:
	case MESSAGE_INVITE_AUTH:
		if (call->target_state == TARGET_IDLE || call->target_state == TARGET_CHALLENGED) {
			call->branch = print;
			return check_is_unique(t, call, r, print);
		}
		break;
	case MESSAGE_CANCEL:
	case MESSAGE_ACK_REFUSAL:
		break;
	default:
		return check_is_unique(t, call, r, print);
	}
	if (LIKELY(print == call->branch) || call->target_state == TARGET_IDLE)
		return true;
	/* A first INVITE that comes again after the second has taken its place. */
	if (r->kind != MESSAGE_CANCEL && call->flow == TRAFFIC_FLOW_CHALLENGE)
		return true;
	fault_report(t, TRAFFIC_FAULT_WRONG_BRANCH, call, SPAN("the INVITE's branch"),
		     "%s with a branch that is not its INVITE's: %.*s", messages[r->kind].text,
		     (int)MIN(r->branch.len, 80), r->data + r->branch.at);
	return false;
}

bool check_record_route(struct traffic *t, struct call *call, const struct received *r)
{
	const char *want = call->rr;
	bool same = r->rr_count == call->rr_count;
	uint32_t len = 0;

	if (call->target_state == TARGET_IDLE)
		return true; /* the caller cannot know better */
	for (uint32_t i = 0; i < call->rr_count; i++) {
		same = same && r->rr[i].len == call->rr_len[i] &&
		       memcmp(r->data + r->rr[i].at, want + len, call->rr_len[i]) == 0;
		len += call->rr_len[i];
	}
	if (LIKELY(same))
		return true;
	fault_report(t, TRAFFIC_FAULT_RECORD_ROUTE, call, span_of(call->rr, len),
		     "a response's %u Record-Route values are not the %u that the target echoed",
		     r->rr_count, call->rr_count);
	return false;
}

/* ---- the check */

static void note_to(struct checking *c)
{
	const struct sip_header *to = sip_message_find(c->msg, SIP_HEADER_TO);
	const char *data = c->t->incoming.data;

	if (to)
		c->received->to = (struct range){
			.at = (uint16_t)(c->msg->bytes + to->value - data), .len = to->value_len,
		};
	if (c->by_proxy && c->msg->to_tag.len && !c->msg->is_request)
		c->received->foreign_tag = (struct range){
			.at = (uint16_t)(c->msg->bytes + c->msg->to_tag.offset - data),
			.len = c->msg->to_tag.len,
		};
}

enum check_result check_message(struct traffic *t, struct call *call, struct received *received)
{
	struct sip_message *msg = &t->parsed;
	enum verdict_reason reason = sip_message_parse(msg, t->incoming.data, t->incoming.len);

	if (reason != VERDICT_REASON_NONE) {
		fault_report(t, TRAFFIC_FAULT_MALFORMED, call,
			     SPAN("a message by the grammar of RFC 3261 §25"), "%s",
			     verdict_reasons[reason].name);
		return CHECK_DROP;
	}
	enum message kind = msg->is_request ? kind_of_request(t, call, msg) :
					      kind_of_response(t, msg);
	if (kind == MESSAGE_NONE) {
		fault_report(t, TRAFFIC_FAULT_UNEXPECTED, call, SPAN_EMPTY,
			     "the flow %s has no such message here",
			     traffic_flow_name((enum traffic_flow)call->flow));
		return CHECK_DROP;
	}
	*received = (struct received){
		.data = t->incoming.data, .len = (uint16_t)t->incoming.len,
		.status = msg->status, .kind = (uint8_t)kind,
	};
	struct checking c = {
		.t = t, .call = call, .msg = msg, .want = &t->expected_parsed,
		.received = received, .by_proxy = is_by_proxy(t, kind),
	};
	if (!render_expected(t, call, kind, msg, c.by_proxy)) {
		fault_report(t, TRAFFIC_FAULT_UNEXPECTED, call, SPAN_EMPTY,
			     "a response to a request that was never sent");
		return CHECK_DROP;
	}
	if (msg->is_request)
		check_request_vias(&c);
	else
		check_response_vias(&c);
	check_routes(&c);
	check_identity(&c);
	if (!c.by_proxy)
		check_untouched(&c);
	note_to(&c);
	return c.faulty ? CHECK_FAULTY : CHECK_GOOD;
}
