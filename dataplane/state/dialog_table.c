/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dialog table; see dialog_table.h.  Run by the owner alone.
 *
 * As many buckets as slots, chained through the slots: an index costs four octets a dialog instead
 * of the txn_table's twenty-five.  The key is a keyed hash, so a chain grows beyond CHAIN_MAX only
 * by chance, which is then refused as if the table were full.
 */
#include "state/dialog_table.h"

#include <stdlib.h>

#include "state/mapping.h"

#define CHAIN_MAX    32
#define CAPACITY_MAX (UINT32_C(1) << 28)

struct dialog_table {
	struct slot_pool dialogs, watches;
	struct timer_wheel *wheel;
	uint32_t *buckets; /* first slot of the chain, or SLOT_NONE */
	uint32_t word_bits;
};

static size_t buckets_bytes(uint32_t capacity)
{
	return (size_t)capacity * sizeof(uint32_t);
}

static uint32_t watches_for(uint32_t capacity)
{
	return capacity / DIALOGS_A_WATCH + 1;
}

size_t dialog_table_octets_for(uint32_t capacity)
{
	return slot_pool_octets_for(sizeof(struct dialog), capacity) +
	       slot_pool_octets_for(sizeof(struct dialog_watch), watches_for(capacity)) +
	       buckets_bytes(capacity);
}

size_t dialog_table_octets(const struct dialog_table *table)
{
	return slot_pool_octets(&table->dialogs) + slot_pool_octets(&table->watches) +
	       buckets_bytes(table->dialogs.capacity);
}

struct dialog_table *dialog_table_create(uint32_t capacity, struct timer_wheel *wheel,
					 uint32_t word_bits)
{
	struct dialog_table *table;

	if (!capacity || capacity > CAPACITY_MAX || !(table = calloc(1, sizeof(*table))))
		return NULL;
	table->wheel = wheel;
	table->word_bits = word_bits;
	if (!slot_pool_init(&table->dialogs, sizeof(struct dialog), capacity) ||
	    !slot_pool_init(&table->watches, sizeof(struct dialog_watch),
			    watches_for(capacity)) ||
	    !(table->buckets = mapping_create(buckets_bytes(capacity)))) {
		dialog_table_destroy(table);
		return NULL;
	}
	memset(table->buckets, 0xff, buckets_bytes(capacity));
	return table;
}

void dialog_table_destroy(struct dialog_table *table)
{
	if (!table)
		return;
	mapping_destroy(table->buckets, buckets_bytes(table->dialogs.capacity));
	slot_pool_fini(&table->watches);
	slot_pool_fini(&table->dialogs);
	free(table);
}

static uint32_t bucket_of(const struct dialog_table *table, struct hash128 key)
{
	return (uint32_t)(((key.lo >> 32) * table->dialogs.capacity) >> 32);
}

static uint32_t index_of(const struct dialog_table *table, const struct dialog *dialog)
{
	return (uint32_t)(((uintptr_t)dialog - (uintptr_t)table->dialogs.slots) /
			  table->dialogs.stride);
}

struct dialog *dialog_table_find(const struct dialog_table *table, struct hash128 key)
{
	uint32_t at = table->buckets[bucket_of(table, key)];

	while (at != SLOT_NONE) {
		struct dialog *dialog = slot_pool_at(&table->dialogs, at);
		if (dialog->key == key.hi)
			return dialog;
		at = dialog->next;
	}
	return NULL;
}

static bool chain_has_room(const struct dialog_table *table, uint32_t bucket)
{
	uint32_t at = table->buckets[bucket];

	for (int n = 0; n < CHAIN_MAX; n++) {
		if (at == SLOT_NONE)
			return true;
		at = ((struct dialog *)slot_pool_at(&table->dialogs, at))->next;
	}
	return false;
}

static uint32_t ms_of(tick_t tick)
{
	return (uint32_t)tick_to_ms(tick);
}

/* Rounded up, never early. */
static uint32_t ms_in(tick_t now, uint64_t ms)
{
	return (uint32_t)((now + TICK_MS(ms) + 999) / 1000);
}

static bool is_reached(uint32_t ms, tick_t now)
{
	return (int32_t)(ms_of(now) - ms) >= 0;
}

static tick_t tick_at(uint32_t ms, tick_t now)
{
	uint32_t left = is_reached(ms, now) ? 0 : ms - ms_of(now);

	return TICK_MS(tick_to_ms(now) + left);
}

