/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly against models: what is cut for any MTU and arrives in any order, with repetitions
 * and among others' fragments, comes out as it went in; and what random fragments do is what a
 * list of them, looked at naively, says.
 */
#include "model.h"
#include "net/reassembly.h"
#include "net/send.h"

static struct model_random *dice;

static uint32_t random_below(uint32_t bound)
{
	return (uint32_t)model_below(dice, bound);
}

/* ---- cut and put together -------------------------------------------------------------------- */

#define DATAGRAMS     3     /* whose fragments arrive among each other */
#define FRAGMENTS_MAX 1400
#define FRAME_MAX     (NET_HEADERS_MAX + 9000)

static const uint8_t mac_ours[6] = { 2, 0, 0, 0, 0, 1 }, mac_peer[6] = { 2, 0, 0, 0, 0, 2 };

struct sent {
	struct net_send send;
	struct net_fragments plan;
	uint8_t *payload;
	uint32_t len;
};

struct arrival {
	uint16_t datagram, fragment;
};

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	assert_true(ip_prefix_parse(span_of_string(text), &prefix));
	return prefix;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(span_of_string(text), 5060, &endpoint));
	return endpoint;
}

static struct net_stack *stack_make(void)
{
	static const uint16_t port = 5060;
	struct net_config config = { .interface_count = 1, .workers = 1, .key = { 7, 8 },
				     .reassembly_max = 8, .reassembly_source_max = 8 };

	config.interfaces[0].mtu = 9000;
	memcpy(config.interfaces[0].mac, mac_ours, 6);
	config.interfaces[0].address_count = 2;
	config.interfaces[0].addresses[0] = prefix_of("192.0.2.1/24");
	config.interfaces[0].addresses[1] = prefix_of("2001:db8::1/64");
	struct net_stack *stack = net_stack_init(
		aligned_alloc(CACHE_LINE_SIZE, net_stack_size(&config)), &config, 0);
	assert_non_null(stack);
	assert_true(net_stack_ports_set(stack, &port, 1));
	return stack;
}

static void shuffle(struct arrival *arrivals, uint32_t count)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = random_below(i);
		struct arrival swap = arrivals[i - 1];

		arrivals[i - 1] = arrivals[j];
		arrivals[j] = swap;
	}
}

static uint32_t frame_write(struct net_stack *stack, const struct sent *s, uint32_t fragment,
			    uint8_t *frame)
{
	struct net_headers headers;
	uint32_t offset, len, at;

	at = net_fragment_build(stack, &s->send, &s->plan, fragment, frame, &headers, &offset, &len);
	assert_true(offset + len <= s->len);
	memcpy(frame + at, s->payload + offset, len);
	memcpy(frame + 6, mac_peer, 6);
	return at + len;
}

static void datagram_make(struct net_stack *stack, struct sent *s, bool is_v4, uint16_t mtu,
			  uint32_t longest, uint16_t port)
{
	s->send = (struct net_send){
		.source = endpoint_of(is_v4 ? "192.0.2.77" : "[2001:db8::77]"),
		.destination = endpoint_of(is_v4 ? "192.0.2.1" : "[2001:db8::1]"),
	};
	s->send.source.port = port;
	memcpy(s->send.mac, mac_ours, 6);
	/* at least two fragments: one alone is no fragment */
	uint32_t least = mtu;
	s->len = least + random_below(MAX(longest, least + 1) - least);
	for (uint32_t i = 0; i < s->len; i++)
		s->payload[i] = (uint8_t)(i * 167 + (i >> 8) + port);
	assert_true(net_fragments_plan(stack, &s->send, s->payload, s->len, mtu, &s->plan));
	assert_true(s->plan.count >= 2 && s->plan.count <= FRAGMENTS_MAX);
}

