/* SPDX-License-Identifier: BSD-3-Clause */
/* telemetry/log: lines for people and machines, entries for journald, limits, the service manager. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "telemetry/log/journal.h"
#include "telemetry/log/log.h"
#include "telemetry/log/notify.h"

struct test {
	struct log log;
	char *text;
	size_t len, seen;
	FILE *out;
	char path[64];  /* of a socket that stands for journald's */
	int journald;
};

static int set_up(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	t->out = open_memstream(&t->text, &t->len);
	log_init(&t->log, t->out);
	snprintf(t->path, sizeof(t->path), "/tmp/tandem-journal-%d", (int)getpid());
	memcpy(address.sun_path, t->path, strlen(t->path));
	unlink(t->path);
	t->journald = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(t->journald, (struct sockaddr *)&address, sizeof(address)), 0);
	t->log.journal_path = t->path;
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct test *t = *state;

	log_fini(&t->log);
	fclose(t->out);
	free(t->text);
	if (t->journald >= 0)
		close(t->journald);
	unlink(t->path);
	free(t);
	return 0;
}

static void configure(struct test *t, enum log_target target, enum log_format format,
		      enum log_level level)
{
	assert_int_equal(log_configure(&t->log, &(struct log_settings){ target, format, level }), 0);
}

static void raise_event(struct test *t, const char *kind, const char *target, const char *text,
			uint64_t now_ms)
{
	json_t *event = json_pack("{s:s, s:s, s:s, s:s*, s:i, s:n}", "time",
				  "2026-01-31T23:59:59.123Z", "kind", kind, "text", text, "target",
				  target, "count", 3, "nothing");

	assert_non_null(event);
	log_event(&t->log, event, now_ms);
	json_decref(event);
}

/* What was written since the last look. */
static const char *written(struct test *t)
{
	const size_t before = t->seen;

	fflush(t->out);
	t->seen = t->len;
	return t->text + before;
}

static void assert_written(struct test *t, const char *wanted)
{
	assert_string_equal(written(t), wanted);
}

static void a_line_for_people_has_time_kind_and_text(void **state)
{
	struct test *t = *state;

	raise_event(t, "target", "sw1", "switches/sw1: drain", 0);
	assert_written(t, "2026-01-31T23:59:59.123Z target: switches/sw1: drain\n");
}

static void a_strangers_control_characters_steer_no_terminal(void **state)
{
	struct test *t = *state;

	raise_event(t, "peer", NULL, "Call-ID a\033[31m\nstart: up", 0);
	assert_written(t, "2026-01-31T23:59:59.123Z peer: Call-ID a?[31m?start: up\n");
}

static void a_line_for_machines_is_the_event_and_its_level(void **state)
{
	struct test *t = *state;
	json_t *line;

	configure(t, LOG_TO_STDERR, LOG_AS_JSON, LOG_LEVEL_INFO);
	raise_event(t, "peer", NULL, "one\ntwo", 0);
	fflush(t->out);
	assert_int_equal(t->text[t->len - 1], '\n');
	assert_ptr_equal(strchr(t->text, '\n'), t->text + t->len - 1);
	line = json_loads(t->text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(line, "text")), "one\ntwo");
	assert_int_equal(json_integer_value(json_object_get(line, "count")), 3);
	json_decref(line);
}

static void what_is_less_grave_than_the_level_is_not_told(void **state)
{
	struct test *t = *state;
	json_t *grave = json_pack("{s:s, s:s, s:s, s:s}", "time", "T", "kind", "target", "text", "gone",
				  "level", "error");

	configure(t, LOG_TO_STDERR, LOG_AS_TEXT, LOG_LEVEL_WARNING);
	raise_event(t, "start", NULL, "up", 0);     /* notice */
	raise_event(t, "whatever", NULL, "x", 0);   /* info */
	raise_event(t, "config", NULL, "refused", 0); /* warning */
	log_event(&t->log, grave, 0);               /* says so itself */
	json_decref(grave);
	assert_written(t, "2026-01-31T23:59:59.123Z config: refused\nT target: gone\n");
	assert_int_equal(t->log.lines, 2);
}

static json_t *health_event(const char *pool, const char *health)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "time", "T", "kind", "health", "text", health,
			 "pool", pool, "target", "sw1", "health", health);
}

