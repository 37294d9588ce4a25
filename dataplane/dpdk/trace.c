/* SPDX-License-Identifier: BSD-3-Clause */
/* See trace.h. */
#include <stdlib.h>

#include "dpdk/match.h"
#include "dpdk/trace.h"

/* ---- the ring: records in one piece, so that control reads them where they lie */

struct trace_ring *trace_ring_create(void)
{
	struct trace_ring *ring = aligned_alloc(CACHE_LINE_SIZE, sizeof(*ring));

	/* Zeroed also in order that no page fault is left for the packet path. */
	if (ring)
		memset(ring, 0, sizeof(*ring));
	return ring;
}

/* Room for `size` octets in one piece; *head: where the ring goes on behind it.  NULL: full. */
static struct trace_record *ring_reserve(struct trace_ring *ring, uint32_t size, uint64_t *head)
{
	const uint32_t offset = (uint32_t)ring->head & (TRACE_RING_SIZE - 1);
	const uint32_t left = TRACE_RING_SIZE - offset;
	const uint32_t skip = size > left ? left : 0;

	if (ring->head + skip + size - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) >
	    TRACE_RING_SIZE) {
		__atomic_store_n(&ring->dropped, ring->dropped + 1, __ATOMIC_RELAXED);
		return NULL;
	}
	if (skip)
		memset(ring->bytes + offset, 0, sizeof(uint32_t));
	*head = ring->head + skip + size;
	return (struct trace_record *)(void *)(ring->bytes + (skip ? 0 : offset));
}

const struct trace_record *trace_ring_peek(struct trace_ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);

	while (ring->tail != head) {
		uint32_t offset = (uint32_t)ring->tail & (TRACE_RING_SIZE - 1);
		const struct trace_record *record = (const void *)(ring->bytes + offset);
		if (record->size)
			return record;
		__atomic_store_n(&ring->tail, ring->tail + TRACE_RING_SIZE - offset,
				 __ATOMIC_RELEASE);
	}
	return NULL;
}

void trace_ring_pop(struct trace_ring *ring, const struct trace_record *record)
{
	__atomic_store_n(&ring->tail, ring->tail + record->size, __ATOMIC_RELEASE);
}

void trace_record_read(const struct trace_record *record, struct dataplane_traced *traced)
{
	const struct proxy_note *notes = (const void *)(record + 1);
	const char *text = (const char *)(notes + record->note_count);

	*traced = (struct dataplane_traced){
		.event = record->event,
		.kind = record->kind,
		.origin = record->origin,
		.interface = record->interface,
		.verdict = record->verdict,
		.source = record->source,
		.destination = record->destination,
		.call_id = span_of(text, record->call_id_len),
		.message = span_of(text + record->call_id_len, record->kept),
		.len = record->len,
		.note_count = record->note_count,
		.notes = notes,
	};
}

/* ---- filters */

void trace_filter_init(struct trace_filter *filter, const struct dataplane_trace_filter *is,
		       const struct hash_key *key)
{
	filter->is = *is;
	filter->call_id = span_of_string(filter->is.call_id);
	filter->method = span_of_string(filter->is.method);
	filter->call_hash = hash64(key, filter->call_id);
}

/* What a filter looks at; the hash is compared before the Call-ID is. */
struct view {
	struct span message, call_id;
	uint64_t call_hash;
	const struct endpoint *source; /* NULL: nothing was received */
};

static struct view view_of(const struct trace_set *set, struct span message)
{
	struct view view = { .message = message, .call_id = match_call_id(message) };

	view.call_hash = hash64(&set->key, view.call_id);
	return view;
}

static bool filter_may_take(const struct trace_filter *filter, const struct view *view)
{
	if (filter->call_id.len && (filter->call_hash != view->call_hash ||
				    !span_equal(filter->call_id, view->call_id)))
		return false;
	if (filter->is.from.family != IP_NONE &&
	    (!view->source || !ip_address_equal(&filter->is.from, &view->source->address)))
		return false;
	return !filter->method.len || span_equal(filter->method, match_method(view->message));
}

static uint8_t candidates_of(const struct trace_set *set, const struct view *view)
{
	uint8_t candidates = 0;

	for (uint32_t f = 0; f < DATAPLANE_TRACES_MAX; f++) {
		if (set->used >> f & 1 && filter_may_take(&set->filters[f], view))
			candidates |= (uint8_t)(1u << f);
	}
	return candidates;
}

/* A part of what the outbox holds: an event's notes and messages. */
struct part {
	const struct proxy_note *notes;
	const struct outbox_entry *entries;
	uint32_t note_count, entry_count;
};

