/* SPDX-License-Identifier: BSD-3-Clause */
/* health/prober.h: when probes are sent, and what they say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "health/prober.h"

static struct probe_settings settings_make(void)
{
	struct probe_settings settings = {
		.interval_us = TICK_SECONDS(2), .timeout_us = TICK_SECONDS(1),
		.rise = 2, .fall = 3, .jitter = 20,
	};

	for (uint16_t status = 200; status < 300; status++)
		status_set_add(&settings.accept, status);
	return settings;
}

/* Sends one and ends it; returns the change. */
static enum prober_change probed(struct prober *prober, const struct probe_settings *settings,
				 uint16_t status, bool heard)
{
	enum prober_sign sign;
	tick_t now = prober->next;
	uint32_t number = (uint32_t)prober->count + 1;

	assert_true(prober_wants(prober, now));
	prober_sent(prober, settings, number, now, 77);
	assert_true(prober_end(prober, settings, number, status, 1500, heard, now + 1500, &sign));
	return prober_judge(prober, settings, sign);
}

static void fall_in_a_row_is_down_and_rise_in_a_row_is_up(void **)
{
	struct probe_settings settings = settings_make();
	struct prober prober = { .is_on = false };

	prober_configure(&prober, &settings, 0, 5);
	assert_int_equal(probed(&prober, &settings, 0, false), PROBER_SAME);
	assert_int_equal(probed(&prober, &settings, 404, false), PROBER_SAME);
	assert_int_equal(probed(&prober, &settings, 200, false), PROBER_SAME); /* the row ends */
	assert_int_equal(probed(&prober, &settings, 0, false), PROBER_SAME);
	assert_int_equal(probed(&prober, &settings, 0, false), PROBER_SAME);
	assert_false(prober.is_down);
	assert_int_equal(probed(&prober, &settings, 0, false), PROBER_DOWN);
	assert_int_equal(probed(&prober, &settings, 0, false), PROBER_SAME); /* told once */
	assert_int_equal(probed(&prober, &settings, 200, false), PROBER_SAME);
	assert_int_equal(probed(&prober, &settings, 0, false), PROBER_SAME);
	assert_int_equal(probed(&prober, &settings, 299, false), PROBER_SAME);
	assert_true(prober.is_down);
	assert_int_equal(probed(&prober, &settings, 200, false), PROBER_UP);
	assert_false(prober.is_down);
	assert_int_equal(prober.last_status, 200);
	assert_int_equal(prober.last_delay_us, 1500);
	assert_int_equal(prober.answered, 5);
	assert_int_equal(prober.unanswered, 6);
}

static void a_503_is_full_and_neither_fails_nor_succeeds(void **)
{
	struct probe_settings settings = settings_make();
	struct prober prober = { .is_on = false };

	prober_configure(&prober, &settings, 0, 5);
	for (int i = 0; i < 20; i++)
		assert_int_equal(probed(&prober, &settings, 503, false), PROBER_SAME);
	assert_false(prober.is_down);
	for (int i = 0; i < 3; i++)
		(void)probed(&prober, &settings, 0, false);
	assert_true(prober.is_down);
	for (int i = 0; i < 20; i++)
		assert_int_equal(probed(&prober, &settings, 503, false), PROBER_SAME);
	assert_true(prober.is_down);
	/* Unless the operator says that it is as good as any. */
	status_set_add(&settings.accept, 503);
	(void)probed(&prober, &settings, 503, false);
	assert_int_equal(probed(&prober, &settings, 503, false), PROBER_UP);
}

static void silence_while_calls_are_answered_is_no_failure(void **)
{
	struct probe_settings settings = settings_make();
	struct prober prober = { .is_on = false };

	prober_configure(&prober, &settings, 0, 5);
	for (int i = 0; i < 20; i++)
		assert_int_equal(probed(&prober, &settings, 0, true), PROBER_SAME);
	assert_false(prober.is_down);
	/* An answer that is not accepted is one, whatever calls got. */
	for (int i = 0; i < 3; i++)
		(void)probed(&prober, &settings, 500, true);
	assert_true(prober.is_down);
}

