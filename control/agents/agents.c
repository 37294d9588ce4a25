/* SPDX-License-Identifier: BSD-3-Clause */
/* Agents from their start to their end; see agents.h. */
#include "agents/agents_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define STEP_MS 100
/* A tick that comes so late means that this thread was busy, and answers wait to be read. */
#define STEP_LATE_MS 1000

void agent_tell(struct agent *agent, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	events_raise(agent->owner->config.events, "agent", json_pack("{s:s}", "agent", agent->name),
		     "%s: %s", agent->name, text);
}

static void tell_left_out(struct agent *agent)
{
	struct line_limit *limit = &agent->process.limit;

	if (limit->left_out == 0)
		return;
	agent_tell(agent, "%llu lines of it were too many and are left out",
		   (unsigned long long)limit->left_out);
	limit->left_out = 0;
}

void agent_tell_line(void *context, const char *line)
{
	struct agent *agent = context;

	if (!line_limit_take(&agent->process.limit, uv_now(agent->owner->config.loop)))
		return;
	tell_left_out(agent);
	agent_tell(agent, "says: %s", line);
}

/* What came over the pipe has passed the limit. */
static void agent_written(void *context, const char *line)
{
	struct agent *agent = context;

	tell_left_out(agent);
	agent_tell(agent, "says: %s", line);
}

bool agent_say(struct agent *agent, json_t *message)
{
	if (!agent->peer) {
		json_decref(message);
		return false;
	}
	return api_server_tell(agent->owner->api, agent->peer, message);
}

/* Starting. */

