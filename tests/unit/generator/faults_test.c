/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults planted in a proxy are reported as what they are, with the message, and no others are. */
#include "fixture.h"

#include <string.h>

#define ALL_FLOWS "call=4,register=1,options=1,cancel=1,challenge=1"

static struct virtual *run_planted(const struct plant *plant, uint8_t check)
{
	struct virtual_config config = two_by_four();

	config.plant = plant;
	config.check = check;
	config.fault = NULL;
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of(ALL_FLOWS, 1000, 1500);
	run(v, &trial);
	return v;
}

static void assert_reported(const struct plant *plant, struct virtual *v)
{
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	const struct traffic_fault *f =
		traffic_fault(virtual_traffic(v), (enum traffic_fault_kind)plant->fault, 0);

	if (!virtual_planted(v) || !r->faults[plant->fault] ||
	    faults_of(r) != r->faults[plant->fault])
		fail_msg("%s: %lu planted, %lu reported, %lu of them as %s", plant->name,
			 (unsigned long)virtual_planted(v), (unsigned long)faults_of(r),
			 (unsigned long)r->faults[plant->fault],
			 traffic_fault_name((enum traffic_fault_kind)plant->fault));
	assert_non_null(f);
	assert_true(f->message_len > 200);
	assert_non_null(memmem(f->message, f->message_len, f->call_id, strlen(f->call_id)));
	assert_true(f->what[0] && f->expected[0]);
	assert_true(r->failed > 0 && r->failed <= virtual_planted(v));
}

/* And what the mask finds is what the full check finds: no octet that matters is left out of it. */
static void every_planted_fault_is_reported_as_what_it_is(void **)
{
	for (uint32_t i = 0; i < plant_count; i++) {
		struct virtual *masked = run_planted(&plants[i], TRAFFIC_CHECK_MASKED);
		struct virtual *full = run_planted(&plants[i], TRAFFIC_CHECK_ALL);
		const struct traffic_results *m = traffic_results(virtual_traffic(masked));
		const struct traffic_results *f = traffic_results(virtual_traffic(full));
		assert_reported(&plants[i], masked);
		assert_reported(&plants[i], full);
		assert_int_equal(m->faults[plants[i].fault], f->faults[plants[i].fault]);
		assert_true(m->checked_masked > m->checked_full);
		assert_int_equal(f->checked_masked, 0);
		virtual_destroy(masked);
		virtual_destroy(full);
	}
}

/* None of them, whichever way it is checked: not only those that another check sees as well. */
static void every_octet_and_row_that_is_planted_is_reported(void **)
{
	static const char *const names[] = { "branch-octets", "branch-blank", "branch-line-end",
		"record-route-octets", "second-contact", "content-encoding" };

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (int check = TRAFFIC_CHECK_MASKED; check <= TRAFFIC_CHECK_ALL; check++) {
			struct virtual *v = run_planted(plant_find(names[i]), (uint8_t)check);
			uint64_t reported = faults_of(traffic_results(virtual_traffic(v)));
			if (!virtual_planted(v) || reported < virtual_planted(v))
				fail_msg("%s: %lu planted, %lu reported", names[i],
					 (unsigned long)virtual_planted(v), (unsigned long)reported);
			virtual_destroy(v);
		}
	}
}

static void nothing_is_reported_without_a_plant(void **)
{
	struct virtual *v = run_planted(NULL, TRAFFIC_CHECK_MASKED);

	assert_clean(traffic_results(virtual_traffic(v)));
	virtual_destroy(v);
}

static void a_dropped_ack_ends_the_call_by_the_targets_bye(void **)
{
	struct virtual *v = run_planted(plant_find("dropped-ack"), TRAFFIC_CHECK_MASKED);
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	const struct traffic_fault *f =
		traffic_fault(virtual_traffic(v), TRAFFIC_FAULT_DROPPED_ACK, 0);

	assert_int_equal(r->failures[TRAFFIC_FAILURE_NO_ACK], r->failed);
	assert_int_equal(r->faults[TRAFFIC_FAULT_DROPPED_ACK], r->failed);
	/* T1 doubling to T2 within 64*T1: 0.5, 1.5, 3.5, 7.5, 11.5, ... 31.5 s (§13.3.1.4). */
	assert_int_equal(r->retransmissions_target, 10 * r->failed);
	assert_memory_equal(f->message, "SIP/2.0 200 OK", 14);
	assert_memory_equal(f->expected, "ACK sip:", 8);
	assert_true(f->at_s > 32);
	virtual_destroy(v);
}

static void checks_that_are_off_report_nothing(void **)
{
	struct virtual *v = run_planted(plant_find("lost-tag"), TRAFFIC_CHECK_OFF);
	const struct traffic_results *r = traffic_results(virtual_traffic(v));

	assert_true(virtual_planted(v) > 0);
	assert_clean(r);
	virtual_destroy(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_planted_fault_is_reported_as_what_it_is),
		cmocka_unit_test(every_octet_and_row_that_is_planted_is_reported),
		cmocka_unit_test(nothing_is_reported_without_a_plant),
		cmocka_unit_test(a_dropped_ack_ends_the_call_by_the_targets_bye),
		cmocka_unit_test(checks_that_are_off_report_nothing),
	};

	return cmocka_run_group_tests_name("generator-faults", tests, NULL, NULL);
}
