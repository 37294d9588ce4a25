/* SPDX-License-Identifier: BSD-3-Clause */
/* See tx.h. */
#include <rte_ethdev.h>

#include "generator/tx.h"
#include "net/wire.h"

#define FLOOD_BURST 64

/* ---- queues ---------------------------------------------------------------------------------- */

static void queue_flush(struct tx *tx, struct tx_queue *queue)
{
	uint16_t sent;

	if (queue->count == 0)
		return;
	sent = rte_eth_tx_burst(queue->port, 0, queue->packets, queue->count);
	tx->counters.sent += sent;
	queue->count = (uint16_t)(queue->count - sent);
	if (UNLIKELY(sent && queue->count))
		memmove(queue->packets, queue->packets + sent,
			queue->count * sizeof(queue->packets[0]));
}

static void queue_put(struct tx *tx, uint16_t device, struct rte_mbuf *packet)
{
	struct tx_queue *queue = &tx->queues[device];

	if (UNLIKELY(queue->count == TX_WAITING))
		queue_flush(tx, queue);
	if (UNLIKELY(queue->count == TX_WAITING)) {
		tx->counters.full++;
		rte_pktmbuf_free(packet);
		return;
	}
	queue->packets[queue->count++] = packet;
}

uint32_t tx_flush(struct tx *tx)
{
	const uint64_t before = tx->counters.sent;

	for (uint16_t d = 0; d < tx->queue_count; d++)
		queue_flush(tx, &tx->queues[d]);
	return (uint32_t)(tx->counters.sent - before);
}

void tx_control(void *context, uint16_t device, const uint8_t *frame, uint32_t len)
{
	struct tx *tx = context;
	struct rte_mbuf *packet = rte_pktmbuf_alloc(tx->pool);
	char *room = packet ? rte_pktmbuf_append(packet, (uint16_t)len) : NULL;

	if (!room) {
		tx->counters.no_buffers++;
		rte_pktmbuf_free(packet);
		return;
	}
	memcpy(room, frame, len);
	queue_put(tx, device, packet);
}

/* ---- the outbox ------------------------------------------------------------------------------ */

/* New buffers for the first tx->missing packets.  False: there are none; the engine then starts
 * nothing until there are some again. */
static bool outbox_refill(struct tx *tx)
{
	struct traffic_outbox *outbox = &tx->outbox;

	outbox->count = 0;
	outbox->max = 0;
	if (UNLIKELY(rte_pktmbuf_alloc_bulk(tx->pool, tx->buffers, tx->missing) != 0)) {
		tx->counters.no_buffers++;
		memset(tx->buffers, 0, tx->missing * sizeof(tx->buffers[0]));
		return false;
	}
	for (uint32_t i = 0; i < tx->missing; i++)
		tx->packets[i].data = (char *)tx->buffers[i]->buf_addr + RTE_PKTMBUF_HEADROOM;
	tx->missing = 0;
	outbox->max = TX_OUTBOX;
	return true;
}

bool tx_init(struct tx *tx, struct links *links, const struct ports *ports, uint16_t mtu)
{
	static_assert(RTE_PKTMBUF_HEADROOM >= FRAME_HEADERS_MAX, "headers fit the headroom");

	memset(tx, 0, sizeof(*tx));
	tx->links = links;
	tx->pool = ports->pool;
	tx->mtu = mtu;
	tx->queue_count = ports->count;
	for (uint16_t d = 0; d < ports->count; d++) {
		tx->queues[d].port = ports->list[d].id;
		tx->queues[d].offload = ports->list[d].link.offload;
	}
	tx->outbox.packets = tx->packets;
	tx->missing = TX_OUTBOX;
	return outbox_refill(tx);
}

void tx_fini(struct tx *tx)
{
	rte_pktmbuf_free_bulk(tx->buffers, TX_OUTBOX);
	for (uint16_t d = 0; d < tx->queue_count; d++)
		rte_pktmbuf_free_bulk(tx->queues[d].packets, tx->queues[d].count);
	memset(tx, 0, sizeof(*tx));
}

static void ask_for_checksums(struct rte_mbuf *packet, const struct frame_template *t)
{
	packet->ol_flags |=
		RTE_MBUF_F_TX_UDP_CKSUM |
		(t->is_v4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_IPV6);
	packet->l2_len = ETHER_LEN;
	packet->l3_len = t->ip_len;
}

