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

/* ---- the worlds */

static uint32_t part_of(uint32_t calls, uint32_t part)
{
	return MAX(calls / part, 1u);
}

/* Where tombstones find no room the tables do all the work to the end. */
static void make_heavy(struct options *options)
{
	options->calls = part_of(options->calls, 5);
	options->is_scarce = options->is_shared = options->is_quiet = true;
	options->loss = MIN(2 * options->loss, 500u);
	options->duplicate = MIN(8 * options->duplicate, 2000u);
}

static void make_failing(struct options *options)
{
	options->calls = part_of(options->calls, 5);
	options->forwards_strays = true;
	options->rate = MAX(options->rate / 4, 1u);
	options->failures_ms = options->failures_ms ? options->failures_ms : 20000;
}

static void make_dropping(struct options *options)
{
	make_failing(options);
	options->calls = part_of(options->calls, 2);
	options->forwards_strays = false;
}

static void make_forking(struct options *options)
{
	options->calls = part_of(options->calls, 5);
	options->fork_ms = options->fork_ms ? options->fork_ms : 400;
}

static void make_forking_heavy(struct options *options)
{
	make_forking(options);
	options->calls = part_of(options->calls, 2);
	options->is_scarce = options->is_quiet = true;
}

static const struct {
	void (*make)(struct options *options);
	const char *claim;
} worlds[] = {
	{ NULL, "every call ends as it should, and every datagram is asked for by the RFCs" },
	{ make_heavy, "the same in heavier weather, behind one address, without room for tombstones" },
	{ make_failing, "engines die, others take their calls: same branch, same target, and each "
			"call lost has its clause" },
	{ make_dropping, "the same where stray responses are dropped" },
	{ make_forking, "forked calls: one final answer upstream, the best; the rest cancelled or "
			"ended; Max-Breadth holds" },
	{ make_forking_heavy, "the same without room for tombstones" },
};

static bool is_repeatable(const struct options *options)
{
	struct options small = *options;
	uint64_t twice[2], other;

	small.calls = MIN(options->calls, 1000u);
	small.is_quiet = true;
	if (!run(&small, &twice[0]) || !run(&small, &twice[1]) || twice[0] != twice[1])
		return false;
	small.seed++;
	return run(&small, &other) && other != twice[0];
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
	uint64_t digest;

	if (!parse(argc, argv, &options)) {
		usage();
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", ARRAY_SIZE(worlds) + 1);
	bool is_well = is_repeatable(&options);
	printf("%s 1 - the same seed gives the same datagrams at the same times, another seed "
	       "others\n", is_well ? "ok" : "not ok");
	for (size_t i = 0; i < ARRAY_SIZE(worlds); i++) {
		struct options own = options;
		if (worlds[i].make)
			worlds[i].make(&own);
		bool is_well_here = run(&own, &digest);
		printf("%s %zu - %s\n", is_well_here ? "ok" : "not ok", i + 2, worlds[i].claim);
		is_well = is_well && is_well_here;
	}
	return is_well ? 0 : 1;
}
