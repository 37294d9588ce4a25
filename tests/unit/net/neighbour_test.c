/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours through the stack's frames: ARP, neighbour discovery, next hops. */
#include "fixture.h"

static enum net_hop_status resolve(struct fixture *f, const char *destination, struct net_hop *hop)
{
	struct ip_address address = address_of(destination);

	return net_resolve(f->stack, 0, &address, f->now, hop);
}

static void arp_requests_for_us_are_answered(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[60];

	assert_int_equal(RECEIVE(f, golden_arp_request), NET_REPLY);
	assert_verdict(f, VERDICT_REPLY, ARP_WHO_HAS);
	assert_golden(f->result.reply, f->result.reply_len, golden_arp_request_answer);
	/* RFC 5227: a probe has no address yet; it is told that ours is taken. */
	memcpy(frame, golden_arp_request, 60);
	memset(frame + 28, 0, 4);
	assert_int_equal(RECEIVE(f, frame), NET_REPLY);
	assert_int_equal(f->result.update.kind, NET_UPDATE_NONE);
	/* asked for someone else */
	memcpy(frame, golden_arp_request, 60);
	frame[41] = 77;
	assert_int_equal(RECEIVE(f, frame), NET_ABSORBED);
}

static void arp_that_cannot_be_true_is_dropped(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[60];

	memcpy(frame, golden_arp_request, 60);
	frame[31] = 1; /* says that 192.0.2.1 is its own */
	RECEIVE(f, frame);
	assert_drop(f, IP_SOURCE_BOGUS);
	frame[31] = 255; /* the network's broadcast */
	RECEIVE(f, frame);
	assert_drop(f, IP_SOURCE_BOGUS);
	memcpy(frame, golden_arp_request, 60);
	frame[22] = 0xff; /* at a group of stations */
	RECEIVE(f, frame);
	assert_drop(f, IP_SOURCE_BOGUS);
	for (size_t len = 0; len < 42; len++)
		assert_int_equal(receive_on(f, 0, golden_arp_request, len, 0), NET_DROP);
	memcpy(frame, golden_arp_request, 60);
	frame[21] = 9; /* RARP and the like */
	RECEIVE(f, frame);
	assert_drop(f, LINK_HEADER);
}

static void an_ipv4_neighbour_is_asked_for_and_learned(void **state)
{
	struct fixture *f = *state;
	struct net_hop hop;

	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_PENDING);
	assert_golden(hop.solicitation, hop.solicitation_len, golden_arp_asks_peer);
	uint32_t neighbour = hop.neighbour;
	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_PENDING);
	assert_int_equal(hop.solicitation_len, 0);
	assert_int_equal(hop.neighbour, neighbour);
	assert_int_equal(RECEIVE(f, golden_arp_reply), NET_ABSORBED);
	assert_verdict(f, VERDICT_ABSORB, NEIGHBOUR_LEARNED);
	assert_int_equal(f->result.neighbour_resolved, neighbour);
	assert_int_equal(f->result.update.kind, NET_UPDATE_NEIGHBOUR);
	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_RESOLVED);
	assert_memory_equal(hop.mac, mac_peer, 6);
	assert_int_equal(RECEIVE(f, golden_arp_reply), NET_ABSORBED);
	assert_int_equal(f->result.neighbour_resolved, NET_NEIGHBOUR_NONE);
}

static void an_ipv6_neighbour_is_asked_for_and_learned(void **state)
{
	struct fixture *f = *state;
	struct net_hop hop;

	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_PENDING);
	assert_golden(hop.solicitation, hop.solicitation_len, golden_ns_asks_peer);
	uint32_t neighbour = hop.neighbour;
	assert_int_equal(RECEIVE(f, golden_na), NET_ABSORBED);
	assert_int_equal(f->result.neighbour_resolved, neighbour);
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_RESOLVED);
	assert_memory_equal(hop.mac, mac_peer, 6);
}

