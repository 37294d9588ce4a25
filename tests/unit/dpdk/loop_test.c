/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane end to end, two workers on one queue: frames in, frames out, verdicts that add
 * up, calls that stay with their owner.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop_rig.h"

#define CALLS  10000u
#define WINDOW 16u

static const char snapshot[] = "interface lan address 192.0.2.1/24\n"
			       "pool sw policy call-id-hash\n"
			       "target sw sw1 192.0.2.11:5060\n"
			       "target sw sw2 192.0.2.12:5060\n"
			       "service in listen 192.0.2.1:5060 pool sw record-route\n";

static int set_up(void **)
{
	return loop_start(2, snapshot);
}

static int tear_down(void **)
{
	return loop_stop();
}

static struct dataplane_worker_stats *stats_of(uint16_t worker)
{
	static struct dataplane_worker_stats stats[2];

	assert_true(dataplane_worker_stats(loop_dataplane, worker, &stats[worker]));
	return &stats[worker];
}

static uint32_t format_message(char *out, size_t size, const char *method, unsigned int call)
{
	return (uint32_t)snprintf(out, size,
				  "%s sip:192.0.2.1 SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-%u\r\n"
				  "Max-Forwards: 70\r\n"
				  "From: <sip:a@192.0.2.10>;tag=f%u\r\n"
				  "To: <sip:b@192.0.2.1>\r\n"
				  "Call-ID: call-%u@trunk\r\n"
				  "CSeq: 1 %s\r\n"
				  "Content-Length: 0\r\n\r\n",
				  method, call, call, call, method);
}

/* The request's own Vias, From, To, Call-ID and CSeq are its response's. */
static uint32_t format_response(char *out, size_t size, const char *request)
{
	size_t used = (size_t)snprintf(out, size, "SIP/2.0 200 OK\r\n");

	for (const char *line = strstr(request, "\r\n") + 2; *line != '\r';
	     line = strstr(line, "\r\n") + 2) {
		int len = (int)(strstr(line, "\r\n") - line);

		if (strncmp(line, "Via:", 4) && strncmp(line, "From:", 5) &&
		    strncmp(line, "To:", 3) && strncmp(line, "Call-ID:", 8) &&
		    strncmp(line, "CSeq:", 5))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%.*s%s\r\n", len, line,
					 strncmp(line, "To:", 3) ? "" : ";tag=t");
	}
	return (uint32_t)(used + (size_t)snprintf(out + used, size - used,
						  "Content-Length: 0\r\n\r\n"));
}

static void arp_is_answered(void **)
{
	static const uint8_t asked[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x99, 0x08, 0x06,
		0, 1, 0x08, 0, 6, 4, 0, 1, 0x02, 0, 0, 0, 0, 0x99, 192, 0, 2, 10,
		0, 0, 0, 0, 0, 0, 192, 0, 2, 1,
	};
	static const uint8_t address[4] = { 192, 0, 2, 1 };
	struct loop_frame frame;

	loop_send_frame(asked, sizeof(asked));
	do { /* announcements come of themselves */
		loop_receive_frame(&frame);
	} while (frame.bytes[12] != 0x08 || frame.bytes[13] != 0x06 || frame.bytes[21] != 2 ||
		 memcmp(frame.bytes, asked + 6, 6) != 0);
	assert_memory_equal(frame.bytes + 28, address, 4);
	loop_settle();
	assert_int_equal(loop_verdicts(VERDICT_REPLY, REASON_ARP_WHO_HAS), 1);
}

static void options_to_tandem_is_answered_200(void **)
{
	char message[1024];
	struct loop_datagram answer;

	loop_send_datagram(10, 5060, message, format_message(message, sizeof(message), "OPTIONS", 0));
	loop_receive_datagram(&answer);
	assert_memory_equal(answer.payload, "SIP/2.0 200 ", 12);
	assert_int_equal(answer.destination[3], 10);
	assert_int_equal(answer.destination_port, 5060);
}

