/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mistakes in a configuration: what is said, and exactly where.  Every case is a good file with
 * one line changed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static const char *const good[] = {
	/*  1 */ "dataplane: {workers: 2, memory: 512MiB}",
	/*  2 */ "interfaces:",
	/*  3 */ "  - name: access",
	/*  4 */ "    device: \"net_af_xdp0,iface=eth1\"",
	/*  5 */ "    addresses: [192.0.2.1/24, \"2001:db8::1/64\"]",
	/*  6 */ "    gateway: 192.0.2.254",
	/*  7 */ "    peers: [203.0.113.0/24]",
	/*  8 */ "  - {name: core, device: net_af_xdp1, addresses: [198.51.100.1/24]}",
	/*  9 */ "timers: {t1: 500ms, t2: 4s, t4: 5s}",
	/* 10 */ "services:",
	/* 11 */ "  - name: inbound",
	/* 12 */ "    listen: [\"udp:192.0.2.1:5060\", \"udp:[2001:db8::1]:5060\"]",
	/* 13 */ "    pool: switches",
	/* 14 */ "  - {name: out, listen: [\"udp:198.51.100.1:5060\"], from: switches, pool: carriers}",
	/* 15 */ "pools:",
	/* 16 */ "  - name: switches",
	/* 17 */ "    policy: call-id-hash",
	/* 18 */ "    targets:",
	/* 19 */ "      - {name: sw1, uri: \"sip:198.51.100.11:5060\", weight: 50}",
	/* 20 */ "      - {name: sw2, uri: \"sip:198.51.100.12:5060\", weight: 50}",
	/* 21 */ "  - {name: carriers, targets: [{name: c1, uri: \"sip:203.0.113.10\"}]}",
	/* 22 */ "hosts: {gw.example.com: 203.0.113.11}",
	/* 23 */ "control: {socket: \"ipc:///run/tandem/control.sock\"}",
};

struct mistake_case {
	uint32_t changed;     /* line; one past the end: appended */
	const char *to;
	uint32_t line, column; /* where the first error is told */
	const char *says;      /* part of it */
};

