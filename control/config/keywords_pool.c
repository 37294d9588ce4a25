/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of a pool, its targets and its fail-over.  Data only. */
#include "config/keywords.h"

static const struct keyword_choice policy_choices[] = {
	{ "call-id-hash", POLICY_CALL_ID_HASH, NULL },
	{ "round-robin", POLICY_ROUND_ROBIN, NULL },
	{ "weighted-random", POLICY_WEIGHTED_RANDOM, NULL },
	{ "least-transactions", POLICY_LEAST_TRANSACTIONS, NULL },
	{ "least-calls", POLICY_LEAST_CALLS, NULL },
	{ "srv", POLICY_SRV, NULL },
};

static const struct keyword_choice failover_choices[] = {
	{ "timeout", FAILOVER_TIMEOUT, NULL },
	{ "transport-error", FAILOVER_TRANSPORT_ERROR, NULL },
	{ "503", FAILOVER_503, NULL },
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
		  "`weighted-random`: by lot; `least-transactions`: of two targets by lot the one "
		  "with fewer requests that wait for their answer, for its weight; `least-calls`: the "
		  "same by live calls; `srv`: as RFC 2782 has it, by priority and then by lot, where "
		  "weight 0 beside others is chosen rarely.  Later requests of a call, a retry with "
		  "credentials for one, meet the target that the first one went to.",
	  .example = "round-robin" },
	{ .name = "srv", .type = KEYWORD_SRV, .reloadable = true, FIELD(config_pool, srv), .min = 1,
	  .unset_means = "DNS is not asked for targets",
	  .help = "Name of SRV records (RFC 2782): each of their servers is a target, with the record's "
		  "priority and weight, one for every address that its host has.  It is called "
		  "`HOST:PORT@ADDRESS`, and keeps its state as long as all three stay.  `targets` may "
		  "stand beside it, for a last resort with a higher priority number.  Asked for anew "
		  "when the answer expires; what fails leaves the last good answer in place, also over "
		  "a restart (`tandemctl show dns`).  Needs a stateful service.",
	  .example = "_sip._udp.example.com" },
	{ .name = "targets", .type = KEYWORD_LIST, .section = SECTION_TARGET,
	  .reloadable = true, FIELD(config_pool, targets), .min = 1, .max = 4096,
	  .unset_means = "those of `srv`",
	  .help = "The servers.  A pool has this, or `srv`, or both.",
	  .example = "[{name: sw1, uri: \"sip:198.51.100.11:5060\", priority: 10, weight: 50}]" },
	{ .name = "failover", .type = KEYWORD_MAP, .section = SECTION_FAILOVER, .reloadable = true,
	  FIELD(config_pool, failover),
	  .help = "When a request without To tag goes to the next target.",
	  .example = "{on: [timeout, transport-error, 503], attempts: 3}" },
	{ .name = "probe", .type = KEYWORD_MAP, .section = SECTION_PROBE, .reloadable = true,
	  .is_switch = true, FIELD(config_pool, probe), .unset_means = "targets are not probed",
	  .help = "Ask each target regularly by OPTIONS whether it is there, over the path that calls "
		  "take.  `{}` probes with the defaults.  Targets in `maint` and `drain` are probed and "
		  "shown too; the operator's wish stays as it is.  Services without transactions show "
		  "what probes say and do not go by it.",
	  .example = "{interval: 2s, timeout: 1s, rise: 2, fall: 3}" },
	{ .name = "blacklist", .type = KEYWORD_MAP, .section = SECTION_BLACKLIST,
	  .reloadable = true, FIELD(config_pool, blacklist),
	  .help = "What real traffic says against a target, and how long it is avoided for that.",
	  .example = "{base: 5s, max: 5m, honour_retry_after: true, panic_threshold: 50%}" },
	{ .name = "slow_start", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_pool, slow_start), .min = 0, .max = 1 * HOURS, .unset = "10s",
	  .help = "A target that returns gets a twentieth of its weight at first, and the whole after "
		  "this time.  0s: all at once.  Targets that are new begin whole.",
	  .example = "30s" },
	{ .name = "timers", .type = KEYWORD_MAP, .section = SECTION_POOL_TIMERS,
	  .reloadable = true, FIELD(config_pool, timers),
	  .unset_means = "the timers of the service that sends to the pool",
	  .help = "Timers of requests to this pool, for a slow network or for servers that have other "
		  "values than ours (RFC 4321 §1.6).  What is left out is as in `timers`, not as in a "
		  "service.",
	  .example = "{t1: 2s, t2: 16s}" },
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
		  "0 too; with `srv`, else once in the sum of the weights and one.",
	  .example = "50" },
	{ .name = "max_calls", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_target, calls_max), .min = 1, .max = 10000000, .unset_means = "no cap",
	  .help = "New calls go elsewhere while so many stand at the target or wait for its answer.  "
		  "When all targets are full the caller gets 503 without Retry-After, which would keep "
		  "it from other pools as well.  Workers do not wait for each other: each may add one "
		  "call more than that.  Requests that follow an earlier one of their call, and other "
		  "methods than INVITE, are not held up.",
	  .example = "2000" },
	{ .name = "max_rate", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_target, rate_max), .min = 1, .max = 10000000, .unset_means = "no cap",
	  .help = "Requests a second, all workers together, that begin something: what is more goes "
		  "elsewhere, or gets 503 as with `max_calls`.  After a pause a tenth of a second's "
		  "worth and one more may come at once.",
	  .example = "200" },
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

KEYWORD_TABLE(keywords_pool, "pools[]", config_pool, pool_keywords,
	      "One entry a pool.")

KEYWORD_TABLE(keywords_target, "pools[].targets[]", config_target, target_keywords,
	      "One entry a server.")

KEYWORD_TABLE(keywords_failover, "pools[].failover", config_failover, failover_keywords,
	      "Fail-over is for requests that start something; a request inside "
	      "a dialog goes where its route says.")
