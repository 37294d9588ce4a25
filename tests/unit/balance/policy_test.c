/* SPDX-License-Identifier: BSD-3-Clause */
/* balance/policy.h: who takes part, and in what turn; the hash's shares are in tests/model. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "balance/policy.h"
#include "support/snapshot_fixture.h"

#define NETWORK "interface core address 198.51.100.1/24\n"

static struct snapshot_fixture *fixture;
static struct balance_state state;

static void load(const char *text)
{
	char error[160];

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

static uint16_t target(const char *name)
{
	return snapshot_fixture_target(fixture, name);
}

static uint16_t choose_with(const struct balance_request *request, bool peek)
{
	return balance_select(snapshot_fixture_snapshot(fixture), 0, request, &state, peek).target;
}

static uint16_t choose(uint64_t hash)
{
	return choose_with(&(struct balance_request){ .call_hash = hash }, false);
}

static const char *const policies[] = { "call-id-hash",	      "round-robin", "weighted-random",
					"least-transactions", "least-calls", "srv" };

static void load_policy(const char *policy, const char *targets)
{
	char text[2048];

	snprintf(text, sizeof(text), NETWORK "pool p policy %s\n%s", policy, targets);
	load(text);
}

static void policies_have_the_operators_names(void **)
{
	for (int p = POLICY_CALL_ID_HASH; p <= POLICY_SRV; p++)
		assert_string_equal(balance_policy_name((enum balance_policy)p), policies[p]);
}

static void usable_is_ready_and_up_and_reachable(void **)
{
	load(NETWORK "pool p\ntarget p a 198.51.100.11\ntarget p far 203.0.113.1\n");
	const struct balance_snapshot *s = snapshot_fixture_snapshot(fixture);
	struct target_status *status = snapshot_fixture_status(fixture, "a");

	assert_true(balance_target_is_usable(&s->targets[target("a")]));
	for (uint32_t admin = TARGET_READY; admin <= TARGET_MAINT; admin++) {
		for (uint32_t health = TARGET_UP; health <= TARGET_BLACKLISTED; health++) {
			status->admin = admin;
			status->health = health;
			assert_int_equal(balance_target_is_usable(&s->targets[target("a")]),
					 admin == TARGET_READY && health == TARGET_UP);
		}
	}
	assert_false(balance_target_is_usable(&s->targets[target("far")]));
}

static void the_lowest_priority_number_with_a_usable_target_serves(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load_policy(policies[p], "target p c1 198.51.100.31 priority 30\n"
					 "target p a1 198.51.100.11 priority 10\n"
					 "target p b1 198.51.100.21 priority 20 weight 9\n"
					 "target p a2 198.51.100.12 priority 10\n");
		unsigned int seen = 0;
		for (uint64_t i = 0; i < 64; i++)
			seen |= 1u << choose(hash_mix64(i + 1));
		assert_int_equal(seen, 1u << target("a1") | 1u << target("a2"));

		snapshot_fixture_status(fixture, "a1")->health = TARGET_DOWN;
		for (uint64_t i = 0; i < 32; i++)
			assert_int_equal(choose(hash_mix64(i + 1)), target("a2"));
		snapshot_fixture_status(fixture, "a2")->admin = TARGET_DRAIN;
		for (uint64_t i = 0; i < 32; i++)
			assert_int_equal(choose(hash_mix64(i + 1)), target("b1"));
		snapshot_fixture_status(fixture, "b1")->health = TARGET_BLACKLISTED;
		assert_int_equal(choose(7), target("c1"));
		snapshot_fixture_status(fixture, "c1")->admin = TARGET_MAINT;
		assert_int_equal(choose(7), BALANCE_NONE);
	}
}

static void weight_zero_serves_where_nobody_with_a_weight_does(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load_policy(policies[p], "target p w 198.51.100.11 weight 1\n"
					 "target p z1 198.51.100.12 weight 0\n"
					 "target p z2 198.51.100.13 weight 0\n"
					 "target p next 198.51.100.14 weight 5 priority 1\n");
		/* RFC 2782 gives it a small chance there. */
		for (uint64_t i = 0; i < 64 && strcmp(policies[p], "srv") != 0; i++)
			assert_int_equal(choose(hash_mix64(i + 1)), target("w"));
		snapshot_fixture_status(fixture, "w")->health = TARGET_DOWN;
		unsigned int seen = 0;
		for (uint64_t i = 0; i < 64; i++)
			seen |= 1u << choose(hash_mix64(i + 1));
		assert_int_equal(seen, 1u << target("z1") | 1u << target("z2"));
	}
}