/* A payload that lies in the packet, behind its headroom. */
static void send_payload(struct tx *tx, uint16_t device, struct rte_mbuf *packet,
			 const struct frame_template *t, uint32_t len)
{
	uint8_t *payload = (uint8_t *)packet->buf_addr + RTE_PKTMBUF_HEADROOM;
	const uint8_t *frame = frame_write(t, payload, len, ++tx->ip_id);

	packet->data_off = (uint16_t)(frame - (uint8_t *)packet->buf_addr);
	packet->data_len = (uint16_t)(t->len + len);
	packet->pkt_len = packet->data_len;
	if (t->offload)
		ask_for_checksums(packet, t);
	queue_put(tx, device, packet);
}

uint32_t tx_take_outbox(struct tx *tx, tick_t now)
{
	const uint32_t count = tx->outbox.count;

	for (uint32_t i = 0; i < count; i++) {
		const struct traffic_packet *p = &tx->packets[i];
		const enum locals_role role =
			p->side == TRAFFIC_CALLERS ? LOCALS_CALLER : LOCALS_TARGET;
		const struct frame_template *t =
			links_headers(tx->links, role, p->local, p->peer, &p->destination, now);

		if (UNLIKELY(!t)) {
			tx->counters.unroutable++;
			rte_pktmbuf_free(tx->buffers[i]);
			continue;
		}
		send_payload(tx, links_device_of(tx->links, role), tx->buffers[i], t, p->len);
	}
	tx->missing += count;
	if (tx->missing)
		(void)outbox_refill(tx);
	return count;
}

/* ---- floods ---------------------------------------------------------------------------------- */

static void send_fragments(struct tx *tx, const struct net_send *send, const char *data,
			   uint32_t len)
{
	struct net_stack *stack = links_stack(tx->links);
	uint8_t head[NET_HEADERS_MAX];
	struct net_fragments plan;

	if (!net_fragments_plan(stack, send, (const uint8_t *)data, len, tx->mtu, &plan)) {
		tx->counters.unroutable++;
		return;
	}
	for (uint32_t i = 0; i < plan.count; i++) {
		struct rte_mbuf *packet = rte_pktmbuf_alloc(tx->pool);
		struct net_headers headers;
		uint32_t offset, part, head_len;
		char *frame;

		head_len =
			net_fragment_build(stack, send, &plan, i, head, &headers, &offset, &part);
		frame = packet ? rte_pktmbuf_append(packet, (uint16_t)(head_len + part)) : NULL;
		if (!frame) {
			tx->counters.no_buffers++;
			rte_pktmbuf_free(packet);
			return;
		}
		memcpy(frame, head, head_len);
		memcpy(frame + head_len, data + offset, part);
		queue_put(tx, send->interface, packet);
	}
}

uint32_t tx_take_flood(struct tx *tx, struct flood *flood, const struct endpoint *proxy,
		       uint64_t now_tsc, tick_t now)
{
	uint32_t count = 0;

	for (; count < FLOOD_BURST; count++) {
		const uint16_t device = links_device_of(tx->links, LOCALS_FLOOD);
		struct rte_mbuf *packet = rte_pktmbuf_alloc(tx->pool);
		const struct frame_template *t;
		struct net_send send;
		const char *data;
		uint32_t len;
		uint16_t from;
		char *room;

		if (UNLIKELY(!packet)) {
			tx->counters.no_buffers++;
			return count;
		}
		room = (char *)packet->buf_addr + RTE_PKTMBUF_HEADROOM;
		if (!flood_next(flood, now_tsc, room, TRAFFIC_OCTETS_MAX, &data, &len, &from)) {
			rte_pktmbuf_free(packet);
			return count;
		}
		if (data != room) {
			rte_pktmbuf_free(packet);
			if (links_route(tx->links, LOCALS_FLOOD, from, proxy, now, &send))
				send_fragments(tx, &send, data, len);
			else
				tx->counters.unroutable++;
			continue;
		}
		t = links_headers(tx->links, LOCALS_FLOOD, from, 0, proxy, now);
		if (UNLIKELY(!t)) {
			tx->counters.unroutable++;
			rte_pktmbuf_free(packet);
			continue;
		}
		send_payload(tx, device, packet, t, len);
	}
	return count;
}
