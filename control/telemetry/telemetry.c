/* SPDX-License-Identifier: BSD-3-Clause */
/* What tandemd tells the world; see telemetry.h. */
#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdlib.h>

#include "telemetry/metrics/families.h"

#define LOOK_MS 500 /* between looks at the workers; WATCH_STALL_MS is several of them */

/* ---- events ------------------------------------------------------------------------------- */

void telemetry_init(struct telemetry *telemetry, struct control *control)
{
	*telemetry = (struct telemetry){ .control = control };
	log_init(&telemetry->log, stderr);
	notify_open(&telemetry->notify);
}

void telemetry_fini(struct telemetry *telemetry)
{
	log_fini(&telemetry->log);
	notify_close(&telemetry->notify);
}

/* The loop's time needs no system call, but there is no loop yet when the first events come. */
static uint64_t now_ms(const struct telemetry *telemetry)
{
	return telemetry->control->loop ? uv_now(telemetry->control->loop) : 0;
}

void telemetry_event(struct telemetry *telemetry, const json_t *event)
{
	telemetry->events++;
	log_event(&telemetry->log, event, now_ms(telemetry));
}

int telemetry_open_log(struct telemetry *telemetry, char *error, size_t size)
{
	struct log_settings settings;
	int status;

	config_log(telemetry->control->config, &settings);
	status = log_configure(&telemetry->log, &settings);
	if (status < 0)
		snprintf(error, size, "log.target: journald cannot be reached at %s: %s",
			 telemetry->log.journal_path, strerror(-status));
	return status;
}

/* ---- health ------------------------------------------------------------------------------- */

static void observe(struct telemetry *telemetry)
{
	const uint64_t now = now_ms(telemetry);
	uint64_t polls;

	for (uint16_t w = 0; dataplane_worker_polls(telemetry->control->dataplane, w, &polls); w++)
		watch_observe(&telemetry->watch, w, polls, now);
}

bool telemetry_health(const struct telemetry *telemetry, char *text, size_t size)
{
	const struct control *control = telemetry->control;
	const uint64_t now = now_ms(telemetry);

	for (uint16_t w = 0; w < control->dataplane_config.workers; w++) {
		if (!watch_is_stalled(&telemetry->watch, w, now))
			continue;
		snprintf(text, size, "worker %u stalls: no poll for %llu s", w,
			 (unsigned long long)(watch_still_ms(&telemetry->watch, w, now) / 1000));
		return false;
	}
	if (control->publisher.retiring && now - telemetry->published_ms >= WATCH_STALL_MS) {
		snprintf(text, size, "a worker still reads what was replaced %llu s ago",
			 (unsigned long long)((now - telemetry->published_ms) / 1000));
		return false;
	}
	/* Whoever shares out calls among instances is to leave this one out. */
	if (control->closing.is_under_way) {
		snprintf(text, size, "closing: calls finish, new ones are refused");
		return false;
	}
	snprintf(text, size, "ok");
	return true;
}

static bool health(void *context, char *text, size_t size)
{
	struct telemetry *telemetry = context;

	observe(telemetry);
	return telemetry_health(telemetry, text, size);
}

static void look(uv_timer_t *timer)
{
	struct telemetry *telemetry = timer->data;
	const uint64_t now = now_ms(telemetry);

	observe(telemetry);
	log_settle(&telemetry->log, now);
	/* A manager that restarts what is stuck is to hear of stuck workers, not of draining. */
	for (uint16_t w = 0; w < telemetry->control->dataplane_config.workers; w++) {
		if (watch_is_stalled(&telemetry->watch, w, now))
			return;
	}
	notify_alive(&telemetry->notify, now);
}

/* ---- metrics ------------------------------------------------------------------------------ */

