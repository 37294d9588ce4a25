/* SPDX-License-Identifier: BSD-3-Clause */
/* generator/frame.h and locals.h: headers that the net library accepts, frames read back, whose a
 * datagram is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "generator/frame.h"
#include "generator/locals.h"
#include "net/checksum.h"
#include "net/stack.h"

static const uint8_t here[6] = { 2, 0, 0, 0, 0, 1 }, there[6] = { 2, 0, 0, 0, 0, 2 };

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint e;

	assert_true(endpoint_parse(span_of_string(text), 0, &e));
	return e;
}

struct made {
	uint8_t room[2048];
	uint8_t *frame;
	uint32_t len;
};

static void make(struct made *made, const char *from, const char *to, const char *payload,
		 bool offload)
{
	const struct endpoint source = endpoint_of(from), destination = endpoint_of(to);
	struct frame_template t;
	uint8_t *at = made->room + 128;
	const uint32_t len = (uint32_t)strlen(payload);

	frame_template_init(&t, here, there, &source, &destination, offload);
	memcpy(at, payload, len);
	made->frame = frame_write(&t, at, len, 0x1234);
	made->len = t.len + len;
	assert_ptr_equal(made->frame + t.len, at);
}

/* A frame as a strange station's net layer takes it. */
static void assert_accepted_by_the_net_layer(const struct made *made, const char *to,
					     const char *from, const char *payload)
{
	const struct endpoint local = endpoint_of(to), source = endpoint_of(from);
	struct net_config config = { .interface_count = 1, .workers = 1, .reassembly_max = 1 };
	struct net_interface_config *i = &config.interfaces[0];
	struct net_result result;
	struct net_stack *stack;
	void *memory;

	*i = (struct net_interface_config){ .mtu = 1500, .address_count = 1 };
	memcpy(i->mac, there, 6);
	i->addresses[0].address = local.address;
	i->addresses[0].bits = 24;
	memory = aligned_alloc(CACHE_LINE_SIZE, (net_stack_size(&config) + 63) & ~(size_t)63);
	stack = net_stack_init(memory, &config, 0);
	assert_non_null(stack);
	assert_true(net_stack_ports_set(stack, &local.port, 1));
	assert_int_equal(net_receive(stack, 0, made->frame, made->len, 0, 0, &result),
			 NET_DATAGRAM);
	assert_true(endpoint_equal(&result.source, &source));
	assert_true(endpoint_equal(&result.local, &local));
	assert_int_equal(result.payload_len, strlen(payload));
	assert_memory_equal(made->frame + result.payload_offset, payload, strlen(payload));
	free(memory);
}

static void frames_are_what_the_net_layer_accepts(void **)
{
	static const char *const payloads[] = { "", "x", "OPTIONS sip:192.0.2.1 SIP/2.0\r\n\r\n",
						"an odd length..",
						"0123456789abcdef0123456789abcdef" };
	struct made made;

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		make(&made, "192.0.2.50:5070", "192.0.2.1:5060", payloads[i], false);
		assert_accepted_by_the_net_layer(&made, "192.0.2.1:5060", "192.0.2.50:5070",
						 payloads[i]);
		make(&made, "[2001:db8::50]:5070", "[2001:db8::1]:5060", payloads[i], false);
		assert_accepted_by_the_net_layer(&made, "[2001:db8::1]:5060", "[2001:db8::50]:5070",
						 payloads[i]);
	}
}

static void a_port_that_completes_checksums_gets_the_pseudo_header(void **)
{
	struct made made;
	uint8_t *udp;
	uint64_t sum;

	make(&made, "192.0.2.50:5070", "192.0.2.1:5060", "payload", true);
	assert_int_equal(load_raw16(made.frame + ETHER_LEN + IPV4_CHECKSUM), 0);
	udp = made.frame + ETHER_LEN + IPV4_LEN;
	sum = checksum_pseudo(made.frame + ETHER_LEN + IPV4_SOURCE, 8, PROTOCOL_UDP, 8 + 7);
	assert_int_equal(load_raw16(udp + UDP_SUM), checksum_fold(sum));
}

static enum frame_kind parse(const struct made *made, uint32_t flags, struct frame_datagram *d)
{
	return frame_parse(made->frame, made->len, flags, d);
}

static void what_is_written_is_read_back(void **)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.50:5070", "192.0.2.1:5060" },
		{ "[2001:db8::50]:5070", "[2001:db8::1]:5060" },
	};
	struct frame_datagram d;
	struct made made;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct endpoint source = endpoint_of(pairs[i][0]);
		const struct endpoint destination = endpoint_of(pairs[i][1]);

		make(&made, pairs[i][0], pairs[i][1], "ACK", false);
		assert_int_equal(parse(&made, 0, &d), FRAME_DATAGRAM);
		assert_true(endpoint_equal(&d.source, &source));
		assert_true(endpoint_equal(&d.destination, &destination));
		assert_int_equal(d.len, 3);
		assert_memory_equal(d.payload, "ACK", 3);
		/* Padding behind the datagram is none of it. */
		made.len += 5;
		assert_int_equal(parse(&made, 0, &d), FRAME_DATAGRAM);
		assert_int_equal(d.len, 3);
	}
}

