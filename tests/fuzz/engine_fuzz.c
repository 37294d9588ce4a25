/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine among hostile peers.  An input is a list of steps on one engine: datagrams of callers,
 * targets and strangers, made from templates and then mutated, or raw; responses that quote the
 * Via of what the engine sent, so that deep states are reached; retransmissions; time that passes;
 * ICMP errors; targets that come and go.  What must hold after every step: see outbox_check and
 * invariants_check; after the last timer nothing may be left.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "balance/interface.h"
#include "proxy/proxy.h"
#include "sip/edit.h"
#include "sip/message.h"
#include "support/snapshot_fixture.h"

#define STEPS_MAX   64
#define ROOM        1024
#define DATAGRAM    8192 /* octets of a template or raw datagram, at most */
#define HISTORY     16
#define INPUT_MAX   4096
/* A look at all invariants walks the whole timer wheel, a hundred times the work of a step: the
 * fuzzer takes one after one input of 32, a replay after every step. */
#ifdef FUZZING
#define CHECKS_STEPS       false
#define CHECKS_INPUT(size) ((size) % 32 == 0)
#else
#define CHECKS_STEPS       true
#define CHECKS_INPUT(size) true
#endif
#define START       TICK_SECONDS(1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	"pool hashed\n"
	"target hashed h1 198.51.100.11:5060\n"
	"target hashed h2 198.51.100.12:5060\n"
	"target hashed h3 198.51.100.13:5060\n"
	"pool turns policy round-robin attempts 3\n"
	"target turns t1 198.51.100.21:5060\n"
	"target turns t2 198.51.100.22:5060\n"
	"pool trunks\n"
	"target trunks x1 203.0.113.9:5060\n"
	"service in listen 192.0.2.1:5060 listen [2001:db8:0:1::1]:5060 pool hashed record-route nat auto\n"
	"service turn listen 192.0.2.1:5070 pool turns record-route push-route rewrite-host\n"
	"service plain listen 192.0.2.1:5080 pool turns\n"
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
		    verdict->kind == VERDICT_FORWARD && verdict->reason != REASON_FAILOVER &&
		    f.out.is_request == f.in.is_request && f.out.method == f.in.method &&
		    f.out.status == f.in.status) {
			forwarded_check(entry);
			forwarded++;
		}
		letter_keep(entry);
	}
	if (!verdict)
		return;
	if (verdict->kind == VERDICT_FORWARD && verdict->reason != REASON_FAILOVER)
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

/* ---- steps */

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

static void mutate(void)
{
	uint8_t count = take() % 8;

	/* Mostly none: a message that is refused leads nowhere. */
	for (count = count < 5 ? 0 : (uint8_t)(count - 4); count && f.len; count--) {
		uint32_t at = take16() % f.len, n = 1 + take() % 32;
		n = MIN(n, f.len - at);
		switch (take() % 5) {
		case 0:
			f.text[at] = (char)take();
			break;
		case 1:
			memmove(f.text + at, f.text + at + n, f.len - at - n);
			f.len -= n;
			break;
		case 2: /* twice */
			if (f.len + n > DATAGRAM)
				break;
			memmove(f.text + at + n, f.text + at, f.len - at);
			f.len += n;
			break;
		case 3:
			f.len = at;
			break;
		default:
			f.text[at] ^= 0x20;
			break;
		}
	}
}

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(f.text + f.len, DATAGRAM - f.len, format, arguments);
	va_end(arguments);
	f.len = MIN(f.len + (uint32_t)n, (uint32_t)DATAGRAM - 1);
}

static void put_span(struct span s)
{
	s.len = MIN(s.len, DATAGRAM - 1 - f.len);
	memcpy(f.text + f.len, s.data, s.len);
	f.len += (uint32_t)s.len;
}

static void rows_copy(const struct sip_message *msg, enum sip_header_id id, const char *name)
{
	const struct sip_header *row = sip_message_find(msg, id);

	for (; row; row = sip_message_find_next(msg, row)) {
		put("%s: ", name);
		put_span(sip_header_value(msg, row));
		put("\r\n");
	}
}

