/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers that every kind of sent frame shares: Ethernet with its tag, IPv6. */
#include "net/stack_state.h"

uint32_t link_write(const struct net_interface *interface, const uint8_t *destination,
		    uint16_t ethertype, uint8_t *frame)
{
	uint32_t at = ETHER_TYPE;

	memcpy(frame + ETHER_DESTINATION, destination, MAC_LEN);
	memcpy(frame + ETHER_SOURCE, interface->config.mac, MAC_LEN);
	if (interface->config.vlan) {
		store_be16(frame + at, ETHERTYPE_VLAN);
		store_be16(frame + at + 2, interface->config.vlan);
		at += VLAN_LEN;
	}
	store_be16(frame + at, ethertype);
	return at + 2;
}

void ipv6_write_header(uint8_t *header, uint8_t next, uint16_t payload_len, uint8_t hop_limit,
		       const uint8_t source[16], const uint8_t destination[16])
{
	store_be32(header, 0x60000000u);
	store_be16(header + IPV6_PAYLOAD, payload_len);
	header[IPV6_NEXT] = next;
	header[IPV6_HOP_LIMIT] = hop_limit;
	memcpy(header + IPV6_SOURCE, source, 16);
	memcpy(header + IPV6_DESTINATION, destination, 16);
}
