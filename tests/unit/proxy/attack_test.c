/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What somebody would send who wants to hurt: exhausted memory, oversized and overfull messages,
 * forged addresses.  The engine must neither fall over nor leave anything behind.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define CALLER "192.0.2.50:5062"
#define ACCESS "192.0.2.1:5060"
#define CORE   "198.51.100.1:5060"

static const char invite_format[] =
	"INVITE sip:bob@example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.50:5062;rport;branch=z9hG4bK%u\r\n"
	"From: <sip:alice@example.com>;tag=1\r\n"
	"To: <sip:bob@example.com>\r\n"
	"Call-ID: call-%u@alice\r\n"
	"CSeq: 1 INVITE\r\n"
	"Max-Forwards: 70\r\n";

/* An INVITE with further rows, if any. */
static const char *invite(unsigned int number, const char *rows)
{
	static char text[66000];
	int n = snprintf(text, sizeof(text), invite_format, number, number);

	snprintf(text + n, sizeof(text) - (size_t)n, "%s\r\n", rows);
	return text;
}

/* A row of about that many octets. */
static const char *long_row(size_t size)
{
	static char text[66000];

	strcpy(text, "Subject: ");
	memset(text + 9, 'x', size);
	strcpy(text + 9 + size, "\r\n");
	return text;
}

static const char *answer(const char *sent, const char *line, const char *to_tag)
{
	static char text[66000];
	int n = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", line);
	const char *row;

	for (unsigned int i = 0; (row = rig_header(sent, "Via", i)); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Via: %s\r\n", row);
	snprintf(text + n, sizeof(text) - (size_t)n,
		 "From: %s\r\nTo: %s;tag=%s\r\nCall-ID: %s\r\nCSeq: %s\r\n\r\n",
		 rig_header(sent, "From", 0), rig_header(sent, "To", 0), to_tag,
		 rig_header(sent, "Call-ID", 0), rig_header(sent, "CSeq", 0));
	return text;
}

static const char *ack(unsigned int number, const char *to_tag)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "ACK sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5062;rport;branch=z9hG4bK%u\r\n"
		 "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=%s\r\n"
		 "Call-ID: call-%u@alice\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n\r\n",
		 number, to_tag, number);
	return text;
}

static void give_little_memory(struct rig *rig, size_t retain_max)
{
	const struct proxy_config config = {
		.txns_max = 512, .tombstones_max = 512, .retain_max = retain_max, .seed = 1,
	};

	proxy_destroy(rig->proxy);
	rig->proxy = proxy_create(&config, rig->now);
	assert_non_null(rig->proxy);
}

/* INVITEs until no copy of the smallest kind is left. */
static void fill_memory(struct rig *rig)
{
	unsigned int number = 1000;

	for (size_t size = 16384; size; size /= 2)
		while (rig_receive(rig, "192.0.2.66:5060", ACCESS,
				   invite(number++, long_row(size)))
			       .kind == VERDICT_FORWARD)
			;
	while (rig_receive(rig, "192.0.2.66:5060", ACCESS, invite(number++, "")).kind ==
	       VERDICT_FORWARD)
		;
	rig_assert_verdict(rig_receive(rig, "192.0.2.66:5060", ACCESS, invite(number, "")),
			   VERDICT_REPLY, REASON_RETAIN_FULL);
}

static void assert_nothing_is_left(struct rig *rig)
{
	rig_advance(rig, 400000);
	assert_int_equal(rig_stats(rig).txns, 0);
	assert_int_equal(rig_stats(rig).tombstones, 0);
	assert_int_equal(rig_stats(rig).timers, 0);
	assert_int_equal(rig_stats(rig).retained, 0);
	for (uint32_t i = 0; i < rig->snapshot->target_count; i++)
		assert_int_equal(rig->snapshot->targets[i].status->outstanding, 0);
	rig_destroy(rig);
}

