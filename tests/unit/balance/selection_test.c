/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * balance/policy.h: what leaves a target out, or in, whatever the policy: caps, trial, panic, weight
 * that is withheld; and what the two policies by load go by.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#include "balance/cap.h"
#include "balance/policy.h"
#include "support/snapshot_fixture.h"

#define NETWORK "interface core address 198.51.100.1/24\n"

static struct snapshot_fixture *fixture;
static struct balance_state state;
static uint64_t calls;

static void load(const char *policy, const char *targets)
{
	char text[1024], error[160];

	snprintf(text, sizeof(text), NETWORK "pool p policy %s\n%s", policy, targets);
	snapshot_fixture_destroy(fixture);
	fixture = snapshot_fixture_create(text, error, sizeof(error));
	if (!fixture)
		fail_msg("%s", error);
	state = (struct balance_state){ .random = 88172645463325252u };
}

static int unload(void **)
{
	snapshot_fixture_destroy(fixture);
	fixture = NULL;
	return 0;
}

static struct target_status *status(const char *name)
{
	return snapshot_fixture_status(fixture, name);
}

static uint16_t target(const char *name)
{
	return snapshot_fixture_target(fixture, name);
}

static struct balance_choice choose_at(tick_t now, bool peek)
{
	const struct balance_request request = { .call_hash = hash_mix64(++calls),
						 .now = now,
						 .is_call = true };

	return balance_select(snapshot_fixture_snapshot(fixture), 0, &request, &state, peek);
}

static struct balance_choice choose(void)
{
	return choose_at(TICK_SECONDS(1), false);
}

static const char *const policies[] = { "call-id-hash",	      "round-robin", "weighted-random",
					"least-transactions", "least-calls", "srv" };

static void a_full_target_gets_no_call_and_a_full_pool_says_so(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load(policies[p], "target p a 198.51.100.11 max-calls 10\n"
				  "target p b 198.51.100.12 max-calls 4\n");
		/* Calls that stand and requests without an answer count alike. */
		status("a")->calls = 7;
		status("a")->outstanding = 3;
		status("b")->calls = 3;
		for (int i = 0; i < 32; i++)
			assert_int_equal(choose().target, target("b"));
		status("b")->calls = 4;
		struct balance_choice choice = choose();
		assert_int_equal(choice.target, BALANCE_NONE);
		assert_true(choice.is_full);
		/* What is no call is not held up by a cap on calls. */
		const struct balance_request message = { .call_hash = 1 };
		assert_int_not_equal(balance_select(snapshot_fixture_snapshot(fixture), 0, &message,
						    &state, false)
					     .target,
				     BALANCE_NONE);
		/* Down is not full. */
		status("a")->health = TARGET_DOWN;
		status("b")->health = TARGET_BLACKLISTED;
		choice = choose();
		assert_int_equal(choice.target, BALANCE_NONE);
		assert_false(choice.is_full);
		status("a")->health = TARGET_UP;
		status("a")->outstanding = 2;
		assert_int_equal(choose().target, target("a"));
		/* A counter that others read while it is written may be off. */
		status("a")->calls = -5;
		assert_int_equal(choose().target, target("a"));
	}
}

static void a_cap_on_rate_holds_in_every_second(void **)
{
	static const uint32_t rates[] = { 1, 7, 50, 1000, 333333 };

	for (size_t r = 0; r < ARRAY_SIZE(rates); r++) {
		struct target_status one = { .admin = TARGET_READY };
		const struct balance_target capped = { .status = &one, .rate_max = rates[r] };
		uint32_t taken = 0;
		/* After a pause a burst, and not one more. */
		tick_t now = TICK_SECONDS(10);
		while (!cap_rate_is_full(&capped, now)) {
			assert_true(cap_rate_take(&capped, now));
			taken++;
		}
		assert_false(cap_rate_take(&capped, now));
		assert_int_equal(taken, cap_rate_burst(rates[r]));
		assert_int_equal(taken, rates[r] / 10 + 1);
		/* Asked without end: the rate, to one request. */
		taken = 0;
		for (tick_t at = now; at < now + TICK_SECONDS(3); at++)
			taken += cap_rate_take(&capped, at);
		assert_in_range(taken, 3 * rates[r] - rates[r] / 1000 - 1, 3 * rates[r]);
	}
}

