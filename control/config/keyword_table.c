/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keywords, section by section, in the order in which the reference prints them.  Data only.
 */
#include "config/keyword.h"
#include "config/model.h"

#define MS 1000ull
#define SECONDS 1000000ull
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)
#define MIB (1024ull * 1024)

#define FIELD(type, member)                                                                        \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define CHOICES(table) .choices = (table), .choice_count = ARRAY_SIZE(table)

static const struct keyword_choice huge_choices[] = {
	{ "auto", HUGE_AUTO, NULL },
	{ "on", HUGE_ON, NULL },
	{ "off", HUGE_OFF, NULL },
};

static const struct keyword_choice mode_choices[] = {
	{ "stateful", MODE_STATEFUL, NULL },
	{ "stateless", MODE_STATELESS, NULL },
};

static const struct keyword_choice stray_choices[] = {
	{ "drop", 0, NULL },
	{ "forward", 1, NULL },
};

static const struct keyword_choice cseq_check_choices[] = {
	{ "off", CSEQ_CHECK_OFF, NULL },
	{ "log", CSEQ_CHECK_LOG, NULL },
	{ "enforce", CSEQ_CHECK_ENFORCE, NULL },
};

static const struct keyword_choice nat_choices[] = {
	{ "auto", NAT_AUTO, NULL },
	{ "off", NAT_OFF, NULL },
};

static const struct keyword_choice extra_2xx_choices[] = {
	{ "forward", EXTRA_2XX_FORWARD, NULL },
	{ "drop", EXTRA_2XX_DROP, NULL },
	{ "ack-bye", EXTRA_2XX_ACK_BYE, NULL },
};

static const struct keyword_choice policy_choices[] = {
	{ "call-id-hash", POLICY_CALL_ID_HASH, NULL },
	{ "round-robin", POLICY_ROUND_ROBIN, NULL },
	{ "weighted-random", POLICY_WEIGHTED_RANDOM, NULL },
	{ "least-transactions", 0, "balancing by live transactions is not built yet" },
	{ "least-calls", 0, "balancing by live calls is not built yet" },
	{ "srv", 0, "choosing by SRV records is not built yet" },
};

static const struct keyword_choice failover_choices[] = {
	{ "timeout", FAILOVER_TIMEOUT, NULL },
	{ "transport-error", FAILOVER_TRANSPORT_ERROR, NULL },
	{ "503", FAILOVER_503, NULL },
};

