/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and character classes: header names and methods by text and back, and the vector scans
 * against the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/chars.h"
#include "sip/header_name.h"

static const struct {
	enum sip_header_id id;
	const char *name;
	char compact;
} names[] = {
#define X(id, name, compact) { SIP_HEADER_##id, name, compact },
	SIP_HEADER_NAMES(X)
#undef X
};

static uint32_t match(const char *name, uint32_t len)
{
	uint32_t id;

	return sip_header_match(name, len, &id) ? id : SIP_HEADER_OTHER;
}

static void every_name_is_found_in_any_case(void **)
{
	char text[SIP_HEADER_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i].name);
		assert_in_range(len, 2, SIP_HEADER_NAME_MAX - 1);
		assert_true(span_equal(sip_header_name(names[i].id), span_of_string(names[i].name)));
		for (unsigned int flips = 0; flips < 64; flips++) {
			memset(text, '~', sizeof(text));
			for (size_t c = 0; c < len; c++) {
				char lower = char_lower(names[i].name[c]);
				bool up = lower >= 'a' && lower <= 'z' && (flips >> (c % 6) & 1);
				text[c] = up ? (char)(lower - 0x20) : lower;
			}
			assert_int_equal(sip_header_find(span_of(text, len)), names[i].id);
			if (len <= SIP_HEADER_VECTOR)
				assert_int_equal(match(text, (uint32_t)len), names[i].id);
		}
		if (names[i].compact) {
			char upper = (char)(names[i].compact - 0x20);
			assert_int_equal(sip_header_find(span_of(&names[i].compact, 1)), names[i].id);
			assert_int_equal(sip_header_find(span_of(&upper, 1)), names[i].id);
		}
	}
}

static void a_name_with_one_wrong_bit_is_another(void **)
{
	char text[SIP_HEADER_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i].name);
		for (size_t at = 0; at < len; at++) {
			for (int bit = 0; bit < 8; bit++) {
				memset(text, 0, sizeof(text));
				memcpy(text, names[i].name, len);
				text[at] = (char)(text[at] ^ 1 << bit);
				enum sip_header_id want =
					char_lower(text[at]) == char_lower(names[i].name[at]) ?
						names[i].id : SIP_HEADER_OTHER;
				assert_int_equal(sip_header_find(span_of(text, len)), want);
				if (len <= SIP_HEADER_VECTOR)
					assert_int_equal(match(text, (uint32_t)len), want);
			}
		}
		if (len > 2) /* "T" is To */
			assert_int_equal(sip_header_find(span_of(names[i].name, len - 1)),
					 SIP_HEADER_OTHER);
	}
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		enum sip_header_id id = sip_header_find(span_of(&byte, 1));
		assert_true(id == SIP_HEADER_OTHER || sip_char_is(byte, SIP_CHAR_ALPHA));
	}
	assert_int_equal(sip_header_find(SPAN("")), SIP_HEADER_OTHER);
	assert_int_equal(sip_header_find(SPAN("A-Name-That-Is-Longer-Than-Any-Known-One")),
			 SIP_HEADER_OTHER);
}

static void methods_compare_with_case(void **)
{
	for (unsigned int m = 1; m < SIP_METHOD_COUNT; m++)
		assert_int_equal(sip_method_find(sip_method_token((enum sip_method)m)), m);
	assert_int_equal(sip_method_find(SPAN("invite")), SIP_METHOD_OTHER);
	assert_int_equal(sip_method_find(SPAN("INVITEE")), SIP_METHOD_OTHER);
	assert_int_equal(sip_method_find(SPAN("")), SIP_METHOD_OTHER);
	assert_int_equal(sip_method_token(SIP_METHOD_OTHER).len, 0);
}

static void scans_agree_with_the_table(void **)
{
	char text[48];

	for (int k = 0; k < SIP_SCAN_CLASSES; k++) {
		enum sip_char_class class = (enum sip_char_class)(1 << k);
		for (int c = 0; c < 256; c++) {
			memset(text, 'a', sizeof(text)); /* in every class */
			text[20] = (char)c;
			uint32_t strangers = sip_scan_strangers(text + 16, class);
			assert_int_equal(strangers, sip_char_is((char)c, class) ? 0 : 1u << 4);
		}
	}
	/* The end and the limit, in every relation to whole vectors. */
	memset(text, 'a', sizeof(text));
	for (size_t at = 0; at < sizeof(text); at++) {
		text[at] = ' ';
		for (size_t end = 0; end <= sizeof(text); end++) {
			for (size_t limit = end; limit <= sizeof(text); limit++) {
				size_t want = MIN(at, end);
				assert_ptr_equal(sip_scan(text, text + end, text + limit, SIP_CHAR_TOKEN),
						 text + want);
				assert_ptr_equal(sip_scan_for(text, text + end, text + limit, ' '),
						 text + want);
			}
		}
		text[at] = 'a';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_in_any_case),
		cmocka_unit_test(a_name_with_one_wrong_bit_is_another),
		cmocka_unit_test(methods_compare_with_case),
		cmocka_unit_test(scans_agree_with_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
