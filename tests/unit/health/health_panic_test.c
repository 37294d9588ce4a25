/* SPDX-License-Identifier: BSD-3-Clause */
/* Panic: too many out, and all are used. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "health_fixture.h"

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

static bool is_panicking(const struct fixture *f)
{
	return f->pool_statuses[0].is_panicking;
}

static void list(struct fixture *f, uint32_t i, uint32_t seconds)
{
	assert_true(health_blacklist_add(f->health, f->targets[i].id, S(seconds), "by hand", f->now));
	fixture_run(f, TICK_MS(5));
}

static void beyond_the_threshold_all_are_used_and_calm_has_to_last(void **state)
{
	struct fixture *f = *state;

	list(f, 0, 100);
	list(f, 1, 100);
	assert_false(is_panicking(f)); /* half of them, not more */
	list(f, 2, 10);
	assert_true(is_panicking(f));
	assert_string_equal(fixture_event(f),
			    "switches: panic: 3 of 4 ready targets would be out, more than 50%: all "
			    "of them get calls, whatever was observed");
	fixture_run(f, S(10));
	assert_true(is_panicking(f));
	fixture_run(f, S(4));
	assert_true(is_panicking(f));
	list(f, 2, 3); /* it was too early */
	fixture_run(f, S(7));
	assert_true(is_panicking(f));
	fixture_run(f, S(2));
	assert_false(is_panicking(f));
	assert_string_equal(fixture_event(f),
			    "switches: panic is over: 2 of 4 ready targets are out");
}

static void only_ready_targets_count_and_a_wish_is_noticed(void **state)
{
	struct fixture *f = *state;

	f->statuses[2].admin = TARGET_MAINT;
	f->statuses[3].admin = TARGET_DRAIN;
	list(f, 0, 1000);
	assert_false(is_panicking(f)); /* one of two */
	f->statuses[1].admin = TARGET_MAINT;
	fixture_run(f, S(2));
	assert_true(is_panicking(f));
	f->statuses[1].admin = f->statuses[2].admin = f->statuses[3].admin = TARGET_READY;
	fixture_run(f, S(7));
	assert_false(is_panicking(f));
	f->statuses[0].admin = f->statuses[1].admin = TARGET_MAINT;
	f->statuses[2].admin = f->statuses[3].admin = TARGET_MAINT;
	fixture_run(f, S(2));
	assert_false(is_panicking(f)); /* nobody is ready: that is a wish */
}

static void at_a_hundred_percent_it_never_panics_and_at_none_at_the_first(void **state)
{
	struct fixture *f = *state;

	f->settings.blacklist.panic_threshold = 100;
	fixture_publish(f);
	for (uint32_t i = 0; i < 4; i++)
		list(f, i, 1000);
	assert_false(is_panicking(f));
	f->settings.blacklist.panic_threshold = 0;
	fixture_publish(f);
	assert_true(is_panicking(f));
	for (uint32_t i = 0; i < 4; i++)
		assert_true(health_blacklist_remove(f->health, f->targets[i].id, f->now));
	fixture_run(f, TICK_MS(5));
	assert_false(is_panicking(f)); /* nobody is out: no need to wait */
}

static void a_reload_keeps_it_and_a_pool_without_status_never_panics(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 3; i++)
		list(f, i, 1000);
	assert_true(is_panicking(f));
	uint32_t events = f->event_count;
	fixture_publish(f);
	fixture_run(f, S(2));
	assert_true(is_panicking(f));
	assert_int_equal(f->event_count, events);
	f->pools[0].status = NULL;
	fixture_publish(f);
	fixture_run(f, S(20));
	assert_int_equal(f->event_count, events);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(beyond_the_threshold_all_are_used_and_calm_has_to_last),
		TEST(only_ready_targets_count_and_a_wish_is_noticed),
		TEST(at_a_hundred_percent_it_never_panics_and_at_none_at_the_first),
		TEST(a_reload_keeps_it_and_a_pool_without_status_never_panics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
