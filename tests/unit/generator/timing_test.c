/* SPDX-License-Identifier: BSD-3-Clause */
/* When things are due: open loop, delays from when due, the RFC's timers. */
#include "fixture.h"

#define MS 1000000u

static const struct histogram *delay(struct virtual *v, enum traffic_delay which)
{
	return &traffic_results(virtual_traffic(v))->delays[which];
}

static void delays_are_those_of_the_network(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call=1,options=1", 1000, 400);

	assert_clean(run(v, &trial));
	/* Two hops of 10 us a way, polled every 10 us to 1 ms when nothing arrives. */
	assert_int_equal(delay(v, TRAFFIC_DELAY_INVITE)->count, 200);
	assert_in_range(histogram_permille(delay(v, TRAFFIC_DELAY_INVITE), 500), 20000, 1100000);
	assert_in_range(histogram_permille(delay(v, TRAFFIC_DELAY_RESPONSE), 500), 20000, 1100000);
	assert_in_range(histogram_permille(delay(v, TRAFFIC_DELAY_BYE), 500), 20000, 1100000);
	assert_in_range(histogram_permille(delay(v, TRAFFIC_DELAY_SETUP), 500), 20 * MS, 24 * MS);
	assert_in_range(histogram_permille(delay(v, TRAFFIC_DELAY_SETUP_NET), 500), 40000, 4 * MS);
	assert_int_equal(delay(v, TRAFFIC_DELAY_EXCHANGE)->count, 200);
	assert_int_equal(delay(v, TRAFFIC_DELAY_LATE)->count, 400);
	virtual_destroy(v);
}

static void a_stall_shows_in_the_delays_of_all_that_was_due_meanwhile(void **)
{
	struct virtual_config config = two_by_four();
	config.calls_max = 4000;
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("options", 10000, 5000);

	assert_true(traffic_begin(virtual_traffic(v), &trial, virtual_now(v)));
	virtual_pass(v, 100 * MS, false);
	virtual_pass(v, 200 * MS, true);
	virtual_pass(v, 500 * MS, false);
	assert_true(traffic_is_done(virtual_traffic(v), virtual_now(v)));

	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	assert_clean(r);
	assert_int_equal(r->started, 5000);
	/* 2,000 of 5,000 were due in the stall: their delays fall evenly from 200 ms to 0. */
	const struct histogram *late = delay(v, TRAFFIC_DELAY_LATE);
	assert_in_range(histogram_permille(late, 999), 190 * MS, 215 * MS);
	assert_in_range(histogram_permille(late, 800), 90 * MS, 115 * MS);
	assert_in_range(histogram_permille(late, 590), 0, 2 * MS);
	const struct histogram *exchange = delay(v, TRAFFIC_DELAY_EXCHANGE);
	assert_in_range(histogram_permille(exchange, 800), 90 * MS, 115 * MS);
	virtual_destroy(v);
}

static void what_did_not_begin_in_its_time_is_not_called_offered(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("options", 10000, 0);
	trial.seconds = 1;
	assert_true(traffic_begin(virtual_traffic(v), &trial, virtual_now(v)));
	const uint64_t end = virtual_now(v) + VIRTUAL_HZ;
	virtual_pass(v, 300 * MS, false);
	virtual_pass(v, 1200 * MS, true);
	virtual_pass(v, 500 * MS, false);

	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	assert_true(traffic_is_done(virtual_traffic(v), virtual_now(v)));
	assert_int_equal(traffic_starts_until(virtual_traffic(v)), end);
	assert_in_range(r->started, 2990, 3010);
	assert_int_equal(r->started + r->not_begun, 10000);
	assert_in_range(r->completed_in_time, 2900, r->completed);
	/* Their delay until then is told: 0.5 s at the least. */
	assert_int_equal(delay(v, TRAFFIC_DELAY_LATE)->count, 10000);
	assert_true(histogram_permille(delay(v, TRAFFIC_DELAY_LATE), 350) >= 500 * MS);
	virtual_destroy(v);
}

static void calls_end_the_time_where_they_end_before_it(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("options", 1000, 100);
	trial.seconds = 1;
	const uint64_t begin = virtual_now(v);
	const struct traffic_results *r = run(v, &trial);
	assert_clean(r);
	assert_int_equal(r->started, 100);
	assert_int_equal(r->not_begun, 0);
	assert_in_range(traffic_starts_until(virtual_traffic(v)), begin + VIRTUAL_HZ / 10,
			begin + VIRTUAL_HZ / 10 + MS);
	virtual_destroy(v);
}

