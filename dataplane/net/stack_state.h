/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the stack share among themselves: its state, the frame on its way through
 * them, and the steps of that way in order.  For dataplane/net alone; others include net/stack.h.
 */
#ifndef NET_STACK_STATE_H
#define NET_STACK_STATE_H

#include "net/checksum.h"
#include "net/neighbour.h"
#include "net/path_mtu.h"
#include "net/reassembly.h"
#include "net/stack.h"
#include "net/wire.h"

struct net_interface {
	struct net_interface_config config;
	uint8_t v4_count, v6_count;
	uint8_t link_len;              /* of sent frames */
	/* as they stand on the wire: own addresses, and their networks */
	uint32_t v4[NET_ADDRESSES_MAX];
	struct net_v4_network {
		uint32_t network, mask;
		bool has_broadcast;
	} v4_networks[NET_ADDRESSES_MAX];
	struct ip_address v6[NET_ADDRESSES_MAX + 1];
	struct ip_address link_local;  /* family IP_NONE without IPv6 */
	uint8_t prefix_count;
	struct ip_prefix prefixes[NET_ADDRESSES_MAX + 1]; /* on-link networks, with own addresses */
};

struct net_stack {
	/* read for every frame */
	uint16_t interface_count;
	uint16_t worker, workers;
	uint16_t untagged[NET_PORTS_MAX];   /* interface of a port without tag; UINT16_MAX: none */
	struct hash_key key;
	uint16_t ipv4_id;
	uint32_t ipv6_id;
	struct reassembly *reassembly;
	struct net_interface interfaces[NET_INTERFACES_MAX];
	uint64_t udp_ports[65536 / 64];     /* a bit a port */
	/* read for every frame sent */
	struct neighbour_table neighbours;
	struct path_mtu_cache path_mtus;
	struct net_stats stats;
	alignas(CACHE_LINE_SIZE) uint8_t scratch[NET_FRAME_MAX];
};

/* A frame on its way. */
struct net_rx {
	struct net_stack *stack;
	const struct net_interface *interface;
	const uint8_t *frame;
	uint32_t len;
	uint32_t flags;
	uint32_t l3;        /* offset of what follows the link header */
	bool is_group;      /* sent to a group of stations */
	tick_t now;
	struct net_result *result;
};

/* An IP packet's payload behind all of its headers but the last. */
struct net_packet {
	const uint8_t *addresses;  /* source and destination as in the IP header */
	uint8_t addresses_len;     /* 8 or 32 */
	uint8_t protocol;
	uint8_t hop_limit;
	bool reassembled;
	const uint8_t *data;
	uint32_t len;
};

static inline struct ip_address ip_address_from(const uint8_t *bytes, uint8_t size)
{
	struct ip_address address = { .family = size == 4 ? IP_V4 : IP_V6 };

	/* Sizes that the compiler knows: moves, no calls. */
	if (size == 4)
		memcpy(address.bytes, bytes, 4);
	else
		memcpy(address.bytes, bytes, 16);
	return address;
}

static inline struct ip_address packet_source(const struct net_packet *packet)
{
	return ip_address_from(packet->addresses, packet->addresses_len / 2);
}

static inline struct ip_address packet_destination(const struct net_packet *packet)
{
	uint8_t size = packet->addresses_len / 2;
	return ip_address_from(packet->addresses + size, size);
}

static inline uint64_t packet_pseudo(const struct net_packet *packet)
{
	return checksum_pseudo(packet->addresses, packet->addresses_len, packet->protocol,
			       packet->len);
}

static inline bool is_sip_port(const struct net_stack *stack, uint16_t port)
{
	return stack->udp_ports[port / 64] >> (port % 64) & 1;
}

static inline uint16_t interface_index(const struct net_stack *stack,
				       const struct net_interface *interface)
{
	return (uint16_t)(interface - stack->interfaces);
}

static inline bool is_own_v4(const struct net_interface *interface, uint32_t raw)
{
	for (uint32_t i = 0; i < interface->v4_count; i++) {
		if (interface->v4[i] == raw)
			return true;
	}
	return false;
}

static inline bool is_own_v6(const struct net_interface *interface, const uint8_t bytes[16])
{
	for (uint32_t i = 0; i < interface->v6_count; i++) {
		if (memcmp(interface->v6[i].bytes, bytes, 16) == 0)
			return true;
	}
	return false;
}

/* ---- the verdicts of net, one line each ------------------------------------------------------ */

static inline enum net_action rx_finish(const struct net_rx *rx, enum net_action action,
					enum verdict_kind kind, enum verdict_reason reason)
{
	rx->result->action = (uint8_t)action;
	rx->result->verdict = verdict_of(kind, reason);
	return action;
}

static inline enum net_action rx_drop(const struct net_rx *rx, enum verdict_reason reason)
{
	return rx_finish(rx, NET_DROP, VERDICT_DROP, reason);
}

