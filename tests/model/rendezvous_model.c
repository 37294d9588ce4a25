/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * call-id-hash on 100,000 Call-IDs over ten targets of mixed weights: shares follow the weights,
 * a removed target moves its own calls and no others, in proportion over all that remain, and an
 * added one takes its share and nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "balance/policy.h"
#include "balance/rendezvous.h"

#define TARGETS 10
#define CALLS   100000

static const uint16_t weights[TARGETS] = { 1, 2, 3, 5, 8, 10, 20, 50, 1, 100 };

/* 99.99 % quantiles of chi-square with 9 and 8 degrees of freedom. */
#define CHI_SQUARE_9 33.7
#define CHI_SQUARE_8 31.8

struct world {
	struct balance_snapshot snapshot;
	struct balance_pool pool;
	struct balance_target targets[TARGETS];
	struct target_status statuses[TARGETS];
};

static struct world world;
static uint64_t hashes[CALLS];
static uint16_t before[CALLS], after[CALLS];

static void world_init(void)
{
	memset(&world, 0, sizeof(world));
	world.snapshot.call_key = (struct hash_key){ 0x1234, 0x5678 };
	world.snapshot.pool_count = 1;
	world.snapshot.pools = &world.pool;
	world.snapshot.targets = world.targets;
	world.snapshot.target_count = world.pool.target_count = TARGETS;
	world.pool.policy = POLICY_CALL_ID_HASH;
	for (unsigned int i = 0; i < TARGETS; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "pool/sw%u", i);
		world.targets[i].id = hash64(&(struct hash_key){ 0, 0 }, span_of(name, (size_t)n));
		world.targets[i].slot = (uint16_t)i;
		world.targets[i].weight = weights[i];
		world.targets[i].status = &world.statuses[i];
	}
	for (unsigned int i = 0; i < CALLS; i++) {
		char call_id[48];
		int n = snprintf(call_id, sizeof(call_id), "%u-7341@192.0.2.%u", i, i % 250);
		hashes[i] = balance_call_hash(&world.snapshot, span_of(call_id, (size_t)n));
	}
}

static uint16_t choose(uint64_t hash)
{
	static struct balance_state state = { .random = 1 };
	struct balance_request request = { .call_hash = hash };

	return balance_select(&world.snapshot, 0, &request, &state, false).target;
}

static void choose_all(uint16_t *out)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		out[i] = choose(hashes[i]);
		assert_true(out[i] < TARGETS);
	}
}

/* How far `counts` lie from the weights of the targets of `set`. */
static double chi_square(const unsigned int counts[TARGETS], unsigned int set)
{
	double total = 0, sum = 0, result = 0;

	for (unsigned int i = 0; i < TARGETS; i++) {
		if (set & (1u << i)) {
			total += weights[i];
			sum += counts[i];
		}
	}
	for (unsigned int i = 0; i < TARGETS; i++) {
		if (!(set & (1u << i)))
			continue;
		double expected = sum * weights[i] / total;
		result += (counts[i] - expected) * (counts[i] - expected) / expected;
	}
	return result;
}

static void shares_follow_the_weights(void **)
{
	unsigned int counts[TARGETS] = { 0 };

	world_init();
	choose_all(before);
	for (unsigned int i = 0; i < CALLS; i++)
		counts[before[i]]++;
	assert_true(chi_square(counts, (1u << TARGETS) - 1) < CHI_SQUARE_9);
}

static void a_lost_target_moves_its_own_calls_over_all_others(void **)
{
	world_init();
	choose_all(before);
	for (unsigned int lost = 0; lost < TARGETS; lost++) {
		unsigned int counts[TARGETS] = { 0 }, moved = 0;
		world.statuses[lost].health = TARGET_DOWN;
		choose_all(after);
		world.statuses[lost].health = TARGET_UP;
		for (unsigned int i = 0; i < CALLS; i++) {
			if (before[i] != lost) {
				assert_int_equal(after[i], before[i]);
				continue;
			}
			assert_int_not_equal(after[i], lost);
			counts[after[i]]++;
			moved++;
		}
		assert_true(moved > 0);
		assert_true(chi_square(counts, ((1u << TARGETS) - 1) & ~(1u << lost)) <
			    CHI_SQUARE_8);
	}
}

