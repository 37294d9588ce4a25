/* SPDX-License-Identifier: BSD-3-Clause */
/* state/txn_table.h against a list of its entries. */
#include "model.h"

#include "state/txn_table.h"

#define CAPACITY 700u

struct entry {
	uint64_t key;
	uint32_t value;
};

struct run {
	struct txn_table *table;
	struct model_random *random;
	uint64_t keys;       /* how many different ones there are */
	bool collide;        /* all in one bucket */
	uint32_t count;
	struct entry entries[CAPACITY];
};

static struct hash128 key_of(const struct run *run, uint64_t number)
{
	struct hash128 key = model_key(number);

	if (run->collide)
		key.lo = 0;
	return key;
}

/* Each candidate once, and with it every value of the key. */
static void check_find(const struct run *run, uint64_t number)
{
	uint32_t found[CAPACITY], candidates = 0, cursor = 0, value;

	while ((value = txn_table_find(run->table, key_of(run, number), &cursor)) !=
	       TXN_TABLE_NONE) {
		assert_true(candidates < run->count);
		found[candidates++] = value;
	}
	assert_int_equal(txn_table_find(run->table, key_of(run, number), &cursor), TXN_TABLE_NONE);
	for (uint32_t i = 0; i < run->count; i++) {
		uint32_t times = 0;
		if (run->entries[i].key != number)
			continue;
		for (uint32_t k = 0; k < candidates; k++)
			times += found[k] == run->entries[i].value;
		assert_int_equal(times, 1);
	}
	/* Signatures have 32 bits: with these few keys no stranger looks like a candidate. */
	for (uint32_t k = 0; k < candidates; k++) {
		bool known = false;
		for (uint32_t i = 0; i < run->count; i++)
			known |= run->entries[i].key == number &&
				 run->entries[i].value == found[k];
		assert_true(known);
	}
}

static void insert_one(struct run *run, uint32_t value)
{
	uint64_t number = model_below(run->random, run->keys);

	assert_int_equal(txn_table_insert(run->table, key_of(run, number), value),
			 run->count < CAPACITY);
	if (run->count < CAPACITY)
		run->entries[run->count++] = (struct entry){ .key = number, .value = value };
}

static void remove_one(struct run *run)
{
	uint64_t number = model_below(run->random, run->keys);

	assert_false(txn_table_remove(run->table, key_of(run, number), TXN_TABLE_NONE - 1));
	if (!run->count)
		return;
	struct entry *entry = &run->entries[model_below(run->random, run->count)];
	assert_true(txn_table_remove(run->table, key_of(run, entry->key), entry->value));
	assert_false(txn_table_remove(run->table, key_of(run, entry->key), entry->value));
	*entry = run->entries[--run->count];
}

static void update_one(struct run *run, uint32_t value)
{
	if (!run->count)
		return;
	struct entry *entry = &run->entries[model_below(run->random, run->count)];
	assert_true(txn_table_update(run->table, key_of(run, entry->key), entry->value, value));
	assert_false(txn_table_update(run->table, key_of(run, entry->key), entry->value, value));
	entry->value = value;
}

static void run_randomly(struct model_random *random)
{
	static struct run run;
	uint32_t value = 0;

	run = (struct run){ .random = random };
	run.keys = 1 + model_below(random, 3 * CAPACITY);
	run.collide = model_below(random, 3) == 0;
	run.table = txn_table_create(CAPACITY);
	assert_non_null(run.table);
	for (unsigned int step = 0; step < 6000; step++) {
		/* Long phases of growth and of shrinking: full at times, empty at times. */
		bool grow = (step / 1500) % 2 == 0;
		uint64_t pick = model_below(random, 10);
		if (pick < (grow ? 6u : 2u))
			insert_one(&run, value++);
		else if (pick < 8)
			remove_one(&run);
		else if (pick == 8)
			update_one(&run, value++);
		else
			check_find(&run, model_below(random, run.keys));
		assert_int_equal(txn_table_count(run.table), run.count);
		if (step % 50 == 0)
			model_sound(txn_table_check(run.table));
	}
	while (run.count)
		remove_one(&run);
	model_sound(txn_table_check(run.table));
	assert_int_equal(txn_table_count(run.table), 0);
	txn_table_destroy(run.table);
}

static void table_agrees_with_a_list(void **)
{
	model_seeds(12, run_randomly);
}

/* The capacity holds for any distribution; nothing is left behind by the removals. */
static void fill_and_empty(struct model_random *random)
{
	uint32_t capacity = 1 + (uint32_t)model_below(random, 200);
	struct run run = { .random = random, .collide = model_below(random, 2) };
	struct txn_table *table = txn_table_create(capacity);

	assert_non_null(table);
	for (unsigned int round = 0; round < 30; round++) {
		uint64_t base = model_u64(random);
		for (uint32_t i = 0; i < capacity; i++)
			assert_true(txn_table_insert(table, key_of(&run, base + i), i));
		assert_false(txn_table_insert(table, key_of(&run, base), capacity));
		model_sound(txn_table_check(table));
		for (uint32_t i = 0; i < capacity; i++)
			assert_true(txn_table_remove(table, key_of(&run, base + i), i));
		model_sound(txn_table_check(table));
	}
	txn_table_destroy(table);
}

static void capacity_fits_whatever_the_keys(void **)
{
	model_seeds(60, fill_and_empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_agrees_with_a_list),
		cmocka_unit_test(capacity_fits_whatever_the_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
