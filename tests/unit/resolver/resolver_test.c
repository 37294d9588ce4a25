/* SPDX-License-Identifier: BSD-3-Clause */
/* resolver/resolver.h with a real name server: procedure, transport, cache, failures, ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "name_server.h"
#include "resolver/resolver.h"

#define WAIT_MS 10000

struct test {
	struct name_server server;
	uv_loop_t loop;
	uv_timer_t deadline;
	struct resolver *resolver;
	struct resolver_settings settings;
	unsigned int told;      /* lookups that ended */
	struct server_set *set; /* of the last */
};

static const char records[] =
	"@ NAPTR 10 10 \"s\" \"SIPS+D2T\" \"\" _sips._tcp\n"
	"@ NAPTR 20 10 \"s\" \"SIP+D2U\" \"\" _sip._udp.voice\n"
	"_sip._udp.voice 120 SRV 10 60 5060 sw1\n"
	"_sip._udp.voice 120 SRV 10 40 5062 sw2\n"
	"_sip._udp.voice 120 SRV 20 0 5060 sw3\n"
	"sw1 A 198.51.100.11\nsw1 AAAA 2001:db8::11\nsw2 A 198.51.100.12\n"
	"sw3 CNAME sw2\nsw4 A 198.51.100.14\nsw4 A 198.51.100.15\n"
	"alias CNAME sw4\n"
	"_sip._udp.closed SRV 0 0 0 .\n"
	"closed A 198.51.100.99\n"
	"text TXT nothing-else\n";

static void found(void *context, const struct server_set *set)
{
	struct test *t = context;

	free(t->set);
	t->set = server_set_copy(set);
	t->told++;
	uv_stop(&t->loop); /* else this turn waits for a socket */
}

static void deadline_passed(uv_timer_t *timer)
{
	uv_stop(timer->loop);
	fail_msg("nothing within %d ms", WAIT_MS);
}

static void wait_until(struct test *t, unsigned int told)
{
	uv_update_time(&t->loop);
	uv_timer_start(&t->deadline, deadline_passed, WAIT_MS, 0);
	while (t->told < told)
		uv_run(&t->loop, UV_RUN_ONCE);
	uv_timer_stop(&t->deadline);
}

static void lookup(struct test *t, const char *host, uint16_t port)
{
	unsigned int told = t->told;

	assert_int_equal(resolver_lookup(t->resolver, span_of_string(host), port, found, t, NULL),
			 0);
	assert_int_equal(t->told, told); /* never from within */
	wait_until(t, told + 1);
}

static const char *servers(const struct server_set *set)
{
	static char text[4096];
	char name[SERVER_NAME_MAX];

	text[0] = '\0';
	for (uint32_t i = 0; i < set->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 server_name(&set->servers[i], name));
	return text;
}

static uint64_t questions(struct test *t)
{
	return resolver_counters(t->resolver).questions;
}

static int begin(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	char error[256];

	name_server_start(&t->server, records);
	assert_int_equal(uv_loop_init(&t->loop), 0);
	uv_timer_init(&t->loop, &t->deadline);
	t->settings = (struct resolver_settings){
		.nameserver_count = 1, .nameservers = { t->server.endpoint },
		.ttl_min_ms = 1000, .ttl_max_ms = 3600000, .negative_ttl_ms = 30000,
		.timeout_ms = 250, .tries = 2,
	};
	t->resolver = resolver_create(&t->loop, &t->settings, error, sizeof(error));
	assert_non_null(t->resolver);
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct test *t = *state;

	resolver_destroy(t->resolver);
	uv_close((uv_handle_t *)&t->deadline, NULL);
	while (uv_loop_close(&t->loop) == UV_EBUSY)
		uv_run(&t->loop, UV_RUN_ONCE);
	name_server_end(&t->server);
	free(t->set);
	free(t);
	return 0;
}

/* shows: 216, 222, 223, 228 */
static void a_domain_leads_by_naptr_and_srv_to_its_servers(void **state)
{
	struct test *t = *state;
	unsigned int heavy_first = 0;

	for (int i = 0; i < 200; i++) {
		lookup(t, "Example.COM", 0);
		assert_int_equal(t->set->status, SERVERS_FOUND);
		assert_int_equal(t->set->count, 4);
		assert_string_equal(t->set->servers[3].host, "sw3.example.com");
		heavy_first += t->set->servers[0].endpoint.port == 5060;
	}
	/* 60 of 100 for sw1, and the rest for sw2: in 200 drawings both come first. */
	assert_in_range(heavy_first, 80, 160);
	assert_int_equal(t->set->ttl_s, 120);
	/* One search, the rest from the cache: NAPTR, SRV, and what did not come along. */
	assert_in_range(questions(t), 2, 10);
	assert_int_equal(resolver_counters(t->resolver).from_cache, 199);
}

