/* SPDX-License-Identifier: BSD-3-Clause */
/* resolver/srv_name.h and store.h: what each kind of answer does, on a virtual clock; what is kept
 * as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "resolver/srv_name.h"
#include "resolver/store.h"

static const struct resolver_settings settings = {
	.ttl_min_ms = 5000, .ttl_max_ms = 3600000, .negative_ttl_ms = 30000,
};

static struct srv_name srv;
static struct srv_change change;
static struct srv_moment moment;

static int begin(void **)
{
	srv = (struct srv_name){ .name = "_sip._udp.example.com" };
	moment = (struct srv_moment){ .now_ms = 1000, .wall_ms = 1700000000000 };
	return 0;
}

static int end(void **)
{
	srv_name_fini(&srv);
	return 0;
}

/* Servers 198.51.100.1 to N of weight `weight`. */
static struct server_set *found(uint32_t count, uint16_t weight)
{
	struct server_set *set = server_set_create(count);

	set->ttl_s = 60;
	set->records = count;
	for (uint32_t i = 0; i < count; i++) {
		struct server *server = &set->servers[set->count++];
		snprintf(server->host, sizeof(server->host), "sw%u.example.com", i + 1);
		server->weight = weight;
		server->endpoint = (struct endpoint){
			.address = { .bytes = { 198, 51, 100, (uint8_t)(i + 1) }, .family = IP_V4 },
			.port = 5060,
		};
	}
	return set;
}

static void answer(struct server_set *set)
{
	assert_true(srv_name_answer(&srv, set, &settings, &moment, &change));
	free(set);
}

static void answer_status(enum servers_status status, enum dns_status cause, uint32_t ttl_s)
{
	struct server_set *set = server_set_create(0);

	set->status = status;
	set->cause = cause;
	set->asked = DNS_SRV;
	set->ttl_s = ttl_s;
	answer(set);
}

static void servers_are_taken_and_asked_for_again_when_they_expire(void **)
{
	answer(found(3, 1));
	assert_int_equal(srv.state, SRV_FRESH);
	assert_true(change.has_targets_changed);
	assert_true(change.is_worth_telling);
	assert_string_equal(change.text,
			    "_sip._udp.example.com: 3 targets: 3 added, 0 removed, 0 changed");
	assert_int_equal(srv.next_ms, 61000);
	assert_int_equal(srv.answered_ms, 1700000000000);
	moment.chance = TTL_CHANCE;
	answer(found(3, 1));
	assert_false(change.has_targets_changed);
	assert_false(change.is_worth_telling);
	assert_int_equal(srv.next_ms, 67000);
}

static void a_change_is_a_difference(void **)
{
	answer(found(3, 1));
	answer(found(2, 1));
	assert_true(change.has_targets_changed);
	assert_int_equal(change.difference.removed, 1);
	assert_int_equal(change.difference.added + change.difference.changed, 0);
	answer(found(2, 9));
	assert_int_equal(change.difference.changed, 2);
	assert_int_equal(srv.kept->servers[0].weight, 9);
}

static void the_root_as_target_empties_on_purpose(void **)
{
	answer(found(3, 1));
	answer_status(SERVERS_REFUSED, DNS_OK, 60);
	assert_int_equal(srv.state, SRV_REFUSED);
	assert_true(change.has_targets_changed);
	assert_int_equal(change.difference.removed, 3);
	assert_int_equal(srv.kept->count, 0);
	assert_true(change.is_worth_telling);
	answer_status(SERVERS_REFUSED, DNS_OK, 60);
	assert_false(change.is_worth_telling);
	answer(found(1, 1));
	assert_int_equal(srv.state, SRV_FRESH);
	assert_true(change.has_targets_changed);
}