static void solicitations_for_us_are_answered(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(RECEIVE(f, golden_ns), NET_REPLY);
	assert_verdict(f, VERDICT_REPLY, NEIGHBOUR_SOLICITED);
	assert_golden(f->result.reply, f->result.reply_len, golden_ns_answer);
	assert_int_equal(RECEIVE(f, golden_ns_detection), NET_REPLY);
	assert_golden(f->result.reply, f->result.reply_len, golden_ns_detection_answer);
}

static void solicitations_that_are_not_for_us_or_malformed_get_no_answer(void **state)
{
	struct fixture *f = *state;
	uint8_t ns[sizeof(golden_ns)], detection[sizeof(golden_ns_detection)];

	/* another address of the same solicited-node group */
	memcpy(ns, golden_ns, sizeof(ns));
	ns[70] = 1;
	mend_upper(ns, sizeof(ns), 40, 2, 58, true);
	RECEIVE(f, ns);
	assert_drop(f, IP_ADDRESS_FOREIGN);
	/* a group as the asker's station */
	memcpy(ns, golden_ns, sizeof(ns));
	ns[80] |= 1;
	mend_upper(ns, sizeof(ns), 40, 2, 58, true);
	RECEIVE(f, ns);
	assert_drop(f, ICMP_IGNORED);
	/* RFC 4861 §7.1.1: address detection asks the solicited-node group alone */
	memcpy(detection, golden_ns_detection, sizeof(detection));
	struct ip_address all = address_of("ff02::1");
	memcpy(detection, "\x33\x33\0\0\0\1", 6);
	memcpy(detection + 38, all.bytes, 16);
	mend_upper(detection, sizeof(detection), 40, 2, 58, true);
	RECEIVE(f, detection);
	assert_drop(f, IP_SOURCE_BOGUS);
	/* and names no station */
	memcpy(ns, golden_ns, sizeof(ns));
	memset(ns + 22, 0, 16);
	mend_upper(ns, sizeof(ns), 40, 2, 58, true);
	RECEIVE(f, ns);
	assert_drop(f, IP_SOURCE_BOGUS);
	/* options may be others', in any order, or none: the answer goes to the frame's sender */
	uint8_t bare[sizeof(golden_ns) - 8];
	memcpy(bare, golden_ns, sizeof(bare));
	put16(bare + 18, sizeof(bare) - 54);
	mend_upper(bare, sizeof(bare), 40, 2, 58, true);
	assert_int_equal(RECEIVE(f, bare), NET_REPLY);
	assert_golden(f->result.reply, f->result.reply_len, golden_ns_answer);
	assert_int_equal(f->result.update.kind, NET_UPDATE_NONE);
}

static void discovery_from_beyond_the_link_is_dropped(void **state)
{
	struct fixture *f = *state;
	uint8_t ns[sizeof(golden_ns)], na[sizeof(golden_na)];

	/* RFC 4861 §7.1: hop limit 255, code 0, options that end where they say */
	memcpy(ns, golden_ns, sizeof(ns));
	ns[21] = 254;
	RECEIVE(f, ns);
	assert_drop(f, ICMP_IGNORED);
	memcpy(ns, golden_ns, sizeof(ns));
	ns[55] = 1;
	mend_upper(ns, sizeof(ns), 40, 2, 58, true);
	RECEIVE(f, ns);
	assert_drop(f, ICMP_IGNORED);
	static const uint8_t lengths[] = { 0, 2, 255 };
	for (size_t i = 0; i < sizeof(lengths); i++) {
		memcpy(ns, golden_ns, sizeof(ns));
		ns[79] = lengths[i];
		mend_upper(ns, sizeof(ns), 40, 2, 58, true);
		RECEIVE(f, ns);
		assert_drop(f, ICMP_IGNORED);
	}
	memcpy(ns, golden_ns, sizeof(ns));
	ns[85] ^= 1; /* checksum */
	RECEIVE(f, ns);
	assert_drop(f, ICMP_IGNORED);
	/* a solicited answer to everyone */
	memcpy(na, golden_na, sizeof(na));
	memcpy(na, "\x33\x33\0\0\0\1", 6);
	struct ip_address all = address_of("ff02::1");
	memcpy(na + 38, all.bytes, 16);
	mend_upper(na, sizeof(na), 40, 2, 58, true);
	RECEIVE(f, na);
	assert_drop(f, ICMP_IGNORED);
	/* an advertisement for our own address, and for one that is not on this link */
	static const char *const targets[] = { "2001:db8::1", "2001:db8:1::5", "::1" };
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct ip_address target = address_of(targets[i]);

		memcpy(na, golden_na, sizeof(na));
		memcpy(na + 62, target.bytes, 16);
		mend_upper(na, sizeof(na), 40, 2, 58, true);
		RECEIVE(f, na);
		assert_drop(f, IP_SOURCE_BOGUS);
	}
}

