/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly: order, repetition, overlap, limits, time; alone and through the stack. */
#include "fixture.h"
#include "net/reassembly.h"

#include <stdio.h>

#define SIZE 4000

struct pool {
	struct reassembly_config config;
	struct reassembly *reassembly;
	struct reassembly_datagram datagram;
	uint8_t bytes[65536];
	tick_t now;
};

static int pool_setup(void **state)
{
	struct pool *p = calloc(1, sizeof(*p));

	p->config = (struct reassembly_config){ .max = 8, .source_max = 4,
						.timeout_v4_us = TICK_SECONDS(30),
						.timeout_v6_us = TICK_SECONDS(60),
						.headroom = 256, .tailroom = 64, .key = { 3, 4 } };
	p->reassembly = reassembly_init(
		aligned_alloc(CACHE_LINE_SIZE, reassembly_size(&p->config)), &p->config);
	for (size_t i = 0; i < sizeof(p->bytes); i++)
		p->bytes[i] = (uint8_t)(i * 31 + (i >> 8));
	p->now = TICK_SECONDS(1);
	*state = p;
	return 0;
}

static int pool_teardown(void **state)
{
	struct pool *p = *state;

	if (reassembly_check(p->reassembly))
		fail_msg("%s", reassembly_check(p->reassembly));
	MEMORY_UNPOISON(p->reassembly, reassembly_size(&p->config));
	free(p->reassembly);
	free(p);
	return 0;
}

static struct reassembly_key key_of(const char *source, uint32_t id)
{
	return (struct reassembly_key){ .source = address_of(source),
					.destination = address_of("192.0.2.1"),
					.identification = id };
}

static enum reassembly_status put_key(struct pool *p, struct reassembly_key key, uint32_t offset,
				      uint32_t len, bool more)
{
	/* memory of its exact length */
	uint8_t *copy = malloc(len ? len : 1);
	struct reassembly_fragment f = { .key = key, .data = copy, .offset = offset, .len = len,
					 .more = more, .protocol = 17 };

	memcpy(copy, p->bytes + offset, len);
	enum reassembly_status status = reassembly_insert(
		p->reassembly, &f, reassembly_hash(&p->config.key, &key), p->now, &p->datagram);
	free(copy);
	return status;
}

static enum reassembly_status put(struct pool *p, uint32_t offset, uint32_t len, bool more)
{
	return put_key(p, key_of("192.0.2.7", 1), offset, len, more);
}

static void assert_complete(struct pool *p, uint32_t len)
{
	assert_int_equal(p->datagram.len, len);
	assert_memory_equal(p->datagram.data, p->bytes, len);
	assert_int_equal(p->datagram.protocol, 17);
	/* the room around it is the caller's */
	memset(p->datagram.data - p->config.headroom, 1, p->config.headroom);
	memset(p->datagram.data + len, 1, p->config.tailroom);
}

static void fragments_in_any_order_make_the_datagram(void **state)
{
	struct pool *p = *state;
	static const uint32_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					       { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	for (int o = 0; o < 6; o++) {
		for (int i = 0; i < 3; i++) {
			uint32_t n = orders[o][i];
			enum reassembly_status status = put(p, n * 1480, n == 2 ? SIZE - 2960 : 1480,
							    n != 2);
			assert_int_equal(status, i == 2 ? REASSEMBLY_COMPLETE : REASSEMBLY_HELD);
		}
		assert_complete(p, SIZE);
	}
	assert_int_equal(reassembly_stats(p->reassembly)->completed, 6);
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 0);
}

/* shows: 16 */
static void the_longest_datagram_fits_and_no_longer_one(void **state)
{
	struct pool *p = *state;

	for (uint32_t at = 0; at < 65528; at += 8)
		assert_int_equal(put(p, at, 8, true), REASSEMBLY_HELD);
	assert_int_equal(put(p, 65528, 8, false), REASSEMBLY_INVALID); /* 65,536 octets */
	for (uint32_t at = 0; at < 65528; at += 8)
		assert_int_equal(put_key(p, key_of("192.0.2.7", 2), at, 8, true), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, key_of("192.0.2.7", 2), 65528, 7, false), REASSEMBLY_COMPLETE);
	assert_complete(p, 65535);
}

