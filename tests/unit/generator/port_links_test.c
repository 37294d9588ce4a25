/* SPDX-License-Identifier: BSD-3-Clause */
/* generator/links.h: two generators' links, wired to one another, find and answer each other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "generator/links.h"
#include "net/wire.h"

struct station {
	struct options options;
	struct links *links;
	struct station *other;
	uint8_t mac;    /* last octet */
	uint32_t sent;  /* control frames */
	bool is_silent; /* what it sends is lost */
};

static struct station near, far;
static tick_t now;

/* The wire: what one sends the other has at once, and what that answers goes back. */
static void transfer(void *context, uint16_t device, const uint8_t *frame, uint32_t len)
{
	struct station *from = context;
	struct frame_datagram datagram;
	uint8_t copy[NET_CONTROL_FRAME_MAX];

	from->sent++;
	if (from->is_silent)
		return;
	memcpy(copy, frame, len);
	assert_int_equal(links_receive(from->other->links, device, copy, len, 0, now, &datagram),
			 LINKS_TAKEN);
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint e;

	memset(&e, 0, sizeof(e));
	assert_true(ip_address_parse(span_of_string(text), &e.address));
	e.port = 5060;
	return e;
}

static void station_make(struct station *s, struct station *other, const char *caller,
			 const char *proxy, const char *gateway, uint8_t mac)
{
	struct links_device device = { .mac = { 2, 0, 0, 0, 0, mac } };
	const struct links_config config = { .options = &s->options,
					     .devices = &device,
					     .device_count = 1,
					     .seed = mac,
					     .send = transfer,
					     .context = s };
	char error[OPTIONS_ERROR_MAX];

	memset(s, 0, sizeof(*s));
	s->other = other;
	s->mac = mac;
	s->options.mtu = 1500;
	s->options.callers[0] = endpoint_of(caller);
	s->options.caller_count = 1;
	s->options.proxy[TRAFFIC_CALLERS] = endpoint_of(proxy);
	if (gateway)
		s->options.gateways[TRAFFIC_CALLERS].v4 = endpoint_of(gateway).address;
	s->links = links_create(&config, now, error);
	if (!s->links)
		fail_msg("%s", error);
}

static int tear_down(void **)
{
	links_destroy(near.links);
	links_destroy(far.links);
	near.links = far.links = NULL;
	return 0;
}

static const struct frame_template *headers_of(struct station *s)
{
	return links_headers(s->links, LOCALS_CALLER, 0, 0, &s->options.proxy[TRAFFIC_CALLERS],
			     now);
}

static void assert_they_find_each_other(const char *a, const char *b)
{
	const struct frame_template *t;
	struct frame_datagram datagram;
	uint8_t room[256], *frame;

	now = TICK_SECONDS(1);
	station_make(&near, &far, a, b, NULL, 0x11);
	station_make(&far, &near, b, a, NULL, 0x22);
	/* The question goes out, the answer comes at once, and the next look finds it. */
	(void)headers_of(&near);
	t = headers_of(&near);
	assert_non_null(t);
	assert_int_equal(t->headers[ETHER_DESTINATION + 5], 0x22);
	assert_int_equal(t->headers[ETHER_SOURCE + 5], 0x11);
	memcpy(room + 128, "ACK", 3);
	frame = frame_write(t, room + 128, 3, 1);
	assert_int_equal(links_receive(far.links, 0, frame, t->len + 3u, 0, now, &datagram),
			 LINKS_DATAGRAM);
	assert_true(endpoint_equal(&datagram.destination, &far.options.callers[0]));
	assert_true(endpoint_equal(&datagram.source, &near.options.callers[0]));
	/* Ready-made from now on: nothing is asked, and nothing made anew. */
	near.sent = 0;
	((uint8_t *)(uintptr_t)t->headers)[0] = 0xee;
	assert_ptr_equal(headers_of(&near), t);
	assert_int_equal(t->headers[0], 0xee);
	assert_int_equal(near.sent, 0);
}

static void stations_find_each_other_by_arp(void **)
{
	assert_they_find_each_other("192.0.2.50", "192.0.2.1");
	/* Without a gateway everybody is on the link. */
	tear_down(NULL);
	assert_they_find_each_other("192.0.2.50", "198.51.100.1");
}

static void stations_find_each_other_by_neighbour_discovery(void **)
{
	assert_they_find_each_other("2001:db8::50", "2001:db8::1");
}

