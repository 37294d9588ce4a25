/* SPDX-License-Identifier: BSD-3-Clause */
/* api/server.h: the conversation, many clients at once, and what malformed or slow ones cost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_rig.h"

#include <stdlib.h>
#include <zmq.h>

static void hello_tells_version_instance_and_commands(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_say(client, "{'hello':{'version':1,'client':'test'}}");
	json_t *message = api_client_hear(&t->api, client);
	const json_t *hello = json_object_get(message, "hello");
	const json_t *commands = json_object_get(hello, "commands");
	assert_int_equal(json_integer_value(json_object_get(hello, "version")), API_VERSION);
	assert_int_equal(json_integer_value(json_object_get(hello, "instance")), 7);
	assert_string_equal(json_string_value(json_object_get(hello, "program")), "tandemd test");
	assert_int_equal(json_array_size(commands), API_COMMAND_COUNT);
	const json_t *explain = json_array_get(commands, API_COMMAND_EXPLAIN);
	assert_string_equal(json_string_value(json_object_get(explain, "usage")),
			    "explain [FILE] [--call-ids FILE] [--source ADDR:PORT] "
			    "[--local ADDR:PORT] [--interface NAME]");
	json_decref(message);
	api_client_close(&t->api, client);
}

static void a_request_before_hello_is_refused(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_say(client, "{'id':3,'command':'show status'}");
	api_client_expect_error(&t->api, client, 3, "no-hello");
	assert_int_equal(api_rig_stats(t).clients, 0);
	api_client_close(&t->api, client);
}

static void another_version_is_refused(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_say(client, "{'hello':{'version':2,'client':'test'}}");
	api_client_expect_error(&t->api, client, -1, "version");
	api_client_say(client, "{'hello':{'version':1}}");
	api_client_expect_error(&t->api, client, -1, "malformed");
	api_client_say(client, "{'hello':5}");
	api_client_expect_error(&t->api, client, -1, "malformed");
	assert_int_equal(api_rig_stats(t).clients, 0);
	api_client_close(&t->api, client);
}

static void a_request_is_answered_once_with_its_id(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':41,'command':'target drain','args':{'name':'sw1'}}");
	api_client_expect(&t->api, client, "{'id':41,'ok':{'name':'sw1'}}");
	api_client_say(client, "{'id':41,'command':'show status'}");
	api_client_expect(&t->api, client, "{'id':41,'ok':{}}");
	assert_null(api_client_hear_at_once(&t->api, client));
	assert_int_equal(api_rig_stats(t).requests, 0);
	api_client_close(&t->api, client);
}

static void two_clients_interleave_partials_events_and_finals(void **state)
{
	struct api_rig *t = *state;
	void *a = api_client_open(&t->api), *b = api_client_open(&t->api);

	api_client_hello(&t->api, a);
	api_client_hello(&t->api, b);
	api_client_say(a, "{'id':1,'command':'events'}");
	api_client_expect(&t->api, a, "{'id':1,'ok':{}}");
	api_client_say(a, "{'id':2,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 1);
	api_client_say(b, "{'id':2,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 2);

	api_request_partial(t->waiting[0], json_pack("{s:i}", "a", 1));
	api_request_partial(t->waiting[1], json_pack("{s:i}", "b", 1));
	api_rig_raise(t, "target");
	api_request_partial(t->waiting[0], json_pack("{s:i}", "a", 2));
	api_client_say(b, "{'id':3,'command':'show pools'}");
	api_client_expect(&t->api, b, "{'id':2,'partial':{'b':1}}");
	api_client_expect(&t->api, b, "{'id':3,'ok':{}}");
	api_request_ok(t->waiting[1], json_pack("{s:i}", "b", 2));
	api_request_error(t->waiting[0], API_ERROR_TIMEOUT, "after %d answers", 2);

	api_client_expect(&t->api, a, "{'id':2,'partial':{'a':1}}");
	api_client_expect(&t->api, a, "{'event':{'kind':'target'}}");
	api_client_expect(&t->api, a, "{'id':2,'partial':{'a':2}}");
	api_client_expect(&t->api, a,
			  "{'error':{'code':'timeout','text':'after 2 answers'},'id':2}");
	api_client_expect(&t->api, b, "{'id':2,'ok':{'b':2}}");
	assert_null(api_client_hear_at_once(&t->api, a));
	assert_null(api_client_hear_at_once(&t->api, b));
	api_client_close(&t->api, a);
	api_client_close(&t->api, b);
}

static void malformed_input_gets_an_error_and_costs_nothing(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);
	static const char *const inputs[] = {
		"", "{", "[]", "5", "null", "{}", "\xff\xfe", "{\"hello\":{}", "{'id':1}",
		"{\"id\":1,\"id\":2,\"command\":\"show pools\"}", "{\"event\":{}}", "{\"hello\":{\"version\":1,\"client\":\"\xc3\"}}",
	};
	char deep[5000];

	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		api_client_say_bytes(client, inputs[i], strlen(inputs[i]));
		api_client_expect_error(&t->api, client, -1, "malformed");
	}
	memset(deep, '[', sizeof(deep));
	api_client_say_bytes(client, deep, sizeof(deep));
	api_client_expect_error(&t->api, client, -1, "malformed");
	api_client_say_bytes(client, "{\0}", 3);
	api_client_expect_error(&t->api, client, -1, "malformed");
	assert_int_equal(api_rig_stats(t).malformed, ARRAY_SIZE(inputs) + 2);
	assert_int_equal(api_rig_stats(t).clients, 0);

	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':0,'command':'show status'}");
	api_client_expect(&t->api, client, "{'id':0,'ok':{}}");
	api_client_close(&t->api, client);
}

static void messages_of_several_frames_are_refused(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	for (int frames = 2; frames < 5; frames++) {
		for (int i = 0; i < frames; i++)
			zmq_send(client, "{}", 2, ZMQ_DONTWAIT | (i + 1 < frames ? ZMQ_SNDMORE : 0));
		api_client_expect_error(&t->api, client, -1, "malformed");
	}
	api_client_hello(&t->api, client);
	assert_null(api_client_hear_at_once(&t->api, client));
	api_client_close(&t->api, client);
}

static void an_oversized_message_is_refused(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);
	char *big = malloc(API_MESSAGE_MAX + 1);

	memset(big, ' ', API_MESSAGE_MAX + 1);
	api_client_hello(&t->api, client);
	api_client_say_bytes(client, big, API_MESSAGE_MAX + 1);
	api_client_expect_error(&t->api, client, -1, "too-large");
	memcpy(big, "{\"id\":1,\"command\":\"show pools\"}", 31);
	api_client_say_bytes(client, big, API_MESSAGE_MAX);
	api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
	free(big);
	api_client_close(&t->api, client);
}

static void wrong_requests_are_told_apart(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);
	static const struct {
		const char *json;
		int id;
		const char *code;
	} cases[] = {
		{ "{'id':1,'command':'reboot'}", 1, "unknown-command" },
		{ "{'id':1,'command':5}", 1, "unknown-command" },
		{ "{'command':'show status'}", -1, "malformed" },
		{ "{'id':-1,'command':'show status'}", -1, "malformed" },
		{ "{'id':'x','command':'show status'}", -1, "malformed" },
		{ "{'id':1.5,'command':'show status'}", -1, "malformed" },
		{ "{'id':9007199254740992,'command':'show status'}", -1, "malformed" },
		{ "{'id':1,'command':'show status','args':[]}", 1, "argument" },
		{ "{'id':1,'command':'show status','args':{'x':1}}", 1, "argument" },
		{ "{'id':1,'command':'target drain'}", 1, "argument" },
		{ "{'id':1,'command':'target drain','args':{'name':1}}", 1, "argument" },
		{ "{'id':1,'command':'show drops','args':{'drops_only':'yes'}}", 1, "argument" },
		{ "{'id':1,'command':'explain','args':{'call_ids':'x'}}", 1, "argument" },
		{ "{'id':1,'command':'explain','args':{'call_ids':[1]}}", 1, "argument" },
		{ "{'id':1,'command':'capture start','args':{'path':'x'}}", 1, "argument" },
		{ "{'id':1,'command':'capture start','args':{'path':'/x','packets':-1}}", 1,
		  "argument" },
		{ "{'id':1,'command':'events','args':{'count':1}}", 1, "argument" },
	};

	api_client_hello(&t->api, client);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		api_client_say(client, cases[i].json);
		api_client_expect_error(&t->api, client, cases[i].id, cases[i].code);
	}
	assert_int_equal(api_rig_stats(t).requests, 0);
	api_client_close(&t->api, client);
}

static void open_requests_are_bounded_and_their_ids_are_distinct(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);
	char request[128];

	api_client_hello(&t->api, client);
	for (unsigned int i = 0; i < API_REQUESTS_MAX; i++) {
		snprintf(request, sizeof(request),
			 "{'id':%u,'command':'explain','args':{'message':'eA'}}", i);
		api_client_say(client, request);
		api_rig_await(t, i + 1);
	}
	api_client_say(client, "{'id':3,'command':'show pools'}");
	api_client_expect_error(&t->api, client, 3, "argument");
	api_client_say(client, "{'id':99,'command':'show pools'}");
	api_client_expect_error(&t->api, client, 99, "busy");
	api_request_ok(t->waiting[3], json_object());
	api_client_expect(&t->api, client, "{'id':3,'ok':{}}");
	api_client_say(client, "{'id':3,'command':'show pools'}");
	api_client_expect(&t->api, client, "{'id':3,'ok':{}}");
	for (unsigned int i = 0; i < API_REQUESTS_MAX; i++) {
		if (i != 3)
			api_request_ok(t->waiting[i], json_object());
	}
	assert_int_equal(api_rig_stats(t).requests, 0);
	api_client_close(&t->api, client);
}

static void a_slow_client_is_dropped_and_the_others_go_on(void **state)
{
	struct api_rig *t = *state;
	void *slow = api_client_open_narrow(&t->api, 1), *quick = api_client_open(&t->api);
	unsigned int heard = 0, raised = 0;

	api_client_hello(&t->api, slow);
	api_client_hello(&t->api, quick);
	api_client_say(slow, "{'id':1,'command':'events'}");
	api_client_say(slow, "{'id':2,'command':'explain','args':{'message':'eA'}}");
	api_client_say(quick, "{'id':1,'command':'events'}");
	api_rig_await(t, 1);
	api_client_expect(&t->api, quick, "{'id':1,'ok':{}}");
	/* Its transport holds a few, its queue 2,000 octets of events of 27 octets. */
	while (api_rig_stats(t).clients_dropped == 0 && raised < 1000) {
		api_rig_raise(t, "start");
		raised++;
		api_client_expect(&t->api, quick, "{'event':{'kind':'start'}}");
		heard++;
	}
	assert_true(raised > 2000 / 27 && raised < 1000);
	assert_int_equal(heard, raised);
	assert_int_equal(api_rig_stats(t).clients, 1);
	assert_int_equal(api_rig_stats(t).subscribers, 1);
	assert_false(api_request_is_live(t->waiting[0]));
	api_request_ok(t->waiting[0], json_object());
	api_rig_raise(t, "stop");
	api_client_expect(&t->api, quick, "{'event':{'kind':'stop'}}");
	api_client_close(&t->api, slow);
	api_client_close(&t->api, quick);
}

