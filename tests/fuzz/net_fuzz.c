/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stack's edge fed by a hostile link, with time passing and packets wanting to leave.
 *
 * An input is a list of steps: one octet says what to do, others follow.  A received frame may be
 * mended first (station address, checksums), or hardly any would get behind them.  What must hold
 * whatever comes: see check_result.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/send.h"
#include "net/stack_state.h"

#define WORKERS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t mac_ours[6] = { 2, 0, 0, 0, 0, 1 };
static struct net_stack *stacks[WORKERS];
static struct net_config config;
static void *memories[WORKERS];

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void address_add(struct net_interface_config *interface, const char *text)
{
	REQUIRE(ip_prefix_parse(span_of_string(text),
				&interface->addresses[interface->address_count++]));
}

static void stacks_init(void)
{
	static const uint16_t port = 5060;

	if (!memories[0]) {
		config = (struct net_config){ .interface_count = 3, .workers = WORKERS,
					      .key = { 5, 6 }, .neighbours_max = 16,
					      .reassembly_max = 4, .reassembly_source_max = 2 };
		for (uint32_t i = 0; i < config.interface_count; i++) {
			config.interfaces[i].mtu = 1500;
			memcpy(config.interfaces[i].mac, mac_ours, 6);
		}
		address_add(&config.interfaces[0], "192.0.2.1/24");
		address_add(&config.interfaces[0], "2001:db8::1/64");
		REQUIRE(ip_address_parse(SPAN("192.0.2.254"), &config.interfaces[0].gateway_v4));
		address_add(&config.interfaces[1], "198.51.100.1/24");
		config.interfaces[1].vlan = 100;
		address_add(&config.interfaces[2], "10.0.0.1/24");
		config.interfaces[2].port = 1;
		config.interfaces[2].flags = NET_INTERFACE_PUNT;
	}
	for (uint16_t w = 0; w < WORKERS; w++) {
		config.worker = w;
		if (!memories[w])
			memories[w] = aligned_alloc(CACHE_LINE_SIZE, net_stack_size(&config));
		stacks[w] = net_stack_init(memories[w], &config, 0);
		REQUIRE(stacks[w] && net_stack_ports_set(stacks[w], &port, 1));
	}
}

/* ---- mending --------------------------------------------------------------------------------- */

static void mend_upper(uint8_t *upper, uint32_t len, uint8_t protocol, const uint8_t *addresses,
		       size_t addresses_len)
{
	uint32_t at = protocol == PROTOCOL_UDP ? UDP_SUM : ICMP_CHECKSUM;
	uint64_t sum = 0;

	if (len < at + 2 || (protocol != PROTOCOL_UDP && protocol != PROTOCOL_ICMP &&
			     protocol != PROTOCOL_ICMPV6))
		return;
	if (protocol != PROTOCOL_ICMP)
		sum = checksum_pseudo(addresses, addresses_len, protocol, len);
	store_raw16(upper + at, 0);
	store_raw16(upper + at, checksum_final(checksum_add(sum, upper, len)));
}

static void mend_ipv4(uint8_t *ip, uint32_t len)
{
	uint32_t header_len = (ip[0] & 15u) * 4;

	if (len < IPV4_LEN || header_len < IPV4_LEN || header_len > len)
		return;
	store_raw16(ip + IPV4_CHECKSUM, 0);
	store_raw16(ip + IPV4_CHECKSUM, checksum_final(checksum_add(0, ip, header_len)));
	uint32_t total = load_be16(ip + IPV4_TOTAL);
	if (total >= header_len && total <= len &&
	    !(load_be16(ip + IPV4_FRAGMENT) & (IPV4_OFFSET_MASK | IPV4_MORE_FRAGMENTS)))
		mend_upper(ip + header_len, total - header_len, ip[IPV4_PROTOCOL],
			   ip + IPV4_SOURCE, 8);
}

static void mend_ipv6(uint8_t *ip, uint32_t len)
{
	uint32_t at = IPV6_LEN;

	if (len < IPV6_LEN || load_be16(ip + IPV6_PAYLOAD) > len - IPV6_LEN)
		return;
	uint32_t end = IPV6_LEN + load_be16(ip + IPV6_PAYLOAD);
	uint8_t next = ip[IPV6_NEXT];
	while ((next == PROTOCOL_HOP_BY_HOP || next == PROTOCOL_DESTINATION ||
		next == PROTOCOL_ROUTING) && at + 8 <= end) {
		next = ip[at];
		at += (ip[at + 1] + 1u) * 8;
	}
	if (at < end)
		mend_upper(ip + at, end - at, next, ip + IPV6_SOURCE, 32);
}

static void mend(uint8_t *frame, uint32_t len)
{
	uint32_t at = ETHER_LEN;

	if (len < ETHER_LEN + VLAN_LEN)
		return;
	if (!(frame[0] & 1))
		memcpy(frame, mac_ours, 6);
	uint16_t type = load_be16(frame + ETHER_TYPE);
	if (type == ETHERTYPE_VLAN) {
		type = load_be16(frame + ETHER_LEN + 2);
		at += VLAN_LEN;
	}
	if (type == ETHERTYPE_IPV4 && len > at)
		mend_ipv4(frame + at, len - at);
	else if (type == ETHERTYPE_IPV6 && len > at)
		mend_ipv6(frame + at, len - at);
}

/* ---- what must hold -------------------------------------------------------------------------- */

static void check_bytes(const uint8_t *bytes, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += bytes[i];
	__asm__ volatile("" : : "r"(sum)); /* read, so that the sanitizer looks */
}

