/* SPDX-License-Identifier: BSD-3-Clause */
/* health/health.h without probes: what real traffic says, the blacklist, trial and slow start. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "health_fixture.h"

static bool is_memory_out;
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return is_memory_out ? NULL : __real_calloc(count, size);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	fixture_start(*state, 4);
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

/* shows: 127, 233 */
static void a_503_with_retry_after_keeps_the_target_out_for_that_time_then_it_returns(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 1, 7);
	assert_int_equal(fixture_health(f, 1), TARGET_BLACKLISTED);
	assert_string_equal(fixture_event(f),
			    "switches/sw2: blacklisted for 7 s: 503 with Retry-After: 7");
	fixture_run(f, S(7) - TICK_MS(5));
	assert_int_equal(fixture_health(f, 1), TARGET_BLACKLISTED);
	fixture_run(f, TICK_MS(5));
	/* One call tries; when it is answered, all return. */
	assert_int_equal(fixture_health(f, 1), TARGET_TRIAL);
	assert_int_equal(f->statuses[1].trials, 1);
	assert_string_equal(fixture_event(f), "switches/sw2: on trial: the next call tries it "
					      "after: 503 with Retry-After: 7");
	f->statuses[1].trials = 0;
	fixture_run(f, TICK_MS(10));
	fixture_ring(f, 1, 180, 2000);
	assert_int_equal(fixture_health(f, 1), TARGET_UP);
	assert_string_equal(fixture_event(f), "switches/sw2: up: the call that tried it was "
					      "answered; slow start over 10 s");
	assert_int_equal(f->event_count, 3);
	assert_int_equal(fixture_percent(f, 1), 4);
	fixture_run(f, S(5));
	assert_in_range(fixture_percent(f, 1), 45, 50);
	fixture_run(f, S(6));
	assert_int_equal(fixture_percent(f, 1), 100);
}

static void a_long_retry_after_is_clamped_and_a_short_one_is_not_nothing(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 0, 86400);
	assert_string_equal(fixture_event(f), "switches/sw1: blacklisted for 5 min: 503 with "
					      "Retry-After: 86400, at most 5 min");
	fixture_run(f, S(300));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	/* 0 names no time. */
	fixture_refuse(f, 1, 0);
	assert_int_equal(fixture_health(f, 1), TARGET_UP);
	f->settings.blacklist.honour_retry_after = false;
	fixture_publish(f);
	fixture_refuse(f, 2, 7);
	assert_int_equal(fixture_health(f, 2), TARGET_UP);
}

static void a_503_without_retry_after_lowers_the_weight_and_is_no_listing(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 20; i++) {
		fixture_refuse(f, 0, OUTCOME_NO_RETRY_AFTER);
		fixture_answer(f, 0, 200);
		fixture_run(f, TICK_MS(100));
	}
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_in_range(fixture_percent(f, 0), 25, 50);
	assert_int_equal(fixture_percent(f, 1), 100);
	assert_int_equal(f->event_count, 1);
	assert_non_null(strstr(fixture_event(f), "switches/sw1: full: "));
	fixture_run(f, S(31));
	assert_int_equal(fixture_percent(f, 0), 100);
	assert_int_equal(f->event_count, 2);
	assert_string_equal(fixture_event(f),
			    "switches/sw1: not full any more: it has its whole weight");
}

static void answers_about_users_say_nothing_bad_of_the_target(void **state)
{
	struct fixture *f = *state;
	static const uint16_t codes[] = { 486, 600, 404, 480, 500, 504, 408, 603 };

	for (size_t i = 0; i < 1000; i++)
		fixture_answer(f, 0, codes[i % ARRAY_SIZE(codes)]);
	fixture_run(f, S(5));
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_int_equal(fixture_percent(f, 0), 100);
	assert_int_equal(f->event_count, 0);
}

static void two_icmp_errors_in_a_row_list_it_and_no_sibling(void **state)
{
	struct fixture *f = *state;

	fixture_error(f, 2);
	assert_int_equal(fixture_health(f, 2), TARGET_UP);
	fixture_error(f, 2);
	assert_int_equal(fixture_health(f, 2), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "switches/sw3: blacklisted for 5 s: 2 ICMP errors "
						 "in a row"));
	for (int i = 0; i < 50; i++)
		fixture_error(f, 2);
	assert_int_equal(f->event_count, 1);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_int_equal(fixture_health(f, 1), TARGET_UP);
	assert_int_equal(fixture_health(f, 3), TARGET_UP);
	fixture_run(f, TICK_MS(5600));
	assert_int_equal(fixture_health(f, 2), TARGET_TRIAL);
	/* The call that tries it fails: out for twice as long. */
	fixture_error(f, 2);
	assert_int_equal(fixture_health(f, 2), TARGET_BLACKLISTED);
	assert_in_range(health_find(f->health, f->targets[2].id)->entry.duration, S(10), S(11));
}

