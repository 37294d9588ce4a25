/* SPDX-License-Identifier: BSD-3-Clause */
/* targets/set.h: who gives a pool its targets, and when something differs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "targets/set.h"

static struct target_spec spec(const char *name, uint8_t host)
{
	struct target_spec spec = {
		.endpoint = { .address = { .bytes = { 198, 51, 100, host }, .family = IP_V4 },
			      .port = 5060 },
		.weight = 1,
	};
	snprintf(spec.name, sizeof(spec.name), "%s", name);
	snprintf(spec.uri, sizeof(spec.uri), "sip:198.51.100.%u:5060", host);
	return spec;
}

/* "config:a srv:b": the members in order. */
static const char *members(const struct target_set *set, const char *pool)
{
	static char text[256];
	uint32_t count;
	const struct target_member *all = target_set_members(set, pool, &count);
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%s", i ? " " : "",
					 target_source_name(all[i].source), all[i].spec->name);
	return text;
}

static void same_targets_again_are_no_difference_in_whatever_order_dns_answers(void **)
{
	struct target_set *set = target_set_create();
	struct target_spec both[] = { spec("b", 2), spec("a", 1) };

	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_SRV, both, 2), 1);
	assert_string_equal(members(set, "p"), "srv:a srv:b");
	struct target_spec turned[] = { both[1], both[0] };
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_SRV, turned, 2), 0);
	turned[0].weight = 2;
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_SRV, turned, 2), 1);
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_SRV, turned, 1), 1);
	assert_string_equal(members(set, "p"), "srv:a");
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_SRV, NULL, 0), 1);
	assert_string_equal(members(set, "p"), "");
	assert_int_equal(target_set_replace(set, "q", TARGET_SOURCE_SRV, NULL, 0), 0);
	target_set_destroy(set);
}

static void configured_order_is_kept_since_turns_go_by_it(void **)
{
	struct target_set *set = target_set_create();
	struct target_spec both[] = { spec("b", 2), spec("a", 1) };

	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_CONFIG, both, 2), 1);
	assert_string_equal(members(set, "p"), "config:b config:a");
	struct target_spec turned[] = { both[1], both[0] };
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_CONFIG, turned, 2), 1);
	assert_string_equal(members(set, "p"), "config:a config:b");
	target_set_destroy(set);
}

static void of_two_with_one_name_the_first_source_counts_until_it_goes(void **)
{
	struct target_set *set = target_set_create();
	struct target_spec a = spec("a", 1), other = spec("a", 9), c = spec("c", 3);
	struct target_spec operator[] = { other, c };
	uint32_t count;

	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_OPERATOR, operator, 2), 1);
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_CONFIG, &a, 1), 1);
	assert_string_equal(members(set, "p"), "config:a operator:c");
	assert_int_equal(target_set_members(set, "p", &count)[0].spec->endpoint.address.bytes[3], 1);
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_CONFIG, NULL, 0), 1);
	assert_string_equal(members(set, "p"), "operator:a operator:c");
	target_set_of(set, "p", TARGET_SOURCE_OPERATOR, &count);
	assert_int_equal(count, 2);
	assert_null(target_set_pool(set, TARGET_SOURCE_CONFIG, 0));
	assert_string_equal(target_set_pool(set, TARGET_SOURCE_OPERATOR, 0), "p");
	target_set_destroy(set);
}

static void a_target_without_name_address_or_port_is_refused_and_nothing_changes(void **)
{
	struct target_set *set = target_set_create();
	struct target_spec a = spec("a", 1), bad[3] = { spec("", 2), spec("x", 2), spec("y", 2) };

	bad[1].endpoint.port = 0;
	bad[2].endpoint.address = (struct ip_address){ .family = IP_NONE };
	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_AGENT, &a, 1), 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_AGENT, &bad[i], 1),
				 -EINVAL);
	assert_string_equal(members(set, "p"), "agent:a");
	target_set_destroy(set);
}

static void a_copy_is_changed_apart_and_swapped_as_a_whole(void **)
{
	struct target_set *set = target_set_create();
	struct target_spec a = spec("a", 1), b = spec("b", 2);

	assert_int_equal(target_set_replace(set, "p", TARGET_SOURCE_CONFIG, &a, 1), 1);
	assert_int_equal(target_set_replace(set, "q", TARGET_SOURCE_SRV, &b, 1), 1);
	struct target_set *copy = target_set_copy(set);
	assert_int_equal(target_set_replace(copy, "p", TARGET_SOURCE_CONFIG, &b, 1), 1);
	assert_string_equal(members(set, "p"), "config:a");
	target_set_swap(set, copy);
	assert_string_equal(members(set, "p"), "config:b");
	assert_string_equal(members(set, "q"), "srv:b");
	assert_string_equal(members(copy, "p"), "config:a");
	target_set_destroy(copy);
	target_set_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			same_targets_again_are_no_difference_in_whatever_order_dns_answers),
		cmocka_unit_test(configured_order_is_kept_since_turns_go_by_it),
		cmocka_unit_test(of_two_with_one_name_the_first_source_counts_until_it_goes),
		cmocka_unit_test(
			a_target_without_name_address_or_port_is_refused_and_nothing_changes),
		cmocka_unit_test(a_copy_is_changed_apart_and_swapped_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