static void what_is_no_sip_and_what_is_no_frame_is_counted(void **)
{
	static const uint8_t runt[14] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint64_t drops = loop_verdicts(VERDICT_DROP, REASON_NOT_SIP);

	loop_send_datagram(10, 5060, "\x03\x00\x00\x16 a stray TPKT, say", 21);
	loop_send_frame(runt, sizeof(runt));
	loop_settle();
	assert_int_equal(loop_verdicts(VERDICT_DROP, REASON_NOT_SIP), drops + 1);
}

/* What the link brings: requests are answered by the target, responses are for the caller. */
static void serve(unsigned int *requests, unsigned int *responses, unsigned int *per_target)
{
	struct loop_datagram datagram;
	char response[2048];

	while (loop_poll_datagram(&datagram)) {
		if (strncmp(datagram.payload, "MESSAGE", 7) == 0) {
			(*requests)++;
			per_target[datagram.destination[3] - 11]++;
			loop_send_datagram(datagram.destination[3], 5060, response,
					   format_response(response, sizeof(response),
							   datagram.payload));
		} else if (strncmp(datagram.payload, "SIP/2.0 200", 11) == 0) {
			assert_int_equal(datagram.destination[3], 10);
			(*responses)++;
		}
	}
}

/* Calls number `first` and up, until all are answered. */
static void place_calls(unsigned int first, unsigned int count, unsigned int *requests,
			unsigned int *per_target)
{
	unsigned int responses = 0, sent = 0;
	time_t until = time(NULL) + 60;

	while (responses < count) {
		char message[1024];

		if (sent < count && sent - responses < WINDOW) {
			uint32_t len = format_message(message, sizeof(message), "MESSAGE",
						      first + sent);

			loop_send_datagram(10, 5060, message, len);
			sent++;
		}
		serve(requests, &responses, per_target);
		sched_yield(); /* there may be fewer cores than threads */
		if (time(NULL) > until)
			fail_msg("%u of %u calls answered", responses, sent);
	}
	loop_settle();
}

static void one_trunk_drives_both_workers_and_each_call_one(void **)
{
	unsigned int requests = 0, per_target[2] = { 0, 0 };
	uint64_t before[2], handoffs = 0, owned = 0;

	for (uint16_t w = 0; w < 2; w++)
		before[w] = stats_of(w)->messages;
	place_calls(1, CALLS, &requests, per_target);
	assert_int_equal(requests, CALLS);
	assert_in_range(per_target[0], CALLS * 45 / 100, CALLS * 55 / 100);
	for (uint16_t w = 0; w < 2; w++) {
		const struct dataplane_worker_stats *stats = stats_of(w);
		uint64_t calls = stats->verdicts.count[VERDICT_FORWARD][REASON_INITIAL_REQUEST];

		/* Every response met the transaction of its request: nobody else's was touched. */
		assert_in_range(calls, CALLS * 45 / 100, CALLS * 55 / 100);
		assert_int_equal(stats->verdicts.count[VERDICT_FORWARD][REASON_FINAL], calls);
		assert_int_equal(stats->messages - before[w], 2 * calls);
		assert_int_equal(stats->handoff_drops, 0);
		handoffs += stats->handoffs_out;
		/* One queue: whoever does not own it gets all of its messages by hand-off. */
		if (stats->bursts == 0)
			owned = stats->messages;
	}
	assert_int_equal(handoffs, owned);
}

static void verdicts_add_up_to_what_was_sent(void **)
{
	uint64_t received = 0, verdicts = 0;

	loop_settle();
	for (uint16_t w = 0; w < 2; w++) {
		const struct dataplane_worker_stats *stats = stats_of(w);

		received += stats->packets_rx;
		for (unsigned int k = 0; k < VERDICT_KINDS; k++) {
			for (unsigned int r = 0; k != VERDICT_HANDOFF && r < VERDICT_REASON_COUNT; r++)
				verdicts += stats->verdicts.count[k][r];
		}
	}
	assert_int_equal(received, loop_sent);
	assert_int_equal(verdicts, loop_sent);
}

