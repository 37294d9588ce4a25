/* SPDX-License-Identifier: BSD-3-Clause */
/* resolver/locate.h: which questions are asked of a zone, and what its answers lead to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "reply.h"
#include "resolver/locate.h"

/* A zone as its server answers: one line a record, "TYPE owner data", or "TYPE owner !status".
 * Addresses are of the family that their text has. */
struct zone {
	const char *lines[16];
};

static char asked[4096]; /* "SRV _sip._udp.example.com; A ..." */
static struct server_set *set;
static const struct server_set *known;

static bool line_is_of(const char *line, enum dns_type type, const char *name, const char **data)
{
	char wanted[DNS_NAME_MAX + 8];
	int len = snprintf(wanted, sizeof(wanted), "%s %s ", dns_type_name(type), name);

	*data = line + len;
	return strncmp(line, wanted, (size_t)len) == 0;
}

static void put_data(struct reply *reply, enum dns_type type, const char *name, const char *data)
{
	unsigned int a, b, c;
	char text[3][DNS_NAME_MAX];

	switch (type) {
	case DNS_SRV:
		assert_int_equal(sscanf(data, "%u %u %u %255s", &a, &b, &c, text[0]), 4);
		reply_srv(reply, name, 300, a, b, c, strcmp(text[0], ".") ? text[0] : "");
		return;
	case DNS_NAPTR:
		assert_int_equal(sscanf(data, "%u %u %255s %255s %255s", &a, &b, text[0], text[1],
					text[2]), 5);
		reply_naptr(reply, name, 300, a, b, text[0], text[1], "", text[2]);
		return;
	default:
		reply_address(reply, REPLY_ANSWER, name, 300, data);
		return;
	}
}

static enum dns_status status_of(const char *word)
{
	static const struct {
		const char *word;
		enum dns_status status;
	} words[] = {
		{ "nxdomain", DNS_NO_NAME }, { "nodata", DNS_NO_DATA },
		{ "servfail", DNS_SERVER_FAILED }, { "timeout", DNS_TIMEOUT },
		{ "refused", DNS_REFUSED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].status;
	}
	fail_msg("no status %s", word);
	return DNS_FAILED;
}

/* What is not in the zone does not exist. */
static void zone_answer(const struct zone *zone, const struct locate_question *question,
			struct dns_answer *answer)
{
	static struct reply reply;
	enum dns_status status = DNS_NO_NAME;
	const char *data;

	reply_begin(&reply, question->type, question->name);
	for (int i = 0; zone->lines[i]; i++) {
		char owner[DNS_NAME_MAX], to[DNS_NAME_MAX];
		if (sscanf(zone->lines[i], "CNAME %255s %255s", owner, to) == 2 &&
		    strcmp(owner, question->name) == 0) {
			reply_cname(&reply, owner, 300, to);
			status = DNS_OK;
		}
		if (sscanf(zone->lines[i], "EXTRA %255s %255s", owner, to) == 2 &&
		    question->type == DNS_SRV)
			reply_address(&reply, REPLY_ADDITIONAL, owner, 300, to);
		if (!line_is_of(zone->lines[i], question->type, question->name, &data))
			continue;
		status = data[0] == '!' ? status_of(data + 1) : DNS_OK;
		if (status == DNS_OK)
			put_data(&reply, question->type, question->name, data);
	}
	if (dns_status_is_failure(status))
		dns_answer_fail(answer, question->type, status);
	else
		dns_answer_parse(answer, question->type, status, reply_span(&reply));
}

static void run(const struct zone *zone, const struct locate_request *request)
{
	struct locate *locate = locate_create(request, known);
	struct locate_question question;
	struct dns_answer answer;
	struct text_writer w = text_writer_of(asked, sizeof(asked) - 1);

	assert_non_null(locate);
	while (!locate_is_done(locate)) {
		assert_true(locate_next(locate, &question));
		if (text_written(&w).len)
			text_put(&w, SPAN("; "));
		text_put(&w, span_of_string(dns_type_name(question.type)));
		text_put_char(&w, ' ');
		text_put(&w, span_of_string(question.name));
		zone_answer(zone, &question, &answer);
		locate_answer(locate, question.id, &answer);
		dns_answer_fini(&answer);
	}
	assert_false(locate_next(locate, &question));
	*w.at = '\0';
	free(set);
	set = locate_result(locate);
	assert_non_null(set);
	locate_destroy(locate);
}

static void locate(const struct zone *zone, const char *host, uint16_t port)
{
	struct locate_request request;

	assert_true(locate_request_init(&request, span_of_string(host), port));
	run(zone, &request);
}

