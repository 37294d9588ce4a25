/* SPDX-License-Identifier: BSD-3-Clause */
/* The workers' side of the capture: the ring; see capture.h. */
#include <stdlib.h>
#include <string.h>

#include "dpdk/capture.h"
#include "dpdk/capture_record.h"

struct capture_ring *capture_ring_create(void)
{
	struct capture_ring *ring = aligned_alloc(CACHE_LINE_SIZE, sizeof(*ring));

	/* Zeroed also in order that no page fault is left for the packet path. */
	if (ring)
		memset(ring, 0, sizeof(*ring));
	return ring;
}

void capture_ring_destroy(struct capture_ring *ring)
{
	free(ring);
}

void capture_ring_copy_in(struct capture_ring *ring, uint64_t at, const void *bytes, uint32_t len)
{
	uint32_t offset = (uint32_t)at & (CAPTURE_RING_SIZE - 1);
	uint32_t first = MIN(len, CAPTURE_RING_SIZE - offset);

	memcpy(ring->bytes + offset, bytes, first);
	memcpy(ring->bytes, (const uint8_t *)bytes + first, len - first);
}

void capture_ring_copy_out(const struct capture_ring *ring, uint64_t at, void *bytes, uint32_t len)
{
	uint32_t offset = (uint32_t)at & (CAPTURE_RING_SIZE - 1);
	uint32_t first = MIN(len, CAPTURE_RING_SIZE - offset);

	memcpy(bytes, ring->bytes + offset, first);
	memcpy((uint8_t *)bytes + first, ring->bytes, len - first);
}

static uint64_t capture_packet(struct capture_ring *ring, uint64_t head,
			       const struct capture_record *record, struct rte_mbuf *packet)
{
	uint64_t at = head + sizeof(*record);
	uint32_t left = record->kept;

	capture_ring_copy_in(ring, head, record, sizeof(*record));
	for (struct rte_mbuf *segment = packet; segment && left; segment = segment->next) {
		uint32_t len = MIN((uint32_t)segment->data_len, left);
		capture_ring_copy_in(ring, at, rte_pktmbuf_mtod(segment, void *), len);
		at += len;
		left -= len;
	}
	return head + capture_record_size(record->kept);
}

void capture_packets(struct capture_ring *ring, struct rte_mbuf *const *packets, uint16_t count,
		     uint16_t device, enum capture_direction direction, uint64_t tsc)
{
	uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	const uint32_t octets = ring->filter.is.octets ? ring->filter.is.octets : UINT32_MAX;
	uint64_t head = ring->head;

	for (uint16_t i = 0; i < count; i++) {
		/* All that is asked for stands in the first segment, or nowhere. */
		if (!capture_filter_takes(&ring->filter,
					  rte_pktmbuf_mtod(packets[i], const uint8_t *),
					  packets[i]->data_len))
			continue;
		const struct capture_record record = {
			.tsc = tsc,
			.len = packets[i]->pkt_len,
			.kept = MIN(packets[i]->pkt_len, octets),
			.device = device,
			.direction = (uint16_t)direction,
		};

		if (record.len > CAPTURE_FRAME_MAX ||
		    head - tail + capture_record_size(record.kept) > CAPTURE_RING_SIZE) {
			__atomic_store_n(&ring->dropped, ring->dropped + 1, __ATOMIC_RELAXED);
			continue;
		}
		head = capture_packet(ring, head, &record, packets[i]);
	}
	__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
}
