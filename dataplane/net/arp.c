/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP (RFC 826, RFC 5227): answers who asks for us, notes what neighbours say, writes requests. */
#include "net/stack_state.h"

/* An Ethernet frame without FCS is no shorter, also once a switch has taken its tag off. */
#define FRAME_LEN_MIN 60

static uint32_t write_frame(const struct net_interface *interface, const uint8_t *destination,
			    uint16_t operation, const uint8_t *sender_ip, const uint8_t *target_mac,
			    const uint8_t *target_ip, uint8_t *frame)
{
	const uint32_t len = FRAME_LEN_MIN - ETHER_LEN + interface->link_len;

	memset(frame, 0, len);
	uint8_t *arp = frame + link_write(interface, destination, ETHERTYPE_ARP, frame);

	store_be16(arp + ARP_HARDWARE, 1);
	store_be16(arp + ARP_PROTOCOL, ETHERTYPE_IPV4);
	arp[ARP_HARDWARE_LEN] = MAC_LEN;
	arp[ARP_PROTOCOL_LEN] = 4;
	store_be16(arp + ARP_OPERATION, operation);
	memcpy(arp + ARP_SENDER_MAC, interface->config.mac, MAC_LEN);
	memcpy(arp + ARP_SENDER_IP, sender_ip, 4);
	if (target_mac)
		memcpy(arp + ARP_TARGET_MAC, target_mac, MAC_LEN);
	memcpy(arp + ARP_TARGET_IP, target_ip, 4);
	return len;
}

uint32_t arp_write_request(const struct net_interface *interface, const struct ip_address *target,
			   const uint8_t *mac, uint8_t *frame)
{
	static const uint8_t unspecified[4];
	const struct ip_address *source = route_source(interface, target);

	return write_frame(interface, mac ? mac : mac_broadcast, ARP_REQUEST,
			   source ? source->bytes : unspecified, NULL, target->bytes, frame);
}

/* RFC 5227 §3: an announcement is a request for one's own address. */
uint32_t arp_write_announcement(const struct net_interface *interface, uint32_t own, uint8_t *frame)
{
	const uint8_t *ip = (const uint8_t *)&interface->v4[own];

	return write_frame(interface, mac_broadcast, ARP_REQUEST, ip, NULL, ip, frame);
}

static bool is_ethernet_ipv4(const uint8_t *arp)
{
	return load_be16(arp + ARP_HARDWARE) == 1 && load_be16(arp + ARP_PROTOCOL) == ETHERTYPE_IPV4 &&
	       arp[ARP_HARDWARE_LEN] == MAC_LEN && arp[ARP_PROTOCOL_LEN] == 4;
}

enum net_action arp_receive(const struct net_rx *rx)
{
	const uint8_t *arp = rx->frame + rx->l3;

	if (rx->len - rx->l3 < ARP_LEN || !is_ethernet_ipv4(arp))
		return rx_drop(rx, REASON_LINK_HEADER);
	uint16_t operation = load_be16(arp + ARP_OPERATION);
	struct ip_address sender = ip_address_from(arp + ARP_SENDER_IP, 4);
	bool is_probe = load_raw32(sender.bytes) == 0; /* RFC 5227 §1.1: asks, has none yet */
	bool is_for_us = is_own_v4(rx->interface, load_raw32(arp + ARP_TARGET_IP));

	if (operation != ARP_REQUEST && operation != ARP_REPLY)
		return rx_drop(rx, REASON_LINK_HEADER);
	/* A sender that claims an address of ours, or none that a host may have, teaches nothing
	 * and gets no answer. */
	if (!mac_is_station(arp + ARP_SENDER_MAC) ||
	    (!is_probe && route_is_bad_source(rx->interface, &sender)))
		return rx_drop(rx, REASON_IP_SOURCE_BOGUS);
	if (!is_probe)
		route_learn(rx, &sender, arp + ARP_SENDER_MAC,
			    operation == ARP_REPLY ? NEIGHBOUR_SOLICITED | NEIGHBOUR_OVERRIDE
						   : NEIGHBOUR_OVERRIDE);
	if (operation == ARP_REQUEST && is_for_us) {
		uint32_t len = write_frame(rx->interface, arp + ARP_SENDER_MAC, ARP_REPLY,
					   arp + ARP_TARGET_IP, arp + ARP_SENDER_MAC,
					   arp + ARP_SENDER_IP, rx->stack->scratch);
		return rx_reply(rx, len, REASON_ARP_WHO_HAS);
	}
	/* The kernel behind the TAP may have asked, or have an address that we know nothing of. */
	rx->result->copy_to_kernel = rx->interface->config.flags & NET_INTERFACE_PUNT;
	return rx_finish(rx, NET_ABSORBED, VERDICT_ABSORB, REASON_NEIGHBOUR_LEARNED);
}