static const struct mistake_case cases[] = {
	/* YAML */
	{ 9, "timers: {t1: 500ms", 10, 9, "not YAML" },
	{ 9, "timers:\t{t1: [500ms}", 9, 20, "not YAML" },
	{ 9, "\ttimers: {t1: 500ms}", 9, 1, "not YAML" },
	{ 9, "timers: {t1: \x01}", 9, 14, "control characters" },
	{ 9, "timers: {t1: \xff}", 9, 14, "UTF-8" },
	{ 9, "timers: &t {t1: 500ms}", 9, 9, "anchor \"&t\" is refused" },
	{ 9, "timers: {t1: !!str 500ms}", 9, 14, "tag \"tag:yaml.org,2002:str\" is refused" },
	{ 24, "--- {}", 24, 1, "second document" },
	{ 9, "timers: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", 9, 24, "nested too deeply" },
	/* keywords */
	{ 17, "    polcy: call-id-hash", 17, 5, "unknown keyword \"polcy\", did you mean \"policy\"?" },
	{ 17, "    policies_of_ours: call-id-hash", 17, 5,
	  "unknown keyword \"policies_of_ours\"; accepted: name, policy, srv, targets, failover" },
	{ 9, "timer: {t1: 500ms}", 9, 1, "did you mean \"timers\"?" },
	{ 9, "timers: {t1: 500ms, t2: 4s, t1: 5s}", 9, 29, "\"t1\" is given twice, before at line 9" },
	{ 13, "    mode: stateful", 11, 5, "\"pool\" is missing" },
	{ 5, "    mtu: 1500", 3, 5, "\"addresses\" is missing" },
	{ 9, "timers: {[t1]: 500ms}", 9, 10, "a key is a list" },
	{ 15, "pool:", 15, 1, "did you mean \"pools\"?" },
	/* kinds */
	{ 9, "timers: [500ms, 4s]", 9, 9, "timers is a list; accepted: a mapping" },
	{ 9, "timers: 500ms", 9, 9, "timers is one value; accepted: a mapping" },
	{ 9, "timers:", 9, 8, "timers is empty; accepted: a mapping" },
	{ 13, "    pool: [switches]", 13, 11, "pool is a list; accepted: one value" },
	{ 12, "    listen: \"udp:192.0.2.1:5060\"", 12, 13, "listen is one value; accepted: a list" },
	{ 12, "    listen: []", 12, 13, "listen has 0 entries; accepted: 1 to 64" },
	{ 22, "hosts: [gw.example.com]", 22, 8, "accepted: a mapping of names to addresses" },
	{ 8, "  - core", 8, 5, "accepted: a mapping an entry" },
	/* values */
	{ 19, "      - {name: sw1, uri: \"sip:198.51.100.11:5060\", weight: 3x}", 19, 60,
	  "weight: \"3x\" is not a whole number; accepted: 0 to 65535, for example 50" },
	{ 19, "      - {name: sw1, uri: \"sip:198.51.100.11:5060\", weight: 65536}", 19, 60,
	  "\"65536\" is out of range" },
	{ 19, "      - {name: sw1, uri: \"sip:198.51.100.11:5060\", weight: -1}", 19, 60,
	  "not a whole number" },
	{ 9, "timers: {t1: 500}", 9, 14,
	  "t1: \"500\" has no unit; accepted: 10ms to 10s with a unit of us, ms, s, m or h, for "
	  "example 500ms" },
	{ 9, "timers: {t1: 0.5s}", 9, 14, "not a whole number of its unit" },
	{ 9, "timers: {t1: 500msec}", 9, 14, "a unit that is not known" },
	{ 9, "timers: {t1: fast}", 9, 14, "not a number with a unit" },
	{ 9, "timers: {t1: 99999999999999999999s}", 9, 14, "out of range" },
	{ 9, "timers: {t1: 9999999999999999999s}", 9, 14, "out of range" },
	{ 9, "timers: {timer_c: 3m}", 9, 19, "out of range; accepted: 180001ms to 24h" },
	{ 9, "timers: {timer_d: 31999ms}", 9, 19, "accepted: 32s to 24h" },
	{ 9, "timers: {t1: 5s, t2: 4s}", 9, 22, "t2 (4s) is shorter than t1 (5s)" },
	{ 9, "timers: {t1: 5s}", 9, 14, "t2 (4s) is shorter than t1 (5s)" },
	{ 1, "dataplane: {workers: 0}", 1, 22, "accepted: 1 to 64" },
	{ 1, "dataplane: {memory: 512MB}", 1, 21, "a unit of B, KiB, MiB, GiB or TiB" },
	{ 1, "dataplane: {memory: 1KiB}", 1, 21, "accepted: 64MiB to 1TiB" },
	{ 17, "    policy: call-id-hsah", 17, 13,
	  "did you mean \"call-id-hash\"?; accepted: call-id-hash, round-robin, weighted-random, "
	  "least-transactions, least-calls, srv" },
	{ 19, "      - {name: sw1, uri: \"sip:198.51.100.11\", max_calls: 0}", 19, 58,
	  "accepted: 1 to 10000000" },
	{ 19, "      - {name: sw1, uri: \"sip:198.51.100.11\", max_rate: 1/s}", 19, 57,
	  "accepted: 1 to 10000000" },
	{ 13, "    pool: switches\n    record_route: yes", 14, 19, "accepted: true, false" },
	{ 3, "  - name: \"a b\"", 3, 11, "\"a b\" is not a name; accepted: letters" },
	{ 3, "  - name: \"\"", 3, 11, "is empty" },
	/* not built yet */
	{ 1, "stray_responses: keep", 1, 18, "accepted: drop, forward" },
	{ 17, "    policy: least-call", 17, 13, "did you mean \"least-calls\"?" },
	{ 17, "    srv: _sip._tcp.example.com", 17, 10, "transport \"tcp\", which is not built yet" },
	{ 17, "    srv: sip.example.com", 17, 10, "accepted: _sip._udp.example.com" },
	{ 17, "    srv: _sip._udp", 17, 10, "not the name of SRV records" },
	{ 17, "    srv: \"_sip._udp.a b\"", 17, 10, "not the name of SRV records" },
	{ 9, "resolver: {nameservers: [dns.example.com]}", 9, 26,
	  "not the address of a name server; accepted: 192.0.2.53 or [2001:db8::53]:53" },
	{ 9, "resolver: {nameservers: [\"192.0.2.53:0\"]}", 9, 26, "not the address of a name server" },
	{ 9, "resolver: {ttl_min: 10m, ttl_max: 1m}", 9, 35, "1m is less than ttl_min, 10m" },
	{ 9, "resolver: {ttl_max: 3s}", 9, 21, "3s is less than ttl_min, 5s" },
	{ 21, "  - {name: carriers}", 21, 5,
	  "\"targets\" is missing; accepted: for example targets: [{name: sw1, uri" },
	{ 12, "    listen: [\"tcp:192.0.2.1:5060\"]", 12, 14, "transport \"tcp\" is not built yet" },
	{ 19, "      - {name: sw1, uri: \"sips:198.51.100.11\"}", 19, 26, "TLS, which is not built yet" },
	/* addresses */
	{ 5, "    addresses: [192.0.2.1]", 5, 17, "\"192.0.2.1\" has no prefix length" },
	{ 5, "    addresses: [192.0.2.256/24]", 5, 17, "not an address with a prefix length" },
	{ 5, "    addresses: [192.0.2.1/33]", 5, 17, "not an address with a prefix length" },
	{ 5, "    addresses: [192.0.2.255/24]", 5, 17, "broadcast" },
	{ 5, "    addresses: [127.0.0.1/8]", 5, 17, "no address of a host" },
	{ 5, "    addresses: [192.0.2.1/24, 192.0.2.1/24]", 5, 31, "given twice, before at line 5" },
	{ 7, "    peers: [203.0.113.5/24]", 7, 13, "beyond its prefix length; accepted: 203.0.113.0/24" },
	{ 6, "    gateway: 198.18.0.1", 6, 14, "198.18.0.1 is not on-link" },
	{ 6, "    gateway: 192.0.2.1", 6, 14, "the interface's own address" },
	{ 6, "    gateway: [192.0.2.254, 192.0.2.253]", 6, 28, "second of its family" },
	{ 6, "    gateway: gw", 6, 14, "\"gw\" is not an IP address" },
	{ 6, "    gateway: 224.0.0.1", 6, 14, "multicast" },
	{ 8, "  - {name: core, device: net_af_xdp1, addresses: [192.0.2.129/25, 198.51.100.1/24]}", 8, 51,
	  "overlaps that of 192.0.2.1/24 on interface \"access\"" },
	{ 8, "  - {name: access, device: net_af_xdp1, addresses: [198.51.100.1/24]}", 8, 12,
	  "interface \"access\" exists already, at line 3" },
	{ 8, "  - {name: core, device: \"net_af_xdp0,iface=x\", addresses: [198.51.100.1/24]}", 8, 26,
	  "\"net_af_xdp0\" is interface \"access\" already" },
	{ 6, "    mtu: 1000", 6, 10, "too small for an interface with an IPv6 address" },
	/* listen */
	{ 12, "    listen: [\"udp:192.0.2.1:0\"]", 12, 14, "no valid port; accepted: 1 to 65535" },
	{ 12, "    listen: [\"udp:192.0.2.1:70000\"]", 12, 14, "no valid port; accepted: 1 to 65535" },
	{ 12, "    listen: [\"udp:192.0.2.1\"]", 12, 14, "has no port" },
	{ 12, "    listen: [\"udp:2001:db8::1:5060\"]", 12, 14, "IPv6 address without brackets" },
	{ 12, "    listen: [\"udp:[2001:db8::1:5060\"]", 12, 14, "lacks the closing bracket" },
	{ 12, "    listen: [\"192.0.2.1:5060\"]", 12, 14, "does not begin with a transport" },
	{ 12, "    listen: [\"udp:example.com:5060\"]", 12, 14, "has no IP address" },
	{ 12, "    listen: [\"udp:192.0.2.9:5060\"]", 12, 14, "no interface has the address 192.0.2.9" },
	{ 12, "    listen: [\"udp:192.0.2.1:5060\", \"udp:192.0.2.1:5060\"]", 12, 36, "given twice" },
	{ 14, "  - {name: outbound, listen: [\"udp:192.0.2.1:5060\"], pool: carriers}", 14, 31,
	  "service \"inbound\" has udp:192.0.2.1:5060 already" },
	{ 14, "  - {name: inbound, listen: [\"udp:198.51.100.1:5060\"], pool: carriers}", 14, 12,
	  "service \"inbound\" exists already, at line 11" },
	/* pools and targets */
	{ 13, "    pool: swiches", 13, 11,
	  "there is no pool \"swiches\", did you mean \"switches\"?; accepted: switches, carriers, or "
	  "request-uri" },
	{ 14, "  - {name: outbound, listen: [\"udp:198.51.100.1:5060\"], from: nobody, pool: carriers}",
	  14, 63, "from: there is no pool \"nobody\"" },
	{ 21, "  - {name: carrier, targets: [{name: c1, uri: \"sip:203.0.113.10\"}]}", 14, 74,
	  "pool: there is no pool \"carriers\", did you mean \"carrier\"?; accepted: switches, carrier" },
	{ 21,
	  "  - {name: carriers, targets: [{name: c1, uri: \"sip:203.0.113.10\"}]}\n"
	  "  - {name: switches, targets: [{name: c1, uri: \"sip:203.0.113.10\"}]}",
	  22, 12, "pool \"switches\" exists already, at line 16" },
	{ 21,
	  "  - {name: carriers, targets: [{name: c1, uri: \"sip:203.0.113.10\"}]}\n"
	  "  - {name: request-uri, targets: [{name: c1, uri: \"sip:203.0.113.10\"}]}",
	  22, 12, "means the Request-URI; accepted: another name" },
	{ 20, "      - {name: sw1, uri: \"sip:198.51.100.12:5060\"}", 20, 16,
	  "target \"sw1\" exists already, at line 19" },
	{ 20, "      - {name: sw2, uri: \"sip:198.51.100.11:5060\"}", 20, 26,
	  "198.51.100.11:5060 is target \"sw1\" of this pool already" },
	{ 20, "      - {name: sw2, uri: \"sip:198.51.100.11\"}", 20, 26,
	  "198.51.100.11:5060 is target \"sw1\" of this pool already" },
	{ 20, "      - {name: sw2, uri: \"198.51.100.12:5060\"}", 20, 26, "not a SIP URI" },
	{ 20, "      - {name: sw2, uri: \"sip:198.51.100.12:99999\"}", 20, 26, "no valid port" },
	{ 20, "      - {name: sw2, uri: \"sip:2001:db8::2:5060\"}", 20, 26,
	  "IPv6 address without brackets" },
	{ 20, "      - {name: sw2, uri: \"sip:u@198.51.100.12\"}", 20, 26, "has a user" },
	{ 20, "      - {name: sw2, uri: \"sip:198.51.100.12;transport=tcp\"}", 20, 26, "parameters" },
	{ 20, "      - {name: sw2, uri: \"sip:a..b\"}", 20, 26, "no valid host" },
	{ 20, "      - {name: sw2, uri: \"sip:sw2.example.com\"}", 20, 26,
	  "\"sw2.example.com\" is not under \"hosts\" and DNS is not asked yet" },
	{ 20, "      - {name: sw2, uri: \"sip:[2001:db8:9::1]\"}", 20, 26,
	  "no interface leads to 2001:db8:9::1" },
	{ 20, "      - {name: sw2, uri: \"sip:198.51.100.1\"}", 20, 26, "Tandem's own address" },
	{ 20, "      - {name: sw2, uri: \"sip:127.0.0.1\"}", 20, 26, "loopback" },
	{ 20, "    failover: {on: [timeout, 504]}", 20, 30,
	  "\"504\" is not known, did you mean \"503\"?" },
	{ 20, "    failover: {attempts: 9}", 20, 26, "accepted: 1 to 8" },
	{ 13, "    pool: switches\n    mode: stateles", 14, 11,
	  "did you mean \"stateless\"?; accepted: stateful, stateless" },
	/* hosts, cluster, control */
	{ 22, "hosts: {gw.example.com: gw2}", 22, 25, "\"gw2\" is not an IP address" },
	{ 22, "hosts: {192.0.2.9: 203.0.113.11}", 22, 9, "an address needs no entry" },
	{ 22, "hosts: {gw.example.com: 203.0.113.11, GW.example.com.: 203.0.113.12}", 22, 39,
	  "\"gw.example.com\" is given twice" },
	{ 22, "cluster: {instance: 70000, key_file: /k}", 22, 21, "accepted: 1 to 65535, or a name" },
	{ 22, "cluster: {instance: lb1, key_file: cluster.key}", 22, 36, "is not absolute" },
	{ 22, "state_dir: state", 22, 12, "is not absolute" },
	{ 22, "cluster: {instance: lb1}", 22, 10, "\"key_file\" is missing" },
	{ 23, "control: {socket: \"tcp://127.0.0.1:9\"}", 23, 19, "not a local socket" },
	/* metrics, log, export */
	{ 23, "control: {metrics: \"localhost:9580\"}", 23, 20, "names are not looked up" },
	{ 23, "control: {metrics: \"127.0.0.1\"}", 23, 20, "has no port" },
	{ 23, "control: {metrics: \"::1:9580\"}", 23, 20, "IPv6 address without brackets" },
	{ 23, "control: {metrics: [\"[::1]:9580\", \"127.0.0.1:0\"]}", 23, 35, "no valid port" },
	{ 23, "control: {metrics: []}", 23, 20, "has 0 entries; accepted: 1 to 8" },
	{ 23, "control: {metrics: [\"[::1]:9580\", \"[::1]:9580\"]}", 23, 35, "given twice" },
	{ 23, "control: {metrics: \"198.51.100.1:9580\"}", 23, 20, "which the kernel does not have" },
	{ 22, "log: {target: syslog}", 22, 15, "accepted: stderr, journald" },
	{ 22, "log: {level: debug}", 22, 14, "accepted: error, warning, notice, info" },
	{ 22, "telemetry: {hep: {capture_id: 1}}", 22, 18, "\"server\" is missing" },
	{ 22, "telemetry: {hep: {server: \"homer.example.com:9060\"}}", 22, 27,
	  "names are not looked up" },
	{ 22, "telemetry: {hep: {server: \"198.51.100.1:9060\"}}", 22, 27, "an address of Tandem's" },
	{ 22, "telemetry: {hep: {server: \"192.0.2.9:9060\", sample: 0}}", 22, 53,
	  "accepted: 1 to 1000000" },
	{ 22, "telemetry: {hep: {server: \"192.0.2.9:9060\", password_file: p}}", 22, 60,
	  "is not absolute" },
};

