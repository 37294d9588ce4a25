/* SPDX-License-Identifier: BSD-3-Clause */
/* generator/options.h: what the command line means, and what is said of a wrong one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "generator/options.h"

#define ARGUMENTS_MAX 40

static struct options options;
static char error[OPTIONS_ERROR_MAX];
static char line_kept[1024];

/* Parses a command line that is written as one string. */
static enum options_status parse(const char *line)
{
	char *argv[ARGUMENTS_MAX + 1] = { "tandem-bench" };
	int argc = 1;

	snprintf(line_kept, sizeof(line_kept), "%s", line);
	for (char *word = strtok(line_kept, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < ARGUMENTS_MAX);
		argv[argc++] = word;
	}
	error[0] = '\0';
	return options_parse(argc, argv, &options, error);
}

static void assert_refused(const char *line, const char *said)
{
	assert_int_equal(parse(line), OPTIONS_WRONG);
	if (!strstr(error, said))
		fail_msg("'%s': said \"%s\", not \"%s\"", line, error, said);
}

static void assert_endpoint(const struct endpoint *got, const char *wanted)
{
	char text[ENDPOINT_TEXT_MAX];

	assert_string_equal(endpoint_to_string(got, text), wanted);
}

#define BASE "--device d0 --callers 192.0.2.50 --targets 198.51.100.11 --proxy 192.0.2.1 "

static void what_is_not_said_has_its_default(void **)
{
	assert_int_equal(parse(BASE), OPTIONS_RUN);
	assert_int_equal(options.device_count, 1);
	assert_string_equal(options.devices[0], "d0");
	assert_endpoint(&options.callers[0], "192.0.2.50:5060");
	assert_endpoint(&options.targets[0], "198.51.100.11:5060");
	assert_endpoint(&options.proxy[TRAFFIC_CALLERS], "192.0.2.1:5060");
	assert_endpoint(&options.proxy[TRAFFIC_TARGETS], "192.0.2.1:5060");
	assert_true(options.trial.calls.rate == 100);
	assert_true(options.trial.calls.seconds == 10);
	assert_int_equal(options.trial.calls.calls_max, 0);
	assert_int_equal(options.trial.calls.mix.weights[TRAFFIC_FLOW_CALL], 1);
	assert_int_equal(options.check, TRAFFIC_CHECK_MASKED);
	assert_int_equal(options.core, -1);
	assert_int_equal(options.t1_ms, 500);
	assert_false(options.direct);
	assert_null(options.json);
}

static void every_option_is_taken(void **)
{
	assert_int_equal(parse("--device d0 --device d1 --callers 192.0.2.50:5070-5072,192.0.2.51 "
			       "--targets 198.51.100.11:5061 --proxy 192.0.2.1:5090 --target-proxy "
			       "198.51.100.1 --gateway 192.0.2.254,2001:db8::1 --target-gateway "
			       "198.51.100.254 --core 3 --no-huge --wait 4 --mix call=8,register=1 "
			       "--rate 2500.5 --seconds 1.5 --ring 20 --hold 30 --calls-max 5000 "
			       "--arrivals poisson --t1 100"),
			 OPTIONS_RUN);
	assert_int_equal(options.device_count, 2);
	assert_int_equal(options.caller_count, 4);
	assert_endpoint(&options.callers[2], "192.0.2.50:5072");
	assert_endpoint(&options.callers[3], "192.0.2.51:5060");
	assert_endpoint(&options.proxy[TRAFFIC_TARGETS], "198.51.100.1:5060");
	assert_int_equal(options.gateways[TRAFFIC_CALLERS].v4.bytes[3], 254);
	assert_int_equal(options.gateways[TRAFFIC_CALLERS].v6.family, IP_V6);
	assert_int_equal(options.gateways[TRAFFIC_TARGETS].v4.bytes[0], 198);
	assert_int_equal(options.core, 3);
	assert_true(options.no_huge);
	assert_int_equal(options.trial.calls.mix.weights[TRAFFIC_FLOW_CALL], 8);
	assert_int_equal(options.trial.calls.mix.weights[TRAFFIC_FLOW_REGISTER], 1);
	assert_true(options.trial.calls.rate == 2500.5);
	assert_true(options.trial.calls.seconds == 1.5);
	assert_int_equal(options.trial.calls.ring_ms, 20);
	assert_int_equal(options.trial.calls.hold_ms, 30);
	assert_int_equal(options.trial.calls.arrivals, TRAFFIC_POISSON);
	assert_int_equal(options.calls_max, 5000);
	assert_int_equal(options.t1_ms, 100);
	assert_int_equal(parse(BASE "--check all --record-route required --seed 7 --faults-max 0 "
				    "--json - --csv out.csv --quiet --mtu 1600 --calls 20"),
			 OPTIONS_RUN);
	assert_int_equal(options.check, TRAFFIC_CHECK_ALL);
	assert_int_equal(options.record_route, TRAFFIC_RECORD_ROUTE_REQUIRED);
	assert_int_equal(options.seed, 7);
	assert_int_equal(options.faults_max, 0);
	assert_string_equal(options.json, "-");
	assert_string_equal(options.csv, "out.csv");
	assert_true(options.quiet);
	assert_int_equal(options.mtu, 1600);
	assert_int_equal(options.trial.calls.calls_max, 20);
	assert_true(options.trial.calls.seconds == 0);
	assert_int_equal(parse("--help"), OPTIONS_HELP);
}

