/* SPDX-License-Identifier: BSD-3-Clause */
/* balance/interface.h: every question, with the lookup table and by scanning. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "balance/index.h"
#include "balance/interface.h"
#include "support/snapshot_fixture.h"

static const char text[] =
	"interface access address 192.0.2.1/24 address 2001:db8::1/64 gateway 192.0.2.254 "
	"gateway 2001:db8::fe peers 203.0.113.0/24 peers 2001:db8:5::/48\n"
	"interface core address 198.51.100.1/24 address 198.51.100.2/24 "
	"address 2001:db8:1::1/64 port 5070\n"
	"interface lab address 203.0.113.129/28 peers 203.0.113.0/25\n"
	"pool switches\n"
	"target switches sw1 198.51.100.11:5060\n"
	"target switches sw2 198.51.100.12:5060\n"
	"target switches sw2b 198.51.100.12:5062\n"
	"pool carriers\n"
	"target carriers c1 203.0.113.9:5060\n"
	"target carriers c2 198.51.100.12:5060\n"
	"target carriers c6 [2001:db8:1::9]:5060\n"
	"service inbound listen 192.0.2.1:5060 listen [2001:db8::1]:5060 pool switches\n"
	"service spare listen 192.0.2.1:5060 pool carriers\n"
	"service shared listen 198.51.100.1:5060 pool switches\n"
	"service outbound listen 198.51.100.1:5060 listen 198.51.100.2:5080 from switches "
	"pool carriers\n"
	"host gw.Example.NET 198.51.100.9\n"
	"host six.example.net 2001:db8:1::7\n";

static struct snapshot_fixture *fixture;

static const struct balance_snapshot *snapshot(void)
{
	return snapshot_fixture_snapshot(fixture);
}

static int load(void **)
{
	char error[160];

	fixture = snapshot_fixture_create(text, error, sizeof(error));
	if (!fixture)
		fail_msg("%s", error);
	return 0;
}

static int load_without_index(void **with)
{
	load(with);
	snapshot_fixture_edit(fixture)->index = NULL;
	return 0;
}

static int unload(void **)
{
	snapshot_fixture_destroy(fixture);
	return 0;
}

static struct ip_address ip(const char *address)
{
	struct ip_address out;

	if (!ip_address_parse(span_of_string(address), &out))
		fail_msg("%s", address);
	return out;
}

static struct endpoint at(const char *endpoint)
{
	struct endpoint out;

	if (!endpoint_parse(span_of_string(endpoint), 0, &out))
		fail_msg("%s", endpoint);
	return out;
}

static const char *egress(const char *address)
{
	struct ip_address to = ip(address);
	uint16_t i = balance_egress_find(snapshot(), &to);

	return i == BALANCE_NONE ? "none" : snapshot()->interfaces[i].name;
}

static void the_longest_network_decides_the_egress(void **)
{
	assert_string_equal(egress("192.0.2.77"), "access");
	assert_string_equal(egress("198.51.100.200"), "core");
	assert_string_equal(egress("2001:db8:1::77"), "core");
	assert_string_equal(egress("203.0.113.130"), "lab"); /* /28 on link over peers' /24 */
	/* lab's peers are longer, but lab has no gateway to reach them by */
	assert_string_equal(egress("203.0.113.5"), "access");
	assert_string_equal(egress("2001:db8:5::1"), "access");
}

static void what_nothing_names_leaves_by_the_gateway_of_its_family(void **)
{
	assert_string_equal(egress("8.8.8.8"), "access");
	assert_string_equal(egress("2001:db8:ffff::1"), "access");
	snapshot_fixture_edit(fixture)->interfaces[0].gateway_v6 = (struct ip_address){ 0 };
	assert_string_equal(egress("2001:db8:ffff::1"), "none");
	assert_string_equal(egress("2001:db8:5::1"), "none");
	assert_string_equal(egress("2001:db8::5"), "access");
}

static void networks_of_one_interface_count_by_their_length_too(void **)
{
	char error[160];

	snapshot_fixture_destroy(fixture);
	fixture = snapshot_fixture_create(
		"interface a address 10.1.0.1/16 address 10.0.0.1/8 gateway 10.0.0.254 "
		"peers 172.16.0.0/16 peers 172.0.0.0/8\n"
		"interface b address 10.2.0.1/12 gateway 10.2.0.254 peers 172.16.0.0/12\n",
		error, sizeof(error));
	assert_string_equal(egress("10.1.9.9"), "a");
	assert_string_equal(egress("10.2.9.9"), "b");
	assert_string_equal(egress("10.99.9.9"), "a");
	assert_string_equal(egress("172.16.9.9"), "a");
	assert_string_equal(egress("172.17.9.9"), "b");
	assert_string_equal(egress("172.99.9.9"), "a");
}

