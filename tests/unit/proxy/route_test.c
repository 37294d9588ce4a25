/* SPDX-License-Identifier: BSD-3-Clause */
/* Where requests go and where they do not: RFC 3261 §16.3 to §16.6, one request a case. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define CALLER "192.0.2.50:5060"
#define ACCESS "192.0.2.1:5060"
#define CORE   "198.51.100.1:5060"

/* A request with what the case is about: method, Request-URI, To tag, further rows. */
static const char *request(const char *method, const char *uri, const char *to, const char *rows)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKr1\r\n%s"
		 "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>%s\r\n"
		 "Call-ID: route-1\r\nCSeq: 1 %s\r\n\r\n",
		 method, uri, rows, to, method);
	return text;
}

static struct verdict ask(struct rig *rig, const char *method, const char *uri, const char *to,
			  const char *rows)
{
	return rig_receive(rig, CALLER, ACCESS, request(method, uri, to, rows));
}

static void assert_refused(struct rig *rig, struct verdict verdict, enum verdict_reason reason,
			   const char *status)
{
	rig_assert_verdict(verdict, VERDICT_REPLY, reason);
	assert_int_equal(rig->outbox->count, 1);
	rig_assert_sent_to(rig, 0, CALLER);
	assert_memory_equal(rig_sent(rig, 0) + 8, status, 3);
	assert_int_equal(rig_stats(rig).txns, 0);
}

/* shows: 54, 56, 58 */
static void requests_that_fail_a_check_are_refused(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	assert_refused(rig, ask(rig, "INVITE", "sip:b@x.example", "", "Max-Forwards: 0\r\n"),
		       REASON_MAX_FORWARDS_ZERO, "483");
	assert_refused(rig, ask(rig, "INVITE", "weird:b@x.example", "", ""), REASON_URI_SCHEME, "416");
	assert_refused(rig, ask(rig, "INVITE", "sips:b@x.example", "", ""), REASON_URI_SCHEME, "416");
	assert_refused(rig, ask(rig, "INVITE", "sip:b@x.example", "",
				"Proxy-Require: foo\r\nProxy-Require: bar, baz\r\n"),
		       REASON_BAD_EXTENSION, "420");
	assert_string_equal(rig_header(rig_sent(rig, 0), "Unsupported", 0), "foo, bar, baz");
	rig_destroy(rig);
}

/* shows: 52, 57, 95, 271 */
static void an_unknown_method_and_a_tel_uri_are_balanced(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	rig_assert_verdict(ask(rig, "FOO", "tel:+15551234", "", "X-Odd: 1\r\n"), VERDICT_FORWARD,
			   REASON_INITIAL_REQUEST);
	const char *sent = rig_sent(rig, 0);
	assert_memory_equal(sent, "FOO tel:+15551234 SIP/2.0\r\n", 27);
	assert_string_equal(rig_header(sent, "X-Odd", 0), "1");
	assert_string_equal(rig_header(sent, "Max-Forwards", 0), "70");
	rig_destroy(rig);
}

