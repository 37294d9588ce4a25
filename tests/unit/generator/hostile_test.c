/* SPDX-License-Identifier: BSD-3-Clause */
/* A hostile proxy: any octets, at any time, leave the call engine sound. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define PACKETS  64u
#define MESSAGES_KEPT 256u

struct hostile {
	struct traffic *traffic;
	struct endpoint proxy[TRAFFIC_SIDES], callers[2], targets[2];
	uint64_t now, random;
	struct traffic_packet packets[PACKETS];
	char buffers[PACKETS][TRAFFIC_OCTETS_MAX];
	struct {
		uint32_t len;
		char data[TRAFFIC_OCTETS_MAX];
	} kept[MESSAGES_KEPT];
	uint32_t kept_count;
};

static uint64_t draw(struct hostile *h, uint64_t below)
{
	return hash_mix64(h->random += 0x9e3779b97f4a7c15u) % below;
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint out = { .port = 0 };

	assert_true(endpoint_parse(span_of_string(text), 5060, &out));
	return out;
}

static struct hostile *hostile_create(void)
{
	struct hostile *h = calloc(1, sizeof(*h));
	char error[128];

	assert_non_null(h);
	h->proxy[TRAFFIC_CALLERS] = endpoint("192.0.2.1");
	h->proxy[TRAFFIC_TARGETS] = endpoint("198.51.100.1");
	for (int i = 0; i < 2; i++) {
		h->callers[i] = endpoint(i ? "192.0.2.51" : "192.0.2.50");
		h->targets[i] = endpoint(i ? "198.51.100.12" : "198.51.100.11");
	}
	const struct traffic_config config = {
		.callers = h->callers, .targets = h->targets, .caller_count = 2, .target_count = 2,
		.proxy = { h->proxy[0], h->proxy[1] }, .calls_max = 64, .seed = 3,
		.tsc_hz = VIRTUAL_HZ, .faults_max = 2,
	};
	h->now = VIRTUAL_HZ;
	h->random = 11;
	h->traffic = traffic_create(&config, h->now, error, sizeof(error));
	assert_non_null(h->traffic);
	return h;
}

static void hostile_destroy(struct hostile *h)
{
	traffic_destroy(h->traffic);
	free(h);
}

/* What is sent is kept, to be mangled and sent back. */
static struct traffic_outbox outbox_of(struct hostile *h, uint32_t max)
{
	for (uint32_t i = 0; i < PACKETS; i++)
		h->packets[i].data = h->buffers[i];
	return (struct traffic_outbox){ .packets = h->packets, .max = max };
}

static void keep(struct hostile *h, const struct traffic_outbox *outbox)
{
	assert_in_range(outbox->count, 0, outbox->max);
	for (uint32_t i = 0; i < outbox->count; i++) {
		uint32_t at = h->kept_count++ % MESSAGES_KEPT;
		assert_in_range(outbox->packets[i].len, 1, TRAFFIC_OCTETS_MAX);
		h->kept[at].len = outbox->packets[i].len;
		memcpy(h->kept[at].data, outbox->packets[i].data, outbox->packets[i].len);
	}
}

static uint32_t mutate(struct hostile *h, char *data, uint32_t len, uint32_t max)
{
	static const char *const words[] = { "\r\n", ";tag=", "Via: SIP/2.0/UDP a;branch=z9hG4bK,b",
		"Record-Route: <sip:a;lr>,<sip:b;lr>\r\n", "SIP/2.0 200 OK", "CANCEL ", "CSeq: 2 ACK",
		"Content-Length: 99999\r\n", "\"", "<", ">", ",", "\0", "tag", "Call-ID: " };

	for (uint64_t n = draw(h, 4); n > 0; n--) {
		uint32_t at = (uint32_t)draw(h, len + 1);
		switch (draw(h, 4)) {
		case 0:
			if (at < len)
				data[at] = (char)draw(h, 256);
			break;
		case 1:
			len = at;
			break;
		case 2: {
			const char *word = words[draw(h, ARRAY_SIZE(words))];
			uint32_t size = MAX((uint32_t)strlen(word), 1u);
			if (len + size > max)
				break;
			memmove(data + at + size, data + at, len - at);
			memcpy(data + at, word, size);
			len += size;
			break;
		}
		default: {
			uint32_t cut = (uint32_t)draw(h, 40);
			cut = MIN(cut, len - at);
			memmove(data + at, data + at + cut, len - at - cut);
			len -= cut;
		}
		}
	}
	return len;
}

