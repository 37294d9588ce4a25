/* SPDX-License-Identifier: BSD-3-Clause */
/* One INVITE through the engine, step by step: what each message looks like on its way. */
#include "rig.h"

#include <stdio.h>

#define CALLER "192.0.2.50:5062"
#define ACCESS "192.0.2.1:5060"
#define CORE   "198.51.100.1:5060"

static const char invite[] =
	"INVITE sip:bob@example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 10.1.1.1:5062;rport;branch=z9hG4bKabc\r\n"
	"From: <sip:alice@example.com>;tag=1\r\n"
	"To: <sip:bob@example.com>\r\n"
	"Call-ID: call-1@alice\r\n"
	"CSeq: 1 INVITE\r\n"
	"Max-Forwards: 70\r\n"
	"Contact: <sip:alice@10.1.1.1:5062>\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

/* A response to the request `sent`, as the target would write it. */
static const char *answer(const char *sent, const char *line, const char *to_tag)
{
	static char text[8192];
	int n = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", line);
	const char *row;

	for (unsigned int i = 0; (row = rig_header(sent, "Via", i)); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Via: %s\r\n", row);
	for (unsigned int i = 0; (row = rig_header(sent, "Record-Route", i)); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Record-Route: %s\r\n", row);
	snprintf(text + n, sizeof(text) - (size_t)n,
		 "From: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
		 "Contact: <sip:bob@198.51.100.11>\r\nContent-Length: 0\r\n\r\n",
		 rig_header(sent, "From", 0), rig_header(sent, "To", 0), to_tag[0] ? ";tag=" : "",
		 to_tag, rig_header(sent, "Call-ID", 0), rig_header(sent, "CSeq", 0));
	return text;
}

/* shows: 20, 36, 74, 95, 102, 110, 174, 175 */
static void invite_is_answered_100_and_balanced(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, invite), VERDICT_FORWARD,
			   REASON_INITIAL_REQUEST);
	assert_int_equal(rig->outbox->count, 2);
	const char *trying = rig_sent(rig, 0);
	assert_memory_equal(trying, "SIP/2.0 100 Trying\r\n", 20);
	rig_assert_sent_to(rig, 0, CALLER);
	assert_string_equal(rig_header(trying, "To", 0), "<sip:bob@example.com>");
	const char *sent = rig_sent(rig, 1);
	assert_memory_equal(sent, "INVITE sip:bob@example.com SIP/2.0\r\nVia: ", 41);
	assert_true(rig->outbox->entries[1].in_place);
	assert_int_equal(rig->outbox->entries[1].interface, 1);
	assert_string_equal(rig_header(sent, "Max-Forwards", 0), "69");
	assert_string_equal(rig_header(sent, "Max-Breadth", 0), "60");
	assert_string_equal(rig_header(sent, "Via", 1),
			    "SIP/2.0/UDP 10.1.1.1:5062;branch=z9hG4bKabc;received=192.0.2.50;rport=5062");
	assert_memory_equal(rig_header(sent, "Via", 0),
			    "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK", 44);
	/* Two interfaces: two Record-Route values, the outgoing one on top (RFC 5658 §5). */
	assert_memory_equal(rig_header(sent, "Record-Route", 0), "<sip:198.51.100.1:5060;lr;tandem=", 33);
	assert_memory_equal(rig_header(sent, "Record-Route", 1), "<sip:192.0.2.1:5060;lr;tandem=", 30);
	assert_null(rig_header(sent, "Record-Route", 2));
	rig_destroy(rig);
}

/* RFC 3261 §7.5 */
/* shows: 255 */
static void line_ends_before_a_message_are_not_forwarded(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char padded[8192], plain[4096], target[ENDPOINT_TEXT_MAX];

	rig_receive(rig, CALLER, ACCESS, invite);
	snprintf(plain, sizeof(plain), "%s", rig_sent(rig, 1));
	rig_destroy(rig);
	rig = rig_create(rig_two_armed);
	snprintf(padded, sizeof(padded), "\r\n\r\n%s", invite);
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, padded), VERDICT_FORWARD,
			   REASON_INITIAL_REQUEST);
	assert_string_equal(rig_sent(rig, 1), plain);
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	strcpy(padded, "\r\n");
	strcat(padded, answer(plain, "180 Ringing", "b"));
	rig_assert_verdict(rig_receive(rig, target, CORE, padded), VERDICT_FORWARD,
			   REASON_PROVISIONAL);
	assert_memory_equal(rig_sent(rig, 0), "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 10.1.1.1", 46);
	rig_destroy(rig);
}

