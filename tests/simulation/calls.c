/* SPDX-License-Identifier: BSD-3-Clause */
/* A call's beginning and end. */
#include "agent.h"
#include "model.h"

#include <stdlib.h>

#define AGE_MAX     TICK_SECONDS(900)
#define QUIET       TICK_SECONDS(5) /* longer than any datagram travels */
#define CHECK_FIRST 41000
#define CHECK_AGAIN 9000

static struct call *free_calls;

struct call *call_start(uint32_t number)
{
	struct call *call = free_calls;

	if (call)
		free_calls = *(struct call **)(void *)call;
	else if (!(call = malloc(sizeof(*call))))
		abort();
	memset(call, 0, sizeof(*call));
	call->number = number;
	call->random = world.options.seed * 0x9e3779b97f4a7c15u + number;
	call->secret = random_next(&call->random);
	call->slot = cluster_slot(call->secret);
	call->started = call->touched = world.now;
	call->caller = &world.callers[random_below(&call->random, world.options.callers)];
	call->cseq = 1;
	world.calls[number] = call;
	plan_make(call);
	caller_start(call);
	world_in(CHECK_FIRST, EVENT_CHECK, call, 0, 0);
	return call;
}

static bool is_over(const struct call *call)
{
	if (!call->is_done || world.now < call->touched + QUIET)
		return false;
	for (const struct ua_txn *txn = call->txns; txn; txn = txn->next)
		if (agent_txn_lives(txn))
			return false;
	for (const struct leg *leg = call->legs; leg; leg = leg->next)
		if (agent_leg_lives(leg) && (leg->answer || leg->state != LEG_ENDED))
			return false;
	return model_is_over(call);
}

static void forget(struct call *call)
{
	while (call->txns)
		agent_txn_drop(call->txns);
	legs_forget(call);
	model_forget(call);
	world.calls[call->number] = NULL;
	*(struct call **)(void *)call = free_calls;
	free_calls = call;
}

void call_check(struct call *call)
{
	if (!is_over(call)) {
		if (world.now - call->started > AGE_MAX)
			world_fail(call, "a call never ends");
		world_in(CHECK_AGAIN, EVENT_CHECK, call, 0, 0);
		return;
	}
	agreement_check(call);
	if (world.has_failed)
		return;
	forget(call);
	world.ended++;
}

void calls_forget(void)
{
	for (uint32_t i = 0; i < world.started; i++)
		if (world.calls[i])
			forget(world.calls[i]);
	while (free_calls) {
		struct call *call = free_calls;
		free_calls = *(struct call **)(void *)call;
		free(call);
	}
}
