/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * At a call's end: did it end as planned, and do the caller's view and each target's view agree?
 * Where they may differ an RFC allows the race.  Each has a name, its clause, and how often of
 * 10,000 calls it may be met at most: an excuse that swallowed everything would be seen.
 */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

const struct race_rule race_rules[RACES] = {
	/* Met on the way; both sides know. */
	[RACE_ANSWER_BEATS_CANCEL] = { "answer beats CANCEL", 400,
		"RFC 3261 §9.1: a 2xx after the CANCEL makes a call, ended with BYE" },
	[RACE_BYE_CROSSES_BYE] = { "BYE crosses BYE", 600,
		"RFC 3261 §15.1.1: both hang up at once" },
	[RACE_BYE_OVERTAKES_ACK] = { "BYE overtakes ACK", 500,
		"RFC 3261 §15, §18: datagrams keep no order" },
	[RACE_BYE_MEETS_REQUEST] = { "BYE meets request", 300,
		"RFC 3261 §15.1.2: a request after the BYE gets 481" },
	[RACE_REINVITE_GLARE] = { "re-INVITE glare", 30,
		"RFC 3261 §14.2: 491" },
	[RACE_REQUEST_BEFORE_ACK] = { "request before ACK", 60,
		"RFC 3261 §14.2: 500 while the ACK to the 2xx is on its way" },
	[RACE_REQUEST_OVERTAKEN] = { "request overtaken", 30,
		"RFC 3261 §12.2.2: a request after a later one gets 500" },
	[RACE_LATE_RETRANSMISSION] = { "late retransmission", 20,
		"RFC 3261 §17.2.2: one that the network kept until Timer J was over is a new "
		"request" },
	[RACE_CANCEL_MEETS_503] = { "CANCEL meets 503", 60,
		"RFC 3261 §16.7 item 6, §16.10: no next target for who gave up" },
	[RACE_CANCEL_TOO_LATE] = { "CANCEL too late", 5,
		"RFC 3261 §9.1: 64*T1 after its CANCEL the caller waits no more" },
	/* Excuses: used when the views differ, and only then. */
	[RACE_SLOW_ANSWER] = { "answer too slow", 2,
		"RFC 4321 §1.1: each copy that was asked for before Timer F was lost" },
	[RACE_CALLER_GONE] = { "caller gone", 450,
		"RFC 3261 §13.3.1.4: who hears no ACK ends the call; the caller hears nothing" },
	[RACE_CONTRADICTION] = { "target contradicts itself", 150,
		"RFC 3261 §17.1.1.2: of two final responses the first counts" },
	[RACE_ANSWER_AFTER_FAILOVER] = { "answer after fail-over", 150,
		"RFC 6026 §7.2, §8.4: the attempt was given up, its 2xx is a stray" },
	[RACE_OUTAGE_STATUS] = { "outage, status", 300,
		"RFC 3261 §16.7 item 6, §16.9: 408, 500 or a timeout for a target that is gone" },
	[RACE_OUTAGE_VIEWS] = { "outage, views", 300,
		"RFC 3261 §13.3.1.4, §17.1.1.2: who crashed or was cut off knows too little" },
	[RACE_OUTAGE_DIALOG] = { "outage, in dialog", 300,
		"RFC 3261 §12.2.1.2: 481, 408 or silence end it" },
	[RACE_DARK_STATUS] = { "blackout, status", 100,
		"RFC 3261 §17.1.1.2, §17.1.2.2: Timers B and F" },
	[RACE_DARK_VIEWS] = { "blackout, views", 100,
		"RFC 3261 §13.3.1.4: 64*T1 without an ACK" },
	[RACE_DARK_DIALOG] = { "blackout, in dialog", 100,
		"RFC 3261 §12.2.1.2" },
	[RACE_LOST_STATUS] = { "state lost, status", 600,
		"RFC 6026 §7.3: what it waited for is a stray now" },
	[RACE_LOST_VIEWS] = { "state lost, views", 600,
		"RFC 6026 §7.3, RFC 3261 §13.3.1.4: the answer is a stray, the callee ends the "
		"call" },
	[RACE_LOST_DIALOG] = { "state lost, in dialog", 200,
		"RFC 6026 §7.3, RFC 3261 §12.2.1.2" },
	[RACE_LOST_ATTEMPTS] = { "state lost, next target", 200,
		"RFC 3261 §16.10, §16.11: which target a call failed over to is in no message" },
	[RACE_LOST_TWICE] = { "state lost, placed twice", 5,
		"RFC 3261 §16.7 item 1, RFC 6026 §7.1: a late copy of an INVITE already "
		"answered finds no answer, and fails over" },
	[RACE_TWO_ANSWERS] = { "two answers", 1000,
		"RFC 3261 §13.2.2.4: each 2xx gets its ACK, all but one their BYE" },
	[RACE_EXTRA_DROPPED] = { "second answer dropped", 1000,
		"RFC 3261 §16.7 item 5 left by choice: `extra_2xx: drop`; the callee gives up "
		"after 64*T1 (§13.3.1.4)" },
	[RACE_EXTRA_ENDED] = { "second answer ended", 1000,
		"RFC 3261 §13.2.2.4 by the proxy: `extra_2xx: ack-bye`" },
};