static bool part_has_target(const struct part *part, const struct trace_event *event,
			    const struct dataplane_trace_filter *filter)
{
	if (event->kind == TRACED_RECEIVED && endpoint_equal(&event->source, &filter->target))
		return true;
	for (uint32_t i = 0; i < part->note_count; i++) {
		if (part->notes[i].target_id == filter->target_id)
			return true;
	}
	for (uint32_t i = 0; i < part->entry_count; i++) {
		if (endpoint_equal(&part->entries[i].destination, &filter->target))
			return true;
	}
	return false;
}

/* What is known only after the engine has decided. */
static uint8_t filters_that_take(const struct trace_set *set, const struct trace_event *event,
				 const struct part *part, uint8_t candidates)
{
	uint8_t matched = 0;

	for (uint32_t f = 0; f < DATAPLANE_TRACES_MAX; f++) {
		const struct dataplane_trace_filter *filter = &set->filters[f].is;
		if (!(candidates >> f & 1))
			continue;
		if (filter->reason != VERDICT_REASON_NONE &&
		    (event->kind != TRACED_RECEIVED || event->verdict.reason != filter->reason))
			continue;
		if (filter->target_id && !part_has_target(part, event, filter))
			continue;
		matched |= (uint8_t)(1u << f);
	}
	return matched;
}

/* ---- events */

static void event_open(struct trace_ring *ring, enum dataplane_traced_kind kind,
		       struct outbox *outbox)
{
	struct trace_event *event = &ring->event;

	event->is_open = true;
	event->kind = (uint8_t)kind;
	event->number++;
	event->kept = event->len = event->call_id_len = 0;
	event->verdict = (struct verdict){ .kind = 0 };
	event->notes.count = 0;
	outbox->notes = &event->notes;
}

static void event_keep_call_id(struct trace_event *event, struct span call_id)
{
	event->call_id_len = (uint32_t)MIN(call_id.len, sizeof(event->call_id));
	if (event->call_id_len)
		memcpy(event->call_id, call_id.data, event->call_id_len);
}

void trace_receive(const struct trace_set *set, struct trace_ring *ring,
		   const struct proxy_datagram *datagram, uint64_t tsc, struct outbox *outbox)
{
	struct trace_event *event = &ring->event;
	struct view view = view_of(set, span_of(datagram->data, datagram->len));

	view.source = &datagram->source;
	uint8_t candidates = candidates_of(set, &view);
	event_open(ring, TRACED_RECEIVED, outbox);
	event->candidates = candidates;
	if (!candidates) {
		outbox->notes = NULL;
		return;
	}
	event->tsc = tsc;
	event->interface = (uint8_t)datagram->interface;
	event->source = datagram->source;
	event->local = datagram->local;
	event->len = datagram->len;
	event->kept = MIN(datagram->len, set->octets);
	memcpy(event->message, datagram->data, event->kept);
	event_keep_call_id(event, view.call_id);
}

void trace_begin(const struct trace_set *set, struct trace_ring *ring,
		 enum dataplane_traced_kind kind, struct outbox *outbox)
{
	event_open(ring, kind, outbox);
	ring->event.candidates = set->used;
}

/* ---- records */

struct head {
	enum dataplane_traced_kind kind;
	uint64_t tsc;
	struct span call_id, message;
	uint32_t len;
	const struct outbox_entry *entry; /* of one sent */
	const struct proxy_note *notes;
	uint32_t note_count;
};

static void record_put(const struct trace_set *set, struct trace_ring *ring, uint8_t matched,
		       const struct head *head)
{
	const struct trace_event *event = &ring->event;
	const struct outbox_entry *entry = head->entry;
	const uint32_t notes = head->note_count * (uint32_t)sizeof(struct proxy_note);
	const uint32_t call_id = (uint32_t)MIN(head->call_id.len, (size_t)DATAPLANE_CALL_ID_MAX);
	const uint32_t kept = (uint32_t)MIN(head->message.len, (size_t)set->octets);
	const uint32_t size = ((uint32_t)sizeof(struct trace_record) + notes + call_id + kept + 7u) &
			      ~7u;
	uint64_t end;
	struct trace_record *record = ring_reserve(ring, size, &end);

	if (!record)
		return;
	*record = (struct trace_record){
		.size = size,
		.serial = set->serial,
		.tsc = head->tsc,
		.event = event->number,
		.len = head->len,
		.kept = (uint16_t)kept,
		.call_id_len = (uint16_t)call_id,
		.kind = (uint8_t)head->kind,
		.origin = entry ? entry->origin : 0,
		.interface = entry ? entry->interface : event->interface,
		.note_count = (uint8_t)head->note_count,
		.matched = matched,
		.verdict = event->verdict,
		.source = entry ? entry->source : event->source,
		.destination = entry ? entry->destination : event->local,
	};
	char *at = (char *)(record + 1);
	if (notes)
		memcpy(at, head->notes, notes);
	if (call_id)
		memcpy(at + notes, head->call_id.data, call_id);
	if (kept)
		memcpy(at + notes + call_id, head->message.data, kept);
	__atomic_store_n(&ring->head, end, __ATOMIC_RELEASE);
}

