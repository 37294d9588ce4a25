/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages that agents write; see agent.h. */
#include "agent.h"

static const char body[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
			   "m=audio 10000 RTP/AVP 8\r\n";

void agent_tag(struct call *call, char *tag)
{
	uint64_t random = random_next(&call->random);

	for (int i = 0; i < 12; i++, random >>= 5)
		tag[i] = "abcdefghijklmnopqrstuvwxyz012345"[random & 31];
	tag[12] = '\0';
}

static void put_own_via(struct draft *draft, const struct node *node)
{
	draft_text(draft, "Via: SIP/2.0/UDP ");
	draft_address(draft, node->own);
	draft_text(draft, ";branch=z9hG4bK");
}

/* The top Via, and those of the proxies that this caller stands for. */
static void put_vias(struct draft *draft, const struct node *node, struct call *call)
{
	put_own_via(draft, node);
	draft_hex(draft, random_next(&call->random));
	draft_text(draft, node->asks_rport ? ";rport" : "");
	for (uint32_t i = 0; i < node->hops; i++) {
		draft_text(draft, node->joins_vias ? ", SIP/2.0/UDP 10.9." :
						     "\r\nVia: SIP/2.0/UDP 10.9.");
		draft_number(draft, i);
		draft_text(draft, ".1:5060;branch=z9hG4bKhop");
		draft_hex(draft, call->number);
		draft_text(draft, i ? "" : ";received=10.9.9.9");
	}
	draft_text(draft, "\r\n");
}

static void put_call(struct draft *draft, const struct call *call, uint32_t cseq, uint8_t method)
{
	draft_text(draft, "Call-ID: ");
	draft_number(draft, call->number);
	draft_text(draft, "-");
	draft_hex(draft, call->secret);
	draft_text(draft, "@example.com\r\nCSeq: ");
	draft_number(draft, cseq);
	draft_text(draft, " ");
	draft_text(draft, method_names[method]);
	draft_text(draft, "\r\n");
}

static void put_party(struct draft *draft, const char *header, bool is_caller, const char *tag)
{
	draft_text(draft, header);
	draft_text(draft, is_caller ? "\"A\" <sip:a@example.com>" : "<sip:b@example.com>");
	if (tag[0]) {
		draft_text(draft, ";tag=");
		draft_text(draft, tag);
	}
	draft_text(draft, "\r\n");
}

static void put_contact(struct draft *draft, const struct node *node)
{
	draft_text(draft, "Contact: <sip:c@");
	draft_address(draft, node->own);
	draft_text(draft, ">\r\n");
}

static struct buffer *finish(struct draft *draft, const char *extra, bool has_body)
{
	draft_text(draft, extra);
	if (has_body)
		draft_text(draft, "Content-Type: application/sdp\r\n");
	draft_text(draft, "Content-Length: ");
	draft_number(draft, has_body ? sizeof(body) - 1 : 0);
	draft_text(draft, "\r\n\r\n");
	if (has_body)
		draft_text(draft, body);
	return draft_done(draft);
}

struct buffer *agent_initial(struct call *call, const char *extra)
{
	struct draft draft;
	uint8_t method = call->plan.method;

	draft_begin(&draft);
	draft_text(&draft, method_names[method]);
	if (call->plan.flow == FLOW_PING) {
		draft_text(&draft, " sip:");
		draft_address(&draft, caller_way_in(call));
		draft_text(&draft, " SIP/2.0\r\n");
	} else {
		draft_text(&draft, " sip:+49");
		draft_number(&draft, call->number);
		draft_text(&draft, "@example.com;user=phone SIP/2.0\r\n");
	}
	put_vias(&draft, call->caller, call);
	if (call->number % 16)
		draft_text(&draft, "Max-Forwards: 69\r\n");
	if (call->plan.breadth) {
		draft_text(&draft, "Max-Breadth: ");
		draft_number(&draft, call->plan.breadth);
		draft_text(&draft, "\r\n");
	}
	put_party(&draft, "From: ", true, call->caller_leg->local_tag);
	put_party(&draft, "To: ", false, "");
	put_call(&draft, call, call->cseq, method);
	if (method == METHOD_INVITE || method == METHOD_REGISTER)
		put_contact(&draft, call->caller);
	return finish(&draft, extra, method == METHOD_INVITE);
}

struct buffer *agent_in_dialog(struct leg *leg, uint8_t method, uint32_t cseq, const char *extra)
{
	struct draft draft;

	draft_begin(&draft);
	draft_text(&draft, method_names[method]);
	draft_text(&draft, " ");
	draft_bytes(&draft, leg->target, leg->target_len);
	draft_text(&draft, " SIP/2.0\r\n");
	put_vias(&draft, leg->node, leg->call);
	draft_text(&draft, "Max-Forwards: 70\r\n");
	draft_bytes(&draft, leg->routes, leg->routes_len);
	put_party(&draft, "From: ", leg->is_caller, leg->local_tag);
	put_party(&draft, "To: ", !leg->is_caller, leg->remote_tag);
	put_call(&draft, leg->call, cseq, method);
	if (method == METHOD_INVITE)
		put_contact(&draft, leg->node);
	return finish(&draft, extra, method == METHOD_INVITE);
}

struct buffer *agent_derived(const struct ua_txn *invite, uint8_t method,
			     const struct buffer *response, const char *extra)
{
	const struct buffer *in = invite->request;
	struct draft draft;
	struct span branch = sip_text(in, in->sip.branch);

	draft_begin(&draft);
	draft_text(&draft, method_names[method]);
	draft_text(&draft, " ");
	draft_slice(&draft, in, in->sip.request_uri);
	draft_text(&draft, " SIP/2.0\r\n");
	put_own_via(&draft, invite->node);
	draft_bytes(&draft, branch.data + 7, branch.len - 7);
	draft_text(&draft, invite->node->asks_rport ? ";rport\r\n" : "\r\n");
	draft_text(&draft, "Max-Forwards: 70\r\n");
	for (int i = 0; i < in->sip.route_count; i++) {
		draft_text(&draft, "Route: <");
		draft_slice(&draft, in, in->sip.route[i]);
		draft_text(&draft, ">\r\n");
	}
	draft_text(&draft, "From: ");
	draft_slice(&draft, in, in->sip.from);
	draft_text(&draft, "\r\nTo: ");
	if (response)
		draft_slice(&draft, response, response->sip.to);
	else
		draft_slice(&draft, in, in->sip.to);
	draft_text(&draft, "\r\n");
	put_call(&draft, invite->call, in->sip.cseq, method);
	return finish(&draft, extra, false);
}

struct buffer *agent_response(const struct ua_txn *txn, uint16_t status, const struct leg *leg,
			      const char *extra)
{
	const struct buffer *in = txn->request;
	bool is_invite = in->sip.method == METHOD_INVITE;
	struct draft draft;

	draft_begin(&draft);
	draft_text(&draft, "SIP/2.0 ");
	draft_number(&draft, status);
	draft_text(&draft, " Whatever\r\n");
	for (int i = 0; i < in->sip.via_rows; i++)
		draft_slice(&draft, in, in->sip.via[i]);
	for (int i = 0; i < in->sip.record_route_count && is_invite; i++) {
		draft_text(&draft, "Record-Route: <");
		draft_slice(&draft, in, in->sip.record_route[i]);
		draft_text(&draft, ">\r\n");
	}
	draft_text(&draft, "From: ");
	draft_slice(&draft, in, in->sip.from);
	draft_text(&draft, "\r\nTo: ");
	draft_slice(&draft, in, in->sip.to);
	if (!in->sip.to_tag.len && status > 100) {
		char tag[TAG_SIZE];
		draft_text(&draft, ";tag=");
		if (!leg)
			agent_tag(txn->call, tag);
		draft_text(&draft, leg ? leg->local_tag : tag);
	}
	draft_text(&draft, "\r\n");
	put_call(&draft, txn->call, in->sip.cseq, in->sip.method);
	if (is_invite && status > 100 && status < 300)
		put_contact(&draft, txn->node);
	return finish(&draft, extra, is_invite && status / 100 == 2);
}