static const struct keyword root_keywords[] = {
	{ .name = "dataplane", .type = KEYWORD_MAP, .section = SECTION_DATAPLANE,
	  FIELD(config, dataplane), .help = "Workers and memory of the packet path.",
	  .example = "{workers: 2, memory: 512MiB}" },
	{ .name = "cluster", .type = KEYWORD_MAP, .section = SECTION_CLUSTER,
	  FIELD(config, cluster),
	  .unset_means = "one instance that keeps its keys in `state_dir`",
	  .help = "Several instances that share keys: each verifies the routes that another signed, "
		  "and all send a call to the same target.",
	  .example = "{instance: lb1, key_file: /etc/tandem/cluster.key}" },
	{ .name = "state_dir", .type = KEYWORD_TEXT, .min = 1, FIELD(config, state_dir),
	  .unset = "/var/lib/tandem",
	  .help = "Folder for what has to outlive a restart, an absolute path.  The keys are kept there (file `keys`, "
		  "mode 0600) unless `cluster` names another file.",
	  .example = "/var/lib/tandem" },
	{ .name = "stray_responses", .type = KEYWORD_CHOICE, .reloadable = true,
	  FIELD(config, stray_responses), CHOICES(stray_choices), .unset = "drop",
	  .help = "What becomes of a response whose transaction is not here.  `drop`: nothing "
		  "(RFC 6026 §7.3, RFC 4320 §4.2).  `forward`: when this instance sent the request "
		  "before it was restarted, or another one with the same keys did whose address is "
		  "now here, and the transaction could still be alive (timer_c and 64*t1 after an "
		  "INVITE was sent, 64*t1 after others), it goes to the address that the signed part "
		  "of our Via carries.  A response to what this very process sent is dropped always.",
	  .example = "forward" },
	{ .name = "interfaces", .type = KEYWORD_LIST, .section = SECTION_INTERFACE,
	  .required = true, FIELD(config, interfaces), .min = 1, .max = BALANCE_INTERFACES_MAX,
	  .help = "The ports that Tandem takes from the kernel, with their addresses.",
	  .example = "[{name: access, device: \"net_af_xdp0,iface=eth1\", addresses: "
		     "[192.0.2.1/24]}]" },
	{ .name = "timers", .type = KEYWORD_MAP, .section = SECTION_TIMERS, .reloadable = true,
	  FIELD(config, timers),
	  .help = "SIP timers (RFC 3261 §17, Table 4; RFC 6026).  A service and a pool may have their "
		  "own.  Neighbours whose t1 and t2 differ lose requests (RFC 4321 §1.6): change them "
		  "on both sides, and keep the defaults towards the outside.",
	  .example = "{t1: 500ms, t2: 4s, t4: 5s}" },
	{ .name = "services", .type = KEYWORD_LIST, .section = SECTION_SERVICE, .required = true,
	  .reloadable = true, FIELD(config, services), .min = 1, .max = 256,
	  .help = "The addresses and ports that Tandem listens on, and where calls go from there.",
	  .example = "[{name: inbound, listen: [\"udp:192.0.2.1:5060\"], pool: switches}]" },
	{ .name = "pools", .type = KEYWORD_LIST, .section = SECTION_POOL, .reloadable = true,
	  FIELD(config, pools), .min = 1, .max = 256,
	  .unset_means = "every service has the pool `request-uri`",
	  .help = "Sets of SIP servers that share calls.",
	  .example = "[{name: switches, targets: [{name: sw1, uri: \"sip:198.51.100.11:5060\"}]}]" },
	{ .name = "hosts", .type = KEYWORD_HOSTS, .reloadable = true, FIELD(config, hosts),
	  .min = 1, .max = CONFIG_HOSTS_MAX, .unset_means = "hosts are given as addresses",
	  .help = "Names and their addresses, for target URIs and for Route and Request-URI values "
		  "that are followed.  Names compare without case.  They are not looked up in DNS.",
	  .example = "{sw1.example.com: 198.51.100.11}" },
	{ .name = "control", .type = KEYWORD_MAP, .section = SECTION_CONTROL,
	  FIELD(config, control), .help = "Where tandemctl talks to tandemd.",
	  .example = "{socket: \"ipc:///run/tandem/control.sock\"}" },
};

static const struct keyword dataplane_keywords[] = {
	{ .name = "workers", .type = KEYWORD_INTEGER, FIELD(config_dataplane, workers), .min = 1,
	  .max = DATAPLANE_WORKERS_MAX, .unset = "1",
	  .help = "Poll-mode threads.  Each owns a share of the calls, by Call-ID; each wants a core "
		  "of its own.",
	  .example = "2" },
	{ .name = "memory", .type = KEYWORD_SIZE, FIELD(config_dataplane, memory), .min = 64 * MIB,
	  .max = 1024 * 1024 * MIB, .unset = "512MiB",
	  .help = "Memory for packets, transactions and retained messages together, reserved at "
		  "start.  When it is used up, new requests get 503.",
	  .example = "4GiB" },
	{ .name = "huge", .type = KEYWORD_CHOICE, FIELD(config_dataplane, huge),
	  CHOICES(huge_choices), .unset = "auto",
	  .help = "Hugepages for that memory.  `auto` takes them when as much as `memory` is free, "
		  "`on` insists on them, `off` does without (slower, and not every device can).",
	  .example = "on" },
	{ .name = "lcores", .type = KEYWORD_TEXT, FIELD(config_dataplane, lcores), .min = 1,
	  .unset_means = "the cores are chosen",
	  .help = "Which threads run on which cores, as DPDK's `--lcores` takes it.",
	  .example = "\"0@0,1@2,2@3\"" },
	{ .name = "idle_polls", .type = KEYWORD_INTEGER, FIELD(config_dataplane, idle_polls),
	  .min = 0, .max = 1000000000, .unset = "1000",
	  .help = "Empty polls in a row before a worker sleeps.  0: it never sleeps and burns its "
		  "core, for the shortest delay.",
	  .example = "0" },
	{ .name = "idle_sleep", .type = KEYWORD_DURATION, FIELD(config_dataplane, idle_sleep),
	  .min = 10, .max = 10 * MS, .unset = "500us",
	  .help = "The longest that a worker sleeps at a time; the first packet after a pause may "
		  "wait that long.",
	  .example = "200us" },
};