static void tandem_is_no_open_relay(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	/* A foreign Route, and a Request-URI within a dialog, that lead out of the peers. */
	assert_refused(rig, ask(rig, "INVITE", "sip:b@x.example", "", "Route: <sip:203.0.114.9;lr>\r\n"),
		       REASON_RELAY_DENIED, "403");
	assert_refused(rig, ask(rig, "BYE", "sip:b@203.0.114.9", ";tag=t", ""), REASON_RELAY_DENIED,
		       "403");
	assert_refused(rig, ask(rig, "BYE", "sip:b@127.0.0.1", ";tag=t", ""), REASON_RELAY_DENIED,
		       "403");
	assert_refused(rig, ask(rig, "BYE", "sip:b@unknown.example", ";tag=t", ""),
		       REASON_NAME_UNKNOWN, "503");
	assert_refused(rig, ask(rig, "INVITE", "sip:b@x.example", "",
				"Route: <sip:192.0.2.1;lr>, <sip:192.0.2.1:5060;lr>, <sip:198.51.100.1;lr;maddr=8.8.8.8>\r\n"),
		       REASON_RELAY_DENIED, "403");
	/* A peer range behind the gateway is served; the same transaction was refused by its name,
	 * and stays so for a while. */
	rig_advance(rig, 33000);
	rig_assert_verdict(ask(rig, "BYE", "sip:b@203.0.113.7", ";tag=t", ""), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	rig_assert_sent_to(rig, 0, "203.0.113.7:5060");
	rig_destroy(rig);
}

static void a_stranger_reaches_its_services_pool_and_nothing_else(void **)
{
	struct rig *rig = rig_create(
		"interface access address 192.0.2.1/24 gateway 192.0.2.254 peers 203.0.113.0/24\n"
		"interface core address 198.51.100.1/24\n"
		"pool sw\ntarget sw sw1 198.51.100.11:5060\n"
		"pool carriers\ntarget carriers c1 203.0.113.10:5060\n"
		"service in listen 192.0.2.1:5060 pool sw\n"
		"service out listen 198.51.100.1:5060 from sw pool carriers\n");
	static const struct {
		const char *source, *rows, *uri, *to;
		bool passes;
	} cases[] = {
		{ "8.8.8.8:5060", "Route: <sip:203.0.113.10;lr>\r\n", "sip:b@x.example", "", false },
		{ "8.8.8.8:5060", "Route: <sip:198.51.100.11:22;lr>\r\n", "sip:b@x.example", "", false },
		{ "8.8.8.8:5060", "Route: <sip:198.51.100.11;lr>\r\n", "sip:b@x.example", "", true },
		{ "8.8.8.8:5060", "", "sip:b@203.0.113.10", ";tag=t", false },
		{ "8.8.8.8:5060", "", "sip:b@198.51.100.11", ";tag=t", true },
		{ "203.0.113.10:5060", "Route: <sip:203.0.113.77;lr>\r\n", "sip:b@x.example", "", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[2048];
		snprintf(text, sizeof(text),
			 "MESSAGE %s SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKs%zu\r\n%s"
			 "From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>%s\r\nCall-ID: s%zu\r\n"
			 "CSeq: 1 MESSAGE\r\n\r\n", cases[i].uri, i, cases[i].rows, cases[i].to, i);
		struct verdict verdict = rig_receive(rig, cases[i].source, ACCESS, text);
		if (cases[i].passes)
			rig_assert_verdict(verdict, VERDICT_FORWARD, REASON_DIALOG_REQUEST);
		else
			rig_assert_verdict(verdict, VERDICT_REPLY, REASON_RELAY_DENIED);
	}
	rig_destroy(rig);
}

static void a_signed_route_without_a_to_tag_is_a_preloaded_one(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char rows[1024];

	ask(rig, "INVITE", "sip:b@x.example", "", "");
	snprintf(rows, sizeof(rows), "Route: %s\r\n", rig_header(rig_sent(rig, 1), "Record-Route", 1));
	/* The same Call-ID and From tag, so the token verifies: balanced all the same. */
	rig_assert_verdict(ask(rig, "MESSAGE", "sip:b@203.0.113.9", "", rows), VERDICT_FORWARD,
			   REASON_INITIAL_REQUEST);
	rig_destroy(rig);
}

static void only_the_target_itself_can_say_503(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char text[4096], via[1024];

	ask(rig, "MESSAGE", "sip:b@x.example", "", "");
	snprintf(via, sizeof(via), "%s", rig_header(rig_sent(rig, 0), "Via", 0));
	snprintf(text, sizeof(text),
		 "SIP/2.0 503 Service Unavailable\r\nVia: %s\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKr1\r\n"
		 "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>;tag=t\r\n"
		 "Call-ID: route-1\r\nCSeq: 1 MESSAGE\r\n\r\n", via);
	rig_assert_verdict(rig_receive(rig, "198.51.100.77:5060", CORE, text), VERDICT_REPLY,
			   REASON_ALL_TARGETS_FAILED);
	assert_int_equal(rig_stats(rig).failovers, 0);
	assert_int_equal(rig->outbox->outcome_count, 0);
	rig_destroy(rig);
}

/* shows: 84 */
static void a_route_of_ours_needs_its_signature_within_a_dialog(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	assert_refused(rig, ask(rig, "BYE", "sip:b@198.51.100.11", ";tag=t",
				"Route: <sip:192.0.2.1:5060;lr;tandem=AAAA>\r\n"),
		       REASON_ROUTE_FORGED, "403");
	assert_refused(rig, ask(rig, "BYE", "sip:b@198.51.100.11", ";tag=t",
				"Route: <sip:192.0.2.1:5060;lr>\r\n"),
		       REASON_ROUTE_FORGED, "403");
	rig_assert_verdict(ask(rig, "ACK", "sip:b@198.51.100.11", ";tag=t",
			       "Route: <sip:192.0.2.1:5060;lr;tandem=AAAA>\r\n"),
			   VERDICT_DROP, REASON_ROUTE_FORGED);
	/* Pre-loaded at the start of one: removed, and the request balanced. */
	rig_assert_verdict(ask(rig, "INVITE", "sip:b@x.example", "", "Route: <sip:192.0.2.1;lr>\r\n"),
			   VERDICT_FORWARD, REASON_INITIAL_REQUEST);
	assert_null(rig_header(rig_sent(rig, 1), "Route", 0));
	rig_destroy(rig);
}

/* shows: 84, 105 */
static void routes_left_after_ours_decide(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	rig_assert_verdict(ask(rig, "INVITE", "sip:b@x.example", "",
			       "Route: <sip:192.0.2.1;lr>, <sip:198.51.100.30:5070;lr;x=1>\r\n"
			       "Route: <sip:far.example;lr>\r\n"),
			   VERDICT_FORWARD, REASON_DIALOG_REQUEST);
	rig_assert_sent_to(rig, 1, "198.51.100.30:5070");
	const char *sent = rig_sent(rig, 1);
	assert_string_equal(rig_header(sent, "Route", 0), "<sip:198.51.100.30:5070;lr;x=1>");
	assert_string_equal(rig_header(sent, "Route", 1), "<sip:far.example;lr>");
	rig_destroy(rig);
}

/* shows: 104, 105 */
static void a_strict_next_hop_gets_its_uri_into_the_request_line(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	ask(rig, "INVITE", "sip:b@x.example", "",
	    "Route: <sip:198.51.100.30:5070>, <sip:far.example;lr>\r\n");
	rig_assert_sent_to(rig, 1, "198.51.100.30:5070");
	const char *sent = rig_sent(rig, 1);
	assert_memory_equal(sent, "INVITE sip:198.51.100.30:5070 SIP/2.0\r\n", 39);
	assert_string_equal(rig_header(sent, "Route", 0), "<sip:far.example;lr>, <sip:b@x.example>");
	assert_null(rig_header(sent, "Route", 1));
	rig_destroy(rig);
}

static void nothing_is_sent_to_ourselves(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	struct rig *bare = rig_create("interface a address 192.0.2.1/24\n"
				      "pool p request-uri\n"
				      "service s listen 192.0.2.1:5060 pool p\n");

	assert_refused(bare, ask(bare, "INVITE", "sip:b@192.0.2.1", "", ""), REASON_NEXT_HOP_SELF,
		       "482");
	/* In a dialog, a Request-URI of ours goes where the Call-ID selects. */
	rig_assert_verdict(ask(rig, "BYE", "sip:b@192.0.2.1", ";tag=t", ""), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	rig_destroy(bare);
	rig_destroy(rig);
}

/* shows: 68, 69 */
static void a_loop_ends_with_482_and_a_spiral_does_not(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char sent[4096], again[8192];

	ask(rig, "INVITE", "sip:b@x.example", "", "");
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	/* The target hands it back with a Via of its own: the same request. */
	const char *rest = strstr(sent, "\r\n") + 2;
	snprintf(again, sizeof(again),
		 "INVITE sip:b@x.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.11;branch=z9hG4bKq\r\n%s",
		 rest);
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", ACCESS, again), VERDICT_REPLY,
			   REASON_LOOP);
	/* Another Request-URI: a spiral. */
	snprintf(again, sizeof(again),
		 "INVITE sip:c@x.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.11;branch=z9hG4bKw\r\n%s",
		 rest);
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", ACCESS, again), VERDICT_FORWARD,
			   REASON_INITIAL_REQUEST);
	rig_destroy(rig);
}

/* shows: 90 */
static void options_to_tandem_tell_whether_targets_are_usable(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	assert_refused(rig, ask(rig, "OPTIONS", "sip:192.0.2.1", "", "Max-Forwards: 5\r\n"),
		       REASON_OPTIONS_ALIVE, "200");
	snapshot_fixture_status(rig->fixture, "sw1")->admin = TARGET_MAINT;
	snapshot_fixture_status(rig->fixture, "sw2")->health = TARGET_DOWN;
	assert_refused(rig, ask(rig, "OPTIONS", "sip:192.0.2.1:5060", "", ""),
		       REASON_OPTIONS_NO_TARGET, "503");
	assert_refused(rig, ask(rig, "INVITE", "sip:b@x.example", "", ""), REASON_NO_TARGET, "480");
	rig_destroy(rig);
}

static void the_ack_to_a_refusal_of_ours_is_absorbed(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char tag[64];

	ask(rig, "INVITE", "sip:b@x.example", "", "Max-Forwards: 0\r\n");
	snprintf(tag, sizeof(tag), "%s", strstr(rig_header(rig_sent(rig, 0), "To", 0), ";tag="));
	rig_assert_verdict(ask(rig, "ACK", "sip:b@x.example", tag, ""), VERDICT_ABSORB,
			   REASON_ACK_STATELESS);
	assert_int_equal(rig->outbox->count, 0);
	/* One with another tag is the end-to-end ACK of an unknown call: it follows its INVITE. */
	rig_assert_verdict(ask(rig, "ACK", "sip:b@x.example", ";tag=other", ""), VERDICT_FORWARD,
			   REASON_STRAY_ACK);
	rig_destroy(rig);
}

/* shows: 71, 144 */
static void ack_and_cancel_without_state_follow_the_invite(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], via[512];

	ask(rig, "INVITE", "sip:b@x.example", "", "");
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	snprintf(via, sizeof(via), "%.80s", rig_header(rig_sent(rig, 1), "Via", 0));
	struct rig *restarted = rig_create(rig_two_armed);
	rig_assert_verdict(ask(restarted, "CANCEL", "sip:b@x.example", "", ""), VERDICT_FORWARD,
			   REASON_STRAY_CANCEL);
	rig_assert_sent_to(restarted, 0, target);
	/* The same branch, key and loop part: without the state the target still matches it. */
	assert_memory_equal(rig_header(rig_sent(restarted, 0), "Via", 0), via, 80);
	rig_assert_verdict(ask(restarted, "ACK", "sip:b@x.example", ";tag=t", ""), VERDICT_FORWARD,
			   REASON_STRAY_ACK);
	rig_assert_sent_to(restarted, 0, target);
	assert_memory_equal(rig_header(rig_sent(restarted, 0), "Via", 0), via, 80);
	rig_destroy(restarted);
	rig_destroy(rig);
}