static void write_good(char *text, size_t size, uint32_t changed, const char *to)
{
	size_t used = 0;
	for (uint32_t i = 1; i <= ARRAY_SIZE(good) + (changed > ARRAY_SIZE(good)); i++)
		used += (size_t)snprintf(text + used, size - used, "%s\n",
					 i == changed ? to : good[i - 1]);
	assert_true(used < size);
}

static int load(const char *text, struct config_report *report)
{
	struct config *config;
	int rc = config_load_text("t.yaml", span_of_string(text), &config, report);
	assert_true((rc == 0) == (config != NULL));
	assert_true((rc == 0) == (report->errors.count == 0));
	config_destroy(config);
	return rc;
}

static void good_file_has_neither_errors_nor_warnings(void **)
{
	char text[4096];
	struct config_report report;
	write_good(text, sizeof(text), 0, NULL);
	if (load(text, &report))
		config_report_print(&report, stderr);
	assert_int_equal(report.errors.count, 0);
	assert_int_equal(report.warnings.count, 0);
}

static void every_mistake_is_told_at_its_place(void **)
{
	uint32_t failures = 0;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct mistake_case *c = &cases[i];
		struct config_report report;
		char text[4096];
		write_good(text, sizeof(text), c->changed, c->to);
		int rc = load(text, &report);
		const struct config_mistake *first = &report.errors.list[0];
		if (rc == -EINVAL && first->at.line == c->line && first->at.column == c->column &&
		    strstr(first->text, c->says) && strstr(first->text, "accepted: "))
			continue;
		failures++;
		print_error("line %u: %s\n  expected %u:%u: %s\n", c->changed, c->to, c->line,
			    c->column, c->says);
		config_report_print(&report, stderr);
	}
	assert_int_equal(failures, 0);
}