/* The ACK could not be kept: a final response that comes again gets one all the same. */
/* shows: 161 */
static void a_final_again_without_memory_for_the_ack(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], sent[8192];

	give_little_memory(rig, 64 << 10);
	rig_receive(rig, CALLER, ACCESS, invite(1, ""));
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	fill_memory(rig);
	for (int i = 0; i < 3; i++) {
		rig_receive(rig, target, CORE, answer(sent, "486 Busy Here", "b"));
		assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
		rig_assert_sent_to(rig, 0, target);
	}
	assert_nothing_is_left(rig);
}

/* shows: 126 */
static void no_memory_to_fail_over_is_told_the_caller(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], sent[8192];

	give_little_memory(rig, 64 << 10);
	rig_receive(rig, CALLER, ACCESS, invite(1, ""));
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	fill_memory(rig);
	rig_assert_verdict(rig_receive(rig, target, CORE,
				       answer(sent, "503 Service Unavailable", "b")),
			   VERDICT_REPLY, REASON_ALL_TARGETS_FAILED);
	assert_int_equal(rig->outbox->count, 2);
	assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
	assert_memory_equal(rig_sent(rig, 1), "SIP/2.0 500 ", 12);
	rig_assert_sent_to(rig, 1, CALLER);
	rig_receive(rig, target, CORE, answer(sent, "503 Service Unavailable", "b"));
	assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
	assert_nothing_is_left(rig);
}

/* As many rows as the parser takes, one of ours more than that when it is parsed again. */
static void full_header_table_cannot_outlive_its_timers(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX], rows[4096] = "";
	static char sent[66000];
	unsigned int taken = 0;

	for (int i = 0; i < 255 - 6; i++) {
		strcat(rows, "X: y\r\n");
		if (i < 235)
			continue;
		struct verdict verdict = rig_receive(rig, CALLER, ACCESS,
						     invite((unsigned int)i, rows));
		if (verdict.kind != VERDICT_FORWARD) {
			rig_assert_verdict(verdict, VERDICT_REPLY, REASON_TOO_MANY_HEADERS);
			continue;
		}
		taken++;
		snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
		endpoint_to_string(&rig->outbox->entries[1].destination, target);
		rig_receive(rig, target, CORE, answer(sent, "486 Busy Here", "b"));
		assert_int_equal(rig->outbox->count, 2);
		assert_memory_equal(rig_sent(rig, 0), "ACK ", 4);
		assert_memory_equal(rig_sent(rig, 1), "SIP/2.0 486", 11);
		rig_receive(rig, CALLER, ACCESS, ack((unsigned int)i, "b"));
		/* And one that rings for ever: cancelled by Timer C. */
		rig_receive(rig, CALLER, ACCESS, invite(1000 + (unsigned int)i, rows));
		snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
		endpoint_to_string(&rig->outbox->entries[1].destination, target);
		rig_receive(rig, target, CORE, answer(sent, "180 Ringing", "b"));
	}
	assert_true(taken > 0);
	assert_nothing_is_left(rig);
}

/* Folds take the parser's marks as rows do. */
static void folds_cannot_push_rows_out_of_the_parser(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char target[ENDPOINT_TEXT_MAX];
	static char sent[66000], rows[8192];

	for (unsigned int folds = 480; folds < 520; folds++) {
		strcpy(rows, "Subject: a");
		for (unsigned int i = 0; i < folds; i++)
			strcat(rows, "\r\n a:");
		strcat(rows, "\r\n");
		struct verdict verdict = rig_receive(rig, CALLER, ACCESS, invite(folds, rows));
		if (verdict.kind != VERDICT_FORWARD)
			continue;
		snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
		endpoint_to_string(&rig->outbox->entries[1].destination, target);
		rig_receive(rig, target, CORE, answer(sent, "180 Ringing", "b"));
	}
	assert_nothing_is_left(rig);
}

