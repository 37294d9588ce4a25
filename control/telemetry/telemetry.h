/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tandemd tells the world beside answers on the control socket: metrics and health over HTTP,
 * the log, copies of messages to Homer, its state to the service manager.  Put together here, each
 * part on its own elsewhere.  Control thread only.
 */
#ifndef TELEMETRY_TELEMETRY_H
#define TELEMETRY_TELEMETRY_H

#include "api/control.h"
#include "config/settings.h"
#include "telemetry/hep/export.h"
#include "telemetry/log/log.h"
#include "telemetry/log/notify.h"
#include "telemetry/metrics/delays.h"
#include "telemetry/metrics/server.h"
#include "telemetry/watch.h"

struct telemetry {
	struct control *control;
	struct log log;
	struct notify notify;
	struct watch watch;
	struct delays *delays;
	struct metrics_server *metrics;      /* NULL: not asked for */
	struct hep_export *hep;              /* the same */
	struct dataplane_worker_stats *workers; /* of the page being rendered */
	uv_timer_t timer;
	bool has_timer;
	uint64_t events;                     /* raised */
	uint64_t publications, published_ms; /* snapshots after the first; the last one's time */
};

/* First of all: events go to stderr until the configuration says otherwise. */
void telemetry_init(struct telemetry *telemetry, struct control *control);
/* As soon as there is a loop and a configuration.  0, or -errno and a sentence. */
[[nodiscard]] int telemetry_open_log(struct telemetry *telemetry, char *error, size_t size);
/* When the data plane runs.  0, or -errno and a sentence. */
[[nodiscard]] int telemetry_open(struct telemetry *telemetry, char *error, size_t size);
/* What reads the data plane: before dataplane_stop. */
void telemetry_close(struct telemetry *telemetry);
/* The log, last of all. */
void telemetry_fini(struct telemetry *telemetry);

/* An outcome, from dataplane_poll. */
void telemetry_outcome(struct telemetry *telemetry, const struct outcome *outcome);
/* An event, for the log. */
void telemetry_event(struct telemetry *telemetry, const json_t *event);

/* All metrics as they are now, without exposition_end.  `telemetry` is a struct telemetry. */
void telemetry_render(void *telemetry, struct exposition *out);
/* One line on whether it works; false: it does not, or is draining. */
[[nodiscard]] bool telemetry_health(const struct telemetry *telemetry, char *text, size_t size);

#endif
