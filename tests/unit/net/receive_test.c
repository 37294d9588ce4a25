/* SPDX-License-Identifier: BSD-3-Clause */
/* net_receive on link, IPv4, IPv6 and UDP headers: right ones, and each way of being wrong. */
#include "fixture.h"

#define PAYLOAD "OPTIONS sip:a SIP/2.0\r\n\r\n"

static void assert_payload(const struct fixture *f, const uint8_t *frame)
{
	assert_int_equal(f->result.payload_len, sizeof(PAYLOAD) - 1);
	assert_memory_equal(frame + f->result.payload_offset, PAYLOAD, sizeof(PAYLOAD) - 1);
	assert_false(f->result.reassembled);
	assert_null(f->result.payload);
}

static void a_datagram_comes_with_its_endpoints(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(RECEIVE(f, golden_udp_v4), NET_DATAGRAM);
	assert_payload(f, golden_udp_v4);
	assert_endpoint(&f->result.source, "192.0.2.10:5060");
	assert_endpoint(&f->result.local, "192.0.2.1:5060");
	assert_int_equal(f->result.interface, 0);
	assert_int_equal(f->result.update.kind, NET_UPDATE_NONE);
	assert_int_equal(f->result.neighbour_resolved, NET_NEIGHBOUR_NONE);

	assert_int_equal(RECEIVE(f, golden_udp_v6), NET_DATAGRAM);
	assert_payload(f, golden_udp_v6);
	assert_endpoint(&f->result.source, "[2001:db8::a]:5060");
	assert_endpoint(&f->result.local, "[2001:db8::1]:5060");
	/* Compared as 20 octets elsewhere: nothing may be left undefined. */
	struct endpoint again = endpoint_of("[2001:db8::a]:5060");
	assert_true(endpoint_equal(&again, &f->result.source));
}

static void a_tag_leads_to_its_interface(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4_vlan)];

	assert_int_equal(RECEIVE(f, golden_udp_v4_vlan), NET_DATAGRAM);
	assert_payload(f, golden_udp_v4_vlan);
	assert_int_equal(f->result.interface, 1);
	assert_endpoint(&f->result.local, "198.51.100.1:5060");

	memcpy(frame, golden_udp_v4_vlan, sizeof(frame));
	frame[14] |= 0xe0; /* a priority changes nothing */
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
	frame[15] = 101;
	RECEIVE(f, frame);
	assert_drop(f, VLAN_FOREIGN);
	assert_int_equal(receive_on(f, 0, frame, 17, 0), NET_DROP);
	assert_verdict(f, VERDICT_DROP, LINK_HEADER);
}

static void vlan_zero_is_the_untagged_interface(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4) + 4];

	memcpy(frame, golden_udp_v4, 12);
	memcpy(frame + 12, "\x81\x00\x60\x00", 4);
	memcpy(frame + 16, golden_udp_v4 + 12, sizeof(golden_udp_v4) - 12);
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
	assert_int_equal(f->result.interface, 0);
	assert_payload(f, frame);
}

static void link_padding_is_not_payload(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4) + 13] = { 0 };

	memcpy(frame, golden_udp_v4, sizeof(golden_udp_v4));
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
	assert_payload(f, frame);
}

static void frames_of_other_stations_are_dropped(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	frame[5] ^= 0x40;
	RECEIVE(f, frame);
	assert_drop(f, MAC_FOREIGN);
	/* RFC 1122 §3.3.6: for all on the link, yet for one in IP */
	memset(frame, 0xff, 6);
	RECEIVE(f, frame);
	assert_drop(f, IP_ADDRESS_FOREIGN);
	/* a group cannot send */
	memcpy(frame, mac_ours, 6);
	frame[6] |= 1;
	RECEIVE(f, frame);
	assert_drop(f, LINK_HEADER);
	/* no such device, a device without untagged interface */
	assert_int_equal(receive_on(f, 99, golden_udp_v4, sizeof(golden_udp_v4), 0), NET_DROP);
	assert_int_equal(receive_on(f, 7, golden_udp_v4, sizeof(golden_udp_v4), 0), NET_DROP);
	assert_drop(f, VLAN_FOREIGN);
}

