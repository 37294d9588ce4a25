/* SPDX-License-Identifier: BSD-3-Clause */
/* api/server.h: versions, cancelling, stopping, and clients that mean harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_rig.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "api/server_internal.h"

static void the_versions_of_a_client_are_looked_through(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_say(client, "{'hello':{'versions':[3,2],'client':'test'}}");
	json_t *refused = api_client_hear(&t->api, client);
	const json_t *error = json_object_get(refused, "error");
	assert_string_equal(json_string_value(json_object_get(error, "code")), "version");
	assert_int_equal(json_integer_value(json_array_get(json_object_get(error, "versions"), 0)),
			 API_VERSION);
	json_decref(refused);
	api_client_say(client, "{'hello':{'version':2,'versions':[2,1],'client':'test'}}");
	json_t *message = api_client_hear(&t->api, client);
	const json_t *hello = json_object_get(message, "hello");
	assert_int_equal(json_integer_value(json_object_get(hello, "version")), API_VERSION);
	assert_int_equal(json_array_size(json_object_get(hello, "versions")), 1);
	assert_string_equal(json_string_value(json_object_get(hello, "access")), "all");
	json_decref(message);
	api_client_close(&t->api, client);
}

static void a_cancelled_request_ends_at_once_and_its_handler_later(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api), *other = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	api_client_hello(&t->api, other);
	api_client_say(client, "{'id':1,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 1);
	api_client_say(other, "{'id':1,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 2);
	api_client_say(client, "{'cancel':1}");
	api_client_expect_error(&t->api, client, 1, "cancelled");
	assert_false(api_request_is_live(t->waiting[0]));
	assert_true(api_request_is_live(t->waiting[1]));
	/* The id is free again although the handler has not come to its end. */
	api_client_say(client, "{'id':1,'command':'show pools'}");
	api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
	api_request_partial(t->waiting[0], json_object());
	api_request_ok(t->waiting[0], json_object());
	assert_null(api_client_hear_at_once(&t->api, client));
	api_request_ok(t->waiting[1], json_object());
	api_client_expect(&t->api, other, "{'id':1,'ok':{}}");
	assert_int_equal(api_rig_stats(t).requests, 0);
	api_client_close(&t->api, client);
	api_client_close(&t->api, other);
}

static void cancelled_requests_count_until_their_handlers_end_them(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	for (unsigned int i = 0; i < API_REQUESTS_MAX; i++) {
		api_client_say(client, "{'id':1,'command':'explain','args':{'message':'eA'}}");
		api_rig_await(t, i + 1);
		api_client_say(client, "{'cancel':1}");
		api_client_expect_error(&t->api, client, 1, "cancelled");
	}
	api_client_say(client, "{'id':1,'command':'show pools'}");
	api_client_expect_error(&t->api, client, 1, "busy");
	for (unsigned int i = 0; i < API_REQUESTS_MAX; i++)
		api_request_ok(t->waiting[i], json_object());
	api_client_say(client, "{'id':1,'command':'show pools'}");
	api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
	api_client_close(&t->api, client);
}

static void of_what_is_not_open_cancel_says_nothing(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_say(client, "{'cancel':1}");
	api_client_expect_error(&t->api, client, -1, "no-hello");
	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':5,'command':'show pools'}");
	api_client_expect(&t->api, client, "{'id':5,'ok':{}}");
	api_client_say(client, "{'cancel':5}");
	api_client_say(client, "{'cancel':0}");
	assert_null(api_client_hear_at_once(&t->api, client));
	api_client_say(client, "{'cancel':'5'}");
	api_client_expect_error(&t->api, client, -1, "malformed");
	api_client_close(&t->api, client);
}

static void a_subscription_is_cancelled_by_its_id(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':7,'command':'events'}");
	api_client_expect(&t->api, client, "{'id':7,'ok':{}}");
	api_client_say(client, "{'cancel':8}");
	assert_null(api_client_hear_at_once(&t->api, client));
	api_rig_raise(t, "start");
	api_client_expect(&t->api, client, "{'event':{'kind':'start'}}");
	api_client_say(client, "{'cancel':7}");
	api_client_expect_error(&t->api, client, 7, "cancelled");
	api_rig_raise(t, "start");
	assert_null(api_client_hear_at_once(&t->api, client));
	assert_int_equal(api_rig_stats(t).subscribers, 0);
	api_client_say(client, "{'cancel':7}");
	assert_null(api_client_hear_at_once(&t->api, client));
	api_client_close(&t->api, client);
}

