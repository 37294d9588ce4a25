/* SPDX-License-Identifier: BSD-3-Clause */
/* See egress.h. */
#include "dpdk/egress.h"
#include "dpdk/tx.h"

#define QUOTE_MAX 1024u /* of a payload, for the engine to find its branch in */

struct egress {
	struct worker *worker;
	struct net_send send;
	struct net_hop hop;
	enum net_hop_status status;
	uint16_t device;
	uint64_t rx_tsc;
};

static struct rte_mbuf *packet_alloc(struct worker *worker, uint16_t device)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(device_pool(worker->dataplane, device));

	if (UNLIKELY(!packet))
		counter_add(&worker->counters.tx_dropped, 1);
	return packet;
}

static void fail_packet(struct worker *worker, struct rte_mbuf *packet)
{
	counter_add(&worker->counters.tx_dropped, 1);
	if (packet_meta(packet)->payload_len && worker->failure_count < WORKER_FAILURES_MAX)
		worker->failures[worker->failure_count++] = packet;
	else
		rte_pktmbuf_free(packet);
}

struct rte_mbuf *egress_take_failure(struct worker *worker)
{
	struct rte_mbuf *packet;

	if (LIKELY(worker->failure_count == 0))
		return NULL;
	packet = worker->failures[0];
	worker->failure_count--;
	memmove(worker->failures, worker->failures + 1,
		worker->failure_count * sizeof(struct rte_mbuf *));
	return packet;
}

static void describe_packet(const struct egress *egress, struct rte_mbuf *packet, uint32_t offset,
			    uint32_t len)
{
	struct packet_meta *meta = packet_meta(packet);

	meta->rx_tsc = egress->rx_tsc;
	meta->source = egress->send.source;
	meta->local = egress->send.destination;
	meta->payload_offset = (uint16_t)offset;
	meta->payload_len = (uint16_t)MIN(len, 65535u);
	meta->interface = egress->send.interface;
}

static void ask_for_checksums(struct rte_mbuf *packet, const struct net_headers *headers,
			      uint8_t family)
{
	packet->ol_flags = 0;
	if (!headers->offload_ip && !headers->offload_udp)
		return;
	packet->l2_len = headers->link_len;
	packet->l3_len = headers->ip_len;
	packet->ol_flags |= family == IP_V4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	if (headers->offload_ip)
		packet->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	if (headers->offload_udp)
		packet->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
}

/* A frame that is complete but, where the hop is pending, for the station's address. */
static void put_frame(const struct egress *egress, struct rte_mbuf *packet)
{
	struct worker *worker = egress->worker;

	if (LIKELY(egress->status == NET_HOP_RESOLVED)) {
		tx_put(worker, egress->device, packet);
		return;
	}
	if (!hold_put(&worker->hold, egress->hop.neighbour, egress->send.interface,
		      &egress->hop.address, packet)) {
		counter_add(&worker->counters.held_dropped, 1);
		tx_drop(worker, packet);
	}
}

/* Payload in place in `packet`, headers into its headroom. */
static void send_whole(const struct egress *egress, struct rte_mbuf *packet, char *payload,
		       uint32_t len)
{
	struct net_headers headers;
	uint8_t *frame = net_build_udp(egress->worker->stack, &egress->send, (uint8_t *)payload,
				       len, &headers);

	packet->data_off = (uint16_t)(frame - (uint8_t *)packet->buf_addr);
	packet->data_len = (uint16_t)(headers.len + len);
	packet->pkt_len = packet->data_len;
	ask_for_checksums(packet, &headers, egress->send.destination.address.family);
	describe_packet(egress, packet, headers.len, len);
	put_frame(egress, packet);
}

static void send_fragments(struct egress *egress, const char *payload, uint32_t len, uint16_t mtu)
{
	struct worker *worker = egress->worker;
	uint8_t head[NET_HEADERS_MAX];
	struct net_fragments plan;

	if (!net_fragments_plan(worker->stack, &egress->send, (const uint8_t *)payload, len, mtu,
				&plan)) {
		counter_add(&worker->counters.tx_dropped, 1);
		return;
	}
	for (uint32_t i = 0; i < plan.count; i++) {
		struct net_headers headers;
		struct rte_mbuf *packet;
		uint32_t offset, part, head_len;
		char *frame;

		packet = packet_alloc(worker, egress->device);
		if (!packet)
			return;
		head_len = net_fragment_build(worker->stack, &egress->send, &plan, i, head, &headers,
					      &offset, &part);
		frame = rte_pktmbuf_append(packet, (uint16_t)(head_len + part));
		if (UNLIKELY(!frame)) { /* the MTU of a path never exceeds the device's: pool_room */
			tx_drop(worker, packet);
			return;
		}
		memcpy(frame, head, head_len);
		memcpy(frame + head_len, payload + offset, part);
		ask_for_checksums(packet, &headers, egress->send.destination.address.family);
		/* The first octets of the payload name the transaction, should it fail. */
		describe_packet(egress, packet, head_len, i == 0 ? part : 0);
		put_frame(egress, packet);
		egress->rx_tsc = 0; /* a message is timed once */
	}
}

/* No way there: the engine gets the beginning of the payload back. */
static void send_failed(const struct egress *egress, const struct outbox_entry *entry,
			struct rte_mbuf *packet)
{
	uint32_t len = MIN(entry->len, QUOTE_MAX);
	char *quote;