static const struct keyword cluster_keywords[] = {
	{ .name = "instance", .type = KEYWORD_NAME, .required = true,
	  FIELD(config_cluster, instance), .min = 1,
	  .help = "This instance, unlike all others with the same key file.  A number from 1 to 65535 "
		  "is taken as it is; a name is hashed to such a number, so with many instances "
		  "numbers are safer.",
	  .example = "lb1" },
	{ .name = "key_file", .type = KEYWORD_TEXT, .required = true,
	  FIELD(config_cluster, key_file), .min = 1,
	  .help = "The shared keys, an absolute path, mode 0600; the format is in config/README.md.",
	  .example = "/etc/tandem/cluster.key" },
};

static const struct keyword interface_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, FIELD(config_interface, name),
	  .min = 1, .help = "What the interface is called in every output.", .example = "access" },
	{ .name = "device", .type = KEYWORD_TEXT, .required = true,
	  FIELD(config_interface, device), .min = 1,
	  .help = "The DPDK device: a PCI address, or a virtual device with its arguments.",
	  .example = "\"net_af_xdp0,iface=eth1\"" },
	{ .name = "addresses", .type = KEYWORD_ADDRESSES, .required = true,
	  FIELD(config_interface, addresses), .min = 1, .max = BALANCE_ADDRESSES_MAX,
	  .help = "Own addresses, each with the length of its on-link network.  The first of a family "
		  "is the one that Tandem sends from.",
	  .example = "[192.0.2.1/24, \"2001:db8::1/64\"]" },
	{ .name = "gateway", .type = KEYWORD_GATEWAYS, FIELD(config_interface, gateways), .min = 1,
	  .max = 2, .unset_means = "on-link destinations only",
	  .help = "The router for everything that is not on-link: one address, or a list with one "
		  "for IPv4 and one for IPv6.",
	  .example = "[192.0.2.254, \"2001:db8::fe\"]" },
	{ .name = "peers", .type = KEYWORD_PREFIXES, .reloadable = true,
	  FIELD(config_interface, peers), .min = 1, .max = 1024,
	  .unset_means = "the on-link networks",
	  .help = "Where requests may be sent through this interface besides configured targets, as "
		  "address ranges; anything else is answered with 403, so that Tandem is never an "
		  "open relay.  When given, on-link networks have to be listed too.",
	  .example = "[203.0.113.0/24]" },
	{ .name = "mtu", .type = KEYWORD_INTEGER, FIELD(config_interface, mtu), .min = 576,
	  .max = 9216, .unset = "1500",
	  .help = "Largest IP packet; longer messages leave as fragments.  IPv6 wants 1280 at least.",
	  .example = "9000" },
	{ .name = "dscp", .type = KEYWORD_INTEGER, FIELD(config_interface, dscp), .min = 0,
	  .max = 63, .unset = "0",
	  .help = "Differentiated services code point of what is sent (RFC 2474).", .example = "24" },
	{ .name = "vlan", .type = KEYWORD_INTEGER, FIELD(config_interface, vlan), .min = 0,
	  .max = 4094, .unset = "0", .help = "802.1Q tag; 0: untagged frames.", .example = "120" },
	{ .name = "tap", .type = KEYWORD_NAME, FIELD(config_interface, tap), .min = 1,
	  .unset_means = "dropped and counted",
	  .help = "Kernel interface that is made for what is not Tandem's, ssh and BGP for example.",
	  .example = "tandem0" },
	{ .name = "sip_port", .type = KEYWORD_INTEGER, FIELD(config_interface, sip_port), .min = 1,
	  .max = 65535,
	  .unset_means = "the port of the first service that listens on the interface, else 5060",
	  .help = "Port that Tandem sends from and names in its Via on this interface.",
	  .example = "5060" },
};

/* One timer: in `timers`, where some have a default, and in a service's or a pool's. */
#define TIMER(name_, member_, min_, max_, default_, help_, example_)                               \
	{ .name = name_, .type = KEYWORD_DURATION, .reloadable = true,                             \
	  FIELD(config_timers, member_), .min = (min_), .max = (max_), default_, .help = help_,    \
	  .example = example_ }

#define WHOLE_MIN (100 * MS)
#define WHOLE_MAX (24 * HOURS)

