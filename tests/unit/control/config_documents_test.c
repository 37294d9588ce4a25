/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The documents made from the table of keywords: the committed ones are what the table says now,
 * and the table itself is whole.  With --update the committed ones are written anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/keyword.h"
#include "config/model.h"

#define REFERENCE CONFIG_FOLDER "/reference.md"
#define SCHEMA    CONFIG_FOLDER "/tandem.schema.json"

typedef void (*print_fn)(FILE *out);

static char *printed(print_fn print)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_committed(const char *path, print_fn print)
{
	char *now = printed(print);
	size_t len = strlen(now);
	char *committed = calloc(1, len + 2);
	FILE *file = fopen(path, "re");
	assert_non_null(committed);
	assert_non_null(file);
	size_t got = fread(committed, 1, len + 1, file);
	fclose(file);
	if (got != len || memcmp(committed, now, len) != 0)
		fail_msg("%s is not what the keywords say; this test with --update writes it",
			 path);
	free(committed);
	free(now);
}

static void committed_reference_is_up_to_date(void **)
{
	assert_committed(REFERENCE, config_print_reference);
}

static void the_manual_page_has_every_heading_and_no_markdown(void **)
{
	char *page = NULL, *reference = NULL, heading[256];
	size_t page_len = 0, reference_len = 0;
	FILE *out = open_memstream(&page, &page_len), *markdown = open_memstream(&reference,
										 &reference_len);

	config_print_manual(out);
	config_print_reference(markdown);
	fclose(out);
	fclose(markdown);
	unsigned int headings = 0;
	for (const char *at = reference; (at = strstr(at, "\n### ")) != NULL; at++) {
		snprintf(heading, sizeof(heading), "\n.SS \"%.*s\"\n", (int)strcspn(at + 5, "\n"),
			 at + 5);
		if (!strstr(page, heading))
			fail_msg("no%s", heading);
		headings++;
	}
	assert_true(headings > 50);
	assert_null(strstr(page, "`"));
	assert_null(strstr(page, "\n#"));
	assert_null(strstr(page, "\n|"));
	assert_non_null(strstr(page, ".IP Default 10\n"));
	free(page);
	free(reference);
}

static void committed_schema_is_up_to_date(void **)
{
	assert_committed(SCHEMA, config_print_schema);
}

static const json_t *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	if (!value)
		fail_msg("the schema lacks %s", name);
	return value;
}

static void schema_is_json_and_knows_every_keyword(void **)
{
	char *text = printed(config_print_schema);
	json_error_t error;
	json_t *schema = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!schema)
		fail_msg("line %d: %s", error.line, error.text);
	const json_t *root = member(schema, "properties");
	const json_t *pool = member(member(member(root, "pools"), "items"), "properties");
	const json_t *service = member(member(member(root, "services"), "items"), "properties");
	const json_t *remote = member(
		member(member(member(root, "control"), "properties"), "remote"), "properties");
	const json_t *sections[SECTION_COUNT] = {
		[SECTION_REMOTE] = remote,
		[SECTION_REMOTE_CLIENT] =
			member(member(member(remote, "clients"), "items"), "properties"),
		[SECTION_AGENT] = member(member(member(root, "agents"), "items"), "properties"),
		[SECTION_ROOT] = root,
		[SECTION_DATAPLANE] = member(member(root, "dataplane"), "properties"),
		[SECTION_CLUSTER] = member(member(root, "cluster"), "properties"),
		[SECTION_INTERFACE] =
			member(member(member(root, "interfaces"), "items"), "properties"),
		[SECTION_TIMERS] = member(member(root, "timers"), "properties"),
		[SECTION_SERVICE] = service,
		[SECTION_SERVICE_TIMERS] = member(member(service, "timers"), "properties"),
		[SECTION_POOL] = pool,
		[SECTION_POOL_TIMERS] = member(member(pool, "timers"), "properties"),
		[SECTION_TARGET] = member(member(member(pool, "targets"), "items"), "properties"),
		[SECTION_FAILOVER] = member(member(pool, "failover"), "properties"),
		[SECTION_PROBE] = member(member(pool, "probe"), "properties"),
		[SECTION_BLACKLIST] = member(member(pool, "blacklist"), "properties"),
		[SECTION_RESOLVER] = member(member(root, "resolver"), "properties"),
		[SECTION_CONTROL] = member(member(root, "control"), "properties"),
		[SECTION_LOG] = member(member(root, "log"), "properties"),
		[SECTION_TELEMETRY] = member(member(root, "telemetry"), "properties"),
		[SECTION_HEP] =
			member(member(member(member(root, "telemetry"), "properties"), "hep"),
			       "properties"),
	};
	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		const struct keyword_table *table = keyword_tables[i];
		size_t built = 0;
		for (uint32_t j = 0; j < table->count; j++) {
			if (table->keywords[j].type == KEYWORD_NOT_BUILT)
				continue;
			built++;
			member(member(sections[i], table->keywords[j].name), "description");
		}
		assert_int_equal(json_object_size(sections[i]), built);
	}
	json_decref(schema);
	free(text);
}

