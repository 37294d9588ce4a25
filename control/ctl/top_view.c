/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates out of two answers; see top.h.  Pure. */
#include "ctl/top.h"

#include <stdlib.h>
#include <string.h>

static const char *const sort_names[TOP_SORTS] = {
	[TOP_NAME] = "name", [TOP_CALLS] = "calls",   [TOP_OPEN] = "open",
	[TOP_RATE] = "rate", [TOP_FAILED] = "failed", [TOP_DELAY] = "delay",
};

enum top_sort top_sort_find(const char *name)
{
	unsigned int sort = 0;

	while (sort < TOP_SORTS && strcmp(sort_names[sort], name) != 0)
		sort++;
	return (enum top_sort)sort;
}

struct growing {
	const json_t *before, *now; /* rows or objects; before NULL: none */
	double seconds;
};

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* How much a counter has grown; what goes down has begun anew. */
static json_int_t growth(const struct growing *s, const char *key)
{
	json_int_t by = number(s->now, key) - number(s->before, key);

	return by > 0 ? by : 0;
}

static json_t *rate(const struct growing *s, const char *key)
{
	return s->before ? json_real((double)growth(s, key) / s->seconds) : json_null();
}

static json_t *share(json_int_t part, json_int_t whole)
{
	return whole > 0 ? json_real((double)part / (double)whole) : json_null();
}

/* Of an array of objects the one that has the same texts. */
static const json_t *row_find(const json_t *rows, const json_t *like, const char *a, const char *b)
{
	size_t i;
	const json_t *row;

	json_array_foreach(rows, i, row) {
		if (json_equal(json_object_get(row, a), json_object_get(like, a)) &&
		    (!b || json_equal(json_object_get(row, b), json_object_get(like, b))))
			return row;
	}
	return NULL;
}

/* ---- delays: of the steps that grew, all of them where none did */

static json_int_t step_count(const json_t *steps, json_int_t us)
{
	size_t i;
	const json_t *step;

	json_array_foreach(steps, i, step) {
		if (json_integer_value(json_array_get(step, 0)) == us)
			return json_integer_value(json_array_get(step, 1));
	}
	return 0;
}

static json_t *delay(const json_t *steps, const json_t *before, unsigned int permille)
{
	json_int_t total = 0, sum = 0;
	size_t i;
	const json_t *step;

	json_array_foreach(steps, i, step)
		total += json_integer_value(json_array_get(step, 1)) -
			 step_count(before, json_integer_value(json_array_get(step, 0)));
	if (total == 0 && before)
		return delay(steps, NULL, permille);
	json_array_foreach(steps, i, step) {
		json_int_t us = json_integer_value(json_array_get(step, 0));
		sum += json_integer_value(json_array_get(step, 1)) - step_count(before, us);
		if (sum > 0 && sum * 1000 >= total * (json_int_t)permille)
			return json_integer(us);
	}
	return json_null();
}

/* ---- rows */

static json_t *target_row(const struct growing *s)
{
	const json_t *now = s->now;
	const json_t *steps = json_object_get(now, "delays");
	const json_t *before = json_object_get(s->before, "delays");
	json_int_t failed = growth(s, "timeouts") + growth(s, "errors") + growth(s, "responses_5xx");
	json_int_t ended = growth(s, "timeouts") + growth(s, "errors") + growth(s, "responses_2xx") +
			   growth(s, "responses_other");

	return json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:o, s:o, s:o, s:o}", "pool",
			 json_object_get(now, "pool"), "name", json_object_get(now, "name"), "admin",
			 json_object_get(now, "admin"), "health", json_object_get(now, "health"),
			 "usable", json_object_get(now, "usable"), "withheld",
			 json_object_get(now, "withheld"), "calls", json_object_get(now, "calls"),
			 "open", json_object_get(now, "outstanding"), "rate", rate(s, "requests"),
			 "failed_share", s->before ? share(failed, ended) : json_null(), "p50_us",
			 delay(steps, before, 500), "p99_us", delay(steps, before, 990));
}

static json_t *worker_row(const struct growing *s)
{
	double hz = (double)number(s->now, "tsc_hz");
	json_t *busy = json_null();

	if (s->before && hz > 0) {
		double part = (double)growth(s, "busy_cycles") / (hz * s->seconds);
		busy = json_real(part > 1 ? 1 : part);
	}
	return json_pack("{s:O, s:o, s:o, s:O, s:O, s:O, s:O, s:O}", "worker",
			 json_object_get(s->now, "worker"), "busy", busy, "messages",
			 rate(s, "messages"), "txns", json_object_get(s->now, "txns"), "txns_max",
			 json_object_get(s->now, "txns_max"), "dialogs",
			 json_object_get(s->now, "dialogs"), "inside_p50_ns",
			 json_object_get(s->now, "inside_p50_ns"), "inside_p99_ns",
			 json_object_get(s->now, "inside_p99_ns"));
}

