/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors as received: which of our datagrams is quoted, and what the error means to SIP
 * (RFC 3261 §18.4).  Whether the quoted octets are those of a live request is the engine's to say
 * (RFC 5927): here only addresses and ports are compared.
 */
#include "net/stack_state.h"

struct quote {
	struct ip_address source, destination;
	const uint8_t *udp;
	uint32_t len;  /* of what is quoted from the UDP header on */
};

static bool quote_ipv4(const uint8_t *data, uint32_t len, struct quote *quote)
{
	if (len < IPV4_LEN || data[IPV4_VERSION] >> 4 != 4)
		return false;
	uint32_t header_len = (data[IPV4_VERSION] & 0x0f) * 4u;
	if (header_len < IPV4_LEN || len < header_len + UDP_LEN ||
	    data[IPV4_PROTOCOL] != PROTOCOL_UDP ||
	    (load_be16(data + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0)
		return false;
	quote->source = ip_address_from(data + IPV4_SOURCE, 4);
	quote->destination = ip_address_from(data + IPV4_DESTINATION, 4);
	quote->udp = data + header_len;
	quote->len = len - header_len;
	return true;
}

/* What we send has no extension header but a fragment's. */
static bool quote_ipv6(const uint8_t *data, uint32_t len, struct quote *quote)
{
	if (len < IPV6_LEN || data[IPV6_VERSION] >> 4 != 6)
		return false;
	uint8_t protocol = data[IPV6_NEXT];
	uint32_t header_len = IPV6_LEN;

	if (protocol == PROTOCOL_FRAGMENT) {
		if (len < IPV6_LEN + IPV6_FRAGMENT_LEN ||
		    load_be16(data + IPV6_LEN + 2) & IPV6_FRAGMENT_OFFSET_MASK)
			return false;
		protocol = data[IPV6_LEN];
		header_len += IPV6_FRAGMENT_LEN;
	}
	if (protocol != PROTOCOL_UDP || len < header_len + UDP_LEN)
		return false;
	quote->source = ip_address_from(data + IPV6_SOURCE, 16);
	quote->destination = ip_address_from(data + IPV6_DESTINATION, 16);
	quote->udp = data + header_len;
	quote->len = len - header_len;
	return true;
}

/* RFC 4884: a length, where there is one, ends the quote; extensions follow. */
static uint32_t quoted_len(const struct net_packet *packet, bool is_v4)
{
	uint32_t len = packet->len - ICMP_LEN;
	uint32_t stated = is_v4 ? packet->data[5] * 4u : packet->data[4] * 8u;

	return stated && stated < len ? stated : len;
}

static enum net_icmp_class classify_v4(const uint8_t *icmp)
{
	if (icmp[ICMP_TYPE] == ICMP_PARAMETER)
		return NET_ICMP_PARAMETER_PROBLEM;
	switch (icmp[ICMP_CODE]) {
	case 2:
		return NET_ICMP_UNREACHABLE_PROTOCOL;
	case 3:
		return NET_ICMP_UNREACHABLE_PORT;
	case 1: /* host: unreachable, source route, unknown, isolated, prohibited, TOS, filtered */
	case 5:
	case 7:
	case 8:
	case 10:
	case 12:
	case 13:
	case 14:
	case 15:
		return NET_ICMP_UNREACHABLE_HOST;
	default:
		return NET_ICMP_UNREACHABLE_NET;
	}
}

static enum net_icmp_class classify_v6(const uint8_t *icmp)
{
	if (icmp[ICMP_TYPE] == ICMPV6_PARAMETER)
		/* RFC 4443 §3.4, code 1: the next header is unknown */
		return icmp[ICMP_CODE] == 1 ? NET_ICMP_UNREACHABLE_PROTOCOL
					    : NET_ICMP_PARAMETER_PROBLEM;
	switch (icmp[ICMP_CODE]) {
	case 4:
		return NET_ICMP_UNREACHABLE_PORT;
	case 1:
	case 3:
		return NET_ICMP_UNREACHABLE_HOST;
	default:
		return NET_ICMP_UNREACHABLE_NET;
	}
}

/* RFC 8201 §4: a report below the minimum is not believed. */
static enum net_action too_big(const struct net_rx *rx, const struct net_packet *packet,
			       const struct quote *quote)
{
	uint32_t mtu = load_be32(packet->data + ICMP_REST);

	if (mtu < NET_MTU_MIN_V6 || mtu >= rx->interface->config.mtu)
		return rx_drop(rx, REASON_ICMP_IGNORED);
	rx->result->update = (struct net_update){ .kind = NET_UPDATE_PATH_MTU,
						  .interface = rx->result->interface,
						  .mtu = (uint16_t)mtu,
						  .address = quote->destination };
	(void)net_update_apply(rx->stack, &rx->result->update, rx->now);
	return rx_finish(rx, NET_ABSORBED, VERDICT_ABSORB, REASON_PATH_MTU);
}

enum net_action icmp_error_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	bool is_v4 = packet->addresses_len == 8;
	const uint8_t *icmp = packet->data;
	struct net_result *result = rx->result;
	struct quote quote;
	uint32_t len = quoted_len(packet, is_v4);

	if (!(is_v4 ? quote_ipv4(icmp + ICMP_LEN, len, &quote)
		    : quote_ipv6(icmp + ICMP_LEN, len, &quote)))
		return rx_not_ours(rx, REASON_ICMP_UNMATCHED);
	uint16_t port = load_be16(quote.udp + UDP_SOURCE_PORT);
	if (!net_is_own(rx->stack, result->interface, &quote.source) ||
	    !is_sip_port(rx->stack, port))
		return rx_not_ours(rx, REASON_ICMP_UNMATCHED);
	if (!is_v4 && icmp[ICMP_TYPE] == ICMPV6_TOO_BIG)
		return too_big(rx, packet, &quote);
	/* We never set DF: "fragmentation needed" cannot be about a packet of ours. */
	if (is_v4 && icmp[ICMP_TYPE] == ICMP_UNREACHABLE && icmp[ICMP_CODE] == 4)
		return rx_drop(rx, REASON_ICMP_IGNORED);

	uint32_t datagram_len = load_be16(quote.udp + UDP_LENGTH);
	if (datagram_len < UDP_LEN)
		return rx_drop(rx, REASON_ICMP_UNMATCHED);
	result->icmp_class = (uint8_t)(is_v4 ? classify_v4(icmp) : classify_v6(icmp));
	result->local = (struct endpoint){ .address = quote.source, .port = port };
	result->source = (struct endpoint){ .address = quote.destination,
					    .port = load_be16(quote.udp + UDP_DESTINATION_PORT) };
	result->payload_offset = (uint32_t)(quote.udp + UDP_LEN - rx->frame);
	result->payload_len = MIN(quote.len, datagram_len) - UDP_LEN;
	return rx_finish(rx, NET_ICMP_ERROR, VERDICT_ABSORB, REASON_ICMP_ERROR);
}