static void good_news_are_less_grave_and_pools_are_apart(void **state)
{
	struct test *t = *state;

	configure(t, LOG_TO_STDERR, LOG_AS_TEXT, LOG_LEVEL_WARNING);
	for (int i = 0; i < 2 * LIMIT_BURST; i++) {
		json_t *up = health_event("a", "up"), *down = health_event("a", "down");

		log_event(&t->log, up, 1000);
		log_event(&t->log, down, 1000);
		json_decref(up);
		json_decref(down);
	}
	assert_int_equal(t->log.lines, LIMIT_BURST);
	json_t *other = health_event("b", "down");
	log_event(&t->log, other, 1000);
	json_decref(other);
	assert_int_equal(t->log.lines, LIMIT_BURST + 1);
}

static void repetitions_are_left_out_and_told_of_with_the_next(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 30; i++)
		raise_event(t, "cseq", "sw1", "again", 1000);
	assert_int_equal(t->log.lines, LIMIT_BURST);
	assert_int_equal(t->log.limit.left_out, 30 - LIMIT_BURST);
	/* Another target, another kind: each has its own. */
	raise_event(t, "cseq", "sw2", "again", 1000);
	raise_event(t, "ack", "sw1", "again", 1000);
	assert_int_equal(t->log.lines, LIMIT_BURST + 2);
	(void)written(t);
	raise_event(t, "cseq", "sw1", "again", 1000 + LIMIT_REFILL_MS);
	assert_written(t, "2026-01-31T23:59:59.123Z cseq: again (20 more suppressed)\n");
	raise_event(t, "cseq", "sw1", "again", 1000 + LIMIT_REFILL_MS);
	assert_int_equal(t->log.lines, LIMIT_BURST + 3);
}

static void what_is_left_out_last_is_told_when_it_is_quiet(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < LIMIT_BURST + 4; i++)
		raise_event(t, "cseq", "sw1", "again", 1000);
	(void)written(t);
	log_settle(&t->log, 1000 + LIMIT_QUIET_MS - 1);
	assert_int_equal(t->log.lines, LIMIT_BURST);
	log_settle(&t->log, 1000 + LIMIT_QUIET_MS);
	assert_non_null(strstr(written(t), " log: 4 more suppressed of: cseq sw1\n"));
	log_settle(&t->log, 1000 + 2 * LIMIT_QUIET_MS);
	assert_int_equal(t->log.lines, LIMIT_BURST + 1);
}

static void start_stop_and_configuration_are_never_left_out(void **state)
{
	static const char *const kinds[] = { "start", "stop", "config" };
	struct test *t = *state;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (int i = 0; i < 100; i++)
			raise_event(t, kinds[k], NULL, "once more", 1000);
	}
	assert_int_equal(t->log.lines, 300);
}

static void a_stranger_with_many_names_fills_no_memory(void **state)
{
	struct test *t = *state;
	char target[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(target, sizeof(target), "peer-%d", i);
		raise_event(t, "peer", target, "x", 1000 + (uint64_t)i);
	}
	/* Each was new, or had given way to a newer one: nothing is held back for that. */
	assert_int_equal(t->log.lines, 5000);
	assert_int_equal(t->log.limit.left_out, 0);
}

static size_t journal_entry(struct test *t, char *entry, size_t size)
{
	ssize_t len = recv(t->journald, entry, size - 1, 0);

	assert_true(len > 0);
	entry[len] = '\0';
	return (size_t)len;
}

static void journald_gets_fields(void **state)
{
	struct test *t = *state;
	char entry[4096];

	configure(t, LOG_TO_JOURNALD, LOG_AS_TEXT, LOG_LEVEL_INFO);
	raise_event(t, "target", "sw1", "switches/sw1: drain", 0);
	journal_entry(t, entry, sizeof(entry));
	assert_string_equal(entry, "MESSAGE=switches/sw1: drain\nPRIORITY=5\n"
				   "SYSLOG_IDENTIFIER=tandemd\n"
				   "TANDEM_TIME=2026-01-31T23:59:59.123Z\nTANDEM_KIND=target\n"
				   "TANDEM_TARGET=sw1\nTANDEM_COUNT=3\n");
	assert_int_equal(t->log.lost, 0);
	fflush(t->out);
	assert_int_equal(t->len, 0); /* and not on stderr too */
}

static void a_value_with_a_line_end_goes_by_its_length(void **state)
{
	struct test *t = *state;
	char entry[4096];

	configure(t, LOG_TO_JOURNALD, LOG_AS_TEXT, LOG_LEVEL_INFO);
	raise_event(t, "peer", NULL, "a\nPRIORITY=0", 0);
	journal_entry(t, entry, sizeof(entry));
	assert_memory_equal(entry, "MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=4\n", 39);
}