static void a_retransmission_after_a_restart_gets_the_same_branch(void **)
{
	struct rig *rig = rig_create(rig_two_armed), *restarted = rig_create(rig_two_armed);
	char via[512];

	ask(rig, "INVITE", "sip:b@x.example", "", "");
	snprintf(via, sizeof(via), "%.80s", rig_header(rig_sent(rig, 1), "Via", 0));
	ask(restarted, "INVITE", "sip:b@x.example", "", "");
	assert_memory_equal(rig_header(rig_sent(restarted, 1), "Via", 0), via, 80);
	rig_destroy(restarted);
	rig_destroy(rig);
}

/* shows: 188, 193, 195, 272 */
static void a_retransmission_is_never_forwarded_twice(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	ask(rig, "MESSAGE", "sip:b@x.example", "", "");
	rig_assert_verdict(ask(rig, "MESSAGE", "sip:b@x.example", "", ""), VERDICT_ABSORB,
			   REASON_RETRANSMISSION);
	assert_int_equal(rig->outbox->count, 0);
	/* RFC 4320 §4.1: 100 when the client's Timer E has reached T2, not before. */
	rig_advance(rig, 3499);
	rig_assert_verdict(ask(rig, "MESSAGE", "sip:b@x.example", "", ""), VERDICT_ABSORB,
			   REASON_RETRANSMISSION);
	assert_int_equal(rig->outbox->count, 0);
	rig_advance(rig, 1);
	rig_assert_verdict(ask(rig, "MESSAGE", "sip:b@x.example", "", ""), VERDICT_ABSORB,
			   REASON_RETRANSMISSION);
	assert_int_equal(rig->outbox->count, 1);
	assert_memory_equal(rig_sent(rig, 0), "SIP/2.0 100 ", 12);
	/* §4.2: no 408, ever. */
	rig_advance(rig, 40000);
	assert_int_equal(rig_stats(rig).txns, 0);
	assert_int_equal(rig_stats(rig).requests_resent, 10);
	rig_destroy(rig);
}

