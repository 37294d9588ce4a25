/* SPDX-License-Identifier: BSD-3-Clause */
/* control/names: from a worker's question to its answer, with a resolver and a data plane that are
 * none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>

#include "names/names.h"
#include "resolver/ttl.h"

#define LOOKUPS_MAX 600

struct resolver_lookup {
	char host[PROXY_NAME_MAX];
	uint16_t port;
	resolver_fn fn;
	void *context;
	bool is_cancelled;
};

static struct resolver_lookup lookups[LOOKUPS_MAX];
static unsigned int lookup_count;
static int lookup_status;

static struct proxy_name questions[LOOKUPS_MAX];
static unsigned int question_count;

static struct proxy_name_answer answers[LOOKUPS_MAX];
static uint16_t answered[LOOKUPS_MAX];
static unsigned int answer_count, answer_room;

static struct balance_snapshot snapshot;
static const struct balance_snapshot *in_force = &snapshot;
static struct name_finder finder;

/* ---- the resolver */

int resolver_lookup(struct resolver *, struct span host, uint16_t port, resolver_fn fn,
		    void *context, struct resolver_lookup **lookup)
{
	if (lookup_status < 0)
		return lookup_status;
	*lookup = &lookups[lookup_count++];
	**lookup = (struct resolver_lookup){ .port = port, .fn = fn, .context = context };
	memcpy((*lookup)->host, host.data, host.len);
	return 0;
}

void resolver_cancel(struct resolver_lookup *lookup)
{
	lookup->is_cancelled = true;
}

const struct resolver_settings *resolver_settings(const struct resolver *)
{
	static const struct resolver_settings settings = { .ttl_min_ms = 7 };

	return &settings;
}

uint32_t ttl_of(const struct server_set *set, const struct resolver_settings *settings)
{
	assert_int_equal(settings->ttl_min_ms, 7);
	return set->ttl_s * 1000;
}

/* ---- the data plane */

void dataplane_poll_names(struct dataplane *, dataplane_name_fn name, void *context)
{
	for (unsigned int i = 0; i < question_count; i++)
		name(context, (uint16_t)(i % 3), &questions[i]);
	question_count = 0;
}

int dataplane_name_answer(struct dataplane *, uint16_t worker,
			  const struct proxy_name_answer *answer)
{
	if (answer_count == answer_room)
		return -EAGAIN;
	answered[answer_count] = worker;
	answers[answer_count++] = *answer;
	return 0;
}

/* ---- */

static int set_up(void **)
{
	lookup_count = question_count = answer_count = 0;
	lookup_status = 0;
	answer_room = LOOKUPS_MAX;
	snapshot = (struct balance_snapshot){ .interface_count = 1 };
	snapshot.interfaces[0].address_count = 1;
	assert_true(ip_prefix_parse(SPAN("192.0.2.1/24"),
				    &snapshot.interfaces[0].addresses[0]));
	names_open(&finder, NULL, (struct resolver *)&finder, &in_force);
	return 0;
}

static void ask(const char *host, uint16_t port)
{
	struct proxy_name *question = &questions[question_count++];

	*question = (struct proxy_name){ .key = { .lo = question_count, .hi = port },
					 .port = port };
	snprintf(question->host, sizeof(question->host), "%s", host);
}

static void answer(unsigned int lookup, enum servers_status status, uint32_t ttl_s,
		   const char *first, const char *second)
{
	struct server_set *set = calloc(1, sizeof(*set) + 2 * sizeof(struct server));
	const char *all[] = { first, second };

	assert_non_null(set);
	set->status = status;
	set->ttl_s = ttl_s;
	for (size_t i = 0; i < ARRAY_SIZE(all) && all[i]; i++)
		assert_true(endpoint_parse(span_of_string(all[i]), 5060,
					   &set->servers[set->count++].endpoint));
	lookups[lookup].fn(lookups[lookup].context, set);
	free(set);
}

