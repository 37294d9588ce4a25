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
 * A list is a chain of chunks, a cache line each, with the indices of 14 timers; only the first
 * chunk is partly filled.  Unlike links from timer to timer this lets the expiry prefetch 14
 * timers at once, and arming a timer touches no other timer.  Cancelling fills the hole with the
 * last index of the first chunk.
 */
#include "state/timer_wheel.h"

#include "state/mapping.h"
#include "state/slot_bitmap.h"

#define NEAR_SLOTS   SLOT_BITMAP_SIZE
#define FAR_SHIFT    14
#define FAR_SPAN     (UINT64_C(1) << FAR_SHIFT)
#define FAR_SLOTS    4096u
#define LIST_FAR     NEAR_SLOTS
#define LIST_OVERDUE (LIST_FAR + FAR_SLOTS) /* armed in the past */
#define LIST_NEVER   (LIST_OVERDUE + 1)
#define LIST_COUNT   (LIST_NEVER + 1)

#define CHUNK_IDS   14
#define PLACE_SHIFT 4
/* A place is chunk and position in 32 bits. */
#define CAPACITY_MAX (UINT32_C(1) << 31)

/* Timers that one call moves at most, when the time jumped over their whole warning. */
#define MIGRATE_MAX 65536u
#define SLOT_NEVER  UINT64_MAX
/* The last slot whose tick can be told. */
#define SLOT_LAST   (UINT64_MAX / 1000u)

struct timer_node {
	uint64_t word;
	uint64_t slot;  /* the millisecond in which it expires */
	uint32_t place; /* chunk << PLACE_SHIFT | position */
	uint32_t list;
	uint32_t generation; /* odd while running */
	uint32_t reserved;
};
static_assert(sizeof(struct timer_node) == 32, "two timers a cache line, none astride");

struct timer_chunk {
	alignas(CACHE_LINE_SIZE) uint32_t older; /* a full chunk, or 0 */
	uint32_t count;
	uint32_t ids[CHUNK_IDS];
};
static_assert(sizeof(struct timer_chunk) == CACHE_LINE_SIZE, "a chunk is a cache line");
static_assert(CHUNK_IDS <= 1 << PLACE_SHIFT, "a position fits its bits");

/* The generation is kept here too, so that arming reads nothing from a cold timer. */
struct timer_free {
	uint32_t index;
	uint32_t generation;
};

struct timer_wheel {
	uint64_t cursor;  /* every slot before it has expired */
	uint64_t horizon; /* near below, far from here on; a multiple of FAR_SPAN */
	tick_t now;
	uint32_t capacity;
	uint32_t free_count;
	uint32_t free_chunk_count;
	uint32_t chunk_count; /* chunk 0 included, which stands for an empty list */
	uint32_t warmed;      /* steps of the next slot's prefetch that are done: 0 to 2 */
	struct timer_node *nodes;
	struct timer_chunk *chunks;
	struct timer_free *free;
	uint32_t *free_chunks;
	size_t size; /* of the mapping */
	struct slot_bitmap near;
	struct slot_bitmap far;
	uint32_t far_counts[FAR_SLOTS];
	uint32_t heads[LIST_COUNT]; /* chunk, or 0 */
};