static void strangers_make_no_entries(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[60];

	for (uint8_t host = 2; host < 200; host++) {
		memcpy(frame, golden_arp_request, 60);
		frame[31] = host;
		RECEIVE(f, frame);
		memcpy(frame, golden_arp_reply, 60);
		frame[31] = host;
		RECEIVE(f, frame);
	}
	RECEIVE(f, golden_ns);
	RECEIVE(f, golden_na);
	struct net_event event;
	assert_false(net_expire(f->stack, f->now, &event));
	assert_int_equal(net_stats(f->stack)->neighbours, 0);
}

/* Runs time to `until`, counts solicitations; the last event's kind in *last. */
static int run_until(struct fixture *f, tick_t until, struct net_event *last)
{
	int sent = 0;

	last->kind = UINT8_MAX;
	while (net_next_expiry(f->stack) <= until) {
		struct net_event event;

		f->now = net_next_expiry(f->stack);
		while (net_expire(f->stack, f->now, &event)) {
			sent += event.kind == NET_EVENT_SEND;
			*last = event;
		}
	}
	f->now = until;
	return sent;
}

static void a_silent_neighbour_is_given_up_after_three_questions(void **state)
{
	struct fixture *f = *state;
	struct net_event last;
	struct net_hop hop;
	tick_t start = f->now;

	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_PENDING);
	assert_int_equal(run_until(f, start + TICK_SECONDS(3) - 1, &last), 2);
	assert_golden(last.frame, last.frame_len, golden_arp_asks_peer);
	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_PENDING);
	assert_int_equal(run_until(f, start + TICK_SECONDS(3), &last), 0);
	assert_int_equal(last.kind, NET_EVENT_UNREACHABLE);
	assert_int_equal(last.neighbour, hop.neighbour);
	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_UNREACHABLE);
	assert_int_equal(net_next_expiry(f->stack), TICK_NEVER);
	/* after a pause it is asked for again */
	f->now += TICK_SECONDS(1);
	assert_int_equal(resolve(f, "192.0.2.10", &hop), NET_HOP_PENDING);
	assert_int_equal(hop.solicitation_len, 60);
	RECEIVE(f, golden_arp_reply);
	assert_int_equal(f->result.neighbour_resolved, hop.neighbour);
}

static void a_used_neighbour_is_asked_again_by_unicast(void **state)
{
	struct fixture *f = *state;
	struct net_event last;
	struct net_hop hop;

	resolve(f, "2001:db8::a", &hop);
	RECEIVE(f, golden_na);
	/* unused: nothing is asked, ever */
	run_until(f, f->now + TICK_SECONDS(29), &last);
	assert_int_equal(last.kind, UINT8_MAX);
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_RESOLVED);
	assert_int_equal(net_next_expiry(f->stack), TICK_NEVER);
	assert_int_equal(hop.solicitation_len, 0);
	f->now += TICK_SECONDS(1); /* stale now */
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_RESOLVED);
	assert_golden(hop.solicitation, hop.solicitation_len, golden_ns_probes_peer);
	assert_memory_equal(hop.mac, mac_peer, 6);
	assert_int_equal(net_next_expiry(f->stack), f->now + TICK_SECONDS(1));
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_RESOLVED);
	assert_int_equal(hop.solicitation_len, 0);
	RECEIVE(f, golden_na);
	assert_int_equal(net_next_expiry(f->stack), TICK_NEVER);
	/* next time it is silent: two questions more, then everyone is asked */
	f->now += TICK_SECONDS(31);
	resolve(f, "2001:db8::a", &hop);
	assert_int_equal(run_until(f, f->now + TICK_SECONDS(9), &last), 2);
	assert_golden(last.frame, last.frame_len, golden_ns_probes_peer);
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_PENDING);
	assert_golden(hop.solicitation, hop.solicitation_len, golden_ns_asks_peer);
}

