/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of what is sent, octet by octet, and the plan of fragments. */
#include "fixture.h"

#define PAYLOAD "OPTIONS sip:a SIP/2.0\r\n\r\n"
#define PAYLOAD_LEN (sizeof(PAYLOAD) - 1)

struct built {
	uint8_t room[NET_HEADERS_MAX + 2048];
	uint8_t *frame;
	uint32_t len;
	struct net_headers headers;
};

static void build(struct net_stack *stack, uint16_t interface, const char *source,
		  const char *destination, const void *payload, uint32_t len, struct built *b)
{
	struct net_send send = { .interface = interface, .source = endpoint_of(source),
				 .destination = endpoint_of(destination) };

	memcpy(send.mac, mac_peer, 6);
	memcpy(b->room + NET_HEADERS_MAX, payload, len);
	b->frame = net_build_udp(stack, &send, b->room + NET_HEADERS_MAX, len, &b->headers);
	b->len = (uint32_t)(b->room + NET_HEADERS_MAX + len - b->frame);
	assert_int_equal(b->len - len,
			 net_headers_len(stack, interface, send.source.address.family));
	assert_int_equal(b->headers.len, b->len - len);
}

static void headers_are_right_octet_by_octet(void **state)
{
	struct fixture *f = *state;
	struct built b;

	build(f->stack, 0, "192.0.2.1:5060", "203.0.113.9:5070", PAYLOAD, PAYLOAD_LEN, &b);
	assert_int_equal(b.len, sizeof(golden_sent_v4));
	put16(b.frame + 18, 0); /* the identification is any number */
	mend_ipv4(b.frame);
	assert_memory_equal(b.frame, golden_sent_v4, b.len);
	assert_int_equal(b.headers.link_len, 14);
	assert_int_equal(b.headers.ip_len, 20);

	build(f->stack, 0, "[2001:db8::1]:5060", "[2001:db8:9::9]:5070", PAYLOAD, PAYLOAD_LEN, &b);
	assert_int_equal(b.len, sizeof(golden_sent_v6));
	assert_memory_equal(b.frame, golden_sent_v6, b.len);
	assert_int_equal(b.headers.ip_len, 40);
}

static void a_tag_is_written(void **state)
{
	struct fixture *f = *state;
	struct built b;

	build(f->stack, 1, "198.51.100.1:5060", "198.51.100.7:5060", PAYLOAD, PAYLOAD_LEN, &b);
	assert_memory_equal(b.frame + 12, "\x81\x00\x00\x64\x08\x00\x45\x00", 8);
	assert_int_equal(b.headers.link_len, 18);
	assert_int_equal(sum_words(0, b.frame + 18, 20), 0xffff);
}

/* What is sent is what would be received: an independent check of every length's checksum. */
static void every_length_is_received_as_sent(void **state)
{
	struct fixture *f = *state;
	uint8_t payload[1472];
	struct built b;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 13);
	for (uint32_t len = 0; len <= sizeof(payload); len += len < 40 ? 1 : 37) {
		build(f->stack, 0, "192.0.2.20:5071", "192.0.2.1:5060", payload, len, &b);
		memcpy(b.frame, mac_ours, 6);
		memcpy(b.frame + 6, mac_peer, 6);
		assert_int_equal(receive_on(f, 0, b.frame, b.len, 0), NET_DATAGRAM);
		assert_int_equal(f->result.payload_len, len);
		assert_endpoint(&f->result.source, "192.0.2.20:5071");
		/* the textbook agrees */
		uint32_t sum = sum_words(0, b.frame + 26, 8) + 17 + 8 + len;
		assert_int_equal(sum_words(sum, b.frame + 34, 8 + len), 0xffff);
	}
}

static void a_checksum_that_comes_out_as_zero_is_sent_as_ones(void **state)
{
	struct fixture *f = *state;
	uint8_t payload[2] = { 0, 0 };
	struct built b;

	/* The payload that makes the sum all ones: the checksum of the same with zeros. */
	build(f->stack, 0, "192.0.2.1:5060", "192.0.2.9:5060", payload, 2, &b);
	memcpy(payload, b.frame + 40, 2);
	build(f->stack, 0, "192.0.2.1:5060", "192.0.2.9:5060", payload, 2, &b);
	assert_memory_equal(b.frame + 40, "\xff\xff", 2);
}