/* shows: 49 */
static void responses_that_are_not_ours_are_dropped(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	static const char format[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKr1\r\n"
		"From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>;tag=t\r\n"
		"Call-ID: route-1\r\nCSeq: 1 INVITE\r\n\r\n";
	char text[2048];

	snprintf(text, sizeof(text), format, "198.51.100.99;branch=z9hG4bKx");
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", CORE, text), VERDICT_DROP,
			   REASON_RESPONSE_NOT_OURS);
	snprintf(text, sizeof(text), format, "198.51.100.1:5060;branch=z9hG4bKx");
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", CORE, text), VERDICT_DROP,
			   REASON_RESPONSE_FORGED);
	/* A genuine one whose transaction is over. */
	ask(rig, "INVITE", "sip:b@x.example", "", "");
	char via[512];
	snprintf(via, sizeof(via), "%s", rig_header(rig_sent(rig, 1), "Via", 0) + 12);
	struct rig *restarted = rig_create(rig_two_armed);
	snprintf(text, sizeof(text), format, via);
	rig_assert_verdict(rig_receive(restarted, "198.51.100.11:5060", CORE, text), VERDICT_DROP,
			   REASON_STRAY_RESPONSE);
	rig_destroy(restarted);
	rig_destroy(rig);
}

/* shows: 41, 229 */
static void an_icmp_error_moves_the_call_only_when_it_quotes_the_branch(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char quoted[4096];

	ask(rig, "INVITE", "sip:b@x.example", "", "");
	snprintf(quoted, sizeof(quoted), "%.200s", rig_sent(rig, 1));
	struct endpoint first = rig->outbox->entries[1].destination, elsewhere = first;
	elsewhere.port++;
	outbox_reset(rig->outbox);
	rig_assert_verdict(proxy_transport_error(rig->proxy, rig->snapshot, SPAN("INVITE sip:x"),
						 &first, rig->now, rig->outbox),
			   VERDICT_DROP, REASON_ICMP_UNMATCHED);
	rig_assert_verdict(proxy_transport_error(rig->proxy, rig->snapshot, span_of_string(quoted),
						 &elsewhere, rig->now, rig->outbox),
			   VERDICT_DROP, REASON_ICMP_UNMATCHED);
	assert_int_equal(rig->outbox->count, 0);
	rig_assert_verdict(proxy_transport_error(rig->proxy, rig->snapshot, span_of_string(quoted),
						 &first, rig->now, rig->outbox),
			   VERDICT_ABSORB, REASON_ICMP_ERROR);
	assert_int_equal(rig->outbox->count, 1);
	assert_false(endpoint_equal(&rig->outbox->entries[0].destination, &first));
	rig_destroy(rig);
}

