/* SPDX-License-Identifier: BSD-3-Clause */
/* Small parts of a worker: dpdk/idle.h, dpdk/hold.h, dpdk/clock.h, dpdk/memory.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "dpdk/clock.h"
#include "dpdk/hold.h"
#include "dpdk/idle.h"
#include "dpdk/memory.h"
#include "proxy/memory.h"

static void sleep_starts_after_so_many_empty_polls(void **)
{
	struct idle idle = { .polls_max = 3, .sleep_us = 200 };

	for (int i = 0; i < 3; i++)
		assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 0);
	assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 200);
	/* Two polls between two sleeps. */
	assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 0);
	assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 200);
}

static void work_starts_the_count_again(void **)
{
	struct idle idle = { .polls_max = 2, .sleep_us = 200, .empty_polls = 2 };

	assert_int_equal(idle_after_poll(&idle, true, 1000, TICK_NEVER), 0);
	assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 0);
	assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 0);
	assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 200);
}

static void sleep_ends_when_a_timer_is_due(void **)
{
	struct idle idle = { .polls_max = 1, .sleep_us = 200, .empty_polls = 1 };

	assert_int_equal(idle_after_poll(&idle, false, 1000, 1050), 50);
	idle.empty_polls = 1;
	assert_int_equal(idle_after_poll(&idle, false, 1000, 1000), 0);
	idle.empty_polls = 1;
	assert_int_equal(idle_after_poll(&idle, false, 1000, 0), 0);
}

static void zero_empty_polls_means_never_sleep(void **)
{
	struct idle idle = { .polls_max = 0, .sleep_us = 200 };

	for (int i = 0; i < 1000; i++)
		assert_int_equal(idle_after_poll(&idle, false, 1000, TICK_NEVER), 0);
}

static void a_bell_rung_before_the_sleep_prevents_it(void **)
{
	struct idle_bell bell = { 0 };

	idle_announce(&bell);
	assert_int_equal(bell.asleep, 1);
	idle_wake(&bell);
	assert_int_equal(bell.asleep, 0);
	/* Would last longer than any test may, were the announcement still there. */
	idle_sleep(&bell, 3600u * 1000000u);
	assert_int_equal(bell.asleep, 0);
}

static void packets_are_held_in_order_and_bounded(void **)
{
	static struct rte_mbuf packets[HOLD_MAX + 1];
	struct rte_mbuf *taken[HOLD_PER_NEIGHBOUR];
	const struct ip_address hop = { .bytes = { 192, 0, 2, 11 }, .family = IP_V4 };
	struct hold hold = { .neighbours = calloc(HOLD_NEIGHBOURS_MAX, sizeof(*hold.neighbours)) };
	uint32_t put = 0;

	for (int i = 0; i < HOLD_PER_NEIGHBOUR; i++)
		assert_true(hold_put(&hold, 5, 1, &hop, &packets[put++]));
	assert_false(hold_put(&hold, 5, 1, &hop, &packets[put]));
	assert_int_equal(hold_take(&hold, 4, taken), 0);
	assert_int_equal(hold_take(&hold, 5, taken), HOLD_PER_NEIGHBOUR);
	for (int i = 0; i < HOLD_PER_NEIGHBOUR; i++)
		assert_ptr_equal(taken[i], &packets[i]);
	assert_int_equal(hold_take(&hold, 5, taken), 0);
	assert_int_equal(hold.count, 0);

	for (uint32_t i = 0; i < HOLD_MAX; i++)
		assert_true(hold_put(&hold, i / HOLD_PER_NEIGHBOUR, 0, &hop, &packets[i]));
	assert_false(hold_put(&hold, HOLD_NEIGHBOURS_MAX - 1, 0, &hop, &packets[HOLD_MAX]));
	assert_false(hold_put(&hold, HOLD_NEIGHBOURS_MAX, 0, &hop, &packets[HOLD_MAX]));
	assert_int_equal(hold_take(&hold, HOLD_NEIGHBOURS_MAX, taken), 0);
	free(hold.neighbours);
}