/* The n-th letter back, parsed into f.in; NULL: none, or it does not parse. */
static const struct letter *letter_take(bool is_request)
{
	uint32_t back = take() % HISTORY;

	for (uint32_t i = 0; i < HISTORY; i++) {
		uint32_t n = back + i;
		if (n >= f.sent_count || n >= HISTORY)
			return NULL;
		const struct letter *letter = &f.sent[(f.sent_count - 1 - n) % HISTORY];
		if (sip_message_parse(&f.in, letter->data, letter->len) == VERDICT_REASON_NONE &&
		    f.in.is_request == is_request)
			return letter;
	}
	return NULL;
}

static void caller_place(void)
{
	static const char *const callers[] = { "192.0.2.50:5060", "192.0.2.51:40000",
					       "203.0.113.20:5060", "[2001:db8:0:1::50]:5060",
					       "198.51.100.11:5060", "198.18.0.9:5060" };
	static const char *const locals[] = { "192.0.2.1:5060", "192.0.2.1:5070", "192.0.2.1:5080",
					      "198.51.100.1:5060" };
	uint8_t which = take() % ARRAY_SIZE(callers);

	endpoint_set(&f.from, callers[which]);
	endpoint_set(&f.to, which == 3 ? "[2001:db8:0:1::1]:5060" :
			    which == 4 ? "198.51.100.1:5060" : PICK(locals));
}

static void step_request(void)
{
	static const char *const methods[] = { "INVITE", "INVITE", "MESSAGE", "ACK", "CANCEL",
					       "OPTIONS", "BYE", "REGISTER", "SUBSCRIBE",
					       "NOTIFY", "PRACK", "FROB" };
	static const char *const vias[] = {
		"SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK-%u",
		"SIP/2.0/UDP 192.0.2.50;rport;branch=z9hG4bK-%u",
		"SIP/2.0/UDP phone.example.net;branch=z9hG4bK-%u, SIP/2.0/UDP 10.0.0.1",
		"SIP/2.0/UDP 192.0.2.50;branch=%u",
		"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-%u",
		"SIP/2.0/UDP 192.0.2.50;maddr=203.0.113.77;received=9.9.9.9;branch=z9hG4bK-%u",
	};
	static const char *const uris[] = {
		"sip:100@example.net", "sip:198.51.100.11", "sip:192.0.2.1", "sip:100@203.0.113.20",
		"tel:+4930100", "sip:192.0.2.1:5060;lr", "sip:peer.example.net:5070", "sips:a@b",
		"sip:1@198.18.0.7", "sip:2@[2001:db8:0:1::9]",
	};
	static const char *const extras[] = {
		"", "", "", "Max-Forwards: 0\r\n", "Route: <sip:192.0.2.1;lr>\r\n",
		"Route: <sip:192.0.2.1;lr>, <sip:198.51.100.12>\r\n", "Max-Breadth: 99\r\n",
		"Proxy-Require: x, y\r\n", "Replaces: other@caller;to-tag=1;from-tag=2\r\n",
		"Supported: path\r\n", "Route: <sip:203.0.113.20;lr>\r\nRoute: <sip:a@b;lr>\r\n",
	};
	uint8_t call = take() % 4, number = take() % 8;
	const char *method = PICK(methods);

	caller_place();
	f.len = 0;
	put("%s %s SIP/2.0\r\nVia: ", method, PICK(uris));
	switch (take() % 6) {
	case 0: put(vias[0], number); break;
	case 1: put(vias[1], number); break;
	case 2: put(vias[2], number); break;
	case 3: put(vias[3], number); break;
	case 4: put(vias[4], number); break;
	default: put(vias[5], number); break;
	}
	put("\r\n%sFrom: <sip:caller@example.net>;tag=f%u\r\nTo: <sip:100@example.net>%s\r\n",
	    PICK(extras), call, take() % 4 ? "" : ";tag=t1");
	put("Call-ID: call-%u@caller\r\nCSeq: %u %s\r\n", call, number, method);
	put("Content-Length: 0\r\n\r\n");
	mutate();
	receive();
}

