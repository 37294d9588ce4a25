/* SPDX-License-Identifier: BSD-3-Clause */
/* A server with handlers of the test; see api_rig.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_rig.h"

#include <stdlib.h>

static void handle_echo(void *, struct api_request *request, const json_t *args)
{
	api_request_ok(request, args ? json_deep_copy(args) : json_object());
}

static void handle_later(void *context, struct api_request *request, const json_t *)
{
	struct api_rig *t = context;

	t->waiting[t->count++] = request;
}

static void handle_subscribe(void *, struct api_request *request, const json_t *)
{
	api_request_subscribe(request);
	api_request_ok(request, json_object());
}

void api_rig_fill(struct api_rig *t)
{
	for (unsigned int i = 0; i < API_COMMAND_COUNT; i++)
		t->table[i] = handle_echo;
	t->table[API_COMMAND_EXPLAIN] = handle_later;
	t->table[API_COMMAND_EVENTS] = handle_subscribe;
}

static int setup_sized(void **state, size_t queue_max)
{
	struct api_rig *t = calloc(1, sizeof(*t));

	api_rig_fill(t);
	api_fixture_start(&t->api, t->table, t, queue_max);
	*state = t;
	return 0;
}

int api_rig_setup(void **state)
{
	return setup_sized(state, 0);
}

int api_rig_setup_small_queue(void **state)
{
	return setup_sized(state, 2000);
}

int api_rig_teardown(void **state)
{
	struct api_rig *t = *state;

	api_fixture_stop(&t->api);
	free(t);
	return 0;
}

struct api_server_stats api_rig_stats(const struct api_rig *t)
{
	struct api_server_stats stats;

	api_server_stats(t->api.server, &stats);
	return stats;
}

void api_rig_await(struct api_rig *t, unsigned int count)
{
	for (int i = 0; i < 1000 && t->count < count; i++)
		api_fixture_turn(&t->api);
	assert_int_equal(t->count, count);
}

void api_rig_raise(struct api_rig *t, const char *kind)
{
	json_t *event = json_pack("{s:s}", "kind", kind);

	api_server_event(t->api.server, event);
	json_decref(event);
}
