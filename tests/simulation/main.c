/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulation's command line.  One case a claim, in TAP; when a run fails it is run again with
 * the same seed, and all datagrams of the offending call are printed.
 */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void usage(void)
{
	puts("usage: simulation [--calls N] [--seed S] [--engines N] [--rate CALLS_A_SECOND]\n"
	     "                  [--callers N] [--loss N] [--duplicate N] [--delay N] (of 10,000)\n"
	     "                  [--failures MS] (of engines, on average) [--shared] (one address)\n"
	     "                  [--fork MS] (try_next_after)\n"
	     "                  [--no-outages] [--trace CALL]\n"
	     "Same seed, same run: the digest covers every datagram and its time.");
}

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	*out = text ? strtoull(text, &end, 0) : 0;
	return text && *text && !*end && *out <= max;
}

static bool parse(int argc, char **argv, struct options *options)
{
	static const struct {
		const char *name;
		size_t offset;
	} names[] = {
		{ "--calls", offsetof(struct options, calls) },
		{ "--engines", offsetof(struct options, engines) },
		{ "--rate", offsetof(struct options, rate) },
		{ "--callers", offsetof(struct options, callers) },
		{ "--loss", offsetof(struct options, loss) },
		{ "--duplicate", offsetof(struct options, duplicate) },
		{ "--delay", offsetof(struct options, delay) },
		{ "--failures", offsetof(struct options, failures_ms) },
		{ "--fork", offsetof(struct options, fork_ms) },
	};
	uint64_t value;

	for (int i = 1; i < argc; i++) {
		bool is_known = false;
		if (strcmp(argv[i], "--no-outages") == 0) {
			options->has_outages = false;
			continue;
		}
		if (strcmp(argv[i], "--shared") == 0) {
			options->is_shared = true;
			continue;
		}
		if (!number(argv[i + 1], UINT64_MAX, &value))
			return false;
		if (strcmp(argv[i], "--seed") == 0) {
			options->seed = value;
			is_known = true;
		} else if (strcmp(argv[i], "--trace") == 0) {
			options->trace = (int64_t)value;
			is_known = true;
		}
		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			if (strcmp(argv[i], names[j].name) == 0 && value <= 100000000) {
				*(uint32_t *)(void *)((char *)options + names[j].offset) =
					(uint32_t)value;
				is_known = true;
			}
		if (!is_known)
			return false;
		i++;
	}
	return options->calls && options->engines && options->engines <= ENGINES_MAX &&
	       options->rate && options->callers && options->callers <= 60000 &&
	       options->loss + options->duplicate + options->delay < 10000;
}

static void report(double seconds)
{
	printf("# seed %" PRIu64 " digest %016" PRIx64 "\n", world.options.seed, world.digest);
	printf("# %u calls in %.1f s of CPU, %.0f a second; %.0f s of virtual time; %u callers, "
	       "%d targets, %u engines\n",
	       world.ended, seconds, world.ended / seconds, (double)(world.now - EPOCH) / 1e6,
	       world.options.callers, TARGETS, world.options.engines);
	printf("# datagrams: %" PRIu64 " sent, %" PRIu64 " into engines, %" PRIu64
	       " out of them, %" PRIu64 " lost, %" PRIu64 " twice, %" PRIu64 " late, %" PRIu64
	       " swallowed by outages, %" PRIu64 " ICMP errors\n",
	       world.sent, world.to_engines, world.from_engines, world.lost, world.duplicated,
	       world.delayed, world.swallowed, world.icmp);
	printf("# targets: %" PRIu64 " crashes, %" PRIu64 " silences; sides in the dark %" PRIu64
	       " times, %" PRIu64 " datagrams there\n",
	       world.crashes, world.blackouts, world.darkenings, world.in_dark);
	if (world.options.failures_ms)
		printf("# engines: %" PRIu64 " died, %" PRIu64 " taken over by another, %" PRIu64
		       " datagrams while nobody served; %" PRIu64 " transactions lost, %" PRIu64
		       " made anew with the same branch and target, %" PRIu64 " stray responses forwarded\n",
		       world.failures, world.take_overs, world.in_the_dark, world.lost_txns,
		       world.revived, world.strays_forwarded);
	if (world.options.fork_ms)
		printf("# forking: %" PRIu64 " targets asked beside silent ones, %" PRIu64
		       " second 2xx, %" PRIu64 " legs ended by the engine\n",
		       world.forks, world.second_answers, world.legs_ended);
	printf("# %" PRIu64 " timers measured, none early, the latest %" PRIu64 " us; %" PRIu64
	       " samples; at most %" PRIu64 " transactions in an engine\n",
	       world.timers_measured, world.latest, world.samples, world.alive_max);
	if (world.races[RACE_LOST_STATUS]) {
		printf("# lost with their engine:");
		for (int i = 0; i < FLOWS; i++)
			if (world.lost_flows[i])
				printf(" %s %" PRIu64 ",", flow_names[i], world.lost_flows[i]);
		printf(" in all %" PRIu64 "\n", world.races[RACE_LOST_STATUS]);
	}
	printf("# flows:");
	for (int i = 0; i < FLOWS; i++)
		printf("%s %s %" PRIu64, i ? "," : "", flow_names[i], world.flows[i]);
	printf("\n# ends:");
	printf(" timed out %" PRIu64, world.statuses[1]);
	for (int i = 100; i < 700; i++)
		if (world.statuses[i])
			printf(", %d: %" PRIu64, i, world.statuses[i]);
	printf("\n");
	for (int i = 0; i < RACES; i++)
		if (world.races[i])
			printf("# race: %s %" PRIu64 " (%s)\n", race_rules[i].name, world.races[i],
			       race_rules[i].clause);
}

