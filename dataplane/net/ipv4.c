/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 as received (RFC 791, RFC 1122 §3.2.1): header, addresses, fragments. */
#include "net/stack_state.h"

static enum net_action protocol_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	if (LIKELY(packet->protocol == PROTOCOL_UDP))
		return udp_receive(rx, packet);
	if (packet->protocol == PROTOCOL_ICMP)
		return icmp_receive(rx, packet);
	return rx_not_ours(rx, REASON_NOT_OURS);
}

static enum net_action fragment_receive(const struct net_rx *rx, struct net_packet *packet,
					const uint8_t *ip)
{
	uint16_t field = load_be16(ip + IPV4_FRAGMENT);
	struct reassembly_fragment fragment = {
		.key = { .source = packet_source(packet),
			 .destination = packet_destination(packet),
			 .interface = rx->result->interface,
			 .identification = load_be16(ip + IPV4_ID) },
		.data = packet->data,
		.len = packet->len,
		.offset = (uint32_t)(field & IPV4_OFFSET_MASK) * 8,
		.more = field & IPV4_MORE_FRAGMENTS,
		.protocol = packet->protocol,
	};

	/* RFC 791: the protocol is part of the key; only UDP's fragments are kept. */
	if (packet->protocol != PROTOCOL_UDP)
		return rx_not_ours(rx, REASON_NOT_OURS);
	enum net_action action = fragment_insert(rx, &fragment, packet);
	return action == NET_DATAGRAM ? udp_receive(rx, packet) : action;
}

enum net_action ipv4_receive(const struct net_rx *rx)
{
	const uint8_t *ip = rx->frame + rx->l3;
	uint32_t available = rx->len - rx->l3;

	if (UNLIKELY(available < IPV4_LEN))
		return rx_drop(rx, REASON_IP_HEADER);
	uint32_t header_len = (ip[IPV4_VERSION] & 0x0f) * 4u, total = load_be16(ip + IPV4_TOTAL);
	if (UNLIKELY(ip[IPV4_VERSION] >> 4 != 4 || header_len < IPV4_LEN || total < header_len ||
		     total > available))
		return rx_drop(rx, REASON_IP_HEADER);
	if (!(rx->flags & NET_RX_IP_CHECKSUM_GOOD)) {
		uint64_t sum = checksum_ipv4_header(ip);

		if (UNLIKELY(header_len > IPV4_LEN))
			sum = checksum_add(sum, ip + IPV4_LEN, header_len - IPV4_LEN);
		if (UNLIKELY(checksum_final(sum) != 0))
			return rx_drop(rx, REASON_IP_CHECKSUM);
	}
	if (UNLIKELY(!is_own_v4(rx->interface, load_raw32(ip + IPV4_DESTINATION))))
		return rx_not_ours(rx, REASON_IP_ADDRESS_FOREIGN);
	/* RFC 1122 §3.3.6: a frame for all that carries a packet for one. */
	if (UNLIKELY(rx->is_group))
		return rx_drop(rx, REASON_IP_ADDRESS_FOREIGN);
	struct net_packet packet = { .addresses = ip + IPV4_SOURCE,
				     .addresses_len = 8,
				     .protocol = ip[IPV4_PROTOCOL],
				     .hop_limit = ip[IPV4_TTL],
				     .data = ip + header_len,
				     .len = total - header_len };
	if (UNLIKELY(route_is_bad_source_v4(rx->interface, load_raw32(ip + IPV4_SOURCE))))
		return rx_drop(rx, REASON_IP_SOURCE_BOGUS);
	if (UNLIKELY(load_be16(ip + IPV4_FRAGMENT) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)))
		return fragment_receive(rx, &packet, ip);
	return protocol_receive(rx, &packet);
}
