/* SPDX-License-Identifier: BSD-3-Clause */
/* See ingress.h. */
#include <rte_ethdev.h>

#include "dpdk/egress.h"
#include "dpdk/engine.h"
#include "dpdk/ingress.h"
#include "dpdk/shard.h"
#include "dpdk/tx.h"

#define EXPIRE_EVENTS 64 /* of the net layer a pass of the loop */

static void count(struct worker *worker, enum verdict_kind kind, enum verdict_reason reason)
{
	verdict_count(&worker->verdicts, verdict_of(kind, reason));
}

/* False: the ring is full and the item still the caller's.  Exactly one verdict either way. */
static bool hand_off(struct worker *worker, uint16_t owner, void *item)
{
	worker_enter(worker, STAGE_HANDOFF);
	if (UNLIKELY(rte_ring_sp_enqueue(worker->handoff_out[owner], item) != 0)) {
		counter_add(&worker->counters.handoff_drops, 1);
		count(worker, VERDICT_DROP, REASON_HANDOFF_FULL);
		return false;
	}
	worker_given(worker, owner);
	counter_add(&worker->counters.handoffs_out, 1);
	count(worker, VERDICT_HANDOFF, REASON_OTHER_SHARD);
	return true;
}

static uint16_t owner_of(struct worker *worker, const char *payload, uint32_t len)
{
	const struct dataplane *dataplane = worker->dataplane;
	uint16_t owner;

	if (dataplane->worker_count == 1)
		return worker->index;
	worker_enter(worker, STAGE_STEER);
	owner = shard_owner(&dataplane->config.shard_key, payload, len, dataplane->worker_count);
	return owner == SHARD_NONE ? worker->index : owner;
}

/* A datagram that lies in its frame. */
static void take_datagram(struct worker *worker, struct rte_mbuf *packet,
			  const struct net_result *result)
{
	struct packet_meta *meta = packet_meta(packet);
	uint16_t owner;

	meta->rx_tsc = worker->rx_tsc;
	meta->source = result->source;
	meta->local = result->local;
	meta->payload_offset = (uint16_t)result->payload_offset;
	meta->payload_len = (uint16_t)result->payload_len;
	meta->interface = result->interface;
	meta->kind = PACKET_DATAGRAM;
	owner = owner_of(worker, rte_pktmbuf_mtod_offset(packet, char *, result->payload_offset),
			 result->payload_len);
	if (owner == worker->index)
		engine_take_packet(worker, packet);
	else if (!hand_off(worker, owner, packet))
		rte_pktmbuf_free(packet);
}

static struct proxy_datagram datagram_of(const struct net_result *result)
{
	return (struct proxy_datagram){
		.data = (char *)result->payload,
		.len = result->payload_len,
		.headroom = NET_REASSEMBLY_HEADROOM,
		.tailroom = NET_REASSEMBLY_TAILROOM,
		.interface = result->interface,
		.source = result->source,
		.local = result->local,
	};
}

/* A datagram out of several frames: it lies in the net layer's buffer. */
static void take_reassembled(struct worker *worker, const struct net_result *result)
{
	uint16_t owner = owner_of(worker, (char *)result->payload, result->payload_len);
	void *item;
	struct jumbo *jumbo;

	if (owner == worker->index) {
		struct proxy_datagram datagram = datagram_of(result);

		engine_take_buffer(worker, &datagram, worker->rx_tsc);
		return;
	}
	if (rte_mempool_get(worker->dataplane->jumbos, &item) != 0) {
		counter_add(&worker->counters.handoff_drops, 1);
		count(worker, VERDICT_DROP, REASON_HANDOFF_FULL);
		return;
	}
	jumbo = item;
	jumbo->meta = (struct packet_meta){
		.rx_tsc = worker->rx_tsc,
		.source = result->source,
		.local = result->local,
		.interface = result->interface,
		.kind = PACKET_DATAGRAM,
	};
	jumbo->len = result->payload_len;
	memcpy(jumbo->room + NET_REASSEMBLY_HEADROOM, result->payload, result->payload_len);
	if (!hand_off(worker, owner, packet_tag_jumbo(jumbo)))
		rte_mempool_put(worker->dataplane->jumbos, jumbo);
}

