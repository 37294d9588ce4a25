/* SPDX-License-Identifier: BSD-3-Clause */
/* state/retain.h: the copies keep their octets, the books balance, the limit holds for ever. */
#include "model.h"

#include <string.h>

#include "state/retain.h"

#define SLOTS     4000u
#define LIMIT     ((size_t)8 << 20)
#define COPY_LAST 65535u

struct copy_model {
	struct retained *copy;
	uint32_t len;
	uint8_t mark;
};

struct run {
	struct retain_store *store;
	struct model_random *random;
	uint64_t count;
	uint64_t bytes;
	uint64_t allocated;
	uint64_t refused;
	struct copy_model slots[SLOTS];
};

static uint32_t some_len(struct model_random *random, bool large)
{
	if (large)
		return (uint32_t)model_below(random, COPY_LAST + 1);
	switch (model_below(random, 16)) {
	case 0: return COPY_LAST;
	case 1: return (uint32_t)model_below(random, COPY_LAST);
	case 2: return (uint32_t)model_below(random, 300);
	default: return 300 + (uint32_t)model_below(random, 1700);
	}
}

/* The ends are where a neighbour would write; the middle is sampled. */
static void check_octets(const struct copy_model *slot)
{
	const char *bytes = slot->copy->bytes;

	assert_int_equal(slot->copy->len, slot->len);
	for (uint32_t at = 0; at < slot->len; at += 1 + slot->len / 16)
		assert_int_equal((uint8_t)bytes[at], slot->mark);
	if (slot->len)
		assert_int_equal((uint8_t)bytes[slot->len - 1], slot->mark);
}

static void check_books(const struct run *run)
{
	struct retain_stats stats;

	retain_store_stats(run->store, &stats);
	assert_int_equal(stats.count, run->count);
	assert_int_equal(stats.bytes, run->bytes);
	assert_int_equal(stats.allocated, run->allocated);
	assert_int_equal(stats.refused, run->refused);
	assert_int_equal(stats.limit, LIMIT);
	assert_true(stats.allocated <= stats.limit);
}

static void release_one(struct run *run, struct copy_model *slot)
{
	if (!slot->copy)
		return;
	check_octets(slot);
	run->count--;
	run->bytes -= slot->len;
	run->allocated -= slot->copy->size;
	retain_release(run->store, slot->copy);
	slot->copy = NULL;
}

static void take_one(struct run *run, struct copy_model *slot, uint32_t len)
{
	static char bytes[COPY_LAST];

	slot->len = len;
	slot->mark = (uint8_t)model_u64(run->random);
	if (model_below(run->random, 2)) {
		memset(bytes, slot->mark, len);
		slot->copy = retain_copy(run->store, span_of(bytes, len));
	} else {
		slot->copy = retain_reserve(run->store, len);
		if (slot->copy)
			memset(slot->copy->bytes, slot->mark, len);
	}
	if (!slot->copy) {
		run->refused++;
		return;
	}
	assert_true(slot->copy->size >= len + sizeof(struct retained));
	run->count++;
	run->bytes += len;
	run->allocated += slot->copy->size;
}

static void release_all(struct run *run)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		release_one(run, &run->slots[i]);
	check_books(run);
	assert_int_equal(run->count, 0);
	assert_int_equal(run->allocated, 0);
}

/* How many octets of copies of one length fit into an empty store. */
static uint64_t fill_with(struct run *run, uint32_t len)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < SLOTS; i++) {
		take_one(run, &run->slots[i], len);
		if (!run->slots[i].copy)
			break;
		bytes += len;
	}
	release_all(run);
	return bytes;
}

static void churn(struct run *run, unsigned int steps, bool large)
{
	for (unsigned int step = 0; step < steps; step++) {
		struct copy_model *slot = &run->slots[model_below(run->random, SLOTS)];
		if (slot->copy)
			release_one(run, slot);
		else
			take_one(run, slot, some_len(run->random, large));
		if (step % 64 == 0)
			check_books(run);
	}
}

static void run_randomly(struct model_random *random)
{
	static struct run run;

	run = (struct run){ .random = random };
	run.store = retain_store_create(LIMIT);
	assert_non_null(run.store);
	uint64_t large_first = fill_with(&run, COPY_LAST);
	uint64_t small_first = fill_with(&run, 4000);
	/* 65,543 octets with the header take 80 KiB and a page. */
	assert_true(large_first > LIMIT * 74 / 100);
	assert_true(small_first > LIMIT * 93 / 100);
	for (unsigned int round = 0; round < 3; round++) {
		churn(&run, 40000, false);
		churn(&run, 10000, true);
		churn(&run, 30000, false);
		assert_true(run.refused > 0);
		/* An eighth of the lengths are large and find no gap; the rest uses them. */
		assert_true(run.allocated > LIMIT * 60 / 100);
		release_all(&run);
		/* What the size classes keep of their last pages is all that churning cost. */
		assert_true(fill_with(&run, 4000) > small_first * 90 / 100);
		assert_true(fill_with(&run, COPY_LAST) > large_first * 60 / 100);
	}
	retain_store_destroy(run.store);
}

static void store_agrees_with_its_books(void **)
{
	model_seeds(4, run_randomly);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_agrees_with_its_books),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
