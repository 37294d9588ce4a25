/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interface says of itself, and the multicast groups that it listens on. */
#include "fixture.h"

static void an_interface_announces_itself(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[NET_CONTROL_FRAME_MAX];
	uint32_t len;

	len = net_announce(f->stack, 0, 0, frame);
	assert_golden(frame, len, golden_arp_announcement);
	len = net_announce(f->stack, 0, 1, frame);
	assert_golden(frame, len, golden_mld_report);
	len = net_announce(f->stack, 0, 2, frame);
	assert_golden(frame, len, golden_na_announcement);
	assert_true(net_announce(f->stack, 0, 3, frame) > 0); /* the link-local address */
	assert_int_equal(net_announce(f->stack, 0, 4, frame), 0);
	assert_int_equal(net_announce(f->stack, 2, 1, frame), 0); /* no IPv6 */
	assert_int_equal(net_announce(f->stack, 1, 0, frame), 64);
	assert_memory_equal(frame + 12, "\x81\x00\x00\x64\x08\x06", 6);
	assert_int_equal(net_announce(f->stack, 77, 0, frame), 0);
}

static void a_listener_query_is_answered(void **state)
{
	struct fixture *f = *state;
	uint8_t query[sizeof(golden_mld_query)];

	assert_int_equal(RECEIVE(f, golden_mld_query), NET_REPLY);
	assert_golden(f->result.reply, f->result.reply_len, golden_mld_query_answer);
	memcpy(query, golden_mld_query, sizeof(query));
	query[21] = 2;
	RECEIVE(f, query);
	assert_drop(f, ICMP_IGNORED);
}

static void the_groups_to_listen_on_are_told(void **state)
{
	struct fixture *f = *state;
	uint8_t macs[4][6];

	assert_int_equal(net_multicast_macs(f->stack, 0, macs, 4), 3);
	assert_memory_equal(macs[0], "\x33\x33\0\0\0\1", 6);
	assert_memory_equal(macs[1], "\x33\x33\xff\0\0\1", 6);
	assert_int_equal(net_multicast_macs(f->stack, 0, macs, 0), 3);
	assert_int_equal(net_multicast_macs(f->stack, 1, macs, 4), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_interface_announces_itself),
		TEST(a_listener_query_is_answered),
		TEST(the_groups_to_listen_on_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
