/* SPDX-License-Identifier: BSD-3-Clause */
/* See options.h. */
#include <getopt.h>

#include "generator/option_values.h"
#include "net/stack.h"

#define PORT_FLOOD       5099u
#define RATE_MAX         1e8
#define SECONDS_MAX      1e6
#define MILLISECONDS_MAX 3600000u

enum option_id {
#define X(id, name, argument, help) OPTION_##id,
	OPTIONS_LIST(X)
#undef X
	OPTION_COUNT,
};

static const struct {
	const char *name, *argument, *help;
} list[OPTION_COUNT] = {
#define X(id, name_, argument_, help_) [OPTION_##id] = { name_, argument_, help_ },
	OPTIONS_LIST(X)
#undef X
};

struct parse {
	struct options *options;
	char *error;
	bool given[OPTION_COUNT];
};

/* ---- one option ------------------------------------------------------------------------------ */

static bool take_addresses(struct parse *parse, enum option_id id, const char *name,
			   const char *value)
{
	struct options *o = parse->options;

	switch (id) {
	case OPTION_CALLERS:
		return option_endpoints(name, value, OPTION_PORT_SIP, TRAFFIC_CALLERS_MAX,
					o->callers, &o->caller_count, parse->error);
	case OPTION_TARGETS:
		return option_endpoints(name, value, OPTION_PORT_SIP, TRAFFIC_TARGETS_MAX,
					o->targets, &o->target_count, parse->error);
	case OPTION_FLOOD_FROM:
		return option_endpoints(name, value, OPTION_PORT_SIP, OPTIONS_FLOOD_FROM_MAX,
					o->flood_from, &o->flood_from_count, parse->error);
	case OPTION_PROXY:
		return option_endpoint(name, value, &o->proxy[TRAFFIC_CALLERS], parse->error);
	case OPTION_TARGET_PROXY:
		return option_endpoint(name, value, &o->proxy[TRAFFIC_TARGETS], parse->error);
	case OPTION_GATEWAY:
		return option_gateway(name, value, &o->gateways[TRAFFIC_CALLERS], parse->error);
	default:
		return option_gateway(name, value, &o->gateways[TRAFFIC_TARGETS], parse->error);
	}
}

static bool take_trial(struct options_trial *trial, enum option_id id, const char *name,
		       const char *value, char *error)
{
	static const char *const arrivals[] = {
		[TRAFFIC_UNIFORM] = "uniform", [TRAFFIC_POISSON] = "poisson"
	};

	switch (id) {
	case OPTION_RATE:
		return option_decimal(name, value, RATE_MAX, &trial->calls.rate, error);
	case OPTION_FLOOD_RATE:
		return option_decimal(name, value, RATE_MAX, &trial->flood_rate, error);
	case OPTION_SECONDS:
		return option_decimal(name, value, SECONDS_MAX, &trial->calls.seconds, error);
	case OPTION_CALLS:
		return option_number(name, value, 1, UINT64_MAX / 2, &trial->calls.calls_max,
				     error);
	case OPTION_RING:
		return option_number_u32(name, value, 0, MILLISECONDS_MAX, &trial->calls.ring_ms,
					 error);
	case OPTION_HOLD:
		return option_number_u32(name, value, 0, MILLISECONDS_MAX, &trial->calls.hold_ms,
					 error);
	case OPTION_MIX:
		return option_mix(name, value, &trial->calls.mix, error);
	default:
		return option_choice(name, value, arrivals, 2, &trial->calls.arrivals, error);
	}
}

static bool take_device(struct parse *parse, const char *value)
{
	struct options *o = parse->options;

	if (o->device_count == OPTIONS_DEVICES_MAX)
		return option_wrong(parse->error, "--device: more than %u devices",
				    OPTIONS_DEVICES_MAX);
	o->devices[o->device_count++] = value;
	return true;
}

