/* SPDX-License-Identifier: BSD-3-Clause */
/* state/mark_set.h: ends, kinds, what gives way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/mark_set.h"

#define NOW TICK_SECONDS(1000)

static const struct hash128 key = { .lo = 0x8123456789abcdefu, .hi = 0xfedcba9876543210u };

static struct mark_set *set_of(uint32_t capacity)
{
	struct mark_set *set = mark_set_create(capacity);

	assert_non_null(set);
	return set;
}

static void mark_lasts_until_its_end_and_at_most_a_second_longer(void **)
{
	struct mark_set *set = set_of(100);
	uint8_t code = 0;

	assert_false(mark_set_get(set, key, 1, NOW, &code));
	mark_set_put(set, key, 1, 77, NOW + TICK_MS(32300), NOW);
	assert_true(mark_set_get(set, key, 1, NOW + TICK_MS(32299), &code));
	assert_int_equal(code, 77);
	assert_true(mark_set_get(set, key, 1, NOW + TICK_MS(32999), &code));
	assert_false(mark_set_get(set, key, 1, NOW + TICK_MS(33300), &code));
	assert_int_equal(mark_set_overflow(set), 0);
	assert_null(mark_set_check(set));
	mark_set_destroy(set);
	mark_set_destroy(NULL);
}

static void one_key_has_a_mark_of_each_kind(void **)
{
	struct mark_set *set = set_of(100);
	uint8_t code = 0;

	mark_set_put(set, key, 1, 77, NOW + TICK_SECONDS(32), NOW);
	assert_false(mark_set_get(set, key, 2, NOW, &code));
	mark_set_put(set, key, 2, 78, NOW + TICK_SECONDS(32), NOW);
	assert_true(mark_set_get(set, key, 1, NOW, &code) && code == 77);
	assert_true(mark_set_get(set, key, 2, NOW, &code) && code == 78);
	assert_int_equal(mark_set_count(set), 2);
	mark_set_destroy(set);
}

static void keys_that_differ_in_one_bit_are_two(void **)
{
	struct mark_set *set = set_of(100);
	uint8_t code = 0;

	mark_set_put(set, key, 1, 77, NOW + TICK_SECONDS(32), NOW);
	for (unsigned int bit = 0; bit < 128; bit++) {
		struct hash128 other = key;
		*(bit < 64 ? &other.lo : &other.hi) ^= (uint64_t)1 << bit % 64;
		assert_false(mark_set_get(set, other, 1, NOW, &code));
	}
	mark_set_destroy(set);
}

static void put_again_renews(void **)
{
	struct mark_set *set = set_of(100);
	uint8_t code = 0;

	mark_set_put(set, key, 1, 77, NOW + TICK_SECONDS(5), NOW);
	mark_set_put(set, key, 1, 79, NOW + TICK_SECONDS(50), NOW);
	assert_int_equal(mark_set_count(set), 1);
	assert_true(mark_set_get(set, key, 1, NOW + TICK_SECONDS(40), &code));
	assert_int_equal(code, 79);
	mark_set_destroy(set);
}

static void nearest_to_its_end_gives_way_and_is_counted(void **)
{
	struct mark_set *set = set_of(1); /* one bucket of four */
	uint8_t code = 0;

	for (uint64_t i = 0; i < 4; i++)
		mark_set_put(set, (struct hash128){ .lo = i, .hi = i }, 1, (uint8_t)i,
			     NOW + TICK_SECONDS(10 + (i + 2) % 4), NOW);
	mark_set_put(set, key, 1, 9, NOW + TICK_SECONDS(60), NOW);
	assert_int_equal(mark_set_count(set), 4);
	assert_int_equal(mark_set_overflow(set), 1);
	assert_true(mark_set_get(set, key, 1, NOW, &code));
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(mark_set_get(set, (struct hash128){ .lo = i, .hi = i }, 1, NOW,
					      &code),
				 i != 2);
	/* One that is past its end costs nobody his place. */
	mark_set_put(set, (struct hash128){ .lo = 77 }, 1, 1, NOW + TICK_SECONDS(60),
		     NOW + TICK_SECONDS(12));
	assert_int_equal(mark_set_overflow(set), 1);
	assert_null(mark_set_check(set));
	mark_set_destroy(set);
}

static void capacity_fits_but_for_one_in_a_thousand(void **)
{
	struct mark_set *set = set_of(20000);

	for (uint64_t i = 0; i < 20000; i++)
		mark_set_put(set, (struct hash128){ .lo = hash_mix64(2 * i + 1),
						    .hi = hash_mix64(2 * i + 2) },
			     1, 1, NOW + TICK_SECONDS(32), NOW);
	assert_in_range(mark_set_overflow(set), 0, 20);
	assert_int_equal(mark_set_count(set) + mark_set_overflow(set), 20000);
	assert_null(mark_set_check(set));
	mark_set_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_lasts_until_its_end_and_at_most_a_second_longer),
		cmocka_unit_test(one_key_has_a_mark_of_each_kind),
		cmocka_unit_test(keys_that_differ_in_one_bit_are_two),
		cmocka_unit_test(put_again_renews),
		cmocka_unit_test(nearest_to_its_end_gives_way_and_is_counted),
		cmocka_unit_test(capacity_fits_but_for_one_in_a_thousand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
