/* SPDX-License-Identifier: BSD-3-Clause */
/* dpdk/mirror.h: copies of SIP messages come out of the rings whole, in order, or are counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "dpdk/mirror.h"

/* One cycle a nanosecond. */
static const struct clock the_clock = {
	.tsc_hz = 1000000000,
	.us_per_tsc_q48 = (UINT64_C(1) << 48) / 1000 + 1,
};
static const struct hash_key the_key = { 1, 2 };
static const struct endpoint caller = { .address = { { 192, 0, 2, 50 }, IP_V4 }, .port = 5060 };
static const struct endpoint tandem = { .address = { { 192, 0, 2, 1 }, IP_V4 }, .port = 5062 };

struct taken {
	uint32_t count;
	char last[128];
	uint32_t len, whole_len;
	uint64_t age_ns, octets;
	struct endpoint source, destination;
	bool is_sent;
	uint16_t interfaces[8];
};

static void take(void *context, const struct dataplane_mirrored *mirrored)
{
	struct taken *taken = context;

	if (taken->count < 8)
		taken->interfaces[taken->count] = mirrored->interface;
	taken->count++;
	taken->len = (uint32_t)mirrored->data.len;
	taken->octets += mirrored->data.len;
	taken->whole_len = mirrored->len;
	taken->age_ns = mirrored->age_ns;
	taken->source = mirrored->source;
	taken->destination = mirrored->destination;
	taken->is_sent = mirrored->is_sent;
	snprintf(taken->last, sizeof(taken->last), "%.*s", SPAN_ARGS(mirrored->data));
}

static struct mirror *mirror_of(uint16_t lanes, uint32_t message_max, uint32_t one_in)
{
	const struct dataplane_mirror_config config = { message_max, one_in };
	struct mirror *mirror = mirror_create(&the_clock, lanes, &the_key, &config);

	assert_non_null(mirror);
	return mirror;
}

static void put(struct mirror *mirror, uint16_t lane, struct span message)
{
	mirror_put(&mirror->lanes[lane], MIRROR_IN, 1000, lane, &caller, &tandem, message);
}

static void a_message_comes_out_as_it_went_in(void **)
{
	struct mirror *mirror = mirror_of(1, 1000, 1);
	struct taken taken = { .count = 0 };

	mirror_put(&mirror->lanes[0], MIRROR_OUT, 1000, 3, &tandem, &caller,
		   SPAN("SIP/2.0 200 OK\r\n\r\n"));
	assert_int_equal(mirror_take(mirror, 6000, take, &taken, 10), 1);
	assert_string_equal(taken.last, "SIP/2.0 200 OK\r\n\r\n");
	assert_int_equal(taken.whole_len, 18);
	assert_int_equal(taken.interfaces[0], 3);
	assert_true(taken.is_sent);
	assert_int_equal(taken.age_ns, 5000);
	assert_memory_equal(&taken.source, &tandem, sizeof(tandem));
	assert_memory_equal(&taken.destination, &caller, sizeof(caller));
	assert_int_equal(mirror_take(mirror, 6000, take, &taken, 10), 0);
	put(mirror, 0, SPAN("ACK sip:a SIP/2.0\r\n\r\n"));
	assert_int_equal(mirror_take(mirror, 999, take, &taken, 10), 1);
	assert_int_equal(taken.age_ns, 0); /* and not the age of the universe */
	assert_false(taken.is_sent);
	mirror_destroy(mirror);
}

static void what_is_no_sip_message_is_passed_over(void **)
{
	static const char stun[20] = { 0, 1, 0, 0, 0x21, 0x12, (char)0xa4, 0x42 };
	struct mirror *mirror = mirror_of(1, 1000, 1);
	struct taken taken = { .count = 0 };

	put(mirror, 0, SPAN("\r\n\r\n"));
	put(mirror, 0, SPAN("\r\n"));
	put(mirror, 0, SPAN(""));
	put(mirror, 0, span_of(stun, sizeof(stun)));
	assert_int_equal(mirror_take(mirror, 1000, take, &taken, 10), 0);
	put(mirror, 0, SPAN("\r\n\r\nOPTIONS sip:a SIP/2.0\r\n\r\n"));
	assert_int_equal(mirror_take(mirror, 1000, take, &taken, 10), 1);
	assert_int_equal(mirror_dropped(mirror), 0);
	mirror_destroy(mirror);
}

