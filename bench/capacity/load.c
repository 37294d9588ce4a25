/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls through an engine; see load.h. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "support/snapshot_fixture.h"

#define HEADROOM  1024u
#define TAILROOM  1024u
#define ROWS_MAX  1024u /* Via and Record-Route rows of a call */
#define DIGITS    16u
#define STAGE_STAY_MAX 1000000u /* cycles: no stage of one message takes that long */

enum { ACCESS, CORE }; /* interfaces */

static const char snapshot_text[] =
	"interface access address 192.0.2.1/24\n"
	"interface core address 198.51.100.1/24\n"
	"pool sw\n"
	"target sw sw1 198.51.100.11:5060\n"
	"target sw sw2 198.51.100.12:5060\n"
	"target sw sw3 198.51.100.13:5060\n"
	"target sw sw4 198.51.100.14:5060\n"
	"service in listen 192.0.2.1:5060 pool sw record-route\n";

/* In templates a run of DIGITS '#' stands for the call's number. */
#define NUMBER "################"

static const char invite_text[] =
	"INVITE sip:+439876543210@example.net;user=phone SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.50:5060;rport;branch=z9hG4bKi" NUMBER "\r\n"
	"Max-Forwards: 70\r\n"
	"From: \"Alice Example\" <sip:+431234567890@example.com>;tag=f" NUMBER "\r\n"
	"To: <sip:+439876543210@example.net>\r\n"
	"Call-ID: " NUMBER "-a84b4c76e66710@192.0.2.50\r\n"
	"CSeq: 101 INVITE\r\n"
	"Contact: <sip:+431234567890@192.0.2.50:5060>\r\n"
	"Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO\r\n"
	"Supported: 100rel, timer, replaces\r\n"
	"Session-Expires: 1800;refresher=uac\r\n"
	"P-Asserted-Identity: <sip:+431234567890@example.com;user=phone>\r\n"
	"Date: Thu, 01 Jan 2026 12:00:00 GMT\r\n"
	"Privacy: none\r\n"
	"User-Agent: Example Gateway 1.0\r\n"
	"Content-Type: application/sdp\r\n"
	"Content-Length: 234\r\n"
	"\r\n"
	"v=0\r\no=- 20518 0 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\n"
	"m=audio 49170 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
	"a=ptime:20\r\n";
static const char identity_text[] =
	"From: \"Alice Example\" <sip:+431234567890@example.com>;tag=f" NUMBER "\r\n"
	"To: <sip:+439876543210@example.net>;tag=t" NUMBER "\r\n"
	"Call-ID: " NUMBER "-a84b4c76e66710@192.0.2.50\r\n";
static const char invite_answer_text[] = "CSeq: 101 INVITE\r\n"
					 "Contact: <sip:+439876543210@198.51.100.11:5060>\r\n"
					 "Content-Length: 0\r\n\r\n";
static const char bye_answer_text[] = "CSeq: 102 BYE\r\nContent-Length: 0\r\n\r\n";

struct bench_call {
	uint64_t number;
	uint32_t next;               /* in its slot of the calendar, or in the free list */
	uint16_t via_len, route_len; /* of rows[]: Via rows, then Record-Route rows */
	char rows[ROWS_MAX];
};

/* Where the rows stand in a request that a target received: learnt from the first, the same for
 * all, since every part of it has a fixed length. */
struct layout {
	uint32_t len;
	uint32_t via, via_len;       /* ours */
	uint32_t route, route_len;   /* Record-Route rows; none in a BYE */
	uint32_t below, below_len;   /* the caller's Via */
};

struct load {
	struct load_config config;
	struct snapshot_fixture *fixture;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox *outbox;
	tick_t now;
	double due;                  /* calls to begin, whole and part */
	uint64_t numbers, random;
	struct bench_call *calls;
	uint32_t call_count, free_call;
	uint32_t *calendar, calendar_mask; /* lists of calls, a millisecond each */
	struct layout invite, bye;
	struct endpoint caller, access, core, target;
	uint64_t overhead;           /* cycles that measuring takes */
	struct stage_clock stages;
	struct load_counts counts;
	char buffer[HEADROOM + 4096 + TAILROOM];
};

#define NO_CALL UINT32_MAX

static bool unexpected(const char *what)
{
	fprintf(stderr, "capacity: %s\n", what);
	return false;
}

/* ---- text */

static char *put(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}
#define PUT(at, text) put((at), (text), sizeof(text) - 1)