static void an_exact_repetition_is_tolerated(void **state)
{
	struct pool *p = *state;

	assert_int_equal(put(p, 1480, 1480, true), REASSEMBLY_HELD);
	assert_int_equal(put(p, 1480, 1480, true), REASSEMBLY_HELD);
	assert_int_equal(put(p, 2960, 1040, false), REASSEMBLY_HELD);
	assert_int_equal(put(p, 2960, 1040, false), REASSEMBLY_HELD);
	assert_int_equal(put(p, 1480, 1480, true), REASSEMBLY_HELD);
	assert_int_equal(put(p, 0, 1480, true), REASSEMBLY_COMPLETE);
	assert_complete(p, SIZE);
}

static void overlap_kills_the_datagram_and_what_still_comes(void **state)
{
	struct pool *p = *state;
	static const struct {
		uint32_t offset, len;
		bool more;
	} overlaps[] = {
		{ 1472, 16, true },   /* reaches into the second from before */
		{ 1480, 1472, true }, /* the same start, shorter */
		{ 1480, 1488, true }, /* the same start, longer */
		{ 1488, 1472, true }, /* inside, the same end */
		{ 1600, 8, true },    /* inside */
		{ 2952, 16, true },   /* reaches out behind */
		{ 1480, 1480, false },/* the same, but the last */
		{ 0, 8000, true },    /* over all */
	};
	for (uint32_t i = 0; i < ARRAY_SIZE(overlaps); i++) {
		struct reassembly_key key = key_of("192.0.2.7", 100 + i);

		p->now += TICK_SECONDS(1);
		assert_int_equal(put_key(p, key, 1480, 1480, true), REASSEMBLY_HELD);
		assert_int_equal(put_key(p, key, overlaps[i].offset, overlaps[i].len,
					 overlaps[i].more), REASSEMBLY_INVALID);
		/* RFC 5722 §3: also the fragments not yet received */
		assert_int_equal(put_key(p, key, 0, 1480, true), REASSEMBLY_INVALID);
		assert_int_equal(put_key(p, key, 2960, 1040, false), REASSEMBLY_INVALID);
		assert_int_equal(reassembly_stats(p->reassembly)->invalid, i + 1);
	}
	/* killed is not for ever: an identification comes round again */
	p->now += TICK_SECONDS(31);
	assert_int_equal(put_key(p, key_of("192.0.2.7", 107), 0, 1480, true), REASSEMBLY_HELD);
}

static void a_repetition_with_other_octets_is_an_overlap(void **state)
{
	struct pool *p = *state;

	assert_int_equal(put(p, 0, 1480, true), REASSEMBLY_HELD);
	p->bytes[700] ^= 1;
	assert_int_equal(put(p, 0, 1480, true), REASSEMBLY_INVALID);
}

static void fragments_that_contradict_the_end_kill_the_datagram(void **state)
{
	struct pool *p = *state;
	struct reassembly_key key = key_of("192.0.2.7", 200);

	assert_int_equal(put_key(p, key, 2960, 1040, false), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, key, 4000, 8, true), REASSEMBLY_INVALID);
	key.identification++;
	assert_int_equal(put_key(p, key, 2960, 1040, false), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, key, 1480, 100, false), REASSEMBLY_INVALID);
	key.identification++;
	assert_int_equal(put_key(p, key, 2960, 1040, true), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, key, 1480, 1480, false), REASSEMBLY_INVALID);
}

static void malformed_fragments_take_no_room(void **state)
{
	struct pool *p = *state;

	assert_int_equal(put(p, 0, 0, true), REASSEMBLY_INVALID);
	assert_int_equal(put(p, 8, 0, false), REASSEMBLY_INVALID);
	assert_int_equal(put(p, 0, 1481, true), REASSEMBLY_INVALID);
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 0);
}