/* shows: 221 */
static void addresses_come_in_the_order_of_the_answer_through_aliases(void **state)
{
	struct test *t = *state;

	lookup(t, "alias.example.com", 5070);
	assert_int_equal(t->set->count, 2);
	assert_int_equal(t->set->servers[0].endpoint.port, 5070);
	assert_string_equal(t->set->servers[0].host, "alias.example.com");
	assert_int_equal(questions(t), 2);
}

/* shows: 227 */
static void a_service_that_is_not_offered_is_not_sought_elsewhere(void **state)
{
	struct test *t = *state;

	lookup(t, "closed.example.com", 0);
	assert_int_equal(t->set->status, SERVERS_REFUSED);
	assert_int_equal(t->set->count, 0);
}

static void absence_is_kept_as_long_as_the_zone_says(void **state)
{
	struct test *t = *state;

	lookup(t, "gone.example.com", 5060);
	assert_int_equal(t->set->status, SERVERS_NONE);
	assert_int_equal(t->set->cause, DNS_NO_NAME);
	assert_int_equal(t->set->ttl_s, 20);
	lookup(t, "gone.example.com", 5060);
	assert_int_equal(questions(t), 2);
	lookup(t, "text.example.com", 5060);
	assert_int_equal(t->set->cause, DNS_NO_DATA);
	assert_int_equal(t->set->ttl_s, 20);
}

static void an_answer_that_is_too_long_for_a_datagram_comes_whole(void **state)
{
	struct test *t = *state;
	static char many[65536];
	size_t used = 0;

	for (unsigned int i = 0; i < 300; i++)
		used += (size_t)snprintf(many + used, sizeof(many) - used,
					 "_sip._udp.big SRV 10 1 %u sw4\n", 6000 + i);
	used += (size_t)snprintf(many + used, sizeof(many) - used, "sw4 A 198.51.100.14\n");
	name_server_change(&t->server, many);
	lookup(t, "big.example.com", 0);
	assert_int_equal(t->set->status, SERVERS_FOUND);
	assert_int_equal(t->set->records, 300);
	assert_int_equal(t->set->count, 300);
}

static void equal_lookups_are_one_search(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 20; i++)
		assert_int_equal(resolver_lookup(t->resolver, SPAN("sw1.example.com"), 5060, found,
						 t, NULL), 0);
	assert_int_equal(resolver_counters(t->resolver).waiting, 20);
	wait_until(t, 20);
	assert_int_equal(questions(t), 2);
	assert_string_equal(servers(t->set), "sw1.example.com:5060@2001:db8::11 "
					     "sw1.example.com:5060@198.51.100.11");
	assert_int_equal(resolver_counters(t->resolver).waiting, 0);
}

static void a_dead_name_server_is_a_failure_that_is_not_kept(void **state)
{
	struct test *t = *state;

	name_server_kill(&t->server);
	lookup(t, "sw1.example.com", 5060);
	assert_int_equal(t->set->status, SERVERS_FAILED);
	assert_true(dns_status_is_failure(t->set->cause));
	assert_int_equal(resolver_counters(t->resolver).failures, 1);
	assert_int_equal(resolver_counters(t->resolver).cached, 0);
	name_server_start(&t->server, records);
	lookup(t, "sw1.example.com", 5060);
	assert_int_equal(t->set->status, SERVERS_FOUND);
}

static void a_silent_name_server_is_given_up_in_time(void **state)
{
	struct test *t = *state;

	name_server_pause(&t->server);
	uint64_t before = uv_hrtime();
	lookup(t, "sw1.example.com", 5060);
	assert_int_equal(t->set->status, SERVERS_FAILED);
	assert_int_equal(t->set->cause, DNS_TIMEOUT);
	/* Two tries, the second twice as long. */
	assert_in_range((uv_hrtime() - before) / 1000000, 500, 5000);
	name_server_resume(&t->server);
}