static void an_advertisement_without_option_confirms_whom_we_know(void **state)
{
	struct fixture *f = *state;
	struct net_hop hop;
	uint8_t na[sizeof(golden_na) - 8];

	memcpy(na, golden_na, sizeof(na));
	put16(na + 18, sizeof(na) - 54);
	mend_upper(na, sizeof(na), 40, 2, 58, true);
	resolve(f, "2001:db8::a", &hop);
	RECEIVE(f, na); /* RFC 4861 §7.2.5: of no use while the station is unknown */
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_PENDING);
	RECEIVE(f, golden_na);
	f->now += TICK_SECONDS(31);
	resolve(f, "2001:db8::a", &hop);
	assert_true(net_next_expiry(f->stack) < TICK_NEVER);
	RECEIVE(f, na);
	assert_int_equal(net_next_expiry(f->stack), TICK_NEVER);
	assert_int_equal(resolve(f, "2001:db8::a", &hop), NET_HOP_RESOLVED);
}

static void a_moved_address_is_followed_but_does_not_flap(void **state)
{
	struct fixture *f = *state;
	struct net_hop hop;
	uint8_t moved[60];

	resolve(f, "192.0.2.10", &hop);
	RECEIVE(f, golden_arp_reply);
	/* a gratuitous request from another station, at once: not believed */
	memcpy(moved, golden_arp_request, 60);
	memcpy(moved + 6, mac_other, 6);
	memcpy(moved + 22, mac_other, 6);
	memcpy(moved + 38, golden_arp_request + 28, 4);
	assert_int_equal(RECEIVE(f, moved), NET_ABSORBED);
	resolve(f, "192.0.2.10", &hop);
	assert_memory_equal(hop.mac, mac_peer, 6);
	/* later: the address has moved (VRRP does this) */
	f->now += TICK_SECONDS(2);
	RECEIVE(f, moved);
	resolve(f, "192.0.2.10", &hop);
	assert_memory_equal(hop.mac, mac_other, 6);
	/* and being unasked, it does not count as confirmed */
	assert_true(net_next_expiry(f->stack) < TICK_NEVER);
}

static void routes_lead_on_link_or_to_the_gateway(void **state)
{
	struct fixture *f = *state;
	struct net_hop hop;
	char text[ENDPOINT_TEXT_MAX];

	resolve(f, "203.0.113.77", &hop);
	assert_string_equal(ip_address_to_string(&hop.address, text), "192.0.2.254");
	uint32_t gateway = hop.neighbour;
	resolve(f, "8.8.4.4", &hop);
	assert_int_equal(hop.neighbour, gateway);
	resolve(f, "2001:db8:7::1", &hop);
	assert_string_equal(ip_address_to_string(&hop.address, text), "2001:db8::fe");
	resolve(f, "fe80::1234", &hop);
	assert_string_equal(ip_address_to_string(&hop.address, text), "fe80::1234");

	static const char *const nowhere[] = { "192.0.2.1", "192.0.2.255", "192.0.2.0", "224.0.0.1",
					       "127.0.0.1", "2001:db8::1", "ff02::1", "0.0.0.0",
					       "fe80::ff:fe00:1" };
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++)
		assert_int_equal(resolve(f, nowhere[i], &hop), NET_HOP_NO_ROUTE);
	struct ip_address far = address_of("203.0.113.1");
	assert_int_equal(net_resolve(f->stack, 1, &far, f->now, &hop), NET_HOP_NO_ROUTE);
	assert_int_equal(net_resolve(f->stack, 9, &far, f->now, &hop), NET_HOP_NO_ROUTE);
}

