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

static void reject(struct proxy_explanation *e, enum verdict_reason reason)
{
	const struct verdict_reason_info *info = &verdict_reasons[reason];

	e->kind = ROUTE_REJECT;
	e->verdict = verdict_of(info->status ? VERDICT_REPLY : VERDICT_DROP, reason);
	if (info->status)
		because(e, "answered %u: %s%s%s", info->status, info->help,
			info->clause[0] ? ", " : "", info->clause);
	else
		because(e, "dropped: %s%s%s", info->help, info->clause[0] ? ", " : "",
			info->clause);
}

static void explain_choice(struct call *call, struct route *route, struct proxy_explanation *e)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct balance_pool *pool = &snapshot->pools[route->pool];

	e->pool = route->pool;
	e->call_hash = balance_call_hash(snapshot, route->balance_call_id);
	if (!request_select(call, route, NULL, true)) {
		reject(e, REASON_NO_TARGET);
		return;
	}
	e->target = route->target;
	e->egress = route->egress;
	e->next_hop = route->next_hop;
	because(e, "service %s sends it to pool %s; %s chose %s by Call-ID hash %016llx",
		snapshot->services[route->service].name, pool->name,
		balance_policy_name(pool->policy), snapshot->targets[route->target].name,
		(unsigned long long)e->call_hash);
}

static void explain_request(struct call *call, const struct sip_message *msg,
			    struct proxy_explanation *e)
{
	struct route route;
	char text[ENDPOINT_TEXT_MAX];

	route_find(call->snapshot, msg, call->datagram, &route);
	e->service = route.service;
	if (route.kind == ROUTE_REJECT) {
		reject(e, route.reason);
		return;
	}
	e->kind = route.kind;
	e->verdict = verdict_of(VERDICT_FORWARD, route.reason);
	if (route.kind == ROUTE_LOCAL) {
		e->verdict.kind = VERDICT_REPLY;
		because(e, "answered by Tandem itself: %s", verdict_reasons[route.reason].help);
		return;
	}
	if (msg->max_forwards == 0) {
		reject(e, REASON_MAX_FORWARDS_ZERO);
		return;
	}
	if (route.is_balanced) {
		explain_choice(call, &route, e);
		return;
	}
	e->egress = route.egress;
	e->next_hop = route.next_hop;
	endpoint_to_string(&route.next_hop, text);
	if (route.kind == ROUTE_DIALOG)
		because(e, "in a dialog: the signed Route verifies, next hop %s by interface %s",
			text, call->snapshot->interfaces[route.egress].name);
	else
		because(e, "follows its %s: next hop %s by interface %s",
			msg->first[SIP_HEADER_ROUTE] ? "Route" : "Request-URI", text,
			call->snapshot->interfaces[route.egress].name);
}

void proxy_explain(struct proxy *proxy, const struct balance_snapshot *snapshot,
		   const struct proxy_datagram *datagram, tick_t now,
		   struct proxy_explanation *e)
{
	struct proxy_datagram copy = *datagram;
	struct call call = { .proxy = proxy, .snapshot = snapshot, .datagram = &copy, .now = now };
	struct sip_message *msg = &proxy->message;

	*e = (struct proxy_explanation){ .service = BALANCE_NONE,
					 .pool = BALANCE_NONE,
					 .target = BALANCE_NONE,
					 .egress = BALANCE_NONE };
	enum verdict_reason reason = sip_message_parse(msg, datagram->data, datagram->len);
	if (reason != VERDICT_REASON_NONE) {
		reject(e, reason);
		return;
	}
	if (!msg->is_request) {
		e->kind = ROUTE_RESPONSE;
		e->verdict = verdict_of(VERDICT_FORWARD, REASON_FINAL);
		because(e, "a response: goes to the transaction that its top Via names, or is "
			   "dropped (RFC 6026 §7.3)");
		return;
	}
	explain_request(&call, msg, e);
}
