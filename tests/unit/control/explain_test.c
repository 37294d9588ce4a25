/* SPDX-License-Identifier: BSD-3-Clause */
/* api/explain.h: messages to the workers and answers back, over the socket, on a double. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "build_fixture.h"
#include "dataplane_double.h"

#include <stdlib.h>

#include "api/control.h"
#include "api/explain_message.h"
#include "api/handlers.h"
#include "config/config.h"
#include "sip/message.h"

static const char configuration[] =
	"interfaces:\n"
	"  - {name: access, device: net_null0, addresses: [192.0.2.1/24], gateway: 192.0.2.254,\n"
	"     peers: [203.0.113.0/24]}\n"
	"  - {name: core, device: net_null1, addresses: [198.51.100.1/24, \"2001:db8:1::1/64\"]}\n"
	"services:\n"
	"  - {name: inbound, listen: [\"udp:192.0.2.1:5060\"], pool: switches}\n"
	"  - {name: outbound, listen: [\"udp:198.51.100.1:5062\"], from: switches, pool: carriers}\n"
	"  - {name: six, listen: [\"udp:[2001:db8:1::1]:5060\"], pool: switches}\n"
	"pools:\n"
	"  - name: switches\n"
	"    targets:\n"
	"      - {name: sw1, uri: \"sip:198.51.100.11:5070\"}\n"
	"      - {name: sw2, uri: \"sip:198.51.100.12:5060\"}\n"
	"      - {name: sw3, uri: \"sip:198.51.100.13:5060\"}\n"
	"  - name: carriers\n"
	"    targets:\n"
	"      - {name: c1, uri: \"sip:192.0.2.77:5060\"}\n";

static const char options[] = "OPTIONS sip:x@y SIP/2.0\r\ni :  old@call \r\nCSeq: 1 OPTIONS\r\n\r\n";

struct test {
	struct api_fixture api;
	struct dataplane dataplane;
	struct control control;
	struct target_registry *registry;
	void *client;
};

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct control *c = &t->control;
	struct config_report report;
	const struct config_identity identity = { .instance = 7, .epoch = 99, .route_key_count = 1 };

	if (config_load_text("test.yaml", span_of_string(configuration), &c->config, &report) < 0)
		config_report_print(&report, stderr);
	assert_non_null(c->config);
	t->registry = target_registry_create();
	assert_int_equal(build_fixture(c->config, &identity, t->registry, 1, &c->snapshot), 0);
	c->dataplane = &t->dataplane;
	c->explain = (struct explain){ .dataplane = c->dataplane, .snapshot = c->snapshot };
	api_fixture_start(&t->api, api_handlers, c, 0);
	c->api = t->api.server;
	c->loop = &t->api.loop;
	t->client = api_client_open(&t->api);
	api_client_hello(&t->api, t->client);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	if (t->client)
		api_client_close(&t->api, t->client);
	explain_fini(&t->control.explain);
	api_fixture_stop(&t->api);
	config_snapshot_destroy(t->control.snapshot);
	target_registry_destroy(t->registry);
	config_destroy(t->control.config);
	free(t);
	return 0;
}

static void say(struct test *t, json_t *args)
{
	json_t *request = json_pack("{s:i, s:s, s:o}", "id", 1, "command", "explain", "args", args);
	char *text = json_dumps(request, 0);

	api_client_say_bytes(t->client, text, strlen(text));
	free(text);
	json_decref(request);
}

static json_t *encoded(const char *message)
{
	char text[1024];
	struct text_writer w = text_writer_of(text, sizeof(text));

	text_put_base64url(&w, span_of_string(message));
	return json_stringn(text, (size_t)(w.at - text));
}

static void await_questions(struct test *t, unsigned int count)
{
	for (int i = 0; i < 1000 && t->dataplane.question_count < count; i++)
		api_fixture_turn(&t->api);
	assert_int_equal(t->dataplane.question_count, count);
}

static json_t *call_ids(unsigned int count)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < count; i++)
		json_array_append_new(list, json_sprintf("call-%u", i));
	return list;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = { .port = 0 };

	assert_true(endpoint_parse(span_of_string(text), 0, &endpoint));
	return endpoint;
}

static void assert_endpoint(const struct endpoint *endpoint, const char *text)
{
	char is[ENDPOINT_TEXT_MAX];

	assert_string_equal(endpoint_to_string(endpoint, is), text);
}

static void a_message_reaches_the_worker_octet_by_octet(void **state)
{
	struct test *t = *state;

	t->control.snapshot->targets[1].status->admin = TARGET_DRAIN;
	say(t, json_pack("{s:o, s:s, s:s}", "message", encoded(options), "source",
			 "203.0.113.9:5099", "local", "192.0.2.1:5060"));
	await_questions(t, 1);
	const struct dataplane_question *question = &t->dataplane.questions[0];
	assert_int_equal(question->len, sizeof(options) - 1);
	assert_memory_equal(question->message, options, sizeof(options) - 1);
	assert_endpoint(&question->source, "203.0.113.9:5099");
	assert_endpoint(&question->local, "192.0.2.1:5060");
	assert_int_equal(question->interface, 0);
	dataplane_double_answer(&t->dataplane, 1);
	json_t *message = api_client_hear(&t->api, t->client);
	const json_t *ok = json_object_get(message, "ok");
	assert_string_equal(json_string_value(json_object_get(ok, "kind")), "target");
	assert_string_equal(json_string_value(json_object_get(ok, "verdict")), "forward");
	assert_string_equal(json_string_value(json_object_get(ok, "reason")), "INITIAL_REQUEST");
	assert_string_equal(json_string_value(json_object_get(ok, "clause")), "RFC 3261 §16.6");
	assert_string_equal(json_string_value(json_object_get(ok, "target")), "sw1");
	assert_string_equal(json_string_value(json_object_get(ok, "interface")), "access");
	assert_string_equal(json_string_value(json_object_get(ok, "next_hop")), "203.0.113.9:5099");
	assert_string_equal(json_string_value(json_object_get(ok, "call_hash")),
			    "0000000000001234");
	const json_t *asked = json_object_get(ok, "asked");
	assert_string_equal(json_string_value(json_object_get(asked, "source")), "203.0.113.9:5099");
	assert_string_equal(json_string_value(json_object_get(asked, "local")), "192.0.2.1:5060");
	assert_string_equal(json_string_value(json_object_get(asked, "interface")), "access");
	/* By what the pool chose, and why another took no part. */
	const json_t *selection = json_object_get(ok, "selection");
	const json_t *targets = json_object_get(selection, "targets");
	assert_string_equal(json_string_value(json_object_get(selection, "policy")),
			    "call-id-hash");
	assert_int_equal(json_array_size(targets), 3);
	assert_true(json_is_true(json_object_get(json_array_get(targets, 0), "chosen")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(targets, 0),
							      "standing")), "usable");
	assert_false(json_is_true(json_object_get(json_array_get(targets, 1), "chosen")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(targets, 1),
							      "standing")), "drain");
	json_decref(message);
	assert_false(explain_is_busy(&t->control.explain));
}

