/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stack as a whole: its memory, the link layer's decision what a frame is, time, and the
 * figures.  What is in the frame is arp.c's, ipv4.c's and ipv6.c's.
 */
#include "net/stack_state.h"

#define NEIGHBOURS_DEFAULT 1024
#define NEIGHBOURS_LIMIT   (1u << 20)
#define REASSEMBLY_DEFAULT 64
#define REASSEMBLY_LIMIT   (1u << 16)
#define INTERFACE_NONE     UINT16_MAX

static size_t round_up(size_t n)
{
	return (n + CACHE_LINE_SIZE - 1) & ~(size_t)(CACHE_LINE_SIZE - 1);
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static struct reassembly_config reassembly_config_of(const struct net_config *config)
{
	uint32_t max = or_default(config->reassembly_max, REASSEMBLY_DEFAULT);

	return (struct reassembly_config){
		.max = max,
		.source_max = or_default(config->reassembly_source_max, (max + 3) / 4),
		.timeout_v4_us = TICK_MS(or_default(config->reassembly_timeout_v4_ms, 30000)),
		.timeout_v6_us = TICK_MS(or_default(config->reassembly_timeout_v6_ms, 60000)),
		.headroom = NET_REASSEMBLY_HEADROOM,
		.tailroom = NET_REASSEMBLY_TAILROOM,
		.key = config->key,
	};
}

static uint32_t neighbours_of(const struct net_config *config)
{
	return or_default(config->neighbours_max, NEIGHBOURS_DEFAULT);
}

static bool is_possible_interface(const struct net_interface_config *interface)
{
	if (interface->port >= NET_PORTS_MAX || interface->vlan > 4094 || interface->dscp > 63 ||
	    interface->address_count > NET_ADDRESSES_MAX || interface->mtu < NET_MTU_MIN_V4 ||
	    interface->mtu > NET_MTU_MAX || !mac_is_station(interface->mac))
		return false;
	for (uint32_t i = 0; i < interface->address_count; i++) {
		const struct ip_prefix *p = &interface->addresses[i];

		if (ip_address_is_bogus(&p->address) || p->bits > 8 * ip_address_size(&p->address))
			return false;
		if (p->address.family == IP_V6 && interface->mtu < NET_MTU_MIN_V6)
			return false;
	}
	return true;
}

static bool is_possible(const struct net_config *config)
{
	if (config->interface_count == 0 || config->interface_count > NET_INTERFACES_MAX ||
	    config->workers == 0 || config->worker >= config->workers ||
	    neighbours_of(config) > NEIGHBOURS_LIMIT || config->reassembly_max > REASSEMBLY_LIMIT)
		return false;
	for (uint32_t i = 0; i < config->interface_count; i++) {
		if (!is_possible_interface(&config->interfaces[i]))
			return false;
		for (uint32_t j = 0; j < i; j++) {
			if (config->interfaces[i].port == config->interfaces[j].port &&
			    config->interfaces[i].vlan == config->interfaces[j].vlan)
				return false;
		}
	}
	return true;
}

size_t net_stack_size(const struct net_config *config)
{
	if (!is_possible(config))
		return 0;
	struct reassembly_config reassembly = reassembly_config_of(config);
	return round_up(sizeof(struct net_stack)) + neighbour_table_size(neighbours_of(config)) +
	       reassembly_size(&reassembly);
}

/* RFC 4291 appendix A */
static struct ip_address link_local_of(const uint8_t mac[MAC_LEN])
{
	return (struct ip_address){
		.bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
			   mac[3], mac[4], mac[5] },
		.family = IP_V6,
	};
}

static void interface_init(struct net_interface *interface, const struct net_interface_config *config)
{
	interface->config = *config;
	interface->link_len = config->vlan ? ETHER_LEN + VLAN_LEN : ETHER_LEN;
	for (uint32_t i = 0; i < config->address_count; i++) {
		const struct ip_prefix *p = &config->addresses[i];

		interface->prefixes[interface->prefix_count++] = *p;
		if (p->address.family == IP_V4) {
			uint32_t own = load_raw32(p->address.bytes);
			uint32_t mask = __builtin_bswap32((uint32_t)(UINT64_MAX << (32 - p->bits)));

			/* RFC 3021: networks of /31 and /32 have no broadcast address. */
			interface->v4_networks[interface->v4_count] = (struct net_v4_network){
				.network = own & mask, .mask = mask, .has_broadcast = p->bits <= 30
			};
			interface->v4[interface->v4_count++] = own;
			continue;
		}
		interface->v6[interface->v6_count++] = p->address;
		if (p->address.bytes[0] == 0xfe && (p->address.bytes[1] & 0xc0) == 0x80 &&
		    interface->link_local.family == IP_NONE)
			interface->link_local = p->address;
	}
	/* RFC 4291 §2.1: every IPv6 interface has a link-local address; routers speak to it. */
	if (interface->v6_count && interface->link_local.family == IP_NONE) {
		interface->link_local = link_local_of(config->mac);
		interface->v6[interface->v6_count++] = interface->link_local;
		interface->prefixes[interface->prefix_count++] =
			(struct ip_prefix){ .address = interface->link_local, .bits = 64 };
	}
}

