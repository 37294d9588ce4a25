/* SPDX-License-Identifier: BSD-3-Clause */
/* dpdk/device_text.h: `device:` strings read and completed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dpdk/device_text.h"

static void an_argument_is_found_by_its_whole_name(void **)
{
	char value[32];

	assert_true(device_argument("net_af_xdp0,iface=eth1,queue_count=2", "iface", value, 32));
	assert_string_equal(value, "eth1");
	assert_true(device_argument("net_af_xdp0,iface=eth1,queue_count=2", "queue_count", value, 32));
	assert_string_equal(value, "2");
	assert_false(device_argument("net_af_xdp0,xiface=eth1", "iface", value, 32));
	assert_false(device_argument("net_af_xdp0,iface_=eth1", "iface", value, 32));
	assert_false(device_argument("iface=eth1", "iface", value, 32));
	assert_true(device_argument("net_x,iface=", "iface", value, 32));
	assert_string_equal(value, "");
}

static void an_argument_that_does_not_fit_is_absent(void **)
{
	char value[4];

	assert_true(device_argument("d,iface=abc", "iface", value, sizeof(value)));
	assert_false(device_argument("d,iface=abcd", "iface", value, sizeof(value)));
}

static void a_number_that_is_none_falls_back(void **)
{
	assert_int_equal(device_argument_number("d,n=7", "n", 1), 7);
	assert_int_equal(device_argument_number("d,n=0x10", "n", 1), 16);
	assert_int_equal(device_argument_number("d,n=7x", "n", 1), 1);
	assert_int_equal(device_argument_number("d,n=-1", "n", 1), 1);
	assert_int_equal(device_argument_number("d,n=65536", "n", 1), 1);
	assert_int_equal(device_argument_number("d", "n", 1), 1);
}

static void an_af_xdp_device_becomes_one_device_a_queue(void **)
{
	const char *device = "net_af_xdp0,iface=eth1,start_queue=4,queue_count=2,busy_budget=0";
	char text[DEVICE_TEXT_MAX];

	device_af_xdp_part(device, 0, text, sizeof(text));
	assert_string_equal(text,
			    "net_af_xdp0,iface=eth1,busy_budget=0,start_queue=4,queue_count=1");
	device_af_xdp_part(device, 1, text, sizeof(text));
	assert_string_equal(text,
			    "net_af_xdp0_1,iface=eth1,busy_budget=0,start_queue=5,queue_count=1");
	device_af_xdp_part("net_af_xdp0,iface=eth1", 0, text, sizeof(text));
	assert_string_equal(text, "net_af_xdp0,iface=eth1,start_queue=0,queue_count=1");
}

static void an_af_packet_device_gets_large_frames_unless_told(void **)
{
	char text[DEVICE_TEXT_MAX];

	device_af_packet_complete("net_af_packet0,iface=eth1", text, sizeof(text));
	assert_string_equal(text, "net_af_packet0,iface=eth1,blocksz=16384,framesz=16384,"
				  "framecnt=1024");
	device_af_packet_complete("net_af_packet0,iface=eth1,framesz=2048", text, sizeof(text));
	assert_string_equal(text, "net_af_packet0,iface=eth1,framesz=2048");
}

static void a_small_buffer_is_never_overrun(void **)
{
	char text[24];

	for (size_t size = 1; size < sizeof(text); size++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = 'x';
		device_af_xdp_part("net_af_xdp0,iface=eth1,queue_count=2", 1, text, size);
		for (size_t i = size; i < sizeof(text); i++)
			assert_int_equal(text[i], 'x');
		assert_non_null(memchr(text, '\0', size));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_argument_is_found_by_its_whole_name),
		cmocka_unit_test(an_argument_that_does_not_fit_is_absent),
		cmocka_unit_test(a_number_that_is_none_falls_back),
		cmocka_unit_test(an_af_xdp_device_becomes_one_device_a_queue),
		cmocka_unit_test(an_af_packet_device_gets_large_frames_unless_told),
		cmocka_unit_test(a_small_buffer_is_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
