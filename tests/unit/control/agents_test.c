/* SPDX-License-Identifier: BSD-3-Clause */
/* agents/agents.h with real processes: the agent that ships, and some that misbehave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agents/agents.h"

#define FRAME                                                                                      \
	"interfaces: [{name: a, device: net_null0, addresses: [192.0.2.1/24]}]\n"                  \
	"services: [{name: in, listen: [\"udp:192.0.2.1:5060\"], pool: switches}]\n"               \
	"pools: [{name: switches, targets: [{name: sw1, uri: \"sip:192.0.2.9\"}]}]\n"
#define DEADLINE_NS 30000000000ull

struct world {
	struct api_fixture api;
	struct agents *agents;
	struct events events;
	struct config *config;
	api_handler_fn table[API_COMMAND_COUNT];
	char directory[40], endpoint[80], file[64], targets[64];
	/* The last set. */
	unsigned int sets;
	uint32_t count;
	char first[BALANCE_NAME_MAX];
	char *told; /* lines of events */
	size_t told_size;
};

static void handle_ok(void *, struct api_request *request, const json_t *)
{
	api_request_ok(request, json_object());
}

static int replace(void *context, const char *, const char *pool, const struct target_spec *specs,
		   uint32_t count)
{
	struct world *w = context;

	assert_string_equal(pool, "switches");
	w->sets++;
	w->count = count;
	snprintf(w->first, sizeof(w->first), "%s", count ? specs[0].name : "");
	return 1;
}