static void time_ends_a_datagram(void **state)
{
	struct pool *p = *state;
	struct reassembly_key six = { .source = address_of("2001:db8::7"),
				      .destination = address_of("2001:db8::1") };
	tick_t start = p->now;

	assert_int_equal(reassembly_next_expiry(p->reassembly), TICK_NEVER);
	put(p, 0, 1480, true);
	put_key(p, six, 0, 1480, true);
	assert_int_equal(reassembly_next_expiry(p->reassembly), start + TICK_SECONDS(30));
	reassembly_expire(p->reassembly, start + TICK_SECONDS(30) - 1);
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 2);
	reassembly_expire(p->reassembly, start + TICK_SECONDS(30));
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 1);
	assert_int_equal(reassembly_next_expiry(p->reassembly), start + TICK_SECONDS(60));
	/* a fragment that comes too late starts anew, whether or not expiry ran */
	p->now = start + TICK_SECONDS(60);
	assert_int_equal(put_key(p, six, 1480, 8, false), REASSEMBLY_HELD);
	assert_int_equal(put(p, 1480, 8, false), REASSEMBLY_HELD);
	assert_int_equal(reassembly_stats(p->reassembly)->timeouts, 2);
}

static void a_source_gives_up_its_own_oldest(void **state)
{
	struct pool *p = *state;

	assert_int_equal(put_key(p, key_of("192.0.2.9", 1), 0, 8, true), REASSEMBLY_HELD);
	for (uint32_t id = 0; id < 100; id++) {
		p->now += TICK_MS(2);
		assert_int_equal(put_key(p, key_of("192.0.2.7", id), 0, 8, true), REASSEMBLY_HELD);
	}
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 5);
	assert_int_equal(reassembly_stats(p->reassembly)->evicted, 96);
	/* the quiet one kept its place; the loud one kept its newest */
	assert_int_equal(put_key(p, key_of("192.0.2.9", 1), 8, 8, false), REASSEMBLY_COMPLETE);
	assert_int_equal(put_key(p, key_of("192.0.2.7", 96), 8, 8, false), REASSEMBLY_COMPLETE);
}

static void the_young_are_not_evicted(void **state)
{
	struct pool *p = *state;

	for (uint32_t id = 0; id < 4; id++)
		assert_int_equal(put_key(p, key_of("192.0.2.7", id), 0, 8, true), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, key_of("192.0.2.7", 4), 0, 8, true), REASSEMBLY_FULL);
	assert_int_equal(put_key(p, key_of("192.0.2.7", 0), 8, 8, false), REASSEMBLY_COMPLETE);
	assert_int_equal(put_key(p, key_of("192.0.2.7", 4), 0, 8, true), REASSEMBLY_HELD);
}

static void many_sources_push_out_the_oldest_of_all(void **state)
{
	struct pool *p = *state;

	for (uint32_t i = 0; i < 40; i++) {
		char text[32];

		snprintf(text, sizeof(text), "198.51.100.%u", i + 1);
		p->now += TICK_MS(2);
		assert_int_equal(put_key(p, key_of(text, 1), 0, 8, true), REASSEMBLY_HELD);
	}
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 8);
	assert_int_equal(put_key(p, key_of("198.51.100.33", 1), 8, 8, false), REASSEMBLY_COMPLETE);
	assert_int_equal(put_key(p, key_of("198.51.100.40", 1), 8, 8, false), REASSEMBLY_COMPLETE);
}

