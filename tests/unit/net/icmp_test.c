/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP and ICMPv6: echo, errors and whom they quote, packet too big. */
#include "fixture.h"

#define QUOTED "INVITE sip:bob SIP/2.0\r\nVia: z9hG4bKabcdef"

static void an_echo_is_answered(void **state)
{
	struct fixture *f = *state;
	const uint8_t *reply;

	assert_int_equal(RECEIVE(f, golden_echo_v6), NET_REPLY);
	assert_verdict(f, VERDICT_REPLY, ECHO);
	assert_int_equal(f->result.reply_len, sizeof(golden_echo_v6_answer));
	assert_memory_equal(f->result.reply, golden_echo_v6_answer, sizeof(golden_echo_v6_answer));

	assert_int_equal(RECEIVE(f, golden_echo_v4), NET_REPLY);
	reply = f->result.reply;
	assert_int_equal(f->result.reply_len, sizeof(golden_echo_v4));
	assert_memory_equal(reply, mac_peer, 6);
	assert_memory_equal(reply + 6, mac_ours, 6);
	assert_memory_equal(reply + 26, golden_echo_v4 + 30, 4);
	assert_memory_equal(reply + 30, golden_echo_v4 + 26, 4);
	assert_int_equal(reply[34], 0);
	assert_memory_equal(reply + 38, golden_echo_v4 + 38, sizeof(golden_echo_v4) - 38);
	/* both checksums, by the textbook: the sum over a right one is all ones */
	assert_int_equal(sum_words(0, reply + 14, 20), 0xffff);
	assert_int_equal(sum_words(0, reply + 34, sizeof(golden_echo_v4) - 34), 0xffff);
}

static void the_longest_echo_fits_and_no_longer_one(void **state)
{
	struct fixture *f = *state;
	static uint8_t frame[1600];
	uint32_t len = 14 + 1500;

	for (; len <= 14 + 1501; len++) {
		memcpy(frame, golden_echo_v4, sizeof(golden_echo_v4));
		put16(frame + 16, len - 14);
		mend_ipv4(frame);
		mend_upper(frame, len, 20, 2, 1, false);
		assert_int_equal(receive_on(f, 0, frame, len, 0), len == 1514 ? NET_REPLY : NET_DROP);
	}
}

