/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens in a call, by weight. */
#include "world.h"

const char *const flow_names[FLOWS] = {
	"call", "refused", "503 first", "cancelled", "silent target", "challenged", "100rel",
	"Timer C", "CANCEL ignored", "silent, cancelled", "MESSAGE", "REGISTER", "OPTIONS",
	"slow non-INVITE", "dead non-INVITE", "caller gone", "non-INVITE 503", "non-INVITE 408",
	"ping",
	"refused, again", "forked",
};

/* Of 1,000. */
static const uint16_t weights[FLOWS] = {
	[FLOW_CALL] = 375, [FLOW_AGAIN] = 30, [FLOW_GONE] = 15,
	[FLOW_REFUSED] = 80, [FLOW_503] = 60, [FLOW_CANCEL] = 100,
	[FLOW_SILENT] = 10, [FLOW_CHALLENGE] = 80, [FLOW_PRACK] = 50, [FLOW_TIMER_C] = 2,
	[FLOW_STUBBORN] = 3, [FLOW_SILENT_CANCEL] = 5, [FLOW_MESSAGE] = 80, [FLOW_REGISTER] = 40,
	[FLOW_OPTIONS] = 20, [FLOW_SLOW] = 15, [FLOW_DEAD] = 5, [FLOW_NON_INVITE_503] = 15,
	[FLOW_NON_INVITE_408] = 5, [FLOW_PING] = 10,
};

static const uint16_t refusals[] = { 300, 302, 400, 403, 404, 408, 480, 484, 486, 488, 500, 501,
				     504, 600, 603 };

/* After which a caller tries again, and is accepted. */
static const uint16_t again[] = { 302, 401, 480, 486, 503, 603 };

/* What the targets of one INVITE say. */
static const uint16_t forked[] = { 200, 200, 200, 200, 302, 401, 401, 404, 407,
				   408, 480, 484, 486, 500, 503, 503, 603 };

/* What no target should say after its final response. */
static const uint16_t rude[] = { 100, 180, 200, 486, 500 };

static uint8_t pick_flow(uint64_t *random)
{
	if (world.options.fork_ms && random_below(random, 10) < 4)
		return FLOW_FORK;
	uint32_t luck = random_below(random, 1000);

	for (uint8_t flow = 0; flow < FLOWS; flow++) {
		if (luck < weights[flow])
			return flow;
		luck -= weights[flow];
	}
	return FLOW_CALL;
}

static void plan_dialog(struct plan *plan, uint64_t *random)
{
	uint32_t side = random_below(random, 2);

	plan->hold_ms = random_between(random, 100, 12000);
	plan->hangs_up[side] = true;
	plan->hangs_up[!side] = random_below(random, 40) == 0;
	for (int i = 0; i < 2; i++) {
		uint32_t luck = random_below(random, 10);
		plan->midway[i] = luck < 2 ? (uint8_t)random_between(random, MIDWAY_INFO,
									MIDWAY_OPTIONS) :
				  luck == 2 ? MIDWAY_REINVITE :
					      MIDWAY_NONE;
		plan->midway_ms[i] = random_between(random, 20, plan->hold_ms + 200);
	}
	/* Another engine would not know the dialog. */
	if (!world.options.failures_ms && random_below(random, 200) == 0)
		plan->midway[0] = MIDWAY_OUT_OF_ORDER;
	plan->refuses_midway = random_below(random, 5) == 0;
}

static void plan_other(struct plan *plan, uint64_t *random)
{
	static const uint8_t methods[] = { METHOD_MESSAGE, METHOD_REGISTER, METHOD_OPTIONS };

	plan->method = plan->flow == FLOW_MESSAGE  ? METHOD_MESSAGE :
		       plan->flow == FLOW_REGISTER ? METHOD_REGISTER :
		       plan->flow == FLOW_OPTIONS || plan->flow == FLOW_PING ? METHOD_OPTIONS :
						     methods[random_below(random, 3)];
	plan->status = random_below(random, 10) ? 200 : 404;
	plan->answer_ms = random_between(random, 1, 800);
	if (plan->flow == FLOW_SLOW)
		plan->answer_ms = random_between(random, 800, 29000);
	plan->has_trying = random_below(random, 2);
	plan->rings = random_below(random, 4) == 0;
	if (plan->flow == FLOW_NON_INVITE_503)
		plan->failures = (uint8_t)random_between(random, 1, 4);
	if (plan->flow == FLOW_NON_INVITE_408)
		plan->status = 408;
}

