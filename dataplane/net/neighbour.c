/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbour cache; see neighbour.h.
 *
 * Every question waits the same time for its answer, so the timers are one queue: an entry is
 * armed at its tail, which keeps it in order of deadlines, and its head is all there is to look at.
 * REACHABLE and FAILED end when they are next looked at and need no timer.
 */
#include "net/neighbour.h"

#define EVICT_SAMPLES 16

static uint32_t bucket_count(uint32_t max)
{
	uint32_t n = 16;

	while (n < max * 2)
		n *= 2;
	return n;
}

static size_t round_up(size_t n)
{
	return (n + CACHE_LINE_SIZE - 1) & ~(size_t)(CACHE_LINE_SIZE - 1);
}

size_t neighbour_table_size(uint32_t max)
{
	return round_up(max * sizeof(struct neighbour)) + round_up(bucket_count(max) * sizeof(uint32_t));
}

void neighbour_table_init(struct neighbour_table *table, void *memory, uint32_t max,
			  const struct hash_key *key)
{
	uint32_t buckets = bucket_count(max);

	memset(table, 0, sizeof(*table));
	table->key = *key;
	table->max = max;
	table->bucket_mask = buckets - 1;
	table->entries = memory;
	table->buckets = (uint32_t *)((char *)memory + round_up(max * sizeof(struct neighbour)));
	memset(table->entries, 0, max * sizeof(struct neighbour));
	for (uint32_t i = 0; i < buckets; i++)
		table->buckets[i] = NEIGHBOUR_NONE;
	for (uint32_t i = 0; i < max; i++)
		table->entries[i].hash_next = i + 1 < max ? i + 1 : NEIGHBOUR_NONE;
	table->queue_first = table->queue_last = NEIGHBOUR_NONE;
}

/* ---- timer queue --------------------------------------------------------------------------- */

static void disarm(struct neighbour_table *table, uint32_t index)
{
	struct neighbour *entry = &table->entries[index];

	if (!entry->is_armed)
		return;
	if (entry->queue_previous == NEIGHBOUR_NONE)
		table->queue_first = entry->queue_next;
	else
		table->entries[entry->queue_previous].queue_next = entry->queue_next;
	if (entry->queue_next == NEIGHBOUR_NONE)
		table->queue_last = entry->queue_previous;
	else
		table->entries[entry->queue_next].queue_previous = entry->queue_previous;
	entry->is_armed = false;
}

static void arm(struct neighbour_table *table, uint32_t index, tick_t now)
{
	struct neighbour *entry = &table->entries[index];

	disarm(table, index);
	entry->is_armed = true;
	entry->deadline = tick_add(now, NEIGHBOUR_RETRANS_TIME);
	entry->queue_next = NEIGHBOUR_NONE;
	entry->queue_previous = table->queue_last;
	if (table->queue_last == NEIGHBOUR_NONE)
		table->queue_first = index;
	else
		table->entries[table->queue_last].queue_next = index;
	table->queue_last = index;
}

/* ---- entries ------------------------------------------------------------------------------- */

static uint32_t *bucket_of(const struct neighbour_table *table, uint16_t interface,
			   const struct ip_address *address)
{
	char bytes[sizeof(*address) + sizeof(interface)];

	memcpy(bytes, address, sizeof(*address));
	memcpy(bytes + sizeof(*address), &interface, sizeof(interface));
	return &table->buckets[hash64(&table->key, span_of(bytes, sizeof(bytes))) &
			       table->bucket_mask];
}

static bool is_entry(const struct neighbour *entry, uint16_t interface,
		     const struct ip_address *address)
{
	return entry->interface == interface && ip_address_equal(&entry->address, address);
}

uint32_t neighbour_find(const struct neighbour_table *table, uint16_t interface,
			const struct ip_address *address)
{
	uint32_t index = *bucket_of(table, interface, address);

	while (index != NEIGHBOUR_NONE && !is_entry(&table->entries[index], interface, address))
		index = table->entries[index].hash_next;
	return index;
}

static void set_state(struct neighbour_table *table, struct neighbour *entry, uint8_t state)
{
	table->incomplete -= entry->state == NEIGHBOUR_INCOMPLETE;
	table->incomplete += state == NEIGHBOUR_INCOMPLETE;
	entry->state = state;
}

