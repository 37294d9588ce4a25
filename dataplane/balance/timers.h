/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of SIP timers: how one is resolved from the few values that are given, and which of them a
 * transaction goes by.  Pure; not the timers that run (state/timer_wheel.h).
 */
#ifndef BALANCE_TIMERS_H
#define BALANCE_TIMERS_H

#include "balance/snapshot.h"

#define BALANCE_TIMER_D_MIN_MS 32000u /* RFC 3261 §17.1.1.2 */
#define BALANCE_TIMER_C_MS     181000u /* §16.6 item 11: more than three minutes */

/* RFC 3261's values. */
extern const struct balance_timers balance_timers_default;

/* Gives each timer that is 0 its value by T1, T2 and T4, of which those that are 0 get RFC 3261's.
 * No interval starts above T2 but Timer A's. */
void balance_timers_resolve(struct balance_timers *timers);

/* The set at `index`; the default where there is none. */
static inline const struct balance_timers *
balance_timers_at(const struct balance_snapshot *snapshot, uint16_t index)
{
	return index < snapshot->timer_set_count ? &snapshot->timer_sets[index] :
						   &balance_timers_default;
}

/* Index of the set for the server side (towards who asked) of a service's transactions, and for
 * the client side towards a pool; BALANCE_NONE: the default.  Either index may be BALANCE_NONE. */
[[nodiscard]] uint16_t balance_server_timers(const struct balance_snapshot *snapshot,
					     uint16_t service);
[[nodiscard]] uint16_t balance_client_timers(const struct balance_snapshot *snapshot,
					     uint16_t service, uint16_t pool);

#endif