static void a_client_that_reads_late_gets_everything_in_order(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open_narrow(&t->api, 1);
	char wanted[64];

	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':1,'command':'explain','args':{'message':'eA'}}");
	api_rig_await(t, 1);
	for (int i = 0; i < 40; i++)
		api_request_partial(t->waiting[0], json_pack("{s:i}", "n", i));
	api_request_ok(t->waiting[0], json_object());
	for (int i = 0; i < 40; i++) {
		snprintf(wanted, sizeof(wanted), "{'id':1,'partial':{'n':%d}}", i);
		api_client_expect(&t->api, client, wanted);
	}
	api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
	assert_int_equal(api_rig_stats(t).clients_dropped, 0);
	api_client_close(&t->api, client);
}

static void a_client_that_has_gone_is_forgotten_when_something_is_sent(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	api_client_say(client, "{'id':1,'command':'events'}");
	api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
	api_client_close(&t->api, client);
	/* A thread of the transport takes the closed end away in its own time. */
	uint64_t deadline = uv_hrtime() + 10000000000u;
	for (unsigned int i = 0; api_rig_stats(t).clients && uv_hrtime() < deadline; i++) {
		if (i % 100 == 0)
			api_rig_raise(t, "start");
		api_fixture_turn(&t->api);
	}
	assert_int_equal(api_rig_stats(t).clients, 0);
	assert_int_equal(api_rig_stats(t).subscribers, 0);
}

