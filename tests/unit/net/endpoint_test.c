/* SPDX-License-Identifier: BSD-3-Clause */
/* net/endpoint.h: strict parsers, canonical text, prefixes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "net/endpoint.h"

static void assert_canonical(const char *text, const char *canonical)
{
	char out[ENDPOINT_TEXT_MAX];
	struct ip_address address;

	assert_true(ip_address_parse(span_of_string(text), &address));
	assert_string_equal(ip_address_to_string(&address, out), canonical);
}

static void addresses_are_written_as_rfc_5952_asks(void **)
{
	assert_canonical("192.0.2.1", "192.0.2.1");
	assert_canonical("255.255.255.255", "255.255.255.255");
	/* §4.1 leading zeros, §4.3 lower case */
	assert_canonical("2001:0DB8::0001", "2001:db8::1");
	/* §4.2.1 as short as possible */
	assert_canonical("2001:db8:0:0:0:0:2:1", "2001:db8::2:1");
	/* §4.2.2 a single zero group is written out */
	assert_canonical("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	/* §4.2.3 the longest run; the first of equals */
	assert_canonical("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	assert_canonical("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	assert_canonical("0:0:0:0:0:0:0:0", "::");
	assert_canonical("::1", "::1");
	assert_canonical("1::", "1::");
	assert_canonical("fe80:0:0:0:0:0:0:0", "fe80::");
	assert_canonical("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8");
	assert_canonical("0:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:0");
	assert_canonical("1:2:3:4:5:6::", "1:2:3:4:5:6::");
	assert_canonical("::3:4:5:6:7:8", "::3:4:5:6:7:8");
	/* §5 */
	assert_canonical("::ffff:c000:0201", "::ffff:192.0.2.1");
	assert_canonical("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
	assert_canonical("[2001:db8::9]", "2001:db8::9");
}

static void malformed_addresses_are_refused_and_change_nothing(void **)
{
	static const char *const bad[] = {
		"", "[]", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.0.0.1",
		"01.2.3.4", "1.2.3.0004", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2.3.4/24",
		"[1.2.3.4]", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:",
		":1:2:3:4:5:6:7", "1::2::3", "1:2:3:4::5:6:7:8", "12345::", "g::", "::1%eth0",
		"1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "[::1", "::1]",
		"::ffff:1.2.3.256", "1:2:3:4:5:6:7::8:9", "2001:db8::1:", "::-1", "::0x1",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ip_address address = { .family = 77 };

		if (ip_address_parse(span_of_string(bad[i]), &address))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(address.family, 77);
	}
}

/* The C library is the oracle for what an IPv6 text means. */
static void any_address_survives_text_and_agrees_with_inet_pton(void **)
{
	uint64_t seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct ip_address a = { .family = IP_V6 }, back;
		char text[ENDPOINT_TEXT_MAX];
		uint8_t oracle[16];

		for (int i = 0; i < 16; i += 2) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			unsigned int r = (unsigned int)(seed >> 33);
			/* zero groups are what the text is about */
			if (r & 1) {
				a.bytes[i] = (uint8_t)(r & 2 ? 0 : r >> 8);
				a.bytes[i + 1] = (uint8_t)(r >> 16);
			}
		}
		ip_address_to_string(&a, text);
		assert_true(ip_address_parse(span_of_string(text), &back));
		assert_true(ip_address_equal(&a, &back));
		assert_int_equal(inet_pton(AF_INET6, text, oracle), 1);
		assert_memory_equal(oracle, a.bytes, 16);
	}
}

static void endpoints_take_a_port_or_the_default(void **)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint e;

	assert_true(endpoint_parse(SPAN("192.0.2.1:5070"), 5060, &e));
	assert_string_equal(endpoint_to_string(&e, text), "192.0.2.1:5070");
	assert_true(endpoint_parse(SPAN("192.0.2.1"), 5060, &e));
	assert_int_equal(e.port, 5060);
	assert_int_equal(e.reserved, 0);
	assert_true(endpoint_parse(SPAN("[2001:DB8::1]:65535"), 5060, &e));
	assert_string_equal(endpoint_to_string(&e, text), "[2001:db8::1]:65535");
	assert_true(endpoint_parse(SPAN("[2001:db8::1]"), 5061, &e));
	assert_int_equal(e.port, 5061);
	assert_true(endpoint_parse(SPAN("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"), 1, &e));
	assert_string_equal(endpoint_to_string(&e, text),
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");

	static const char *const bad[] = { "", ":5060", "192.0.2.1:", "192.0.2.1:0",
					   "192.0.2.1:65536", "192.0.2.1:000080", "192.0.2.1:5060 ",
					   "2001:db8::1", "2001:db8::1:5060", "[2001:db8::1]5060",
					   "[2001:db8::1", "[2001:db8::1]:", "[192.0.2.1]:5060",
					   "host:5060" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (endpoint_parse(span_of_string(bad[i]), 5060, &e))
			fail_msg("accepted: %s", bad[i]);
	}
}