static void put_number(char *at, uint64_t number)
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < DIGITS; i++, number >>= 4)
		at[DIGITS - 1 - i] = digits[number & 15];
}

/* A template's text with the call's number in it. */
static char *put_numbered(char *at, const char *text, size_t len, uint64_t number)
{
	char *start = at, *end = put(at, text, len);

	while ((start = memchr(start, '#', (size_t)(end - start))) != NULL) {
		put_number(start, number);
		start += DIGITS;
	}
	return end;
}
#define PUT_NUMBERED(at, text, number) put_numbered((at), (text), sizeof(text) - 1, (number))

/* Numbers that follow each other differ in all digits, as Call-IDs do. */
static uint64_t number_of(uint64_t n)
{
	return hash_mix64(n);
}

/* ---- engine */

static bool receive(struct load *load, const char *end, const struct endpoint *source,
		    const struct endpoint *local, uint16_t interface, enum verdict_kind wanted)
{
	struct proxy_datagram datagram = {
		.data = load->buffer + HEADROOM,
		.len = (uint32_t)(end - load->buffer) - HEADROOM,
		.headroom = HEADROOM,
		.interface = interface,
		.source = *source,
		.local = *local,
	};

	datagram.tailroom = (uint32_t)sizeof(load->buffer) - HEADROOM - datagram.len;
	outbox_reset(load->outbox);
	uint64_t before = __rdtsc();
	stage_pass_begin(&load->stages, STAGE_OTHER, before);
	struct verdict verdict =
		proxy_receive(load->proxy, load->snapshot, &datagram, load->now, load->outbox);
	uint64_t after = __rdtsc(), cycles = after - before;
	stage_pass_end(&load->stages, true, 1, after);
	load->counts.cycles += cycles - MIN(cycles, load->overhead);
	load->counts.messages++;
	if (verdict.kind == wanted)
		return true;
	fprintf(stderr, "capacity: %s %s for\n%.*s\n", verdict_kind_name(verdict.kind),
		verdict_reasons[verdict.reason].name, (int)datagram.len, datagram.data);
	return false;
}

static char *start(struct load *load)
{
	return load->buffer + HEADROOM;
}

static bool to_targets(struct load *load, const struct outbox_entry **entry)
{
	for (uint32_t i = 0; i < load->outbox->count; i++) {
		*entry = &load->outbox->entries[i];
		if ((*entry)->interface == CORE)
			return true;
	}
	return unexpected("nothing was sent to a target");
}

/* The row that begins at `at`; what is behind it. */
static uint32_t row_end(const char *text, uint32_t len, uint32_t at)
{
	const char *end = memchr(text + at, '\n', len - at);

	return end ? (uint32_t)(end - text) + 1 : len;
}

static bool learn(const char *text, uint32_t len, struct layout *layout)
{
	uint32_t vias = 0;

	*layout = (struct layout){ .len = len };
	for (uint32_t at = row_end(text, len, 0), end; at < len; at = end) {
		end = row_end(text, len, at);
		if (memcmp(text + at, "Via: ", 5) == 0) {
			uint32_t *start_at = vias ? &layout->below : &layout->via;
			uint32_t *its_len = vias ? &layout->below_len : &layout->via_len;
			*start_at = at;
			*its_len = end - at;
			vias++;
		} else if (memcmp(text + at, "Record-Route: ", 14) == 0) {
			if (!layout->route_len)
				layout->route = at;
			layout->route_len = end - layout->route;
		}
	}
	return vias == 2 || unexpected("a request with other than two Via rows");
}

/* The rows of a forwarded request, for its responses. */
static bool keep_rows(struct load *load, struct bench_call *call, struct layout *layout)
{
	const struct outbox_entry *entry;

	if (!to_targets(load, &entry))
		return false;
	const char *text = entry->data;
	if ((layout->len != entry->len || memcmp(text + layout->via, "Via: ", 5) != 0) &&
	    !learn(text, entry->len, layout))
		return false;
	char *at = put(call->rows, text + layout->via, layout->via_len);
	at = put(at, text + layout->below, layout->below_len);
	call->via_len = (uint16_t)(at - call->rows);
	at = put(at, text + layout->route, layout->route_len);
	call->route_len = (uint16_t)(at - call->rows - call->via_len);
	return true;
}

/* ---- messages */

static bool send_invite(struct load *load, struct bench_call *call)
{
	char *end = PUT_NUMBERED(start(load), invite_text, call->number);

	return receive(load, end, &load->caller, &load->access, ACCESS, VERDICT_FORWARD) &&
	       keep_rows(load, call, &load->invite);
}

