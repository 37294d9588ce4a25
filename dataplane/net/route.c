/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions about addresses: whose is it, is it on-link, which neighbour leads there, may a host
 * have it, and who may tell us where a neighbour is.
 */
#include "net/stack_state.h"

/* RFC 1122 §3.2.1.3: all ones or all zeros in the host part. */
static bool is_broadcast_of(const struct net_v4_network *n, uint32_t raw)
{
	uint32_t host = raw & ~n->mask;

	return n->has_broadcast && (raw & n->mask) == n->network && (host == 0 || host == ~n->mask);
}

bool route_is_bad_source_v4(const struct net_interface *interface, uint32_t raw)
{
	uint8_t first = (uint8_t)raw; /* the first octet: as on the wire, little endian */

	if (first == 0 || first == 127 || first >= 224)
		return true;
	for (uint32_t i = 0; i < interface->v4_count; i++) {
		if (interface->v4[i] == raw || is_broadcast_of(&interface->v4_networks[i], raw))
			return true;
	}
	return false;
}

bool route_is_bad_source_v6(const struct net_interface *interface, const uint8_t bytes[16])
{
	return ipv6_is_bogus(bytes) || is_own_v6(interface, bytes);
}

static bool is_own(const struct net_interface *interface, const struct ip_address *address)
{
	if (address->family == IP_V4)
		return is_own_v4(interface, load_raw32(address->bytes));
	return address->family == IP_V6 && is_own_v6(interface, address->bytes);
}

static bool is_on_link(const struct net_interface *interface, const struct ip_address *address)
{
	if (address->family == IP_V4) {
		uint32_t raw = load_raw32(address->bytes);

		for (uint32_t i = 0; i < interface->v4_count; i++) {
			if ((raw & interface->v4_networks[i].mask) ==
			    interface->v4_networks[i].network)
				return true;
		}
		return false;
	}
	for (uint32_t i = 0; i < interface->prefix_count; i++) {
		if (ip_prefix_contains(&interface->prefixes[i], address))
			return true;
	}
	return false;
}

bool net_is_own(const struct net_stack *stack, uint16_t interface, const struct ip_address *address)
{
	return interface < stack->interface_count && is_own(&stack->interfaces[interface], address);
}

bool net_is_on_link(const struct net_stack *stack, uint16_t interface,
		    const struct ip_address *address)
{
	return interface < stack->interface_count &&
	       is_on_link(&stack->interfaces[interface], address);
}

static const struct ip_address *gateway_of(const struct net_interface *interface, uint8_t family)
{
	return family == IP_V4 ? &interface->config.gateway_v4 : &interface->config.gateway_v6;
}

bool route_next_hop(const struct net_stack *stack, uint16_t interface,
		    const struct ip_address *destination, struct ip_address *hop)
{
	if (interface >= stack->interface_count)
		return false;
	const struct net_interface *i = &stack->interfaces[interface];

	if (route_is_bad_source(i, destination))
		return false;
	*hop = is_on_link(i, destination) ? *destination : *gateway_of(i, destination->family);
	return hop->family == destination->family;
}

const struct ip_address *route_source(const struct net_interface *interface,
				      const struct ip_address *neighbour)
{
	const struct ip_address *any = NULL;

	for (uint32_t i = 0; i < interface->prefix_count; i++) {
		const struct ip_prefix *own = &interface->prefixes[i];

		if (ip_prefix_contains(own, neighbour))
			return &own->address;
		if (!any && own->address.family == neighbour->family)
			any = &own->address;
	}
	return any;
}

bool route_is_neighbour(const struct net_interface *interface, const struct ip_address *address)
{
	return !route_is_bad_source(interface, address) &&
	       (is_on_link(interface, address) ||
		ip_address_equal(address, gateway_of(interface, address->family)));
}

bool route_is_bad_source(const struct net_interface *interface, const struct ip_address *address)
{
	if (address->family == IP_V4)
		return route_is_bad_source_v4(interface, load_raw32(address->bytes));
	return address->family != IP_V6 || route_is_bad_source_v6(interface, address->bytes);
}

void route_learn(const struct net_rx *rx, const struct ip_address *address, const uint8_t *mac,
		 uint32_t flags)
{
	struct net_update *update = &rx->result->update;

	if (!route_is_neighbour(rx->interface, address) || !mac_is_station(mac) ||
	    mac_equal(mac, rx->interface->config.mac))
		return;
	*update = (struct net_update){ .kind = NET_UPDATE_NEIGHBOUR,
				       .flags = (uint8_t)flags,
				       .interface = rx->result->interface,
				       .address = *address };
	memcpy(update->mac, mac, sizeof(update->mac));
	rx->result->neighbour_resolved = neighbour_learn(&rx->stack->neighbours, update->interface,
							 address, mac, flags, rx->now);
}
