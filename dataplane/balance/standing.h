/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who takes part in a choice, and with which part of its weight: what all policies have in common.
 * Not to be included outside balance/.
 */
#ifndef BALANCE_STANDING_H
#define BALANCE_STANDING_H

#include "balance/cap.h"
#include "balance/policy.h"

/* One choice, of one pool. */
struct contest {
	const struct balance_request *request;
	const struct balance_target *targets; /* the pool's */
	uint32_t target_first, target_count;
	uint16_t pool;
	bool is_panicking;
	bool met_cap; /* set: a target was looked at that its caps alone keep out */
};

[[nodiscard]] struct contest contest_of(const struct balance_snapshot *snapshot, uint16_t pool,
					const struct balance_request *request);

static inline struct balance_choice contest_none(const struct contest *contest)
{
	return (struct balance_choice){ .target = BALANCE_NONE, .is_full = contest->met_cap };
}

/* `index`: among the pool's targets. */
static inline struct balance_choice contest_won(const struct contest *contest, uint32_t index)
{
	return (struct balance_choice){ .target = (uint16_t)(contest->target_first + index),
					.is_remembered = true };
}

static inline bool request_has_tried(const struct balance_request *request,
				     const struct balance_target *target)
{
	uint32_t count = MIN(request->tried_count, (uint32_t)BALANCE_TRIED_MAX);

	for (uint32_t i = 0; i < count; i++) {
		if (request->tried[i] == target->slot)
			return true;
	}
	return false;
}

/* By wish and observation, caps aside.  `request` NULL: for one of any kind. */
[[nodiscard]] enum balance_standing standing_of(const struct balance_target *target,
						const struct balance_request *request,
						bool is_panicking);
/* USABLE, CALLS_FULL, RATE_FULL. */
[[nodiscard]] enum balance_standing standing_of_caps(const struct balance_target *target,
						     const struct balance_request *request);

static inline bool contest_admits(struct contest *contest, const struct balance_target *target)
{
	const struct target_status *status = target->status;
	bool is_plain = target->interface != BALANCE_NONE &&
			__atomic_load_n(&status->admin, __ATOMIC_RELAXED) == TARGET_READY &&
			__atomic_load_n(&status->health, __ATOMIC_RELAXED) == TARGET_UP;

	if (request_has_tried(contest->request, target))
		return false;
	if (UNLIKELY(!is_plain) &&
	    standing_of(target, contest->request, contest->is_panicking) != STANDING_USABLE)
		return false;
	if (LIKELY((target->calls_max | target->rate_max) == 0) ||
	    standing_of_caps(target, contest->request) == STANDING_USABLE)
		return true;
	contest->met_cap = true;
	return false;
}

/*
 * Where a target stands among those that take part: a lower class goes first, and within one each
 * has its share.  Targets without a weight are a class behind those with one of the same priority
 * number, and have equal shares; one whose whole weight is withheld is as one without.
 */
struct stake {
	uint32_t class;
	uint32_t share; /* below 2^32, above 0 */
};

static inline uint32_t target_withheld(const struct balance_target *target)
{
	uint32_t withheld = __atomic_load_n(&target->status->withheld, __ATOMIC_RELAXED);

	return MIN(withheld, TARGET_WEIGHT_WHOLE);
}

/* With nothing withheld. */
static inline struct stake stake_whole(const struct balance_target *target)
{
	uint32_t weight = target->weight;

	return (struct stake){ .class = (uint32_t)target->priority << 1 | (weight == 0),
			       .share = (weight ? weight : 1) * TARGET_WEIGHT_WHOLE };
}

static inline struct stake stake_now(const struct balance_target *target)
{
	struct stake stake = stake_whole(target);
	uint32_t withheld = target_withheld(target);

	if (UNLIKELY(withheld == TARGET_WEIGHT_WHOLE))
		return (struct stake){ .class = stake.class | 1, .share = TARGET_WEIGHT_WHOLE };
	stake.share = stake.share / TARGET_WEIGHT_WHOLE * (TARGET_WEIGHT_WHOLE - withheld);
	return stake;
}

/* The next number of the worker's sequence; with `peek` it is not used up. */
static inline uint64_t state_random(struct balance_state *state, bool peek)
{
	uint64_t random = state->random; /* xorshift64 (Marsaglia 2003), full period but 0 */

	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	if (!peek)
		state->random = random;
	/* Mixed, so that neighbouring states do not choose neighbouring turns. */
	return hash_mix64(random);
}

/* ---- the policies, a file each */
struct balance_choice select_by_hash(struct contest *contest);        /* policy_hash.c */
struct balance_choice select_round_robin(struct contest *contest, struct balance_state *state,
					 bool peek);                   /* policy_turns.c */
struct balance_choice select_weighted_random(struct contest *contest, struct balance_state *state,
					     bool peek);
/* The better of two by `policy`, LEAST_TRANSACTIONS or LEAST_CALLS; policy_least.c. */
struct balance_choice select_least(struct contest *contest, enum balance_policy policy,
				   struct balance_state *state, bool peek);
struct balance_choice select_srv(struct contest *contest, struct balance_state *state,
				 bool peek);                           /* policy_srv.c */

#endif
