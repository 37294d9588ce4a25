/* SPDX-License-Identifier: BSD-3-Clause */
/* See tx.h. */
#include <rte_ethdev.h>

#include "dpdk/tx.h"

#define TX_TRIES 4 /* a port whose ring is full may take more at once after a kick */

void tx_drop(struct worker *worker, struct rte_mbuf *packet)
{
	counter_add(&worker->counters.tx_dropped, 1);
	rte_pktmbuf_free(packet);
}

static void buffer_flush(struct worker *worker, struct tx_buffer *buffer)
{
	const struct queue *queue = &worker->dataplane->queues[buffer->queue];
	struct capture_ring *capture = __atomic_load_n(&worker->capture, __ATOMIC_ACQUIRE);
	uint64_t received[TX_BUFFER], now;
	uint16_t sent = 0;
	enum stage before = stage_enter(&worker->stages, STAGE_TX);

	if (UNLIKELY(capture != NULL) && !queue->is_tap)
		capture_packets(capture, buffer->packets, buffer->count, queue->device, CAPTURE_OUT,
				rte_rdtsc());
	/* A packet that the port has taken is not ours to look at any more. */
	for (uint16_t i = 0; i < buffer->count; i++)
		received[i] = packet_meta(buffer->packets[i])->rx_tsc;
	for (int i = 0; i < TX_TRIES && sent < buffer->count; i++)
		sent = (uint16_t)(sent + rte_eth_tx_burst(queue->port, queue->index,
							  buffer->packets + sent,
							  (uint16_t)(buffer->count - sent)));
	now = rte_rdtsc();
	for (uint16_t i = 0; i < sent; i++) {
		if (received[i])
			histogram_add(&worker->inside_ns,
				      clock_ns_of(&worker->dataplane->clock, now - received[i]));
	}
	counter_add(queue->is_tap ? &worker->counters.punted_out : &worker->counters.packets_tx,
		    sent);
	for (; sent < buffer->count; sent++)
		tx_drop(worker, buffer->packets[sent]);
	buffer->count = 0;
	(void)stage_enter(&worker->stages, before);
}

void tx_put_queue(struct worker *worker, uint16_t queue, struct rte_mbuf *packet)
{
	uint16_t owned = worker->tx_buffer_of[queue];
	struct tx_buffer *buffer;

	if (owned == QUEUE_NONE) {
		uint16_t owner = worker->dataplane->queues[queue].owner;

		packet_meta(packet)->queue = queue;
		if (rte_ring_sp_enqueue(worker->tx_out[owner], packet) != 0)
			tx_drop(worker, packet);
		worker_given(worker, owner);
		return;
	}
	buffer = &worker->tx_buffers[owned];
	buffer->packets[buffer->count++] = packet;
	if (buffer->count == TX_BUFFER)
		buffer_flush(worker, buffer);
}

void tx_put(struct worker *worker, uint16_t device, struct rte_mbuf *packet)
{
	tx_put_queue(worker, worker->tx_queue_of[device], packet);
}

uint32_t tx_take_in(struct worker *worker)
{
	const uint16_t workers = worker->dataplane->worker_count;
	void *packets[WORKER_BURST];
	uint32_t taken = 0;

	for (uint16_t w = 0; w < workers; w++) {
		unsigned int count;

		if (w == worker->index)
			continue;
		worker_enter(worker, STAGE_HANDOFF);
		count = rte_ring_sc_dequeue_burst(worker->tx_in[w], packets, WORKER_BURST, NULL);
		for (unsigned int i = 0; i < count; i++)
			tx_put_queue(worker, packet_meta(packets[i])->queue, packets[i]);
		taken += count;
	}
	return taken;
}

void tx_flush(struct worker *worker)
{
	for (uint16_t b = 0; b < worker->tx_buffer_count; b++) {
		if (worker->tx_buffers[b].count)
			buffer_flush(worker, &worker->tx_buffers[b]);
	}
}