/* Settings that a stateless service could only ignore. */
static void stateless_service_refuses_what_it_cannot_do(void **)
{
	static const struct {
		const char *policy, *failover, *second_mode, *first;
		const char *says; /* NULL: accepted */
		const char *cap;
	} all[] = {
		{ "srv", "", "stateless", "", "which the policy of pool \"p\" does not", "" },
		{ "call-id-hash", "", "stateful", "", "\"a\" uses this pool and knows no calls",
		  ", max_calls: 5" },
		{ "call-id-hash", "", "stateless", "", "to the same target, whatever its rate",
		  ", max_rate: 5" },
		{ "call-id-hash", "", "stateless", "", NULL, "" },
		{ "call-id-hash", ", failover: {on: []}", "stateless", "", NULL, "" },
		{ "call-id-hash", ", failover: {on: [503], attempts: 2}", "stateful", "", NULL, "" },
		{ "call-id-hash", "", "stateful", ", extra_2xx: drop", "first 2xx from the second", "" },
		{ "call-id-hash", "", "stateful", ", cseq_check: enforce", "knows no dialogs", "" },
		{ "round-robin", "", "stateful", "", "which the policy of pool \"p\" does not", "" },
		{ "weighted-random", "", "stateless", "", "which the policy of pool \"p\" does not", "" },
		{ "call-id-hash", ", failover: {on: [503]}", "stateless", "",
		  "service \"a\" is stateless and tries no second target", "" },
		{ "call-id-hash", ", failover: {attempts: 2}", "stateless", "", "tries no second target", "" },
		{ "call-id-hash", ", blacklist: {base: 5s}", "stateless", "", NULL, "" },
		{ "call-id-hash", ", probe: {}", "stateless", "", NULL, "" },
		{ "call-id-hash", ", blacklist: {base: 6s}", "stateless", "",
		  "blacklist: no service with transactions uses pool \"p\"", "" },
		{ "call-id-hash", ", slow_start: 11s", "stateless", "",
		  "slow_start: no service with transactions uses pool \"p\"", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct config_report report;
		char text[1024];
		snprintf(text, sizeof(text),
			 "interfaces: [{name: i, device: net_af_xdp0, addresses: [192.0.2.1/24]}]\n"
			 "services:\n"
			 "- {name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p, mode: "
			 "stateless%s}\n"
			 "- {name: b, listen: [\"udp:192.0.2.1:5061\"], pool: p, mode: %s}\n"
			 "pools:\n"
			 "- {name: p, policy: %s, targets: [{name: t, uri: \"sip:192.0.2.9\"%s}]%s}\n",
			 all[i].first, all[i].second_mode, all[i].policy,
			 all[i].cap, all[i].failover);
		int rc = load(text, &report);
		if ((rc == 0) != !all[i].says)
			config_report_print(&report, stderr);
		assert_int_equal(rc, all[i].says ? -EINVAL : 0);
		assert_true(rc == 0 || strstr(report.errors.list[0].text, all[i].says));
		/* Told where it stands: the first service's mode, or the pool's fail-over or cap. */
		assert_true(rc == 0 || report.errors.list[0].at.line ==
					       (*all[i].failover || *all[i].cap ? 6 : 3));
	}
}

static void a_stateless_service_takes_no_targets_that_follow_dns(void **)
{
	static const char text[] =
		"interfaces: [{name: i, device: net_af_xdp0, addresses: [192.0.2.1/24]}]\n"
		"services: [{name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p, mode: stateless}]\n"
		"pools: [{name: p, srv: _sip._udp.example.com}]\n";
	struct config_report report;

	assert_int_equal(load(text, &report), -EINVAL);
	assert_int_equal(report.errors.list[0].at.line, 2);
	assert_non_null(strstr(report.errors.list[0].text, "the targets of pool \"p\" follow DNS"));
}

/* One mistake must not be followed by complaints about what it took away. */
static void single_mistakes_give_single_errors(void **)
{
	static const struct mistake_case single[] = {
		{ 5, "    addresses: [192.0.2.1]", 5, 17, "no prefix length" },
		{ 8, "  - core", 8, 5, "a mapping an entry" },
		{ 6, "    gateway: gw", 6, 14, "not an IP address" },
		{ 22, "hosts: {gw.example.com: gw2}", 22, 25, "not an IP address" },
		{ 9, "timers: {t1: 500}", 9, 14, "no unit" },
		{ 23, "control: [socket]", 23, 10, "a list" },
		{ 9, "timers:", 9, 8, "empty" },
		{ 15, "pool:", 15, 1, "did you mean \"pools\"" },
		{ 2, "interface:", 2, 1, "did you mean \"interfaces\"" },
		{ 5, "    adresses: [192.0.2.1/24]", 5, 5, "did you mean \"addresses\"" },
		{ 17, "    polcy: call-id-hash", 17, 5, "unknown" },
		{ 12, "    listen: [\"udp:192.0.2.1:0\"]", 12, 14, "port" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
		struct config_report report;
		char text[4096];
		write_good(text, sizeof(text), single[i].changed, single[i].to);
		assert_int_equal(load(text, &report), -EINVAL);
		if (report.errors.count != 1)
			config_report_print(&report, stderr);
		assert_int_equal(report.errors.count, 1);
		assert_non_null(strstr(report.errors.list[0].text, single[i].says));
	}
}

static void aliases_are_refused_where_they_stand(void **)
{
	struct config_report report;
	assert_int_equal(load("dataplane: &d {workers: 1}\ntimers: *d\n", &report), -EINVAL);
	assert_int_equal(report.errors.count, 2);
	assert_int_equal(report.errors.list[1].at.line, 2);
	assert_int_equal(report.errors.list[1].at.column, 9);
	assert_non_null(strstr(report.errors.list[1].text, "alias \"*d\" is refused"));
	/* One that contains itself. */
	assert_int_equal(load("dataplane: &d {workers: *d}\n", &report), -EINVAL);
	assert_int_equal(report.errors.count, 2);
}

static void many_mistakes_come_sorted_and_bounded(void **)
{
	char text[8192] = "services:\n";
	struct config_report report;
	for (int i = 0; i < 30; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "- {name: \"%d!\", listen: [\"udp:192.0.2.1:5060\"], pool: p}\n", i);
	assert_int_equal(load(text, &report), -EINVAL);
	assert_int_equal(report.errors.count, CONFIG_MISTAKES_MAX);
	assert_true(report.errors.omitted >= 10);
	for (uint32_t i = 1; i < report.errors.count; i++) {
		const struct config_position *a = &report.errors.list[i - 1].at;
		const struct config_position *b = &report.errors.list[i].at;
		assert_true(a->line < b->line || (a->line == b->line && a->column <= b->column));
	}
	/* "interfaces" is missing: found last, told first. */
	assert_int_equal(report.errors.list[0].at.line, 1);
	assert_non_null(strstr(report.errors.list[0].text, "\"interfaces\" is missing"));
}

static void empty_files_are_told_as_empty(void **)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "---\n" };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct config_report report;
		assert_int_equal(load(texts[i], &report), -EINVAL);
		assert_int_equal(report.errors.count, 1);
		assert_in_range(report.errors.list[0].at.line, 1, 2);
		assert_non_null(strstr(report.errors.list[0].text, "is empty; accepted: "));
	}
	struct config *config;
	struct config_report report;
	assert_int_equal(config_load_text("t", SPAN_EMPTY, &config, &report), -EINVAL);
	assert_int_equal(load("[1, 2]\n", &report), -EINVAL);
	assert_non_null(strstr(report.errors.list[0].text, "the file is a list"));
}

