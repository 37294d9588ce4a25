/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a configuration to what the data plane takes; the target registry; the printed
 * configuration; and what happens when memory runs out at any one allocation.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "balance/interface.h"
#include "balance/policy.h"
#include "build_fixture.h"
#include "config/config.h"

/* Every allocation of ours passes here (--wrap); libyaml's do not. */
static long allocations_left = -1;

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);

static bool may_allocate(void)
{
	return allocations_left < 0 || allocations_left-- > 0;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *block, size_t size)
{
	return may_allocate() ? __real_realloc(block, size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return may_allocate() ? __real_aligned_alloc(alignment, size) : NULL;
}

static const char everything[] =
	"dataplane: {workers: 3, memory: 1GiB, huge: off, lcores: \"0@0,1@1\", idle_polls: 7, "
	"idle_sleep: 1ms}\n"
	"cluster: {instance: 17, key_file: /etc/tandem/cluster.key}\n"
	"state_dir: /tmp/state\n"
	"stray_responses: forward\n"
	"interfaces:\n"
	"- {name: access, device: \"net_af_xdp0,iface=eth1\", addresses: [192.0.2.1/24, "
	"\"2001:db8::1/64\"], gateway: [\"2001:db8::fe\", 192.0.2.254], peers: [203.0.113.0/24, "
	"\"2001:db8:1::/48\"], mtu: 9000, dscp: 24, vlan: 5, tap: tandem0}\n"
	"- {name: core, device: net_af_xdp1, addresses: [198.51.100.1/24], sip_port: 5070}\n"
	"- {name: spare, device: net_af_xdp2, addresses: [198.18.0.1/24]}\n"
	"timers: {t1: 250ms, t2: 2s, t4: 3s, timer_c: 4m, timer_d: 40s}\n"
	"services:\n"
	"- {name: inbound, listen: [\"udp:192.0.2.1:5062\", \"udp:[2001:db8::1]:5064\"], pool: "
	"switches, nat: off, rewrite_host: true, push_route: true, cseq_check: enforce, "
	"dialog_age: 2h, bye_unacknowledged: true, domains: [SIP.Example.com., "
	"\"[2001:DB8:0::0:9]\"]}\n"
	"- {name: outbound, listen: [\"udp:198.51.100.1:5060\"], from: switches, pool: "
	"request-uri, record_route: false}\n"
	"- {name: others, listen: [\"udp:198.51.100.1:5060\"], pool: carriers, mode: "
	"stateless}\n"
	"pools:\n"
	"- name: switches\n"
	"  policy: round-robin\n"
	"  targets:\n"
	"  - {name: sw1, uri: \"sip:198.51.100.11:5080\", priority: 10, weight: 50, max_calls: 2000, max_rate: 30}\n"
	"  - {name: sw2, uri: \"sip:Sw2.Example.com\"}\n"
	"  failover: {on: [503, timeout], attempts: 2}\n"
	"- name: carriers\n"
	"  targets: [{name: sw1, uri: \"sip:[2001:db8:1::7]:5060\"}]\n"
	"hosts: {sw2.example.COM: 198.51.100.12, gw: 203.0.113.1}\n"
	"control: {socket: \"ipc:///tmp/control.sock\"}\n";

static const struct config_identity identity = {
	.instance = 17,
	.epoch = 99,
	.branch_key = { 1, 2 },
	.hint_key = { 3, 4 },
	.call_key = { 5, 6 },
	.tag_key = { 7, 8 },
	.route_key_count = 2,
	.route_keys = { { .id = 9, .key = { 10, 11 } }, { .id = 12, .key = { 13, 14 } } },
};

static struct config *load(const char *text)
{
	struct config_report report;
	struct config *config;
	if (config_load_text("t.yaml", span_of_string(text), &config, &report)) {
		config_report_print(&report, stderr);
		fail();
	}
	return config;
}

static struct ip_address address(const char *text)
{
	struct ip_address parsed;
	assert_true(ip_address_parse(span_of_string(text), &parsed));
	return parsed;
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint parsed;
	assert_true(endpoint_parse(span_of_string(text), 0, &parsed));
	return parsed;
}

static void assert_address(const struct ip_address *is, const char *text)
{
	struct ip_address wanted = address(text);
	assert_true(ip_address_equal(is, &wanted));
}

struct built {
	struct config *config;
	struct target_registry *registry;
	const struct balance_snapshot *snapshot;
};

static struct built build(const char *text)
{
	struct built built = { .config = load(text), .registry = target_registry_create() };
	assert_non_null(built.registry);
	assert_int_equal(build_fixture(built.config, &identity, built.registry, 4,
					       &built.snapshot),
			 0);
	return built;
}

static void built_free(struct built *built)
{
	config_snapshot_destroy(built->snapshot);
	target_registry_destroy(built->registry);
	config_destroy(built->config);
}

static void snapshot_has_identity_and_interfaces(void **)
{
	struct built built = build(everything);
	const struct balance_snapshot *s = built.snapshot;
	assert_int_equal(s->version, 4);
	assert_int_equal(s->instance, 17);
	assert_int_equal(s->epoch, 99);
	assert_memory_equal(&s->branch_key, &identity.branch_key, sizeof(s->branch_key));
	assert_memory_equal(&s->hint_key, &identity.hint_key, sizeof(s->hint_key));
	assert_memory_equal(&s->call_key, &identity.call_key, sizeof(s->call_key));
	assert_memory_equal(&s->tag_key, &identity.tag_key, sizeof(s->tag_key));
	assert_int_equal(s->route_key_count, 2);
	assert_int_equal(s->route_keys[1].id, 12);
	assert_int_equal(s->interface_count, 3);
	const struct balance_interface *access = &s->interfaces[0];
	assert_string_equal(access->name, "access");
	assert_int_equal(access->address_count, 2);
	assert_address(&access->addresses[0].address, "192.0.2.1");
	assert_int_equal(access->addresses[0].bits, 24);
	assert_address(&access->gateway_v4, "192.0.2.254");
	assert_address(&access->gateway_v6, "2001:db8::fe");
	assert_int_equal(access->peer_count, 2);
	assert_int_equal(s->peers[access->peer_first + 1].bits, 48);
	assert_int_equal(access->mtu, 9000);
	assert_int_equal(access->dscp, 24);
	assert_int_equal(s->interfaces[1].gateway_v4.family, IP_NONE);
	assert_int_equal(s->interfaces[1].peer_count, 0);
	/* by the first listen, by the keyword, by RFC 3261 §19.1.2 */
	assert_int_equal(access->sip_port, 5062);
	assert_int_equal(s->interfaces[1].sip_port, 5070);
	assert_int_equal(s->interfaces[2].sip_port, 5060);
	struct ip_address peer = address("203.0.113.77"), stranger = address("198.18.77.1");
	assert_true(balance_is_peer(s, 0, &peer));
	assert_false(balance_is_peer(s, 0, &stranger));
	built_free(&built);
}

static void snapshot_has_services_and_listens(void **)
{
	struct built built = build(everything);
	const struct balance_snapshot *s = built.snapshot;
	assert_int_equal(s->service_count, 3);
	const struct balance_service *inbound = &s->services[0], *outbound = &s->services[1];
	assert_string_equal(inbound->name, "inbound");
	assert_int_equal(inbound->pool, 0);
	assert_int_equal(inbound->from_pool, BALANCE_NONE);
	assert_int_equal(inbound->mode, MODE_STATEFUL);
	assert_int_equal(s->services[2].mode, MODE_STATELESS);
	assert_true(s->forward_strays);
	assert_int_equal(s->settle_ms, 64 * 250);
	assert_int_equal(inbound->nat, NAT_OFF);
	assert_true(inbound->record_route && inbound->rewrite_host && inbound->push_route);
	assert_int_equal(inbound->cseq_check, CSEQ_CHECK_ENFORCE);
	assert_int_equal(inbound->dialog_age_ms, 2 * 3600 * 1000);
	assert_true(inbound->bye_unacknowledged);
	assert_int_equal(inbound->domain_count, 2);
	assert_string_equal(s->domains[inbound->domain_first], "sip.example.com");
	assert_string_equal(s->domains[inbound->domain_first + 1], "2001:db8::9");
	assert_int_equal(inbound->listen_count, 2);
	const struct balance_timers *timers = &s->timer_sets[inbound->timer_set];
	assert_int_equal(timers->t1_ms, 250);
	assert_int_equal(timers->t2_ms, 2000);
	assert_int_equal(timers->t4_ms, 3000);
	assert_int_equal(timers->timer_c_ms, 240000);
	assert_int_equal(timers->timer_d_ms, 40000);
	assert_int_equal(outbound->from_pool, 0);
	assert_int_equal(outbound->nat, NAT_AUTO);
	assert_false(outbound->record_route || outbound->rewrite_host || outbound->push_route);
	assert_int_equal(outbound->cseq_check, CSEQ_CHECK_LOG);
	assert_int_equal(outbound->dialog_age_ms, 12 * 3600 * 1000);
	assert_false(outbound->bye_unacknowledged);
	assert_true(s->pools[outbound->pool].is_request_uri);
	assert_int_equal(s->services[2].pool, 1);
	/* A call from a switch, and one from anybody else, at the shared address. */
	struct endpoint shared = endpoint("198.51.100.1:5060");
	struct endpoint sw = endpoint("198.51.100.12:33333"), other = endpoint("198.51.100.50:5060");
	assert_int_equal(balance_service_find(s, &shared, &sw), 1);
	assert_int_equal(balance_service_find(s, &shared, &other), 2);
	struct endpoint v6 = endpoint("[2001:db8::1]:5064");
	assert_int_equal(balance_service_find(s, &v6, &other), 0);
	assert_int_equal(s->listens[inbound->listen_first + 1].interface, 0);
	built_free(&built);
}

static void snapshot_has_pools_targets_and_hosts(void **)
{
	struct built built = build(everything);
	const struct balance_snapshot *s = built.snapshot;
	assert_int_equal(s->pool_count, 3); /* request-uri is one */
	assert_int_equal(s->target_count, 3);
	assert_int_equal(s->pools[0].policy, POLICY_ROUND_ROBIN);
	assert_int_equal(s->pools[0].failover, FAILOVER_TIMEOUT | FAILOVER_503);
	assert_int_equal(s->pools[0].attempts_max, 2);
	assert_int_equal(s->pools[1].policy, POLICY_CALL_ID_HASH);
	assert_int_equal(s->pools[1].failover, 0); /* its one service is stateless */
	assert_int_equal(s->pools[1].attempts_max, 3);
	assert_int_equal(s->pools[1].target_first, 2);
	const struct balance_target *t = s->targets;
	assert_string_equal(t[0].uri, "sip:198.51.100.11:5080");
	assert_int_equal(t[0].endpoint.port, 5080);
	assert_int_equal(t[0].priority, 10);
	assert_int_equal(t[0].weight, 50);
	assert_int_equal(t[0].calls_max, 2000);
	assert_int_equal(t[0].rate_max, 30);
	assert_int_equal(t[0].interface, 1);
	assert_address(&t[1].endpoint.address, "198.51.100.12");
	assert_int_equal(t[1].endpoint.port, 5060);
	assert_int_equal(t[1].weight, 1);
	assert_int_equal(t[1].calls_max, 0);
	assert_int_equal(t[1].rate_max, 0);
	assert_int_equal(t[2].interface, 0); /* behind the IPv6 gateway */
	assert_int_equal(t[2].pool, 1);
	assert_true(t[0].id != t[2].id); /* same name, other pool */
	for (uint32_t i = 0; i < s->target_count; i++) {
		assert_true(balance_target_is_usable(&t[i]));
		assert_int_equal((uintptr_t)t[i].status % CACHE_LINE_SIZE, 0);
	}
	struct ip_address found;
	assert_true(balance_host_find(s, SPAN("SW2.example.com"), &found));
	assert_address(&found, "198.51.100.12");
	assert_int_equal(balance_target_find(s, &t[2].endpoint), 2);
	built_free(&built);
}

static void statuses_outlive_snapshots(void **)
{
	struct built built = build(everything);
	struct target_status *first = built.snapshot->targets[0].status;
	first->admin = TARGET_DRAIN;
	first->requests = 5;
	config_snapshot_destroy(built.snapshot);
	assert_int_equal(build_fixture(built.config, &identity, built.registry, 5,
					       &built.snapshot),
			 0);
	assert_ptr_equal(built.snapshot->targets[0].status, first);
	assert_int_equal(built.snapshot->targets[0].status->admin, TARGET_DRAIN);
	built_free(&built);
}

static void registry_keeps_statuses_while_it_grows(void **)
{
	struct target_registry *registry = target_registry_create();
	struct target_status *statuses[1000];
	for (uint64_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		uint16_t slot;
		/* ids that meet in the registry's table */
		statuses[i] = target_registry_find(registry, i * 64, &slot);
		assert_int_equal(slot, i);
		assert_non_null(statuses[i]);
		statuses[i]->requests = i;
	}
	for (uint64_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		uint16_t slot;
		assert_ptr_equal(target_registry_find(registry, i * 64, &slot), statuses[i]);
		assert_int_equal(slot, i);
		assert_int_equal(statuses[i]->requests, i);
	}
	target_registry_destroy(registry);
	/* Names do not run into each other. */
	assert_true(target_registry_id(SPAN("ab"), SPAN("c")) !=
		    target_registry_id(SPAN("a"), SPAN("bc")));
}

static void see_targets(struct target_registry *registry, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_non_null(target_registry_find(registry, i, NULL));
}

static void too_many_different_targets_are_not_told_as_lack_of_memory(void **)
{
	struct target_registry *registry = target_registry_create();
	struct config *config = load(everything);
	char error[256];

	see_targets(registry, UINT16_MAX);
	/* Those that are known stay so. */
	see_targets(registry, UINT16_MAX);
	const struct balance_snapshot *snapshot;
	assert_int_equal(build_fixture_told(config, &identity, registry, 1, &snapshot, error,
					    sizeof(error)), -ENOSPC);
	assert_null(snapshot);
	assert_string_equal(error, "65,535 different targets since the start: restart tandemd");
	config_destroy(config);
	target_registry_destroy(registry);
}

static void dataplane_gets_what_the_file_says(void **)
{
	struct config *config = load(everything);
	struct dataplane_config dataplane;
	config_dataplane(config, &identity, &dataplane);
	assert_int_equal(dataplane.workers, 3);
	assert_true(dataplane.no_huge);
	assert_int_equal(dataplane.memory, 1u << 30);
	assert_string_equal(dataplane.lcores, "0@0,1@1");
	assert_int_equal(dataplane.idle_polls, 7);
	assert_int_equal(dataplane.idle_sleep_us, 1000);
	assert_memory_equal(&dataplane.shard_key, &identity.call_key, sizeof(struct hash_key));
	assert_int_equal(dataplane.interface_count, 3);
	const struct dataplane_interface_config *access = &dataplane.interfaces[0];
	assert_string_equal(access->name, "access");
	assert_string_equal(access->device, "net_af_xdp0,iface=eth1");
	assert_string_equal(access->tap, "tandem0");
	assert_int_equal(access->mtu, 9000);
	assert_int_equal(access->vlan, 5);
	assert_int_equal(access->dscp, 24);
	assert_int_equal(access->address_count, 2);
	assert_address(&access->gateway_v4, "192.0.2.254");
	assert_address(&access->gateway_v6, "2001:db8::fe");
	assert_int_equal(dataplane.interfaces[2].mtu, 1500);
	assert_string_equal(config_control_socket(config), "ipc:///tmp/control.sock");
	assert_string_equal(config_state_dir(config), "/tmp/state");
	config_destroy(config);
}

static void defaults_are_those_of_the_reference(void **)
{
	struct built built = build("interfaces: [{name: a, device: d, addresses: [192.0.2.1/24]}]\n"
				   "services: [{name: s, listen: [\"udp:192.0.2.1:5060\"], pool: "
				   "request-uri}]\n");
	struct dataplane_config dataplane;
	config_dataplane(built.config, &identity, &dataplane);
	assert_int_equal(dataplane.workers, 1);
	assert_int_equal(dataplane.memory, 512u << 20);
	assert_int_equal(dataplane.idle_polls, 1000);
	assert_int_equal(dataplane.idle_sleep_us, 500);
	assert_int_equal(dataplane.interfaces[0].mtu, 1500);
	const struct balance_timers *timers =
		&built.snapshot->timer_sets[built.snapshot->services[0].timer_set];
	assert_int_equal(timers->t1_ms, 500);
	assert_int_equal(timers->t2_ms, 4000);
	assert_int_equal(timers->t4_ms, 5000);
	assert_int_equal(timers->timer_c_ms, 181000);
	assert_int_equal(timers->timer_d_ms, 32000);
	assert_true(built.snapshot->services[0].record_route);
	assert_int_equal(built.snapshot->pool_count, 1);
	assert_int_equal(built.snapshot->target_count, 0);
	assert_string_equal(config_control_socket(built.config), "ipc:///run/tandem/control.sock");
	assert_string_equal(config_state_dir(built.config), "/var/lib/tandem");
	built_free(&built);
}

static char *print(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	config_print(config, out);
	fclose(out);
	return text;
}

static void printed_configuration_loads_to_itself(void **)
{
	struct config *config = load(everything);
	char *text = print(config);
	struct config *again = load(text);
	char *text_again = print(again);
	assert_string_equal(text, text_again);
	assert_non_null(strstr(text, "    mtu: 9000\n"));
	assert_non_null(strstr(text, "  t1: 250ms\n"));
	assert_non_null(strstr(text, "      - name: \"sw1\"\n        uri: "));
	assert_non_null(strstr(text, "    failover:\n      on: [timeout, 503]\n"));
	free(text);
	free(text_again);
	config_destroy(config);
	config_destroy(again);
}

/* Each allocation fails once; nothing leaks, nothing crashes, and the one that succeeds ends it. */
static void running_out_of_memory_is_told_and_leaks_nothing(void **)
{
	bool done = false;
	for (long left = 0; !done; left++) {
		struct config_report report;
		struct config *config = NULL;
		struct target_registry *registry = NULL;
		const struct balance_snapshot *snapshot = NULL;
		assert_true(left < 1000);
		allocations_left = left;
		int rc = config_load_text("t.yaml", SPAN(everything), &config, &report);
		if (rc == 0 && !(registry = target_registry_create()))
			rc = -ENOMEM;
		char error[256] = "";
		if (rc == 0)
			rc = build_fixture_told(config, &identity, registry, 1, &snapshot, error,
						sizeof(error));
		done = allocations_left > 0;
		allocations_left = -1;
		assert_int_equal(rc, done ? 0 : rc);
		if (rc) {
			assert_int_equal(rc, -ENOMEM);
			assert_null(snapshot);
			assert_null(strstr(error, "restart"));
			if (!config)
				assert_non_null(strstr(report.errors.list[0].text,
						       "Cannot allocate memory"));
		}
		config_snapshot_destroy(snapshot);
		target_registry_destroy(registry);
		config_destroy(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot_has_identity_and_interfaces),
		cmocka_unit_test(snapshot_has_services_and_listens),
		cmocka_unit_test(snapshot_has_pools_targets_and_hosts),
		cmocka_unit_test(statuses_outlive_snapshots),
		cmocka_unit_test(registry_keeps_statuses_while_it_grows),
		cmocka_unit_test(too_many_different_targets_are_not_told_as_lack_of_memory),
		cmocka_unit_test(dataplane_gets_what_the_file_says),
		cmocka_unit_test(defaults_are_those_of_the_reference),
		cmocka_unit_test(printed_configuration_loads_to_itself),
		cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