static void a_journal_that_does_not_read_costs_lines_and_no_time(void **state)
{
	struct test *t = *state;

	configure(t, LOG_TO_JOURNALD, LOG_AS_TEXT, LOG_LEVEL_INFO);
	/* Its queue has room for some hundred datagrams at most: were a call to wait, this would
	 * not end. */
	for (int i = 0; i < 5000; i++)
		raise_event(t, "start", NULL, "x", 0);
	assert_true(t->log.lost > 0);
	assert_int_equal(t->log.lines, 5000);
}

static void a_journal_that_was_restarted_is_found_again(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct test *t = *state;
	char entry[4096];

	configure(t, LOG_TO_JOURNALD, LOG_AS_TEXT, LOG_LEVEL_INFO);
	close(t->journald);
	unlink(t->path);
	raise_event(t, "start", NULL, "lost", 0);
	assert_int_equal(t->log.lost, 1);
	memcpy(address.sun_path, t->path, strlen(t->path));
	t->journald = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(t->journald, (struct sockaddr *)&address, sizeof(address)), 0);
	raise_event(t, "start", NULL, "found", 0);
	journal_entry(t, entry, sizeof(entry));
	assert_memory_equal(entry, "MESSAGE=found\n", 14);
	assert_int_equal(t->log.lost, 1);
}

static void without_a_journal_the_log_stays_as_it_was(void **state)
{
	struct test *t = *state;

	t->log.journal_path = "/nonexistent/journal";
	assert_int_equal(log_configure(&t->log, &(struct log_settings){ LOG_TO_JOURNALD, LOG_AS_TEXT,
									LOG_LEVEL_INFO }),
			 -ENOENT);
	raise_event(t, "start", NULL, "up", 0);
	assert_written(t, "2026-01-31T23:59:59.123Z start: up\n");
}

static void the_service_manager_hears_what_it_asked_for(void **state)
{
	struct test *t = *state;
	struct notify notify;
	char lines[4096];

	setenv("NOTIFY_SOCKET", t->path, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
	notify_open(&notify);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	notify_send(&notify, "READY=1");
	journal_entry(t, lines, sizeof(lines));
	assert_string_equal(lines, "READY=1");
	notify_reloading(&notify);
	journal_entry(t, lines, sizeof(lines));
	assert_memory_equal(lines, "RELOADING=1\nMONOTONIC_USEC=", 27);
	notify_alive(&notify, 10000);
	journal_entry(t, lines, sizeof(lines));
	assert_string_equal(lines, "WATCHDOG=1");
	notify_alive(&notify, 10999);
	assert_int_equal(recv(t->journald, lines, sizeof(lines), 0), -1);
	notify_alive(&notify, 11000);
	journal_entry(t, lines, sizeof(lines));
	assert_string_equal(lines, "WATCHDOG=1");
	notify_close(&notify);
}

static void without_a_service_manager_nothing_is_said(void **state)
{
	struct test *t = *state;
	struct notify notify;
	char lines[64];

	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "2000000", 1);
	notify_open(&notify);
	notify_send(&notify, "READY=1");
	notify_alive(&notify, 100000);
	assert_int_equal(recv(t->journald, lines, sizeof(lines), 0), -1);
	notify_close(&notify);
	/* A watchdog that watches another process. */
	setenv("NOTIFY_SOCKET", t->path, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open(&notify);
	notify_alive(&notify, 100000);
	assert_int_equal(recv(t->journald, lines, sizeof(lines), 0), -1);
	notify_close(&notify);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_line_for_people_has_time_kind_and_text),
		TEST(a_strangers_control_characters_steer_no_terminal),
		TEST(a_line_for_machines_is_the_event_and_its_level),
		TEST(what_is_less_grave_than_the_level_is_not_told),
		TEST(good_news_are_less_grave_and_pools_are_apart),
		TEST(repetitions_are_left_out_and_told_of_with_the_next),
		TEST(what_is_left_out_last_is_told_when_it_is_quiet),
		TEST(start_stop_and_configuration_are_never_left_out),
		TEST(a_stranger_with_many_names_fills_no_memory),
		TEST(journald_gets_fields),
		TEST(a_value_with_a_line_end_goes_by_its_length),
		TEST(a_journal_that_does_not_read_costs_lines_and_no_time),
		TEST(a_journal_that_was_restarted_is_found_again),
		TEST(without_a_journal_the_log_stays_as_it_was),
		TEST(the_service_manager_hears_what_it_asked_for),
		TEST(without_a_service_manager_nothing_is_said),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
