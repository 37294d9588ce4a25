/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel; see timer_wheel.h.  Run by the owner alone.
 *
 * Two levels.  The near one has a list for each millisecond of the next 65.5 s and is exact; the
 * far one has a list for each 16.4 s of the next 18 hours.  What lies beyond is put into the last
 * far list and looked at again when its turn comes.
 *
 *      cursor                    horizon
 *      |  near: 1 ms a list      |  far: 16.4 s a list                       |
 *      +-------------------------+----------+----------+----------+-- ... ---+
 *
 * The horizon keeps 49 to 65 s ahead of the cursor.  When it moves on by a far list, that list
 * becomes pending: its timers go to their near lists a few at a time, at the pace that the cursor
 * advances, long before the first is due.  So no call meets a whole list (a cascade), and a timer
 * below 49 s, which is nearly every one of SIP's, never moves at all.
 *
 * What costs is memory that is not in the cache, so: arming and cancelling read one timer at most,
 * the rest are stores, which nobody waits for; what a cancel does depends on no branch that could
 * be guessed wrong while that one read is under way; and a list is eight strands, linked doubly,
 * that the expiry follows side by side, each prefetching its next timer.
 */
#include "state/timer_wheel.h"

#include "state/mapping.h"
#include "state/timer_wheel_layout.h"

