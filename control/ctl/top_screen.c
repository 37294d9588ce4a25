/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of the live screen; see top.h.  Pure but for the stream it prints to. */
#include "ctl/top.h"

#include <stdarg.h>
#include <string.h>

#include "ctl/field.h"

#define WORKERS_SHOWN 4
#define DROPS_SHOWN   4

enum colour { PLAIN, GOOD, CARE, BAD, DIM, HEAD, BOLD };

struct screen {
	FILE *out;
	int columns, lines_left;
	int column;      /* of the line begun */
	bool is_begun, has_colours;
};

static const char *const codes[] = {
	[PLAIN] = "", [GOOD] = "\033[32m", [CARE] = "\033[33m", [BAD] = "\033[1;31m",
	[DIM] = "\033[2m", [HEAD] = "\033[7m", [BOLD] = "\033[1m",
};

static bool line_begin(struct screen *s)
{
	if (s->lines_left == 0)
		return false;
	s->lines_left--;
	s->column = 0;
	return true;
}

static void line_end(struct screen *s)
{
	fputs(s->has_colours ? "\033[K\n" : "\n", s->out);
}

/* As far as the line has room. */
static PRINTF_LIKE(3, 4) void put(struct screen *s, enum colour colour, const char *format, ...)
{
	char text[FIELD_TEXT_MAX];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = MIN(len, (int)sizeof(text) - 1);
	len = MIN(len, s->columns - s->column);
	if (len <= 0)
		return;
	if (s->has_colours && colour != PLAIN)
		fprintf(s->out, "%s%.*s\033[0m", codes[colour], len, text);
	else
		fprintf(s->out, "%.*s", len, text);
	s->column += len;
}

/* To the right end of a bar of the head's colour. */
static void put_bar(struct screen *s, const char *text)
{
	put(s, HEAD, "%-*s", s->columns, text);
}

/* ---- values; "-" where nothing is known */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static const char *rate_text(const json_t *value, char text[32])
{
	double rate = json_number_value(value);

	if (!json_is_number(value))
		snprintf(text, 32, "-");
	else if (rate >= 99.95)
		snprintf(text, 32, "%.0f", rate);
	else
		snprintf(text, 32, "%.1f", rate);
	return text;
}

static const char *rate_of(const json_t *object, const char *path, char text[32])
{
	return rate_text(field_find(object, path), text);
}

static const char *percent_of(const json_t *object, const char *key, char text[32])
{
	const json_t *value = json_object_get(object, key);

	if (json_is_number(value))
		snprintf(text, 32, "%.1f%%", json_number_value(value) * 100);
	else
		snprintf(text, 32, "-");
	return text;
}

/* Microseconds as milliseconds. */
static const char *delay_of(const json_t *object, const char *key, char text[32])
{
	const json_t *value = json_object_get(object, key);
	double ms = json_number_value(value) / 1000;

	if (!json_is_number(value))
		snprintf(text, 32, "-");
	else
		snprintf(text, 32, ms < 10 ? "%.2f" : ms < 100 ? "%.1f" : "%.0f", ms);
	return text;
}

static long long count_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* ---- parts */

static void put_summary(struct screen *s, const json_t *view)
{
	char up[FIELD_TEXT_MAX], a[32], b[32], c[32];
	const json_t *drops = field_find(view, "rates.drops");
	const bool is_dropping = json_number_value(drops) > 0;

	if (line_begin(s)) {
		put(s, BOLD, "%s", text_of(view, "program"));
		put(s, PLAIN, "  instance %lld  up %s", count_of(view, "instance"),
		    field_format(view, "uptime_s", FIELD_SECONDS, up));
		put(s, DIM, "  rates over %s s", rate_of(view, "interval_s", a));
		line_end(s);
	}
	if (line_begin(s)) {
		put(s, PLAIN, "calls/s ");
		put(s, BOLD, "%-8s", rate_of(view, "rates.calls", a));
		put(s, PLAIN, " calls ");
		put(s, BOLD, "%-8lld", count_of(view, "calls"));
		put(s, PLAIN, " transactions ");
		put(s, BOLD, "%-8lld", count_of(view, "txns"));
		put(s, PLAIN, " fail-overs/s %s", rate_of(view, "rates.failovers", b));
		line_end(s);
	}
	if (line_begin(s)) {
		put(s, PLAIN, "messages/s %-8s sent/s %-8s own replies/s %-8s drops/s ",
		    rate_of(view, "rates.messages", a), rate_of(view, "rates.sent", b),
		    rate_of(view, "rates.replies", c));
		put(s, is_dropping ? BAD : PLAIN, "%s", rate_text(drops, a));
		line_end(s);
	}
}

static enum colour busy_colour(const json_t *worker)
{
	double busy = json_number_value(json_object_get(worker, "busy"));

	return busy > 0.9 ? BAD : busy > 0.7 ? CARE : GOOD;
}

