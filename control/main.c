/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tandemd: the composition root.  Reads the configuration, puts the control plane and the data
 * plane together, runs until told to stop, and takes all apart in reverse.  What each part does is
 * elsewhere.  Runs the control thread.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agents/agents.h"
#include "api/handlers.h"
#include "config/config.h"
#include "api/control.h"
#include "events/engine_events.h"
#include "health/adapter.h"
#include "resolver/dns.h"
#include "stats/stats.h"
#include "telemetry/telemetry.h"

#define TICK_IDLE_MS 5
#define TICK_BUSY_MS 1 /* while someone waits for workers to explain */

enum { OPTION_CHECK = 256, OPTION_MAKE_KEYS, OPTION_MAKE_CONTROL_KEY, OPTION_REFERENCE, OPTION_SCHEMA, OPTION_VERSION };
enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

struct daemon {
	struct control control;
	struct engine_events engine_events;
	struct telemetry telemetry;
	uv_loop_t loop;
	uv_timer_t tick;
	uv_signal_t signals[3]; /* SIGTERM, SIGINT, SIGHUP */
	const char *stop_reason;
	bool is_reloading; /* the service manager was told so */
};

static const int daemon_signals[] = { SIGTERM, SIGINT, SIGHUP };

static int fail(const char *sentence)
{
	fprintf(stderr, "tandemd: %s\n", sentence);
	return EXIT_FAILED;
}

/* Running. */

static void daemon_outcome(void *context, const struct outcome *outcome)
{
	struct daemon *daemon = context;

	target_outcomes_count(daemon->control.outcomes, outcome);
	telemetry_outcome(&daemon->telemetry, outcome);
	health_adapter_outcome(&daemon->control, outcome);
}

static void daemon_tick(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	struct control *control = &daemon->control;

	dataplane_poll(control->dataplane, daemon_outcome, daemon);
	dataplane_poll_events(control->dataplane, engine_events_tell, &daemon->engine_events);
	names_pump(&control->names);
	/* After what the workers answered by the snapshot before has been taken. */
	reload_poll(control);
	if (daemon->is_reloading && control->reload.pending_count == 0) {
		daemon->is_reloading = false;
		notify_send(&daemon->telemetry.notify, "READY=1");
	}
	publish_poll(control);
	drain_poll(&control->drain, &control->events);
	/* Probes are transactions too, and no new calls go by what they tell. */
	if (!control->closing.is_under_way)
		health_adapter_poll(control);
	if (closing_is_over(control)) {
		uv_stop(&daemon->loop);
		return;
	}
	explain_pump(&control->explain, uv_now(control->loop));
	txns_pump(&control->txns, uv_now(control->loop));
	trace_pump(&control->trace, uv_now(control->loop));
	uv_timer_start(timer, daemon_tick,
		       explain_is_busy(&control->explain) || txns_is_busy(&control->txns) ?
			       TICK_BUSY_MS :
			       TICK_IDLE_MS,
		       0);
}

static void daemon_signalled(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	if (number == SIGHUP) {
		notify_reloading(&daemon->telemetry.notify);
		daemon->is_reloading = true;
		reload_ask(&daemon->control, NULL, "SIGHUP", false);
		return;
	}
	daemon->stop_reason = number == SIGTERM ? "SIGTERM" : "SIGINT";
	if (number == SIGTERM && !daemon->control.closing.is_under_way)
		closing_begin(&daemon->control, "SIGTERM");
	else
		uv_stop(&daemon->loop);
}

static void daemon_event(void *context, json_t *event)
{
	struct daemon *daemon = context;

	telemetry_event(&daemon->telemetry, event);
	if (daemon->control.api)
		api_server_event(daemon->control.api, event);
}

static void daemon_tell_interfaces(struct control *control)
{
	struct dataplane_interface_stats stats;
	const struct balance_interface *interface;

	for (uint16_t i = 0; dataplane_interface_stats(control->dataplane, i, &stats); i++) {
		char address[ENDPOINT_TEXT_MAX] = "no address";
		interface = &control->snapshot->interfaces[i];
		if (interface->address_count)
			ip_address_to_string(&interface->addresses[0].address, address);
		events_raise(&control->events, "start",
			     json_pack("{s:s}", "interface", interface->name),
			     "interface %s: %s%s on %s, %u %s", interface->name, address,
			     interface->address_count > 1 ? " and others" : "", stats.driver,
			     stats.queues, stats.queues == 1 ? "queue" : "queues");
	}
}

