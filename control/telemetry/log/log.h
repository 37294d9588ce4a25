/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events as lines of a log: on stderr or to journald, as text or JSON, from a level on.  Of one
 * kind about one target or peer so many a second at most; start, stop and configuration always.
 * Never waits for whoever reads.  Control thread only.
 */
#ifndef TELEMETRY_LOG_H
#define TELEMETRY_LOG_H

#include <jansson.h>
#include <stdio.h>

#include "config/settings.h"
#include "telemetry/log/limit.h"

struct log {
	struct log_settings settings;
	FILE *out;
	int journal;            /* socket; -1: none */
	const char *journal_path;
	struct limit limit;
	uint64_t lines, lost;   /* told; not taken by journald */
};

/* Until log_configure: text on `out`, everything.  out NULL: nothing. */
void log_init(struct log *log, FILE *out);
void log_fini(struct log *log);
/* -errno when journald cannot be reached; the log then goes on as before. */
int log_configure(struct log *log, const struct log_settings *settings);
/* The event as events.h makes it; a member "level" ("error", "warning", "notice", "info") goes
 * before what its kind has. */
void log_event(struct log *log, const json_t *event, uint64_t now_ms);
/* Now and then: tells how many were left out of what has become quiet. */
void log_settle(struct log *log, uint64_t now_ms);

[[nodiscard]] enum log_level log_level_of(const json_t *event);
const char *log_level_name(enum log_level level);

#endif