static void file_put(const struct world *w, const char *text)
{
	char temporary[80];

	snprintf(temporary, sizeof(temporary), "%s.new", w->targets);
	FILE *file = fopen(temporary, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(rename(temporary, w->targets), 0);
}

/* One agent "one" whose command is these words in YAML; NULL: the one that ships. */
static struct world *world_start(const char *command)
{
	struct world *w = calloc(1, sizeof(*w));
	struct config_report report;
	char text[2048], own[512];

	strcpy(w->directory, "/tmp/tandem-agents-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	snprintf(w->endpoint, sizeof(w->endpoint), "ipc://%s/c.sock", w->directory);
	snprintf(w->targets, sizeof(w->targets), "%s/targets", w->directory);
	file_put(w, "switches a sip:192.0.2.11\n");
	snprintf(own, sizeof(own), "[" AGENT_FILE ", \"%s\"]", w->targets);
	snprintf(text, sizeof(text), FRAME "agents: [{name: one, command: %s, pools: [switches]}]\n",
		 command ? command : own);
	if (config_load_text("t", span_of_string(text), &w->config, &report) < 0)
		fail_msg("%s", report.errors.list[0].text);
	events_init(&w->events, open_memstream(&w->told, &w->told_size));
	for (unsigned int i = 0; i < API_COMMAND_COUNT; i++)
		w->table[i] = handle_ok;
	struct agents_config config = {
		.loop = &w->api.loop,
		.events = &w->events,
		.config = w->config,
		.socket = w->endpoint,
		.replace = replace,
		.context = w,
	};
	w->agents = agents_open(&config);
	assert_non_null(w->agents);
	const struct api_server_config server = {
		.endpoint = w->endpoint,
		.handlers = w->table,
		.context = w,
		.agents = agents_hooks(w->agents),
	};
	if (!api_fixture_start_with(&w->api, &server))
		fail_msg("%s", w->api.error);
	agents_start(w->agents, w->api.server);
	return w;
}

static void world_end_agents(struct world *w)
{
	uint64_t deadline = uv_hrtime() + DEADLINE_NS;

	agents_end(w->agents);
	while (!agents_have_ended(w->agents) && uv_hrtime() < deadline)
		uv_run(&w->api.loop, UV_RUN_ONCE);
	assert_true(agents_have_ended(w->agents));
	/* No process is left, not even a dead one. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void world_stop(struct world *w)
{
	world_end_agents(w);
	api_server_stop(w->api.server);
	w->api.server = NULL;
	agents_close(w->agents);
	api_fixture_stop(&w->api);
	fclose(w->events.out);
	events_fini(&w->events);
	config_destroy(w->config);
	unlink(w->targets);
	rmdir(w->directory);
	free(w->told);
	free(w);
}

static bool has_told(struct world *w, const char *text)
{
	fflush(w->events.out);
	return w->told && strstr(w->told, text);
}

#define AWAIT(w, condition)                                                                        \
	do {                                                                                       \
		uint64_t deadline_ = uv_hrtime() + DEADLINE_NS;                                    \
		while (!(condition) && uv_hrtime() < deadline_)                                    \
			uv_run(&(w)->api.loop, UV_RUN_ONCE);                                       \
		if (!(condition))                                                                  \
			fail_msg("never: " #condition "\n%s", (w)->told);                           \
	} while (0)

static json_t *shown(const struct world *w)
{
	json_t *body = agents_show(w->agents, NULL, NULL, NULL);
	json_t *row = json_incref(json_array_get(json_object_get(body, "agents"), 0));

	json_decref(body);
	return row;
}

static json_int_t shown_number(const struct world *w, const char *key)
{
	json_t *row = shown(w);
	json_int_t value = json_integer_value(json_object_get(row, key));

	json_decref(row);
	return value;
}

static bool is_in_state(const struct world *w, const char *state)
{
	json_t *row = shown(w);
	bool is = strcmp(json_string_value(json_object_get(row, "state")), state) == 0;

	json_decref(row);
	return is;
}

static void the_file_s_targets_arrive_and_change(void **)
{
	struct world *w = world_start(NULL);

	AWAIT(w, w->sets == 1);
	assert_int_equal(w->count, 1);
	assert_string_equal(w->first, "a");
	file_put(w, "switches b sip:192.0.2.12\nswitches c sip:192.0.2.13\nother x sip:192.0.2.1\n");
	AWAIT(w, w->sets == 2);
	assert_int_equal(w->count, 2);
	assert_string_equal(w->first, "b");
	AWAIT(w, has_told(w, "which nobody asks for"));
	/* Broken: told with its line, and nothing is replaced. */
	file_put(w, "switches b\n");
	AWAIT(w, has_told(w, "targets:1: the line ends too early"));
	assert_int_equal(w->sets, 2);
	assert_int_equal(shown_number(w, "targets"), 2);
	/* Read well, but refused here: the same. */
	file_put(w, "switches b sip:127.0.0.1\n");
	AWAIT(w, has_told(w, "loopback"));
	assert_int_equal(w->sets, 2);
	assert_int_equal(unlink(w->targets), 0);
	AWAIT(w, has_told(w, "No such file"));
	file_put(w, "");
	AWAIT(w, w->sets == 3);
	assert_int_equal(w->count, 0);
	world_stop(w);
}

static void large_sets_come_in_parts(void **)
{
	struct world *w = world_start(NULL);
	char *text = calloc(1, 200000), *at = text;

	for (int i = 0; i < 3000; i++)
		at += sprintf(at, "switches t%d sip:10.0.%d.%d\n", i, i / 250, i % 250 + 1);
	AWAIT(w, w->sets == 1);
	file_put(w, text);
	AWAIT(w, w->sets == 2);
	assert_int_equal(w->count, 3000);
	free(text);
	world_stop(w);
}

static void a_killed_agent_is_started_again_and_its_targets_stay(void **)
{
	struct world *w = world_start(NULL);

	AWAIT(w, w->sets == 1);
	json_int_t pid = shown_number(w, "pid");
	assert_true(pid > 0);
	kill((pid_t)pid, SIGKILL);
	AWAIT(w, has_told(w, "signal 9"));
	assert_int_equal(shown_number(w, "targets"), 1);
	AWAIT(w, w->sets == 2);
	assert_int_equal(shown_number(w, "starts"), 2);
	assert_true(shown_number(w, "pid") != pid);
	world_stop(w);
}

static void the_operator_restarts_an_agent(void **)
{
	struct world *w = world_start(NULL);

	AWAIT(w, w->sets == 1);
	assert_int_equal(agents_restart(w->agents, "two"), -ENOENT);
	assert_int_equal(agents_restart(w->agents, "one"), 0);
	AWAIT(w, w->sets == 2);
	assert_int_equal(shown_number(w, "starts"), 2);
	assert_int_equal(shown_number(w, "failures_in_a_row"), 0);
	world_stop(w);
}

static void a_program_that_is_not_there_is_told_and_tried_again(void **)
{
	struct world *w = world_start("[/nonexistent/agent]");

	AWAIT(w, shown_number(w, "failures_in_a_row") >= 2);
	assert_true(has_told(w, "cannot start /nonexistent/agent: No such file"));
	assert_true(is_in_state(w, "waiting"));
	world_stop(w);
}

static void one_that_dies_at_once_is_waited_for_longer_each_time(void **)
{
	struct world *w = world_start("[/bin/sh, -c, \"echo why; exit 3\"]");

	AWAIT(w, shown_number(w, "failures_in_a_row") == 2);
	assert_true(has_told(w, "says: why"));
	assert_true(has_told(w, "exit status 3; starts again in 500 ms"));
	assert_true(has_told(w, "exit status 3; starts again in 1000 ms"));
	world_stop(w);
}

static void what_one_writes_is_bounded(void **)
{
	struct world *w = world_start(
		"[/bin/sh, -c, \"i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; exit 4\"]");

	AWAIT(w, has_told(w, "exit status 4"));
	unsigned int lines = 0;
	fflush(w->events.out);
	for (const char *at = w->told; (at = strstr(at, "says: line")) != NULL; at++)
		lines++;
	assert_true(lines >= 20 && lines < 200);
	assert_true(has_told(w, "were too many and are left out"));
	world_stop(w);
}

/* Processes of a group that live; a dead one that nobody has asked about is not one. */
static unsigned int group_count(pid_t group)
{
	DIR *proc = opendir("/proc");
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(proc);
	while ((entry = readdir(proc)) != NULL) {
		char path[300], text[512] = "", state = 'Z';
		int parent, pgrp = 0;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		FILE *file = fopen(path, "re");
		if (!file)
			continue;
		char *line = fgets(text, sizeof(text), file);
		fclose(file);
		const char *end = line ? strrchr(line, ')') : NULL;
		if (end && sscanf(end + 1, " %c %d %d", &state, &parent, &pgrp) == 3)
			count += pgrp == group && state != 'Z';
	}
	closedir(proc);
	return count;
}

/* It hears nothing, not even SIGTERM, and has a child that would live on. */
static void one_that_does_not_listen_is_killed_with_its_children(void **)
{
	struct world *w = world_start("[/bin/sh, -c, \"trap '' TERM; echo up; while :; do /bin/sleep 1000 & "
				      "wait; done\"]");

	AWAIT(w, has_told(w, "says: up"));
	pid_t pid = (pid_t)shown_number(w, "pid");
	AWAIT(w, group_count(pid) == 2);
	world_end_agents(w);
	assert_true(has_told(w, "signal 9"));
	uint64_t deadline = uv_hrtime() + DEADLINE_NS;
	while (group_count(pid) && uv_hrtime() < deadline)
		;
	assert_int_equal(group_count(pid), 0);
	world_stop(w);
}

static void a_stranger_cannot_say_that_it_is_an_agent(void **)
{
	struct world *w = world_start("[/bin/sh, -c, \"exec /bin/sleep 1000\"]");
	void *client = api_client_open_at(&w->api, w->endpoint, NULL, NULL);

	AWAIT(w, is_in_state(w, "starting"));
	api_client_say(client, "{'hello':{'version':1,'client':'x','role':'agent','agent':'one',"
			       "'token':'00000000000000000000000000000000'}}");
	api_client_expect_error(&w->api, client, -1, "denied");
	api_client_say(client, "{'hello':{'version':1,'client':'x','role':'agent','agent':'one',"
			       "'token':''}}");
	api_client_expect_error(&w->api, client, -1, "denied");
	api_client_say(client, "{'hello':{'version':1,'client':'x','role':'agent'}}");
	api_client_expect_error(&w->api, client, -1, "denied");
	/* And one that is no agent provides nothing. */
	api_client_hello(&w->api, client);
	api_client_say(client, "{'work':1,'partial':{'targets':[],'complete':true}}");
	api_client_expect_error(&w->api, client, -1, "malformed");
	assert_int_equal(w->sets, 0);
	world_stop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_s_targets_arrive_and_change),
		cmocka_unit_test(large_sets_come_in_parts),
		cmocka_unit_test(a_killed_agent_is_started_again_and_its_targets_stay),
		cmocka_unit_test(the_operator_restarts_an_agent),
		cmocka_unit_test(a_program_that_is_not_there_is_told_and_tried_again),
		cmocka_unit_test(one_that_dies_at_once_is_waited_for_longer_each_time),
		cmocka_unit_test(what_one_writes_is_bounded),
		cmocka_unit_test(one_that_does_not_listen_is_killed_with_its_children),
		cmocka_unit_test(a_stranger_cannot_say_that_it_is_an_agent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
