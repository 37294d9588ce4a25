/* SPDX-License-Identifier: BSD-3-Clause */
#include "sip/retry_after.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNTOUCHED 4711u

static uint32_t seconds_of(const char *text)
{
	uint32_t seconds = UNTOUCHED;

	assert_true(sip_retry_after_parse(span_of_string(text), &seconds));
	return seconds;
}

static void expect_garbage(const char *text)
{
	uint32_t seconds = UNTOUCHED;

	if (sip_retry_after_parse(span_of_string(text), &seconds))
		fail_msg("'%s' was taken for %u seconds", text, seconds);
	assert_int_equal(seconds, UNTOUCHED);
}

/* The three of RFC 3261 §20.33 are the first. */
static void comment_and_parameters_are_read_over(void **)
{
	assert_int_equal(seconds_of("18000;duration=3600"), 18000);
	assert_int_equal(seconds_of("120 (I'm in a meeting)"), 120);
	assert_int_equal(seconds_of("7"), 7);
	assert_int_equal(seconds_of("0"), 0);
	assert_int_equal(seconds_of("  5 \t"), 5);
	assert_int_equal(seconds_of("5\r\n (folded)"), 5);
	assert_int_equal(seconds_of("5(a (nested (deep)) one);x"), 5);
	assert_int_equal(seconds_of("5 (a \\) and a \\( are no brackets) ; duration = 60 ;x=\"a;b\\\"\""),
			 5);
	assert_int_equal(seconds_of("5;host=[2001:db8::1]"), 5);
	assert_int_equal(seconds_of("007"), 7);
}

static void more_than_fits_is_the_most_that_fits(void **)
{
	assert_int_equal(seconds_of("4294967294"), UINT32_MAX - 1);
	assert_int_equal(seconds_of("4294967295"), UINT32_MAX - 1);
	assert_int_equal(seconds_of("99999999999999999999999999999999999999"), UINT32_MAX - 1);
}

static void garbage_is_none(void **)
{
	static const char *const texts[] = {
		"", " ", "-1", "+1", "1.5", "5s", "5 s", "0x10", "soon", "(5)", "5 (open", "5 (open \\)",
		"5 ((open)", "5)", "5,6", "5;", "5;;", "5;=1", "5;x=", "5;x=\"open", "5;x=\"open\\\"",
		"5;x y", "5 (a) (b)", "5;x (a)", "Fri, 01 Jan 2038 00:00:00 GMT", "5 \x01",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		expect_garbage(texts[i]);
	expect_garbage("\xff");
}

/* No octet behind the value is read: the sanitizer watches. */
static void a_value_that_ends_anywhere_is_read_to_its_end(void **)
{
	static const char whole[] = "5 (a \\) b) ;x=\"\\\"\";y = z";

	for (size_t len = 0; len < sizeof(whole); len++) {
		char *copy = test_malloc(len + 1);
		uint32_t seconds;

		memcpy(copy, whole, len);
		(void)sip_retry_after_parse(span_of(copy, len), &seconds);
		test_free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comment_and_parameters_are_read_over),
		cmocka_unit_test(more_than_fits_is_the_most_that_fits),
		cmocka_unit_test(garbage_is_none),
		cmocka_unit_test(a_value_that_ends_anywhere_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
