/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where would this message go, and why: the engine's own parsing, routing and selection on the
 * live snapshot, with nothing sent and nothing changed.
 */
#include "proxy/engine.h"

#include <stdarg.h>
#include <stdio.h>

static PRINTF_LIKE(2, 3) void because(struct proxy_explanation *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->why, sizeof(e->why), format, args);
	va_end(args);
}

/* An ACK, a response, and what does not tell whom to answer are dropped where others are
 * answered. */
static void reject(struct proxy_explanation *e, enum verdict_reason reason, bool is_answerable)
{
	const struct verdict_reason_info *info = &verdict_reasons[reason];
	bool is_answered = is_answerable && info->status;

	e->kind = ROUTE_REJECT;
	e->verdict = verdict_of(is_answered ? VERDICT_REPLY : VERDICT_DROP, reason);
	if (is_answered)
		because(e, "answered %u: %s%s%s", info->status, info->help,
			info->clause[0] ? ", " : "", info->clause);
	else
		because(e, "dropped: %s%s%s", info->help, info->clause[0] ? ", " : "",
			info->clause);
}

static void because_balanced(struct call *call, const struct route *route,
			     struct proxy_explanation *e)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct balance_pool *pool = &snapshot->pools[route->pool];
	char hash[32] = "";

	e->pool = route->pool;
	e->target = route->target;
	e->call_hash = balance_call_hash(snapshot, route->balance_call_id);
	if (stateless_serves(snapshot, route->service)) {
		because(e, "stateless service %s sends it to pool %s; call-id-hash, hash %016llx chose "
			   "%s%s", snapshot->services[route->service].name, pool->name,
			(unsigned long long)e->call_hash, snapshot->targets[route->target].name,
			route->is_stateless ? "" : ", with a transaction: a change of targets is "
						   "not in effect yet");
		return;
	}
	if (pool->policy == POLICY_CALL_ID_HASH)
		snprintf(hash, sizeof(hash), ", hash %016llx", (unsigned long long)e->call_hash);
	because(e, "service %s sends it to pool %s; %s%s or an earlier request of the call chose %s",
		snapshot->services[route->service].name, pool->name,
		balance_policy_name(pool->policy), hash, snapshot->targets[route->target].name);
}

static void because_routed(struct call *call, const struct sip_message *msg,
			   const struct route *route, struct proxy_explanation *e)
{
	char text[ENDPOINT_TEXT_MAX];
	const char *interface = call->snapshot->interfaces[route->egress].name;

	endpoint_to_string(&route->next_hop, text);
	if (route->kind == ROUTE_DIALOG)
		because(e, "in a dialog: the signed Route verifies, next hop %s by interface %s",
			text, interface);
	else
		because(e, "follows its %s: next hop %s by interface %s",
			msg->first[SIP_HEADER_ROUTE] ? "Route" : "Request-URI", text, interface);
}

static void explain_request(struct call *call, const struct sip_message *msg,
			    struct proxy_explanation *e)
{
	struct route route;
	uint32_t loop_part;
	enum verdict_reason failure = request_decide(call, msg, &route, &loop_part, true);

	e->service = route.service;
	if (failure != VERDICT_REASON_NONE) {
		reject(e, failure, msg->method != SIP_METHOD_ACK);
		return;
	}
	e->kind = route.kind;
	e->verdict = verdict_of(VERDICT_FORWARD, route.reason);
	if (route.kind == ROUTE_LOCAL) {
		e->verdict.kind = VERDICT_REPLY;
		because(e, "answered %u by Tandem itself: %s", verdict_reasons[route.reason].status,
			verdict_reasons[route.reason].help);
		return;
	}
	e->egress = route.egress;
	e->next_hop = route.next_hop;
	if (route.is_balanced)
		because_balanced(call, &route, e);
	else
		because_routed(call, msg, &route, e);
}

static void explain_response(struct call *call, const struct sip_message *msg,
			     struct proxy_explanation *e)
{
	struct verdict stray = response_stray_verdict(call, msg);

	if (stray.reason != VERDICT_REASON_NONE) {
		const struct verdict_reason_info *info = &verdict_reasons[stray.reason];
		if (stray.kind == VERDICT_DROP) {
			reject(e, (enum verdict_reason)stray.reason, false);
			return;
		}
		e->kind = ROUTE_RESPONSE;
		e->verdict = stray;
		because(e, "%s: %s, %s",
			stray.kind == VERDICT_FORWARD ? "goes to the address that our Via carries, "
							"signed" :
							"absorbed",
			info->help, info->clause);
		return;
	}
	e->kind = ROUTE_RESPONSE;
	e->verdict = verdict_of(VERDICT_FORWARD, REASON_FINAL);
	because(e, "a response to a live transaction: goes the way its request came, as far as "
		   "RFC 3261 §16.7 lets it");
}

void proxy_explain(struct proxy *proxy, const struct balance_snapshot *snapshot,
		   const struct proxy_datagram *datagram, tick_t now,
		   struct proxy_explanation *e)
{
	struct proxy_datagram copy = *datagram;
	struct call call = { .proxy = proxy, .snapshot = snapshot, .datagram = &copy, .now = now };
	struct sip_message *msg = &proxy->message;

	*e = (struct proxy_explanation){ .version = snapshot->version,
					 .service = BALANCE_NONE,
					 .pool = BALANCE_NONE,
					 .target = BALANCE_NONE,
					 .egress = BALANCE_NONE };
	enum verdict_reason reason = sip_message_parse(msg, datagram->data, datagram->len);
	if (reason != VERDICT_REASON_NONE) {
		reject(e, reason, msg->is_request && sip_message_is_answerable(msg));
		return;
	}
	if (!msg->is_request) {
		explain_response(&call, msg, e);
		return;
	}
	explain_request(&call, msg, e);
}
