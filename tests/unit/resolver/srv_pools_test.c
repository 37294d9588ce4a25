/* SPDX-License-Identifier: BSD-3-Clause */
/* resolver/srv_pools.h with a real name server and the real target set: changes as differences,
 * failures, the file of last good answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "name_server.h"
#include "resolver/srv_pools.h"
#include "resolver/store_file.h"

#define WAIT_MS  10000
#define SRV_NAME "_sip._udp.example.com"

struct test {
	struct name_server server;
	uv_loop_t loop;
	uv_timer_t deadline;
	struct resolver *resolver;
	struct srv_pools *pools;
	struct target_set *targets;
	unsigned int published;
	char told[4096]; /* a line an event */
	char path[128];
};

static const struct srv_pool_config one_pool[] = { { "switches", SRV_NAME } };

static const char records[] = "_sip._udp 1 SRV 10 60 5060 sw1\n_sip._udp 1 SRV 10 40 5060 sw2\n"
			      "sw1 1 A 198.51.100.11\nsw2 1 A 198.51.100.12\n";

static int replace(void *context, const char *pool, const struct target_spec *specs, uint32_t count)
{
	struct test *t = context;

	return target_set_replace(t->targets, pool, TARGET_SOURCE_SRV, specs, count);
}

static void publish(void *context)
{
	struct test *t = context;

	t->published++;
	uv_stop(&t->loop);
}

/* 203.0.113.0/24 is where no interface leads. */
static bool is_usable(void *, const struct ip_address *address)
{
	return address->bytes[0] != 203;
}

static void tell(void *context, json_t *fields, const char *text)
{
	struct test *t = context;
	size_t used = strlen(t->told);

	snprintf(t->told + used, sizeof(t->told) - used, "%s\n", text);
	json_decref(fields);
	uv_stop(&t->loop);
}

static void open_pools(struct test *t)
{
	const struct srv_pools_ops ops = { t, replace, publish, is_usable, tell };
	const struct resolver_settings settings = {
		.nameserver_count = 1, .nameservers = { t->server.endpoint },
		.ttl_min_ms = 200, .ttl_max_ms = 3600000, .negative_ttl_ms = 200,
		.timeout_ms = 200, .tries = 1,
	};
	char error[256];

	t->told[0] = '\0';
	t->published = 0;
	t->targets = target_set_create();
	t->resolver = resolver_create(&t->loop, &settings, error, sizeof(error));
	assert_non_null(t->resolver);
	t->pools = srv_pools_create(&t->loop, t->resolver, &ops, t->path);
	assert_non_null(t->pools);
}

static void close_pools(struct test *t)
{
	srv_pools_destroy(t->pools);
	resolver_destroy(t->resolver);
	uv_run(&t->loop, UV_RUN_DEFAULT); /* the deadline does not keep it */
	target_set_destroy(t->targets);
}

static int begin(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	name_server_start(&t->server, records);
	snprintf(t->path, sizeof(t->path), "%s/state/dns.json", t->server.folder);
	assert_int_equal(uv_loop_init(&t->loop), 0);
	uv_timer_init(&t->loop, &t->deadline);
	uv_unref((uv_handle_t *)&t->deadline);
	open_pools(t);
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct test *t = *state;

	close_pools(t);
	uv_close((uv_handle_t *)&t->deadline, NULL);
	while (uv_loop_close(&t->loop) == UV_EBUSY)
		uv_run(&t->loop, UV_RUN_ONCE);
	name_server_end(&t->server);
	free(t);
	return 0;
}

static void deadline_passed(uv_timer_t *)
{
	fail_msg("nothing within %d ms", WAIT_MS);
}

typedef bool (*reached_fn)(struct test *t);

static void wait_until(struct test *t, reached_fn reached)
{
	uv_update_time(&t->loop);
	uv_timer_start(&t->deadline, deadline_passed, WAIT_MS, 0);
	while (!reached(t))
		uv_run(&t->loop, UV_RUN_ONCE);
	uv_timer_stop(&t->deadline);
}

/* "priority weight name" of each target, by name. */
static const char *targets(struct test *t, const char *pool)
{
	static char text[4096];
	uint32_t count;
	const struct target_spec *specs = target_set_of(t->targets, pool, TARGET_SOURCE_SRV, &count);

	text[0] = '\0';
	for (uint32_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u %u %s",
			 i ? "; " : "", specs[i].priority, specs[i].weight, specs[i].name);
	return text;
}