static void release(struct neighbour_table *table, uint32_t index)
{
	struct neighbour *entry = &table->entries[index];
	uint32_t *link = bucket_of(table, entry->interface, &entry->address);

	disarm(table, index);
	while (*link != index)
		link = &table->entries[*link].hash_next;
	*link = entry->hash_next;
	set_state(table, entry, NEIGHBOUR_FREE);
	entry->hash_next = table->free_first;
	table->free_first = index;
	table->count--;
}

/* The least recently used of a few, those that failed first; never one under resolution. */
static bool evict(struct neighbour_table *table)
{
	uint32_t victim = NEIGHBOUR_NONE;

	for (uint32_t i = 0; i < EVICT_SAMPLES; i++) {
		uint32_t index = table->evict_hand;
		const struct neighbour *entry = &table->entries[index];

		table->evict_hand = index + 1 < table->max ? index + 1 : 0;
		if (entry->state == NEIGHBOUR_INCOMPLETE || entry->state == NEIGHBOUR_FREE)
			continue;
		if (entry->state == NEIGHBOUR_FAILED) {
			victim = index;
			break;
		}
		if (victim == NEIGHBOUR_NONE || entry->used < table->entries[victim].used)
			victim = index;
	}
	if (victim == NEIGHBOUR_NONE)
		return false;
	release(table, victim);
	return true;
}

static uint32_t insert(struct neighbour_table *table, uint16_t interface,
		       const struct ip_address *address)
{
	uint32_t *bucket = bucket_of(table, interface, address);
	uint32_t index;

	if (table->free_first == NEIGHBOUR_NONE && !evict(table))
		return NEIGHBOUR_NONE;
	index = table->free_first;
	struct neighbour *entry = &table->entries[index];
	table->free_first = entry->hash_next;
	table->count++;
	*entry = (struct neighbour){ .address = *address, .interface = interface };
	entry->hash_next = *bucket;
	*bucket = index;
	return index;
}

/* ---- use ----------------------------------------------------------------------------------- */

/* The first question: INCOMPLETE asks all, PROBE the station that is known. */
static void ask(struct neighbour_table *table, uint32_t index, uint8_t state, tick_t now,
		bool *solicit)
{
	struct neighbour *entry = &table->entries[index];

	set_state(table, entry, state);
	entry->asked = 1;
	entry->used = now;
	arm(table, index, now);
	*solicit = true;
}

static enum neighbour_status refuse(struct neighbour_table *table, uint32_t *index)
{
	table->full++;
	*index = NEIGHBOUR_NONE;
	return NEIGHBOUR_UNREACHABLE;
}

enum neighbour_status neighbour_lookup(struct neighbour_table *table, uint16_t interface,
				       const struct ip_address *address, tick_t now,
				       uint32_t *index, bool *solicit)
{
	uint32_t at = neighbour_find(table, interface, address);

	*solicit = false;
	if (UNLIKELY(at == NEIGHBOUR_NONE)) {
		if (table->incomplete >= (table->max + 1) / 2)
			return refuse(table, index);
		at = insert(table, interface, address);
		if (at == NEIGHBOUR_NONE)
			return refuse(table, index);
		*index = at;
		ask(table, at, NEIGHBOUR_INCOMPLETE, now, solicit);
		return NEIGHBOUR_PENDING;
	}
	*index = at;
	struct neighbour *entry = &table->entries[at];
	entry->used = now;
	switch (entry->state) {
	case NEIGHBOUR_REACHABLE:
		if (LIKELY(now < entry->deadline))
			return NEIGHBOUR_KNOWN;
		__attribute__((fallthrough)); /* stale, and used while so */
	case NEIGHBOUR_STALE:
		ask(table, at, NEIGHBOUR_PROBE, now, solicit);
		return NEIGHBOUR_KNOWN;
	case NEIGHBOUR_INCOMPLETE:
		return NEIGHBOUR_PENDING;
	case NEIGHBOUR_FAILED:
		if (now < entry->deadline)
			return NEIGHBOUR_UNREACHABLE;
		if (table->incomplete >= (table->max + 1) / 2)
			return refuse(table, index);
		ask(table, at, NEIGHBOUR_INCOMPLETE, now, solicit);
		return NEIGHBOUR_PENDING;
	default: /* PROBE: known until proven otherwise */
		return NEIGHBOUR_KNOWN;
	}
}

