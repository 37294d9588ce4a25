/* SPDX-License-Identifier: BSD-3-Clause */
/* Events; see events.h. */
#include "events/events.h"

#include <stdarg.h>
#include <time.h>

#include "api/json_text.h"

void events_init(struct events *events, FILE *out)
{
	*events = (struct events){ .out = out, .recent = json_array() };
}

void events_fini(struct events *events)
{
	json_decref(events->recent);
	*events = (struct events){ .out = NULL };
}

const char *events_time(const struct timespec *at, char text[EVENTS_TIME_MAX])
{
	struct tm tm;
	char second[24];

	gmtime_r(&at->tv_sec, &tm);
	strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, EVENTS_TIME_MAX, "%s.%03uZ", second,
		 (unsigned int)(at->tv_nsec / 1000000) % 1000);
	return text;
}

static void events_keep(struct events *events, json_t *event)
{
	while (json_array_size(events->recent) >= EVENTS_RECENT_MAX)
		json_array_remove(events->recent, 0);
	json_array_append(events->recent, event);
}

void events_raise(struct events *events, const char *kind, json_t *fields, const char *format, ...)
{
	struct timespec now;
	char time[EVENTS_TIME_MAX], text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	clock_gettime(CLOCK_REALTIME, &now);
	events_time(&now, time);
	if (events->out) {
		fprintf(events->out, "%s %s: %s\n", time, kind, text);
		fflush(events->out);
	}
	json_t *event = json_pack("{s:s, s:s, s:o}", "time", time, "kind", kind, "text",
				 json_text(text));
	if (event && fields)
		json_object_update_missing(event, fields);
	json_decref(fields);
	if (!event)
		return;
	events_keep(events, event);
	if (events->sink)
		events->sink(events->context, event);
	json_decref(event);
}
