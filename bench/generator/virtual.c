/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtual network around the call engine; see virtual.h. */
#include "generator/virtual.h"

#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "base/hash.h"
#include "proxy/proxy.h"
#include "support/snapshot_fixture.h"

#define HEADROOM    1024u
#define OCTETS_MAX  2048u
#define FLIGHT_MAX  8192u /* datagrams on the wire at a time */
#define PACKETS     64u
#define STEP_NS     100000u
#define IDLE_NS     1000000u
#define ADDRESSES   8u

enum { ACCESS, CORE };

struct flight {
	uint64_t due;
	struct endpoint source, destination;
	uint32_t len;
	char data[OCTETS_MAX];
};

struct virtual {
	struct virtual_config config;
	struct traffic *traffic;
	struct snapshot_fixture *fixture;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox *outbox;
	uint64_t now, random, planted;
	uint64_t cycles;             /* of the processor, in the call engine */
	struct endpoint callers[ADDRESSES], targets[ADDRESSES], listen[2];
	struct flight *flights;      /* in order of arrival: all hops take equally long */
	uint32_t first, count;
	struct traffic_packet packets[PACKETS];
	char buffers[PACKETS][TRAFFIC_OCTETS_MAX];
	char buffer[HEADROOM + OCTETS_MAX + HEADROOM];
};

static tick_t tick_of(const struct virtual *v)
{
	return TICK_SECONDS(1000) + v->now / 1000;
}

static bool is_struck(struct virtual *v, uint32_t permille)
{
	return permille && hash_mix64(v->random += 0x9e3779b97f4a7c15u) % 1000 < permille;
}

static void put_on_wire(struct virtual *v, const char *data, uint32_t len,
			const struct endpoint *source, const struct endpoint *destination)
{
	uint32_t copies = 1 - is_struck(v, v->config.loss_permille) +
			  is_struck(v, v->config.duplicate_permille);

	for (; copies && v->count < FLIGHT_MAX && len <= OCTETS_MAX; copies--, v->count++) {
		struct flight *f = &v->flights[(v->first + v->count) % FLIGHT_MAX];
		f->due = v->now + v->config.hop_ns;
		f->source = *source;
		f->destination = *destination;
		f->len = len;
		memcpy(f->data, data, len);
	}
}

/* ---- both ends */

static int index_of(const struct endpoint *list, uint16_t count, const struct endpoint *endpoint)
{
	for (uint16_t i = 0; i < count; i++) {
		if (endpoint_equal(&list[i], endpoint))
			return i;
	}
	return -1;
}

static struct traffic_outbox outbox_of(struct virtual *v)
{
	for (uint32_t i = 0; i < PACKETS; i++)
		v->packets[i].data = v->buffers[i];
	return (struct traffic_outbox){ .packets = v->packets, .max = PACKETS };
}

static void send_packets(struct virtual *v, const struct traffic_outbox *outbox)
{
	for (uint32_t i = 0; i < outbox->count; i++) {
		const struct traffic_packet *p = &outbox->packets[i];
		const struct endpoint *own = p->side == TRAFFIC_CALLERS ? v->callers : v->targets;
		put_on_wire(v, p->data, p->len, &own[p->local], &p->destination);
	}
}

static void arrive_at_end(struct virtual *v, const struct flight *f)
{
	struct traffic_outbox outbox = outbox_of(v);
	int local = index_of(v->callers, v->config.caller_count, &f->destination);
	enum traffic_side side = TRAFFIC_CALLERS;

	if (local < 0) {
		side = TRAFFIC_TARGETS;
		local = index_of(v->targets, v->config.target_count, &f->destination);
	}
	if (local < 0)
		return;
	traffic_prefetch(v->traffic, side, f->data, f->len);
	const uint64_t before = __rdtsc();
	traffic_receive(v->traffic, side, (uint16_t)local, f->data, f->len, &f->source, v->now,
			&outbox);
	v->cycles += __rdtsc() - before;
	send_packets(v, &outbox);
}

static void poll_ends(struct virtual *v)
{
	bool more = true;

	while (more) {
		struct traffic_outbox outbox = outbox_of(v);
		const uint64_t before = __rdtsc();
		more = traffic_poll(v->traffic, v->now, &outbox);
		v->cycles += __rdtsc() - before;
		send_packets(v, &outbox);
	}
}

/* ---- the proxy */

