/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands tell of health and blacklist, and what the blacklist's do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "commands_fixture.h"

#include "health/adapter.h"

/* As the daemon takes it from the data plane. */
static void outcome(struct test *t, const struct balance_target *target, enum outcome_kind kind,
		    uint16_t value, uint32_t retry_after_s)
{
	const struct outcome o = { .target_id = target->id,
				   .kind = (uint8_t)kind,
				   .value = value,
				   .delay_us = 1000,
				   .retry_after_s = retry_after_s,
				   .flags = OUTCOME_IS_INVITE };

	health_adapter_outcome(&t->control, &o);
}

static void the_blacklist_is_shown_filtered_and_changed_by_hand(void **state)
{
	struct test *t = *state;
	const struct balance_target *targets = t->control.snapshot->targets;

	outcome(t, &targets[1], OUTCOME_RESPONSE, 503, 7);
	outcome(t, &targets[2], OUTCOME_TRANSPORT_ERROR, 0, OUTCOME_NO_RETRY_AFTER);
	outcome(t, &targets[2], OUTCOME_TRANSPORT_ERROR, 0, OUTCOME_NO_RETRY_AFTER);
	t->dataplane.now += TICK_SECONDS(2);
	json_t *body = ask(t, "{'id':1,'command':'show blacklist'}");
	const json_t *rows = json_object_get(body, "blacklist");
	assert_int_equal(json_array_size(rows), 2);
	const json_t *row = json_array_get(rows, 0);
	assert_string_equal(string(row, "pool"), "switches");
	assert_string_equal(string(row, "target"), "sw2");
	assert_string_equal(string(row, "state"), "listed");
	assert_string_equal(string(row, "cause"), "503");
	assert_string_equal(string(row, "reason"), "503 with Retry-After: 7");
	assert_int_equal(number(row, "since_s", NULL), 2);
	assert_int_equal(number(row, "returns_s", NULL), 5);
	json_decref(body);
	static const char *const filters[] = {
		"'pool':'carriers'", "'cause':'transport-error'", "'target':'c1'",
	};
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		char text[128];
		snprintf(text, sizeof(text), "{'id':1,'command':'show blacklist','args':{%s}}",
			 filters[i]);
		body = ask(t, text);
		rows = json_object_get(body, "blacklist");
		assert_int_equal(json_array_size(rows), 1);
		assert_string_equal(string(json_array_get(rows, 0), "target"), "c1");
		json_decref(body);
	}
	body = ask(t, "{'id':1,'command':'show targets','args':{'pool':'switches'}}");
	row = json_array_get(json_object_get(body, "targets"), 1);
	assert_string_equal(string(row, "health"), "blacklisted");
	assert_string_equal(string(row, "admin"), "ready");
	row = json_object_get(row, "observed");
	assert_string_equal(string(row, "why"), "503 with Retry-After: 7");
	assert_int_equal(number(row, "since_s", NULL), 2);
	assert_int_equal(number(row, "returns_s", NULL), 5);
	assert_true(json_is_null(json_object_get(row, "probe")));
	json_decref(body);
	body = ask(t, "{'id':1,'command':'blacklist add','args':{'name':'sw1','for':'5m',"
		      "'reason':'cable'}}");
	assert_string_equal(string(body, "health"), "blacklisted");
	assert_string_equal(string(json_object_get(body, "observed"), "why"), "by hand: cable");
	assert_int_equal(number(body, "observed", "returns_s"), 300);
	json_decref(body);
	body = ask(t, "{'id':1,'command':'blacklist remove','args':{'name':'sw1'}}");
	assert_string_equal(string(body, "health"), "up");
	assert_string_equal(string(json_object_get(body, "observed"), "why"), "slow start");
	json_decref(body);
	body = ask(t, "{'id':1,'command':'blacklist clear','args':{'pool':'carriers'}}");
	assert_int_equal(number(body, "removed", NULL), 1);
	json_decref(body);
	body = ask(t, "{'id':1,'command':'blacklist clear'}");
	assert_int_equal(number(body, "removed", NULL), 1);
	json_decref(body);
}

/* A probe without an answer is told apart from none at all: while calls are answered, the target is up. */
static void show_targets_tells_a_silent_probe_from_none(void **state)
{
	struct test *t = *state;
	uint64_t id = t->control.snapshot->targets[0].id;
	struct prober *prober = (struct prober *)&health_find(t->control.health, id)->prober;
	const struct {
		tick_t last;
		uint16_t status;
		bool was_unreachable;
		const char *answer;
	} cases[] = {
		{ 0, 0, false, NULL },
		{ 1, 200, false, "200" },
		{ 1, 0, false, "silence" },
		{ 1, 0, true, "icmp" },
	};

	prober->is_on = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		prober->last = cases[i].last;
		prober->last_status = cases[i].status;
		prober->was_unreachable = cases[i].was_unreachable;
		json_t *body = ask(t, "{'id':1,'command':'show targets','args':{'name':'sw1'}}");
		const json_t *row = json_array_get(json_object_get(body, "targets"), 0);
		const json_t *probe = json_object_get(json_object_get(row, "observed"), "probe");
		const char *answer = json_string_value(json_object_get(probe, "answer"));
		assert_int_equal(!answer, !cases[i].answer);
		if (answer)
			assert_string_equal(answer, cases[i].answer);
		json_decref(body);
	}
	prober->is_on = false;
}

static void blacklist_commands_say_what_is_wrong(void **state)
{
	struct test *t = *state;
	static const struct {
		const char *request, *code;
	} mistakes[] = {
		{ "{'id':2,'command':'show blacklist','args':{'pool':'nosuch'}}", "not-found" },
		{ "{'id':2,'command':'show blacklist','args':{'cause':'weather'}}", "argument" },
		{ "{'id':2,'command':'blacklist add','args':{'name':'nosuch'}}", "not-found" },
		{ "{'id':2,'command':'blacklist add','args':{'name':'sw1','for':'5'}}", "argument" },
		{ "{'id':2,'command':'blacklist remove','args':{'name':'sw1'}}", "conflict" },
		{ "{'id':2,'command':'blacklist clear','args':{'pool':'nosuch'}}", "not-found" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		api_client_say(t->client, mistakes[i].request);
		api_client_expect_error(&t->api, t->client, 2, mistakes[i].code);
	}
}

static void what_befalls_a_target_is_an_event_with_the_reason_in_words(void **state)
{
	struct test *t = *state;

	outcome(t, &t->control.snapshot->targets[1], OUTCOME_RESPONSE, 503, 7);
	const json_t *recent = t->control.events.recent;
	const json_t *event = json_array_get(recent, json_array_size(recent) - 1);
	assert_string_equal(string(event, "kind"), "health");
	assert_string_equal(string(event, "text"),
			    "switches/sw2: blacklisted for 7 s: 503 with Retry-After: 7");
	assert_string_equal(string(event, "health"), "blacklisted");
	assert_string_equal(string(event, "admin"), "ready");
	/* Its time comes in a pass of the loop. */
	t->dataplane.now += TICK_SECONDS(7);
	health_adapter_poll(&t->control);
	assert_int_equal(t->control.snapshot->targets[1].status->health, TARGET_TRIAL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, commands_setup, commands_teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_blacklist_is_shown_filtered_and_changed_by_hand),
		CASE(show_targets_tells_a_silent_probe_from_none),
		CASE(blacklist_commands_say_what_is_wrong),
		CASE(what_befalls_a_target_is_an_event_with_the_reason_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