/* RFC 3261 §16.10: forwarded as any request, so the hops run out. */
static void a_stray_cancel_does_not_travel_for_ever(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	static const char cancel[] = "CANCEL sip:bob@example.com SIP/2.0\r\n"
				     "Via: SIP/2.0/UDP 192.0.2.50:5062;rport;branch=z9hG4bKx\r\n"
				     "From: <sip:alice@example.com>;tag=1\r\n"
				     "To: <sip:bob@example.com>\r\n"
				     "Call-ID: call@alice\r\nCSeq: 1 CANCEL\r\n"
				     "Max-Forwards: 0\r\n\r\n";

	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, cancel), VERDICT_REPLY,
			   REASON_MAX_FORWARDS_ZERO);
	rig_destroy(rig);
}

static void assert_nothing_to_ourselves(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->outbox->count; i++) {
		char text[ENDPOINT_TEXT_MAX];
		const struct ip_address *to = &rig->outbox->entries[i].destination.address;
		endpoint_to_string(&rig->outbox->entries[i].destination, text);
		if (strncmp(text, "192.0.2.1:", 10) == 0 || strncmp(text, "198.51.100.1:", 13) == 0)
			fail_msg("message %u goes to ourselves: %s", i, rig_sent(rig, i));
		assert_false(ip_address_is_bogus(to));
		assert_int_not_equal(rig->outbox->entries[i].destination.port, 0);
	}
}

/* maddr is honoured towards peers; we are none of our own. */
/* shows: 32 */
static void answers_never_go_to_ourselves_or_to_nowhere(void **)
{
	static const char *const vias[] = {
		"192.0.2.50:5060;branch=z9hG4bK1;maddr=192.0.2.1",
		"192.0.2.50;branch=z9hG4bK2;maddr=192.0.2.1",
		"192.0.2.50;branch=z9hG4bK3;maddr=224.0.1.75",
		"192.0.2.50;branch=z9hG4bK4;maddr=255.255.255.255",
		"192.0.2.50;branch=z9hG4bK5;maddr=0.0.0.0",
		"192.0.2.1;branch=z9hG4bK6",
	};
	struct rig *rig = rig_create(rig_two_armed);

	for (size_t i = 0; i < ARRAY_SIZE(vias); i++) {
		char text[1024];
		snprintf(text, sizeof(text),
			 "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s\r\n"
			 "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
			 "Call-ID: c%zu\r\nCSeq: 1 INVITE\r\n\r\n",
			 vias[i], i);
		rig_receive(rig, CALLER, ACCESS, text);
		assert_nothing_to_ourselves(rig);
	}
	/* Forged sources. */
	rig_receive(rig, "192.0.2.1:5060", ACCESS, invite(7, ""));
	assert_nothing_to_ourselves(rig);
	const char *text = invite(8, "");
	struct proxy_datagram datagram = { .data = rig->buffer + 1024,
					   .len = (uint32_t)strlen(text),
					   .headroom = 1024,
					   .tailroom = 1024 };
	memcpy(datagram.data, text, datagram.len);
	assert_true(endpoint_parse(SPAN(CALLER), 0, &datagram.source));
	assert_true(endpoint_parse(SPAN(ACCESS), 0, &datagram.local));
	datagram.source.port = 0;
	outbox_reset(rig->outbox);
	rig_assert_verdict(proxy_receive(rig->proxy, rig->snapshot, &datagram, rig->now,
					 rig->outbox),
			   VERDICT_DROP, REASON_RESPONSE_ADDRESS);
	assert_int_equal(rig->outbox->count, 0);
	assert_nothing_is_left(rig);
}

/* Large requests that time out together must not take each other's answers away. */
/* shows: 123 */
static void large_requests_that_end_together_are_all_answered(void **)
{
	struct rig *rig = rig_create("interface access address 192.0.2.1/24\n"
				     "interface core address 198.51.100.1/24\n"
				     "pool sw failover none\n"
				     "target sw sw1 198.51.100.11:5060\n"
				     "service in listen 192.0.2.1:5060 pool sw\n");
	unsigned int answered = 0;

	for (unsigned int i = 0; i < 8; i++)
		rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, invite(i, long_row(60000))),
				   VERDICT_FORWARD, REASON_INITIAL_REQUEST);
	/* Timer B at 32 s; at 32.5 s Timer G would repeat what was sent. */
	while (proxy_next_expiry(rig->proxy) < TICK_MS(1000 * 1000 + 32400)) {
		rig->now = MAX(rig->now, proxy_next_expiry(rig->proxy));
		outbox_reset(rig->outbox);
		(void)proxy_expire(rig->proxy, rig->snapshot, rig->now, rig->outbox);
		for (uint32_t i = 0; i < rig->outbox->count; i++)
			answered += memcmp(rig->outbox->entries[i].data, "SIP/2.0 408", 11) == 0;
	}
	assert_int_equal(answered, 8);
	assert_nothing_is_left(rig);
}

