/* SPDX-License-Identifier: BSD-3-Clause */
/* blacklist/entry.h: how long, how often, and the way back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "blacklist/entry.h"

static const struct blacklist_settings settings = {
	.base_us = TICK_SECONDS(5), .max_us = TICK_SECONDS(60),
};

static struct blacklist_entry clear(void)
{
	struct blacklist_entry entry;

	blacklist_entry_init(&entry);
	return entry;
}

static void its_time_doubles_for_each_time_in_a_row_up_to_max(void **)
{
	struct blacklist_entry entry = clear();
	static const uint64_t wanted[] = { 5, 10, 20, 40, 60, 60 };
	tick_t now = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_true(blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, now, 0, "gone"));
		assert_int_equal(entry.state, BLACKLIST_LISTED);
		assert_int_equal(entry.until - now, TICK_SECONDS(wanted[i]));
		assert_int_equal(blacklist_due(&entry), entry.until);
		now = entry.until;
		blacklist_expire(&entry, &settings, false, now);
		assert_int_equal(entry.state, BLACKLIST_HALF_OPEN);
		assert_int_equal(blacklist_due(&entry), TICK_NEVER);
	}
	assert_int_equal(entry.times, ARRAY_SIZE(wanted));
	/* However often: no shift beyond the word, no count that turns over. */
	for (int i = 0; i < 200; i++) {
		blacklist_expire(&entry, &settings, false, now);
		(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, now, 0, "gone");
		assert_int_equal(entry.duration, TICK_SECONDS(60));
	}
}

static void jitter_adds_up_to_a_tenth_and_never_beyond_max(void **)
{
	for (uint64_t random = 0; random < 2000000; random += 9973) {
		struct blacklist_entry entry = clear();
		(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, 0, random, "gone");
		assert_in_range(entry.duration, TICK_MS(5000), TICK_MS(5500));
		entry.row = 10;
		blacklist_expire(&entry, &settings, false, 0);
		(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, 0, random, "gone");
		assert_int_equal(entry.duration, TICK_SECONDS(60));
	}
	struct blacklist_entry entry = clear();
	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, 0, 400000, "gone");
	assert_int_equal(entry.duration, TICK_MS(5400));
}

static void the_crowd_of_failures_of_one_outage_is_one_listing(void **)
{
	struct blacklist_entry entry = clear();

	assert_true(blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, 0, 0, "first"));
	for (int i = 1; i < 100; i++)
		assert_false(blacklist_list(&entry, &settings, BLACKLIST_TRANSPORT_ERROR, 0, TICK_MS(i),
					    0, "more"));
	assert_int_equal(entry.until, TICK_SECONDS(5));
	assert_int_equal(entry.row, 1);
	assert_string_equal(entry.reason, "first");
	/* A time that the server names counts when it is later. */
	assert_false(blacklist_list(&entry, &settings, BLACKLIST_RETRY_AFTER, TICK_SECONDS(2), TICK_SECONDS(1),
				    0, "503"));
	assert_int_equal(entry.until, TICK_SECONDS(5));
	assert_false(blacklist_list(&entry, &settings, BLACKLIST_RETRY_AFTER, TICK_SECONDS(7), TICK_SECONDS(1),
				    0, "503"));
	assert_int_equal(entry.until, TICK_SECONDS(8));
	assert_int_equal(entry.row, 1);
}

static void retry_after_is_clamped(void **)
{
	assert_int_equal(blacklist_retry_after_us(&settings, 7), TICK_SECONDS(7));
	assert_int_equal(blacklist_retry_after_us(&settings, 0), TICK_SECONDS(1));
	assert_int_equal(blacklist_retry_after_us(&settings, 61), TICK_SECONDS(60));
	assert_int_equal(blacklist_retry_after_us(&settings, UINT32_MAX), TICK_SECONDS(60));
}

static void the_servers_own_time_is_no_reason_for_a_longer_one(void **)
{
	struct blacklist_entry entry = clear();

	(void)blacklist_list(&entry, &settings, BLACKLIST_RETRY_AFTER, TICK_SECONDS(7), 0, 3, "503");
	assert_int_equal(entry.duration, TICK_SECONDS(7));
	blacklist_expire(&entry, &settings, false, TICK_SECONDS(7));
	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, TICK_SECONDS(7), 0, "gone");
	assert_int_equal(entry.duration, TICK_SECONDS(5));
}

