/* SPDX-License-Identifier: BSD-3-Clause */
/* Remote operators and agents in the configuration: what is accepted, what is refused and where. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "config/config.h"

#define FRAME                                                                                      \
	"interfaces: [{name: a, device: net_null0, addresses: [192.0.2.1/24]}]\n"                  \
	"services: [{name: in, listen: [\"udp:192.0.2.1:5060\"], pool: switches}]\n"               \
	"pools: [{name: switches, targets: [{name: sw1, uri: \"sip:192.0.2.9\"}]}]\n"              \
	"state_dir: /var/lib/t\n"
#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

static void load(const char *more, struct config **config, struct config_report *report)
{
	char text[4096];

	snprintf(text, sizeof(text), FRAME "%s\n", more);
	(void)!config_load_text("t", span_of_string(text), config, report);
}

struct mistake {
	const char *text; /* line 5 */
	uint32_t column;
	const char *says;
};

static const struct mistake mistakes[] = {
	{ "control: {socket: \"tcp://127.0.0.1:9\"}", 19, "\"remote\" serves tcp, with keys" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"]}}", 19, "\"clients\" is missing" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"], clients: []}}", 60, "0 entries" },
	{ "control: {remote: {clients: [{name: a, key: \"" KEY_A "\"}]}}", 19, "\"listen\" is missing" },
	{ "control: {remote: {listen: [\"ipc:///x\"], clients: [{name: a, key: \"" KEY_A "\"}]}}", 29,
	  "no endpoint for remote operators" },
	{ "control: {remote: {listen: [\"tcp://host:9\"], clients: [{name: a, key: \"" KEY_A "\"}]}}",
	  29, "tcp://ADDRESS:PORT" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1\"], clients: [{name: a, key: \"" KEY_A
	  "\"}]}}", 29, "tcp://ADDRESS:PORT" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"], clients: [{name: a, key: \"short\"}]}}",
	  76, "no public key" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"], clients: [{name: a, key: \"" KEY_A
	  "\"}, {name: a, key: \"" KEY_B "\"}]}}", 128, "exists already" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"], clients: [{name: a, key: \"" KEY_A
	  "\"}, {name: b, key: \"" KEY_A "\"}]}}", 136, "has this key already" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"], key_file: k, clients: [{name: a, key: \""
	  KEY_A "\"}]}}", 61, "not absolute" },
	{ "control: {remote: {listen: [\"tcp://127.0.0.1:9\"], clients: [{name: a, access: write, key: "
	  "\"" KEY_A "\"}]}}", 79, "accepted: all, read" },
	{ "agents: [{name: a, pools: [switches]}]", 10, "\"command\" is missing" },
	{ "agents: [{name: a, command: [], pools: [switches]}]", 29, "0 entries" },
	{ "agents: [{name: a, command: [x], pools: [switches]}]", 30, "not absolute" },
	{ "agents: [{name: a, command: [/x]}]", 10, "\"pools\" is missing" },
	{ "agents: [{name: a, command: [/x], pools: [switch]}]", 43, "did you mean \"switches\"" },
	{ "agents: [{name: a, command: [/x], pools: [switches, switches]}]", 53, "already" },
	{ "agents: [{name: a, command: [/x], pools: [switches]}, {name: b, command: [/y], pools: "
	  "[switches]}]", 88, "agent \"a\" provides the targets of \"switches\" already" },
	{ "agents: [{name: a, command: [/x], pools: [switches]}, {name: a, command: [/y], pools: "
	  "[switches]}]", 62, "exists already" },
	{ "agents: [{name: a, command: [/x], provides: [health], pools: [switches]}]", 46,
	  "accepted: targets" },
};

static void each_mistake_is_told_at_its_place(void **)
{
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct config_report report;
		struct config *config;
		load(mistakes[i].text, &config, &report);
		if (config || report.errors.count == 0)
			fail_msg("accepted: %s", mistakes[i].text);
		const struct config_mistake *first = &report.errors.list[0];
		if (first->at.line != 5 || first->at.column != mistakes[i].column ||
		    !strstr(first->text, mistakes[i].says))
			fail_msg("%s\n%u:%u: %s", mistakes[i].text, first->at.line,
				 first->at.column, first->text);
	}
}

