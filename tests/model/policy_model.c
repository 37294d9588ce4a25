/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often each policy by lot chooses whom, against the probabilities that are computed here; and
 * which calls call-id-hash moves when part of a weight is withheld.
 */
#include "model.h"

#include <math.h>

#include "balance/policy.h"
#include "balance/rendezvous.h"

#define TARGETS 6
#define DRAWS   200000

struct world {
	struct balance_snapshot snapshot;
	struct balance_pool pool;
	struct balance_target targets[TARGETS];
	struct target_status statuses[TARGETS];
	struct balance_state state;
	struct balance_request request;
};

static struct world world;

static void world_init(enum balance_policy policy, const uint16_t *weights, uint32_t count)
{
	memset(&world, 0, sizeof(world));
	world.snapshot.pool_count = 1;
	world.snapshot.pools = &world.pool;
	world.snapshot.targets = world.targets;
	world.snapshot.target_count = world.pool.target_count = count;
	world.pool.policy = (uint8_t)policy;
	world.state.random = 0x853c49e6748fea9bu;
	for (uint32_t i = 0; i < count; i++)
		world.targets[i] = (struct balance_target){
			.id = hash_mix64(i + 77),
			.slot = (uint16_t)(100 + i),
			.weight = weights[i],
			.status = &world.statuses[i],
		};
}

static uint16_t choose(void)
{
	uint16_t chosen =
		balance_select(&world.snapshot, 0, &world.request, &world.state, false).target;

	assert_true(chosen < world.pool.target_count);
	return chosen;
}

/* Values that chi-square exceeds once in 10,000 times, by degrees of freedom. */
static const double chi_square_max[TARGETS] = { 0, 15.1, 18.4, 21.1, 23.5, 25.7 };

/* Draws, and holds the frequencies against the probabilities. */
static void assert_frequencies(const double *p, uint32_t count)
{
	unsigned int counts[TARGETS] = { 0 }, freedom = 0;
	double chi_square = 0, sum = 0;

	for (unsigned int i = 0; i < DRAWS; i++)
		counts[choose()]++;
	for (uint32_t i = 0; i < count; i++) {
		double expected = p[i] * DRAWS;
		sum += p[i];
		if (p[i] == 0) {
			assert_int_equal(counts[i], 0);
			continue;
		}
		chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
		freedom++;
	}
	assert_true(fabs(sum - 1) < 1e-9);
	if (chi_square > chi_square_max[freedom - 1])
		fail_msg("chi-square is %f: %u %u %u %u %u %u", chi_square, counts[0], counts[1],
			 counts[2], counts[3], counts[4], counts[5]);
}

/* ---- srv.  RFC 2782's text, with the order of records free: the number 0 falls on whoever stands
 * first, which is a record of weight 0 where there is one. */
static void srv_probabilities(const uint16_t *weights, const bool *out, uint32_t count, double *p)
{
	double total = 0, zeros = 0, all = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (out[i])
			continue;
		total += weights[i];
		zeros += weights[i] == 0;
		all++;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (out[i])
			p[i] = 0;
		else if (zeros > 0)
			p[i] = weights[i] ? weights[i] / (total + 1) : 1 / (total + 1) / zeros;
		else
			p[i] = (weights[i] + 1 / all) / (total + 1);
	}
}

static void srv_holds(const uint16_t *weights, uint32_t count)
{
	bool out[TARGETS] = { false };
	double p[TARGETS];

	world_init(POLICY_SRV, weights, count);
	srv_probabilities(weights, out, count, p);
	assert_frequencies(p, count);
	/* Whom a request that failed at one or two goes to: the same over the rest. */
	for (uint32_t first = 0; first < count && count > 2; first++) {
		world.request = (struct balance_request){ .tried_count = 1, .tried = { (uint16_t)(100 + first) } };
		memset(out, 0, sizeof(out));
		out[first] = true;
		srv_probabilities(weights, out, count, p);
		assert_frequencies(p, count);
		uint32_t second = (first + 1) % count;
		world.request.tried[world.request.tried_count++] = (uint16_t)(100 + second);
		out[second] = true;
		srv_probabilities(weights, out, count, p);
		assert_frequencies(p, count);
	}
}

