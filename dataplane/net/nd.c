/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbour discovery (RFC 4861): answers solicitations for us, notes what neighbours say, writes
 * solicitations and announcements. */
#include "net/stack_state.h"

#define ND_TARGET      8  /* offset of the target in both messages */
#define ND_LEN         24
#define ND_OPTION_LEN  8  /* a link-layer address */
#define ND_HOP_LIMIT   255

enum { OPTION_SOURCE_LINK = 1, OPTION_TARGET_LINK = 2 };
enum { FLAG_SOLICITED = 0x40, FLAG_OVERRIDE = 0x20 };

static uint32_t write_message(const struct net_interface *interface, const uint8_t *mac,
			      const uint8_t source[16], const uint8_t destination[16],
			      uint8_t type, uint8_t flags, const uint8_t target[16], uint8_t *frame)
{
	const uint16_t len = ND_LEN + ND_OPTION_LEN;
	uint8_t *ip = frame + link_write(interface, mac, ETHERTYPE_IPV6, frame);
	uint8_t *nd = ip + IPV6_LEN;

	ipv6_write_header(ip, PROTOCOL_ICMPV6, len, ND_HOP_LIMIT, source, destination);
	memset(nd, 0, len);
	nd[ICMP_TYPE] = type;
	nd[ICMP_REST] = flags;
	memcpy(nd + ND_TARGET, target, 16);
	nd[ND_LEN] = type == ICMPV6_SOLICITATION ? OPTION_SOURCE_LINK : OPTION_TARGET_LINK;
	nd[ND_LEN + 1] = 1;
	memcpy(nd + ND_LEN + 2, interface->config.mac, MAC_LEN);
	uint64_t sum = checksum_pseudo(ip + IPV6_SOURCE, 32, PROTOCOL_ICMPV6, len);
	store_raw16(nd + ICMP_CHECKSUM, checksum_final(checksum_add(sum, nd, len)));
	return (uint32_t)(nd - frame) + len;
}

uint32_t nd_write_solicitation(const struct net_interface *interface,
			       const struct ip_address *target, const uint8_t *mac, uint8_t *frame)
{
	const struct ip_address *source = route_source(interface, target);
	const uint8_t *from = source ? source->bytes : interface->link_local.bytes;
	uint8_t group[16], group_mac[MAC_LEN];

	if (mac)
		return write_message(interface, mac, from, target->bytes, ICMPV6_SOLICITATION, 0,
				     target->bytes, frame);
	ipv6_solicited_node(target->bytes, group);
	ipv6_group_mac(group, group_mac);
	return write_message(interface, group_mac, from, group, ICMPV6_SOLICITATION, 0,
			     target->bytes, frame);
}

/* RFC 4861 §7.2.6 */
uint32_t nd_write_announcement(const struct net_interface *interface, uint32_t own, uint8_t *frame)
{
	const uint8_t *address = interface->v6[own].bytes;
	uint8_t mac[MAC_LEN];

	ipv6_group_mac(ipv6_all_nodes, mac);
	return write_message(interface, mac, address, ipv6_all_nodes, ICMPV6_ADVERTISEMENT,
			     FLAG_OVERRIDE, address, frame);
}

/* The link-layer address in an option of this type; NULL in *mac: none.  False: malformed
 * (RFC 4861 §4.6: an option of length 0 condemns the packet). */
static bool find_option(const uint8_t *options, uint32_t len, uint8_t type, const uint8_t **mac)
{
	*mac = NULL;
	for (uint32_t at = 0; at < len;) {
		uint32_t size = at + 1 < len ? options[at + 1] * 8u : 0;

		if (size == 0 || size > len - at)
			return false;
		if (options[at] == type && size == ND_OPTION_LEN && !*mac)
			*mac = options + at + 2;
		at += size;
	}
	return true;
}

