/* SPDX-License-Identifier: BSD-3-Clause */
/* ctl/top.h: rates out of two answers, and a screen that fits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/top.h"

/* An answer at `seconds`, all counters `by` times what they are in one second. */
static json_t *answer(unsigned int seconds, unsigned int by)
{
	json_t *body = json_pack(
		"{s:I, s:s, s:i, s:i, s:{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}, s:[], s:[], s:[]}",
		"time_us", (json_int_t)seconds * 1000000, "program", "tandemd 9", "instance", 1,
		"uptime_s", (int)seconds, "total", "messages", (int)by * 700, "received", (int)by * 700,
		"sent", (int)by * 800, "replies", (int)by * 100, "drops", (int)by * 3, "txns", 12,
		"dialogs", 40, "calls_begun", (int)by * 100, "failovers", 0, "targets", "workers",
		"drops");

	return body;
}

static void add_target(json_t *body, const char *name, const char *admin, const char *health,
		       int calls, int requests, int errors, json_t *delays)
{
	json_array_append_new(
		json_object_get(body, "targets"),
		json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o}",
			  "pool", "sw", "name", name, "admin", admin, "health", health, "usable", 1,
			  "withheld", 0, "calls", calls, "outstanding", 2, "requests", requests,
			  "responses_2xx", requests - errors, "responses_other", 0, "responses_5xx", 0,
			  "timeouts", errors, "errors", 0, "delays", delays));
}

static void add_worker(json_t *body, int worker, json_int_t busy_cycles)
{
	json_array_append_new(
		json_object_get(body, "workers"),
		json_pack("{s:i, s:i, s:I, s:I, s:i, s:i, s:i, s:i, s:i}", "worker", worker,
			  "messages", 350, "busy_cycles", busy_cycles, "tsc_hz",
			  (json_int_t)2000000000, "txns", 6, "txns_max", 100, "dialogs", 20,
			  "inside_p50_ns", 12000, "inside_p99_ns", 40000));
}

static void add_drop(json_t *body, const char *reason, int count)
{
	json_array_append_new(json_object_get(body, "drops"),
			      json_pack("{s:s, s:i, s:s}", "reason", reason, "count", count, "help",
					"what it means"));
}

static double real_at(const json_t *view, const char *list, size_t index, const char *key)
{
	const json_t *value =
		json_object_get(json_array_get(json_object_get(view, list), index), key);

	assert_true(json_is_number(value));
	return json_number_value(value);
}

static const char *name_at(const json_t *view, size_t index)
{
	return json_string_value(json_object_get(
		json_array_get(json_object_get(view, "targets"), index), "name"));
}

/* Two looks, two seconds apart. */
static void two_looks(json_t **before, json_t **now)
{
	*before = answer(10, 10);
	add_target(*before, "a", "ready", "up", 7, 1000, 0, json_pack("[[ii]]", 1000, 900));
	add_target(*before, "b", "drain", "down", 9, 500, 100, json_array());
	add_worker(*before, 0, 1000000000);
	add_drop(*before, "NOT_SIP", 5);
	*now = answer(12, 12);
	add_target(*now, "a", "ready", "up", 7, 1300, 0,
		   json_pack("[[ii], [ii], [ii]]", 1000, 900, 5000, 98, 70000, 2));
	add_target(*now, "b", "drain", "down", 9, 520, 110, json_array());
	add_worker(*now, 0, 2000000000);
	add_drop(*now, "NOT_SIP", 5);
	add_drop(*now, "LOOP", 6);
}

static void rates_are_what_grew_between_two_looks(void **)
{
	json_t *before, *now;

	two_looks(&before, &now);
	json_t *view = top_view(before, now, TOP_NAME, false);
	const json_t *rates = json_object_get(view, "rates");
	assert_float_equal(json_real_value(json_object_get(view, "interval_s")), 2, 1e-9);
	assert_float_equal(json_real_value(json_object_get(rates, "calls")), 100, 1e-9);
	assert_float_equal(json_real_value(json_object_get(rates, "messages")), 700, 1e-9);
	assert_float_equal(real_at(view, "targets", 0, "rate"), 150, 1e-9);
	assert_float_equal(real_at(view, "targets", 0, "failed_share"), 0, 1e-9);
	assert_float_equal(real_at(view, "targets", 1, "failed_share"), 0.5, 1e-9);
	/* Of what came between the looks: nothing of the 900 before. */
	assert_float_equal(real_at(view, "targets", 0, "p50_us"), 5000, 1e-9);
	assert_float_equal(real_at(view, "targets", 0, "p99_us"), 70000, 1e-9);
	assert_float_equal(real_at(view, "workers", 0, "busy"), 0.25, 1e-9);
	assert_float_equal(real_at(view, "drops", 0, "rate"), 0, 1e-9);
	/* One that was not there before. */
	assert_float_equal(real_at(view, "drops", 1, "rate"), 3, 1e-9);
	json_decref(view);
	json_decref(before);
	json_decref(now);
}