static void a_cap_on_rate_moves_what_is_too_much(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load(policies[p], "target p a 198.51.100.11 max-rate 10 priority 1\n"
				  "target p b 198.51.100.12 max-rate 10 priority 2\n");
		/* A burst of two each; looking uses nothing up. */
		for (int i = 0; i < 10; i++)
			assert_int_equal(choose_at(TICK_SECONDS(1), true).target, target("a"));
		for (int i = 0; i < 2; i++)
			assert_int_equal(choose().target, target("a"));
		for (int i = 0; i < 2; i++)
			assert_int_equal(choose().target, target("b"));
		struct balance_choice choice = choose();
		assert_int_equal(choice.target, BALANCE_NONE);
		assert_true(choice.is_full);
		assert_int_equal(choose_at(TICK_MS(1100), false).target, target("a"));
	}
}

static void a_target_on_trial_gets_the_calls_that_it_may(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load(policies[p], "target p a 198.51.100.11 trial priority 1\n"
				  "target p b 198.51.100.12 priority 2\n");
		assert_int_equal(choose().target, target("b"));
		status("a")->trials = 3;
		for (int i = 0; i < 10; i++)
			assert_int_equal(choose_at(0, true).target, target("a"));
		assert_int_equal(status("a")->trials, 3);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(choose().target, target("a"));
			assert_int_equal(status("a")->trials, 2 - i);
		}
		assert_int_equal(choose().target, target("b"));
		/* Nobody else is left: that is not for a cap. */
		status("b")->health = TARGET_DOWN;
		assert_int_equal(choose().target, BALANCE_NONE);
		assert_false(choose().is_full);
	}
}

#define THREADS 4
#define TRIALS  500000

static pthread_barrier_t start;

static void *take_all(void *context)
{
	struct target_status *one = context;
	uintptr_t taken = 0;

	pthread_barrier_wait(&start);
	while (cap_trial_is_left(one))
		taken += cap_trial_take(one);
	return (void *)taken;
}

static void trials_are_counted_across_workers(void **)
{
	static struct target_status one;
	pthread_t threads[THREADS];
	uintptr_t sum = 0;

	one.trials = TRIALS;
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_all, &one), 0);
	for (int i = 0; i < THREADS; i++) {
		void *taken;
		assert_int_equal(pthread_join(threads[i], &taken), 0);
		sum += (uintptr_t)taken;
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(sum, TRIALS);
	assert_int_equal(one.trials, 0);
}

static void a_trial_of_calls_is_no_other_requests(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		struct balance_request request = { .call_hash = 1 };
		load(policies[p], "target p a 198.51.100.11 trial\n");
		const struct balance_snapshot *s = snapshot_fixture_snapshot(fixture);
		status("a")->trials = 1;
		status("a")->trials_are_calls = 1;
		assert_int_equal(balance_select(s, 0, &request, &state, false).target,
				 BALANCE_NONE);
		assert_int_equal(status("a")->trials, 1);
		request.is_call = true;
		assert_int_equal(balance_select(s, 0, &request, &state, false).target, 0);
		assert_int_equal(status("a")->trials, 0);
	}
}

static void a_pool_that_panics_goes_by_the_wish_alone(void **)
{
	struct pool_status pool = { .is_panicking = 1 };

	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load(policies[p], "target p a 198.51.100.11 down\n"
				  "target p b 198.51.100.12 blacklisted\n"
				  "target p c 198.51.100.13 trial\n"
				  "target p d 198.51.100.14 drain\n"
				  "target p e 198.51.100.15 maint\n");
		assert_int_equal(choose().target, BALANCE_NONE);
		assert_false(balance_pool_is_usable(snapshot_fixture_snapshot(fixture), 0));
		snapshot_fixture_pool_status(fixture, "p", &pool);
		assert_true(balance_pool_is_usable(snapshot_fixture_snapshot(fixture), 0));
		status("c")->trials = 1;
		unsigned int seen = 0;
		for (int i = 0; i < 64; i++)
			seen |= 1u << choose().target;
		assert_int_equal(seen, 1u << target("a") | 1u << target("b") | 1u << target("c"));
		/* No call was a trial. */
		assert_int_equal(status("c")->trials, 1);
	}
}

static void a_target_without_any_of_its_weight_is_the_last_of_its_priority(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load(policies[p], "target p a 198.51.100.11 weight 50\n"
				  "target p b 198.51.100.12 weight 1\n"
				  "target p c 198.51.100.13 priority 1\n");
		status("a")->withheld = TARGET_WEIGHT_WHOLE;
		for (int i = 0; i < 64; i++)
			assert_int_equal(choose().target, target("b"));
		/* But before the next priority. */
		status("b")->health = TARGET_DOWN;
		for (int i = 0; i < 64; i++)
			assert_int_equal(choose().target, target("a"));
		status("a")->withheld = 0;
		assert_int_equal(choose().target, target("a"));
	}
}

