/* SPDX-License-Identifier: BSD-3-Clause */
/* Reload; see reload.h. */
#include "reload/reload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/control.h"
#include "api/json_text.h"
#include "api/server.h"

#define EVENTS_MAX 20 /* differences told one by one */

/* A reload on its way. */
struct attempt {
	struct control *control;
	struct config_report report;
	struct config *config;
	struct config_identity identity;
	struct target_set *targets;
	const struct balance_snapshot *snapshot;
	json_t *differences;       /* as in the answer */
	unsigned int restarts;     /* of them, those that need one */
	char first_restart[192];
	char why[512];             /* it was refused */
};

static bool refuse(struct attempt *attempt, const char *format, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct attempt *attempt, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(attempt->why, sizeof(attempt->why), format, arguments);
	va_end(arguments);
	return false;
}

/* ---- steps */

static void place(const struct config_report *report, struct config_position at, char *text,
		  size_t size)
{
	if (at.line)
		snprintf(text, size, "%s:%u:%u", report->file, at.line, at.column);
	else
		snprintf(text, size, "%s", report->file);
}

static bool refuse_mistakes(struct attempt *attempt)
{
	const struct config_mistakes *errors = &attempt->report.errors;
	uint32_t more = errors->count + errors->omitted - 1;
	char at[300], others[48] = "";

	place(&attempt->report, errors->list[0].at, at, sizeof(at));
	if (more)
		snprintf(others, sizeof(others), " (and %u more mistake%s)", more,
			 more == 1 ? "" : "s");
	return refuse(attempt, "%.255s: %.200s%s", at, errors->list[0].text, others);
}

static bool read_file(struct attempt *attempt)
{
	const char *path = attempt->control->config_file;
	struct stat status;

	/* Opening a pipe would wait for who writes to it. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return refuse(attempt, "%.300s: not a regular file", path);
	return config_load(path, &attempt->config, &attempt->report) == 0 ||
	       refuse_mistakes(attempt);
}

static void difference_add(void *context, const struct config_difference *d)
{
	struct attempt *attempt = context;
	const char *change = !d->before ? "added" : !d->after ? "removed" : "changed";

	json_array_append_new(
		attempt->differences,
		json_pack("{s:o, s:s, s:o, s:o, s:i, s:i, s:b}", "what", json_text(d->path), "change",
			  change, "before", d->before ? json_text(d->before) : json_null(), "after",
			  d->after ? json_text(d->after) : json_null(), "line", (int)d->at.line,
			  "column", (int)d->at.column, "needs_restart", (int)d->needs_restart));
	if (!d->needs_restart || attempt->restarts++)
		return;
	char at[300];
	place(&attempt->report, d->at, at, sizeof(at));
	snprintf(attempt->first_restart, sizeof(attempt->first_restart), "%.100s: %.80s", at,
		 d->path);
}

static bool compare(struct attempt *attempt)
{
	struct control *control = attempt->control;
	char more[48] = "";

	attempt->differences = json_array();
	if (!config_differences(control->config, attempt->config, difference_add, attempt))
		return refuse(attempt, "out of memory");
	if (!attempt->restarts)
		return true;
	if (attempt->restarts > 1)
		snprintf(more, sizeof(more), " (and %u more)", attempt->restarts - 1);
	return refuse(attempt, "%s needs a restart%s", attempt->first_restart, more);
}

static bool read_keys(struct attempt *attempt)
{
	const struct config_identity *before = &attempt->control->publisher.identity;

	if (config_identity_reload(attempt->config, before, &attempt->identity, attempt->why,
				   sizeof(attempt->why)) < 0)
		return false;
	config_identity_differences(before, &attempt->identity, difference_add, attempt);
	return true;
}

static bool build(struct attempt *attempt)
{
	struct control *control = attempt->control;

	attempt->targets = target_set_copy(control->publisher.targets);
	if (!attempt->targets || config_targets_apply(attempt->config, attempt->targets) < 0)
		return refuse(attempt, "out of memory");
	return publish_build(control, attempt->config, &attempt->identity, attempt->targets,
			     &attempt->snapshot, attempt->why, sizeof(attempt->why)) == 0;
}

/* Differences first: what needs a restart is named before the keys are looked for where the new file
 * says. */
static bool attempt_make(struct attempt *attempt)
{
	return read_file(attempt) && compare(attempt) && read_keys(attempt) && build(attempt);
}

static void attempt_free(struct attempt *attempt)
{
	config_destroy(attempt->config);
	target_set_destroy(attempt->targets);
	config_snapshot_destroy(attempt->snapshot);
	json_decref(attempt->differences);
	explicit_bzero(&attempt->identity, sizeof(attempt->identity));
}

/* ---- telling */

static json_t *mistakes(const struct config_report *report, const struct config_mistakes *of)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < of->count; i++)
		json_array_append_new(
			rows, json_pack("{s:o, s:i, s:i, s:o}", "file", json_text(report->file), "line",
					(int)of->list[i].at.line, "column",
					(int)of->list[i].at.column, "text",
					json_text(of->list[i].text)));
	return rows;
}

/* With what was found until it was refused. */
static json_t *answer(const struct attempt *attempt, bool is_dry, uint64_t version)
{
	return json_pack("{s:b, s:I, s:o, s:o, s:o}", "dry_run", (int)is_dry, "version",
			 (json_int_t)version, "differences",
			 attempt->differences ? json_incref(attempt->differences) : json_array(),
			 "errors", mistakes(&attempt->report, &attempt->report.errors), "warnings",
			 mistakes(&attempt->report, &attempt->report.warnings));
}