/* shows: 224, 225 */
static void srv_follows_the_weights(void **)
{
	srv_holds((const uint16_t[]){ 10, 30, 60 }, 3);
	srv_holds((const uint16_t[]){ 1, 1 }, 2);
	srv_holds((const uint16_t[]){ 65535, 1, 65535, 20000 }, 4);
}

/* shows: 225 */
static void srv_chooses_weight_zero_rarely_but_not_never(void **)
{
	srv_holds((const uint16_t[]){ 0, 10, 30, 60 }, 4);
	srv_holds((const uint16_t[]){ 30, 0, 60, 10, 0 }, 5);
	srv_holds((const uint16_t[]){ 3, 0, 0, 0 }, 4);
}

/* shows: 226 */
static void srv_uses_all_where_all_weights_are_zero(void **)
{
	srv_holds((const uint16_t[]){ 0, 0, 0, 0 }, 4);
	srv_holds((const uint16_t[]){ 0, 0 }, 2);
}

/* shows: 223 */
static void srv_serves_the_lowest_priority_number(void **)
{
	world_init(POLICY_SRV, (const uint16_t[]){ 10, 0, 30, 60 }, 4);
	world.targets[0].priority = world.targets[2].priority = 7;
	world.targets[1].priority = 5;
	world.targets[3].priority = 9;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(choose(), 1);
	world.statuses[1].health = TARGET_DOWN;
	assert_frequencies((const double[]){ 10.5 / 41, 0, 30.5 / 41, 0 }, 4);
	world.statuses[0].health = world.statuses[2].health = TARGET_BLACKLISTED;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(choose(), 3);
}

static void srv_withholds_part_of_a_weight(void **)
{
	world_init(POLICY_SRV, (const uint16_t[]){ 40, 0, 60, 50 }, 4);
	world.statuses[0].withheld = TARGET_WEIGHT_WHOLE / 4;
	world.statuses[1].withheld = TARGET_WEIGHT_WHOLE / 2;
	world.statuses[3].withheld = TARGET_WEIGHT_WHOLE;
	assert_frequencies((const double[]){ 30. / 91, 1. / 91, 60. / 91, 0 }, 4);
}

/* ---- by lot */

static void the_lot_follows_the_weights_that_count(void **)
{
	world_init(POLICY_WEIGHTED_RANDOM, (const uint16_t[]){ 50, 30, 20, 0, 100 }, 5);
	assert_frequencies((const double[]){ .25, .15, .1, 0, .5 }, 5);
	world.statuses[4].withheld = TARGET_WEIGHT_WHOLE * 3 / 4;
	assert_frequencies((const double[]){ .4, .24, .16, 0, .2 }, 5);
	world.statuses[4].withheld = TARGET_WEIGHT_WHOLE;
	assert_frequencies((const double[]){ .5, .3, .2, 0, 0 }, 5);
}

/* Of each pair that may be drawn, one after the other, the one with less to do for its weight. */
static void least_probabilities(const double *shares, const double *loads, uint32_t count,
				double *p)
{
	double total = 0;

	for (uint32_t i = 0; i < count; i++) {
		total += shares[i];
		p[i] = 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < count; j++) {
			double pair = shares[i] / total * shares[j] / (total - shares[i]);
			if (i != j)
				p[loads[j] / shares[j] < loads[i] / shares[i] ? j : i] += pair;
		}
	}
}