static void round_trip(struct net_stack *stack, struct sent *sent, bool is_v4, uint16_t mtu,
		       uint32_t longest, uint8_t *frame)
{
	static struct arrival arrivals[2 * DATAGRAMS * FRAGMENTS_MAX];
	uint32_t left[DATAGRAMS], count = 0, whole = 0;

	for (uint16_t d = 0; d < DATAGRAMS; d++) {
		datagram_make(stack, &sent[d], is_v4, mtu, longest, (uint16_t)(5000 + d));
		left[d] = sent[d].plan.count;
		for (uint16_t i = 0; i < sent[d].plan.count; i++)
			arrivals[count++] = (struct arrival){ d, i };
	}
	shuffle(arrivals, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct sent *s = &sent[arrivals[i].datagram];
		uint32_t len = frame_write(stack, s, arrivals[i].fragment, frame);
		bool is_last = --left[arrivals[i].datagram] == 0;
		struct net_result result;

		assert_true(len - 14 <= mtu);
		/* A repetition while the datagram is incomplete changes nothing. */
		for (int twice = !is_last && random_below(8) == 0; twice >= 0; twice--)
			net_receive(stack, 0, frame, len, 0, i, &result);
		assert_int_equal(result.action, is_last ? NET_DATAGRAM : NET_HELD);
		if (!is_last)
			continue;
		whole++;
		assert_true(result.reassembled);
		assert_int_equal(result.payload_len, s->len);
		assert_memory_equal(result.payload, s->payload, s->len);
		assert_true(endpoint_equal(&result.source, &s->send.source));
	}
	assert_int_equal(whole, DATAGRAMS);
}

static void run_round_trips(struct model_random *random)
{
	struct net_stack *stack = stack_make();
	struct sent sent[DATAGRAMS];
	uint8_t *frame = malloc(FRAME_MAX);

	dice = random;
	for (uint32_t d = 0; d < DATAGRAMS; d++)
		sent[d].payload = malloc(65536);
	for (uint16_t mtu = NET_MTU_MIN_V4; mtu <= 1600; mtu++)
		round_trip(stack, sent, true, mtu, mtu * 4u, frame);
	for (uint16_t mtu = NET_MTU_MIN_V6; mtu <= 1600; mtu++)
		round_trip(stack, sent, false, mtu, mtu * 6u, frame);
	for (uint16_t mtu = 1601; mtu <= 9000; mtu = (uint16_t)(mtu + 61)) {
		round_trip(stack, sent, true, mtu, mtu * 3u, frame);
		round_trip(stack, sent, false, mtu, mtu * 3u, frame);
	}
	static const uint16_t usual[] = { 68, 576, 1280, 1492, 1500, 9000 };
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		round_trip(stack, sent, true, usual[i], 65507, frame);
		if (usual[i] >= NET_MTU_MIN_V6)
			round_trip(stack, sent, false, usual[i], 65527, frame);
	}
	struct net_event event;
	assert_false(net_expire(stack, 0, &event));
	assert_int_equal(net_stats(stack)->reassembling, 0);
	assert_int_equal(net_stats(stack)->reassembly_invalid, 0);
	for (uint32_t d = 0; d < DATAGRAMS; d++)
		free(sent[d].payload);
	free(frame);
	free(stack);
}

/* ---- random fragments against a list of them ------------------------------------------------- */

#define KEYS      6
#define SPAN_LEN  128
#define LIST_MAX  64

struct model_fragment {
	uint32_t offset, len;
	bool more;
};

struct model {
	bool is_dead;
	uint32_t count;
	struct model_fragment list[LIST_MAX];
	uint8_t bytes[SPAN_LEN];
};

/* What becomes of `f`, by looking at every fragment there is. */
static enum reassembly_status model_insert(struct model *m, struct model_fragment f,
					   const uint8_t *data, uint32_t *total)
{
	uint32_t received = f.len;

	if (f.len == 0 || (f.more && f.len % 8)) {
		m->is_dead |= m->count > 0;
		return REASSEMBLY_INVALID;
	}
	if (m->is_dead)
		return REASSEMBLY_INVALID;
	*total = f.more ? 0 : f.offset + f.len;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_fragment *g = &m->list[i];

		if (g->offset == f.offset && g->len == f.len && g->more == f.more &&
		    memcmp(m->bytes + f.offset, data, f.len) == 0)
			return REASSEMBLY_HELD;
		/* octets of one within the other, or something behind the end */
		if ((g->offset < f.offset + f.len && f.offset < g->offset + g->len) ||
		    (!g->more && (!f.more || f.offset + f.len > g->offset + g->len)) ||
		    (!f.more && g->offset + g->len > f.offset + f.len)) {
			m->is_dead = true;
			return REASSEMBLY_INVALID;
		}
		received += g->len;
		if (!g->more)
			*total = g->offset + g->len;
	}
	assert_true(m->count < LIST_MAX);
	m->list[m->count++] = f;
	memcpy(m->bytes + f.offset, data, f.len);
	return *total && received == *total ? REASSEMBLY_COMPLETE : REASSEMBLY_HELD;
}