static void a_stop_answers_every_open_request(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':1,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 1);
	api_client_say(client, "{'id':2,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 2);
	api_rig_raise(t, "stop");
	api_server_stop(t->api.server);
	t->api.server = NULL;
	api_request_ok(t->waiting[0], json_object());
	api_request_ok(t->waiting[1], json_object());
	api_client_expect_error(&t->api, client, 2, "stopped");
	api_client_expect_error(&t->api, client, 1, "stopped");
	assert_null(api_client_hear_at_once(&t->api, client));
	api_client_close(&t->api, client);
}

static void ten_thousand_hellos_cost_others_nothing(void **state)
{
	struct api_rig *t = *state;
	void *loud = api_client_open(&t->api), *quiet = api_client_open(&t->api);
	unsigned int heard = 0, said = 0;

	api_client_hello(&t->api, quiet);
	api_client_say(quiet, "{'id':1,'command':'events'}");
	api_client_expect(&t->api, quiet, "{'id':1,'ok':{}}");
	while (heard < 10000) {
		for (; said < 10000 && said - heard < 20; said++)
			api_client_say(loud, "{'hello':{'version':1,'client':'loud'}}");
		json_t *message = api_client_hear(&t->api, loud);
		assert_non_null(json_object_get(message, "hello"));
		json_decref(message);
		if (++heard % 1000 == 0) {
			api_client_say(quiet, "{'id':2,'command':'show pools'}");
			api_client_expect(&t->api, quiet, "{'id':2,'ok':{}}");
		}
	}
	assert_int_equal(api_rig_stats(t).clients, 2);
	api_client_close(&t->api, loud);
	api_client_close(&t->api, quiet);
}

/* Frames at random, of one part or several: each whole message gets one error, and that is all. */
static void garbage_is_answered_and_forgotten(void **state)
{
	struct api_rig *t = *state;
	void *hostile = api_client_open(&t->api), *quick = api_client_open(&t->api);
	uint64_t random = 0x9e3779b97f4a7c15;
	char bytes[256];

	api_client_hello(&t->api, quick);
	for (int round = 0; round < 500; round++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t len = (random >> 33) % sizeof(bytes);
		int parts = (int)((random >> 50) % 3);
		for (size_t i = 0; i < len; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			bytes[i] = (char)(random >> 40);
		}
		for (int i = 0; i < parts; i++)
			zmq_send(hostile, bytes, len, ZMQ_DONTWAIT | ZMQ_SNDMORE);
		api_client_say_bytes(hostile, bytes, len);
		api_client_expect_error(&t->api, hostile, -1, "malformed");
		api_client_say(quick, "{'id':2,'command':'show pools'}");
		api_client_expect(&t->api, quick, "{'id':2,'ok':{}}");
	}
	assert_int_equal(api_rig_stats(t).malformed, 500);
	assert_int_equal(api_rig_stats(t).clients, 1);
	api_client_close(&t->api, hostile);
	api_client_close(&t->api, quick);
}

/* ZMQ_FD tells of changes: whoever asks for the socket's state takes the change away. */
static void a_wake_up_that_got_lost_is_made_good(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);
	int events = 0;
	size_t size = sizeof(events);

	api_client_hello(&t->api, client);
	for (int i = 0; i < 100; i++)
		api_fixture_turn(&t->api);
	api_client_say(client, "{'id':1,'command':'show pools'}");
	while (!(events & ZMQ_POLLIN))
		assert_int_equal(zmq_getsockopt(t->api.server->socket, ZMQ_EVENTS, &events, &size), 0);
	api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
	api_client_close(&t->api, client);
}

#define EARLY 20

struct early {
	pthread_t thread;
	const char *endpoint;
	_Atomic bool has_spoken;
	unsigned int answers;
};

static void *early_run(void *context)
{
	static const char hello[] = "{\"hello\":{\"version\":1,\"client\":\"early\"}}";
	static const char request[] = "{\"id\":1,\"command\":\"show pools\"}";
	struct early *early = context;
	void *zmq = zmq_ctx_new(), *socket = zmq_socket(zmq, ZMQ_DEALER);
	int zero = 0, limit_ms = 10000;
	char answer[65536];

	zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &limit_ms, sizeof(limit_ms));
	zmq_connect(socket, early->endpoint);
	zmq_send(socket, hello, sizeof(hello) - 1, 0);
	zmq_send(socket, request, sizeof(request) - 1, 0);
	early->has_spoken = true;
	while (early->answers < 2 && zmq_recv(socket, answer, sizeof(answer), 0) > 0)
		early->answers++;
	zmq_close(socket);
	zmq_ctx_term(zmq);
	return NULL;
}

/* Clients that wait for the socket, and say all they have while the loop does not run yet. */
static void those_that_come_before_the_loop_runs_are_served(void **)
{
	struct api_rig *t = calloc(1, sizeof(*t));
	struct early early[EARLY] = { 0 };
	char endpoint[80];

	snprintf(endpoint, sizeof(endpoint), "ipc:///tmp/tandem-early-%d.sock", (int)getpid());
	for (unsigned int i = 0; i < EARLY; i += 2) {
		early[i].endpoint = endpoint;
		pthread_create(&early[i].thread, NULL, early_run, &early[i]);
	}
	api_rig_fill(t);
	assert_true(api_fixture_start_at(&t->api, endpoint, t->table, t, 0));
	for (unsigned int i = 1; i < EARLY; i += 2) {
		early[i].endpoint = endpoint;
		pthread_create(&early[i].thread, NULL, early_run, &early[i]);
	}
	for (unsigned int i = 0; i < EARLY; i++) {
		while (!early[i].has_spoken)
			sched_yield();
	}
	uint64_t deadline = uv_hrtime() + 10000000000u;
	while (api_rig_stats(t).messages < 2 * EARLY && uv_hrtime() < deadline)
		api_fixture_turn(&t->api);
	assert_int_equal(api_rig_stats(t).messages, 2 * EARLY);
	for (unsigned int i = 0; i < EARLY; i++) {
		pthread_join(early[i].thread, NULL);
		assert_int_equal(early[i].answers, 2);
	}
	api_fixture_stop(&t->api);
	free(t);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, api_rig_setup, api_rig_teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_versions_of_a_client_are_looked_through),
		CASE(a_cancelled_request_ends_at_once_and_its_handler_later),
		CASE(cancelled_requests_count_until_their_handlers_end_them),
		CASE(of_what_is_not_open_cancel_says_nothing),
		CASE(a_subscription_is_cancelled_by_its_id),
		CASE(a_stop_answers_every_open_request),
		CASE(ten_thousand_hellos_cost_others_nothing),
		CASE(garbage_is_answered_and_forgotten),
		CASE(a_wake_up_that_got_lost_is_made_good),
		cmocka_unit_test(those_that_come_before_the_loop_runs_are_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