static bool has_published(struct test *t)
{
	return t->published;
}

static json_t *row(struct test *t)
{
	json_t *body = srv_pools_show(t->pools, SRV_NAME);
	json_t *first = json_incref(json_array_get(json_object_get(body, "names"), 0));

	json_decref(body);
	assert_non_null(first);
	return first;
}

static bool state_is(struct test *t, const char *state)
{
	json_t *first = row(t);
	bool is = strcmp(json_string_value(json_object_get(first, "state")), state) == 0;

	json_decref(first);
	return is;
}

static bool is_stale(struct test *t)
{
	return state_is(t, "stale");
}

static bool is_fresh(struct test *t)
{
	return state_is(t, "fresh");
}

static void configure(struct test *t)
{
	assert_int_equal(srv_pools_configure(t->pools, one_pool, 1), 0);
}

static void begin_full(struct test *t)
{
	configure(t);
	wait_until(t, has_published);
	t->published = 0;
	t->told[0] = '\0';
}

#define SW1 "sw1.example.com:5060@198.51.100.11"
#define SW2 "sw2.example.com:5060@198.51.100.12"

static void every_record_becomes_a_target(void **state)
{
	struct test *t = *state;
	uint32_t count;

	configure(t);
	assert_non_null(strstr(t->told, "no target until DNS answers"));
	assert_string_equal(targets(t, "switches"), "");
	wait_until(t, has_published);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
	const struct target_spec *specs =
		target_set_of(t->targets, "switches", TARGET_SOURCE_SRV, &count);
	assert_string_equal(specs[0].uri, "sip:sw1.example.com:5060");
	assert_int_equal(specs[0].endpoint.port, 5060);
	assert_non_null(strstr(t->told, "2 targets: 2 added, 0 removed, 0 changed"));
	assert_true(is_fresh(t));
}

static void the_zone_changes_and_so_do_the_targets(void **state)
{
	struct test *t = *state;

	begin_full(t);
	name_server_change(&t->server,
			   "_sip._udp 1 SRV 10 5 5060 sw1\n_sip._udp 1 SRV 20 40 5070 sw3\n"
			   "sw1 1 A 198.51.100.11\nsw3 1 A 198.51.100.13\nsw3 1 AAAA 2001:db8::13\n");
	wait_until(t, has_published);
	assert_string_equal(targets(t, "switches"),
			    "10 5 " SW1 "; 20 40 sw3.example.com:5070@198.51.100.13; "
			    "20 40 sw3.example.com:5070@2001:db8::13");
	assert_non_null(strstr(t->told, "3 targets: 2 added, 1 removed, 1 changed"));
}

static unsigned int asked_before;

static bool asked_thrice_more(struct test *t)
{
	json_t *first = row(t);
	json_int_t attempts = json_integer_value(json_object_get(first, "attempts"));

	json_decref(first);
	return attempts >= asked_before + 3;
}

static void what_stays_the_same_publishes_nothing(void **state)
{
	struct test *t = *state;

	begin_full(t);
	asked_before = 1;
	wait_until(t, asked_thrice_more);
	assert_int_equal(t->published, 0);
	assert_string_equal(t->told, "");
}

static void addresses_where_no_interface_leads_are_left_out(void **state)
{
	struct test *t = *state;
	json_t *first;

	name_server_change(&t->server, "_sip._udp 1 SRV 10 60 5060 sw1\nsw1 1 A 198.51.100.11\n"
				       "sw1 1 A 203.0.113.5\n");
	begin_full(t);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1);
	first = row(t);
	assert_int_equal(json_integer_value(json_object_get(first, "unreachable")), 1);
	json_decref(first);
}

static void a_killed_name_server_changes_nothing_and_is_told(void **state)
{
	struct test *t = *state;

	begin_full(t);
	name_server_kill(&t->server);
	wait_until(t, is_stale);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
	assert_int_equal(t->published, 0);
	assert_non_null(strstr(t->told, "its 2 targets of "));
	t->told[0] = '\0';
	name_server_start(&t->server, records);
	wait_until(t, is_fresh);
	assert_int_equal(t->published, 0);
	assert_non_null(strstr(t->told, "answered again; 2 targets"));
}