/*
 * An ICMP error as packet_meta says: the transaction that it quotes lives with the owner of the
 * quoted Call-ID.  Where the quote ends before the Call-ID the error goes from worker to worker
 * until one knows the branch.  Takes ownership.
 */
static void take_icmp_error(struct worker *worker, struct rte_mbuf *packet)
{
	const uint16_t workers = worker->dataplane->worker_count;
	struct packet_meta *meta = packet_meta(packet);
	const char *quoted = rte_pktmbuf_mtod_offset(packet, char *, meta->payload_offset);
	uint16_t owner = SHARD_NONE;
	struct verdict verdict;

	worker_enter(worker, STAGE_OTHER);
	if (workers > 1)
		owner = shard_owner(&worker->dataplane->config.shard_key, quoted, meta->payload_len,
				    workers);
	if (owner != SHARD_NONE && owner != worker->index) {
		if (!hand_off(worker, owner, packet))
			rte_pktmbuf_free(packet);
		return;
	}
	verdict = engine_take_error(worker, span_of(quoted, meta->payload_len), &meta->local);
	if (verdict.kind == VERDICT_DROP && owner == SHARD_NONE && ++meta->hops < workers) {
		/* The last to be asked gives the verdict. */
		verdict_count(&worker->uncounted, verdict);
		if (hand_off(worker, (uint16_t)((worker->index + 1) % workers), packet))
			return;
	}
	rte_pktmbuf_free(packet);
}

static void take_icmp_result(struct worker *worker, struct rte_mbuf *packet,
			     const struct net_result *result)
{
	struct packet_meta *meta = packet_meta(packet);

	meta->rx_tsc = 0;
	meta->local = result->source; /* where the datagram quoted was going */
	meta->payload_offset = (uint16_t)result->payload_offset;
	meta->payload_len = (uint16_t)result->payload_len;
	meta->interface = result->interface;
	meta->kind = PACKET_ICMP;
	meta->hops = 0;
	take_icmp_error(worker, packet);
}

static void punt(struct worker *worker, uint16_t device, struct rte_mbuf *packet)
{
	uint16_t queue = worker->dataplane->devices[device].tap_queue;

	packet_meta(packet)->rx_tsc = 0;
	if (queue == QUEUE_NONE)
		rte_pktmbuf_free(packet);
	else
		tx_put_queue(worker, queue, packet);
}

static void punt_copy(struct worker *worker, uint16_t device, const struct rte_mbuf *packet)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(packet, device_pool(worker->dataplane, device), 0,
						 UINT32_MAX);

	if (copy)
		punt(worker, device, copy);
	else
		counter_add(&worker->counters.tx_dropped, 1);
}

/* What one worker has learned, the others need: they see no frame of that neighbour. */
static void tell_others(struct worker *worker, const struct net_update *update)
{
	for (uint16_t w = 0; w < worker->dataplane->worker_count; w++) {
		struct update_item item = { .update = *update };

		/* A full ring loses it: the other worker asks the neighbour itself. */
		if (w == worker->index)
			continue;
		(void)rte_ring_sp_enqueue_elem(worker->updates_out[w], &item, sizeof(item));
		worker_given(worker, w);
	}
}