/* The kernel's where a TAP leads there; else dropped for `reason`. */
static inline enum net_action rx_not_ours(const struct net_rx *rx, enum verdict_reason reason)
{
	if (rx->interface->config.flags & NET_INTERFACE_PUNT)
		return rx_finish(rx, NET_PUNT, VERDICT_PUNT, REASON_NOT_OURS);
	return rx_drop(rx, reason);
}

/* The scratch holds a frame of `len` octets. */
static inline enum net_action rx_reply(const struct net_rx *rx, uint32_t len,
				       enum verdict_reason reason)
{
	rx->result->reply = rx->stack->scratch;
	rx->result->reply_len = len;
	return rx_finish(rx, NET_REPLY, VERDICT_REPLY, reason);
}

/* ---- the way of a frame ---------------------------------------------------------------------- */

/* arp.c */
enum net_action arp_receive(const struct net_rx *rx);
/* Writes a request (unicast: to `mac`; NULL: to all), returns its length. */
uint32_t arp_write_request(const struct net_interface *interface, const struct ip_address *target,
			   const uint8_t *mac, uint8_t *frame);
uint32_t arp_write_announcement(const struct net_interface *interface, uint32_t own, uint8_t *frame);
/* ipv4.c, ipv6.c */
enum net_action ipv4_receive(const struct net_rx *rx);
enum net_action ipv6_receive(const struct net_rx *rx);
/* fragment.c: NET_DATAGRAM when `packet` has become the whole datagram; else the frame's end. */
enum net_action fragment_insert(const struct net_rx *rx, const struct reassembly_fragment *fragment,
				struct net_packet *packet);
/* udp.c */
enum net_action udp_receive(const struct net_rx *rx, const struct net_packet *packet);
/* icmp.c */
enum net_action icmp_receive(const struct net_rx *rx, const struct net_packet *packet);
enum net_action icmpv6_receive(const struct net_rx *rx, const struct net_packet *packet);
/* icmp_error.c */
enum net_action icmp_error_receive(const struct net_rx *rx, const struct net_packet *packet);
/* nd.c */
enum net_action nd_receive(const struct net_rx *rx, const struct net_packet *packet);
uint32_t nd_write_solicitation(const struct net_interface *interface,
			       const struct ip_address *target, const uint8_t *mac, uint8_t *frame);
uint32_t nd_write_announcement(const struct net_interface *interface, uint32_t own, uint8_t *frame);
/* mld.c */
enum net_action mld_receive(const struct net_rx *rx, const struct net_packet *packet);
uint32_t mld_write_report(const struct net_interface *interface, uint8_t *frame);

/* route.c */
/* On-link, or a gateway.  False: neither, or no address of a host that is not us. */
[[nodiscard]] bool route_next_hop(const struct net_stack *stack, uint16_t interface,
				  const struct ip_address *destination, struct ip_address *hop);
/* The interface's own address to speak to a neighbour from; NULL: none of that family. */
const struct ip_address *route_source(const struct net_interface *interface,
				      const struct ip_address *neighbour);
/* On one of its networks, or a gateway. */
[[nodiscard]] bool route_is_neighbour(const struct net_interface *interface,
				      const struct ip_address *address);
/* Not a host's: bogus, one of ours, or the broadcast address of one of our networks. */
[[nodiscard]] bool route_is_bad_source(const struct net_interface *interface,
				       const struct ip_address *address);
[[nodiscard]] bool route_is_bad_source_v4(const struct net_interface *interface, uint32_t raw);
[[nodiscard]] bool route_is_bad_source_v6(const struct net_interface *interface,
					  const uint8_t bytes[16]);
/* Someone says that address is at mac: applies it, and leaves it in the result for the others. */
void route_learn(const struct net_rx *rx, const struct ip_address *address, const uint8_t *mac,
		 uint32_t flags);

/* link.c */
/* The link header of a frame of the interface's; returns its length. */
uint32_t link_write(const struct net_interface *interface, const uint8_t *destination,
		    uint16_t ethertype, uint8_t *frame);
/* send.c: an IPv4 header for control messages. */
void ipv4_write_header(struct net_stack *stack, const struct net_interface *interface, uint8_t *ip,
		       uint8_t protocol, uint32_t payload_len, const uint8_t *source,
		       const uint8_t *destination);
/* An IPv6 header for control messages; hop_limit 255 but for MLD. */
void ipv6_write_header(uint8_t *header, uint8_t next, uint16_t payload_len, uint8_t hop_limit,
		       const uint8_t source[16], const uint8_t destination[16]);

static const uint8_t mac_broadcast[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t ipv6_all_nodes[16] = { 0xff, 0x02, [15] = 0x01 };

/* RFC 4291 §2.7.1 */
static inline void ipv6_solicited_node(const uint8_t address[16], uint8_t group[16])
{
	memset(group, 0, 16);
	group[0] = 0xff;
	group[1] = 0x02;
	group[11] = 0x01;
	group[12] = 0xff;
	memcpy(group + 13, address + 13, 3);
}

/* RFC 2464 §7 */
static inline void ipv6_group_mac(const uint8_t group[16], uint8_t mac[MAC_LEN])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group + 12, 4);
}

#endif