/* A target's answer to something that the engine sent. */
static void step_response(void)
{
	static const char *const lines[] = { "100 Trying", "180 Ringing", "183 Progress", "200 OK",
					     "200 OK", "302 Moved", "401 Unauthorized",
					     "408 Timeout", "486 Busy", "487 Cancelled",
					     "500 Error", "503 Unavailable", "503 Unavailable",
					     "600 Busy" };
	const struct letter *letter = letter_take(true);

	if (!letter)
		return;
	f.len = 0;
	put("SIP/2.0 %s\r\n", PICK(lines));
	rows_copy(&f.in, SIP_HEADER_VIA, "Via");
	rows_copy(&f.in, SIP_HEADER_RECORD_ROUTE, "Record-Route");
	rows_copy(&f.in, SIP_HEADER_FROM, "From");
	put("To: ");
	put_span(sip_header_value(&f.in, sip_message_find(&f.in, SIP_HEADER_TO)));
	put("%s\r\n", f.in.to_tag.len ? "" : take() & 1 ? ";tag=t1" : ";tag=t2");
	rows_copy(&f.in, SIP_HEADER_CALL_ID, "Call-ID");
	rows_copy(&f.in, SIP_HEADER_CSEQ, "CSeq");
	put("%sContent-Length: 4\r\n\r\nbody", take() % 4 ? "" : "Retry-After: 5\r\n");
	f.from = letter->destination;
	f.to = letter->source;
	if (take() % 16 == 15)
		endpoint_set(&f.from, f.to.address.family == IP_V4 ? "198.18.0.9:5060"
								   : "[2001:db8:9::9]:5060");
	mutate();
	receive();
}

/* A request within the dialog of a response that went up, with its Record-Route as Route; from
 * either side. */
static void step_dialog(void)
{
	static const char *const methods[] = { "ACK", "BYE", "INVITE", "UPDATE", "NOTIFY" };
	const struct letter *letter = letter_take(false);
	const char *method = PICK(methods);
	bool from_callee = take() & 1;
	char routes[8][512];
	uint32_t count = 0;
	struct sip_value_cursor at;

	if (!letter)
		return;
	for (bool more = sip_value_first(&f.in, SIP_HEADER_RECORD_ROUTE, &at); more && count < 8;
	     more = sip_value_next(&f.in, &at))
		snprintf(routes[count++], sizeof(routes[0]), "%.*s", SPAN_ARGS(at.value));
	f.len = 0;
	put("%s sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-d%u\r\n", method,
	    from_callee ? "caller@192.0.2.50" : "198.51.100.11",
	    from_callee ? "198.51.100.11" : "192.0.2.50", take() % 4);
	for (uint32_t i = 0; i < count; i++)
		put("Route: %s\r\n", routes[from_callee ? i : count - 1 - i]);
	rows_copy(&f.in, from_callee ? SIP_HEADER_TO : SIP_HEADER_FROM, "From");
	rows_copy(&f.in, from_callee ? SIP_HEADER_FROM : SIP_HEADER_TO, "To");
	rows_copy(&f.in, SIP_HEADER_CALL_ID, "Call-ID");
	put("CSeq: ");
	put_span(sip_slice_span(&f.in, f.in.cseq_number));
	put(" %s\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", method);
	if (from_callee) {
		endpoint_set(&f.from, "198.51.100.11:5060");
		endpoint_set(&f.to, "198.51.100.1:5060");
	} else {
		f.from = letter->destination;
		f.to = letter->source;
	}
	mutate();
	receive();
}

