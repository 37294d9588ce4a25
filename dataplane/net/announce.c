/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interface says of itself when it comes up, and which groups it listens on. */
#include "net/stack_state.h"

uint32_t net_announce(struct net_stack *stack, uint16_t interface, uint32_t which, uint8_t *frame)
{
	if (interface >= stack->interface_count)
		return 0;
	const struct net_interface *i = &stack->interfaces[interface];

	if (which < i->v4_count)
		return arp_write_announcement(i, which, frame);
	which -= i->v4_count;
	if (i->v6_count == 0)
		return 0;
	/* The report first: a snooping switch then lets the answers to the rest through. */
	if (which == 0)
		return mld_write_report(i, frame);
	if (which <= i->v6_count)
		return nd_write_announcement(i, which - 1, frame);
	return 0;
}

uint32_t net_multicast_macs(const struct net_stack *stack, uint16_t interface, uint8_t (*macs)[6],
			    uint32_t max)
{
	if (interface >= stack->interface_count || stack->interfaces[interface].v6_count == 0)
		return 0;
	const struct net_interface *i = &stack->interfaces[interface];

	if (max > 0)
		ipv6_group_mac(ipv6_all_nodes, macs[0]);
	for (uint32_t n = 0; n < i->v6_count && n + 1 < max; n++) {
		uint8_t group[16];

		ipv6_solicited_node(i->v6[n].bytes, group);
		ipv6_group_mac(group, macs[n + 1]);
	}
	return i->v6_count + 1u;
}