static void many_call_ids_are_answered_in_order_in_batches(void **state)
{
	struct test *t = *state;
	unsigned int next = 0, batches = 0;
	json_t *message = NULL;

	say(t, json_pack("{s:o}", "call_ids", call_ids(1000)));
	await_questions(t, DOUBLE_RING);
	for (int i = 0; i < 1000 && explain_is_busy(&t->control.explain); i++) {
		dataplane_double_answer(&t->dataplane, 3);
		explain_pump(&t->control.explain, 1);
	}
	for (; (message = api_client_hear(&t->api, t->client)); json_decref(message), batches++) {
		const json_t *answers =
			json_object_get(json_object_get(message, "partial"), "answers");
		if (!answers)
			break;
		assert_true(json_array_size(answers) <= EXPLAIN_BATCH);
		for (size_t i = 0; i < json_array_size(answers); i++, next++) {
			char call_id[32], target[8];
			const json_t *answer = json_array_get(answers, i);
			snprintf(call_id, sizeof(call_id), "call-%u", next);
			snprintf(target, sizeof(target), "sw%u", next % 10 % 3 + 1);
			assert_string_equal(
				json_string_value(json_object_get(answer, "call_id")), call_id);
			assert_string_equal(json_string_value(json_object_get(answer, "why")),
					    call_id);
			assert_string_equal(
				json_string_value(json_object_get(answer, "target")), target);
		}
	}
	assert_int_equal(next, 1000);
	assert_int_equal(batches, 4);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(message, "ok"), "count")),
			 1000);
	json_decref(message);
}

