/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message costs the call engine: cycles of the TSC within it, without ports, direct and
 * with Tandem's engine at work in between on the same core and caches.
 */
#include <stdio.h>
#include <string.h>

#include "generator/virtual.h"

struct options {
	uint64_t calls, live;
	struct traffic_mix mix;
};

static void usage(FILE *to)
{
	fprintf(to, "usage: cost [--calls N] [--live N] [--mix MIX]\n\n"
		    "Prints the cycles that a message (received or sent) and a call cost the call engine\n"
		    "of the generator, by how it checks. Build with --buildtype=release.\n\n"
		    "  --calls N   calls a row, 1000 to 10000000; 100000 unless told\n"
		    "  --live N    of them at a time, 10 to 1000000; 1000 unless told\n"
		    "  --mix MIX   as tandem-bench; call unless told\n"
		    "  --help      this text\n");
}

/* 0: go on; else the exit code + 1. */
static int read_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i += 2) {
		struct span value = span_of_string(i + 1 < argc ? argv[i + 1] : "");
		const char *error = "a whole number within what --help tells";
		bool good = false;
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return 1;
		}
		if (strcmp(argv[i], "--calls") == 0)
			good = text_parse_u64(value, 10000000, &o->calls) && o->calls >= 1000;
		else if (strcmp(argv[i], "--live") == 0)
			good = text_parse_u64(value, 1000000, &o->live) && o->live >= 10;
		else if (strcmp(argv[i], "--mix") == 0)
			good = traffic_mix_parse(value, &o->mix, &error);
		else
			error = "no such option; see cost --help";
		if (!good) {
			fprintf(stderr, "cost: %s %.*s: %s\n", argv[i], SPAN_ARGS(value), error);
			return 3;
		}
	}
	return 0;
}

static bool measure(const struct options *o, bool direct, enum traffic_check check,
		    const char *name)
{
	const struct virtual_config config = {
		.direct = direct, .caller_count = 2, .target_count = 4, .hop_ns = 5000, .seed = 1,
		.calls_max = (uint32_t)(o->live + o->live / 2 + 1000), .check = (uint8_t)check,
		.proxied_max = (uint32_t)o->calls, .faults_max = 1,
	};
	/* A call holds 20 ms: at this rate as many are live as wanted. */
	const struct traffic_trial trial = {
		.rate = (double)o->live * 50, .calls_max = o->calls, .mix = o->mix, .hold_ms = 20,
	};
	struct virtual *v = virtual_create(&config);
	if (!v || !virtual_run(v, &trial, 1e4)) {
		fprintf(stderr, "cost: the calls did not end\n");
		virtual_destroy(v);
		return false;
	}
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	const double cycles = (double)virtual_cycles(v);
	printf("%-8s %-7s %9.0f %10.0f %10lu %9lu %9lu\n", direct ? "direct" : "proxied", name,
	       cycles / (double)(r->messages_sent + r->messages_received),
	       cycles / (double)r->started, (unsigned long)r->live_max,
	       (unsigned long)r->completed, (unsigned long)r->failed);
	const bool good = !r->failed;
	virtual_destroy(v);
	return good;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { [TRAFFIC_CHECK_MASKED] = "masked",
					     [TRAFFIC_CHECK_ALL] = "all",
					     [TRAFFIC_CHECK_OFF] = "off" };
	struct options o = { .calls = 100000, .live = 1000,
			     .mix = { .weights = { [TRAFFIC_FLOW_CALL] = 1 } } };
	int exit_code = read_options(argc, argv, &o);
	bool good = true;

	if (exit_code)
		return exit_code - 1;
	printf("%-8s %-7s %9s %10s %10s %9s %9s\n", "path", "checks", "cyc/msg", "cyc/call",
	       "live", "completed", "failed");
	for (int direct = 1; direct >= 0; direct--) {
		for (size_t check = 0; check < ARRAY_SIZE(names); check++)
			good = measure(&o, direct, (enum traffic_check)check, names[check]) && good;
	}
	return good ? 0 : 1;
}