static uint64_t word_of(const struct dialog_table *table, uint32_t index)
{
	return (uint64_t)slot_pool_generation(&table->dialogs, index) << 32 | table->word_bits |
	       index;
}

struct dialog *dialog_table_insert(struct dialog_table *table, struct hash128 key, tick_t until,
				   tick_t now)
{
	uint32_t bucket = bucket_of(table, key);
	uint32_t index;

	if (!chain_has_room(table, bucket) ||
	    (index = slot_pool_take(&table->dialogs)) == SLOT_NONE)
		return NULL;
	timer_handle_t timer = timer_wheel_arm(table->wheel, until, word_of(table, index));
	if (timer == TIMER_NONE) {
		slot_pool_give(&table->dialogs, index);
		return NULL;
	}
	struct dialog *dialog = slot_pool_at(&table->dialogs, index);
	*dialog = (struct dialog){
		.key = key.hi,
		.timer = timer,
		.bucket = bucket,
		.next = table->buckets[bucket],
		.expires_ms = ms_in(now, tick_to_ms(until - now)),
		.watch = SLOT_NONE,
	};
	table->buckets[bucket] = index;
	return dialog;
}

void dialog_table_remove(struct dialog_table *table, struct dialog *dialog)
{
	uint32_t index = index_of(table, dialog);
	uint32_t *link = &table->buckets[dialog->bucket];

	while (*link != index)
		link = &((struct dialog *)slot_pool_at(&table->dialogs, *link))->next;
	*link = dialog->next;
	dialog_table_stop_watch(table, dialog);
	timer_wheel_cancel(table->wheel, dialog->timer);
	slot_pool_give(&table->dialogs, index);
}

struct dialog *dialog_table_due(struct dialog_table *table, uint32_t index, uint32_t generation)
{
	struct dialog *dialog = slot_pool_get(&table->dialogs, index, generation);

	if (dialog)
		dialog->timer = TIMER_NONE;
	return dialog;
}

void dialog_table_rearm(struct dialog_table *table, struct dialog *dialog, tick_t now)
{
	const struct dialog_watch *watch = dialog_table_watch(table, dialog);
	tick_t until = tick_at(dialog->expires_ms, now);

	if (watch)
		until = MIN(until, tick_at(watch->due_ms, now));
	timer_wheel_cancel(table->wheel, dialog->timer);
	/* The slot that was given back just now is free. */
	dialog->timer = timer_wheel_arm(table->wheel, until,
					word_of(table, index_of(table, dialog)));
}

void dialog_table_end_in(struct dialog_table *table, struct dialog *dialog, uint64_t ms, tick_t now)
{
	uint32_t before = dialog->expires_ms;

	dialog->expires_ms = ms_in(now, MIN(ms, DIALOG_AGE_MAX_MS));
	if ((int32_t)(dialog->expires_ms - before) < 0)
		dialog_table_rearm(table, dialog, now);
}

bool dialog_is_over(const struct dialog *dialog, tick_t now)
{
	return is_reached(dialog->expires_ms, now);
}

/* ---- watches */

struct dialog_watch *dialog_table_watch(const struct dialog_table *table,
					const struct dialog *dialog)
{
	return dialog->watch == SLOT_NONE ? NULL : slot_pool_at(&table->watches, dialog->watch);
}

struct dialog_watch *dialog_table_start_watch(struct dialog_table *table, struct dialog *dialog,
					      uint64_t ms, tick_t now)
{
	dialog->watch = slot_pool_take(&table->watches);
	if (dialog->watch == SLOT_NONE)
		return NULL;
	struct dialog_watch *watch = slot_pool_at(&table->watches, dialog->watch);
	*watch = (struct dialog_watch){ .due_ms = ms_in(now, ms) };
	/* No timer runs out after the end. */
	if ((int32_t)(watch->due_ms - dialog->expires_ms) < 0)
		dialog_table_rearm(table, dialog, now);
	return watch;
}

void dialog_table_stop_watch(struct dialog_table *table, struct dialog *dialog)
{
	if (dialog->watch == SLOT_NONE)
		return;
	slot_pool_give(&table->watches, dialog->watch);
	dialog->watch = SLOT_NONE;
}