static unsigned int chosen_of(unsigned int count, const char *name)
{
	unsigned int chosen = 0;

	for (unsigned int i = 0; i < count; i++)
		chosen += choose().target == target(name);
	return chosen;
}

static void withheld_weight_lowers_the_share_of_turns(void **)
{
	load("round-robin", "target p a 198.51.100.11 weight 30\n"
			    "target p b 198.51.100.12 weight 10\n");
	status("a")->withheld = TARGET_WEIGHT_WHOLE / 4;
	status("b")->withheld = TARGET_WEIGHT_WHOLE / 2;
	/* 22.5 and 5 are 9 and 2, exactly. */
	assert_int_equal(chosen_of(1100, "a"), 900);
	status("a")->withheld = status("b")->withheld = 12345;
	assert_int_equal(chosen_of(400, "a"), 300);
	/* Sums above 32 bits. */
	load("round-robin", "target p a 198.51.100.11 weight 65535\n"
			    "target p b 198.51.100.12 weight 65535\n"
			    "target p c 198.51.100.13 weight 65535\n");
	status("a")->withheld = 1;
	assert_in_range(chosen_of(30000, "a"), 9990, 10010);
}

static void fewer_by_weight_wins(void **)
{
	for (int by_calls = 0; by_calls <= 1; by_calls++) {
		load(by_calls ? "least-calls" : "least-transactions",
		     "target p a 198.51.100.11 weight 1\n"
		     "target p b 198.51.100.12 weight 10\n");
#define LOAD(name) (*(by_calls ? &status(name)->calls : &status(name)->outstanding))
		/* The other load does not count. */
		(*(by_calls ? &status("a")->outstanding : &status("a")->calls)) = 1000;
		LOAD("a") = 3;
		LOAD("b") = 29;
		assert_int_equal(chosen_of(100, "b"), 100);
		LOAD("b") = 31;
		assert_int_equal(chosen_of(100, "a"), 100);
		/* Half of b does not count. */
		LOAD("b") = 16;
		status("b")->withheld = TARGET_WEIGHT_WHOLE / 2;
		assert_int_equal(chosen_of(100, "a"), 100);
		status("b")->withheld = 0;
		assert_int_equal(chosen_of(100, "b"), 100);
		LOAD("a") = LOAD("b") = -1;
		assert_in_range(chosen_of(1100, "a"), 60, 140);
#undef LOAD
	}
}

static void the_most_loaded_gets_nothing_of_a_pool(void **)
{
	load("least-transactions", "target p a 198.51.100.11\ntarget p b 198.51.100.12\n"
				   "target p c 198.51.100.13\ntarget p d 198.51.100.14\n"
				   "target p last 198.51.100.15 priority 1\n");
	status("c")->outstanding = 5;
	/* Whoever is drawn beside it has less; the next priority is none of the two. */
	assert_int_equal(chosen_of(1000, "c"), 0);
	assert_int_equal(chosen_of(1000, "last"), 0);
	/* One left: the only one. */
	for (const char *name = "abd"; *name; name++)
		status((char[]){ *name, '\0' })->health = TARGET_DOWN;
	assert_int_equal(chosen_of(10, "c"), 10);
}

/* Each transaction ends after a random time: a target that was stalled is not flooded when it
 * comes back, and the rest stays even. */
static void load_evens_out(void **)
{
	static uint16_t placed[4000];

	load("least-transactions", "target p a 198.51.100.11\ntarget p b 198.51.100.12\n"
				   "target p c 198.51.100.13\ntarget p d 198.51.100.14\n");
	status("d")->outstanding = 400;
	for (unsigned int i = 0; i < ARRAY_SIZE(placed); i++) {
		placed[i] = choose().target;
		snapshot_fixture_snapshot(fixture)->targets[placed[i]].status->outstanding++;
		if (i >= 1000)
			snapshot_fixture_snapshot(fixture)
				->targets[placed[i - 1000]]
				.status->outstanding--;
	}
	/* 1,400 under way over four. */
	for (const char *name = "abcd"; *name; name++)
		assert_in_range(status((char[]){ *name, '\0' })->outstanding, 300, 450);
}

