/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Following messages, on a worker: whether a filter takes what the engine is at, and records of it
 * in a ring that control reads.  Off, a worker tests one pointer; on, a message costs its Call-ID
 * and a hash, and a copy only where a filter may take it.  A full ring drops and counts.
 *
 * The set of filters is immutable, and given back after a grace period like a snapshot.  Worker
 * thread, but for what is marked as control's.
 */
#ifndef DPDK_TRACE_H
#define DPDK_TRACE_H

#include "base/hash.h"
#include "dataplane.h"

#define TRACE_RING_SIZE (512u << 10) /* octets a worker; a power of two */

/* How a record lies in the ring; behind it the notes, the Call-ID, the message's first octets. */
struct trace_record {
	uint32_t size;       /* of all of it, a multiple of 8; 0: the ring goes on at its beginning */
	uint32_t serial;     /* of the set that took it */
	uint64_t tsc;
	uint32_t event, len;
	uint16_t kept, call_id_len;
	uint8_t kind, origin, interface, note_count;
	uint8_t matched;     /* bit f: filter f takes it */
	struct verdict verdict;
	struct endpoint source, destination;
};
static_assert(DATAPLANE_TRACES_MAX <= 8, "a bit each");
static_assert(sizeof(struct trace_record) % 8 == 0, "notes follow");

/* What the worker is at. */
struct trace_event {
	bool is_open;
	uint8_t kind;        /* enum dataplane_traced_kind */
	uint8_t candidates;  /* bit f: filter f may take it */
	uint8_t interface;
	struct verdict verdict;
	uint64_t tsc;
	uint32_t number, len, kept;
	struct endpoint source, local;
	struct proxy_notes notes;
	uint32_t call_id_len;
	char call_id[DATAPLANE_CALL_ID_MAX];
	char message[DATAPLANE_OCTETS_MAX]; /* as received: the engine edits it in place */
};

struct trace_ring {
	alignas(CACHE_LINE_SIZE) uint64_t head; /* worker: rw, control: ro (acquire) */
	uint64_t dropped;                        /* worker: rw, control: ro (relaxed) */
	struct trace_event event;                /* worker: rw */
	alignas(CACHE_LINE_SIZE) uint64_t tail; /* control: rw, worker: ro (acquire) */
	alignas(CACHE_LINE_SIZE) uint8_t bytes[TRACE_RING_SIZE];
};

struct trace_filter {
	struct dataplane_trace_filter is;
	struct span call_id, method;  /* into `is` */
	uint64_t call_hash;
};

struct trace_set {
	uint32_t serial;
	uint8_t used;                 /* bit f: filters[f] */
	uint32_t octets;              /* the most that a filter wants */
	struct hash_key key;
	struct trace_filter filters[DATAPLANE_TRACES_MAX];
	struct trace_ring *const *rings; /* by worker */
};

/* A datagram received, before the engine gets it: notes are taken from here on where a filter may
 * take it. */
void trace_receive(const struct trace_set *set, struct trace_ring *ring,
		   const struct proxy_datagram *datagram, uint64_t tsc, struct outbox *outbox);
/* What became of it. */
static inline void trace_judge(struct trace_ring *ring, struct verdict verdict)
{
	ring->event.verdict = verdict;
}
/* The engine is about to be called for another reason. */
void trace_begin(const struct trace_set *set, struct trace_ring *ring,
		 enum dataplane_traced_kind kind, struct outbox *outbox);
/* Records what the outbox holds, before it is sent. */
void trace_end(const struct trace_set *set, struct trace_ring *ring, struct outbox *outbox,
	       uint64_t tsc);

/* Control: a filter out of what was asked for. */
void trace_filter_init(struct trace_filter *filter, const struct dataplane_trace_filter *is,
		       const struct hash_key *key);
/* Control.  NULL: out of memory. */
[[nodiscard]] struct trace_ring *trace_ring_create(void);
/* Control: the oldest record, or NULL; trace_ring_pop gives its room back. */
[[nodiscard]] const struct trace_record *trace_ring_peek(struct trace_ring *ring);
void trace_ring_pop(struct trace_ring *ring, const struct trace_record *record);
/* Control: all of a record but its time and worker. */
void trace_record_read(const struct trace_record *record, struct dataplane_traced *traced);

#endif