static void put_sent(const struct trace_set *set, struct trace_ring *ring, uint8_t matched,
		     const struct part *part, uint64_t tsc)
{
	for (uint32_t i = 0; i < part->entry_count; i++) {
		const struct outbox_entry *entry = &part->entries[i];
		struct span message = span_of(entry->data, entry->len);
		const struct head head = {
			.kind = TRACED_SENT,
			.tsc = tsc,
			.call_id = match_call_id(message),
			.message = message,
			.len = entry->len,
			.entry = entry,
		};
		record_put(set, ring, matched, &head);
	}
}

static void end_received(const struct trace_set *set, struct trace_ring *ring,
			 const struct outbox *outbox, uint64_t tsc)
{
	const struct trace_event *event = &ring->event;
	const struct part part = {
		.notes = event->notes.notes,
		.note_count = event->notes.count,
		.entries = outbox->entries,
		.entry_count = outbox->count,
	};
	uint8_t matched = filters_that_take(set, event, &part, event->candidates);

	if (!matched)
		return;
	const struct head head = {
		.kind = TRACED_RECEIVED,
		.tsc = event->tsc,
		.call_id = span_of(event->call_id, event->call_id_len),
		.message = span_of(event->message, event->kept),
		.len = event->len,
		.notes = event->notes.notes,
		.note_count = event->notes.count,
	};
	record_put(set, ring, matched, &head);
	put_sent(set, ring, matched, &part, tsc);
}

/* What it is about: the request that a note names, else what is sent. */
static struct span part_about(const struct part *part)
{
	for (uint32_t i = 0; i < part->note_count; i++) {
		if (part->notes[i].about)
			return span_of(part->notes[i].about, part->notes[i].about_len);
	}
	if (part->entry_count)
		return span_of(part->entries[0].data, part->entries[0].len);
	return SPAN_EMPTY;
}

static void end_part(const struct trace_set *set, struct trace_ring *ring, const struct part *part,
		     uint64_t tsc)
{
	struct trace_event *event = &ring->event;

	if (!part->note_count && !part->entry_count)
		return;
	struct view view = view_of(set, part_about(part));
	uint8_t matched = filters_that_take(set, event, part,
					    event->candidates & candidates_of(set, &view));
	if (!matched)
		return;
	event->number++;
	if (part->note_count) {
		event->source = event->local = (struct endpoint){ .port = 0 };
		const struct head head = {
			.kind = event->kind,
			.tsc = tsc,
			.call_id = view.call_id,
			.notes = part->notes,
			.note_count = part->note_count,
		};
		record_put(set, ring, matched, &head);
	}
	put_sent(set, ring, matched, part, tsc);
}

/* Each timer that ran out begins a part. */
static void end_parts(const struct trace_set *set, struct trace_ring *ring,
		      const struct outbox *outbox, uint64_t tsc)
{
	const struct proxy_notes *notes = &ring->event.notes;
	uint32_t first = 0, entry = 0;

	for (uint32_t n = 1; n <= notes->count; n++) {
		const bool ends = n == notes->count || notes->notes[n].kind == NOTE_TIMER;
		if (!ends)
			continue;
		const uint32_t next = n == notes->count ? outbox->count : notes->notes[n].entry;
		const uint32_t begin = first ? entry : MIN(notes->notes[0].entry, outbox->count);
		/* What came before the first note is no part of it. */
		if (first == 0 && begin) {
			const struct part before = { .entries = outbox->entries,
						     .entry_count = begin };
			end_part(set, ring, &before, tsc);
		}
		const struct part part = {
			.notes = notes->notes + first,
			.note_count = n - first,
			.entries = outbox->entries + begin,
			.entry_count = next - begin,
		};
		end_part(set, ring, &part, tsc);
		first = n;
		entry = next;
	}
	if (notes->count == 0) {
		const struct part part = { .entries = outbox->entries,
					   .entry_count = outbox->count };
		end_part(set, ring, &part, tsc);
	}
}

void trace_end(const struct trace_set *set, struct trace_ring *ring, struct outbox *outbox,
	       uint64_t tsc)
{
	struct trace_event *event = &ring->event;

	/* Somebody used the engine who did not say so: its messages are seen all the same. */
	if (!event->is_open) {
		event->notes.count = 0;
		event->kind = TRACED_TIMER;
		event->candidates = set->used;
		event->verdict = (struct verdict){ .kind = 0 };
	}
	event->is_open = false;
	outbox->notes = NULL;
	if (event->kind == TRACED_RECEIVED)
		end_received(set, ring, outbox, tsc);
	else
		end_parts(set, ring, outbox, tsc);
}