static void one_at_a_time_matched_by_number(void **)
{
	struct probe_settings settings = settings_make();
	struct prober prober = { .is_on = false };
	enum prober_sign sign;

	assert_int_equal(prober_due(&prober), TICK_NEVER);
	prober_configure(&prober, &settings, 0, 5);
	prober_sent(&prober, &settings, 41, prober.next, 0);
	assert_false(prober_wants(&prober, prober.next + TICK_SECONDS(60)));
	assert_false(prober_end(&prober, &settings, 40, 200, 0, false, 9, &sign));
	assert_false(prober_end(&prober, &settings, 0, 200, 0, false, 9, &sign));
	assert_true(prober_end(&prober, &settings, 41, 200, 0, false, 9, &sign));
	assert_int_equal(sign, PROBER_GOOD);
	assert_false(prober_end(&prober, &settings, 41, 200, 0, false, 9, &sign));
	assert_true(prober_wants(&prober, prober.next));
	/* An end that never comes is given up, and says nothing. */
	prober_sent(&prober, &settings, 42, TICK_SECONDS(10), 0);
	assert_int_equal(prober_due(&prober), TICK_SECONDS(12));
	assert_false(prober_give_up(&prober, TICK_SECONDS(12) - 1));
	assert_true(prober_give_up(&prober, TICK_SECONDS(12)));
	assert_int_equal(prober.bad, 0);
	assert_int_equal(prober_due(&prober), prober.next);
	prober_put_off(&prober, TICK_SECONDS(20));
	assert_int_equal(prober_due(&prober), TICK_SECONDS(20) + TICK_MS(10));
}

/* However many targets start together: no burst, and they stay spread. */
static void a_thousand_targets_are_spread_over_the_interval(void **)
{
	struct probe_settings settings = settings_make();
	static struct prober probers[1000];
	uint64_t random = 88172645463325252u;
	unsigned int most = 0, all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(probers); i++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		prober_configure(&probers[i], &settings, 0, random);
		assert_true(prober_due(&probers[i]) < settings.interval_us);
	}
	for (tick_t now = 0; now < TICK_SECONDS(20); now += TICK_MS(10)) {
		unsigned int sent = 0;
		for (size_t i = 0; i < ARRAY_SIZE(probers); i++) {
			enum prober_sign sign;
			if (!prober_wants(&probers[i], now))
				continue;
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			prober_sent(&probers[i], &settings, 1, now, random);
			assert_in_range(probers[i].next - now, TICK_MS(1800), TICK_MS(2200));
			assert_true(prober_end(&probers[i], &settings, 1, 200, 9, false, now, &sign));
			sent++;
		}
		most = MAX(most, sent);
		all += sent;
	}
	/* 5 in 10 ms on the average */
	assert_in_range(all, 9500, 10500);
	assert_true(most < 20);
}

static void a_reload_keeps_what_was_learnt_and_may_end_it(void **)
{
	struct probe_settings settings = settings_make();
	const struct probe_settings off = { .interval_us = 0 };
	struct prober prober = { .is_on = false };

	prober_configure(&prober, &settings, 0, 5);
	for (int i = 0; i < 3; i++)
		(void)probed(&prober, &settings, 0, false);
	tick_t next = prober.next;
	prober_configure(&prober, &settings, next - 1, 99);
	assert_true(prober.is_down);
	assert_int_equal(prober.next, next);
	/* A shorter interval does not wait the longer one out. */
	settings.interval_us = TICK_MS(100);
	prober_configure(&prober, &settings, next - TICK_SECONDS(1), 0);
	assert_int_equal(prober.next, next - TICK_SECONDS(1));
	prober_configure(&prober, &off, next, 99);
	assert_false(prober.is_down);
	assert_int_equal(prober_due(&prober), TICK_NEVER);
	assert_false(prober_wants(&prober, TICK_NEVER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fall_in_a_row_is_down_and_rise_in_a_row_is_up),
		cmocka_unit_test(a_503_is_full_and_neither_fails_nor_succeeds),
		cmocka_unit_test(silence_while_calls_are_answered_is_no_failure),
		cmocka_unit_test(one_at_a_time_matched_by_number),
		cmocka_unit_test(a_thousand_targets_are_spread_over_the_interval),
		cmocka_unit_test(a_reload_keeps_what_was_learnt_and_may_end_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