static bool take_machine(struct parse *parse, enum option_id id, const char *name,
			 const char *value)
{
	static const char *const checks[] = { [TRAFFIC_CHECK_MASKED] = "masked",
					      [TRAFFIC_CHECK_ALL] = "all",
					      [TRAFFIC_CHECK_OFF] = "off" };
	static const char *const routes[] = { [TRAFFIC_RECORD_ROUTE_ANY] = "any",
					      [TRAFFIC_RECORD_ROUTE_REQUIRED] = "required",
					      [TRAFFIC_RECORD_ROUTE_ABSENT] = "absent" };
	struct options *o = parse->options;
	uint32_t value_of = 0;
	bool good;

	switch (id) {
	case OPTION_MTU:
		good = option_number_u32(name, value, 1500, NET_MTU_MAX, &value_of, parse->error);
		o->mtu = (uint16_t)value_of;
		return good;
	case OPTION_CORE:
		good = option_number_u32(name, value, 0, 1023, &value_of, parse->error);
		o->core = (int)value_of;
		return good;
	case OPTION_WAIT:
		return option_number_u32(name, value, 0, 3600, &o->wait_s, parse->error);
	case OPTION_CALLS_MAX:
		return option_number_u32(name, value, 1, TRAFFIC_CALLS_MAX, &o->calls_max,
					 parse->error);
	case OPTION_T1:
		return option_number_u32(name, value, 1, 60000, &o->t1_ms, parse->error);
	case OPTION_FAULTS_MAX:
		return option_number_u32(name, value, 0, 1000, &o->faults_max, parse->error);
	case OPTION_SEED:
		return option_number(name, value, 1, UINT64_MAX, &o->seed, parse->error);
	case OPTION_CHECK:
		return option_choice(name, value, checks, ARRAY_SIZE(checks), &o->check,
				     parse->error);
	default:
		return option_choice(name, value, routes, ARRAY_SIZE(routes), &o->record_route,
				     parse->error);
	}
}

static bool take_switch(struct parse *parse, enum option_id id, const char *value)
{
	struct options *o = parse->options;

	switch (id) {
	case OPTION_NO_HUGE:
		return o->no_huge = true;
	case OPTION_LOOP:
		return o->loop = o->direct = true;
	case OPTION_DIRECT:
		return o->direct = true;
	case OPTION_QUIET:
		return o->quiet = true;
	case OPTION_TRIALS:
		o->trials = true;
		return strcmp(value, "-") == 0 ||
		       option_wrong(parse->error,
				    "--trials: '%.60s' is not '-': trials come from standard "
				    "input",
				    value);
	case OPTION_FLOOD:
		o->flood = value;
		return true;
	case OPTION_JSON:
		o->json = value;
		return true;
	default:
		o->csv = value;
		return true;
	}
}

static bool take(struct parse *parse, enum option_id id, const char *value)
{
	char name[32];

	snprintf(name, sizeof(name), "--%s", list[id].name);
	if (parse->given[id] && id != OPTION_DEVICE)
		return option_wrong(parse->error, "%s is given twice", name);
	parse->given[id] = true;
	switch (id) {
	case OPTION_DEVICE:
		return take_device(parse, value);
	case OPTION_CALLERS:
	case OPTION_TARGETS:
	case OPTION_FLOOD_FROM:
	case OPTION_PROXY:
	case OPTION_TARGET_PROXY:
	case OPTION_GATEWAY:
	case OPTION_TARGET_GATEWAY:
		return take_addresses(parse, id, name, value);
	case OPTION_RATE:
	case OPTION_FLOOD_RATE:
	case OPTION_SECONDS:
	case OPTION_CALLS:
	case OPTION_RING:
	case OPTION_HOLD:
	case OPTION_MIX:
	case OPTION_ARRIVALS:
		return take_trial(&parse->options->trial, id, name, value, parse->error);
	case OPTION_NO_HUGE:
	case OPTION_LOOP:
	case OPTION_DIRECT:
	case OPTION_QUIET:
	case OPTION_TRIALS:
	case OPTION_FLOOD:
	case OPTION_JSON:
	case OPTION_CSV:
		return take_switch(parse, id, value);
	default:
		return take_machine(parse, id, name, value);
	}
}