static void a_long_message_is_cut_and_says_how_long_it_was(void **)
{
	struct mirror *mirror = mirror_of(1, 10, 1);
	struct taken taken = { .count = 0 };

	put(mirror, 0, SPAN("INVITE sip:a SIP/2.0"));
	assert_int_equal(mirror_take(mirror, 1000, take, &taken, 10), 1);
	assert_string_equal(taken.last, "INVITE sip");
	assert_int_equal(taken.len, 10);
	assert_int_equal(taken.whole_len, 20);
	mirror_destroy(mirror);
}

static void a_full_ring_drops_and_counts_and_goes_on_when_there_is_room(void **)
{
	enum { LEN = 60000 };
	struct mirror *mirror = mirror_of(1, LEN, 1);
	struct taken taken = { .count = 0 };
	char *message = malloc(LEN);
	/* A record is the message, its head of 64 octets, and padding to 8. */
	const uint32_t room = CAPTURE_RING_SIZE / (LEN + 64);

	assert_non_null(message);
	memset(message, 'x', LEN);
	for (uint32_t i = 0; i < room + 5; i++)
		put(mirror, 0, span_of(message, LEN));
	assert_int_equal(mirror_dropped(mirror), 5);
	assert_int_equal(mirror_take(mirror, 1000, take, &taken, 3), 3);
	for (uint32_t i = 0; i < 4; i++)
		put(mirror, 0, span_of(message, LEN));
	assert_int_equal(mirror_dropped(mirror), 6);
	/* Around the ring's end many times: nothing is torn. */
	for (uint32_t i = 0; i < 20 * room; i++) {
		mirror_take(mirror, 1000, take, &taken, 1);
		assert_int_equal(taken.len, LEN);
		put(mirror, 0, span_of(message, LEN));
	}
	assert_int_equal(mirror_dropped(mirror), 6);
	mirror_destroy(mirror);
	free(message);
}

static void workers_take_turns(void **)
{
	struct mirror *mirror = mirror_of(2, 1000, 1);
	struct taken taken = { .count = 0 };

	for (int i = 0; i < 6; i++)
		put(mirror, 0, SPAN("BYE sip:a SIP/2.0"));
	put(mirror, 1, SPAN("BYE sip:b SIP/2.0"));
	put(mirror, 1, SPAN("BYE sip:b SIP/2.0"));
	assert_int_equal(mirror_take(mirror, 1000, take, &taken, 4), 4);
	assert_int_equal(taken.interfaces[0] + taken.interfaces[1], 1);
	assert_int_equal(taken.interfaces[2] + taken.interfaces[3], 1);
	assert_int_equal(mirror_take(mirror, 1000, take, &taken, 100), 4);
	mirror_destroy(mirror);
}

static void a_sampled_call_is_there_with_all_its_messages_or_with_none(void **)
{
	static const char *const lines[] = { "INVITE sip:a SIP/2.0", "SIP/2.0 200 OK",
					     "BYE sip:a SIP/2.0" };
	struct mirror *mirror = mirror_of(2, 1000, 10);
	uint32_t calls = 0;

	for (int call = 0; call < 1000; call++) {
		struct taken taken = { .count = 0 };
		char text[128];

		for (uint16_t i = 0; i < 3; i++) {
			int len = snprintf(text, sizeof(text), "%s\r\nCall-ID: call-%d\r\n\r\n", lines[i],
					   call);
			/* Whichever worker has it. */
			put(mirror, i % 2, span_of(text, (size_t)len));
		}
		mirror_take(mirror, 1000, take, &taken, 10);
		assert_true(taken.count == 0 || taken.count == 3);
		calls += taken.count == 3;
	}
	/* Of 1,000 a tenth; less or more than 50 off happens once in ten million keys. */
	assert_in_range(calls, 50, 150);
	put(mirror, 0, SPAN("BYE sip:a SIP/2.0\r\n\r\n")); /* of no call */
	assert_int_equal(mirror_take(mirror, 1000, take, &(struct taken){ 0 }, 10), 0);
	mirror_destroy(mirror);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_comes_out_as_it_went_in),
		cmocka_unit_test(what_is_no_sip_message_is_passed_over),
		cmocka_unit_test(a_long_message_is_cut_and_says_how_long_it_was),
		cmocka_unit_test(a_full_ring_drops_and_counts_and_goes_on_when_there_is_room),
		cmocka_unit_test(workers_take_turns),
		cmocka_unit_test(a_sampled_call_is_there_with_all_its_messages_or_with_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
