/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes, blacklist and slow start: from the file to what health/ takes, and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/tick.h"
#include "config/config.h"
#include "health/settings.h"

static const char frame[] =
	"interfaces:\n"
	"- {name: access, device: net_null0, addresses: [192.0.2.1/24]}\n"
	"services:\n"
	"- {name: in, listen: [\"udp:192.0.2.1:5060\"], pool: switches}\n"
	"pools:\n"
	"- {name: switches, targets: [{name: a, uri: \"sip:192.0.2.9\"}]%s}\n";

static struct config *load(const char *text)
{
	struct config_report report;
	struct config *config;

	if (config_load_text("test.yaml", span_of_string(text), &config, &report) < 0)
		fail_msg("%s", report.errors.list[0].text);
	return config;
}

static struct config *load_with(const char *pool)
{
	char text[1024];

	snprintf(text, sizeof(text), frame, pool);
	return load(text);
}

static void without_a_word_nothing_is_probed_and_the_blacklist_is_on(void **)
{
	struct config *config = load_with("");
	struct health_settings s;

	assert_true(config_pool_health(config, "switches", &s));
	assert_int_equal(s.probe.interval_us, 0);
	assert_int_equal(s.blacklist.base_us, TICK_SECONDS(5));
	assert_int_equal(s.blacklist.max_us, TICK_SECONDS(300));
	assert_true(s.blacklist.honour_retry_after);
	assert_int_equal(s.blacklist.panic_threshold, 50);
	assert_int_equal(s.blacklist.timeouts, 1);
	assert_int_equal(s.blacklist.invite_timeouts, 3);
	assert_int_equal(s.blacklist.errors, 2);
	assert_int_equal(s.blacklist.failures, 10);
	assert_int_equal(s.blacklist.failure_ratio, 50);
	assert_int_equal(s.blacklist.window_us, TICK_SECONDS(10));
	assert_int_equal(s.blacklist.slow_answer_us, 0);
	assert_int_equal(s.slow_start_us, TICK_SECONDS(10));
	assert_false(config_pool_health(config, "nosuch", &s));
	assert_int_equal(s.slow_start_us, 0);
	config_destroy(config);
}

static void an_empty_probe_probes_with_the_defaults(void **)
{
	struct config *config = load_with(", probe: {}");
	struct health_settings s;

	assert_true(config_pool_health(config, "switches", &s));
	assert_int_equal(s.probe.interval_us, TICK_SECONDS(2));
	assert_int_equal(s.probe.timeout_us, TICK_SECONDS(1));
	assert_int_equal(s.probe.rise, 2);
	assert_int_equal(s.probe.fall, 3);
	assert_int_equal(s.probe.jitter, 20);
	for (uint16_t status = 0; status < 1000; status++)
		assert_int_equal(status_set_has(&s.probe.accept, status),
				 status >= 200 && status <= 699 && status != 408 &&
					 status != 503 && status != 504);
	config_destroy(config);
}

static void every_word_arrives_and_the_printed_configuration_says_the_same(void **)
{
	struct config *config = load_with(
		", probe: {method: OPTIONS, interval: 3s, timeout: 400ms, rise: 4, fall: 5, jitter: "
		"0%, accept: [200-299, 404]}, blacklist: {base: 1s, max: 9s, honour_retry_after: "
		"false, panic_threshold: 100%, timeouts: 3, invite_timeouts: 4, errors: 0, failure_ratio: 7%, failures: "
		"8, window: 60s, slow_answer: 2s}, slow_start: 0s");
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	config_print(config, out);
	fclose(out);
	struct config *again = load(printed);
	for (int i = 0; i < 2; i++) {
		struct health_settings s;
		assert_true(config_pool_health(i ? again : config, "switches", &s));
		assert_int_equal(s.probe.interval_us, TICK_SECONDS(3));
		assert_int_equal(s.probe.timeout_us, TICK_MS(400));
		assert_int_equal(s.probe.rise, 4);
		assert_int_equal(s.probe.fall, 5);
		assert_int_equal(s.probe.jitter, 0);
		assert_true(status_set_has(&s.probe.accept, 404));
		assert_false(status_set_has(&s.probe.accept, 405));
		assert_true(status_set_has(&s.probe.accept, 299));
		assert_int_equal(s.blacklist.base_us, TICK_SECONDS(1));
		assert_int_equal(s.blacklist.max_us, TICK_SECONDS(9));
		assert_false(s.blacklist.honour_retry_after);
		assert_int_equal(s.blacklist.panic_threshold, 100);
		assert_int_equal(s.blacklist.timeouts, 3);
		assert_int_equal(s.blacklist.invite_timeouts, 4);
		assert_int_equal(s.blacklist.errors, 0);
		assert_int_equal(s.blacklist.failure_ratio, 7);
		assert_int_equal(s.blacklist.failures, 8);
		assert_int_equal(s.blacklist.window_us, TICK_SECONDS(60));
		assert_int_equal(s.blacklist.slow_answer_us, TICK_SECONDS(2));
		assert_int_equal(s.slow_start_us, 0);
	}
	free(printed);
	config_destroy(again);
	config_destroy(config);
}