static void no_truncation_is_read_beyond(void **state)
{
	struct fixture *f = *state;

	/* The frames lie in memory of their exact length: the sanitizer is the judge. */
	for (size_t len = 0; len < sizeof(golden_udp_v4); len++)
		assert_int_equal(receive_on(f, 0, golden_udp_v4, len, 0), NET_DROP);
	for (size_t len = 0; len < sizeof(golden_udp_v6); len++)
		assert_int_equal(receive_on(f, 0, golden_udp_v6, len, 0), NET_DROP);
	for (size_t len = 0; len < sizeof(golden_udp_v4_vlan); len++)
		assert_int_equal(receive_on(f, 0, golden_udp_v4_vlan, len, 0), NET_DROP);
}

static void every_single_bit_of_an_ipv4_datagram_is_protected(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)];

	for (size_t bit = 14 * 8; bit < sizeof(frame) * 8; bit++) {
		memcpy(frame, golden_udp_v4, sizeof(frame));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(RECEIVE(f, frame), NET_DROP);
	}
}

static void options_of_ipv4_are_skipped(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4) + 8];

	memcpy(frame, golden_udp_v4, 34);
	memcpy(frame + 34, "\x94\x04\x00\x00\x01\x01\x01\x00", 8); /* router alert, padding */
	memcpy(frame + 42, golden_udp_v4 + 34, sizeof(golden_udp_v4) - 34);
	frame[14] = 0x47;
	put16(frame + 16, sizeof(frame) - 14);
	mend_ipv4(frame);
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
	assert_payload(f, frame);
	frame[36] ^= 1; /* the checksum covers them */
	RECEIVE(f, frame);
	assert_drop(f, IP_CHECKSUM);
}

static void malformed_ip_headers_are_dropped(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)], six[sizeof(golden_udp_v6)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	frame[14] = 0x44;
	RECEIVE(f, frame);
	assert_drop(f, IP_HEADER);
	frame[14] = 0x65;
	RECEIVE(f, frame);
	assert_drop(f, IP_HEADER);
	frame[14] = 0x45;
	put16(frame + 16, 19);
	RECEIVE(f, frame);
	assert_drop(f, IP_HEADER);
	put16(frame + 16, sizeof(frame) - 14 + 1);
	RECEIVE(f, frame);
	assert_drop(f, IP_HEADER);
	memcpy(frame, golden_udp_v4, sizeof(frame));
	frame[22] ^= 1;
	RECEIVE(f, frame);
	assert_drop(f, IP_CHECKSUM);

	memcpy(six, golden_udp_v6, sizeof(six));
	six[14] = 0x40;
	RECEIVE(f, six);
	assert_drop(f, IP_HEADER);
	six[14] = 0x60;
	put16(six + 18, sizeof(six) - 54 + 1);
	RECEIVE(f, six);
	assert_drop(f, IP_HEADER);
}

static void set_v4(uint8_t *frame, size_t at, const char *text)
{
	struct ip_address a = address_of(text);

	memcpy(frame + 14 + at, a.bytes, 4);
	mend_ipv4(frame);
	mend_upper(frame, sizeof(golden_udp_v4), 20, 6, 17, true);
}

static void sources_that_no_host_has_are_dropped(void **state)
{
	struct fixture *f = *state;
	static const char *const bogus[] = { "0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255",
					     "192.0.2.1", "192.0.2.255", "192.0.2.0", "240.1.2.3" };
	uint8_t frame[sizeof(golden_udp_v4)], six[sizeof(golden_udp_v6)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	for (size_t i = 0; i < ARRAY_SIZE(bogus); i++) {
		set_v4(frame, 12, bogus[i]);
		RECEIVE(f, frame);
		assert_drop(f, IP_SOURCE_BOGUS);
	}
	set_v4(frame, 12, "203.0.113.200"); /* beyond a router */
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);

	static const char *const bogus6[] = { "::", "::1", "ff02::1", "2001:db8::1",
					      "::ffff:192.0.2.7", "fe80::ff:fe00:1" };
	for (size_t i = 0; i < ARRAY_SIZE(bogus6); i++) {
		struct ip_address a = address_of(bogus6[i]);

		memcpy(six, golden_udp_v6, sizeof(six));
		memcpy(six + 22, a.bytes, 16);
		mend_upper(six, sizeof(six), 40, 6, 17, true);
		RECEIVE(f, six);
		assert_drop(f, IP_SOURCE_BOGUS);
	}
}