/* RFC 3261 Table 4, RFC 6026.  DEFAULT(value, meaning) fills .unset and .unset_means. */
#define TIMERS(DEFAULT)                                                                            \
	TIMER("t1", t1, 10 * MS, 10 * SECONDS, DEFAULT("500ms", NULL),                             \
	      "Estimate of the round-trip time: the first retransmission comes after it, and 64 " \
	      "times it is the end of a transaction.  Below 500 ms in closed networks only (RFC "  \
	      "3261 §17.1.1.1).", "500ms"),                                                        \
	TIMER("t2", t2, 10 * MS, 60 * SECONDS, DEFAULT("4s", NULL),                                \
	      "Longest interval between retransmissions of a non-INVITE request and of an INVITE " \
	      "response.  At least t1.", "4s"),                                                    \
	TIMER("t4", t4, 10 * MS, 60 * SECONDS, DEFAULT("5s", NULL),                                \
	      "Longest time that a message stays in the network.", "5s"),                          \
	TIMER("timer_a", timer_a, 10 * MS, 10 * SECONDS, DEFAULT(NULL, "t1"),                      \
	      "First interval between retransmissions of an INVITE; it doubles without limit.",   \
	      "500ms"),                                                                            \
	TIMER("timer_b", timer_b, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long an INVITE waits for its first response.", "32s"),                         \
	TIMER("timer_c", timer_c, 3 * MINUTES + MS, 24 * HOURS, DEFAULT("181s", NULL),             \
	      "How long an INVITE may ring after its last provisional response.  More than three " \
	      "minutes (RFC 3261 §16.6 item 11).", "5m"),                                          \
	TIMER("timer_d", timer_d, 32 * SECONDS, WHOLE_MAX,                                         \
	      DEFAULT(NULL, "64 times t1, but 32s at least"),                                      \
	      "How long retransmissions of a refused INVITE's final response are answered with "  \
	      "an ACK.  At least 32 seconds (RFC 3261 §17.1.1.2).", "32s"),                        \
	TIMER("timer_e", timer_e, 10 * MS, 60 * SECONDS, DEFAULT(NULL, "t1"),                      \
	      "First interval between retransmissions of a non-INVITE request and of a CANCEL of " \
	      "ours; it doubles up to t2, and is t2 after a provisional response.", "500ms"),      \
	TIMER("timer_f", timer_f, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long a non-INVITE request waits for its final response.", "32s"),              \
	TIMER("timer_g", timer_g, 10 * MS, 60 * SECONDS, DEFAULT(NULL, "t1"),                      \
	      "First interval between retransmissions of a refusal of an INVITE; it doubles up to " \
	      "t2.", "500ms"),                                                                     \
	TIMER("timer_h", timer_h, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long a refusal of an INVITE waits for its ACK.", "32s"),                        \
	TIMER("timer_i", timer_i, 10 * MS, WHOLE_MAX, DEFAULT(NULL, "t4"),                         \
	      "How long further copies of that ACK are absorbed.", "5s"),                          \
	TIMER("timer_j", timer_j, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long retransmissions of an answered non-INVITE request get its response again.", \
	      "32s"),                                                                              \
	TIMER("timer_k", timer_k, 10 * MS, WHOLE_MAX, DEFAULT(NULL, "t4"),                         \
	      "How long further copies of a non-INVITE request's response are absorbed.", "5s"),   \
	TIMER("timer_l", timer_l, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long retransmissions of an INVITE that was answered with 2xx are absorbed (RFC " \
	      "6026 §7.1).", "32s"),                                                               \
	TIMER("timer_m", timer_m, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long further 2xx to an INVITE are passed on (RFC 6026 §7.2).", "32s")

#define OWN_DEFAULT(value, meaning) .unset = value, .unset_means = meaning
#define AS_IN_TIMERS(value, meaning) .unset_means = "as in `timers`"

static const struct keyword timers_keywords[] = { TIMERS(OWN_DEFAULT) };
static const struct keyword inner_timers_keywords[] = { TIMERS(AS_IN_TIMERS) };

static const struct keyword service_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, .reloadable = true,
	  FIELD(config_service, name), .min = 1,
	  .help = "What the service is called in every output.", .example = "inbound" },
	{ .name = "listen", .type = KEYWORD_LISTENS, .required = true, .reloadable = true,
	  FIELD(config_service, listens), .min = 1, .max = 64,
	  .help = "Transport, address and port; the address is one of an interface's.  Several "
		  "services may share one when all but one of them have `from`.",
	  .example = "[\"udp:192.0.2.1:5060\", \"udp:[2001:db8::1]:5060\"]" },
	{ .name = "pool", .type = KEYWORD_NAME, .required = true, .reloadable = true,
	  FIELD(config_service, pool), .min = 1,
	  .help = "Where initial requests go: a pool, or `request-uri` to follow the Request-URI, as "
		  "far as `peers` allows.",
	  .example = "switches" },
	{ .name = "from", .type = KEYWORD_NAME, .reloadable = true, FIELD(config_service, from),
	  .min = 1, .unset_means = "requests from anywhere",
	  .help = "Serve requests only whose source address is that of a target of this pool.  On a "
		  "shared listen address it wins over a service without `from`; of two that claim a "
		  "source, the first in the file has it.",
	  .example = "switches" },
	{ .name = "mode", .type = KEYWORD_CHOICE, .reloadable = true, FIELD(config_service, mode),
	  CHOICES(mode_choices), .unset = "stateful",
	  .help = "`stateful` keeps RFC 3261 transactions: it absorbs retransmissions, answers 100 "
		  "and fails over.  `stateless` keeps nothing (RFC 3261 §16.11): every message is "
		  "sent on by its Call-ID and this file alone, whether the target answers or not.  Its "
		  "pool's policy has to be `call-id-hash`, a `failover` there would do nothing, and "
		  "`tandemctl target drain|maint|ready` takes effect 64*t1 later.",
	  .example = "stateless" },
	{ .name = "record_route", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, record_route), .unset = "true",
	  .help = "Stay on the path of the dialog by a signed Record-Route.", .example = "false" },
	{ .name = "rewrite_host", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, rewrite_host), .unset = "false",
	  .help = "Replace host and port of the Request-URI by the target's, for targets that refuse "
		  "a foreign domain.",
	  .example = "true" },
	{ .name = "push_route", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, push_route), .unset = "false",
	  .help = "Put `<target;lr>` in front of the Routes, for targets that want to see themselves "
		  "there.",
	  .example = "true" },
	{ .name = "nat", .type = KEYWORD_CHOICE, .reloadable = true, FIELD(config_service, nat),
	  CHOICES(nat_choices), .unset = "auto",
	  .help = "`auto`: a caller that sent its request without a proxy in between is reached at "
		  "the address and port its request came from for the rest of the dialog, whatever its "
		  "Contact says.  `off`: the Contact is followed.",
	  .example = "off" },
	{ .name = "extra_2xx", .type = KEYWORD_CHOICE, .reloadable = true,
	  FIELD(config_service, extra_2xx), CHOICES(extra_2xx_choices), .unset = "forward",
	  .help = "When a second party answers an INVITE that another one has answered.  `forward`: "
		  "the caller gets each 2xx and ends what it does not want (RFC 3261 §16.7 item 5).  "
		  "`drop`: the caller does not hear of it, and the other party repeats its 2xx for "
		  "64*t1 before it gives up.  `ack-bye`: the caller does not hear of it, and Tandem "
		  "acknowledges the leg and ends it with BYE; wants `record_route`.",
	  .example = "ack-bye" },
	{ .name = "domains", .type = KEYWORD_DOMAINS, .reloadable = true,
	  FIELD(config_service, domains), .min = 1, .max = 256,
	  .unset_means = "any Request-URI is served",
	  .help = "Narrow the service to Request-URIs with these hosts (RFC 3261 §16.5); an initial "
		  "request for any other is answered with 403.",
	  .example = "[sip.example.com]" },
	{ .name = "timers", .type = KEYWORD_MAP, .section = SECTION_SERVICE_TIMERS,
	  .reloadable = true, FIELD(config_service, timers),
	  .unset_means = "the timers of the section `timers`",
	  .help = "Timers of this service's transactions: towards the callers, and towards a pool that "
		  "has none of its own.",
	  .example = "{t1: 1s, t2: 8s}" },
	{ .name = "cseq_check", .type = KEYWORD_CHOICE, .reloadable = true,
	  FIELD(config_service, cseq_check), CHOICES(cseq_check_choices), .unset = "log",
	  .help = "What to do when a request in a dialog of this service has a CSeq below the last one "
		  "of its direction (RFC 3261 §12.2.2).  `log`: it is counted, told of as an event, "
		  "and forwarded; `enforce`: it is answered with 500; `off`: nothing is looked at.  A "
		  "gap is fine.  What was overtaken on the way, by less than 32 numbers and 64*t1, is in "
		  "order; ACK, CANCEL and PRACK always are.  Needs `record_route`.",
	  .example = "enforce" },
	{ .name = "dialog_age", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_service, dialog_age), .min = 60 * SECONDS, .max = 7 * 24 * HOURS,
	  .unset = "12h",
	  .help = "How long a dialog without a session timer (RFC 4028) is remembered after its last "
		  "INVITE, if no BYE ends it.  A dialog that is not remembered goes on; the order of "
		  "its requests is not checked.",
	  .example = "4h" },
	{ .name = "bye_unacknowledged", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, bye_unacknowledged), .unset = "false",
	  .help = "End a call with BYE towards both sides when an INVITE of it was answered 2xx and no "
		  "ACK came within 64*t1, as the callee should (RFC 3261 §13.3.1.4).  Costs a copy of "
		  "some hundred octets from the 2xx to its ACK.  A proxy that sends requests of its own "
		  "leaves the RFC knowingly.  Needs `record_route`.",
	  .example = "true" },
};

