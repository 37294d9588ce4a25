/* SPDX-License-Identifier: BSD-3-Clause */
/* base/stage.h: what is sampled, who gets the cycles, and that all of them go to somebody. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/stage.h"

#define STAY_MAX 100000

static uint64_t cycles;   /* what the clock under test reads */
static uint64_t a_read;   /* that reading takes itself */

static uint64_t read_cycles(void)
{
	cycles += a_read;
	return cycles;
}

static struct stage_clock clock_of(uint32_t passes_a_sample, uint64_t seed)
{
	const struct stage_clock_config config = {
		.read = read_cycles,
		.seed = seed,
		.passes_a_sample = passes_a_sample,
		.stay_max = STAY_MAX,
	};
	struct stage_clock clock;

	stage_clock_init(&clock, &config);
	return clock;
}

static void work(struct stage_clock *clock, enum stage stage, uint64_t takes)
{
	(void)stage_enter(clock, stage);
	cycles += takes;
}

static void end_pass(struct stage_clock *clock, bool is_busy, uint64_t messages)
{
	stage_pass_end(clock, is_busy, messages, read_cycles());
}

static void check_sum(const struct stage_totals *totals)
{
	uint64_t sum = totals->clock_cycles;

	for (unsigned int s = 0; s < STAGES; s++)
		sum += totals->cycles[s];
	assert_int_equal(sum, totals->busy_cycles);
}

static void cycles_go_to_the_stage_entered_last(void **)
{
	a_read = 0;
	struct stage_clock clock = clock_of(1, 1);

	cycles += 5;
	stage_pass_begin(&clock, STAGE_RX, read_cycles());
	cycles += 10;
	work(&clock, STAGE_PARSE, 200);
	work(&clock, STAGE_TX, 30);
	work(&clock, STAGE_PARSE, 7);
	end_pass(&clock, true, 3);
	assert_int_equal(clock.totals.cycles[STAGE_RX], 10);
	assert_int_equal(clock.totals.cycles[STAGE_PARSE], 207);
	assert_int_equal(clock.totals.cycles[STAGE_TX], 30);
	assert_int_equal(clock.totals.entries[STAGE_RX], 1);
	assert_int_equal(clock.totals.entries[STAGE_PARSE], 2);
	assert_int_equal(clock.totals.entries[STAGE_EGRESS], 0);
	assert_int_equal(clock.totals.busy_cycles, 247);
	assert_int_equal(clock.totals.messages, 3);
	assert_int_equal(clock.totals.passes, 1);
}

static void who_interrupts_a_stage_gives_it_back(void **)
{
	a_read = 0;
	struct stage_clock clock = clock_of(1, 1);

	stage_pass_begin(&clock, STAGE_RX, read_cycles());
	work(&clock, STAGE_TRANSACTION, 100);
	enum stage before = stage_enter(&clock, STAGE_COMPOSE);
	cycles += 20;
	enum stage inner = stage_enter(&clock, STAGE_RETAIN);
	cycles += 3;
	(void)stage_enter(&clock, inner);
	cycles += 40;
	(void)stage_enter(&clock, before);
	cycles += 500;
	end_pass(&clock, true, 1);
	assert_int_equal(before, STAGE_TRANSACTION);
	assert_int_equal(inner, STAGE_COMPOSE);
	assert_int_equal(clock.totals.cycles[STAGE_TRANSACTION], 600);
	assert_int_equal(clock.totals.cycles[STAGE_COMPOSE], 60);
	assert_int_equal(clock.totals.cycles[STAGE_RETAIN], 3);
	check_sum(&clock.totals);
}

static void what_reading_costs_is_taken_off_and_no_cycle_is_lost(void **)
{
	uint64_t spent = 0, random = 7;

	a_read = 25;
	struct stage_clock clock = clock_of(1, 1);
	assert_int_equal(clock.read_cost, 25);
	for (int pass = 0; pass < 1000; pass++) {
		stage_pass_begin(&clock, STAGE_RX, read_cycles());
		uint64_t begun = cycles;
		for (int change = 0; change < pass % 20; change++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			work(&clock, (enum stage)((random >> 40) % STAGES), (random >> 50) % 90);
		}
		end_pass(&clock, true, 1);
		spent += cycles - begun;
	}
	assert_int_equal(clock.totals.passes, 1000);
	assert_int_equal(clock.totals.busy_cycles, spent);
	/* Every change and every end of a pass, 25 each. */
	assert_int_equal(clock.totals.clock_cycles, (1000 / 20 * 190 + 1000) * 25);
	check_sum(&clock.totals);
}