static void one_wrong_bit_is_corrupt(void **)
{
	struct frame_datagram d;
	struct made made;

	make(&made, "192.0.2.50:5070", "192.0.2.1:5060", "ACK sip:x SIP/2.0", false);
	for (uint32_t byte = ETHER_LEN + IPV4_TOTAL; byte < made.len; byte++) {
		/* Another protocol, or a fragment, is another thing. */
		if (byte == ETHER_LEN + IPV4_PROTOCOL ||
		    (byte >= ETHER_LEN + IPV4_FRAGMENT && byte < ETHER_LEN + IPV4_FRAGMENT + 2))
			continue;
		made.frame[byte] ^= 0x10;
		assert_int_equal(parse(&made, 0, &d), FRAME_CORRUPT);
		made.frame[byte] ^= 0x10;
	}
	/* A port that has looked is believed. */
	made.frame[made.len - 1] ^= 1;
	assert_int_equal(parse(&made, FRAME_UDP_GOOD, &d), FRAME_DATAGRAM);
	assert_int_equal(parse(&made, FRAME_IP_GOOD, &d), FRAME_CORRUPT);
}

static void what_is_cut_off_is_never_read(void **)
{
	const uint32_t trusting = FRAME_IP_GOOD | FRAME_UDP_GOOD;
	struct frame_datagram d;
	struct made made;

	for (int v6 = 0; v6 < 2; v6++) {
		make(&made, v6 ? "[2001:db8::50]:5070" : "192.0.2.50:5070",
		     v6 ? "[2001:db8::1]:5060" : "192.0.2.1:5060", "ACK sip:x SIP/2.0", false);
		for (uint32_t len = 0; len < made.len; len++) {
			uint8_t *exact = malloc(len ? len : 1);

			memcpy(exact, made.frame, len);
			assert_int_not_equal(frame_parse(exact, len, 0, &d), FRAME_DATAGRAM);
			/* Also where no checksum would tell. */
			assert_int_not_equal(frame_parse(exact, len, trusting, &d),
					     FRAME_DATAGRAM);
			free(exact);
		}
	}
}

static void other_frames_are_left_to_the_net_layer(void **)
{
	struct frame_datagram d;
	struct made made;

	make(&made, "192.0.2.50:5070", "192.0.2.1:5060", "ACK", false);
	store_be16(made.frame + ETHER_TYPE, ETHERTYPE_ARP);
	assert_int_equal(parse(&made, 0, &d), FRAME_OTHER);
	store_be16(made.frame + ETHER_TYPE, ETHERTYPE_IPV4);
	made.frame[ETHER_LEN + IPV4_PROTOCOL] = PROTOCOL_ICMP;
	assert_int_equal(parse(&made, 0, &d), FRAME_OTHER);
	made.frame[ETHER_LEN + IPV4_PROTOCOL] = PROTOCOL_UDP;
	store_be16(made.frame + ETHER_LEN + IPV4_FRAGMENT, IPV4_MORE_FRAGMENTS);
	assert_int_equal(parse(&made, 0, &d), FRAME_OTHER);
}

static void a_datagram_is_its_locals(void **)
{
	static struct locals locals;
	struct endpoint e = endpoint_of("192.0.2.50:1");
	const struct local *found;

	for (uint16_t i = 0; i < LOCALS_MAX; i++) {
		e.port = (uint16_t)(i + 1);
		assert_true(locals_insert(&locals, &e, i % 3, i));
	}
	for (uint16_t i = 0; i < LOCALS_MAX; i++) {
		e.port = (uint16_t)(i + 1);
		found = locals_find(&locals, &e);
		assert_non_null(found);
		assert_int_equal(found->role, i % 3);
		assert_int_equal(found->index, i);
	}
	e.port = LOCALS_MAX + 1;
	assert_null(locals_find(&locals, &e));
	assert_false(locals_insert(&locals, &e, LOCALS_CALLER, 0));
	e.port = 1;
	e.address.bytes[3]++;
	assert_null(locals_find(&locals, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_what_the_net_layer_accepts),
		cmocka_unit_test(a_port_that_completes_checksums_gets_the_pseudo_header),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(one_wrong_bit_is_corrupt),
		cmocka_unit_test(what_is_cut_off_is_never_read),
		cmocka_unit_test(other_frames_are_left_to_the_net_layer),
		cmocka_unit_test(a_datagram_is_its_locals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