/* shows: 38, 85, 92, 116, 117, 153, 164, 270 */
static void a_call_is_set_up_and_torn_down(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], message[4096], sent[8192];

	rig_receive(rig, CALLER, ACCESS, invite);
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);

	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "100 Trying", "")),
			   VERDICT_ABSORB, REASON_TRYING);
	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "180 Ringing", "b")),
			   VERDICT_FORWARD, REASON_PROVISIONAL);
	rig_assert_sent_to(rig, 0, CALLER);
	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "200 OK", "b")),
			   VERDICT_FORWARD, REASON_FINAL);
	rig_assert_sent_to(rig, 0, CALLER);
	char ok[8192];
	snprintf(ok, sizeof(ok), "%s", rig_sent(rig, 0));
	assert_null(rig_header(ok, "Via", 1));
	/* Again: still forwarded, although only a tombstone is left (RFC 6026 §7.2). */
	assert_int_equal(rig_stats(rig).txns, 0);
	assert_int_equal(rig_stats(rig).tombstones, 1);
	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "200 OK", "b")),
			   VERDICT_FORWARD, REASON_FINAL_2XX_AGAIN);
	rig_assert_sent_to(rig, 0, CALLER);

	/* The route set of the caller: Record-Route reversed. */
	snprintf(message, sizeof(message),
		 "ACK sip:bob@198.51.100.11 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 10.1.1.1:5062;rport;branch=z9hG4bKack\r\n"
		 "Route: %s, %s\r\n"
		 "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=b\r\n"
		 "Call-ID: call-1@alice\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n\r\n",
		 rig_header(ok, "Record-Route", 1), rig_header(ok, "Record-Route", 0));
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, message), VERDICT_FORWARD, REASON_ACK);
	rig_assert_sent_to(rig, 0, "198.51.100.11:5060");
	assert_null(rig_header(rig_sent(rig, 0), "Route", 0));

	/* BYE by the callee reaches the caller behind its NAT, not 10.1.1.1. */
	snprintf(message, sizeof(message),
		 "BYE sip:alice@10.1.1.1:5062 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 198.51.100.11:5060;branch=z9hG4bKbye\r\n"
		 "Route: %s\r\nRoute: %s\r\n"
		 "To: <sip:alice@example.com>;tag=1\r\nFrom: <sip:bob@example.com>;tag=b\r\n"
		 "Call-ID: call-1@alice\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\n\r\n",
		 rig_header(ok, "Record-Route", 0), rig_header(ok, "Record-Route", 1));
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", CORE, message), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	rig_assert_sent_to(rig, 0, CALLER);
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 0));
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, answer(sent, "200 OK", "")),
			   VERDICT_FORWARD, REASON_FINAL);
	rig_assert_sent_to(rig, 0, "198.51.100.11:5060");

	rig_advance(rig, 40000);
	assert_int_equal(rig_stats(rig).txns, 0);
	assert_int_equal(rig_stats(rig).tombstones, 0);
	assert_int_equal(rig_stats(rig).retained, 0);
	assert_int_equal(rig_stats(rig).timers, 0);
	rig_destroy(rig);
}

/* shows: 151, 152, 161, 177, 180 */
static void a_refused_call_is_acked_hop_by_hop(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], message[4096], sent[8192];

	rig_receive(rig, CALLER, ACCESS, invite);
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "486 Busy Here", "b")),
			   VERDICT_FORWARD, REASON_FINAL);
	assert_int_equal(rig->outbox->count, 2);
	rig_assert_sent_to(rig, 0, target);
	const char *ack = rig_sent(rig, 0);
	assert_memory_equal(ack, "ACK sip:bob@example.com SIP/2.0\r\n", 33);
	assert_string_equal(rig_header(ack, "Via", 0), rig_header(sent, "Via", 0));
	assert_null(rig_header(ack, "Via", 1));
	assert_string_equal(rig_header(ack, "To", 0), "<sip:bob@example.com>;tag=b");
	assert_string_equal(rig_header(ack, "CSeq", 0), "1 ACK");
	rig_assert_sent_to(rig, 1, CALLER);
	/* Timer G repeats it until the ACK. */
	rig_advance(rig, 500);
	assert_int_equal(rig->outbox->count, 1);
	assert_memory_equal(rig_sent(rig, 0), "SIP/2.0 486", 11);
	snprintf(message, sizeof(message),
		 "ACK sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 10.1.1.1:5062;rport;branch=z9hG4bKabc\r\n"
		 "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=b\r\n"
		 "Call-ID: call-1@alice\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n\r\n");
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, message), VERDICT_ABSORB,
			   REASON_ACK_NON_2XX);
	assert_int_equal(rig->outbox->count, 0);
	rig_advance(rig, 4000);
	assert_int_equal(rig->outbox->count, 0);
	/* The target lost our ACK: it is repeated out of the tombstone. */
	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "486 Busy Here", "b")),
			   VERDICT_ABSORB, REASON_FINAL_AGAIN);
	assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
	rig_advance(rig, 40000);
	assert_int_equal(rig_stats(rig).tombstones, 0);
	assert_int_equal(rig_stats(rig).retained, 0);
	rig_destroy(rig);
}

