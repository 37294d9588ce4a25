/* SPDX-License-Identifier: BSD-3-Clause */
/* proxy/names.h: what a flood of names can take, and that it goes again.  Flows: names_*.scn. */
#include "rig.h"

#include <stdio.h>

#include "proxy/engine.h"

#define ACCESS "192.0.2.1:5060"

static unsigned int requests;

/* A MESSAGE of its own that names the host; from the n-th peer. */
static struct verdict name_from(struct rig *rig, unsigned int peer, const char *host,
				unsigned int octets)
{
	static char text[40000], body[32768];
	char source[32];

	memset(body, 'x', octets);
	body[octets] = '\0';
	requests++;
	snprintf(source, sizeof(source), "192.0.2.%u:5060", 50 + peer);
	snprintf(text, sizeof(text),
		 "MESSAGE sip:b@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u\r\n"
		 "Route: <sip:192.0.2.1;lr>, <sip:%s;lr>\r\n"
		 "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n"
		 "Call-ID: %u\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"
		 "Content-Length: %u\r\n\r\n%s",
		 source, requests, host, requests, octets, body);
	return rig_receive(rig, source, ACCESS, text);
}

static struct verdict number_from(struct rig *rig, unsigned int peer, unsigned int number)
{
	char host[64];

	snprintf(host, sizeof(host), "h%u.example.com", number);
	return name_from(rig, peer, host, 0);
}

static void assert_waits(struct verdict verdict)
{
	rig_assert_verdict(verdict, VERDICT_ABSORB, REASON_NAME_WAITED);
}

static void assert_full(struct rig *rig, struct verdict verdict)
{
	rig_assert_verdict(verdict, VERDICT_REPLY, REASON_NAMES_FULL);
	assert_memory_equal(rig_sent(rig, 0), "SIP/2.0 503 ", 12);
	assert_int_equal(rig->outbox->name_count, 0);
}

static void nothing_is_left(struct rig *rig)
{
	struct proxy_stats stats = rig_stats(rig);

	assert_int_equal(stats.names_waiting, 0);
	assert_int_equal(stats.retained, 0);
	rig_destroy(rig);
}

static void a_flood_of_names_takes_one_senders_part(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);

	for (unsigned int i = 0; i < NAMES_OF_SENDER_MAX; i++) {
		assert_waits(number_from(rig, 0, i));
		rig_advance(rig, 10); /* 100 a second are within the rate */
	}
	assert_full(rig, number_from(rig, 0, 1000));
	/* Others have their own, until all is taken. */
	for (unsigned int peer = 1; peer < 4; peer++) {
		for (unsigned int i = 0; i < NAMES_OF_SENDER_MAX; i++) {
			assert_waits(number_from(rig, peer, peer * 100 + i));
			rig_advance(rig, 10);
		}
	}
	assert_int_equal(rig_stats(rig).names_waiting, NAMES_WAITING_MAX);
	assert_full(rig, number_from(rig, 9, 2000));
	/* What needs no name is served all the while. */
	assert_int_equal(name_from(rig, 9, "192.0.2.77", 0).kind, VERDICT_FORWARD);
	rig_advance(rig, NAMES_WAIT_MS);
	assert_int_equal(rig_stats(rig).names_waiting, 0);
	assert_int_equal(rig_stats(rig).names_given_up, NAMES_WAITING_MAX);
	rig_advance(rig, 60000);
	assert_waits(number_from(rig, 0, 3000));
	rig_advance(rig, 60000);
	nothing_is_left(rig);
}

static void questions_are_asked_at_a_bounded_rate(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);
	unsigned int asked = 0;

	/* A thousand names a second for ten seconds, answered at once. */
	for (unsigned int i = 0; i < 10000; i++) {
		struct verdict verdict = number_from(rig, i % 20, i);
		if (verdict.kind == VERDICT_ABSORB) {
			assert_int_equal(rig->outbox->name_count, 1);
			struct proxy_name_answer answer = { .key = rig->outbox->names[0].key };
			proxy_name_answer(rig->proxy, &answer, rig->now);
			asked++;
		} else {
			assert_full(rig, verdict);
		}
		rig_advance(rig, 1);
		assert_int_equal(rig_stats(rig).names_waiting, 0);
	}
	assert_in_range(asked, 10 * NAMES_RATE, 10 * NAMES_RATE + NAMES_BURST + 1);
	rig_advance(rig, 60000);
	nothing_is_left(rig);
}