static void every_policy_keeps_a_retry_with_credentials_on_its_target(void **)
{
	static const char *const policies[] = { "call-id-hash", "round-robin", "weighted-random" };

	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		char snapshot[1024], first[ENDPOINT_TEXT_MAX], text[4096];
		snprintf(snapshot, sizeof(snapshot),
			 "interface a address 192.0.2.1/24\npool p policy %s\n"
			 "target p t1 192.0.2.11\ntarget p t2 192.0.2.12\ntarget p t3 192.0.2.13\n"
			 "service s listen 192.0.2.1:5060 pool p\n", policies[p]);
		struct rig *rig = rig_create(snapshot);
		for (int i = 0; i < 20; i++) {
			for (int cseq = 1; cseq <= 2; cseq++) {
				snprintf(text, sizeof(text),
					 "INVITE sip:b@x.example SIP/2.0\r\n"
					 "Via: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bK%d-%d\r\n"
					 "From: <sip:a@x.example>;tag=f\r\nTo: <sip:b@x.example>\r\n"
					 "Call-ID: call-%d\r\nCSeq: %d INVITE\r\n\r\n", i, cseq, i, cseq);
				rig_receive(rig, CALLER, ACCESS, text);
				if (cseq == 1)
					endpoint_to_string(&rig->outbox->entries[1].destination, first);
				else
					rig_assert_sent_to(rig, 1, first);
			}
		}
		rig_destroy(rig);
	}
}