/* A host address with a gateway beyond any network, and no address of the asked family at all. */
static void a_gateway_need_not_be_on_a_network(void **state)
{
	struct fixture *f = *state, lone = { .config = fixture_config(), .now = f->now };
	struct net_hop hop;
	uint8_t frame[60];

	lone.config.interfaces[0].addresses[0] = prefix_of("192.0.2.1/32");
	lone.stack = stack_of(&lone.config);
	assert_int_equal(resolve(&lone, "203.0.113.1", &hop), NET_HOP_PENDING);
	/* asked for in our name, and believed when it answers */
	assert_memory_equal(hop.solicitation + 28, "\xc0\0\2\1\0\0\0\0\0\0\xc0\0\2\xfe", 14);
	memcpy(frame, golden_arp_reply, 60);
	frame[31] = 254;
	RECEIVE(&lone, frame);
	assert_int_equal(lone.result.neighbour_resolved, hop.neighbour);
	/* others off every network are not */
	RECEIVE(&lone, golden_arp_reply);
	assert_int_equal(lone.result.update.kind, NET_UPDATE_NONE);
	stack_free(lone.stack);
}

static void an_update_for_no_interface_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct net_update update = { .kind = NET_UPDATE_NEIGHBOUR, .interface = 77 };
	struct ip_address four = address_of("192.0.2.10");

	assert_int_equal(net_update_apply(f->stack, &update, f->now), NET_NEIGHBOUR_NONE);
	assert_int_equal(net_path_mtu(f->stack, 0, &four, f->now), 1500);
}

static void what_one_worker_learns_another_can_be_told(void **state)
{
	struct fixture *f = *state, other = { .config = fixture_config(), .now = f->now };
	struct net_hop hop;

	other.config.workers = f->config.workers = 2;
	other.config.worker = 1;
	other.stack = stack_of(&other.config);
	assert_int_equal(resolve(&other, "192.0.2.10", &hop), NET_HOP_PENDING);
	RECEIVE(f, golden_arp_reply); /* came to the worker that had not asked */
	assert_int_equal(f->result.neighbour_resolved, NET_NEIGHBOUR_NONE);
	assert_int_equal(net_update_apply(other.stack, &f->result.update, other.now), hop.neighbour);
	assert_int_equal(resolve(&other, "192.0.2.10", &hop), NET_HOP_RESOLVED);
	stack_free(other.stack);
}

static void answers_the_kernel_may_wait_for_are_copied_to_it(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[60];

	memcpy(frame, golden_arp_reply, 60);
	memcpy(frame + 28, "\x0a\0\0\x09", 4);
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_ABSORBED);
	assert_true(f->result.copy_to_kernel);
	/* a question about an address that the kernel may have; about ours, it is answered here */
	memcpy(frame, golden_arp_request, 60);
	memcpy(frame + 28, "\x0a\0\0\x09", 4);
	memcpy(frame + 38, "\x0a\0\0\x63", 4);
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_ABSORBED);
	assert_true(f->result.copy_to_kernel);
	memcpy(frame + 38, "\x0a\0\0\x01", 4);
	assert_int_equal(receive_on(f, 1, frame, sizeof(frame), 0), NET_REPLY);
	assert_false(f->result.copy_to_kernel);
	RECEIVE(f, golden_arp_reply);
	assert_false(f->result.copy_to_kernel);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arp_requests_for_us_are_answered),
		TEST(arp_that_cannot_be_true_is_dropped),
		TEST(an_ipv4_neighbour_is_asked_for_and_learned),
		TEST(an_ipv6_neighbour_is_asked_for_and_learned),
		TEST(solicitations_for_us_are_answered),
		TEST(solicitations_that_are_not_for_us_or_malformed_get_no_answer),
		TEST(discovery_from_beyond_the_link_is_dropped),
		TEST(strangers_make_no_entries),
		TEST(a_silent_neighbour_is_given_up_after_three_questions),
		TEST(a_used_neighbour_is_asked_again_by_unicast),
		TEST(an_advertisement_without_option_confirms_whom_we_know),
		TEST(a_moved_address_is_followed_but_does_not_flap),
		TEST(routes_lead_on_link_or_to_the_gateway),
		TEST(a_gateway_need_not_be_on_a_network),
		TEST(an_update_for_no_interface_changes_nothing),
		TEST(what_one_worker_learns_another_can_be_told),
		TEST(answers_the_kernel_may_wait_for_are_copied_to_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
