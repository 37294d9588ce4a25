/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of its weight a target gets: less while it starts slowly, and less while it says that it
 * is full (503 without Retry-After) or answers too slowly.  Full is not dead: a tenth stays, which
 * is how its recovery is noticed.  A pure state machine.  Control thread.
 */
#ifndef HEALTH_SHARE_H
#define HEALTH_SHARE_H

#include "base/tick.h"
#include "balance/snapshot.h"

struct share {
	tick_t started;          /* slow start; TICK_NEVER: none */
	uint64_t slow_start_us;
	uint32_t kept;           /* of TARGET_WEIGHT_WHOLE, for being full */
	uint32_t answers, refusals; /* since the last step */
	tick_t step;             /* the next; TICK_NEVER: at rest */
	tick_t judged;           /* when `kept` was last changed */
};

void share_init(struct share *share);
/* It returns; 0: at once. */
void share_start(struct share *share, uint64_t slow_start_us, tick_t now);
/* An answer; `is_refusal`: it said that it is full. */
void share_answer(struct share *share, bool is_refusal, tick_t now);
/* When share_step wants to be called; TICK_NEVER: at rest. */
static inline tick_t share_due(const struct share *share)
{
	return share->step;
}
void share_step(struct share *share, tick_t now);
/* Of TARGET_WEIGHT_WHOLE, what does not count now. */
[[nodiscard]] uint32_t share_withheld(const struct share *share, tick_t now);
/* Does it count as full? */
static inline bool share_is_full(const struct share *share)
{
	return share->kept < TARGET_WEIGHT_WHOLE;
}
[[nodiscard]] bool share_is_starting(const struct share *share, tick_t now);

#endif
