/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors about responses of ours: which of them lead to the second place (RFC 3261 §18.2.2). */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define CALLER "192.0.2.50:40000"

/* A MESSAGE that asked for its answer at the port it came from, and its 200. */
static struct rig *answered(char *sent, size_t size, struct endpoint *destination)
{
	struct rig *rig = rig_create(rig_two_armed);
	char text[4096], via[1024];

	rig_assert_verdict(rig_receive(rig, CALLER, "192.0.2.1:5060",
				       "MESSAGE sip:b@x.example SIP/2.0\r\n"
				       "Via: SIP/2.0/UDP 192.0.2.50:5070;rport;branch=z9hG4bKretry\r\n"
				       "From: <sip:a@x.example>;tag=f\r\nTo: <sip:b@x.example>\r\n"
				       "Call-ID: retry-1\r\nCSeq: 1 MESSAGE\r\n\r\n"),
			   VERDICT_FORWARD, REASON_INITIAL_REQUEST);
	snprintf(via, sizeof(via), "%s", rig_header(rig_sent(rig, 0), "Via", 0));
	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: %s\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5070;branch=z9hG4bKretry;received=192.0.2.50;"
		 "rport=40000\r\n"
		 "From: <sip:a@x.example>;tag=f\r\nTo: <sip:b@x.example>;tag=t\r\n"
		 "Call-ID: retry-1\r\nCSeq: 1 MESSAGE\r\nContent-Length: 4\r\n\r\nbody", via);
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", "198.51.100.1:5060", text),
			   VERDICT_FORWARD, REASON_FINAL);
	rig_assert_sent_to(rig, 0, CALLER);
	snprintf(sent, size, "%s", rig_sent(rig, 0));
	*destination = rig->outbox->entries[0].destination;
	return rig;
}

static struct verdict report(struct rig *rig, const char *quoted, size_t len,
			     const struct endpoint *destination)
{
	/* Exactly as long as the quote, so that the sanitizer sees one octet too many. */
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, quoted, len);
	outbox_reset(rig->outbox);
	struct verdict verdict = proxy_transport_error(rig->proxy, rig->snapshot,
						       span_of(copy, len), destination, rig->now,
						       rig->outbox);
	free(copy);
	return verdict;
}

static void assert_dropped(struct rig *rig, const char *quoted, size_t len,
			   const struct endpoint *destination)
{
	rig_assert_verdict(report(rig, quoted, len, destination), VERDICT_DROP,
			   REASON_ICMP_UNMATCHED);
	assert_int_equal(rig->outbox->count, 0);
}

static void every_octet_quoted_must_be_ours(void **)
{
	struct endpoint destination;
	char sent[4096], other[4096];
	struct rig *rig = answered(sent, sizeof(sent), &destination);

	for (size_t i = 0; sent[i]; i++) {
		memcpy(other, sent, sizeof(other));
		other[i] ^= 1;
		assert_dropped(rig, other, strlen(sent), &destination);
	}
	snprintf(other, sizeof(other), "%sx", sent);
	assert_dropped(rig, other, strlen(other), &destination);
	rig_destroy(rig);
}

/* shows: 29 */
static void the_quote_may_be_short_and_counts_once(void **)
{
	struct endpoint destination, elsewhere;
	char sent[4096];
	struct rig *rig = answered(sent, sizeof(sent), &destination);
	size_t enough = (size_t)(strstr(sent, "Content-Length") - sent);

	elsewhere = destination;
	elsewhere.port++;
	assert_dropped(rig, sent, strlen(sent), &elsewhere);
	/* Up to the row behind CSeq nothing tells what is quoted. */
	for (size_t len = 0; len <= enough; len++)
		assert_dropped(rig, sent, len, &destination);
	rig_assert_verdict(report(rig, sent, enough + 1, &destination), VERDICT_ABSORB,
			   REASON_RESPONSE_RETRIED);
	assert_int_equal(rig->outbox->count, 1);
	rig_assert_sent_to(rig, 0, "192.0.2.50:5070");
	assert_string_equal(rig_sent(rig, 0), sent);
	/* Once: neither the same report nor one about the second place moves it again. */
	assert_dropped(rig, sent, strlen(sent), &destination);
	struct endpoint second = destination;
	second.port = 5070;
	assert_dropped(rig, sent, strlen(sent), &second);
	/* After Timer J nothing is left to be sent. */
	rig_advance(rig, 33000);
	assert_dropped(rig, sent, strlen(sent), &second);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_octet_quoted_must_be_ours),
		cmocka_unit_test(the_quote_may_be_short_and_counts_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
