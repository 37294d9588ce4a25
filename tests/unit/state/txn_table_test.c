/* SPDX-License-Identifier: BSD-3-Clause */
/* state/txn_table.h: the walk over candidates, duplicates, the bound. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/txn_table.h"

static const struct hash128 key = { .lo = 0x123456789abcdef0u, .hi = 0xfedcba9876543210u };

static void empty_table_finds_nothing(void **)
{
	struct txn_table *table = txn_table_create(10);
	uint32_t cursor = 0;

	assert_non_null(table);
	assert_int_equal(txn_table_find(table, key, &cursor), TXN_TABLE_NONE);
	assert_false(txn_table_remove(table, key, 0));
	assert_false(txn_table_update(table, key, 0, 1));
	txn_table_prefetch(table, key);
	assert_null(txn_table_check(table));
	txn_table_destroy(table);
	txn_table_destroy(NULL);
	assert_null(txn_table_create(0));
}

static void walk_meets_each_entry_of_a_key_once(void **)
{
	struct txn_table *table = txn_table_create(40);
	uint32_t cursor = 0, seen = 0, value;

	assert_non_null(table);
	for (uint32_t i = 0; i < 30; i++)
		assert_true(txn_table_insert(table, key, i));
	while ((value = txn_table_find(table, key, &cursor)) != TXN_TABLE_NONE) {
		assert_true(value < 30);
		assert_false(seen >> value & 1);
		seen |= 1u << value;
	}
	assert_int_equal(seen, (1u << 30) - 1);
	assert_null(txn_table_check(table));
	txn_table_destroy(table);
}

static void removal_takes_the_entry_named(void **)
{
	struct txn_table *table = txn_table_create(4);
	uint32_t cursor = 0;

	assert_non_null(table);
	assert_true(txn_table_insert(table, key, 1));
	assert_true(txn_table_insert(table, key, 2));
	assert_false(txn_table_remove(table, key, 3));
	assert_true(txn_table_remove(table, key, 1));
	assert_int_equal(txn_table_find(table, key, &cursor), 2);
	assert_int_equal(txn_table_find(table, key, &cursor), TXN_TABLE_NONE);
	assert_int_equal(txn_table_count(table), 1);
	txn_table_destroy(table);
}

static void update_moves_an_entry_to_another_slot(void **)
{
	struct txn_table *table = txn_table_create(4);
	uint32_t cursor = 0;

	assert_non_null(table);
	assert_true(txn_table_insert(table, key, 1));
	assert_true(txn_table_update(table, key, 1, 9));
	assert_false(txn_table_update(table, key, 1, 9));
	assert_int_equal(txn_table_find(table, key, &cursor), 9);
	assert_int_equal(txn_table_count(table), 1);
	txn_table_destroy(table);
}

static void full_table_refuses_and_keeps_what_it_has(void **)
{
	struct txn_table *table = txn_table_create(100);
	uint32_t cursor = 0;

	assert_non_null(table);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(txn_table_insert(table, (struct hash128){ .lo = 0, .hi = i }, i));
	assert_false(txn_table_insert(table, key, 100));
	assert_int_equal(txn_table_find(table, key, &cursor), TXN_TABLE_NONE);
	for (uint32_t i = 0; i < 100; i++) {
		cursor = 0;
		assert_int_equal(txn_table_find(table, (struct hash128){ .lo = 0, .hi = i }, &cursor),
				 i);
	}
	assert_true(txn_table_remove(table, (struct hash128){ .lo = 0, .hi = 50 }, 50));
	assert_true(txn_table_insert(table, key, 100));
	assert_null(txn_table_check(table));
	txn_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_finds_nothing),
		cmocka_unit_test(walk_meets_each_entry_of_a_key_once),
		cmocka_unit_test(removal_takes_the_entry_named),
		cmocka_unit_test(update_moves_an_entry_to_another_slot),
		cmocka_unit_test(full_table_refuses_and_keeps_what_it_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
