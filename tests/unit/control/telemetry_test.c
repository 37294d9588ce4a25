/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry/telemetry.h on a data plane's double: a page of many targets, whose figures are those that
 * stand in the snapshot and the counters, and what health says.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "build_fixture.h"
#include "dataplane_double.h"

#include "config/config.h"
#include "health/adapter.h"
#include "telemetry/telemetry.h"

#define TARGETS 1000

struct test {
	struct dataplane dataplane;
	struct control control;
	struct telemetry telemetry;
	struct target_registry *registry;
	uv_loop_t loop;
};

static char *configuration(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("dataplane: {workers: 2}\n"
	      "interfaces: [{name: access, device: net_null0, addresses: [10.0.0.1/8]}]\n"
	      "services: [{name: inbound, listen: [\"udp:10.0.0.1:5060\"], pool: switches}]\n"
	      "pools:\n  - name: switches\n    targets:\n",
	      out);
	for (int i = 0; i < TARGETS; i++)
		fprintf(out, "      - {name: sw%d, uri: \"sip:10.1.%d.%d\"}\n", i, i / 250, 1 + i % 250);
	fclose(out);
	return text;
}

static int set_up(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct control *c = &t->control;
	struct config_report report;
	const struct config_identity identity = { .instance = 7, .epoch = 99, .route_key_count = 1 };
	char *text = configuration(), error[256] = "";

	*c = (struct control){ .program = "tandemd 1.2.3", .config_file = "test.yaml",
			       .loop = &t->loop, .dataplane = &t->dataplane };
	if (config_load_text("test.yaml", span_of_string(text), &c->config, &report) < 0)
		config_report_print(&report, stderr);
	assert_non_null(c->config);
	free(text);
	t->registry = target_registry_create();
	assert_int_equal(build_fixture(c->config, &identity, t->registry, 1, &c->snapshot), 0);
	config_dataplane(c->config, &identity, &c->dataplane_config);
	c->outcomes = target_outcomes_create(c->snapshot);
	t->dataplane.workers = 2;
	t->dataplane.worker[0] = (struct dataplane_worker_stats){ .worker = 0, .tsc_hz = 2000000000 };
	t->dataplane.worker[1] = (struct dataplane_worker_stats){ .worker = 1, .tsc_hz = 2000000000 };
	assert_int_equal(uv_loop_init(&t->loop), 0);
	events_init(&c->events, NULL);
	assert_int_equal(health_adapter_open(c), 0);
	telemetry_init(&t->telemetry, c);
	if (telemetry_open(&t->telemetry, error, sizeof(error)) < 0)
		fail_msg("%s", error);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct test *t = *state;

	telemetry_close(&t->telemetry);
	telemetry_fini(&t->telemetry);
	uv_close((uv_handle_t *)&t->telemetry.timer, NULL);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t->loop), 0);
	health_adapter_close(&t->control);
	events_fini(&t->control.events);
	target_outcomes_destroy(t->control.outcomes);
	config_snapshot_destroy(t->control.snapshot);
	target_registry_destroy(t->registry);
	config_destroy(t->control.config);
	free(t);
	return 0;
}

/* NUL-terminated; to be freed by exposition_fini. */
static struct exposition page_of(struct test *t)
{
	struct exposition out;

	exposition_init(&out, EXPOSITION_TEXT);
	telemetry_render(&t->telemetry, &out);
	exposition_put(&out, NULL, 0);
	assert_false(out.failed);
	out.text[out.len - 1] = '\0';
	return out;
}

static void assert_has(const struct exposition *page, const char *line)
{
	if (!strstr(page->text, line))
		fail_msg("there is no %s", line);
}

