/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world of the engine's fuzz target: one engine on a fixture, the input, what was sent last,
 * and what must hold after every step (outbox_check, invariants_check).  Part of engine_fuzz.c.
 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "balance/interface.h"
#include "proxy/proxy.h"
#include "sip/message.h"
#include "support/snapshot_fixture.h"

#define ROOM        1024
#define DATAGRAM    8192 /* octets of a template or raw datagram, at most */
#define HISTORY     16
#define START       TICK_SECONDS(1000)

/* Says what is wrong, and what was received and sent last. */
_Noreturn static void fail(int line, const char *what);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail(__LINE__, "not " #condition);                                         \
	} while (0)

static const char snapshot_text[] =
	"interface access address 192.0.2.1/24 address 2001:db8:0:1::1/64 gateway 192.0.2.254"
	" peers 192.0.2.0/24 peers 203.0.113.0/24 peers 2001:db8:0:1::/64\n"
	"interface core address 198.51.100.1/24\n"
	"pool hashed try-next-after 700\n"
	"target hashed h1 198.51.100.11:5060\n"
	"target hashed h2 198.51.100.12:5060\n"
	"target hashed h3 198.51.100.13:5060\n"
	"pool turns policy round-robin attempts 3\n"
	"target turns t1 198.51.100.21:5060\n"
	"target turns t2 198.51.100.22:5060\n"
	"pool trunks\n"
	"target trunks x1 203.0.113.9:5060\n"
	"service in listen 192.0.2.1:5060 listen [2001:db8:0:1::1]:5060 pool hashed record-route nat auto extra-2xx ack-bye cseq-check enforce bye-unacknowledged"
	" dialog-age-ms 200000\n"
	"service turn listen 192.0.2.1:5070 pool turns record-route push-route rewrite-host extra-2xx drop\n"
	"service plain listen 192.0.2.1:5080 pool turns\n"
	"service bare listen 192.0.2.1:5090 pool hashed mode stateless record-route\n"
	"stray-responses forward\n"
	"service out listen 198.51.100.1:5060 from hashed pool trunks record-route\n"
	"host peer.example.net 203.0.113.20\n";
static const char *const target_names[] = { "h1", "h2", "h3", "t1", "t2", "x1" };

/* What the engine sent, to be quoted. */
struct letter {
	uint32_t len;
	struct endpoint source, destination;
	uint8_t interface;
	char data[DATAGRAM];
};

static struct {
	const uint8_t *at, *end;
	struct snapshot_fixture *fixture;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox outbox;
	tick_t now;
	struct letter sent[HISTORY];
	unsigned int sent_count;
	uint32_t probes;           /* begun, and told of */
	uint32_t probes_told;
	/* The datagram being made, and the last one made. */
	char text[DATAGRAM];
	uint32_t len;
	struct endpoint from, to;
	struct sip_message in, out;
} f;

static void letter_print(const char *how, const struct endpoint *from, const struct endpoint *to,
			 const char *data, uint32_t len)
{
	char a[ENDPOINT_TEXT_MAX], b[ENDPOINT_TEXT_MAX];

	fprintf(stderr, "---- %s, %s > %s\n%.*s\n", how, endpoint_to_string(from, a),
		endpoint_to_string(to, b), (int)len, data);
}

static void fail(int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", __FILE__, line, what);
	letter_print("received", &f.from, &f.to, f.text, f.len);
	for (uint32_t i = 0; i < f.outbox.count; i++)
		letter_print("sent", &f.outbox.entries[i].source, &f.outbox.entries[i].destination,
			     f.outbox.entries[i].data, f.outbox.entries[i].len);
	abort();
}

/* ---- the input */

static uint8_t take(void)
{
	return f.at < f.end ? *f.at++ : 0;
}

static uint32_t take16(void)
{
	uint32_t high = take();

	return high << 8 | take();
}

static const char *pick(const char *const *choices, size_t count)
{
	return choices[take() % count];
}
#define PICK(choices) pick(choices, ARRAY_SIZE(choices))

static void endpoint_set(struct endpoint *endpoint, const char *text)
{
	REQUIRE(endpoint_parse(span_of_string(text), 5060, endpoint));
}

/* ---- what must hold */

static void octets_touch(const char *data, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += (uint8_t)data[i];
	__asm__ volatile("" : : "r"(sum)); /* read, so that the sanitizer looks */
}

static void letter_keep(const struct outbox_entry *entry)
{
	struct letter *letter = &f.sent[f.sent_count % HISTORY];

	if (entry->len > DATAGRAM)
		return;
	letter->len = entry->len;
	letter->source = entry->source;
	letter->destination = entry->destination;
	letter->interface = entry->interface;
	memcpy(letter->data, entry->data, entry->len);
	f.sent_count++;
}

