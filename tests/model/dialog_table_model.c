/* SPDX-License-Identifier: BSD-3-Clause */
/* state/dialog_table.h against an array of dialogs, and CSeq numbers against a set. */
#include "model.h"

#include "state/dialog_table.h"

#define KEYS_MAX 300u
#define WORD_BIT 0x40000000u

struct model_dialog {
	bool is_there, is_watched;
	tick_t end, due;
	uint16_t mark; /* kept in `target` */
};

struct run {
	struct model_random *random;
	struct timer_wheel *wheel;
	struct dialog_table *table;
	struct model_dialog model[KEYS_MAX];
	uint32_t count, watches;
	tick_t now;
};

static void forget(struct run *run, uint32_t key)
{
	struct model_dialog *model = &run->model[key];

	run->count--;
	run->watches -= model->is_watched;
	model->is_there = model->is_watched = false;
}

static void insert(struct run *run, uint32_t key)
{
	uint64_t ms = 1 + model_below(run->random, 5000);
	uint16_t mark = (uint16_t)key;
	struct dialog *dialog = dialog_table_insert(run->table, model_key(key),
						    tick_add(run->now, TICK_MS(ms)), run->now);

	if (run->count == dialog_table_capacity(run->table)) {
		assert_null(dialog);
		return;
	}
	assert_non_null(dialog);
	dialog->target = mark;
	run->count++;
	run->model[key] = (struct model_dialog){
		.is_there = true,
		.mark = mark,
		.end = tick_add(run->now, TICK_MS(ms)),
	};
}

static void change(struct run *run, uint32_t key, struct dialog *dialog)
{
	struct model_dialog *model = &run->model[key];
	uint64_t ms = 1 + model_below(run->random, 5000);

	switch (model_below(run->random, 4)) {
	case 0:
		dialog_table_remove(run->table, dialog);
		forget(run, key);
		break;
	case 1:
		dialog_table_end_in(run->table, dialog, ms, run->now);
		model->end = tick_add(run->now, TICK_MS(ms));
		break;
	case 2:
		if (model->is_watched)
			break;
		model->is_watched =
			dialog_table_start_watch(run->table, dialog, ms, run->now) != NULL;
		model->due = tick_add(run->now, TICK_MS(ms));
		run->watches += model->is_watched;
		break;
	default:
		dialog_table_stop_watch(run->table, dialog);
		run->watches -= model->is_watched;
		model->is_watched = false;
		break;
	}
}

static void expire(struct run *run)
{
	uint64_t words[16];
	uint32_t n;

	do {
		n = timer_wheel_expire(run->wheel, run->now, words, 16);
		for (uint32_t i = 0; i < n; i++) {
			struct dialog *dialog =
				dialog_table_due(run->table, (uint32_t)words[i] & ~WORD_BIT,
						 (uint32_t)(words[i] >> 32));
			assert_non_null(dialog);
			struct model_dialog *model = &run->model[dialog->target];
			struct dialog_watch *watch = dialog_table_watch(run->table, dialog);
			assert_true((watch != NULL) == model->is_watched);
			if (watch && dialog_watch_is_due(watch, run->now)) {
				assert_true(run->now >= model->due);
				dialog_table_stop_watch(run->table, dialog);
				run->watches--;
				model->is_watched = false;
			}
			if (dialog_is_over(dialog, run->now)) {
				assert_true(run->now >= model->end);
				forget(run, dialog->target);
				dialog_table_remove(run->table, dialog);
			} else {
				dialog_table_rearm(run->table, dialog, run->now);
			}
		}
	} while (n == 16);
}

static void check_all(struct run *run)
{
	model_sound(dialog_table_check(run->table));
	assert_int_equal(dialog_table_count(run->table), run->count);
	assert_int_equal(dialog_table_watches(run->table), run->watches);
	assert_int_equal(timer_wheel_count(run->wheel), run->count);
	for (uint32_t key = 0; key < KEYS_MAX; key++) {
		const struct model_dialog *model = &run->model[key];
		assert_true((dialog_table_find(run->table, model_key(key)) != NULL) ==
			    model->is_there);
		/* Nothing is more than two milliseconds late. */
		if (model->is_there)
			assert_true(model->end + TICK_MS(2) > run->now);
		if (model->is_there && model->is_watched)
			assert_true(model->due + TICK_MS(2) > run->now);
	}
}