static size_t take_part(size_t *size, size_t part)
{
	size_t at = *size;
	*size += (part + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE;
	return at;
}

struct timer_wheel *timer_wheel_create(uint32_t capacity, tick_t now)
{
	if (capacity > CAPACITY_MAX)
		return NULL;
	/* Every list may have one chunk that is not full. */
	uint32_t chunks = 1 + capacity / CHUNK_IDS + MIN(capacity, LIST_COUNT);
	size_t size = 0;
	take_part(&size, sizeof(struct timer_wheel));
	size_t nodes_at = take_part(&size, (size_t)capacity * sizeof(struct timer_node));
	size_t chunks_at = take_part(&size, (size_t)chunks * sizeof(struct timer_chunk));
	size_t free_at = take_part(&size, (size_t)capacity * sizeof(struct timer_free));
	size_t free_chunks_at = take_part(&size, (size_t)chunks * sizeof(uint32_t));
	uint8_t *mapping = mapping_create(size);
	if (!mapping)
		return NULL;

	struct timer_wheel *wheel = (void *)mapping;
	wheel->size = size;
	wheel->nodes = (void *)(mapping + nodes_at);
	wheel->chunks = (void *)(mapping + chunks_at);
	wheel->free = (void *)(mapping + free_at);
	wheel->free_chunks = (void *)(mapping + free_chunks_at);
	wheel->capacity = capacity;
	wheel->chunk_count = chunks;
	for (uint32_t i = capacity; i--;)
		wheel->free[wheel->free_count++] = (struct timer_free){ .index = i };
	for (uint32_t i = chunks; --i;)
		wheel->free_chunks[wheel->free_chunk_count++] = i;
	/* An empty list looks like one whose first chunk is full: appending needs one test. */
	wheel->chunks[0].count = CHUNK_IDS;
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

static ALWAYS_INLINE void list_append(struct timer_wheel *wheel, uint32_t list, uint32_t index)
{
	uint32_t head = wheel->heads[list];

	if (wheel->chunks[head].count == CHUNK_IDS) {
		if (!head)
			list_mark(wheel, list);
		uint32_t fresh = wheel->free_chunks[--wheel->free_chunk_count];
		wheel->chunks[fresh].older = head;
		wheel->chunks[fresh].count = 0;
		wheel->heads[list] = head = fresh;
	}
	struct timer_chunk *chunk = &wheel->chunks[head];
	struct timer_node *node = &wheel->nodes[index];
	node->place = head << PLACE_SHIFT | chunk->count;
	node->list = list;
	chunk->ids[chunk->count++] = index;
	if (list >= LIST_FAR && list < LIST_OVERDUE)
		wheel->far_counts[list - LIST_FAR]++;
}

/* Takes the last index off the first chunk of a list that is not empty. */
static ALWAYS_INLINE uint32_t list_pop(struct timer_wheel *wheel, uint32_t list)
{
	uint32_t head = wheel->heads[list];
	struct timer_chunk *chunk = &wheel->chunks[head];
	uint32_t index = chunk->ids[--chunk->count];

	if (!chunk->count) {
		wheel->free_chunks[wheel->free_chunk_count++] = head;
		wheel->heads[list] = chunk->older;
		if (!chunk->older)
			list_unmark(wheel, list);
	}
	if (list >= LIST_FAR && list < LIST_OVERDUE)
		wheel->far_counts[list - LIST_FAR]--;
	return index;
}

/* Brings the timers of the first chunk, and the chunk after it, into the cache. */
static ALWAYS_INLINE void list_prefetch(const struct timer_wheel *wheel, uint32_t list)
{
	const struct timer_chunk *chunk = &wheel->chunks[wheel->heads[list]];

	PREFETCH_W(&wheel->chunks[chunk->older]);
	for (uint32_t i = chunk->count; i--;)
		PREFETCH_W(&wheel->nodes[chunk->ids[i]]);
}

static ALWAYS_INLINE void node_release(struct timer_wheel *wheel, uint32_t index)
{
	struct timer_node *node = &wheel->nodes[index];

	node->generation++;
	wheel->free[wheel->free_count++] =
		(struct timer_free){ .index = index, .generation = node->generation };
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

/* The far list that is being moved; empty most of the time. */
static uint32_t pending_list(const struct timer_wheel *wheel)
{
	return LIST_FAR + (uint32_t)(((wheel->horizon >> FAR_SHIFT) - 1) % FAR_SLOTS);
}

static bool is_pending(const struct timer_wheel *wheel)
{
	return wheel->heads[pending_list(wheel)] != 0;
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
	return is_pending(wheel) ? wheel->horizon - FAR_SPAN : far_first(wheel);
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
	struct timer_free free = wheel->free[--wheel->free_count];
	struct timer_node *node = &wheel->nodes[free.index];
	/* Rounded up: never early. */
	uint64_t slot = tick_to_ms(deadline) + (deadline % 1000 != 0);

	node->word = word;
	node->slot = slot;
	node->generation = free.generation + 1;
	list_append(wheel, list_of_deadline(wheel, deadline, slot), free.index);
	wheel->warmed = 0;
	return (uint64_t)node->generation << 32 | free.index;
}

bool timer_wheel_cancel(struct timer_wheel *wheel, timer_handle_t handle)
{
	uint32_t index = (uint32_t)handle, generation = (uint32_t)(handle >> 32);

	if (index >= wheel->capacity || !(generation & 1))
		return false;
	struct timer_node *node = &wheel->nodes[index];
	if (node->generation != generation)
		return false;
	uint32_t last = list_pop(wheel, node->list);
	if (last != index) {
		wheel->chunks[node->place >> PLACE_SHIFT]
			.ids[node->place & ((1u << PLACE_SHIFT) - 1)] = last;
		wheel->nodes[last].place = node->place;
	}
	node_release(wheel, index);
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

	while (count < max && wheel->heads[list]) {
		list_prefetch(wheel, list);
		uint32_t in_chunk = wheel->chunks[wheel->heads[list]].count;
		for (uint32_t n = MIN(in_chunk, max - count); n--;) {
			uint32_t index = list_pop(wheel, list);
			words[count++] = wheel->nodes[index].word;
			node_release(wheel, index);
		}
	}
	return count;
}

/* Moves timers of the pending list to where they belong, up to `quota`; false when some remain. */
static bool pending_migrate(struct timer_wheel *wheel, uint32_t quota)
{
	uint32_t list = pending_list(wheel);

	while (wheel->heads[list]) {
		if (!quota)
			return false;
		list_prefetch(wheel, list);
		uint32_t in_chunk = wheel->chunks[wheel->heads[list]].count;
		uint32_t n = MIN(in_chunk, quota);
		quota -= n;
		while (n--) {
			uint32_t index = list_pop(wheel, list);
			list_append(wheel, list_of_slot(wheel, wheel->nodes[index].slot), index);
		}
	}
	return true;
}

/* Moves the horizon as far as the near level reaches, but not past a far list with timers: that
 * one becomes pending. */
static void horizon_extend(struct timer_wheel *wheel)
{
	if (is_pending(wheel))
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
		if (is_pending(wheel)) {
			uint32_t left = wheel->far_counts[pending_list(wheel) - LIST_FAR];
			if (!pending_migrate(wheel, *budget))
				return false;
			*budget -= left;
		}
		horizon_extend(wheel);
	}
	return false;
}

/* Moves as much of the pending list as keeps pace with the cursor, which was at `from`. */
static void pending_pace(struct timer_wheel *wheel, uint64_t from, uint32_t budget)
{
	horizon_extend(wheel);
	if (!is_pending(wheel))
		return;
	if (wheel->cursor - from > FAR_SPAN)
		from = wheel->cursor - FAR_SPAN;
	uint64_t due = wheel->horizon - FAR_SPAN;
	uint64_t count = wheel->far_counts[pending_list(wheel) - LIST_FAR];
	/* from < due: a cursor at `due` only moves on once nothing is pending there. */
	uint64_t share = due > from ? count * (wheel->cursor - from) / (due - from) : count;
	(void)pending_migrate(wheel, (uint32_t)MIN(share + CHUNK_IDS, budget));
}

/* In two calls, so that neither waits for memory: the next slot's chunk, then its timers. */
static void next_slot_warm(struct timer_wheel *wheel)
{
	uint64_t slot = near_first(wheel);

	if (slot == SLOT_NEVER) {
		wheel->warmed = 2;
		return;
	}
	uint32_t list = (uint32_t)(slot % NEAR_SLOTS);
	if (wheel->warmed++)
		list_prefetch(wheel, list);
	else
		PREFETCH_W(&wheel->chunks[wheel->heads[list]]);
}

uint32_t timer_wheel_expire(struct timer_wheel *wheel, tick_t now, uint64_t *words, uint32_t max)
{
	wheel->now = MAX(now, wheel->now);
	uint64_t end = tick_to_ms(wheel->now) + 1;
	if (wheel->cursor >= end && !wheel->heads[LIST_OVERDUE]) {
		if (wheel->warmed < 2)
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
		wheel->warmed = 0;
	}
	return count;
}

tick_t timer_wheel_next(const struct timer_wheel *wheel)
{
	if (wheel->heads[LIST_OVERDUE])
		return wheel->now;
	uint64_t slot = MIN(near_first(wheel), near_bound(wheel));
	return slot == SLOT_NEVER ? TICK_NEVER : slot * 1000;
}

uint32_t timer_wheel_count(const struct timer_wheel *wheel)
{
	return wheel->capacity - wheel->free_count;
}

/* ---- the self-check ---- */

static const char *check_node(const struct timer_wheel *wheel, uint32_t list, uint64_t slot)
{
	if (list == LIST_NEVER)
		return slot > SLOT_LAST ? NULL : "a timer with an end waits for ever";
	if (list == LIST_OVERDUE)
		return slot <= tick_to_ms(wheel->now) + 1 ? NULL : "a timer is overdue too early";
	if (list < LIST_FAR) {
		if (slot < wheel->cursor || slot >= wheel->horizon || slot % NEAR_SLOTS != list)
			return "a timer is in the wrong near list";
		return NULL;
	}
	if (list == pending_list(wheel))
		return slot >= wheel->horizon - FAR_SPAN ? NULL : "a pending timer is too late";
	/* How far ahead of the horizon its list stands. */
	uint64_t at = (wheel->horizon >> FAR_SHIFT);
	at += (list - LIST_FAR - (uint32_t)(at % FAR_SLOTS)) % FAR_SLOTS;
	return slot >> FAR_SHIFT >= at ? NULL : "a timer is in too late a far list";
}

static const char *check_list(const struct timer_wheel *wheel, uint32_t list, uint32_t *timers,
			      uint32_t *chunks)
{
	uint32_t in_list = 0;

	for (uint32_t at = wheel->heads[list]; at; at = wheel->chunks[at].older) {
		const struct timer_chunk *chunk = &wheel->chunks[at];
		if (at >= wheel->chunk_count || ++*chunks >= wheel->chunk_count)
			return "a chain of chunks does not end";
		if (!chunk->count || chunk->count > CHUNK_IDS)
			return "a chunk is empty or overfull";
		if (at != wheel->heads[list] && chunk->count != CHUNK_IDS)
			return "a chunk inside a chain is not full";
		for (uint32_t i = 0; i < chunk->count; i++) {
			const struct timer_node *node = &wheel->nodes[chunk->ids[i]];
			if (chunk->ids[i] >= wheel->capacity || !(node->generation & 1))
				return "a list names a timer that does not run";
			if (node->list != list || node->place != (at << PLACE_SHIFT | i))
				return "a timer does not know its place";
			const char *wrong = check_node(wheel, list, node->slot);
			if (wrong)
				return wrong;
		}
		in_list += chunk->count;
	}
	*timers += in_list;
	if (list < LIST_FAR)
		return slot_bitmap_has(&wheel->near, list) == (in_list > 0) ? NULL : "near bitmap";
	if (list >= LIST_OVERDUE)
		return NULL;
	if (wheel->far_counts[list - LIST_FAR] != in_list)
		return "a far list's count is wrong";
	return slot_bitmap_has(&wheel->far, list - LIST_FAR) == (in_list > 0) ? NULL : "far bitmap";
}

const char *timer_wheel_check(const struct timer_wheel *wheel)
{
	uint32_t timers = 0, chunks = 0;

	if (wheel->horizon % FAR_SPAN || wheel->horizon > wheel->cursor + NEAR_SLOTS)
		return "the horizon is out of reach";
	if (wheel->cursor > (is_pending(wheel) ? wheel->horizon - FAR_SPAN : wheel->horizon))
		return "the cursor is past timers that are not near yet";
	for (uint32_t list = 0; list < LIST_COUNT; list++) {
		const char *wrong = check_list(wheel, list, &timers, &chunks);
		if (wrong)
			return wrong;
	}
	if (timers != timer_wheel_count(wheel))
		return "the timers in the lists are not those that run";
	if (chunks + wheel->free_chunk_count + 1 != wheel->chunk_count)
		return "a chunk is lost";
	for (uint32_t i = 0; i < wheel->free_count; i++) {
		const struct timer_free *free = &wheel->free[i];
		if (free->index >= wheel->capacity || free->generation & 1 ||
		    wheel->nodes[free->index].generation != free->generation)
			return "the free list is wrong";
	}
	return NULL;
}