/* Nothing that is sent may exceed what UDP carries. */
/* shows: 16 */
static void what_is_sent_fits_a_datagram(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	static char text[70000];

	/* All of it Via, so that a response is as large as the request, and grows. */
	for (size_t size = 65200; size < 65536; size += 7) {
		int n = snprintf(text, sizeof(text),
				 "INVITE sip:bob@example.com SIP/2.0\r\n"
				 "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK%zu\r\n"
				 "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: %zu\r\n"
				 "CSeq: 1 INVITE\r\nMax-Forwards: 0\r\nVia: SIP/2.0/UDP ",
				 size, size);
		memset(text + n, 'v', size - (size_t)n - 4);
		strcpy(text + size - 4, "\r\n\r\n");
		rig_receive(rig, CALLER, ACCESS, text);
		for (uint32_t i = 0; i < rig->outbox->count; i++)
			assert_true(rig->outbox->entries[i].len <= 65507);
		memcpy(strstr(text, "Max-Forwards: 0"), "Max-Forwards: 9", 15);
		rig_receive(rig, CALLER, ACCESS, text);
		for (uint32_t i = 0; i < rig->outbox->count; i++)
			assert_true(rig->outbox->entries[i].len <= 65507);
	}
	assert_nothing_is_left(rig);
}

/* RFC 3261 §17.1.3: branch and method, also of a method that has no name here. */
/* shows: 43, 49 */
static void a_response_to_another_unknown_method_is_no_answer(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char text[1024], sent[8192], target[ENDPOINT_TEXT_MAX];

	snprintf(text, sizeof(text),
		 "FOO sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5062;rport;branch=z9hG4bKfoo\r\n"
		 "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: foo\r\nCSeq: 1 FOO\r\n\r\n");
	rig_receive(rig, CALLER, ACCESS, text);
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 0));
	endpoint_to_string(&rig->outbox->entries[0].destination, target);
	snprintf(text, sizeof(text), "%s", answer(sent, "200 OK", "b"));
	memcpy(strstr(text, "CSeq: 1 FOO"), "CSeq: 1 FOX", 11);
	rig_assert_verdict(rig_receive(rig, target, CORE, text), VERDICT_DROP,
			   REASON_STRAY_RESPONSE);
	rig_assert_verdict(rig_receive(rig, target, CORE, answer(sent, "200 OK", "b")),
			   VERDICT_FORWARD, REASON_FINAL);
	assert_nothing_is_left(rig);
}

/* RFC 3261 §17.1.2: a provisional does not end a non-INVITE, and CANCEL is one. */
static void a_cancel_is_repeated_until_its_final_response(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char text[1024], sent[8192], cancel[8192], target[ENDPOINT_TEXT_MAX];

	rig_receive(rig, CALLER, ACCESS, invite(1, ""));
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	endpoint_to_string(&rig->outbox->entries[1].destination, target);
	rig_receive(rig, target, CORE, answer(sent, "180 Ringing", "b"));
	snprintf(text, sizeof(text),
		 "CANCEL sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5062;rport;branch=z9hG4bK1\r\n"
		 "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
		 "Call-ID: call-1@alice\r\nCSeq: 1 CANCEL\r\nMax-Forwards: 70\r\n\r\n");
	rig_receive(rig, CALLER, ACCESS, text);
	assert_int_equal(rig->outbox->count, 2);
	snprintf(cancel, sizeof(cancel), "%s", rig_sent(rig, 1));
	assert_memory_equal(cancel, "CANCEL ", 7);
	rig_receive(rig, target, CORE, answer(cancel, "100 Trying", "b"));
	rig_advance(rig, 500);
	assert_int_equal(rig->outbox->count, 1);
	assert_string_equal(rig_sent(rig, 0), cancel);
	rig_receive(rig, target, CORE, answer(cancel, "200 OK", "b"));
	rig_advance(rig, 5000);
	assert_int_equal(rig->outbox->count, 0);
	assert_nothing_is_left(rig);
}