static void remote_operators_are_what_the_file_says(void **)
{
	struct config_report report;
	struct config_remote_view view;
	struct config *config;

	load("control: {remote: {listen: [\"tcp://127.0.0.1:9\", \"tcp://[::1]:9\"], clients: "
	     "[{name: alice, key: \"" KEY_A "\"}, {name: bob, access: read, key: \"" KEY_B "\"}]}}",
	     &config, &report);
	assert_int_equal(report.errors.count, 0);
	assert_true(config_remote(config, &view));
	assert_int_equal(view.listen_count, 2);
	assert_string_equal(view.listens[1], "tcp://[::1]:9");
	assert_string_equal(view.key_file, "/var/lib/t/control.key");
	assert_false(view.key_file_is_given);
	assert_int_equal(view.client_count, 2);
	assert_string_equal(config_remote_client(config, 0).key, KEY_A);
	assert_true(config_remote_client(config, 0).may_change);
	assert_string_equal(config_remote_client(config, 1).name, "bob");
	assert_false(config_remote_client(config, 1).may_change);
	config_destroy(config);
	load("", &config, &report);
	assert_false(config_remote(config, &view));
	config_destroy(config);
}

static void agents_are_what_the_file_says(void **)
{
	struct config_report report;
	struct config_agent_view view;
	struct config *config;

	load("agents: [{name: list, command: [/bin/a, \"-f\", \"b c\"], pools: [switches]}]", &config,
	     &report);
	assert_int_equal(report.errors.count, 0);
	assert_int_equal(config_agent_count(config), 1);
	config_agent(config, 0, &view);
	assert_string_equal(view.name, "list");
	assert_string_equal(view.command[0], "/bin/a");
	assert_string_equal(view.command[2], "b c");
	assert_null(view.command[3]);
	assert_int_equal(view.provides, AGENT_PROVIDES_TARGETS);
	assert_string_equal(config_agent_pool(config, 0, 0), "switches");
	config_destroy(config);
}

static void a_pool_may_have_the_agent_s_targets_alone(void **)
{
	static const char text[] =
		"interfaces: [{name: a, device: net_null0, addresses: [192.0.2.1/24]}]\n"
		"services: [{name: in, listen: [\"udp:192.0.2.1:5060\"], pool: switches}]\n"
		"pools: [{name: switches}]\n"
		"agents: [{name: list, command: [/bin/a], pools: [%s]}]\n";
	struct config_report report;
	struct config *config;
	char yaml[1024];

	snprintf(yaml, sizeof(yaml), text, "switches");
	if (config_load_text("t", span_of_string(yaml), &config, &report) < 0)
		fail_msg("%s", report.errors.list[0].text);
	config_destroy(config);
	snprintf(yaml, sizeof(yaml), text, "others");
	assert_true(config_load_text("t", span_of_string(yaml), &config, &report) < 0);
	assert_non_null(strstr(report.errors.list[0].text, "or an agent"));
}

/* What is printed loads again to the same. */
static void they_are_printed_as_they_load(void **)
{
	struct config_report report;
	struct config *config, *again;
	char *printed = NULL, *twice = NULL;
	size_t len;

	load("control: {remote: {listen: [\"tcp://127.0.0.1:9\"], clients: [{name: alice, key: \"" KEY_A
	     "\"}]}}\nagents: [{name: list, command: [/bin/a, \"-f\", \"b c\"], pools: [switches]}]",
	     &config, &report);
	FILE *out = open_memstream(&printed, &len);
	config_print(config, out);
	fclose(out);
	assert_int_equal(config_load_text("t", span_of_string(printed), &again, &report), 0);
	out = open_memstream(&twice, &len);
	config_print(again, out);
	fclose(out);
	assert_string_equal(printed, twice);
	assert_non_null(strstr(printed, KEY_A));
	assert_non_null(strstr(printed, "\"b c\""));
	free(printed);
	free(twice);
	config_destroy(config);
	config_destroy(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_told_at_its_place),
		cmocka_unit_test(remote_operators_are_what_the_file_says),
		cmocka_unit_test(agents_are_what_the_file_says),
		cmocka_unit_test(a_pool_may_have_the_agent_s_targets_alone),
		cmocka_unit_test(they_are_printed_as_they_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
