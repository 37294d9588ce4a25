/* SPDX-License-Identifier: BSD-3-Clause */
/* health/traffic.h: which outcomes say that a target is not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "health/traffic.h"

static const struct blacklist_settings settings = {
	.timeouts = 1, .errors = 2, .failures = 10, .failure_ratio = 50,
	.window_us = TICK_SECONDS(10),
};

#define S(seconds) TICK_SECONDS(seconds)

static void answer(struct traffic *traffic, tick_t sent, tick_t now)
{
	traffic_answer(traffic, &settings, &(struct traffic_request){ .sent = sent }, now);
}

/* 32 s after it was sent. */
static enum traffic_verdict timed_out(struct traffic *traffic, const struct blacklist_settings *of,
				      bool is_invite, uint32_t call, tick_t sent)
{
	const struct traffic_request request = { .is_invite = is_invite, .call = call, .sent = sent };

	return traffic_timeout(traffic, of, &request, sent + S(32));
}

static void an_invite_that_times_out_in_silence_says_that_nobody_is_there(void **)
{
	struct traffic traffic = { .heard = 0 };

	answer(&traffic, S(99), S(100));
	assert_int_equal(timed_out(&traffic, &settings, true, 7, S(101)), TRAFFIC_TIMEOUTS);
}

/* A stranger's INVITE that a target does not like and drops brands nobody. */
static void an_invite_that_times_out_while_others_are_answered_says_nothing(void **)
{
	struct traffic traffic = { .heard = 0 };

	for (unsigned int i = 0; i < 1000; i++) {
		answer(&traffic, S(100 + i), S(100 + i) + 1);
		assert_int_equal(timed_out(&traffic, &settings, true, 7, S(70 + i)),
				 TRAFFIC_FINE);
	}
	assert_int_equal(traffic.timeouts_invite, 0);
}

/* shows: 200 */
static void timeouts_of_non_invites_alone_say_nothing(void **)
{
	struct traffic traffic = { .heard = 0 };

	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(timed_out(&traffic, &settings, false, 7, S(i)),
				 TRAFFIC_FINE);
	/* With an INVITE beside them they count. */
	struct blacklist_settings three = settings;
	three.timeouts = 3;
	traffic = (struct traffic){ .heard = 0 };
	assert_int_equal(timed_out(&traffic, &three, false, 7, S(1)), TRAFFIC_FINE);
	assert_int_equal(timed_out(&traffic, &three, false, 7, S(1)), TRAFFIC_FINE);
	assert_int_equal(timed_out(&traffic, &three, false, 7, S(1)), TRAFFIC_FINE);
	assert_int_equal(timed_out(&traffic, &three, true, 7, S(2)), TRAFFIC_TIMEOUTS);
}

static void icmp_errors_count_in_a_row(void **)
{
	struct traffic traffic = { .heard = 0 };

	assert_int_equal(traffic_error(&traffic, &settings, S(100)), TRAFFIC_FINE);
	answer(&traffic, S(100), S(101));
	assert_int_equal(traffic_error(&traffic, &settings, S(102)), TRAFFIC_FINE);
	assert_int_equal(traffic_error(&traffic, &settings, S(103)), TRAFFIC_ERRORS);
	traffic_reset(&traffic);
	assert_int_equal(traffic_error(&traffic, &settings, S(104)), TRAFFIC_FINE);
	struct blacklist_settings never = settings;
	never.errors = 0, never.failure_ratio = 0;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(traffic_error(&traffic, &never, S(105)), TRAFFIC_FINE);
}

/* Every second one fails: no row, but half of the window. */
static void the_ratio_counts_what_rows_do_not(void **)
{
	struct traffic traffic = { .heard = 0 };
	enum traffic_verdict verdict = TRAFFIC_FINE;
	unsigned int failures = 0;

	for (unsigned int i = 0; i < 100 && verdict == TRAFFIC_FINE; i++) {
		answer(&traffic, S(100) + TICK_MS(i), S(100) + TICK_MS(i));
		verdict = traffic_error(&traffic, &settings, S(100) + TICK_MS(i));
		failures++;
	}
	assert_int_equal(verdict, TRAFFIC_FAILURES);
	assert_int_equal(failures, 10);
}

static void what_left_the_window_does_not_count(void **)
{
	struct traffic traffic = { .heard = 0 };
	uint32_t failures, all;

	for (unsigned int i = 0; i < 9; i++) {
		answer(&traffic, S(100), S(100));
		assert_int_equal(traffic_error(&traffic, &settings, S(100)), TRAFFIC_FINE);
	}
	traffic_window(&traffic, &settings, S(109), &failures, &all);
	assert_int_equal(failures, 9);
	assert_int_equal(all, 18);
	answer(&traffic, S(110), S(110));
	assert_int_equal(traffic_error(&traffic, &settings, S(110)), TRAFFIC_FINE);
	traffic_window(&traffic, &settings, S(110), &failures, &all);
	assert_int_equal(failures, 1);
	assert_int_equal(all, 2);
	traffic_window(&traffic, &settings, S(1000), &failures, &all);
	assert_int_equal(all, 0);
}

static void the_delay_to_the_first_answer_is_smoothed(void **)
{
	struct traffic traffic = { .heard = 0 };

	traffic_delay(&traffic, 8000);
	assert_int_equal(traffic.delay_us, 8000);
	traffic_delay(&traffic, 16000);
	assert_int_equal(traffic.delay_us, 9000);
	traffic_delay(&traffic, 1000);
	assert_int_equal(traffic.delay_us, 8000);
}

static void invites_ignored_in_a_row_by_what_answers_others_say_so(void **)
{
	struct blacklist_settings three = settings;
	struct traffic traffic = { .heard = 0 };

	three.invite_timeouts = 3;
	for (uint32_t i = 0; i < 4; i++) {
		answer(&traffic, S(131 + 5 * i), S(131 + 5 * i));
		assert_int_equal(timed_out(&traffic, &three, true, i, S(100 + 5 * i)),
				 i < 2 ? TRAFFIC_FINE : TRAFFIC_IGNORED);
	}
	assert_int_equal(traffic.ignored.count, 4);
	/* An INVITE that is answered, of whomever, ends the row, and what was sent before it. */
	const struct traffic_request good = { .is_invite = true, .sent = S(120) };
	traffic_answer(&traffic, &three, &good, S(150));
	answer(&traffic, S(160), S(200));
	assert_int_equal(timed_out(&traffic, &three, true, 9, S(149)), TRAFFIC_FINE);
	assert_int_equal(traffic.ignored.count, 0);
	/* A burst, however many, and one call again and again do not suffice. */
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(timed_out(&traffic, &three, true, i, S(151)), TRAFFIC_FINE);
	traffic_reset(&traffic);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(timed_out(&traffic, &three, true, 8, S(151 + i)), TRAFFIC_FINE);
	assert_int_equal(traffic.ignored.count, 1);
	three.invite_timeouts = 0;
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(timed_out(&traffic, &three, true, i, S(151 + i)), TRAFFIC_FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invite_that_times_out_in_silence_says_that_nobody_is_there),
		cmocka_unit_test(an_invite_that_times_out_while_others_are_answered_says_nothing),
		cmocka_unit_test(timeouts_of_non_invites_alone_say_nothing),
		cmocka_unit_test(invites_ignored_in_a_row_by_what_answers_others_say_so),
		cmocka_unit_test(icmp_errors_count_in_a_row),
		cmocka_unit_test(the_ratio_counts_what_rows_do_not),
		cmocka_unit_test(what_left_the_window_does_not_count),
		cmocka_unit_test(the_delay_to_the_first_answer_is_smoothed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