static void tried_targets_are_not_chosen_again(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load_policy(policies[p], "target p a 198.51.100.11 weight 5\n"
					 "target p b 198.51.100.12 weight 1\n"
					 "target p c 198.51.100.13 priority 1\n");
		for (uint64_t i = 0; i < 32; i++) {
			struct balance_request request = { .call_hash = hash_mix64(i + 1) };
			uint16_t order[3];
			for (int n = 0; n < 3; n++) {
				order[n] = choose_with(&request, false);
				assert_int_not_equal(order[n], BALANCE_NONE);
				for (int m = 0; m < n; m++)
					assert_int_not_equal(order[n], order[m]);
				request.tried[request.tried_count++] =
					snapshot_fixture_snapshot(fixture)->targets[order[n]].slot;
			}
			assert_int_equal(order[2], target("c"));
			assert_int_equal(choose_with(&request, false), BALANCE_NONE);
		}
	}
}

static void peeking_tells_the_next_choice_and_changes_nothing(void **)
{
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		load_policy(policies[p], "target p a 198.51.100.11 weight 5\n"
					 "target p b 198.51.100.12 weight 3\n"
					 "target p c 198.51.100.13 weight 2\n");
		for (uint64_t i = 0; i < 200; i++) {
			struct balance_request request = { .call_hash = hash_mix64(i + 1) };
			struct balance_state saved = state;
			uint16_t next = choose_with(&request, true);
			assert_int_equal(choose_with(&request, true), next);
			assert_memory_equal(&saved, &state, sizeof(state));
			assert_int_equal(choose_with(&request, false), next);
		}
	}
}

static void round_robin_rotates_equal_targets_in_order(void **)
{
	load_policy("round-robin", "target p a 198.51.100.11 weight 50\n"
				   "target p b 198.51.100.12 weight 50\n"
				   "target p c 198.51.100.13 weight 50\n");
	for (uint16_t i = 0; i < 30; i++)
		assert_int_equal(choose(0), i % 3);
}

/* Every round is exact, and within it no target comes in a long run. */
static void round_robin_gives_each_round_its_exact_shares(void **)
{
	static const unsigned int weights[] = { 7, 1, 30, 12 };

	load_policy("round-robin", "target p a 198.51.100.11 weight 70\n"
				   "target p b 198.51.100.12 weight 10\n"
				   "target p c 198.51.100.13 weight 300\n"
				   "target p d 198.51.100.14 weight 120\n");
	for (int round = 0; round < 20; round++) {
		unsigned int counts[4] = { 0 }, run = 0;
		uint16_t last = BALANCE_NONE;
		for (int i = 0; i < 50; i++) {
			uint16_t chosen = choose(0);
			run = chosen == last ? run + 1 : 1;
			last = chosen;
			assert_true(run <= 3); /* 30 of 50 */
			counts[chosen]++;
		}
		for (int i = 0; i < 4; i++)
			assert_int_equal(counts[i], weights[i]);
	}
}

static void round_robin_keeps_its_shares_while_a_target_is_down(void **)
{
	load_policy("round-robin", "target p a 198.51.100.11 weight 3\n"
				   "target p b 198.51.100.12 weight 2\n"
				   "target p c 198.51.100.13 weight 1\n");
	for (int i = 0; i < 5; i++)
		(void)choose(0);
	snapshot_fixture_status(fixture, "a")->health = TARGET_DOWN;
	unsigned int counts[3] = { 0 };
	for (int i = 0; i < 300; i++)
		counts[choose(0)]++;
	assert_int_equal(counts[0], 0);
	assert_int_equal(counts[1], 200);
	assert_int_equal(counts[2], 100);
}