/* A response to a request, as a target or proxy would make it: enough of one to reach far. */
static uint32_t answer(struct hostile *h, char *data, uint32_t len)
{
	static const char *const lines[] = { "SIP/2.0 100 Trying", "SIP/2.0 180 Ringing",
		"SIP/2.0 200 OK", "SIP/2.0 407 X", "SIP/2.0 487 X", "SIP/2.0 503 X", "SIP/2.0 199 X" };
	const char *line = lines[draw(h, ARRAY_SIZE(lines))];
	char *end = memchr(data, '\r', len);

	if (!end || memcmp(data, "SIP", 3) == 0 || draw(h, 2))
		return len;
	size_t size = strlen(line), old = (size_t)(end - data);
	if (size > old)
		return len;
	memmove(data + size, end, len - old);
	memcpy(data, line, size);
	return len - (uint32_t)(old - size);
}

static void deliver(struct hostile *h)
{
	static const uint32_t spare = 512;
	uint32_t from = (uint32_t)draw(h, MIN(h->kept_count, MESSAGES_KEPT));
	enum traffic_side side = (enum traffic_side)draw(h, TRAFFIC_SIDES);
	char text[TRAFFIC_OCTETS_MAX + 512];

	memcpy(text, h->kept[from].data, h->kept[from].len);
	uint32_t len = answer(h, text, h->kept[from].len);
	len = mutate(h, text, len, TRAFFIC_OCTETS_MAX + spare);
	/* On the heap and of exactly its length, so that ASan sees a read past the end. */
	char *exact = malloc(len ? len : 1);
	assert_non_null(exact);
	memcpy(exact, text, len);
	/* Full now and then, against the contract: what does not fit is as good as lost. */
	struct traffic_outbox outbox = outbox_of(h, draw(h, 8) ? PACKETS : (uint32_t)draw(h, 3));
	traffic_prefetch(h->traffic, side, exact, len);
	traffic_receive(h->traffic, side, (uint16_t)draw(h, 2), exact, len, &h->proxy[side], h->now,
			&outbox);
	free(exact);
	assert_in_range(outbox.count, 0, MIN(TRAFFIC_REPLIES_MAX, outbox.max));
	keep(h, &outbox);
}

static void poll(struct hostile *h)
{
	/* Sometimes hardly any room: what is due stays due. */
	struct traffic_outbox outbox = outbox_of(h, draw(h, 4) ? PACKETS : (uint32_t)draw(h, 4));

	traffic_poll(h->traffic, h->now, &outbox);
	keep(h, &outbox);
}

static void assert_sums(const struct hostile *h)
{
	const struct traffic_results *r = traffic_results(h->traffic);
	uint64_t failed = 0;

	for (int i = 0; i < TRAFFIC_FAILURE_COUNT; i++)
		failed += r->failures[i];
	assert_int_equal(r->failed, failed);
	assert_int_equal(r->started, r->completed + r->failed + r->live);
}

static void any_octets_are_survived(void **)
{
	struct hostile *h = hostile_create();
	struct traffic_trial trial =
		trial_of("call=4,register=1,options=1,cancel=2,challenge=2", 20, 0);

	trial.seconds = 3600;
	assert_true(traffic_begin(h->traffic, &trial, h->now));
	poll(h);
	while (!h->kept_count)
		poll(h);
	for (uint32_t i = 0; i < 60000; i++) {
		h->now += draw(h, 3000000);
		poll(h);
		deliver(h);
		if (i % 4096 == 0)
			assert_sums(h);
	}
	assert_sums(h);
	/* It got far: into the checks, the states of calls, and past their ends. */
	const struct traffic_results *r = traffic_results(h->traffic);
	assert_true(r->faults[TRAFFIC_FAULT_MALFORMED] && r->faults[TRAFFIC_FAULT_UNEXPECTED] &&
		    r->faults[TRAFFIC_FAULT_LOST_TAG] && r->checked_masked && r->late);
	assert_true(r->failures[TRAFFIC_FAILURE_REJECTED] && r->failures[TRAFFIC_FAILURE_FAULT]);
	traffic_abort(h->traffic, h->now);
	assert_int_equal(traffic_results(h->traffic)->live, 0);
	assert_sums(h);
	hostile_destroy(h);
}

static void noise_is_survived(void **)
{
	struct hostile *h = hostile_create();
	struct traffic_trial trial = trial_of("call", 1000, 10);

	assert_true(traffic_begin(h->traffic, &trial, h->now));
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t len = (uint32_t)draw(h, 200);
		char *noise = malloc(len ? len : 1);
		for (uint32_t k = 0; k < len; k++)
			noise[k] = (char)draw(h, 256);
		struct traffic_outbox outbox = outbox_of(h, PACKETS);
		traffic_receive(h->traffic, (enum traffic_side)draw(h, 2), 0, noise, len,
				&h->proxy[0], h->now, &outbox);
		assert_int_equal(outbox.count, 0);
		free(noise);
	}
	assert_int_equal(traffic_results(h->traffic)->faults[TRAFFIC_FAULT_UNKNOWN_CALL], 5000);
	hostile_destroy(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_octets_are_survived),
		cmocka_unit_test(noise_is_survived),
	};

	return cmocka_run_group_tests_name("generator-hostile", tests, NULL, NULL);
}
