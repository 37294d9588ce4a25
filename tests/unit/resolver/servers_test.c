/* SPDX-License-Identifier: BSD-3-Clause */
/* resolver/servers.h and ttl.h: order, weights, names, difference, lifetimes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "resolver/ttl.h"

#define TRIES 100000

static uint64_t random_state;

/* Small enough a modulus that its bias is below what is asserted. */
static uint32_t random_below(void *, uint32_t below)
{
	random_state += 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash_mix64(random_state) >> 32) % below;
}

static void add(struct server_set *set, unsigned int priority, unsigned int weight,
		const char *host, const char *address)
{
	struct server *server = &set->servers[set->count++];

	*server = (struct server){ .priority = (uint16_t)priority, .weight = (uint16_t)weight };
	strcpy(server->host, host);
	server->endpoint.port = 5060;
	assert_true(ip_address_parse(span_of_string(address), &server->endpoint.address));
}

static struct server_set *set_of(const unsigned int (*records)[2], uint32_t count)
{
	struct server_set *set = server_set_create(count);
	char host[16], address[32];

	for (uint32_t i = 0; i < count; i++) {
		snprintf(host, sizeof(host), "sw%u", i);
		snprintf(address, sizeof(address), "198.51.100.%u", i + 1);
		add(set, records[i][0], records[i][1], host, address);
	}
	return set;
}

static void order(struct server_set *set)
{
	assert_true(server_set_order(set, random_below, NULL));
}

/* How often each comes first, by the last octet of its address. */
static void count_first(const unsigned int (*records)[2], uint32_t count, uint32_t *first)
{
	struct server_set *set = set_of(records, count), *copy;

	memset(first, 0, count * sizeof(*first));
	for (int i = 0; i < TRIES; i++) {
		copy = server_set_copy(set);
		order(copy);
		first[copy->servers[0].endpoint.address.bytes[3] - 1]++;
		free(copy);
	}
	free(set);
}

/* shows: 223 */
static void the_lowest_priority_comes_first_whatever_the_weights(void **)
{
	static const unsigned int records[][2] = { { 30, 65535 }, { 10, 0 }, { 20, 1 }, { 10, 7 } };
	for (int i = 0; i < 200; i++) {
		struct server_set *set = set_of(records, 4);
		order(set);
		assert_int_equal(set->servers[0].priority, 10);
		assert_int_equal(set->servers[1].priority, 10);
		assert_int_equal(set->servers[2].priority, 20);
		assert_int_equal(set->servers[3].priority, 30);
		free(set);
	}
}

static void within_percent(uint32_t count, double share)
{
	double got = 100.0 * count / TRIES;

	assert_true(got > share - 1 && got < share + 1);
}

/* shows: 225 */
static void weights_show_in_how_often_each_comes_first(void **)
{
	static const unsigned int records[][2] = { { 0, 10 }, { 0, 30 }, { 0, 60 } };
	uint32_t first[3];

	count_first(records, 3, first);
	within_percent(first[0], 10);
	within_percent(first[1], 30);
	within_percent(first[2], 60);
}

static uint32_t scripted[8], scripted_below[8], scripted_count;

static uint32_t draw_scripted(void *, uint32_t below)
{
	scripted_below[scripted_count] = below;
	return scripted[scripted_count++];
}

/* shows: 224 */
static void a_number_up_to_the_total_picks_by_running_sums(void **)
{
	static const unsigned int records[][2] = { { 0, 10 }, { 0, 0 }, { 0, 30 } };
	struct server_set *set = set_of(records, 3);

	/* The shuffle draws below 3 and 2: each its own place.  List: 0, 10, 30; sums 0, 10, 40. */
	const uint32_t numbers[] = { 2, 1, 11, 0, 10 };
	memcpy(scripted, numbers, sizeof(numbers));
	scripted_count = 0;
	assert_true(server_set_order(set, draw_scripted, NULL));
	assert_int_equal(scripted_below[2], 41); /* inclusive */
	assert_int_equal(set->servers[0].weight, 30);
	assert_int_equal(scripted_below[3], 11);
	assert_int_equal(set->servers[1].weight, 0);
	assert_int_equal(scripted_below[4], 11);
	assert_int_equal(set->servers[2].weight, 10);
	free(set);
}

/* shows: 225 */
static void weight_zero_beside_others_is_rare_and_not_never(void **)
{
	static const unsigned int records[][2] = { { 0, 0 }, { 0, 99 } };
	uint32_t first[2];

	count_first(records, 2, first);
	within_percent(first[0], 1); /* 0 of 0 to 99 */
	assert_true(first[0] > 0);
}