static struct proxy_explanation explain(struct rig *rig, const char *method, const char *rows)
{
	struct proxy_explanation explanation;
	const char *text = request(method, "sip:192.0.2.1", "", rows);
	struct proxy_datagram datagram = { .data = (char *)(uintptr_t)text,
					   .len = (uint32_t)strlen(text) };

	assert_true(endpoint_parse(SPAN(CALLER), 5060, &datagram.source));
	assert_true(endpoint_parse(SPAN(ACCESS), 5060, &datagram.local));
	proxy_explain(rig->proxy, rig->snapshot, &datagram, rig->now, &explanation);
	return explanation;
}

static void explain_says_what_then_happens(void **)
{
	static const struct {
		const char *method, *rows;
	} cases[] = {
		{ "INVITE", "" }, { "OPTIONS", "" }, { "INVITE", "Max-Forwards: 0\r\n" },
		{ "INVITE", "Proxy-Require: x\r\n" }, { "MESSAGE", "Route: <sip:8.8.8.8;lr>\r\n" },
		{ "MESSAGE", "Route: <sip:192.0.2.77;lr>\r\n" }, { "CANCEL", "" },
	};

	for (int down = 0; down <= 1; down++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct rig *rig = rig_create(rig_two_armed);
			snapshot_fixture_status(rig->fixture, "sw1")->health = down ? TARGET_DOWN : TARGET_UP;
			snapshot_fixture_status(rig->fixture, "sw2")->health = down ? TARGET_DOWN : TARGET_UP;
			struct proxy_explanation said = explain(rig, cases[i].method, cases[i].rows);
			struct verdict came = ask(rig, cases[i].method, "sip:192.0.2.1", "", cases[i].rows);
			if (strcmp(cases[i].method, "CANCEL") == 0)
				came.reason = said.verdict.reason; /* forwarded as what it follows */
			rig_assert_verdict(said.verdict, came.kind, came.reason);
			if (came.kind == VERDICT_FORWARD)
				assert_true(endpoint_equal(&said.next_hop,
							   &rig->outbox->entries[rig->outbox->count - 1].destination));
			assert_true(said.why[0] != '\0');
			rig_destroy(rig);
		}
	}
}

static const char *explained_why(struct rig *rig)
{
	static struct proxy_explanation said;

	said = explain(rig, "INVITE", "Route: <sip:192.0.2.1;lr>\r\n");
	return said.why;
}

