/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop: the earliest of the calendar's events and the engines' timers, until nothing is
 * left. */
#include "agent.h"
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct world world;

void world_fail(const struct call *call, const char *format, ...)
{
	va_list arguments;

	if (world.has_failed)
		return;
	world.has_failed = true;
	world.failed_call = call ? call->number : UINT32_MAX;
	va_start(arguments, format);
	vsnprintf(world.failure, sizeof(world.failure), format, arguments);
	va_end(arguments);
}

static void start_next(void)
{
	uint64_t wait = random_between(&world.plan_random, 0, 2 * 1000000 / world.options.rate);

	if (world.started == world.options.calls)
		return;
	call_start(world.started);
	world.started++;
	queue_put(world.queue, world.now + wait, EVENT_START, NULL, 0, 0);
}

/* Most often in the middle of things, now and then while all ebbs away. */
static void sample(void)
{
	world.busiest = MAX(world.busiest, (uint64_t)world.started - world.ended);
	engines_sample();
	if (world.ended < world.options.calls)
		world_in(7000, EVENT_SAMPLE, NULL, 0, 0);
}

static void dispatch(const struct event *event)
{
	struct ua_txn *txn = event->object;
	struct leg *leg = event->object;

	switch ((enum event_kind)event->kind) {
	case EVENT_LAND:
		network_land(event->object);
		break;
	case EVENT_ERROR:
		network_error(event->object);
		break;
	case EVENT_START:
		start_next();
		break;
	case EVENT_CHECK:
		call_check(event->object);
		break;
	case EVENT_OUTAGE:
		network_outage(event->object);
		break;
	case EVENT_RECOVERY:
		network_recovery(event->object);
		break;
	case EVENT_TXN_RETRANSMIT:
		if (txn->generation == event->generation)
			agent_txn_retransmit(txn);
		break;
	case EVENT_TXN_END:
		if (txn->generation == event->generation)
			agent_txn_end(txn);
		break;
	case EVENT_TXN_ANSWER:
		if (txn->generation != event->generation)
			break;
		if (txn->kind == UA_INVITE_CLIENT)
			caller_cancel_due(txn->call);
		else
			target_answer(txn, (uint16_t)event->value);
		break;
	case EVENT_LEG:
		if (leg->generation == event->generation)
			leg_act(leg, (enum leg_action)event->value);
		break;
	case EVENT_GONE:
		caller_gone(event->object);
		break;
	case EVENT_SAMPLE:
		sample();
		break;
	case EVENT_FAILURE:
		cluster_fail();
		break;
	case EVENT_DARK:
		network_dark();
		break;
	case EVENT_LIGHT:
		network_light(event->value);
		break;
	case EVENT_TAKE_OVER:
		cluster_take_over(event->object);
		break;
	}
}

static void loop(void)
{
	while (!world.has_failed) {
		tick_t event_at = queue_next(world.queue), engine_at = engines_next();
		if (event_at == TICK_NEVER && engine_at == TICK_NEVER)
			return;
		if (engine_at <= event_at) {
			world.now = MAX(world.now, engine_at);
			engines_expire();
			continue;
		}
		struct event event = queue_take(world.queue);
		world.now = event.at;
		dispatch(&event);
	}
}

static bool create(const struct options *options)
{
	memset(&world, 0, sizeof(world));
	world.options = *options;
	world.now = EPOCH;
	world.network_random = options->seed ^ 0x6c6f7373u;
	world.plan_random = options->seed ^ 0x706c616eu;
	world.outage_random = options->seed ^ 0x6f757461u;
	world.queue = queue_create(world.now);
	world.calls = calloc(options->calls, sizeof(*world.calls));
	if (!world.queue || !world.calls)
		return false;
	network_create();
	return engines_create();
}

bool world_run(const struct options *options)
{
	bool is_well = create(options);

	if (!is_well) {
		world_fail(NULL, "the world cannot be created");
	} else {
		world_in(0, EVENT_START, NULL, 0, 0);
		world_in(1000, EVENT_SAMPLE, NULL, 0, 0);
		loop();
		if (!world.has_failed && world.ended != options->calls)
			world_fail(NULL, "%u of %u calls ended", world.ended, options->calls);
		if (!world.has_failed)
			engines_check_end();
		agreement_check_races();
	}
	while (world.has_failed && queue_next(world.queue) != TICK_NEVER) {
		struct event event = queue_take(world.queue);
		if (event.kind == EVENT_LAND || event.kind == EVENT_ERROR)
			network_drop(event.object);
	}
	calls_forget();
	model_calls_forget();
	engines_destroy();
	/* Neither the network's reordering is one, nor does one go unseen.  A copy that the network
	 * kept until its transaction was over is a new request with an old number. */
	if (!world.has_failed &&
	    (world.out_of_order < world.planted ||
	     world.out_of_order > world.planted + world.races[RACE_LATE_RETRANSMISSION]))
		world_fail(NULL, "%llu requests are called out of order, %llu are",
			   (unsigned long long)world.out_of_order,
			   (unsigned long long)world.planted);
	network_destroy();
	if (!world.has_failed && buffers_live())
		world_fail(NULL, "the simulation itself keeps %llu messages",
			   (unsigned long long)buffers_live());
	buffers_forget();
	queue_destroy(world.queue);
	free(world.calls);
	return !world.has_failed;
}
