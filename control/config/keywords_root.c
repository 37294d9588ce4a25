/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of the file itself, and of the small sections that are read at start.  Data only. */
#include "config/keywords.h"
#include "config/settings.h"

static const struct keyword_choice huge_choices[] = {
	{ "auto", HUGE_AUTO, NULL },
	{ "on", HUGE_ON, NULL },
	{ "off", HUGE_OFF, NULL },
};

static const struct keyword_choice stray_choices[] = {
	{ "drop", 0, NULL },
	{ "forward", 1, NULL },
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
	{ .name = "shutdown_timeout", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config, shutdown_timeout), .min = 0, .max = 24 * HOURS, .unset = "30s",
	  .help = "How long SIGTERM lets calls finish.  Meanwhile what would begin a call gets 503 with "
		  "Retry-After, and tandemd ends when no call is left.  A second SIGTERM, or SIGINT, "
		  "ends it at once.  systemd's TimeoutStopSec has to be longer.",
	  .example = "10m" },
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
		  "that are followed.  Names compare without case.  Names that are not here are looked "
		  "up in DNS: of SRV pools, and of next hops, whose requests wait for it.",
	  .example = "{sw1.example.com: 198.51.100.11}" },
	{ .name = "resolver", .type = KEYWORD_MAP, .section = SECTION_RESOLVER, .reloadable = true,
	  FIELD(config, resolver),
	  .help = "How DNS is asked.  Never by a worker: names cost no packet any time.",
	  .example = "{nameservers: [192.0.2.53, \"[2001:db8::53]:53\"], ttl_min: 10s}" },
	{ .name = "agents", .type = KEYWORD_LIST, .section = SECTION_AGENT, FIELD(config, agents),
	  .min = 1, .max = 32, .unset_means = "no helper process is started",
	  .help = "Helper processes that tandemd starts, watches and ends, and that tell it about "
		  "targets over the control socket; control/api/README.md has what they say.",
	  .example = "[{name: list, command: [/usr/local/libexec/tandem-agent-file, "
		     "/etc/tandem/targets], provides: [targets], pools: [switches]}]" },
	{ .name = "control", .type = KEYWORD_MAP, .section = SECTION_CONTROL,
	  FIELD(config, control), .help = "Where tandemctl talks to tandemd.",
	  .example = "{socket: \"ipc:///run/tandem/control.sock\"}" },
	{ .name = "log", .type = KEYWORD_MAP, .section = SECTION_LOG, FIELD(config, log),
	  .help = "Where events are written.", .example = "{target: journald, level: notice}" },
	{ .name = "telemetry", .type = KEYWORD_MAP, .section = SECTION_TELEMETRY,
	  FIELD(config, telemetry), .help = "What others are sent.",
	  .example = "{hep: {server: \"198.51.100.9:9060\"}}" },
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

static const struct keyword control_keywords[] = {
	{ .name = "socket", .type = KEYWORD_TEXT, FIELD(config_control, socket), .min = 1,
	  .unset = "\"ipc:///run/tandem/control.sock\"",
	  .help = "ZeroMQ endpoint of the control API, a local socket: `ipc://` and a path.",
	  .example = "\"ipc:///run/tandem/control.sock\"" },
	{ .name = "remote", .type = KEYWORD_MAP, .section = SECTION_REMOTE,
	  FIELD(config_control, remote), .unset_means = "local clients alone",
	  .help = "Operators at other machines: TCP with CURVE, for those alone whose public keys are "
		  "listed.  Nothing is served over TCP without keys.",
	  .example = "{listen: [\"tcp://192.0.2.250:9591\"], clients: [{name: alice, key: "
		     "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"}]}" },
	{ .name = "metrics", .type = KEYWORD_ENDPOINTS, FIELD(config_control, metrics), .min = 1,
	  .max = SETTINGS_METRICS_MAX, .unset_means = "nothing is served over HTTP",
	  .help = "Addresses and ports of the kernel's where Prometheus finds `/metrics`, and others "
		  "`/healthz`: one, or a list.  Without encryption or password: loopback, or a "
		  "network of its own.",
	  .example = "\"127.0.0.1:9580\"" },
};

KEYWORD_TABLE(keywords_root, "", config, root_keywords,
	      "The file is one mapping.")

KEYWORD_TABLE(keywords_dataplane, "dataplane", config_dataplane, dataplane_keywords,
	      "Read at start.")

KEYWORD_TABLE(keywords_cluster, "cluster", config_cluster, cluster_keywords,
	      "Read at start.")

KEYWORD_TABLE(keywords_control, "control", config_control, control_keywords,
	      "Read at start.")