static void a_failure_keeps_what_there_was_and_is_told_once(void **)
{
	static const enum dns_status causes[] = { DNS_TIMEOUT, DNS_SERVER_FAILED, DNS_REFUSED,
						  DNS_REFERRAL, DNS_MALFORMED, DNS_FAILED };

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		answer(found(3, 1));
		moment.wall_ms += 180000;
		answer_status(SERVERS_FAILED, causes[i], DNS_TTL_UNKNOWN);
		assert_int_equal(srv.state, SRV_STALE);
		assert_false(change.has_targets_changed);
		assert_int_equal(srv.kept->count, 3);
		assert_true(change.is_worth_telling);
		assert_non_null(strstr(change.text, "its 3 targets of 3 min ago stay"));
		assert_non_null(strstr(srv.error, dns_status_text(causes[i])));
		assert_int_equal(srv.next_ms, moment.now_ms + 1000);
		answer_status(SERVERS_FAILED, causes[i], DNS_TTL_UNKNOWN);
		assert_false(change.is_worth_telling);
		assert_int_equal(srv.failures, 2);
		assert_int_equal(srv.next_ms, moment.now_ms + 2000);
	}
	/* What was answered before counts from its answer, and the recovery is told. */
	answer(found(3, 1));
	assert_false(change.has_targets_changed);
	assert_true(change.is_worth_telling);
	assert_non_null(strstr(change.text, "answered again; 3 targets"));
	assert_string_equal(srv.error, "");
}

static void an_empty_answer_after_a_full_one_keeps_it(void **)
{
	answer(found(3, 1));
	answer_status(SERVERS_NONE, DNS_NO_NAME, 20);
	assert_int_equal(srv.state, SRV_STALE);
	assert_int_equal(srv.kept->count, 3);
	assert_int_equal(srv.next_ms, moment.now_ms + 20000);
	answer_status(SERVERS_NONE, DNS_NO_DATA, DNS_TTL_UNKNOWN);
	assert_int_equal(srv.kept->count, 3);
	assert_int_equal(srv.next_ms, moment.now_ms + 30000);
}

static void records_of_no_use_keep_what_there_was(void **)
{
	struct server_set *set;

	answer(found(2, 1));
	set = found(2, 1);
	set->count = 0;
	set->unreachable = 2;
	set->status = SERVERS_NONE;
	answer(set);
	assert_int_equal(srv.kept->count, 2);
	assert_string_equal(srv.error,
			    "no interface leads to any of the 2 addresses of its 2 SRV records");
}

static void without_an_earlier_answer_there_is_nothing(void **)
{
	answer_status(SERVERS_FAILED, DNS_TIMEOUT, DNS_TTL_UNKNOWN);
	assert_int_equal(srv.state, SRV_NEW);
	assert_null(srv.kept);
	assert_non_null(strstr(change.text, "there is no target"));
	answer_status(SERVERS_NONE, DNS_NO_NAME, 20);
	assert_int_equal(srv.state, SRV_EMPTY);
}

static void what_an_earlier_process_kept_serves_until_an_answer(void **)
{
	srv_name_restore(&srv, found(2, 1), moment.wall_ms - 3600000 * 5, 60000);
	assert_int_equal(srv.state, SRV_DISK);
	answer_status(SERVERS_FAILED, DNS_TIMEOUT, DNS_TTL_UNKNOWN);
	assert_int_equal(srv.state, SRV_STALE);
	assert_non_null(strstr(change.text, "its 2 targets of 5 h ago stay"));
	answer(found(2, 1));
	assert_false(change.has_targets_changed);
	assert_int_equal(srv.state, SRV_FRESH);
}

static void a_partial_answer_is_asked_for_again_soon(void **)
{
	struct server_set *set = found(2, 1);

	set->ttl_s = 3600;
	set->is_partial = true;
	set->cause = DNS_TIMEOUT;
	answer(set);
	assert_int_equal(srv.state, SRV_FRESH);
	assert_int_equal(srv.next_ms, moment.now_ms + 8000);
	assert_non_null(strstr(srv.error, "known ones stay"));
}

static void ages_are_told_in_a_unit_that_fits(void **)
{
	char text[32];

	assert_string_equal(srv_age_text(-5, text), "0 s");
	assert_string_equal(srv_age_text(119999, text), "119 s");
	assert_string_equal(srv_age_text(120000, text), "2 min");
	assert_string_equal(srv_age_text(7200000, text), "2 h");
	assert_string_equal(srv_age_text(86400000ll * 30, text), "30 d");
}