/* Which passes are sampled is drawn: how many calls it takes is not known beforehand. */
static void place_calls_until_sampled(uint64_t messages)
{
	unsigned int requests = 0, per_target[2], placed = CALLS;

	while (MIN(stats_of(0)->stages.messages, stats_of(1)->stages.messages) < messages) {
		if (placed >= 100 * CALLS)
			fail_msg("of %u calls hardly any was sampled", placed);
		place_calls(placed + 1, CALLS / 4, &requests, per_target);
		placed += CALLS / 4;
	}
}

/* Every stage on a message's way has its share, and all of them are the passes sampled. */
static void stages_get_the_cycles_of_the_passes_sampled(void **)
{
	static const enum stage on_the_way[] = { STAGE_HANDOFF, STAGE_PARSE,  STAGE_FIND, STAGE_ROUTE,
						 STAGE_COMPOSE, STAGE_RETAIN, STAGE_TRANSACTION,
						 STAGE_EGRESS };
	uint64_t validated = 0, steered = 0, sent = 0;

	place_calls_until_sampled(64);
	for (uint16_t w = 0; w < 2; w++) {
		const struct stage_totals *stages = &stats_of(w)->stages;
		uint64_t sum = stages->clock_cycles;

		for (unsigned int s = 0; s < STAGES; s++)
			sum += stages->cycles[s];
		assert_int_equal(sum, stages->busy_cycles);
		assert_in_range(stages->messages, 64, stats_of(w)->messages / 2);
		for (size_t i = 0; i < ARRAY_SIZE(on_the_way); i++)
			assert_true(stages->cycles[on_the_way[i]] > 0);
		/* Each is parsed, and keeps or looks for a transaction. */
		assert_true(stages->entries[STAGE_PARSE] >= stages->messages);
		assert_true(stages->entries[STAGE_FIND] >= stages->messages);
		validated += stages->cycles[STAGE_VALIDATE];
		steered += stages->cycles[STAGE_STEER];
		sent += stages->cycles[STAGE_TX];
	}
	/* Of one queue's owner. */
	assert_true(validated > 0 && steered > 0 && sent > 0);
}

static void ignore_outcome(void *, const struct outcome *)
{
}

static void keep_outcome(void *context, const struct outcome *outcome)
{
	struct outcome *kept = context;

	*kept = *outcome;
}

static void keep_explanation(void *context, const struct proxy_explanation *explanation)
{
	struct proxy_explanation *kept = context;

	*kept = *explanation;
}

static void explain_names_the_target_that_gets_the_call(void **)
{
	const struct endpoint source = { .address = { { 192, 0, 2, 10 }, IP_V4 }, .port = 5060 };
	const struct endpoint local = { .address = { { 192, 0, 2, 1 }, IP_V4 }, .port = 5060 };

	for (unsigned int call = 20001; call < 20017; call++) {
		struct proxy_explanation explanation = { .kind = 255 };
		struct loop_datagram datagram;
		time_t until = time(NULL) + 20;
		char message[1024], response[2048];
		uint32_t len = format_message(message, sizeof(message), "MESSAGE", call);

		assert_int_equal(dataplane_explain(loop_dataplane, span_of(message, len), &source,
						   &local, 0, keep_explanation, &explanation), 0);
		while (explanation.kind == 255 && time(NULL) < until)
			dataplane_poll(loop_dataplane, ignore_outcome, NULL);
		assert_int_equal(explanation.kind, ROUTE_TARGET);
		loop_send_datagram(10, 5060, message, len);
		loop_receive_datagram(&datagram);
		assert_int_equal(datagram.destination[3], explanation.next_hop.address.bytes[3]);
		loop_send_datagram(datagram.destination[3], 5060, response,
				   format_response(response, sizeof(response), datagram.payload));
		loop_receive_datagram(&datagram);
	}
}

