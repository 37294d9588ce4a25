/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hierarchical timer wheel: O(1) start and cancel, bounded work a call, 1 ms resolution, never
 * early.  One owner, no lock.  All memory is taken at creation.
 *
 * The wheel knows nothing of what expires: a timer carries a 64-bit word of its owner's.
 */
#ifndef STATE_TIMER_WHEEL_H
#define STATE_TIMER_WHEEL_H

#include "base/tick.h"
#include "base/compiler.h"

struct timer_wheel;

/* Slot and generation: a handle whose timer expired or was cancelled is recognised as stale. */
typedef uint64_t timer_handle_t;
#define TIMER_NONE 0

/* A wheel for up to `capacity` running timers, its time at `now`.  NULL: out of memory.  A time
 * that goes back is taken for the latest one seen. */
[[nodiscard]] struct timer_wheel *timer_wheel_create(uint32_t capacity, tick_t now);
void timer_wheel_destroy(struct timer_wheel *wheel);

/* Starts a timer that expires at or within 1 ms after `deadline` (one in the past: at the next
 * call of timer_wheel_expire; TICK_NEVER: it only waits to be cancelled).  Returns TIMER_NONE when
 * `capacity` timers run already. */
[[nodiscard]] timer_handle_t timer_wheel_arm(struct timer_wheel *wheel, tick_t deadline,
					     uint64_t word);

/* True when the timer was running and will not expire now; false for a stale handle or
 * TIMER_NONE. */
bool timer_wheel_cancel(struct timer_wheel *wheel, timer_handle_t handle);

/* Brings the timer into the cache, for a cancel that follows a little later. */
void timer_wheel_prefetch(const struct timer_wheel *wheel, timer_handle_t handle);

/*
 * Advances to `now` and stores the words of up to `max` expired timers, in order of their slot
 * (those that were armed in the past come first; within one millisecond the order is open).
 * When it returns `max`, more may be due: call again.  The work of one call is bounded by `max`
 * and by a constant.  Only after a jump of the time by more than 49 s, past more than 65,536
 * timers that were more than 49 s off, more may be due although it returns less;
 * timer_wheel_next is then not after `now`.
 */
[[nodiscard]] uint32_t timer_wheel_expire(struct timer_wheel *wheel, tick_t now, uint64_t *words,
					  uint32_t max);

/* No timer expires before this tick (it may be earlier than the next deadline, never later);
 * TICK_NEVER when none runs. */
[[nodiscard]] tick_t timer_wheel_next(const struct timer_wheel *wheel);

[[nodiscard]] uint32_t timer_wheel_count(const struct timer_wheel *wheel);
[[nodiscard]] uint32_t timer_wheel_capacity(const struct timer_wheel *wheel);
/* Memory taken. */
[[nodiscard]] size_t timer_wheel_octets(const struct timer_wheel *wheel);
[[nodiscard]] size_t timer_wheel_octets_for(uint32_t capacity);

/* Checks every invariant of the structure; for tests.  NULL when sound, else what is wrong. */
[[nodiscard]] const char *timer_wheel_check(const struct timer_wheel *wheel);

#endif