/* ---- all together ---------------------------------------------------------------------------- */

static bool is_listed(const struct endpoint *e, const struct endpoint *in, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (endpoint_equal(e, &in[i]))
			return true;
	}
	return false;
}

static bool check_distinct(const struct options *o, char *error)
{
	char text[ENDPOINT_TEXT_MAX];

	for (uint32_t i = 0; i < o->caller_count; i++) {
		if (is_listed(&o->callers[i], o->callers, i))
			return option_wrong(error, "--callers: %s stands twice",
					    endpoint_to_string(&o->callers[i], text));
	}
	for (uint32_t i = 0; i < o->target_count; i++) {
		if (is_listed(&o->targets[i], o->targets, i) ||
		    is_listed(&o->targets[i], o->callers, o->caller_count))
			return option_wrong(error, "--targets: %s stands twice, or is a caller's",
					    endpoint_to_string(&o->targets[i], text));
	}
	for (uint32_t i = 0; i < o->flood_from_count; i++) {
		if (is_listed(&o->flood_from[i], o->flood_from, i) ||
		    is_listed(&o->flood_from[i], o->callers, o->caller_count) ||
		    is_listed(&o->flood_from[i], o->targets, o->target_count))
			return option_wrong(error,
					    "--flood-from: %s stands twice, or is a caller's or a "
					    "target's",
					    endpoint_to_string(&o->flood_from[i], text));
	}
	return true;
}

static bool check_family(const char *name, const struct endpoint *e, uint32_t count, uint8_t family,
			 const char *other, char *error)
{
	char text[ENDPOINT_TEXT_MAX];

	for (uint32_t i = 0; i < count; i++) {
		if (e[i].address.family != family)
			return option_wrong(error, "%s: %s is not of the family of %s", name,
					    endpoint_to_string(&e[i], text), other);
	}
	return true;
}

static bool check_families(const struct options *o, char *error)
{
	const uint8_t near =
		o->direct ? o->callers[0].address.family : o->proxy[TRAFFIC_CALLERS].address.family;
	const uint8_t far = o->direct ? near : o->proxy[TRAFFIC_TARGETS].address.family;

	return check_family("--callers", o->callers, o->caller_count, near,
			    o->direct ? "the first" : "--proxy", error) &&
	       check_family("--targets", o->targets, o->target_count, far,
			    o->direct ? "--callers" : "--target-proxy", error) &&
	       check_family("--flood-from", o->flood_from, o->flood_from_count, near,
			    o->direct ? "--callers" : "--proxy", error);
}

/* A loop needs no addresses of anybody: documentation's serve (RFC 5737). */
static bool complete_loop(struct parse *parse)
{
	struct options *o = parse->options;

	if (o->device_count || parse->given[OPTION_PROXY] || parse->given[OPTION_TARGET_PROXY])
		return option_wrong(parse->error,
				    "--loop has neither --device nor --proxy: its two sides "
				    "talk to one another");
	if (o->flood)
		return option_wrong(parse->error,
				    "--loop has no --flood: nobody is there to be flooded");
	return (o->caller_count || option_endpoints("--callers", "192.0.2.50", OPTION_PORT_SIP, 1,
						    o->callers, &o->caller_count, parse->error)) &&
	       (o->target_count || option_endpoints("--targets", "198.51.100.11", OPTION_PORT_SIP,
						    1, o->targets, &o->target_count, parse->error));
}