#define PROBES 600u

struct probe_results {
	unsigned int answered[PROBES], total;
	uint64_t target_ids[PROBES];
};

static void keep_result(void *context, const struct outcome *outcome)
{
	struct probe_results *results = context;

	if (outcome->kind != OUTCOME_PROBE)
		return;
	assert_in_range(outcome->probe, 0, PROBES - 1);
	assert_int_equal(outcome->value, 200);
	assert_int_equal(outcome->flags, 0);
	assert_true(outcome->delay_us > 0);
	assert_true(outcome->target_id == results->target_ids[outcome->probe]);
	results->answered[outcome->probe]++;
	results->total++;
}

/* Control asks for more probes than the command ring takes at once; targets answer all. */
static void probes_leave_by_both_workers_and_their_answers_come_to_control(void **)
{
	static struct probe_results results;
	const struct balance_target *targets = snapshot_fixture_snapshot(loop_fixture)->targets;
	uint64_t sent[2], forwarded = loop_verdicts(VERDICT_FORWARD, REASON_FINAL);
	unsigned int asked = 0, per_target[2] = { 0, 0 };
	time_t until = time(NULL) + 60;

	loop_settle();
	for (uint16_t w = 0; w < 2; w++)
		sent[w] = stats_of(w)->proxy.probes;
	while (results.total < PROBES) {
		struct loop_datagram datagram;
		char response[2048];

		while (asked < PROBES) {
			const struct dataplane_probe probe = {
				.target_id = targets[asked % 2].id,
				.number = asked,
				.timeout_ms = 60000,
			};

			results.target_ids[asked] = probe.target_id;
			if (dataplane_probe(loop_dataplane, &probe) != 0)
				break;
			asked++;
		}
		while (loop_poll_datagram(&datagram)) {
			assert_memory_equal(datagram.payload, "OPTIONS sip:192.0.2.1", 21);
			per_target[datagram.destination[3] - 11]++;
			loop_send_datagram(datagram.destination[3], 5060, response,
					   format_response(response, sizeof(response),
							   datagram.payload));
		}
		dataplane_poll(loop_dataplane, keep_result, &results);
		sched_yield();
		if (time(NULL) > until)
			fail_msg("%u of %u probes answered", results.total, asked);
	}
	loop_settle();
	for (unsigned int i = 0; i < PROBES; i++)
		assert_int_equal(results.answered[i], 1);
	assert_true(per_target[0] >= PROBES / 2 && per_target[1] >= PROBES / 2);
	for (uint16_t w = 0; w < 2; w++) {
		const struct proxy_stats *proxy = &stats_of(w)->proxy;

		/* Each by the owner of its Call-ID, where the answer then ends it. */
		assert_in_range(proxy->probes - sent[w], PROBES / 4, PROBES * 3 / 4);
		assert_int_equal(proxy->probes, proxy->probes_answered);
	}
	assert_int_equal(loop_verdicts(VERDICT_FORWARD, REASON_FINAL), forwarded);
}

static void a_probe_of_a_target_that_has_gone_is_not_sent(void **)
{
	const struct dataplane_probe probe = { .target_id = 1, .number = 7, .timeout_ms = 1000 };
	struct outcome outcome = { .kind = 255 };
	time_t until = time(NULL) + 20;

	assert_int_equal(dataplane_probe(loop_dataplane, &probe), 0);
	while (outcome.kind == 255 && time(NULL) < until)
		dataplane_poll(loop_dataplane, keep_outcome, &outcome);
	assert_int_equal(outcome.kind, OUTCOME_PROBE);
	assert_true(outcome.target_id == 1);
	assert_int_equal(outcome.probe, 7);
	assert_int_equal(outcome.value, 0);
	assert_int_equal(outcome.delay_us, 0);
	assert_int_equal(outcome.flags, OUTCOME_WAS_NOT_SENT);
}