static const struct keyword pool_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, .reloadable = true,
	  FIELD(config_pool, name), .min = 1,
	  .help = "What services and outputs call the pool.  `request-uri` is taken.",
	  .example = "switches" },
	{ .name = "policy", .type = KEYWORD_CHOICE, .reloadable = true, FIELD(config_pool, policy),
	  CHOICES(policy_choices), .unset = "call-id-hash",
	  .help = "How a new call's target is chosen.  `call-id-hash`: by weighted rendezvous "
		  "hashing of the Call-ID, so that restarts and sibling instances choose the same and "
		  "a removed target moves only its own calls; `round-robin`: in turn; "
		  "`weighted-random`: by lot.",
	  .example = "round-robin" },
	{ .name = "targets", .type = KEYWORD_LIST, .section = SECTION_TARGET, .required = true,
	  .reloadable = true, FIELD(config_pool, targets), .min = 1, .max = 4096,
	  .help = "The servers.",
	  .example = "[{name: sw1, uri: \"sip:198.51.100.11:5060\", priority: 10, weight: 50}]" },
	{ .name = "failover", .type = KEYWORD_MAP, .section = SECTION_FAILOVER, .reloadable = true,
	  FIELD(config_pool, failover),
	  .help = "When a request without To tag goes to the next target.",
	  .example = "{on: [timeout, transport-error, 503], attempts: 3}" },
	{ .name = "timers", .type = KEYWORD_MAP, .section = SECTION_POOL_TIMERS,
	  .reloadable = true, FIELD(config_pool, timers),
	  .unset_means = "the timers of the service that sends to the pool",
	  .help = "Timers of requests to this pool, for a slow network or for servers that have other "
		  "values than ours (RFC 4321 §1.6).  What is left out is as in `timers`, not as in a "
		  "service.",
	  .example = "{t1: 2s, t2: 16s}" },
	{ .name = "srv", .type = KEYWORD_NOT_BUILT,
	  .help = "DNS is not asked; list the servers under \"targets\"" },
	{ .name = "probe", .type = KEYWORD_NOT_BUILT,
	  .help = "targets are not probed; \"failover\" moves requests away from one that fails" },
	{ .name = "blacklist", .type = KEYWORD_NOT_BUILT,
	  .help = "failing targets are not remembered; `tandemctl target maint` takes one out" },
};

