/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What agents are asked for and what they answer: for each pool a work that lasts as long as the
 * agent does.  Its number is the pool's place in the agent's list, from 1.
 */
#include "agents/agents_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agents/rows.h"

void agent_work_begin(struct agent *agent)
{
	for (uint32_t i = 0; i < agent->pool_count; i++) {
		json_decref(agent->pools[i].rows);
		agent->pools[i].rows = NULL;
		if (!agent_say(agent, json_pack("{s:i, s:s, s:{s:s}}", "work", (int)i + 1, "do",
						"targets", "args", "pool", agent->pools[i].name)))
			return;
	}
}

static void set_refuse(struct agent *agent, struct agent_pool *pool, const char *why)
{
	int work = (int)(pool - agent->pools) + 1;

	if (strcmp(pool->refused, why) != 0)
		agent_tell(agent, "its targets for pool %s are refused: %s", pool->name, why);
	snprintf(pool->refused, sizeof(pool->refused), "%s", why);
	(void)agent_say(agent, json_pack("{s:i, s:{s:s}}", "work", work, "refused", "text", why));
}

/* A set is complete: taken as a whole, or refused as a whole, and then the last one stays. */
static void set_complete(struct agent *agent, struct agent_pool *pool)
{
	const struct agents_config *config = &agent->owner->config;
	struct target_spec *specs = NULL;
	uint32_t count = 0;
	char why[256] = "tandemd is out of memory";
	int status = agent_rows_take(pool->rows, config->snapshot ? config->snapshot(config->context)
								  : NULL,
				     &specs, &count, why, sizeof(why));

	json_decref(pool->rows);
	pool->rows = NULL;
	if (status == 0) {
		status = config->replace(config->context, agent->name, pool->name, specs, count);
		if (status < 0)
			snprintf(why, sizeof(why), "%s", strerror(-status));
	}
	free(specs);
	if (status < 0) {
		set_refuse(agent, pool, why);
		return;
	}
	if (status > 0 || !pool->is_set)
		agent_tell(agent, "pool %s has %u targets of it", pool->name, count);
	pool->refused[0] = '\0';
	pool->is_set = true;
	pool->count = count;
	pool->set_ms = uv_now(config->loop);
}

/* A part of a set.  False: too many rows, and all that came of it is thrown away. */
static bool set_append(struct agent_pool *pool, const json_t *part)
{
	json_t *rows = json_object_get(part, "targets");

	if (!pool->rows)
		pool->rows = json_array();
	if (json_is_array(rows))
		(void)json_array_extend(pool->rows, rows);
	if (json_array_size(pool->rows) <= AGENT_ROWS_MAX)
		return true;
	json_decref(pool->rows);
	pool->rows = NULL;
	return false;
}

static void take_error(struct agent *agent, struct agent_pool *pool, const json_t *error)
{
	const char *text = json_string_value(json_object_get(error, "text"));
	char line[AGENT_LINE_MAX];

	json_decref(pool->rows);
	pool->rows = NULL;
	snprintf(line, sizeof(line), "pool %s: %s", pool->name, text ? text : "an error");
	snprintf(pool->refused, sizeof(pool->refused), "%.200s", text ? text : "an error");
	agent_tell_line(agent, line);
}

static void take_answer(struct agent *agent, struct agent_pool *pool, const json_t *message)
{
	const json_t *partial = json_object_get(message, "partial");
	const json_t *error = json_object_get(message, "error");

	if (error) {
		take_error(agent, pool, error);
	} else if (!json_is_object(partial)) {
		set_refuse(agent, pool, "an answer to work has partial or error (objects)");
	} else if (!set_append(pool, partial)) {
		set_refuse(agent, pool, "more than 4096 targets in one set");
	} else if (json_is_true(json_object_get(partial, "complete"))) {
		set_complete(agent, pool);
	}
}

static void take_log(struct agent *agent, const json_t *log)
{
	const char *text = json_string_value(json_object_get(log, "text"));
	char line[AGENT_LINE_MAX + 1];
	size_t used = 0;

	for (; text && text[used] && used < AGENT_LINE_MAX; used++)
		line[used] = (unsigned char)text[used] < 0x20 ? ' ' : text[used];
	line[used] = '\0';
	if (used)
		agent_tell_line(agent, line);
}

void agent_work_take(struct agent *agent, const json_t *message)
{
	const json_t *work = json_object_get(message, "work");
	json_int_t number = json_is_integer(work) ? json_integer_value(work) : 0;

	if (json_object_get(message, "pong"))
		return; /* that it spoke is what counts */
	if (json_object_get(message, "log"))
		take_log(agent, json_object_get(message, "log"));
	else if (number >= 1 && number <= (json_int_t)agent->pool_count)
		take_answer(agent, &agent->pools[number - 1], message);
	else
		(void)agent_say(agent,
				json_pack("{s:{s:s, s:s}}", "error", "code", "malformed", "text",
					  "an agent's message has one of the members work (a number "
					  "that it was given), log, pong, command, bye"));
}
