/* SPDX-License-Identifier: BSD-3-Clause */
/* state/timer_wheel.h: rounding, handles, the past, jumps, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/timer_wheel.h"

#define START TICK_SECONDS(1000)

static struct timer_wheel *wheel_of(uint32_t capacity)
{
	struct timer_wheel *wheel = timer_wheel_create(capacity, START);

	assert_non_null(wheel);
	return wheel;
}

/* The one word that expires at `now`, or UINT64_MAX. */
static uint64_t expire_one(struct timer_wheel *wheel, tick_t now)
{
	uint64_t words[2];
	uint32_t count = timer_wheel_expire(wheel, now, words, 2);

	assert_in_range(count, 0, 1);
	return count ? words[0] : UINT64_MAX;
}

static void deadline_rounds_up_to_the_millisecond(void **)
{
	struct timer_wheel *wheel = wheel_of(4);

	assert_true(timer_wheel_arm(wheel, START + TICK_MS(500) + 1, 7) != TIMER_NONE);
	assert_int_equal(timer_wheel_next(wheel), START + TICK_MS(501));
	assert_int_equal(expire_one(wheel, START + TICK_MS(501) - 1), UINT64_MAX);
	assert_int_equal(expire_one(wheel, START + TICK_MS(501)), 7);
	assert_true(timer_wheel_arm(wheel, START + TICK_MS(600), 8) != TIMER_NONE);
	assert_int_equal(expire_one(wheel, START + TICK_MS(600) - 1), UINT64_MAX);
	assert_int_equal(expire_one(wheel, START + TICK_MS(600)), 8);
	timer_wheel_destroy(wheel);
}

static void deadline_in_the_past_expires_at_the_next_call(void **)
{
	struct timer_wheel *wheel = wheel_of(4);
	uint64_t words[4];

	/* Also within the millisecond that has begun. */
	assert_int_equal(timer_wheel_expire(wheel, START + 700, words, 4), 0);
	assert_true(timer_wheel_arm(wheel, START + 600, 1) != TIMER_NONE);
	assert_true(timer_wheel_next(wheel) <= START + 700);
	assert_int_equal(expire_one(wheel, START + 700), 1);
	assert_true(timer_wheel_arm(wheel, 0, 2) != TIMER_NONE);
	assert_int_equal(expire_one(wheel, START + 700), 2);
	/* Before those whose time comes only now. */
	assert_true(timer_wheel_arm(wheel, START + TICK_MS(2), 3) != TIMER_NONE);
	assert_true(timer_wheel_arm(wheel, START, 4) != TIMER_NONE);
	assert_int_equal(timer_wheel_expire(wheel, START + TICK_MS(2), words, 4), 2);
	assert_int_equal(words[0], 4);
	assert_int_equal(words[1], 3);
	timer_wheel_destroy(wheel);
}

static void time_that_goes_back_is_ignored(void **)
{
	struct timer_wheel *wheel = wheel_of(4);

	assert_int_equal(expire_one(wheel, START + TICK_MS(10)), UINT64_MAX);
	assert_true(timer_wheel_arm(wheel, START + TICK_MS(5), 1) != TIMER_NONE);
	assert_int_equal(expire_one(wheel, START), 1);
	timer_wheel_destroy(wheel);
}

static void handle_of_a_timer_that_is_gone_is_stale(void **)
{
	struct timer_wheel *wheel = wheel_of(1);
	timer_handle_t first = timer_wheel_arm(wheel, START + TICK_MS(1), 1);

	assert_false(timer_wheel_cancel(wheel, TIMER_NONE));
	assert_false(timer_wheel_cancel(wheel, UINT64_MAX));
	assert_int_equal(timer_wheel_count(wheel), 1);
	assert_true(timer_wheel_cancel(wheel, first));
	assert_false(timer_wheel_cancel(wheel, first));
	assert_int_equal(timer_wheel_next(wheel), TICK_NEVER);
	/* The same slot again. */
	timer_handle_t second = timer_wheel_arm(wheel, START + TICK_MS(1), 2);
	assert_true(second != first);
	assert_false(timer_wheel_cancel(wheel, first));
	assert_int_equal(expire_one(wheel, START + TICK_MS(1)), 2);
	assert_false(timer_wheel_cancel(wheel, second));
	assert_int_equal(timer_wheel_count(wheel), 0);
	timer_wheel_destroy(wheel);
}

