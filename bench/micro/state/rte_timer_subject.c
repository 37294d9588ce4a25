/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's rte_timer as timer_subject.h wants it.  It reads the processor's clock itself, so its time
 * cannot stand still: the 32 s are stretched so far that nothing falls due while timers are
 * started and cancelled (a skip list only compares deadlines, their scale does not matter); for
 * expiry a millisecond of the 32 s is as long as the machine takes for its timers at this size,
 * and the wait for the next one is not timed.
 */
#include "timer_subject.h"

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_timer.h>

#include "clock.h"
#include "state/mapping.h"
#include "timer_parking.h"

#define STRETCH 64u

static struct {
	struct rte_timer *timers; /* lie in the object that they belong to; here in a row */
	uint32_t *expired;
	uint32_t count, expired_count;
	uint64_t millisecond; /* of the 32 s, in TSC cycles */
	uint64_t next_tick;
	struct timer_parking parking;
	struct micro_random random;
} world;

struct batch {
	struct rte_timer *timers[MICRO_BATCH];
	uint64_t delays[MICRO_BATCH];
};

static void timer_expired(struct rte_timer *timer, void *)
{
	world.expired[world.expired_count++] = (uint32_t)(timer - world.timers);
}

static void timer_start(struct rte_timer *timer, uint64_t delay)
{
	MICRO_MUST(rte_timer_reset(timer, delay, SINGLE, rte_lcore_id(), timer_expired, NULL) == 0);
}

static uint64_t delay_random(void)
{
	return (1 + micro_random_below(&world.random, TIMER_SUBJECT_DELAY_MS)) * world.millisecond;
}

static void batch_complete(struct batch *batch, const uint32_t places[MICRO_BATCH])
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		batch->timers[k] = &world.timers[places[k]];
		batch->delays[k] = delay_random();
	}
}

static void batch_start(const struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		timer_start(batch->timers[k], batch->delays[k]);
}

static void batch_cancel(const struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		MICRO_MUST(rte_timer_stop(batch->timers[k]) == 0);
}

static void batch_prefetch(const struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		PREFETCH_W(batch->timers[k]);
		PREFETCH_W((char *)batch->timers[k] + CACHE_LINE_SIZE);
	}
}

static void parked_draw(struct batch *batch)
{
	uint32_t places[MICRO_BATCH];

	timer_parking_take(&world.parking, world.count, places);
	batch_complete(batch, places);
}

/* Until so many are left. */
static void parked_start(uint32_t left)
{
	struct batch batch;

	while (world.parking.count > left) {
		parked_draw(&batch);
		batch_start(&batch);
	}
}

static void timers_park(void)
{
	uint32_t size = timer_parking_size(world.count), places[MICRO_BATCH];
	struct batch batch;

	while (world.parking.count < size) {
		timer_parking_add(&world.parking, world.count, places);
		batch_complete(&batch, places);
		batch_cancel(&batch);
	}
	parked_start(size / 2);
}

static void batch_draw(struct batch *batch, enum timer_operation operation)
{
	uint32_t places[MICRO_BATCH];

	if (operation == TIMER_START) {
		if (!world.parking.count)
			timers_park();
		parked_draw(batch);
		return;
	}
	parked_start(0);
	micro_random_places(&world.random, world.count, places);
	batch_complete(batch, places);
}

static uint64_t rte_batch(enum timer_operation operation, bool prefetch)
{
	struct batch batch;

	batch_draw(&batch, operation);
	for (uint32_t k = 0; k < MICRO_BATCH && operation == TIMER_REARM_SAME; k++)
		batch.delays[k] = TIMER_SUBJECT_DELAY_MS * world.millisecond;
	uint64_t from = micro_clock();
	if (prefetch)
		batch_prefetch(&batch);
	if (operation == TIMER_CANCEL)
		batch_cancel(&batch);
	else
		batch_start(&batch); /* stops first what runs: its own way to re-arm */
	uint64_t took = micro_clock() - from;
	for (uint32_t k = 0; k < MICRO_BATCH && operation == TIMER_REARM_SAME; k++)
		batch.delays[k] = delay_random();
	if (operation == TIMER_CANCEL || operation == TIMER_REARM_SAME)
		batch_start(&batch);
	return took;
}

/* Each is due again exactly one round later, so that the load stays as even as it was. */
static void expired_restart(void)
{
	for (uint32_t k = 0; k < world.expired_count; k++) {
		struct rte_timer *timer = &world.timers[world.expired[k]];
		uint64_t due = timer->expire + TIMER_SUBJECT_DELAY_MS * world.millisecond;
		timer_start(timer, due - rte_get_timer_cycles());
	}
	world.expired_count = 0;
}

static uint64_t rte_tick(uint32_t *expired)
{
	uint64_t now = __rdtsc();

	/* Others have been measured meanwhile: what fell due is no part of this tick. */
	while (now > world.next_tick) {
		world.next_tick +=
			((now - world.next_tick) / world.millisecond + 1) * world.millisecond;
		MICRO_MUST(rte_timer_manage() == 0);
		expired_restart();
		now = __rdtsc();
	}
	while (__rdtsc() <= world.next_tick)
		;
	world.next_tick += world.millisecond;
	uint64_t from = micro_clock();
	MICRO_MUST(rte_timer_manage() == 0);
	uint64_t took = micro_clock() - from;
	*expired = world.expired_count;
	expired_restart();
	return took;
}

static void rte_empty(void)
{
	/* The lists go with their heads: no need to stop each timer, which takes a search. */
	if (world.timers && world.expired)
		rte_timer_subsystem_finalize();
	mapping_destroy(world.timers, world.count * sizeof(*world.timers));
	mapping_destroy(world.expired, world.count * sizeof(*world.expired));
	world.timers = NULL;
	world.expired = NULL;
}

/* As long as the timers of one millisecond take several times over. */
static uint64_t millisecond_ticking(uint32_t count)
{
	double us = 10 + 0.006 * count / (TIMER_SUBJECT_DELAY_MS / 1000.0);

	return (uint64_t)(us * 1e-6 * (double)rte_get_timer_hz());
}

static bool rte_fill(uint32_t count, bool ticking)
{
	uint64_t hz = rte_get_timer_hz(), per_round, start;

	world.count = count;
	world.parking = (struct timer_parking){ .count = 0 };
	world.millisecond = ticking ? millisecond_ticking(count) : hz / 1000 * STRETCH;
	world.timers = mapping_create(count * sizeof(*world.timers));
	world.expired = mapping_create(count * sizeof(*world.expired));
	if (!world.timers || !world.expired || rte_timer_subsystem_init() != 0) {
		rte_empty();
		return false;
	}
	/*
	 * The latest first: each becomes the head of the skip list without a search.  The list is
	 * what it would be after any other order, since a timer's levels are drawn at random.  In
	 * random order ten million would take minutes.
	 */
	per_round = TIMER_SUBJECT_DELAY_MS * world.millisecond;
	start = __rdtsc() + hz / 10 + hz / 1000000 * count;
	for (uint32_t i = count; i--;) {
		struct rte_timer *timer = &world.timers[timer_place(i, count)];
		uint64_t due = start + (uint64_t)((double)per_round * i / count);
		rte_timer_init(timer);
		timer_start(timer, due - __rdtsc());
	}
	world.next_tick = start;
	return true;
}

const struct timer_subject timer_subject_rte = {
	.name = "rte_timer",
	.fill = rte_fill,
	.empty = rte_empty,
	.batch = rte_batch,
	.tick = rte_tick,
};