	if (!packet) {
		packet = packet_alloc(egress->worker, egress->device);
		if (!packet)
			return;
		quote = rte_pktmbuf_append(packet, (uint16_t)len);
		memcpy(quote, entry->data, len);
		describe_packet(egress, packet, 0, len);
	} else {
		packet->data_off = (uint16_t)(entry->data - (char *)packet->buf_addr);
		packet->data_len = (uint16_t)entry->len;
		packet->pkt_len = entry->len;
		describe_packet(egress, packet, 0, entry->len);
	}
	fail_packet(egress->worker, packet);
}

static void resolve(struct egress *egress, const struct outbox_entry *entry)
{
	struct worker *worker = egress->worker;

	egress->status = net_resolve(worker->stack, entry->interface, &entry->destination.address,
				     worker->now, &egress->hop);
	if (egress->status == NET_HOP_RESOLVED || egress->status == NET_HOP_PENDING) {
		if (egress->hop.solicitation_len)
			egress_send_frame(worker, egress->device, egress->hop.solicitation,
					  egress->hop.solicitation_len);
		memcpy(egress->send.mac, egress->hop.mac, sizeof(egress->send.mac));
	}
	/* A timer may have been started that is earlier than any that ran. */
	if (UNLIKELY(egress->status != NET_HOP_RESOLVED || egress->hop.solicitation_len))
		worker->stack_due = 0;
}

void egress_send(struct worker *worker, const struct outbox_entry *entry, struct rte_mbuf *packet,
		 uint64_t rx_tsc)
{
	struct egress egress = {
		.worker = worker,
		.send = {
			.interface = entry->interface,
			.source = entry->source,
			.destination = entry->destination,
		},
		.device = worker->dataplane->device_of[entry->interface],
		.rx_tsc = rx_tsc,
	};
	const uint8_t family = entry->destination.address.family;
	uint16_t mtu;
	char *payload;

	resolve(&egress, entry);
	if (egress.status == NET_HOP_UNREACHABLE || egress.status == NET_HOP_NO_ROUTE) {
		send_failed(&egress, entry, packet);
		return;
	}
	mtu = net_path_mtu(worker->stack, entry->interface, &entry->destination.address,
			   worker->now);
	if (UNLIKELY(net_needs_fragments(family, entry->len, mtu))) {
		send_fragments(&egress, entry->data, entry->len, mtu);
		rte_pktmbuf_free(packet);
		return;
	}
	payload = (char *)(uintptr_t)entry->data;
	if (!packet) {
		packet = packet_alloc(worker, egress.device);
		if (!packet)
			return;
		payload = rte_pktmbuf_append(packet, (uint16_t)entry->len);
		if (UNLIKELY(!payload)) {
			tx_drop(worker, packet);
			return;
		}
		memcpy(payload, entry->data, entry->len);
	}
	send_whole(&egress, packet, payload, entry->len);
}

void egress_send_frame(struct worker *worker, uint16_t device, const uint8_t *frame, uint32_t len)
{
	struct rte_mbuf *packet = packet_alloc(worker, device);
	char *room;

	if (!packet)
		return;
	room = len <= UINT16_MAX ? rte_pktmbuf_append(packet, (uint16_t)len) : NULL;
	packet_meta(packet)->rx_tsc = 0;
	if (!room) {
		tx_drop(worker, packet);
		return;
	}
	memcpy(room, frame, len);
	tx_put(worker, device, packet);
}

void egress_neighbour_known(struct worker *worker, uint32_t neighbour)
{
	struct rte_mbuf *packets[HOLD_PER_NEIGHBOUR];
	const struct hold_neighbour *held;
	struct net_hop hop;
	uint16_t count;

	if (neighbour >= HOLD_NEIGHBOURS_MAX)
		return;
	held = &worker->hold.neighbours[neighbour];
	if (held->count == 0)
		return;
	if (net_resolve(worker->stack, held->interface, &held->address, worker->now, &hop) !=
	    NET_HOP_RESOLVED)
		return;
	count = hold_take(&worker->hold, neighbour, packets);
	for (uint16_t i = 0; i < count; i++) {
		memcpy(rte_pktmbuf_mtod(packets[i], uint8_t *), hop.mac, sizeof(hop.mac));
		tx_put(worker, worker->dataplane->device_of[held->interface], packets[i]);
	}
}

void egress_neighbour_lost(struct worker *worker, uint32_t neighbour)
{
	struct rte_mbuf *packets[HOLD_PER_NEIGHBOUR];
	uint16_t count = hold_take(&worker->hold, neighbour, packets);

	for (uint16_t i = 0; i < count; i++)
		fail_packet(worker, packets[i]);
}

void egress_fini(struct worker *worker)
{
	struct rte_mbuf *packets[HOLD_PER_NEIGHBOUR];

	for (uint32_t n = 0; worker->hold.neighbours && n < HOLD_NEIGHBOURS_MAX; n++) {
		uint16_t count = hold_take(&worker->hold, n, packets);

		rte_pktmbuf_free_bulk(packets, count);
	}
	rte_pktmbuf_free_bulk(worker->failures, worker->failure_count);
	worker->failure_count = 0;
}
