/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * At a call's end: did it end as planned, and do the caller's view and each target's view agree?
 * Where they may differ the RFCs allow a race, and it is counted by name:
 *
 *	answer beats CANCEL    RFC 3261 §9.1: a 2xx after the CANCEL makes a call, ended with BYE
 *	BYE crosses BYE        §15.1.1: both hang up at once
 *	BYE overtakes ACK      the network reorders; the callee may hear the BYE first
 *	BYE meets request      §15.1.2: a request that arrives after the BYE gets 481
 *	re-INVITE glare        §14.2: 491
 *	request before ACK     §14.2: 500 while the ACK to the 2xx is on its way
 *	answer after fail-over RFC 6026 §7.2, §8.4: the attempt was given up, its late 2xx is
 *	                       dropped; the callee hears no ACK and ends it after 64*T1 (RFC 3261
 *	                       §13.3.1.4)
 *	outage, status         a target was silent or gone, so that 408, 500 or a timeout is right
 *	outage, views          the side that crashed or was cut off knows nothing or too little
 *	request overtaken      §12.2.2: a request that arrives after a later one gets 500
 *	late retransmission    §17.2.2: a request that the network kept until Timer J was over is a
 *	                       new one; only where no final response stopped the caller
 *	answer too slow        RFC 4321 §1.1: an answer given late loses the race against Timer F when
 *	                       it is lost once
 *	caller gone            a caller whose machine went off hears nothing; its target ends the call
 */
#include "world.h"

const char *const race_names[RACES] = {
	"answer beats CANCEL", "BYE crosses BYE", "BYE overtakes ACK", "BYE meets request",
	"re-INVITE glare", "request before ACK", "answer after fail-over", "outage, status",
	"outage, views", "request overtaken", "late retransmission",
	"answer too slow", "caller gone", "target contradicts itself",
};

static bool is_touched_by(const struct call *call, const struct node *target)
{
	return target->outage || (target->outage_end && target->outage_end >= call->started);
}

/* Only targets of its pool can have met it. */
bool agreement_is_touched(const struct call *call)
{
	for (int i = 0; i < POOL_SIZE; i++)
		if (is_touched_by(call, &world.targets[call->plan.service * POOL_SIZE + i]))
			return true;
	return false;
}

static bool is_right_status(const struct call *call)
{
	const struct plan *plan = &call->plan;
	uint16_t status = call->status;

	switch (plan->flow) {
	case FLOW_CANCEL:
		return status == 487 || status == 200;
	case FLOW_TIMER_C:
		return status == 487;
	case FLOW_STUBBORN:
		return status == 408;
	case FLOW_SILENT_CANCEL:
		return status == 408;
	case FLOW_DEAD:
	case FLOW_NON_INVITE_408:
		return status == 1; /* no 408: the caller's own Timer F */
	case FLOW_PING:
		return status == 200;
	default:
		return status == (plan->failures >= ATTEMPTS_MAX ? 500 : plan->status);
	}
}

static void check_status(struct call *call, bool is_touched)
{
	if (is_right_status(call))
		return;
	if (call->plan.flow == FLOW_SLOW && call->plan.answer_ms > 20000 && call->status == 1) {
		call_race(call, RACE_SLOW_ANSWER);
		return;
	}
	if (!is_touched) {
		world_fail(call, "a '%s' ended with %u", flow_names[call->plan.flow], call->status);
		return;
	}
	/* What the proxy or a timer says of a target that is gone; 404 and 504 are plans' own. */
	uint16_t s = call->status;
	if (s != 408 && s != 500 && s != 1 && s != 200 && s != 487 && s != 504 && s != 481 &&
	    s != 407 && s != call->plan.status)
		world_fail(call, "a '%s' met an outage and ended with %u",
			   flow_names[call->plan.flow], s);
	call_race(call, RACE_OUTAGE_STATUS);
}

