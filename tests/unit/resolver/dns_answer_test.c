/* SPDX-License-Identifier: BSD-3-Clause */
/* resolver/dns_answer.h: records, aliases, lifetimes, absence, damage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "reply.h"

#define SRV_NAME "_sip._udp.example.com"

static struct reply reply;
static struct dns_answer answer;

static void parse(enum dns_type type, enum dns_status status)
{
	dns_answer_fini(&answer);
	dns_answer_parse(&answer, type, status, reply_span(&reply));
}

static int forget(void **)
{
	dns_answer_fini(&answer);
	return 0;
}

static const char *text_of(const struct ip_address *address)
{
	static char text[ENDPOINT_TEXT_MAX];

	return ip_address_to_string(address, text);
}

/* shows: 228 */
static void all_srv_records_of_a_reply_are_read(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 5060, "SW1.Example.com");
	reply_srv(&reply, SRV_NAME, 200, 10, 40, 5062, "sw2.example.com");
	reply_srv(&reply, SRV_NAME, 300, 20, 0, 5060, "sw3.example.com");
	parse(DNS_SRV, DNS_OK);
	assert_int_equal(answer.status, DNS_OK);
	assert_int_equal(answer.count, 3);
	assert_int_equal(answer.ttl_s, 200);
	assert_string_equal(answer.srvs[0].host, "sw1.example.com");
	assert_int_equal(answer.srvs[0].priority, 10);
	assert_int_equal(answer.srvs[0].weight, 60);
	assert_int_equal(answer.srvs[1].port, 5062);
	assert_int_equal(answer.srvs[2].priority, 20);
	assert_int_equal(answer.srvs[2].weight, 0);
}

static void addresses_that_come_along_are_kept_apart(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 5060, "sw1.example.com");
	reply_address(&reply, REPLY_ADDITIONAL, "sw1.example.com", 60, "198.51.100.11");
	reply_address(&reply, REPLY_ADDITIONAL, "SW1.example.com", 50, "2001:db8::11");
	parse(DNS_SRV, DNS_OK);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.extra_count, 2);
	assert_string_equal(text_of(&answer.extras[0].address), "198.51.100.11");
	assert_string_equal(answer.extras[1].host, "sw1.example.com");
	assert_string_equal(text_of(&answer.extras[1].address), "2001:db8::11");
	assert_int_equal(answer.extras[1].ttl_s, 50);
	assert_int_equal(answer.ttl_s, 300);
}

static void records_that_cannot_be_are_counted_and_the_others_stay(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 0, "sw1.example.com"); /* no port */
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 5060, "sw 2.example.com");
	reply_record(&reply, REPLY_ANSWER, SRV_NAME, DNS_SRV, 300, "\0\1\0\1", 4);
	reply_srv(&reply, SRV_NAME, 300, 10, 40, 5060, "sw3.example.com");
	parse(DNS_SRV, DNS_OK);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.unusable, 3);
	assert_string_equal(answer.srvs[0].host, "sw3.example.com");
}

static void the_root_as_a_target_is_read_as_such(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_srv(&reply, SRV_NAME, 300, 0, 0, 0, "");
	parse(DNS_SRV, DNS_OK);
	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.srvs[0].host, "");
}

static void naptr_records_are_read(void **)
{
	reply_begin(&reply, DNS_NAPTR, "example.com");
	reply_naptr(&reply, "example.com", 120, 50, 40, "S", "sip+d2u", "", SRV_NAME);
	reply_naptr(&reply, "example.com", 120, 50, 50, "u", "E2U+sip", "!^.*$!sip:a@b!", "");
	reply_naptr(&reply, "example.com", 120, 60, 50, "s", "SIP+D2T", "", "_sip._tcp.example.com");
	parse(DNS_NAPTR, DNS_OK);
	assert_int_equal(answer.count, 3);
	assert_string_equal(answer.naptrs[0].service, "SIP+D2U");
	assert_string_equal(answer.naptrs[0].replacement, SRV_NAME);
	assert_true(answer.naptrs[0].leads_to_srv);
	assert_int_equal(answer.naptrs[0].order, 50);
	assert_int_equal(answer.naptrs[0].preference, 40);
	assert_false(answer.naptrs[1].leads_to_srv);
	assert_true(answer.naptrs[2].leads_to_srv);
}

static void aliases_are_followed_within_a_reply_and_shorten_it(void **)
{
	reply_begin(&reply, DNS_A, "www.example.com");
	reply_address(&reply, REPLY_ANSWER, "c.example.com", 300, "198.51.100.13");
	reply_cname(&reply, "b.example.com", 30, "c.example.com");
	reply_cname(&reply, "www.example.com", 400, "B.example.com");
	reply_address(&reply, REPLY_ANSWER, "other.example.com", 1, "198.51.100.99");
	parse(DNS_A, DNS_OK);
	assert_int_equal(answer.count, 1);
	assert_string_equal(text_of(&answer.addresses[0].address), "198.51.100.13");
	assert_int_equal(answer.ttl_s, 30);
}

static void an_alias_that_leads_out_of_the_reply_is_told(void **)
{
	reply_begin(&reply, DNS_A, "www.example.com");
	reply_cname(&reply, "www.example.com", 40, "www.example.net");
	parse(DNS_A, DNS_OK);
	assert_int_equal(answer.status, DNS_OK);
	assert_int_equal(answer.count, 0);
	assert_string_equal(answer.alias, "www.example.net");

	/* With a SOA the server knows that there is nothing at its end. */
	reply_soa(&reply, "example.net", 100, 50);
	parse(DNS_A, DNS_OK);
	assert_int_equal(answer.status, DNS_NO_DATA);
	assert_string_equal(answer.alias, "");
	assert_int_equal(answer.ttl_s, 40);
}