static void daemon_tell_services(struct control *control)
{
	const struct balance_snapshot *snapshot = control->snapshot;

	for (uint32_t i = 0; i < snapshot->listen_count; i++) {
		const struct balance_listen *listen = &snapshot->listens[i];
		const struct balance_service *service = &snapshot->services[listen->service];
		const struct balance_pool *pool = &snapshot->pools[service->pool];
		char text[ENDPOINT_TEXT_MAX];
		endpoint_to_string(&listen->endpoint, text);
		if (pool->is_request_uri)
			events_raise(&control->events, "start",
				     json_pack("{s:s}", "service", service->name),
				     "service %s: listens on udp:%s, routes by Request-URI",
				     service->name, text);
		else
			events_raise(&control->events, "start",
				     json_pack("{s:s}", "service", service->name),
				     "service %s: listens on udp:%s, pool %s with %u %s",
				     service->name, text, pool->name, pool->target_count,
				     pool->target_count == 1 ? "target" : "targets");
	}
}

static void daemon_tell_start(struct control *control)
{
	daemon_tell_interfaces(control);
	daemon_tell_services(control);
	events_raise(&control->events, "start", json_pack("{s:s}", "program", control->program),
		     "%s is up: instance %u, %u %s, control socket %s", control->program,
		     control->snapshot->instance, control->dataplane_config.workers,
		     control->dataplane_config.workers == 1 ? "worker" : "workers",
		     config_control_socket(control->config));
	operators_tell(&control->operators, &control->events);
}

static void daemon_tell_stop(struct daemon *daemon)
{
	struct control *control = &daemon->control;
	struct stats_sum sum;

	stats_sum_read(control->dataplane, &sum);
	uint64_t verdicts = stats_sum_of_verdicts(&sum);
	events_raise(&control->events, "stop", NULL,
		     "%s: %llu packets received, %llu verdicts, difference %lld, "
		     "%llu transactions live",
		     daemon->stop_reason, (unsigned long long)sum.packets_rx,
		     (unsigned long long)verdicts, (long long)(sum.packets_rx - verdicts),
		     (unsigned long long)sum.proxy.txns);
}

/* Putting together. */

static int daemon_open_loop(struct daemon *daemon)
{
	daemon->control.loop = &daemon->loop;
	if (uv_loop_init(&daemon->loop) < 0)
		return -ENOMEM;
	uv_timer_init(&daemon->loop, &daemon->tick);
	daemon->tick.data = daemon;
	for (size_t i = 0; i < ARRAY_SIZE(daemon_signals); i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], daemon_signalled, daemon_signals[i]);
	}
	return 0;
}

static void handle_close(uv_handle_t *handle, void *)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void daemon_close_loop(struct daemon *daemon)
{
	uv_walk(&daemon->loop, handle_close, NULL);
	while (uv_loop_close(&daemon->loop) == UV_EBUSY)
		uv_run(&daemon->loop, UV_RUN_ONCE);
}

/* What an agent provides; its own targets alone. */
static int daemon_replace_targets(void *context, const char *agent, const char *pool,
				  const struct target_spec *specs, uint32_t count)
{
	struct control *control = context;
	char why[PUBLISH_WHY_MAX];
	int status = target_set_replace(control->publisher.targets, pool, TARGET_SOURCE_AGENT,
					specs, count);

	snprintf(why, sizeof(why), "agent %s", agent);
	if (status > 0)
		control_publish_soon(control, why);
	return status;
}

static const struct balance_snapshot *daemon_snapshot(void *context)
{
	const struct control *control = context;

	return control->snapshot;
}

static int daemon_open_agents(struct control *control, char *error, size_t size)
{
	const struct agents_config config = {
		.loop = control->loop,
		.events = &control->events,
		.config = control->config,
		.socket = config_control_socket(control->config),
		.replace = daemon_replace_targets,
		.snapshot = daemon_snapshot,
		.context = control,
	};

	snprintf(error, size, "out of memory for the agents");
	control->agents = agents_open(&config);
	return control->agents ? 0 : -ENOMEM;
}

static int daemon_open_api(struct control *control, char *error, size_t size)
{
	int status = operators_load(&control->operators, control->config, &control->events, error,
				    size);

	if (status < 0)
		return status;
	const struct api_server_config config = {
		.loop = control->loop,
		.endpoint = config_control_socket(control->config),
		.program = control->program,
		.instance = control->snapshot->instance,
		.handlers = api_handlers,
		.context = control,
		.agents = agents_hooks(control->agents),
		.remote = operators_remote(&control->operators),
	};

	control->api = api_server_start(&config, error, size);
	operators_release(&control->operators);
	return control->api ? 0 : -EIO;
}

/*
 * Signals wait while the data plane starts: its threads inherit the mask, so that a signal is
 * always taken by the control thread, and a stop asked for meanwhile is a clean one.
 */