static const char *text_or(const json_t *row, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : otherwise;
}

static void tell_differences(struct control *control, const json_t *differences)
{
	size_t i, count = json_array_size(differences);
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)differences, i, row) {
		if (i == EVENTS_MAX)
			break;
		const char *what = text_or(row, "what", "");
		const char *change = text_or(row, "change", "");
		if (strcmp(change, "changed") == 0)
			events_raise(&control->events, "config", json_deep_copy(row),
				     "%s: %s, was %s", what, text_or(row, "after", ""),
				     text_or(row, "before", ""));
		else
			events_raise(&control->events, "config", json_deep_copy(row), "%s: %s %s",
				     what, change,
				     text_or(row, "after", text_or(row, "before", "")));
	}
	if (count > EVENTS_MAX)
		events_raise(&control->events, "config", NULL, "%zu more differences",
			     count - EVENTS_MAX);
}

static void tell_warnings(struct control *control, const struct config_report *report)
{
	for (uint32_t i = 0; i < report->warnings.count; i++) {
		char at[300];
		place(report, report->warnings.list[i].at, at, sizeof(at));
		events_raise(&control->events, "config", NULL, "%s: warning: %s", at,
			     report->warnings.list[i].text);
	}
}

/* ---- taking over */

static void take_over(struct attempt *attempt, const char *who)
{
	struct control *control = attempt->control;
	struct publisher *publisher = &control->publisher;
	struct config *old = control->config;
	const struct balance_snapshot *snapshot = attempt->snapshot;
	size_t count = json_array_size(attempt->differences);

	attempt->snapshot = NULL;
	control->config = attempt->config;
	attempt->config = old;
	target_set_swap(publisher->targets, attempt->targets);
	publisher->identity = attempt->identity;
	control->reload.count++;
	clock_gettime(CLOCK_REALTIME, &control->reload.loaded);
	json_decref(control->reload.changed);
	control->reload.changed = NULL;
	events_raise(&control->events, "config",
		     json_pack("{s:o, s:I, s:I}", "who", json_text(who), "version",
			       (json_int_t)snapshot->version, "differences", (json_int_t)count),
		     "reloaded, version %llu, asked by %s: %zu difference%s",
		     (unsigned long long)snapshot->version, who, count, count == 1 ? "" : "s");
	tell_differences(control, attempt->differences);
	tell_warnings(control, &attempt->report);
	publish_now(control, snapshot, "reload");
}

static void reload_serve(struct control *control, struct reload_asked *asked)
{
	struct attempt attempt = { .control = control };
	bool is_good = attempt_make(&attempt);
	uint64_t version = is_good ? attempt.snapshot->version : control->snapshot->version;

	if (is_good && !asked->is_dry)
		take_over(&attempt, asked->who);
	else if (!is_good)
		events_raise(&control->events, "config", json_pack("{s:o}", "who", json_text(asked->who)),
			     "%s by %s was refused, all goes on as before: %s",
			     asked->is_dry ? "a dry run of a reload" : "a reload", asked->who,
			     attempt.why);
	if (asked->request && is_good) {
		api_request_ok(asked->request, answer(&attempt, asked->is_dry, version));
	} else if (asked->request) {
		api_request_partial(asked->request, answer(&attempt, asked->is_dry, version));
		api_request_error(asked->request, API_ERROR_CONFLICT,
				  "refused, all goes on as before: %s", attempt.why);
	}
	attempt_free(&attempt);
}

/* False: the request ended with an error. */
static bool pending_add(struct control *control, struct reload_asked asked, const char *who)
{
	struct reload *reload = &control->reload;

	if (reload->pending_count == RELOAD_PENDING_MAX) {
		if (asked.request)
			api_request_error(asked.request, API_ERROR_BUSY,
					  "%d reloads or timers are waiting already",
					  RELOAD_PENDING_MAX);
		return false;
	}
	snprintf(asked.who, sizeof(asked.who), "%s", who);
	reload->pending[reload->pending_count++] = asked;
	reload_poll(control);
	return true;
}

void reload_ask(struct control *control, struct api_request *request, const char *who, bool is_dry)
{
	(void)pending_add(control, (struct reload_asked){ .request = request, .is_dry = is_dry }, who);
}

void reload_ask_timer(struct control *control, struct api_request *request, const char *who,
		      const json_t *args)
{
	json_t *timer = json_deep_copy(args);

	if (!timer)
		api_request_error(request, API_ERROR_FAILED, "tandemd is out of memory");
	else if (!pending_add(control,
			      (struct reload_asked){ .request = request, .timer = timer }, who))
		json_decref(timer);
}

void reload_poll(struct control *control)
{
	struct reload *reload = &control->reload;

	while (reload->pending_count && publish_is_ready(control)) {
		struct reload_asked asked = reload->pending[0];
		reload->pending_count--;
		memmove(reload->pending, reload->pending + 1,
			reload->pending_count * sizeof(reload->pending[0]));
		if (asked.timer)
			reload_serve_timer(control, &asked);
		else
			reload_serve(control, &asked);
		json_decref(asked.timer);
	}
}

void reload_fini(struct control *control)
{
	struct reload *reload = &control->reload;

	for (unsigned int i = 0; i < reload->pending_count; i++) {
		if (reload->pending[i].request)
			api_request_error(reload->pending[i].request, API_ERROR_FAILED,
					  "tandemd is stopping");
		json_decref(reload->pending[i].timer);
	}
	reload->pending_count = 0;
	json_decref(reload->changed);
	reload->changed = NULL;
}