/* RFC 4861 §7.2.4 */
static enum net_action answer(const struct net_rx *rx, const struct net_packet *packet,
			      const uint8_t *source_mac)
{
	static const uint8_t unspecified[16];
	const uint8_t *target = packet->data + ND_TARGET, *asker = packet->addresses;
	bool is_detection = memcmp(asker, unspecified, 16) == 0;
	uint8_t group_mac[MAC_LEN], flags = FLAG_OVERRIDE;
	const uint8_t *mac = source_mac ? source_mac : rx->frame + ETHER_SOURCE;

	if (is_detection) {
		/* Someone is about to take our address: tell all. */
		ipv6_group_mac(ipv6_all_nodes, group_mac);
		mac = group_mac;
		asker = ipv6_all_nodes;
	} else {
		flags |= FLAG_SOLICITED;
	}
	uint32_t len = write_message(rx->interface, mac, target, asker, ICMPV6_ADVERTISEMENT, flags,
				     target, rx->stack->scratch);
	return rx_reply(rx, len, REASON_NEIGHBOUR_SOLICITED);
}

static enum net_action solicitation_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	struct ip_address source = packet_source(packet);
	bool is_detection = ip_address_is_bogus(&source); /* unspecified: all else is refused before */
	const uint8_t *mac;

	if (!find_option(packet->data + ND_LEN, packet->len - ND_LEN, OPTION_SOURCE_LINK, &mac))
		return rx_drop(rx, REASON_ICMP_IGNORED);
	if (mac && !mac_is_station(mac))
		return rx_drop(rx, REASON_ICMP_IGNORED);
	/* §7.1.1: from nowhere only to the solicited-node group, and without that option. */
	if (is_detection && (mac || memcmp(packet->addresses + 16, ipv6_all_nodes, 16) == 0))
		return rx_drop(rx, REASON_IP_SOURCE_BOGUS);
	if (!is_own_v6(rx->interface, packet->data + ND_TARGET))
		return rx_not_ours(rx, REASON_IP_ADDRESS_FOREIGN);
	if (mac)
		route_learn(rx, &source, mac, NEIGHBOUR_OVERRIDE);
	return answer(rx, packet, mac);
}

/* §7.1.2, §7.2.5 */
static enum net_action advertisement_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	struct ip_address target = ip_address_from(packet->data + ND_TARGET, 16);
	uint8_t flags = packet->data[ICMP_REST];
	bool is_to_group = packet->addresses[16] == 0xff;
	uint32_t learn = 0;
	const uint8_t *mac;

	if (!find_option(packet->data + ND_LEN, packet->len - ND_LEN, OPTION_TARGET_LINK, &mac) ||
	    (is_to_group && (flags & FLAG_SOLICITED)))
		return rx_drop(rx, REASON_ICMP_IGNORED);
	/* Someone claims an address of ours, or one that no neighbour can have. */
	if (!route_is_neighbour(rx->interface, &target))
		return rx_drop(rx, REASON_IP_SOURCE_BOGUS);
	if (flags & FLAG_SOLICITED)
		learn |= NEIGHBOUR_SOLICITED;
	if (mac) {
		if (flags & FLAG_OVERRIDE)
			learn |= NEIGHBOUR_OVERRIDE;
		route_learn(rx, &target, mac, learn);
	} else {
		/* An answer to a unicast question may leave the option out: it can confirm the
		 * station that we know, never introduce one. */
		const struct neighbour_table *table = &rx->stack->neighbours;
		uint32_t known = neighbour_find(table, rx->result->interface, &target);

		if (known != NEIGHBOUR_NONE && table->entries[known].state == NEIGHBOUR_PROBE)
			(void)neighbour_learn(&rx->stack->neighbours, rx->result->interface, &target,
					      rx->frame + ETHER_SOURCE, learn, rx->now);
	}
	rx->result->copy_to_kernel = rx->interface->config.flags & NET_INTERFACE_PUNT;
	return rx_finish(rx, NET_ABSORBED, VERDICT_ABSORB, REASON_NEIGHBOUR_LEARNED);
}

enum net_action nd_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	/* A router would have decremented it: 255 proves that the sender is on the link. */
	if (packet->hop_limit != ND_HOP_LIMIT || packet->data[ICMP_CODE] != 0 ||
	    packet->len < ND_LEN || packet->data[ND_TARGET] == 0xff)
		return rx_drop(rx, REASON_ICMP_IGNORED);
	return packet->data[ICMP_TYPE] == ICMPV6_SOLICITATION ? solicitation_receive(rx, packet)
							      : advertisement_receive(rx, packet);
}