static int daemon_open_dataplane(struct control *control, char *error, size_t size)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	control->dataplane =
		dataplane_start(&control->dataplane_config, control->snapshot, error, size);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	control->explain.dataplane = control->dataplane;
	control->txns = (struct txns){ .control = control };
	control->trace = (struct trace){ .control = control };
	if (!control->dataplane)
		return -EIO;
	names_open(&control->names, control->dataplane, dns_resolver(control), &control->snapshot);
	return 0;
}

/* Those that know it by pointer. */
static void daemon_snapshot_changed(void *context, const struct balance_snapshot *snapshot)
{
	struct daemon *daemon = context;

	daemon->engine_events.snapshot = snapshot;
	/* Out of memory: traffic of a target that is new is not counted until the next change. */
	(void)target_outcomes_renew(&daemon->control.outcomes, snapshot);
}

static int daemon_prepare(struct daemon *daemon, char *error, size_t size)
{
	struct control *control = &daemon->control;
	int status = config_identity_load(control->config, (uint32_t)control->started.tv_sec,
					  &control->publisher.identity, error, size);

	if (status < 0)
		return status;
	status = publish_prepare(control, error, size);
	/* Between the two: the last good answers serve from the first snapshot on. */
	if (status == 0)
		status = dns_open(control, error, size);
	if (status == 0)
		status = publish_open(control, error, size);
	if (status < 0)
		return status;
	snprintf(error, size, "out of memory for the configuration's targets");
	control->outcomes = target_outcomes_create(control->snapshot);
	if (!control->outcomes)
		return -ENOMEM;
	config_dataplane(control->config, &control->publisher.identity, &control->dataplane_config);
	control->dataplane_config.asks_names = true;
	daemon_snapshot_changed(daemon, control->snapshot);
	control_on_publish(control, daemon_snapshot_changed, daemon);
	return 0;
}

static int daemon_open(struct daemon *daemon, char *error, size_t size)
{
	struct control *control = &daemon->control;
	int status = telemetry_open_log(&daemon->telemetry, error, size);

	if (status == 0)
		status = daemon_prepare(daemon, error, size);
	if (status < 0)
		return status;
	/* The socket knows those that may say hello as agents. */
	status = daemon_open_agents(control, error, size);
	if (status < 0)
		return status;
	/* The socket before the data plane: a second tandemd must not touch the first one's NIC. */
	status = daemon_open_api(control, error, size);
	if (status < 0)
		return status;
	status = daemon_open_dataplane(control, error, size);
	if (status < 0)
		return status;
	/* After the data plane, whose clock it goes by. */
	snprintf(error, size, "out of memory for the targets' health");
	status = health_adapter_open(control);
	/* It reads the data plane, and is told of what happens from the first outcome on. */
	return status < 0 ? status : telemetry_open(&daemon->telemetry, error, size);
}

static void daemon_end_agents(struct control *control)
{
	if (!control->agents)
		return;
	agents_end(control->agents);
	while (!agents_have_ended(control->agents))
		uv_run(control->loop, UV_RUN_ONCE);
}

static void daemon_close(struct daemon *daemon)
{
	struct control *control = &daemon->control;
	struct capture_result capture;

	notify_send(&daemon->telemetry.notify, "STOPPING=1");
	/* They end by the socket, and calls go on meanwhile. */
	daemon_end_agents(control);
	telemetry_close(&daemon->telemetry);
	/* It stands between the data plane and the resolver. */
	names_close(&control->names);
	if (control->dataplane) {
		(void)capture_stop(&control->capture, control->dataplane, &capture);
		trace_fini(&control->trace);
		dataplane_stop(control->dataplane);
	}
	explain_fini(&control->explain);
	reload_fini(control);
	txns_fini(&control->txns);
	if (control->api)
		api_server_stop(control->api);
	control->api = NULL;
	agents_close(control->agents);
	dns_close(control);
	daemon_close_loop(daemon);
	health_adapter_close(control);
	target_outcomes_destroy(control->outcomes);
	publish_close(control);
	events_fini(&control->events);
	telemetry_fini(&daemon->telemetry);
}

static void daemon_run(struct daemon *daemon)
{
	struct control *control = &daemon->control;

	uv_update_time(control->loop);
	control->started_ms = uv_now(control->loop);
	daemon_tell_start(control);
	agents_start(control->agents, control->api);
	notify_send(&daemon->telemetry.notify, "READY=1\nSTATUS=Takes calls.");
	uv_timer_start(&daemon->tick, daemon_tick, 0, 0);
	uv_run(control->loop, UV_RUN_DEFAULT);
	daemon_tell_stop(daemon);
}