/* ---- what others say ----------------------------------------------------------------------- */

static void confirm(struct neighbour_table *table, uint32_t index, const uint8_t mac[6],
		    bool reachable, tick_t now)
{
	struct neighbour *entry = &table->entries[index];

	disarm(table, index);
	memcpy(entry->mac, mac, sizeof(entry->mac));
	entry->updated = now;
	entry->asked = 0;
	entry->deadline = tick_add(now, NEIGHBOUR_REACHABLE_TIME);
	set_state(table, entry, reachable ? NEIGHBOUR_REACHABLE : NEIGHBOUR_STALE);
}

/* RFC 4861 §7.2.5, appendix C; an ARP message is read as an advertisement that overrides. */
uint32_t neighbour_learn(struct neighbour_table *table, uint16_t interface,
			 const struct ip_address *address, const uint8_t mac[6], uint32_t flags,
			 tick_t now)
{
	uint32_t index = neighbour_find(table, interface, address);

	if (index == NEIGHBOUR_NONE)
		return NEIGHBOUR_NONE;
	struct neighbour *entry = &table->entries[index];
	bool was_incomplete = entry->state == NEIGHBOUR_INCOMPLETE;
	/* An answer confirms only when there was a question. */
	bool answers = (flags & NEIGHBOUR_SOLICITED) &&
		       (was_incomplete || entry->state == NEIGHBOUR_PROBE);

	if (was_incomplete || entry->state == NEIGHBOUR_FAILED) {
		confirm(table, index, mac, answers, now);
		return was_incomplete ? index : NEIGHBOUR_NONE;
	}
	if (memcmp(entry->mac, mac, sizeof(entry->mac)) == 0) {
		if (answers)
			confirm(table, index, mac, true, now);
		return NEIGHBOUR_NONE;
	}
	if (!(flags & NEIGHBOUR_OVERRIDE)) {
		if (entry->state == NEIGHBOUR_REACHABLE)
			entry->state = NEIGHBOUR_STALE;
		return NEIGHBOUR_NONE;
	}
	if (now >= tick_add(entry->updated, NEIGHBOUR_LOCK_TIME))
		confirm(table, index, mac, answers, now);
	return NEIGHBOUR_NONE;
}

/* ---- time ---------------------------------------------------------------------------------- */

static enum neighbour_due step_retrans(struct neighbour_table *table, uint32_t index, tick_t now)
{
	struct neighbour *entry = &table->entries[index];

	if (entry->asked < NEIGHBOUR_SOLICIT_MAX) {
		entry->asked++;
		arm(table, index, now);
		return entry->state == NEIGHBOUR_PROBE ? NEIGHBOUR_ASK_UNICAST : NEIGHBOUR_ASK;
	}
	if (entry->state == NEIGHBOUR_PROBE) {
		/* Gone from that station: the next packet asks everyone (RFC 4861 §7.3.3). */
		release(table, index);
		return NEIGHBOUR_NOTHING_DUE;
	}
	disarm(table, index);
	set_state(table, entry, NEIGHBOUR_FAILED);
	entry->deadline = tick_add(now, NEIGHBOUR_FAILED_TIME);
	table->failed++;
	return NEIGHBOUR_LOST;
}

enum neighbour_due neighbour_expire(struct neighbour_table *table, tick_t now, uint32_t *index)
{
	uint32_t at;

	while ((at = table->queue_first) != NEIGHBOUR_NONE && table->entries[at].deadline <= now) {
		enum neighbour_due due = step_retrans(table, at, now);

		if (due != NEIGHBOUR_NOTHING_DUE) {
			*index = at;
			return due;
		}
	}
	return NEIGHBOUR_NOTHING_DUE;
}

tick_t neighbour_next_expiry(const struct neighbour_table *table)
{
	return table->queue_first == NEIGHBOUR_NONE ? TICK_NEVER
						    : table->entries[table->queue_first].deadline;
}
