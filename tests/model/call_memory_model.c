/* SPDX-License-Identifier: BSD-3-Clause */
/* state/call_memory.h against an array that forgets nothing. */
#include "model.h"

#include "state/call_memory.h"

#define KEYS_MAX 4000u

struct call_model {
	uint64_t target;
	tick_t until; /* 0: never put, or forgotten */
};

static void run_with(struct model_random *random, uint32_t capacity, uint32_t keys)
{
	static struct call_model model[KEYS_MAX];
	struct call_memory *memory = call_memory_create(capacity);
	tick_t now = model_below(random, 1000000);
	uint64_t missed = 0, live = 0;

	assert_non_null(memory);
	for (uint32_t i = 0; i < keys; i++)
		model[i] = (struct call_model){ .until = 0 };
	for (unsigned int step = 0; step < 60000; step++) {
		uint32_t i = (uint32_t)model_below(random, keys);
		uint64_t target = model_u64(random), got = 0;
		now += model_below(random, 2000);
		if (model_below(random, 3)) {
			bool found = call_memory_get(memory, model_key(i), now, &got);
			bool expected = model[i].until > now;
			/* It may lose a call, each one counted; it never invents one. */
			if (found)
				assert_true(expected && got == model[i].target);
			else if (expected)
				missed++;
			if (!found)
				model[i].until = 0;
			live += expected;
		} else {
			tick_t until = now + model_below(random, TICK_SECONDS(2));
			call_memory_put(memory, model_key(i), target, until, now);
			model[i] = (struct call_model){ .target = target, .until = until };
			assert_int_equal(call_memory_get(memory, model_key(i), now, &got),
					 until > now);
		}
		assert_true(missed <= call_memory_evicted(memory));
		if (step % 500 == 0)
			model_sound(call_memory_check(memory));
	}
	assert_true(live > 0);
	if (keys <= capacity)
		assert_in_range(missed, 0, live / 500);
	/* Past every end a sweep of all buckets empties it. */
	call_memory_sweep(memory, now + TICK_SECONDS(2), UINT32_MAX);
	assert_int_equal(call_memory_count(memory), 0);
	model_sound(call_memory_check(memory));
	call_memory_destroy(memory);
}

static void run_with_room(struct model_random *random)
{
	run_with(random, 2000, 2000);
}

static void run_without_room(struct model_random *random)
{
	run_with(random, 1 + (uint32_t)model_below(random, 200), KEYS_MAX);
}

static void memory_agrees_with_an_array(void **)
{
	model_seeds(5, run_with_room);
}

static void memory_without_room_counts_what_it_loses(void **)
{
	model_seeds(5, run_without_room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_agrees_with_an_array),
		cmocka_unit_test(memory_without_room_counts_what_it_loses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
