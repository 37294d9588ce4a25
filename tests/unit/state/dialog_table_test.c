/* SPDX-License-Identifier: BSD-3-Clause */
/* state/dialog_table.h: bounds, ends, watches, and the order of CSeq numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/dialog_table.h"

#define LATE_MS  32000u
#define WORD_BIT 0x40000000u

struct fixture {
	struct timer_wheel *wheel;
	struct dialog_table *table;
	tick_t now;
};

static void fixture_init(struct fixture *f, uint32_t capacity)
{
	f->now = TICK_SECONDS(4000); /* not a whole number of 2^32 ms off 0 */
	f->wheel = timer_wheel_create(capacity, f->now);
	f->table = dialog_table_create(capacity, f->wheel, WORD_BIT);
	assert_non_null(f->wheel);
	assert_non_null(f->table);
}

static void fixture_fini(struct fixture *f)
{
	assert_null(dialog_table_check(f->table));
	for (uint32_t i = 0; i < dialog_table_capacity(f->table); i++) {
		struct dialog *dialog = dialog_table_at(f->table, i);
		if (dialog)
			dialog_table_remove(f->table, dialog);
	}
	assert_int_equal(dialog_table_count(f->table), 0);
	assert_int_equal(dialog_table_watches(f->table), 0);
	assert_int_equal(timer_wheel_count(f->wheel), 0);
	assert_null(dialog_table_check(f->table));
	dialog_table_destroy(f->table);
	timer_wheel_destroy(f->wheel);
}

static struct hash128 key_of(uint64_t n)
{
	return (struct hash128){ hash_mix64(n), hash_mix64(~n) };
}

static struct dialog *insert(struct fixture *f, uint64_t n, uint64_t ms)
{
	return dialog_table_insert(f->table, key_of(n), tick_add(f->now, TICK_MS(ms)), f->now);
}

/* The dialog whose timer runs out next, with the clock at that moment. */
static struct dialog *next_due(struct fixture *f)
{
	uint64_t word = 0;

	for (int i = 0; i < 1000; i++) {
		tick_t next = timer_wheel_next(f->wheel);
		assert_true(next != TICK_NEVER);
		f->now = next > f->now ? next : f->now;
		if (timer_wheel_expire(f->wheel, f->now, &word, 1) == 1)
			break;
	}
	assert_true(word & WORD_BIT);
	return dialog_table_due(f->table, (uint32_t)word & ~WORD_BIT, (uint32_t)(word >> 32));
}

static void a_full_table_refuses_and_goes_on(void **)
{
	struct fixture f;

	fixture_init(&f, 3);
	for (uint64_t n = 0; n < 3; n++)
		assert_non_null(insert(&f, n, 1000));
	assert_null(insert(&f, 3, 1000));
	assert_int_equal(dialog_table_count(f.table), 3);
	for (uint64_t n = 0; n < 3; n++)
		assert_non_null(dialog_table_find(f.table, key_of(n)));
	assert_null(dialog_table_find(f.table, key_of(3)));
	dialog_table_remove(f.table, dialog_table_find(f.table, key_of(1)));
	assert_null(dialog_table_find(f.table, key_of(1)));
	assert_non_null(insert(&f, 3, 1000));
	assert_non_null(dialog_table_find(f.table, key_of(3)));
	fixture_fini(&f);
}

static void a_timer_of_a_dialog_that_is_no_more_finds_none(void **)
{
	struct fixture f;

	fixture_init(&f, 1);
	struct dialog *dialog = insert(&f, 1, 1000);
	uint32_t generation = 1;
	assert_ptr_equal(next_due(&f), dialog);
	dialog_table_rearm(f.table, dialog, f.now);
	dialog_table_remove(f.table, dialog);
	assert_null(dialog_table_due(f.table, 0, generation));
	assert_non_null(insert(&f, 2, 1000));
	assert_null(dialog_table_due(f.table, 0, generation));
	assert_null(dialog_table_due(f.table, 7, generation));
	fixture_fini(&f);
}

static void an_end_moves_both_ways_and_is_never_early(void **)
{
	struct fixture f;

	fixture_init(&f, 2);
	tick_t start = f.now;
	struct dialog *dialog = insert(&f, 1, 1000);
	/* Later: the timer runs out at the old time and is armed again. */
	dialog_table_end_in(f.table, dialog, 5000, f.now);
	assert_ptr_equal(next_due(&f), dialog);
	assert_false(dialog_is_over(dialog, f.now));
	dialog_table_rearm(f.table, dialog, f.now);
	assert_ptr_equal(next_due(&f), dialog);
	assert_true(dialog_is_over(dialog, f.now));
	assert_in_range(f.now - start, TICK_MS(5000), TICK_MS(5002));
	dialog_table_rearm(f.table, dialog, f.now);
	/* Sooner than the timer stands: at once. */
	start = f.now;
	dialog_table_end_in(f.table, dialog, TICK_SECONDS(3600) / 1000, f.now);
	dialog_table_rearm(f.table, dialog, f.now);
	dialog_table_end_in(f.table, dialog, 700, f.now);
	assert_ptr_equal(next_due(&f), dialog);
	assert_true(dialog_is_over(dialog, f.now));
	assert_in_range(f.now - start, TICK_MS(700), TICK_MS(702));
	dialog_table_rearm(f.table, dialog, f.now);
	fixture_fini(&f);
}

static void an_age_beyond_what_can_be_compared_is_cut_off(void **)
{
	struct fixture f;

	fixture_init(&f, 1);
	struct dialog *dialog = insert(&f, 1, 1000);
	dialog_table_end_in(f.table, dialog, UINT64_C(4294967295) * 1000, f.now);
	assert_false(dialog_is_over(dialog, tick_add(f.now, TICK_MS(DIALOG_AGE_MAX_MS - 1))));
	assert_true(dialog_is_over(dialog, tick_add(f.now, TICK_MS(DIALOG_AGE_MAX_MS + 1))));
	fixture_fini(&f);
}

