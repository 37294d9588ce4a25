/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single messages, passed on by hand as a proxy would: what cannot be seen through a proxy that is
 * lenient, as Tandem is with Routes.
 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "generator/engine.h"

#define PACKETS 8u

struct conversation {
	struct traffic *traffic;
	struct endpoint proxy[TRAFFIC_SIDES], caller, target;
	uint64_t now;
	struct traffic_packet packets[PACKETS];
	char buffers[PACKETS][TRAFFIC_OCTETS_MAX + 1];
	struct traffic_outbox outbox;
};

static struct endpoint endpoint(const char *text)
{
	struct endpoint out = { .port = 0 };

	assert_true(endpoint_parse(span_of_string(text), 5060, &out));
	return out;
}

static struct conversation *begin_seeded(const char *mix, uint64_t seed)
{
	struct conversation *c = calloc(1, sizeof(*c));
	struct traffic_trial trial = trial_of(mix, 1000, 1);
	char error[128];

	assert_non_null(c);
	c->proxy[TRAFFIC_CALLERS] = endpoint("192.0.2.1");
	c->proxy[TRAFFIC_TARGETS] = endpoint("198.51.100.1");
	c->caller = endpoint("192.0.2.50");
	c->target = endpoint("198.51.100.11");
	const struct traffic_config config = {
		.callers = &c->caller, .targets = &c->target, .caller_count = 1, .target_count = 1,
		.proxy = { c->proxy[0], c->proxy[1] }, .calls_max = 4, .tsc_hz = VIRTUAL_HZ,
		.faults_max = 4, .fault = note_fault, .seed = seed,
	};
	c->now = VIRTUAL_HZ;
	c->traffic = traffic_create(&config, c->now, error, sizeof(error));
	assert_non_null(c->traffic);
	trial.ring_ms = 0;
	assert_true(traffic_begin(c->traffic, &trial, c->now));
	return c;
}

static struct conversation *begin(const char *mix)
{
	return begin_seeded(mix, 0);
}

static void end(struct conversation *c)
{
	traffic_destroy(c->traffic);
	free(c);
}

static void reset(struct conversation *c)
{
	for (uint32_t i = 0; i < PACKETS; i++)
		c->packets[i].data = c->buffers[i];
	c->outbox = (struct traffic_outbox){ .packets = c->packets, .max = PACKETS };
}

static void poll(struct conversation *c)
{
	reset(c);
	c->now += VIRTUAL_HZ / 1000;
	traffic_poll(c->traffic, c->now, &c->outbox);
}

static void receive(struct conversation *c, enum traffic_side side, const char *text)
{
	reset(c);
	traffic_receive(c->traffic, side, 0, text, (uint32_t)strlen(text), &c->proxy[side], c->now,
			&c->outbox);
}

/* The i-th message sent, as a string. */
static const char *sent(struct conversation *c, uint32_t i, const char *start)
{
	if (i >= c->outbox.count)
		fail_msg("only %u messages were sent", c->outbox.count);
	char *text = c->packets[i].data;
	text[c->packets[i].len] = '\0';
	if (strncmp(text, start, strlen(start)) != 0)
		fail_msg("not %s but\n%s", start, text);
	return text;
}

/* As a proxy with two Record-Routes passes a request on; its result is valid until the next. */
static const char *forwarded(const char *request, const char *rows)
{
	static char text[4096];
	const char *via = strstr(request, "Via: ");

	assert_non_null(via);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(via - request), request, rows, via);
	char *forwards = strstr(text, "Max-Forwards: 70");
	assert_non_null(forwards);
	memcpy(forwards, "Max-Forwards: 69", 16);
	return text;
}

static const char *popped(const char *response)
{
	static char text[4096];
	const char *via = strstr(response, "Via: "), *rest = strchr(via, '\n') + 1;

	snprintf(text, sizeof(text), "%.*s%s", (int)(via - response), response, rest);
	return text;
}

#define VIA "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKone\r\n"