static void a_template_keeps_all_but_its_call_id(void **state)
{
	struct test *t = *state;
	static const char wanted[] =
		"OPTIONS sip:x@y SIP/2.0\r\ni :  call-0 \r\nCSeq: 1 OPTIONS\r\n\r\n";

	say(t, json_pack("{s:o, s:o}", "message", encoded(options), "call_ids", call_ids(1)));
	await_questions(t, 1);
	assert_int_equal(t->dataplane.questions[0].len, sizeof(wanted) - 1);
	assert_memory_equal(t->dataplane.questions[0].message, wanted, sizeof(wanted) - 1);
	dataplane_double_answer(&t->dataplane, 1);
}

static void silence_ends_in_a_timeout_and_late_answers_are_harmless(void **state)
{
	struct test *t = *state;

	say(t, json_pack("{s:o}", "call_ids", call_ids(3)));
	await_questions(t, 3);
	explain_pump(&t->control.explain, uv_now(&t->api.loop) + EXPLAIN_TIMEOUT_MS - 1000);
	assert_null(api_client_hear_at_once(&t->api, t->client));
	explain_pump(&t->control.explain, uv_now(&t->api.loop) + EXPLAIN_TIMEOUT_MS + 1000);
	api_client_expect_error(&t->api, t->client, 1, "timeout");
	assert_true(explain_is_busy(&t->control.explain));
	dataplane_double_answer(&t->dataplane, 1);
	assert_false(explain_is_busy(&t->control.explain));
	assert_null(api_client_hear_at_once(&t->api, t->client));
}

static void every_answer_starts_the_time_limit_anew(void **state)
{
	struct test *t = *state;
	uint64_t now = uv_now(&t->api.loop);

	say(t, json_pack("{s:o}", "call_ids", call_ids(2 * DOUBLE_RING)));
	await_questions(t, DOUBLE_RING);
	dataplane_double_answer(&t->dataplane, 1);
	explain_pump(&t->control.explain, now + EXPLAIN_TIMEOUT_MS + 1000);
	assert_int_equal(t->dataplane.question_count, DOUBLE_RING);
	explain_pump(&t->control.explain, now + 2 * EXPLAIN_TIMEOUT_MS + 999);
	assert_null(api_client_hear_at_once(&t->api, t->client));
	explain_pump(&t->control.explain, now + 2 * EXPLAIN_TIMEOUT_MS + 1000);
	api_client_expect_error(&t->api, t->client, 1, "timeout");
	dataplane_double_answer(&t->dataplane, 1);
}

static void work_for_a_client_that_left_is_cut_short(void **state)
{
	struct test *t = *state;

	say(t, json_pack("{s:o}", "call_ids", call_ids(1000)));
	await_questions(t, DOUBLE_RING);
	api_client_say(t->client, "{'bye':true}");
	assert_null(api_client_hear_at_once(&t->api, t->client));
	dataplane_double_answer(&t->dataplane, 1);
	explain_pump(&t->control.explain, 1);
	assert_int_equal(t->dataplane.question_count, 0);
	assert_false(explain_is_busy(&t->control.explain));
}

static void a_stop_ends_what_waits(void **state)
{
	struct test *t = *state;

	say(t, json_pack("{s:o}", "call_ids", call_ids(3)));
	await_questions(t, 3);
	explain_fini(&t->control.explain);
	api_client_expect_error(&t->api, t->client, 1, "failed");
	t->dataplane.question_count = 0;
}