static void the_next_name_server_is_asked_when_one_is_dead(void **state)
{
	struct test *t = *state;
	char error[256], text[256];

	t->settings.nameserver_count = 2;
	t->settings.nameservers[1] = t->server.endpoint;
	t->settings.nameservers[0].port = 9; /* nobody there */
	assert_int_equal(resolver_configure(t->resolver, &t->settings, error, sizeof(error)), 0);
	resolver_servers(t->resolver, text, sizeof(text));
	assert_non_null(strstr(text, "127.0.0.1:9, 127.0.0.1:"));
	lookup(t, "sw1.example.com", 5060);
	assert_int_equal(t->set->status, SERVERS_FOUND);
}

static void a_refusal_is_a_failure(void **state)
{
	struct test *t = *state;

	lookup(t, "sw1.example.net", 5060); /* no zone of this server */
	assert_int_equal(t->set->status, SERVERS_FAILED);
	assert_int_equal(t->set->cause, DNS_REFUSED);
}

static void what_is_under_way_is_asked_of_new_servers(void **state)
{
	struct test *t = *state;
	char error[256];

	name_server_pause(&t->server);
	assert_int_equal(resolver_lookup(t->resolver, SPAN("sw1.example.com"), 5060, found, t, NULL),
			 0);
	uv_run(&t->loop, UV_RUN_ONCE); /* asked */
	assert_int_equal(questions(t), 2);
	name_server_resume(&t->server);
	assert_int_equal(resolver_configure(t->resolver, &t->settings, error, sizeof(error)), 0);
	wait_until(t, 1);
	assert_int_equal(t->set->status, SERVERS_FOUND);
}

static void a_cancelled_lookup_is_not_told(void **state)
{
	struct test *t = *state;
	struct resolver_lookup *one, *other, *ready;

	assert_int_equal(resolver_lookup(t->resolver, SPAN("sw1.example.com"), 5060, found, t, &one),
			 0);
	assert_int_equal(resolver_lookup(t->resolver, SPAN("sw2.example.com"), 5060, found, t,
					 &other), 0);
	assert_int_equal(resolver_lookup(t->resolver, SPAN("192.0.2.1"), 0, found, t, &ready), 0);
	resolver_cancel(ready);
	name_server_pause(&t->server);
	uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_int_equal(questions(t), 4);
	resolver_cancel(one); /* its answers come, and nobody is there */
	name_server_resume(&t->server);
	wait_until(t, 1);
	assert_string_equal(t->set->servers[0].host, "sw2.example.com");
	assert_int_equal(resolver_counters(t->resolver).waiting, 0);
}

static void lookups_are_bounded(void **state)
{
	struct test *t = *state;
	char host[32];

	for (int i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
		int len = snprintf(host, sizeof(host), "h%d.example.com", i);
		assert_int_equal(resolver_lookup(t->resolver, span_of(host, (size_t)len), 5060,
						 found, t, NULL), 0);
	}
	assert_int_equal(resolver_lookup(t->resolver, SPAN("one.more"), 5060, found, t, NULL),
			 -EAGAIN);
	assert_int_equal(resolver_lookup(t->resolver, SPAN("no host"), 5060, found, t, NULL),
			 -EINVAL);
	wait_until(t, RESOLVER_LOOKUPS_MAX);
	assert_int_equal(questions(t), 2 * RESOLVER_LOOKUPS_MAX);
}

static void it_ends_with_lookups_under_way(void **state)
{
	struct test *t = *state;

	name_server_pause(&t->server);
	assert_int_equal(resolver_lookup(t->resolver, SPAN("sw1.example.com"), 5060, found, t, NULL),
			 0);
	assert_int_equal(resolver_lookup(t->resolver, SPAN("192.0.2.1"), 0, found, t, NULL), 0);
	uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_int_equal(t->told, 1);
	/* end() takes it down; the sanitizers look for what is left. */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_domain_leads_by_naptr_and_srv_to_its_servers),
		CASE(addresses_come_in_the_order_of_the_answer_through_aliases),
		CASE(a_service_that_is_not_offered_is_not_sought_elsewhere),
		CASE(absence_is_kept_as_long_as_the_zone_says),
		CASE(an_answer_that_is_too_long_for_a_datagram_comes_whole),
		CASE(equal_lookups_are_one_search),
		CASE(a_dead_name_server_is_a_failure_that_is_not_kept),
		CASE(a_silent_name_server_is_given_up_in_time),
		CASE(the_next_name_server_is_asked_when_one_is_dead),
		CASE(a_refusal_is_a_failure),
		CASE(what_is_under_way_is_asked_of_new_servers),
		CASE(a_cancelled_lookup_is_not_told),
		CASE(lookups_are_bounded),
		CASE(it_ends_with_lookups_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