static void full_wheel_refuses(void **)
{
	struct timer_wheel *wheel = wheel_of(3);
	timer_handle_t handle = TIMER_NONE;

	for (uint64_t i = 0; i < 3; i++) {
		handle = timer_wheel_arm(wheel, START + TICK_SECONDS(i * 40), i);
		assert_true(handle != TIMER_NONE);
	}
	assert_true(timer_wheel_arm(wheel, START, 3) == TIMER_NONE);
	assert_true(timer_wheel_cancel(wheel, handle));
	assert_true(timer_wheel_arm(wheel, START, 3) != TIMER_NONE);
	assert_null(timer_wheel_check(wheel));
	timer_wheel_destroy(wheel);

	wheel = wheel_of(0);
	assert_true(timer_wheel_arm(wheel, START, 0) == TIMER_NONE);
	timer_wheel_destroy(wheel);
}

/* Each deadline from a second to a month to the millisecond, in a wheel called each 10 ms. */
static void far_deadlines_are_exact_too(void **)
{
	static const uint64_t seconds[] = { 1, 32, 49, 50, 65, 66, 81, 180, 300, 3600, 66000, 70000 };
	struct timer_wheel *wheel = wheel_of(ARRAY_SIZE(seconds));
	uint32_t next = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(seconds); i++)
		assert_true(timer_wheel_arm(wheel, START + TICK_SECONDS(seconds[i]) + 5, i) !=
			    TIMER_NONE);
	for (tick_t now = START; next < ARRAY_SIZE(seconds); now += TICK_MS(10)) {
		uint64_t word = expire_one(wheel, now);
		if (word == UINT64_MAX)
			continue;
		assert_int_equal(word, next);
		assert_in_range(now - START - TICK_SECONDS(seconds[next]), 1000, 10000);
		next++;
	}
	timer_wheel_destroy(wheel);
}

static void timer_without_end_waits_to_be_cancelled(void **)
{
	struct timer_wheel *wheel = wheel_of(4);
	timer_handle_t handle = timer_wheel_arm(wheel, TICK_NEVER, 1);

	assert_true(handle != TIMER_NONE);
	assert_int_equal(timer_wheel_next(wheel), TICK_NEVER);
	assert_int_equal(expire_one(wheel, START + TICK_SECONDS(1000000)), UINT64_MAX);
	assert_null(timer_wheel_check(wheel));
	assert_true(timer_wheel_cancel(wheel, handle));
	timer_wheel_destroy(wheel);
}

static void calls_return_no_more_than_they_may_and_in_order(void **)
{
	struct timer_wheel *wheel = wheel_of(1000);
	uint64_t words[64], last = 0;
	uint32_t total = 0, count;

	for (uint64_t i = 0; i < 1000; i++)
		assert_true(timer_wheel_arm(wheel, START + TICK_MS(1 + i * 37 % 100), i * 37 % 100) !=
			    TIMER_NONE);
	assert_int_equal(timer_wheel_expire(wheel, START + TICK_SECONDS(9), words, 0), 0);
	do {
		count = timer_wheel_expire(wheel, START + TICK_SECONDS(9), words, 64);
		for (uint32_t i = 0; i < count; i++) {
			assert_true(words[i] >= last);
			last = words[i];
		}
		total += count;
		assert_int_equal(timer_wheel_count(wheel), 1000 - total);
	} while (count == 64);
	assert_int_equal(total, 1000);
	timer_wheel_destroy(wheel);
}

static void idle_years_are_skipped(void **)
{
	struct timer_wheel *wheel = wheel_of(4);
	tick_t far = START + TICK_SECONDS(10ull * 365 * 86400);

	assert_true(timer_wheel_arm(wheel, far, 1) != TIMER_NONE);
	assert_int_equal(expire_one(wheel, far - 1), UINT64_MAX);
	assert_int_equal(timer_wheel_next(wheel), far);
	assert_int_equal(expire_one(wheel, far), 1);
	assert_null(timer_wheel_check(wheel));
	/* The wheel works on after that, also at the end of time. */
	assert_int_equal(expire_one(wheel, TICK_NEVER - TICK_SECONDS(1)), UINT64_MAX);
	assert_true(timer_wheel_arm(wheel, TICK_NEVER - TICK_MS(900), 2) != TIMER_NONE);
	assert_int_equal(expire_one(wheel, TICK_NEVER - 1), 2);
	timer_wheel_destroy(wheel);
}

