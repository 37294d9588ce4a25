/* SPDX-License-Identifier: BSD-3-Clause */
/* state/retain.h: the limit, the books, and that the kernel is left alone after creation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#include <jemalloc/jemalloc.h>

#include "state/retain.h"

#define LIMIT  ((size_t)16 << 20)
#define COPIES 40000

#ifdef BASE_ASAN
int __asan_address_is_poisoned(void const volatile *addr);
#endif

static struct retained *copies[COPIES];

static struct retain_store *store_of(size_t limit)
{
	struct retain_store *store = retain_store_create(limit);

	assert_non_null(store);
	return store;
}

static struct retain_stats stats_of(const struct retain_store *store)
{
	struct retain_stats stats;

	retain_store_stats(store, &stats);
	return stats;
}

static uint32_t fill(struct retain_store *store, uint32_t len)
{
	uint32_t count = 0;

	while (count < COPIES && (copies[count] = retain_reserve(store, len)) != NULL) {
		memset(copies[count]->bytes, (int)count, len);
		count++;
	}
	return count;
}

static void empty(struct retain_store *store, uint32_t count)
{
	while (count--)
		retain_release(store, copies[count]);
}

static void copy_holds_the_octets(void **)
{
	struct retain_store *store = store_of(LIMIT);
	struct retained *copy = retain_copy(store, SPAN("SIP/2.0 200 OK\r\n\r\n"));
	struct retained *nothing = retain_copy(store, SPAN_EMPTY);

	assert_non_null(copy);
	assert_non_null(nothing);
	assert_int_equal(nothing->len, 0);
	assert_true(span_equal(span_of(copy->bytes, copy->len), SPAN("SIP/2.0 200 OK\r\n\r\n")));
	assert_int_equal(stats_of(store).count, 2);
	assert_int_equal(stats_of(store).bytes, copy->len);
	assert_int_equal(stats_of(store).allocated, copy->size + nothing->size);
	retain_release(store, copy);
	retain_release(store, nothing);
	retain_release(store, NULL);
	assert_int_equal(stats_of(store).count, 0);
	assert_int_equal(stats_of(store).bytes, 0);
	assert_int_equal(stats_of(store).allocated, 0);
	retain_store_destroy(store);
}

/* The block sizes computed here are jemalloc's: else sdallocx would be told a wrong one. */
static void size_is_that_of_the_block(void **)
{
	struct retain_store *store = store_of(LIMIT);

	for (uint32_t len = 0; len < 70000; len += len < 5000 ? 1 : 97) {
		struct retained *copy = retain_reserve(store, len);
		assert_non_null(copy);
		assert_int_equal(copy->size, sallocx(copy, 0));
		assert_true(copy->size >= len + sizeof(*copy));
		assert_true(copy->size <= MAX((size_t)128, (len + sizeof(*copy)) * 5 / 4));
		retain_release(store, copy);
	}
	retain_store_destroy(store);
}

static void limit_is_reached_and_all_comes_back(void **)
{
	struct retain_store *store = store_of(LIMIT);

	for (int round = 0; round < 3; round++) {
		uint32_t count = fill(store, 1016);
		assert_int_equal(count, LIMIT / 1024);
		assert_int_equal(stats_of(store).allocated, LIMIT);
		assert_int_equal(stats_of(store).refused, 3 * round + 1);
		empty(store, count);
		/* The same memory serves every other size. */
		count = fill(store, 65500);
		assert_true(count > LIMIT / 65536 * 85 / 100);
		empty(store, count);
		count = fill(store, 440);
		assert_true(count > LIMIT / 448 * 95 / 100);
		empty(store, count);
		assert_int_equal(stats_of(store).allocated, 0);
	}
	retain_store_destroy(store);
}

static void absurd_lengths_are_refused(void **)
{
	struct retain_store *store = store_of(LIMIT);

	assert_null(retain_reserve(store, UINT32_MAX));
	assert_null(retain_reserve(store, (uint32_t)LIMIT));
	assert_null(retain_copy(store, span_of(copies, (size_t)UINT32_MAX + 10)));
	assert_int_equal(stats_of(store).refused, 3);
	retain_store_destroy(store);
	assert_null(retain_store_create(SIZE_MAX));
}

