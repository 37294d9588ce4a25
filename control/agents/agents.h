/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Agents: the helper processes of the configuration, from their start to their end, what they are
 * asked for and what they answer (api/README.md).  When each step is due is life.c's, processes are
 * process.c's, what a target may be is rows.c's.  Control thread only; nothing here blocks.
 */
#ifndef AGENTS_AGENTS_H
#define AGENTS_AGENTS_H

#include <jansson.h>

#include "api/server.h"
#include "config/config.h"
#include "events/events.h"
#include "targets/set.h"

/* A complete set of targets for a pool: 0 or 1 (it differs from the last), else -errno. */
typedef int (*agents_replace_fn)(void *context, const char *agent, const char *pool,
				 const struct target_spec *specs, uint32_t count);

struct agents_config {
	uv_loop_t *loop;
	struct events *events;
	const struct config *config;      /* names of agents and pools are copied */
	const char *socket;               /* TANDEM_SOCKET */
	agents_replace_fn replace;
	/* What addresses are judged by; may change. */
	const struct balance_snapshot *(*snapshot)(void *context);
	void *context;
};

struct agents;

/* Nothing is started yet.  NULL: out of memory. */
[[nodiscard]] struct agents *agents_open(const struct agents_config *config);
/* For api_server_config. */
const struct api_agent_hooks *agents_hooks(struct agents *agents);
/* Starts what is configured. */
void agents_start(struct agents *agents, struct api_server *api);
/* Asks all to end; the loop has to run until agents_have_ended.  Takes a few seconds where agents
 * do not listen. */
void agents_end(struct agents *agents);
[[nodiscard]] bool agents_have_ended(const struct agents *agents);
/* After they have ended, or before they were started; the handles are the loop's to close.  Memory
 * is freed by the loop's next pass.  NULL is allowed. */
void agents_close(struct agents *agents);

/* {agents: [...]}, filtered; NULL: any. */
json_t *agents_show(const struct agents *agents, const char *name, const char *state,
		    const char *pool);
/* 0, or -ENOENT: there is no such agent. */
[[nodiscard]] int agents_restart(struct agents *agents, const char *name);

#endif
