/* SPDX-License-Identifier: BSD-3-Clause */
/* Tandem's timer wheel as timer_subject.h wants it.  Its time is virtual: it stands still but for
 * the ticks. */
#include "timer_subject.h"

#include "clock.h"
#include "state/mapping.h"
#include "state/timer_wheel.h"
#include "timer_parking.h"

#define WORDS_MAX 256

static struct {
	struct timer_wheel *wheel;
	timer_handle_t *handles; /* a transaction keeps its own; here they stand in a row */
	uint32_t count;
	tick_t now;
	struct timer_parking parking;
	struct micro_random random;
} world;

/* The timers of a batch.  Handles are copied, as a transaction that is at work is in the cache. */
struct batch {
	uint32_t places[MICRO_BATCH];
	timer_handle_t handles[MICRO_BATCH];
	tick_t deadlines[MICRO_BATCH];
};

static tick_t deadline_random(void)
{
	return world.now + TICK_MS(1 + micro_random_below(&world.random, TIMER_SUBJECT_DELAY_MS));
}

/* The rest of a batch whose places are known. */
static void batch_complete(struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		batch->handles[k] = world.handles[batch->places[k]];
		batch->deadlines[k] = deadline_random();
	}
}

static void batch_keep(const struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		world.handles[batch->places[k]] = batch->handles[k];
}

static void batch_start(struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		batch->handles[k] =
			timer_wheel_arm(world.wheel, batch->deadlines[k], batch->places[k]);
		MICRO_MUST(batch->handles[k] != TIMER_NONE);
	}
}

static void batch_cancel(const struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		MICRO_MUST(timer_wheel_cancel(world.wheel, batch->handles[k]));
}

static void batch_rearm(struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++) {
		MICRO_MUST(timer_wheel_cancel(world.wheel, batch->handles[k]));
		batch->handles[k] =
			timer_wheel_arm(world.wheel, batch->deadlines[k], batch->places[k]);
		MICRO_MUST(batch->handles[k] != TIMER_NONE);
	}
}

static void batch_prefetch(const struct batch *batch)
{
	for (uint32_t k = 0; k < MICRO_BATCH; k++)
		timer_wheel_prefetch(world.wheel, batch->handles[k]);
}

static void parked_draw(struct batch *batch)
{
	timer_parking_take(&world.parking, world.count, batch->places);
	batch_complete(batch);
}

/* Until so many are left.  The wheel starts what was cancelled last, whatever it is for. */
static void parked_start(uint32_t left)
{
	struct batch batch;

	while (world.parking.count > left) {
		parked_draw(&batch);
		batch_start(&batch);
		batch_keep(&batch);
	}
}

static void timers_park(void)
{
	uint32_t size = timer_parking_size(world.count);
	struct batch batch;

	while (world.parking.count < size) {
		timer_parking_add(&world.parking, world.count, batch.places);
		batch_complete(&batch);
		batch_cancel(&batch);
	}
	parked_start(size / 2);
}

static void batch_draw(struct batch *batch, enum timer_operation operation)
{
	if (operation == TIMER_START) {
		if (!world.parking.count)
			timers_park();
		parked_draw(batch);
		return;
	}
	parked_start(0);
	micro_random_places(&world.random, world.count, batch->places);
	batch_complete(batch);
}

static uint64_t wheel_batch(enum timer_operation operation, bool prefetch)
{
	struct batch batch;

	batch_draw(&batch, operation);
	for (uint32_t k = 0; k < MICRO_BATCH && operation == TIMER_REARM_SAME; k++)
		batch.deadlines[k] = world.now + TICK_MS(TIMER_SUBJECT_DELAY_MS);
	uint64_t from = micro_clock();
	if (prefetch)
		batch_prefetch(&batch);
	if (operation == TIMER_START)
		batch_start(&batch);
	else if (operation == TIMER_CANCEL)
		batch_cancel(&batch);
	else
		batch_rearm(&batch);
	uint64_t took = micro_clock() - from;
	if (operation == TIMER_CANCEL)
		batch_start(&batch);
	if (operation == TIMER_REARM_SAME) {
		/* Time stands still: or all timers would end up in one millisecond. */
		for (uint32_t k = 0; k < MICRO_BATCH; k++)
			batch.deadlines[k] = deadline_random();
		batch_rearm(&batch);
	}
	batch_keep(&batch);
	return took;
}

static uint64_t wheel_tick(uint32_t *expired)
{
	uint64_t words[WORDS_MAX], took = 0;
	uint32_t count;

	*expired = 0;
	world.now += TICK_MS(1);
	do {
		uint64_t from = micro_clock();
		count = timer_wheel_expire(world.wheel, world.now, words, WORDS_MAX);
		took += micro_clock() - from;
		*expired += count;
		for (uint32_t k = 0; k < count; k++) {
			timer_handle_t handle = timer_wheel_arm(
				world.wheel, world.now + TICK_MS(TIMER_SUBJECT_DELAY_MS), words[k]);
			MICRO_MUST(handle != TIMER_NONE);
			world.handles[words[k]] = handle;
		}
	} while (count == WORDS_MAX);
	return took;
}

static void wheel_empty(void)
{
	mapping_destroy(world.handles, world.count * sizeof(*world.handles));
	timer_wheel_destroy(world.wheel);
	world.handles = NULL;
	world.wheel = NULL;
}

static bool wheel_fill(uint32_t count, bool)
{
	world.count = count;
	world.parking = (struct timer_parking){ .count = 0 };
	world.now = TICK_SECONDS(1000);
	world.wheel = timer_wheel_create(count, world.now);
	world.handles = mapping_create(count * sizeof(*world.handles));
	if (!world.wheel || !world.handles) {
		wheel_empty();
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		world.handles[i] = timer_wheel_arm(world.wheel, deadline_random(), i);
		MICRO_MUST(world.handles[i] != TIMER_NONE);
	}
	/* Time that has passed mixes the timers in memory. */
	for (uint32_t n = 0; n < 2 * count; n += MICRO_BATCH)
		(void)wheel_batch(TIMER_REARM, true);
	return true;
}

const struct timer_subject timer_subject_wheel = {
	.name = "tandem",
	.fill = wheel_fill,
	.empty = wheel_empty,
	.batch = wheel_batch,
	.tick = wheel_tick,
};
