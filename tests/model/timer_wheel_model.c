/* SPDX-License-Identifier: BSD-3-Clause */
/* state/timer_wheel.h against a list of deadlines that is searched from end to end. */
#include "model.h"

#include "state/timer_wheel.h"

#define TIMERS   3000u
#define CAPACITY (TIMERS / 2)
#define STALE    64u

struct timer_model {
	bool running;
	bool overdue; /* armed in the past */
	uint64_t slot;
	timer_handle_t handle;
};

struct run {
	struct timer_wheel *wheel;
	struct model_random *random;
	tick_t now;
	uint32_t running;
	struct timer_model timers[TIMERS];
	timer_handle_t stale[STALE];
};

static bool is_due(const struct run *run, const struct timer_model *timer)
{
	return timer->running && (timer->overdue || timer->slot <= run->now / 1000);
}

static uint64_t some_delta(struct model_random *random)
{
	switch (model_below(random, 12)) {
	case 0: return 0;
	case 1: return model_below(random, 1000);
	case 2: return TICK_MS(model_below(random, 64));
	case 3:
	case 4:
	case 5: return model_below(random, TICK_MS(4000));
	case 6:
	case 7: return model_below(random, TICK_SECONDS(33));
	case 8: return TICK_SECONDS(48) + model_below(random, TICK_SECONDS(20));
	case 9: return model_below(random, TICK_SECONDS(3700));
	case 10: return model_below(random, TICK_SECONDS(19 * 3600));
	default: return model_below(random, TICK_SECONDS(90 * 86400));
	}
}

static void arm_one(struct run *run)
{
	uint32_t i = (uint32_t)model_below(run->random, TIMERS);
	struct timer_model *timer = &run->timers[i];
	uint64_t delta = some_delta(run->random);
	tick_t deadline = run->now + delta;

	if (timer->running)
		return;
	if (model_below(run->random, 20) == 0)
		deadline = delta < run->now ? run->now - delta : 0;
	else if (model_below(run->random, 200) == 0)
		deadline = TICK_NEVER - model_below(run->random, 3);
	timer->handle = timer_wheel_arm(run->wheel, deadline, i);
	assert_int_equal(timer->handle == TIMER_NONE, run->running == CAPACITY);
	if (timer->handle == TIMER_NONE)
		return;
	timer->running = true;
	timer->overdue = deadline <= run->now;
	timer->slot = deadline / 1000 + (deadline % 1000 != 0);
	run->running++;
	assert_int_equal(timer_wheel_count(run->wheel), run->running);
}

static void cancel_one(struct run *run)
{
	struct timer_model *timer = &run->timers[model_below(run->random, TIMERS)];
	timer_handle_t *stale = &run->stale[model_below(run->random, STALE)];

	assert_false(timer_wheel_cancel(run->wheel, *stale));
	timer_wheel_prefetch(run->wheel, timer->handle);
	assert_int_equal(timer_wheel_cancel(run->wheel, timer->handle), timer->running);
	run->running -= timer->running;
	timer->running = false;
	*stale = timer->handle;
}

/* One call of expire; returns whether there may be more. */
static bool expire_once(struct run *run, uint32_t max)
{
	uint64_t words[300];
	uint32_t count = timer_wheel_expire(run->wheel, run->now, words, max);
	uint64_t last = 0;

	assert_in_range(count, 0, max);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(words[i] < TIMERS);
		struct timer_model *timer = &run->timers[words[i]];
		assert_true(is_due(run, timer));
		if (!timer->overdue) {
			assert_true(timer->slot >= last);
			last = timer->slot;
		}
		timer->running = false;
		run->stale[model_below(run->random, STALE)] = timer->handle;
		run->running--;
	}
	assert_int_equal(timer_wheel_count(run->wheel), run->running);
	return count == max;
}

