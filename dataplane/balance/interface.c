/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions about addresses that the snapshot answers; see interface.h. */
#include "balance/index.h"
#include "balance/interface.h"

static bool has_gateway(const struct balance_interface *interface, uint8_t family)
{
	return family == IP_V4 ? interface->gateway_v4.family == IP_V4
			       : interface->gateway_v6.family == IP_V6;
}

/* The longest own network that holds `address`, as bits + 1; 0: none. */
static unsigned int on_link_bits(const struct balance_interface *interface,
				 const struct ip_address *address)
{
	unsigned int best = 0;

	for (unsigned int i = 0; i < interface->address_count; i++) {
		const struct ip_prefix *own = &interface->addresses[i];
		if (own->bits + 1u > best && ip_prefix_contains(own, address))
			best = own->bits + 1u;
	}
	return best;
}

static unsigned int peer_bits(const struct balance_snapshot *snapshot,
			      const struct balance_interface *interface,
			      const struct ip_address *address)
{
	unsigned int best = 0;

	for (uint32_t i = 0; i < interface->peer_count; i++) {
		const struct ip_prefix *peer = &snapshot->peers[interface->peer_first + i];
		if (peer->bits + 1u > best && ip_prefix_contains(peer, address))
			best = peer->bits + 1u;
	}
	return best;
}

uint16_t balance_egress_find(const struct balance_snapshot *snapshot,
			     const struct ip_address *address)
{
	uint16_t best = BALANCE_NONE, gateway = BALANCE_NONE;
	unsigned int best_bits = 0;

	for (uint16_t i = 0; i < snapshot->interface_count; i++) {
		const struct balance_interface *interface = &snapshot->interfaces[i];
		unsigned int bits = on_link_bits(interface, address);
		if (has_gateway(interface, address->family)) {
			/* A peer behind a gateway is reached through it. */
			unsigned int peer = peer_bits(snapshot, interface, address);
			bits = MAX(bits, peer);
			if (gateway == BALANCE_NONE)
				gateway = i;
		}
		if (bits > best_bits) {
			best_bits = bits;
			best = i;
		}
	}
	return best != BALANCE_NONE ? best : gateway;
}

bool balance_is_peer(const struct balance_snapshot *snapshot, uint16_t interface,
		     const struct ip_address *address)
{
	if (interface >= snapshot->interface_count)
		return false;
	const struct balance_interface *at = &snapshot->interfaces[interface];
	return (at->peer_count ? peer_bits(snapshot, at, address) : on_link_bits(at, address)) != 0;
}

bool balance_is_own_address(const struct balance_snapshot *snapshot,
			    const struct ip_address *address)
{
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		const struct balance_interface *interface = &snapshot->interfaces[i];
		for (unsigned int j = 0; j < interface->address_count; j++) {
			if (ip_address_equal(&interface->addresses[j].address, address))
				return true;
		}
	}
	return false;
}

bool balance_is_own_endpoint(const struct balance_snapshot *snapshot,
			     const struct endpoint *endpoint)
{
	if (!balance_is_own_address(snapshot, &endpoint->address))
		return false;
	/* Any of our SIP ports on any own address counts: sending there is never useful, and a
	 * narrower answer could miss a loop. */
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		if (snapshot->interfaces[i].sip_port == endpoint->port)
			return true;
	}
	for (uint32_t i = 0; i < snapshot->listen_count; i++) {
		if (snapshot->listens[i].endpoint.port == endpoint->port)
			return true;
	}
	/* Routes of ours that dialogs have learned lead there. */
	for (uint32_t i = 0; i < snapshot->past_port_count; i++) {
		if (snapshot->past_ports[i].port == endpoint->port)
			return true;
	}
	return false;
}

bool balance_was_target(const struct balance_snapshot *snapshot, const struct ip_address *address)
{
	for (uint32_t i = 0; i < snapshot->past_count; i++) {
		if (ip_address_equal(&snapshot->past[i].address, address))
			return true;
	}
	return false;
}

bool balance_own_endpoint(const struct balance_snapshot *snapshot, uint16_t interface,
			  uint8_t family, struct endpoint *out)
{
	if (interface >= snapshot->interface_count)
		return false;
	const struct balance_interface *at = &snapshot->interfaces[interface];
	for (unsigned int i = 0; i < at->address_count; i++) {
		if (at->addresses[i].address.family != family)
			continue;
		*out = (struct endpoint){ .address = at->addresses[i].address,
					  .port = at->sip_port };
		return true;
	}
	return false;
}

static bool pool_has_address(const struct balance_snapshot *snapshot, uint16_t pool,
			     const struct ip_address *address)
{
	if (snapshot->index)
		return balance_index_find_member(snapshot, pool, address) != BALANCE_NONE;
	const struct balance_pool *at = &snapshot->pools[pool];
	for (uint32_t i = 0; i < at->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[at->target_first + i];
		if (ip_address_equal(&target->endpoint.address, address))
			return true;
	}
	return false;
}

uint16_t balance_service_find(const struct balance_snapshot *snapshot, const struct endpoint *local,
			      const struct endpoint *source)
{
	uint16_t open = BALANCE_NONE;

	for (uint32_t i = 0; i < snapshot->listen_count; i++) {
		const struct balance_listen *listen = &snapshot->listens[i];
		if (!endpoint_equal(&listen->endpoint, local))
			continue;
		uint16_t from = snapshot->services[listen->service].from_pool;
		if (from == BALANCE_NONE) {
			if (open == BALANCE_NONE)
				open = listen->service;
		} else if (pool_has_address(snapshot, from, &source->address)) {
			return listen->service;
		}
	}
	return open;
}

uint16_t balance_target_find(const struct balance_snapshot *snapshot,
			     const struct endpoint *endpoint)
{
	if (snapshot->index)
		return balance_index_find_target(snapshot, endpoint);
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct endpoint *at = &snapshot->targets[i].endpoint;
		if (ip_address_equal(&at->address, &endpoint->address) &&
		    (endpoint->port == 0 || at->port == endpoint->port))
			return (uint16_t)i;
	}
	return BALANCE_NONE;
}

uint16_t balance_target_by_id(const struct balance_snapshot *snapshot, uint64_t id, uint16_t hint)
{
	uint32_t i = hint;

	for (uint32_t left = snapshot->target_count; left; left--, i++) {
		if (i >= snapshot->target_count)
			i = 0;
		if (snapshot->targets[i].id == id)
			return (uint16_t)i;
	}
	return BALANCE_NONE;
}

bool balance_host_find(const struct balance_snapshot *snapshot, struct span host,
		       struct ip_address *address)
{
	char lower[sizeof(snapshot->hosts->name)];

	if (ip_address_parse(host, address))
		return true;
	/* RFC 3261 §25.1: hostname may end in the root's dot. */
	if (host.len && host.data[host.len - 1] == '.')
		host.len--;
	if (host.len == 0 || host.len >= sizeof(lower))
		return false;
	for (size_t i = 0; i < host.len; i++)
		lower[i] = char_lower(host.data[i]);
	struct span name = span_of(lower, host.len);

	if (snapshot->index) {
		uint16_t found = balance_index_find_host(snapshot, name);
		if (found == BALANCE_NONE)
			return false;
		*address = snapshot->hosts[found].address;
		return true;
	}
	for (uint32_t i = 0; i < snapshot->host_count; i++) {
		if (span_equal(span_of_string(snapshot->hosts[i].name), name)) {
			*address = snapshot->hosts[i].address;
			return true;
		}
	}
	return false;
}