static void a_ring_of_aliases_is_malformed(void **)
{
	reply_begin(&reply, DNS_A, "a.example.com");
	reply_cname(&reply, "a.example.com", 40, "b.example.com");
	reply_cname(&reply, "b.example.com", 40, "a.example.com");
	parse(DNS_A, DNS_OK);
	assert_int_equal(answer.status, DNS_MALFORMED);
}

static void absence_lasts_as_long_as_the_soa_says(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_soa(&reply, "example.com", 3600, 90);
	parse(DNS_SRV, DNS_NO_NAME);
	assert_int_equal(answer.status, DNS_NO_NAME);
	assert_int_equal(answer.ttl_s, 90);

	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_soa(&reply, "example.com", 20, 90);
	parse(DNS_SRV, DNS_NO_DATA);
	assert_int_equal(answer.status, DNS_NO_DATA);
	assert_int_equal(answer.ttl_s, 20);

	reply_begin(&reply, DNS_SRV, SRV_NAME);
	parse(DNS_SRV, DNS_NO_DATA);
	assert_int_equal(answer.status, DNS_NO_DATA);
	assert_int_equal(answer.ttl_s, DNS_TTL_UNKNOWN);
}

static void a_referral_is_no_absence(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply.bytes[2] &= (unsigned char)~0x04; /* not authoritative */
	reply_record(&reply, REPLY_AUTHORITY, "com", TYPE_NS, 3600, "\1a\0", 3);
	parse(DNS_SRV, DNS_NO_DATA);
	assert_int_equal(answer.status, DNS_REFERRAL);
	assert_true(dns_status_is_failure(answer.status));
}

static void a_lifetime_with_the_highest_bit_is_zero(void **)
{
	reply_begin(&reply, DNS_A, "a.example.com");
	reply_address(&reply, REPLY_ANSWER, "a.example.com", 0x80000001, "198.51.100.13");
	parse(DNS_A, DNS_OK);
	assert_int_equal(answer.ttl_s, 0);
}

static void more_records_than_are_kept_are_counted(void **)
{
	reply_begin(&reply, DNS_A, "a.example.com");
	for (int i = 0; i < DNS_RECORDS_MAX + 5; i++)
		reply_address(&reply, REPLY_ANSWER, "a.example.com", 60, "198.51.100.13");
	parse(DNS_A, DNS_OK);
	assert_int_equal(answer.count, DNS_RECORDS_MAX);
	assert_int_equal(answer.omitted, 5);
}

static void a_reply_cut_anywhere_never_gives_what_it_does_not_have(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 5060, "sw1.example.com");
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 5060, "sw2.example.com");
	size_t whole = reply.len;
	for (size_t len = 0; len < whole; len++) {
		/* Of its own size, so that a byte too many is seen. */
		char *copy = malloc(len + 1);
		memcpy(copy, reply.bytes, len);
		dns_answer_fini(&answer);
		dns_answer_parse(&answer, DNS_SRV, DNS_OK, span_of(copy, len));
		free(copy);
		assert_int_equal(answer.status, DNS_MALFORMED);
		assert_int_equal(answer.count, 0);
	}
}

static void damage_anywhere_ends_in_an_answer(void **)
{
	reply_begin(&reply, DNS_SRV, SRV_NAME);
	reply_srv(&reply, SRV_NAME, 300, 10, 60, 5060, "sw1.example.com");
	reply_address(&reply, REPLY_ADDITIONAL, "sw1.example.com", 60, "198.51.100.11");
	for (size_t at = 0; at < reply.len; at++) {
		unsigned char good = reply.bytes[at];
		for (int value = 0; value < 256; value += 5) {
			reply.bytes[at] = (unsigned char)value;
			parse(DNS_SRV, DNS_OK);
			assert_true(answer.status < DNS_STATUS_COUNT);
			assert_true(answer.count <= 1);
		}
		reply.bytes[at] = good;
	}
}

static void hosts_are_told_from_other_names(void **)
{
	assert_true(dns_name_is_host("sw1.example.com"));
	assert_true(dns_name_is_host("_sip._udp.x-1"));
	assert_false(dns_name_is_host(""));
	assert_false(dns_name_is_host("a..b"));
	assert_false(dns_name_is_host(".a"));
	assert_false(dns_name_is_host("a."));
	assert_false(dns_name_is_host("a b"));
	assert_false(dns_name_is_host("A"));
	assert_false(dns_name_is_host("a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_srv_records_of_a_reply_are_read),
		cmocka_unit_test(addresses_that_come_along_are_kept_apart),
		cmocka_unit_test(records_that_cannot_be_are_counted_and_the_others_stay),
		cmocka_unit_test(the_root_as_a_target_is_read_as_such),
		cmocka_unit_test(naptr_records_are_read),
		cmocka_unit_test(aliases_are_followed_within_a_reply_and_shorten_it),
		cmocka_unit_test(an_alias_that_leads_out_of_the_reply_is_told),
		cmocka_unit_test(a_ring_of_aliases_is_malformed),
		cmocka_unit_test(absence_lasts_as_long_as_the_soa_says),
		cmocka_unit_test(a_referral_is_no_absence),
		cmocka_unit_test(a_lifetime_with_the_highest_bit_is_zero),
		cmocka_unit_test(more_records_than_are_kept_are_counted),
		cmocka_unit_test(a_reply_cut_anywhere_never_gives_what_it_does_not_have),
		cmocka_unit_test(damage_anywhere_ends_in_an_answer),
		cmocka_unit_test(hosts_are_told_from_other_names),
	};
	return cmocka_run_group_tests(tests, NULL, forget);
}