bool dialog_watch_is_due(const struct dialog_watch *watch, tick_t now)
{
	return is_reached(watch->due_ms, now);
}

/* ---- CSeq numbers */

bool dialog_number_is_in_order(const struct dialog *dialog, enum dialog_side side, uint32_t cseq,
			       uint32_t late_ms, tick_t now)
{
	const struct dialog_numbers *seen = &dialog->numbers[side];

	if (!dialog_has_numbers(dialog, side) || cseq >= seen->cseq)
		return true;
	uint32_t below = seen->cseq - 1 - cseq;
	return below < DIALOG_WINDOW && !(seen->closed >> below & 1) &&
	       ms_of(now) - seen->raised_ms <= late_ms;
}

static void number_start(struct dialog *dialog, enum dialog_side side, uint32_t cseq,
			 uint32_t closed, tick_t now)
{
	dialog->flags |= (uint8_t)(DIALOG_CALLER_STARTED << side);
	dialog->numbers[side] = (struct dialog_numbers){
		.cseq = cseq,
		.closed = closed,
		.raised_ms = ms_of(now),
	};
}

void dialog_number_begin(struct dialog *dialog, enum dialog_side side, uint32_t cseq, tick_t now)
{
	number_start(dialog, side, cseq, UINT32_MAX, now);
}

void dialog_number_take(struct dialog *dialog, enum dialog_side side, uint32_t cseq,
			uint32_t late_ms, tick_t now)
{
	struct dialog_numbers *seen = &dialog->numbers[side];

	if (!dialog_has_numbers(dialog, side)) {
		number_start(dialog, side, cseq, 0, now);
		return;
	}
	if (cseq <= seen->cseq) {
		uint32_t below = seen->cseq - 1 - cseq;
		if (cseq < seen->cseq && below < DIALOG_WINDOW)
			seen->closed |= UINT32_C(1) << below;
		return;
	}
	uint32_t step = cseq - seen->cseq;
	/* What is missing for so long will not come: gaps are fine. */
	uint32_t closed = ms_of(now) - seen->raised_ms > late_ms ? UINT32_MAX : seen->closed;
	closed = step < DIALOG_WINDOW ? closed << step : 0;
	if (step <= DIALOG_WINDOW)
		closed |= UINT32_C(1) << (step - 1);
	*seen = (struct dialog_numbers){
		.cseq = cseq,
		.closed = closed,
		.raised_ms = ms_of(now),
	};
}

/* ---- figures and checks */

uint32_t dialog_table_count(const struct dialog_table *table)
{
	return slot_pool_taken(&table->dialogs);
}

uint32_t dialog_table_capacity(const struct dialog_table *table)
{
	return table->dialogs.capacity;
}

uint32_t dialog_table_watches(const struct dialog_table *table)
{
	return slot_pool_taken(&table->watches);
}

struct dialog *dialog_table_at(const struct dialog_table *table, uint32_t index)
{
	return slot_pool_get(&table->dialogs, index,
			     slot_pool_generation(&table->dialogs, index));
}

const char *dialog_table_check(const struct dialog_table *table)
{
	uint32_t chained = 0, watches = 0;
	const char *fault = slot_pool_check(&table->dialogs);

	if (!fault)
		fault = slot_pool_check(&table->watches);
	if (fault)
		return fault;
	for (uint32_t bucket = 0; bucket < table->dialogs.capacity; bucket++) {
		for (uint32_t at = table->buckets[bucket]; at != SLOT_NONE; chained++) {
			if (at >= table->dialogs.capacity || chained > table->dialogs.capacity ||
			    !(slot_pool_generation(&table->dialogs, at) & 1))
				return "a chain leads to what is no dialog, or round in a circle";
			const struct dialog *dialog = slot_pool_at(&table->dialogs, at);
			if (dialog->bucket != bucket)
				return "a dialog is in another's chain";
			if (dialog->timer == TIMER_NONE)
				return "a dialog that no timer will end";
			if (dialog->watch != SLOT_NONE) {
				watches++;
				if (dialog->watch >= table->watches.capacity ||
				    !(slot_pool_generation(&table->watches, dialog->watch) & 1))
					return "a dialog's watch is none";
			}
			at = dialog->next;
		}
	}
	if (chained != dialog_table_count(table))
		return "a dialog is in no chain";
	return watches == dialog_table_watches(table) ? NULL : "a watch without a dialog";
}
