/* SPDX-License-Identifier: BSD-3-Clause */
/* telemetry/metrics/exposition.h: the two formats to the octet, and which one a request asks for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "telemetry/metrics/exposition.h"

static const struct metric calls = { "x_calls", METRIC_COUNTER, NULL, "Calls." };
static const struct metric busy = { "x_busy_seconds", METRIC_COUNTER, "seconds", "Busy \"time\"\\\n." };
static const struct metric load = { "x_load", METRIC_GAUGE, NULL, "Load." };
static const struct metric build = { "x_build", METRIC_INFO, NULL, "Build." };
static const struct metric delay = { "x_delay_seconds", METRIC_HISTOGRAM, "seconds", "Delay." };
static const struct metric rest = { "x_rest_seconds", METRIC_SUMMARY, "seconds", "Rest." };

static void assert_text(struct exposition *out, const char *wanted)
{
	assert_false(out->failed);
	if (out->len != strlen(wanted) || memcmp(out->text, wanted, out->len) != 0)
		fail_msg("got:\n%.*s\nwanted:\n%s", (int)out->len, out->text, wanted);
	exposition_fini(out);
}

static void put_all(struct exposition *out)
{
	struct exposition_labels labels = { .len = 0 };

	exposition_begin(out, &calls);
	exposition_put(out, NULL, UINT64_MAX);
	exposition_label(&labels, "pool", "a\"b\\c\nd");
	exposition_label_u64(&labels, "worker", 3);
	exposition_put(out, &labels, 0);
	exposition_begin(out, &busy);
	exposition_put_scaled(out, NULL, 1500000001, 9);
	exposition_put_scaled(out, NULL, 2000000000, 9);
	exposition_begin(out, &load);
	exposition_put_signed(out, NULL, -7);
	exposition_put_signed(out, NULL, INT64_MIN);
	exposition_begin(out, &build);
	exposition_put(out, &labels, 1);
	exposition_begin(out, &rest);
	exposition_put_summary(out, NULL, 2, 2500, 3);
	exposition_end(out);
}

static void the_text_format_is_that_of_prometheus_0_0_4(void **)
{
	struct exposition out;

	exposition_init(&out, EXPOSITION_TEXT);
	put_all(&out);
	assert_int_equal(out.samples, 9);
	assert_text(&out, "# TYPE x_calls_total counter\n"
			  "# HELP x_calls_total Calls.\n"
			  "x_calls_total 18446744073709551615\n"
			  "x_calls_total{pool=\"a\\\"b\\\\c\\nd\",worker=\"3\"} 0\n"
			  "# TYPE x_busy_seconds_total counter\n"
			  "# HELP x_busy_seconds_total Busy \"time\"\\\\\\n.\n"
			  "x_busy_seconds_total 1.500000001\n"
			  "x_busy_seconds_total 2\n"
			  "# TYPE x_load gauge\n"
			  "# HELP x_load Load.\n"
			  "x_load -7\n"
			  "x_load -9223372036854775808\n"
			  "# TYPE x_build_info gauge\n"
			  "# HELP x_build_info Build.\n"
			  "x_build_info{pool=\"a\\\"b\\\\c\\nd\",worker=\"3\"} 1\n"
			  "# TYPE x_rest_seconds summary\n"
			  "# HELP x_rest_seconds Rest.\n"
			  "x_rest_seconds_sum 2.5\n"
			  "x_rest_seconds_count 2\n");
}

static void openmetrics_names_the_family_its_unit_and_the_end(void **)
{
	struct exposition out;

	exposition_init(&out, EXPOSITION_OPENMETRICS);
	put_all(&out);
	assert_text(&out, "# TYPE x_calls counter\n"
			  "# HELP x_calls Calls.\n"
			  "x_calls_total 18446744073709551615\n"
			  "x_calls_total{pool=\"a\\\"b\\\\c\\nd\",worker=\"3\"} 0\n"
			  "# TYPE x_busy_seconds counter\n"
			  "# UNIT x_busy_seconds seconds\n"
			  "# HELP x_busy_seconds Busy \\\"time\\\"\\\\\\n.\n"
			  "x_busy_seconds_total 1.500000001\n"
			  "x_busy_seconds_total 2\n"
			  "# TYPE x_load gauge\n"
			  "# HELP x_load Load.\n"
			  "x_load -7\n"
			  "x_load -9223372036854775808\n"
			  "# TYPE x_build info\n"
			  "# HELP x_build Build.\n"
			  "x_build_info{pool=\"a\\\"b\\\\c\\nd\",worker=\"3\"} 1\n"
			  "# TYPE x_rest_seconds summary\n"
			  "# UNIT x_rest_seconds seconds\n"
			  "# HELP x_rest_seconds Rest.\n"
			  "x_rest_seconds_sum 2.5\n"
			  "x_rest_seconds_count 2\n"
			  "# EOF\n");
}

static void a_histograms_buckets_count_exactly_what_lies_below(void **)
{
	static struct histogram histogram;
	struct exposition_labels labels = { .len = 0 };
	struct exposition out;
	/* At and beside each bound, and beyond the last. */
	static const uint64_t values[] = { 0, 1022, 1023, 1024, 2047, 2048, 4095, 4096, 9000000 };
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		histogram_add(&histogram, values[i]);
		sum += values[i];
	}
	assert_int_equal(sum, 9015355);
	exposition_label(&labels, "pool", "p");
	exposition_init(&out, EXPOSITION_TEXT);
	exposition_begin(&out, &delay);
	exposition_put_histogram(&out, &labels, &histogram, 6, 10, 12);
	assert_text(&out, "# TYPE x_delay_seconds histogram\n"
			  "# HELP x_delay_seconds Delay.\n"
			  "x_delay_seconds_bucket{pool=\"p\",le=\"0.001023\"} 3\n"
			  "x_delay_seconds_bucket{pool=\"p\",le=\"0.002047\"} 5\n"
			  "x_delay_seconds_bucket{pool=\"p\",le=\"0.004095\"} 7\n"
			  "x_delay_seconds_bucket{pool=\"p\",le=\"+Inf\"} 9\n"
			  "x_delay_seconds_sum{pool=\"p\"} 9.015355\n"
			  "x_delay_seconds_count{pool=\"p\"} 9\n");
}

