/* SPDX-License-Identifier: BSD-3-Clause */
/* health/health.h with probes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "health_fixture.h"

static const uint16_t all_well[FIXTURE_TARGETS] = { 200, 200, 200, 200 };
static const uint16_t first_silent[FIXTURE_TARGETS] = { 0, 200, 200, 200 };

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	fixture_start_probed(*state, 4);
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

static void every_target_is_probed_in_maint_too(void **state)
{
	struct fixture *f = *state;
	unsigned int seen[4] = { 0 };

	f->statuses[1].admin = TARGET_MAINT;
	f->statuses[2].admin = TARGET_DRAIN;
	fixture_run(f, S(2));
	assert_int_equal(f->probe_count, 4); /* one each, and no second before the first ended */
	for (uint32_t i = 0; i < 4; i++) {
		seen[(f->probes[i].target_id - 0x1000) / 64]++;
		assert_int_equal(f->probes[i].timeout_ms, 1000);
		assert_int_not_equal(f->probes[i].number, 0);
	}
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(f->statuses[1].admin, TARGET_MAINT);
}

static void a_silent_target_goes_down_alone_and_comes_back_slowly(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(10), all_well);
	assert_int_equal(f->event_count, 0);
	fixture_run_probed(f, S(7), first_silent);
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(fixture_health(f, i), TARGET_UP);
	assert_int_equal(f->event_count, 1);
	assert_string_equal(fixture_event(f), "switches/sw1: down: 3 probes in a row failed, the "
					      "last not answered");
	fixture_run_probed(f, S(60), first_silent);
	assert_int_equal(f->event_count, 1);
	fixture_run_probed(f, TICK_MS(4500), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_string_equal(fixture_event(f), "switches/sw1: up: 2 probes in a row answered, the "
					      "last with 200; slow start over 10 s");
	assert_true(fixture_percent(f, 0) < 50);
	fixture_run_probed(f, S(11), all_well);
	assert_int_equal(fixture_percent(f, 0), 100);
}

static void a_probe_answered_otherwise_than_accepted_is_a_failure_and_says_so(void **state)
{
	struct fixture *f = *state;
	static const uint16_t unknown[FIXTURE_TARGETS] = { 200, 404, 200, 200 };

	fixture_run_probed(f, S(8), unknown);
	assert_string_equal(fixture_event(f), "switches/sw2: down: 3 probes in a row failed, the "
					      "last answered 404");
}

static void a_full_target_is_not_dead(void **state)
{
	struct fixture *f = *state;
	static const uint16_t full[FIXTURE_TARGETS] = { 503, 200, 200, 200 };

	fixture_run_probed(f, S(20), full);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_in_range(fixture_percent(f, 0), 9, 70);
	assert_int_equal(fixture_percent(f, 1), 100);
}

static void silence_to_probes_of_a_target_that_answers_calls_is_no_failure(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 60; i++) {
		fixture_run_probed(f, S(1), first_silent);
		fixture_answer(f, 0, 200);
	}
	/* Ended in the same pass as they were sent, so nothing was answered in between. */
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	fixture_run_probed(f, S(10), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	for (int i = 0; i < 60; i++) {
		f->probe_count = 0;
		fixture_run(f, S(1));
		fixture_answer(f, 0, 200);
		for (uint32_t j = 0; j < f->probe_count; j++) {
			const struct outcome silent = { .target_id = f->probes[j].target_id,
							.kind = OUTCOME_PROBE,
							.probe = f->probes[j].number };
			health_outcome(f->health, &silent, f->now);
		}
	}
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_int_equal(fixture_health(f, 1), TARGET_DOWN);
}

static void a_probe_tries_instead_of_a_call_where_there_are_probes(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(4), all_well);
	f->settings.probe.interval_us = S(60); /* no probe comes by chance */
	fixture_publish(f);
	fixture_run_probed(f, S(4), all_well);
	f->statuses[0].trials = 7; /* left from long ago */
	fixture_error(f, 0);
	fixture_error(f, 0);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	f->probe_count = 0;
	fixture_run(f, TICK_MS(5600));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	assert_int_equal(f->statuses[0].trials, 0);
	assert_int_equal(f->probe_count, 1);
	assert_int_equal(f->probes[0].target_id, f->targets[0].id);
	const struct outcome silent = { .target_id = f->targets[0].id, .kind = OUTCOME_PROBE,
					.probe = f->probes[0].number };
	health_outcome(f->health, &silent, f->now);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "blacklisted for 1"));
	assert_non_null(strstr(fixture_event(f), "the probe that tried it failed"));
	fixture_run_probed(f, S(11), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_non_null(strstr(fixture_event(f), "up: the probe that tried it was answered"));
}