static const struct keyword target_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, .reloadable = true,
	  FIELD(config_target, name), .min = 1,
	  .help = "What the target is called.  With the pool's name it is the target's identity: state "
		  "and counters survive a reload under it, and `call-id-hash` goes by it.",
	  .example = "sw1" },
	{ .name = "uri", .type = KEYWORD_URI, .required = true, .reloadable = true,
	  FIELD(config_target, uri), .min = 1,
	  .help = "Where the server is: an address, IPv6 in brackets, or a name out of `hosts`.  "
		  "Without a port 5060.",
	  .example = "\"sip:198.51.100.11:5060\"" },
	{ .name = "priority", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_target, priority), .min = 0, .max = 65535, .unset = "0",
	  .help = "The lowest number that has a usable target is served, as in SRV records (RFC 2782).",
	  .example = "10" },
	{ .name = "weight", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_target, weight), .min = 0, .max = 65535, .unset = "1",
	  .help = "Share of the calls among targets of equal priority.  0: only when all others have "
		  "0 too.",
	  .example = "50" },
};

static const struct keyword failover_keywords[] = {
	{ .name = "on", .type = KEYWORD_CHOICES, .reloadable = true, FIELD(config_failover, on),
	  CHOICES(failover_choices), .unset = "[timeout, transport-error, 503]",
	  .help = "What counts as a failure (RFC 3263 §4.3): no response at all within 64*t1, an ICMP "
		  "error, a 503 response.  An empty list: never.",
	  .example = "[transport-error, 503]" },
	{ .name = "attempts", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_failover, attempts), .min = 1, .max = 8, .unset = "3",
	  .help = "Targets tried for one request, the first included.", .example = "2" },
	{ .name = "try_next_after", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_failover, try_next_after), .min = 10 * MS, .max = 30 * SECONDS,
	  .unset_means = "the next target is tried only after the last one failed",
	  .help = "An INVITE that got no answer at all, not even a 100, within this time goes to the "
		  "next target too, while the silent one may still answer: this is forking (RFC 3261 "
		  "§16.6), both may ring, and both may answer (`extra_2xx`).  Each branch carries its "
		  "share of Max-Breadth (RFC 5393).  At least 2*t1, so that a lost INVITE can be "
		  "repeated first.",
	  .example = "1500ms" },
};

