/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The score of weighted rendezvous hashing: an exponential variate per (call, target), divided by
 * the target's weight; the smallest wins, and each target wins in proportion to its weight.
 * Integer arithmetic throughout, so that every machine and every compiler picks the same target.
 */
#ifndef BALANCE_RENDEZVOUS_H
#define BALANCE_RENDEZVOUS_H

#include "base/hash.h"

/* Fixed point: 1.0 == 1 << RENDEZVOUS_FRACTION_BITS.  The largest score is 44.4. */
#define RENDEZVOUS_FRACTION_BITS 58

__extension__ typedef unsigned __int128 rendezvous_product;

/* A uniform value of the pair, equal on all instances that share the call key.  Both halves are
 * hashes already: one more mixing makes what two targets get for one call independent. */
static inline uint64_t rendezvous_uniform(uint64_t call_hash, uint64_t target_id)
{
	return hash_mix64(call_hash ^ target_id);
}

/* -ln((uniform | 1) / 2^64) in fixed point, above 0; monotone to within rounding, relative error
 * below 2^-32. */
[[nodiscard]] uint64_t rendezvous_score(uint64_t uniform);

/* A lower bound of the same, much cheaper: 1 - u <= -ln(u). */
static inline uint64_t rendezvous_bound(uint64_t uniform)
{
	return ~uniform >> (64 - RENDEZVOUS_FRACTION_BITS);
}

/* True when a score of at least `bound` over `weight` cannot be below a best score over its weight,
 * whose quotient, rounded up, is `ceiling`. */
static inline bool rendezvous_is_beaten(uint64_t bound, uint32_t weight, uint64_t ceiling)
{
	return bound >= (rendezvous_product)ceiling * weight;
}

/* a / weight_a < b / weight_b, exactly. */
static inline bool rendezvous_less(uint64_t a, uint32_t weight_a, uint64_t b, uint32_t weight_b)
{
	return (rendezvous_product)a * weight_b < (rendezvous_product)b * weight_a;
}

#endif