static void round_robin_takes_the_greatest_weights_there_are(void **)
{
	load_policy("round-robin", "target p a 198.51.100.11 weight 65535\n"
				   "target p b 198.51.100.12 weight 65534\n"
				   "target p c 198.51.100.13 weight 1\n");
	unsigned int counts[3] = { 0 };
	for (int i = 0; i < 2 * 131070; i++)
		counts[choose(0)]++;
	assert_int_equal(counts[0], 2 * 65535);
	assert_int_equal(counts[1], 2 * 65534);
	assert_int_equal(counts[2], 2);
}

static void weighted_random_follows_the_weights(void **)
{
	static const double weights[] = { .5, .3, .2 };
	unsigned int counts[3] = { 0 };
	double chi_square = 0;

	load_policy("weighted-random", "target p a 198.51.100.11 weight 50\n"
				       "target p b 198.51.100.12 weight 30\n"
				       "target p c 198.51.100.13 weight 20\n");
	for (int i = 0; i < 30000; i++)
		counts[choose(0)]++;
	for (int i = 0; i < 3; i++) {
		double expected = 30000 * weights[i];
		chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
	}
	assert_true(chi_square < 18.4); /* 99.99 %, two degrees of freedom */
}

static void a_pool_without_targets_has_no_choice(void **)
{
	load(NETWORK "pool p\n");
	assert_int_equal(choose(1), BALANCE_NONE);
	assert_int_equal(balance_select(snapshot_fixture_snapshot(fixture), 9,
					&(struct balance_request){ 0 }, &state, false)
				 .target,
			 BALANCE_NONE);
	assert_int_equal(balance_select_by_hash(snapshot_fixture_snapshot(fixture), BALANCE_NONE,
						&(struct balance_request){ 0 }),
			 BALANCE_NONE);
}

static void by_hash_ignores_policy_and_state(void **)
{
	static const char targets[] = "target p a 198.51.100.11 weight 5\n"
				      "target p b 198.51.100.12 weight 3\n"
				      "target p c 198.51.100.13 weight 2\n";
	uint16_t chosen[64];

	load_policy("call-id-hash", targets);
	for (uint64_t i = 0; i < 64; i++)
		chosen[i] = choose(hash_mix64(i + 1));
	load_policy("round-robin", targets);
	snapshot_fixture_status(fixture, "a")->health = TARGET_DOWN;
	snapshot_fixture_status(fixture, "b")->admin = TARGET_MAINT;
	for (uint64_t i = 0; i < 64; i++) {
		struct balance_request request = { .call_hash = hash_mix64(i + 1) };
		assert_int_equal(
			balance_select_by_hash(snapshot_fixture_snapshot(fixture), 0, &request),
			chosen[i]);
	}
}

/* The second choice for a call is what a dead first choice's calls get: fail-over and a reload
 * agree. */
static void the_next_choice_is_that_without_the_first(void **)
{
	load_policy("call-id-hash", "target p a 198.51.100.11 weight 5\n"
				    "target p b 198.51.100.12 weight 3\n"
				    "target p c 198.51.100.13 weight 2\n");
	for (uint64_t i = 0; i < 100; i++) {
		struct balance_request request = { .call_hash = hash_mix64(i + 1) };
		uint16_t first = choose_with(&request, false);
		struct target_status *status =
			snapshot_fixture_snapshot(fixture)->targets[first].status;
		status->health = TARGET_DOWN;
		uint16_t without = choose_with(&request, false);
		status->health = TARGET_UP;
		request.tried[request.tried_count++] =
			snapshot_fixture_snapshot(fixture)->targets[first].slot;
		assert_int_equal(choose_with(&request, false), without);
	}
}