/* shows: 108, 126, 161, 229 */
static void a_503_moves_the_call_to_the_next_target(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], next[ENDPOINT_TEXT_MAX], sent[8192], second[8192];

	rig_receive(rig, CALLER, ACCESS, invite);
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	rig_assert_verdict(rig_receive(rig, target, CORE,
				       answer(sent, "503 Service Unavailable", "x")),
			   VERDICT_FORWARD, REASON_FAILOVER);
	assert_int_equal(rig->outbox->count, 2);
	assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
	rig_assert_sent_to(rig, 0, target);
	snprintf(second, sizeof(second), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, next);
	assert_string_not_equal(target, next);
	assert_string_not_equal(rig_header(sent, "Via", 0), rig_header(second, "Via", 0));
	assert_string_equal(rig_header(sent, "Via", 1), rig_header(second, "Via", 1));
	assert_null(rig_header(second, "Via", 2));
	assert_string_equal(rig_header(second, "Max-Forwards", 0), "69");
	assert_non_null(rig_header(second, "Record-Route", 1));
	assert_null(rig_header(second, "Record-Route", 2));
	/* The first target repeats its 503: our ACK again, nothing to the caller. */
	rig_assert_verdict(rig_receive(rig, target, CORE,
				       answer(sent, "503 Service Unavailable", "x")),
			   VERDICT_ABSORB, REASON_FINAL_AGAIN);
	assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
	/* The second too: 500 upstream, never 503 (RFC 3261 §16.7 item 6). */
	rig_assert_verdict(rig_receive(rig, next, CORE,
				       answer(second, "503 Service Unavailable", "y")),
			   VERDICT_REPLY, REASON_ALL_TARGETS_FAILED);
	assert_memory_equal(rig_sent(rig, 1), "SIP/2.0 500 ", 12);
	rig_assert_sent_to(rig, 1, CALLER);
	assert_string_equal(rig_header(rig_sent(rig, 1), "Via", 0),
			    "SIP/2.0/UDP 10.1.1.1:5062;branch=z9hG4bKabc;received=192.0.2.50;rport=5062");
	rig_advance(rig, 70000);
	assert_int_equal(rig_stats(rig).tombstones + rig_stats(rig).txns, 0);
	assert_int_equal(rig_stats(rig).retained, 0);
	rig_destroy(rig);
}

/* shows: 123, 157 */
static void nothing_answers_and_the_call_gets_408(void **)
{
	struct rig *rig = rig_create("interface a address 192.0.2.1/24\n"
				     "pool p attempts 1\n"
				     "target p t 192.0.2.9:5060\n"
				     "service s listen 192.0.2.1:5060 pool p\n");

	rig_receive(rig, CALLER, ACCESS, invite);
	rig_advance(rig, 31999);
	assert_int_equal(rig_stats(rig).requests_resent, 6);
	rig_advance(rig, 1);
	assert_memory_equal(rig_sent(rig, 0), "SIP/2.0 408 ", 12);
	rig_advance(rig, 32000);
	assert_int_equal(rig_stats(rig).txns, 0);
	rig_destroy(rig);
}

/* shows: 71, 146, 150 */
static void cancel_waits_for_a_provisional(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], sent[8192];
	static const char cancel[] =
		"CANCEL sip:bob@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 10.1.1.1:5062;rport;branch=z9hG4bKabc\r\n"
		"From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
		"Call-ID: call-1@alice\r\nCSeq: 1 CANCEL\r\nMax-Forwards: 70\r\n"
		"Reason: SIP;cause=200;text=\"elsewhere\"\r\n\r\n";

	rig_receive(rig, CALLER, ACCESS, invite);
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, cancel), VERDICT_REPLY, REASON_CANCEL);
	assert_int_equal(rig->outbox->count, 1);
	rig_receive(rig, target, CORE, answer(sent, "180 Ringing", "b"));
	assert_int_equal(rig->outbox->count, 2);
	assert_memory_equal(rig_sent(rig, 0), "CANCEL sip:bob@example.com SIP/2.0\r\n", 36);
	assert_string_equal(rig_header(rig_sent(rig, 0), "Via", 0), rig_header(sent, "Via", 0));
	assert_string_equal(rig_header(rig_sent(rig, 0), "Reason", 0),
			    "SIP;cause=200;text=\"elsewhere\"");
	rig_receive(rig, target, CORE, answer(sent, "487 Request Terminated", "b"));
	assert_memory_equal(rig_sent(rig, 1), "SIP/2.0 487 ", 12);
	rig_advance(rig, 70000);
	assert_int_equal(rig_stats(rig).tombstones + rig_stats(rig).txns, 0);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invite_is_answered_100_and_balanced),
		cmocka_unit_test(line_ends_before_a_message_are_not_forwarded),
		cmocka_unit_test(a_call_is_set_up_and_torn_down),
		cmocka_unit_test(a_refused_call_is_acked_hop_by_hop),
		cmocka_unit_test(a_503_moves_the_call_to_the_next_target),
		cmocka_unit_test(nothing_answers_and_the_call_gets_408),
		cmocka_unit_test(cancel_waits_for_a_provisional),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