static void a_reload_that_ends_probes_leaves_nobody_out_for_ever(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(4), all_well);
	f->settings.probe.interval_us = S(60);
	fixture_publish(f);
	fixture_run_probed(f, S(4), all_well);
	fixture_error(f, 0);
	fixture_error(f, 0);
	fixture_run(f, TICK_MS(5600));
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	assert_int_equal(f->statuses[0].trials, 0); /* a probe is to try it */
	f->settings.probe.interval_us = 0;
	fixture_publish(f);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	assert_int_equal(f->statuses[0].trials, 1);
	fixture_answer(f, 0, 200);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
}

static void what_was_down_by_probes_that_a_reload_ends_returns_and_people_hear_of_it(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(10), first_silent);
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	f->settings.probe.interval_us = 0;
	fixture_publish(f);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_string_equal(fixture_event(f), "switches/sw1: up: it is not probed any more; slow "
					      "start over 10 s");
}

/* After a long outage nobody waits for a long time to run out, where probes can tell. */
static void probes_that_are_answered_again_end_a_listing_for_absence(void **state)
{
	struct fixture *f = *state;
	struct health_record *record;

	fixture_run_probed(f, S(4), all_well);
	record = (struct health_record *)(uintptr_t)health_find(f->health, f->targets[0].id);
	record->entry.row = 5;
	fixture_error(f, 0);
	fixture_error(f, 0);
	assert_true(record->entry.duration >= S(150));
	fixture_run_probed(f, S(4), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED); /* but for the base at least */
	fixture_run_probed(f, S(5), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
	assert_non_null(strstr(fixture_event(f), "its probes are answered again"));
	/* A time that the server named is kept to, and then a call tries: OPTIONS tells nothing. */
	fixture_refuse(f, 0, 60);
	fixture_run_probed(f, S(59), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	fixture_run_probed(f, S(4), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	assert_int_equal(f->statuses[0].trials, 1);
}

static void a_target_down_by_probes_is_judged_by_probes(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(8), first_silent);
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	uint32_t events = f->event_count;
	for (int i = 0; i < 40; i++) {
		fixture_timeout(f, 0, OUTCOME_IS_INVITE);
		fixture_error(f, 0);
	}
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	assert_int_equal(f->event_count, events);
	/* Listed first, then down: probes take over, so that it returns when they say so. */
	fixture_run_probed(f, S(60), all_well);
	fixture_error(f, 0);
	fixture_error(f, 0);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	fixture_run_probed(f, S(20), first_silent);
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	fixture_run_probed(f, TICK_MS(4500), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
}

/* However long it was listed for: from then on its probes say when it returns. */
static void a_listed_target_that_goes_down_returns_with_its_probes(void **state)
{
	struct fixture *f = *state;
	struct health_record *record =
		(struct health_record *)(uintptr_t)health_find(f->health, f->targets[0].id);

	f->settings.blacklist.base_us = S(60);
	fixture_publish(f);
	fixture_run_probed(f, S(4), all_well);
	fixture_error(f, 0);
	fixture_error(f, 0);
	assert_true(record->entry.duration >= S(60));
	fixture_run_probed(f, S(8), first_silent);
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	fixture_run_probed(f, S(5), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
}

static void one_call_that_is_dropped_while_probes_are_answered_lists_nobody(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		fixture_run_probed(f, S(3), all_well);
		fixture_timeout_of(f, 0, 77);
		assert_int_equal(fixture_health(f, 0), TARGET_UP);
	}
}

static void ignore_three(struct fixture *f)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fixture_health(f, 0), TARGET_UP);
		fixture_run_probed(f, S(6), all_well);
		fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	}
}

static void what_answers_probes_and_no_invite_is_listed_and_an_invite_alone_brings_it_back(void **state)
{
	struct fixture *f = *state;

	ignore_three(f);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "switches/sw1: blacklisted for 5 s: answers other "
						 "requests but no INVITE: 3 in a row timed out"));
	fixture_run_probed(f, TICK_MS(5600), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	assert_int_equal(f->statuses[0].trials, 1);
	assert_int_equal(f->statuses[0].trials_are_calls, 1);
	/* One call tries, and no other as long as it hears nothing, whatever else is answered. */
	f->statuses[0].trials = 0;
	for (int i = 0; i < 33; i++) {
		fixture_run_probed(f, S(1), all_well);
		fixture_answer_other(f, 0);
		assert_int_equal(f->statuses[0].trials, 0);
		assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	}
	fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "blacklisted for 1"));
	fixture_run_probed(f, S(12), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	fixture_ring(f, 0, 100, 1000);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
}

/* In a dialog, or in a pool that panics. */
static void who_answered_an_invite_while_it_was_listed_for_none_needs_no_trial(void **state)
{
	struct fixture *f = *state;

	ignore_three(f);
	fixture_run_probed(f, S(1), all_well);
	fixture_answer(f, 0, 486);
	fixture_run_probed(f, S(5), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_UP);
}