static void the_route_set_of_the_caller_is_the_recorded_one_backwards(void **)
{
	struct conversation *c = begin("call");
	char invite[TRAFFIC_OCTETS_MAX + 1];

	poll(c);
	strcpy(invite, sent(c, 0, "INVITE "));
	receive(c, TRAFFIC_TARGETS,
		forwarded(invite, VIA "Record-Route: <sip:core.example;lr>, <sip:mid.example;lr>\r\n"
				      "Record-Route: <sip:access.example;lr>\r\n"));
	sent(c, 0, "SIP/2.0 100 ");
	sent(c, 1, "SIP/2.0 180 ");
	poll(c);
	const char *ok = sent(c, 0, "SIP/2.0 200 ");
	assert_non_null(strstr(ok, "Record-Route: <sip:core.example;lr>\r\n"
				   "Record-Route: <sip:mid.example;lr>\r\n"
				   "Record-Route: <sip:access.example;lr>\r\n"));
	receive(c, TRAFFIC_CALLERS, popped(ok));
	const char *ack = sent(c, 0, "ACK sip:+439876543210@198.51.100.11:5060 SIP/2.0\r\n");
	assert_non_null(strstr(ack, "Route: <sip:access.example;lr>\r\n"
				    "Route: <sip:mid.example;lr>\r\n"
				    "Route: <sip:core.example;lr>\r\n"));
	assert_int_equal(faults_of(traffic_results(c->traffic)), 0);
	end(c);
}

static void a_refusal_that_comes_again_after_the_call_is_acknowledged_again(void **)
{
	struct conversation *c = begin("cancel");
	char invite[TRAFFIC_OCTETS_MAX + 1], refusal[TRAFFIC_OCTETS_MAX + 1];

	poll(c);
	strcpy(invite, sent(c, 0, "INVITE "));
	/* The proxy's own: the INVITE's rows, and a tag. */
	static const char to[] = "\r\nTo: <sip:+439876543210@example.net>";
	const char *rest = strstr(invite, to);
	assert_non_null(rest);
	rest += sizeof(to) - 1;
	const size_t line = strcspn(invite, "\r");
	snprintf(refusal, sizeof(refusal), "SIP/2.0 503 Service Unavailable%.*s;tag=abc%s",
		 (int)((size_t)(rest - invite) - line), invite + line, rest);
	for (int i = 0; i < 2; i++) {
		receive(c, TRAFFIC_CALLERS, refusal);
		const char *ack = sent(c, 0, "ACK sip:+439876543210@example.net;user=phone SIP/2.0\r\n");
		const char *branch = strstr(invite, "branch=z9hG4bKi1");
		assert_memory_equal(strstr(ack, "branch="), branch, strcspn(branch, "\r"));
		assert_non_null(strstr(ack, "\r\nTo: <sip:+439876543210@example.net>;tag=abc\r\n"));
		assert_int_equal(traffic_results(c->traffic)->late, i);
	}
	assert_int_equal(traffic_results(c->traffic)->failures[TRAFFIC_FAILURE_REJECTED], 1);
	assert_int_equal(traffic_results(c->traffic)->statuses[503], 2);
	end(c);
}

static void a_call_that_never_was_is_told_from_one_that_has_ended(void **)
{
	struct conversation *c = begin("options");
	char options[TRAFFIC_OCTETS_MAX + 1];
	uint64_t number;

	poll(c);
	strcpy(options, sent(c, 0, "OPTIONS "));
	traffic_abort(c->traffic, c->now);
	receive(c, TRAFFIC_TARGETS, forwarded(options, VIA));
	assert_int_equal(traffic_results(c->traffic)->late, 1);
	assert_int_equal(faults_of(traffic_results(c->traffic)), 0);
	/* The next generation of the same slot. */
	char *digits = strstr(options, CALL_ID_NAME) + sizeof(CALL_ID_NAME) - 1;
	assert_true(number_read(digits, &number));
	uint64_t serial = number_to_serial(c->traffic->number_key, number) + TRAFFIC_CALLS_MAX;
	number_put(digits, number_of_serial(c->traffic->number_key, serial));
	c->traffic->config.fault = NULL;
	receive(c, TRAFFIC_TARGETS, forwarded(options, VIA));
	assert_int_equal(traffic_results(c->traffic)->faults[TRAFFIC_FAULT_UNKNOWN_CALL], 1);
	assert_int_equal(traffic_results(c->traffic)->late, 1);
	end(c);
}