/* ACK or CANCEL of the transaction of a response that went to a caller. */
static void step_follow(void)
{
	const struct letter *letter = letter_take(false);
	const char *method = take() & 1 ? "ACK" : "CANCEL";

	if (!letter)
		return;
	f.len = 0;
	put("%s sip:100@example.net SIP/2.0\r\nVia: ", method);
	put_span(f.in.via.value);
	put("\r\nMax-Forwards: 70\r\n");
	rows_copy(&f.in, SIP_HEADER_FROM, "From");
	rows_copy(&f.in, SIP_HEADER_TO, "To");
	rows_copy(&f.in, SIP_HEADER_CALL_ID, "Call-ID");
	put("CSeq: ");
	put_span(sip_slice_span(&f.in, f.in.cseq_number));
	put(" %s\r\nContent-Length: 0\r\n\r\n", method);
	f.from = letter->destination;
	f.to = letter->source;
	mutate();
	receive();
}

/* What the engine sent comes back to it: a loop, a reflection. */
static void step_reflect(void)
{
	const struct letter *letter = letter_take(take() & 1);

	if (!letter)
		return;
	memcpy(f.text, letter->data, letter->len);
	f.len = letter->len;
	f.from = letter->destination;
	f.to = letter->source;
	if (take() & 1)
		caller_place();
	mutate();
	receive();
}

static void step_raw(void)
{
	uint32_t n = take16() % 1024;

	caller_place();
	n = MIN(n, (uint32_t)(f.end - f.at));
	memcpy(f.text, f.at, n);
	f.at += n;
	f.len = n;
	receive();
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

static void step_time(void)
{
	static const uint16_t spans[] = { 1, 10, 200, 500, 1000, 4000, 5000, 32000, 60000 };
	uint8_t which = take();

	time_pass(which < 240 ? spans[which % ARRAY_SIZE(spans)] : take16());
}

static void step_error(void)
{
	const struct letter *letter = letter_take(take() & 7 ? true : false);

	if (!letter)
		return;
	struct endpoint destination = letter->destination;
	uint32_t n = MIN(letter->len, take() * 4u);
	char *quoted = malloc(n + 1);
	memcpy(quoted, letter->data, n);
	if (take() % 8 == 7)
		endpoint_set(&destination, "198.18.0.9:5060");
	outbox_reset(&f.outbox);
	struct verdict verdict = proxy_transport_error(f.proxy, f.snapshot, span_of(quoted, n),
						       &destination, f.now, &f.outbox);
	REQUIRE(verdict.kind == VERDICT_DROP || verdict.kind == VERDICT_ABSORB);
	free(quoted);
	if (verdict.kind == VERDICT_DROP)
		REQUIRE(f.outbox.count == 0);
	outbox_check(NULL, false);
}

static void step_target(void)
{
	struct target_status *status =
		snapshot_fixture_status(f.fixture, PICK(target_names));
	uint8_t how = take();

	status->admin = how % 3;       /* ready, drain, maint */
	status->health = how / 3 % 3; /* up, down, blacklisted */
}

/* ---- one input */

static void engine_open(void)
{
	const struct proxy_config config = {
		.worker = 0, .txns_max = 6, .tombstones_max = 6, .retain_max = 64 << 10, .seed = 7,
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
	}
	f.now = START;
	f.sent_count = 0;
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
	if (checks)
		invariants_check();
	proxy_stats_read(f.proxy, &stats);
	REQUIRE(stats.txns == 0 && stats.tombstones == 0 && stats.timers == 0);
	REQUIRE(stats.retained == 0 && stats.outbox_full == 0);
	for (size_t i = 0; i < ARRAY_SIZE(target_names); i++)
		REQUIRE(snapshot_fixture_status(f.fixture, target_names[i])->outstanding == 0);
	proxy_destroy(f.proxy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(void) = {
		step_request, step_response, step_request, step_response, step_time,  step_follow,
		step_dialog,  step_error,    step_target,  step_reflect,  step_raw,   receive,
	};

	if (size > INPUT_MAX)
		return 0;
	f.at = data;
	f.end = data + size;
	engine_open();
	for (int i = 0; i < STEPS_MAX && f.at < f.end; i++) {
		steps[take() % ARRAY_SIZE(steps)]();
		if (CHECKS_STEPS)
			invariants_check();
	}
	engine_close(CHECKS_INPUT(size));
	return 0;
}