/* Taken out of the configuration instead of being down: the same calls move to the same places,
 * whatever the order of the rest. */
static void configuration_and_state_agree(void **)
{
	struct balance_target saved;

	world_init();
	for (unsigned int lost = 0; lost < TARGETS; lost++) {
		world_init();
		world.statuses[lost].health = TARGET_DOWN;
		choose_all(before);
		world.statuses[lost].health = TARGET_UP;
		saved = world.targets[TARGETS - 1];
		world.targets[TARGETS - 1] = world.targets[lost];
		world.targets[lost] = saved;
		world.pool.target_count = TARGETS - 1;
		choose_all(after);
		for (unsigned int i = 0; i < CALLS; i++) {
			uint16_t expected = before[i] == TARGETS - 1 ? (uint16_t)lost : before[i];
			assert_int_equal(after[i], expected);
		}
	}
}

static void an_added_target_takes_its_own_share(void **)
{
	double total = 0;
	unsigned int taken = 0;
	const unsigned int added = 7; /* weight 50 of 200 */

	world_init();
	world.statuses[added].admin = TARGET_MAINT;
	choose_all(before);
	world.statuses[added].admin = TARGET_READY;
	choose_all(after);
	for (unsigned int i = 0; i < TARGETS; i++)
		total += weights[i];
	for (unsigned int i = 0; i < CALLS; i++) {
		if (after[i] == before[i])
			continue;
		assert_int_equal(after[i], added);
		taken++;
	}
	/* binomial, four standard deviations */
	double p = weights[added] / total;
	assert_true(fabs(taken - CALLS * p) < 4 * sqrt(CALLS * p * (1 - p)));
}

/* Against the C library's logarithm, over the whole range and at its edges. */
static void scores_are_the_logarithm(void **)
{
	uint64_t seed = 1;

	for (int i = 0; i < 200000; i++) {
		seed += 0x9e3779b97f4a7c15u;
		uint64_t u = hash_mix64(seed);
		unsigned int shift = (unsigned int)(seed >> 7) % 60;
		u = i % 3 == 0 ? u : i % 3 == 1 ? u >> shift : ~(u >> shift);
		uint64_t score = rendezvous_score(u);
		long double exact = -logl((long double)(u | 1) / 18446744073709551616.0L);
		if ((u | 1) > UINT64_MAX / 2) /* no cancellation near 1 */
			exact = -log1pl(-(long double)(0 - (u | 1)) / 18446744073709551616.0L);
		exact *= (long double)(1ull << RENDEZVOUS_FRACTION_BITS);
		assert_true(fabsl((long double)score - exact) <= 4 + exact * 0x1p-32L);
		assert_true(rendezvous_bound(u) <= score);
		assert_true(score > 0);
	}
}

/* Other machines, compilers and years must choose the same: a change here moves live calls. */
static void choices_are_pinned(void **)
{
	assert_int_equal(rendezvous_score(0), 12786308645202010212u);
	assert_int_equal(rendezvous_score(UINT64_MAX), 1);
	assert_int_equal(rendezvous_score(0x0123456789abcdefu), 1561084656202817276u);
	assert_int_equal(rendezvous_score(0x8000000000000000u), 199786072580646027u);
	assert_int_equal(rendezvous_score(0xfffff00000000000u), 274878038017u);
	assert_int_equal(rendezvous_uniform(0x1122334455667788u, 0x99aabbccddeeff00u),
			 6086521293102499493u);

	uint64_t digest = 0;
	world_init();
	choose_all(before);
	for (unsigned int i = 0; i < CALLS; i++)
		digest = hash_mix64(digest * 31 + before[i]);
	assert_int_equal(digest, 0x9afdecd72f950230u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_follow_the_weights),
		cmocka_unit_test(a_lost_target_moves_its_own_calls_over_all_others),
		cmocka_unit_test(configuration_and_state_agree),
		cmocka_unit_test(an_added_target_takes_its_own_share),
		cmocka_unit_test(scores_are_the_logarithm),
		cmocka_unit_test(choices_are_pinned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