static void destinations_of_others_are_dropped_or_punted(void **state)
{
	struct fixture *f = *state;
	static const char *const foreign[] = { "192.0.2.2", "192.0.2.255", "255.255.255.255",
					       "224.0.0.251", "198.51.100.1" };
	uint8_t frame[sizeof(golden_udp_v4)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		set_v4(frame, 16, foreign[i]);
		RECEIVE(f, frame);
		assert_drop(f, IP_ADDRESS_FOREIGN);
		assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_PUNT);
		assert_verdict(f, VERDICT_PUNT, NOT_OURS);
	}
}

static void other_protocols_and_ports_are_dropped_or_punted(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	frame[23] = 6;
	mend_ipv4(frame);
	RECEIVE(f, frame);
	assert_drop(f, NOT_OURS);

	memcpy(frame, golden_udp_v4, sizeof(frame));
	put16(frame + 36, 5061);
	mend_upper(frame, sizeof(frame), 20, 6, 17, true);
	RECEIVE(f, frame);
	assert_drop(f, UDP_PORT);
	memcpy(frame + 26, "\x0a\0\0\x09\x0a\0\0\x01", 8);
	mend_ipv4(frame);
	mend_upper(frame, sizeof(frame), 20, 6, 17, true);
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_PUNT);

	static const uint16_t both[] = { 5060, 5061 };
	assert_true(net_stack_ports_set(f->stack, both, 2));
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_DATAGRAM);
	assert_int_equal(f->result.local.port, 5061);

	memcpy(frame, golden_udp_v4, sizeof(frame));
	put16(frame + 12, 0x88cc); /* LLDP */
	RECEIVE(f, frame);
	assert_drop(f, LINK_HEADER);
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_PUNT);
}

static void udp_lengths_must_fit(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	put16(frame + 38, 7);
	RECEIVE(f, frame);
	assert_drop(f, UDP_HEADER);
	put16(frame + 38, sizeof(frame) - 34 + 1);
	RECEIVE(f, frame);
	assert_drop(f, UDP_HEADER);
	/* RFC 768: shorter than the IP payload is allowed; the rest is not the datagram's. */
	put16(frame + 16, 20 + 7); /* no room for its header */
	mend_ipv4(frame);
	RECEIVE(f, frame);
	assert_drop(f, UDP_HEADER);
	put16(frame + 16, sizeof(frame) - 14);
	mend_ipv4(frame);
	put16(frame + 38, 8 + 4);
	put16(frame + 40, 0);
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
	assert_int_equal(f->result.payload_len, 4);
}

static void a_missing_checksum_is_taken_in_ipv4_alone(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)], six[sizeof(golden_udp_v6)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	put16(frame + 40, 0);
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
	memcpy(six, golden_udp_v6, sizeof(six));
	put16(six + 60, 0);
	RECEIVE(f, six);
	assert_drop(f, UDP_CHECKSUM);
}

static void checksums_are_left_to_the_port_or_trusted(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[sizeof(golden_udp_v4)];

	memcpy(frame, golden_udp_v4, sizeof(frame));
	frame[41] ^= 0x55;
	RECEIVE(f, frame);
	assert_drop(f, UDP_CHECKSUM);
	assert_int_equal(receive_on(f, 0, frame, sizeof(frame), NET_RX_UDP_CHECKSUM_GOOD),
			 NET_DATAGRAM);
	frame[25] ^= 0x55;
	assert_int_equal(receive_on(f, 0, frame, sizeof(frame), NET_RX_UDP_CHECKSUM_GOOD), NET_DROP);
	assert_verdict(f, VERDICT_DROP, IP_CHECKSUM);
	assert_int_equal(receive_on(f, 0, frame, sizeof(frame),
				    NET_RX_UDP_CHECKSUM_GOOD | NET_RX_IP_CHECKSUM_GOOD),
			 NET_DATAGRAM);

	struct fixture trusting = { .config = fixture_config(), .now = f->now };
	trusting.config.interfaces[0].flags = NET_INTERFACE_TRUST_UDP;
	trusting.stack = stack_of(&trusting.config);
	frame[25] ^= 0x55;
	assert_int_equal(RECEIVE(&trusting, frame), NET_DATAGRAM);
	stack_free(trusting.stack);
}

/* Puts extension headers in front of the UDP header of the IPv6 datagram. */
static enum net_action receive_extended(struct fixture *f, uint8_t first, const uint8_t *headers,
					size_t headers_len)
{
	uint8_t frame[sizeof(golden_udp_v6) + 128];

	memcpy(frame, golden_udp_v6, 54);
	memcpy(frame + 54, headers, headers_len);
	memcpy(frame + 54 + headers_len, golden_udp_v6 + 54, sizeof(golden_udp_v6) - 54);
	frame[20] = first;
	put16(frame + 18, (uint32_t)(sizeof(golden_udp_v6) - 54 + headers_len));
	return receive_on(f, 0, frame, sizeof(golden_udp_v6) + headers_len, 0);
}