/* 200,000 timers of one far list move a few at a time while the cursor approaches. */
static void far_timers_move_in_small_parts(void **)
{
	enum { TIMERS = 200000 };
	struct timer_wheel *wheel = wheel_of(TIMERS);
	uint64_t words[TIMERS / 100];
	uint32_t total = 0;

	for (uint32_t i = 0; i < TIMERS; i++)
		assert_true(timer_wheel_arm(wheel, START + TICK_SECONDS(180) + TICK_MS(i % 1000), i) !=
			    TIMER_NONE);
	for (tick_t now = START; total < TIMERS; now += TICK_MS(1)) {
		uint32_t count = timer_wheel_expire(wheel, now, words, ARRAY_SIZE(words));
		assert_int_equal(count, now < START + TICK_SECONDS(180) ? 0 : TIMERS / 1000);
		total += count;
		if ((now - START) % TICK_SECONDS(10) == 0)
			assert_null(timer_wheel_check(wheel));
	}
	timer_wheel_destroy(wheel);
}

/* More timers than one call may move, all in the first millisecond of a far list: they are all
 * there when it comes, as they moved before. */
static void crowded_far_list_is_ready_in_time(void **)
{
	enum { TIMERS = 200000 };
	tick_t due = TICK_MS(16384 * 73);
	struct timer_wheel *wheel = wheel_of(TIMERS);
	uint64_t words[1000];

	for (uint32_t i = 0; i < TIMERS; i++)
		assert_true(timer_wheel_arm(wheel, due, i) != TIMER_NONE);
	for (tick_t now = START; now < due; now += TICK_MS(1))
		assert_int_equal(timer_wheel_expire(wheel, now, words, ARRAY_SIZE(words)), 0);
	for (uint32_t i = 0; i < TIMERS / 1000; i++)
		assert_int_equal(timer_wheel_expire(wheel, due, words, ARRAY_SIZE(words)), 1000);
	assert_int_equal(timer_wheel_count(wheel), 0);
	timer_wheel_destroy(wheel);
}

/* A jump past more than one call may move is made up for by the calls that follow. */
static void jump_over_a_crowded_list_is_made_up_for(void **)
{
	enum { TIMERS = 150000 };
	struct timer_wheel *wheel = wheel_of(TIMERS);
	uint64_t words[1000];
	uint32_t total = 0, calls = 0;
	tick_t now = START + TICK_SECONDS(7200);

	for (uint32_t i = 0; i < TIMERS; i++)
		assert_true(timer_wheel_arm(wheel, START + TICK_SECONDS(180), i) != TIMER_NONE);
	while (timer_wheel_next(wheel) <= now) {
		total += timer_wheel_expire(wheel, now, words, ARRAY_SIZE(words));
		assert_null(timer_wheel_check(wheel));
		assert_in_range(++calls, 1, TIMERS / 1000 + 3);
	}
	assert_int_equal(total, TIMERS);
	timer_wheel_destroy(wheel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadline_rounds_up_to_the_millisecond),
		cmocka_unit_test(deadline_in_the_past_expires_at_the_next_call),
		cmocka_unit_test(time_that_goes_back_is_ignored),
		cmocka_unit_test(handle_of_a_timer_that_is_gone_is_stale),
		cmocka_unit_test(full_wheel_refuses),
		cmocka_unit_test(far_deadlines_are_exact_too),
		cmocka_unit_test(timer_without_end_waits_to_be_cancelled),
		cmocka_unit_test(calls_return_no_more_than_they_may_and_in_order),
		cmocka_unit_test(idle_years_are_skipped),
		cmocka_unit_test(far_timers_move_in_small_parts),
		cmocka_unit_test(crowded_far_list_is_ready_in_time),
		cmocka_unit_test(jump_over_a_crowded_list_is_made_up_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