static void both_families_share_the_room_by_age(void **state)
{
	struct pool *p = *state;
	struct reassembly_key six = { .source = address_of("2001:db8::7"),
				      .destination = address_of("2001:db8::1") };

	for (uint32_t i = 0; i < 20; i++) {
		p->now += TICK_MS(2);
		six.source.bytes[15] = (uint8_t)i;
		six.identification = i;
		assert_int_equal(put_key(p, six, 0, 8, true), REASSEMBLY_HELD);
		p->now += TICK_MS(2);
		struct reassembly_key four = key_of("192.0.2.7", i);
		four.source.bytes[3] = (uint8_t)i;
		assert_int_equal(put_key(p, four, 0, 8, true), REASSEMBLY_HELD);
	}
	assert_int_equal(reassembly_stats(p->reassembly)->datagrams, 8);
	assert_int_equal(put_key(p, six, 8, 8, false), REASSEMBLY_COMPLETE);
	six.identification = 16;
	six.source.bytes[15] = 16;
	assert_int_equal(put_key(p, six, 8, 8, false), REASSEMBLY_COMPLETE);
	/* in one moment there is room for as many as there are places */
	for (uint32_t i = 0; i < 9; i++) {
		struct reassembly_key key = key_of("198.51.100.1", 0);

		p->now += i == 0 ? TICK_SECONDS(90) : 0;
		if (i == 0)
			reassembly_expire(p->reassembly, p->now);
		key.source.bytes[3] = (uint8_t)(i + 1);
		assert_int_equal(put_key(p, key, 0, 8, true),
				 i < 8 ? REASSEMBLY_HELD : REASSEMBLY_FULL);
	}
}

static void keys_differ_in_every_part(void **state)
{
	struct pool *p = *state;
	struct reassembly_key a = key_of("192.0.2.7", 1), b = a;

	b.interface = 1;
	assert_int_equal(put_key(p, a, 0, 8, true), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, b, 8, 8, false), REASSEMBLY_HELD);
	b = a;
	b.destination.bytes[3] = 9;
	assert_int_equal(put_key(p, b, 8, 8, false), REASSEMBLY_HELD);
	b = a;
	b.identification = 65537;
	assert_int_equal(put_key(p, b, 8, 8, false), REASSEMBLY_HELD);
	assert_int_equal(put_key(p, a, 8, 8, false), REASSEMBLY_COMPLETE);
}

/* ---- through the stack ----------------------------------------------------------------------- */

/* A datagram of `len` octets of payload as fragments of an MTU, built by net/send.h; its frames go
 * into `frames`, their lengths into `lens`.  Returns how many. */
static uint32_t cut(struct fixture *f, const char *source, const char *destination,
		    const uint8_t *payload, uint32_t len, uint16_t mtu, uint8_t (*frames)[1600],
		    uint32_t *lens)
{
	struct net_send send = { .source = endpoint_of(source),
				 .destination = endpoint_of(destination) };
	struct net_fragments plan;
	struct net_headers headers;

	memcpy(send.mac, mac_ours, 6);
	assert_true(net_fragments_plan(f->stack, &send, payload, len, mtu, &plan));
	for (uint32_t i = 0; i < plan.count; i++) {
		uint32_t offset, part, at;

		at = net_fragment_build(f->stack, &send, &plan, i, frames[i], &headers, &offset, &part);
		memcpy(frames[i] + at, payload + offset, part);
		memcpy(frames[i] + 6, mac_peer, 6);
		lens[i] = at + part;
		assert_true(lens[i] - 14 <= mtu);
	}
	return plan.count;
}

static void a_fragmented_datagram_comes_whole(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[2][2] = { { "192.0.2.10:5062", "192.0.2.1:5060" },
						{ "[2001:db8::a]:5062", "[2001:db8::1]:5060" } };
	static uint8_t payload[SIZE], frames[8][1600];
	uint32_t lens[8];

	for (uint32_t i = 0; i < SIZE; i++)
		payload[i] = (uint8_t)(i * 7);
	for (int family = 0; family < 2; family++) {
		uint32_t count = cut(f, ends[family][0], ends[family][1], payload, SIZE, 1500,
				     frames, lens);

		assert_int_equal(count, 3);
		assert_int_equal(receive_on(f, 0, frames[2], lens[2], 0), NET_HELD);
		assert_verdict(f, VERDICT_ABSORB, FRAGMENT_HELD);
		assert_int_equal(receive_on(f, 0, frames[0], lens[0], 0), NET_HELD);
		assert_int_equal(receive_on(f, 0, frames[1], lens[1], NET_RX_UDP_CHECKSUM_GOOD),
				 NET_DATAGRAM);
		assert_true(f->result.reassembled);
		assert_int_equal(f->result.payload_len, SIZE);
		assert_memory_equal(f->result.payload, payload, SIZE);
		assert_endpoint(&f->result.source, ends[family][0]);
		assert_endpoint(&f->result.local, ends[family][1]);
		/* The checksum covers the whole, and the port cannot have seen the whole. */
		frames[1][400] ^= 1;
		receive_on(f, 0, frames[0], lens[0], 0);
		receive_on(f, 0, frames[1], lens[1], 0);
		receive_on(f, 0, frames[2], lens[2], NET_RX_UDP_CHECKSUM_GOOD);
		assert_drop(f, UDP_CHECKSUM);
	}
}

