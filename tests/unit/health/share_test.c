/* SPDX-License-Identifier: BSD-3-Clause */
/* health/share.h: slow start, and the weight of a target that is full. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "health/share.h"

static uint32_t percent(const struct share *share, tick_t now)
{
	return (TARGET_WEIGHT_WHOLE - share_withheld(share, now)) * 100 / TARGET_WEIGHT_WHOLE;
}

static void what_is_withheld_falls_linearly_during_slow_start(void **)
{
	struct share share;

	share_init(&share);
	assert_int_equal(share_withheld(&share, 0), 0);
	assert_int_equal(share_due(&share), TICK_NEVER);
	share_start(&share, TICK_SECONDS(10), TICK_SECONDS(100));
	assert_int_equal(percent(&share, TICK_SECONDS(100)), 4); /* a twentieth to begin with */
	assert_int_equal(percent(&share, TICK_SECONDS(103)), 29);
	assert_int_equal(percent(&share, TICK_SECONDS(105)), 50);
	assert_int_equal(percent(&share, TICK_SECONDS(110)), 100);
	unsigned int steps = 0;
	tick_t last = 0;
	while (share_due(&share) != TICK_NEVER) {
		last = share_due(&share);
		share_step(&share, last);
		assert_true(++steps < 100);
	}
	assert_in_range(steps, 20, 22);
	assert_in_range(last, TICK_SECONDS(110), TICK_MS(110600));
	share_start(&share, 0, TICK_SECONDS(200));
	assert_int_equal(share_withheld(&share, TICK_SECONDS(200)), 0);
	assert_int_equal(share_due(&share), TICK_NEVER);
}

/* `refused` of 100 answers each step, for so many steps. */
static tick_t steps(struct share *share, unsigned int count, unsigned int refused, tick_t now)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < 100; j++)
			share_answer(share, j < refused, now);
		now += TICK_MS(500);
		share_step(share, now);
	}
	return now;
}

static void a_full_target_gets_less_by_the_share_that_it_refuses(void **)
{
	struct share share;

	share_init(&share);
	tick_t now = steps(&share, 1, 20, 0);
	assert_int_equal(percent(&share, now), 90);
	assert_true(share_is_full(&share));
	now = steps(&share, 1, 100, now);
	assert_int_equal(percent(&share, now), 45);
	/* Never nothing: it could not show that it is well again. */
	now = steps(&share, 50, 100, now);
	assert_int_equal(percent(&share, now), 9);
	/* Half a minute back to the whole. */
	now = steps(&share, 30, 0, now);
	assert_in_range(percent(&share, now), 58, 61);
	now = steps(&share, 30, 0, now);
	assert_int_equal(percent(&share, now), 100);
	assert_false(share_is_full(&share));
	assert_int_equal(share_due(&share), TICK_NEVER);
}

static void answers_alone_cost_nothing_and_wake_nobody(void **)
{
	struct share share;

	share_init(&share);
	for (int i = 0; i < 1000; i++)
		share_answer(&share, false, 0);
	assert_int_equal(share_due(&share), TICK_NEVER);
	share_answer(&share, true, 5);
	assert_int_equal(share_due(&share), 5 + TICK_MS(500));
	share_step(&share, 6);
	assert_int_equal(share_withheld(&share, 6), 0);
}

static void a_short_slow_start_does_not_hurry_the_recovery_of_a_full_target(void **)
{
	struct share share;

	share_init(&share);
	tick_t now = steps(&share, 3, 100, 0);
	uint32_t before = share.kept;
	share_start(&share, TICK_SECONDS(1), now);
	for (unsigned int i = 0; i < 19; i++) {
		now += TICK_MS(51);
		share_step(&share, now);
	}
	assert_in_range(share.kept - before, 1, TARGET_WEIGHT_WHOLE / 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_withheld_falls_linearly_during_slow_start),
		cmocka_unit_test(a_full_target_gets_less_by_the_share_that_it_refuses),
		cmocka_unit_test(answers_alone_cost_nothing_and_wake_nobody),
		cmocka_unit_test(a_short_slow_start_does_not_hurry_the_recovery_of_a_full_target),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
