/* SPDX-License-Identifier: BSD-3-Clause */
/* How a timer wheel lies in memory: for timer_wheel.c and its self-check alone. */
#ifndef STATE_TIMER_WHEEL_LAYOUT_H
#define STATE_TIMER_WHEEL_LAYOUT_H

#include "base/tick.h"
#include "state/slot_bitmap.h"

#define NEAR_SLOTS   SLOT_BITMAP_SIZE
#define FAR_SHIFT    14
#define FAR_SPAN     (UINT64_C(1) << FAR_SHIFT)
#define FAR_SLOTS    4096u
#define LIST_FAR     NEAR_SLOTS
#define LIST_OVERDUE (LIST_FAR + FAR_SLOTS) /* armed in the past */
#define LIST_NEVER   (LIST_OVERDUE + 1)
#define LIST_COUNT   (LIST_NEVER + 1)

#define STRANDS 8u
/* Links to words reach 16 GiB. */
#define CAPACITY_MAX (UINT32_C(1) << 28)

/* Timers that one call moves at most, when the time jumped over their whole warning. */
#define MIGRATE_MAX 65536u
#define SLOT_NEVER  UINT64_MAX
/* The last slot whose tick can be told. */
#define SLOT_LAST   (UINT64_MAX / 1000u)

struct timer_node {
	uint64_t word;
	uint64_t slot;       /* the millisecond in which it expires */
	uint32_t next;       /* 0: none; timer 0 is a place to store to */
	uint32_t link;       /* the word of the wheel's memory that names this timer */
	uint32_t generation; /* odd while running */
	uint32_t reserved;
};
static_assert(sizeof(struct timer_node) == 32, "two timers a cache line, none astride");

/* A handle is generation and index. */
#define GENERATION_ONE (UINT64_C(1) << 32)

struct timer_wheel {
	uint64_t cursor;  /* every slot before it has expired */
	uint64_t horizon; /* near below, far from here on; a multiple of FAR_SPAN */
	tick_t now;
	uint32_t capacity;
	uint32_t free_count;
	bool warmed; /* the next slot's timers were prefetched */
	/* The next handle of each free timer, less one generation: in one word, so that arming
	 * after a cancel neither reads the timer nor waits for the stores of two. */
	uint64_t *free;
	size_t size; /* of the mapping */
	struct slot_bitmap near;
	struct slot_bitmap far;
	/* Timers put into a far list since it was empty: as many as are there, or more. */
	uint32_t far_counts[FAR_SLOTS];
	alignas(CACHE_LINE_SIZE) uint32_t heads[LIST_COUNT * STRANDS]; /* timers, or 0 */
	alignas(CACHE_LINE_SIZE) struct timer_node nodes[]; /* the first stands for none */
};

#define HEADS_AT     ((uint32_t)(offsetof(struct timer_wheel, heads) / 4))
#define HEADS_END    (HEADS_AT + LIST_COUNT * STRANDS)
#define NODES_AT     ((uint32_t)(offsetof(struct timer_wheel, nodes) / 4))
#define NODE_WORDS   ((uint32_t)(sizeof(struct timer_node) / 4))
#define NEXT_AT      ((uint32_t)(offsetof(struct timer_node, next) / 4))

/* Words of the wheel's memory, from its first: the heads, and `next` of every timer. */
static ALWAYS_INLINE uint32_t *wheel_words(struct timer_wheel *wheel)
{
	return (uint32_t *)(void *)wheel;
}

static ALWAYS_INLINE uint32_t link_of_next(uint32_t index)
{
	return NODES_AT + index * NODE_WORDS + NEXT_AT;
}

/* The far list that is being moved; empty most of the time. */
static inline uint32_t timer_wheel_pending(const struct timer_wheel *wheel)
{
	return LIST_FAR + (uint32_t)(((wheel->horizon >> FAR_SHIFT) - 1) % FAR_SLOTS);
}

static inline bool timer_wheel_is_pending(const struct timer_wheel *wheel)
{
	return slot_bitmap_has(&wheel->far, timer_wheel_pending(wheel) - LIST_FAR);
}

#endif
