/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stack to test against: three interfaces on two devices, and helpers to mend checksums of
 * frames that a test has changed.  The checksum here is the textbook's, not the one under test.
 *
 *   0  device 0, untagged   192.0.2.1/24, 2001:db8::1/64, gateways 192.0.2.254, 2001:db8::fe
 *   1  device 0, VLAN 100   198.51.100.1/24
 *   2  device 1, untagged   10.0.0.1/24, with a TAP
 */
#ifndef TESTS_NET_FIXTURE_H
#define TESTS_NET_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "net/send.h"
#include "golden.h"

static const uint8_t mac_ours[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t mac_peer[6] = { 2, 0, 0, 0, 0, 10 };
static const uint8_t mac_other[6] = { 2, 0, 0, 0, 0, 11 };

struct fixture {
	struct net_config config;
	struct net_stack *stack;
	struct net_result result;
	tick_t now;
};

static inline struct ip_address address_of(const char *text)
{
	struct ip_address address;

	assert_true(ip_address_parse(span_of_string(text), &address));
	return address;
}

static inline struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	assert_true(ip_prefix_parse(span_of_string(text), &prefix));
	return prefix;
}

static inline struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(span_of_string(text), 5060, &endpoint));
	return endpoint;
}

static inline struct net_config fixture_config(void)
{
	struct net_config config = { .interface_count = 3, .workers = 1, .neighbours_max = 32,
				     .reassembly_max = 8, .reassembly_source_max = 4,
				     .key = { 0x1122334455667788u, 0x99aabbccddeeff00u } };

	for (uint16_t i = 0; i < config.interface_count; i++) {
		config.interfaces[i].mtu = 1500;
		memcpy(config.interfaces[i].mac, mac_ours, 6);
	}
	config.interfaces[0].address_count = 2;
	config.interfaces[0].addresses[0] = prefix_of("192.0.2.1/24");
	config.interfaces[0].addresses[1] = prefix_of("2001:db8::1/64");
	config.interfaces[0].gateway_v4 = address_of("192.0.2.254");
	config.interfaces[0].gateway_v6 = address_of("2001:db8::fe");
	config.interfaces[0].dscp = 26;
	config.interfaces[1].vlan = 100;
	config.interfaces[1].address_count = 1;
	config.interfaces[1].addresses[0] = prefix_of("198.51.100.1/24");
	config.interfaces[2].port = 1;
	config.interfaces[2].flags = NET_INTERFACE_PUNT;
	config.interfaces[2].address_count = 1;
	config.interfaces[2].addresses[0] = prefix_of("10.0.0.1/24");
	return config;
}

static inline struct net_stack *stack_of(const struct net_config *config)
{
	static const uint16_t sip_port = 5060;
	size_t size = net_stack_size(config);

	assert_true(size > 0);
	void *memory = aligned_alloc(CACHE_LINE_SIZE, size);
	assert_non_null(memory);
	struct net_stack *stack = net_stack_init(memory, config, TICK_SECONDS(1));
	assert_non_null(stack);
	assert_true(net_stack_ports_set(stack, &sip_port, 1));
	return stack;
}

/* A stack is the start of its memory. */
static inline void stack_free(struct net_stack *stack)
{
	free(stack);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->config = fixture_config();
	f->stack = stack_of(&f->config);
	f->now = TICK_SECONDS(1);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	stack_free(f->stack);
	free(f);
	return 0;
}

/* From memory of exactly its length, so that a read beyond is seen. */
static inline enum net_action receive_on(struct fixture *f, uint16_t port, const uint8_t *frame,
					 size_t len, uint32_t flags)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, frame, len);
	memset(&f->result, 0xa5, sizeof(f->result));
	enum net_action action = net_receive(f->stack, port, copy, (uint32_t)len, flags, f->now,
					     &f->result);
	assert_int_equal(action, f->result.action);
	free(copy);
	return action;
}

#define RECEIVE(f, golden) receive_on((f), 0, (golden), sizeof(golden), 0)

#define assert_verdict(f, kind_, reason_)                                                          \
	do {                                                                                       \
		assert_string_equal(verdict_reasons[(f)->result.verdict.reason].name, #reason_);   \
		assert_int_equal((f)->result.verdict.kind, (kind_));                               \
	} while (0)

#define assert_drop(f, reason_)                                                                    \
	do {                                                                                       \
		assert_int_equal((f)->result.action, NET_DROP);                                    \
		assert_verdict(f, VERDICT_DROP, reason_);                                          \
	} while (0)

static inline void assert_endpoint(const struct endpoint *endpoint, const char *text)
{
	char buffer[ENDPOINT_TEXT_MAX];

	assert_string_equal(endpoint_to_string(endpoint, buffer), text);
}

static inline void assert_frame(const uint8_t *frame, uint32_t len, const uint8_t *golden, size_t golden_len)
{
	assert_int_equal(len, golden_len);
	assert_memory_equal(frame, golden, golden_len);
}

#define assert_golden(frame, len, golden) assert_frame((frame), (len), (golden), sizeof(golden))

/* ---- changed frames -------------------------------------------------------------------------- */

static inline uint32_t sum_words(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The IPv4 header checksum of an untagged frame. */
static inline void mend_ipv4(uint8_t *frame)
{
	uint8_t *ip = frame + 14;

	put16(ip + 10, 0);
	put16(ip + 10, ~sum_words(0, ip, (ip[0] & 15u) * 4) & 0xffff);
}

/* The checksum at ip + at of an upper header that reaches to the end, `protocol`'s. */
static inline void mend_upper(uint8_t *frame, size_t len, size_t header, size_t at, uint8_t protocol,
			      bool pseudo)
{
	uint8_t *ip = frame + 14;
	size_t upper_len = len - 14 - header;
	uint32_t sum = 0;

	if (pseudo)
		sum = ip[0] >> 4 == 4 ? sum_words(0, ip + 12, 8) : sum_words(0, ip + 8, 32);
	if (pseudo)
		sum += protocol + (uint32_t)upper_len;
	put16(ip + header + at, 0);
	put16(ip + header + at, ~sum_words(sum, ip + header, upper_len) & 0xffff);
}

#endif