static void good_behaviour_is_rewarded_by_forgetting(void **)
{
	struct blacklist_entry entry = clear();

	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, 0, 0, "gone");
	blacklist_expire(&entry, &settings, false, TICK_SECONDS(5));
	blacklist_pass(&entry, &settings, TICK_SECONDS(6));
	assert_int_equal(entry.state, BLACKLIST_CLEAR);
	/* Ten times the base, counted from its return. */
	assert_int_equal(blacklist_due(&entry), TICK_SECONDS(56));
	blacklist_forget(&entry, TICK_SECONDS(56) - 1);
	assert_int_equal(entry.row, 1);
	blacklist_forget(&entry, TICK_SECONDS(56));
	assert_int_equal(entry.row, 0);
	assert_int_equal(blacklist_due(&entry), TICK_NEVER);
	/* A relapse before that is listed for longer, and remembered for longer. */
	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, TICK_SECONDS(60), 0, "gone");
	blacklist_pass(&entry, &settings, TICK_SECONDS(65));
	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, TICK_SECONDS(70), 0, "again");
	assert_int_equal(entry.duration, TICK_SECONDS(10));
	assert_int_equal(entry.forgotten, TICK_NEVER);
	entry.row = 10;
	blacklist_pass(&entry, &settings, TICK_SECONDS(80));
	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, TICK_SECONDS(90), 0, "again");
	blacklist_pass(&entry, &settings, TICK_SECONDS(150));
	assert_int_equal(blacklist_due(&entry), TICK_SECONDS(150 + 120));
}

static void by_hand_stays_until_it_is_removed_or_its_time_is_over_and_needs_no_trial(void **)
{
	struct blacklist_entry entry = clear();

	assert_true(blacklist_list(&entry, &settings, BLACKLIST_BY_HAND, TICK_NEVER, 0, 0, "me"));
	assert_int_equal(entry.until, TICK_NEVER);
	/* No outcome shortens or extends the operator's word; another one of the operator does. */
	assert_false(blacklist_list(&entry, &settings, BLACKLIST_RETRY_AFTER, TICK_SECONDS(7), 0, 0, "503"));
	assert_int_equal(entry.until, TICK_NEVER);
	assert_true(blacklist_list(&entry, &settings, BLACKLIST_BY_HAND, TICK_SECONDS(9), 0, 0, "me"));
	assert_int_equal(entry.until, TICK_SECONDS(9));
	assert_false(blacklist_list(&entry, &settings, BLACKLIST_RETRY_AFTER, TICK_SECONDS(20), 0, 0, "503"));
	assert_int_equal(entry.until, TICK_SECONDS(9));
	blacklist_expire(&entry, &settings, true, TICK_SECONDS(9));
	assert_int_equal(entry.state, BLACKLIST_CLEAR);
	assert_int_equal(entry.row, 0);
	/* It takes over what was listed for a cause. */
	(void)blacklist_list(&entry, &settings, BLACKLIST_TIMEOUT, 0, 0, 0, "gone");
	assert_true(blacklist_list(&entry, &settings, BLACKLIST_BY_HAND, TICK_NEVER, 0, 0, "me"));
	blacklist_remove(&entry, TICK_SECONDS(1));
	assert_int_equal(entry.state, BLACKLIST_CLEAR);
	assert_int_equal(entry.row, 0);
	assert_int_equal(blacklist_due(&entry), TICK_NEVER);
}

static void causes_have_names(void **)
{
	assert_string_equal(blacklist_cause_name(BLACKLIST_RETRY_AFTER), "503");
	assert_string_equal(blacklist_cause_name(BLACKLIST_BY_HAND), "by-hand");
	assert_string_equal(blacklist_cause_name(BLACKLIST_CAUSES), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_time_doubles_for_each_time_in_a_row_up_to_max),
		cmocka_unit_test(jitter_adds_up_to_a_tenth_and_never_beyond_max),
		cmocka_unit_test(the_crowd_of_failures_of_one_outage_is_one_listing),
		cmocka_unit_test(retry_after_is_clamped),
		cmocka_unit_test(the_servers_own_time_is_no_reason_for_a_longer_one),
		cmocka_unit_test(good_behaviour_is_rewarded_by_forgetting),
		cmocka_unit_test(by_hand_stays_until_it_is_removed_or_its_time_is_over_and_needs_no_trial),
		cmocka_unit_test(causes_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