static bool token_make(char token[AGENT_TOKEN_MAX])
{
	unsigned char bytes[(AGENT_TOKEN_MAX - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* Our three in front: the first of a name counts.  NULL: out of memory. */
static char **environment_make(char own[3][256])
{
	size_t count = 0, used = 3;

	while (environ[count])
		count++;
	char **list = calloc(count + 4, sizeof(*list));
	if (!list)
		return NULL;
	for (size_t i = 0; i < 3; i++)
		list[i] = own[i];
	for (size_t i = 0; i < count; i++) {
		if (strncmp(environ[i], "TANDEM_", 7) != 0)
			list[used++] = environ[i];
	}
	return list;
}

static int agent_spawn(struct agent *agent)
{
	char own[3][256];

	if (!token_make(agent->token))
		return -EIO;
	snprintf(own[0], sizeof(own[0]), "TANDEM_SOCKET=%s", agent->owner->socket);
	snprintf(own[1], sizeof(own[1]), "TANDEM_AGENT=%s", agent->name);
	snprintf(own[2], sizeof(own[2]), "TANDEM_TOKEN=%s", agent->token);
	char **environment = environment_make(own);
	if (!environment)
		return -ENOMEM;
	int status = agent_process_start(&agent->process, agent->owner->config.loop,
					 (const char *const *)agent->words, environment);
	free(environment);
	explicit_bzero(own, sizeof(own));
	return status;
}

static void agent_start(struct agent *agent, uint64_t now_ms)
{
	int status;

	if (agent->process.is_piped)
		return; /* the pipe of the last one closes in this pass */
	agent->process.written = agent_written;
	agent->process.context = agent;
	agent_life_started(&agent->life, now_ms);
	status = agent_spawn(agent);
	if (status == 0) {
		agent_tell(agent, "started, process %d", (int)agent->process.pid);
		return;
	}
	snprintf(agent->ended, sizeof(agent->ended), "not started: %s", strerror(-status));
	agent_life_exited(&agent->life, now_ms);
	agent_tell(agent, "cannot start %s: %s", agent->words[0], strerror(-status));
}

/* Ending. */

static void agent_exited(struct agent *agent, int status, uint64_t now_ms)
{
	const char *why = agent->life.why;
	char how[64];

	agent_process_status(status, how, sizeof(how));
	snprintf(agent->ended, sizeof(agent->ended), "%s%s%s", how, why ? ", after " : "",
		 why ? why : "");
	agent_process_release(&agent->process);
	explicit_bzero(agent->token, sizeof(agent->token));
	if (agent->peer)
		api_server_let_go(agent->owner->api, agent->peer);
	agent_life_exited(&agent->life, now_ms);
	tell_left_out(agent);
	if (agent->life.state == AGENT_WAITING)
		agent_tell(agent, "ended: %s; starts again in %llu ms, its last targets stay",
			   agent->ended, (unsigned long long)(agent->life.due_ms - now_ms));
	else
		agent_tell(agent, "ended: %s", agent->ended);
}

static void agent_obey(struct agent *agent, enum agent_order order, uint64_t now_ms)
{
	switch (order) {
	case AGENT_ORDER_START:
		agent_start(agent, now_ms);
		break;
	case AGENT_ORDER_PING:
		(void)agent_say(agent,
				json_pack("{s:I}", "ping", (json_int_t)++agent->pings));
		break;
	case AGENT_ORDER_END:
		agent_tell(agent, "is asked to end: %s", agent->life.why);
		(void)agent_say(agent, json_pack("{s:{s:s}}", "end", "text", agent->life.why));
		break;
	case AGENT_ORDER_TERMINATE:
		agent_process_signal(&agent->process, SIGTERM);
		break;
	case AGENT_ORDER_KILL:
		agent_process_signal(&agent->process, SIGKILL);
		break;
	case AGENT_ORDER_NONE:
		break;
	}
}

static void agent_step(struct agent *agent, uint64_t now_ms)
{
	enum agent_order order;
	int status;

	if (agent_process_reap(&agent->process, &status))
		agent_exited(agent, status, now_ms);
	if (agent->life.state == AGENT_WAITING && agent->process.is_piped)
		return;
	while ((order = agent_life_next(&agent->life, now_ms)) != AGENT_ORDER_NONE)
		agent_obey(agent, order, now_ms);
}

static void agents_step(struct agents *agents)
{
	for (uint32_t i = 0; i < agents->count; i++)
		agent_step(&agents->list[i], uv_now(agents->config.loop));
}

static void agents_tick(uv_timer_t *timer)
{
	struct agents *agents = timer->data;
	uint64_t now_ms = uv_now(timer->loop);
	uint64_t gap_ms = agents->ticked_ms ? now_ms - agents->ticked_ms : 0;

	agents->ticked_ms = now_ms;
	for (uint32_t i = 0; gap_ms >= STEP_LATE_MS && i < agents->count; i++)
		agent_life_forgive(&agents->list[i].life, gap_ms);
	agents_step(agents);
}

static void agents_child(uv_signal_t *signal, int)
{
	agents_step(signal->data);
}

/* What the server carries. */

/* As long as it takes, wherever they differ. */
static bool token_is(const struct agent *agent, const char *token)
{
	unsigned char differ = 0;

	if (!agent->token[0] || strlen(token) != AGENT_TOKEN_MAX - 1)
		return false;
	for (size_t i = 0; i < AGENT_TOKEN_MAX - 1; i++)
		differ |= (unsigned char)(token[i] ^ agent->token[i]);
	return differ == 0;
}

static void *agents_greet(void *context, struct api_peer *peer, const char *name,
			  const char *token, char *why, size_t size)
{
	struct agents *agents = context;

	for (uint32_t i = 0; i < agents->count; i++) {
		struct agent *agent = &agents->list[i];
		if (strcmp(agent->name, name) != 0 || !token_is(agent, token))
			continue;
		explicit_bzero(agent->token, sizeof(agent->token));
		agent->peer = peer;
		agent_life_greeted(&agent->life, uv_now(agents->config.loop));
		return agent;
	}
	snprintf(why, size, "tandemd waits for no agent of this name with this token");
	return NULL;
}

static void agents_ready(void *context)
{
	agent_work_begin(context);
}

static void agents_message(void *context, const json_t *message)
{
	struct agent *agent = context;

	agent_life_heard(&agent->life, uv_now(agent->owner->config.loop));
	agent_work_take(agent, message);
}

static void agents_gone(void *context)
{
	struct agent *agent = context;

	agent->peer = NULL;
	if (agent->process.pid > 0)
		agent_life_fail(&agent->life, "it left the control socket",
				uv_now(agent->owner->config.loop));
}

/* Putting together. */

static bool agent_init(struct agents *agents, uint32_t index)
{
	struct agent *agent = &agents->list[index];
	struct config_agent_view view;

	config_agent(agents->config.config, index, &view);
	agent->owner = agents;
	agent->provides = view.provides;
	snprintf(agent->name, sizeof(agent->name), "%s", view.name);
	for (size_t i = 0; view.command[i]; i++) {
		agent->words[i] = strdup(view.command[i]);
		if (!agent->words[i])
			return false;
	}
	agent->pools = calloc(view.pool_count, sizeof(*agent->pools));
	if (!agent->pools)
		return false;
	agent->pool_count = view.pool_count;
	for (uint32_t i = 0; i < view.pool_count; i++)
		snprintf(agent->pools[i].name, sizeof(agent->pools[i].name), "%s",
			 config_agent_pool(agents->config.config, index, i));
	agent_life_init(&agent->life, 0);
	line_limit_init(&agent->process.limit, 0);
	return true;
}

static void agents_free(struct agents *agents)
{
	for (uint32_t i = 0; i < agents->count; i++) {
		struct agent *agent = &agents->list[i];
		for (size_t j = 0; agent->words[j]; j++)
			free(agent->words[j]);
		for (uint32_t j = 0; j < agent->pool_count; j++)
			json_decref(agent->pools[j].rows);
		free(agent->pools);
	}
	free(agents->list);
	free(agents->socket);
	free(agents);
}

struct agents *agents_open(const struct agents_config *config)
{
	struct agents *agents = calloc(1, sizeof(*agents));

	if (!agents)
		return NULL;
	agents->config = *config;
	agents->count = config_agent_count(config->config);
	agents->list = calloc(agents->count + 1, sizeof(*agents->list));
	agents->socket = strdup(config->socket);
	if (!agents->list || !agents->socket) {
		agents->count = 0;
		agents_free(agents);
		return NULL;
	}
	for (uint32_t i = 0; i < agents->count; i++) {
		if (!agent_init(agents, i)) {
			agents_free(agents);
			return NULL;
		}
	}
	agents->hooks = (struct api_agent_hooks){
		.context = agents,
		.greet = agents_greet,
		.ready = agents_ready,
		.message = agents_message,
		.gone = agents_gone,
	};
	return agents;
}

const struct api_agent_hooks *agents_hooks(struct agents *agents)
{
	return &agents->hooks;
}

void agents_start(struct agents *agents, struct api_server *api)
{
	uv_loop_t *loop = agents->config.loop;

	agents->api = api;
	if (agents->count == 0)
		return;
	uv_timer_init(loop, &agents->timer);
	uv_signal_init(loop, &agents->child);
	agents->timer.data = agents->child.data = agents;
	agents->handles_open = 2;
	uv_signal_start(&agents->child, agents_child, SIGCHLD);
	uv_timer_start(&agents->timer, agents_tick, 0, STEP_MS);
}

void agents_end(struct agents *agents)
{
	for (uint32_t i = 0; i < agents->count; i++)
		agent_life_end(&agents->list[i].life, false, "tandemd is stopping",
			       uv_now(agents->config.loop));
	if (agents->handles_open)
		agents_step(agents);
}

bool agents_have_ended(const struct agents *agents)
{
	for (uint32_t i = 0; agents->handles_open && i < agents->count; i++) {
		const struct agent *agent = &agents->list[i];
		if (agent->life.state != AGENT_ENDED || agent->process.pid > 0 ||
		    agent->process.is_piped)
			return false;
	}
	return true;
}

static void agents_handle_closed(uv_handle_t *handle)
{
	struct agents *agents = handle->data;

	if (--agents->handles_open == 0)
		agents_free(agents);
}

void agents_close(struct agents *agents)
{
	if (!agents)
		return;
	if (agents->handles_open == 0) {
		agents_free(agents);
		return;
	}
	uv_close((uv_handle_t *)&agents->timer, agents_handle_closed);
	uv_close((uv_handle_t *)&agents->child, agents_handle_closed);
}

int agents_restart(struct agents *agents, const char *name)
{
	uint64_t now_ms = uv_now(agents->config.loop);

	for (uint32_t i = 0; i < agents->count; i++) {
		if (strcmp(agents->list[i].name, name) != 0)
			continue;
		agent_life_end(&agents->list[i].life, true, "the operator wants it to start anew",
			       now_ms);
		return 0;
	}
	return -ENOENT;
}