static void a_page_of_a_thousand_targets_has_each_with_its_figures(void **state)
{
	struct test *t = *state;
	const struct balance_target *sw7 = &t->control.snapshot->targets[7];
	const struct outcome outcomes[] = {
		{ .target_id = sw7->id, .kind = OUTCOME_RESPONSE, .value = 200, .delay_us = 1500,
		  .flags = OUTCOME_IS_INVITE },
		{ .target_id = sw7->id, .kind = OUTCOME_RESPONSE, .value = 503 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		target_outcomes_count(t->control.outcomes, &outcomes[i]);
		telemetry_outcome(&t->telemetry, &outcomes[i]);
	}
	sw7->status->requests = 17;
	sw7->status->outstanding = -1; /* for a moment, between two workers */
	sw7->status->withheld = TARGET_WEIGHT_WHOLE / 4;
	sw7->status->admin = TARGET_DRAIN;
	sw7->status->health = TARGET_BLACKLISTED;
	t->dataplane.worker[1].busy_cycles = 3000000001; /* 1.5 s and half a nanosecond */
	t->dataplane.worker[0].verdicts.count[VERDICT_DROP][REASON_NOT_SIP] = 4;
	t->dataplane.worker[1].verdicts.count[VERDICT_DROP][REASON_NOT_SIP] = 5;
	struct exposition page = page_of(t);
	static const char *const lines[] = {
		"\ntandem_build_info{version=\"1.2.3\",",
		"\ntandem_target_info{pool=\"switches\",target=\"sw7\",endpoint=\"10.1.0.8:5060\",uri=\"sip:10.1.0.8\"} 1\n",
		"\ntandem_target_requests_total{pool=\"switches\",target=\"sw7\"} 17\n",
		"\ntandem_target_requests_total{pool=\"switches\",target=\"sw999\"} 0\n",
		"\ntandem_target_transactions{pool=\"switches\",target=\"sw7\"} -1\n",
		"\ntandem_target_withheld_ratio{pool=\"switches\",target=\"sw7\"} 0.25\n",
		"\ntandem_target_admin{pool=\"switches\",target=\"sw7\",state=\"ready\"} 0\n",
		"\ntandem_target_admin{pool=\"switches\",target=\"sw7\",state=\"drain\"} 1\n",
		"\ntandem_target_health{pool=\"switches\",target=\"sw7\",state=\"blacklisted\"} 1\n",
		"\ntandem_target_health{pool=\"switches\",target=\"sw7\",state=\"up\"} 0\n",
		"\ntandem_target_usable{pool=\"switches\",target=\"sw7\"} 0\n",
		"\ntandem_target_usable{pool=\"switches\",target=\"sw8\"} 1\n",
		"\ntandem_target_responses_total{pool=\"switches\",target=\"sw7\",class=\"2xx\"} 1\n",
		"\ntandem_target_unavailable_responses_total{pool=\"switches\",target=\"sw7\"} 1\n",
		"\ntandem_target_first_response_seconds_sum{pool=\"switches\",target=\"sw7\"} 0.0015\n",
		"\ntandem_pool_targets{pool=\"switches\"} 1000\n",
		"\ntandem_pool_usable_targets{pool=\"switches\"} 999\n",
		"\ntandem_pool_answer_seconds_bucket{pool=\"switches\",le=\"0.001023\"} 0\n",
		"\ntandem_pool_answer_seconds_bucket{pool=\"switches\",le=\"0.002047\"} 1\n",
		"\ntandem_worker_busy_seconds_total{worker=\"1\"} 1.5\n",
		"\ntandem_verdicts_total{kind=\"drop\",reason=\"NOT_SIP\"} 9\n",
		"\ntandem_verdict_kinds_total{kind=\"forward\"} 0\n",
		"\ntandem_verdict_reason_info{reason=\"NO_TARGET\",",
		"\ntandem_service_info{service=\"inbound\",pool=\"switches\",mode=\"stateful\"} 1\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_has(&page, lines[i]);
	/* Some 30 samples a target: a page that a loop renders in milliseconds. */
	assert_in_range(page.samples, 20 * TARGETS, 40 * TARGETS);
	assert_true(page.len < 8u << 20);
	exposition_fini(&page);
}

static void the_blacklist_is_told_with_the_time_that_is_left(void **state)
{
	struct test *t = *state;
	const struct balance_target *targets = t->control.snapshot->targets;

	t->dataplane.now = TICK_SECONDS(100);
	assert_true(health_blacklist_add(t->control.health, targets[3].id, 7000000, "test",
					 t->dataplane.now));
	assert_true(health_blacklist_add(t->control.health, targets[4].id, 0, "test",
					 t->dataplane.now));
	t->dataplane.now = TICK_SECONDS(102);
	struct exposition page = page_of(t);
	assert_has(&page, "\ntandem_target_blacklistings_total{pool=\"switches\",target=\"sw3\"} 1\n");
	assert_has(&page, "\ntandem_target_blacklistings_total{pool=\"switches\",target=\"sw5\"} 0\n");
	assert_has(&page, "\ntandem_target_blacklisted_remaining_seconds{pool=\"switches\","
			  "target=\"sw3\"} 5\n");
	/* Until removed by hand: there is no time to tell. */
	assert_null(strstr(page.text, "remaining_seconds{pool=\"switches\",target=\"sw4\"}"));
	assert_has(&page, "\ntandem_target_probes_total{pool=\"switches\",target=\"sw3\","
			  "result=\"answered\"} 0\n");
	exposition_fini(&page);
}

static void each_family_is_told_once_and_its_samples_stand_together(void **state)
{
	struct test *t = *state;
	struct exposition page = page_of(t);
	char name[128], again[160];
	unsigned int families = 0;

	for (const char *at = page.text; (at = strstr(at, "# TYPE ")); at += 7, families++) {
		assert_int_equal(sscanf(at, "# TYPE %127s", name), 1);
		snprintf(again, sizeof(again), "# TYPE %s ", name);
		if (strstr(at + 1, again))
			fail_msg("%s is told twice", name);
	}
	assert_true(families > 100);
	exposition_fini(&page);
}

/* Time passes for the watch as if so much earlier all had been well. */
static void pass(struct test *t, uint64_t ms)
{
	for (int w = 0; w < 2; w++)
		t->telemetry.watch.workers[w].moved_ms -= ms;
	t->telemetry.published_ms -= ms;
}

static void health_is_the_workers_and_the_publications(void **state)
{
	struct test *t = *state;
	char text[256];

	assert_true(telemetry_health(&t->telemetry, text, sizeof(text)));
	assert_string_equal(text, "ok");
	pass(t, WATCH_STALL_MS);
	watch_observe(&t->telemetry.watch, 0, 1, uv_now(&t->loop));
	assert_false(telemetry_health(&t->telemetry, text, sizeof(text)));
	assert_string_equal(text, "worker 1 stalls: no poll for 3 s");
	watch_observe(&t->telemetry.watch, 1, 1, uv_now(&t->loop));
	assert_true(telemetry_health(&t->telemetry, text, sizeof(text)));
	/* Workers poll, but one still reads the snapshot before. */
	t->control.publisher.retiring = t->control.snapshot;
	assert_false(telemetry_health(&t->telemetry, text, sizeof(text)));
	assert_non_null(strstr(text, "still reads"));
	t->control.publisher.retiring = NULL;
	/* SIGTERM came: no new calls are wanted. */
	t->control.closing.is_under_way = true;
	assert_false(telemetry_health(&t->telemetry, text, sizeof(text)));
	assert_string_equal(text, "closing: calls finish, new ones are refused");
	t->control.closing.is_under_way = false;
	assert_true(telemetry_health(&t->telemetry, text, sizeof(text)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_page_of_a_thousand_targets_has_each_with_its_figures),
		TEST(the_blacklist_is_told_with_the_time_that_is_left),
		TEST(each_family_is_told_once_and_its_samples_stand_together),
		TEST(health_is_the_workers_and_the_publications),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
