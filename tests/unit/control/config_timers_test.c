/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers from the file: whose values are in force, and what is told about values too short. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "balance/timers.h"
#include "build_fixture.h"
#include "config/config.h"
/* Its tables are filled here. */
#include "config/registry.c"

/* A file with a service "in" to pool "near", one "out" to pool "far"; lines 1 to 8. */
static const char frame[] = "interfaces: [{name: a, device: net_null0, addresses: [192.0.2.1/24]}]\n"
			    "timers: {%s}\n"
			    "services:\n"
			    "- {name: in, listen: [\"udp:192.0.2.1:5060\"], pool: near%s}\n"
			    "- {name: out, listen: [\"udp:192.0.2.1:5061\"], pool: far}\n"
			    "pools:\n"
			    "- {name: near, targets: [{name: n, uri: \"sip:192.0.2.10\"}]}\n"
			    "- {name: far, targets: [{name: f, uri: \"sip:192.0.2.11\"}]%s}\n";

struct sections {
	const char *global, *service, *pool;
};

static const struct config_identity identity = { .instance = 1, .epoch = 2 };

static int load(struct sections sections, struct config **config, struct config_report *report)
{
	char text[2048];

	snprintf(text, sizeof(text), frame, sections.global, sections.service, sections.pool);
	return config_load_text("t.yaml", span_of_string(text), config, report);
}

static const struct balance_snapshot *build(struct sections sections,
					    struct target_registry *registry)
{
	struct config_report report;
	struct config *config;
	const struct balance_snapshot *snapshot;

	if (load(sections, &config, &report)) {
		config_report_print(&report, stderr);
		fail();
	}
	assert_int_equal(build_fixture(config, &identity, registry, 1, &snapshot), 0);
	config_destroy(config);
	return snapshot;
}

static const struct balance_timers *server(const struct balance_snapshot *s, uint16_t service)
{
	return balance_timers_at(s, balance_server_timers(s, service));
}

static const struct balance_timers *client(const struct balance_snapshot *s, uint16_t service)
{
	return balance_timers_at(s, balance_client_timers(s, service, s->services[service].pool));
}

static void timers_not_given_are_those_of_the_rfcs(void **)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_snapshot *s = build((struct sections){ "", "", "" }, registry);

	for (uint16_t i = 0; i < 2; i++) {
		assert_memory_equal(server(s, i), &balance_timers_default, sizeof(balance_timers_default));
		assert_memory_equal(client(s, i), &balance_timers_default, sizeof(balance_timers_default));
	}
	assert_int_equal(s->timer_set_count, 1); /* equal sets are one */
	config_snapshot_destroy(s);
	target_registry_destroy(registry);
}

/* shows: 203 */
static void pool_governs_its_own_side_and_nothing_else(void **)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_snapshot *s =
		build((struct sections){ "timer_l: 40s", "",
					 ", timers: {t1: 2s, t2: 16s, timer_b: 129s}" },
		      registry);

	assert_int_equal(client(s, 1)->t1_ms, 2000);
	assert_int_equal(client(s, 1)->t2_ms, 16000);
	assert_int_equal(client(s, 1)->timer_a_ms, 2000);
	assert_int_equal(client(s, 1)->timer_b_ms, 129000);
	assert_int_equal(client(s, 1)->timer_d_ms, 128000);
	assert_int_equal(client(s, 1)->timer_f_ms, 128000);
	assert_int_equal(client(s, 1)->timer_l_ms, 40000); /* as in `timers` */
	assert_int_equal(client(s, 1)->timer_k_ms, 5000);
	assert_int_equal(server(s, 1)->t1_ms, 500);
	assert_int_equal(server(s, 1)->timer_l_ms, 40000);
	assert_int_equal(client(s, 0)->t1_ms, 500);
	config_snapshot_destroy(s);
	target_registry_destroy(registry);
}

/* shows: 203 */
static void service_governs_both_sides_where_the_pool_says_nothing(void **)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_snapshot *s = build(
		(struct sections){ "t1: 600ms, t4: 6s, timer_d: 50s", ", timers: {t1: 1s}", "" },
		registry);

	assert_int_equal(server(s, 0)->t1_ms, 1000);
	assert_int_equal(client(s, 0)->t1_ms, 1000);
	assert_int_equal(client(s, 0)->timer_i_ms, 6000);
	assert_int_equal(client(s, 0)->timer_d_ms, 50000);
	assert_int_equal(server(s, 1)->t1_ms, 600);
	assert_int_equal(client(s, 1)->timer_m_ms, 38400);
	config_snapshot_destroy(s);
	target_registry_destroy(registry);
}

