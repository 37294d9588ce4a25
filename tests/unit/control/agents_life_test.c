/* SPDX-License-Identifier: BSD-3-Clause */
/* agents/life.h on a clock of the test; agents/process.h's limit of lines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agents/life.h"
#include "agents/process.h"

#define BEGIN 1000000u

/* The order due at its own time; nothing may be due before. */
static enum agent_order next_order(struct agent_life *life, uint64_t *now)
{
	if (life->due_ms > *now) {
		assert_int_equal(agent_life_next(life, life->due_ms - 1), AGENT_ORDER_NONE);
		*now = life->due_ms;
	}
	return agent_life_next(life, *now);
}

static struct agent_life running(uint64_t now)
{
	struct agent_life life;

	agent_life_init(&life, now);
	assert_int_equal(agent_life_next(&life, now), AGENT_ORDER_START);
	agent_life_started(&life, now);
	agent_life_greeted(&life, now);
	assert_int_equal(life.state, AGENT_RUNNING);
	return life;
}

static void an_agent_that_dies_at_once_waits_twice_as_long_each_time(void **)
{
	struct agent_life life;
	uint64_t now = BEGIN, wanted[] = { 500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	agent_life_init(&life, now);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_int_equal(next_order(&life, &now), AGENT_ORDER_START);
		agent_life_started(&life, now);
		agent_life_exited(&life, now + 3);
		assert_int_equal(life.state, AGENT_WAITING);
		assert_int_equal(life.due_ms, now + 3 + wanted[i]);
	}
	assert_int_equal(life.failures, 9);
}

static void failures_are_forgotten_after_a_minute(void **)
{
	struct agent_life life = running(BEGIN);

	life.failures = 5;
	agent_life_exited(&life, BEGIN + AGENT_STABLE_MS - 1);
	assert_int_equal(life.failures, 6);
	life = running(BEGIN);
	life.failures = 5;
	agent_life_exited(&life, BEGIN + AGENT_STABLE_MS);
	assert_int_equal(life.failures, 1);
	assert_int_equal(life.due_ms, BEGIN + AGENT_STABLE_MS + AGENT_BACK_OFF_MS);
}

static void one_that_says_no_hello_is_ended(void **)
{
	struct agent_life life;
	uint64_t now = BEGIN;

	agent_life_init(&life, now);
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_START);
	agent_life_started(&life, now);
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_END);
	assert_int_equal(now, BEGIN + AGENT_HELLO_MS);
	assert_string_equal(life.why, "it did not say hello");
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_TERMINATE);
	assert_int_equal(now, BEGIN + AGENT_HELLO_MS + AGENT_END_MS);
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_KILL);
	assert_int_equal(now, BEGIN + AGENT_HELLO_MS + AGENT_END_MS + AGENT_TERMINATE_MS);
	/* As often as it takes. */
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_KILL);
	agent_life_exited(&life, now);
	assert_int_equal(life.state, AGENT_WAITING);
	assert_int_equal(life.failures, 1);
}

static void one_that_falls_silent_is_asked_and_then_ended(void **)
{
	struct agent_life life = running(BEGIN);
	uint64_t now = BEGIN;
	unsigned int pings = 0;
	enum agent_order order;

	while ((order = next_order(&life, &now)) == AGENT_ORDER_PING)
		pings++;
	assert_int_equal(order, AGENT_ORDER_END);
	assert_string_equal(life.why, "it fell silent");
	assert_int_equal(now, BEGIN + AGENT_SILENCE_MS);
	assert_int_equal(pings, 2);
}

static void one_that_answers_lives_on(void **)
{
	struct agent_life life = running(BEGIN);
	uint64_t now = BEGIN;

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(next_order(&life, &now), AGENT_ORDER_PING);
		agent_life_heard(&life, now + 1);
	}
	assert_int_equal(life.state, AGENT_RUNNING);
	assert_true(now - BEGIN >= 1000 * AGENT_PING_MS);
}

static void silence_while_nobody_listened_is_forgiven(void **)
{
	struct agent_life life = running(BEGIN);
	uint64_t now = BEGIN + 100000;

	agent_life_forgive(&life, 100000);
	assert_int_equal(agent_life_next(&life, now), AGENT_ORDER_NONE);
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_PING);
	assert_int_equal(now, BEGIN + 100000 + AGENT_PING_MS);
	/* One that is to end is not waited for longer. */
	agent_life_end(&life, false, "stop", now);
	agent_life_forgive(&life, 5000);
	assert_int_equal(agent_life_next(&life, now), AGENT_ORDER_END);
}