static void a_label_that_does_not_fit_is_left_out_whole(void **)
{
	struct exposition_labels labels = { .len = 0 };
	char wide[EXPOSITION_LABELS_MAX];

	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	exposition_label(&labels, "a", "1");
	exposition_label(&labels, "b", wide);
	exposition_label(&labels, "c", "2");
	assert_int_equal(labels.len, strlen("a=\"1\",c=\"2\""));
	assert_memory_equal(labels.text, "a=\"1\",c=\"2\"", labels.len);
}

static void a_long_page_grows(void **)
{
	struct exposition out;

	exposition_init(&out, EXPOSITION_TEXT);
	exposition_begin(&out, &calls);
	for (uint64_t i = 0; i < 100000; i++)
		exposition_put(&out, NULL, i);
	assert_false(out.failed);
	assert_int_equal(out.samples, 100000);
	assert_memory_equal(out.text + out.len - 6, "99999\n", 6);
	exposition_fini(&out);
}

static void the_format_is_what_the_request_asks_for(void **)
{
	static const struct {
		const char *accept;
		enum exposition_format format;
	} cases[] = {
		{ NULL, EXPOSITION_TEXT },
		{ "", EXPOSITION_TEXT },
		{ "*/*", EXPOSITION_TEXT },
		{ "text/html,application/xhtml+xml,*/*;q=0.8", EXPOSITION_TEXT },
		{ "application/openmetrics-text", EXPOSITION_OPENMETRICS },
		{ "application/openmetrics-text; version=1.0.0; charset=utf-8",
		  EXPOSITION_OPENMETRICS },
		{ "Application/OpenMetrics-Text;VERSION=\"1.0.0\"", EXPOSITION_OPENMETRICS },
		/* Prometheus 2.42's own. */
		{ "application/openmetrics-text;version=1.0.0,"
		  "application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  EXPOSITION_OPENMETRICS },
		{ "application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5",
		  EXPOSITION_TEXT },
		{ "application/openmetrics-text;q=0.4,text/plain;version=0.0.4;q=0.5",
		  EXPOSITION_TEXT },
		{ "text/plain;q=0.4,application/openmetrics-text;q=0.4", EXPOSITION_OPENMETRICS },
		{ "application/openmetrics-text;q=0", EXPOSITION_TEXT },
		{ "application/openmetrics-text;q=0.000,*/*", EXPOSITION_TEXT },
		{ "application/openmetrics-text;q=1.001", EXPOSITION_TEXT },
		{ "application/openmetrics-text;q=high", EXPOSITION_TEXT },
		{ ",,;;==,application/openmetrics-text", EXPOSITION_OPENMETRICS },
		{ "application/openmetrics-text;version=", EXPOSITION_OPENMETRICS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (exposition_accepted(cases[i].accept) != cases[i].format)
			fail_msg("%s", cases[i].accept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_format_is_that_of_prometheus_0_0_4),
		cmocka_unit_test(openmetrics_names_the_family_its_unit_and_the_end),
		cmocka_unit_test(a_histograms_buckets_count_exactly_what_lies_below),
		cmocka_unit_test(a_label_that_does_not_fit_is_left_out_whole),
		cmocka_unit_test(a_long_page_grows),
		cmocka_unit_test(the_format_is_what_the_request_asks_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