static void extension_headers_are_walked(void **state)
{
	struct fixture *f = *state;
	/* hop-by-hop (router alert), destination options (PadN), routing type 4 used up */
	static const uint8_t chain[] = { 60, 0, 5, 2, 0, 0, 1, 0,   43, 0, 1, 4, 0, 0, 0, 0,
					 17, 0, 4, 0, 0, 0, 0, 0 };
	static const uint8_t atomic[] = { 17, 0, 0, 0, 1, 2, 3, 4 }; /* RFC 6946 */

	assert_int_equal(receive_extended(f, 0, chain, sizeof(chain)), NET_DATAGRAM);
	assert_int_equal(f->result.payload_offset, 54 + sizeof(chain) + 8);
	assert_int_equal(receive_extended(f, 44, atomic, sizeof(atomic)), NET_DATAGRAM);
	assert_false(f->result.reassembled);
}

static void bad_extension_headers_are_dropped(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *what;
		uint8_t first, len, bytes[16];
	} bad[] = {
		{ "routing type 0, RFC 5095", 43, 8, { 17, 0, 0, 0 } },
		{ "segments left", 43, 8, { 17, 0, 4, 1 } },
		{ "hop-by-hop not first", 60, 16, { 0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4 } },
		{ "option to discard for", 60, 8, { 17, 0, 0x40, 0, 1, 2, 0, 0 } },
		{ "jumbo payload", 0, 8, { 17, 0, 0xc2, 4, 0, 1, 0, 0 } },
		{ "option overruns", 60, 8, { 17, 0, 1, 5, 0, 0, 0, 0 } },
		{ "option without length", 60, 8, { 17, 0, 1, 3, 0, 0, 0, 1 } },
		{ "header overruns", 60, 8, { 17, 200, 1, 4 } },
	};
	uint8_t many[9 * 8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		receive_extended(f, bad[i].first, bad[i].bytes, bad[i].len);
		if (f->result.verdict.reason != REASON_IP_HEADER)
			fail_msg("%s: %s", bad[i].what,
				 verdict_reasons[f->result.verdict.reason].name);
	}
	for (size_t i = 0; i < 9; i++)
		memcpy(many + i * 8, "\x3c\0\1\4\0\0\0\0", 8);
	many[64] = 17;
	receive_extended(f, 60, many, sizeof(many));
	assert_drop(f, IP_HEADER);
	receive_extended(f, 60, many + 16, sizeof(many) - 16);
	assert_int_equal(f->result.action, NET_DATAGRAM);
}

static void set_v6(uint8_t *frame, size_t at, const char *text)
{
	struct ip_address a = address_of(text);

	memcpy(frame + 14 + at, a.bytes, 16);
	mend_upper(frame, sizeof(golden_udp_v6), 40, 6, 17, true);
}

static void ipv6_destinations_of_others_are_dropped(void **state)
{
	struct fixture *f = *state;
	static const char *const foreign[] = { "2001:db8::2", "ff02::2", "ff02::1:ff00:99",
					       "fe80::1", "2001:db8:1::1" };
	uint8_t frame[sizeof(golden_udp_v6)];

	memcpy(frame, golden_udp_v6, sizeof(frame));
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		set_v6(frame, 24, foreign[i]);
		RECEIVE(f, frame);
		assert_drop(f, IP_ADDRESS_FOREIGN);
	}
	/* to groups of ours, neighbour discovery is listened to and nothing else */
	static const char *const groups[] = { "ff02::1", "ff02::1:ff00:1" };
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		set_v6(frame, 24, groups[i]);
		RECEIVE(f, frame);
		assert_drop(f, IP_ADDRESS_FOREIGN);
		frame[20] = 44; /* as a fragment header it would even be one */
		RECEIVE(f, frame);
		assert_drop(f, IP_ADDRESS_FOREIGN);
		frame[20] = 17;
	}
	/* sent to a group of stations, yet for one in IP */
	memcpy(frame, golden_udp_v6, sizeof(frame));
	memcpy(frame, "\x33\x33\xff\0\0\1", 6);
	RECEIVE(f, frame);
	assert_drop(f, IP_ADDRESS_FOREIGN);
	/* the link-local address is ours too */
	memcpy(frame, golden_udp_v6, sizeof(frame));
	set_v6(frame, 24, "fe80::ff:fe00:1");
	assert_int_equal(RECEIVE(f, frame), NET_DATAGRAM);
}

