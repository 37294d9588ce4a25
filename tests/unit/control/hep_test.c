/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry/hep/hep.h and export.h: packets to the octet, as worked out by hand from the HEPv3
 * document; and that what workers copied gets to a socket, or is counted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane_double.h"
#include "telemetry/hep/export.h"
#include "telemetry/hep/hep.h"

static const struct endpoint v4_source = { .address = { { 212, 202, 0, 1 }, IP_V4 }, .port = 12010 };
static const struct endpoint v4_destination = { .address = { { 82, 116, 0, 211 }, IP_V4 },
						.port = 17000 };
static const struct endpoint v6_source = {
	.address = { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, IP_V6 }, .port = 5060
};
static const struct endpoint v6_destination = {
	.address = { { 0x20, 1, 0xd, 0xb8, [15] = 2 }, IP_V6 }, .port = 5061
};

static void a_packet_over_ipv4_is_as_the_document_lays_it_out(void **)
{
	static const uint8_t wanted[] = {
		'H', 'E', 'P', '3', 0x00, 0x89,                         /* 137 octets in all */
		0, 0, 0x00, 0x01, 0x00, 0x07, 0x02,                     /* IPv4 */
		0, 0, 0x00, 0x02, 0x00, 0x07, 0x11,                     /* UDP */
		0, 0, 0x00, 0x03, 0x00, 0x0a, 212, 202, 0, 1,
		0, 0, 0x00, 0x04, 0x00, 0x0a, 82, 116, 0, 211,
		0, 0, 0x00, 0x07, 0x00, 0x08, 0x2e, 0xea,               /* 12010 */
		0, 0, 0x00, 0x08, 0x00, 0x08, 0x42, 0x68,               /* 17000 */
		0, 0, 0x00, 0x09, 0x00, 0x0a, 0x4e, 0x49, 0x82, 0xcb,   /* 1313440459 s */
		0, 0, 0x00, 0x0a, 0x00, 0x0a, 0x00, 0x01, 0xd4, 0xc0,   /* 120000 us */
		0, 0, 0x00, 0x0b, 0x00, 0x07, 0x01,                     /* SIP */
		0, 0, 0x00, 0x0c, 0x00, 0x0a, 0x00, 0x00, 0x00, 0xe4,   /* 228 */
		0, 0, 0x00, 0x0e, 0x00, 0x08, 'p', 'w',
		0, 0, 0x00, 0x11, 0x00, 0x09, 'c', '@', 'h',
		0, 0, 0x00, 0x13, 0x00, 0x09, 'l', 'b', '1',
		0, 0, 0x00, 0x0f, 0x00, 0x12, 'I', 'N', 'V', 'I', 'T', 'E', ' ', 's', 'i', 'p', ':', 'a',
	};
	const struct hep_message message = {
		.source = v4_source,
		.destination = v4_destination,
		.time_us = 1313440459120000,
		.capture_id = 228,
		.password = SPAN("pw"),
		.correlation = SPAN("c@h"),
		.node = SPAN("lb1"),
		.payload = SPAN("INVITE sip:a"),
	};
	uint8_t out[256];

	assert_int_equal(hep_encode(&message, out, sizeof(out)), sizeof(wanted));
	assert_memory_equal(out, wanted, sizeof(wanted));
	/* Exactly enough room is enough, one octet less is not. */
	assert_int_equal(hep_encode(&message, out, sizeof(wanted)), sizeof(wanted));
	assert_int_equal(hep_encode(&message, out, sizeof(wanted) - 1), 0);
}

static void a_packet_over_ipv6_leaves_out_what_there_is_not(void **)
{
	static const uint8_t wanted[] = {
		'H', 'E', 'P', '3', 0x00, 0x7b,                         /* 123 octets in all */
		0, 0, 0x00, 0x01, 0x00, 0x07, 0x0a,                     /* IPv6 */
		0, 0, 0x00, 0x02, 0x00, 0x07, 0x11,
		0, 0, 0x00, 0x05, 0x00, 0x16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0x00, 0x06, 0x00, 0x16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0, 0, 0x00, 0x07, 0x00, 0x08, 0x13, 0xc4,
		0, 0, 0x00, 0x08, 0x00, 0x08, 0x13, 0xc5,
		0, 0, 0x00, 0x09, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x01,
		0, 0, 0x00, 0x0a, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x02,
		0, 0, 0x00, 0x0b, 0x00, 0x07, 0x01,
		0, 0, 0x00, 0x0c, 0x00, 0x0a, 0xff, 0xff, 0xff, 0xff,
		0, 0, 0x00, 0x0f, 0x00, 0x06,
	};
	const struct hep_message message = {
		.source = v6_source,
		.destination = v6_destination,
		.time_us = 1000002,
		.capture_id = UINT32_MAX,
	};
	uint8_t out[256];

	assert_int_equal(hep_encode(&message, out, sizeof(out)), sizeof(wanted));
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static void what_cannot_be_a_packet_is_none(void **)
{
	static uint8_t out[70000];
	static char bytes[70000];
	struct hep_message message = { .source = v4_source, .destination = v6_destination };

	assert_int_equal(hep_encode(&message, out, sizeof(out)), 0); /* two families */
	message.destination = v4_destination;
	message.payload = span_of(bytes, HEP_PACKET_MAX);
	assert_int_equal(hep_encode(&message, out, sizeof(out)), 0);
	message.payload.len = sizeof(bytes);
	assert_int_equal(hep_encode(&message, out, sizeof(out)), 0);
	/* The longest of everything beside the longest payload. */
	message.payload.len = HEP_PAYLOAD_MAX;
	message.source = v6_source;
	message.destination = v6_destination;
	message.password = message.correlation = message.node = span_of(bytes, 5000);
	size_t len = hep_encode(&message, out, sizeof(out));
	assert_in_range(len, HEP_PAYLOAD_MAX, HEP_PACKET_MAX);
	assert_int_equal(out[4] << 8 | out[5], len);
}

/* ---- the export thread -------------------------------------------------------------------- */

static int collector_open(struct endpoint *at)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*at = (struct endpoint){ .address = { { 127, 0, 0, 1 }, IP_V4 },
				 .port = ntohs(address.sin_port) };
	return fd;
}