static bool answer_invite(struct load *load, const struct bench_call *call, bool is_final)
{
	char *at = start(load);

	at = is_final ? PUT(at, "SIP/2.0 200 OK\r\n") : PUT(at, "SIP/2.0 180 Ringing\r\n");
	at = put(at, call->rows, (size_t)call->via_len + call->route_len);
	at = PUT_NUMBERED(at, identity_text, call->number);
	at = PUT(at, invite_answer_text);
	return receive(load, at, &load->target, &load->core, CORE, VERDICT_FORWARD);
}

/* The Record-Route rows as Route rows, the last first (§12.1.2): two rows. */
static char *put_routes(char *at, const struct bench_call *call)
{
	const char *rows = call->rows + call->via_len;
	uint32_t second = row_end(rows, call->route_len, 0);
	const uint32_t skip = sizeof("Record-") - 1;

	if (second < call->route_len)
		at = put(at, rows + second + skip, call->route_len - second - skip);
	return put(at, rows + skip, second - skip);
}

static bool send_in_dialog(struct load *load, const struct bench_call *call, bool is_ack)
{
	char *at = start(load);

	at = is_ack ? PUT(at, "ACK sip:+439876543210@198.51.100.11:5060 SIP/2.0\r\n") :
		      PUT(at, "BYE sip:+439876543210@198.51.100.11:5060 SIP/2.0\r\n");
	at = is_ack ? PUT_NUMBERED(at, "Via: SIP/2.0/UDP 192.0.2.50:5060;rport;branch=z9hG4bKa" NUMBER
				       "\r\n",
				   call->number) :
		      PUT_NUMBERED(at, "Via: SIP/2.0/UDP 192.0.2.50:5060;rport;branch=z9hG4bKb" NUMBER
				       "\r\n",
				   call->number);
	at = put_routes(at, call);
	at = PUT(at, "Max-Forwards: 70\r\n");
	at = PUT_NUMBERED(at, identity_text, call->number);
	at = is_ack ? PUT(at, "CSeq: 101 ACK\r\n") : PUT(at, "CSeq: 102 BYE\r\n");
	at = PUT(at, "Content-Length: 0\r\n\r\n");
	return receive(load, at, &load->caller, &load->access, ACCESS, VERDICT_FORWARD);
}

static bool answer_bye(struct load *load, struct bench_call *call)
{
	if (!keep_rows(load, call, &load->bye))
		return false;
	char *at = PUT(start(load), "SIP/2.0 200 OK\r\n");
	at = put(at, call->rows, call->via_len);
	at = PUT_NUMBERED(at, identity_text, call->number);
	at = PUT(at, bye_answer_text);
	return receive(load, at, &load->target, &load->core, CORE, VERDICT_FORWARD);
}

/* ---- calls */

static void schedule(struct load *load, uint32_t call, uint64_t in_ms)
{
	uint32_t *list = &load->calendar[(tick_to_ms(load->now) + in_ms) & load->calendar_mask];

	load->calls[call].next = *list;
	*list = call;
}

static uint64_t ring_time(struct load *load)
{
	load->random = load->random * 6364136223846793005u + 1442695040888963407u;
	uint64_t ring = load->config.ring_ms;

	return ring / 2 + ((load->random >> 33) * (ring + 1) >> 31);
}

static bool begin(struct load *load)
{
	uint32_t index = load->free_call;

	if (index == NO_CALL)
		return unexpected("more calls ring than were planned");
	struct bench_call *call = &load->calls[index];
	load->free_call = call->next;
	call->number = number_of(load->numbers++);
	if (!send_invite(load, call) || !answer_invite(load, call, false))
		return false;
	schedule(load, index, MAX(ring_time(load), 1u));
	return true;
}

static bool finish(struct load *load, uint32_t index)
{
	struct bench_call *call = &load->calls[index];

	if (!answer_invite(load, call, true) || !send_in_dialog(load, call, true) ||
	    !send_in_dialog(load, call, false) || !answer_bye(load, call))
		return false;
	load->counts.calls++;
	call->next = load->free_call;
	load->free_call = index;
	return true;
}

static void expire(struct load *load)
{
	bool more = proxy_next_expiry(load->proxy) <= load->now;

	while (more) {
		outbox_reset(load->outbox);
		uint64_t before = __rdtsc();
		stage_pass_begin(&load->stages, STAGE_OTHER, before);
		more = proxy_expire(load->proxy, load->snapshot, load->now, load->outbox);
		uint64_t after = __rdtsc(), cycles = after - before;
		stage_pass_end(&load->stages, true, 0, after);
		cycles -= MIN(cycles, load->overhead);
		load->counts.cycles += cycles;
		load->counts.expire_cycles += cycles;
	}
}