static bool complete_sides(struct parse *parse)
{
	struct options *o = parse->options;
	bool calls = o->trial.calls.rate > 0;

	if (o->device_count == 0)
		return option_wrong(parse->error,
				    "--device is missing (a DPDK device, such as "
				    "net_memif0,role=client,socket=/run/bench0.sock,"
				    "socket-abstract=no), or --loop");
	if (o->caller_count == 0 && (calls || o->flood_from_count == 0))
		return option_wrong(parse->error,
				    "--callers is missing: the callers' own addresses");
	if (calls && o->target_count == 0)
		return option_wrong(parse->error,
				    "--targets is missing: the targets' own addresses");
	if (o->direct && (parse->given[OPTION_PROXY] || parse->given[OPTION_TARGET_PROXY]))
		return option_wrong(parse->error, "--direct has no --proxy");
	if (o->direct && o->flood)
		return option_wrong(parse->error,
				    "--flood needs a --proxy that is flooded, not --direct");
	if (!o->direct && !parse->given[OPTION_PROXY])
		return option_wrong(parse->error,
				    "--proxy is missing: where callers send their requests "
				    "(or --direct)");
	if (!parse->given[OPTION_TARGET_PROXY])
		o->proxy[TRAFFIC_TARGETS] = o->proxy[TRAFFIC_CALLERS];
	if (!parse->given[OPTION_TARGET_GATEWAY])
		o->gateways[TRAFFIC_TARGETS] = o->gateways[TRAFFIC_CALLERS];
	return true;
}

/* Without addresses of its own a flood leaves by the callers' first, from a port of its own, so
 * that what comes back is told from what calls get. */
static void complete_flood(struct options *o)
{
	if (!o->flood || o->flood_from_count)
		return;
	o->flood_from[0] = o->callers[0];
	o->flood_from[0].port = PORT_FLOOD;
	o->flood_from_count = 1;
}

static bool complete_rates(struct parse *parse)
{
	struct options *o = parse->options;
	struct options_trial *t = &o->trial;

	if (parse->given[OPTION_FLOOD_RATE] && !o->flood)
		return option_wrong(parse->error, "--flood-rate without --flood");
	if (o->flood && !parse->given[OPTION_RATE] && !parse->given[OPTION_FLOOD_RATE] &&
	    !o->trials)
		return option_wrong(parse->error, "--flood needs --rate: messages a second");
	if (o->flood && !parse->given[OPTION_FLOOD_RATE]) {
		t->flood_rate = t->calls.rate;
		t->calls.rate = 0;
	}
	if (!o->flood && !parse->given[OPTION_RATE])
		t->calls.rate = 100;
	if (!parse->given[OPTION_SECONDS] && (!parse->given[OPTION_CALLS] || t->calls.rate <= 0))
		t->calls.seconds = 10;
	if (parse->given[OPTION_CALLS] && t->calls.rate <= 0)
		return option_wrong(parse->error,
				    "--calls: a flood alone has none; give --seconds");
	return true;
}

static bool complete(struct parse *parse)
{
	struct options *o = parse->options;

	if (!complete_rates(parse))
		return false;
	if (!(o->loop ? complete_loop(parse) : complete_sides(parse)))
		return false;
	complete_flood(o);
	if (o->trials && o->json)
		return option_wrong(parse->error,
				    "--trials writes JSON to standard output: no --json");
	return check_distinct(o, parse->error) && check_families(o, parse->error);
}

enum options_status options_parse(int argc, char **argv, struct options *options, char *error)
{
	struct option table[OPTION_COUNT + 1] = { 0 };
	struct parse parse = { .options = options, .error = error };
	int got, index;

