/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of tandem-bench, and a trial's line on its standard input: text to values,
 * each checked, and what is wrong in one sentence.  Opens nothing, prints nothing but --help.
 */
#ifndef GENERATOR_OPTIONS_H
#define GENERATOR_OPTIONS_H

#include <stdio.h>

#include "generator/traffic.h"

#define OPTIONS_DEVICES_MAX    2u
#define OPTIONS_FLOOD_FROM_MAX 256u
#define OPTIONS_ERROR_MAX      320u

/* X(ID, "name", "ARGUMENT" or NULL, "what it does").  The names are a contract: scripts use
 * them, and the manual page config/man/tandem-bench.1 has each. */
#define OPTIONS_LIST(X)                                                                            \
	X(DEVICE, "device", "DEV", "DPDK device of the callers; given twice, the second is the targets'") \
	X(CALLERS, "callers", "ADDR[:PORT[-PORT]][,..]", "the callers' own addresses")             \
	X(TARGETS, "targets", "ADDR[:PORT[-PORT]][,..]", "the targets' own addresses")             \
	X(PROXY, "proxy", "ADDR[:PORT]", "where callers send their requests")                     \
	X(TARGET_PROXY, "target-proxy", "ADDR[:PORT]", "the proxy as targets see it; as --proxy without it") \
	X(GATEWAY, "gateway", "ADDR[,ADDR]", "next hop to all others, one a family; without it they are on the link") \
	X(TARGET_GATEWAY, "target-gateway", "ADDR[,ADDR]", "the same for the second device")       \
	X(MTU, "mtu", "N", "octets of an IP packet (1500)")                                        \
	X(CORE, "core", "N", "processor that the generator polls on (the first allowed)")          \
	X(NO_HUGE, "no-huge", NULL, "do without hugepages")                                        \
	X(WAIT, "wait", "S", "seconds to wait for link and proxy at start (10)")                   \
	X(LOOP, "loop", NULL, "no proxy, no device: both sides over a ring of its own")            \
	X(DIRECT, "direct", NULL, "no proxy between the two sides")                                \
	X(MIX, "mix", "FLOW=WEIGHT[,..]", "flows of calls: call, register, options, cancel, challenge (call)") \
	X(RATE, "rate", "N", "calls begun a second (100); with --flood alone, messages a second")  \
	X(SECONDS, "seconds", "S", "calls begin that long (10)")                                   \
	X(CALLS, "calls", "N", "calls begun at most; without --seconds, until so many have")       \
	X(RING, "ring", "MS", "from 180 to 200 (0)")                                               \
	X(HOLD, "hold", "MS", "from ACK to BYE (0)")                                               \
	X(CALLS_MAX, "calls-max", "N", "calls live at a time at most: memory (100000)")            \
	X(ARRIVALS, "arrivals", "uniform|poisson", "how calls follow one another (uniform)")       \
	X(T1, "t1", "MS", "RFC 3261's T1 at both ends (500)")                                      \
	X(CHECK, "check", "all|masked|off", "full parse of all messages; masked compare, 1 in 64 in full; none (masked)") \
	X(RECORD_ROUTE, "record-route", "any|required|absent", "what an INVITE must have (any)")   \
	X(SEED, "seed", "N", "of Call-IDs and Poisson gaps (the clock)")                           \
	X(FAULTS_MAX, "faults-max", "N", "fault reports printed a kind (3)")                       \
	X(FLOOD, "flood", "NAME|DIR", "send invite, options, register, responses, ack or scanner, or the files of a folder") \
	X(FLOOD_RATE, "flood-rate", "N", "messages a second beside the calls of --rate")           \
	X(FLOOD_FROM, "flood-from", "ADDR[:PORT[-PORT]][,..]", "addresses that the flood comes from (the callers', port 5099)") \
	X(TRIALS, "trials", "-", "read trials from standard input, one a line; write one JSON a line") \
	X(JSON, "json", "FILE|-", "write the result as JSON")                                      \
	X(CSV, "csv", "FILE", "append the result as a row, a header first where the file is new")  \
	X(QUIET, "quiet", NULL, "no progress, no table")                                           \
	X(HELP, "help", NULL, "this text")

struct options_gateway {
	struct ip_address v4, v6; /* family IP_NONE: none */
};

/* One trial: calls with a rate above 0, a flood with a rate above 0, or both. */
struct options_trial {
	struct traffic_trial calls;
	double flood_rate;
};

struct options {
	const char *devices[OPTIONS_DEVICES_MAX];
	uint16_t device_count;
	struct endpoint callers[TRAFFIC_CALLERS_MAX], targets[TRAFFIC_TARGETS_MAX];
	struct endpoint flood_from[OPTIONS_FLOOD_FROM_MAX];
	uint16_t caller_count, target_count, flood_from_count;
	struct endpoint proxy[TRAFFIC_SIDES];
	struct options_gateway gateways[TRAFFIC_SIDES];
	uint16_t mtu;
	int core;                /* -1: the first allowed */
	bool no_huge, loop, direct, trials, quiet;
	uint32_t wait_s;
	struct options_trial trial;
	uint32_t calls_max, t1_ms, faults_max;
	uint8_t check, record_route; /* enum traffic_check, traffic_record_route */
	uint64_t seed;           /* 0: not given */
	const char *flood;       /* NULL: none */
	const char *json, *csv;  /* NULL: not asked for */
};

enum options_status {
	OPTIONS_RUN,
	OPTIONS_HELP,  /* --help was asked for */
	OPTIONS_WRONG, /* error[OPTIONS_ERROR_MAX] tells */
};

/* Strings of `options` point into argv. */
[[nodiscard]] enum options_status options_parse(int argc, char **argv, struct options *options,
						char *error);
void options_help(FILE *out);

/* All of their memory is touched at start: what is not there would end in the kernel's choosing a
 * process to kill.  `available`: octets.  False: error[OPTIONS_ERROR_MAX]. */
[[nodiscard]] bool options_calls_fit(const struct options *options, size_t available, char *error);

/*
 * "rate=R seconds=S [calls=N] [mix=..] [hold=MS] [ring=MS] [flood-rate=N]"; what is not said is as
 * in `defaults`; a bound (seconds or calls) that is said replaces both.  False:
 * error[OPTIONS_ERROR_MAX].
 */
[[nodiscard]] bool options_parse_trial(const char *line, const struct options_trial *defaults,
				       struct options_trial *trial, char *error);

#endif