static void a_question_is_answered_to_who_asked(void **)
{
	char text[ENDPOINT_TEXT_MAX];

	ask("a.example.com", 0);
	ask("b.example.com", 5070);
	names_pump(&finder);
	assert_int_equal(lookup_count, 2);
	assert_string_equal(lookups[0].host, "a.example.com");
	assert_int_equal(lookups[0].port, 0);
	assert_string_equal(lookups[1].host, "b.example.com");
	assert_int_equal(lookups[1].port, 5070);
	assert_int_equal(answer_count, 0);
	/* The first that some interface leads to. */
	answer(1, SERVERS_FOUND, 30, "198.51.100.9:5070", "192.0.2.9:5071");
	answer(0, SERVERS_FOUND, 60, "192.0.2.10:5060", "192.0.2.11:5060");
	assert_int_equal(answer_count, 2);
	assert_int_equal(answered[0], 1);
	assert_int_equal(answers[0].key.hi, 5070);
	assert_true(answers[0].is_found);
	assert_int_equal(answers[0].keep_ms, 30000);
	assert_string_equal(endpoint_to_string(&answers[0].endpoint, text), "192.0.2.9:5071");
	assert_int_equal(answered[1], 0);
	assert_string_equal(endpoint_to_string(&answers[1].endpoint, text), "192.0.2.10:5060");
	assert_int_equal(finder.under_way, 0);
	assert_int_equal(finder.counters.found, 2);
}

static void what_is_not_there_is_said(void **)
{
	for (int status = SERVERS_FOUND; status <= SERVERS_FAILED; status++) {
		ask("a.example.com", 0);
		names_pump(&finder);
		/* Found, but nothing leads there. */
		answer((unsigned int)status, (enum servers_status)status, 9,
		       status == SERVERS_FOUND ? "198.51.100.9:5070" : NULL, NULL);
		assert_int_equal(answer_count, status + 1);
		assert_false(answers[status].is_found);
		assert_int_equal(answers[status].keep_ms, status == SERVERS_FAILED ? 2000 : 9000);
	}
	assert_int_equal(finder.counters.unknown, 4);
	assert_int_equal(finder.counters.failed, 1);
	lookup_status = -EAGAIN;
	ask("a.example.com", 0);
	names_pump(&finder);
	assert_int_equal(answer_count, 6);
	assert_false(answers[5].is_found);
	assert_int_equal(finder.under_way, 0);
}

static void a_full_ring_is_tried_again(void **)
{
	answer_room = 1;
	for (unsigned int i = 0; i < 3; i++)
		ask("a.example.com", 0);
	names_pump(&finder);
	for (unsigned int i = 0; i < 3; i++)
		answer(i, SERVERS_FOUND, 30, "192.0.2.9", NULL);
	assert_int_equal(answer_count, 1);
	assert_int_equal(finder.under_way, 2);
	answer_room = 2;
	names_pump(&finder);
	assert_int_equal(answer_count, 2);
	answer_room = 10;
	names_pump(&finder);
	assert_int_equal(answer_count, 3);
	assert_int_equal(finder.under_way, 0);
}

static void what_is_under_way_is_bounded_and_dropped_at_the_end(void **)
{
	for (unsigned int i = 0; i < NAMES_JOBS_MAX + 5; i++)
		ask("a.example.com", 0);
	names_pump(&finder);
	assert_int_equal(lookup_count, NAMES_JOBS_MAX);
	assert_int_equal(finder.counters.dropped, 5);
	answer_room = 0;
	answer(7, SERVERS_FOUND, 30, "192.0.2.9", NULL);
	names_close(&finder);
	for (unsigned int i = 0; i < lookup_count; i++)
		assert_int_equal(lookups[i].is_cancelled, i != 7);
	assert_int_equal(finder.under_way, 0);
	/* Closed: nothing is taken any more; closing again is nothing. */
	ask("a.example.com", 0);
	names_pump(&finder);
	assert_int_equal(question_count, 1);
	names_close(&finder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_question_is_answered_to_who_asked, set_up),
		cmocka_unit_test_setup(what_is_not_there_is_said, set_up),
		cmocka_unit_test_setup(a_full_ring_is_tried_again, set_up),
		cmocka_unit_test_setup(what_is_under_way_is_bounded_and_dropped_at_the_end, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
