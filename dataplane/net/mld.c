/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multicast listener discovery (RFC 3810), as far as neighbour discovery needs it: a switch that
 * snoops sends solicitations only to whom it knows to listen on their group.
 */
#include "net/stack_state.h"

#define MLD_LEN        8
#define MLD_RECORD_LEN 20
#define HOP_BY_HOP_LEN 8

enum { MODE_IS_EXCLUDE = 2, CHANGE_TO_EXCLUDE = 4 };

static bool is_group_written(const uint8_t *records, uint32_t count, const uint8_t group[16])
{
	for (uint32_t i = 0; i < count; i++) {
		if (memcmp(records + i * MLD_RECORD_LEN + 4, group, 16) == 0)
			return true;
	}
	return false;
}

static uint32_t write_records(const struct net_interface *interface, uint8_t type, uint8_t *records)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < interface->v6_count; i++) {
		uint8_t *record = records + count * MLD_RECORD_LEN;
		uint8_t group[16];

		ipv6_solicited_node(interface->v6[i].bytes, group);
		if (is_group_written(records, count, group))
			continue;
		memset(record, 0, MLD_RECORD_LEN);
		record[0] = type;
		memcpy(record + 4, group, 16);
		count++;
	}
	return count;
}

static uint32_t write_report(const struct net_interface *interface, uint8_t type, uint8_t *frame)
{
	static const uint8_t all_mld_routers[16] = { 0xff, 0x02, [15] = 0x16 };
	/* RFC 2711: routers look at it although it is not addressed to them. */
	static const uint8_t router_alert[HOP_BY_HOP_LEN] = { PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
	uint8_t mac[MAC_LEN];

	ipv6_group_mac(all_mld_routers, mac);
	uint8_t *ip = frame + link_write(interface, mac, ETHERTYPE_IPV6, frame);
	uint8_t *mld = ip + IPV6_LEN + HOP_BY_HOP_LEN;
	uint32_t count = write_records(interface, type, mld + MLD_LEN);
	uint16_t len = (uint16_t)(MLD_LEN + count * MLD_RECORD_LEN);

	ipv6_write_header(ip, PROTOCOL_HOP_BY_HOP, (uint16_t)(HOP_BY_HOP_LEN + len), 1,
			  interface->link_local.bytes, all_mld_routers);
	memcpy(ip + IPV6_LEN, router_alert, sizeof(router_alert));
	memset(mld, 0, MLD_LEN);
	mld[ICMP_TYPE] = ICMPV6_MLD_REPORT;
	store_be16(mld + 6, (uint16_t)count);
	uint64_t sum = checksum_pseudo(ip + IPV6_SOURCE, 32, PROTOCOL_ICMPV6, len);
	store_raw16(mld + ICMP_CHECKSUM, checksum_final(checksum_add(sum, mld, len)));
	return (uint32_t)(mld - frame) + len;
}

uint32_t mld_write_report(const struct net_interface *interface, uint8_t *frame)
{
	return write_report(interface, CHANGE_TO_EXCLUDE, frame);
}

enum net_action mld_receive(const struct net_rx *rx, const struct net_packet *packet)
{
	/* RFC 3810 §6.2: from a router's link-local address, not forwarded. */
	if (packet->hop_limit != 1 || packet->addresses[0] != 0xfe ||
	    (packet->addresses[1] & 0xc0) != 0x80)
		return rx_drop(rx, REASON_ICMP_IGNORED);
	rx->result->copy_to_kernel = rx->interface->config.flags & NET_INTERFACE_PUNT;
	return rx_reply(rx, write_report(rx->interface, MODE_IS_EXCLUDE, rx->stack->scratch),
			REASON_MULTICAST_QUERY);
}