static int run(const char *path)
{
	static struct daemon daemon;
	struct control *control = &daemon.control;
	struct config_report report;
	char error[512] = "out of memory";
	int status = config_load(path, &control->config, &report);

	config_report_print(&report, stderr);
	if (status < 0)
		return EXIT_FAILED;
	signal(SIGPIPE, SIG_IGN);
	control->program = "tandemd " TANDEM_VERSION;
	control->config_file = path;
	clock_gettime(CLOCK_REALTIME, &control->started);
	control->reload.loaded = control->started;
	/* The log writes the lines, as the configuration wants them. */
	telemetry_init(&daemon.telemetry, control);
	events_init(&control->events, NULL);
	daemon.engine_events.events = &control->events;
	control->events.sink = daemon_event;
	control->events.context = &daemon;
	status = daemon_open_loop(&daemon);
	if (status == 0) {
		status = daemon_open(&daemon, error, sizeof(error));
		if (status == 0)
			daemon_run(&daemon);
		daemon_close(&daemon);
	}
	config_destroy(control->config);
	return status < 0 ? fail(error) : EXIT_DONE;
}

static int check(const char *path)
{
	struct config_report report;
	struct config *config = NULL;
	int status = config_load(path, &config, &report);

	config_report_print(&report, stderr);
	config_destroy(config);
	if (status < 0)
		return EXIT_FAILED;
	printf("%s: the configuration is valid\n", path);
	return EXIT_DONE;
}

static int make_keys(const char *path)
{
	char error[512];

	if (config_key_file_create(path, error, sizeof(error)) < 0)
		return fail(error);
	printf("%s: new keys, readable by their owner alone\n", path);
	return EXIT_DONE;
}

static int make_control_key(const char *path)
{
	char error[512], key[CURVE_KEY_TEXT_MAX];

	if (curve_key_file_create(path, key, error, sizeof(error)) < 0)
		return fail(error);
	printf("%s: a new key pair, readable by its owner alone; clients need its public key:\n%s\n",
	       path, key);
	return EXIT_DONE;
}

/* Options. */

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "make-key-file", required_argument, NULL, OPTION_MAKE_KEYS },
	{ "make-control-key", required_argument, NULL, OPTION_MAKE_CONTROL_KEY },
	{ "print-reference", no_argument, NULL, OPTION_REFERENCE },
	{ "print-schema", no_argument, NULL, OPTION_SCHEMA },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void help(void)
{
	puts("Usage: tandemd -c FILE\n"
	     "       tandemd --check -c FILE\n"
	     "       tandemd --make-key-file FILE\n"
	     "       tandemd --make-control-key FILE\n\n"
	     "A SIP load balancer. Runs in the foreground; events go to stderr.\n\n"
	     "  -c, --config FILE     the configuration\n"
	     "      --check           check the configuration and exit: 0 valid, 1 not\n"
	     "      --make-key-file FILE\n"
	     "                        make the keys that the instances of a cluster share, and exit\n"
	     "      --make-control-key FILE\n"
	     "                        make the server's keys for remote operators, and exit\n"
	     "      --print-reference print every keyword of the configuration, as Markdown\n"
	     "      --print-schema    print the configuration's JSON Schema\n"
	     "      --version         print the version\n"
	     "  -h, --help            this text\n\n"
	     "SIGTERM lets calls finish and stops it, a second one or SIGINT stops it at once.\n"
	     "SIGHUP makes it read its configuration again.\n"
	     "tandemctl asks it what it does.");
}

static int usage(const char *sentence, const char *word)
{
	fprintf(stderr, "tandemd: %s%s%s%s; see tandemd --help\n", sentence, *word ? " '" : "", word,
		*word ? "'" : "");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	bool wants_check = false;
	int option;
	char letter[] = "-?";

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case OPTION_CHECK:
			wants_check = true;
			break;
		case OPTION_MAKE_KEYS:
			return make_keys(optarg);
		case OPTION_MAKE_CONTROL_KEY:
			return make_control_key(optarg);
		case OPTION_REFERENCE:
			config_print_reference(stdout);
			return EXIT_DONE;
		case OPTION_SCHEMA:
			config_print_schema(stdout);
			return EXIT_DONE;
		case OPTION_VERSION:
			puts("tandemd " TANDEM_VERSION);
			return EXIT_DONE;
		case 'h':
			help();
			return EXIT_DONE;
		case ':':
			return usage("a value is missing after", argv[optind - 1]);
		default:
			/* Among letters behind one hyphen, the one that is not known. */
			letter[1] = (char)optopt;
			return usage("unknown option", optopt ? letter : argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage("unexpected argument", argv[optind]);
	if (!path)
		return usage("no configuration: -c FILE is missing", "");
	return wants_check ? check(path) : run(path);
}
