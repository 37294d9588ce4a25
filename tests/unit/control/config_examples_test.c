/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The example configurations load without a complaint and build; and what random damage makes of
 * them ends in a configuration or in errors with a place, never in anything else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "build_fixture.h"
#include "config/config.h"

#define EXAMPLES_MAX  16
#define TEXT_MAX      8192
#define MUTATIONS     4000

struct example {
	char path[512];
	char text[TEXT_MAX];
	size_t len;
};

static struct example examples[EXAMPLES_MAX];
static size_t example_count;

static const struct config_identity identity = { .instance = 1, .route_key_count = 1 };

static int read_examples(void **)
{
	DIR *directory = opendir(CONFIG_FOLDER "/examples");
	if (!directory)
		return -1;
	for (struct dirent *entry; (entry = readdir(directory));) {
		const char *dot = strrchr(entry->d_name, '.');
		struct example *example = &examples[example_count];
		if (!dot || strcmp(dot, ".yaml") != 0 || example_count == EXAMPLES_MAX)
			continue;
		snprintf(example->path, sizeof(example->path), "%s/%s", CONFIG_FOLDER "/examples",
			 entry->d_name);
		FILE *file = fopen(example->path, "re");
		if (!file)
			return -1;
		example->len = fread(example->text, 1, TEXT_MAX, file);
		fclose(file);
		example_count++;
	}
	closedir(directory);
	return 0;
}

static void build_and_free(const struct config *config)
{
	struct target_registry *registry = target_registry_create();
	const struct balance_snapshot *snapshot;
	struct dataplane_config dataplane;
	assert_non_null(registry);
	assert_int_equal(build_fixture(config, &identity, registry, 1, &snapshot), 0);
	for (uint32_t i = 0; i < snapshot->target_count; i++)
		assert_int_not_equal(snapshot->targets[i].interface, BALANCE_NONE);
	for (uint32_t i = 0; i < snapshot->listen_count; i++)
		assert_int_not_equal(snapshot->listens[i].interface, BALANCE_NONE);
	for (uint32_t i = 0; i < snapshot->service_count; i++)
		assert_true(snapshot->services[i].pool < snapshot->pool_count);
	config_dataplane(config, &identity, &dataplane);
	assert_int_equal(dataplane.interface_count, snapshot->interface_count);
	config_snapshot_destroy(snapshot);
	target_registry_destroy(registry);
}

static void every_example_loads_without_a_word_and_builds(void **)
{
	assert_true(example_count >= 6);
	for (size_t i = 0; i < example_count; i++) {
		struct config_report report;
		struct config *config;
		int rc = config_load(examples[i].path, &config, &report);
		config_report_print(&report, stderr);
		assert_int_equal(rc, 0);
		assert_int_equal(report.warnings.count, 0);
		build_and_free(config);
		config_destroy(config);
	}
}

static void printed_example_loads_to_itself(void **)
{
	for (size_t i = 0; i < example_count; i++) {
		char *text[2] = { NULL, NULL };
		size_t len[2];
		struct config_report report;
		struct config *config;
		assert_int_equal(config_load(examples[i].path, &config, &report), 0);
		for (int round = 0; round < 2; round++) {
			FILE *out = open_memstream(&text[round], &len[round]);
			config_print(config, out);
			fclose(out);
			config_destroy(config);
			assert_int_equal(config_load_text("again", span_of(text[round], len[round]),
							  &config, &report),
					 0);
		}
		config_destroy(config);
		assert_string_equal(text[0], text[1]);
		free(text[0]);
		free(text[1]);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return hash_mix64(*state);
}

/* Bytes replaced, runs removed, doubled or moved, words that mean something put in. */
static size_t mutate(char *text, size_t len, uint64_t *random)
{
	static const char *const words[] = {
		"\n", "  ", "- ", ": ", "{", "}", "[", "]", "\"", "#", "&a ", "*a", "!!x ", "|\n", "%",
		"---\n", "<<: ", "? ", "0", "-1", "99999999999999999999", "5s", "KiB", "name", "pool",
		"targets", "request-uri", "::", "0.0.0.0/0", "192.0.2.1", "/", "@", "\xff", "\xc3\xa4",
		"\x01", "\t", "\r", "~", "null", "on", "\xef\xbb\xbf", "\xfe\xff",
	};
	size_t at = next_random(random) % (len + 1), run = next_random(random) % 40;
	run = MIN(run, len - at);
	switch (next_random(random) % 4) {
	case 0:
		if (at < len)
			text[at] = (char)next_random(random);
		return len;
	case 1:
		memmove(text + at, text + at + run, len - at - run);
		return len - run;
	case 2:
		memmove(text + at + run, text + at, len - at);
		return len + run;
	default: {
		const char *word = words[next_random(random) % ARRAY_SIZE(words)];
		size_t size = strlen(word);
		memmove(text + at + size, text + at, len - at);
		memcpy(text + at, word, size);
		return len + size;
	}
	}
}

static void check_report(const struct config_report *report)
{
	assert_in_range(report->errors.count, 1, CONFIG_MISTAKES_MAX);
	for (uint32_t i = 0; i < report->errors.count; i++) {
		const struct config_mistake *mistake = &report->errors.list[i];
		if (mistake->at.line == 0 || mistake->at.column == 0)
			fail_msg("no place: %s", mistake->text);
		assert_true(strlen(mistake->text) > 0);
		for (const char *c = mistake->text; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

static void damaged_examples_end_in_errors_with_a_place(void **)
{
	static char text[TEXT_MAX + 4096];
	uint64_t random = 20261121;
	uint32_t loaded = 0, refused = 0;
	for (uint32_t i = 0; i < MUTATIONS; i++) {
		const struct example *example = &examples[i % example_count];
		struct config_report report;
		struct config *config;
		size_t len = example->len;
		memcpy(text, example->text, len);
		for (uint64_t j = 1 + next_random(&random) % 6; j > 0; j--)
			len = mutate(text, len, &random);
		/* In a block of its own: ASan sees a read past the end. */
		char *exact = malloc(len + 1);
		assert_non_null(exact);
		memcpy(exact, text, len);
		int rc = config_load_text("damaged", span_of(exact, len), &config, &report);
		free(exact);
		if (rc == 0) {
			build_and_free(config);
			loaded++;
		} else {
			assert_int_equal(rc, -EINVAL);
			check_report(&report);
			refused++;
		}
		config_destroy(config);
	}
	/* Both ends are reached: comments and spaces can be damaged without harm. */
	assert_true(loaded > MUTATIONS / 50);
	assert_true(refused > MUTATIONS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_loads_without_a_word_and_builds),
		cmocka_unit_test(printed_example_loads_to_itself),
		cmocka_unit_test(damaged_examples_end_in_errors_with_a_place),
	};
	return cmocka_run_group_tests(tests, read_examples, NULL);
}