static bool contains(const char *prefix_text, const char *address_text)
{
	struct ip_prefix prefix;
	struct ip_address address;

	assert_true(ip_prefix_parse(span_of_string(prefix_text), &prefix));
	assert_true(ip_address_parse(span_of_string(address_text), &address));
	return ip_prefix_contains(&prefix, &address);
}

static void prefixes_contain_what_shares_their_bits(void **)
{
	assert_true(contains("192.0.2.1/24", "192.0.2.255"));
	assert_false(contains("192.0.2.1/24", "192.0.3.0"));
	assert_true(contains("192.0.2.128/25", "192.0.2.129"));
	assert_false(contains("192.0.2.128/25", "192.0.2.127"));
	assert_true(contains("0.0.0.0/0", "203.0.113.7"));
	assert_false(contains("0.0.0.0/0", "2001:db8::1"));
	assert_false(contains("::/0", "192.0.2.1"));
	assert_true(contains("192.0.2.1", "192.0.2.1"));
	assert_false(contains("192.0.2.1/32", "192.0.2.0"));
	assert_true(contains("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(contains("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(contains("2001:db8::1/128", "2001:db8::1"));

	struct ip_prefix prefix;
	assert_false(ip_prefix_parse(SPAN("192.0.2.0/33"), &prefix));
	assert_false(ip_prefix_parse(SPAN("192.0.2.0/"), &prefix));
	assert_false(ip_prefix_parse(SPAN("2001:db8::/129"), &prefix));
	assert_false(ip_prefix_parse(SPAN("/24"), &prefix));
	assert_false(ip_prefix_parse(SPAN("192.0.2.0/24/1"), &prefix));
}

static void bogus_addresses_are_those_no_peer_has(void **)
{
	static const char *const bogus[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.0.1",
					     "224.0.0.1", "239.255.255.250", "240.0.0.1",
					     "255.255.255.255", "::", "::1", "ff02::1", "ff0e::1",
					     "::ffff:192.0.2.1" };
	static const char *const good[] = { "1.0.0.1", "126.255.255.255", "128.0.0.1",
					    "223.255.255.255", "10.0.0.1", "2001:db8::1", "fe80::1",
					    "::2", "fd00::1" };
	struct ip_address a = { .family = IP_NONE };

	assert_true(ip_address_is_bogus(&a));
	for (size_t i = 0; i < ARRAY_SIZE(bogus); i++) {
		assert_true(ip_address_parse(span_of_string(bogus[i]), &a));
		assert_true(ip_address_is_bogus(&a));
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(ip_address_parse(span_of_string(good[i]), &a));
		assert_false(ip_address_is_bogus(&a));
	}
}

static void a_host_is_bracketed_only_when_ipv6(void **)
{
	char buffer[ENDPOINT_TEXT_MAX];
	struct ip_address a;
	struct text_writer w = text_writer_of(buffer, sizeof(buffer));

	assert_true(ip_address_parse(SPAN("2001:db8::1"), &a));
	ip_address_put_host(&w, &a);
	assert_true(ip_address_parse(SPAN("192.0.2.1"), &a));
	ip_address_put_host(&w, &a);
	assert_true(span_equal(text_written(&w), SPAN("[2001:db8::1]192.0.2.1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_written_as_rfc_5952_asks),
		cmocka_unit_test(malformed_addresses_are_refused_and_change_nothing),
		cmocka_unit_test(any_address_survives_text_and_agrees_with_inet_pton),
		cmocka_unit_test(endpoints_take_a_port_or_the_default),
		cmocka_unit_test(prefixes_contain_what_shares_their_bits),
		cmocka_unit_test(bogus_addresses_are_those_no_peer_has),
		cmocka_unit_test(a_host_is_bracketed_only_when_ipv6),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
