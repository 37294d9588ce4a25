/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A calendar of events: a ring of one-millisecond pages ahead of now, and a small heap for the page
 * that is being worked off.  Events of one tick come out in the order in which they went in, so a
 * run depends on nothing but its seed.  No event is taken back: who fires looks whether it still
 * applies.
 */
#ifndef SIMULATION_QUEUE_H
#define SIMULATION_QUEUE_H

#include "base/compiler.h"
#include "base/tick.h"

struct event {
	tick_t at;
	uint64_t order;
	void *object;
	uint32_t generation; /* of the object when the event was made */
	uint32_t next;       /* in its page, or the free list */
	uint32_t value;
	uint8_t kind;
};

struct queue;

struct queue *queue_create(tick_t now);
void queue_destroy(struct queue *queue);
/* Not before the event taken last, and at most QUEUE_SPAN_MS after it. */
#define QUEUE_SPAN_MS (1u << 19)
void queue_put(struct queue *queue, tick_t at, uint8_t kind, void *object, uint32_t generation,
	       uint32_t value);
/* TICK_NEVER: empty. */
tick_t queue_next(struct queue *queue);
struct event queue_take(struct queue *queue);

#endif