/* "priority weight host:port@address" of each, joined by "; ". */
static const char *servers(void)
{
	static char text[4096];
	char name[SERVER_NAME_MAX];

	text[0] = '\0';
	for (uint32_t i = 0; i < set->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u %u %s",
			 i ? "; " : "", set->servers[i].priority, set->servers[i].weight,
			 server_name(&set->servers[i], name));
	return text;
}

static const struct zone empty = { .lines = { NULL } };

static const struct zone full = { .lines = {
	"NAPTR example.com 50 50 s SIPS+D2T _sips._tcp.example.com",
	"NAPTR example.com 90 50 s SIP+D2T _sip._tcp.example.com",
	"NAPTR example.com 100 50 s SIP+D2U _sip._udp.voice.example.com",
	"NAPTR example.com 100 60 s SIP+D2U _sip._udp.spare.example.com",
	"SRV _sip._udp.voice.example.com 10 60 5060 sw1.example.com",
	"SRV _sip._udp.voice.example.com 20 40 5070 sw2.example.com",
	"SRV _sip._udp.example.com 1 1 5060 wrong.example.com",
	"A sw1.example.com 198.51.100.11",
	"AAAA sw1.example.com 2001:db8::11",
	"A sw2.example.com 198.51.100.12",
	"A example.com 198.51.100.99",
} };

/* shows: 220 */
static void an_address_is_used_as_it_stands(void **)
{
	locate(&full, "192.0.2.7", 0);
	assert_string_equal(servers(), "0 0 192.0.2.7:5060@192.0.2.7");
	locate(&full, "192.0.2.7", 5071);
	assert_string_equal(servers(), "0 0 192.0.2.7:5071@192.0.2.7");
	locate(&full, "[2001:DB8::7]", 0);
	assert_string_equal(servers(), "0 0 2001:db8::7:5060@2001:db8::7");
	assert_string_equal(asked, "");
}

/* shows: 221 */
static void a_name_with_a_port_is_its_addresses_even_with_5060(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.sw.example.com 10 60 5070 other.example.com",
		"A sw.example.com 198.51.100.12", "A sw.example.com 198.51.100.11" } };

	locate(&zone, "SW.example.com.", 5060);
	assert_string_equal(asked, "AAAA sw.example.com; A sw.example.com");
	assert_string_equal(servers(), "0 0 sw.example.com:5060@198.51.100.12; "
				       "0 0 sw.example.com:5060@198.51.100.11");
}

/* shows: 216, 222 */
static void a_name_alone_goes_by_naptr_then_srv_then_addresses(void **)
{
	locate(&full, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.voice.example.com; "
				   "AAAA sw1.example.com; A sw1.example.com; "
				   "AAAA sw2.example.com; A sw2.example.com");
	assert_string_equal(servers(), "10 60 sw1.example.com:5060@198.51.100.11; "
				       "10 60 sw1.example.com:5060@2001:db8::11; "
				       "20 40 sw2.example.com:5070@198.51.100.12");
	assert_int_equal(set->records, 2);
	assert_int_equal(set->ttl_s, 300);
}

/* shows: 218, 222 */
static void without_naptr_srv_is_asked_for_each_transport_that_is_spoken(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.example.com 10 60 5060 sw1.example.com",
		"A sw1.example.com 198.51.100.11" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.example.com; "
				   "AAAA sw1.example.com; A sw1.example.com");
	assert_string_equal(servers(), "10 60 sw1.example.com:5060@198.51.100.11");
}