static void the_clock_takes_the_measured_frequency(void **)
{
	const struct clock_sample from = { .tsc = 0, .monotonic_ns = 0 };
	const struct clock_sample to = { .tsc = 210000000, .monotonic_ns = 100000000 };
	struct clock clock;

	clock_init(&clock, &from, &to, 2110000000);
	assert_int_equal(clock.tsc_hz, 2100000000);
	assert_int_equal(clock_tick_of(&clock, clock.tsc_start), 0);
	/* A tick is never ahead of the time, and at most one behind. */
	for (uint64_t s = 1; s < 1000000; s = s * 7 + 1) {
		tick_t tick = clock_tick_of(&clock, clock.tsc_start + s * 2100000000u);

		assert_true(tick <= s * 1000000u);
		assert_true(tick + 1 + s / 10 >= s * 1000000u);
	}
	assert_in_range(clock_ns_of(&clock, 2100), 999, 1000);
}

static void the_clock_distrusts_samples_that_cannot_be(void **)
{
	const struct clock_sample from = { .tsc = 1000, .monotonic_ns = 1000 };
	const struct clock_sample close = { .tsc = 3000, .monotonic_ns = 2000 };
	const struct clock_sample frozen = { .tsc = 2100001000, .monotonic_ns = 5000001000 };
	struct clock clock;

	clock_init(&clock, &from, &close, 2100000000);
	assert_int_equal(clock.tsc_hz, 2100000000);
	clock_init(&clock, &from, &frozen, 2100000000);
	assert_int_equal(clock.tsc_hz, 2100000000);
}

static void the_engines_take_what_the_memory_plan_gives_them(void **)
{
	for (uint16_t workers = 1; workers <= 64; workers *= 2) {
		struct dataplane_config config = {
			.workers = workers,
			.memory = MEMORY_MIN + (workers - 1) * ((size_t)16 << 20),
		};
		struct failure failure = { .text = "" };
		struct memory_plan plan;
		assert_int_equal(memory_plan(&config, &plan, &failure), 0);
		assert_int_equal(proxy_memory_needed(&plan.proxy), plan.engine);
		assert_in_range(plan.engine * workers, config.memory / 2 - workers, config.memory);
		assert_true(plan.proxy.txns_max && plan.proxy.tombstones_max &&
			    plan.proxy.dialogs_max && plan.proxy.retain_max);
		config.memory--;
		assert_int_not_equal(memory_plan(&config, &plan, &failure), 0);
	}
}

/* The example of README.md, "Sizing", to a hundredth. */
static void half_a_gibibyte_and_two_workers_hold_what_the_readme_says(void **)
{
	const struct dataplane_config config = { .workers = 2, .memory = (size_t)512 << 20 };
	struct failure failure = { .text = "" };
	struct memory_plan plan;

	assert_int_equal(memory_plan(&config, &plan, &failure), 0);
	assert_in_range(plan.proxy.txns_max, 36363 * 99 / 100, 36363 * 101 / 100);
	assert_in_range(plan.proxy.tombstones_max, 258339 * 99 / 100, 258339 * 101 / 100);
	assert_in_range(plan.proxy.dialogs_max, 168437 * 99 / 100, 168437 * 101 / 100);
	assert_in_range(plan.proxy.retain_max >> 20, 79, 81);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleep_starts_after_so_many_empty_polls),
		cmocka_unit_test(work_starts_the_count_again),
		cmocka_unit_test(sleep_ends_when_a_timer_is_due),
		cmocka_unit_test(zero_empty_polls_means_never_sleep),
		cmocka_unit_test(a_bell_rung_before_the_sleep_prevents_it),
		cmocka_unit_test(packets_are_held_in_order_and_bounded),
		cmocka_unit_test(the_clock_takes_the_measured_frequency),
		cmocka_unit_test(the_clock_distrusts_samples_that_cannot_be),
		cmocka_unit_test(the_engines_take_what_the_memory_plan_gives_them),
		cmocka_unit_test(half_a_gibibyte_and_two_workers_hold_what_the_readme_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