static void check_result(const struct net_stack *stack, const uint8_t *frame, uint32_t len,
			 const struct net_result *r)
{
	static const uint8_t kinds[] = {
		[NET_DATAGRAM] = VERDICT_ABSORB, [NET_REPLY] = VERDICT_REPLY,
		[NET_ABSORBED] = VERDICT_ABSORB, [NET_HELD] = VERDICT_ABSORB,
		[NET_ICMP_ERROR] = VERDICT_ABSORB, [NET_STEER] = VERDICT_HANDOFF,
		[NET_PUNT] = VERDICT_PUNT, [NET_DROP] = VERDICT_DROP,
	};
	REQUIRE(r->action < ARRAY_SIZE(kinds) && r->verdict.kind == kinds[r->action]);
	REQUIRE(r->action == NET_DATAGRAM || r->verdict.reason != VERDICT_REASON_NONE);
	switch (r->action) {
	case NET_DATAGRAM:
		REQUIRE(r->local.port == 5060);
		REQUIRE(net_is_own(stack, r->interface, &r->local.address));
		REQUIRE(!ip_address_is_bogus(&r->source.address));
		REQUIRE(r->reassembled == (r->payload != NULL));
		REQUIRE(r->payload_len <= 65527);
		if (!r->reassembled)
			REQUIRE(r->payload_offset + r->payload_len <= len);
		check_bytes(r->reassembled ? r->payload : frame + r->payload_offset, r->payload_len);
		break;
	case NET_ICMP_ERROR:
		REQUIRE(net_is_own(stack, r->interface, &r->local.address));
		REQUIRE(r->payload_offset + r->payload_len <= len);
		check_bytes(frame + r->payload_offset, r->payload_len);
		break;
	case NET_REPLY:
		REQUIRE(r->reply_len >= ETHER_LEN + ARP_LEN && r->reply_len <= NET_FRAME_MAX);
		REQUIRE(memcmp(r->reply + 6, mac_ours, 6) == 0);
		check_bytes(r->reply, r->reply_len);
		break;
	case NET_PUNT:
		REQUIRE(r->interface == 2);
		break;
	default:
		break;
	}
	REQUIRE(stack->neighbours.count <= stack->neighbours.max);
	REQUIRE(stack->neighbours.incomplete <= (stack->neighbours.max + 1) / 2);
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct input {
	const uint8_t *at, *end;
};

static uint32_t take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static void step_receive(struct input *in, uint32_t what, tick_t now)
{
	uint32_t len = take(in) << 8, worker = what >> 7, port = (what >> 6) & 1;
	struct net_result result;

	len |= take(in);
	len = MIN(len, (uint32_t)(in->end - in->at));
	uint8_t *frame = malloc(len ? len : 1); /* of its exact length */
	memcpy(frame, in->at, len);
	in->at += len;
	if (what & 8)
		mend(frame, len);
	enum net_action action = net_receive(stacks[worker], (uint16_t)port, frame, len,
					     (what >> 4) & 3, now, &result);
	check_result(stacks[worker], frame, len, &result);
	if (action == NET_STEER) {
		REQUIRE(result.worker < WORKERS && result.worker != worker);
		worker = result.worker;
		action = net_receive(stacks[worker], (uint16_t)port, frame, len, (what >> 4) & 3,
				     now, &result);
		REQUIRE(action != NET_STEER);
		check_result(stacks[worker], frame, len, &result);
	}
	if ((action == NET_REPLY || action == NET_ABSORBED) && result.update.kind)
		(void)net_update_apply(stacks[!worker], &result.update, now);
	free(frame);
}

static void step_expire(tick_t now)
{
	struct net_event event;

	for (uint32_t w = 0; w < WORKERS; w++) {
		while (net_expire(stacks[w], now, &event)) {
			REQUIRE(event.neighbour < config.neighbours_max);
			if (event.kind == NET_EVENT_SEND)
				check_bytes(event.frame, event.frame_len);
		}
		REQUIRE(net_next_expiry(stacks[w]) > now);
		REQUIRE(reassembly_check(stacks[w]->reassembly) == NULL);
	}
}

static void step_resolve(struct input *in, uint32_t what, tick_t now)
{
	struct ip_address to = { .family = what & 16 ? IP_V6 : IP_V4 };
	struct net_hop hop;

	/* mostly on one of the networks */
	memcpy(to.bytes, what & 16 ? "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" : "\xc0\0\2", what & 16 ? 15 : 3);
	to.bytes[what & 16 ? 15 : 3] = (uint8_t)take(in);
	if (what & 32)
		to.bytes[take(in) % ip_address_size(&to)] = (uint8_t)take(in);
	enum net_hop_status status = net_resolve(stacks[what >> 7], (what >> 6) & 1, &to, now, &hop);
	if (status == NET_HOP_RESOLVED)
		REQUIRE(mac_is_station(hop.mac));
	if (status == NET_HOP_RESOLVED || status == NET_HOP_PENDING)
		REQUIRE(hop.neighbour < config.neighbours_max);
	check_bytes(hop.solicitation, hop.solicitation_len);
	REQUIRE(net_path_mtu(stacks[what >> 7], 0, &to, now) >= NET_MTU_MIN_V6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	tick_t now = 0;

	stacks_init();
	while (in.at < in.end) {
		uint32_t what = take(&in);

		switch (what & 7) {
		case 5:
			now += TICK_MS(take(&in) * 20);
			step_expire(now);
			break;
		case 6:
			now += TICK_SECONDS(take(&in));
			step_expire(now);
			break;
		case 7:
			step_resolve(&in, what, now);
			break;
		default:
			step_receive(&in, what, now);
			break;
		}
		now += 50;
	}
	step_expire(now + TICK_SECONDS(61));
	for (uint32_t w = 0; w < WORKERS; w++)
		REQUIRE(net_stats(stacks[w])->reassembling == 0);
	return 0;
}