static void calls_are_due_at_the_rate_whatever_became_of_those_before(void **)
{
	struct virtual_config config = two_by_four();

	/* Nobody answers: the loop stays open. */
	config.loss_permille = 1000;
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("options", 1000, 0);
	trial.seconds = 1;
	assert_true(traffic_begin(virtual_traffic(v), &trial, virtual_now(v)));
	assert_int_equal(traffic_starts_until(virtual_traffic(v)), virtual_now(v) + VIRTUAL_HZ);
	virtual_pass(v, 500 * MS, false);
	assert_in_range(traffic_results(virtual_traffic(v))->started, 499, 501);
	virtual_pass(v, 1500 * MS, false);
	assert_int_equal(traffic_results(virtual_traffic(v))->started, 1000);
	assert_int_equal(traffic_results(virtual_traffic(v))->live, 1000);
	/* Timer F. */
	virtual_pass(v, 33000ull * MS, false);
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	assert_int_equal(r->failures[TRAFFIC_FAILURE_TIMEOUT_NON_INVITE], 1000);
	/* Timer E: 0.5, 1.5, 3.5, 7.5, then every 4 s up to 31.5. */
	assert_int_equal(r->retransmissions_caller, 10 * 1000);
	virtual_destroy(v);
}

static void an_invite_goes_out_seven_times_and_fails_by_timer_b(void **)
{
	struct virtual_config config = two_by_four();

	config.loss_permille = 1000;
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call", 1000, 10);
	const struct traffic_results *r = run(v, &trial);
	assert_int_equal(r->failures[TRAFFIC_FAILURE_TIMEOUT_INVITE], 10);
	assert_int_equal(r->retransmissions_caller, 6 * 10);
	assert_int_equal(faults_of(r), 0);
	virtual_destroy(v);
}

static void calls_beyond_the_room_for_them_fail_and_are_counted(void **)
{
	struct virtual_config config = two_by_four();

	config.calls_max = 10;
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call", 1000, 100);
	trial.hold_ms = 1000;
	const struct traffic_results *r = run(v, &trial);
	assert_int_equal(r->live_max, 10);
	assert_int_equal(r->completed, 10);
	assert_int_equal(r->failures[TRAFFIC_FAILURE_OUT_OF_CALLS], 90);
	virtual_destroy(v);
}

static void poisson_arrivals_keep_the_rate_and_not_the_gaps(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("options", 1000, 0);

	trial.seconds = 10;
	trial.arrivals = TRAFFIC_POISSON;
	assert_true(virtual_run(v, &trial, PATIENCE_S));
	/* 10,000 expected, standard deviation 100. */
	const uint64_t started = traffic_results(virtual_traffic(v))->started;
	assert_in_range(started, 9500, 10500);
	assert_int_not_equal(started, 10000);
	virtual_destroy(v);
}

static void an_aborted_trial_leaves_nothing_live(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call", 1000, 100);

	trial.hold_ms = 60000;
	assert_true(traffic_begin(virtual_traffic(v), &trial, virtual_now(v)));
	virtual_pass(v, 300 * MS, false);
	assert_int_equal(traffic_results(virtual_traffic(v))->live, 100);
	assert_false(traffic_begin(virtual_traffic(v), &trial, virtual_now(v)));
	traffic_abort(virtual_traffic(v), virtual_now(v));
	assert_true(traffic_is_done(virtual_traffic(v), virtual_now(v)));
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	assert_int_equal(r->failures[TRAFFIC_FAILURE_ABORTED], 100);
	/* What is under way to them is late in the next trial, and no fault. */
	trial.hold_ms = 0;
	assert_clean(run(v, &trial));
	virtual_destroy(v);
}

static void a_stopped_trial_ends_by_itself(void **)
{
	struct virtual_config config = two_by_four();
	struct virtual *v = virtual_create(&config);
	struct traffic_trial trial = trial_of("call", 1000, 1000);

	assert_true(traffic_begin(virtual_traffic(v), &trial, virtual_now(v)));
	virtual_pass(v, 100 * MS, false);
	traffic_stop(virtual_traffic(v), virtual_now(v));
	virtual_pass(v, 200 * MS, false);
	assert_true(traffic_is_done(virtual_traffic(v), virtual_now(v)));
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	assert_clean(r);
	assert_in_range(r->started, 100, 102);
	virtual_destroy(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_are_those_of_the_network),
		cmocka_unit_test(a_stall_shows_in_the_delays_of_all_that_was_due_meanwhile),
		cmocka_unit_test(what_did_not_begin_in_its_time_is_not_called_offered),
		cmocka_unit_test(calls_end_the_time_where_they_end_before_it),
		cmocka_unit_test(calls_are_due_at_the_rate_whatever_became_of_those_before),
		cmocka_unit_test(an_invite_goes_out_seven_times_and_fails_by_timer_b),
		cmocka_unit_test(calls_beyond_the_room_for_them_fail_and_are_counted),
		cmocka_unit_test(poisson_arrivals_keep_the_rate_and_not_the_gaps),
		cmocka_unit_test(an_aborted_trial_leaves_nothing_live),
		cmocka_unit_test(a_stopped_trial_ends_by_itself),
	};

	return cmocka_run_group_tests_name("generator-timing", tests, NULL, NULL);
}
