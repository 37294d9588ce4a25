/* SPDX-License-Identifier: BSD-3-Clause */
/* The neighbour cache alone: bounds, eviction, states, and random use. */
#include "fixture.h"
#include "net/neighbour.h"

struct table {
	struct neighbour_table table;
	void *memory;
};

static void table_make(struct table *t, uint32_t max)
{
	const struct hash_key key = { 1, 2 };

	t->memory = aligned_alloc(CACHE_LINE_SIZE, neighbour_table_size(max));
	neighbour_table_init(&t->table, t->memory, max, &key);
}

static struct ip_address host(uint32_t n)
{
	struct ip_address a = { .family = IP_V4 };

	memcpy(a.bytes, &n, 4);
	return a;
}

static enum neighbour_status lookup(struct table *t, uint32_t n, tick_t now, uint32_t *index)
{
	struct ip_address a = host(n);
	bool solicit;

	return neighbour_lookup(&t->table, 0, &a, now, index, &solicit);
}

static void learn(struct table *t, uint32_t n, uint32_t flags, tick_t now)
{
	struct ip_address a = host(n);
	uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n };

	neighbour_learn(&t->table, 0, &a, mac, flags, now);
}

static void unanswered_questions_take_half_of_the_table_at_most(void **)
{
	struct table t;
	uint32_t index;

	table_make(&t, 8);
	for (uint32_t n = 0; n < 4; n++)
		assert_int_equal(lookup(&t, n, 10, &index), NEIGHBOUR_PENDING);
	assert_int_equal(lookup(&t, 4, 10, &index), NEIGHBOUR_UNREACHABLE);
	assert_int_equal(index, NEIGHBOUR_NONE);
	assert_int_equal(t.table.full, 1);
	learn(&t, 0, NEIGHBOUR_SOLICITED | NEIGHBOUR_OVERRIDE, 11);
	assert_int_equal(lookup(&t, 4, 12, &index), NEIGHBOUR_PENDING);
	assert_int_equal(lookup(&t, 0, 12, &index), NEIGHBOUR_KNOWN);
	free(t.memory);
}

static void the_longest_unused_gives_way(void **)
{
	struct table t;
	uint32_t index;

	table_make(&t, 8);
	for (uint32_t n = 0; n < 8; n++) {
		lookup(&t, n, 10 + n, &index);
		learn(&t, n, NEIGHBOUR_SOLICITED | NEIGHBOUR_OVERRIDE, 10 + n);
	}
	lookup(&t, 0, 100, &index); /* used again: 1 is now the oldest */
	assert_int_equal(lookup(&t, 8, 101, &index), NEIGHBOUR_PENDING);
	struct ip_address zero = host(0), one = host(1);
	assert_int_equal(neighbour_find(&t.table, 0, &one), NEIGHBOUR_NONE);
	assert_int_not_equal(neighbour_find(&t.table, 0, &zero), NEIGHBOUR_NONE);
	assert_int_equal(t.table.count, 8);
	free(t.memory);
}

/* Packets are held for them, and their owner waits for an answer or the end. */
static void what_is_under_resolution_does_not_give_way(void **)
{
	struct table t;
	uint32_t index;

	table_make(&t, 8);
	for (uint32_t n = 0; n < 8; n++) {
		lookup(&t, n, 10 + n, &index);
		if (n >= 3) /* the three oldest are never answered */
			learn(&t, n, NEIGHBOUR_SOLICITED | NEIGHBOUR_OVERRIDE, 10 + n);
	}
	assert_int_equal(lookup(&t, 8, 101, &index), NEIGHBOUR_PENDING);
	for (uint32_t n = 0; n < 3; n++) {
		struct ip_address a = host(n);

		assert_int_not_equal(neighbour_find(&t.table, 0, &a), NEIGHBOUR_NONE);
	}
	struct ip_address three = host(3);
	assert_int_equal(neighbour_find(&t.table, 0, &three), NEIGHBOUR_NONE);
	assert_int_equal(t.table.incomplete, 4);
	free(t.memory);
}

/* RFC 4861 appendix C, what an advertisement does to each state. */
static void an_answer_without_a_question_confirms_nothing(void **)
{
	struct table t;
	uint32_t index;

	table_make(&t, 8);
	lookup(&t, 1, 0, &index);
	learn(&t, 1, NEIGHBOUR_OVERRIDE, 1);
	assert_int_equal(t.table.entries[index].state, NEIGHBOUR_STALE);
	learn(&t, 1, NEIGHBOUR_SOLICITED | NEIGHBOUR_OVERRIDE, 2);
	assert_int_equal(t.table.entries[index].state, NEIGHBOUR_STALE);

	lookup(&t, 2, 0, &index);
	learn(&t, 2, NEIGHBOUR_SOLICITED, 1);
	assert_int_equal(t.table.entries[index].state, NEIGHBOUR_REACHABLE);
	/* a different station that may not override: doubt, no change */
	struct ip_address two = host(2);
	const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };
	neighbour_learn(&t.table, 0, &two, other, NEIGHBOUR_SOLICITED, TICK_SECONDS(9));
	assert_int_equal(t.table.entries[index].state, NEIGHBOUR_STALE);
	assert_int_equal(t.table.entries[index].mac[5], 2);
	free(t.memory);
}

