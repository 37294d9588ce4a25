/* SPDX-License-Identifier: BSD-3-Clause */
/* How much of its weight a target gets; see share.h. */
#include "health/share.h"

#define STEP         TICK_MS(500)
#define LEAST        (TARGET_WEIGHT_WHOLE / 10) /* kept by a full target */
#define RECOVERY     (TARGET_WEIGHT_WHOLE / 60) /* a step: from nothing to whole in 30 s */
#define START_LEAST  (TARGET_WEIGHT_WHOLE / 20) /* what a slow start begins with */

void share_init(struct share *share)
{
	*share = (struct share){
		.started = TICK_NEVER, .kept = TARGET_WEIGHT_WHOLE, .step = TICK_NEVER
	};
}

bool share_is_starting(const struct share *share, tick_t now)
{
	return share->started != TICK_NEVER && now - share->started < share->slow_start_us;
}

/* A slow start has twenty steps, and more when it is long. */
static uint64_t start_step(const struct share *share)
{
	return MIN(STEP, share->slow_start_us / 20 + 1);
}

void share_start(struct share *share, uint64_t slow_start_us, tick_t now)
{
	share->started = slow_start_us ? now : TICK_NEVER;
	share->slow_start_us = slow_start_us;
	if (slow_start_us)
		share->step = MIN(share->step, tick_add(now, start_step(share)));
}

void share_answer(struct share *share, bool is_refusal, tick_t now)
{
	share->answers++;
	if (!is_refusal)
		return;
	share->refusals++;
	if (share->step == TICK_NEVER) {
		share->judged = now;
		share->step = tick_add(now, STEP);
	}
}

/* Half of the share that was refused is taken away: what is left settles where few are. */
static void step_full(struct share *share)
{
	if (share->refusals) {
		uint64_t loss = (uint64_t)share->kept * share->refusals / (2ull * share->answers);
		share->kept = MAX(share->kept - (uint32_t)loss, LEAST);
	} else {
		share->kept = MIN(share->kept + RECOVERY, TARGET_WEIGHT_WHOLE);
	}
	share->answers = share->refusals = 0;
}

void share_step(struct share *share, tick_t now)
{
	if (now < share->step)
		return;
	if (now - share->judged >= STEP) {
		step_full(share);
		share->judged = now;
	}
	if (!share_is_starting(share, now))
		share->started = TICK_NEVER;
	if (share->started == TICK_NEVER && !share_is_full(share) && !share->refusals) {
		share->step = TICK_NEVER;
		return;
	}
	share->step = tick_add(now, STEP);
	if (share->started != TICK_NEVER)
		share->step = tick_add(now, start_step(share));
}

uint32_t share_withheld(const struct share *share, tick_t now)
{
	uint64_t kept = share->kept;

	if (share_is_starting(share, now)) {
		/* In milliseconds, so that the product fits. */
		uint64_t grown = (now - share->started) / 1000 * TARGET_WEIGHT_WHOLE /
				 MAX(share->slow_start_us / 1000, 1ull);
		grown = MIN(MAX(grown, (uint64_t)START_LEAST), (uint64_t)TARGET_WEIGHT_WHOLE);
		kept = kept * grown / TARGET_WEIGHT_WHOLE;
	}
	return TARGET_WEIGHT_WHOLE - (uint32_t)kept;
}