static void an_invite_timeout_lists_it_and_late_ones_do_not_brand_it_anew(void **state)
{
	struct fixture *f = *state;

	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "1 INVITE timed out, and no answer to anything since"));
	for (int i = 0; i < 1101 && fixture_health(f, 0) == TARGET_BLACKLISTED; i++)
		fixture_run(f, TICK_MS(5));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	/* Sent before the trial began: it says nothing of the trial. */
	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	fixture_answer(f, 0, 486);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL); /* an answer to what was sent before */
	fixture_run(f, TICK_MS(10));
	fixture_answer(f, 0, 486);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	/* What was sent to the dead times out for half a minute more. */
	for (int i = 0; i < 31; i++) {
		fixture_run(f, S(1));
		fixture_timeout(f, 0, OUTCOME_IS_INVITE);
		fixture_error(f, 1);
		fixture_answer(f, 1, 200);
	}
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	fixture_run(f, S(2));
	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
}

/* Nobody answered in between, so only the time of sending tells old news from new. */
static void what_was_sent_before_it_was_taken_off_the_list_does_not_put_it_back(void **state)
{
	struct fixture *f = *state;

	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	fixture_run(f, S(1));
	assert_true(health_blacklist_remove(f->health, f->targets[0].id, f->now));
	for (int i = 0; i < 31; i++) {
		fixture_run(f, S(1));
		fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	}
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	fixture_run(f, S(2));
	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
}

/* In a dialog, or in a pool that panics. */
static void what_answered_while_it_was_listed_for_silence_needs_no_trial(void **state)
{
	struct fixture *f = *state;

	fixture_error(f, 0);
	fixture_error(f, 0);
	fixture_refuse(f, 1, 5);
	fixture_run(f, S(1));
	fixture_answer(f, 0, 200);
	fixture_answer(f, 1, 200);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	fixture_run(f, TICK_MS(4600));
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_int_equal(fixture_health(f, 1), TARGET_TRIAL); /* it was never silent */
}

/* shows: 200, 232 */
static void a_late_answer_to_a_non_invite_brands_nobody_and_memory_serves_later_requests(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 200; i++) {
		fixture_run(f, TICK_MS(500));
		fixture_timeout(f, 0, 0);
	}
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	/* Slow: a 100 came, and then nothing. */
	for (int i = 0; i < 200; i++)
		fixture_timeout(f, 0, OUTCOME_IS_INVITE | OUTCOME_WAS_ANSWERED);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_int_equal(f->event_count, 0);
	/* A failed server is remembered: no later request, of any method, goes there. */
	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
}

static void a_stranger_cannot_list_what_answers_others_nor_what_is_not_configured(void **state)
{
	struct fixture *f = *state;

	fixture_answer(f, 0, 200);
	for (int i = 0; i < 500; i++) {
		fixture_run(f, TICK_MS(100));
		fixture_timeout(f, 0, OUTCOME_IS_INVITE); /* 500 INVITEs that it drops */
		if (i % 50 == 0)
			fixture_answer(f, 0, 200);        /* ten that it answers */
		assert_int_equal(fixture_health(f, 0), TARGET_UP);
	}
	struct outcome strange = { .target_id = 0xbad, .kind = OUTCOME_TIMEOUT,
				   .flags = OUTCOME_IS_INVITE };
	health_outcome(f->health, &strange, f->now);
	assert_null(health_find(f->health, 0xbad));
	assert_false(health_blacklist_add(f->health, 0xbad, 0, "me", f->now));
}

