/* SPDX-License-Identifier: BSD-3-Clause */
/* dpdk/trace.h, dpdk/match.h, dpdk/capture_filter.h: what filters take, and the ring of records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "dpdk/capture_filter.h"
#include "dpdk/match.h"
#include "dpdk/trace.h"

#define CALLER "192.0.2.50:5060"
#define SW1    "198.51.100.11:5060"

/* Set on the heap: an outbox is large. */
struct world {
	struct trace_set set;
	struct trace_ring *ring;
	struct outbox outbox;
	char text[1024];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->ring = trace_ring_create();
	assert_non_null(w->ring);
	w->set.key = (struct hash_key){ 1, 2 };
	w->set.octets = 1024;
	w->set.serial = 7;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	free(w->ring);
	free(w);
	return 0;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = { .port = 0 };

	assert_true(endpoint_parse(span_of_string(text), 5060, &endpoint));
	return endpoint;
}

static void world_filter(struct world *w, unsigned int number,
			 const struct dataplane_trace_filter *filter)
{
	w->set.used |= (uint8_t)(1u << number);
	trace_filter_init(&w->set.filters[number], filter, &w->set.key);
}

static void world_send(struct world *w, const char *text, const char *destination)
{
	w->outbox.entries[w->outbox.count++] = (struct outbox_entry){
		.data = text,
		.len = (uint32_t)strlen(text),
		.origin = OUTBOX_OWN,
		.source = endpoint_of("198.51.100.1:5060"),
		.destination = endpoint_of(destination),
	};
}

/* A request received by the worker, and what it sent on. */
static void world_receive(struct world *w, const char *method, const char *call_id,
			  enum verdict_reason reason, uint64_t target_id)
{
	int len = snprintf(w->text, sizeof(w->text),
			   "%s sip:b@x SIP/2.0\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n\r\n", method, call_id,
			   method);
	const struct proxy_datagram datagram = {
		.data = w->text,
		.len = (uint32_t)len,
		.interface = 1,
		.source = endpoint_of(CALLER),
		.local = endpoint_of("192.0.2.1:5060"),
	};

	outbox_reset(&w->outbox);
	trace_receive(&w->set, w->ring, &datagram, 1000, &w->outbox);
	if (w->outbox.notes)
		w->outbox.notes->notes[w->outbox.notes->count++] = (struct proxy_note){
			.kind = NOTE_CHOSEN, .target_id = target_id
		};
	trace_judge(w->ring, verdict_of(VERDICT_FORWARD, reason));
	/* The engine edits in place. */
	memset(w->text, 'z', 4);
	world_send(w, "SIP/2.0 100 Trying\r\nCall-ID: other\r\n\r\n", CALLER);
	trace_end(&w->set, w->ring, &w->outbox, 2000);
	assert_null(w->outbox.notes);
}

/* The next record's `matched`, 0: there is none. */
static uint8_t take(struct world *w, struct dataplane_traced *traced)
{
	const struct trace_record *record = trace_ring_peek(w->ring);

	if (!record)
		return 0;
	trace_record_read(record, traced);
	uint8_t matched = record->matched;
	trace_ring_pop(w->ring, record);
	return matched;
}

static unsigned int count_records(struct world *w)
{
	struct dataplane_traced traced;
	unsigned int count = 0;

	while (take(w, &traced))
		count++;
	return count;
}