static void a_stage_shorter_than_the_measured_cost_is_not_below_zero(void **)
{
	a_read = 25;
	struct stage_clock clock = clock_of(1, 1);

	stage_pass_begin(&clock, STAGE_RX, read_cycles());
	a_read = 10; /* cheaper than it was when it was measured */
	work(&clock, STAGE_PARSE, 4);
	work(&clock, STAGE_TX, 400);
	end_pass(&clock, true, 1);
	assert_int_equal(clock.totals.cycles[STAGE_PARSE], 0);
	assert_int_equal(clock.totals.cycles[STAGE_TX], 385);
	check_sum(&clock.totals);
}

static void one_busy_pass_in_so_many_is_sampled_at_no_fixed_distance(void **)
{
	const uint64_t passes = 640000;
	uint64_t last = 0, distances = 0, seen[200] = { 0 };

	a_read = 0;
	struct stage_clock clock = clock_of(64, 3);
	for (uint64_t pass = 1; pass <= passes; pass++) {
		stage_pass_begin(&clock, STAGE_RX, read_cycles());
		if (clock.is_sampling) {
			assert_in_range(pass - last, 1, 127);
			distances += !seen[pass - last]++;
			last = pass;
		}
		work(&clock, STAGE_PARSE, 10);
		end_pass(&clock, true, 1);
	}
	assert_in_range(clock.totals.passes, passes / 64 * 97 / 100, passes / 64 * 103 / 100);
	assert_int_equal(clock.totals.messages, clock.totals.passes);
	assert_int_equal(distances, 127);
	struct stage_clock other = clock_of(64, 4);
	assert_int_not_equal(other.random, clock_of(64, 3).random);
}

static void an_idle_pass_leaves_no_trace_and_uses_up_no_sample(void **)
{
	a_read = 0;
	struct stage_clock clock = clock_of(1, 1);

	for (int pass = 0; pass < 100; pass++) {
		stage_pass_begin(&clock, STAGE_RX, read_cycles());
		work(&clock, STAGE_EXPIRE, 50);
		end_pass(&clock, false, 0);
	}
	assert_int_equal(clock.totals.busy_cycles, 0);
	assert_int_equal(clock.totals.entries[STAGE_EXPIRE], 0);
	stage_pass_begin(&clock, STAGE_RX, read_cycles());
	assert_true(clock.is_sampling);
	work(&clock, STAGE_PARSE, 50);
	end_pass(&clock, true, 1);
	assert_int_equal(clock.totals.busy_cycles, 50);
	assert_int_equal(clock.totals.cycles[STAGE_EXPIRE], 0);
}

static void a_pass_in_which_the_core_was_taken_away_is_left_out(void **)
{
	a_read = 0;
	struct stage_clock clock = clock_of(1, 1);

	stage_pass_begin(&clock, STAGE_RX, read_cycles());
	work(&clock, STAGE_PARSE, STAY_MAX + 1);
	work(&clock, STAGE_TX, 5);
	end_pass(&clock, true, 1);
	assert_int_equal(clock.totals.broken_passes, 1);
	assert_int_equal(clock.totals.passes, 0);
	assert_int_equal(clock.totals.busy_cycles, 0);
	stage_pass_begin(&clock, STAGE_RX, read_cycles());
	work(&clock, STAGE_PARSE, STAY_MAX);
	end_pass(&clock, true, 1);
	assert_int_equal(clock.totals.broken_passes, 1);
	assert_int_equal(clock.totals.cycles[STAGE_PARSE], STAY_MAX);
	check_sum(&clock.totals);
}

static void who_has_no_clock_writes_none(void **)
{
	const struct stage_clock before = stage_clock_off;

	assert_int_equal(stage_enter(&stage_clock_off, STAGE_PARSE), STAGE_PARSE);
	assert_memory_equal(&stage_clock_off, &before, sizeof(before));
}

static void totals_of_workers_add_up(void **)
{
	struct stage_totals sum = { .passes = 1 }, more = { .passes = 2, .broken_passes = 5 };

	more.cycles[STAGE_OTHER] = 7;
	stage_totals_add(&sum, &more);
	stage_totals_add(&sum, &more);
	assert_int_equal(sum.passes, 5);
	assert_int_equal(sum.broken_passes, 10);
	assert_int_equal(sum.cycles[STAGE_OTHER], 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cycles_go_to_the_stage_entered_last),
		cmocka_unit_test(who_interrupts_a_stage_gives_it_back),
		cmocka_unit_test(what_reading_costs_is_taken_off_and_no_cycle_is_lost),
		cmocka_unit_test(a_stage_shorter_than_the_measured_cost_is_not_below_zero),
		cmocka_unit_test(one_busy_pass_in_so_many_is_sampled_at_no_fixed_distance),
		cmocka_unit_test(an_idle_pass_leaves_no_trace_and_uses_up_no_sample),
		cmocka_unit_test(a_pass_in_which_the_core_was_taken_away_is_left_out),
		cmocka_unit_test(who_has_no_clock_writes_none),
		cmocka_unit_test(totals_of_workers_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