static void what_is_not_udp_behind_extension_headers_is_not_ours(void **state)
{
	struct fixture *f = *state;
	static const uint8_t to_tcp[] = { 6, 0, 0, 0, 1, 0, 0, 0 };        /* Pad1 and PadN */
	static const uint8_t atomic_icmp[] = { 58, 0, 0, 0, 0, 0, 0, 1 };  /* RFC 6980 */
	static const uint8_t nested[] = { 44, 0, 0, 0, 0, 0, 0, 1, 17, 0, 0, 0, 0, 0, 0, 2 };

	receive_extended(f, 60, to_tcp, sizeof(to_tcp));
	assert_drop(f, NOT_OURS);
	receive_extended(f, 44, atomic_icmp, sizeof(atomic_icmp));
	assert_drop(f, FRAGMENT_INVALID);
	receive_extended(f, 44, nested, sizeof(nested));
	assert_drop(f, IP_HEADER);
}

static void a_configured_link_local_address_is_kept(void **state)
{
	struct fixture *f = *state, own = { .config = fixture_config(), .now = f->now };
	struct ip_address configured = address_of("fe80::42"), derived = address_of("fe80::ff:fe00:1");

	own.config.interfaces[0].addresses[0] = prefix_of("fe80::42/64");
	own.stack = stack_of(&own.config);
	assert_true(net_is_own(own.stack, 0, &configured));
	assert_false(net_is_own(own.stack, 0, &derived));
	assert_true(net_is_own(f->stack, 0, &derived));
	assert_true(net_is_on_link(f->stack, 0, &configured));
	assert_false(net_is_on_link(f->stack, 2, &configured));
	assert_int_equal(net_interface_port(f->stack, 2), 1);
	stack_free(own.stack);
}

static void impossible_configurations_are_refused(void **)
{
	struct net_config good = fixture_config(), config;

	assert_true(net_stack_size(&good) > 0);
	config = good;
	config.interface_count = 0;
	assert_int_equal(net_stack_size(&config), 0);
	config = good;
	config.worker = 1;
	assert_int_equal(net_stack_size(&config), 0);
	config = good;
	config.interfaces[1].vlan = 0; /* two untagged on one device */
	assert_int_equal(net_stack_size(&config), 0);
	config = good;
	config.interfaces[0].mtu = 1279; /* RFC 8200 §5, with an IPv6 address */
	assert_int_equal(net_stack_size(&config), 0);
	config = good;
	config.interfaces[0].mac[0] = 1;
	assert_int_equal(net_stack_size(&config), 0);
	config = good;
	config.interfaces[0].addresses[0] = prefix_of("127.0.0.1/8");
	assert_int_equal(net_stack_size(&config), 0);
	assert_null(net_stack_init(NULL, &config, 0));
	uint16_t ports[NET_UDP_PORTS_MAX + 1] = { 0 };
	struct net_stack *stack = stack_of(&good);
	assert_false(net_stack_ports_set(stack, ports, NET_UDP_PORTS_MAX + 1));
	stack_free(stack);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_datagram_comes_with_its_endpoints),
		TEST(a_tag_leads_to_its_interface),
		TEST(vlan_zero_is_the_untagged_interface),
		TEST(link_padding_is_not_payload),
		TEST(frames_of_other_stations_are_dropped),
		TEST(no_truncation_is_read_beyond),
		TEST(every_single_bit_of_an_ipv4_datagram_is_protected),
		TEST(options_of_ipv4_are_skipped),
		TEST(malformed_ip_headers_are_dropped),
		TEST(sources_that_no_host_has_are_dropped),
		TEST(destinations_of_others_are_dropped_or_punted),
		TEST(other_protocols_and_ports_are_dropped_or_punted),
		TEST(udp_lengths_must_fit),
		TEST(a_missing_checksum_is_taken_in_ipv4_alone),
		TEST(checksums_are_left_to_the_port_or_trusted),
		TEST(extension_headers_are_walked),
		TEST(bad_extension_headers_are_dropped),
		TEST(ipv6_destinations_of_others_are_dropped),
		TEST(what_is_not_udp_behind_extension_headers_is_not_ours),
		TEST(a_configured_link_local_address_is_kept),
		cmocka_unit_test(impossible_configurations_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