/* Else the request goes out again, or another branch's response. */
static bool sends_what_came(const struct verdict *verdict)
{
	return verdict->kind == VERDICT_FORWARD && verdict->reason != REASON_FAILOVER &&
	       verdict->reason != REASON_BEST_RESPONSE;
}

static bool spans_equal(const struct sip_message *a, struct sip_slice in_a,
			const struct sip_message *b, struct sip_slice in_b)
{
	return span_equal(sip_slice_span(a, in_a), sip_slice_span(b, in_b));
}

/* A message forwarded against the one received. */
static void forwarded_check(const struct outbox_entry *entry)
{
	const struct sip_message *in = &f.in, *out = &f.out;

	REQUIRE(out->is_request == in->is_request);
	REQUIRE(out->via_values == in->via_values + (in->is_request ? 1 : -1));
	REQUIRE(spans_equal(in, in->call_id, out, out->call_id));
	REQUIRE(spans_equal(in, in->cseq_number, out, out->cseq_number));
	REQUIRE(spans_equal(in, in->from_tag, out, out->from_tag));
	REQUIRE(spans_equal(in, in->to_tag, out, out->to_tag));
	REQUIRE(spans_equal(in, in->method_token, out, out->method_token));
	REQUIRE(in->status == out->status);
	REQUIRE(out->len == entry->len);
	REQUIRE(span_equal(span_of(in->bytes + in->body, in->len - in->body),
			   span_of(out->bytes + out->body, out->len - out->body)));
	if (in->is_request)
		REQUIRE(out->max_forwards == (in->max_forwards < 0 ? 70 : in->max_forwards - 1));
}

/* `received`: what was received parsed well; NULL verdict: timers drove. */
static void outbox_check(const struct verdict *verdict, bool received)
{
	unsigned int forwarded = 0;

	REQUIRE(f.outbox.count <= OUTBOX_MAX && f.outbox.scratch_used <= OUTBOX_SCRATCH_SIZE);
	REQUIRE(f.outbox.outcome_count <= OUTBOX_OUTCOMES_MAX);
	for (uint32_t i = 0; i < f.outbox.outcome_count; i++)
		f.probes_told += f.outbox.outcomes[i].kind == OUTCOME_PROBE;
	for (uint32_t i = 0; i < f.outbox.count; i++) {
		const struct outbox_entry *entry = &f.outbox.entries[i];
		octets_touch(entry->data, entry->len);
		REQUIRE(entry->len > 0 && entry->len <= SIP_DATAGRAM_MAX - 28);
		REQUIRE(entry->interface < f.snapshot->interface_count);
		REQUIRE(entry->destination.port && !ip_address_is_bogus(&entry->destination.address));
		REQUIRE(entry->destination.address.family == entry->source.address.family);
		REQUIRE(!balance_is_own_endpoint(f.snapshot, &entry->destination));
		REQUIRE(balance_is_own_endpoint(f.snapshot, &entry->source));
		enum verdict_reason reason = sip_message_parse(&f.out, entry->data, entry->len);
		/* An answer to a malformed request repeats its faults; what a target did to the Via
		 * below ours is between it and the caller. */
		bool parsed = reason == VERDICT_REASON_NONE ||
			      (!f.out.is_request &&
			       (reason == REASON_VIA_SYNTAX || reason == REASON_BRANCH_EMPTY));
		if (!verdict || received)
			REQUIRE(parsed);
		if (parsed && verdict && received &&
		    sends_what_came(verdict) &&
		    f.out.is_request == f.in.is_request && f.out.method == f.in.method &&
		    f.out.status == f.in.status) {
			forwarded_check(entry);
			forwarded++;
		}
		letter_keep(entry);
	}
	if (!verdict)
		return;
	if (sends_what_came(verdict))
		REQUIRE(forwarded == 1);
	if (verdict->kind == VERDICT_DROP)
		REQUIRE(f.outbox.count == 0);
	if (verdict->kind == VERDICT_REPLY)
		REQUIRE(f.outbox.count >= 1);
}

static void invariants_check(void)
{
	const char *fault = proxy_check(f.proxy);

	if (fault)
		fail(__LINE__, fault);
}

/* ---- what the engine is given */

static uint16_t interface_of(const struct ip_address *own)
{
	for (uint16_t i = 0; i < f.snapshot->interface_count; i++) {
		const struct balance_interface *at = &f.snapshot->interfaces[i];
		for (uint8_t j = 0; j < at->address_count; j++)
			if (ip_address_equal(&at->addresses[j].address, own))
				return i;
	}
	return 0;
}