static void bye_forgets_the_client(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	assert_int_equal(api_rig_stats(t).clients, 1);
	api_client_say(client, "{'bye':true}");
	assert_null(api_client_hear_at_once(&t->api, client));
	assert_int_equal(api_rig_stats(t).clients, 0);
	api_client_say(client, "{'id':1,'command':'show pools'}");
	api_client_expect_error(&t->api, client, 1, "no-hello");
	api_client_close(&t->api, client);
}

static void a_full_table_makes_room_for_the_longest_silent(void **state)
{
	struct api_rig *t = *state;
	void *clients[API_CLIENTS_MAX + 1];

	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		clients[i] = api_client_open(&t->api);
		api_client_hello(&t->api, clients[i]);
	}
	/* Client 0 has something to wait for, so client 1 is the one to go. */
	api_client_say(clients[0], "{'id':1,'command':'events'}");
	api_client_expect(&t->api, clients[0], "{'id':1,'ok':{}}");
	clients[API_CLIENTS_MAX] = api_client_open(&t->api);
	api_client_hello(&t->api, clients[API_CLIENTS_MAX]);
	assert_int_equal(api_rig_stats(t).clients, API_CLIENTS_MAX);
	api_client_say(clients[1], "{'id':1,'command':'show pools'}");
	api_client_expect_error(&t->api, clients[1], 1, "no-hello");
	for (unsigned int i = 2; i <= API_CLIENTS_MAX; i++) {
		api_client_say(clients[i], "{'id':1,'command':'events'}");
		api_client_expect(&t->api, clients[i], "{'id':1,'ok':{}}");
	}
	api_client_say(clients[1], "{'hello':{'version':1,'client':'test'}}");
	api_client_expect_error(&t->api, clients[1], -1, "busy");
	for (unsigned int i = 0; i <= API_CLIENTS_MAX; i++)
		api_client_close(&t->api, clients[i]);
}