/* shows: 204, 212 */
static void settled_choice_follows_the_wish_late_and_nothing_else(void **)
{
	load(NETWORK "pool p\ntarget p a 198.51.100.11\ntarget p b 198.51.100.12\n"
		     "target p c 198.51.100.13\n");
	const struct balance_snapshot *s = snapshot_fixture_snapshot(fixture);
	const uint64_t now = 100000, settle = 32000;
	uint16_t announced;

	snapshot_fixture_edit(fixture)->settle_ms = (uint32_t)settle;
	for (uint64_t hash = 0; hash < 300; hash++) {
		struct balance_request request = { .call_hash = hash_mix64(hash) };
		uint16_t first = balance_select_by_hash(s, 0, &request);
		struct target_status *status = s->targets[first].status;
		/* What was observed does not count. */
		status->health = TARGET_DOWN;
		assert_int_equal(balance_select_settled(s, 0, request.call_hash, now, &announced),
				 first);
		assert_int_equal(announced, first);
		status->health = TARGET_UP;
		balance_admin_set(status, TARGET_DRAIN, now, (uint32_t)settle);
		for (uint64_t at = now; at < now + settle; at += settle - 1) {
			assert_int_equal(balance_select_settled(s, 0, request.call_hash, at,
								&announced),
					 first);
			assert_int_not_equal(announced, first);
			assert_int_not_equal(announced, BALANCE_NONE);
		}
		uint16_t next = announced;
		assert_int_equal(balance_select_settled(s, 0, request.call_hash, now + settle,
							&announced),
				 next);
		assert_int_equal(announced, next);
		/* Taken back before it was in effect: nothing ever changes. */
		*status = (struct target_status){ .admin = TARGET_READY };
		balance_admin_set(status, TARGET_MAINT, now, (uint32_t)settle);
		balance_admin_set(status, TARGET_READY, now + 1000, (uint32_t)settle);
		for (uint64_t at = now + 1000; at < now + 3 * settle; at += 1000) {
			assert_int_equal(balance_select_settled(s, 0, request.call_hash, at,
								&announced),
					 first);
			assert_int_equal(announced, first);
		}
		*status = (struct target_status){ .admin = TARGET_READY };
	}
}

static void settled_choice_waits_anew_for_each_change(void **)
{
	struct target_status status = { .admin = TARGET_READY };

	balance_admin_set(&status, TARGET_MAINT, 1000, 32000);
	assert_int_equal(balance_admin_settled(&status, 1000, 32000), TARGET_READY);
	assert_int_equal(balance_admin_settled(&status, 32999, 32000), TARGET_READY);
	assert_int_equal(balance_admin_settled(&status, 33000, 32000), TARGET_MAINT);
	/* In effect: the way back waits too.  Said again: nothing changes. */
	balance_admin_set(&status, TARGET_MAINT, 40000, 32000);
	balance_admin_set(&status, TARGET_READY, 50000, 32000);
	assert_int_equal(status.admin, TARGET_READY);
	assert_int_equal(balance_admin_settled(&status, 81999, 32000), TARGET_MAINT);
	/* A third wish before the second was in effect: what was in effect stays so. */
	balance_admin_set(&status, TARGET_DRAIN, 60000, 32000);
	assert_int_equal(balance_admin_settled(&status, 91999, 32000), TARGET_MAINT);
	assert_int_equal(balance_admin_settled(&status, 92000, 32000), TARGET_DRAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_have_the_operators_names),
		cmocka_unit_test(usable_is_ready_and_up_and_reachable),
		cmocka_unit_test(the_lowest_priority_number_with_a_usable_target_serves),
		cmocka_unit_test(weight_zero_serves_where_nobody_with_a_weight_does),
		cmocka_unit_test(tried_targets_are_not_chosen_again),
		cmocka_unit_test(peeking_tells_the_next_choice_and_changes_nothing),
		cmocka_unit_test(round_robin_rotates_equal_targets_in_order),
		cmocka_unit_test(round_robin_gives_each_round_its_exact_shares),
		cmocka_unit_test(round_robin_keeps_its_shares_while_a_target_is_down),
		cmocka_unit_test(round_robin_takes_the_greatest_weights_there_are),
		cmocka_unit_test(weighted_random_follows_the_weights),
		cmocka_unit_test(a_pool_without_targets_has_no_choice),
		cmocka_unit_test(by_hash_ignores_policy_and_state),
		cmocka_unit_test(the_next_choice_is_that_without_the_first),
		cmocka_unit_test_teardown(settled_choice_follows_the_wish_late_and_nothing_else,
					  unload),
		cmocka_unit_test(settled_choice_waits_anew_for_each_change),
	};
	return cmocka_run_group_tests(tests, NULL, unload);
}