static void a_choice_is_remembered_unless_the_hash_tells_it_again(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load(policies[p], "target p a 198.51.100.11\ntarget p b 198.51.100.12\n"
				  "target p c 198.51.100.13\n");
		bool is_hash = strcmp(policies[p], "call-id-hash") == 0;
		for (int i = 0; i < 32; i++)
			assert_int_equal(choose().is_remembered, !is_hash);
	}
	load("call-id-hash", "target p a 198.51.100.11 weight 2\ntarget p b 198.51.100.12\n"
			     "target p c 198.51.100.13 max-calls 100\n");
	const struct balance_snapshot *s = snapshot_fixture_snapshot(fixture);
	unsigned int moved = 0;
	for (int state_of_a = 0; state_of_a < 4; state_of_a++) {
		struct target_status *a = status("a");
		a->health = state_of_a == 0 ? TARGET_DOWN : state_of_a == 1 ? TARGET_TRIAL : TARGET_UP;
		a->trials = state_of_a == 1 ? 1000 : 0;
		a->admin = state_of_a == 2 ? TARGET_DRAIN : TARGET_READY;
		a->withheld = state_of_a == 3 ? TARGET_WEIGHT_WHOLE / 2 : 0;
		for (uint64_t i = 0; i < 300; i++) {
			const struct balance_request request = { .call_hash = hash_mix64(i),
								 .is_call = true };
			struct balance_choice choice =
				balance_select(s, 0, &request, &state, false);
			uint16_t first = balance_select_by_hash(s, 0, &request);
			moved += choice.target != first;
			bool is_shaky = choice.target == target("c") ||
					(choice.target == target("a") && state_of_a != 2);
			assert_int_equal(choice.is_remembered,
					 is_shaky || choice.target != first);
		}
	}
	assert_in_range(moved, 300, 700);
}

static void a_standing_says_what_keeps_a_target_out(void **)
{
	static const struct {
		const char *targets, *says;
	} cases[] = {
		{ "target p a 198.51.100.11\n", "usable" },
		{ "target p a 203.0.113.1\n", "no interface leads there" },
		{ "target p a 198.51.100.11 drain down\n", "drain" },
		{ "target p a 198.51.100.11 maint\n", "maint" },
		{ "target p a 198.51.100.11 down\n", "down" },
		{ "target p a 198.51.100.11 blacklisted\n", "blacklisted" },
		{ "target p a 198.51.100.11 trial\n", "blacklisted, on trial with another call" },
		{ "target p a 198.51.100.11 max-calls 5\n", "at max_calls" },
		{ "target p a 198.51.100.11 max-rate 5\n", "at max_rate" },
		{ "target p a 198.51.100.11 down max-rate 5\n", "down" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		load("srv", cases[i].targets);
		const struct balance_snapshot *s = snapshot_fixture_snapshot(fixture);
		struct balance_request request = { .is_call = true };
		status("a")->calls = 5;
		status("a")->rate_due = UINT64_MAX;
		assert_string_equal(
			balance_standing_text(balance_target_standing(s, 0, &request)),
			cases[i].says);
		assert_int_equal(balance_select(s, 0, &request, &state, true).target,
				 i == 0 ? 0 : BALANCE_NONE);
		request.tried[request.tried_count++] = s->targets[0].slot;
		assert_string_equal(
			balance_standing_text(balance_target_standing(s, 0, &request)), "tried");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_target_gets_no_call_and_a_full_pool_says_so),
		cmocka_unit_test(a_cap_on_rate_holds_in_every_second),
		cmocka_unit_test(a_cap_on_rate_moves_what_is_too_much),
		cmocka_unit_test(a_target_on_trial_gets_the_calls_that_it_may),
		cmocka_unit_test(trials_are_counted_across_workers),
		cmocka_unit_test(a_trial_of_calls_is_no_other_requests),
		cmocka_unit_test(a_pool_that_panics_goes_by_the_wish_alone),
		cmocka_unit_test(a_target_without_any_of_its_weight_is_the_last_of_its_priority),
		cmocka_unit_test(withheld_weight_lowers_the_share_of_turns),
		cmocka_unit_test(fewer_by_weight_wins),
		cmocka_unit_test(the_most_loaded_gets_nothing_of_a_pool),
		cmocka_unit_test(load_evens_out),
		cmocka_unit_test(a_choice_is_remembered_unless_the_hash_tells_it_again),
		cmocka_unit_test(a_standing_says_what_keeps_a_target_out),
	};
	return cmocka_run_group_tests(tests, NULL, unload);
}