static void a_silent_neighbour_is_asked_for_again(void **)
{
	now = TICK_SECONDS(1);
	station_make(&near, &far, "192.0.2.50", "192.0.2.1", NULL, 0x11);
	station_make(&far, &near, "192.0.2.1", "192.0.2.50", NULL, 0x22);
	far.is_silent = true;
	assert_null(headers_of(&near));
	assert_int_equal(near.sent, 1);
	for (int i = 0; i < 5000; i++, now += 1000)
		links_expire(near.links, now);
	assert_in_range(near.sent, 4, 8);
	assert_null(headers_of(&near));
	far.is_silent = false;
	for (int i = 0; i < 3000; i++, now += 1000)
		links_expire(near.links, now);
	assert_non_null(headers_of(&near));
}

static void a_station_that_moves_is_followed(void **)
{
	assert_they_find_each_other("192.0.2.50", "192.0.2.1");
	links_destroy(far.links);
	now += TICK_SECONDS(5);
	station_make(&far, &near, "192.0.2.1", "192.0.2.50", NULL, 0x33);
	links_announce(far.links);
	for (int i = 0; i < 2000; i++, now += 1000)
		links_expire(near.links, now);
	assert_non_null(headers_of(&near));
	assert_int_equal(headers_of(&near)->headers[ETHER_DESTINATION + 5], 0x33);
}

static void a_gateway_is_asked_instead_of_the_proxy(void **)
{
	now = TICK_SECONDS(1);
	station_make(&near, &far, "192.0.2.50", "198.51.100.1", "192.0.2.254", 0x11);
	station_make(&far, &near, "192.0.2.254", "192.0.2.50", NULL, 0x22);
	(void)headers_of(&near);
	assert_non_null(headers_of(&near));
	assert_int_equal(headers_of(&near)->headers[ETHER_DESTINATION + 5], 0x22);
	assert_int_equal(headers_of(&near)->headers[ETHER_LEN + IPV4_DESTINATION], 198);
}

static void a_side_reaches_the_other_on_its_own_device(void **)
{
	struct links_device device = { .mac = { 2, 0, 0, 0, 0, 9 } };
	struct links_config config = { .options = &near.options,
				       .devices = &device,
				       .device_count = 1,
				       .send = transfer,
				       .context = &near };
	char error[OPTIONS_ERROR_MAX];
	const struct frame_template *t;

	memset(&near, 0, sizeof(near));
	near.options = (struct options){
		.mtu = 1500, .direct = true, .caller_count = 1, .target_count = 2
	};
	near.options.callers[0] = endpoint_of("192.0.2.50");
	near.options.targets[0] = endpoint_of("192.0.2.60");
	near.options.targets[1] = endpoint_of("192.0.2.61");
	near.links = links_create(&config, now, error);
	assert_non_null(near.links);
	t = links_headers(near.links, LOCALS_CALLER, 0, 1, &near.options.targets[1], now);
	assert_non_null(t);
	assert_int_equal(t->headers[ETHER_DESTINATION + 5], 9);
	assert_int_equal(t->headers[ETHER_LEN + IPV4_DESTINATION + 3], 61);
	t = links_headers(near.links, LOCALS_TARGET, 1, 0, &near.options.callers[0], now);
	assert_int_equal(t->headers[ETHER_LEN + IPV4_SOURCE + 3], 61);
	assert_int_equal(near.sent, 0);
}

static void too_many_addresses_are_told(void **)
{
	struct links_device device = { .mac = { 2, 0, 0, 0, 0, 9 } };
	struct links_config config = { .options = &near.options,
				       .devices = &device,
				       .device_count = 1,
				       .send = transfer,
				       .context = &near };
	char error[OPTIONS_ERROR_MAX];

	memset(&near, 0, sizeof(near));
	near.options = (struct options){ .mtu = 1500, .caller_count = 9 };
	for (uint8_t i = 0; i < 9; i++) {
		near.options.callers[i] = endpoint_of("192.0.2.50");
		near.options.callers[i].address.bytes[3] = (uint8_t)(50 + i);
	}
	assert_null(links_create(&config, now, error));
	assert_non_null(strstr(error, "at most 8 addresses"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(stations_find_each_other_by_arp, tear_down),
		cmocka_unit_test_teardown(stations_find_each_other_by_neighbour_discovery,
					  tear_down),
		cmocka_unit_test_teardown(a_silent_neighbour_is_asked_for_again, tear_down),
		cmocka_unit_test_teardown(a_station_that_moves_is_followed, tear_down),
		cmocka_unit_test_teardown(a_gateway_is_asked_instead_of_the_proxy, tear_down),
		cmocka_unit_test_teardown(a_side_reaches_the_other_on_its_own_device, tear_down),
		cmocka_unit_test_teardown(too_many_addresses_are_told, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