static void probes_that_failed_meanwhile_spare_it_no_trial(void **state)
{
	struct fixture *f = *state;

	f->settings.blacklist.base_us = S(30);
	fixture_publish(f);
	ignore_three(f);
	/* Down already when its time on the list is over. */
	fixture_run_probed(f, S(40), first_silent);
	assert_int_equal(fixture_health(f, 0), TARGET_DOWN);
	fixture_run_probed(f, S(10), all_well);
	assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
	assert_int_equal(f->statuses[0].trials, 1);
}

/* Listed for another reason: the trial's calls are ignored, its probes are not. */
static void calls_that_try_in_vain_while_probes_are_answered_are_a_row(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(4), all_well);
	fixture_refuse(f, 0, 1);
	fixture_run_probed(f, S(40), all_well);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fixture_health(f, 0), TARGET_TRIAL);
		fixture_run_probed(f, S(6), all_well);
		fixture_timeout(f, 0, OUTCOME_IS_INVITE);
	}
	assert_int_equal(fixture_health(f, 0), TARGET_BLACKLISTED);
	assert_non_null(strstr(fixture_event(f), "but no INVITE"));
}

static void a_full_ring_puts_probes_off_and_loses_none(void **state)
{
	struct fixture *f = *state;

	f->probe_result = -EAGAIN;
	fixture_run(f, S(10));
	assert_int_equal(f->event_count, 0);
	f->probe_result = 0;
	fixture_run(f, TICK_MS(15));
	assert_int_equal(f->probe_count, 4);
	/* Their ends never come: that says nothing of the targets. */
	f->probe_count = 0;
	fixture_run(f, S(20));
	assert_int_equal(f->event_count, 0);
	assert_true(f->probe_count > 16);
}

static void what_was_not_sent_says_nothing_and_an_icmp_error_says_so(void **state)
{
	struct fixture *f = *state;

	for (unsigned int round = 0; round < 20; round++) {
		f->probe_count = 0;
		fixture_run(f, S(2));
		for (uint32_t j = 0; j < f->probe_count; j++) {
			const struct outcome end = {
				.target_id = f->probes[j].target_id,
				.kind = OUTCOME_PROBE,
				.probe = f->probes[j].number,
				.flags = f->probes[j].target_id == f->targets[0].id ?
						 OUTCOME_WAS_UNREACHABLE :
						 OUTCOME_WAS_NOT_SENT,
			};
			health_outcome(f->health, &end, f->now);
		}
	}
	assert_int_equal(f->event_count, 1);
	assert_string_equal(fixture_event(f), "switches/sw1: down: 3 probes in a row failed, the "
					      "last met an ICMP error");
}

static void a_target_that_is_gone_is_not_probed_and_one_that_is_new_is(void **state)
{
	struct fixture *f = *state;

	fixture_run_probed(f, S(4), all_well);
	f->snapshot.target_count = f->pools[0].target_count = 1;
	fixture_publish(f);
	f->probe_count = 0;
	fixture_run(f, S(6));
	for (uint32_t i = 0; i < f->probe_count; i++)
		assert_int_equal(f->probes[i].target_id, f->targets[0].id);
	f->snapshot.target_count = f->pools[0].target_count = 2;
	fixture_publish(f);
	f->probe_count = 0;
	fixture_run(f, S(2));
	assert_true(f->probe_count >= 1);
	/* And off altogether. */
	f->settings.probe.interval_us = 0;
	fixture_publish(f);
	f->probe_count = 0;
	fixture_run(f, S(10));
	assert_int_equal(f->probe_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_target_is_probed_in_maint_too),
		TEST(a_silent_target_goes_down_alone_and_comes_back_slowly),
		TEST(a_probe_answered_otherwise_than_accepted_is_a_failure_and_says_so),
		TEST(a_full_target_is_not_dead),
		TEST(silence_to_probes_of_a_target_that_answers_calls_is_no_failure),
		TEST(a_probe_tries_instead_of_a_call_where_there_are_probes),
		TEST(a_reload_that_ends_probes_leaves_nobody_out_for_ever),
		TEST(what_was_down_by_probes_that_a_reload_ends_returns_and_people_hear_of_it),
		TEST(probes_that_are_answered_again_end_a_listing_for_absence),
		TEST(a_target_down_by_probes_is_judged_by_probes),
		TEST(a_listed_target_that_goes_down_returns_with_its_probes),
		TEST(one_call_that_is_dropped_while_probes_are_answered_lists_nobody),
		TEST(what_answers_probes_and_no_invite_is_listed_and_an_invite_alone_brings_it_back),
		TEST(who_answered_an_invite_while_it_was_listed_for_none_needs_no_trial),
		TEST(probes_that_failed_meanwhile_spare_it_no_trial),
		TEST(calls_that_try_in_vain_while_probes_are_answered_are_a_row),
		TEST(a_full_ring_puts_probes_off_and_loses_none),
		TEST(what_was_not_sent_says_nothing_and_an_icmp_error_says_so),
		TEST(a_target_that_is_gone_is_not_probed_and_one_that_is_new_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
