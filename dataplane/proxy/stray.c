/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A response that belongs to no transaction.
 *
 * To a request that was sent on without one: our hint says so and carries the way back, signed; it
 * goes there (RFC 3261 §16.11).
 *
 * To a request that another instance sent, whose address is now ours, or this one before it was
 * restarted: dropped (RFC 6026 §7.3, RFC 4320 §4.2), or by the operator's wish sent to the signed
 * address, as far as the old transaction could still have been alive.  To a request of our own: its
 * transaction is over, always dropped.
 */
#include "balance/timers.h"
#include "proxy/engine.h"

/* Could the transaction still be alive, had it not been lost?  Clocks may differ by as much as its
 * time. */
static bool is_in_time(const struct call *call, const struct sip_message *msg,
		       const struct via_hint *hint)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	uint16_t service = balance_service_find(snapshot, &hint->local, &hint->answer);
	const struct balance_timers *timers =
		balance_timers_at(snapshot, balance_server_timers(snapshot, service));
	uint64_t ms = 64 * (uint64_t)timers->t1_ms;
	int64_t age = (int32_t)(call_second(call) - hint->sent_second);

	if (msg->method == SIP_METHOD_INVITE)
		ms += timers->timer_c_ms;
	return (uint64_t)(age < 0 ? -age : age) * 1000 <= ms;
}

/* What a transaction would have kept to itself. */
static enum verdict_reason kept_back(const struct sip_message *msg, bool is_stateless)
{
	if (msg->method != SIP_METHOD_INVITE && msg->status < 200 && msg->status != 100)
		return REASON_NON_INVITE_PROVISIONAL; /* RFC 4320 §4.1, of every element */
	if (is_stateless)
		return VERDICT_REASON_NONE;
	if (msg->method == SIP_METHOD_CANCEL)
		return REASON_CANCEL_RESPONSE;
	if (msg->status == 100)
		return REASON_TRYING;
	if (msg->method != SIP_METHOD_INVITE && msg->status == 408)
		return REASON_NON_INVITE_TIMEOUT;
	return VERDICT_REASON_NONE;
}

struct verdict stray_decide(const struct call *call, const struct sip_message *msg,
			    const struct via_hint *hint, struct verdict otherwise)
{
	const struct balance_snapshot *snapshot = call->snapshot;

	if (!hint || msg->method == SIP_METHOD_ACK)
		return otherwise;
	if (!hint->stateless) {
		bool is_own = hint->instance == snapshot->instance &&
			      hint->epoch == snapshot->epoch;
		if (is_own || !snapshot->forward_strays)
			return otherwise;
		if (!is_in_time(call, msg, hint))
			return verdict_of(VERDICT_DROP, REASON_STRAY_LATE);
	}
	enum verdict_reason kept = kept_back(msg, hint->stateless);
	if (kept != VERDICT_REASON_NONE)
		return verdict_of(VERDICT_ABSORB, kept);
	if (msg->via_values < 2)
		return verdict_of(VERDICT_DROP, REASON_RESPONSE_NO_VIA);
	if (hint->ingress >= snapshot->interface_count || hint->local.address.family == IP_NONE ||
	    !compose_answer_is_usable(snapshot, &hint->answer))
		return verdict_of(VERDICT_DROP, REASON_RESPONSE_ADDRESS);
	return verdict_of(VERDICT_FORWARD,
			  hint->stateless ? REASON_STATELESS_RESPONSE : REASON_STRAY_FORWARDED);
}

struct verdict stray_receive(struct call *call, const struct sip_message *msg,
			     const struct via_hint *hint, struct verdict otherwise)
{
	struct verdict verdict = stray_decide(call, msg, hint, otherwise);

	if (verdict.kind != VERDICT_FORWARD)
		return verdict;
	return response_pass(call, msg, hint->ingress, &hint->local, &hint->answer,
			     (enum verdict_reason)verdict.reason);
}

bool stray_is_stateless_cancel(const struct sip_message *msg, const struct via_hint *hint)
{
	return hint && hint->stateless && msg->method == SIP_METHOD_CANCEL;
}
