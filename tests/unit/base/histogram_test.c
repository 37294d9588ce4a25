/* SPDX-License-Identifier: BSD-3-Clause */
/* base/histogram.h: bucket bounds and percentiles. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/histogram.h"

static void buckets_grow_with_the_value(void **)
{
	unsigned int last = 0;
	for (uint64_t v = 0; v < 100000; v++) {
		unsigned int b = histogram_bucket(v);
		assert_true(b == last || b == last + 1);
		last = b;
	}
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void percentiles_are_at_most_a_sixteenth_above(void **)
{
	struct histogram h = { .count = 0 };
	for (uint64_t v = 1; v <= 10000; v++)
		histogram_add(&h, v);
	for (unsigned int p = 1; p <= 1000; p++) {
		uint64_t got = histogram_permille(&h, p), exact = p * 10;
		assert_true(got >= exact && got <= exact + exact / 16 + 1);
	}
	assert_int_equal(histogram_permille(&h, 1000), 10000);
}

static void merge_adds(void **)
{
	struct histogram a = { .count = 0 }, b = { .count = 0 };
	assert_int_equal(histogram_permille(&a, 500), 0);
	histogram_add(&a, 5);
	histogram_add(&b, 500);
	histogram_merge(&a, &b);
	assert_int_equal(a.count, 2);
	assert_int_equal(a.sum, 505);
	assert_int_equal(a.max, 500);
	assert_int_equal(histogram_permille(&a, 500), 5);
	assert_int_equal(histogram_permille(&a, 999), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_grow_with_the_value),
		cmocka_unit_test(percentiles_are_at_most_a_sixteenth_above),
		cmocka_unit_test(merge_adds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