static void a_message_is_recorded_as_received_with_verdict_notes_and_what_it_caused(void **state)
{
	struct world *w = *state;
	struct dataplane_traced traced;

	world_filter(w, 3, &(struct dataplane_trace_filter){ .call_id = "one@host" });
	world_receive(w, "INVITE", "one@host", REASON_INITIAL_REQUEST, 5);
	assert_int_equal(take(w, &traced), 1 << 3);
	assert_int_equal(traced.kind, TRACED_RECEIVED);
	assert_int_equal(traced.interface, 1);
	assert_int_equal(traced.verdict.reason, REASON_INITIAL_REQUEST);
	assert_true(span_equal(traced.call_id, SPAN("one@host")));
	assert_true(span_starts_with(traced.message, SPAN("INVITE sip:b@x SIP/2.0\r\n")));
	assert_int_equal(traced.note_count, 1);
	assert_int_equal(traced.notes[0].target_id, 5);
	const uint32_t event = traced.event;
	/* It belongs to the event, whatever Call-ID it has. */
	assert_int_equal(take(w, &traced), 1 << 3);
	assert_int_equal(traced.kind, TRACED_SENT);
	assert_int_equal(traced.event, event);
	assert_int_equal(traced.origin, OUTBOX_OWN);
	assert_true(span_starts_with(traced.message, SPAN("SIP/2.0 100 ")));
	const struct endpoint caller = endpoint_of(CALLER);
	assert_true(endpoint_equal(&traced.destination, &caller));
	assert_int_equal(count_records(w), 0);
}

