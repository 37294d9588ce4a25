/* SPDX-License-Identifier: BSD-3-Clause */
/* Events as lines of a log; see log.h. */
#include "telemetry/log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "events/events.h"
#include "telemetry/log/journal.h"

#define JOURNAL_ENTRY_MAX 8192

static const struct {
	const char *kind;
	enum log_level level;
	bool is_limited;
} kinds[] = {
	{ "start", LOG_LEVEL_NOTICE, false },  { "stop", LOG_LEVEL_NOTICE, false },
	{ "config", LOG_LEVEL_WARNING, false }, { "target", LOG_LEVEL_NOTICE, true },
	{ "peer", LOG_LEVEL_WARNING, true },   { "cseq", LOG_LEVEL_WARNING, true },
	{ "ack", LOG_LEVEL_WARNING, true },      { "health", LOG_LEVEL_WARNING, true },
	{ "panic", LOG_LEVEL_ERROR, true },    { "dns", LOG_LEVEL_WARNING, true },
};

static const struct {
	const char *name;
	enum log_level level;
} levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE },
	{ "info", LOG_LEVEL_INFO },
};

static const char *member(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text ? text : "";
}

enum log_level log_level_of(const json_t *event)
{
	const char *level = member(event, "level"), *kind = member(event, "kind");

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(levels[i].name, level) == 0)
			return levels[i].level;
	}
	/* The good news of the same kind. */
	if (strcmp(kind, "health") == 0 && strcmp(member(event, "health"), "up") == 0)
		return LOG_LEVEL_NOTICE;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].level;
	}
	return LOG_LEVEL_INFO;
}

const char *log_level_name(enum log_level level)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (levels[i].level == level)
			return levels[i].name;
	}
	return "info";
}

static bool is_limited(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].is_limited;
	}
	return true;
}

/* ---- where it goes ------------------------------------------------------------------------ */

void log_init(struct log *log, FILE *out)
{
	*log = (struct log){
		.settings = { .level = LOG_LEVEL_INFO },
		.out = out,
		.journal = -1,
		.journal_path = JOURNAL_SOCKET,
	};
}

void log_fini(struct log *log)
{
	if (log->journal >= 0)
		close(log->journal);
	log->journal = -1;
	log->out = NULL;
}

int log_configure(struct log *log, const struct log_settings *settings)
{
	if (settings->target == LOG_TO_JOURNALD && log->journal < 0) {
		int fd = journal_open(log->journal_path);

		if (fd < 0)
			return fd;
		log->journal = fd;
	}
	log->settings = *settings;
	return 0;
}

/* A control character of a stranger's must neither end a line nor steer a terminal. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void to_stderr(struct log *log, const json_t *event, enum log_level level, const char *more)
{
	if (!log->out)
		return;
	if (log->settings.format == LOG_AS_JSON) {
		json_t *copy = json_copy((json_t *)(uintptr_t)event);
		json_object_set_new(copy, "level", json_string(log_level_name(level)));
		json_dumpf(copy, log->out, JSON_COMPACT);
		json_decref(copy);
	} else {
		fprintf(log->out, "%s %s: ", member(event, "time"), member(event, "kind"));
		put_text(log->out, member(event, "text"));
		fputs(more, log->out);
	}
	putc('\n', log->out);
	fflush(log->out);
}

/* journald went away and came back: its socket is a new one. */
static int journal_deliver(struct log *log, struct span entry)
{
	int status = journal_send(log->journal, entry), fd;

	if (status != -ECONNREFUSED && status != -ENOTCONN && status != -ECONNRESET)
		return status;
	fd = journal_open(log->journal_path);
	if (fd < 0)
		return fd;
	close(log->journal);
	log->journal = fd;
	return journal_send(log->journal, entry);
}

static void put_member(struct text_writer *w, const char *name, json_t *value)
{
	if (json_is_string(value)) {
		journal_put(w, "TANDEM_", name,
			    span_of(json_string_value(value), json_string_length(value)));
	} else if (!json_is_null(value)) {
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (text)
			journal_put(w, "TANDEM_", name, span_of_string(text));
		free(text);
	}
}

static void to_journal(struct log *log, const json_t *event, enum log_level level, const char *more)
{
	char entry[JOURNAL_ENTRY_MAX], text[1024];
	struct text_writer w = text_writer_of(entry, sizeof(entry));
	const char priority = (char)('0' + level);
	const char *name;
	json_t *value;

	snprintf(text, sizeof(text), "%s%s", member(event, "text"), more);
	journal_put(&w, "", "MESSAGE", span_of_string(text));
	journal_put(&w, "", "PRIORITY", span_of(&priority, 1));
	journal_put(&w, "", "SYSLOG_IDENTIFIER", SPAN("tandemd"));
	json_object_foreach((json_t *)(uintptr_t)event, name, value) {
		struct text_writer before = w;

		if (strcmp(name, "text") != 0)
			put_member(&w, name, value);
		/* A field without room is left out whole, the others stay. */
		if (w.overflow)
			w = before;
	}
	if (journal_deliver(log, text_written(&w)) < 0)
		log->lost++;
}

static void deliver(struct log *log, const json_t *event, enum log_level level, uint64_t left_out)
{
	char more[48] = "";

	if (left_out)
		snprintf(more, sizeof(more), " (%llu more suppressed)",
			 (unsigned long long)left_out);
	if (log->settings.target == LOG_TO_JOURNALD)
		to_journal(log, event, level, more);
	else
		to_stderr(log, event, level, more);
	log->lines++;
}

/* ---- what goes there ---------------------------------------------------------------------- */

/* Kind and what it is about: "health switches/sw1". */
static void name_of(const json_t *event, char name[LIMIT_NAME_MAX])
{
	const char *where = member(event, "pool"), *what = member(event, "target");

	if (!*what)
		what = member(event, "peer");
	if (!*where)
		where = member(event, "service");
	snprintf(name, LIMIT_NAME_MAX, "%s%s%s%s%s", member(event, "kind"), *where || *what ? " " : "",
		 where, *where && *what ? "/" : "", what);
}

void log_event(struct log *log, const json_t *event, uint64_t now_ms)
{
	const enum log_level level = log_level_of(event);
	char name[LIMIT_NAME_MAX];
	uint64_t left_out = 0;

	if (level > log->settings.level)
		return;
	name_of(event, name);
	if (is_limited(member(event, "kind")) && !limit_pass(&log->limit, name, now_ms, &left_out))
		return;
	if (left_out == 0) {
		deliver(log, event, level, 0);
		return;
	}
	json_t *copy = json_copy((json_t *)(uintptr_t)event);
	json_object_set_new(copy, "suppressed", json_integer((json_int_t)left_out));
	deliver(log, copy, level, left_out);
	json_decref(copy);
}

void log_settle(struct log *log, uint64_t now_ms)
{
	char name[LIMIT_NAME_MAX], text[LIMIT_NAME_MAX + 64], time[EVENTS_TIME_MAX];
	struct timespec now;
	uint64_t left_out;

	clock_gettime(CLOCK_REALTIME, &now);
	while (limit_settle(&log->limit, now_ms, name, &left_out)) {
		snprintf(text, sizeof(text), "%llu more suppressed of: %s",
			 (unsigned long long)left_out, name);
		json_t *event = json_pack("{s:s, s:s, s:s, s:I}", "time", events_time(&now, time), "kind",
					  "log", "text", text, "suppressed", (json_int_t)left_out);
		if (event)
			deliver(log, event, LOG_LEVEL_NOTICE, 0);
		json_decref(event);
	}
}