static void a_burst_larger_than_one_pass_is_served_whole(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);
	char text[64];

	api_client_hello(&t->api, client);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 30; i++) {
			snprintf(text, sizeof(text), "{'id':%d,'command':'show pools'}", i);
			api_client_say(client, text);
		}
		for (int i = 0; i < 30; i++) {
			snprintf(text, sizeof(text), "{'id':%d,'ok':{}}", i);
			api_client_expect(&t->api, client, text);
		}
	}
	api_client_close(&t->api, client);
}

static void a_message_that_a_send_took_note_of_is_still_read(void **state)
{
	struct api_rig *t = *state;
	void *follower = api_client_open(&t->api), *client = api_client_open(&t->api);

	api_client_hello(&t->api, follower);
	api_client_hello(&t->api, client);
	api_client_say(follower, "{'id':1,'command':'events'}");
	api_client_expect(&t->api, follower, "{'id':1,'ok':{}}");
	for (int i = 0; i < 100; i++) {
		api_client_say(client, "{'id':1,'command':'show pools'}");
		api_rig_raise(t, "start");
		api_client_expect(&t->api, client, "{'id':1,'ok':{}}");
		api_client_expect(&t->api, follower, "{'event':{'kind':'start'}}");
	}
	api_client_close(&t->api, follower);
	api_client_close(&t->api, client);
}

static void requests_outlive_a_stopped_server(void **state)
{
	struct api_rig *t = *state;
	void *client = api_client_open(&t->api);

	api_client_hello(&t->api, client);
	for (int i = 0; i < 3; i++) {
		char request[96];
		snprintf(request, sizeof(request),
			 "{'id':%d,'command':'explain','args':{'message':'eA'}}", i);
		api_client_say(client, request);
		api_rig_await(t, (unsigned int)i + 1);
	}
	api_server_stop(t->api.server);
	t->api.server = NULL;
	for (int i = 0; i < 3; i++) {
		assert_false(api_request_is_live(t->waiting[i]));
		api_request_partial(t->waiting[i], json_object());
		api_request_ok(t->waiting[i], json_object());
	}
	api_client_close(&t->api, client);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, api_rig_setup, api_rig_teardown)
	const struct CMUnitTest tests[] = {
		CASE(hello_tells_version_instance_and_commands),
		CASE(a_request_before_hello_is_refused),
		CASE(another_version_is_refused),
		CASE(a_request_is_answered_once_with_its_id),
		CASE(two_clients_interleave_partials_events_and_finals),
		CASE(malformed_input_gets_an_error_and_costs_nothing),
		CASE(messages_of_several_frames_are_refused),
		CASE(an_oversized_message_is_refused),
		CASE(wrong_requests_are_told_apart),
		CASE(open_requests_are_bounded_and_their_ids_are_distinct),
		cmocka_unit_test_setup_teardown(a_slow_client_is_dropped_and_the_others_go_on,
						api_rig_setup_small_queue, api_rig_teardown),
		CASE(a_client_that_reads_late_gets_everything_in_order),
		CASE(a_client_that_has_gone_is_forgotten_when_something_is_sent),
		CASE(bye_forgets_the_client),
		CASE(a_full_table_makes_room_for_the_longest_silent),
		CASE(a_burst_larger_than_one_pass_is_served_whole),
		CASE(a_message_that_a_send_took_note_of_is_still_read),
		CASE(requests_outlive_a_stopped_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