static void a_restart_by_the_operator_is_no_failure_and_waits_for_nothing(void **)
{
	struct agent_life life = running(BEGIN);
	uint64_t now = BEGIN;

	life.failures = 7;
	agent_life_end(&life, true, "asked", now);
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_END);
	agent_life_exited(&life, now + 50);
	assert_int_equal(life.failures, 0);
	assert_int_equal(life.due_ms, now + 50);
	/* One that waits to be started again is started. */
	agent_life_started(&life, now + 50);
	agent_life_exited(&life, now + 60);
	assert_int_equal(agent_life_next(&life, now + 61), AGENT_ORDER_NONE);
	agent_life_end(&life, true, "asked", now + 61);
	assert_int_equal(agent_life_next(&life, now + 61), AGENT_ORDER_START);
}

static void one_that_is_not_wanted_any_more_stays_ended(void **)
{
	struct agent_life life = running(BEGIN);
	uint64_t now = BEGIN;

	agent_life_end(&life, false, "stop", now);
	assert_int_equal(next_order(&life, &now), AGENT_ORDER_END);
	agent_life_exited(&life, now);
	assert_int_equal(life.state, AGENT_ENDED);
	assert_int_equal(agent_life_next(&life, now + 1000000), AGENT_ORDER_NONE);
	/* Nor is one that waits started. */
	agent_life_init(&life, now);
	agent_life_end(&life, false, "stop", now);
	assert_int_equal(agent_life_next(&life, now), AGENT_ORDER_NONE);
	assert_int_equal(life.state, AGENT_ENDED);
	/* Nor one that was to be restarted when the end came. */
	life = running(now);
	agent_life_end(&life, true, "restart", now);
	agent_life_end(&life, false, "stop", now);
	agent_life_exited(&life, now);
	assert_int_equal(life.state, AGENT_ENDED);
}

static void lines_beyond_the_limit_are_counted(void **)
{
	struct line_limit limit;
	unsigned int told = 0;

	line_limit_init(&limit, BEGIN);
	for (unsigned int i = 0; i < 1000; i++)
		told += line_limit_take(&limit, BEGIN);
	assert_int_equal(told, AGENT_LINES_BURST);
	assert_int_equal(limit.left_out, 1000 - AGENT_LINES_BURST);
	for (unsigned int i = 1; i <= 10000; i++)
		told += line_limit_take(&limit, BEGIN + i);
	assert_int_equal(told, AGENT_LINES_BURST + 10 * AGENT_LINES_SECOND);
}

static char taken[8][AGENT_LINE_MAX + 1];
static unsigned int taken_count;

static void written(void *, const char *line)
{
	strcpy(taken[taken_count++], line);
}

static void lines_are_cut_cleaned_and_bounded(void **)
{
	struct agent_process process = { .written = written };
	char longest[3000];

	taken_count = 0;
	line_limit_init(&process.limit, BEGIN);
	agent_process_take(&process, "one\n\ntw", 7, BEGIN);
	assert_int_equal(taken_count, 1);
	agent_process_take(&process, "o\x1b[31m\n", 7, BEGIN);
	assert_int_equal(taken_count, 2);
	assert_string_equal(taken[0], "one");
	assert_string_equal(taken[1], "two [31m");
	memset(longest, 'x', sizeof(longest));
	agent_process_take(&process, longest, sizeof(longest), BEGIN);
	agent_process_take(&process, "\n", 1, BEGIN);
	assert_int_equal(strlen(taken[2]), AGENT_LINE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_that_dies_at_once_waits_twice_as_long_each_time),
		cmocka_unit_test(failures_are_forgotten_after_a_minute),
		cmocka_unit_test(one_that_says_no_hello_is_ended),
		cmocka_unit_test(one_that_falls_silent_is_asked_and_then_ended),
		cmocka_unit_test(one_that_answers_lives_on),
		cmocka_unit_test(silence_while_nobody_listened_is_forgiven),
		cmocka_unit_test(a_restart_by_the_operator_is_no_failure_and_waits_for_nothing),
		cmocka_unit_test(one_that_is_not_wanted_any_more_stays_ended),
		cmocka_unit_test(lines_beyond_the_limit_are_counted),
		cmocka_unit_test(lines_are_cut_cleaned_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
