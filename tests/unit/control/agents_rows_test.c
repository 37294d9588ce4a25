/* SPDX-License-Identifier: BSD-3-Clause */
/* agents/rows.h and agent_file/targets_file.h: from a file to targets, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "agent_file/targets_file.h"
#include "agents/rows.h"

static int take(const char *text, struct target_spec **specs, uint32_t *count, char *why)
{
	char *json = strdup(text);

	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json_t *rows = json_loads(json, 0, NULL);
	assert_non_null(rows);
	int status = agent_rows_take(rows, NULL, specs, count, why, 256);
	json_decref(rows);
	free(json);
	return status;
}

static void good_rows_become_targets(void **)
{
	struct target_spec *specs;
	uint32_t count;
	char why[256];

	assert_int_equal(take("[{'name':'a','uri':'sip:192.0.2.7:5070','priority':3,'weight':0,"
			      "'calls_max':9,'rate_max':100},{'name':'b','uri':'sip:[2001:db8::7]',"
			      "'unknown':1}]", &specs, &count, why), 0);
	assert_int_equal(count, 2);
	assert_string_equal(specs[0].name, "a");
	assert_string_equal(specs[0].uri, "sip:192.0.2.7:5070");
	assert_int_equal(specs[0].endpoint.port, 5070);
	assert_int_equal(specs[0].endpoint.address.family, IP_V4);
	assert_int_equal(specs[0].priority, 3);
	assert_int_equal(specs[0].weight, 0);
	assert_int_equal(specs[0].calls_max, 9);
	assert_int_equal(specs[0].rate_max, 100);
	assert_int_equal(specs[1].endpoint.port, 5060);
	assert_int_equal(specs[1].weight, 1);
	free(specs);
	assert_int_equal(take("[]", &specs, &count, why), 0);
	assert_int_equal(count, 0);
	free(specs);
}

static void one_bad_row_refuses_all(void **)
{
	static const struct {
		const char *rows, *says;
	} cases[] = {
		{ "[5]", "number 1: is no object" },
		{ "[{'uri':'sip:192.0.2.1'}]", "number 1: name is missing" },
		{ "[{'name':'a b','uri':'sip:192.0.2.1'}]", "name is missing or no name" },
		{ "[{'name':'','uri':'sip:192.0.2.1'}]", "name is missing or no name" },
		{ "[{'name':'a'}]", "uri is missing" },
		{ "[{'name':'a','uri':'tel:5'}]", "number 1: uri: " },
		{ "[{'name':'a','uri':'sip:example.com'}]", "has no address" },
		{ "[{'name':'a','uri':'sip:127.0.0.1'}]", "loopback" },
		{ "[{'name':'a','uri':'sip:0.0.0.0'}]", "unspecified" },
		{ "[{'name':'a','uri':'sip:192.0.2.1','weight':65536}]", "weight is no number" },
		{ "[{'name':'a','uri':'sip:192.0.2.1','weight':-1}]", "weight is no number" },
		{ "[{'name':'a','uri':'sip:192.0.2.1','priority':'1'}]", "priority is no number" },
		{ "[{'name':'a','uri':'sip:192.0.2.1'},{'name':'a','uri':'sip:192.0.2.2'}]",
		  "two targets have the name 'a'" },
		{ "[{'name':'a','uri':'sip:192.0.2.1'},{'name':'b','uri':'sip:192.0.2.1:5060'}]",
		  "have one address" },
		{ "[{'name':'a','uri':'sip:192.0.2.1'},{'name':'b','uri':'x'}]", "number 2: " },
	};
	struct target_spec *specs;
	uint32_t count;
	char why[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(take(cases[i].rows, &specs, &count, why), -EINVAL);
		if (!strstr(why, cases[i].says))
			fail_msg("%s: %s", cases[i].rows, why);
		assert_null(specs);
	}
}

static void too_many_rows_are_refused(void **)
{
	json_t *rows = json_array(), *row = json_pack("{s:s}", "name", "a");
	struct target_spec *specs;
	uint32_t count;
	char why[256];

	for (int i = 0; i <= AGENT_ROWS_MAX; i++)
		json_array_append(rows, row);
	assert_int_equal(agent_rows_take(rows, NULL, &specs, &count, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "at most 4096"));
	json_decref(row);
	json_decref(rows);
}

static void a_file_becomes_rows(void **)
{
	char error[256];
	json_t *pools = targets_file_parse("f", SPAN("# all of them\n"
						     "switches a sip:192.0.2.7:5070 priority 3 weight 0\r\n"
						     "\n  \t\n"
						     "carriers c sip:[2001:db8::7] rate-max 5 # new\n"
						     "switches\tb\tsip:192.0.2.8 calls-max 9"),
					   error, sizeof(error));
	char *text = json_dumps(pools, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text,
			    "{\"carriers\":[{\"name\":\"c\",\"rate_max\":5,\"uri\":"
			    "\"sip:[2001:db8::7]\"}],\"switches\":[{\"name\":\"a\",\"priority\":3,"
			    "\"uri\":\"sip:192.0.2.7:5070\",\"weight\":0},{\"calls_max\":9,\"name\":"
			    "\"b\",\"uri\":\"sip:192.0.2.8\"}]}");
	free(text);
	json_decref(pools);
	pools = targets_file_parse("f", SPAN(""), error, sizeof(error));
	assert_int_equal(json_object_size(pools), 0);
	json_decref(pools);
}

static void a_mistake_in_a_file_is_told_with_its_line(void **)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "switches\n", "f:1: the line ends too early" },
		{ "\nswitches a\n", "f:2: the line ends too early" },
		{ "p a sip:192.0.2.1\np b sip:192.0.2.2 wieght 5\n", "f:2: 'wieght' is not known" },
		{ "p a sip:192.0.2.1 weight\n", "f:1: weight is followed by ''" },
		{ "p a sip:192.0.2.1 weight x\n", "accepted: 0 to 65535" },
		{ "p a sip:192.0.2.1 weight 65536\n", "accepted: 0 to 65535" },
		{ "p a sip:192.0.2.1 weight 1 weight 1\n", "weight is given twice" },
		{ "p a sip:192.0.2.1\nq a sip:192.0.2.1\np a sip:192.0.2.2\n",
		  "f:3: pool p has a target 'a' already" },
		{ "p \xff sip:192.0.2.1\n", "f:1: no text in UTF-8" },
	};
	char error[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_null(targets_file_parse("f", span_of_string(cases[i].text), error,
					       sizeof(error)));
		if (!strstr(error, cases[i].says))
			fail_msg("%s: %s", cases[i].text, error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_rows_become_targets),
		cmocka_unit_test(one_bad_row_refuses_all),
		cmocka_unit_test(too_many_rows_are_refused),
		cmocka_unit_test(a_file_becomes_rows),
		cmocka_unit_test(a_mistake_in_a_file_is_told_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
