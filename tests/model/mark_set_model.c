/* SPDX-License-Identifier: BSD-3-Clause */
/* state/mark_set.h against an array that forgets nothing. */
#include "model.h"

#include "state/mark_set.h"

#define KEYS_MAX 4000u

struct mark_model {
	tick_t until; /* 0: never put */
	uint8_t code;
};

static void run_with(struct model_random *random, uint32_t capacity, uint32_t keys)
{
	static struct mark_model model[KEYS_MAX];
	struct mark_set *set = mark_set_create(capacity);
	tick_t now = TICK_SECONDS(1 + model_below(random, 1000));
	uint64_t missed = 0, live = 0;

	assert_non_null(set);
	memset(model, 0, sizeof(model));
	for (unsigned int step = 0; step < 60000; step++) {
		uint32_t i = (uint32_t)model_below(random, keys);
		uint8_t kind = (uint8_t)(i % 3), got = 0;
		now += model_below(random, TICK_MS(20));
		if (model_below(random, 3)) {
			bool found = mark_set_get(set, model_key(i), kind, now, &got);
			/* A second longer at most; never early but for those that gave way. */
			if (found)
				assert_true(model[i].until + TICK_SECONDS(1) > now &&
					    got == model[i].code);
			else if (model[i].until > now)
				missed++, model[i].until = 0;
			live += found;
		} else {
			model[i] = (struct mark_model){
				.until = now + model_below(random, TICK_SECONDS(20)),
				.code = (uint8_t)model_u64(random),
			};
			mark_set_put(set, model_key(i), kind, model[i].code, model[i].until, now);
			assert_true(mark_set_get(set, model_key(i), kind, now, &got));
		}
		assert_true(missed <= mark_set_overflow(set));
		if (step % 500 == 0)
			model_sound(mark_set_check(set));
	}
	assert_true(live > 0);
	if (keys <= capacity)
		assert_in_range(missed, 0, live / 500);
	model_sound(mark_set_check(set));
	mark_set_destroy(set);
}

static void run_with_room(struct model_random *random)
{
	run_with(random, 2000, 2000);
}

static void run_without_room(struct model_random *random)
{
	run_with(random, 1 + (uint32_t)model_below(random, 200), KEYS_MAX);
}

static void set_agrees_with_an_array(void **)
{
	model_seeds(5, run_with_room);
}

static void set_without_room_counts_what_it_loses(void **)
{
	model_seeds(5, run_without_room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_agrees_with_an_array),
		cmocka_unit_test(set_without_room_counts_what_it_loses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
