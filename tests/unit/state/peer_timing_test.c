/* SPDX-License-Identifier: BSD-3-Clause */
/* state/peer_timing.h: which spacings tell of another T1, and which do not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/peer_timing.h"

#define OURS 500u

static struct peer_timing *timing_new(void)
{
	struct peer_timing *timing = peer_timing_create((struct hash_key){ 1, 2 });

	assert_non_null(timing);
	return timing;
}

static struct ip_address address(uint32_t number)
{
	struct ip_address a = { .family = IP_V4 };

	memcpy(a.bytes, &number, sizeof(number));
	return a;
}

/* How many of these spacings, a transaction every ten seconds, it takes until it is said; 0: it is
 * not. */
static uint32_t said_after(const uint32_t *spacings_ms, uint32_t count, uint32_t *theirs_ms)
{
	struct peer_timing *timing = timing_new();
	const struct ip_address peer = address(1);
	uint32_t after = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t ms = 0;
		if (!peer_timing_note(timing, &peer, TICK_MS(spacings_ms[i]), OURS,
				      TICK_SECONDS(10 * (i + 1)), &ms))
			continue;
		assert_int_equal(after, 0); /* once */
		after = i + 1;
		*theirs_ms = ms;
	}
	peer_timing_destroy(timing);
	return after;
}
#define SAID_AFTER(theirs, ...)                                                                    \
	said_after((const uint32_t[]){ __VA_ARGS__ },                                              \
		   sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t), theirs)

/* shows: 203 */
static void other_t1_is_said_once_after_four_transactions(void **)
{
	uint32_t theirs = 0;

	assert_int_equal(SAID_AFTER(&theirs, 100, 101, 99, 100, 100, 100, 100), 4);
	assert_int_equal(theirs, 100);
	assert_int_equal(SAID_AFTER(&theirs, 2000, 2010, 2001, 2030), 4);
	assert_int_equal(theirs, 2001);
}

static void same_t1_is_never_said_whatever_is_lost(void **)
{
	uint32_t theirs;

	assert_int_equal(SAID_AFTER(&theirs, 500, 501, 505, 520, 500, 499, 560, 500, 500), 0);
	/* The first copy lost: twice T1; the second: three times. */
	assert_int_equal(SAID_AFTER(&theirs, 1000, 1500, 500, 500, 1000, 500, 1500, 500, 1000), 0);
	assert_int_equal(SAID_AFTER(&theirs, 1000, 1000, 1500, 1500, 1000, 1500, 1000, 1500), 0);
}

static void twice_ours_is_said_only_when_nearly_all_agree(void **)
{
	uint32_t theirs = 0;

	assert_int_equal(SAID_AFTER(&theirs, 1000, 1000, 1000, 1000, 1000), 0);
	assert_int_equal(SAID_AFTER(&theirs, 1000, 1000, 2000, 1000, 1000, 1000, 3000, 1000), 8);
	assert_int_equal(theirs, 1000);
}

static void losses_do_not_hide_another_t1(void **)
{
	uint32_t theirs = 0;

	assert_int_equal(SAID_AFTER(&theirs, 600, 200, 400, 200, 200), 5);
	assert_int_equal(theirs, 200);
}

static void copies_that_the_network_makes_are_no_retransmissions(void **)
{
	uint32_t theirs;

	assert_int_equal(SAID_AFTER(&theirs, 1, 2, 9, 3, 5, 1, 2, 4, 5), 0);
	assert_int_equal(SAID_AFTER(&theirs, 40, 500, 500, 500, 500, 500, 500), 0);
	assert_int_equal(SAID_AFTER(&theirs, 40, 90, 500, 500, 15, 500, 500, 500), 0);
	assert_int_equal(SAID_AFTER(&theirs, 21000, 21000, 21000, 21000, 21000), 0);
}

static void peers_are_told_apart_and_said_at_most_once_a_second(void **)
{
	struct peer_timing *timing = timing_new();
	const struct ip_address a = address(1), b = address(2);
	uint32_t theirs;

	for (int i = 0; i < 3; i++) {
		assert_false(peer_timing_note(timing, &a, TICK_MS(100), OURS, 10, &theirs));
		assert_false(peer_timing_note(timing, &b, TICK_MS(100), OURS, 10, &theirs));
	}
	assert_true(peer_timing_note(timing, &a, TICK_MS(100), OURS, 20, &theirs));
	assert_false(peer_timing_note(timing, &b, TICK_MS(100), OURS, 30, &theirs));
	/* What could not be said then is said later. */
	assert_true(peer_timing_note(timing, &b, TICK_MS(100), OURS, TICK_SECONDS(2), &theirs));
	assert_false(peer_timing_note(timing, &a, TICK_MS(100), OURS, TICK_SECONDS(9), &theirs));
	peer_timing_destroy(timing);
}

static void table_is_bounded_and_keeps_who_is_heard_of(void **)
{
	struct peer_timing *timing = timing_new();
	const struct ip_address regular = address(0xffffffff);
	bool said = false;
	uint32_t theirs;

	for (uint32_t i = 0; i < 100 * PEER_TIMING_PEERS; i++) {
		const struct ip_address passing = address(i);
		assert_false(peer_timing_note(timing, &passing, TICK_MS(100), OURS,
					      TICK_SECONDS(i / 100), &theirs));
		/* Often enough that no three others come between in its set. */
		if (i % 100 == 0)
			said |= peer_timing_note(timing, &regular, TICK_MS(100), OURS,
						 TICK_SECONDS(i / 100), &theirs);
		assert_true(peer_timing_count(timing) <= PEER_TIMING_PEERS);
	}
	assert_true(said);
	assert_int_equal(peer_timing_count(timing), PEER_TIMING_PEERS);
	assert_true(peer_timing_size() <= (size_t)64 * 1024);
	peer_timing_destroy(timing);
	peer_timing_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_t1_is_said_once_after_four_transactions),
		cmocka_unit_test(same_t1_is_never_said_whatever_is_lost),
		cmocka_unit_test(twice_ours_is_said_only_when_nearly_all_agree),
		cmocka_unit_test(losses_do_not_hide_another_t1),
		cmocka_unit_test(copies_that_the_network_makes_are_no_retransmissions),
		cmocka_unit_test(peers_are_told_apart_and_said_at_most_once_a_second),
		cmocka_unit_test(table_is_bounded_and_keeps_who_is_heard_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
