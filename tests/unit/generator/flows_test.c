/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows from end to end: direct, through Tandem's engine, and over networks that lose. */
#include "fixture.h"

#define MIXED "call=8,register=1,options=1,cancel=2,challenge=2"

static void run_clean(struct virtual_config config, const char *mix, uint64_t calls)
{
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of(mix, 2000, calls);
	const struct traffic_results *r = run(v, &trial);

	assert_clean(r);
	assert_int_equal(r->retransmissions_caller, 0);
	assert_int_equal(r->retransmissions_target, 0);
	assert_int_equal(r->retransmissions_received, 0);
	assert_int_equal(virtual_proxy_resent(v), 0);
	assert_int_equal(r->late, 0);
	virtual_destroy(v);
}

static const char *const names[] = { "call", "register", "options", "cancel", "challenge" };

static void each_flow_completes_direct(void **)
{
	struct virtual_config config = two_by_four();

	config.direct = true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		run_clean(config, names[i], 200);
}

static void each_flow_completes_through_the_engine(void **)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		run_clean(two_by_four(), names[i], 200);
}

static void mixes_complete_with_all_checks_in_full(void **)
{
	struct virtual_config config = two_by_four();

	config.check = TRAFFIC_CHECK_ALL;
	run_clean(config, MIXED, 1000);
	config.check = TRAFFIC_CHECK_OFF;
	run_clean(config, MIXED, 1000);
}

static void mixes_complete_over_ipv6(void **)
{
	struct virtual_config config = two_by_four();

	config.is_ipv6 = true;
	run_clean(config, MIXED, 500);
	config.direct = true;
	run_clean(config, MIXED, 500);
}

static void mixes_complete_through_a_stateless_proxy(void **)
{
	struct virtual_config config = two_by_four();

	config.is_stateless = true;
	run_clean(config, MIXED, 500);
}

static void calls_complete_without_record_route(void **)
{
	struct virtual_config config = two_by_four();

	/* ACK and BYE then go to the target's Contact; the proxy takes them by their Call-ID. */
	config.no_record_route = true;
	run_clean(config, "register,options,cancel", 300);
}

static void nothing_rings_or_holds_when_that_is_asked_for(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of(MIXED, 5000, 1000);

	trial.ring_ms = trial.hold_ms = 0;
	assert_clean(run(v, &trial));
	assert_in_range(traffic_results(virtual_traffic(v))->live_max, 1, 50);
	virtual_destroy(v);
}

static void a_call_takes_the_messages_of_its_flow(void **)
{
	struct virtual_config config = two_by_four();

	config.direct = true;
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call", 1000, 100);
	const struct traffic_results *r = run(v, &trial);

	/* INVITE, 100, 180, 200, ACK, BYE, 200. */
	assert_int_equal(r->messages_sent, 700);
	assert_int_equal(r->messages_received, 700);
	assert_int_equal(r->statuses[100], 100);
	assert_int_equal(r->statuses[180], 100);
	assert_int_equal(r->statuses[200], 200);
	assert_int_equal(r->checked_full + r->checked_masked, 700);
	virtual_destroy(v);
}

static void one_message_in_64_is_parsed_although_its_shape_is_known(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call", 5000, 2000);
	const struct traffic_results *r = run(v, &trial);

	const uint64_t sampled = r->checked_full - r->shapes_learnt;
	assert_in_range(sampled, r->messages_received / 64 - 8, r->messages_received / 64);
	assert_in_range(r->shapes_learnt, 8, 200);
	virtual_destroy(v);
}

static void calls_complete_although_datagrams_are_lost(void **)
{
	struct virtual_config config = two_by_four();

	config.loss_permille = 30;
	for (int direct = 0; direct < 2; direct++) {
		config.direct = direct;
		struct virtual *v = virtual_create(&config);
		struct traffic_trial trial = trial_of(MIXED, 500, 1500);
		const struct traffic_results *r = run(v, &trial);
		assert_clean(r);
		assert_in_range(r->retransmissions_caller, 1, 1500);
		virtual_destroy(v);
	}
}

static void copies_of_datagrams_do_no_harm(void **)
{
	struct virtual_config config = two_by_four();

	config.duplicate_permille = 100;
	for (int direct = 0; direct < 2; direct++) {
		config.direct = direct;
		struct virtual *v = virtual_create(&config);
		struct traffic_trial trial = trial_of(MIXED, 500, 1000);
		const struct traffic_results *r = run(v, &trial);
		assert_clean(r);
		assert_in_range(r->retransmissions_received + r->late, 1, 2000);
		virtual_destroy(v);
	}
}

static void trials_follow_each_other(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);

	for (int i = 0; i < 3; i++) {
		struct traffic_trial trial = trial_of(i == 1 ? "register" : "call", 1000, 100);
		const struct traffic_results *r = run(v, &trial);
		assert_clean(r);
		assert_int_equal(r->flows[i == 1 ? TRAFFIC_FLOW_REGISTER : TRAFFIC_FLOW_CALL].completed,
				 100);
	}
	virtual_destroy(v);
}

/* Two messages a call: at a fixed and even distance one kind alone would ever be drawn. */
static void what_is_checked_in_full_is_drawn_from_all_kinds_of_messages(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("register", 1000, 6400);
	const struct traffic_results *r = run(v, &trial);

	assert_clean(r);
	assert_int_equal(r->messages_received, 12800);
	/* 100 each are expected. */
	assert_in_range(r->sampled[TRAFFIC_TARGETS], 60, 140);
	assert_in_range(r->sampled[TRAFFIC_CALLERS], 60, 140);
	assert_int_equal(r->checked_masked + r->checked_full, r->messages_received);
	virtual_destroy(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow_completes_direct),
		cmocka_unit_test(each_flow_completes_through_the_engine),
		cmocka_unit_test(mixes_complete_with_all_checks_in_full),
		cmocka_unit_test(mixes_complete_over_ipv6),
		cmocka_unit_test(mixes_complete_through_a_stateless_proxy),
		cmocka_unit_test(calls_complete_without_record_route),
		cmocka_unit_test(nothing_rings_or_holds_when_that_is_asked_for),
		cmocka_unit_test(a_call_takes_the_messages_of_its_flow),
		cmocka_unit_test(one_message_in_64_is_parsed_although_its_shape_is_known),
		cmocka_unit_test(calls_complete_although_datagrams_are_lost),
		cmocka_unit_test(copies_of_datagrams_do_no_harm),
		cmocka_unit_test(trials_follow_each_other),
		cmocka_unit_test(what_is_checked_in_full_is_drawn_from_all_kinds_of_messages),
	};

	return cmocka_run_group_tests_name("generator-flows", tests, NULL, NULL);
}
