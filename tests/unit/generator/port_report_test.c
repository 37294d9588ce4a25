/* SPDX-License-Identifier: BSD-3-Clause */
/* generator/report.h, progress.h: the keys that scripts read, honest judgement, readable lines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "generator/progress.h"
#include "generator/report.h"

static struct report_result result;

/* 1,000 calls a second for two seconds, all well. */
static int set_up(void **)
{
	struct traffic_results *c = &result.calls;

	memset(&result, 0, sizeof(result));
	result.trial.calls.rate = 1000;
	result.trial.calls.seconds = 2;
	result.tsc_hz = 2000000000;
	result.seconds = 2;
	result.drain_seconds = 0.25;
	c->started = c->completed = c->completed_in_time = 2000;
	c->flows[TRAFFIC_FLOW_CALL] = (struct traffic_flow_results){ 2000, 2000, 0 };
	c->statuses[180] = c->statuses[200] = 2000;
	c->messages_sent = 12000;
	c->messages_received = 12001;
	c->strangers = 37;
	c->retransmissions_caller = 3;
	c->retransmissions_target = 4;
	c->retransmissions_received = 5;
	c->live_max = 17;
	for (int i = 0; i < 2000; i++) {
		histogram_add(&c->delays[TRAFFIC_DELAY_INVITE], 4000);
		histogram_add(&c->delays[TRAFFIC_DELAY_LATE], 100);
		histogram_add(&result.gap, 50);
	}
	result.packets_sent = 12000;
	result.packets_received = 12001;
	result.cycles = 4000000000;
	result.busy_cycles = 1000000000;
	result.work_cycles = 1200000000;
	return 0;
}

static json_t *json_of_result(void)
{
	char *text = report_json(&result);
	json_error_t error;
	json_t *json;

	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return json;
}

/* "a.b" of a document as a number. */
static double number(json_t *json, const char *path)
{
	char name[64];
	const char *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		json = json_object_get(json, name);
	}
	json = json_object_get(json, path);
	if (!json_is_number(json))
		fail_msg("no number %s", path);
	return json_number_value(json);
}

static void assert_number(json_t *json, const char *path, double wanted)
{
	const double got = number(json, path), off = got > wanted ? got - wanted : wanted - got;

	if (off > 1e-6)
		fail_msg("%s is %g, not %g", path, got, wanted);
}

static void json_has_the_keys_that_scripts_read(void **)
{
	static const struct {
		const char *path;
		double value;
	} keys[] = {
		{ "tandem_bench", 1 },
		{ "rate", 1000 },
		{ "offered", 1000 },
		{ "seconds", 2 },
		{ "drain_seconds", 0.25 },
		{ "started", 2000 },
		{ "completed", 2000 },
		{ "failed", 0 },
		{ "goodput", 1000 },
		{ "completed_in_time", 2000 },
		{ "not_begun", 0 },
		{ "planned_seconds", 2 },
		{ "begin_seconds", 2 },
		{ "elapsed_seconds", 2.25 },
		{ "flows.call.started", 2000 },
		{ "flows.call.completed", 2000 },
		{ "flows.call.failed", 0 },
		{ "failures.rejected", 0 },
		{ "faults.lost_tag", 0 },
		{ "statuses.200", 2000 },
		{ "retransmissions.caller", 3 },
		{ "retransmissions.target", 4 },
		{ "retransmissions.received", 5 },
		{ "messages.sent", 12000 },
		{ "messages.received", 12001 },
		{ "messages.strangers", 37 },
		{ "packets.sent", 12000 },
		{ "packets.received", 12001 },
		{ "packets.tx_full", 0 },
		{ "delay_us.invite.count", 2000 },
		{ "delay_us.invite.mean", 4 },
		{ "delay_us.invite.max", 4 },
		{ "delay_us.invite.p50", 4 },
		{ "delay_us.invite.p999", 4 },
		{ "delay_us.response.count", 0 },
		{ "delay_us.bye.p99", 0 },
		{ "delay_us.setup.p90", 0 },
		{ "delay_us.late.mean", 0.1 },
		{ "delay_us.gap.mean", 0.05 },
		{ "generator.busy_share", 0.25 },
		{ "generator.cycles_a_call", 600000 },
		{ "live_max", 17 },
	};
	json_t *json = json_of_result();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_number(json, keys[i].path, keys[i].value);
	assert_true(json_is_false(json_object_get(json_object_get(json, "generator"), "limited")));
	assert_null(json_object_get(json, "flood"));
	assert_int_equal(json_object_size(json_object_get(json, "statuses")), 2);
	assert_int_equal(json_object_size(json_object_get(json, "failures")),
			 TRAFFIC_FAILURE_COUNT);
	assert_int_equal(json_object_size(json_object_get(json, "faults")), TRAFFIC_FAULT_COUNT);
	json_decref(json);
}

static void a_flood_is_told_beside(void **)
{
	json_t *json;

	result.has_flood = true;
	result.trial.flood_rate = 500;
	result.flood.due = result.flood.sent = 1000;
	result.flood.received = 7;
	result.flood.requests = 1;
	result.flood.statuses[403] = 6;
	json = json_of_result();
	assert_number(json, "flood.rate", 500);
	assert_number(json, "flood.offered", 500);
	assert_number(json, "flood.sent", 1000);
	assert_number(json, "flood.statuses.403", 6);
	json_decref(json);
}

static void nothing_is_divided_by_nothing(void **)
{
	json_t *json;

	memset(&result, 0, sizeof(result));
	json = json_of_result();
	assert_number(json, "offered", 0);
	assert_number(json, "generator.cycles_a_call", 0);
	json_decref(json);
}