static const struct keyword control_keywords[] = {
	{ .name = "socket", .type = KEYWORD_TEXT, FIELD(config_control, socket), .min = 1,
	  .unset = "\"ipc:///run/tandem/control.sock\"",
	  .help = "ZeroMQ endpoint of the control API, a local socket: `ipc://` and a path.",
	  .example = "\"ipc:///run/tandem/control.sock\"" },
	{ .name = "metrics", .type = KEYWORD_NOT_BUILT,
	  .help = "nothing is served over HTTP; `tandemctl --json` has the counters" },
};

#define TABLE(section_path, type, table, text)                                                     \
	{                                                                                          \
		.path = (section_path), .help = (text), .struct_size = sizeof(struct type),        \
		.keywords = (table), .count = ARRAY_SIZE(table)                                    \
	}

const struct keyword_table keyword_tables[SECTION_COUNT] = {
	[SECTION_ROOT] = TABLE("", config, root_keywords, "The file is one mapping."),
	[SECTION_DATAPLANE] = TABLE("dataplane", config_dataplane, dataplane_keywords,
				    "Read at start."),
	[SECTION_CLUSTER] = TABLE("cluster", config_cluster, cluster_keywords, "Read at start."),
	[SECTION_INTERFACE] = TABLE("interfaces[]", config_interface, interface_keywords,
				    "One entry a port."),
	[SECTION_TIMERS] = TABLE("timers", config_timers, timers_keywords,
				 "Transactions that run keep the timers they began with."),
	[SECTION_SERVICE] = TABLE("services[]", config_service, service_keywords,
				  "One entry a service."),
	[SECTION_SERVICE_TIMERS] = TABLE("services[].timers", config_timers, inner_timers_keywords,
					 "Timers A to M follow T1, T2 and T4 of the same section "
					 "unless they are given."),
	[SECTION_POOL] = TABLE("pools[]", config_pool, pool_keywords, "One entry a pool."),
	[SECTION_POOL_TIMERS] = TABLE("pools[].timers", config_timers, inner_timers_keywords,
				      "Of the timers of a client transaction (A to F, K, M); the "
				      "others go by the service."),
	[SECTION_TARGET] = TABLE("pools[].targets[]", config_target, target_keywords,
				 "One entry a server."),
	[SECTION_FAILOVER] = TABLE("pools[].failover", config_failover, failover_keywords,
				   "Fail-over is for requests that start something; a request inside "
				   "a dialog goes where its route says."),
	[SECTION_CONTROL] = TABLE("control", config_control, control_keywords, "Read at start."),
};

static_assert(ARRAY_SIZE(interface_keywords) <= KEYWORDS_MAX);
static_assert(ARRAY_SIZE(service_keywords) <= KEYWORDS_MAX);
static_assert(ARRAY_SIZE(root_keywords) <= KEYWORDS_MAX);
static_assert(ARRAY_SIZE(pool_keywords) <= KEYWORDS_MAX);
static_assert(ARRAY_SIZE(timers_keywords) <= KEYWORDS_MAX);