static void put_workers(struct screen *s, const json_t *view)
{
	const json_t *workers = json_object_get(view, "workers"), *worker;
	char busy[32], messages[32], p50[32], p99[32];
	size_t i;

	if (line_begin(s)) {
		put_bar(s, "WORKER    BUSY                        MESSAGES/S  TRANSACTIONS  p50 us  p99 us");
		line_end(s);
	}
	json_array_foreach(workers, i, worker) {
		if (i == WORKERS_SHOWN || !line_begin(s))
			break;
		double share = json_number_value(json_object_get(worker, "busy"));
		int bar = (int)(share * 20 + 0.5);
		put(s, PLAIN, "%-6lld %7s ", count_of(worker, "worker"),
		    percent_of(worker, "busy", busy));
		put(s, busy_colour(worker), "%.*s", bar, "####################");
		put(s, DIM, "%.*s", 20 - bar, "....................");
		snprintf(p50, sizeof(p50), "%.1f",
			 json_number_value(json_object_get(worker, "inside_p50_ns")) / 1000);
		snprintf(p99, sizeof(p99), "%.1f",
			 json_number_value(json_object_get(worker, "inside_p99_ns")) / 1000);
		put(s, PLAIN, " %12s %13lld %7s %7s", rate_of(worker, "messages", messages),
		    count_of(worker, "txns"), p50, p99);
		line_end(s);
	}
	if (json_array_size(workers) > WORKERS_SHOWN && line_begin(s)) {
		put(s, DIM, "... and %zu more: show workers", json_array_size(workers) - WORKERS_SHOWN);
		line_end(s);
	}
}

static enum colour wish_colour(const char *admin)
{
	return strcmp(admin, "ready") == 0 ? PLAIN : CARE;
}

static enum colour health_colour(const char *health)
{
	if (strcmp(health, "up") == 0)
		return GOOD;
	return strcmp(health, "trial") == 0 ? CARE : BAD;
}

static void put_target(struct screen *s, const json_t *target)
{
	char name[FIELD_TEXT_MAX], rate[32], failed[32], p50[32], p99[32];
	const char *admin = text_of(target, "admin"), *health = text_of(target, "health");
	double share = json_number_value(json_object_get(target, "failed_share"));

	snprintf(name, sizeof(name), "%s/%s", text_of(target, "pool"), text_of(target, "name"));
	put(s, PLAIN, "%-20.20s ", name);
	put(s, wish_colour(admin), "%-5.5s ", admin);
	put(s, health_colour(health), "%-11.11s ", health);
	put(s, PLAIN, "%6lld %5lld %7s ", count_of(target, "calls"), count_of(target, "open"),
	    rate_of(target, "rate", rate));
	put(s, share > 0 ? BAD : PLAIN, "%6s ", percent_of(target, "failed_share", failed));
	put(s, PLAIN, "%6s %6s", delay_of(target, "p50_us", p50), delay_of(target, "p99_us", p99));
}

static void put_targets(struct screen *s, const json_t *view, enum top_sort sort, int keep)
{
	static const char *const sorted[TOP_SORTS] = { "name", "CALLS", "OPEN", "REQ/S", "FAIL", "p99" };
	const json_t *targets = json_object_get(view, "targets"), *target;
	char head[160];
	size_t i;

	snprintf(head, sizeof(head), "%-20s %-5s %-11s %6s %5s %7s %6s %6s %6s   by %s", "TARGET",
		 "WISH", "OBSERVED", "CALLS", "OPEN", "REQ/S", "FAIL", "p50 ms", "p99 ms",
		 sorted[sort < TOP_SORTS ? sort : TOP_NAME]);
	if (line_begin(s)) {
		put_bar(s, head);
		line_end(s);
	}
	size_t count = json_array_size(targets), room = (size_t)MAX(s->lines_left - keep, 0);
	json_array_foreach(targets, i, target) {
		if ((count > room && i + 1 >= room) || !line_begin(s))
			break;
		put_target(s, target);
		line_end(s);
	}
	if (i < count && line_begin(s)) {
		put(s, DIM, "... and %zu more: --pool NAME, or show targets", count - i);
		line_end(s);
	}
}

static void put_drops(struct screen *s, const json_t *view)
{
	const json_t *drops = json_object_get(view, "drops"), *drop;
	char rate[32];
	size_t i;

	if (line_begin(s)) {
		put_bar(s, "DROPPED BECAUSE             SINCE START    NOW/S  MEANING");
		line_end(s);
	}
	json_array_foreach(drops, i, drop) {
		if (i == DROPS_SHOWN || !line_begin(s))
			break;
		bool is_now = json_number_value(json_object_get(drop, "rate")) > 0;
		put(s, is_now ? BAD : PLAIN, "%-24.24s %14lld %8s", text_of(drop, "reason"),
		    count_of(drop, "count"), rate_of(drop, "rate", rate));
		put(s, DIM, "  %s", text_of(drop, "help"));
		line_end(s);
	}
	if (json_array_size(drops) == 0 && line_begin(s)) {
		put(s, DIM, "nothing");
		line_end(s);
	}
}

void top_screen(const json_t *view, enum top_sort sort, const struct top_size *size,
		bool has_colours, FILE *out)
{
	struct screen s = {
		.out = out,
		.columns = size->columns,
		.lines_left = size->lines,
		.has_colours = has_colours,
	};
	const size_t drops = json_array_size(json_object_get(view, "drops"));

	put_summary(&s, view);
	put_workers(&s, view);
	put_targets(&s, view, sort, 1 + (drops < 1 ? 1 : MIN((int)drops, DROPS_SHOWN)));
	put_drops(&s, view);
}