static struct proxy_datagram datagram_make(char *buffer, uint32_t room)
{
	struct proxy_datagram datagram = {
		.data = buffer + room,
		.len = f.len,
		.headroom = room,
		.tailroom = room,
		.source = f.from,
		.local = f.to,
	};

	memcpy(datagram.data, f.text, f.len);
	datagram.interface = interface_of(&f.to.address);
	return datagram;
}

static void explain(void)
{
	struct proxy_explanation explanation;
	char *buffer = malloc(f.len + 1);
	struct proxy_datagram datagram = datagram_make(buffer, 0);

	proxy_explain(f.proxy, f.snapshot, &datagram, f.now, &explanation);
	REQUIRE(memchr(explanation.why, '\0', sizeof(explanation.why)));
	REQUIRE(memcmp(buffer, f.text, f.len) == 0);
	free(buffer);
}

static void receive(void)
{
	uint8_t how = take();
	uint32_t room = how & 1 ? 0 : ROOM;
	static char original[DATAGRAM];
	char *buffer;

	if (f.len == 0)
		return; /* the owner hands in no empty datagram */
	if (how & 2)
		explain();
	buffer = malloc(f.len + 2 * room);
	struct proxy_datagram datagram = datagram_make(buffer, room);
	memcpy(original, f.text, f.len);
	bool good = sip_message_parse(&f.in, original, f.len) == VERDICT_REASON_NONE;
	outbox_reset(&f.outbox);
	struct verdict verdict =
		proxy_receive(f.proxy, f.snapshot, &datagram, f.now, &f.outbox);
	REQUIRE(verdict.kind < VERDICT_KINDS && verdict.reason != VERDICT_REASON_NONE &&
		verdict.reason < VERDICT_REASON_COUNT);
	outbox_check(&verdict, good);
	free(buffer);
}

static void time_pass(uint64_t ms)
{
	tick_t end = f.now + TICK_MS(ms);

	for (tick_t next; (next = proxy_next_expiry(f.proxy)) <= end;) {
		REQUIRE(next != TICK_NEVER);
		f.now = MAX(f.now, next);
		bool more;
		do {
			outbox_reset(&f.outbox);
			more = proxy_expire(f.proxy, f.snapshot, f.now, &f.outbox);
			outbox_check(NULL, false);
		} while (more);
		REQUIRE(proxy_next_expiry(f.proxy) > f.now);
	}
	f.now = end;
}

/* ---- from start to end */

static void engine_open(void)
{
	const struct proxy_config config = {
		.worker = 0, .txns_max = 6, .tombstones_max = 6, .dialogs_max = 3,
		.retain_max = 64 << 10, .seed = 7,
	};
	char error[256];

	if (!f.fixture) {
		f.fixture = snapshot_fixture_create(snapshot_text, error, sizeof(error));
		if (!f.fixture)
			fprintf(stderr, "%s\n", error);
		REQUIRE(f.fixture);
		f.snapshot = snapshot_fixture_snapshot(f.fixture);
	}
	for (size_t i = 0; i < ARRAY_SIZE(target_names); i++) {
		struct target_status *status =
			snapshot_fixture_status(f.fixture, target_names[i]);
		status->admin = TARGET_READY;
		status->health = TARGET_UP;
		status->outstanding = 0;
		status->calls = 0;
	}
	f.now = START;
	f.sent_count = 0;
	f.probes = f.probes_told = 0;
	f.len = 0;
	f.proxy = proxy_create(&config, f.now);
	REQUIRE(f.proxy);
}

static void engine_close(bool checks)
{
	struct proxy_stats stats;

	if (checks)
		invariants_check();
	/* Timer C, then 64*T1 for the CANCEL, then the timers of what is left. */
	time_pass(600 * 1000);
	proxy_stats_read(f.proxy, &stats);
	if (stats.dialogs) /* with a Session-Expires */
		time_pass(UINT64_C(8) * 24 * 3600 * 1000);
	if (checks)
		invariants_check();
	proxy_stats_read(f.proxy, &stats);
	REQUIRE(stats.txns == 0 && stats.tombstones == 0 && stats.timers == 0);
	REQUIRE(stats.retained == 0 && stats.outbox_full == 0);
	REQUIRE(stats.dialogs == 0);
	REQUIRE(f.probes == f.probes_told); /* each once */
	for (size_t i = 0; i < ARRAY_SIZE(target_names); i++) {
		const struct target_status *status =
			snapshot_fixture_status(f.fixture, target_names[i]);
		REQUIRE(status->outstanding == 0 && status->calls == 0);
	}
	proxy_destroy(f.proxy);
}

#endif