/* An outage counts when it swallowed a datagram of the call, or a target forgot it. */
bool agreement_is_touched(const struct call *call)
{
	if (call->met_outage)
		return true;
	for (const struct leg *leg = call->legs; leg; leg = leg->next)
		if (leg->incarnation != leg->node->incarnation)
			return true;
	for (uint32_t i = 0; i < call->reached; i++)
		if (call->placed[i]->incarnation != call->placed_incarnation[i])
			return true;
	return false;
}

enum view { VIEW_STATUS, VIEW_VIEWS, VIEW_DIALOG };

static PRINTF_LIKE(3, 4) void differ(struct call *call, enum view view, const char *format, ...)
{
	va_list arguments;
	char text[200];

	if (call->is_caller_gone) {
		call_race(call, RACE_CALLER_GONE);
	} else if (call->was_contradicted) {
		call_race(call, RACE_CONTRADICTION);
	} else if (call->has_lost) {
		call_race(call, RACE_LOST_STATUS + view);
		world.lost_flows[call->plan.flow] += view == VIEW_STATUS;
	} else if (agreement_is_touched(call)) {
		call_race(call, RACE_OUTAGE_STATUS + view);
	} else if (call->met_dark) {
		call_race(call, RACE_DARK_STATUS + view);
	} else {
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		world_fail(call, "%s", text);
	}
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
		/* Who is asked beside the silent one hears the CANCEL, or answers first. */
		return status == 408 || (world.options.fork_ms && (status == 487 || status == 200));
	case FLOW_FORK:
		return status != 1; /* that somebody said so is checked for each */
	case FLOW_DEAD:
	case FLOW_NON_INVITE_408:
		return status == 1; /* no 408: the caller's own Timer F */
	case FLOW_PING:
		return status == 200;
	default:
		return status == (plan->failures >= ATTEMPTS_MAX ? 500 : plan->status);
	}
}

void agreement_note(const struct buffer *buffer, struct address from, struct address to,
		    bool has_landed)
{
	struct call *call = world.calls[buffer->sip.call];
	const struct node *node = network_is_engine(to) ? network_node(from) : network_node(to);

	if (!call || call->is_done || call->plan.flow != FLOW_SLOW ||
	    buffer->sip.method != call->plan.method || !node)
		return;
	struct answer_path *answer = &call->answer;
	if (buffer->sip.is_request) {
		if (has_landed && node->is_target && !network_is_engine(to) && !answer->asked)
			answer->asked = world.now;
		return;
	}
	if (buffer->sip.status < 200)
		return;
	if (node->is_target)
		*(has_landed ? &answer->came_in : &answer->was_given) = true;
	else
		*(has_landed ? &answer->came_back : &answer->went_on) = true;
}

/* Nothing but losses made the caller wait in vain: every copy of the answer was lost on one side of
 * Tandem, or on its way beyond Timer F; or the request so often that no answer was due before.
 * Outages have names of their own. */
static bool is_slow_by_losses(const struct call *call)
{
	const struct answer_path *answer = &call->answer;
	tick_t end = call->started + TICK_MS(64 * T1_MS);

	if (answer->came_back || agreement_is_touched(call) || call->met_dark || call->has_lost)
		return false;
	if (answer->came_in)
		return answer->went_on;
	return answer->was_given ||
	       (answer->asked && answer->asked + TICK_MS(call->plan.answer_ms) >= end);
}

static void check_status(struct call *call)
{
	const struct plan *plan = &call->plan;
	uint16_t s = call->status;

	if (is_right_status(call))
		return;
	if (plan->flow == FLOW_SLOW && s == 1 && is_slow_by_losses(call)) {
		call_race(call, RACE_SLOW_ANSWER);
		return;
	}
	if (plan->flow == FLOW_CANCEL && plan->failures && s == 500) {
		call_race(call, RACE_CANCEL_MEETS_503);
		return;
	}
	if (plan->flow == FLOW_STUBBORN && s == 1 && !call->has_lost) {
		call_race(call, RACE_CANCEL_TOO_LATE);
		return;
	}
	differ(call, VIEW_STATUS, "a '%s' ended with %u", flow_names[plan->flow], s);
	/* What the proxy or a timer says of a target that is gone; the others are plans' own. */
	if (!call->is_caller_gone && !call->was_contradicted && s != 408 && s != 500 && s != 1 &&
	    s != 200 && s != 487 && s != 504 && s != 481 && s != 407 && s != plan->status &&
	    s != plan->first_status && !(s == 503 && call->has_lost))
		world_fail(call, "a '%s' met trouble and ended with %u", flow_names[plan->flow], s);
}