static void least_holds(enum balance_policy policy, const uint16_t *weights, const double *loads,
			const double *counting, uint32_t count)
{
	double shares[TARGETS], p[TARGETS];

	world_init(policy, weights, count);
	for (uint32_t i = 0; i < count; i++) {
		shares[i] = weights[i] * counting[i];
		world.statuses[i].withheld =
			(uint32_t)((1 - counting[i]) * (double)TARGET_WEIGHT_WHOLE);
		*(policy == POLICY_LEAST_CALLS ? &world.statuses[i].calls :
						 &world.statuses[i].outstanding) = (int64_t)loads[i];
	}
	least_probabilities(shares, loads, count, p);
	assert_frequencies(p, count);
}

static void two_are_drawn_by_weight_and_the_idler_one_wins(void **)
{
	static const uint16_t equal[] = { 1, 1, 1, 1, 1 }, mixed[] = { 40, 10, 30, 15, 5 };
	static const double idle[] = { 0, 0, 0, 0, 0 }, busy[] = { 3, 900, 1, 27, 30000000 };
	static const double whole[] = { 1, 1, 1, 1, 1 }, part[] = { .25, 1, .5, 1, .75 };

	for (int p = POLICY_LEAST_TRANSACTIONS; p <= POLICY_LEAST_CALLS; p++) {
		enum balance_policy policy = (enum balance_policy)p;
		least_holds(policy, equal, idle, whole, 5);
		least_holds(policy, mixed, idle, whole, 5);
		least_holds(policy, mixed, busy, whole, 4);
		least_holds(policy, mixed, busy, part, 4);
		least_holds(policy, mixed, idle, part, 5);
		least_holds(policy, mixed, busy, whole, 2);
	}
}

/* ---- call-id-hash */

#define CALLS 50000

static void choose_all(uint16_t *chosen)
{
	for (uint64_t i = 0; i < CALLS; i++) {
		world.request.call_hash = hash_mix64(i);
		chosen[i] = choose();
	}
}

static void withheld_weight_moves_its_share_and_nothing_else(void **)
{
	static const uint16_t weights[] = { 10, 20, 30, 40, 1, 99 };
	static uint16_t before[CALLS], after[CALLS], less[CALLS];
	static const double keeps[] = { .9, .5, .1, .01 };

	world_init(POLICY_CALL_ID_HASH, weights, 6);
	choose_all(before);
	for (unsigned int of = 0; of < 6; of++) {
		memcpy(after, before, sizeof(after));
		for (size_t k = 0; k < ARRAY_SIZE(keeps); k++) {
			unsigned int kept = 0;
			memcpy(less, after, sizeof(less));
			world.statuses[of].withheld =
				(uint32_t)((1 - keeps[k]) * TARGET_WEIGHT_WHOLE);
			choose_all(after);
			for (unsigned int i = 0; i < CALLS; i++) {
				if (before[i] != of)
					assert_int_equal(after[i], before[i]);
				/* Step by step calls leave, none comes, none moves on. */
				if (less[i] != of)
					assert_int_equal(after[i], less[i]);
				kept += after[i] == of;
			}
			double share = weights[of] * keeps[k];
			double p = share / (200 - weights[of] + share);
			assert_true(fabs(kept - CALLS * p) < 5 * sqrt(CALLS * p * (1 - p)) + 1);
		}
		world.statuses[of].withheld = TARGET_WEIGHT_WHOLE;
		choose_all(after);
		for (unsigned int i = 0; i < CALLS; i++)
			assert_true(after[i] != of);
		world.statuses[of].withheld = 0;
		choose_all(after);
		assert_memory_equal(after, before, sizeof(after));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(srv_follows_the_weights),
		cmocka_unit_test(srv_chooses_weight_zero_rarely_but_not_never),
		cmocka_unit_test(srv_uses_all_where_all_weights_are_zero),
		cmocka_unit_test(srv_serves_the_lowest_priority_number),
		cmocka_unit_test(srv_withholds_part_of_a_weight),
		cmocka_unit_test(the_lot_follows_the_weights_that_count),
		cmocka_unit_test(two_are_drawn_by_weight_and_the_idler_one_wins),
		cmocka_unit_test(withheld_weight_moves_its_share_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
