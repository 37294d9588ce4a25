/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes at the edges of the engine; how they go over the network is in tests/scenario. */
#include "rig.h"

#include <stdio.h>

#include "sip/message.h"

#define CORE "198.51.100.1:5060"

static struct proxy_probe probe_of(struct rig *rig, const char *target, uint32_t number)
{
	uint16_t index = snapshot_fixture_target(rig->fixture, target);
	struct proxy_probe probe = {
		.target_id = rig->snapshot->targets[index].id,
		.number = number,
		.timeout_ms = 1000,
		.target = index,
	};

	proxy_probe_call_id(rig->snapshot, number, probe.call_id);
	return probe;
}

static void probe_send(struct rig *rig, const struct proxy_probe *probe)
{
	outbox_reset(rig->outbox);
	proxy_probe(rig->proxy, rig->snapshot, probe, rig->now, rig->outbox);
}

static void answer(const char *request, const char *status, char *text, size_t size)
{
	int n = snprintf(text, size, "SIP/2.0 %s\r\n", status);
	static const char *const rows[] = { "Via", "From", "To", "Call-ID", "CSeq" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		n += snprintf(text + n, size - (size_t)n, "%s: %s\r\n", rows[i],
			      rig_header(request, rows[i], 0));
	snprintf(text + n, size - (size_t)n, "Content-Length: 0\r\n\r\n");
}

static void its_call_id_is_new_and_can_be_peeked_at(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	struct balance_snapshot *snapshot = snapshot_fixture_edit(rig->fixture);
	char text[5][PROXY_PROBE_CALL_ID_MAX], again[PROXY_PROBE_CALL_ID_MAX];

	proxy_probe_call_id(rig->snapshot, 1, text[0]);
	proxy_probe_call_id(rig->snapshot, 1, again);
	assert_string_equal(text[0], again);
	proxy_probe_call_id(rig->snapshot, 2, text[1]);
	snapshot->epoch++;
	proxy_probe_call_id(rig->snapshot, 1, text[2]);
	snapshot->instance = UINT16_MAX;
	proxy_probe_call_id(rig->snapshot, 1, text[3]);
	assert_non_null(strstr(text[3], "@tandem-65535"));
	snapshot->tag_key.k0++;
	proxy_probe_call_id(rig->snapshot, UINT64_MAX, text[4]);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(text[i], text[j]);
	rig_destroy(rig);
}

static void what_is_sent_parses_and_its_call_id_is_the_one_given(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	struct proxy_probe probe = probe_of(rig, "sw1", 1);
	struct sip_message message;
	struct span call_id;

	probe_send(rig, &probe);
	assert_int_equal(rig->outbox->count, 1);
	assert_int_equal(rig->outbox->outcome_count, 0);
	rig_assert_sent_to(rig, 0, "198.51.100.11:5060");
	const struct outbox_entry *sent = &rig->outbox->entries[0];
	assert_int_equal(sip_message_parse(&message, sent->data, sent->len), VERDICT_REASON_NONE);
	assert_true(message.is_request && message.method == SIP_METHOD_OPTIONS);
	/* By which the answer finds its way to this engine. */
	assert_true(sip_message_peek_call_id(sent->data, sent->len, &call_id));
	assert_true(span_equal(call_id, span_of_string(probe.call_id)));
	rig_advance(rig, 60000);
	rig_destroy(rig);
}

/* The target moved in the table meanwhile, or is gone. */
static void a_target_is_found_by_its_id_wherever_it_stands(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	struct proxy_probe probe = probe_of(rig, "sw2", 1);

	probe.target = (uint16_t)!probe.target;
	probe_send(rig, &probe);
	rig_assert_sent_to(rig, 0, "198.51.100.12:5060");
	probe = probe_of(rig, "sw2", 2);
	probe.target = BALANCE_NONE;
	probe_send(rig, &probe);
	rig_assert_sent_to(rig, 0, "198.51.100.12:5060");
	probe = probe_of(rig, "sw2", 3);
	probe.target_id++;
	probe_send(rig, &probe);
	assert_int_equal(rig->outbox->count, 0);
	assert_int_equal(rig->outbox->outcome_count, 1);
	const struct outcome *outcome = &rig->outbox->outcomes[0];
	assert_int_equal(outcome->kind, OUTCOME_PROBE);
	assert_int_equal(outcome->probe, 3);
	assert_true(outcome->target_id == probe.target_id);
	assert_int_equal(outcome->flags, OUTCOME_WAS_NOT_SENT);
	assert_int_equal(outcome->value, 0);
	assert_int_equal(rig_stats(rig).probes, 2);
	assert_int_equal(rig_stats(rig).probes_not_sent, 1);
	rig_advance(rig, 60000);
	rig_destroy(rig);
}

static void the_outcome_has_number_target_status_and_delay(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	struct proxy_probe first = probe_of(rig, "sw1", 11), second = probe_of(rig, "sw1", 12);
	char requests[2][2048], text[2048];

	probe_send(rig, &first);
	snprintf(requests[0], sizeof(requests[0]), "%s", rig_sent(rig, 0));
	rig->now += 1234;
	probe_send(rig, &second);
	snprintf(requests[1], sizeof(requests[1]), "%s", rig_sent(rig, 0));
	rig->now += 1000;
	for (int i = 1; i >= 0; i--) {
		answer(requests[i], i ? "200 OK" : "480 Gone", text, sizeof(text));
		rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", CORE, text),
				   VERDICT_ABSORB, REASON_OWN_RESPONSE);
		assert_int_equal(rig->outbox->count, 0);
		assert_int_equal(rig->outbox->outcome_count, 1);
		const struct outcome *outcome = &rig->outbox->outcomes[0];
		assert_int_equal(outcome->kind, OUTCOME_PROBE);
		assert_int_equal(outcome->probe, 11 + i);
		assert_int_equal(outcome->value, i ? 200 : 480);
		assert_int_equal(outcome->delay_us, i ? 1000 : 2234);
		assert_true(outcome->target_id == first.target_id);
		/* Again: nobody is told twice. */
		rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", CORE, text),
				   VERDICT_ABSORB, REASON_OWN_RESPONSE);
		assert_int_equal(rig->outbox->outcome_count, 0);
	}
	rig_advance(rig, 60000);
	assert_int_equal(rig_stats(rig).txns + rig_stats(rig).tombstones, 0);
	rig_destroy(rig);
}