static void check_nothing_is_due(const struct run *run)
{
	uint64_t first = UINT64_MAX;
	bool only_for_ever = true;

	for (uint32_t i = 0; i < TIMERS; i++) {
		const struct timer_model *timer = &run->timers[i];
		if (!timer->running)
			continue;
		assert_false(is_due(run, timer));
		if (timer->slot > UINT64_MAX / 1000)
			continue;
		only_for_ever = false;
		first = timer->slot < first ? timer->slot : first;
	}
	tick_t next = timer_wheel_next(run->wheel);
	if (only_for_ever)
		assert_int_equal(next, TICK_NEVER);
	else
		assert_true(next > run->now && next <= first * 1000);
}

static void expire_all(struct run *run)
{
	uint32_t max = 1 + (uint32_t)model_below(run->random, 300);

	while (expire_once(run, max)) {
		/* While it is behind, others arm and cancel. */
		if (model_below(run->random, 2))
			arm_one(run);
		if (model_below(run->random, 2))
			cancel_one(run);
	}
	check_nothing_is_due(run);
}

static void advance(struct run *run)
{
	switch (model_below(run->random, 40)) {
	case 0: run->now += model_below(run->random, TICK_SECONDS(40)); break;
	case 1: run->now += model_below(run->random, TICK_SECONDS(120)); break;
	case 2: run->now += model_below(run->random, TICK_SECONDS(7200)) / 8; break;
	case 3:
		if (model_below(run->random, 10) == 0)
			run->now += model_below(run->random, TICK_SECONDS(30 * 86400));
		break;
	case 4:
	case 5: {
		tick_t next = timer_wheel_next(run->wheel);
		if (next != TICK_NEVER)
			run->now = next;
		break;
	}
	default: run->now += model_below(run->random, 8000);
	}
	expire_all(run);
}

static void run_randomly(struct model_random *random)
{
	static struct run run;

	run = (struct run){ .random = random };
	run.now = model_below(random, 2) ? model_u64(random) >> 8 : model_below(random, 100000);
	run.wheel = timer_wheel_create(CAPACITY, run.now);
	assert_non_null(run.wheel);
	for (unsigned int step = 0; step < 4000; step++) {
		for (uint64_t n = model_below(random, 24); n--;)
			arm_one(&run);
		for (uint64_t n = model_below(random, 12); n--;)
			cancel_one(&run);
		advance(&run);
		if (step % 200 == 0)
			model_sound(timer_wheel_check(run.wheel));
	}
	model_sound(timer_wheel_check(run.wheel));
	timer_wheel_destroy(run.wheel);
}

static void wheel_agrees_with_a_list_of_deadlines(void **)
{
	model_seeds(6, run_randomly);
}

/* A loop that only jumps to timer_wheel_next ends, and soon. */
static void jump_to_each_next(struct model_random *random)
{
	tick_t now = model_below(random, TICK_SECONDS(100000)), last = 0;
	struct timer_wheel *wheel = timer_wheel_create(1000, now);
	uint32_t jumps = 0, left = 1000;
	uint64_t words[7];

	assert_non_null(wheel);
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(timer_wheel_arm(wheel, now + some_delta(random), i) != TIMER_NONE);
	while (timer_wheel_next(wheel) != TICK_NEVER) {
		now = timer_wheel_next(wheel);
		assert_true(now >= last);
		last = now;
		left -= timer_wheel_expire(wheel, now, words, 7);
		jumps++;
	}
	assert_int_equal(left, 0);
	/* At most one jump for each timer, one for each far list that it was in. */
	assert_in_range(jumps, 1, 1000 + 2 * 1000 + 90 * 2);
	model_sound(timer_wheel_check(wheel));
	timer_wheel_destroy(wheel);
}

static void jumping_to_next_makes_progress(void **)
{
	model_seeds(10, jump_to_each_next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wheel_agrees_with_a_list_of_deadlines),
		cmocka_unit_test(jumping_to_next_makes_progress),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