/* RFC 8200 §4.5: destination options may stand in the part that is cut. */
static void extension_headers_behind_the_fragment_header_are_walked(void **state)
{
	struct fixture *f = *state;
	static const uint8_t options[2][8] = { { 17, 0, 1, 4 }, { 58, 0, 1, 4 } };
	uint8_t frame[sizeof(golden_udp_v6) + 16];
	const size_t half = 16; /* options, and the UDP header */

	for (int i = 0; i < 2; i++) {
		memcpy(frame, golden_udp_v6, 54);
		frame[20] = 44;
		memcpy(frame + 54, "\x3c\0\0\1\0\0\0", 7);
		frame[61] = (uint8_t)i;
		memcpy(frame + 62, options[i], 8);
		memcpy(frame + 70, golden_udp_v6 + 54, half - 8);
		put16(frame + 18, 8 + half);
		assert_int_equal(receive_on(f, 0, frame, 62 + half, 0), NET_HELD);
		frame[57] = (uint8_t)half;
		memcpy(frame + 62, golden_udp_v6 + 62, sizeof(golden_udp_v6) - 62);
		put16(frame + 18, sizeof(golden_udp_v6) - 62 + 8);
		receive_on(f, 0, frame, sizeof(golden_udp_v6), 0);
		if (i == 0) {
			assert_int_equal(f->result.action, NET_DATAGRAM);
			assert_true(f->result.reassembled);
			assert_memory_equal(f->result.payload, golden_udp_v6 + 62,
					    f->result.payload_len);
		} else {
			assert_drop(f, NOT_OURS);
		}
	}
}

static void a_whole_datagram_must_be_one_and_ours(void **state)
{
	struct fixture *f = *state;
	static uint8_t payload[64], frames[8][1600];
	uint32_t lens[8];

	/* a port of no one's; it came in pieces, so the kernel cannot have it either */
	assert_int_equal(cut(f, "10.0.0.9:5062", "10.0.0.1:999", payload, 64, 68, frames, lens), 2);
	assert_int_equal(receive_on(f, 1, frames[0], lens[0], 0), NET_HELD);
	receive_on(f, 1, frames[1], lens[1], 0);
	assert_drop(f, UDP_PORT);
	/* a length beyond what came */
	cut(f, "192.0.2.10:5062", "192.0.2.1:5060", payload, 64, 68, frames, lens);
	put16(frames[0] + 38, 1000);
	assert_int_equal(receive_on(f, 0, frames[1], lens[1], 0), NET_HELD);
	receive_on(f, 0, frames[0], lens[0], 0);
	assert_drop(f, UDP_HEADER);
}

static void fragments_are_steered_to_one_worker(void **state)
{
	struct fixture *f = *state, workers[4];
	static uint8_t payload[SIZE], frames[8][1600];
	uint32_t lens[8], seen[4] = { 0 };

	for (uint16_t w = 0; w < 4; w++) {
		workers[w] = (struct fixture){ .config = fixture_config(), .now = f->now };
		workers[w].config.workers = 4;
		workers[w].config.worker = w;
		workers[w].stack = stack_of(&workers[w].config);
	}
	for (int round = 0; round < 64; round++) {
		uint32_t count = cut(f, "192.0.2.10:5060", "192.0.2.1:5060", payload, SIZE, 1500,
				     frames, lens);

		for (uint32_t i = 0; i < count; i++) {
			struct fixture *at = &workers[(uint32_t)round % 4];

			if (receive_on(at, 0, frames[i], lens[i], 0) == NET_STEER) {
				assert_verdict(at, VERDICT_HANDOFF, OTHER_SHARD);
				assert_true(at->result.worker < 4);
				at = &workers[at->result.worker];
				receive_on(at, 0, frames[i], lens[i], 0);
			}
			assert_int_equal(at->result.action, i + 1 == count ? NET_DATAGRAM : NET_HELD);
			seen[at - workers]++;
		}
	}
	for (uint16_t w = 0; w < 4; w++) {
		assert_true(seen[w] > 0);
		stack_free(workers[w].stack);
	}
}

