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

/* At the end of the sentence; false: it did not fit and was left away. */
static PRINTF_LIKE(2, 3) bool because_also(struct proxy_explanation *e, const char *format, ...)
{
	size_t used = strlen(e->why);
	va_list args;

	va_start(args, format);
	int n = vsnprintf(e->why + used, sizeof(e->why) - used, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(e->why) - used)
		return true;
	e->why[used] = '\0';
	return false;
}

/* Kept free for the number of those that are not named. */
#define AND_OTHERS_MAX sizeof(", and 65535 others")

static bool names_left_out(struct proxy_explanation *e, const char *name, const char *because,
			   bool is_first)
{
	const char *before = is_first ? "; left out: " : ", ";

	if (strlen(e->why) + strlen(before) + strlen(name) + strlen(because) + AND_OTHERS_MAX +
		    sizeof(" ()") > sizeof(e->why))
		return false;
	return because_also(e, "%s%s (%s)", before, name, because);
}

/* Whom a choice passed over that would have been as good or better by configuration: the targets
 * up to `priority` that do not take part. */
static void because_left_out(struct call *call, const struct route *route, uint16_t priority,
			     struct proxy_explanation *e)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct balance_pool *pool = &snapshot->pools[route->pool];
	const struct balance_request request = { .now = call->now, .is_call = route->is_call };
	uint32_t named = 0, others = 0;

	if (balance_pool_is_panicking(pool))
		because_also(e, "; too much of the pool is out, so health does not count");
	for (uint32_t i = 0; i < pool->target_count; i++) {
		uint32_t index = pool->target_first + i;
		const struct balance_target *target = &snapshot->targets[index];
		enum balance_standing standing =
			balance_target_standing(snapshot, (uint16_t)index, &request);
		if (target->priority > priority || standing == STANDING_USABLE)
			continue;
		if (others == 0 && names_left_out(e, target->name, balance_standing_text(standing),
						  named == 0))
			named++;
		else
			others++;
	}
	if (others)
		because_also(e, named ? ", and %u others" : "; %u are left out", others);
}

/* What of the target's state the policy went by. */
static void because_of_load(const struct balance_pool *pool, const struct balance_target *target,
			    struct proxy_explanation *e)
{
	const struct target_status *status = target->status;
	uint32_t withheld = __atomic_load_n(&status->withheld, __ATOMIC_RELAXED);

	if (pool->policy == POLICY_LEAST_TRANSACTIONS)
		because_also(e, ", of two by lot the one with less to do (%lld unanswered)",
			     (long long)__atomic_load_n(&status->outstanding, __ATOMIC_RELAXED));
	else if (pool->policy == POLICY_LEAST_CALLS)
		because_also(e, ", of two by lot the one with less to do (%lld calls)",
			     (long long)__atomic_load_n(&status->calls, __ATOMIC_RELAXED));
	else if (pool->policy == POLICY_SRV)
		because_also(e, ", priority %u, weight %u", target->priority, target->weight);
	if (withheld)
		because_also(e, ", %u %% of its weight withheld",
			     (unsigned int)((uint64_t)withheld * 100 / TARGET_WEIGHT_WHOLE));
	if (__atomic_load_n(&status->health, __ATOMIC_RELAXED) == TARGET_TRIAL)
		because_also(e, ", on trial");
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
	const struct balance_target *target = &snapshot->targets[route->target];
	if (route->is_recalled) {
		because(e, "service %s sends it to pool %s; an earlier request of the call went to %s",
			snapshot->services[route->service].name, pool->name, target->name);
		return;
	}
	if (pool->policy == POLICY_CALL_ID_HASH)
		snprintf(hash, sizeof(hash), ", hash %016llx,", (unsigned long long)e->call_hash);
	because(e, "service %s sends it to pool %s; %s%s chose %s",
		snapshot->services[route->service].name, pool->name,
		balance_policy_name(pool->policy), hash, target->name);
	because_of_load(pool, target, e);
	because_left_out(call, route, target->priority, e);
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
	if (failure == REASON_NAME_UNKNOWN &&
	    names_may_wait(&call->proxy->names, &route, call->now)) {
		e->kind = ROUTE_NEXT_HOP;
		e->verdict = verdict_of(VERDICT_ABSORB, REASON_NAME_WAITED);
		because(e, "its next hop %.*s is not known yet: it is looked up, for %u seconds at "
			   "most, and the request goes on where that leads, if it is a peer",
			SPAN_ARGS(route.name), NAMES_WAIT_MS / 1000);
		return;
	}
	if (failure != VERDICT_REASON_NONE) {
		reject(e, failure, msg->method != SIP_METHOD_ACK);
		if (failure == REASON_NO_TARGET || failure == REASON_TARGETS_FULL) {
			e->pool = route.pool;
			because_left_out(call, &route, UINT16_MAX, e);
		}
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