static void wrong_icmp_is_dropped(void **state)
{
	struct fixture *f = *state;
	uint8_t four[sizeof(golden_echo_v4)], six[sizeof(golden_echo_v6)];

	memcpy(four, golden_echo_v4, sizeof(four));
	memcpy(six, golden_echo_v6, sizeof(six));
	for (size_t bit = 34 * 8; bit < sizeof(four) * 8; bit++) {
		four[bit / 8] ^= (uint8_t)(1 << bit % 8);
		RECEIVE(f, four);
		assert_drop(f, ICMP_IGNORED);
		four[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 54 * 8; bit < sizeof(six) * 8; bit++) {
		six[bit / 8] ^= (uint8_t)(1 << bit % 8);
		RECEIVE(f, six);
		assert_drop(f, ICMP_IGNORED);
		six[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* no such code */
	four[35] = six[55] = 1;
	mend_upper(four, sizeof(four), 20, 2, 1, false);
	mend_upper(six, sizeof(six), 40, 2, 58, true);
	RECEIVE(f, four);
	assert_drop(f, ICMP_IGNORED);
	RECEIVE(f, six);
	assert_drop(f, ICMP_IGNORED);
	/* an echo to everyone is not answered (RFC 1122 §3.2.2.6 lets us) */
	memcpy(six, golden_echo_v6, sizeof(six));
	memcpy(six, "\x33\x33\0\0\0\1", 6);
	struct ip_address all = address_of("ff02::1");
	memcpy(six + 38, all.bytes, 16);
	mend_upper(six, sizeof(six), 40, 2, 58, true);
	RECEIVE(f, six);
	assert_drop(f, ICMP_IGNORED);
}

static void an_error_names_the_datagram_that_failed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(RECEIVE(f, golden_icmp_port_v4), NET_ICMP_ERROR);
	assert_int_equal(f->result.icmp_class, NET_ICMP_UNREACHABLE_PORT);
	assert_endpoint(&f->result.local, "192.0.2.1:5060");
	assert_endpoint(&f->result.source, "203.0.113.9:5070");
	assert_int_equal(f->result.payload_len, sizeof(QUOTED) - 1);
	assert_memory_equal(golden_icmp_port_v4 + f->result.payload_offset, QUOTED,
			    sizeof(QUOTED) - 1);

	assert_int_equal(RECEIVE(f, golden_icmp_port_v6), NET_ICMP_ERROR);
	assert_int_equal(f->result.icmp_class, NET_ICMP_UNREACHABLE_PORT);
	assert_endpoint(&f->result.local, "[2001:db8::1]:5060");
	assert_endpoint(&f->result.source, "[2001:db8:9::9]:5070");
	assert_memory_equal(golden_icmp_port_v6 + f->result.payload_offset, QUOTED,
			    f->result.payload_len);
}

/* RFC 3261 §18.4: which errors are failures, and which are ignored. */
/* shows: 41 */
static void each_type_has_its_meaning(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint8_t type, code;
		int class; /* -1: ignored */
	} v4[] = {
		{ 3, 0, NET_ICMP_UNREACHABLE_NET },      { 3, 1, NET_ICMP_UNREACHABLE_HOST },
		{ 3, 2, NET_ICMP_UNREACHABLE_PROTOCOL }, { 3, 3, NET_ICMP_UNREACHABLE_PORT },
		{ 3, 4, -1 },                            { 3, 5, NET_ICMP_UNREACHABLE_HOST },
		{ 3, 6, NET_ICMP_UNREACHABLE_NET },      { 3, 9, NET_ICMP_UNREACHABLE_NET },
		{ 3, 10, NET_ICMP_UNREACHABLE_HOST },    { 3, 13, NET_ICMP_UNREACHABLE_HOST },
		{ 12, 0, NET_ICMP_PARAMETER_PROBLEM },   { 4, 0, -1 },
		{ 11, 0, -1 },                           { 5, 1, -1 },
	}, v6[] = {
		{ 1, 0, NET_ICMP_UNREACHABLE_NET },      { 1, 1, NET_ICMP_UNREACHABLE_HOST },
		{ 1, 3, NET_ICMP_UNREACHABLE_HOST },     { 1, 4, NET_ICMP_UNREACHABLE_PORT },
		{ 4, 0, NET_ICMP_PARAMETER_PROBLEM },    { 4, 1, NET_ICMP_UNREACHABLE_PROTOCOL },
		{ 3, 0, -1 },                            { 137, 0, -1 },
	};
	uint8_t frame[sizeof(golden_icmp_port_v4)], six[sizeof(golden_icmp_port_v6)];

	memcpy(frame, golden_icmp_port_v4, sizeof(frame));
	for (size_t i = 0; i < ARRAY_SIZE(v4); i++) {
		frame[34] = v4[i].type;
		frame[35] = v4[i].code;
		mend_upper(frame, sizeof(frame), 20, 2, 1, false);
		RECEIVE(f, frame);
		if (v4[i].class < 0) {
			assert_drop(f, ICMP_IGNORED);
		} else {
			assert_int_equal(f->result.action, NET_ICMP_ERROR);
			assert_int_equal(f->result.icmp_class, v4[i].class);
		}
	}
	memcpy(six, golden_icmp_port_v6, sizeof(six));
	for (size_t i = 0; i < ARRAY_SIZE(v6); i++) {
		six[54] = v6[i].type;
		six[55] = v6[i].code;
		mend_upper(six, sizeof(six), 40, 2, 58, true);
		RECEIVE(f, six);
		if (v6[i].class < 0) {
			assert_drop(f, ICMP_IGNORED);
		} else {
			assert_int_equal(f->result.action, NET_ICMP_ERROR);
			assert_int_equal(f->result.icmp_class, v6[i].class);
		}
	}
}

static void an_error_that_quotes_nothing_of_ours_is_dropped(void **state)
{
	struct fixture *f = *state;
	/* offsets in the frame; 42 is where the quoted IP header starts */
	static const struct {
		const char *what;
		uint8_t at, value;
	} changes[] = {
		{ "not IPv4", 42, 0x65 },       { "header too short", 42, 0x44 },
		{ "header too long", 42, 0x4f }, { "not UDP", 51, 6 },
		{ "a later fragment", 49, 1 },  { "not our address", 57, 9 },
		{ "not our port", 63, 99 },     { "a length that cannot be", 67, 3 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		uint8_t frame[sizeof(golden_icmp_port_v4)];

		memcpy(frame, golden_icmp_port_v4, sizeof(frame));
		frame[changes[i].at] = changes[i].value;
		if (changes[i].at == 67)
			frame[66] = 0;
		mend_upper(frame, sizeof(frame), 20, 2, 1, false);
		RECEIVE(f, frame);
		if (f->result.action != NET_DROP ||
		    f->result.verdict.reason != REASON_ICMP_UNMATCHED)
			fail_msg("%s", changes[i].what);
	}
}

/* A quote may be as short as 8 octets behind the IP header (RFC 792). */
static void a_short_quote_has_an_empty_payload(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[42 + 28];

	memcpy(frame, golden_icmp_port_v4, sizeof(frame));
	put16(frame + 16, sizeof(frame) - 14);
	mend_ipv4(frame);
	mend_upper(frame, sizeof(frame), 20, 2, 1, false);
	assert_int_equal(RECEIVE(f, frame), NET_ICMP_ERROR);
	assert_int_equal(f->result.payload_len, 0);
	put16(frame + 16, sizeof(frame) - 14 - 1);
	mend_ipv4(frame);
	mend_upper(frame, sizeof(frame) - 1, 20, 2, 1, false);
	receive_on(f, 0, frame, sizeof(frame) - 1, 0);
	assert_drop(f, ICMP_UNMATCHED);
}

/* A large INVITE leaves as fragments; the first one may be what is quoted. */
static void a_quoted_first_fragment_names_its_datagram(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_icmp_port_v6) + 8];

	memcpy(frame, golden_icmp_port_v6, 62 + 40);
	memcpy(frame + 62 + 40, "\x11\0\0\1\0\0\0\x07", 8);
	memcpy(frame + 62 + 48, golden_icmp_port_v6 + 62 + 40, sizeof(golden_icmp_port_v6) - 102);
	frame[62 + 6] = 44;
	put16(frame + 18, sizeof(frame) - 54);
	mend_upper(frame, sizeof(frame), 40, 2, 58, true);
	assert_int_equal(RECEIVE(f, frame), NET_ICMP_ERROR);
	assert_endpoint(&f->result.source, "[2001:db8:9::9]:5070");
	assert_memory_equal(frame + f->result.payload_offset, QUOTED, sizeof(QUOTED) - 1);
	/* a later one has no ports */
	frame[62 + 43] = 9;
	mend_upper(frame, sizeof(frame), 40, 2, 58, true);
	RECEIVE(f, frame);
	assert_drop(f, ICMP_UNMATCHED);
	frame[62 + 43] = 0;
	frame[62 + 40] = 6; /* TCP */
	mend_upper(frame, sizeof(frame), 40, 2, 58, true);
	RECEIVE(f, frame);
	assert_drop(f, ICMP_UNMATCHED);
	frame[62] = 0x40;
	mend_upper(frame, sizeof(frame), 40, 2, 58, true);
	RECEIVE(f, frame);
	assert_drop(f, ICMP_UNMATCHED);
}