static void every_keyword_says_what_it_is(void **)
{
	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		const struct keyword_table *table = keyword_tables[i];
		assert_true(table->count > 0 && table->count <= KEYWORDS_MAX);
		for (uint32_t j = 0; j < table->count; j++) {
			const struct keyword *keyword = &table->keywords[j];
			assert_non_null(keyword->help);
			assert_int_equal(keyword_find((enum keyword_section)i,
						      span_of_string(keyword->name)),
					 j);
			if (keyword->type == KEYWORD_NOT_BUILT)
				continue;
			assert_non_null(keyword->example);
			if (keyword->required || keyword->type == KEYWORD_MAP)
				assert_null(keyword->unset);
			else if (!keyword->unset && !keyword->unset_means)
				fail_msg("%s.%s does not say what leaving it out means",
					 table->path, keyword->name);
			assert_true(keyword->min <= keyword->max ||
				    keyword->type == KEYWORD_TEXT || keyword->type == KEYWORD_NAME ||
				    keyword->type == KEYWORD_URI || keyword->type == KEYWORD_SRV);
		}
	}
}

/* Each example in the place where it belongs, in a file that is otherwise complete. */
static void every_example_is_accepted(void **)
{
	static const char frame[] =
		"interfaces:\n"
		"- {name: access, device: net_null0, addresses: [192.0.2.2/24, "
		"\"2001:db8::2/64\", 198.51.100.2/24, 192.0.2.1/24, \"2001:db8::1/64\"]%s}\n"
		"services:\n"
		"- {name: in, listen: [\"udp:192.0.2.2:5060\"], pool: switches%s}\n"
		"pools:\n"
		"- {name: switches, targets: [{name: a, uri: \"sip:192.0.2.9\"%s}]%s}\n"
		"%s\n";
#define KEY "rq:rM>}U?@Lns47E1%%kR.o@n%%FcmmsL/@{H8]yf7"
	static const char *const control_frames[] = {
		"control: {remote: {listen: [\"tcp://192.0.2.250:1\"], clients: [{name: a, key: "
		"\"" KEY "\"}], %s: %s}}",
		"control: {remote: {listen: [\"tcp://192.0.2.250:1\"], clients: [{name: a, key: "
		"\"" KEY "\", %s: %s}]}}",
		"agents: [{name: a, command: [/bin/a], pools: [switches], %s: %s}]",
	};
	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		const struct keyword_table *table = keyword_tables[i];
		for (uint32_t j = 0; j < table->count; j++) {
			const struct keyword *keyword = &table->keywords[j];
			char value[512], text[4096];
			const char *put[5] = { "", "", "", "", "" };
			/* Required ones stand in the frame; their examples are in the examples. */
			if (keyword->type == KEYWORD_NOT_BUILT || keyword->required ||
			    (i == SECTION_POOL && keyword->type == KEYWORD_LIST) ||
			    (i == SECTION_ROOT && keyword->type == KEYWORD_LIST))
				continue;
			switch (i) {
			case SECTION_INTERFACE:
				put[0] = value;
				break;
			case SECTION_SERVICE:
			case SECTION_SERVICE_TIMERS:
				put[1] = value;
				break;
			case SECTION_TARGET:
				put[2] = value;
				break;
			case SECTION_POOL:
			case SECTION_POOL_TIMERS:
			case SECTION_FAILOVER:
			case SECTION_PROBE:
			case SECTION_BLACKLIST:
				put[3] = value;
				break;
			default:
				put[4] = value;
				break;
			}
			if (i == SECTION_REMOTE || i == SECTION_REMOTE_CLIENT || i == SECTION_AGENT)
				snprintf(value, sizeof(value), control_frames[i - SECTION_REMOTE],
					 keyword->name, keyword->example);
			else if (i == SECTION_ROOT)
				snprintf(value, sizeof(value), "%s: %s", keyword->name,
					 keyword->example);
			else if (i == SECTION_FAILOVER || i == SECTION_PROBE ||
				 i == SECTION_BLACKLIST)
				snprintf(value, sizeof(value), ", %s: {%s: %s}",
					 table->path + strlen("pools[]."), keyword->name,
					 keyword->example);
			else if (i == SECTION_SERVICE_TIMERS || i == SECTION_POOL_TIMERS)
				snprintf(value, sizeof(value), ", timers: {%s: %s}", keyword->name,
					 keyword->example);
			else if (i == SECTION_HEP)
				snprintf(value, sizeof(value),
					 "telemetry: {hep: {server: \"192.0.2.9:9060\", %s: %s}}",
					 keyword->name, keyword->example);
			else if (put[4] == value)
				snprintf(value, sizeof(value), "%s: {%s: %s}", table->path,
					 keyword->name, keyword->example);
			else
				snprintf(value, sizeof(value), ", %s: %s", keyword->name,
					 keyword->example);
			snprintf(text, sizeof(text), frame, put[0], put[1], put[2], put[3], put[4]);
			struct config_report report;
			struct config *config;
			if (config_load_text(keyword->name, span_of_string(text), &config, &report))
				fail_msg("%s.%s: %s: %s\n%s", table->path, keyword->name,
					 keyword->example, report.errors.list[0].text, text);
			config_destroy(config);
		}
	}
}

static int update(const char *path, print_fn print)
{
	FILE *file = fopen(path, "we");
	if (!file) {
		perror(path);
		return 1;
	}
	print(file);
	return fclose(file) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(committed_reference_is_up_to_date),
		cmocka_unit_test(committed_schema_is_up_to_date),
		cmocka_unit_test(the_manual_page_has_every_heading_and_no_markdown),
		cmocka_unit_test(schema_is_json_and_knows_every_keyword),
		cmocka_unit_test(every_keyword_says_what_it_is),
		cmocka_unit_test(every_example_is_accepted),
	};
	if (argc > 1 && strcmp(argv[1], "--update") == 0)
		return update(REFERENCE, config_print_reference) ||
		       update(SCHEMA, config_print_schema);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