static json_t *drop_row(const struct growing *s)
{
	return json_pack("{s:O, s:O, s:o, s:O}", "reason", json_object_get(s->now, "reason"), "count",
			 json_object_get(s->now, "count"), "rate", rate(s, "count"), "help",
			 json_object_get(s->now, "help"));
}

static json_t *rows(const json_t *before, const json_t *now, const char *key, const char *a,
		    const char *b, double seconds, json_t *(*make)(const struct growing *))
{
	json_t *list = json_array(), *nothing = json_object();
	size_t i;
	const json_t *row;

	json_array_foreach(json_object_get(now, key), i, row) {
		struct growing s = { .now = row, .seconds = seconds };
		if (before)
			s.before = row_find(json_object_get(before, key), row, a, b);
		/* A reason that comes up for the first time has grown from nothing. */
		if (before && !s.before)
			s.before = nothing;
		json_array_append_new(list, make(&s));
	}
	json_decref(nothing);
	return list;
}

/* ---- order */

struct sorted {
	const json_t *row;
	double value;
	char name[160];
};

static double sort_value(const json_t *row, enum top_sort sort)
{
	static const char *const keys[TOP_SORTS] = {
		[TOP_CALLS] = "calls",	      [TOP_OPEN] = "open",   [TOP_RATE] = "rate",
		[TOP_FAILED] = "failed_share", [TOP_DELAY] = "p99_us",
	};
	return keys[sort] ? json_number_value(json_object_get(row, keys[sort])) : 0;
}

static int by_value(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->name, y->name);
}

static json_t *sort_rows(json_t *list, enum top_sort sort, bool reverse)
{
	size_t count = json_array_size(list);
	struct sorted *sorted = calloc(count ? count : 1, sizeof(*sorted));
	json_t *ordered = json_array();

	for (size_t i = 0; sorted && i < count; i++) {
		const json_t *row = json_array_get(list, i);
		sorted[i].row = row;
		sorted[i].value = sort_value(row, sort);
		snprintf(sorted[i].name, sizeof(sorted[i].name), "%s/%s",
			 json_string_value(json_object_get(row, "pool")),
			 json_string_value(json_object_get(row, "name")));
	}
	if (sorted)
		qsort(sorted, count, sizeof(*sorted), by_value);
	for (size_t i = 0; sorted && i < count; i++)
		json_array_append(ordered,
				  (json_t *)(uintptr_t)sorted[reverse ? count - 1 - i : i].row);
	free(sorted);
	json_decref(list);
	return ordered;
}

json_t *top_view(const json_t *before, const json_t *now, enum top_sort sort, bool reverse)
{
	/* Another tandemd answers: what it counts has nothing to do with the one before. */
	if (before && (number(now, "uptime_s") < number(before, "uptime_s") ||
		       number(now, "time_us") <= number(before, "time_us")))
		before = NULL;
	double seconds = before ?
		(double)(number(now, "time_us") - number(before, "time_us")) / 1e6 : 1;
	const struct growing total = {
		.before = json_object_get(before, "total"),
		.now = json_object_get(now, "total"),
		.seconds = seconds,
	};

	return json_pack("{s:O, s:O, s:O, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o}, s:O, s:O, s:O, "
			 "s:o, s:o, s:o}",
			 "program", json_object_get(now, "program"), "instance",
			 json_object_get(now, "instance"), "uptime_s",
			 json_object_get(now, "uptime_s"), "interval_s",
			 before ? json_real(seconds) : json_null(), "rates", "calls",
			 rate(&total, "calls_begun"), "messages", rate(&total, "messages"),
			 "received", rate(&total, "received"), "sent", rate(&total, "sent"),
			 "replies", rate(&total, "replies"), "drops", rate(&total, "drops"),
			 "failovers", rate(&total, "failovers"), "txns",
			 json_object_get(total.now, "txns"), "calls",
			 json_object_get(total.now, "dialogs"), "dropped",
			 json_object_get(total.now, "drops"), "targets",
			 sort_rows(rows(before, now, "targets", "pool", "name", seconds, target_row),
				   sort, reverse),
			 "workers", rows(before, now, "workers", "worker", NULL, seconds, worker_row),
			 "drops", rows(before, now, "drops", "reason", NULL, seconds, drop_row));
}