/* Text. */

static char *stored;
static unsigned int restored_count;

static void compare_restored(void *context, const struct store_entry *entry)
{
	const struct store_entry *wanted = &((const struct store_entry *)context)[restored_count++];

	assert_string_equal(entry->name, wanted->name);
	assert_int_equal(entry->answered_ms, wanted->answered_ms);
	assert_int_equal(entry->ttl_ms, wanted->ttl_ms);
	assert_int_equal(entry->set->count, wanted->set->count);
	assert_int_equal(entry->set->records, wanted->set->records);
	assert_memory_equal(entry->set->servers, wanted->set->servers,
			    entry->set->count * sizeof(entry->set->servers[0]));
}

static void count_restored(void *, const struct store_entry *)
{
	restored_count++;
}

static void what_is_kept_comes_back_as_it_was(void **)
{
	struct server_set *one = found(3, 7), *other = found(1, 0);
	const struct store_entry entries[] = {
		{ "_sip._udp.example.com", 1700000000123, 60000, one },
		{ "_sip._udp.example.net", 1, 0, other },
	};
	char why[STORE_WHY_MAX];

	one->servers[2].endpoint.address = (struct ip_address){ .bytes = { 0x20, 1 }, .family = IP_V6 };
	stored = store_format(entries, 2);
	assert_non_null(stored);
	restored_count = 0;
	assert_true(store_parse(span_of_string(stored), compare_restored,
				(void *)(uintptr_t)entries, why));
	assert_int_equal(restored_count, 2);
	free(stored);
	stored = store_format(entries, 0);
	assert_true(store_parse(span_of_string(stored), count_restored, NULL, why));
	free(stored);
	free(one);
	free(other);
}

static void damage_is_found_wherever_it_is(void **)
{
	struct server_set *set = found(2, 7);
	const struct store_entry entry = { "_sip._udp.example.com", 1700000000123, 60000, set };
	char why[STORE_WHY_MAX];

	stored = store_format(&entry, 1);
	size_t len = strlen(stored);
	restored_count = 0;
	for (size_t cut = 0; cut < len; cut++)
		assert_false(store_parse(span_of(stored, cut), count_restored, NULL, why));
	for (size_t at = 0; at < len; at++) {
		char good = stored[at];
		if (good == ' ' || good == '\n')
			continue;
		stored[at] = (char)(good ^ 1);
		assert_false(store_parse(span_of(stored, len), count_restored, NULL, why));
		stored[at] = good;
	}
	assert_int_equal(restored_count, 0);
	free(stored);
	free(set);
}

static void another_version_and_another_file_are_refused_by_name(void **)
{
	char why[STORE_WHY_MAX];

	assert_false(store_parse(SPAN("{\"format\":\"tandem-dns\",\"version\":2}"), count_restored,
				 NULL, why));
	assert_non_null(strstr(why, "version"));
	assert_false(store_parse(SPAN("{}"), count_restored, NULL, why));
	assert_string_equal(why, "it is not a file of DNS answers");
	assert_false(store_parse(SPAN("x"), count_restored, NULL, why));
	assert_non_null(strstr(why, "not JSON"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(servers_are_taken_and_asked_for_again_when_they_expire),
		CASE(a_change_is_a_difference),
		CASE(the_root_as_target_empties_on_purpose),
		CASE(a_failure_keeps_what_there_was_and_is_told_once),
		CASE(an_empty_answer_after_a_full_one_keeps_it),
		CASE(records_of_no_use_keep_what_there_was),
		CASE(without_an_earlier_answer_there_is_nothing),
		CASE(what_an_earlier_process_kept_serves_until_an_answer),
		CASE(a_partial_answer_is_asked_for_again_soon),
		cmocka_unit_test(ages_are_told_in_a_unit_that_fits),
		cmocka_unit_test(what_is_kept_comes_back_as_it_was),
		cmocka_unit_test(damage_is_found_wherever_it_is),
		cmocka_unit_test(another_version_and_another_file_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