static void a_watch_wakes_before_the_end_and_is_bounded(void **)
{
	struct fixture f;

	fixture_init(&f, 2); /* one watch */
	tick_t start = f.now;
	struct dialog *a = insert(&f, 1, 100000), *b = insert(&f, 2, 100000);
	struct dialog_watch *watch = dialog_table_start_watch(f.table, a, 32000, f.now);
	assert_non_null(watch);
	assert_null(dialog_table_start_watch(f.table, b, 32000, f.now));
	assert_null(dialog_table_watch(f.table, b));
	assert_ptr_equal(dialog_table_watch(f.table, a), watch);
	assert_false(dialog_watch_is_due(watch, tick_add(f.now, TICK_MS(31999))));
	assert_ptr_equal(next_due(&f), a);
	assert_in_range(f.now - start, TICK_MS(32000), TICK_MS(32002));
	assert_true(dialog_watch_is_due(watch, f.now));
	assert_false(dialog_is_over(a, f.now));
	dialog_table_stop_watch(f.table, a);
	dialog_table_rearm(f.table, a, f.now);
	assert_non_null(dialog_table_start_watch(f.table, b, 32000, f.now));
	assert_null(dialog_table_check(f.table));
	fixture_fini(&f);
}

/* ---- numbers */

static bool take(struct fixture *f, struct dialog *dialog, enum dialog_side side, uint32_t cseq)
{
	if (!dialog_number_is_in_order(dialog, side, cseq, LATE_MS, f->now))
		return false;
	dialog_number_take(dialog, side, cseq, LATE_MS, f->now);
	return true;
}

static void below_the_first_number_is_out_of_order_and_a_gap_is_not(void **)
{
	struct fixture f;

	fixture_init(&f, 1);
	struct dialog *dialog = insert(&f, 1, 100000);
	dialog_number_begin(dialog, DIALOG_CALLER, 101, f.now);
	assert_false(take(&f, dialog, DIALOG_CALLER, 2));
	assert_false(take(&f, dialog, DIALOG_CALLER, 100));
	assert_true(take(&f, dialog, DIALOG_CALLER, 101)); /* equal is not lower */
	assert_true(take(&f, dialog, DIALOG_CALLER, 110));
	assert_true(take(&f, dialog, DIALOG_CALLER, 4000000000u));
	assert_false(take(&f, dialog, DIALOG_CALLER, 2));
	/* The other side counts for itself. */
	assert_true(take(&f, dialog, DIALOG_CALLEE, 1));
	assert_true(take(&f, dialog, DIALOG_CALLEE, 0xffffffff));
	assert_false(take(&f, dialog, DIALOG_CALLEE, 0));
	fixture_fini(&f);
}

static void what_was_overtaken_is_in_order_once_and_for_a_while(void **)
{
	struct fixture f;

	fixture_init(&f, 1);
	struct dialog *dialog = insert(&f, 1, 100000);
	dialog_number_begin(dialog, DIALOG_CALLER, 101, f.now);
	assert_true(take(&f, dialog, DIALOG_CALLER, 103));
	assert_true(take(&f, dialog, DIALOG_CALLER, 102));
	assert_false(take(&f, dialog, DIALOG_CALLER, 102));
	assert_false(take(&f, dialog, DIALOG_CALLER, 101));
	assert_true(take(&f, dialog, DIALOG_CALLER, 135));
	assert_true(take(&f, dialog, DIALOG_CALLER, 104)); /* 31 below */
	assert_false(take(&f, dialog, DIALOG_CALLER, 103));
	assert_false(take(&f, dialog, DIALOG_CALLER, 102));
	f.now = tick_add(f.now, TICK_MS(LATE_MS));
	assert_true(take(&f, dialog, DIALOG_CALLER, 134));
	f.now = tick_add(f.now, TICK_MS(1));
	assert_false(take(&f, dialog, DIALOG_CALLER, 133));
	/* A new number does not open the old gaps again. */
	assert_true(take(&f, dialog, DIALOG_CALLER, 137));
	assert_false(take(&f, dialog, DIALOG_CALLER, 133));
	assert_true(take(&f, dialog, DIALOG_CALLER, 136));
	fixture_fini(&f);
}

static void a_direction_that_begins_with_the_later_of_two_takes_the_earlier(void **)
{
	struct fixture f;

	fixture_init(&f, 1);
	struct dialog *dialog = insert(&f, 1, 100000);
	assert_true(take(&f, dialog, DIALOG_CALLEE, 70));
	assert_true(take(&f, dialog, DIALOG_CALLEE, 69));
	assert_false(take(&f, dialog, DIALOG_CALLEE, 69));
	assert_false(take(&f, dialog, DIALOG_CALLEE, 5));
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_table_refuses_and_goes_on),
		cmocka_unit_test(a_timer_of_a_dialog_that_is_no_more_finds_none),
		cmocka_unit_test(an_end_moves_both_ways_and_is_never_early),
		cmocka_unit_test(an_age_beyond_what_can_be_compared_is_cut_off),
		cmocka_unit_test(a_watch_wakes_before_the_end_and_is_bounded),
		cmocka_unit_test(below_the_first_number_is_out_of_order_and_a_gap_is_not),
		cmocka_unit_test(what_was_overtaken_is_in_order_once_and_for_a_while),
		cmocka_unit_test(a_direction_that_begins_with_the_later_of_two_takes_the_earlier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
