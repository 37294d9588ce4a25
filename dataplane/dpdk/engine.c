/* SPDX-License-Identifier: BSD-3-Clause */
/* See engine.h. */
#include "dpdk/egress.h"
#include "dpdk/engine.h"

#define EXPIRE_CALLS 8 /* of the engine's bounded batches a pass of the loop */

static void drain_outcomes(struct worker *worker)
{
	const struct outbox *outbox = worker->outbox;
	unsigned int taken;

	if (LIKELY(outbox->outcome_count == 0))
		return;
	taken = rte_ring_sp_enqueue_burst_elem(worker->outcomes, outbox->outcomes,
					       sizeof(struct outcome), outbox->outcome_count, NULL);
	if (taken < outbox->outcome_count)
		counter_add(&worker->counters.outcomes_dropped, outbox->outcome_count - taken);
}

static void drain_events(struct worker *worker)
{
	const struct outbox *outbox = worker->outbox;
	unsigned int taken;

	if (LIKELY(outbox->event_count == 0))
		return;
	taken = rte_ring_sp_enqueue_burst_elem(worker->events, outbox->events,
					       sizeof(struct engine_event), outbox->event_count,
					       NULL);
	if (taken < outbox->event_count)
		counter_add(&worker->counters.events_dropped, outbox->event_count - taken);
}

/* A full ring loses it: what waits is given up in time, and asks again. */
static void drain_names(struct worker *worker)
{
	const struct outbox *outbox = worker->outbox;

	if (UNLIKELY(outbox->name_count != 0))
		(void)rte_ring_sp_enqueue_burst_elem(worker->names, outbox->names,
						     sizeof(struct proxy_name),
						     outbox->name_count, NULL);
}

/* The entry that sends `packet` itself, the last that lies in it; OUTBOX_MAX: none. */
static uint32_t find_in_place(const struct outbox *outbox)
{
	for (uint32_t i = outbox->count; i-- > 0;) {
		if (outbox->entries[i].in_place)
			return i;
	}
	return OUTBOX_MAX;
}

/* What goes out, as it stands now: egress may edit or give away what it lies in. */
static void mirror_sent(const struct worker *worker, const struct mirror_lane *lane)
{
	const struct outbox *outbox = worker->outbox;
	const uint64_t tsc = rte_rdtsc();

	for (uint32_t i = 0; i < outbox->count; i++) {
		const struct outbox_entry *entry = &outbox->entries[i];

		mirror_put(lane, MIRROR_OUT, tsc, entry->interface, &entry->source,
			   &entry->destination, span_of(entry->data, entry->len));
	}
}

static struct trace_ring *trace_ring(const struct worker *worker)
{
	return worker->trace->rings[worker->index];
}

/* The engine is about to be called for another reason than a datagram. */
static void begin(struct worker *worker, enum dataplane_traced_kind kind)
{
	outbox_reset(worker->outbox);
	if (UNLIKELY(worker->trace != NULL))
		trace_begin(worker->trace, trace_ring(worker), kind, worker->outbox);
}

/* `packet`: the one received, or NULL. */
static void drain(struct worker *worker, struct rte_mbuf *packet, uint64_t rx_tsc)
{
	const struct outbox *outbox = worker->outbox;
	const uint32_t own = packet ? find_in_place(outbox) : OUTBOX_MAX;
	const struct mirror_lane *mirror = __atomic_load_n(&worker->mirror, __ATOMIC_ACQUIRE);

	if (UNLIKELY(worker->trace != NULL))
		trace_end(worker->trace, trace_ring(worker), worker->outbox, rte_rdtsc());
	worker_enter(worker, STAGE_EGRESS);
	if (UNLIKELY(mirror))
		mirror_sent(worker, mirror);
	for (uint32_t i = 0; i < outbox->count; i++) {
		/* A message is timed once, by what it caused first. */
		egress_send(worker, &outbox->entries[i], i == own ? packet : NULL, i ? 0 : rx_tsc);
	}
	if (packet && own == OUTBOX_MAX)
		rte_pktmbuf_free(packet);
	drain_outcomes(worker);
	drain_events(worker);
	drain_names(worker);
}