/* A transaction that runs refers to its set by index. */
static void set_keeps_its_index_in_later_snapshots(void **)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_snapshot *before =
		build((struct sections){ "", ", timers: {t1: 1s}", ", timers: {t1: 2s}" }, registry);
	uint16_t of_service = balance_server_timers(before, 0);
	uint16_t of_pool = before->pools[1].timer_set;
	const struct balance_snapshot *after =
		build((struct sections){ "t1: 700ms", "", ", timers: {t1: 3s}" }, registry);

	assert_int_equal(balance_timers_at(after, of_service)->t1_ms, 1000);
	assert_int_equal(balance_timers_at(after, of_pool)->t1_ms, 2000);
	assert_int_equal(server(after, 0)->t1_ms, 700);
	assert_int_equal(client(after, 1)->t1_ms, 3000);
	/* What is in no table is the default. */
	assert_ptr_equal(balance_timers_at(after, BALANCE_NONE), &balance_timers_default);
	assert_ptr_equal(balance_timers_at(after, (uint16_t)after->timer_set_count),
			 &balance_timers_default);
	config_snapshot_destroy(before);
	config_snapshot_destroy(after);
	target_registry_destroy(registry);
}

static void registry_keeps_many_sets_apart(void **)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_timers *sets;

	for (int turn = 0; turn < 2; turn++) {
		for (uint32_t i = 0; i < 1000; i++) {
			const struct balance_timers set = { .t1_ms = i };
			assert_int_equal(target_registry_timers(registry, &set), i);
		}
	}
	assert_int_equal(target_registry_timer_sets(registry, &sets), 1000);
	assert_int_equal(sets[777].t1_ms, 777);
	target_registry_destroy(registry);
}

static void too_many_different_sets_are_not_told_as_lack_of_memory(void **)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_snapshot *snapshot;
	struct config_report report;
	struct config *config;
	char error[256];

	/* By hand: one by one each would be compared with all before it. */
	registry->timer_sets = calloc(UINT16_MAX, sizeof(*registry->timer_sets));
	registry->timer_set_count = registry->timer_set_room = UINT16_MAX;
	for (uint32_t i = 0; i < UINT16_MAX; i++)
		registry->timer_sets[i].t1_ms = i;
	assert_int_equal(target_registry_timers(registry, &registry->timer_sets[777]), 777);
	assert_int_equal(load((struct sections){ "", "", "" }, &config, &report), 0);
	assert_int_equal(build_fixture_told(config, &identity, registry, 1, &snapshot, error,
					    sizeof(error)), -ENOSPC);
	assert_null(snapshot);
	assert_string_equal(error, "65,535 different sets of timers since the start: restart "
				   "tandemd");
	config_destroy(config);
	target_registry_destroy(registry);
}

struct told {
	struct sections sections;
	uint32_t line;
	const char *says;
};