/* shows: 226 */
static void with_all_weights_zero_each_gets_its_turn(void **)
{
	static const unsigned int records[][2] = { { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } };
	uint32_t first[4];

	count_first(records, 4, first);
	for (int i = 0; i < 4; i++)
		within_percent(first[i], 25);
}

static void addresses_of_a_host_stay_together_in_their_order(void **)
{
	struct server_set *set = server_set_create(6);

	add(set, 0, 5, "a", "198.51.100.9");
	add(set, 0, 5, "a", "198.51.100.1");
	add(set, 0, 5, "b", "198.51.100.2");
	order(set);
	uint32_t a = strcmp(set->servers[0].host, "a") == 0 ? 0 : 1;
	assert_string_equal(set->servers[a].host, "a");
	assert_int_equal(set->servers[a].endpoint.address.bytes[3], 9);
	assert_int_equal(set->servers[a + 1].endpoint.address.bytes[3], 1);
	free(set);
}

static void the_order_of_an_answer_does_not_matter(void **)
{
	struct server_set *one = server_set_create(4), *other = server_set_create(4);

	add(one, 10, 1, "b", "198.51.100.2");
	add(one, 10, 1, "a", "198.51.100.1");
	add(one, 5, 1, "c", "198.51.100.3");
	add(other, 5, 1, "c", "198.51.100.3");
	add(other, 10, 1, "a", "198.51.100.1");
	add(other, 10, 1, "b", "198.51.100.2");
	server_set_unify(one);
	server_set_unify(other);
	assert_int_equal(one->count, 3);
	assert_memory_equal(one->servers, other->servers, 3 * sizeof(one->servers[0]));
	assert_string_equal(one->servers[0].host, "c");
	free(one);
	free(other);
}

static void a_server_named_twice_is_one(void **)
{
	struct server_set *set = server_set_create(4);

	add(set, 10, 1, "a", "198.51.100.1");
	add(set, 5, 7, "a", "198.51.100.1");
	add(set, 5, 9, "a", "198.51.100.1");
	add(set, 5, 9, "a", "198.51.100.2");
	server_set_unify(set);
	assert_int_equal(set->count, 2);
	assert_int_equal(set->servers[0].priority, 5);
	assert_int_equal(set->servers[0].weight, 9);
	free(set);
}

static void hosts_keep_their_shares_however_many_addresses_they_have(void **)
{
	struct server_set *set = server_set_create(8);

	add(set, 0, 50, "a", "198.51.100.1");
	add(set, 0, 50, "b", "198.51.100.2");
	add(set, 0, 50, "b", "2001:db8::2");
	add(set, 0, 20, "c", "198.51.100.3");
	add(set, 0, 20, "c", "198.51.100.4");
	add(set, 0, 20, "c", "198.51.100.5");
	add(set, 1, 7, "d", "198.51.100.6");
	add(set, 1, 0, "e", "198.51.100.7");
	server_set_share_weights(set);
	static const uint16_t weights[] = { 300, 150, 150, 40, 40, 40, 7, 0 };
	for (int i = 0; i < 8; i++)
		assert_int_equal(set->servers[i].weight, weights[i]);
	free(set);
}

static void shares_fit_the_field_and_none_becomes_zero(void **)
{
	struct server_set *set = server_set_create(7);

	add(set, 0, 65535, "a", "198.51.100.1");
	add(set, 0, 65535, "b", "198.51.100.2");
	add(set, 0, 65535, "b", "198.51.100.3");
	add(set, 0, 65535, "b", "198.51.100.4");
	add(set, 0, 1, "c", "198.51.100.5");
	add(set, 0, 1, "c", "198.51.100.6");
	add(set, 0, 0, "d", "198.51.100.7");
	server_set_share_weights(set);
	assert_int_equal(set->servers[0].weight, 65535);
	assert_int_equal(set->servers[1].weight, 21845);
	assert_int_equal(set->servers[4].weight, 1);
	assert_int_equal(set->servers[6].weight, 0);
	free(set);
}