static void fragments_of_other_protocols_are_not_kept(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_echo_v4)], six[sizeof(golden_udp_v6) + 8];

	memcpy(frame, golden_echo_v4, sizeof(frame));
	put16(frame + 20, 0x2000);
	mend_ipv4(frame);
	RECEIVE(f, frame);
	assert_drop(f, NOT_OURS);
	/* IPv6, next header TCP */
	memcpy(six, golden_udp_v6, 54);
	memcpy(six + 54, "\x06\0\0\1\0\0\0\1", 8);
	memcpy(six + 62, golden_udp_v6 + 54, sizeof(golden_udp_v6) - 54);
	six[20] = 44;
	put16(six + 18, sizeof(six) - 54);
	RECEIVE(f, six);
	assert_drop(f, NOT_OURS);
	/* too short for its own header */
	put16(six + 18, 7);
	RECEIVE(f, six);
	assert_drop(f, IP_HEADER);
}

static void bad_fragments_have_their_verdicts(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)];
	struct net_event event;

	memcpy(frame, golden_udp_v4, sizeof(frame));
	put16(frame + 20, 0x2000); /* more follow, and the length is no multiple of 8 */
	mend_ipv4(frame);
	RECEIVE(f, frame);
	assert_drop(f, FRAGMENT_INVALID);
	put16(frame + 20, 0x1fff); /* ends beyond 65,535 */
	mend_ipv4(frame);
	RECEIVE(f, frame);
	assert_drop(f, FRAGMENT_INVALID);
	/* five datagrams of one source in one moment */
	put16(frame + 20, 0x0001);
	for (uint32_t id = 0; id < 5; id++) {
		put16(frame + 18, id);
		mend_ipv4(frame);
		assert_int_equal(RECEIVE(f, frame), id < 4 ? NET_HELD : NET_DROP);
	}
	assert_verdict(f, VERDICT_DROP, FRAGMENT_FULL);
	assert_int_equal(net_next_expiry(f->stack), f->now + TICK_SECONDS(30));
	f->now += TICK_SECONDS(30);
	assert_false(net_expire(f->stack, f->now, &event));
	assert_int_equal(net_stats(f->stack)->reassembly_timeouts, 4);
	assert_int_equal(net_stats(f->stack)->reassembling, 0);
}

#define ALONE(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALONE(fragments_in_any_order_make_the_datagram),
		ALONE(the_longest_datagram_fits_and_no_longer_one),
		ALONE(an_exact_repetition_is_tolerated),
		ALONE(overlap_kills_the_datagram_and_what_still_comes),
		ALONE(a_repetition_with_other_octets_is_an_overlap),
		ALONE(fragments_that_contradict_the_end_kill_the_datagram),
		ALONE(malformed_fragments_take_no_room),
		ALONE(time_ends_a_datagram),
		ALONE(a_source_gives_up_its_own_oldest),
		ALONE(the_young_are_not_evicted),
		ALONE(many_sources_push_out_the_oldest_of_all),
		ALONE(both_families_share_the_room_by_age),
		ALONE(keys_differ_in_every_part),
		TEST(a_fragmented_datagram_comes_whole),
		TEST(extension_headers_behind_the_fragment_header_are_walked),
		TEST(a_whole_datagram_must_be_one_and_ours),
		TEST(fragments_are_steered_to_one_worker),
		TEST(fragments_of_other_protocols_are_not_kept),
		TEST(bad_fragments_have_their_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