/* They take what calls leave, and what they take they give back. */
static void as_many_as_there_are_slots_for_calls_and_then_none(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	uint32_t n = 0;

	while (rig_stats(rig).probes_not_sent == 0) {
		struct proxy_probe probe = probe_of(rig, "sw1", ++n);
		probe_send(rig, &probe);
		assert_true(n < 1000);
	}
	struct proxy_stats stats = rig_stats(rig);
	assert_int_equal(rig->outbox->count, 0);
	assert_int_equal(stats.txns, stats.txns_max - stats.txns_max / 16);
	assert_int_equal(stats.probes, stats.txns);
	assert_null(proxy_check(rig->proxy));
	/* All time out; there is not a tombstone for each, and still they go. */
	rig_advance(rig, 1001);
	assert_int_equal(rig_stats(rig).probes_timed_out, stats.probes);
	assert_null(proxy_check(rig->proxy));
	rig_advance(rig, 60000);
	assert_int_equal(rig_stats(rig).txns + rig_stats(rig).tombstones, 0);
	assert_int_equal(rig_stats(rig).retained, 0);
	rig_destroy(rig);
}

/* Whoever takes the address over does not send a probe's answer back to the target. */
static void the_answer_to_another_instances_probe_goes_nowhere(void **)
{
	struct rig *dead = rig_create(rig_two_armed), *next = rig_create(rig_two_armed);
	struct balance_snapshot *snapshot = snapshot_fixture_edit(next->fixture);
	struct proxy_probe probe = probe_of(dead, "sw1", 1);
	char text[2048];

	probe_send(dead, &probe);
	answer(rig_sent(dead, 0), "200 OK", text, sizeof(text));
	rig_destroy(dead);
	snapshot->forward_strays = true;
	snapshot->epoch++;
	rig_assert_verdict(rig_receive(next, "198.51.100.11:5060", CORE, text), VERDICT_DROP,
			   REASON_RESPONSE_NO_VIA);
	assert_int_equal(next->outbox->count, 0);
	rig_destroy(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_call_id_is_new_and_can_be_peeked_at),
		cmocka_unit_test(what_is_sent_parses_and_its_call_id_is_the_one_given),
		cmocka_unit_test(a_target_is_found_by_its_id_wherever_it_stands),
		cmocka_unit_test(the_outcome_has_number_target_status_and_delay),
		cmocka_unit_test(as_many_as_there_are_slots_for_calls_and_then_none),
		cmocka_unit_test(the_answer_to_another_instances_probe_goes_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