/* RFC 4884: the length ends the quote; what follows are extensions. */
static void extensions_are_not_quoted(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_icmp_port_v4)];

	memcpy(frame, golden_icmp_port_v4, sizeof(frame));
	frame[39] = 10; /* 40 octets: IP, UDP, 12 of the payload */
	mend_upper(frame, sizeof(frame), 20, 2, 1, false);
	assert_int_equal(RECEIVE(f, frame), NET_ICMP_ERROR);
	assert_int_equal(f->result.payload_len, 12);
}

static void errors_about_others_are_the_kernels(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_icmp_port_v4)];

	memcpy(frame, golden_icmp_port_v4, sizeof(frame));
	memcpy(frame + 26, "\x0a\0\0\x09\x0a\0\0\x01", 8);
	mend_ipv4(frame);
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_PUNT);
}

static void a_packet_too_big_lowers_the_path_mtu_for_a_while(void **state)
{
	struct fixture *f = *state, other = { .config = fixture_config(), .now = f->now };
	struct ip_address far = address_of("2001:db8:9::9"), near = address_of("2001:db8:9::8");
	uint8_t frame[sizeof(golden_icmp_too_big)];

	assert_int_equal(net_path_mtu(f->stack, 0, &far, f->now), 1500);
	assert_int_equal(RECEIVE(f, golden_icmp_too_big), NET_ABSORBED);
	assert_verdict(f, VERDICT_ABSORB, PATH_MTU);
	assert_int_equal(net_path_mtu(f->stack, 0, &far, f->now), 1400);
	assert_int_equal(net_path_mtu(f->stack, 0, &near, f->now), 1500);
	other.stack = stack_of(&other.config);
	assert_int_equal(net_update_apply(other.stack, &f->result.update, f->now), NET_NEIGHBOUR_NONE);
	assert_int_equal(net_path_mtu(other.stack, 0, &far, f->now), 1400);
	stack_free(other.stack);
	/* lowered further */
	memcpy(frame, golden_icmp_too_big, sizeof(frame));
	put16(frame + 60, 1300);
	mend_upper(frame, sizeof(frame), 40, 2, 58, true);
	RECEIVE(f, frame);
	assert_int_equal(net_path_mtu(f->stack, 0, &far, f->now), 1300);
	/* not raised, nor below the minimum, by what anyone says */
	memcpy(frame, golden_icmp_too_big, sizeof(frame));
	static const uint16_t said[] = { 1450, 1279, 68, 1500, 9000 };
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		put16(frame + 60, said[i]);
		mend_upper(frame, sizeof(frame), 40, 2, 58, true);
		RECEIVE(f, frame);
		assert_int_equal(net_path_mtu(f->stack, 0, &far, f->now), 1300);
	}
	f->now += TICK_SECONDS(600);
	assert_int_equal(net_path_mtu(f->stack, 0, &far, f->now), 1500);
}

