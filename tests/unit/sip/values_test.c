/* SPDX-License-Identifier: BSD-3-Clause */
/* The list cursor of sip/message.h: rows and commas in order, nothing inside quotes or < >. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sip/message.h"

static struct sip_message msg;
static char text[2000];
static char walked[500];

/* The values of Route in `rows`, joined by '|'; a row's first value has a '^', its last a '$'. */
static const char *walk(const char *rows)
{
	struct sip_value_cursor at;
	size_t len = 0;
	int size = snprintf(text, sizeof(text),
			    "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>;tag=1\r\n%s"
			    "To: <sip:a@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n", rows);

	assert_int_equal(sip_message_parse(&msg, text, (uint32_t)size), VERDICT_REASON_NONE);
	walked[0] = '\0';
	for (bool more = sip_value_first(&msg, SIP_HEADER_ROUTE, &at); more;
	     more = sip_value_next(&msg, &at)) {
		assert_ptr_equal(at.value.data, msg.bytes + at.offset);
		len += (size_t)snprintf(walked + len, sizeof(walked) - len, "%s%s%.*s%s", len ? "|" : "",
					at.first_in_row ? "^" : "", SPAN_ARGS(at.value),
					at.last_in_row ? "$" : "");
	}
	return walked;
}

/* shows: 2 */
static void rows_and_commas_are_one_list(void **)
{
	assert_string_equal(walk(""), "");
	assert_string_equal(walk("Route: <sip:a>\r\n"), "^<sip:a>$");
	assert_string_equal(walk("Route: <sip:a> , <sip:b>\r\nX: y\r\nroute:<sip:c>\r\n"),
			    "^<sip:a>|<sip:b>$|^<sip:c>$");
	assert_string_equal(walk("Route: <sip:a>,\r\n <sip:b>\r\n\t,<sip:c>\r\n"),
			    "^<sip:a>|<sip:b>|<sip:c>$");
}

static void empty_values_are_values(void **)
{
	assert_string_equal(walk("Route:\r\n"), "^$");
	assert_string_equal(walk("Route: ,, a\r\n"), "^||a$");
	assert_string_equal(walk("Route: a,\r\nRoute: b\r\n"), "^a|$|^b$");
}

static void quotes_and_brackets_hide_commas(void **)
{
	assert_string_equal(walk("Route: \"a,b\\\",c\" <sip:x,y>;z=\"1,2\", d\r\n"),
			    "^\"a,b\\\",c\" <sip:x,y>;z=\"1,2\"|d$");
	/* A quote inside < > is none; one that does not close takes the rest of its row. */
	assert_string_equal(walk("Route: <sip:a\"b>,c,\"d,e\r\nRoute: f\r\n"), "^<sip:a\"b>|c|\"d,e$|^f$");
	assert_string_equal(walk("Route: <sip:a,b\r\nRoute: c\r\n"), "^<sip:a,b$|^c$");
	assert_string_equal(walk("Route: \"\\\r\nRoute: c\r\n"), "^\"\\$|^c$");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_commas_are_one_list),
		cmocka_unit_test(empty_values_are_values),
		cmocka_unit_test(quotes_and_brackets_hide_commas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
