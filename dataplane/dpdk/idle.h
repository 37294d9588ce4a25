/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a worker that finds nothing to do sleeps, and how long: pause burns the core, and most
 * drivers here raise no interrupt, so that a sleep bounded by the next timer is what there is.
 * Decisions are pure; the sleep is the one system call.
 */
#ifndef DPDK_IDLE_H
#define DPDK_IDLE_H

#include "base/compiler.h"
#include "base/tick.h"

struct idle {
	uint32_t polls_max;   /* empty polls before the first sleep; 0: never sleeps */
	uint32_t sleep_us;    /* bound of one sleep */
	uint32_t empty_polls; /* in a row */
};

/*
 * After a poll that found work, or none: microseconds to sleep now, 0: poll on.  `due`: no timer
 * runs out before.  Between two sleeps there are two polls: a driver that polls the kernel only
 * when its ring is empty (AF_XDP with busy polling) finds at the second what the first has fetched.
 * Work starts the count again.
 */
static inline uint32_t idle_after_poll(struct idle *idle, bool worked, tick_t now, tick_t due)
{
	uint64_t left;

	if (worked) {
		idle->empty_polls = 0;
		return 0;
	}
	if (idle->polls_max == 0)
		return 0;
	if (idle->empty_polls < idle->polls_max) {
		idle->empty_polls++;
		return 0;
	}
	left = due > now ? due - now : 0;
	idle->empty_polls = idle->polls_max - 1;
	return (uint32_t)MIN(left, (uint64_t)idle->sleep_us);
}

/*
 * Sleeping and being woken.  The sleeper announces itself, looks once more for work, and sleeps
 * unless somebody has taken the announcement back meanwhile; who gives it work looks at the
 * announcement after the work is in its ring.
 */
struct idle_bell {
	uint32_t asleep; /* sleeper: sets; giver: clears */
};

/* Sleeper: before its last look for work. */
static inline void idle_announce(struct idle_bell *bell)
{
	__atomic_store_n(&bell->asleep, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Sleeper: there was work after all. */
static inline void idle_withdraw(struct idle_bell *bell)
{
	__atomic_store_n(&bell->asleep, 0, __ATOMIC_RELAXED);
}

/* Giver, after the work is in the ring: a system call only when the other one sleeps. */
void idle_wake(struct idle_bell *bell);

/* Lets this thread's sleeps end when they are due, not 50 microseconds later. */
void idle_prepare_thread(void);
/* Sleeper: until woken, or so long; a signal may end it early.  Withdraws the announcement. */
void idle_sleep(struct idle_bell *bell, uint32_t us);

#endif