void telemetry_render(void *context, struct exposition *out)
{
	struct telemetry *telemetry = context;
	const struct control *control = telemetry->control;
	struct page page = {
		.control = control,
		.telemetry = telemetry,
		.workers = telemetry->workers,
	};

	observe(telemetry);
	while (page.worker_count < control->dataplane_config.workers &&
	       dataplane_worker_stats(control->dataplane, page.worker_count,
				      &telemetry->workers[page.worker_count]))
		page.worker_count++;
	families_put_process(out, &page);
	families_put_control(out, &page);
	families_put_dns(out, &page);
	families_put_workers(out, &page);
	families_put_verdicts(out, &page);
	families_put_memory(out, &page);
	families_put_interfaces(out, &page);
	families_put_services(out, &page);
	families_put_pools(out, &page);
	families_put_targets(out, &page);
	families_put_health(out, &page);
}

void telemetry_outcome(struct telemetry *telemetry, const struct outcome *outcome)
{
	if (telemetry->delays)
		delays_count(telemetry->delays, outcome);
}

/* A control_published_fn. */
static void published(void *context, const struct balance_snapshot *snapshot)
{
	struct telemetry *telemetry = context;

	telemetry->publications++;
	telemetry->published_ms = now_ms(telemetry);
	if (telemetry->delays && !delays_follow(telemetry->delays, snapshot))
		events_raise(&telemetry->control->events, "control", NULL,
			     "out of memory: delays of some new targets are not measured");
}

static int open_metrics(struct telemetry *telemetry, char *error, size_t size)
{
	struct endpoint listens[SETTINGS_METRICS_MAX];
	const struct metrics_server_config config = {
		.loop = telemetry->control->loop,
		.listens = listens,
		.listen_count = config_metrics(telemetry->control->config, listens),
		.render = telemetry_render,
		.health = health,
		.context = telemetry,
	};

	if (config.listen_count == 0)
		return 0;
	telemetry->metrics = metrics_server_start(&config, error, size);
	return telemetry->metrics ? 0 : -EIO;
}

/* ---- export ------------------------------------------------------------------------------- */

static int open_hep(struct telemetry *telemetry, char *error, size_t size)
{
	struct hep_settings settings;
	struct hep_export_config config;
	int status;

	config_hep(telemetry->control->config, &settings);
	if (!settings.is_on)
		return 0;
	config = (struct hep_export_config){
		.dataplane = telemetry->control->dataplane,
		.server = settings.server,
		.capture_id = settings.capture_id,
		.message_max = settings.message_max,
		.one_in = settings.one_in,
	};
	static_assert(sizeof(config.node) == sizeof(settings.node));
	memcpy(config.node, settings.node, sizeof(config.node));
	status = config_password_read(settings.password_file, config.password,
				      sizeof(config.password), error, size);
	if (status < 0)
		return status;
	telemetry->hep = hep_export_start(&config, error, size);
	explicit_bzero(config.password, sizeof(config.password));
	return telemetry->hep ? 0 : -EIO;
}

/* ---- all ---------------------------------------------------------------------------------- */

int telemetry_open(struct telemetry *telemetry, char *error, size_t size)
{
	struct control *control = telemetry->control;
	int status;

	snprintf(error, size, "out of memory for the delays of targets");
	telemetry->delays = delays_create();
	telemetry->workers = calloc(control->dataplane_config.workers, sizeof(*telemetry->workers));
	if (!telemetry->delays || !telemetry->workers ||
	    !delays_follow(telemetry->delays, control->snapshot))
		return -ENOMEM;
	control_on_publish(control, published, telemetry);
	telemetry->published_ms = now_ms(telemetry);
	watch_init(&telemetry->watch, now_ms(telemetry));
	uv_timer_init(control->loop, &telemetry->timer);
	telemetry->timer.data = telemetry;
	telemetry->has_timer = true;
	uv_timer_start(&telemetry->timer, look, LOOK_MS, LOOK_MS);
	status = open_metrics(telemetry, error, size);
	return status < 0 ? status : open_hep(telemetry, error, size);
}

void telemetry_close(struct telemetry *telemetry)
{
	hep_export_stop(telemetry->hep);
	metrics_server_stop(telemetry->metrics);
	if (telemetry->has_timer)
		uv_timer_stop(&telemetry->timer);
	delays_destroy(telemetry->delays);
	free(telemetry->workers);
	telemetry->hep = NULL;
	telemetry->metrics = NULL;
	telemetry->delays = NULL;
	telemetry->workers = NULL;
}