/* RFC 3261 §8.2.2.3: all of them, however many. */
/* shows: 58 */
static void every_option_that_is_not_supported_is_listed(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	char options[4096] = "option-0";

	for (int i = 1; i < 100; i++)
		snprintf(options + strlen(options), 20, ", option-%d", i);
	char row[5000];
	snprintf(row, sizeof(row), "Proxy-Require: %s\r\n", options);
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, invite(1, row)), VERDICT_REPLY,
			   REASON_BAD_EXTENSION);
	assert_string_equal(rig_header(rig_sent(rig, 0), "Unsupported", 0), options);
	rig_destroy(rig);
}

/* A source that no service takes in reaches the trunks neither by Route nor by posing as a dialog. */
static void a_stranger_to_every_service_names_no_way(void **)
{
	struct rig *rig = rig_create("interface access address 192.0.2.1/24\n"
				     "interface core address 198.51.100.1/24\n"
				     "pool carriers\n"
				     "target carriers c1 192.0.2.10:5060\n"
				     "pool switches\n"
				     "target switches sw1 198.51.100.11:5060\n"
				     "service in listen 192.0.2.1:5060 pool switches\n"
				     "service out listen 198.51.100.1:5060 from switches pool carriers\n");
	static const char *const tries[][3] = {
		{ "sip:900@x.example", "", "Route: <sip:192.0.2.10;lr>\r\n" },
		{ "sip:900@x.example", "", "Route: <sip:198.51.100.1;lr>, <sip:192.0.2.10;lr>\r\n" },
		{ "sip:900@x.example", "", "Route: <sip:900@192.0.2.10>\r\n" },
		{ "sip:900@192.0.2.10", ";tag=b", "" },
		{ "sip:900@x.example", ";tag=b", "Route: <sip:192.0.2.10;lr>\r\n" },
		{ "sip:900@192.0.2.10", "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		char text[1024];
		snprintf(text, sizeof(text),
			 "INVITE %s SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 198.51.100.66;branch=z9hG4bK%zu\r\n"
			 "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>%s\r\nCall-ID: %zu\r\n"
			 "CSeq: 1 INVITE\r\n%s\r\n",
			 tries[i][0], i, tries[i][1], i, tries[i][2]);
		struct verdict verdict = rig_receive(rig, "198.51.100.66:5060", CORE, text);
		assert_int_equal(verdict.kind, VERDICT_REPLY);
		assert_int_equal(rig->outbox->count, 1);
		rig_assert_sent_to(rig, 0, "198.51.100.66:5060");
	}
	assert_nothing_is_left(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_final_again_without_memory_for_the_ack),
		cmocka_unit_test(no_memory_to_fail_over_is_told_the_caller),
		cmocka_unit_test(full_header_table_cannot_outlive_its_timers),
		cmocka_unit_test(folds_cannot_push_rows_out_of_the_parser),
		cmocka_unit_test(a_stray_cancel_does_not_travel_for_ever),
		cmocka_unit_test(answers_never_go_to_ourselves_or_to_nowhere),
		cmocka_unit_test(large_requests_that_end_together_are_all_answered),
		cmocka_unit_test(what_is_sent_fits_a_datagram),
		cmocka_unit_test(a_response_to_another_unknown_method_is_no_answer),
		cmocka_unit_test(a_cancel_is_repeated_until_its_final_response),
		cmocka_unit_test(a_stranger_to_every_service_names_no_way),
		cmocka_unit_test(every_option_that_is_not_supported_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