/* shows: 203 */
static void values_too_short_are_told_with_what_they_cost(void **)
{
	static const struct told cases[] = {
		{ { "t1: 100ms", "", "" }, 2, "closed networks alone" },
		{ { "", ", timers: {t1: 499ms}", "" }, 4, "RFC 4321 §1.6" },
		{ { "timer_a: 400ms", "", "" }, 2, "timer_a: 400ms is shorter than t1 (500ms)" },
		{ { "timer_b: 5s", "", "" }, 2, "timer_b: 5s is shorter than 64*t1 (32s)" },
		{ { "timer_e: 100ms", "", "" }, 2, "§17.1.2.2" },
		{ { "timer_f: 31s", "", "" }, 2, "given up while the target may still answer" },
		{ { "timer_g: 100ms", "", "" }, 2, "before its ACK can have come" },
		{ { "timer_h: 5s", "", "" }, 2, "not repeated any more" },
		{ { "timer_i: 1s", "", "" }, 2, "timer_i: 1s is shorter than t4 (5s)" },
		{ { "timer_j: 5s", "", "" }, 2, "forwarded a second time" },
		{ { "timer_k: 1s", "", "" }, 2, "strays" },
		{ { "timer_l: 5s", "", "" }, 2, "placed as a second call" },
		{ { "timer_m: 5s", "", "" }, 2, "sends no ACK" },
		{ { "", ", timers: {t1: 1s, timer_d: 40s}", "" }, 4, "timer_d: 40s is shorter" },
		{ { "", "", ", timers: {timer_m: 31999ms}" }, 8, "timer_m: 31999ms" },
		/* A T1 of its own makes an inherited value too short. */
		{ { "timer_l: 33s", ", timers: {t1: 1s}", "" }, 4, "timer_l: 33s is shorter than 64*t1 (64s)" },
		{ { "", "", ", timers: {t1: 1s}" }, 8, "callers of service \"out\" wait for 64*t1, 32s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_report report;
		struct config *config;
		assert_int_equal(load(cases[i].sections, &config, &report), 0);
		config_destroy(config);
		if (report.warnings.count != 1 ||
		    report.warnings.list[0].at.line != cases[i].line ||
		    !strstr(report.warnings.list[0].text, cases[i].says)) {
			config_report_print(&report, stderr);
			fail_msg("expected at line %u: %s", cases[i].line, cases[i].says);
		}
	}
}

static void values_as_the_rfcs_ask_are_not_complained_about(void **)
{
	static const struct sections good[] = {
		{ "t1: 1s, t2: 8s, timer_b: 65s, timer_e: 2s", "", "" },
		{ "timer_c: 5m, timer_d: 1h, timer_i: 32s, timer_l: 1m", ", timers: {}", ", timers: {}" },
		/* The callers wait as long as the pool may take. */
		{ "t1: 1s", "", ", timers: {t2: 8s}" },
		{ "", "", ", timers: {timer_f: 32s, timer_c: 5m}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct config_report report;
		struct config *config;
		assert_int_equal(load(good[i], &config, &report), 0);
		config_destroy(config);
		if (report.warnings.count)
			config_report_print(&report, stderr);
		assert_int_equal(report.warnings.count, 0);
	}
}

static void what_the_rfcs_forbid_is_refused(void **)
{
	static const struct told cases[] = {
		{ { "", ", timers: {timer_c: 180s}", "" }, 4, "accepted: 180001ms to 24h" },
		{ { "", "", ", timers: {timer_d: 31s}" }, 8, "accepted: 32s to 24h" },
		{ { "", "", ", timers: {t2: 400ms}" }, 8, "t2 (400ms) is shorter than t1 (500ms)" },
		{ { "t2: 1s", ", timers: {t1: 2s}", "" }, 4, "t2 (1s) is shorter than t1 (2s)" },
		{ { "", ", timers: {timer_n: 1s}", "" }, 4, "unknown keyword \"timer_n\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_report report;
		struct config *config;
		assert_int_equal(load(cases[i].sections, &config, &report), -EINVAL);
		if (report.errors.count != 1 || report.errors.list[0].at.line != cases[i].line ||
		    !strstr(report.errors.list[0].text, cases[i].says)) {
			config_report_print(&report, stderr);
			fail_msg("expected at line %u: %s", cases[i].line, cases[i].says);
		}
	}
}

/* What was not given stays not given, in a file that loads. */
static void printed_timers_load_to_themselves(void **)
{
	static const struct sections some[] = {
		{ "", "", "" },
		{ "timer_b: 40s", ", timers: {t1: 1s}", ", timers: {}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		struct config_report report;
		struct config *config;
		char *text = NULL;
		size_t len;
		assert_int_equal(load(some[i], &config, &report), 0);
		FILE *out = open_memstream(&text, &len);
		config_print(config, out);
		fclose(out);
		config_destroy(config);
		assert_int_equal(strstr(text, "timer_b: 40s") != NULL, i == 1);
		assert_int_equal(strstr(text, "    timers:\n      t1: 1s\n") != NULL, i == 1);
		assert_null(strstr(text, "timer_a"));
		if (config_load_text("again", span_of(text, len), &config, &report)) {
			config_report_print(&report, stderr);
			fail();
		}
		config_destroy(config);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_not_given_are_those_of_the_rfcs),
		cmocka_unit_test(pool_governs_its_own_side_and_nothing_else),
		cmocka_unit_test(service_governs_both_sides_where_the_pool_says_nothing),
		cmocka_unit_test(set_keeps_its_index_in_later_snapshots),
		cmocka_unit_test(registry_keeps_many_sets_apart),
		cmocka_unit_test(too_many_different_sets_are_not_told_as_lack_of_memory),
		cmocka_unit_test(values_too_short_are_told_with_what_they_cost),
		cmocka_unit_test(values_as_the_rfcs_ask_are_not_complained_about),
		cmocka_unit_test(what_the_rfcs_forbid_is_refused),
		cmocka_unit_test(printed_timers_load_to_themselves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