static void a_published_snapshot_is_used_and_the_old_one_retires(void **)
{
	struct balance_snapshot *edited = malloc(sizeof(*edited));
	time_t until = time(NULL) + 20;
	char message[1024];
	struct loop_datagram answer;

	*edited = *snapshot_fixture_snapshot(loop_fixture);
	edited->version++;
	snapshot_fixture_status(loop_fixture, "sw1")->admin = TARGET_MAINT;
	snapshot_fixture_status(loop_fixture, "sw2")->admin = TARGET_MAINT;
	dataplane_publish(loop_dataplane, edited);
	while (!dataplane_retired(loop_dataplane))
		assert_true(time(NULL) < until);
	loop_send_datagram(10, 5060, message,
			   format_message(message, sizeof(message), "OPTIONS", 30000));
	loop_receive_datagram(&answer);
	assert_memory_equal(answer.payload, "SIP/2.0 503 ", 12);
	dataplane_publish(loop_dataplane, snapshot_fixture_snapshot(loop_fixture));
	while (!dataplane_retired(loop_dataplane))
		assert_true(time(NULL) < until);
	free(edited); /* under ASan a worker that still reads it would be found */
	snapshot_fixture_status(loop_fixture, "sw1")->admin = TARGET_READY;
	snapshot_fixture_status(loop_fixture, "sw2")->admin = TARGET_READY;
}

static void a_capture_has_both_directions_and_costs_no_packet(void **)
{
	char path[] = "/tmp/tandem-loop-XXXXXX", message[1024];
	uint64_t packets = 0, dropped = 1;
	struct loop_datagram answer;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	loop_settle();
	assert_int_equal(dataplane_capture_start(loop_dataplane, path, 0, NULL), 0);
	assert_int_equal(dataplane_capture_start(loop_dataplane, path, 0, NULL), -EBUSY);
	for (unsigned int i = 0; i < 10; i++) {
		loop_send_datagram(10, 5060, message,
				   format_message(message, sizeof(message), "OPTIONS", 40000 + i));
		loop_receive_datagram(&answer);
	}
	assert_int_equal(dataplane_capture_stop(loop_dataplane, &packets, &dropped), 0);
	assert_int_equal(dropped, 0);
	assert_true(packets >= 20); /* announcements may be among them */
	assert_int_equal(dataplane_capture_stop(loop_dataplane, &packets, &dropped), -ENOENT);
	unlink(path);
}

static void a_second_data_plane_is_refused_with_a_sentence(void **)
{
	static struct dataplane_config config;
	char error[256] = "";

	config.workers = 1;
	config.no_huge = true;
	config.memory = (size_t)128 << 20;
	config.interface_count = 1;
	config.interfaces[0].mtu = 1500;
	strcpy(config.interfaces[0].device, "net_null0");
	assert_null(dataplane_start(&config, snapshot_fixture_snapshot(loop_fixture), error,
				    sizeof(error)));
	assert_non_null(strstr(error, "started before"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_is_answered),
		cmocka_unit_test(options_to_tandem_is_answered_200),
		cmocka_unit_test(what_is_no_sip_and_what_is_no_frame_is_counted),
		cmocka_unit_test(one_trunk_drives_both_workers_and_each_call_one),
		cmocka_unit_test(stages_get_the_cycles_of_the_passes_sampled),
		cmocka_unit_test(explain_names_the_target_that_gets_the_call),
		cmocka_unit_test(probes_leave_by_both_workers_and_their_answers_come_to_control),
		cmocka_unit_test(a_probe_of_a_target_that_has_gone_is_not_sent),
		cmocka_unit_test(a_published_snapshot_is_used_and_the_old_one_retires),
		cmocka_unit_test(a_capture_has_both_directions_and_costs_no_packet),
		cmocka_unit_test(verdicts_add_up_to_what_was_sent),
		cmocka_unit_test(a_second_data_plane_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
