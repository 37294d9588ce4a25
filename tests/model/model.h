/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the model tests share: numbers from a seed, and checks that say where a run was.
 *
 * A model test runs fixed seeds, so that it says the same every time; MODEL_SEED in the
 * environment runs that one seed instead.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/hash.h"

struct model_random {
	uint64_t state;
};

static inline uint64_t model_u64(struct model_random *random)
{
	return hash_mix64(random->state += 0x9e3779b97f4a7c15u);
}

/* Below `bound`, which is not 0. */
static inline uint64_t model_below(struct model_random *random, uint64_t bound)
{
	return model_u64(random) % bound;
}

static inline struct hash128 model_key(uint64_t number)
{
	return (struct hash128){ .lo = hash_mix64(number * 2 + 1), .hi = hash_mix64(~number) };
}

/* Runs `run` for the seeds 1 to `seeds`, or for MODEL_SEED alone. */
static inline void model_seeds(unsigned int seeds, void (*run)(struct model_random *random))
{
	const char *wish = getenv("MODEL_SEED");
	uint64_t first = wish ? strtoull(wish, NULL, 0) : 1;

	for (uint64_t seed = first; seed < first + (wish ? 1 : seeds); seed++) {
		struct model_random random = { .state = hash_mix64(seed) };
		print_message("seed %llu\n", (unsigned long long)seed);
		run(&random);
	}
}

/* Fails with what a structure's self-check found. */
static inline void model_sound(const char *wrong)
{
	if (wrong)
		fail_msg("%s", wrong);
}

#endif