static void check_bye(struct call *call, const struct leg *leg, bool is_touched)
{
	if (!leg->sent_bye || leg->bye_status == 200 || is_touched)
		return;
	if (leg->bye_status == 481 && (leg->got_bye || leg->gave_up))
		return;
	world_fail(call, "a BYE of the %s ended with %u", leg->is_caller ? "caller" : "callee",
		   leg->bye_status);
}

/* A callee's view against the caller's. */
static void check_callee(struct call *call, const struct leg *leg, bool is_touched)
{
	const struct leg *caller = call->caller_leg;
	bool is_theirs = caller->status / 100 == 2 &&
			 span_equal(span_of_string(caller->remote_tag),
				    span_of_string(leg->local_tag));

	if (is_theirs) {
		if (leg->status != caller->status || (!leg->is_acknowledged && !leg->got_bye) ||
		    leg->state != LEG_ENDED) {
			if (is_touched)
				call_race(call, RACE_OUTAGE_VIEWS);
			else
				world_fail(call, "the callee's view: %u, %s, %s", leg->status,
					   leg->is_acknowledged ? "acknowledged" : "no ACK",
					   leg->state == LEG_ENDED ? "ended" : "open");
		}
		return;
	}
	if (leg->status / 100 != 2)
		return;
	/* It answered, and the caller has another answer, or none. */
	if (leg->is_acknowledged && !is_touched)
		world_fail(call, "a callee's 2xx was acknowledged, the caller has %u",
			   caller->status);
	else if (!is_touched)
		world_fail(call, "a callee answered, the caller has %u", caller->status);
	else if (leg->gave_up)
		call_race(call, RACE_ANSWER_AFTER_FAILOVER);
	else
		call_race(call, RACE_OUTAGE_VIEWS);
}

static void check_caller(struct call *call, bool is_touched)
{
	const struct leg *caller = call->caller_leg, *leg;

	if (caller->status / 100 == 2) {
		for (leg = call->legs; leg; leg = leg->next)
			if (!leg->is_caller && span_equal(span_of_string(caller->remote_tag),
							  span_of_string(leg->local_tag)))
				break;
		if (!leg)
			world_fail(call, "the caller talks to nobody");
		else if (!caller->sent_bye && !caller->got_bye)
			world_fail(call, "the caller's side of the call is open");
		else if (!caller->sent_bye && !is_touched && !leg->sent_bye)
			world_fail(call, "the caller got a BYE that nobody sent");
		return;
	}
	/* A refusal of the target's own reaches the caller. */
	for (leg = call->legs; leg; leg = leg->next)
		if (!leg->is_caller && leg->status == caller->status)
			return;
	if (!call->is_answered_by_engine && caller->status != 1 && !is_touched)
		world_fail(call, "the caller has %u, no callee said so", caller->status);
}

static void check_midway(struct call *call, const struct leg *leg, bool is_touched)
{
	switch (leg->midway_status) {
	case 0: case 200: case 481: case 491: case 500:
		break;
	case 488:
		if (!call->plan.refuses_midway)
			world_fail(call, "488 inside a call, for no reason");
		break;
	case 487:
		break; /* a BYE met a re-INVITE */
	default:
		if (!is_touched)
			world_fail(call, "%u inside a call", leg->midway_status);
	}
	if (leg->midway_status >= 300 && leg->midway_status != 488 &&
	    leg->midway_status != 487 && !call->has_race && !is_touched)
		world_fail(call, "%u inside a call, and no race", leg->midway_status);
}

void agreement_check(struct call *call)
{
	bool is_touched = agreement_is_touched(call);

	if (call->is_caller_gone) {
		call_race(call, RACE_CALLER_GONE);
		return;
	}
	/* Of two final responses the network chooses the one that comes first. */
	if (call->was_contradicted) {
		call_race(call, RACE_CONTRADICTION);
		return;
	}
	check_status(call, is_touched);
	if (call->plan.method != METHOD_INVITE)
		return;
	check_caller(call, is_touched);
	for (const struct leg *leg = call->legs; leg; leg = leg->next) {
		if (!leg->is_caller)
			check_callee(call, leg, is_touched);
		check_bye(call, leg, is_touched);
		check_midway(call, leg, is_touched);
	}
}
