/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine of a vector; see bench.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* Two arms, both with IPv4 and IPv6, and one target, so that it is known where requests go. */
static const char default_snapshot[] =
	"interface access address 192.0.2.1/24 address 2001:db8:0:1::1/64 gateway 192.0.2.254"
	" gateway 2001:db8:0:1::ff peers 192.0.2.0/24 peers 203.0.113.0/24 peers 2001:db8:0:1::/64\n"
	"interface core address 198.51.100.1/24 address 2001:db8:0:2::1/64\n"
	"pool switches\n"
	"target switches sw1 198.51.100.11:5060\n"
	"service inbound listen 192.0.2.1:5060 listen [2001:db8:0:1::1]:5060 pool switches"
	" record-route\n";

void bench_fail(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bench->error, sizeof(bench->error), format, arguments);
	va_end(arguments);
	longjmp(bench->failed, 1);
}

void bench_open(struct bench *bench)
{
	const struct proxy_config config = {
		.worker = 0, .txns_max = 8, .tombstones_max = 8, .retain_max = 1 << 20, .seed = 1,
	};
	const char *text = bench->vector->snapshot;
	char error[256];

	bench->now = TICK_SECONDS(1000);
	bench->fixture = snapshot_fixture_create(text ? text : default_snapshot, error,
						 sizeof(error));
	if (!bench->fixture)
		bench_fail(bench, "snapshot: %s", error);
	bench->snapshot = snapshot_fixture_snapshot(bench->fixture);
	bench->proxy = proxy_create(&config, bench->now);
	bench->outbox = calloc(1, sizeof(*bench->outbox));
	if (!bench->proxy || !bench->outbox)
		bench_fail(bench, "no memory");
}

void bench_close(struct bench *bench)
{
	proxy_destroy(bench->proxy);
	snapshot_fixture_destroy(bench->fixture);
	free(bench->outbox);
	free(bench->buffer);
}

static uint16_t interface_of(const struct bench *bench, const struct ip_address *own)
{
	for (uint16_t i = 0; i < bench->snapshot->interface_count; i++) {
		const struct balance_interface *at = &bench->snapshot->interfaces[i];
		for (uint8_t j = 0; j < at->address_count; j++)
			if (ip_address_equal(&at->addresses[j].address, own))
				return i;
	}
	return 0;
}

struct verdict bench_receive(struct bench *bench, struct span message, const struct endpoint *from,
			     const struct endpoint *to)
{
	const uint32_t room = bench->has_room ? BENCH_ROOM : 0;
	struct proxy_datagram datagram = {
		.len = (uint32_t)message.len,
		.headroom = room,
		.tailroom = room,
		.interface = interface_of(bench, &to->address),
		.source = *from,
		.local = *to,
	};

	free(bench->buffer);
	bench->buffer = malloc(message.len + 2 * room + 1);
	if (!bench->buffer)
		bench_fail(bench, "no memory");
	/* Without room the last octet is the block's last. */
	datagram.data = bench->buffer + (room ? room : 1);
	memcpy(datagram.data, message.data, message.len);
	outbox_reset(bench->outbox);
	return proxy_receive(bench->proxy, bench->snapshot, &datagram, bench->now, bench->outbox);
}

void bench_check_end(struct bench *bench)
{
	const char *fault = proxy_check(bench->proxy);
	struct proxy_stats stats;

	if (fault)
		bench_fail(bench, "%s", fault);
	for (tick_t next; (next = proxy_next_expiry(bench->proxy)) != TICK_NEVER;) {
		bench->now = MAX(bench->now, next);
		if (bench->now > TICK_SECONDS(1000 + 3600))
			bench_fail(bench, "timers still run after an hour");
		bool more;
		do {
			outbox_reset(bench->outbox);
			more = proxy_expire(bench->proxy, bench->snapshot, bench->now,
					    bench->outbox);
		} while (more);
	}
	fault = proxy_check(bench->proxy);
	if (fault)
		bench_fail(bench, "%s", fault);
	proxy_stats_read(bench->proxy, &stats);
	if (stats.txns || stats.tombstones || stats.timers || stats.retained)
		bench_fail(bench, "left after the last timer: %ju transactions, %ju tombstones, "
				  "%ju timers, %ju copies",
			   (uintmax_t)stats.txns, (uintmax_t)stats.tombstones,
			   (uintmax_t)stats.timers, (uintmax_t)stats.retained);
}
