/* SPDX-License-Identifier: BSD-3-Clause */
/* Events of the engines, as people are told of them: what they say, and how many at most. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "events/engine_events.h"

static const struct balance_service services[] = { { .name = "inbound" } };
static const struct balance_target targets[] = { { .id = 77, .name = "sw1" } };
static const struct balance_snapshot snapshot = {
	.service_count = 1, .services = services, .target_count = 1, .targets = targets,
};

struct test {
	struct events events;
	struct engine_events engine;
	unsigned int told;
	json_t *last;
};

static void remember(void *context, json_t *event)
{
	struct test *t = context;

	t->told++;
	json_decref(t->last);
	t->last = json_incref(event);
}

static int setup(void **state)
{
	static struct test test;

	test = (struct test){ .told = 0 };
	events_init(&test.events, NULL);
	test.events.sink = remember;
	test.events.context = &test;
	test.engine = (struct engine_events){ .events = &test.events, .snapshot = &snapshot };
	*state = &test;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	json_decref(t->last);
	events_fini(&t->events);
	return 0;
}

static const char *text(const struct test *t, const char *key)
{
	return json_string_value(json_object_get(t->last, key));
}

static void a_cseq_out_of_order_names_both_numbers(void **state)
{
	struct test *t = *state;
	const struct engine_event event = {
		.kind = ENGINE_EVENT_CSEQ_OUT_OF_ORDER, .side = 1, .cseq = 2, .expected = 102,
		.flags = ENGINE_EVENT_REFUSED, .call_id = "a84b4c76e66710", .method = "INFO",
	};

	engine_events_tell(&t->engine, &event);
	assert_int_equal(t->told, 1);
	assert_string_equal(text(t, "kind"), "cseq");
	assert_string_equal(text(t, "text"),
			    "service inbound: INFO from the callee with CSeq 2, at least 102 was due, "
			    "refused, Call-ID a84b4c76e66710");
	assert_string_equal(text(t, "from"), "callee");
	assert_int_equal(json_integer_value(json_object_get(t->last, "cseq_expected")), 102);
}

static void a_missing_ack_names_the_target_and_the_end(void **state)
{
	struct test *t = *state;
	struct engine_event event = {
		.kind = ENGINE_EVENT_UNACKNOWLEDGED, .cseq = 7, .expected = 7, .target_id = 77,
		.flags = ENGINE_EVENT_ENDED, .call_id = "x", .method = "INVITE",
	};

	engine_events_tell(&t->engine, &event);
	assert_string_equal(text(t, "text"),
			    "service inbound: no ACK from the caller for its INVITE with CSeq 7, "
			    "answered 2xx by sw1, ended with BYE, Call-ID x");
	assert_string_equal(text(t, "target"), "sw1");
	/* A target and a service that a later configuration does not have. */
	event.target_id = 78;
	event.service = 9;
	event.flags = 0;
	engine_events_tell(&t->engine, &event);
	assert_string_equal(text(t, "text"),
			    "service -: no ACK from the caller for its INVITE with CSeq 7, "
			    "answered 2xx, Call-ID x");
	assert_true(json_is_null(json_object_get(t->last, "target")));
}

/* A Call-ID is a stranger's text, and may be no UTF-8 where it was cut off. */
static void a_call_id_that_is_no_text_does_not_silence_the_event(void **state)
{
	struct test *t = *state;
	const struct engine_event event = { .kind = ENGINE_EVENT_CSEQ_OUT_OF_ORDER,
					    .call_id = "caf\xc3", .method = "INFO" };

	engine_events_tell(&t->engine, &event);
	assert_int_equal(t->told, 1);
	assert_string_equal(text(t, "call_id"), "caf?");
}

static void a_flood_is_told_of_at_a_bounded_rate_and_counted(void **state)
{
	struct test *t = *state;
	const struct engine_event event = { .kind = ENGINE_EVENT_CSEQ_OUT_OF_ORDER,
					    .call_id = "x", .method = "INFO" };
	const struct engine_event other = { .kind = ENGINE_EVENT_UNACKNOWLEDGED };
	unsigned int sent = 0;

	/* In at most two of the clock's seconds. */
	for (; sent < 5000; sent++)
		engine_events_tell(&t->engine, &event);
	assert_in_range(t->told, ENGINE_EVENTS_A_SECOND, 2 * ENGINE_EVENTS_A_SECOND);
	assert_true(t->engine.left_out[ENGINE_EVENT_CSEQ_OUT_OF_ORDER] > 0);
	/* The other kind has a rate of its own. */
	unsigned int before = t->told;
	engine_events_tell(&t->engine, &other);
	assert_int_equal(t->told, before + 1);
	assert_null(strstr(text(t, "text"), "more"));
	/* The next second tells how many were left out. */
	t->engine.second--;
	uint64_t left_out = t->engine.left_out[ENGINE_EVENT_CSEQ_OUT_OF_ORDER];
	engine_events_tell(&t->engine, &event);
	assert_int_equal(t->told, before + 2);
	assert_non_null(strstr(text(t, "text"), " more were not told of)"));
	assert_int_equal(json_integer_value(json_object_get(t->last, "left_out")), left_out);
	assert_int_equal(t->engine.left_out[ENGINE_EVENT_CSEQ_OUT_OF_ORDER], 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_cseq_out_of_order_names_both_numbers),
		CASE(a_missing_ack_names_the_target_and_the_end),
		CASE(a_call_id_that_is_no_text_does_not_silence_the_event),
		CASE(a_flood_is_told_of_at_a_bounded_rate_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