static size_t take_part(size_t *size, size_t part)
{
	size_t at = *size;
	*size += (part + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE;
	return at;
}

/* Of the wheel, its timers and their free list; where that begins. */
static size_t layout(uint32_t capacity, size_t *free_at)
{
	size_t size = 0;

	take_part(&size, sizeof(struct timer_wheel));
	take_part(&size, ((size_t)capacity + 1) * sizeof(struct timer_node));
	*free_at = take_part(&size, (size_t)capacity * sizeof(uint64_t));
	return size;
}

size_t timer_wheel_octets_for(uint32_t capacity)
{
	size_t free_at;

	return layout(capacity, &free_at);
}

struct timer_wheel *timer_wheel_create(uint32_t capacity, tick_t now)
{
	size_t free_at;

	if (capacity > CAPACITY_MAX)
		return NULL;
	size_t size = layout(capacity, &free_at);
	uint8_t *mapping = mapping_create(size);
	if (!mapping)
		return NULL;

	struct timer_wheel *wheel = (void *)mapping;
	wheel->size = size;
	wheel->free = (void *)(mapping + free_at);
	wheel->capacity = capacity;
	for (uint32_t i = capacity; i; i--)
		wheel->free[wheel->free_count++] = i;
	wheel->now = now;
	wheel->cursor = tick_to_ms(now) + 1;
	wheel->horizon = (wheel->cursor + NEAR_SLOTS) & ~(FAR_SPAN - 1);
	return wheel;
}

void timer_wheel_destroy(struct timer_wheel *wheel)
{
	if (wheel)
		mapping_destroy(wheel, wheel->size);
}

/* ---- lists ---- */

static void list_mark(struct timer_wheel *wheel, uint32_t list)
{
	if (list < LIST_FAR)
		slot_bitmap_set(&wheel->near, list);
	else if (list < LIST_OVERDUE)
		slot_bitmap_set(&wheel->far, list - LIST_FAR);
}

static void list_unmark(struct timer_wheel *wheel, uint32_t list)
{
	if (list < LIST_FAR)
		slot_bitmap_clear(&wheel->near, list);
	else if (list < LIST_OVERDUE)
		slot_bitmap_clear(&wheel->far, list - LIST_FAR);
}

static bool list_is_empty(const struct timer_wheel *wheel, uint32_t list)
{
	uint32_t any = 0;

	for (uint32_t i = 0; i < STRANDS; i++)
		any |= wheel->heads[list * STRANDS + i];
	return !any;
}

static ALWAYS_INLINE void list_insert(struct timer_wheel *wheel, uint32_t list, uint32_t index)
{
	uint32_t at = list * STRANDS + index % STRANDS;
	struct timer_node *node = &wheel->nodes[index];
	uint32_t next = wheel->heads[at];

	node->next = next;
	node->link = HEADS_AT + at;
	wheel->nodes[next].link = link_of_next(index);
	wheel->heads[at] = index;
	list_mark(wheel, list);
	if (list >= LIST_FAR && list < LIST_OVERDUE)
		wheel->far_counts[list - LIST_FAR]++;
}

/* A strand lost its last timer. */
static NO_INLINE void strand_emptied(struct timer_wheel *wheel, uint32_t list)
{
	if (!list_is_empty(wheel, list))
		return;
	list_unmark(wheel, list);
	if (list >= LIST_FAR && list < LIST_OVERDUE)
		wheel->far_counts[list - LIST_FAR] = 0;
}

static ALWAYS_INLINE void list_remove(struct timer_wheel *wheel, const struct timer_node *node)
{
	uint32_t next = node->next, link = node->link;

	wheel_words(wheel)[link] = next;
	wheel->nodes[next].link = link;
	/* One branch for both, as either alone is a coin toss. */
	if ((link < HEADS_END) & !next)
		strand_emptied(wheel, (link - HEADS_AT) / STRANDS);
}

/* Takes the first timer off a strand that has one; the next is on its way into the cache. */
static ALWAYS_INLINE uint32_t strand_pop(struct timer_wheel *wheel, uint32_t list, uint32_t strand)
{
	uint32_t at = list * STRANDS + strand;
	uint32_t index = wheel->heads[at], next = wheel->nodes[index].next;

	PREFETCH_W(&wheel->nodes[next]);
	wheel->heads[at] = next;
	wheel->nodes[next].link = HEADS_AT + at;
	if (!next)
		strand_emptied(wheel, list);
	return index;
}

/* Brings the first timers of every strand into the cache. */
static void list_prefetch(const struct timer_wheel *wheel, uint32_t list)
{
	for (uint32_t i = 0; i < STRANDS; i++)
		PREFETCH_W(&wheel->nodes[wheel->heads[list * STRANDS + i]]);
}

/* `handle`: of this timer, which no list has any more. */
static ALWAYS_INLINE void node_release(struct timer_wheel *wheel, struct timer_node *node,
				       uint64_t handle)
{
	handle += GENERATION_ONE;
	node->generation = (uint32_t)(handle >> 32);
	wheel->free[wheel->free_count++] = handle;
}

/* ---- where a slot belongs ---- */

static uint32_t list_of_slot(const struct timer_wheel *wheel, uint64_t slot)
{
	if (slot < wheel->horizon)
		return (uint32_t)(slot % NEAR_SLOTS);
	/* One list less than there are: the one before the horizon's may be pending. */
	uint64_t last = (wheel->horizon >> FAR_SHIFT) + FAR_SLOTS - 2;
	return LIST_FAR + (uint32_t)(MIN(slot >> FAR_SHIFT, last) % FAR_SLOTS);
}

/* The first near slot with a timer, or SLOT_NEVER. */
static uint64_t near_first(const struct timer_wheel *wheel)
{
	uint32_t at = (uint32_t)(wheel->cursor % NEAR_SLOTS);
	uint32_t found = slot_bitmap_next_around(&wheel->near, at);

	if (found == SLOT_BITMAP_NONE)
		return SLOT_NEVER;
	return wheel->cursor + (found - at) % NEAR_SLOTS;
}

/* The first slot of the first far list with a timer, none being pending; or SLOT_NEVER. */
static uint64_t far_first(const struct timer_wheel *wheel)
{
	uint64_t from = wheel->horizon >> FAR_SHIFT;
	uint32_t at = (uint32_t)(from % FAR_SLOTS);
	uint32_t found = slot_bitmap_next_around(&wheel->far, at);

	if (found == SLOT_BITMAP_NONE)
		return SLOT_NEVER;
	return (from + (found - at) % FAR_SLOTS) << FAR_SHIFT;
}

/* Slots from here on may have timers outside the near level. */
static uint64_t near_bound(const struct timer_wheel *wheel)
{
	return timer_wheel_is_pending(wheel) ? wheel->horizon - FAR_SPAN : far_first(wheel);
}

/* ---- arm, cancel ---- */

static ALWAYS_INLINE uint32_t list_of_deadline(const struct timer_wheel *wheel, tick_t deadline,
					       uint64_t slot)
{
	if (UNLIKELY(deadline <= wheel->now)) {
		/* While a call is behind, slots up to now are still to come, in their order. */
		if (slot < wheel->cursor || slot > tick_to_ms(wheel->now))
			return LIST_OVERDUE;
	}
	if (UNLIKELY(slot > SLOT_LAST))
		return LIST_NEVER;
	return list_of_slot(wheel, slot);
}

timer_handle_t timer_wheel_arm(struct timer_wheel *wheel, tick_t deadline, uint64_t word)
{
	if (!wheel->free_count)
		return TIMER_NONE;
	timer_handle_t handle = wheel->free[--wheel->free_count] + GENERATION_ONE;
	uint32_t index = (uint32_t)handle;
	struct timer_node *node = &wheel->nodes[index];
	/* Rounded up: never early. */
	uint64_t slot = tick_to_ms(deadline) + (deadline % 1000 != 0);

	node->word = word;
	node->slot = slot;
	node->generation = (uint32_t)(handle >> 32);
	list_insert(wheel, list_of_deadline(wheel, deadline, slot), index);
	return handle;
}

bool timer_wheel_cancel(struct timer_wheel *wheel, timer_handle_t handle)
{
	uint32_t index = (uint32_t)handle, generation = (uint32_t)(handle >> 32);

	if (index > wheel->capacity || !(generation & 1))
		return false;
	struct timer_node *node = &wheel->nodes[index];
	if (node->generation != generation)
		return false;
	list_remove(wheel, node);
	node_release(wheel, node, handle);
	return true;
}

void timer_wheel_prefetch(const struct timer_wheel *wheel, timer_handle_t handle)
{
	/* An address outside the array is harmless: a prefetch never faults. */
	PREFETCH_W(&wheel->nodes[(uint32_t)handle]);
}

/* ---- expiry ---- */

static uint32_t list_expire(struct timer_wheel *wheel, uint32_t list, uint64_t *words,
			    uint32_t max)
{
	uint32_t count = 0;

	list_prefetch(wheel, list);
	while (!list_is_empty(wheel, list)) {
		for (uint32_t i = 0; i < STRANDS; i++) {
			if (!wheel->heads[list * STRANDS + i])
				continue;
			if (count == max)
				return count;
			uint32_t index = strand_pop(wheel, list, i);
			struct timer_node *node = &wheel->nodes[index];
			words[count++] = node->word;
			node_release(wheel, node, (uint64_t)node->generation << 32 | index);
		}
	}
	return count;
}

/* Moves timers of the pending list to where they belong, while `budget` lasts; false when some
 * remain. */
static bool pending_migrate(struct timer_wheel *wheel, uint32_t *budget)
{
	uint32_t list = timer_wheel_pending(wheel);

	list_prefetch(wheel, list);
	while (!list_is_empty(wheel, list)) {
		for (uint32_t i = 0; i < STRANDS; i++) {
			if (!wheel->heads[list * STRANDS + i])
				continue;
			if (!*budget)
				return false;
			--*budget;
			uint32_t index = strand_pop(wheel, list, i);
			uint64_t slot = wheel->nodes[index].slot;
			list_insert(wheel, list_of_slot(wheel, slot), index);
		}
	}
	return true;
}

/* Moves the horizon as far as the near level reaches, but not past a far list with timers: that
 * one becomes pending. */
static void horizon_extend(struct timer_wheel *wheel)
{
	if (timer_wheel_is_pending(wheel))
		return;
	uint64_t reach = (wheel->cursor + NEAR_SLOTS) & ~(FAR_SPAN - 1);
	uint64_t first = far_first(wheel);
	if (first < reach)
		reach = first + FAR_SPAN;
	if (reach > wheel->horizon)
		wheel->horizon = reach;
}

/* Moves the cursor to the next slot before `end` with a timer; false when there is none (the
 * cursor is at `end`), or when the budget for moving timers is spent (it is before). */
static bool cursor_advance(struct timer_wheel *wheel, uint64_t end, uint32_t *budget)
{
	while (wheel->cursor < end) {
		uint64_t slot = near_first(wheel);
		uint64_t bound = near_bound(wheel);
		if (slot < bound) {
			wheel->cursor = MIN(slot, end);
			return slot < end;
		}
		wheel->cursor = MIN(bound, end);
		if (wheel->cursor == end)
			return false;
		if (timer_wheel_is_pending(wheel) && !pending_migrate(wheel, budget))
			return false;
		horizon_extend(wheel);
	}
	return false;
}

/* Moves as much of the pending list as keeps pace with the cursor, which was at `from`. */
static void pending_pace(struct timer_wheel *wheel, uint64_t from, uint32_t budget)
{
	horizon_extend(wheel);
	if (!timer_wheel_is_pending(wheel))
		return;
	if (wheel->cursor - from > FAR_SPAN)
		from = wheel->cursor - FAR_SPAN;
	uint64_t due = wheel->horizon - FAR_SPAN;
	uint64_t count = wheel->far_counts[timer_wheel_pending(wheel) - LIST_FAR];
	/* from < due: a cursor at `due` only moves on once nothing is pending there. */
	uint64_t share = due > from ? count * (wheel->cursor - from) / (due - from) : count;
	uint32_t quota = (uint32_t)MIN(share + STRANDS, budget);
	(void)pending_migrate(wheel, &quota);
}

static void next_slot_warm(struct timer_wheel *wheel)
{
	uint64_t slot = near_first(wheel);

	wheel->warmed = true;
	if (slot != SLOT_NEVER)
		list_prefetch(wheel, (uint32_t)(slot % NEAR_SLOTS));
}

uint32_t timer_wheel_expire(struct timer_wheel *wheel, tick_t now, uint64_t *words, uint32_t max)
{
	wheel->now = MAX(now, wheel->now);
	uint64_t end = tick_to_ms(wheel->now) + 1;
	if (wheel->cursor >= end && list_is_empty(wheel, LIST_OVERDUE)) {
		if (!wheel->warmed)
			next_slot_warm(wheel);
		return 0;
	}

	uint64_t from = wheel->cursor;
	uint32_t budget = MIGRATE_MAX;
	uint32_t count = list_expire(wheel, LIST_OVERDUE, words, max);
	while (count < max && cursor_advance(wheel, end, &budget)) {
		uint32_t list = (uint32_t)(wheel->cursor % NEAR_SLOTS);
		count += list_expire(wheel, list, words + count, max - count);
	}
	if (wheel->cursor > from) {
		pending_pace(wheel, from, budget);
		wheel->warmed = false;
	}
	return count;
}

tick_t timer_wheel_next(const struct timer_wheel *wheel)
{
	if (!list_is_empty(wheel, LIST_OVERDUE))
		return wheel->now;
	uint64_t slot = MIN(near_first(wheel), near_bound(wheel));
	return slot == SLOT_NEVER ? TICK_NEVER : slot * 1000;
}

uint32_t timer_wheel_count(const struct timer_wheel *wheel)
{
	return wheel->capacity - wheel->free_count;
}

uint32_t timer_wheel_capacity(const struct timer_wheel *wheel)
{
	return wheel->capacity;
}

size_t timer_wheel_octets(const struct timer_wheel *wheel)
{
	return wheel->size;
}
