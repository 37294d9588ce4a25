/* SPDX-License-Identifier: BSD-3-Clause */
/* What agents.c, work.c and show.c share; nobody else includes it. */
#ifndef AGENTS_AGENTS_INTERNAL_H
#define AGENTS_AGENTS_INTERNAL_H

#include "agents/agents.h"
#include "agents/life.h"
#include "agents/process.h"

#define AGENT_TOKEN_MAX 33 /* 128 bits in hexadecimal and a NUL */

struct agent_pool {
	char name[BALANCE_NAME_MAX];
	json_t *rows;            /* of the set that is under way */
	uint32_t count;          /* targets of the last set that was taken */
	bool is_set;
	uint64_t set_ms;
	char refused[256];       /* why the last set was not taken; "": it was */
};

struct agent {
	struct agents *owner;
	char name[BALANCE_NAME_MAX];
	char *words[33];         /* of the command, ends with NULL */
	uint32_t provides;       /* enum agent_provides */
	struct agent_life life;
	struct agent_process process;
	struct api_peer *peer;   /* NULL: no hello yet */
	char token[AGENT_TOKEN_MAX]; /* "": used up */
	char ended[96];          /* how its process ended last; "": it has not */
	uint64_t pings;
	struct agent_pool *pools;
	uint32_t pool_count;
};

struct agents {
	struct agents_config config;
	char *socket;
	struct api_agent_hooks hooks;
	struct api_server *api;
	uv_timer_t timer;
	uv_signal_t child;
	unsigned int handles_open;
	uint64_t ticked_ms;
	struct agent *list;
	uint32_t count;
};

/* An event of this agent: "NAME: text". */
void agent_tell(struct agent *agent, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same of what it said itself, as far as it may. */
void agent_tell_line(void *agent, const char *line);
/* False: its client has been dropped. */
bool agent_say(struct agent *agent, json_t *message);

/* work.c */
void agent_work_begin(struct agent *agent);
void agent_work_take(struct agent *agent, const json_t *message);

#endif