static void ipv6_has_brackets_where_it_has_a_port(void **)
{
	assert_int_equal(parse("--device d0 --callers [2001:db8::50]:5060-5061,[2001:db8::51] "
			       "--targets 2001:db8::60 --proxy [2001:db8::1]:5060"),
			 OPTIONS_RUN);
	assert_int_equal(options.caller_count, 3);
	assert_endpoint(&options.callers[1], "[2001:db8::50]:5061");
	assert_endpoint(&options.targets[0], "[2001:db8::60]:5060");
}

static void a_wrong_value_is_told_with_what_is_accepted(void **)
{
	assert_refused(BASE "--rate fast", "'fast' is no number above 0");
	assert_refused(BASE "--rate 0", "no number above 0");
	assert_refused(BASE "--rate nan", "no number above 0");
	assert_refused(BASE "--rate 10x", "no number above 0");
	assert_refused(BASE "--calls -1", "no whole number from 1");
	assert_refused(BASE "--hold 3600001", "from 0 to 3600000");
	assert_refused(BASE "--arrivals random", "accepted: uniform, poisson");
	assert_refused(BASE "--check some", "accepted: masked, all, off");
	assert_refused(BASE "--mix phone=1", "--mix: 'phone=1'");
	assert_refused(BASE "--mtu 576", "--mtu");
	assert_refused(BASE "--trials file", "not '-'");
	assert_refused(BASE "--rate", "--rate needs a value");
	assert_refused(BASE "--frobnicate 1", "'--frobnicate' is no option");
	assert_refused(BASE "stray", "'stray' is no option");
	assert_refused(BASE "--seed 1 --seed 2", "--seed is given twice");
	assert_refused("--device a --device b --device c", "more than 2 devices");
	assert_refused("--device a --callers 192.0.2.300", "'192.0.2.300' is no address");
	assert_refused("--device a --callers 192.0.2.1-9", "'192.0.2.1-9' is no address");
	assert_refused("--device a --callers 192.0.2.1:9-8", "is no address");
	assert_refused("--device a --callers 127.0.0.1", "is no address of a station");
	assert_refused("--device a --callers 192.0.2.1:1000-2000", "more than 256");
	assert_refused("--device a --proxy 192.0.2.1:0", "--proxy");
	assert_refused("--device a --gateway here", "--gateway");
}

static void what_does_not_go_together_is_refused(void **)
{
	assert_refused("--rate 5", "--device is missing");
	assert_refused("--device a", "--callers is missing");
	assert_refused("--device a --callers 192.0.2.50", "--targets is missing");
	assert_refused("--device a --callers 192.0.2.50 --targets 192.0.2.51",
		       "--proxy is missing");
	assert_refused(BASE "--direct", "--direct has no --proxy");
	assert_refused("--loop --device a", "--loop has neither");
	assert_refused("--loop --flood invite --rate 5", "--loop has no --flood");
	assert_refused(BASE "--flood-rate 5", "--flood-rate without --flood");
	assert_refused(BASE "--flood invite", "--flood needs --rate");
	assert_refused(BASE "--flood invite --rate 5 --calls 5", "a flood alone");
	assert_refused(BASE "--trials - --json x", "no --json");
	assert_refused("--device a --callers 192.0.2.50 --targets 192.0.2.50 --proxy 192.0.2.1",
		       "stands twice");
	assert_refused("--device a --callers 192.0.2.50,192.0.2.50 --targets 192.0.2.5 --proxy "
		       "192.0.2.1",
		       "--callers: 192.0.2.50:5060 stands twice");
	assert_refused("--device a --callers 2001:db8::5 --targets 192.0.2.5 --proxy 192.0.2.1",
		       "not of the family of --proxy");
	assert_refused("--device a --direct --callers 2001:db8::5 --targets 192.0.2.5",
		       "not of the family of --callers");
}

static void a_loop_needs_nothing_else(void **)
{
	assert_int_equal(parse("--loop"), OPTIONS_RUN);
	assert_true(options.loop && options.direct);
	assert_int_equal(options.caller_count, 1);
	assert_int_equal(options.target_count, 1);
	assert_int_equal(parse("--loop --callers 192.0.2.7:1-20"), OPTIONS_RUN);
	assert_int_equal(options.caller_count, 20);
}