static void drain_proxy(struct virtual *v)
{
	char data[OCTETS_MAX];

	for (uint32_t i = 0; i < v->outbox->count; i++) {
		const struct outbox_entry *e = &v->outbox->entries[i];
		struct endpoint destination = e->destination;
		const int target = index_of(v->targets, v->config.target_count, &destination);
		if (e->len > sizeof(data))
			continue;
		memcpy(data, e->data, e->len);
		struct planted planted = {
			.data = data, .len = e->len, .max = sizeof(data),
			.to_target = target >= 0, .target = (uint16_t)MAX(target, 0),
			.target_count = v->config.target_count,
		};
		enum plant_result result = v->config.plant ? plant_apply(v->config.plant, &planted) :
							     PLANT_UNTOUCHED;
		v->planted += result != PLANT_UNTOUCHED;
		if (result == PLANT_DROPPED)
			continue;
		if (target >= 0)
			destination = v->targets[planted.target];
		put_on_wire(v, data, planted.len, &e->source, &destination);
	}
	outbox_reset(v->outbox);
}

static void arrive_at_proxy(struct virtual *v, const struct flight *f, uint16_t interface)
{
	struct proxy_datagram datagram = {
		.data = v->buffer + HEADROOM,
		.len = f->len,
		.headroom = HEADROOM,
		.tailroom = (uint32_t)sizeof(v->buffer) - HEADROOM - f->len,
		.interface = interface,
		.source = f->source,
		.local = f->destination,
	};

	memcpy(datagram.data, f->data, f->len);
	outbox_reset(v->outbox);
	proxy_receive(v->proxy, v->snapshot, &datagram, tick_of(v), v->outbox);
	drain_proxy(v);
}

static void expire_proxy(struct virtual *v)
{
	bool more = v->proxy && proxy_next_expiry(v->proxy) <= tick_of(v);

	while (more) {
		outbox_reset(v->outbox);
		more = proxy_expire(v->proxy, v->snapshot, tick_of(v), v->outbox);
		drain_proxy(v);
	}
}

/* ---- time */

static void arrive(struct virtual *v)
{
	while (v->count && v->flights[v->first].due <= v->now) {
		struct flight f = v->flights[v->first];
		v->first = (v->first + 1) % FLIGHT_MAX;
		v->count--;
		if (v->proxy && endpoint_equal(&f.destination, &v->listen[ACCESS]))
			arrive_at_proxy(v, &f, ACCESS);
		else if (v->proxy && endpoint_equal(&f.destination, &v->listen[CORE]))
			arrive_at_proxy(v, &f, CORE);
		else
			arrive_at_end(v, &f);
	}
}

/* To the next arrival at most. */
static void step(struct virtual *v, uint64_t end)
{
	uint64_t next = v->now + (v->count ? STEP_NS : IDLE_NS);

	if (v->count)
		next = MIN(next, MAX(v->flights[v->first].due, v->now));
	v->now = MIN(next, end);
	arrive(v);
	expire_proxy(v);
	poll_ends(v);
}

void virtual_pass(struct virtual *v, uint64_t ns, bool stalled)
{
	uint64_t end = v->now + ns;

	if (stalled) {
		v->now = end;
		return;
	}
	while (v->now < end || (v->count && v->flights[v->first].due <= v->now))
		step(v, end);
}

bool virtual_run(struct virtual *v, const struct traffic_trial *trial, double seconds_max)
{
	uint64_t end = v->now + (uint64_t)(seconds_max * VIRTUAL_HZ);

	if (!traffic_begin(v->traffic, trial, v->now))
		return false;
	poll_ends(v);
	while (!traffic_is_done(v->traffic, v->now) && v->now < end)
		step(v, end);
	return traffic_is_done(v->traffic, v->now);
}

uint64_t virtual_now(const struct virtual *v)
{
	return v->now;
}

struct traffic *virtual_traffic(struct virtual *v)
{
	return v->traffic;
}

uint64_t virtual_cycles(const struct virtual *v)
{
	return v->cycles;
}

uint64_t virtual_planted(const struct virtual *v)
{
	return v->planted;
}

uint64_t virtual_proxy_resent(const struct virtual *v)
{
	struct proxy_stats stats;

	if (!v->proxy)
		return 0;
	proxy_stats_read(v->proxy, &stats);
	return stats.requests_resent + stats.responses_resent + stats.acks_resent;
}

/* ---- creation */

static bool fail(const char *why)
{
	fprintf(stderr, "virtual: %s\n", why);
	return false;
}

