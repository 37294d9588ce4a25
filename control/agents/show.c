/* SPDX-License-Identifier: BSD-3-Clause */
/* Agents for those that ask; see agents.h. */
#include "agents/agents_internal.h"

#include <string.h>

#include "api/json_text.h"

static json_t *pool_row(const struct agent *agent, const struct agent_pool *pool)
{
	uint64_t now = uv_now(agent->owner->config.loop);

	return json_pack("{s:s, s:s, s:I, s:o, s:o}", "agent", agent->name, "pool", pool->name,
			 "targets",
			 (json_int_t)pool->count, "age_s",
			 pool->is_set ? json_integer((json_int_t)((now - pool->set_ms) / 1000))
				      : json_null(),
			 "refused", pool->refused[0] ? json_text(pool->refused) : json_null());
}

static json_t *agent_row(const struct agent *agent)
{
	uint64_t now = uv_now(agent->owner->config.loop);
	const struct agent_life *life = &agent->life;
	json_t *pools = json_array(), *names = json_array();
	json_int_t targets = 0, wait = 0;

	for (uint32_t i = 0; i < agent->pool_count; i++) {
		json_array_append_new(pools, pool_row(agent, &agent->pools[i]));
		json_array_append_new(names, json_string(agent->pools[i].name));
		targets += agent->pools[i].count;
	}
	if (life->state == AGENT_WAITING && life->due_ms > now)
		wait = (json_int_t)(life->due_ms - now + 999) / 1000;
	return json_pack(
		"{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:o, s:[s], s:o, s:I, s:o}", "name",
		agent->name, "state", agent_state_name(life->state), "pid",
		agent->process.pid > 0 ? json_integer(agent->process.pid) : json_null(), "running_s",
		agent->process.pid > 0 ? json_integer((json_int_t)((now - life->started_ms) / 1000))
				       : json_null(),
		"starts", (json_int_t)life->starts, "failures_in_a_row", (json_int_t)life->failures,
		"starts_again_in_s", wait, "ended",
		agent->ended[0] ? json_text(agent->ended) : json_null(), "provides", "targets",
		"pools", names, "targets", targets, "sets", pools);
}

static bool has_pool(const struct agent *agent, const char *name)
{
	for (uint32_t i = 0; i < agent->pool_count; i++) {
		if (strcmp(agent->pools[i].name, name) == 0)
			return true;
	}
	return false;
}

json_t *agents_show(const struct agents *agents, const char *name, const char *state,
		    const char *pool)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < agents->count; i++) {
		const struct agent *agent = &agents->list[i];
		if ((name && strcmp(name, agent->name) != 0) ||
		    (state && strcmp(state, agent_state_name(agent->life.state)) != 0) ||
		    (pool && !has_pool(agent, pool)))
			continue;
		json_array_append_new(rows, agent_row(agent));
	}
	return json_pack("{s:o}", "agents", rows);
}
