/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP as received (RFC 768, RFC 8200 §8.1): length, port, checksum. */
#include "net/stack_state.h"

static bool is_checksum_right(const struct net_rx *rx, const struct net_packet *packet, uint32_t len)
{
	/* The port verifies frames, not datagrams that were put together here. */
	if ((rx->flags & NET_RX_UDP_CHECKSUM_GOOD) && !packet->reassembled)
		return true;
	if (rx->interface->config.flags & NET_INTERFACE_TRUST_UDP)
		return true;
	/* RFC 768: none.  RFC 8200 §8.1: IPv6 has nothing else that protects the addresses. */
	if (load_raw16(packet->data + UDP_SUM) == 0)
		return packet->addresses_len == 8;
	uint64_t sum = checksum_pseudo(packet->addresses, packet->addresses_len, PROTOCOL_UDP, len);
	return checksum_final(checksum_add(sum, packet->data, len)) == 0;
}

enum net_action udp_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	const uint8_t *udp = packet->data;
	struct net_result *result = rx->result;

	if (UNLIKELY(packet->len < UDP_LEN))
		return rx_drop(rx, REASON_UDP_HEADER);
	uint32_t len = load_be16(udp + UDP_LENGTH);
	if (UNLIKELY(len < UDP_LEN || len > packet->len))
		return rx_drop(rx, REASON_UDP_HEADER);
	uint16_t port = load_be16(udp + UDP_DESTINATION_PORT);
	if (UNLIKELY(!is_sip_port(rx->stack, port)))
		/* The TAP takes frames; this one's were swallowed one by one. */
		return packet->reassembled ? rx_drop(rx, REASON_UDP_PORT)
					   : rx_not_ours(rx, REASON_UDP_PORT);
	if (UNLIKELY(!is_checksum_right(rx, packet, len)))
		return rx_drop(rx, REASON_UDP_CHECKSUM);

	result->source = (struct endpoint){ .address = packet_source(packet),
					    .port = load_be16(udp + UDP_SOURCE_PORT) };
	result->local = (struct endpoint){ .address = packet_destination(packet), .port = port };
	result->payload_len = len - UDP_LEN;
	if (UNLIKELY(packet->reassembled)) {
		result->reassembled = true;
		/* The buffer is the stack's own and writable. */
		result->payload = (uint8_t *)(uintptr_t)(udp + UDP_LEN);
		result->payload_offset = 0;
	} else {
		result->payload_offset = (uint32_t)(udp + UDP_LEN - rx->frame);
	}
	return rx_finish(rx, NET_DATAGRAM, VERDICT_ABSORB, VERDICT_REASON_NONE);
}