struct net_stack *net_stack_init(void *memory, const struct net_config *config, tick_t now)
{
	size_t size = net_stack_size(config);
	struct net_stack *stack = memory;
	uint8_t *at = memory;

	if (size == 0)
		return NULL;
	MEMORY_UNPOISON(memory, size);
	memset(stack, 0, sizeof(*stack));
	stack->interface_count = config->interface_count;
	stack->worker = config->worker;
	stack->workers = config->workers;
	stack->key = config->key;
	for (uint32_t i = 0; i < NET_PORTS_MAX; i++)
		stack->untagged[i] = INTERFACE_NONE;
	for (uint16_t i = 0; i < config->interface_count; i++) {
		interface_init(&stack->interfaces[i], &config->interfaces[i]);
		if (config->interfaces[i].vlan == 0)
			stack->untagged[config->interfaces[i].port] = i;
	}
	/* RFC 7739: identifications start where a stranger does not expect them. */
	uint64_t start = hash_mix64(config->key.k0 ^ config->key.k1 ^ now);
	stack->ipv4_id = (uint16_t)(start * config->workers + config->worker);
	stack->ipv6_id = (uint32_t)((start >> 16) * config->workers + config->worker);

	at += round_up(sizeof(*stack));
	neighbour_table_init(&stack->neighbours, at, neighbours_of(config), &config->key);
	at += neighbour_table_size(neighbours_of(config));
	struct reassembly_config reassembly = reassembly_config_of(config);
	stack->reassembly = reassembly_init(at, &reassembly);
	path_mtu_init(&stack->path_mtus, &config->key);
	return stack;
}