static void a_flood_runs_alone_or_beside_calls(void **)
{
	assert_int_equal(parse("--device a --callers 192.0.2.50 --proxy 192.0.2.1 --flood invite "
			       "--rate 5000 --seconds 2"),
			 OPTIONS_RUN);
	assert_true(options.trial.calls.rate == 0);
	assert_true(options.trial.flood_rate == 5000);
	assert_true(options.trial.calls.seconds == 2);
	assert_endpoint(&options.flood_from[0], "192.0.2.50:5099");
	assert_int_equal(parse(BASE "--flood invite --flood-rate 5000 --rate 10 --flood-from "
				    "192.0.2.66:9-10"),
			 OPTIONS_RUN);
	assert_true(options.trial.calls.rate == 10);
	assert_true(options.trial.flood_rate == 5000);
	assert_int_equal(options.flood_from_count, 2);
	assert_int_equal(parse("--device a --proxy 192.0.2.1 --flood ack --rate 5 --flood-from "
			       "192.0.2.66"),
			 OPTIONS_RUN);
	assert_refused(BASE "--flood ack --rate 5 --flood-from 192.0.2.50:5060", "--flood-from");
}

static void a_trial_changes_what_it_names(void **)
{
	struct options_trial trial;

	assert_int_equal(parse(BASE "--hold 40 --calls 9"), OPTIONS_RUN);
	assert_true(options_parse_trial(" rate=250 seconds=2.5\thold=7 ring=8 mix=options=2\n",
					&options.trial, &trial, error));
	assert_true(trial.calls.rate == 250);
	assert_true(trial.calls.seconds == 2.5);
	assert_int_equal(trial.calls.calls_max, 0);
	assert_int_equal(trial.calls.hold_ms, 7);
	assert_int_equal(trial.calls.ring_ms, 8);
	assert_int_equal(trial.calls.mix.weights[TRAFFIC_FLOW_CALL], 0);
	assert_int_equal(trial.calls.mix.weights[TRAFFIC_FLOW_OPTIONS], 2);
	assert_true(options_parse_trial("rate=1 calls=3", &options.trial, &trial, error));
	assert_int_equal(trial.calls.calls_max, 3);
	assert_true(trial.calls.seconds == 0);
	assert_int_equal(trial.calls.hold_ms, 40);
	assert_true(options_parse_trial("rate=1 calls=3 seconds=4", &options.trial, &trial, error));
	assert_int_equal(trial.calls.calls_max, 3);
	assert_true(trial.calls.seconds == 4);
	assert_false(options_parse_trial("speed=3", &options.trial, &trial, error));
	assert_non_null(strstr(error, "accepted: rate="));
	assert_false(options_parse_trial("rate", &options.trial, &trial, error));
	assert_false(options_parse_trial("rate=", &options.trial, &trial, error));
	options.trial.calls.rate = 0;
	assert_false(options_parse_trial("seconds=1", &options.trial, &trial, error));
	assert_non_null(strstr(error, "rate= is missing"));
}

/* The text of a file, or what options_help prints. */
static char *text_of(FILE *in)
{
	char *text = NULL;
	size_t size = 0;

	assert_non_null(in);
	assert_true(getdelim(&text, &size, '\0', in) > 0);
	fclose(in);
	return text;
}

static void more_live_calls_than_memory_are_refused(void **)
{
	assert_int_equal(parse(BASE "--calls-max 1048576"), OPTIONS_RUN);
	assert_true(options_calls_fit(&options, (size_t)TRAFFIC_CALL_OCTETS << 20, error));
	assert_true(options_calls_fit(&options, SIZE_MAX, error));
	assert_false(options_calls_fit(&options, ((size_t)TRAFFIC_CALL_OCTETS << 20) - 1, error));
	assert_string_equal(error, "--calls-max: 1048576 live calls take 1152 MiB, and 1151 MiB "
				   "are available");
}

static void the_manual_page_and_help_have_every_option(void **)
{
	static const char *const names[] = {
#define X(id, name, argument, help) name,
		OPTIONS_LIST(X)
#undef X
	};
	char *help, *page = text_of(fopen(MANUAL_PAGE, "r"));
	size_t size;
	FILE *out = open_memstream(&help, &size);

	options_help(out);
	fclose(out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char wanted[64];
		size_t n;

		snprintf(wanted, sizeof(wanted), "--%s", names[i]);
		if (!strstr(help, wanted))
			fail_msg("--help has no %s", wanted);
		n = (size_t)snprintf(wanted, sizeof(wanted), "\\-\\-");
		for (const char *c = names[i]; *c; c++)
			n += (size_t)snprintf(wanted + n, sizeof(wanted) - n,
					      *c == '-' ? "\\-" : "%c", *c);
		if (!strstr(page, wanted))
			fail_msg("%s has no %s", MANUAL_PAGE, wanted);
	}
	free(help);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(every_option_is_taken),
		cmocka_unit_test(ipv6_has_brackets_where_it_has_a_port),
		cmocka_unit_test(a_wrong_value_is_told_with_what_is_accepted),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(a_loop_needs_nothing_else),
		cmocka_unit_test(a_flood_runs_alone_or_beside_calls),
		cmocka_unit_test(a_trial_changes_what_it_names),
		cmocka_unit_test(more_live_calls_than_memory_are_refused),
		cmocka_unit_test(the_manual_page_and_help_have_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