static uint32_t checksum_flags(const struct rte_mbuf *packet)
{
	uint32_t flags = 0;

	if ((packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		flags |= NET_RX_IP_CHECKSUM_GOOD;
	if ((packet->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		flags |= NET_RX_UDP_CHECKSUM_GOOD;
	return flags;
}

/* To the worker that reassembles this fragment. */
static void steer(struct worker *worker, uint16_t device, struct rte_mbuf *packet, uint32_t flags,
		  uint16_t to)
{
	struct packet_meta *meta = packet_meta(packet);

	meta->rx_tsc = worker->rx_tsc;
	meta->interface = device;
	meta->flags = (uint16_t)flags;
	meta->kind = PACKET_FRAGMENT;
	if (!hand_off(worker, to, packet))
		rte_pktmbuf_free(packet);
}

static void take_frame(struct worker *worker, uint16_t device, struct rte_mbuf *packet,
		       uint32_t flags)
{
	struct net_result result;
	enum net_action action = net_receive(worker->stack, device,
					     rte_pktmbuf_mtod(packet, const uint8_t *),
					     packet->data_len, flags, worker->now, &result);

	if (LIKELY(action == NET_DATAGRAM && !result.reassembled)) {
		take_datagram(worker, packet, &result);
		return;
	}
	worker->stack_due = 0; /* a timer may have been started */
	if (UNLIKELY(result.copy_to_kernel))
		punt_copy(worker, device, packet);
	switch (action) {
	case NET_DATAGRAM:
		take_reassembled(worker, &result);
		rte_pktmbuf_free(packet);
		break;
	case NET_ICMP_ERROR:
		take_icmp_result(worker, packet, &result);
		return;
	case NET_STEER:
		steer(worker, device, packet, flags, result.worker);
		return;
	case NET_PUNT:
		verdict_count(&worker->verdicts, result.verdict);
		punt(worker, device, packet);
		return;
	case NET_REPLY:
		egress_send_frame(worker, device, result.reply, result.reply_len);
		/* fall through */
	case NET_ABSORBED:
	case NET_HELD:
	case NET_DROP:
		verdict_count(&worker->verdicts, result.verdict);
		rte_pktmbuf_free(packet);
		break;
	}
	if (result.update.kind != NET_UPDATE_NONE)
		tell_others(worker, &result.update);
	if (result.neighbour_resolved != NET_NEIGHBOUR_NONE)
		egress_neighbour_known(worker, result.neighbour_resolved);
}

/* One segment, tag in place: as the net layer takes it.  False: dropped, counted. */
static bool normalise(struct worker *worker, struct rte_mbuf **packet)
{
	struct rte_mbuf *m = *packet;

	if (LIKELY(m->nb_segs == 1 && !(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)))
		return true;
	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && rte_vlan_insert(packet) != 0)
		goto drop;
	m = *packet;
	if (m->nb_segs == 1 || rte_pktmbuf_linearize(m) == 0)
		return true;
drop:
	count(worker, VERDICT_DROP, REASON_LINK_HEADER);
	rte_pktmbuf_free(*packet);
	return false;
}

/* What the kernel sends through its TAP leaves by the device. */
static void take_from_tap(struct worker *worker, const struct queue *queue,
			  struct rte_mbuf **packets, uint16_t received)
{
	counter_add(&worker->counters.punted_in, received);
	for (uint16_t i = 0; i < received; i++) {
		packet_meta(packets[i])->rx_tsc = 0;
		packets[i]->ol_flags = 0;
		tx_put(worker, queue->device, packets[i]);
	}
}

static uint32_t poll_queue(struct worker *worker, const struct queue *queue)
{
	struct rte_mbuf *packets[WORKER_BURST];
	struct capture_ring *capture;
	uint16_t received;

	worker_enter(worker, STAGE_RX);
	received = rte_eth_rx_burst(queue->port, queue->index, packets, WORKER_BURST);
	if (received == 0)
		return 0;
	if (UNLIKELY(queue->is_tap)) {
		take_from_tap(worker, queue, packets, received);
		return received;
	}
	worker->rx_tsc = rte_rdtsc();
	counter_add(&worker->counters.bursts, 1);
	counter_add(&worker->counters.packets_rx, received);
	capture = __atomic_load_n(&worker->capture, __ATOMIC_ACQUIRE);
	if (UNLIKELY(capture != NULL))
		capture_packets(capture, packets, received, queue->device, CAPTURE_IN,
				worker->rx_tsc);
	for (uint16_t i = 0; i < received; i++) {
		worker_enter(worker, STAGE_VALIDATE);
		if (i + 1 < received)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i + 1], void *));
		if (normalise(worker, &packets[i]))
			take_frame(worker, queue->device, packets[i], checksum_flags(packets[i]));
	}
	return received;
}

uint32_t ingress_poll(struct worker *worker)
{
	uint32_t received = 0;

	for (uint16_t i = 0; i < worker->rx_queue_count; i++)
		received += poll_queue(worker, &worker->dataplane->queues[worker->rx_queues[i]]);
	return received;
}