static void back_off_doubles_until_good_behaviour(void **state)
{
	struct fixture *f = *state;
	const struct health_record *record = health_find(f->health, f->targets[0].id);
	uint64_t before = 0;

	fixture_error(f, 0);
	fixture_error(f, 0);
	for (int i = 0; i < 9; i++) {
		uint64_t duration = record->entry.duration;
		if (i > 0 && i < 6)
			assert_in_range(duration, before * 2 * 10 / 11, before * 2 * 11 / 10);
		assert_true(duration <= S(300));
		before = duration;
		fixture_run(f, duration + TICK_MS(5));
		assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
		fixture_run(f, TICK_MS(5));
		fixture_error(f, 0);
		assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	}
	assert_int_equal(before, S(300));
	fixture_run(f, S(301));
	fixture_answer(f, 0, 200);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	fixture_run(f, S(601));
	fixture_error(f, 0);
	fixture_error(f, 0);
	assert_in_range(record->entry.duration, S(5), TICK_MS(5500));
}

static void a_trial_that_says_nothing_is_repeated(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 0, 1);
	fixture_run(f, S(1));
	assert_int_equal(f->statuses[0].trials, 1);
	f->statuses[0].trials = 0; /* a worker took it, and its outcome was lost */
	fixture_run(f, S(40) - TICK_MS(10));
	assert_int_equal(f->statuses[0].trials, 0);
	fixture_run(f, TICK_MS(20));
	assert_int_equal(f->statuses[0].trials, 1);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
}

/* Whoever tries a dead target hears ringing after 64*T1 at the soonest. */
static void while_one_call_tries_in_vain_no_other_does(void **state)
{
	struct fixture *f = *state;

	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	fixture_run(f, S(6));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	/* It is taken late: its time counts from then. */
	fixture_run(f, S(44));
	assert_int_equal(f->statuses[0].trials, 1);
	f->statuses[0].trials = 0;
	for (int i = 0; i < 32; i++) {
		fixture_run(f, S(1));
		assert_int_equal(f->statuses[0].trials, 0);
	}
	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "the call that tried it was not answered"));
}

static void a_trial_call_that_gets_503_again_waits_again(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 0, 1);
	fixture_run(f, S(1) + TICK_MS(5));
	fixture_refuse(f, 0, 3);
	assert_string_equal(fixture_event(f),
			    "switches/sw1: blacklisted for 3 s: 503 with Retry-After: 3");
	fixture_run(f, S(3) + TICK_MS(5));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	fixture_refuse(f, 0, OUTCOME_NO_RETRY_AFTER);
	assert_non_null(strstr(fixture_event(f), "503 to the call that tried it"));
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
}

static void a_100_is_no_room_and_a_503_with_a_time_no_return(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 0, 1);
	fixture_run(f, S(1) + TICK_MS(5));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	f->statuses[0].trials = 0;
	fixture_ring(f, 0, 100, 1000);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	/* It is there: the next one tries sooner, whatever becomes of this one. */
	fixture_run(f, S(5));
	assert_int_equal(f->statuses[0].trials, 1);
	f->event_count = 0;
	fixture_refuse(f, 0, 3);
	assert_int_equal(f->event_count, 1);
	assert_string_equal(fixture_event(f),
			    "switches/sw1: blacklisted for 3 s: 503 with Retry-After: 3");
}

static void by_hand_on_and_off_and_for_a_time(void **state)
{
	struct fixture *f = *state;
	uint64_t id = f->targets[3].id;

	assert_false(health_blacklist_remove(f->health, id, f->now));
	assert_true(health_blacklist_add(f->health, id, 0, "by hand: cable", f->now));
	assert_string_equal(fixture_event(f),
			    "switches/sw4: blacklisted until it is removed: by hand: cable");
	fixture_run(f, S(3600));
	fixture_answer(f, 3, 200);
	assert_int_equal(fixture_health(f, 3), TARGET_BLACKLISTED);
	assert_true(health_blacklist_remove(f->health, id, f->now));
	assert_int_equal(fixture_health(f, 3), TARGET_UP);
	assert_true(health_blacklist_add(f->health, id, S(9), "by hand", f->now));
	fixture_run(f, S(9));
	assert_int_equal(fixture_health(f, 3), TARGET_UP);
}

static void a_reload_keeps_it_and_so_does_one_that_takes_the_target_away_for_a_while(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 3, 60);
	fixture_publish(f);
	assert_int_equal(fixture_health(f, 3), TARGET_BLACKLISTED);
	f->snapshot.target_count = f->pools[0].target_count = 3;
	fixture_publish(f);
	assert_null(health_find(f->health, f->targets[3].id)->target);
	fixture_run(f, S(20));
	fixture_refuse(f, 3, 600); /* late, of a target that is gone */
	f->snapshot.target_count = f->pools[0].target_count = 4;
	fixture_publish(f);
	assert_int_equal(fixture_health(f, 3), TARGET_BLACKLISTED);
	fixture_run(f, S(40));
	assert_int_equal(fixture_health(f, 3), TARGET_TRIAL);
}