static void check_bye(struct call *call, const struct leg *leg)
{
	if (!leg->sent_bye || leg->bye_status == 200)
		return;
	if (leg->bye_status == 481 && (leg->got_bye || leg->gave_up))
		return;
	differ(call, VIEW_DIALOG, "a BYE of the %s ended with %u",
	       leg->is_caller ? "caller" : "callee", leg->bye_status);
}

static const struct leg *find_leg(const struct call *call, bool is_caller, const char *caller_tag,
				  const char *callee_tag)
{
	const struct leg *leg;

	for (leg = call->legs; leg; leg = leg->next)
		if (leg->is_caller == is_caller &&
		    strcmp(is_caller ? leg->local_tag : leg->remote_tag, caller_tag) == 0 &&
		    strcmp(is_caller ? leg->remote_tag : leg->local_tag, callee_tag) == 0)
			break;
	return leg;
}

/* The caller talks to another, and is not to know of this one. */
static bool ended_by_policy(struct call *call, const struct leg *leg)
{
	enum extra extra = model_extra(call->plan.service);

	if (leg->state != LEG_ENDED || !call->had_failover)
		return false;
	if (extra == EXTRA_DROP && !leg->is_acknowledged && leg->gave_up) {
		call_race(call, RACE_EXTRA_DROPPED);
		return true;
	}
	if (extra == EXTRA_ACK_BYE && leg->is_acknowledged && leg->got_bye) {
		call_race(call, RACE_EXTRA_ENDED);
		return true;
	}
	return false;
}

/* A callee's view against the caller's. */
static void check_callee(struct call *call, const struct leg *leg)
{
	const struct leg *caller = find_leg(call, true, leg->remote_tag, leg->local_tag);

	if (caller && caller->status / 100 == 2) {
		if (leg->status != caller->status || (!leg->is_acknowledged && !leg->got_bye) ||
		    leg->state != LEG_ENDED)
			differ(call, VIEW_VIEWS, "the callee's view: %u, %s, %s", leg->status,
			       leg->is_acknowledged ? "acknowledged" : "no ACK",
			       leg->state == LEG_ENDED ? "ended" : "open");
		return;
	}
	if (leg->status / 100 != 2)
		return;
	/* It answered, and the caller has another answer, or none. */
	if (call->caller_leg->status / 100 == 2 && ended_by_policy(call, leg))
		return;
	if (!leg->is_acknowledged && leg->gave_up && agreement_is_touched(call) && !call->has_lost)
		call_race(call, RACE_ANSWER_AFTER_FAILOVER);
	else
		differ(call, VIEW_VIEWS, "a callee answered%s, the caller has %u",
		       leg->is_acknowledged ? " and was acknowledged" : "",
		       call->caller_leg->status);
}

static void check_caller(struct call *call, const struct leg *caller)
{
	const struct leg *leg;

	if (caller->status / 100 == 2) {
		leg = find_leg(call, false, caller->local_tag, caller->remote_tag);
		if (!leg)
			differ(call, VIEW_VIEWS, "the caller talks to nobody");
		else if (!caller->sent_bye && !caller->got_bye)
			differ(call, VIEW_VIEWS, "the caller's side of the call is open");
		else if (!caller->sent_bye && !leg->sent_bye)
			differ(call, VIEW_VIEWS, "the caller got a BYE that nobody sent");
		return;
	}
	if (caller != call->caller_leg)
		return; /* it only rang */
	/* A refusal of the target's own reaches the caller. */
	for (leg = call->legs; leg; leg = leg->next)
		if (!leg->is_caller && leg->status == caller->status)
			return;
	if (!call->is_answered_by_engine && caller->status != 1)
		differ(call, VIEW_VIEWS, "the caller has %u, no callee said so", caller->status);
}

static void check_midway(struct call *call, const struct leg *leg)
{
	uint16_t status = leg->midway_status;
	bool is_planned = status == 488 && call->plan.refuses_midway;
	/* 481, 491, 500 are answers to a race, 487 is a BYE's to a re-INVITE. */
	bool is_race = call->has_race && (status == 481 || status == 491 || status == 500);

	if (status != 0 && status != 200 && status != 487 && !is_planned && !is_race)
		differ(call, VIEW_DIALOG, "%u inside a call, and no race", status);
}

void agreement_check(struct call *call)
{
	model_bury(call);
	check_status(call);
	if (call->plan.method != METHOD_INVITE)
		return;
	for (const struct leg *leg = call->legs; leg; leg = leg->next) {
		if (leg->is_caller)
			check_caller(call, leg);
		else
			check_callee(call, leg);
		check_bye(call, leg);
		check_midway(call, leg);
	}
}

void agreement_check_races(void)
{
	if (world.options.calls < 10000)
		return; /* too few to tell */
	uint64_t weather = world.options.is_scarce ? 3 : 1;
	for (int i = 0; i < RACES; i++)
		if (world.races[i] * 10000 > weather * race_rules[i].limit * world.options.calls)
			world_fail(NULL, "the race '%s' was met %llu times in %u calls, %u of "
				   "10,000 are believable", race_rules[i].name,
				   (unsigned long long)world.races[i], world.options.calls,
				   race_rules[i].limit);
}