static void an_offloading_port_gets_the_pseudo_header(void **state)
{
	struct fixture *f = *state, port = { .config = fixture_config() };
	struct built b;

	port.config.interfaces[0].flags =
		NET_INTERFACE_TX_IP_CHECKSUM | NET_INTERFACE_TX_UDP_CHECKSUM;
	port.stack = stack_of(&port.config);
	build(port.stack, 0, "192.0.2.1:5060", "192.0.2.9:5060", PAYLOAD, PAYLOAD_LEN, &b);
	assert_true(b.headers.offload_ip && b.headers.offload_udp);
	assert_memory_equal(b.frame + 24, "\0\0", 2);
	uint32_t sum = sum_words(0, b.frame + 26, 8) + 17 + 8 + PAYLOAD_LEN;
	assert_int_equal(b.frame[40] << 8 | b.frame[41], (sum & 0xffff) + (sum >> 16));
	stack_free(port.stack);
	build(f->stack, 0, "192.0.2.1:5060", "192.0.2.9:5060", PAYLOAD, PAYLOAD_LEN, &b);
	assert_false(b.headers.offload_ip || b.headers.offload_udp);
}

static void workers_do_not_repeat_each_others_identifications(void **)
{
	static uint8_t given[65536];
	struct built b;

	memset(given, 0, sizeof(given));
	for (uint16_t w = 0; w < 4; w++) {
		struct net_config config = fixture_config();

		config.workers = 4;
		config.worker = w;
		struct net_stack *stack = stack_of(&config);
		for (int i = 0; i < 16384; i++) {
			build(stack, 0, "192.0.2.1:5060", "192.0.2.9:5060", PAYLOAD, 4, &b);
			uint32_t id = (uint32_t)(b.frame[18] << 8 | b.frame[19]);

			assert_int_equal(given[id]++, 0);
		}
		stack_free(stack);
	}
}

static void only_what_does_not_fit_is_cut(void **)
{
	assert_false(net_needs_fragments(IP_V4, 1472, 1500));
	assert_true(net_needs_fragments(IP_V4, 1473, 1500));
	assert_false(net_needs_fragments(IP_V6, 1452, 1500));
	assert_true(net_needs_fragments(IP_V6, 1453, 1500));
}

static void what_no_datagram_can_be_is_not_planned(void **state)
{
	struct fixture *f = *state;
	struct net_send four = { .source = endpoint_of("192.0.2.1"),
				 .destination = endpoint_of("192.0.2.9") };
	struct net_send six = { .source = endpoint_of("[2001:db8::1]"),
				.destination = endpoint_of("[2001:db8::9]") };
	uint8_t *payload = calloc(1, 65536);
	struct net_fragments plan;

	assert_true(net_fragments_plan(f->stack, &four, payload, 65507, 1500, &plan));
	assert_false(net_fragments_plan(f->stack, &four, payload, 65508, 1500, &plan));
	assert_true(net_fragments_plan(f->stack, &six, payload, 65527, 1500, &plan));
	assert_false(net_fragments_plan(f->stack, &six, payload, 65528, 1500, &plan));
	assert_false(net_fragments_plan(f->stack, &four, payload, 100, 67, &plan));
	assert_false(net_fragments_plan(f->stack, &six, payload, 100, 1279, &plan));
	free(payload);
}

static void fragments_share_an_identification_and_no_two_datagrams_do(void **state)
{
	struct fixture *f = *state;
	static uint8_t payload[4000];
	struct net_send send = { .source = endpoint_of("[2001:db8::1]"),
				 .destination = endpoint_of("[2001:db8::9]") };
	struct net_fragments a, b;
	struct net_headers headers;
	uint8_t first[NET_HEADERS_MAX], last[NET_HEADERS_MAX];
	uint32_t offset, len;

	assert_true(net_fragments_plan(f->stack, &send, payload, 4000, 1500, &a));
	assert_true(net_fragments_plan(f->stack, &send, payload, 4000, 1500, &b));
	assert_int_not_equal(a.identification, b.identification);
	assert_int_equal(a.count, 3);
	assert_int_equal(net_fragment_build(f->stack, &send, &a, 0, first, &headers, &offset, &len),
			 14 + 40 + 8 + 8);
	assert_int_equal(headers.ip_len, 48);
	assert_int_equal(offset, 0);
	assert_int_equal(len, 1448 - 8);
	assert_int_equal(first[20], 44);
	assert_memory_equal(first + 54, "\x11\x00\x00\x01", 4); /* UDP, offset 0, more */
	assert_int_equal(net_fragment_build(f->stack, &send, &a, 2, last, &headers, &offset, &len),
			 14 + 40 + 8);
	assert_int_equal(offset, 2 * 1448 - 8);
	assert_int_equal(offset + len, 4000);
	assert_memory_equal(first + 58, last + 58, 4);
	assert_int_equal(last[57] & 1, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(headers_are_right_octet_by_octet),
		TEST(a_tag_is_written),
		TEST(every_length_is_received_as_sent),
		TEST(a_checksum_that_comes_out_as_zero_is_sent_as_ones),
		TEST(an_offloading_port_gets_the_pseudo_header),
		cmocka_unit_test(workers_do_not_repeat_each_others_identifications),
		cmocka_unit_test(only_what_does_not_fit_is_cut),
		TEST(what_no_datagram_can_be_is_not_planned),
		TEST(fragments_share_an_identification_and_no_two_datagrams_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