static void a_zone_without_the_name_changes_nothing(void **state)
{
	struct test *t = *state;

	begin_full(t);
	name_server_change(&t->server, "");
	wait_until(t, is_stale);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
	assert_non_null(strstr(t->told, "NXDOMAIN"));
}

/* shows: 227 */
static void the_root_as_target_empties_the_pool(void **state)
{
	struct test *t = *state;

	begin_full(t);
	name_server_change(&t->server, "_sip._udp 1 SRV 0 0 0 .\n");
	wait_until(t, has_published);
	assert_string_equal(targets(t, "switches"), "");
	assert_true(state_is(t, "refused"));
}

static void the_next_process_serves_at_once_without_dns(void **state)
{
	struct test *t = *state;
	struct stat status;

	begin_full(t);
	close_pools(t);
	name_server_kill(&t->server);
	assert_int_equal(stat(t->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	open_pools(t);
	configure(t);
	/* Before the loop runs. */
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
	assert_true(state_is(t, "disk"));
	assert_non_null(strstr(t->told, "2 targets as answered "));
	wait_until(t, is_stale);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
}

static void a_damaged_file_is_refused_and_told(void **state)
{
	struct test *t = *state;
	char *text;
	size_t len;

	begin_full(t);
	close_pools(t);
	name_server_kill(&t->server);
	assert_int_equal(store_file_read(t->path, &text, &len), 0);
	char *weight = strstr(text, "\"weight\": 60");
	assert_non_null(weight);
	weight[10] = '9';
	assert_int_equal(store_file_write(t->path, span_of(text, len)), 0);
	free(text);
	open_pools(t);
	assert_non_null(strstr(t->told, "are not used: it is damaged or was edited"));
	configure(t);
	assert_string_equal(targets(t, "switches"), "");

	close_pools(t);
	assert_int_equal(chmod(t->path, 0666), 0);
	open_pools(t);
	assert_non_null(strstr(t->told, "others may write it"));
}

static void a_folder_that_cannot_be_written_is_told_once(void **state)
{
	struct test *t = *state;
	char folder[128];

	snprintf(folder, sizeof(folder), "%s/state", t->server.folder);
	FILE *file = fopen(folder, "we"); /* a file where the folder should be */
	assert_non_null(file);
	fclose(file);
	configure(t);
	wait_until(t, has_published);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
	close_pools(t);
	unlink(folder);
	open_pools(t);
	configure(t);
}

static void two_pools_of_one_name_and_a_change_of_pools(void **state)
{
	struct test *t = *state;
	static const struct srv_pool_config two[] = { { "switches", SRV_NAME }, { "more", SRV_NAME } };
	static const struct srv_pool_config other[] = { { "more", "_sip._udp.gone.example.com" } };

	assert_int_equal(srv_pools_configure(t->pools, two, 2), 0);
	wait_until(t, has_published);
	assert_string_equal(targets(t, "switches"), "10 60 " SW1 "; 10 40 " SW2);
	assert_string_equal(targets(t, "more"), "10 60 " SW1 "; 10 40 " SW2);
	assert_int_equal(t->published, 1);
	t->published = 0;
	assert_int_equal(srv_pools_configure(t->pools, two, 2), 0);
	assert_int_equal(t->published, 0);
	assert_int_equal(srv_pools_configure(t->pools, other, 1), 0);
	assert_string_equal(targets(t, "switches"), "");
	assert_string_equal(targets(t, "more"), "");
	json_t *body = srv_pools_show(t->pools, NULL);
	assert_int_equal(json_array_size(json_object_get(body, "names")), 1);
	json_decref(body);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_record_becomes_a_target),
		CASE(the_zone_changes_and_so_do_the_targets),
		CASE(what_stays_the_same_publishes_nothing),
		CASE(addresses_where_no_interface_leads_are_left_out),
		CASE(a_killed_name_server_changes_nothing_and_is_told),
		CASE(a_zone_without_the_name_changes_nothing),
		CASE(the_root_as_target_empties_the_pool),
		CASE(the_next_process_serves_at_once_without_dns),
		CASE(a_damaged_file_is_refused_and_told),
		CASE(a_folder_that_cannot_be_written_is_told_once),
		CASE(two_pools_of_one_name_and_a_change_of_pools),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