static void take_jumbo(struct worker *worker, struct jumbo *jumbo)
{
	struct proxy_datagram datagram = {
		.data = jumbo->room + NET_REASSEMBLY_HEADROOM,
		.len = jumbo->len,
		.headroom = NET_REASSEMBLY_HEADROOM,
		.tailroom = NET_REASSEMBLY_TAILROOM + (65535 - jumbo->len),
		.interface = jumbo->meta.interface,
		.source = jumbo->meta.source,
		.local = jumbo->meta.local,
	};

	engine_take_buffer(worker, &datagram, jumbo->meta.rx_tsc);
	rte_mempool_put(worker->dataplane->jumbos, jumbo);
}

static void take_item(struct worker *worker, void *item)
{
	struct jumbo *jumbo = packet_as_jumbo(item);
	struct packet_meta *meta;

	if (jumbo) {
		take_jumbo(worker, jumbo);
		return;
	}
	meta = packet_meta(item);
	switch (meta->kind) {
	case PACKET_DATAGRAM:
		engine_take_packet(worker, item);
		break;
	case PACKET_FRAGMENT:
		worker_enter(worker, STAGE_VALIDATE);
		worker->rx_tsc = meta->rx_tsc;
		take_frame(worker, meta->interface, item, meta->flags);
		break;
	default:
		take_icmp_error(worker, item);
		break;
	}
}

static uint32_t take_updates(struct worker *worker, struct rte_ring *ring)
{
	struct update_item items[8];
	unsigned int taken = rte_ring_sc_dequeue_burst_elem(ring, items, sizeof(items[0]),
							    ARRAY_SIZE(items), NULL);

	for (unsigned int i = 0; i < taken; i++) {
		uint32_t neighbour = net_update_apply(worker->stack, &items[i].update, worker->now);

		worker->stack_due = 0;
		if (neighbour != NET_NEIGHBOUR_NONE)
			egress_neighbour_known(worker, neighbour);
	}
	return taken;
}

uint32_t ingress_take_in(struct worker *worker)
{
	void *items[WORKER_BURST];
	uint32_t taken = 0;

	for (uint16_t w = 0; w < worker->dataplane->worker_count; w++) {
		unsigned int handed;

		if (w == worker->index)
			continue;
		worker_enter(worker, STAGE_HANDOFF);
		handed = rte_ring_sc_dequeue_burst(worker->handoff_in[w], items, WORKER_BURST, NULL);
		for (unsigned int i = 0; i < handed; i++)
			take_item(worker, items[i]);
		if (handed)
			counter_add(&worker->counters.handoffs_in, handed);
		taken += handed + take_updates(worker, worker->updates_in[w]);
	}
	return taken;
}

bool ingress_expire(struct worker *worker)
{
	struct net_event event;
	bool any = false;

	if (worker->now < worker->stack_due)
		return false;
	worker_enter(worker, STAGE_OTHER);
	for (int i = 0; i < EXPIRE_EVENTS; i++) {
		if (!net_expire(worker->stack, worker->now, &event))
			break;
		any = true;
		if (event.kind == NET_EVENT_SEND)
			egress_send_frame(worker, event.port, event.frame, event.frame_len);
		else
			egress_neighbour_lost(worker, event.neighbour);
	}
	worker->stack_due = net_next_expiry(worker->stack);
	return any;
}

void ingress_fini(struct worker *worker)
{
	void *item;

	for (uint16_t w = 0; w < worker->dataplane->worker_count; w++) {
		/* A start that failed half-way has no rings yet. */
		if (!worker->handoff_in[w] || !worker->tx_in[w])
			continue;
		while (rte_ring_sc_dequeue(worker->handoff_in[w], &item) == 0) {
			struct jumbo *jumbo = packet_as_jumbo(item);

			count(worker, VERDICT_DROP, REASON_SHUTTING_DOWN);
			if (jumbo)
				rte_mempool_put(worker->dataplane->jumbos, jumbo);
			else
				rte_pktmbuf_free(item);
		}
		while (rte_ring_sc_dequeue(worker->tx_in[w], &item) == 0)
			rte_pktmbuf_free(item);
	}
}