static struct model_fragment random_fragment(void)
{
	struct model_fragment f = { .offset = random_below(6) * 8, .more = random_below(4) != 0 };

	f.len = random_below(20) == 0 ? random_below(20) : (1 + random_below(3)) * 8;
	if (!f.more && random_below(2))
		f.len -= f.len ? random_below(MIN(f.len, 8u)) : 0;
	return f;
}

static void run_random_fragments(struct model_random *random)
{
	struct reassembly_config config = { .max = 16, .source_max = 16, .headroom = 64,
					    .tailroom = 64, .timeout_v4_us = TICK_SECONDS(30),
					    .timeout_v6_us = TICK_SECONDS(60), .key = { 9, 9 } };
	struct reassembly *r = reassembly_init(
		aligned_alloc(CACHE_LINE_SIZE, reassembly_size(&config)), &config);
	static struct model models[KEYS];
	struct reassembly_datagram datagram;
	uint32_t seen[4] = { 0 };
	tick_t now = 0;

	dice = random;
	memset(models, 0, sizeof(models));
	for (uint32_t step = 0; step < 100000; step++) {
		uint32_t k = random_below(KEYS), total = 0;
		struct model *m = &models[k];
		struct model_fragment f = random_fragment();
		uint8_t data[64];

		/* the octets are a function of their place, now and then a wrong one */
		for (uint32_t i = 0; i < f.len; i++)
			data[i] = (uint8_t)(f.offset + i + k);
		if (f.len && random_below(50) == 0)
			data[random_below(f.len)] ^= 1;
		struct reassembly_fragment fragment = {
			.key = { .source.family = k % 2 ? IP_V6 : IP_V4, .identification = k },
			.data = data, .offset = f.offset, .len = f.len, .more = f.more,
			.protocol = (uint8_t)(f.offset ? 99 : 17),
		};
		enum reassembly_status status = reassembly_insert(
			r, &fragment, reassembly_hash(&config.key, &fragment.key), now, &datagram);
		enum reassembly_status expected = model_insert(m, f, data, &total);

		assert_int_equal(status, expected);
		seen[status]++;
		if (status == REASSEMBLY_COMPLETE) {
			assert_int_equal(datagram.len, total);
			assert_int_equal(datagram.protocol, 17);
			assert_memory_equal(datagram.data, m->bytes, total);
			memset(m, 0, sizeof(*m));
		}
		/* now and then all is given up, so that the killed do not pile up */
		if (random_below(20) == 0) {
			now += TICK_SECONDS(60);
			reassembly_expire(r, now);
			memset(models, 0, sizeof(models));
		}
		if (step % 256 == 0 && reassembly_check(r))
			fail_msg("%s", reassembly_check(r));
	}
	print_message("held %u, complete %u, invalid %u\n", seen[0], seen[1], seen[2]);
	/* a test that never saw one of them would prove nothing */
	assert_true(seen[REASSEMBLY_COMPLETE] > 1000 && seen[REASSEMBLY_INVALID] > 1000 &&
		    seen[REASSEMBLY_HELD] > 1000 && seen[REASSEMBLY_FULL] == 0);
	free(r);
}

static void any_mtu_and_any_order_give_the_datagram_back(void **)
{
	model_seeds(4, run_round_trips);
}

static void random_fragments_do_what_a_list_says(void **)
{
	model_seeds(4, run_random_fragments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_mtu_and_any_order_give_the_datagram_back),
		cmocka_unit_test(random_fragments_do_what_a_list_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