/* All under resolution or just failed: what is asked beyond that is refused, not squeezed in. */
static void a_table_full_of_questions_refuses(void **)
{
	struct table t;
	uint32_t index;

	table_make(&t, 4);
	assert_int_equal(lookup(&t, 0, 0, &index), NEIGHBOUR_PENDING);
	assert_int_equal(lookup(&t, 1, 0, &index), NEIGHBOUR_PENDING);
	for (tick_t now = 0; now <= TICK_SECONDS(3); now += TICK_SECONDS(1)) {
		while (neighbour_expire(&t.table, now, &index) != NEIGHBOUR_NOTHING_DUE)
			;
	}
	assert_int_equal(t.table.failed, 2);
	/* two more questions; then those that failed may be asked for again, but not now */
	assert_int_equal(lookup(&t, 2, TICK_SECONDS(3), &index), NEIGHBOUR_PENDING);
	assert_int_equal(lookup(&t, 3, TICK_SECONDS(3), &index), NEIGHBOUR_PENDING);
	assert_int_equal(lookup(&t, 0, TICK_SECONDS(3), &index), NEIGHBOUR_UNREACHABLE);
	assert_int_not_equal(index, NEIGHBOUR_NONE);
	assert_int_equal(lookup(&t, 0, TICK_SECONDS(4), &index), NEIGHBOUR_UNREACHABLE);
	assert_int_equal(index, NEIGHBOUR_NONE);
	free(t.memory);

	/* one place, and it is being asked for */
	table_make(&t, 1);
	assert_int_equal(lookup(&t, 0, 0, &index), NEIGHBOUR_PENDING);
	assert_int_equal(lookup(&t, 1, 0, &index), NEIGHBOUR_UNREACHABLE);
	free(t.memory);
}

/* Random use: counts add up, deadlines come in order, and nothing is lost. */
static void random_use_keeps_the_table_whole(void **)
{
	struct table t;
	uint64_t seed = 42;
	tick_t now = 0;
	uint32_t index;

	table_make(&t, 64);
	for (int step = 0; step < 50000; step++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		uint32_t n = (uint32_t)(seed >> 33) % 150, what = (uint32_t)(seed >> 50) % 8;

		now += (seed >> 20) % 200000;
		if (what < 4)
			lookup(&t, n, now, &index);
		else if (what < 7)
			learn(&t, n, what % 4, now);
		while (neighbour_expire(&t.table, now, &index) != NEIGHBOUR_NOTHING_DUE)
			assert_true(index < 64);
		assert_true(neighbour_next_expiry(&t.table) > now);
		if (step % 64)
			continue;
		uint32_t used = 0, incomplete = 0, queued = 0, expected = 0;
		for (uint32_t i = 0; i < 64; i++) {
			const struct neighbour *entry = &t.table.entries[i];

			used += entry->state != NEIGHBOUR_FREE;
			incomplete += entry->state == NEIGHBOUR_INCOMPLETE;
			expected += entry->state == NEIGHBOUR_INCOMPLETE ||
				    entry->state == NEIGHBOUR_PROBE;
			if (entry->state != NEIGHBOUR_FREE)
				assert_int_equal(neighbour_find(&t.table, 0, &entry->address), i);
		}
		tick_t last = 0;
		for (uint32_t i = t.table.queue_first; i != NEIGHBOUR_NONE;
		     i = t.table.entries[i].queue_next, queued++) {
			assert_true(t.table.entries[i].deadline >= last);
			last = t.table.entries[i].deadline;
		}
		assert_int_equal(used, t.table.count);
		assert_int_equal(incomplete, t.table.incomplete);
		assert_true(incomplete <= 32);
		assert_int_equal(queued, expected);
	}
	free(t.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unanswered_questions_take_half_of_the_table_at_most),
		cmocka_unit_test(the_longest_unused_gives_way),
		cmocka_unit_test(what_is_under_resolution_does_not_give_way),
		cmocka_unit_test(an_answer_without_a_question_confirms_nothing),
		cmocka_unit_test(a_table_full_of_questions_refuses),
		cmocka_unit_test(random_use_keeps_the_table_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
