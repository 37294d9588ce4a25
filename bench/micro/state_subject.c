/* SPDX-License-Identifier: BSD-3-Clause */
/* See state_subject.h. */
#include "state_subject.h"

#include <stdlib.h>

#include "state/mapping.h"
#include "state/timer_wheel.h"
#include "state/txn_table.h"

#define DELAY_MAX TICK_SECONDS(32)
#define AHEAD     16

static struct {
	struct timer_wheel *wheel;
	timer_handle_t *handles;
	uint32_t count;
	tick_t now;
} timers;

static struct {
	struct txn_table *table;
	struct hash128 *keys;
	uint32_t count;
} entries;

static uint64_t random_state;

static uint64_t random_u64(void)
{
	return hash_mix64(random_state += 0x9e3779b97f4a7c15u);
}

static uint32_t random_below(uint32_t bound)
{
	return (uint32_t)(((random_u64() >> 32) * bound) >> 32);
}

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void arm_at(uint32_t i, tick_t delay)
{
	timers.handles[i] = timer_wheel_arm(timers.wheel, timers.now + delay, i);
	must(timers.handles[i] != TIMER_NONE);
}

static void arm_random(uint32_t i)
{
	arm_at(i, 1 + random_below((uint32_t)DELAY_MAX));
}

void wheel_subject_fill(uint32_t count)
{
	timers.count = count;
	timers.now = TICK_SECONDS(1000);
	timers.wheel = timer_wheel_create(count, timers.now);
	timers.handles = mapping_create(count * sizeof(*timers.handles));
	must(timers.wheel && timers.handles);
	for (uint32_t i = 0; i < count; i++)
		arm_random(i);
	for (uint32_t n = 0; n < 2 * count; n += STATE_SUBJECT_BATCH)
		wheel_subject_rearm_random();
}

void wheel_subject_empty(void)
{
	mapping_destroy(timers.handles, timers.count * sizeof(*timers.handles));
	timer_wheel_destroy(timers.wheel);
}

void wheel_subject_rearm_random(void)
{
	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH; n++) {
		uint32_t i = random_below(timers.count);
		must(timer_wheel_cancel(timers.wheel, timers.handles[i]));
		arm_random(i);
	}
}

void wheel_subject_rearm_same_delay(void)
{
	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH; n++) {
		uint32_t i = random_below(timers.count);
		must(timer_wheel_cancel(timers.wheel, timers.handles[i]));
		arm_at(i, DELAY_MAX);
	}
}

void wheel_subject_rearm_prefetched(void)
{
	uint32_t next[AHEAD];

	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH + AHEAD; n++) {
		uint32_t *place = &next[n % AHEAD];
		if (n >= AHEAD) {
			must(timer_wheel_cancel(timers.wheel, timers.handles[*place]));
			arm_random(*place);
		}
		*place = random_below(timers.count);
		timer_wheel_prefetch(timers.wheel, timers.handles[*place]);
	}
}

void wheel_subject_expire(void)
{
	uint64_t words[256];

	for (uint32_t done = 0; done < STATE_SUBJECT_BATCH;) {
		uint32_t count = timer_wheel_expire(timers.wheel, timers.now, words,
						    ARRAY_SIZE(words));
		done += count;
		if (count < ARRAY_SIZE(words))
			timers.now += TICK_MS(1);
		for (uint32_t k = 0; k < count; k++)
			arm_at((uint32_t)words[k], DELAY_MAX);
	}
}

static struct hash128 random_key(void)
{
	return (struct hash128){ .lo = random_u64(), .hi = random_u64() };
}

void table_subject_fill(uint32_t count)
{
	entries.count = count;
	entries.table = txn_table_create(count);
	entries.keys = mapping_create(count * sizeof(*entries.keys));
	must(entries.table && entries.keys);
	for (uint32_t i = 0; i < count; i++) {
		entries.keys[i] = random_key();
		must(txn_table_insert(entries.table, entries.keys[i], i));
	}
}

void table_subject_empty(void)
{
	mapping_destroy(entries.keys, entries.count * sizeof(*entries.keys));
	txn_table_destroy(entries.table);
}

static uint64_t find(struct hash128 key)
{
	uint32_t cursor = 0;

	return txn_table_find(entries.table, key, &cursor);
}

uint64_t table_subject_find(void)
{
	uint64_t sum = 0;

	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH; n++)
		sum += find(entries.keys[random_below(entries.count)]);
	return sum;
}

uint64_t table_subject_find_prefetched(void)
{
	struct hash128 next[AHEAD];
	uint64_t sum = 0;

	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH + AHEAD; n++) {
		struct hash128 *key = &next[n % AHEAD];
		if (n >= AHEAD)
			sum += find(*key);
		*key = entries.keys[random_below(entries.count)];
		txn_table_prefetch(entries.table, *key);
	}
	return sum;
}

uint64_t table_subject_find_none(void)
{
	uint64_t sum = 0;

	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH; n++)
		sum += find(random_key());
	return sum;
}

void table_subject_replace(void)
{
	for (uint32_t n = 0; n < STATE_SUBJECT_BATCH; n++) {
		uint32_t i = random_below(entries.count);
		must(txn_table_remove(entries.table, entries.keys[i], i));
		entries.keys[i] = random_key();
		must(txn_table_insert(entries.table, entries.keys[i], i));
	}
}
