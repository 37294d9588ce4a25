/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of a trace for people; see render_trace.h. */
#include "ctl/render_trace.h"

#include <stdbool.h>
#include <string.h>

#define INDENT "                   "

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

static bool has_text(const json_t *object, const char *key)
{
	return json_string_length(json_object_get(object, key)) > 0;
}

/* "12:00:01.123456 w1", of "2026-01-31T12:00:01.123Z" and the nanoseconds. */
static void put_time(const json_t *message, FILE *out)
{
	const char *time = strchr(text_of(message, "time"), 'T');
	json_int_t ns = json_integer_value(json_object_get(message, "time_ns"));

	fprintf(out, "%.8s.%06lld w%lld ", time ? time + 1 : "--:--:--",
		(long long)(ns / 1000 % 1000000),
		(long long)json_integer_value(json_object_get(message, "worker")));
}

static void put_decisions(const json_t *message, FILE *out)
{
	size_t i;
	const json_t *decision;

	json_array_foreach(json_object_get(message, "decisions"), i, decision)
		fprintf(out, INDENT "%s\n", text_of(decision, "text"));
}

static void put_verdict(const json_t *message, FILE *out)
{
	if (!has_text(message, "verdict"))
		return;
	fprintf(out, INDENT "%s %s: %s", text_of(message, "verdict"), text_of(message, "reason"),
		text_of(message, "help"));
	if (has_text(message, "clause"))
		fprintf(out, ", %s", text_of(message, "clause"));
	fputc('\n', out);
}

/* The message as it is, each line marked. */
static void put_message(const json_t *message, FILE *out)
{
	const char *text = json_string_value(json_object_get(message, "message"));

	while (text && *text) {
		size_t len = strcspn(text, "\n"), shown = len;
		if (shown && text[shown - 1] == '\r')
			shown--;
		fprintf(out, INDENT "| %.*s\n", (int)shown, text);
		text += len + (text[len] == '\n');
	}
}

void ctl_render_traced(const json_t *message, FILE *out)
{
	const char *direction = text_of(message, "direction");
	const char *origin = text_of(message, "origin");

	put_time(message, out);
	if (has_text(message, "start_line")) {
		fprintf(out, "%s %s > %s  %s", strcmp(direction, "in") == 0 ? "<-" : "->",
			text_of(message, "from"), text_of(message, "to"),
			text_of(message, "start_line"));
		if (strcmp(direction, "out") == 0 && strcmp(origin, "forwarded") != 0)
			fprintf(out, "  (%s)", strcmp(origin, "own") == 0 ? "of our own" : "once more");
		fprintf(out, "\n" INDENT "Call-ID %s, CSeq %s, %lld octets\n",
			text_of(message, "call_id"), text_of(message, "cseq"),
			(long long)json_integer_value(json_object_get(message, "length")));
	} else {
		fprintf(out, "** %s, Call-ID %s\n",
			strcmp(direction, "timer") == 0 ? "timer" : "transport error",
			text_of(message, "call_id"));
	}
	put_verdict(message, out);
	put_decisions(message, out);
	put_message(message, out);
	fflush(out);
}

void ctl_render_trace_end(const json_t *body, FILE *out)
{
	const char *ended = text_of(body, "ended");
	long long count = (long long)json_integer_value(json_object_get(body, "count"));

	fprintf(out, "%lld %s, %lld missed; ended by %s\n", count,
		count == 1 ? "message" : "messages",
		(long long)json_integer_value(json_object_get(body, "dropped")),
		strcmp(ended, "count") == 0 ? "--count" :
		strcmp(ended, "time") == 0  ? "--seconds" :
					      "tandemd's end");
}