static void without_an_earlier_look_there_are_no_rates(void **)
{
	json_t *before, *now;

	two_looks(&before, &now);
	json_t *view = top_view(NULL, now, TOP_NAME, false);
	assert_true(json_is_null(json_object_get(json_object_get(view, "rates"), "calls")));
	/* Delays since the start stand for those of now. */
	assert_float_equal(real_at(view, "targets", 0, "p50_us"), 1000, 1e-9);
	json_decref(view);
	/* tandemd was restarted between. */
	view = top_view(now, before, TOP_NAME, false);
	assert_true(json_is_null(json_object_get(json_object_get(view, "rates"), "calls")));
	json_decref(view);
	/* The same, on a machine whose clock goes on. */
	json_object_set_new(now, "uptime_s", json_integer(1));
	view = top_view(before, now, TOP_NAME, false);
	assert_true(json_is_null(json_object_get(json_object_get(view, "rates"), "calls")));
	json_decref(view);
	json_decref(before);
	json_decref(now);
}

static void targets_are_sorted_by_any_column(void **)
{
	json_t *before, *now;

	two_looks(&before, &now);
	const struct {
		enum top_sort sort;
		bool reverse;
		const char *first;
	} cases[] = {
		{ TOP_NAME, false, "a" },   { TOP_NAME, true, "b" },  { TOP_CALLS, false, "b" },
		{ TOP_RATE, false, "a" },   { TOP_RATE, true, "b" },  { TOP_FAILED, false, "b" },
		{ TOP_DELAY, false, "a" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *view = top_view(before, now, cases[i].sort, cases[i].reverse);
		if (strcmp(name_at(view, 0), cases[i].first) != 0)
			fail_msg("case %zu", i);
		json_decref(view);
	}
	assert_int_equal(top_sort_find("failed"), TOP_FAILED);
	assert_int_equal(top_sort_find("x"), TOP_SORTS);
	json_decref(before);
	json_decref(now);
}

static char *screen_of(const json_t *view, int columns, int lines, bool has_colours)
{
	const struct top_size size = { columns, lines };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	top_screen(view, TOP_NAME, &size, has_colours, out);
	fclose(out);
	return text;
}

static void assert_fits(const char *text, int columns, int lines)
{
	int count = 0;

	for (const char *at = text; *at; count++) {
		int width = 0;
		for (; *at && *at != '\n'; at++) {
			if (*at == '\033') { /* takes no room */
				at = strpbrk(at, "mKHJ");
				assert_non_null(at);
				continue;
			}
			width++;
		}
		assert_in_range(width, 0, columns);
		at += *at == '\n';
	}
	assert_in_range(count, 1, lines);
}

static void a_screen_says_at_a_glance_what_is_wrong(void **)
{
	json_t *before, *now;

	two_looks(&before, &now);
	json_t *view = top_view(before, now, TOP_NAME, false);
	char *text = screen_of(view, 80, 24, false);
	assert_fits(text, 80, 24);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "calls/s 100 "));
	assert_non_null(strstr(text, "sw/a                 ready up               7     2     150   0.0%   5.00   70.0\n"));
	assert_non_null(strstr(text, "50.0%"));
	assert_non_null(strstr(text, " 25.0% #####..............."));
	assert_non_null(strstr(text, "LOOP                                  6      3.0"));
	free(text);
	text = screen_of(view, 80, 24, true);
	assert_fits(text, 80, 24);
	assert_non_null(strstr(text, "\033[1;31mdown "));
	assert_non_null(strstr(text, "\033[33mdrain"));
	assert_non_null(strstr(text, "\033[32mup "));
	free(text);
	json_decref(view);
	json_decref(before);
	json_decref(now);
}

static void a_screen_fits_any_terminal(void **)
{
	json_t *now = answer(5, 5);
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "target%d", i);
		add_target(now, name, "ready", "blacklisted", i, i, 0, json_array());
	}
	for (int i = 0; i < 16; i++)
		add_worker(now, i, 0);
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "REASON_%d", i);
		add_drop(now, name, i + 1);
	}
	json_t *view = top_view(NULL, now, TOP_NAME, false);
	const struct top_size sizes[] = { { 80, 24 }, { 20, 5 }, { 1, 1 }, { 200, 60 }, { 79, 13 } };
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text = screen_of(view, sizes[i].columns, sizes[i].lines, true);
		assert_fits(text, sizes[i].columns, sizes[i].lines);
		free(text);
	}
	/* What does not fit is said. */
	char *text = screen_of(view, 80, 24, false);
	assert_non_null(strstr(text, "more: --pool NAME"));
	assert_non_null(strstr(text, "... and 12 more: show workers"));
	assert_non_null(strstr(text, "REASON_3"));
	free(text);
	json_decref(view);
	json_decref(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_what_grew_between_two_looks),
		cmocka_unit_test(without_an_earlier_look_there_are_no_rates),
		cmocka_unit_test(targets_are_sorted_by_any_column),
		cmocka_unit_test(a_screen_says_at_a_glance_what_is_wrong),
		cmocka_unit_test(a_screen_fits_any_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