static struct verdict receive(struct worker *worker, struct proxy_datagram *datagram,
			      uint64_t rx_tsc)
{
	const struct mirror_lane *mirror = __atomic_load_n(&worker->mirror, __ATOMIC_ACQUIRE);
	uint64_t before = rte_rdtsc();
	struct verdict verdict;

	/* Before the engine edits it. */
	if (UNLIKELY(mirror))
		mirror_put(mirror, MIRROR_IN, rx_tsc ? rx_tsc : before, datagram->interface,
			   &datagram->source, &datagram->local,
			   span_of(datagram->data, datagram->len));

	outbox_reset(worker->outbox);
	if (UNLIKELY(worker->trace != NULL))
		trace_receive(worker->trace, trace_ring(worker), datagram, before, worker->outbox);
	verdict = proxy_receive(worker->proxy, worker->snapshot, datagram, worker->now,
				worker->outbox);
	if (UNLIKELY(worker->trace != NULL))
		trace_judge(trace_ring(worker), verdict);
	counter_add(&worker->counters.engine_cycles, rte_rdtsc() - before);
	counter_add(&worker->counters.messages, 1);
	worker->engine_due = 0; /* asked for again before the loop looks at it */
	return verdict;
}

void engine_take_packet(struct worker *worker, struct rte_mbuf *packet)
{
	const struct packet_meta *meta = packet_meta(packet);
	/* Headers of the largest kind must find room in front of what the engine leaves. */
	const uint32_t front = (uint32_t)packet->data_off + meta->payload_offset;
	struct proxy_datagram datagram = {
		.data = rte_pktmbuf_mtod_offset(packet, char *, meta->payload_offset),
		.len = meta->payload_len,
		.headroom = front > NET_HEADERS_MAX ? front - NET_HEADERS_MAX : 0,
		.tailroom = packet->buf_len - front - meta->payload_len,
		.interface = meta->interface,
		.source = meta->source,
		.local = meta->local,
	};
	const uint64_t rx_tsc = meta->rx_tsc;

	receive(worker, &datagram, rx_tsc);
	drain(worker, packet, rx_tsc);
}

void engine_take_buffer(struct worker *worker, struct proxy_datagram *datagram, uint64_t rx_tsc)
{
	receive(worker, datagram, rx_tsc);
	drain(worker, NULL, rx_tsc);
}

struct verdict engine_take_error(struct worker *worker, struct span quoted,
				 const struct endpoint *destination)
{
	struct verdict verdict;

	begin(worker, TRACED_ERROR);
	verdict = proxy_transport_error(worker->proxy, worker->snapshot, quoted, destination,
					worker->now, worker->outbox);
	worker->engine_due = 0;
	drain(worker, NULL, 0);
	return verdict;
}

void engine_probe(struct worker *worker, const struct proxy_probe *probe)
{
	/* A sleep may lie behind, and the answer's delay counts from now. */
	worker->now = clock_now(&worker->dataplane->clock);
	outbox_reset(worker->outbox);
	proxy_probe(worker->proxy, worker->snapshot, probe, worker->now, worker->outbox);
	worker->engine_due = 0;
	drain(worker, NULL, 0);
}

void engine_name_answer(struct worker *worker, const struct proxy_name_answer *answer)
{
	worker->now = clock_now(&worker->dataplane->clock);
	proxy_name_answer(worker->proxy, answer, worker->now);
	worker->engine_due = 0; /* what waited goes on as if a timer were due */
}

bool engine_expire(struct worker *worker)
{
	const uint64_t before = rte_rdtsc();
	bool more = true;

	if (worker->now < worker->engine_due)
		return false;
	worker_enter(worker, STAGE_EXPIRE);
	worker->engine_due = proxy_next_expiry(worker->proxy);
	if (worker->now < worker->engine_due)
		return false;
	for (int i = 0; more && i < EXPIRE_CALLS; i++) {
		begin(worker, TRACED_TIMER);
		more = proxy_expire(worker->proxy, worker->snapshot, worker->now, worker->outbox);
		drain(worker, NULL, 0);
	}
	worker->engine_due = more ? 0 : proxy_next_expiry(worker->proxy);
	counter_add(&worker->counters.engine_cycles, rte_rdtsc() - before);
	return true;
}

void engine_take_failures(struct worker *worker)
{
	struct rte_mbuf *packet;

	/* Each may cause a fail-over that fails in turn: bounded a pass, the rest in the next. */
	for (int i = 0; i < WORKER_FAILURES_MAX; i++) {
		struct packet_meta *meta;
		struct verdict verdict;

		packet = egress_take_failure(worker);
		if (!packet)
			return;
		worker_enter(worker, STAGE_OTHER);
		meta = packet_meta(packet);
		verdict = engine_take_error(
			worker,
			span_of(rte_pktmbuf_mtod_offset(packet, char *, meta->payload_offset),
				meta->payload_len),
			&meta->local);
		/* The engine counts a verdict, but no packet was received. */
		verdict_count(&worker->uncounted, verdict);
		rte_pktmbuf_free(packet);
	}
}