/* shows: 216 */
static void services_that_are_not_spoken_are_discarded(void **)
{
	static const struct zone zone = { .lines = {
		"NAPTR example.com 50 50 s SIP+D2T _sip._tcp.example.com",
		"NAPTR example.com 50 50 u SIP+D2U _sip._udp.no.example.com",
		"SRV _sip._tcp.example.com 1 1 5060 tcp.example.com",
		"SRV _sip._udp.example.com 10 60 5060 sw1.example.com",
		"A sw1.example.com 198.51.100.11" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.example.com; "
				   "AAAA sw1.example.com; A sw1.example.com");
}

/* shows: 219, 222 */
static void without_srv_it_is_udp_at_the_default_port(void **)
{
	static const struct zone zone = { .lines = { "A example.com 198.51.100.99",
						     "AAAA example.com 2001:db8::99" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.example.com; "
				   "AAAA example.com; A example.com");
	assert_string_equal(servers(), "0 0 example.com:5060@2001:db8::99; "
				       "0 0 example.com:5060@198.51.100.99");
}

static void a_replacement_without_records_gives_way_to_the_next(void **)
{
	static const struct zone zone = { .lines = {
		"NAPTR example.com 10 20 s SIP+D2U _sip._udp.b.example.com",
		"NAPTR example.com 10 10 s SIP+D2U _sip._udp.a.example.com",
		"SRV _sip._udp.b.example.com 10 60 5060 sw1.example.com",
		"A sw1.example.com 198.51.100.11" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.a.example.com; "
				   "SRV _sip._udp.b.example.com; AAAA sw1.example.com; "
				   "A sw1.example.com");
	assert_int_equal(set->status, SERVERS_FOUND);
}

/* shows: 215 */
static void a_transport_that_is_named_needs_no_naptr(void **)
{
	struct locate_request request;

	assert_true(locate_request_init(&request, SPAN("example.com"), 0));
	request.transport = LOCATE_UDP;
	run(&full, &request);
	assert_string_equal(asked, "SRV _sip._udp.example.com; AAAA wrong.example.com; "
				   "A wrong.example.com");
	request.transport = LOCATE_OTHER;
	run(&full, &request);
	assert_string_equal(asked, "");
	assert_int_equal(set->status, SERVERS_UNSUPPORTED);
}

/* shows: 217 */
static void sips_is_never_served_by_a_service_without_tls(void **)
{
	struct locate_request request;

	assert_true(locate_request_init(&request, SPAN("example.com"), 0));
	request.is_sips = true;
	run(&full, &request);
	assert_int_equal(set->status, SERVERS_UNSUPPORTED);
	assert_int_equal(set->count, 0);
	assert_true(locate_request_init(&request, SPAN("198.51.100.1"), 5060));
	request.is_sips = true;
	run(&full, &request);
	assert_int_equal(set->status, SERVERS_UNSUPPORTED);
}

/* shows: 227 */
static void the_root_as_the_only_target_ends_the_search(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.example.com 0 0 0 .", "A example.com 198.51.100.99" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.example.com");
	assert_int_equal(set->status, SERVERS_REFUSED);
	assert_int_equal(set->count, 0);
	assert_int_equal(set->ttl_s, 300);
}

static void the_root_beside_others_says_nothing(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.example.com 0 0 5060 .",
		"SRV _sip._udp.example.com 0 0 5060 sw1.example.com",
		"A sw1.example.com 198.51.100.11" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(servers(), "0 0 sw1.example.com:5060@198.51.100.11");
	assert_int_equal(set->unusable, 1);
}

static void locate_srv(const struct zone *zone)
{
	struct locate_request request;

	assert_true(locate_request_init(&request, SPAN("_sip._udp.example.com"), 0));
	request.is_srv = true;
	run(zone, &request);
}

/* shows: 228 */
static void addresses_that_came_along_are_not_asked_for_and_missing_ones_are(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.example.com 10 60 5060 sw1.example.com",
		"SRV _sip._udp.example.com 10 40 5060 sw2.example.com",
		"EXTRA sw1.example.com 198.51.100.11", "EXTRA sw1.example.com 2001:db8::11",
		"EXTRA sw2.example.com 198.51.100.12", "EXTRA sw2.example.com 198.51.100.12",
		"EXTRA stranger.example.com 198.51.100.66",
		"AAAA sw2.example.com 2001:db8::12" } };

	locate_srv(&zone);
	assert_string_equal(asked, "SRV _sip._udp.example.com; AAAA sw2.example.com");
	assert_string_equal(servers(), "10 60 sw1.example.com:5060@198.51.100.11; "
				       "10 60 sw1.example.com:5060@2001:db8::11; "
				       "10 40 sw2.example.com:5060@198.51.100.12; "
				       "10 40 sw2.example.com:5060@2001:db8::12");
}

static void a_srv_name_is_asked_for_nothing_else(void **)
{
	locate_srv(&empty);
	assert_string_equal(asked, "SRV _sip._udp.example.com");
	assert_int_equal(set->status, SERVERS_NONE);
	assert_int_equal(set->cause, DNS_NO_NAME);
	assert_int_equal(set->asked, DNS_SRV);
}

static void a_failure_is_no_absence_and_takes_no_other_way(void **)
{
	static const struct zone zone = { .lines = { "SRV _sip._udp.example.com !servfail",
						     "A example.com 198.51.100.99" } };

	locate(&zone, "example.com", 0);
	assert_string_equal(asked, "NAPTR example.com; SRV _sip._udp.example.com");
	assert_int_equal(set->status, SERVERS_FAILED);
	assert_int_equal(set->cause, DNS_SERVER_FAILED);
}

static void a_name_server_that_knows_no_naptr_is_asked_for_srv(void **)
{
	static const struct zone zone = { .lines = {
		"NAPTR example.com !servfail", "SRV _sip._udp.example.com 1 1 5060 sw1.example.com",
		"A sw1.example.com 198.51.100.11" } };

	locate(&zone, "example.com", 0);
	assert_int_equal(set->status, SERVERS_FOUND);
	assert_int_equal(set->count, 1);
}

