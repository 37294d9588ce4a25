/* SPDX-License-Identifier: BSD-3-Clause */
/* What a target takes at most; see cap.h. */
#include "balance/cap.h"

/* Others that came first, before the target is let go. */
#define TAKE_TRIES_MAX 8

#define NS_PER_SECOND 1000000000u
#define NS_PER_TICK   1000u

static uint64_t not_negative(int64_t count)
{
	return count < 0 ? 0 : (uint64_t)count;
}

bool cap_calls_is_full(const struct balance_target *target)
{
	const struct target_status *status = target->status;

	if (target->calls_max == 0)
		return false;
	return not_negative(__atomic_load_n(&status->calls, __ATOMIC_RELAXED)) +
		       not_negative(__atomic_load_n(&status->outstanding, __ATOMIC_RELAXED)) >=
	       target->calls_max;
}

/* ---- rate: status->rate_due is when the next request would be due at an even pace, in
 * nanoseconds of the workers' clock; it may lie ahead of now by the burst's worth. */

uint32_t cap_rate_burst(uint32_t rate_max)
{
	return rate_max / 10 + 1;
}

static uint64_t rate_interval(const struct balance_target *target)
{
	return (NS_PER_SECOND + target->rate_max - 1) / target->rate_max;
}

static bool rate_is_full(const struct balance_target *target, uint64_t due, uint64_t now_ns)
{
	return due > now_ns + (cap_rate_burst(target->rate_max) - 1) * rate_interval(target);
}

bool cap_rate_is_full(const struct balance_target *target, tick_t now)
{
	return target->rate_max != 0 &&
	       rate_is_full(target, __atomic_load_n(&target->status->rate_due, __ATOMIC_RELAXED),
			    now * NS_PER_TICK);
}

bool cap_rate_take(const struct balance_target *target, tick_t now)
{
	uint64_t now_ns = now * NS_PER_TICK;

	if (target->rate_max == 0)
		return true;
	uint64_t due = __atomic_load_n(&target->status->rate_due, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < TAKE_TRIES_MAX; i++) {
		if (rate_is_full(target, due, now_ns))
			return false;
		if (__atomic_compare_exchange_n(&target->status->rate_due, &due,
						MAX(due, now_ns) + rate_interval(target), false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* ---- trial */

bool cap_trial_is_left(const struct target_status *status)
{
	return __atomic_load_n(&status->trials, __ATOMIC_RELAXED) != 0;
}

bool cap_trial_take(struct target_status *status)
{
	uint32_t left = __atomic_load_n(&status->trials, __ATOMIC_RELAXED);

	for (unsigned int i = 0; i < TAKE_TRIES_MAX && left != 0; i++) {
		if (__atomic_compare_exchange_n(&status->trials, &left, left - 1, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}