/* Targets that say nothing for some time, and then one thing or another. */
static void plan_fork(struct plan *plan, uint64_t *random)
{
	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		if (random_below(random, 4))
			plan->late_ms[i] = random_below(random, 3 * world.options.fork_ms);
		plan->statuses[i] = forked[random_below(random, ARRAY_SIZE(forked))];
	}
	plan->answer_ms = random_below(random, 2) ? random_between(random, 1, 60) :
						    random_between(random, 1, 3000);
	if (random_below(random, 5) == 0)
		plan->cancel_ms = random_between(random, 1, 5000);
}

static void plan_invite(struct plan *plan, uint64_t *random)
{
	plan->method = METHOD_INVITE;
	plan->status = 200;
	plan->rings = random_below(random, 8);
	plan->has_trying = random_below(random, 2);
	plan->has_reason = random_below(random, 2);
	plan->answer_ms = random_between(random, 1, 3000);
	plan->has_icmp = random_below(random, 2);
	plan_dialog(plan, random);
	switch (plan->flow) {
	case FLOW_REFUSED:
		plan->status = refusals[random_below(random, ARRAY_SIZE(refusals))];
		break;
	case FLOW_503:
		plan->failures = (uint8_t)random_between(random, 1, 4);
		if (random_below(random, 4) == 0)
			plan->status = 486;
		break;
	case FLOW_CANCEL:
		plan->cancel_ms = random_between(random, 1, 6000);
		plan->answer_ms = random_between(random, 100, 15000);
		if (random_below(random, 10) == 0)
			plan->failures = (uint8_t)random_between(random, 1, 2);
		if (random_below(random, 4) == 0) /* about when the answer comes */
			plan->cancel_ms = plan->ring_ms + plan->answer_ms +
					  random_below(random, 40);
		break;
	case FLOW_FORK:
		plan_fork(plan, random);
		break;
	case FLOW_AGAIN:
		plan->first_status = again[random_below(random, ARRAY_SIZE(again))];
		break;
	case FLOW_PRACK:
		plan->updates_early = random_below(random, 2);
		break;
	case FLOW_STUBBORN:
		plan->rings = true;
		plan->cancel_ms = random_between(random, 1, 6000);
		break;
	case FLOW_SILENT_CANCEL:
		plan->cancel_ms = random_between(random, 1, 20000);
		break;
	case FLOW_GONE:
		plan->gone_ms = random_between(random, 1, 6000);
		if (random_below(random, 2))
			plan->status = 486;
		break;
	case FLOW_TIMER_C:
		plan->rings = true;
		break;
	default:
		break;
	}
}

void plan_make(struct call *call)
{
	struct plan *plan = &call->plan;
	uint64_t *random = &call->random;

	plan->flow = pick_flow(random);
	plan->service = (uint8_t)random_below(random, POOLS);
	plan->ring_ms = random_between(random, 1, 400);
	if (random_below(random, 20) == 0) {
		plan->rude_status = rude[random_below(random, ARRAY_SIZE(rude))];
		plan->rude_ms = random_between(random, 1, 7000);
	}
	if (plan->flow >= FLOW_MESSAGE && plan->flow != FLOW_GONE && plan->flow != FLOW_AGAIN &&
	    plan->flow != FLOW_FORK)
		plan_other(plan, random);
	else
		plan_invite(plan, random);
	if (world.options.fork_ms && random_below(random, 4) == 0)
		plan->breadth = (uint8_t)random_between(random, 1, 6);
	world.flows[plan->flow]++;
}