static bool peer(uint16_t interface, const char *address)
{
	struct ip_address a = ip(address);

	return balance_is_peer(snapshot(), interface, &a);
}

static void peers_are_those_listed_else_those_on_link(void **)
{
	assert_true(peer(0, "203.0.113.77"));
	assert_true(peer(0, "2001:db8:5::9"));
	assert_false(peer(0, "192.0.2.7")); /* a list replaces the default */
	assert_false(peer(0, "8.8.8.8"));
	assert_true(peer(1, "198.51.100.77"));
	assert_true(peer(1, "2001:db8:1::5"));
	assert_false(peer(1, "203.0.113.77"));
	assert_true(peer(2, "203.0.113.1"));
	assert_false(peer(2, "203.0.113.200"));
	assert_false(peer(7, "198.51.100.77"));
	assert_false(peer(BALANCE_NONE, "198.51.100.77"));
}

static void own_addresses_are_those_of_all_interfaces(void **)
{
	static const char *const own[] = { "192.0.2.1",    "2001:db8::1",   "198.51.100.1",
					   "198.51.100.2", "2001:db8:1::1", "203.0.113.129" };
	static const char *const foreign[] = { "192.0.2.2", "2001:db8::2", "0.0.0.0", "::" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		struct ip_address a = ip(own[i]);
		assert_true(balance_is_own_address(snapshot(), &a));
	}
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		struct ip_address a = ip(foreign[i]);
		assert_false(balance_is_own_address(snapshot(), &a));
	}
}

static void own_endpoints_are_own_addresses_with_a_sip_port(void **)
{
	static const char *const own[] = { "192.0.2.1:5060", "198.51.100.2:5080",
					   "198.51.100.2:5070", "203.0.113.129:5060" };
	static const char *const foreign[] = { "192.0.2.1:5061", "192.0.2.9:5060",
					       "198.51.100.2:53" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		struct endpoint e = at(own[i]);
		assert_true(balance_is_own_endpoint(snapshot(), &e));
	}
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		struct endpoint e = at(foreign[i]);
		assert_false(balance_is_own_endpoint(snapshot(), &e));
	}
}

static void sent_by_is_the_first_address_of_the_family(void **)
{
	struct endpoint e, expected = at("198.51.100.1:5070");

	assert_true(balance_own_endpoint(snapshot(), 1, IP_V4, &e));
	assert_true(endpoint_equal(&e, &expected));
	expected = at("[2001:db8:1::1]:5070");
	assert_true(balance_own_endpoint(snapshot(), 1, IP_V6, &e));
	assert_true(endpoint_equal(&e, &expected));
	assert_false(balance_own_endpoint(snapshot(), 2, IP_V6, &e));
	assert_false(balance_own_endpoint(snapshot(), 3, IP_V4, &e));
	assert_false(balance_own_endpoint(snapshot(), BALANCE_NONE, IP_V4, &e));
}

static const char *service(const char *local, const char *source)
{
	struct endpoint l = at(local), s = at(source);
	uint16_t i = balance_service_find(snapshot(), &l, &s);

	return i == BALANCE_NONE ? "none" : snapshot()->services[i].name;
}

static void the_address_listened_on_decides_the_service(void **)
{
	assert_string_equal(service("192.0.2.1:5060", "192.0.2.7:5060"), "inbound");
	assert_string_equal(service("[2001:db8::1]:5060", "[2001:db8::9]:1234"), "inbound");
	assert_string_equal(service("192.0.2.1:5061", "192.0.2.7:5060"), "none");
	assert_string_equal(service("198.51.100.2:5060", "198.51.100.11:5060"), "none");
}

static void calls_from_a_pool_meet_its_own_service_first(void **)
{
	assert_string_equal(service("198.51.100.1:5060", "198.51.100.11:5060"), "outbound");
	assert_string_equal(service("198.51.100.1:5060", "198.51.100.12:39999"), "outbound");
	assert_string_equal(service("198.51.100.1:5060", "198.51.100.13:5060"), "shared");
	assert_string_equal(service("198.51.100.1:5060", "203.0.113.9:5060"), "shared");
	/* a service with `from` serves nobody else */
	assert_string_equal(service("198.51.100.2:5080", "198.51.100.11:5060"), "outbound");
	assert_string_equal(service("198.51.100.2:5080", "198.51.100.13:5060"), "none");
}

static const char *target(const char *endpoint)
{
	struct endpoint e = at(endpoint);
	uint16_t i = balance_target_find(snapshot(), &e);

	return i == BALANCE_NONE ? "none" : snapshot()->targets[i].name;
}

