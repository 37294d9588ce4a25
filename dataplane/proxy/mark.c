/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a rejection leaves behind.  Most rejections follow from message and configuration alone: a
 * copy of the request is rejected again in the same way, and the ACK is known by our To tag, so
 * nothing is kept.  What load, health or names decide may be decided differently a moment later;
 * and an INVITE with a To tag gets that tag back, which tells nothing.  These leave a mark for
 * 64*T1, the time in which a copy or an ACK can come (RFC 3261 §17.1.1.2, §8.2.7).
 */
#include "proxy/engine.h"

static bool is_by_circumstance(enum verdict_reason reason)
{
	switch (reason) {
	case REASON_NO_TARGET:
	case REASON_TARGETS_FULL:
	case REASON_CLOSING:
	case REASON_NAME_UNKNOWN:
	case REASON_NAMES_FULL:
	case REASON_NAME_CANCELLED:
	case REASON_NO_ROUTE:
	case REASON_TXN_POOL_FULL:
	case REASON_RETAIN_FULL:
		return true;
	default:
		return false;
	}
}

void mark_leave(struct call *call, const struct sip_message *msg, enum verdict_reason reason)
{
	if (msg->method == SIP_METHOD_ACK || msg->method == SIP_METHOD_CANCEL)
		return;
	if (!is_by_circumstance(reason) &&
	    !(msg->method == SIP_METHOD_INVITE && msg->to_tag.len != 0))
		return;
	mark_set_put(call->proxy->marks, branch_server_key(call->snapshot, msg), msg->method,
		     (uint8_t)reason, tick_add(call->now, TICK_MS(call->snapshot->settle_ms)),
		     call->now);
}

bool mark_find(struct call *call, struct hash128 server_key, uint8_t method,
	       enum verdict_reason *reason)
{
	uint8_t code;

	if (!mark_set_get(call->proxy->marks, server_key, method, call->now, &code))
		return false;
	*reason = (enum verdict_reason)code;
	return true;
}