static void explain_names_policy_load_and_who_is_left_out(void **)
{
	static const char world[] = "interface access address 192.0.2.1/24\n"
				    "interface core address 198.51.100.1/24\n"
				    "pool p policy least-calls\n"
				    "target p a 198.51.100.11 blacklisted\n"
				    "target p b 198.51.100.12 max-calls 7\n"
				    "target p c 198.51.100.13\n"
				    "target p later 198.51.100.14 down priority 3\n"
				    "service in listen udp:192.0.2.1:5060 pool p\n";
	struct rig *rig = rig_create(world);
	struct pool_status panic = { .is_panicking = 1 };

	snapshot_fixture_status(rig->fixture, "b")->calls = 7;
	snapshot_fixture_status(rig->fixture, "c")->calls = 3;
	snapshot_fixture_status(rig->fixture, "c")->withheld = TARGET_WEIGHT_WHOLE / 4;
	assert_string_equal(explained_why(rig),
			    "service in sends it to pool p; least-calls chose c, of two by lot the "
			    "one with less to do (3 calls), 25 % of its weight withheld; left out: a "
			    "(blacklisted), b (at max_calls)");
	snapshot_fixture_status(rig->fixture, "c")->admin = TARGET_DRAIN;
	snapshot_fixture_status(rig->fixture, "later")->admin = TARGET_MAINT;
	assert_string_equal(explained_why(rig),
			    "answered 503: every target that could take the request is at max_calls "
			    "or max_rate, RFC 3261 §21.5.4; left out: a (blacklisted), b (at "
			    "max_calls), c (drain), later (maint)");
	snapshot_fixture_pool_status(rig->fixture, "p", &panic);
	assert_non_null(strstr(explained_why(rig), "chose a, of two"));
	assert_non_null(strstr(explained_why(rig), "so health does not count; left out: b (at"));
	rig_destroy(rig);
}

/* However many are left out, and however long their names are. */
static void explain_counts_those_that_it_has_no_room_for(void **)
{
	char world[8192], name[BALANCE_NAME_MAX];
	size_t used = (size_t)snprintf(world, sizeof(world),
				       "interface access address 192.0.2.1/24\n"
				       "pool p\nservice in listen udp:192.0.2.1:5060 pool p\n");

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 12; i++)
		used += (size_t)snprintf(world + used, sizeof(world) - used,
					 "target p %.60s%02d 192.0.2.%d down\n", name, i, 100 + i);
	struct rig *rig = rig_create(world);
	const char *why = explained_why(rig);
	assert_non_null(strstr(why, "answered 480: "));
	assert_non_null(strstr(why, "n00 (down), n"));
	const char *others = strstr(why, ", and ");
	assert_non_null(others);
	unsigned int named = 0;
	for (const char *at = why; (at = strstr(at, " (down)")) != NULL; at++)
		named++;
	assert_in_range(named, 3, 11);
	assert_int_equal(atoi(others + 6), 12 - named);
	assert_string_equal(others + strlen(others) - 7, " others");
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_that_fail_a_check_are_refused),
		cmocka_unit_test(an_unknown_method_and_a_tel_uri_are_balanced),
		cmocka_unit_test(tandem_is_no_open_relay),
		cmocka_unit_test(a_stranger_reaches_its_services_pool_and_nothing_else),
		cmocka_unit_test(a_signed_route_without_a_to_tag_is_a_preloaded_one),
		cmocka_unit_test(only_the_target_itself_can_say_503),
		cmocka_unit_test(a_route_of_ours_needs_its_signature_within_a_dialog),
		cmocka_unit_test(routes_left_after_ours_decide),
		cmocka_unit_test(a_strict_next_hop_gets_its_uri_into_the_request_line),
		cmocka_unit_test(nothing_is_sent_to_ourselves),
		cmocka_unit_test(a_loop_ends_with_482_and_a_spiral_does_not),
		cmocka_unit_test(options_to_tandem_tell_whether_targets_are_usable),
		cmocka_unit_test(the_ack_to_a_refusal_of_ours_is_absorbed),
		cmocka_unit_test(ack_and_cancel_without_state_follow_the_invite),
		cmocka_unit_test(a_retransmission_after_a_restart_gets_the_same_branch),
		cmocka_unit_test(a_retransmission_is_never_forwarded_twice),
		cmocka_unit_test(responses_that_are_not_ours_are_dropped),
		cmocka_unit_test(an_icmp_error_moves_the_call_only_when_it_quotes_the_branch),
		cmocka_unit_test(explain_says_what_then_happens),
		cmocka_unit_test(explain_names_policy_load_and_who_is_left_out),
		cmocka_unit_test(explain_counts_those_that_it_has_no_room_for),
		cmocka_unit_test(every_policy_keeps_a_retry_with_credentials_on_its_target),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