/* Sum over all arenas of what jemalloc has mapped, in octets. */
static size_t mapped(void)
{
	uint64_t epoch = 1;
	size_t octets = 0, len = sizeof(octets);

	assert_int_equal(mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch)), 0);
	assert_int_equal(mallctl("stats.mapped", &octets, &len, NULL, 0), 0);
	size_t retained = 0;
	assert_int_equal(mallctl("stats.retained", &retained, &len, NULL, 0), 0);
	return octets + retained;
}

static uint32_t memory_areas(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint32_t lines = 0;
	int c;

	assert_non_null(maps);
	while ((c = getc(maps)) != EOF)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

static long page_faults(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

static void churn(struct retain_store *store, uint32_t *random, uint32_t steps)
{
	for (uint32_t step = 0; step < steps; step++) {
		*random = *random * 1664525u + 1013904223u;
		struct retained **copy = &copies[(*random >> 8) % COPIES];
		if (*copy) {
			retain_release(store, *copy);
			*copy = NULL;
		} else {
			*random = *random * 1664525u + 1013904223u;
			uint32_t r = *random >> 8;
			*copy = retain_reserve(store, r % 16 ? 300 + r % 1700 : r % 65536);
		}
	}
}

static void kernel_is_left_alone_after_creation(void **)
{
	struct retain_store *store = store_of(LIMIT);
	uint32_t random = 1;

	/* What the test itself touches first must not count. */
	(void)memory_areas();
	memset(copies, 0, sizeof(copies));
	uint32_t areas = memory_areas();
	size_t before = mapped();
	long faults = page_faults();
	churn(store, &random, 1000000);
	faults = page_faults() - faults;
	assert_int_equal(mapped(), before);
	assert_int_equal(memory_areas(), areas);
	assert_true(stats_of(store).refused > 1000);
#ifndef BASE_ASAN
	/* A few for pages of the stack and of the tables that only their use reaches. */
	assert_in_range(faults, 0, 16);
#endif
	for (uint32_t i = 0; i < COPIES; i++)
		retain_release(store, copies[i]);
	assert_int_equal(stats_of(store).allocated, 0);
	assert_int_equal(fill(store, 1016), LIMIT / 1024);
	empty(store, LIMIT / 1024);
	retain_store_destroy(store);
}

static void stores_come_and_go_without_a_trace(void **)
{
	uint32_t areas = 0;
	unsigned int arenas = 0, now = 0;
	size_t len = sizeof(now);

	for (int round = 0; round < 30; round++) {
		struct retain_store *one = store_of(1 << 20), *two = store_of(1);
		struct retained *copy = retain_copy(one, SPAN("one"));
		struct retained *other = retain_copy(two, SPAN("two"));
		assert_non_null(copy);
		assert_non_null(other);
		retain_release(one, copy);
		retain_release(two, other);
		retain_store_destroy(one);
		retain_store_destroy(two);
		assert_int_equal(mallctl("arenas.narenas", &now, &len, NULL, 0), 0);
		if (round == 10) {
			arenas = now;
			areas = memory_areas();
		}
	}
	assert_int_equal(now, arenas);
	assert_in_range(memory_areas(), 0, areas + 2);
	retain_store_destroy(NULL);
}

#ifdef BASE_ASAN
static void released_blocks_are_poisoned(void **)
{
	struct retain_store *store = store_of(LIMIT);

	for (uint32_t len = 100; len < 65536; len *= 2) {
		struct retained *copy = retain_reserve(store, len);
		assert_non_null(copy);
		char *bytes = copy->bytes;
		assert_false(__asan_address_is_poisoned(bytes + len - 1));
		retain_release(store, copy);
		assert_true(__asan_address_is_poisoned(bytes));
		assert_true(__asan_address_is_poisoned(bytes + len - 1));
	}
	retain_store_destroy(store);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_holds_the_octets),
		cmocka_unit_test(size_is_that_of_the_block),
		cmocka_unit_test(limit_is_reached_and_all_comes_back),
		cmocka_unit_test(absurd_lengths_are_refused),
		cmocka_unit_test(kernel_is_left_alone_after_creation),
		cmocka_unit_test(stores_come_and_go_without_a_trace),
#ifdef BASE_ASAN
		cmocka_unit_test(released_blocks_are_poisoned),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
