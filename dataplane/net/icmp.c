/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP and ICMPv6 as received (RFC 792, RFC 4443): checksum, echo, and whose the rest is. */
#include "net/stack_state.h"

/* An echo reply is the request with its addresses swapped and its type changed. */
static enum net_action answer_echo(const struct net_rx *rx, const struct net_packet *packet,
				   uint8_t type)
{
	const struct net_interface *interface = rx->interface;
	bool is_v4 = packet->addresses_len == 8;
	uint32_t ip_len = is_v4 ? IPV4_LEN : IPV6_LEN, size = packet->addresses_len / 2;
	uint8_t *frame = rx->stack->scratch;

	if (ip_len + packet->len > interface->config.mtu)
		return rx_drop(rx, REASON_ICMP_IGNORED);
	uint8_t *ip = frame + link_write(interface, rx->frame + ETHER_SOURCE,
					 is_v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, frame);
	uint8_t *icmp = ip + ip_len;
	uint64_t sum = 0;

	if (is_v4) {
		ipv4_write_header(rx->stack, interface, ip, PROTOCOL_ICMP, packet->len,
				  packet->addresses + size, packet->addresses);
	} else {
		ipv6_write_header(ip, PROTOCOL_ICMPV6, (uint16_t)packet->len, NET_TTL,
				  packet->addresses + size, packet->addresses);
		sum = packet_pseudo(packet);
	}
	memcpy(icmp, packet->data, packet->len);
	icmp[ICMP_TYPE] = type;
	store_raw16(icmp + ICMP_CHECKSUM, 0);
	store_raw16(icmp + ICMP_CHECKSUM, checksum_final(checksum_add(sum, icmp, packet->len)));
	return rx_reply(rx, (uint32_t)(icmp - frame) + packet->len, REASON_ECHO);
}

enum net_action icmp_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	if (packet->len < ICMP_LEN || checksum_final(checksum_add(0, packet->data, packet->len)))
		return rx_drop(rx, REASON_ICMP_IGNORED);
	switch (packet->data[ICMP_TYPE]) {
	case ICMP_ECHO:
		if (packet->data[ICMP_CODE] == 0)
			return answer_echo(rx, packet, ICMP_ECHO_REPLY);
		return rx_drop(rx, REASON_ICMP_IGNORED);
	case ICMP_UNREACHABLE:
	case ICMP_PARAMETER:
		return icmp_error_receive(rx, packet);
	default: /* RFC 3261 §18.4: source quench and time exceeded among them */
		return rx_not_ours(rx, REASON_ICMP_IGNORED);
	}
}

enum net_action icmpv6_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	bool is_to_group = packet->addresses[16] == 0xff;

	if (packet->len < ICMP_LEN ||
	    checksum_final(checksum_add(packet_pseudo(packet), packet->data, packet->len)))
		return rx_drop(rx, REASON_ICMP_IGNORED);
	switch (packet->data[ICMP_TYPE]) {
	case ICMPV6_ECHO:
		if (!is_to_group && packet->data[ICMP_CODE] == 0)
			return answer_echo(rx, packet, ICMPV6_ECHO_REPLY);
		return rx_drop(rx, REASON_ICMP_IGNORED);
	case ICMPV6_SOLICITATION:
	case ICMPV6_ADVERTISEMENT:
		return nd_receive(rx, packet);
	case ICMPV6_MLD_QUERY:
		return mld_receive(rx, packet);
	case ICMPV6_UNREACHABLE:
	case ICMPV6_TOO_BIG:
	case ICMPV6_PARAMETER:
		if (!is_to_group)
			return icmp_error_receive(rx, packet);
		return rx_drop(rx, REASON_ICMP_IGNORED);
	default:
		return rx_not_ours(rx, REASON_ICMP_IGNORED);
	}
}