static bool step(struct load *load)
{
	load->now += TICK_MS(1);
	expire(load);
	uint32_t *list = &load->calendar[tick_to_ms(load->now) & load->calendar_mask];
	uint32_t index = *list;
	*list = NO_CALL;
	for (uint32_t next; index != NO_CALL; index = next) {
		next = load->calls[index].next;
		if (!finish(load, index))
			return false;
	}
	for (load->due += load->config.calls_a_second / 1000; load->due >= 1; load->due--) {
		if (!begin(load))
			return false;
	}
	return true;
}

bool load_run(struct load *load, uint32_t ms)
{
	while (ms--) {
		if (!step(load))
			return false;
	}
	return true;
}

/* ---- creation */

static uint64_t measuring_overhead(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 10000; i++) {
		uint64_t before = __rdtsc();
		uint64_t cycles = __rdtsc() - before;
		least = MIN(least, cycles);
	}
	return least;
}

static uint64_t read_cycles(void)
{
	return __rdtsc();
}

static void create_stages(struct load *load)
{
	const struct stage_clock_config config = {
		.read = read_cycles,
		.seed = 1,
		.passes_a_sample = load->config.passes_a_sample,
		.stay_max = STAGE_STAY_MAX,
	};

	load->stages = stage_clock_off;
	if (load->config.passes_a_sample)
		stage_clock_init(&load->stages, &config);
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint out = { .port = 0 };

	if (!endpoint_parse(span_of_string(text), 5060, &out))
		abort();
	return out;
}

static bool create_calls(struct load *load)
{
	const struct load_config *config = &load->config;
	uint32_t slots = 1;

	while (slots < 2 * config->ring_ms + 2)
		slots *= 2;
	load->call_count = (uint32_t)(config->calls_a_second * (config->ring_ms + 2) / 1000 * 1.1) + 64;
	load->calls = calloc(load->call_count, sizeof(*load->calls));
	load->calendar = malloc(slots * sizeof(*load->calendar));
	load->calendar_mask = slots - 1;
	if (!load->calls || !load->calendar)
		return false;
	for (uint32_t i = 0; i < slots; i++)
		load->calendar[i] = NO_CALL;
	for (uint32_t i = 0; i < load->call_count; i++)
		load->calls[i].next = i + 1 < load->call_count ? i + 1 : NO_CALL;
	return true;
}

struct load *load_create(const struct load_config *config)
{
	struct proxy_config engine = {
		.txns_max = config->txns_max,
		.tombstones_max = config->tombstones_max,
		.retain_max = config->retain_max,
		.seed = 1,
	};
	struct load *load = calloc(1, sizeof(*load));
	char error[256] = "";

	if (!load)
		return NULL;
	load->config = *config;
	create_stages(load);
	engine.stages = &load->stages;
	load->now = TICK_SECONDS(1000);
	load->random = 1;
	load->overhead = measuring_overhead();
	load->caller = endpoint("192.0.2.50:5060");
	load->access = endpoint("192.0.2.1:5060");
	load->core = endpoint("198.51.100.1:5060");
	load->target = endpoint("198.51.100.11:5060");
	load->fixture = snapshot_fixture_create(snapshot_text, error, sizeof(error));
	load->outbox = calloc(1, sizeof(*load->outbox));
	if (load->fixture)
		load->snapshot = snapshot_fixture_snapshot(load->fixture);
	load->proxy = proxy_create(&engine, load->now);
	if (load->fixture && load->outbox && load->proxy && create_calls(load))
		return load;
	unexpected(*error ? error : "out of memory");
	load_destroy(load);
	return NULL;
}

void load_destroy(struct load *load)
{
	if (!load)
		return;
	if (load->proxy)
		proxy_destroy(load->proxy);
	snapshot_fixture_destroy(load->fixture);
	free(load->outbox);
	free(load->calls);
	free(load->calendar);
	free(load);
}

void load_take_counts(struct load *load, struct load_counts *counts)
{
	*counts = load->counts;
	load->counts = (struct load_counts){ .calls = 0 };
}

const struct stage_totals *load_stages(const struct load *load)
{
	return &load->stages.totals;
}

const struct proxy *load_proxy(const struct load *load)
{
	return load->proxy;
}

uint32_t load_invite_octets(const struct load *)
{
	return sizeof(invite_text) - 1;
}