static void targets_are_found_by_endpoint_or_address(void **)
{
	assert_string_equal(target("198.51.100.11:5060"), "sw1");
	assert_string_equal(target("198.51.100.12:5060"), "sw2"); /* the first of two pools */
	assert_string_equal(target("198.51.100.12:5062"), "sw2b");
	assert_string_equal(target("198.51.100.12"), "sw2");
	assert_string_equal(target("198.51.100.12:5064"), "none");
	assert_string_equal(target("198.51.100.99"), "none");
	assert_string_equal(target("[2001:db8:1::9]:5060"), "c6");
	assert_string_equal(target("[2001:db8:1::8]:5060"), "none");
}

static void hosts_are_literals_or_known_names(void **)
{
	struct ip_address a, expected = ip("198.51.100.9");

	assert_true(balance_host_find(snapshot(), SPAN("gw.example.net"), &a));
	assert_true(ip_address_equal(&a, &expected));
	assert_true(balance_host_find(snapshot(), SPAN("GW.EXAMPLE.net."), &a));
	assert_true(ip_address_equal(&a, &expected));
	expected = ip("2001:db8::5");
	assert_true(balance_host_find(snapshot(), SPAN("[2001:db8::5]"), &a));
	assert_true(ip_address_equal(&a, &expected));
	expected = ip("192.0.2.200");
	assert_true(balance_host_find(snapshot(), SPAN("192.0.2.200"), &a));
	assert_true(ip_address_equal(&a, &expected));
	assert_false(balance_host_find(snapshot(), SPAN("gw.example.ne"), &a));
	assert_false(balance_host_find(snapshot(), SPAN("gw.example.nett"), &a));
	assert_false(balance_host_find(snapshot(), SPAN("."), &a));
	assert_false(balance_host_find(snapshot(), SPAN(""), &a));
	char name[300];
	memset(name, 'a', sizeof(name));
	assert_false(balance_host_find(snapshot(), span_of(name, 256), &a));
	assert_false(balance_host_find(snapshot(), span_of(name, 255), &a));
}

/* 3,000 targets in three pools, every lookup with the index and by scanning. */
static void the_index_answers_as_scanning_does(void **)
{
	size_t size = 200000;
	char *many = malloc(size), error[160];
	int n = snprintf(many, size, "interface core address 10.0.0.1/8\npool a\npool b\npool c\n");

	for (unsigned int i = 0; i < 3000; i++)
		n += snprintf(many + n, size - (size_t)n, "target %c t%u 10.0.%u.%u:%u\n",
			      "abc"[i % 3], i, i % 7, i % 251, 5060 + i % 5);
	struct snapshot_fixture *big = snapshot_fixture_create(many, error, sizeof(error));
	if (!big)
		fail_msg("%s", error);
	struct balance_snapshot scanned = *snapshot_fixture_snapshot(big);
	scanned.index = NULL;
	for (unsigned int i = 0; i < 6000; i++) {
		char name[64];
		snprintf(name, sizeof(name), "10.0.%u.%u:%u", i % 8, i % 255, 5060 + i % 6);
		struct endpoint e = at(name);
		if (i % 11 == 0)
			e.port = 0;
		assert_int_equal(balance_target_find(snapshot_fixture_snapshot(big), &e),
				 balance_target_find(&scanned, &e));
	}
	snapshot_fixture_destroy(big);
	free(many);
}

#define BOTH_WAYS(name)                                                                            \
	cmocka_unit_test_setup_teardown(name, load, unload),                                       \
		cmocka_unit_test_setup_teardown(name, load_without_index, unload)

static void a_target_is_found_by_its_id_from_any_hint(void **)
{
	const struct balance_snapshot *s = snapshot();

	assert_true(s->target_count > 1);
	for (uint16_t i = 0; i < s->target_count; i++) {
		for (uint32_t hint = 0; hint <= s->target_count; hint++)
			assert_int_equal(balance_target_by_id(s, s->targets[i].id, (uint16_t)hint),
					 i);
		assert_int_equal(balance_target_by_id(s, s->targets[i].id, BALANCE_NONE), i);
	}
	assert_int_equal(balance_target_by_id(s, 1, 0), BALANCE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(the_longest_network_decides_the_egress),
		BOTH_WAYS(what_nothing_names_leaves_by_the_gateway_of_its_family),
		BOTH_WAYS(networks_of_one_interface_count_by_their_length_too),
		BOTH_WAYS(peers_are_those_listed_else_those_on_link),
		BOTH_WAYS(own_addresses_are_those_of_all_interfaces),
		BOTH_WAYS(own_endpoints_are_own_addresses_with_a_sip_port),
		BOTH_WAYS(sent_by_is_the_first_address_of_the_family),
		BOTH_WAYS(the_address_listened_on_decides_the_service),
		BOTH_WAYS(calls_from_a_pool_meet_its_own_service_first),
		BOTH_WAYS(targets_are_found_by_endpoint_or_address),
		BOTH_WAYS(a_target_is_found_by_its_id_from_any_hint),
		BOTH_WAYS(hosts_are_literals_or_known_names),
		cmocka_unit_test(the_index_answers_as_scanning_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