static void a_name_tells_host_port_and_address(void **)
{
	struct server_set *set = server_set_create(4);
	char one[SERVER_NAME_MAX], other[SERVER_NAME_MAX];
	const char *host = "a-very-long-name-of-a-session-border-controller.region.example.com";

	add(set, 0, 1, "sw1.example.com", "198.51.100.1");
	add(set, 0, 1, "sw1.example.com", "2001:db8::1");
	add(set, 0, 1, host, "2001:db8:1111:2222:3333:4444:5555:6666");
	assert_string_equal(server_name(&set->servers[0], one), "sw1.example.com:5060@198.51.100.1");
	assert_string_equal(server_name(&set->servers[1], one), "sw1.example.com:5060@2001:db8::1");
	server_name(&set->servers[2], one);
	assert_int_equal(strlen(one), SERVER_NAME_MAX - 1);
	assert_non_null(strstr(one, ":5060@2001:db8:1111:2222:3333:4444:5555:6666"));
	/* What is cut away still tells them apart. */
	set->servers[2].host[60] = 'x';
	assert_string_not_equal(server_name(&set->servers[2], other), one);
	free(set);
}

static void the_difference_counts_who_comes_goes_and_changes(void **)
{
	static const unsigned int records[][2] = { { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 } };
	struct server_set *before = set_of(records, 3), *after = set_of(records, 4);
	struct server_difference d;

	after->servers[0].weight = 9;
	after->servers[1].endpoint.address.bytes[3] = 77; /* moved: another server */
	server_set_unify(before);
	server_set_unify(after);
	d = server_set_difference(before, after);
	assert_int_equal(d.added, 2);
	assert_int_equal(d.removed, 1);
	assert_int_equal(d.changed, 1);
	d = server_set_difference(after, after);
	assert_int_equal(d.added + d.removed + d.changed, 0);
	d = server_set_difference(NULL, after);
	assert_int_equal(d.added, 4);
	d = server_set_difference(after, NULL);
	assert_int_equal(d.removed, 4);
	free(before);
	free(after);
}

static const struct resolver_settings settings = {
	.ttl_min_ms = 5000, .ttl_max_ms = 3600000, .negative_ttl_ms = 30000,
};

static void lifetimes_have_a_floor_and_a_ceiling(void **)
{
	struct server_set set = { .status = SERVERS_FOUND, .ttl_s = 60 };

	assert_int_equal(ttl_of(&set, &settings), 60000);
	set.ttl_s = 0;
	assert_int_equal(ttl_of(&set, &settings), 5000);
	set.ttl_s = INT32_MAX;
	assert_int_equal(ttl_of(&set, &settings), 3600000);
	set.status = SERVERS_NONE;
	set.ttl_s = DNS_TTL_UNKNOWN;
	assert_int_equal(ttl_of(&set, &settings), 30000);
	set.ttl_s = 10;
	assert_int_equal(ttl_of(&set, &settings), 10000);
	set.status = SERVERS_FAILED;
	assert_int_equal(ttl_of(&set, &settings), 0);
}

static void a_refresh_is_never_early_and_spread_over_a_tenth(void **)
{
	assert_int_equal(ttl_refresh_ms(60000, 0), 60000);
	assert_int_equal(ttl_refresh_ms(60000, TTL_CHANCE / 2), 63000);
	assert_int_equal(ttl_refresh_ms(60000, TTL_CHANCE), 66000);
}

static void retries_back_off_to_a_minute(void **)
{
	static const uint32_t waits[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(ttl_retry_ms(i + 1, &settings, 0), waits[i]);
		assert_int_equal(ttl_retry_ms(i + 1, &settings, TTL_CHANCE), waits[i] * 3 / 4);
	}
	struct resolver_settings brisk = settings;
	brisk.ttl_max_ms = 2000;
	assert_int_equal(ttl_retry_ms(1000000, &brisk, 0), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_priority_comes_first_whatever_the_weights),
		cmocka_unit_test(weights_show_in_how_often_each_comes_first),
		cmocka_unit_test(a_number_up_to_the_total_picks_by_running_sums),
		cmocka_unit_test(weight_zero_beside_others_is_rare_and_not_never),
		cmocka_unit_test(with_all_weights_zero_each_gets_its_turn),
		cmocka_unit_test(addresses_of_a_host_stay_together_in_their_order),
		cmocka_unit_test(the_order_of_an_answer_does_not_matter),
		cmocka_unit_test(a_server_named_twice_is_one),
		cmocka_unit_test(hosts_keep_their_shares_however_many_addresses_they_have),
		cmocka_unit_test(shares_fit_the_field_and_none_becomes_zero),
		cmocka_unit_test(a_name_tells_host_port_and_address),
		cmocka_unit_test(the_difference_counts_who_comes_goes_and_changes),
		cmocka_unit_test(lifetimes_have_a_floor_and_a_ceiling),
		cmocka_unit_test(a_refresh_is_never_early_and_spread_over_a_tenth),
		cmocka_unit_test(retries_back_off_to_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