static void what_a_filter_asks_for_must_all_be_so(void **state)
{
	struct world *w = *state;
	struct ip_address caller = endpoint_of(CALLER).address;
	const struct {
		struct dataplane_trace_filter filter;
		bool takes;
	} cases[] = {
		{ { .call_id = "a" }, true },
		{ { .call_id = "b" }, false },
		{ { .call_id = "a", .method = "INVITE" }, true },
		{ { .call_id = "a", .method = "BYE" }, false },
		{ { .method = "INVIT" }, false },
		{ { .from = caller }, true },
		{ { .from = endpoint_of(SW1).address }, false },
		{ { .reason = REASON_INITIAL_REQUEST }, true },
		{ { .reason = REASON_LOOP }, false },
		{ { .target_id = 5, .target = endpoint_of(SW1) }, true },
		{ { .target_id = 6, .target = endpoint_of(SW1) }, false },
		/* By its address, where no note names it. */
		{ { .target_id = 6, .target = endpoint_of(CALLER) }, true },
		{ { .call_id = "a", .method = "INVITE", .from = caller,
		    .reason = REASON_INITIAL_REQUEST, .target_id = 5 }, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		w->set.used = 0;
		world_filter(w, 0, &cases[i].filter);
		world_receive(w, "INVITE", "a", REASON_INITIAL_REQUEST, 5);
		if (count_records(w) != (cases[i].takes ? 2u : 0u))
			fail_msg("case %zu", i);
	}
}

static void several_filters_share_one_record(void **state)
{
	struct world *w = *state;
	struct dataplane_traced traced;

	world_filter(w, 0, &(struct dataplane_trace_filter){ .call_id = "a" });
	world_filter(w, 1, &(struct dataplane_trace_filter){ .call_id = "b" });
	world_filter(w, 2, &(struct dataplane_trace_filter){ .method = "INVITE" });
	world_receive(w, "INVITE", "a", REASON_INITIAL_REQUEST, 5);
	assert_int_equal(take(w, &traced), 1 | 4);
}

static void each_timer_that_ran_out_is_an_event_of_its_own(void **state)
{
	static const char first[] = "INVITE sip:b@x SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\r\n";
	static const char second[] = "INVITE sip:b@x SIP/2.0\r\nCall-ID: b\r\nCSeq: 1 INVITE\r\n\r\n";
	struct world *w = *state;
	struct dataplane_traced traced;

	world_filter(w, 0, &(struct dataplane_trace_filter){ .call_id = "b" });
	outbox_reset(&w->outbox);
	trace_begin(&w->set, w->ring, TRACED_TIMER, &w->outbox);
	struct proxy_notes *notes = w->outbox.notes;
	assert_non_null(notes);
	notes->notes[notes->count++] = (struct proxy_note){
		.kind = NOTE_TIMER, .timer = PROXY_TIMER_A, .about = first, .about_len = sizeof(first) - 1
	};
	world_send(w, first, SW1);
	notes->notes[notes->count++] = (struct proxy_note){
		.kind = NOTE_TIMER, .timer = PROXY_TIMER_B, .about = second,
		.about_len = sizeof(second) - 1, .entry = 1
	};
	notes->notes[notes->count++] = (struct proxy_note){ .kind = NOTE_FAILED, .entry = 1 };
	world_send(w, second, SW1);
	notes->notes[notes->count++] = (struct proxy_note){
		.kind = NOTE_TIMER, .timer = PROXY_TIMER_A, .about = first,
		.about_len = sizeof(first) - 1, .entry = 2
	};
	trace_end(&w->set, w->ring, &w->outbox, 5);
	assert_int_equal(take(w, &traced), 1);
	assert_int_equal(traced.kind, TRACED_TIMER);
	assert_int_equal(traced.note_count, 2);
	assert_int_equal(traced.notes[0].timer, PROXY_TIMER_B);
	assert_true(span_equal(traced.call_id, SPAN("b")));
	uint32_t event = traced.event;
	assert_int_equal(take(w, &traced), 1);
	assert_int_equal(traced.kind, TRACED_SENT);
	assert_int_equal(traced.event, event);
	assert_true(span_equal(traced.call_id, SPAN("b")));
	assert_int_equal(count_records(w), 0);

	/* Both of one call: the next filter takes all three. */
	world_filter(w, 0, &(struct dataplane_trace_filter){ .method = "INVITE" });
	trace_begin(&w->set, w->ring, TRACED_TIMER, &w->outbox);
	notes->count = 4;
	trace_end(&w->set, w->ring, &w->outbox, 6);
	for (uint32_t last = 0, timers = 0; take(w, &traced); last = traced.event) {
		if (traced.kind != TRACED_TIMER)
			continue;
		assert_int_not_equal(traced.event, last);
		assert_in_range(++timers, 1, 3);
	}
}

static void what_is_sent_without_a_word_is_seen_too(void **state)
{
	struct world *w = *state;
	struct dataplane_traced traced;

	world_filter(w, 0, &(struct dataplane_trace_filter){ .call_id = "probe" });
	outbox_reset(&w->outbox);
	world_send(w, "OPTIONS sip:sw1 SIP/2.0\r\nCall-ID: probe\r\n\r\n", SW1);
	trace_end(&w->set, w->ring, &w->outbox, 5);
	assert_int_equal(take(w, &traced), 1);
	assert_int_equal(traced.kind, TRACED_SENT);
	assert_int_equal(count_records(w), 0);
}

/* Order, wrapping, and the count of what found no room. */
static void records_come_out_in_order_however_the_ring_wraps(void **state)
{
	struct world *w = *state;
	struct dataplane_traced traced;
	char call_id[300];
	uint32_t sent = 0, heard = 0;

	world_filter(w, 0, &(struct dataplane_trace_filter){ .method = "INFO" });
	for (unsigned int round = 0; round < 6000; round++) {
		/* Lengths that meet the end of the ring in every way. */
		snprintf(call_id, sizeof(call_id), "%0*u", 5 + (int)(round * 7 % 200), sent);
		world_receive(w, "INFO", call_id, REASON_ACK, 0);
		sent++;
		if (round % 3 == 0)
			continue;
		for (int i = 0; i < 4 && take(w, &traced); i++) {
			if (traced.kind != TRACED_RECEIVED)
				continue;
			char number[300] = "";
			memcpy(number, traced.call_id.data, traced.call_id.len);
			assert_int_equal(strtoul(number, NULL, 10), heard);
			heard++;
		}
	}
	while (take(w, &traced))
		heard += traced.kind == TRACED_RECEIVED;
	assert_int_equal(heard, sent);
	assert_int_equal(w->ring->dropped, 0);
	assert_true(w->ring->tail > 2 * TRACE_RING_SIZE);
}

static void a_full_ring_drops_and_counts(void **state)
{
	struct world *w = *state;
	unsigned int sent = 0;

	world_filter(w, 0, &(struct dataplane_trace_filter){ .method = "INFO" });
	while (w->ring->dropped == 0) {
		world_receive(w, "INFO", "full", REASON_ACK, 0);
		sent += 2;
		assert_true(sent < 100000);
	}
	assert_int_equal(count_records(w), sent - w->ring->dropped);
	world_receive(w, "INFO", "again", REASON_ACK, 0);
	assert_int_equal(count_records(w), 2);
}

static void long_messages_are_cut_as_the_filters_want(void **state)
{
	struct world *w = *state;
	struct dataplane_traced traced;

	w->set.octets = 20;
	world_filter(w, 0, &(struct dataplane_trace_filter){ .call_id = "cut" });
	world_receive(w, "INVITE", "cut", REASON_INITIAL_REQUEST, 0);
	assert_int_equal(take(w, &traced), 1);
	assert_int_equal(traced.message.len, 20);
	assert_int_equal(traced.len, strlen(w->text));
	/* The Call-ID is found behind the cut. */
	assert_true(span_equal(traced.call_id, SPAN("cut")));
}

static void methods_are_found_in_requests_and_responses(void **)
{
	static const struct {
		const char *message, *method;
	} cases[] = {
		{ "INVITE sip:x SIP/2.0\r\nCSeq: 1 BYE\r\n\r\n", "INVITE" },
		{ "\r\n\r\nOPTIONS sip:x SIP/2.0\r\n\r\n", "OPTIONS" },
		{ "SIP/2.0 200 OK\r\nVia: x\r\nCSeq: 17 BYE\r\n\r\n", "BYE" },
		{ "SIP/2.0 200 OK\ncseq \t:\t17\t BYE\n\n", "BYE" },
		{ "SIP/2.0 200 OK\r\nVia: x\r\n\r\nCSeq: 1 INVITE\r\n", "" },
		{ "SIP/2.0 200 OK\r\nCSeqs: 1 INVITE\r\n\r\n", "" },
		{ "SIP/2.0 200 OK\r\nCSeq", "" },
		{ "SIP/2.0 200 OK\r\nCSeq: 1", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct span method = match_method(span_of_string(cases[i].message));
		if (!span_equal(method, span_of_string(cases[i].method)))
			fail_msg("case %zu: '%.*s'", i, SPAN_ARGS(method));
	}
}

/* ---- frames */

#define MESSAGE "BYE sip:x SIP/2.0\r\nCall-ID: frame\r\n\r\n"

/* IPv4 or IPv6, with so many VLAN tags; 192.0.2.50:5060 to 192.0.2.1:5070 or the like. */
static uint32_t build_frame(uint8_t *frame, uint8_t family, unsigned int tags, uint16_t fragment)
{
	const uint32_t payload = sizeof(MESSAGE) - 1;
	uint32_t at = 12;

	memset(frame, 0, 256);
	for (unsigned int i = 0; i < tags; i++, at += 4)
		frame[at] = 0x81;
	frame[at] = family == 4 ? 0x08 : 0x86;
	frame[at + 1] = family == 4 ? 0x00 : 0xdd;
	at += 2;
	if (family == 4) {
		frame[at] = 0x45;
		frame[at + 3] = (uint8_t)(28 + payload);
		frame[at + 6] = (uint8_t)(fragment >> 8);
		frame[at + 7] = (uint8_t)fragment;
		frame[at + 9] = 17;
		memcpy(frame + at + 12, "\xc0\x00\x02\x32\xc0\x00\x02\x01", 8);
		at += 20;
	} else {
		frame[at] = 0x60;
		frame[at + 5] = (uint8_t)(8 + payload);
		frame[at + 6] = 17;
		memcpy(frame + at + 8, "\x20\x01\x0d\xb8", 4);
		frame[at + 23] = 0x50;
		memcpy(frame + at + 24, "\x20\x01\x0d\xb8", 4);
		frame[at + 39] = 0x01;
		at += 40;
	}
	memcpy(frame + at, "\x13\xc4\x13\xce", 4);
	memcpy(frame + at + 8, MESSAGE, payload);
	/* Ethernet pads. */
	return at + 8 + payload + 5;
}

static void frames_are_taken_apart(void **)
{
	uint8_t frame[256];
	struct match_frame out;

	for (unsigned int tags = 0; tags <= 2; tags++) {
		assert_true(match_frame_of(frame, build_frame(frame, 4, tags, 0), &out));
		assert_true(span_equal(out.payload, SPAN(MESSAGE)));
		assert_int_equal(out.source_port, 5060);
		assert_int_equal(out.destination_port, 5070);
	}
	assert_true(match_frame_of(frame, build_frame(frame, 6, 1, 0), &out));
	assert_int_equal(out.family, IP_V6);
	assert_true(span_equal(out.payload, SPAN(MESSAGE)));
	/* Not the first fragment: no ports. */
	assert_true(match_frame_of(frame, build_frame(frame, 4, 0, 0x0010), &out));
	assert_int_equal(out.payload.len, 0);
	assert_int_equal(out.source_port, 0);
	uint32_t len = build_frame(frame, 4, 0, 0);
	for (uint32_t cut = 0; cut < len; cut++)
		(void)match_frame_of(frame, cut, &out);
	len = build_frame(frame, 6, 2, 0);
	for (uint32_t cut = 0; cut < len; cut++)
		(void)match_frame_of(frame, cut, &out);
	frame[12] = 0x08;
	frame[13] = 0x06;
	assert_false(match_frame_of(frame, 60, &out));
}

static void captures_take_frames_by_host_target_call_and_method(void **)
{
	const struct endpoint caller = endpoint_of(CALLER), target = endpoint_of("192.0.2.1:5070");
	const struct {
		struct dataplane_capture_filter filter;
		bool takes;
	} cases[] = {
		{ { .octets = 0 }, true },
		{ { .host = caller.address }, true },
		{ { .host = target.address }, true },
		{ { .host = endpoint_of(SW1).address }, false },
		{ { .target = target }, true },
		{ { .target = endpoint_of("192.0.2.1:5060") }, false },
		{ { .call_id = "frame" }, true },
		{ { .call_id = "fram" }, false },
		{ { .method = "BYE" }, true },
		{ { .method = "INVITE" }, false },
		{ { .call_id = "frame", .method = "BYE", .host = caller.address, .target = target },
		  true },
		{ { .call_id = "frame", .method = "ACK" }, false },
	};
	uint8_t frame[256];
	uint32_t len = build_frame(frame, 4, 1, 0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct capture_filter filter;
		capture_filter_init(&filter, &cases[i].filter);
		if (capture_filter_takes(&filter, frame, len) != cases[i].takes)
			fail_msg("case %zu", i);
	}
	/* A later fragment is its host's. */
	struct capture_filter filter;
	len = build_frame(frame, 4, 0, 0x0010);
	capture_filter_init(&filter, &(struct dataplane_capture_filter){ .host = caller.address });
	assert_true(capture_filter_takes(&filter, frame, len));
	capture_filter_init(&filter, &(struct dataplane_capture_filter){ .call_id = "frame" });
	assert_false(capture_filter_takes(&filter, frame, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_message_is_recorded_as_received_with_verdict_notes_and_what_it_caused),
		TEST(what_a_filter_asks_for_must_all_be_so),
		TEST(several_filters_share_one_record),
		TEST(each_timer_that_ran_out_is_an_event_of_its_own),
		TEST(what_is_sent_without_a_word_is_seen_too),
		TEST(records_come_out_in_order_however_the_ring_wraps),
		TEST(a_full_ring_drops_and_counts),
		TEST(long_messages_are_cut_as_the_filters_want),
#undef TEST
		cmocka_unit_test(methods_are_found_in_requests_and_responses),
		cmocka_unit_test(frames_are_taken_apart),
		cmocka_unit_test(captures_take_frames_by_host_target_call_and_method),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