static void many_paths_are_remembered_within_bounds(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_icmp_too_big)];
	struct ip_address far = address_of("2001:db8:9::9");
	uint32_t known = 0;

	memcpy(frame, golden_icmp_too_big, sizeof(frame));
	for (uint32_t i = 0; i < 2000; i++) {
		put16(frame + 100, i); /* the quoted destination */
		mend_upper(frame, sizeof(frame), 40, 2, 58, true);
		assert_int_equal(RECEIVE(f, frame), NET_ABSORBED);
		memcpy(far.bytes, frame + 86, 16);
		assert_int_equal(net_path_mtu(f->stack, 0, &far, f->now), 1400);
		f->now++;
	}
	for (uint32_t i = 0; i < 2000; i++) {
		far.bytes[14] = (uint8_t)(i >> 8);
		far.bytes[15] = (uint8_t)i;
		known += net_path_mtu(f->stack, 0, &far, f->now) == 1400;
	}
	assert_int_equal(known, 256);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_echo_is_answered),
		TEST(the_longest_echo_fits_and_no_longer_one),
		TEST(wrong_icmp_is_dropped),
		TEST(an_error_names_the_datagram_that_failed),
		TEST(each_type_has_its_meaning),
		TEST(an_error_that_quotes_nothing_of_ours_is_dropped),
		TEST(a_short_quote_has_an_empty_payload),
		TEST(a_quoted_first_fragment_names_its_datagram),
		TEST(extensions_are_not_quoted),
		TEST(errors_about_others_are_the_kernels),
		TEST(a_packet_too_big_lowers_the_path_mtu_for_a_while),
		TEST(many_paths_are_remembered_within_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