/* What the proxy still sends for a run that was cut short is nothing of this one's. */
static void messages_of_another_run_are_strangers(void **)
{
	struct conversation *earlier = begin_seeded("options", 1), *c = begin_seeded("options", 2);
	char theirs[TRAFFIC_OCTETS_MAX + 1], ours[TRAFFIC_OCTETS_MAX + 1], *run;
	uint64_t number;

	poll(earlier);
	strcpy(theirs, sent(earlier, 0, "OPTIONS "));
	poll(c);
	strcpy(ours, sent(c, 0, "OPTIONS "));
	receive(c, TRAFFIC_TARGETS, forwarded(theirs, VIA));
	snprintf(theirs, sizeof(theirs), "SIP/2.0 200 OK%s",
		 strchr(sent(earlier, 0, "OPTIONS "), '\r'));
	receive(c, TRAFFIC_CALLERS, theirs);
	const struct traffic_results *r = traffic_results(c->traffic);
	assert_int_equal(r->strangers, 2);
	assert_int_equal(r->late, 0);
	assert_int_equal(faults_of(r), 0);
	assert_int_equal(c->outbox.count, 0);

	/* Ours with a slot that there is none of, and a live call's with the run's name changed. */
	c->traffic->config.fault = NULL;
	char *digits = strstr(ours, CALL_ID_NAME) + sizeof(CALL_ID_NAME) - 1;
	assert_true(number_read(digits, &number));
	uint64_t serial = number_to_serial(c->traffic->number_key, number);
	number_put(digits, number_of_serial(c->traffic->number_key, serial + 1000));
	receive(c, TRAFFIC_TARGETS, forwarded(ours, VIA));
	assert_int_equal(r->faults[TRAFFIC_FAULT_UNKNOWN_CALL], 1);
	number_put(digits, number);
	run = digits + NUMBER_DIGITS + 1;
	*run = *run == '0' ? '1' : '0';
	receive(c, TRAFFIC_TARGETS, forwarded(ours, VIA));
	assert_int_equal(r->faults[TRAFFIC_FAULT_HEADER_CHANGED], 1);
	assert_int_equal(faults_of(r), 2);
	assert_int_equal(r->strangers, 2);
	end(earlier);
	end(c);
}

/* The parser takes such a URI; no grammar has it. */
static void parameters_of_record_route_are_of_octets_that_uris_have(void **)
{
	static const char *const rows[] = {
		VIA "Record-Route: <sip:a.example;lr;o=%41[x]/&+$:b>\r\n",
		VIA "Record-Route: <sip:a.example;lr;o=a^b>\r\n",
	};

	for (uint64_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct conversation *c = begin("call");
		if (i)
			c->traffic->config.fault = NULL;
		poll(c);
		receive(c, TRAFFIC_TARGETS, forwarded(sent(c, 0, "INVITE "), rows[i]));
		assert_int_equal(traffic_results(c->traffic)->faults[TRAFFIC_FAULT_RECORD_ROUTE], i);
		assert_int_equal(faults_of(traffic_results(c->traffic)), i);
		end(c);
	}
}

