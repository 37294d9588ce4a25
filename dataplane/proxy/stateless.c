/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services without transactions (RFC 3261 §16.11): the same checks, routes and edits, and then the
 * request is sent on and forgotten.  So each copy of it must come to the same end by itself: the
 * target is a function of its Call-ID and the configured set, the branch one of the message, and
 * the way back travels in the hint, signed.  No 100, no repetition, no fail-over; CANCEL is a
 * request like any other.
 *
 * While a change of targets settles, a request that it moves goes to the old target with a
 * transaction, whose memory outlives the change.
 */
#include "proxy/note_add.h"

bool stateless_serves(const struct balance_snapshot *snapshot, uint16_t service)
{
	return service < snapshot->service_count &&
	       snapshot->services[service].mode == MODE_STATELESS;
}

enum verdict_reason stateless_decide(struct call *call, const struct sip_message *msg,
				     struct route *route)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	uint16_t announced;

	route->is_stateless = true;
	if (!route->is_balanced)
		return VERDICT_REASON_NONE;
	/* By its own Call-ID also where it names another call: CANCEL and ACK repeat no Replaces
	 * and must meet their INVITE. */
	route->balance_call_id = sip_slice_span(msg, msg->call_id);
	uint16_t target = balance_select_settled(
		snapshot, route->pool, balance_call_hash(snapshot, route->balance_call_id),
		tick_to_ms(call->now), &announced);
	route->is_stateless = target == announced;
	if (target == BALANCE_NONE || !route_use_target(snapshot, target, route))
		return REASON_NO_TARGET;
	note_chosen(call, route, NULL, NOTE_BY_SETTLED);
	return VERDICT_REASON_NONE;
}

struct verdict stateless_forward(struct call *call, struct sip_message *msg, struct route *route)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	struct endpoint answer;

	compose_answer(snapshot, msg, call->datagram, &answer);
	if (!compose_answer_is_usable(snapshot, &answer))
		return request_refuse(call, msg, REASON_RESPONSE_ADDRESS);
	struct verdict verdict =
		request_forward_stateless(call, msg, route, (enum verdict_reason)route->reason);
	if (verdict.kind == VERDICT_FORWARD && route->target != BALANCE_NONE)
		__atomic_fetch_add(&snapshot->targets[route->target].status->requests, 1,
				   __ATOMIC_RELAXED);
	return verdict;
}