static void wrong_arguments_are_refused_before_any_worker_is_asked(void **state)
{
	struct test *t = *state;
	json_t *const cases[] = {
		json_object(),
		json_pack("{s:s}", "message", ""),
		json_pack("{s:s}", "message", "not base64url!"),
		json_pack("{s:o}", "call_ids", json_array()),
		json_pack("{s:[s]}", "call_ids", ""),
		json_pack("{s:[s]}", "call_ids", "with blank"),
		json_pack("{s:[s]}", "call_ids", "a\r\nVia: x"),
		json_pack("{s:[s], s:s}", "call_ids", "a", "source", "nonsense"),
		json_pack("{s:[s], s:s}", "call_ids", "a", "local", "192.0.2.1:99999"),
		json_pack("{s:[s], s:s}", "call_ids", "a", "local", "192.0.2.2:5060"),
		json_pack("{s:[s], s:s}", "call_ids", "a", "interface", "nosuch"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		say(t, cases[i]);
		api_client_expect_error(&t->api, t->client, 1, "argument");
	}
	say(t, json_pack("{s:o, s:[s]}", "message", encoded("OPTIONS sip:x SIP/2.0\r\n\r\n"),
			 "call_ids", "a"));
	api_client_expect_error(&t->api, t->client, 1, "failed");
	assert_int_equal(t->dataplane.question_count, 0);
	assert_false(explain_is_busy(&t->control.explain));
}

static void what_is_left_out_leads_to_the_first_service_that_fits(void **state)
{
	struct test *t = *state;
	static const struct {
		const char *source, *local, *interface;
		const char *source_wanted, *local_wanted;
		unsigned int interface_wanted;
	} cases[] = {
		{ NULL, NULL, NULL, "192.0.2.254:5060", "192.0.2.1:5060", 0 },
		/* A service with `from` is asked as one of that pool would ask it. */
		{ NULL, NULL, "core", "198.51.100.11:5070", "198.51.100.1:5062", 1 },
		{ NULL, "198.51.100.1:5062", NULL, "198.51.100.11:5070", "198.51.100.1:5062", 1 },
		/* No gateway: a neighbour. */
		{ NULL, "2001:db8:1::1", NULL, "[2001:db8:1::2]:5060", "[2001:db8:1::1]:5060", 1 },
		/* The source tells the interface. */
		{ "198.51.100.12:5060", NULL, NULL, "198.51.100.12:5060", "198.51.100.1:5062", 1 },
		{ "203.0.113.7", NULL, NULL, "203.0.113.7:5060", "192.0.2.1:5060", 0 },
		{ "[2001:db8:1::9]:6000", NULL, NULL, "[2001:db8:1::9]:6000",
		  "[2001:db8:1::1]:5060", 1 },
		{ "203.0.113.7", "198.51.100.1", "access", "203.0.113.7:5060", "198.51.100.1:5060",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct explain_path path;
		char why[192] = "";
		if (!explain_path_find(t->control.snapshot, cases[i].source, cases[i].local,
				       cases[i].interface, &path, why, sizeof(why)))
			fail_msg("case %zu: %s", i, why);
		assert_endpoint(&path.source, cases[i].source_wanted);
		assert_endpoint(&path.local, cases[i].local_wanted);
		assert_int_equal(path.interface, cases[i].interface_wanted);
	}
}

static void the_made_up_invite_is_a_valid_message(void **)
{
	static const char *const locals[] = { "192.0.2.1:5060", "[2001:db8::1]:5060" };

	for (size_t i = 0; i < ARRAY_SIZE(locals); i++) {
		struct explain_path path = { .source = endpoint_of("192.0.2.9:5062"),
					     .local = endpoint_of(locals[i]) };
		struct sip_message message;
		char text[1024];
		struct text_writer w = text_writer_of(text, sizeof(text));
		explain_message_put(&w, &path, SPAN("some-call@id"));
		assert_false(w.overflow);
		assert_int_equal(sip_message_parse(&message, text, (uint32_t)(w.at - text)),
				 VERDICT_REASON_NONE);
		assert_int_equal(message.method, SIP_METHOD_INVITE);
		assert_true(span_equal(sip_slice_span(&message, message.call_id),
				       SPAN("some-call@id")));
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_message_reaches_the_worker_octet_by_octet),
		CASE(many_call_ids_are_answered_in_order_in_batches),
		CASE(a_template_keeps_all_but_its_call_id),
		CASE(silence_ends_in_a_timeout_and_late_answers_are_harmless),
		CASE(every_answer_starts_the_time_limit_anew),
		CASE(work_for_a_client_that_left_is_cut_short),
		CASE(a_stop_ends_what_waits),
		CASE(wrong_arguments_are_refused_before_any_worker_is_asked),
		CASE(what_is_left_out_leads_to_the_first_service_that_fits),
		cmocka_unit_test(the_made_up_invite_is_a_valid_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