static void one_name_holds_its_part_and_is_asked_once(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);
	unsigned int sent = 0;

	for (unsigned int i = 0; i < NAMES_OF_ONE_MAX; i++) {
		assert_waits(name_from(rig, i, "proxy.example.com", 0));
		assert_int_equal(rig->outbox->name_count, i == 0);
		if (i == 0)
			assert_string_equal(rig->outbox->names[0].host, "proxy.example.com");
	}
	assert_full(rig, name_from(rig, 99, "proxy.example.com", 0));
	struct proxy_name_answer answer = { .is_found = true, .keep_ms = 0 };
	assert_waits(number_from(rig, 99, 1));
	/* The answer for another name moves nothing. */
	answer.key = rig->outbox->names[0].key;
	assert_true(endpoint_parse(SPAN("192.0.2.78:5060"), 5060, &answer.endpoint));
	proxy_name_answer(rig->proxy, &answer, rig->now);
	outbox_reset(rig->outbox);
	assert_true(proxy_expire(rig->proxy, rig->snapshot, rig->now, rig->outbox));
	rig_assert_sent_to(rig, 0, "192.0.2.78:5060");
	outbox_reset(rig->outbox);
	assert_false(proxy_expire(rig->proxy, rig->snapshot, rig->now, rig->outbox));
	/* In the order in which they came, one a call; no time to keep is long enough for them. */
	for (unsigned int i = 0; i < NAMES_WAITING_MAX; i++) {
		struct waiting_message *message = &rig->proxy->names.messages[i];
		if (message->copy)
			answer.key = message->name;
	}
	proxy_name_answer(rig->proxy, &answer, rig->now);
	assert_int_equal(proxy_next_expiry(rig->proxy), 0);
	for (bool more = true; more; sent += rig->outbox->count) {
		char via[64];
		outbox_reset(rig->outbox);
		more = proxy_expire(rig->proxy, rig->snapshot, rig->now, rig->outbox);
		if (rig->outbox->count == 0)
			break;
		snprintf(via, sizeof(via), "SIP/2.0/UDP 192.0.2.%u:5060;", 50 + sent);
		assert_non_null(strstr(rig_sent(rig, 0), via));
	}
	assert_int_equal(sent, NAMES_OF_ONE_MAX);
	rig_advance(rig, 60000);
	nothing_is_left(rig);
}

static void octets_that_wait_are_bounded(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);
	const unsigned int size = 30000;
	unsigned int kept = 0;

	while (name_from(rig, kept, "proxy.example.com", size).kind == VERDICT_ABSORB)
		kept++;
	/* By one name's part, or by the octets of all. */
	assert_int_equal(kept, NAMES_OF_ONE_MAX);
	while (name_from(rig, kept, "other.example.com", size).kind == VERDICT_ABSORB)
		kept++;
	assert_in_range(kept, NAMES_OCTETS_MAX / (size + 1000), NAMES_OCTETS_MAX / size);
	/* Small ones may go on. */
	assert_waits(number_from(rig, 99, 1));
	rig_advance(rig, 60000);
	nothing_is_left(rig);
}

/* Ends with messages waiting: all is given back (the sanitizer would tell). */
static void what_waits_at_the_end_is_released(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);

	for (unsigned int i = 0; i < 10; i++)
		assert_waits(number_from(rig, 0, i));
	rig_destroy(rig);
}

/* More names than are kept: the oldest answers give way, nothing else. */
static void what_is_known_is_bounded(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);
	struct proxy_name_answer answer = { .keep_ms = 600000 };
	unsigned int known = 0;

	for (unsigned int i = 0; i < 2 * NAMES_KNOWN_SETS * NAMES_KNOWN_WAYS; i++) {
		assert_waits(number_from(rig, 0, i));
		answer.key = rig->outbox->names[0].key;
		proxy_name_answer(rig->proxy, &answer, rig->now);
		rig_advance(rig, 10);
	}
	for (unsigned int i = 0; i < 2 * NAMES_KNOWN_SETS * NAMES_KNOWN_WAYS; i++) {
		if (number_from(rig, 1, i).kind == VERDICT_REPLY)
			known++;
		rig_advance(rig, 4000);
	}
	assert_in_range(known, 1, NAMES_KNOWN_SETS * NAMES_KNOWN_WAYS);
	rig_advance(rig, 60000);
	nothing_is_left(rig);
}

static void explain_says_that_a_name_is_looked_up(void **)
{
	struct rig *rig = rig_create_asking(rig_two_armed);
	struct proxy_explanation said;
	static char text[] = "MESSAGE sip:b@example.com SIP/2.0\r\n"
			     "Via: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKq\r\n"
			     "Route: <sip:proxy.example.com;lr>\r\n"
			     "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n"
			     "Call-ID: q\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n\r\n";
	struct proxy_datagram datagram = { .data = text, .len = sizeof(text) - 1 };

	assert_true(endpoint_parse(SPAN(ACCESS), 5060, &datagram.local));
	assert_true(endpoint_parse(SPAN("192.0.2.50"), 5060, &datagram.source));
	proxy_explain(rig->proxy, rig->snapshot, &datagram, rig->now, &said);
	rig_assert_verdict(said.verdict, VERDICT_ABSORB, REASON_NAME_WAITED);
	assert_non_null(strstr(said.why, "next hop proxy.example.com is not known yet"));
	assert_int_equal(rig_stats(rig).names_waiting, 0);
	assert_int_equal(rig_stats(rig).names_asked, 0);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_of_names_takes_one_senders_part),
		cmocka_unit_test(questions_are_asked_at_a_bounded_rate),
		cmocka_unit_test(one_name_holds_its_part_and_is_asked_once),
		cmocka_unit_test(octets_that_wait_are_bounded),
		cmocka_unit_test(what_waits_at_the_end_is_released),
		cmocka_unit_test(what_is_known_is_bounded),
		cmocka_unit_test(explain_says_that_a_name_is_looked_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
