/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine among hostile peers.  An input is a list of steps on one engine: datagrams of callers,
 * targets and strangers, made from templates and then mutated, or raw; responses that quote the
 * Via of what the engine sent, so that deep states are reached; retransmissions; time that passes;
 * ICMP errors; targets that come and go.  What must hold is in engine_world.h; after the last timer
 * nothing may be left.
 */
#include <stdarg.h>

#include "engine_world.h"

#define STEPS_MAX 64
#define INPUT_MAX 4096
/* A look at all invariants walks the whole timer wheel, a hundred times the work of a step: the
 * fuzzer takes one after one input of 32, a replay after every step. */
#ifdef FUZZING
#define CHECKS_STEPS       false
#define CHECKS_INPUT(size) ((size) % 32 == 0)
#else
#define CHECKS_STEPS       true
#define CHECKS_INPUT(size) true
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- steps */

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
	/* Most twice: the choice is modulo the count, and old inputs keep their meaning. */
	static const char *const locals[] = { "192.0.2.1:5060", "192.0.2.1:5070", "192.0.2.1:5080",
					      "198.51.100.1:5060", "192.0.2.1:5060", "192.0.2.1:5090",
					      "192.0.2.1:5080", "198.51.100.1:5060" };
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
	static const char *const vias[][2] = { /* before the branch's number, and after it */
		{ "192.0.2.50:5060;branch=z9hG4bK-", "" },
		{ "192.0.2.50;rport;branch=z9hG4bK-", "" },
		{ "phone.example.net;branch=z9hG4bK-", ", SIP/2.0/UDP 10.0.0.1" },
		{ "192.0.2.50;branch=", "" },
		{ "192.0.2.1:5060;branch=z9hG4bK-", "" },
		{ "192.0.2.50;maddr=203.0.113.77;received=9.9.9.9;branch=z9hG4bK-", "" },
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
	put("%s %s SIP/2.0\r\n", method, PICK(uris));
	const char *const *via = vias[take() % ARRAY_SIZE(vias)];
	put("Via: SIP/2.0/UDP %s%u%s\r\n", via[0], number, via[1]);
	put("%sFrom: <sip:caller@example.net>;tag=f%u\r\nTo: <sip:100@example.net>%s\r\n",
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

static void target_probe(const char *name, uint32_t timeout_ms)
{
	uint16_t target = snapshot_fixture_target(f.fixture, name);
	struct proxy_probe probe = {
		.target_id = f.snapshot->targets[target].id,
		.number = ++f.probes,
		.timeout_ms = timeout_ms,
		.target = target,
	};

	proxy_probe_call_id(f.snapshot, f.probes, probe.call_id);
	outbox_reset(&f.outbox);
	proxy_probe(f.proxy, f.snapshot, &probe, f.now, &f.outbox);
	REQUIRE(f.outbox.count + f.outbox.outcome_count == 1);
	outbox_check(NULL, false);
}

static void step_target(void)
{
	const char *name = PICK(target_names);
	struct target_status *status = snapshot_fixture_status(f.fixture, name);
	uint8_t how = take();

	if (how >= 225) {
		target_probe(name, 10u << (how - 225) / 2);
		return;
	}
	status->admin = how % 3;       /* ready, drain, maint */
	status->health = how / 3 % 3; /* up, down, blacklisted */
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
