/* SPDX-License-Identifier: BSD-3-Clause */
/* sip/via.h: what is a Via value, and where its parts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/via.h"

static struct sip_via via;

#define assert_span(got, literal) assert_true(span_equal(got, SPAN(literal)))

static void every_part_is_found(void **)
{
	assert_true(sip_via_decode(SPAN(" SIP/2.0/UDP pc33.example.com:5066;ttl=16;maddr=192.0.2.99"
					";received=192.0.2.207;branch=z9hG4bKa7c;rport=9988"
					";x=\"a;branch=no,\\\"\";tandem=Zm9v;flag \r\n"),
				   &via));
	assert_span(via.transport, "UDP");
	assert_span(via.sent_by, "pc33.example.com:5066");
	assert_span(via.host, "pc33.example.com");
	assert_int_equal(via.port, 5066);
	assert_span(via.maddr, "192.0.2.99");
	assert_span(via.received, "192.0.2.207");
	assert_span(via.branch, "z9hG4bKa7c");
	assert_span(via.rport, "9988");
	assert_true(via.has_rport);
	assert_span(via.hint, "Zm9v");
	assert_true(via.has_cookie);
	assert_span(sip_via_branch_id(&via), "a7c");
	assert_int_equal(via.params.data[0], ';');
	assert_int_equal(via.params.data[via.params.len - 1], 'g');
	assert_int_equal(via.value.data[0], 'S');
}

static void absent_parts_are_empty(void **)
{
	assert_true(sip_via_decode(SPAN("SIP/2.0/TCP h"), &via));
	assert_span(via.sent_by, "h");
	assert_int_equal(via.port, 0);
	assert_int_equal(via.params.len, 0);
	assert_int_equal(via.branch.len, 0);
	assert_int_equal(via.received.len, 0);
	assert_false(via.has_rport || via.has_cookie || via.host_is_ipv6);
	assert_int_equal(sip_via_branch_id(&via).len, 0);
	assert_true(sip_via_decode(SPAN("SIP/2.0/UDP h;rport;branch=1234567"), &via));
	assert_true(via.has_rport);
	assert_int_equal(via.rport.len, 0);
	assert_false(via.has_cookie);
}

/* shows: 4 */
static void names_and_the_cookie_compare_without_case(void **)
{
	assert_true(sip_via_decode(SPAN("sip/2.0/udp h;BRANCH=Z9HG4bKx;RPort;ReCeIvEd=1.2.3.4"), &via));
	assert_span(via.transport, "udp");
	assert_true(via.has_cookie && via.has_rport);
	assert_span(via.received, "1.2.3.4");
}

/* shows: 31 */
static void ipv6_stands_in_brackets_or_in_received_without(void **)
{
	assert_true(sip_via_decode(SPAN("SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255]"
					";maddr=[ff02::1]"),
				   &via));
	assert_span(via.host, "2001:db8::9:1");
	assert_span(via.sent_by, "[2001:db8::9:1]:6050");
	assert_span(via.received, "2001:db8::9:255");
	assert_span(via.maddr, "ff02::1");
	assert_true(via.host_is_ipv6);
	assert_int_equal(via.port, 6050);
	assert_true(sip_via_decode(SPAN("SIP/2.0/UDP [::ffff:192.0.2.1];received=2001:db8::9:255"), &via));
	assert_span(via.received, "2001:db8::9:255");
	assert_int_equal(via.port, 0);
}

static void blanks_and_folds_stand_around_separators(void **)
{
	assert_true(sip_via_decode(SPAN("SIP  /   2.0\r\n /UDP\r\n\t192.0.2.2 : 5061 ;\r\n branch\t=\r\n x ; lone"),
				   &via));
	assert_span(via.sent_by, "192.0.2.2 : 5061");
	assert_int_equal(via.port, 5061);
	assert_span(via.branch, "x");
}

static void malformed_values_are_refused(void **)
{
	static const char *const bad[] = {
		"", " ", "SIP", "SIP/2.0", "SIP/2.0/", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0/ h",
		"SIP/2.0 UDP h", "SIP/3.0/UDP h", "HTTP/2.0/UDP h", "/2.0/UDP h",
		"SIP/2.0/UDP ;branch=a", "SIP/2.0/UDP :5060", "SIP/2.0/UDP h:", "SIP/2.0/UDP h:x",
		"SIP/2.0/UDP h:0", "SIP/2.0/UDP h:65536", "SIP/2.0/UDP h:99999999999999999999",
		"SIP/2.0/UDP h i", "SIP/2.0/UDP h,", "SIP/2.0/UDP h;", "SIP/2.0/UDP h;;a",
		"SIP/2.0/UDP h;a=b c", "SIP/2.0/UDP h;=b", "SIP/2.0/UDP h;a=\"b", "SIP/2.0/UDP h;a=b,c",
		"SIP/2.0/UDP h;branch=a;branch=b", "SIP/2.0/UDP h;rport;rport=1",
		"SIP/2.0/UDP h;received=1.2.3.4;RECEIVED=5.6.7.8", "SIP/2.0/UDP [::1", "SIP/2.0/UDP []",
		"SIP/2.0/UDP [::g]", "SIP/2.0/UDP [::1]x", "SIP/2.0/UDP 2001:db8::1", "SIP/2.0/UDP <h>",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (sip_via_decode(span_of_string(bad[i]), &via))
			fail_msg("taken: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_found),
		cmocka_unit_test(absent_parts_are_empty),
		cmocka_unit_test(names_and_the_cookie_compare_without_case),
		cmocka_unit_test(ipv6_stands_in_brackets_or_in_received_without),
		cmocka_unit_test(blanks_and_folds_stand_around_separators),
		cmocka_unit_test(malformed_values_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