static void unreadable_files_are_told_with_the_reason(void **)
{
	struct config_report report;
	struct config *config;
	assert_int_equal(config_load("/nonexistent/tandem.yaml", &config, &report), -ENOENT);
	assert_null(config);
	assert_non_null(strstr(report.errors.list[0].text, "No such file"));
	assert_int_equal(config_load("/", &config, &report), -EISDIR);
	assert_non_null(strstr(report.errors.list[0].text, "Is a directory"));
}

static void warnings_do_not_refuse(void **)
{
	static const struct mistake_case warned[] = {
		{ 7, "    mtu: 1500", 6, 14, "gateway without peers" },
		{ 7, "    peers: [0.0.0.0/0]", 7, 13, "open relay" },
		{ 7, "    peers: [203.0.113.0/24, \"2001:db8:9::/64\"]", 7, 29, "no gateway to it" },
		{ 8, "  - {name: core, device: net_ring0, addresses: [198.51.100.1/24], gateway: "
		     "198.51.100.9, peers: [203.0.113.0/24]}", 8, 98, "\"access\" too" },
		{ 14, "  - {name: outbound, listen: [\"udp:198.51.100.1:5060\"], pool: request-uri}", 21,
		  12, "no service uses pool \"carriers\"" },
		{ 4, "    device: \"net_xdp0,iface=eth1\"", 4, 13, "\"net_xdp0\" is no driver known here" },
		{ 4, "    device: \"3b:00.g\"", 4, 13, "is no driver known here" },
		{ 8, "  - {name: core, device: \"net_af_xdp1,start_queue=0,iface=eth1\", addresses: "
		     "[198.51.100.1/24]}", 8, 26, "iface=eth1 is that of interface \"access\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(warned); i++) {
		const struct mistake_case *c = &warned[i];
		struct config_report report;
		char text[4096];
		write_good(text, sizeof(text), c->changed, c->to);
		assert_int_equal(load(text, &report), 0);
		assert_int_equal(report.warnings.count, 1);
		assert_int_equal(report.warnings.list[0].at.line, c->line);
		assert_int_equal(report.warnings.list[0].at.column, c->column);
		assert_non_null(strstr(report.warnings.list[0].text, c->says));
	}
}

static void report_prints_file_line_and_column(void **)
{
	struct config_report report;
	char *out = NULL, text[4096];
	size_t len;
	write_good(text, sizeof(text), 6, "    gateway: 198.18.0.1");
	load(text, &report);
	FILE *file = open_memstream(&out, &len);
	assert_non_null(file);
	config_report_print(&report, file);
	fclose(file);
	assert_string_equal(out, "t.yaml:6:14: gateway: 198.18.0.1 is not on-link; accepted: an "
				 "address in one of the networks under \"addresses\"\n");
	free(out);
	struct config *config;
	assert_int_equal(config_load("/nonexistent", &config, &report), -ENOENT);
	file = open_memstream(&out, &len);
	assert_non_null(file);
	config_report_print(&report, file);
	fclose(file);
	assert_string_equal(out, "/nonexistent: cannot open the file: No such file or directory\n");
	free(out);
}

/* A good file with `uri` as sw2's, refused at that URI for that reason alone. */
static void assert_target_refused(const char *uri, const char *says)
{
	char text[4096], line[256];
	struct config_report report;

	snprintf(line, sizeof(line), "      - {name: sw2, uri: \"%s\"}", uri);
	write_good(text, sizeof(text), 20, line);
	assert_int_equal(load(text, &report), -EINVAL);
	assert_int_equal(report.errors.count, 1);
	assert_int_equal(report.errors.list[0].at.line, 20);
	assert_int_equal(report.errors.list[0].at.column, 26);
	assert_non_null(strstr(report.errors.list[0].text, says));
}

/* shows: 88 */
static void a_target_stands_once_in_a_pool_however_it_is_spelt(void **)
{
	static const char *const same[] = {
		"sip:198.51.100.11:5060", "sip:198.51.100.11", "SIP:198.51.100.11:05060",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		assert_target_refused(same[i],
				      "198.51.100.11:5060 is target \"sw1\" of this pool already");

	/* By a name of `hosts`, and an IPv6 address in two spellings. */
	struct config_report report;
	char text[4096];
	write_good(text, sizeof(text), 21,
		   "  - {name: carriers, targets: [{name: c1, uri: \"sip:203.0.113.11\"}, "
		   "{name: c2, uri: \"sip:GW.example.com:5060\"}]}");
	assert_int_equal(load(text, &report), -EINVAL);
	assert_int_equal(report.errors.count, 1);
	assert_non_null(strstr(report.errors.list[0].text,
			       "203.0.113.11:5060 is target \"c1\" of this pool already"));
	write_good(text, sizeof(text), 21,
		   "  - {name: carriers, targets: [{name: c1, uri: \"sip:[2001:db8::9]\"}, "
		   "{name: c2, uri: \"sip:[2001:DB8:0:0::0009]:5060\"}]}");
	assert_int_equal(load(text, &report), -EINVAL);
	assert_int_equal(report.errors.count, 1);
	assert_non_null(strstr(report.errors.list[0].text,
			       "[2001:db8::9]:5060 is target \"c1\" of this pool already"));
	/* Another port is another target, and another pool another set. */
	write_good(text, sizeof(text), 21,
		   "  - {name: carriers, targets: [{name: c1, uri: \"sip:203.0.113.11\"}, "
		   "{name: c2, uri: \"sip:203.0.113.11:5070\"}, "
		   "{name: c3, uri: \"sip:198.51.100.11:5060\"}]}");
	assert_int_equal(load(text, &report), 0);
}

/* shows: 94 */
static void a_targets_uri_has_nothing_that_no_request_uri_may_have(void **)
{
	static const char *const uris[] = {
		"sip:198.51.100.12;method=REGISTER", "sip:198.51.100.12:5060;METHOD=BYE;lr",
		"sip:198.51.100.12?Subject=x",       "sip:198.51.100.12;lr?Replaces=a",
		"sip:u@198.51.100.12?a=b",           "sip:198.51.100.12?",
	};

	for (size_t i = 0; i < ARRAY_SIZE(uris); i++)
		assert_target_refused(uris[i], "has a user, parameters or headers");
}

/* What strangers wrote is not passed to a terminal as it is. */
static void foreign_text_is_escaped_and_shortened(void **)
{
	char text[4096], name[300];
	struct config_report report;
	write_good(text, sizeof(text), 17, "    \"a\\e[31m\": x");
	assert_int_equal(load(text, &report), -EINVAL);
	assert_non_null(strstr(report.errors.list[0].text, "\"a\\x1b[31m\""));
	snprintf(name, sizeof(name), "    %s: x", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
	write_good(text, sizeof(text), 17, name);
	assert_int_equal(load(text, &report), -EINVAL);
	assert_non_null(strstr(report.errors.list[0].text, "\xc3\xa4...\""));
	assert_null(strstr(report.errors.list[0].text, "\xc3.")); /* no half character */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file_has_neither_errors_nor_warnings),
		cmocka_unit_test(every_mistake_is_told_at_its_place),
		cmocka_unit_test(stateless_service_refuses_what_it_cannot_do),
		cmocka_unit_test(a_stateless_service_takes_no_targets_that_follow_dns),
		cmocka_unit_test(single_mistakes_give_single_errors),
		cmocka_unit_test(aliases_are_refused_where_they_stand),
		cmocka_unit_test(many_mistakes_come_sorted_and_bounded),
		cmocka_unit_test(empty_files_are_told_as_empty),
		cmocka_unit_test(unreadable_files_are_told_with_the_reason),
		cmocka_unit_test(warnings_do_not_refuse),
		cmocka_unit_test(report_prints_file_line_and_column),
		cmocka_unit_test(a_target_stands_once_in_a_pool_however_it_is_spelt),
		cmocka_unit_test(a_targets_uri_has_nothing_that_no_request_uri_may_have),
		cmocka_unit_test(foreign_text_is_escaped_and_shortened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