static bool run(const struct options *options, uint64_t *digest)
{
	double start = cpu_seconds();
	bool is_well = world_run(options);

	*digest = world.digest;
	if (is_well && !options->is_quiet)
		report(cpu_seconds() - start);
	if (is_well)
		return true;
	printf("# seed %" PRIu64 ", call %u, after %.6f s: %s\n", options->seed, world.failed_call,
	       (double)(world.now - EPOCH) / 1e6, world.failure);
	if (world.failed_call != UINT32_MAX && options->trace < 0) {
		struct options again = *options;
		again.trace = world.failed_call;
		printf("# the call, played again:\n");
		(void)world_run(&again);
	}
	return false;
}

int main(int argc, char **argv)
{
	struct options options = {
		.seed = 1, .callers = 5000, .engines = 3, .rate = 400, .loss = 300,
		.duplicate = 200, .delay = 200, .has_outages = true, .trace = -1,
#ifdef BASE_ASAN
		.calls = 20000,
#else
		.calls = 200000,
#endif
	};
	uint64_t digest, twice[2], other;

	if (!parse(argc, argv, &options)) {
		usage();
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..6\n");
	struct options small = options;
	small.calls = MIN(options.calls, 1000u);
	small.is_quiet = true;
	bool is_repeated = run(&small, &twice[0]) && run(&small, &twice[1]) && twice[0] == twice[1];
	small.seed++;
	is_repeated = is_repeated && run(&small, &other) && other != twice[0];
	printf("%s 1 - the same seed gives the same datagrams at the same times, another seed "
	       "others\n", is_repeated ? "ok" : "not ok");
	bool is_well = run(&options, &digest);
	printf("%s 2 - every call ends as it should, and every datagram is asked for by the RFCs\n",
	       is_well ? "ok" : "not ok");
	struct options failing = options;
	failing.calls = MAX(options.calls / 5, 1u);
	failing.forwards_strays = true;
	failing.rate = MAX(options.rate / 4, 1u);
	failing.failures_ms = options.failures_ms ? options.failures_ms : 20000;
	struct options forking = options;
	forking.calls = MAX(options.calls / 5, 1u);
	forking.fork_ms = options.fork_ms ? options.fork_ms : 400;
	/* Where tombstones find no room the tables do all the work to the end. */
	options.calls = MAX(options.calls / 5, 1u);
	options.is_scarce = options.is_shared = options.is_quiet = true;
	options.loss = MIN(2 * options.loss, 500u);
	options.duplicate = MIN(8 * options.duplicate, 2000u);
	bool is_well_too = run(&options, &digest);
	printf("%s 3 - the same in heavier weather, behind one address, without room for tombstones\n",
	       is_well_too ? "ok" : "not ok");
	bool is_well_then = run(&failing, &digest);
	printf("%s 4 - engines die, others take their calls: same branch, same target, and each call "
	       "lost has its clause\n", is_well_then ? "ok" : "not ok");
	failing.calls = MAX(failing.calls / 2, 1u);
	failing.forwards_strays = false;
	bool is_well_dropped = run(&failing, &digest);
	printf("%s 5 - the same where stray responses are dropped\n", is_well_dropped ? "ok" : "not ok");
	bool is_well_forked = run(&forking, &digest);
	printf("%s 6 - forked calls: one final answer upstream, the best; the rest cancelled or ended; "
	       "Max-Breadth holds\n", is_well_forked ? "ok" : "not ok");
	return is_repeated && is_well && is_well_too && is_well_then && is_well_dropped && is_well_forked ? 0 : 1;
}
