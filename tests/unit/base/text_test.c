/* SPDX-License-Identifier: BSD-3-Clause */
/* base/text.h: numbers, hexadecimal, base64url, the writer's bound. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"

static void decimal_takes_digits_up_to_the_bound(void **)
{
	uint64_t v = 7;
	assert_true(text_parse_u64(SPAN("0042"), 42, &v));
	assert_int_equal(v, 42);
	assert_false(text_parse_u64(SPAN("43"), 42, &v));
	assert_false(text_parse_u64(SPAN(""), 42, &v));
	assert_false(text_parse_u64(SPAN("-1"), 42, &v));
	assert_false(text_parse_u64(SPAN(" 1"), 42, &v));
	assert_false(text_parse_u64(SPAN("1x"), 42, &v));
	assert_int_equal(v, 42);
	assert_true(text_parse_u64(SPAN("18446744073709551615"), UINT64_MAX, &v));
	assert_false(text_parse_u64(SPAN("18446744073709551616"), UINT64_MAX, &v));
	assert_false(text_parse_u64(SPAN("99999999999999999999999"), UINT64_MAX, &v));
}

static void hexadecimal_round_trips(void **)
{
	char buffer[16];
	struct text_writer w = text_writer_of(buffer, sizeof(buffer));
	uint64_t v;
	text_put_hex(&w, 0x0123456789abcdefu, 16);
	assert_true(span_equal(text_written(&w), SPAN("0123456789abcdef")));
	assert_true(text_parse_hex(SPAN("0123456789ABCDEF"), &v));
	assert_int_equal(v, 0x0123456789abcdefu);
	assert_false(text_parse_hex(SPAN("12g"), &v));
	assert_false(text_parse_hex(SPAN("00000000000000000"), &v));
}

static void base64url_round_trips_every_length(void **)
{
	unsigned char bytes[40], back[40];
	char text[64];
	for (int i = 0; i < 40; i++)
		bytes[i] = (unsigned char)(i * 91 + 200);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct text_writer w = text_writer_of(text, sizeof(text));
		text_put_base64url(&w, span_of(bytes, n));
		assert_int_equal(text_parse_base64url(text_written(&w), back, sizeof(back)), (int)n);
		assert_memory_equal(bytes, back, n);
		if (n)
			assert_int_equal(text_parse_base64url(text_written(&w), back, n - 1), -1);
	}
	/* RFC 4648 §10, without padding */
	struct text_writer w = text_writer_of(text, sizeof(text));
	text_put_base64url(&w, SPAN("fooba"));
	assert_true(span_equal(text_written(&w), SPAN("Zm9vYmE")));
	assert_int_equal(text_parse_base64url(SPAN("Zm9vYmF"), back, sizeof(back)), -1); /* bits */
	assert_int_equal(text_parse_base64url(SPAN("Zm9v+"), back, sizeof(back)), -1);
	assert_int_equal(text_parse_base64url(SPAN("Zm9v/w"), back, sizeof(back)), -1);
}

static void writer_never_overruns(void **)
{
	char buffer[4] = "....";
	struct text_writer w = text_writer_of(buffer, 3);
	text_put(&w, SPAN("ab"));
	text_put(&w, SPAN("cd"));
	text_put(&w, SPAN("e"));
	assert_true(w.overflow);
	assert_true(span_equal(text_written(&w), SPAN("ab")));
	assert_int_equal(buffer[3], '.');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal_takes_digits_up_to_the_bound),
		cmocka_unit_test(hexadecimal_round_trips),
		cmocka_unit_test(base64url_round_trips_every_length),
		cmocka_unit_test(writer_never_overruns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
