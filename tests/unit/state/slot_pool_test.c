/* SPDX-License-Identifier: BSD-3-Clause */
/* state/slot_pool.h: handles, order, layout; freed slots are poisoned under ASan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/slot_pool.h"

#ifdef BASE_ASAN
int __asan_address_is_poisoned(void const volatile *addr);
#endif

static void slots_are_whole_cache_lines(void **)
{
	struct slot_pool pool;

	assert_true(slot_pool_init(&pool, 65, 3));
	assert_int_equal(pool.stride, 128);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal((uintptr_t)slot_pool_at(&pool, i) % CACHE_LINE_SIZE, 0);
		assert_ptr_equal(slot_pool_at(&pool, i), pool.slots + i * 128);
	}
	slot_pool_fini(&pool);
	assert_false(slot_pool_init(&pool, 0, 3));
	assert_false(slot_pool_init(&pool, 64, 0));
	assert_false(slot_pool_init(&pool, UINT32_MAX - 100, UINT32_MAX - 1));
	slot_pool_fini(&pool);
}

static void generation_is_odd_while_taken(void **)
{
	struct slot_pool pool;

	assert_true(slot_pool_init(&pool, 64, 2));
	assert_int_equal(slot_pool_generation(&pool, 0), 0);
	assert_null(slot_pool_get(&pool, 0, 0));
	uint32_t index = slot_pool_take(&pool);
	uint32_t generation = slot_pool_generation(&pool, index);
	assert_int_equal(generation & 1, 1);
	assert_ptr_equal(slot_pool_get(&pool, index, generation), slot_pool_at(&pool, index));
	slot_pool_give(&pool, index);
	assert_null(slot_pool_get(&pool, index, generation));
	assert_null(slot_pool_get(&pool, index, generation + 1));
	assert_int_equal(slot_pool_take(&pool), index);
	assert_null(slot_pool_get(&pool, index, generation));
	assert_null(slot_pool_get(&pool, 2, 1));
	assert_null(slot_pool_get(&pool, SLOT_NONE, 1));
	slot_pool_fini(&pool);
}

static void warmest_slot_is_taken_first_and_a_full_pool_refuses(void **)
{
	struct slot_pool pool;

	assert_true(slot_pool_init(&pool, 64, 3));
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(slot_pool_take(&pool), i);
	assert_int_equal(slot_pool_take(&pool), SLOT_NONE);
	assert_int_equal(slot_pool_taken(&pool), 3);
	slot_pool_give(&pool, 0);
	slot_pool_give(&pool, 2);
	assert_int_equal(slot_pool_taken(&pool), 1);
	assert_int_equal(pool.taken_max, 3);
	assert_int_equal(slot_pool_take(&pool), 2);
	assert_int_equal(slot_pool_take(&pool), 0);
	assert_null(slot_pool_check(&pool));
	slot_pool_fini(&pool);
}

#ifdef BASE_ASAN
static void freed_slots_are_poisoned(void **)
{
	struct slot_pool pool;

	assert_true(slot_pool_init(&pool, 64, 2));
	assert_true(__asan_address_is_poisoned(slot_pool_at(&pool, 0)));
	uint32_t index = slot_pool_take(&pool);
	uint8_t *slot = slot_pool_at(&pool, index);
	assert_false(__asan_address_is_poisoned(slot));
	assert_false(__asan_address_is_poisoned(slot + 63));
	assert_true(__asan_address_is_poisoned(slot_pool_at(&pool, !index)));
	slot_pool_give(&pool, index);
	assert_true(__asan_address_is_poisoned(slot));
	assert_true(__asan_address_is_poisoned(slot + 63));
	slot_pool_fini(&pool);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_whole_cache_lines),
		cmocka_unit_test(generation_is_odd_while_taken),
		cmocka_unit_test(warmest_slot_is_taken_first_and_a_full_pool_refuses),
#ifdef BASE_ASAN
		cmocka_unit_test(freed_slots_are_poisoned),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
