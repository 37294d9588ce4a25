/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows that the generator's checks see: calls through Tandem's own engine on a virtual clock, with
 * one fault after the other planted in what it sends, and what was reported of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generator/virtual.h"

#define SECONDS_MAX 120.0

struct options {
	const char *plant;
	uint32_t calls;
	uint64_t seed;
	bool quiet;
};

static void usage(FILE *to)
{
	fprintf(to, "usage: faults [--plant NAME] [--calls N] [--seed N] [--quiet]\n\n"
		    "Runs calls through Tandem's engine on a virtual clock, first as it is, then with\n"
		    "one fault after the other planted in what it sends, and prints what the checks\n"
		    "reported: the fault, what was expected, the offending message.\n\n"
		    "  --plant NAME  this one alone, or 'none'\n"
		    "  --calls N     calls a plant, 1000 to 1000000; 4000 unless told\n"
		    "  --seed N      of Call-IDs; 1 unless told\n"
		    "  --quiet       without messages\n"
		    "  --help        this text\n\n"
		    "plants:\n");
	for (uint32_t i = 0; i < plant_count; i++)
		fprintf(to, "  %-18s %s\n", plants[i].name, plants[i].text);
	fprintf(to, "\nExit 0: each fault was reported as what it is, and nothing without a plant; 1: not\n"
		    "so; 2: usage.\n");
}

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	return text && text_parse_u64(span_of_string(text), most, out) && *out >= least;
}

/* 0: go on; else the exit code + 1. */
static int read_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		uint64_t number;
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return 1;
		}
		if (strcmp(argv[i], "--quiet") == 0) {
			o->quiet = true;
			continue;
		}
		if (strcmp(argv[i], "--plant") == 0 && value &&
		    (plant_find(value) || strcmp(value, "none") == 0)) {
			o->plant = value;
		} else if (strcmp(argv[i], "--calls") == 0 &&
			   read_number(value, 1000, 1000000, &number)) {
			o->calls = (uint32_t)number;
		} else if (strcmp(argv[i], "--seed") == 0 &&
			   read_number(value, 0, UINT64_MAX, &number)) {
			o->seed = number;
		} else {
			fprintf(stderr, "faults: what to make of '%s %s'? See faults --help.\n",
				argv[i], value ? value : "");
			return 3;
		}
		i++;
	}
	return 0;
}

static void print_lines(const char *text, size_t len)
{
	while (len) {
		size_t line = strcspn(text, "\n");
		line = MIN(line < len ? line + 1 : line, len);
		printf("    | %.*s\n", (int)(line - (line >= 2 && text[line - 2] == '\r') -
					     (text[line - 1] == '\n')), text);
		text += line;
		len -= line;
	}
}

static void print_fault(const struct traffic_fault *f, bool quiet)
{
	char source[ENDPOINT_TEXT_MAX];

	printf("  %s (%s): %s\n", traffic_fault_name((enum traffic_fault_kind)f->kind),
	       traffic_fault_clause((enum traffic_fault_kind)f->kind), f->what);
	if (quiet)
		return;
	printf("  call %s, flow %s, at %.3f s, seen by %s %u", f->call_id,
	       traffic_flow_name((enum traffic_flow)f->flow), f->at_s,
	       f->side == TRAFFIC_CALLERS ? "caller" : "target", f->local);
	if (f->source.port)
		printf(", from %s", endpoint_to_string(&f->source, source));
	printf("\n  expected\n");
	print_lines(f->expected, strlen(f->expected));
	printf("  message\n");
	print_lines(f->message, f->message_len);
}

/* True when what was reported is what was planted. */
static bool show(struct virtual *v, const struct plant *plant, bool quiet)
{
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	uint64_t reported = 0, right = plant ? r->faults[plant->fault] : 0;

	for (int kind = 0; kind < TRAFFIC_FAULT_COUNT; kind++)
		reported += r->faults[kind];
	printf("%s: %s\n", plant ? plant->name : "none", plant ? plant->text : "the engine as it is");
	printf("  %lu calls, %lu completed, %lu failed; %lu messages, %lu checked under a mask, %lu in full\n",
	       (unsigned long)r->started, (unsigned long)r->completed, (unsigned long)r->failed,
	       (unsigned long)r->messages_received, (unsigned long)r->checked_masked,
	       (unsigned long)r->checked_full);
	printf("  %lu messages planted, %lu faults reported", (unsigned long)virtual_planted(v),
	       (unsigned long)reported);
	for (int kind = 0; kind < TRAFFIC_FAULT_COUNT; kind++) {
		if (r->faults[kind])
			printf(", %lu %s", (unsigned long)r->faults[kind],
			       traffic_fault_name((enum traffic_fault_kind)kind));
	}
	printf("\n");
	for (int kind = 0; kind < TRAFFIC_FAULT_COUNT; kind++) {
		const struct traffic_fault *f =
			traffic_fault(virtual_traffic(v), (enum traffic_fault_kind)kind, 0);
		if (f)
			print_fault(f, quiet);
	}
	const bool good = plant ? right && reported == right && virtual_planted(v) : !reported;
	printf("  %s\n\n", good ? "as planted" : "NOT AS PLANTED");
	return good;
}

static bool run(const struct options *o, const struct plant *plant)
{
	const struct virtual_config config = {
		.caller_count = 2, .target_count = 4, .calls_max = o->calls, .hop_ns = 20000,
		.seed = o->seed, .plant = plant, .faults_max = 1,
	};
	const struct traffic_trial trial = {
		.rate = 1000, .calls_max = o->calls, .ring_ms = 50, .hold_ms = 100,
		.mix = { .weights = { [TRAFFIC_FLOW_CALL] = 4, [TRAFFIC_FLOW_REGISTER] = 1,
				      [TRAFFIC_FLOW_OPTIONS] = 1, [TRAFFIC_FLOW_CANCEL] = 1,
				      [TRAFFIC_FLOW_CHALLENGE] = 1 } },
	};
	struct virtual *v = virtual_create(&config);

	if (!v)
		return false;
	bool ended = virtual_run(v, &trial, SECONDS_MAX + o->calls / trial.rate);
	bool good = show(v, plant, o->quiet);
	if (!ended)
		printf("  calls are still live after %.0f s\n\n", SECONDS_MAX);
	virtual_destroy(v);
	return good && ended;
}

int main(int argc, char **argv)
{
	struct options o = { .calls = 4000, .seed = 1 };
	int exit_code = read_options(argc, argv, &o);
	uint32_t bad = 0;

	if (exit_code)
		return exit_code - 1;
	if (!o.plant || strcmp(o.plant, "none") == 0)
		bad += !run(&o, NULL);
	for (uint32_t i = 0; i < plant_count; i++) {
		if (!o.plant || strcmp(o.plant, plants[i].name) == 0)
			bad += !run(&o, &plants[i]);
	}
	printf("%s\n", bad ? "some faults were not reported as what they are" :
			     "every planted fault was reported as what it is, and nothing else");
	return bad ? 1 : 0;
}