bool net_stack_ports_set(struct net_stack *stack, const uint16_t *ports, uint32_t count)
{
	if (count > NET_UDP_PORTS_MAX)
		return false;
	memset(stack->udp_ports, 0, sizeof(stack->udp_ports));
	for (uint32_t i = 0; i < count; i++)
		stack->udp_ports[ports[i] / 64] |= (uint64_t)1 << (ports[i] % 64);
	return true;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static uint16_t tagged_interface(const struct net_stack *stack, uint16_t port, uint16_t vlan)
{
	for (uint16_t i = 0; i < stack->interface_count; i++) {
		const struct net_interface_config *config = &stack->interfaces[i].config;

		if (config->port == port && config->vlan == vlan)
			return i;
	}
	return INTERFACE_NONE;
}

enum net_action net_receive(struct net_stack *stack, uint16_t port, const uint8_t *frame,
			    uint32_t len, uint32_t flags, tick_t now, struct net_result *result)
{
	struct net_rx rx = { .stack = stack, .frame = frame, .len = len, .flags = flags,
			     .l3 = ETHER_LEN, .now = now, .result = result };
	uint16_t index, ethertype;

	result->reassembled = false;
	result->copy_to_kernel = false;
	result->payload = NULL;
	result->interface = INTERFACE_NONE;
	result->update.kind = NET_UPDATE_NONE;
	result->neighbour_resolved = NET_NEIGHBOUR_NONE;
	if (UNLIKELY(len < ETHER_LEN || port >= NET_PORTS_MAX))
		return rx_drop(&rx, REASON_LINK_HEADER);
	ethertype = load_be16(frame + ETHER_TYPE);
	index = stack->untagged[port];
	if (ethertype == ETHERTYPE_VLAN) {
		if (len < ETHER_LEN + VLAN_LEN)
			return rx_drop(&rx, REASON_LINK_HEADER);
		uint16_t vlan = load_be16(frame + ETHER_LEN) & VLAN_ID_MASK;

		/* 802.1Q: VLAN 0 carries a priority and no membership. */
		if (vlan)
			index = tagged_interface(stack, port, vlan);
		ethertype = load_be16(frame + ETHER_LEN + 2);
		rx.l3 += VLAN_LEN;
	}
	if (UNLIKELY(index == INTERFACE_NONE))
		return rx_drop(&rx, REASON_VLAN_FOREIGN);
	result->interface = index;
	rx.interface = &stack->interfaces[index];
	rx.is_group = frame[ETHER_DESTINATION] & 1;
	if (UNLIKELY(!rx.is_group && !mac_equal(frame + ETHER_DESTINATION, rx.interface->config.mac)))
		return rx_drop(&rx, REASON_MAC_FOREIGN);
	if (UNLIKELY(!mac_is_station(frame + ETHER_SOURCE)))
		return rx_drop(&rx, REASON_LINK_HEADER);
	if (LIKELY(ethertype == ETHERTYPE_IPV4))
		return ipv4_receive(&rx);
	if (ethertype == ETHERTYPE_IPV6)
		return ipv6_receive(&rx);
	if (ethertype == ETHERTYPE_ARP)
		return arp_receive(&rx);
	return rx_not_ours(&rx, REASON_LINK_HEADER);
}

uint32_t net_update_apply(struct net_stack *stack, const struct net_update *update, tick_t now)
{
	if (update->interface >= stack->interface_count)
		return NET_NEIGHBOUR_NONE;
	if (update->kind == NET_UPDATE_NEIGHBOUR)
		return neighbour_learn(&stack->neighbours, update->interface, &update->address,
				       update->mac, update->flags, now);
	if (update->kind == NET_UPDATE_PATH_MTU)
		stack->stats.path_mtu_updates +=
			path_mtu_learn(&stack->path_mtus, update->interface, &update->address,
				       update->mtu, now);
	return NET_NEIGHBOUR_NONE;
}

/* ---- figures --------------------------------------------------------------------------------- */

static void publish(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* Copied at expiry, which every loop calls: the figures of a moment ago. */
static void stats_publish(struct net_stack *stack)
{
	const struct reassembly_stats *r = reassembly_stats(stack->reassembly);
	struct net_stats *stats = &stack->stats;

	publish(&stats->neighbours, stack->neighbours.count - stack->neighbours.incomplete);
	publish(&stats->neighbours_failed, stack->neighbours.failed);
	publish(&stats->neighbours_full, stack->neighbours.full);
	publish(&stats->reassembling, r->datagrams);
	publish(&stats->reassembled, r->completed);
	publish(&stats->reassembly_timeouts, r->timeouts);
	publish(&stats->reassembly_evicted, r->evicted);
	publish(&stats->reassembly_invalid, r->invalid);
}

const struct net_stats *net_stats(const struct net_stack *stack)
{
	return &stack->stats;
}

/* ---- time ------------------------------------------------------------------------------------ */

static uint32_t write_solicitation(struct net_stack *stack, const struct neighbour *entry, bool unicast)
{
	const struct net_interface *interface = &stack->interfaces[entry->interface];
	const uint8_t *mac = unicast ? entry->mac : NULL;

	publish(&stack->stats.solicitations, stack->stats.solicitations + 1);
	return entry->address.family == IP_V4
		       ? arp_write_request(interface, &entry->address, mac, stack->scratch)
		       : nd_write_solicitation(interface, &entry->address, mac, stack->scratch);
}

bool net_expire(struct net_stack *stack, tick_t now, struct net_event *event)
{
	uint32_t index;
	enum neighbour_due due = neighbour_expire(&stack->neighbours, now, &index);

	if (due == NEIGHBOUR_NOTHING_DUE) {
		reassembly_expire(stack->reassembly, now);
		stats_publish(stack);
		return false;
	}
	const struct neighbour *entry = &stack->neighbours.entries[index];
	*event = (struct net_event){
		.kind = due == NEIGHBOUR_LOST ? NET_EVENT_UNREACHABLE : NET_EVENT_SEND,
		.interface = entry->interface,
		.port = stack->interfaces[entry->interface].config.port,
		.neighbour = index,
		.address = entry->address,
	};
	if (due != NEIGHBOUR_LOST) {
		event->frame = stack->scratch;
		event->frame_len = write_solicitation(stack, entry, due == NEIGHBOUR_ASK_UNICAST);
	}
	return true;
}

tick_t net_next_expiry(const struct net_stack *stack)
{
	return MIN(neighbour_next_expiry(&stack->neighbours),
		   reassembly_next_expiry(stack->reassembly));
}

/* ---- next hop -------------------------------------------------------------------------------- */

enum net_hop_status net_resolve(struct net_stack *stack, uint16_t interface,
				const struct ip_address *destination, tick_t now,
				struct net_hop *hop)
{
	bool solicit;

	hop->solicitation_len = 0;
	hop->neighbour = NET_NEIGHBOUR_NONE;
	if (!route_next_hop(stack, interface, destination, &hop->address))
		return NET_HOP_NO_ROUTE;
	enum neighbour_status status = neighbour_lookup(&stack->neighbours, interface, &hop->address,
							now, &hop->neighbour, &solicit);
	if (UNLIKELY(status == NEIGHBOUR_UNREACHABLE))
		return NET_HOP_UNREACHABLE;
	const struct neighbour *entry = &stack->neighbours.entries[hop->neighbour];
	if (UNLIKELY(solicit)) {
		hop->solicitation = stack->scratch;
		hop->solicitation_len = write_solicitation(stack, entry, status == NEIGHBOUR_KNOWN);
	}
	if (UNLIKELY(status == NEIGHBOUR_PENDING))
		return NET_HOP_PENDING;
	memcpy(hop->mac, entry->mac, sizeof(hop->mac));
	return NET_HOP_RESOLVED;
}

uint16_t net_path_mtu(struct net_stack *stack, uint16_t interface,
		      const struct ip_address *destination, tick_t now)
{
	uint16_t mtu = stack->interfaces[interface].config.mtu;

	/* IPv4 packets of ours may be fragmented on their way. */
	if (destination->family != IP_V6)
		return mtu;
	return path_mtu_lookup(&stack->path_mtus, interface, destination, mtu, now);
}
