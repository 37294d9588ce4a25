/* SPDX-License-Identifier: BSD-3-Clause */
/* state/slot_pool.h against an array of what is taken. */
#include "model.h"

#include <string.h>

#include "state/slot_pool.h"

#define CAPACITY 100u
#define SIZE     100u
#define STALE    50u

struct slot_model {
	bool taken;
	uint32_t generation;
	uint8_t mark; /* what its octets were filled with */
};

static void check_contents(const struct slot_pool *pool, uint32_t index, uint8_t mark)
{
	const uint8_t *bytes = slot_pool_at(pool, index);

	for (uint32_t i = 0; i < pool->stride; i++)
		assert_int_equal(bytes[i], mark);
}

static void run_randomly(struct model_random *random)
{
	struct slot_model model[CAPACITY] = { { .taken = false } };
	struct slot_model stale[STALE] = { { .taken = false } };
	uint32_t stale_index[STALE] = { 0 }, taken = 0, taken_max = 0;
	struct slot_pool pool;

	assert_true(slot_pool_init(&pool, SIZE, CAPACITY));
	for (unsigned int step = 0; step < 20000; step++) {
		bool grow = (step / 1000) % 2 == 0;
		uint32_t i = (uint32_t)model_below(random, CAPACITY);
		if (model_below(random, 4) < (grow ? 3u : 1u)) {
			i = slot_pool_take(&pool);
			assert_int_equal(i == SLOT_NONE, taken == CAPACITY);
			if (i == SLOT_NONE)
				continue;
			assert_false(model[i].taken);
			model[i] = (struct slot_model){ .taken = true,
							.generation = slot_pool_generation(&pool, i),
							.mark = (uint8_t)step };
			memset(slot_pool_at(&pool, i), model[i].mark, pool.stride);
			taken++;
		} else if (model[i].taken) {
			check_contents(&pool, i, model[i].mark);
			uint32_t k = (uint32_t)model_below(random, STALE);
			stale[k] = model[i];
			stale_index[k] = i;
			slot_pool_give(&pool, i);
			model[i].taken = false;
			taken--;
		}
		taken_max = taken > taken_max ? taken : taken_max;
		void *slot = slot_pool_get(&pool, i, model[i].generation);
		assert_ptr_equal(slot, model[i].taken ? slot_pool_at(&pool, i) : NULL);
		uint32_t k = (uint32_t)model_below(random, STALE);
		assert_null(slot_pool_get(&pool, stale_index[k], stale[k].generation));
		assert_int_equal(slot_pool_taken(&pool), taken);
		assert_int_equal(pool.taken_max, taken_max);
		if (step % 100 == 0)
			model_sound(slot_pool_check(&pool));
	}
	model_sound(slot_pool_check(&pool));
	slot_pool_fini(&pool);
}

static void pool_agrees_with_an_array(void **)
{
	model_seeds(10, run_randomly);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool_agrees_with_an_array),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
