/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tick: monotonic time in microseconds since an epoch of the caller's choice.
 * Core code never reads a clock; the owner of the loop passes the tick in.
 *
 * Microseconds, although timers have a resolution of one millisecond: a deadline is then known
 * more finely than the wheel's slots, the wheel rounds up, and no timer ever fires early.
 */
#ifndef BASE_TICK_H
#define BASE_TICK_H

#include <stdint.h>

typedef uint64_t tick_t;

#define TICK_NEVER UINT64_MAX

#define TICK_MS(ms)       ((tick_t)(ms)*1000u)
#define TICK_SECONDS(s)   ((tick_t)(s)*1000000u)

/* Saturating: TICK_NEVER stays TICK_NEVER. */
static inline tick_t tick_add(tick_t tick, uint64_t delta_us)
{
	return tick > TICK_NEVER - delta_us ? TICK_NEVER : tick + delta_us;
}

static inline uint64_t tick_to_ms(tick_t tick)
{
	return tick / 1000u;
}

#endif