static void table_run(struct model_random *random)
{
	struct run run = { .random = random, .now = model_below(random, TICK_SECONDS(9000000)) };
	uint32_t capacity = 1 + (uint32_t)model_below(random, KEYS_MAX);

	run.wheel = timer_wheel_create(capacity, run.now);
	run.table = dialog_table_create(capacity, run.wheel, WORD_BIT);
	assert_non_null(run.table);
	for (unsigned int step = 0; step < 40000; step++) {
		uint32_t key = (uint32_t)model_below(random, KEYS_MAX);
		struct dialog *dialog = dialog_table_find(run.table, model_key(key));
		assert_true((dialog != NULL) == run.model[key].is_there);
		if (dialog)
			change(&run, key, dialog);
		else
			insert(&run, key);
		run.now += model_below(random, 20000);
		expire(&run);
		if (step % 500 == 0)
			check_all(&run);
	}
	run.now += TICK_SECONDS(20);
	expire(&run);
	check_all(&run);
	assert_int_equal(run.count, 0);
	dialog_table_destroy(run.table);
	timer_wheel_destroy(run.wheel);
}

/* ---- numbers: each kept with the time at which the highest stood when it was passed over */

#define NUMBERS 400u

static void numbers_run(struct model_random *random)
{
	struct timer_wheel *wheel = timer_wheel_create(1, 0);
	struct dialog_table *table = dialog_table_create(1, wheel, WORD_BIT);
	const uint32_t late_ms = 1 + (uint32_t)model_below(random, 500);
	const uint32_t base = (uint32_t)model_u64(random) >> 1;
	bool closed[NUMBERS] = { false }; /* seen, or given up */
	uint32_t last = (uint32_t)model_below(random, 60), refused = 0, late = 0;
	tick_t now = TICK_SECONDS(100), raised = now;
	struct dialog *dialog;

	assert_non_null(table);
	dialog = dialog_table_insert(table, model_key(1), TICK_SECONDS(1000), now);
	assert_non_null(dialog);
	dialog_number_begin(dialog, DIALOG_CALLER, base + last, now);
	for (uint32_t i = 0; i <= last; i++)
		closed[i] = true;
	for (unsigned int step = 0; step < 2000; step++) {
		uint32_t n = (uint32_t)model_below(random, MIN(last + 5, NUMBERS));
		if (model_below(random, 3)) /* mostly near the highest */
			n = last + 4 > n % 45 ? MIN(last + 4 - n % 45, NUMBERS - 1) : 0;
		bool expected = n >= last || (!closed[n] && last - n <= DIALOG_WINDOW &&
					      tick_to_ms(now) - tick_to_ms(raised) <= late_ms);
		assert_int_equal(dialog_number_is_in_order(dialog, DIALOG_CALLER, base + n, late_ms,
							   now),
				 expected);
		refused += !expected;
		late += expected && n < last;
		if (expected) {
			dialog_number_take(dialog, DIALOG_CALLER, base + n, late_ms, now);
			if (n > last) {
				if (tick_to_ms(now) - tick_to_ms(raised) > late_ms)
					memset(closed, true, last);
				last = n;
				raised = now;
			}
			closed[n] = true;
		}
		now += model_below(random, TICK_MS(late_ms) / 2);
	}
	assert_true(refused > 0 && late > 0);
	dialog_table_remove(table, dialog);
	dialog_table_destroy(table);
	timer_wheel_destroy(wheel);
}

static void table_agrees_with_an_array(void **)
{
	model_seeds(6, table_run);
}

static void numbers_agree_with_a_set(void **)
{
	model_seeds(40, numbers_run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_agrees_with_an_array),
		cmocka_unit_test(numbers_agree_with_a_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
