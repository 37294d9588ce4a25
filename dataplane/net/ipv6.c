/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 as received (RFC 8200): header, addresses, a bounded walk over extension headers,
 * fragments. */
#include "net/stack_state.h"

#define EXTENSIONS_MAX 8

/* RFC 8200 §4.2: options of an unknown type say themselves whether to go on; we know only those
 * that may be skipped. */
static bool options_may_be_skipped(const uint8_t *options, uint32_t len)
{
	for (uint32_t at = 0; at < len;) {
		if (options[at] == 0) { /* Pad1 */
			at++;
			continue;
		}
		if (options[at] & 0xc0 || at + 2 > len)
			return false;
		at += 2u + options[at + 1];
		if (at > len)
			return false;
	}
	return true;
}

/* We forward no packets: a routing header with segments left is not for us, and type 0 is refused
 * in any case (RFC 5095). */
static bool routing_may_be_skipped(const uint8_t *header)
{
	return header[2] != 0 && header[3] == 0;
}

enum walk { WALK_DONE, WALK_FRAGMENT, WALK_BAD };

/* Moves `packet` behind its extension headers; stops in front of a fragment header. */
static enum walk walk_extensions(struct net_packet *packet)
{
	for (uint32_t i = 0; i < EXTENSIONS_MAX; i++) {
		uint8_t protocol = packet->protocol;

		if (protocol == PROTOCOL_FRAGMENT)
			return packet->len < IPV6_FRAGMENT_LEN ? WALK_BAD : WALK_FRAGMENT;
		if (protocol != PROTOCOL_HOP_BY_HOP && protocol != PROTOCOL_ROUTING &&
		    protocol != PROTOCOL_DESTINATION)
			return WALK_DONE;
		if (packet->len < 8 || packet->len < (packet->data[1] + 1u) * 8)
			return WALK_BAD;
		uint32_t len = (packet->data[1] + 1u) * 8;
		bool may_skip = protocol == PROTOCOL_ROUTING
					? routing_may_be_skipped(packet->data)
					: options_may_be_skipped(packet->data + 2, len - 2);

		/* RFC 8200 §4.1: hop-by-hop options come first or not at all. */
		if (!may_skip || (protocol == PROTOCOL_HOP_BY_HOP && i > 0))
			return WALK_BAD;
		packet->protocol = packet->data[0];
		packet->data += len;
		packet->len -= len;
	}
	return WALK_BAD;
}

static enum net_action protocol_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	if (LIKELY(packet->protocol == PROTOCOL_UDP))
		return udp_receive(rx, packet);
	if (packet->protocol == PROTOCOL_ICMPV6 && !packet->reassembled)
		return icmpv6_receive(rx, packet);
	return packet->reassembled ? rx_drop(rx, REASON_NOT_OURS) : rx_not_ours(rx, REASON_NOT_OURS);
}

/* A packet whole: what is left of its extension headers, then its protocol. */
static enum net_action whole_receive(const struct net_rx *rx, struct net_packet *packet)
{
	if (walk_extensions(packet) != WALK_DONE)
		return rx_drop(rx, REASON_IP_HEADER);
	return protocol_receive(rx, packet);
}

static enum net_action fragment_receive(const struct net_rx *rx, struct net_packet *packet)
{
	const uint8_t *header = packet->data;
	uint16_t field = load_be16(header + 2);
	struct reassembly_fragment fragment = {
		.key = { .source = packet_source(packet),
			 .destination = packet_destination(packet),
			 .interface = rx->result->interface,
			 .identification = load_be32(header + 4) },
		.data = header + IPV6_FRAGMENT_LEN,
		.len = packet->len - IPV6_FRAGMENT_LEN,
		.offset = field & IPV6_FRAGMENT_OFFSET_MASK,
		.more = field & IPV6_FRAGMENT_MORE,
		.protocol = header[0],
	};

	if (fragment.offset == 0 && !fragment.more) {
		/* RFC 6946: alone it is whole, whatever else is under reassembly. */
		packet->protocol = fragment.protocol;
		packet->data = fragment.data;
		packet->len = fragment.len;
		/* RFC 6980: neighbour discovery is never fragmented. */
		if (packet->protocol == PROTOCOL_ICMPV6)
			return rx_drop(rx, REASON_FRAGMENT_INVALID);
		return whole_receive(rx, packet);
	}
	if (fragment.protocol != PROTOCOL_UDP && fragment.protocol != PROTOCOL_DESTINATION)
		return rx_not_ours(rx, REASON_NOT_OURS);
	enum net_action action = fragment_insert(rx, &fragment, packet);
	return action == NET_DATAGRAM ? whole_receive(rx, packet) : action;
}

/* Groups that neighbour discovery uses: all nodes, and our addresses' solicited-node groups. */
static bool is_own_group(const struct net_interface *interface, const uint8_t destination[16])
{
	static const uint8_t solicited[13] = { 0xff, 0x02, [11] = 0x01, [12] = 0xff };

	if (memcmp(destination, ipv6_all_nodes, 16) == 0)
		return interface->v6_count > 0;
	if (memcmp(destination, solicited, sizeof(solicited)) != 0)
		return false;
	for (uint32_t i = 0; i < interface->v6_count; i++) {
		if (memcmp(interface->v6[i].bytes + 13, destination + 13, 3) == 0)
			return true;
	}
	return false;
}

enum net_action ipv6_receive(const struct net_rx *rx)
{
	static const uint8_t unspecified[16];
	const uint8_t *ip = rx->frame + rx->l3;
	uint32_t available = rx->len - rx->l3;

	if (UNLIKELY(available < IPV6_LEN || ip[IPV6_VERSION] >> 4 != 6 ||
		     load_be16(ip + IPV6_PAYLOAD) > available - IPV6_LEN))
		return rx_drop(rx, REASON_IP_HEADER);
	struct net_packet packet = { .addresses = ip + IPV6_SOURCE,
				     .addresses_len = 32,
				     .protocol = ip[IPV6_NEXT],
				     .hop_limit = ip[IPV6_HOP_LIMIT],
				     .data = ip + IPV6_LEN,
				     .len = load_be16(ip + IPV6_PAYLOAD) };
	bool is_own = is_own_v6(rx->interface, ip + IPV6_DESTINATION);

	if (UNLIKELY(!is_own && !is_own_group(rx->interface, ip + IPV6_DESTINATION)))
		return rx_not_ours(rx, REASON_IP_ADDRESS_FOREIGN);
	if (UNLIKELY(is_own && rx->is_group))
		return rx_drop(rx, REASON_IP_ADDRESS_FOREIGN);
	/* Only address detection of others and multicast listeners speak from nowhere. */
	if (UNLIKELY(route_is_bad_source_v6(rx->interface, ip + IPV6_SOURCE)) &&
	    (is_own || memcmp(ip + IPV6_SOURCE, unspecified, 16) != 0))
		return rx_drop(rx, REASON_IP_SOURCE_BOGUS);
	switch (walk_extensions(&packet)) {
	case WALK_BAD:
		return rx_drop(rx, REASON_IP_HEADER);
	case WALK_FRAGMENT:
		/* To a group, nothing that is worth memory comes in pieces. */
		return is_own ? fragment_receive(rx, &packet)
			      : rx_not_ours(rx, REASON_IP_ADDRESS_FOREIGN);
	default:
		break;
	}
	if (UNLIKELY(!is_own && packet.protocol != PROTOCOL_ICMPV6))
		return rx_not_ours(rx, REASON_IP_ADDRESS_FOREIGN);
	return protocol_receive(rx, &packet);
}
