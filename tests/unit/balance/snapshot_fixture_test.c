/* SPDX-License-Identifier: BSD-3-Clause */
/* tests/support/snapshot_fixture.h: the whole language once, and mistakes told with their line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/snapshot_fixture.h"

static void every_directive_is_understood(void **)
{
	char error[160] = "";
	struct snapshot_fixture *fixture = snapshot_fixture_create(
		"# a comment\n\n"
		"interface access address 192.0.2.1/24 address 2001:db8::1/64 gateway 192.0.2.254 "
		"peers 203.0.113.0/24 port 5070 mtu 9000 dscp 46 # and another\n"
		"interface core address 198.51.100.1/24\r\n"
		"pool switches policy round-robin failover timeout,503 attempts 3\n"
		"pool carriers policy weighted-random failover none\n"
		"target carriers c1 203.0.113.7 priority 2\n"
		"target switches sw1 198.51.100.11:5062 weight 50 priority 10 drain blacklisted\n"
		"target carriers c2 8.8.8.8:5061 uri sip:c2.example.com\n"
		"target switches sw2 198.51.100.12\n"
		"service inbound listen udp:192.0.2.1:5060 listen [2001:db8::1]:5060 pool switches "
		"record-route nat auto mode stateless rewrite-host push-route domain Example.COM\n"
		"service outbound listen 198.51.100.1 from switches pool carriers\n"
		"service any listen 198.51.100.1:5080 pool request-uri\n"
		"timers t1 100 t2 800 t4 1000 c 190000 d 40000\n"
		"timers service outbound t1 250\n"
		"host GW.example.net 198.51.100.9\n"
		"instance 7\nepoch 9\nroute-key 4 44\nroute-key 5 55\n",
		error, sizeof(error));

	assert_string_equal(error, "");
	assert_non_null(fixture);
	const struct balance_snapshot *s = snapshot_fixture_snapshot(fixture);
	assert_int_equal(s->interface_count, 2);
	assert_int_equal(s->interfaces[0].address_count, 2);
	assert_int_equal(s->interfaces[0].sip_port, 5070);
	assert_int_equal(s->interfaces[0].mtu, 9000);
	assert_int_equal(s->interfaces[0].dscp, 46);
	assert_int_equal(s->interfaces[0].peer_count, 1);
	assert_int_equal(s->interfaces[0].gateway_v4.family, IP_V4);
	assert_int_equal(s->interfaces[1].sip_port, 5060);

	/* targets of a pool lie side by side, in the order of the text */
	assert_int_equal(s->pools[0].target_first, 0);
	assert_int_equal(s->pools[0].target_count, 2);
	assert_int_equal(s->pools[1].target_first, 2);
	assert_int_equal(s->pools[0].policy, POLICY_ROUND_ROBIN);
	assert_int_equal(s->pools[0].failover, FAILOVER_TIMEOUT | FAILOVER_503);
	assert_int_equal(s->pools[0].attempts_max, 3);
	assert_int_equal(s->pools[1].failover, 0);
	assert_true(s->pools[2].is_request_uri);
	assert_int_equal(snapshot_fixture_target(fixture, "sw1"), 0);
	assert_int_equal(snapshot_fixture_target(fixture, "sw2"), 1);
	assert_int_equal(s->targets[0].weight, 50);
	assert_int_equal(s->targets[0].priority, 10);
	assert_int_equal(s->targets[0].interface, 1);
	assert_int_equal(s->targets[0].status->admin, TARGET_DRAIN);
	assert_int_equal(s->targets[0].status->health, TARGET_BLACKLISTED);
	assert_ptr_equal(snapshot_fixture_status(fixture, "sw1"), s->targets[0].status);
	assert_string_equal(s->targets[1].uri, "sip:198.51.100.12:5060");
	assert_string_equal(s->targets[3].uri, "sip:c2.example.com");
	assert_int_equal(s->targets[3].interface, 0); /* by the gateway */

	assert_int_equal(s->service_count, 3);
	assert_int_equal(s->services[0].listen_count, 2);
	assert_int_equal(s->services[0].mode, MODE_STATELESS);
	assert_int_equal(s->services[0].nat, NAT_AUTO);
	assert_true(s->services[0].record_route && s->services[0].rewrite_host &&
		    s->services[0].push_route);
	assert_string_equal(s->domains[0], "example.com");
	assert_int_equal(s->services[0].from_pool, BALANCE_NONE);
	assert_int_equal(s->services[1].from_pool, 0);
	assert_int_equal(s->timer_sets[s->services[1].timer_set].t1_ms, 250);
	assert_int_equal(s->timer_sets[s->services[1].timer_set].t2_ms, 800);
	assert_int_equal(s->timer_sets[s->services[2].timer_set].t1_ms, 100);
	assert_int_equal(s->timer_sets[s->services[2].timer_set].timer_c_ms, 190000);
	assert_int_equal(s->services[2].pool, 2);
	assert_int_equal(s->listens[1].service, 0);
	assert_int_equal(s->listens[2].interface, 1);
	assert_string_equal(s->hosts[0].name, "gw.example.net");
	assert_int_equal(s->instance, 7);
	assert_int_equal(s->epoch, 9);
	assert_int_equal(s->route_key_count, 2);
	assert_int_equal(s->route_keys[1].id, 5);
	assert_non_null(s->index);
	assert_int_equal(snapshot_fixture_service(fixture, "any"), 2);
	assert_int_equal(snapshot_fixture_pool(fixture, "carriers"), 1);
	assert_int_equal(snapshot_fixture_interface(fixture, "core"), 1);
	assert_int_equal(snapshot_fixture_pool(fixture, "none"), BALANCE_NONE);
	assert_null(snapshot_fixture_status(fixture, "none"));
	snapshot_fixture_destroy(fixture);
}

static void mistakes_are_told_with_their_line(void **)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "\nnonsense\n", "line 2: unknown directive 'nonsense'" },
		{ "interface a address 192.0.2.300/24",
		  "line 1: '192.0.2.300/24' is no IP prefix" },
		{ "interface a colour red", "line 1: unknown word 'colour' for an interface" },
		{ "pool", "line 1: a name of 1 to 63 characters is missing" },
		{ "pool p policy best", "line 1: unknown policy 'best'" },
		{ "pool p failover often", "line 1: unknown cause 'often'" },
		{ "pool p\ntarget q t 192.0.2.1", "line 2: unknown pool 'q'" },
		{ "pool p\ntarget p t 192.0.2.1 weight 65536",
		  "line 2: weight: '65536' is no number up to 65535" },
		{ "pool p\ntarget p t here", "line 2: 'here' is no address with port" },
		{ "pool p\nservice s listen 192.0.2.1 pool p",
		  "line 2: 192.0.2.1 is no interface's address" },
		{ "service s", "line 1: the service has no pool" },
		{ "pool p\nservice s pool p nat maybe",
		  "line 2: nat: 'maybe' is neither off nor auto" },
		{ "pool p\nservice s pool p\ntimers t9 4", "line 3: unknown timer 't9'" },
		{ "host h h", "line 1: 'h' is no IP address" },
	};
	char error[160];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_null(snapshot_fixture_create(cases[i].text, error, sizeof(error)));
		assert_string_equal(error, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_directive_is_understood),
		cmocka_unit_test(mistakes_are_told_with_their_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
