/* SPDX-License-Identifier: BSD-3-Clause */
/* ctl/complete.h: words, options, their values and names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ctl/complete.h"

#define WORDS_MAX 16

/* Blanks separate words. */
static int split(char *line, const char **words)
{
	int count = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	return count;
}

static void some_names(void *, enum api_arg_names names, struct ctl_matches *matches)
{
	ctl_match_add(matches, names == API_NAMES_POOL ? SPAN("carriers") :
			       names == API_NAMES_TARGET ? SPAN("carriers/c1") :
							   SPAN("other"));
	ctl_match_add(matches, SPAN("zz"));
}

static void assert_completed(const char *before, const char *prefix, const char *wanted)
{
	static char found[256][CTL_WORD_MAX], is[256 * CTL_WORD_MAX];
	struct ctl_matches matches = { .words = found, .max = 256, .prefix = prefix };
	char line[256];
	const char *words[WORDS_MAX];

	snprintf(line, sizeof(line), "%s", before);
	ctl_complete(split(line, words), words, some_names, NULL, &matches);
	is[0] = '\0';
	for (size_t i = 0; i < matches.count; i++) {
		strcat(is, i ? " " : "");
		strcat(is, found[i]);
	}
	assert_string_equal(is, wanted);
}

static void completion_follows_the_table(void **)
{
	assert_completed("", "s", "show set");
	assert_completed("", "t", "target trace top");
	assert_completed("show", "s", "status services");
	assert_completed("target", "", "ready drain maint add remove");
	assert_completed("blacklist", "", "add remove clear");
	assert_completed("explain", "--", "--call-ids --source --local --interface");
	assert_completed("explain file", "--l", "--local");
	assert_completed("show status", "", "");
	assert_completed("frob", "", "");
	/* Values of options, and names for a place. */
	assert_completed("show targets --state", "u", "up usable unusable");
	assert_completed("show targets --pool", "", "carriers zz");
	assert_completed("show targets --pool carriers", "--s", "--state");
	assert_completed("show targets --pool=carriers", "c", "carriers/c1");
	assert_completed("target drain", "c", "carriers/c1");
	assert_completed("target drain carriers/c1", "c", "");
	assert_completed("show drops --reason", "INITIAL", "INITIAL_REQUEST");
	assert_completed("trace --method", "R", "REGISTER REFER");
	assert_completed("show workers --stages", "o", "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completion_follows_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