static void set_addresses(struct virtual *v)
{
	const bool six = v->config.is_ipv6;
	char text[64];

	for (uint32_t i = 0; i < ADDRESSES; i++) {
		snprintf(text, sizeof(text), six ? "[2001:db8:1::%x]:5060" : "192.0.2.%u:5060",
			 50 + i);
		if (!endpoint_parse(span_of_string(text), 5060, &v->callers[i]))
			abort();
		snprintf(text, sizeof(text), six ? "[2001:db8:2::%x]:5060" : "198.51.100.%u:5060",
			 11 + i);
		if (!endpoint_parse(span_of_string(text), 5060, &v->targets[i]))
			abort();
	}
	if (!endpoint_parse(six ? SPAN("[2001:db8:1::1]:5060") : SPAN("192.0.2.1:5060"), 5060,
			    &v->listen[ACCESS]) ||
	    !endpoint_parse(six ? SPAN("[2001:db8:2::1]:5060") : SPAN("198.51.100.1:5060"), 5060,
			    &v->listen[CORE]))
		abort();
}

static bool create_proxy(struct virtual *v)
{
	const struct virtual_config *c = &v->config;
	const uint32_t remembered = c->proxied_max ? c->proxied_max : 16384;
	const struct proxy_config engine = {
		.txns_max = 2 * c->calls_max + 1024,
		.tombstones_max = 3 * remembered, /* two a call, and a little more */
		.retain_max = (size_t)remembered * 1024 + (size_t)c->calls_max * 4096 + (16u << 20),
		.seed = c->seed,
	};
	char text[2048], address[ENDPOINT_TEXT_MAX], error[256] = "";

	int n = snprintf(text, sizeof(text), "interface access address %s\ninterface core address %s\npool sw failover none\n",
			 c->is_ipv6 ? "2001:db8:1::1/64" : "192.0.2.1/24",
			 c->is_ipv6 ? "2001:db8:2::1/64" : "198.51.100.1/24");
	for (uint16_t i = 0; i < c->target_count; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "target sw sw%u %s\n", i,
			      endpoint_to_string(&v->targets[i], address));
	snprintf(text + n, sizeof(text) - (size_t)n, "service in listen %s pool sw%s%s\n",
		 endpoint_to_string(&v->listen[ACCESS], address),
		 c->no_record_route ? "" : " record-route",
		 c->is_stateless ? " mode stateless" : "");
	v->fixture = snapshot_fixture_create(text, error, sizeof(error));
	if (!v->fixture)
		return fail(error);
	v->snapshot = snapshot_fixture_snapshot(v->fixture);
	v->proxy = proxy_create(&engine, tick_of(v));
	v->outbox = calloc(1, sizeof(*v->outbox));
	return (v->proxy && v->outbox) || fail("out of memory");
}

static bool create_traffic(struct virtual *v)
{
	const struct virtual_config *c = &v->config;
	const struct traffic_config config = {
		.callers = v->callers, .targets = v->targets,
		.caller_count = c->caller_count, .target_count = c->target_count,
		.proxy = { v->listen[ACCESS], v->listen[CORE] },
		.direct = c->direct,
		.record_route = c->no_record_route ? TRAFFIC_RECORD_ROUTE_ABSENT :
						     TRAFFIC_RECORD_ROUTE_REQUIRED,
		.check = c->check,
		.calls_max = c->calls_max,
		.seed = c->seed,
		.tsc_hz = VIRTUAL_HZ,
		.faults_max = c->faults_max,
		.fault = c->fault,
		.fault_context = c->fault_context,
	};
	char error[128] = "";

	v->traffic = traffic_create(&config, v->now, error, sizeof(error));
	return v->traffic || fail(error);
}

struct virtual *virtual_create(const struct virtual_config *config)
{
	struct virtual *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->config = *config;
	v->now = VIRTUAL_HZ;
	v->random = config->seed;
	v->flights = calloc(FLIGHT_MAX, sizeof(*v->flights));
	set_addresses(v);
	if (v->flights && config->caller_count <= ADDRESSES && config->target_count <= ADDRESSES &&
	    create_traffic(v) && (config->direct || create_proxy(v)))
		return v;
	virtual_destroy(v);
	return NULL;
}

void virtual_destroy(struct virtual *v)
{
	if (!v)
		return;
	traffic_destroy(v->traffic);
	if (v->proxy)
		proxy_destroy(v->proxy);
	snapshot_fixture_destroy(v->fixture);
	free(v->outbox);
	free(v->flights);
	free(v);
}