static size_t collect(int fd, uint8_t *packet, size_t size)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&readable, 1, 10000), 1);
	ssize_t len = recv(fd, packet, size, 0);
	assert_true(len > 0);
	return (size_t)len;
}

static const char invite[] = "INVITE sip:a SIP/2.0\r\nCall-ID: one@host\r\n\r\n";

static void prepare(struct dataplane *dataplane, uint32_t count)
{
	*dataplane = (struct dataplane){ .workers = 1 };
	for (int i = 0; i < DOUBLE_MIRRORED; i++)
		dataplane->mirrored[i] = (struct dataplane_mirrored){
			.source = v4_source,
			.destination = v4_destination,
			.data = SPAN(invite),
			.len = sizeof(invite) - 1 + (i == 3 ? 10 : 0), /* every fourth was cut */
		};
	dataplane->mirrored_count = count;
}

static struct hep_export *start(struct dataplane *dataplane, const struct endpoint *server)
{
	const struct hep_export_config config = {
		.dataplane = dataplane, .server = *server, .capture_id = 7, .message_max = 1000,
		.one_in = 3, .node = "lb1",
	};
	char error[256] = "";
	struct hep_export *hep = hep_export_start(&config, error, sizeof(error));

	if (!hep)
		fail_msg("%s", error);
	assert_int_equal(dataplane->mirror.message_max, 1000);
	assert_int_equal(dataplane->mirror.one_in, 3);
	return hep;
}

static void what_was_copied_arrives_with_its_call_id(void **)
{
	static struct dataplane dataplane;
	static uint8_t packet[70000];
	struct hep_export_stats stats;
	struct endpoint server;
	int fd = collector_open(&server);
	struct hep_export *hep;

	prepare(&dataplane, 40);
	hep = start(&dataplane, &server);
	for (int i = 0; i < 40; i++) {
		size_t len = collect(fd, packet, sizeof(packet));
		assert_non_null(memmem(packet, len, "\0\0\0\x11\0\x0eone@host", 14));
		assert_non_null(memmem(packet, len, invite, sizeof(invite) - 1));
	}
	/* More comes while it looks at an empty ring, and last of all when it is told to end. */
	__atomic_store_n(&dataplane.mirrored_count, 41, __ATOMIC_RELEASE);
	collect(fd, packet, sizeof(packet));
	dataplane.mirror_dropped = 5;
	do {
		hep_export_stats_read(hep, &stats);
	} while (stats.sent < 41); /* counted when the system call has returned */
	assert_int_equal(stats.sent, 41);
	assert_int_equal(stats.cut, 10);
	assert_int_equal(stats.dropped_ring, 5);
	assert_int_equal(stats.dropped_socket + stats.dropped_encoding, 0);
	hep_export_stop(hep);
	assert_false(dataplane.is_mirroring);
	close(fd);
}

static void what_the_rings_hold_at_the_end_is_sent(void **)
{
	static struct dataplane dataplane;
	static uint8_t packet[70000];
	struct endpoint server;
	int fd = collector_open(&server);
	struct hep_export *hep;

	prepare(&dataplane, 0);
	hep = start(&dataplane, &server);
	__atomic_store_n(&dataplane.mirrored_count, 100, __ATOMIC_RELEASE);
	hep_export_stop(hep);
	for (int i = 0; i < 100; i++)
		collect(fd, packet, sizeof(packet));
	close(fd);
}

static void nobody_there_is_no_reason_to_wait(void **)
{
	static struct dataplane dataplane;
	struct hep_export_stats stats;
	struct endpoint server;
	int fd = collector_open(&server);
	struct hep_export *hep;

	close(fd); /* the kernel answers with ICMP */
	prepare(&dataplane, 5000);
	hep = start(&dataplane, &server);
	do {
		hep_export_stats_read(hep, &stats);
	} while (stats.sent + stats.dropped_socket < 5000);
	assert_int_equal(stats.sent + stats.dropped_socket, 5000);
	hep_export_stop(hep);
}

static void an_address_without_a_way_is_told(void **)
{
	static struct dataplane dataplane;
	struct hep_export_config config = { .dataplane = &dataplane, .message_max = 1000,
					    .one_in = 1 };
	char error[256];

	prepare(&dataplane, 0);
	/* Multicast without a socket option goes; the limited broadcast address does not. */
	config.server = (struct endpoint){ .address = { { 255, 255, 255, 255 }, IP_V4 },
					   .port = 9060 };
	assert_null(hep_export_start(&config, error, sizeof(error)));
	assert_non_null(strstr(error, "255.255.255.255:9060"));
	assert_false(dataplane.is_mirroring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_over_ipv4_is_as_the_document_lays_it_out),
		cmocka_unit_test(a_packet_over_ipv6_leaves_out_what_there_is_not),
		cmocka_unit_test(what_cannot_be_a_packet_is_none),
		cmocka_unit_test(what_was_copied_arrives_with_its_call_id),
		cmocka_unit_test(what_the_rings_hold_at_the_end_is_sent),
		cmocka_unit_test(nobody_there_is_no_reason_to_wait),
		cmocka_unit_test(an_address_without_a_way_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