/* Probing is switched on by its section: what prints the defaults must not switch it on. */
static void what_was_left_out_stays_out_when_printed(void **)
{
	struct config *config = load_with("");
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	config_print(config, out);
	fclose(out);
	assert_null(strstr(printed, "probe:"));
	assert_non_null(strstr(printed, "panic_threshold: 50%"));
	free(printed);
	config_destroy(config);
}

static void mistakes_say_what_is_accepted(void **)
{
	static const struct {
		const char *pool, *says;
	} mistakes[] = {
		{ ", probe: {method: INVITE}", "\"INVITE\" is not known; accepted: OPTIONS" },
		{ ", probe: {interval: 1s, timeout: 2s}", "longer than the interval; accepted: at most 1s" },
		{ ", probe: {accept: [200-299, 199]}", "\"199\" is no final status code" },
		{ ", probe: {accept: [299-200]}", "accepted: 200 to 699, for example 404 or 200-299" },
		{ ", probe: {accept: []}", "accept has 0 entries; accepted: 1 to 32" },
		{ ", probe: {accept: 200}", "accept is one value; accepted: a list" },
		{ ", probe: {jitter: 20}", "\"20\" is not a whole number with %; accepted: 0% to 100%" },
		{ ", probe: {rise: 0}", "accepted: 1 to 100" },
		{ ", blacklist: {base: 10m}", "base: longer than max; accepted: at most 5m" },
		{ ", blacklist: {panic_threshold: 101%}", "accepted: 0% to 100%, for example 70%" },
		{ ", blacklist: {base: 5}", "has no unit" },
		{ ", slow_start: 2h", "accepted: 0us to 1h" },
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config_report report;
		struct config *config;
		char text[1024];
		snprintf(text, sizeof(text), frame, mistakes[i].pool);
		assert_int_not_equal(config_load_text("test.yaml", span_of_string(text), &config, &report), 0);
		assert_int_equal(report.errors.count, 1);
		assert_int_equal(report.errors.list[0].at.line, 6);
		if (!strstr(report.errors.list[0].text, mistakes[i].says))
			fail_msg("%s", report.errors.list[0].text);
	}
}

struct told {
	unsigned int count;
	char text[512];
};

static void remember(void *context, const struct config_difference *difference)
{
	struct told *told = context;
	size_t used = strlen(told->text);

	assert_false(difference->needs_restart);
	snprintf(told->text + used, sizeof(told->text) - used, "%s: %s to %s\n", difference->path,
		 difference->before ? difference->before : "nothing",
		 difference->after ? difference->after : "nothing");
	told->count++;
}

static void assert_differences(const char *before, const char *after, const char *wanted)
{
	struct config *old = load_with(before), *new = load_with(after);
	struct told told = { .count = 0 };

	assert_true(config_differences(old, new, remember, &told));
	assert_string_equal(told.text, wanted);
	config_destroy(old);
	config_destroy(new);
}

/* Else a reload would find nothing to do. */
static void a_reload_finds_what_differs(void **)
{
	assert_differences("", ", probe: {}", "pools[switches].probe: nothing to {}\n");
	assert_differences(", probe: {}", "", "pools[switches].probe: {} to nothing\n");
	assert_differences(", probe: {}", ", probe: {accept: [200-299, 404], jitter: 0%}",
			   "pools[switches].probe.jitter: 20% to 0%\n"
			   "pools[switches].probe.accept: [200-407, 409-502, 505-699] to [200-299, "
			   "404]\n");
	assert_differences("", ", blacklist: {panic_threshold: 70%}, slow_start: 0s",
			   "pools[switches].blacklist.panic_threshold: 50% to 70%\n"
			   "pools[switches].slow_start: 10s to 0us\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_word_nothing_is_probed_and_the_blacklist_is_on),
		cmocka_unit_test(an_empty_probe_probes_with_the_defaults),
		cmocka_unit_test(every_word_arrives_and_the_printed_configuration_says_the_same),
		cmocka_unit_test(what_was_left_out_stays_out_when_printed),
		cmocka_unit_test(mistakes_say_what_is_accepted),
		cmocka_unit_test(a_reload_finds_what_differs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