static void a_host_that_does_not_exist_costs_its_record_alone(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.example.com 10 60 5060 gone.example.com",
		"SRV _sip._udp.example.com 10 40 5060 sw2.example.com",
		"A sw2.example.com 198.51.100.12" } };

	locate_srv(&zone);
	assert_string_equal(servers(), "10 40 sw2.example.com:5060@198.51.100.12");
	assert_int_equal(set->unusable, 1);
	assert_false(set->is_partial);
}

static void when_no_host_exists_there_is_no_server(void **)
{
	static const struct zone zone = { .lines = {
		"SRV _sip._udp.example.com 10 60 5060 gone.example.com" } };

	locate_srv(&zone);
	assert_int_equal(set->status, SERVERS_NONE);
	assert_int_equal(set->records, 1);
	assert_int_equal(set->unusable, 1);
}

static void known_addresses_stand_in_for_those_that_cannot_be_asked_for(void **)
{
	static const struct zone before = { .lines = {
		"SRV _sip._udp.example.com 10 60 5060 sw1.example.com",
		"A sw1.example.com 198.51.100.11", "AAAA sw1.example.com 2001:db8::11" } };
	static const struct zone after = { .lines = {
		"SRV _sip._udp.example.com 20 70 5062 sw1.example.com",
		"SRV _sip._udp.example.com 20 70 5062 new.example.com",
		"A sw1.example.com !timeout", "AAAA sw1.example.com !nodata",
		"A new.example.com !timeout", "AAAA new.example.com !timeout" } };

	locate_srv(&before);
	struct server_set *last = server_set_copy(set);
	known = last;
	locate_srv(&after);
	known = NULL;
	free(last);
	assert_string_equal(servers(), "20 70 sw1.example.com:5062@198.51.100.11");
	assert_true(set->is_partial);
	assert_int_equal(set->cause, DNS_TIMEOUT);
	locate_srv(&after);
	assert_int_equal(set->status, SERVERS_FAILED);
}

static void aliases_are_followed_by_questions_and_not_for_ever(void **)
{
	static const struct zone zone = { .lines = {
		"CNAME _sip._udp.example.com srv.example.net",
		"SRV srv.example.net 10 60 5060 www.example.com",
		"CNAME www.example.com www.example.net", "A www.example.net 198.51.100.11" } };
	static const struct zone ring = { .lines = {
		"CNAME _sip._udp.example.com a.example.com",
		"CNAME a.example.com _sip._udp.example.com" } };

	locate_srv(&zone);
	assert_string_equal(servers(), "10 60 www.example.com:5060@198.51.100.11");
	locate_srv(&ring);
	assert_int_equal(set->status, SERVERS_FAILED);
	assert_int_equal(set->cause, DNS_MALFORMED);
}

static void what_is_no_host_is_refused(void **)
{
	static const char *const bad[] = { "", ".", "a b", "a..b", "a/b", "[192.0.2.1" };
	struct locate_request request;
	char longest[255];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(locate_request_init(&request, span_of_string(bad[i]), 0));
	memset(longest, 'a', sizeof(longest));
	assert_true(locate_request_init(&request, span_of(longest, 253), 0));
	assert_false(locate_request_init(&request, span_of(longest, 254), 0));
}

static int forget(void **)
{
	free(set);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_used_as_it_stands),
		cmocka_unit_test(a_name_with_a_port_is_its_addresses_even_with_5060),
		cmocka_unit_test(a_name_alone_goes_by_naptr_then_srv_then_addresses),
		cmocka_unit_test(without_naptr_srv_is_asked_for_each_transport_that_is_spoken),
		cmocka_unit_test(services_that_are_not_spoken_are_discarded),
		cmocka_unit_test(without_srv_it_is_udp_at_the_default_port),
		cmocka_unit_test(a_replacement_without_records_gives_way_to_the_next),
		cmocka_unit_test(a_transport_that_is_named_needs_no_naptr),
		cmocka_unit_test(sips_is_never_served_by_a_service_without_tls),
		cmocka_unit_test(the_root_as_the_only_target_ends_the_search),
		cmocka_unit_test(the_root_beside_others_says_nothing),
		cmocka_unit_test(addresses_that_came_along_are_not_asked_for_and_missing_ones_are),
		cmocka_unit_test(a_srv_name_is_asked_for_nothing_else),
		cmocka_unit_test(a_failure_is_no_absence_and_takes_no_other_way),
		cmocka_unit_test(a_name_server_that_knows_no_naptr_is_asked_for_srv),
		cmocka_unit_test(a_host_that_does_not_exist_costs_its_record_alone),
		cmocka_unit_test(when_no_host_exists_there_is_no_server),
		cmocka_unit_test(known_addresses_stand_in_for_those_that_cannot_be_asked_for),
		cmocka_unit_test(aliases_are_followed_by_questions_and_not_for_ever),
		cmocka_unit_test(what_is_no_host_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, forget);
}
