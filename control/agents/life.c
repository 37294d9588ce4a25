/* SPDX-License-Identifier: BSD-3-Clause */
/* When an agent is started, asked, ended and started again; see life.h. */
#include "agents/life.h"

#include "base/compiler.h"

enum { STEP_TELL, STEP_TERMINATE, STEP_KILL, STEP_REAP };

const char *agent_state_name(enum agent_state state)
{
	static const char *const names[] = {
		[AGENT_WAITING] = "waiting", [AGENT_STARTING] = "starting",
		[AGENT_RUNNING] = "running", [AGENT_ENDING] = "ending",
		[AGENT_ENDED] = "ended",
	};
	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

void agent_life_init(struct agent_life *life, uint64_t now_ms)
{
	*life = (struct agent_life){
		.state = AGENT_WAITING,
		.is_wanted = true,
		.due_ms = now_ms,
	};
}

/* 500 ms, 1 s, 2 s, ... */
static uint64_t back_off_ms(uint32_t failures)
{
	uint64_t delay = AGENT_BACK_OFF_MS;

	for (uint32_t i = 1; i < failures && delay < AGENT_BACK_OFF_MAX_MS; i++)
		delay *= 2;
	return MIN(delay, (uint64_t)AGENT_BACK_OFF_MAX_MS);
}

void agent_life_forgive(struct agent_life *life, uint64_t gap_ms)
{
	if (life->state != AGENT_STARTING && life->state != AGENT_RUNNING)
		return;
	life->heard_ms += gap_ms;
	life->due_ms += gap_ms;
}

void agent_life_started(struct agent_life *life, uint64_t now_ms)
{
	life->state = AGENT_STARTING;
	life->starts++;
	life->started_ms = life->heard_ms = life->pinged_ms = now_ms;
	life->due_ms = now_ms + AGENT_HELLO_MS;
	life->why = NULL;
	life->at_once = false;
}

void agent_life_greeted(struct agent_life *life, uint64_t now_ms)
{
	if (life->state != AGENT_STARTING)
		return;
	life->state = AGENT_RUNNING;
	life->heard_ms = life->pinged_ms = now_ms;
	life->due_ms = now_ms + AGENT_PING_MS;
}

void agent_life_heard(struct agent_life *life, uint64_t now_ms)
{
	life->heard_ms = now_ms;
	if (life->state == AGENT_RUNNING)
		life->due_ms = now_ms + AGENT_PING_MS;
}

void agent_life_end(struct agent_life *life, bool restart, const char *why, uint64_t now_ms)
{
	life->is_wanted = restart;
	switch (life->state) {
	case AGENT_WAITING:
		life->due_ms = now_ms;
		life->failures = 0;
		break;
	case AGENT_STARTING:
	case AGENT_RUNNING:
		life->state = AGENT_ENDING;
		life->step = STEP_TELL;
		life->due_ms = now_ms;
		life->why = why;
		life->at_once = restart;
		break;
	case AGENT_ENDING:
		life->at_once |= restart;
		break;
	case AGENT_ENDED:
		if (restart)
			agent_life_init(life, now_ms);
		break;
	}
}

void agent_life_fail(struct agent_life *life, const char *why, uint64_t now_ms)
{
	if (life->state != AGENT_STARTING && life->state != AGENT_RUNNING)
		return;
	life->state = AGENT_ENDING;
	life->step = STEP_TELL;
	life->due_ms = now_ms;
	life->why = why;
}

void agent_life_exited(struct agent_life *life, uint64_t now_ms)
{
	bool was_stable = life->starts && life->state != AGENT_WAITING &&
			  now_ms - life->started_ms >= AGENT_STABLE_MS;

	if (!life->is_wanted) {
		life->state = AGENT_ENDED;
		life->due_ms = UINT64_MAX;
		return;
	}
	life->failures = life->at_once ? 0 : was_stable ? 1 : life->failures + 1;
	life->due_ms = life->at_once ? now_ms : now_ms + back_off_ms(life->failures);
	life->state = AGENT_WAITING;
	life->at_once = false;
}

static enum agent_order next_of_running(struct agent_life *life, uint64_t now_ms)
{
	if (now_ms - life->heard_ms >= AGENT_SILENCE_MS) {
		agent_life_fail(life, "it fell silent", now_ms);
		return agent_life_next(life, now_ms);
	}
	life->pinged_ms = now_ms;
	life->due_ms = MIN(now_ms + AGENT_PING_MS, life->heard_ms + AGENT_SILENCE_MS);
	return AGENT_ORDER_PING;
}

static enum agent_order next_of_ending(struct agent_life *life, uint64_t now_ms)
{
	switch (life->step++) {
	case STEP_TELL:
		life->due_ms = now_ms + AGENT_END_MS;
		return AGENT_ORDER_END;
	case STEP_TERMINATE:
		life->due_ms = now_ms + AGENT_TERMINATE_MS;
		return AGENT_ORDER_TERMINATE;
	default:
		/* A process that the kernel holds may take its time even then. */
		life->step = STEP_KILL;
		life->due_ms = now_ms + AGENT_TERMINATE_MS;
		return AGENT_ORDER_KILL;
	}
}

enum agent_order agent_life_next(struct agent_life *life, uint64_t now_ms)
{
	if (now_ms < life->due_ms)
		return AGENT_ORDER_NONE;
	switch (life->state) {
	case AGENT_WAITING:
		if (life->is_wanted)
			return AGENT_ORDER_START;
		life->state = AGENT_ENDED;
		life->due_ms = UINT64_MAX;
		return AGENT_ORDER_NONE;
	case AGENT_STARTING:
		agent_life_fail(life, "it did not say hello", now_ms);
		return agent_life_next(life, now_ms);
	case AGENT_RUNNING:
		return next_of_running(life, now_ms);
	case AGENT_ENDING:
		return next_of_ending(life, now_ms);
	default:
		life->due_ms = UINT64_MAX;
		return AGENT_ORDER_NONE;
	}
}