static void the_operators_wish_is_left_alone(void **state)
{
	struct fixture *f = *state;

	f->statuses[0].admin = TARGET_MAINT;
	fixture_error(f, 0);
	fixture_error(f, 0);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_int_equal(f->statuses[0].admin, TARGET_MAINT);
	assert_true(health_blacklist_remove(f->health, f->targets[0].id, f->now));
	assert_int_equal(f->statuses[0].admin, TARGET_MAINT);
}

static void slow_answers_cost_weight_where_a_limit_is_configured(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 50; i++)
		fixture_ring(f, 0, 180, 9000000);
	fixture_run(f, S(1));
	assert_int_equal(fixture_percent(f, 0), 100);
	assert_int_equal(health_find(f->health, f->targets[0].id)->traffic.delay_us, 9000000);
	f->settings.blacklist.slow_answer_us = S(2);
	fixture_publish(f);
	for (int i = 0; i < 50; i++)
		fixture_ring(f, 0, 180, 9000000);
	fixture_run(f, S(1));
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_in_range(fixture_percent(f, 0), 40, 60);
}

/* The snapshot before is destroyed all the same. */
static void without_memory_for_a_snapshot_nothing_of_the_one_before_is_kept(void **state)
{
	struct fixture *f = *state;

	fixture_refuse(f, 0, 60);
	is_memory_out = true;
	assert_int_equal(health_publish(f->health, &f->snapshot, f->now), -ENOMEM);
	is_memory_out = false;
	f->snapshot.pools = NULL;
	f->snapshot.targets = NULL;
	for (uint32_t i = 0; i < 4; i++)
		assert_null(health_find(f->health, f->targets[i].id)->target);
	fixture_run(f, S(70));
	fixture_error(f, 1);
	fixture_error(f, 1);
	assert_false(health_blacklist_add(f->health, f->targets[2].id, 0, "by hand", f->now));
	assert_int_equal(f->event_count, 1);
	f->snapshot.pools = f->pools;
	f->snapshot.targets = f->targets;
	fixture_publish(f);
	fixture_run(f, S(1));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
}

static void times_are_told_in_units_that_people_say(void **)
{
	char text[HEALTH_TIME_MAX];

	assert_string_equal(health_time(350000, text), "350 ms");
	assert_string_equal(health_time(S(7), text), "7 s");
	assert_string_equal(health_time(TICK_MS(5400), text), "5 s");
	assert_string_equal(health_time(S(300), text), "5 min");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_503_with_retry_after_keeps_the_target_out_for_that_time_then_it_returns),
		TEST(a_long_retry_after_is_clamped_and_a_short_one_is_not_nothing),
		TEST(a_503_without_retry_after_lowers_the_weight_and_is_no_listing),
		TEST(answers_about_users_say_nothing_bad_of_the_target),
		TEST(two_icmp_errors_in_a_row_list_it_and_no_sibling),
		TEST(an_invite_timeout_lists_it_and_late_ones_do_not_brand_it_anew),
		TEST(what_was_sent_before_it_was_taken_off_the_list_does_not_put_it_back),
		TEST(what_answered_while_it_was_listed_for_silence_needs_no_trial),
		TEST(a_late_answer_to_a_non_invite_brands_nobody_and_memory_serves_later_requests),
		TEST(a_stranger_cannot_list_what_answers_others_nor_what_is_not_configured),
		TEST(back_off_doubles_until_good_behaviour),
		TEST(a_trial_that_says_nothing_is_repeated),
		TEST(while_one_call_tries_in_vain_no_other_does),
		TEST(a_trial_call_that_gets_503_again_waits_again),
		TEST(a_100_is_no_room_and_a_503_with_a_time_no_return),
		TEST(by_hand_on_and_off_and_for_a_time),
		TEST(a_reload_keeps_it_and_so_does_one_that_takes_the_target_away_for_a_while),
		TEST(the_operators_wish_is_left_alone),
		TEST(slow_answers_cost_weight_where_a_limit_is_configured),
		TEST(without_memory_for_a_snapshot_nothing_of_the_one_before_is_kept),
		TEST(times_are_told_in_units_that_people_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