static void the_generator_says_when_it_was_the_limit(void **state)
{
	char why[REPORT_LIMIT_MAX];

	assert_false(report_is_limited(&result));
	result.tx_full = 1;
	assert_true(report_is_limited(&result));
	set_up(state);
	for (int i = 0; i < 30; i++)
		histogram_add(&result.calls.delays[TRAFFIC_DELAY_LATE], 2000000);
	assert_true(report_is_limited(&result));
	set_up(state);
	result.calls.started = 1979;
	assert_false(report_is_limited(&result));
	result.calls.started = 1978;
	assert_true(report_is_limited(&result));
	report_limit(&result, why);
	assert_string_equal(why, "989 calls/s begun of 1000");
	result.tx_full = 7;
	report_limit(&result, why);
	assert_string_equal(why, "989 calls/s begun of 1000, 7 packets found the port full");
	result.tx_full = 0;
	/* Poisson arrivals spread by the root of their number. */
	result.trial.calls.arrivals = TRAFFIC_POISSON;
	assert_false(report_is_limited(&result));
	set_up(state);
	result.has_flood = true;
	result.flood.due = 100;
	result.flood.sent = 98;
	assert_true(report_is_limited(&result));
}

static void a_failure_or_a_fault_is_not_clean(void **state)
{
	assert_true(report_is_clean(&result));
	result.calls.failed = 1;
	assert_false(report_is_clean(&result));
	set_up(state);
	result.calls.faults[TRAFFIC_FAULT_COUNT - 1] = 1;
	assert_false(report_is_clean(&result));
}

/* What one of the printing functions prints. */
static char *printed(void (*print)(FILE *out))
{
	static char *text; /* the stream keeps its address */
	static size_t size;
	FILE *out = open_memstream(&text, &size);

	print(out);
	fclose(out);
	return text;
}

static void print_table(FILE *out)
{
	report_table(out, &result);
}

static void print_csv(FILE *out)
{
	report_csv_header(out);
	report_csv(out, &result);
}

static void the_table_has_what_matters(void **)
{
	char *text;

	result.calls.failed = result.calls.failures[TRAFFIC_FAILURE_REJECTED] = 2;
	result.calls.faults[TRAFFIC_FAULT_LOST_TAG] = 3;
	result.refused = 9;
	text = printed(print_table);
	assert_non_null(strstr(text, "offered 1000/s for 2.000 s"));
	assert_non_null(strstr(text, "rejected: "));
	assert_non_null(strstr(text, "lost_tag: "));
	assert_non_null(strstr(text, "180: 2000, 200: 2000"));
	assert_non_null(strstr(text, "busy 25.0 %"));
	assert_non_null(strstr(text, "refused by ICMP"));
	assert_null(strstr(text, "LIMITED"));
	free(text);
	result.tx_full = 5;
	text = printed(print_table);
	assert_non_null(strstr(text, "LIMITED"));
	free(text);
}

static size_t count_commas(const char *text, const char *end)
{
	size_t count = 0;

	for (; text < end; text++)
		count += *text == ',';
	return count;
}

static void csv_has_a_value_for_every_column(void **)
{
	char *text = printed(print_csv), *row = strchr(text, '\n') + 1;

	assert_true(strncmp(text, "rate,offered,", 13) == 0);
	assert_true(strncmp(row,
			    "1000,1000,2.000000,0.250000,2000,2000,0,0,1000,3,4,5,12000,12001,",
			    65) == 0);
	assert_int_equal(count_commas(text, row), count_commas(row, row + strlen(row)));
	assert_ptr_equal(strchr(row, '\n'), row + strlen(row) - 1);
	free(text);
}

static void progress_tells_the_last_interval(void **)
{
	static struct progress_box box;
	struct progress_reading first, second;
	static char *text; /* the stream keeps its address */
	static size_t size;
	FILE *out;

	progress_begin(&box);
	assert_false(progress_take(&box, &first));
	progress_put(&box, 1, &result.calls, NULL);
	/* Not taken yet: the next reading waits for the one after. */
	result.calls.started = 9999;
	progress_put(&box, 2, &result.calls, NULL);
	assert_true(progress_take(&box, &first));
	assert_int_equal(first.started, 2000);
	assert_int_equal(first.invite_count, 2000);
	assert_false(progress_take(&box, &second));
	result.calls.started = 2500;
	for (int i = 0; i < 10; i++)
		histogram_add(&result.calls.delays[TRAFFIC_DELAY_INVITE], 64000);
	progress_put(&box, 2, &result.calls, NULL);
	assert_true(progress_take(&box, &second));
	assert_int_equal(second.invite_count, 10);
	assert_in_range(second.invite_p50_ns, 60000, 68000);
	out = open_memstream(&text, &size);
	progress_print(out, false, &first, &second);
	fclose(out);
	assert_true(strncmp(text, "    2.0       500         0 ", 28) == 0);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(json_has_the_keys_that_scripts_read, set_up),
		cmocka_unit_test_setup(a_flood_is_told_beside, set_up),
		cmocka_unit_test_setup(nothing_is_divided_by_nothing, set_up),
		cmocka_unit_test_setup(the_generator_says_when_it_was_the_limit, set_up),
		cmocka_unit_test_setup(a_failure_or_a_fault_is_not_clean, set_up),
		cmocka_unit_test_setup(the_table_has_what_matters, set_up),
		cmocka_unit_test_setup(csv_has_a_value_for_every_column, set_up),
		cmocka_unit_test_setup(progress_tells_the_last_interval, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
