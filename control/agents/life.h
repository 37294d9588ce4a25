/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When an agent's process is to be started, asked whether it lives, ended, and started again: a
 * state machine that is told the time.  Knows no process and no socket.
 */
#ifndef AGENTS_LIFE_H
#define AGENTS_LIFE_H

#include <stdbool.h>
#include <stdint.h>

enum agent_state {
	AGENT_WAITING,  /* no process; one is started when its time has come */
	AGENT_STARTING, /* a process, no hello yet */
	AGENT_RUNNING,  /* it said hello */
	AGENT_ENDING,   /* asked to end, then made to */
	AGENT_ENDED,    /* no process, and none is wanted */
};

/* What has to be done now. */
enum agent_order {
	AGENT_ORDER_NONE,
	AGENT_ORDER_START,
	AGENT_ORDER_PING,      /* ask for a sign of life */
	AGENT_ORDER_END,       /* say that it should end, and why: life->why */
	AGENT_ORDER_TERMINATE, /* SIGTERM */
	AGENT_ORDER_KILL,      /* SIGKILL */
};

#define AGENT_HELLO_MS       10000 /* from the start to hello */
#define AGENT_PING_MS        5000  /* silent for so long: it is asked for a sign of life */
#define AGENT_SILENCE_MS     15000 /* silent for so long: it hangs */
#define AGENT_END_MS         2000  /* from `end` to SIGTERM */
#define AGENT_TERMINATE_MS   2000  /* from SIGTERM to SIGKILL */
#define AGENT_BACK_OFF_MS    500   /* after the first failure; doubles */
#define AGENT_BACK_OFF_MAX_MS 60000
#define AGENT_STABLE_MS      60000 /* ran for so long: its failures are forgotten */

struct agent_life {
	enum agent_state state;
	uint8_t step;          /* of AGENT_ENDING */
	bool is_wanted;        /* is to run again */
	bool at_once;          /* ... without delay: the operator said so */
	uint32_t failures;     /* in a row */
	uint32_t starts;
	uint64_t due_ms;       /* of the next order */
	uint64_t started_ms, heard_ms, pinged_ms;
	const char *why;       /* why it is to end, a constant; NULL: of itself */
};

/* Waiting, due at once. */
void agent_life_init(struct agent_life *life, uint64_t now_ms);
/* The next thing to do; to be asked until there is none, and again at due_ms at the latest. */
[[nodiscard]] enum agent_order agent_life_next(struct agent_life *life, uint64_t now_ms);

/* Nobody was there to hear it for `gap_ms`: that silence is not its own. */
void agent_life_forgive(struct agent_life *life, uint64_t gap_ms);

/* What has happened. */
void agent_life_started(struct agent_life *life, uint64_t now_ms);
void agent_life_greeted(struct agent_life *life, uint64_t now_ms);
void agent_life_heard(struct agent_life *life, uint64_t now_ms); /* any message of it */
/* The process has gone, or could not be started. */
void agent_life_exited(struct agent_life *life, uint64_t now_ms);
/* It misbehaved, and is to end: a failure of it, as if it had died.  `why` is a constant. */
void agent_life_fail(struct agent_life *life, const char *why, uint64_t now_ms);
/* It is to end: for good, or to be started again.  `why` is a constant. */
void agent_life_end(struct agent_life *life, bool restart, const char *why, uint64_t now_ms);

const char *agent_state_name(enum agent_state state);

#endif
