/* SPDX-License-Identifier: BSD-3-Clause */
/* state/call_memory.h: ends, refreshes, what gives way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/call_memory.h"

static const struct hash128 key = { .lo = 0x8123456789abcdefu, .hi = 0xfedcba9876543210u };

static struct call_memory *memory_of(uint32_t capacity)
{
	struct call_memory *memory = call_memory_create(capacity);

	assert_non_null(memory);
	return memory;
}

static void call_is_remembered_until_its_end(void **)
{
	struct call_memory *memory = memory_of(100);
	uint64_t target = 0;

	assert_false(call_memory_get(memory, key, 10, &target));
	call_memory_put(memory, key, 7, 100, 10);
	assert_true(call_memory_get(memory, key, 99, &target));
	assert_int_equal(target, 7);
	assert_false(call_memory_get(memory, (struct hash128){ .lo = key.lo, .hi = key.hi + 1 }, 99,
				     &target));
	assert_int_equal(call_memory_count(memory), 1);
	assert_false(call_memory_get(memory, key, 100, &target));
	assert_int_equal(call_memory_count(memory), 0);
	assert_int_equal(call_memory_evicted(memory), 0);
	call_memory_destroy(memory);
	call_memory_destroy(NULL);
}

static void put_again_refreshes(void **)
{
	struct call_memory *memory = memory_of(100);
	uint64_t target = 0;

	call_memory_put(memory, key, 7, 100, 10);
	call_memory_put(memory, key, 8, 200, 50);
	assert_int_equal(call_memory_count(memory), 1);
	assert_true(call_memory_get(memory, key, 150, &target));
	assert_int_equal(target, 8);
	call_memory_put(memory, key, 8, 150, 150);
	assert_int_equal(call_memory_count(memory), 0);
	assert_false(call_memory_get(memory, key, 150, &target));
	assert_int_equal(call_memory_evicted(memory), 0);
	call_memory_destroy(memory);
}

static void nearest_to_its_end_gives_way(void **)
{
	struct call_memory *memory = memory_of(1); /* one bucket of four */
	uint64_t target = 0;

	for (uint64_t i = 0; i < 4; i++)
		call_memory_put(memory, (struct hash128){ .lo = i }, i, 100 + (i + 2) % 4, 10);
	assert_int_equal(call_memory_count(memory), 4);
	call_memory_put(memory, key, 9, 500, 10);
	assert_int_equal(call_memory_count(memory), 4);
	assert_int_equal(call_memory_evicted(memory), 1);
	assert_true(call_memory_get(memory, key, 10, &target));
	assert_false(call_memory_get(memory, (struct hash128){ .lo = 2 }, 10, &target));
	for (uint64_t i = 0; i < 4; i += 1 + (i == 1)) {
		assert_true(call_memory_get(memory, (struct hash128){ .lo = i }, 10, &target));
		assert_int_equal(target, i);
	}
	/* One that is past its end costs nobody his place. */
	call_memory_put(memory, (struct hash128){ .lo = 77 }, 1, 500, 101);
	assert_int_equal(call_memory_evicted(memory), 1);
	assert_null(call_memory_check(memory));
	call_memory_destroy(memory);
}

static void capacity_fits_but_for_one_in_a_thousand(void **)
{
	struct call_memory *memory = memory_of(20000);

	for (uint64_t i = 0; i < 20000; i++)
		call_memory_put(memory, (struct hash128){ .lo = hash_mix64(2 * i + 1),
							  .hi = hash_mix64(2 * i + 2) },
				i, 100, 10);
	assert_in_range(call_memory_evicted(memory), 0, 20);
	assert_int_equal(call_memory_count(memory) + call_memory_evicted(memory), 20000);
	assert_null(call_memory_check(memory));
	call_memory_destroy(memory);
}

static void sweep_forgets_what_is_over(void **)
{
	struct call_memory *memory = memory_of(1000);

	for (uint64_t i = 0; i < 1000; i++)
		call_memory_put(memory, (struct hash128){ .lo = i << 54, .hi = i << 53 }, i,
				i < 400 ? 100 : 200, 10);
	uint32_t before = call_memory_count(memory);
	assert_int_equal(before + call_memory_evicted(memory), 1000);
	call_memory_sweep(memory, 100, UINT32_MAX);
	assert_in_range(call_memory_count(memory), 1, 600);
	call_memory_sweep(memory, 200, UINT32_MAX);
	assert_int_equal(call_memory_count(memory), 0);
	call_memory_destroy(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_is_remembered_until_its_end),
		cmocka_unit_test(put_again_refreshes),
		cmocka_unit_test(nearest_to_its_end_gives_way),
		cmocka_unit_test(capacity_fits_but_for_one_in_a_thousand),
		cmocka_unit_test(sweep_forgets_what_is_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