/* With no hold time BYE is due when the ACK is sent: an ACK that takes long is part of its delay. */
static void a_bye_that_waits_for_the_ack_is_due_all_the_same(void **)
{
	struct conversation *c = begin("call");
	char ack[TRAFFIC_OCTETS_MAX + 1];

	c->traffic->hold_tsc = 0;
	poll(c);
	receive(c, TRAFFIC_TARGETS, forwarded(sent(c, 0, "INVITE "), VIA));
	poll(c);
	receive(c, TRAFFIC_CALLERS, popped(sent(c, 0, "SIP/2.0 200 ")));
	strcpy(ack, sent(c, 0, "ACK "));
	for (int i = 0; i < 50; i++)
		poll(c);
	receive(c, TRAFFIC_TARGETS,
		forwarded(ack, "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKtwo\r\n"));
	receive(c, TRAFFIC_TARGETS,
		forwarded(sent(c, 0, "BYE "),
			  "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKthree\r\n"));
	const struct traffic_results *r = traffic_results(c->traffic);
	assert_int_equal(faults_of(r), 0);
	assert_int_equal(r->delays[TRAFFIC_DELAY_BYE].count, 1);
	assert_int_equal(r->delays[TRAFFIC_DELAY_BYE].max, 50000000);
	end(c);
}

/* No answer before its request has reached a target, whoever makes it up. */
static void an_answer_before_its_request_arrived_is_a_fault(void **)
{
	struct conversation *c = begin("options");
	char options[TRAFFIC_OCTETS_MAX + 1], answer[4096];

	poll(c);
	strcpy(options, sent(c, 0, "OPTIONS "));
	c->traffic->config.fault = NULL;
	snprintf(answer, sizeof(answer), "SIP/2.0 200 OK%s", strchr(options, '\r'));
	receive(c, TRAFFIC_CALLERS, answer);
	assert_int_equal(traffic_results(c->traffic)->faults[TRAFFIC_FAULT_UNEXPECTED], 1);
	assert_int_equal(traffic_results(c->traffic)->completed, 0);
	end(c);
}

static void rows_that_a_call_has_no_room_for_are_a_fault(void **)
{
	static const char value[] = "Record-Route: <sip:a.example;lr>\r\n";
	char rows[4096], options[CALL_RR_MAX + 1];

	memset(options, 'x', sizeof(options) - 1);
	options[sizeof(options) - 1] = '\0';
	for (int i = 0; i < 3; i++) {
		struct conversation *c = begin("call");
		int len = snprintf(rows, sizeof(rows), VIA);
		c->traffic->config.fault = NULL;
		if (i == 0) {
			for (int k = 0; k < RR_VALUES_MAX + 1; k++)
				len += snprintf(rows + len, sizeof(rows) - (size_t)len, value);
		} else if (i == 1) {
			snprintf(rows + len, sizeof(rows) - (size_t)len,
				 "Record-Route: <sip:a.example;lr;o=%s>\r\n", options);
		} else {
			snprintf(rows, sizeof(rows),
				 "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKone;o=%s\r\n",
				 options);
		}
		poll(c);
		receive(c, TRAFFIC_TARGETS, forwarded(sent(c, 0, "INVITE "), rows));
		assert_int_equal(traffic_results(c->traffic)->faults[TRAFFIC_FAULT_TOO_LONG], 1);
		assert_int_equal(faults_of(traffic_results(c->traffic)), 1);
		end(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_route_set_of_the_caller_is_the_recorded_one_backwards),
		cmocka_unit_test(a_refusal_that_comes_again_after_the_call_is_acknowledged_again),
		cmocka_unit_test(a_call_that_never_was_is_told_from_one_that_has_ended),
		cmocka_unit_test(messages_of_another_run_are_strangers),
		cmocka_unit_test(parameters_of_record_route_are_of_octets_that_uris_have),
		cmocka_unit_test(a_bye_that_waits_for_the_ack_is_due_all_the_same),
		cmocka_unit_test(an_answer_before_its_request_arrived_is_a_fault),
		cmocka_unit_test(rows_that_a_call_has_no_room_for_are_a_fault),
	};

	return cmocka_run_group_tests_name("generator-conversation", tests, NULL, NULL);
}