	memset(options, 0, sizeof(*options));
	*options = (struct options){ .mtu = 1500,
				     .core = -1,
				     .wait_s = 10,
				     .calls_max = 100000,
				     .t1_ms = 500,
				     .faults_max = 3 };
	options->trial.calls.mix.weights[TRAFFIC_FLOW_CALL] = 1;
	for (int i = 0; i < OPTION_COUNT; i++)
		table[i] = (struct option){ .name = list[i].name,
					    .has_arg = list[i].argument ? required_argument
									: no_argument };
	optind = 0; /* glibc: as if never called before */
	opterr = 0;
	while ((got = getopt_long(argc, argv, ":", table, &index)) != -1) {
		if (got == ':') {
			option_wrong(error, "%s needs a value (--help)", argv[optind - 1]);
			return OPTIONS_WRONG;
		}
		if (got != 0) {
			option_wrong(error, "'%.60s' is no option (--help)", argv[optind - 1]);
			return OPTIONS_WRONG;
		}
		if (index == OPTION_HELP)
			return OPTIONS_HELP;
		if (!take(&parse, (enum option_id)index, optarg))
			return OPTIONS_WRONG;
	}
	if (optind < argc) {
		option_wrong(error, "'%.60s' is no option (--help)", argv[optind]);
		return OPTIONS_WRONG;
	}
	return complete(&parse) ? OPTIONS_RUN : OPTIONS_WRONG;
}

bool options_calls_fit(const struct options *options, size_t available, char *error)
{
	const size_t wanted = (size_t)options->calls_max * TRAFFIC_CALL_OCTETS;

	if (wanted <= available)
		return true;
	return option_wrong(error,
			    "--calls-max: %u live calls take %zu MiB, and %zu MiB are available",
			    options->calls_max, wanted >> 20, available >> 20);
}

bool options_parse_trial(const char *line, const struct options_trial *defaults,
			 struct options_trial *trial, char *error)
{
	static const uint8_t accepted[] = { OPTION_RATE,      OPTION_SECONDS, OPTION_CALLS,
					    OPTION_MIX,       OPTION_HOLD,    OPTION_RING,
					    OPTION_FLOOD_RATE };
	bool given[OPTION_COUNT] = { false };
	char word[256], *equals;
	size_t i, len;

	*trial = *defaults;
	for (;; line += len) {
		line += strspn(line, " \t\r\n");
		len = strcspn(line, " \t\r\n");
		if (len == 0)
			break;
		snprintf(word, sizeof(word), "%.*s", (int)len, line);
		equals = strchr(word, '=');
		if (equals)
			*equals = '\0';
		for (i = 0; i < ARRAY_SIZE(accepted); i++) {
			if (equals && strcmp(word, list[accepted[i]].name) == 0)
				break;
		}
		if (i == ARRAY_SIZE(accepted))
			return option_wrong(
				error,
				"trial: '%.60s' is not known; accepted: rate=, seconds=, "
				"calls=, mix=, hold=, ring=, flood-rate=",
				word);
		given[accepted[i]] = true;
		if (!take_trial(trial, accepted[i], word, equals + 1, error))
			return false;
	}
	if (given[OPTION_CALLS] && !given[OPTION_SECONDS])
		trial->calls.seconds = 0;
	if (given[OPTION_SECONDS] && !given[OPTION_CALLS])
		trial->calls.calls_max = 0;
	return trial->calls.rate > 0 || trial->flood_rate > 0 ||
	       option_wrong(error, "trial: rate= is missing");
}

void options_help(FILE *out)
{
	fputs("usage: tandem-bench --device DEV [--device DEV2] --callers ADDR --targets ADDR\n"
	      "                    --proxy ADDR [OPTION...]\n"
	      "       tandem-bench --loop [OPTION...]\n\n"
	      "Callers and targets of SIP calls on DPDK, both ends in one process: calls begin at "
	      "a\n"
	      "set rate whatever became of those before, every message that comes back is "
	      "checked,\n"
	      "and delays are measured by one clock.\n\n",
	      out);
	for (int i = 0; i < OPTION_COUNT; i++)
		fprintf(out, "  --%s%s%s\n      %s\n", list[i].name, list[i].argument ? " " : "",
			list[i].argument ? list[i].argument : "", list[i].help);
	fputs("\nExit status: 0 nothing failed and nothing was at fault; 1 something did or was;\n"
	      "2 called wrongly; 3 could not start.  tandem-bench(1) tells more.\n",
	      out);
}
