/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of what is sent, and fragments; see send.h. */
#include "net/send.h"
#include "net/stack_state.h"

uint32_t net_headers_len(const struct net_stack *stack, uint16_t interface, uint8_t family)
{
	return stack->interfaces[interface].link_len +
	       (uint32_t)(family == IP_V4 ? IPV4_LEN : IPV6_LEN) + UDP_LEN;
}

uint16_t net_interface_port(const struct net_stack *stack, uint16_t interface)
{
	return stack->interfaces[interface].config.port;
}

bool net_needs_fragments(uint8_t family, uint32_t len, uint16_t mtu)
{
	return (uint32_t)(family == IP_V4 ? IPV4_LEN : IPV6_LEN) + UDP_LEN + len > mtu;
}

/* Workers count in steps of their number, so that two never give out the same in turn (RFC 6864:
 * it must be unique while a datagram lives). */
static uint16_t next_ipv4_id(struct net_stack *stack)
{
	return stack->ipv4_id = (uint16_t)(stack->ipv4_id + stack->workers);
}

static uint32_t next_ipv6_id(struct net_stack *stack)
{
	return stack->ipv6_id += stack->workers;
}

/* The checksum is summed from what is in registers: loads of octets just stored in other sizes
 * would wait for the stores. */
static void write_ipv4(const struct net_interface *interface, uint8_t *ip, uint8_t protocol,
		       uint32_t payload_len, uint16_t id, uint16_t fragment, const uint8_t *source,
		       const uint8_t *destination, bool with_checksum)
{
	uint32_t words[3] = { /* DF off: a router may fragment further */
		0x45000000u | (uint32_t)interface->config.dscp << 18 | (IPV4_LEN + payload_len),
		(uint32_t)id << 16 | fragment,
		(uint32_t)NET_TTL << 24 | (uint32_t)protocol << 16,
	};
	uint32_t from = load_raw32(source), to = load_raw32(destination);

	if (with_checksum) {
		uint64_t sum = (uint64_t)words[0] + words[1] + words[2] +
			       __builtin_bswap32(from) + __builtin_bswap32(to);
		words[2] |= checksum_final(sum);
	}
	store_be32(ip, words[0]);
	store_be32(ip + IPV4_ID, words[1]);
	store_be32(ip + IPV4_TTL, words[2]);
	memcpy(ip + IPV4_SOURCE, &from, 4);
	memcpy(ip + IPV4_DESTINATION, &to, 4);
}

void ipv4_write_header(struct net_stack *stack, const struct net_interface *interface, uint8_t *ip,
		       uint8_t protocol, uint32_t payload_len, const uint8_t *source,
		       const uint8_t *destination)
{
	write_ipv4(interface, ip, protocol, payload_len, next_ipv4_id(stack), 0, source, destination,
		   true);
}

/* RFC 2474: the DSCP is the upper six bits of the traffic class. */
static void write_ipv6(const struct net_interface *interface, uint8_t *ip, uint8_t next,
		       uint32_t payload_len, const struct net_send *send)
{
	ipv6_write_header(ip, next, (uint16_t)payload_len, NET_TTL, send->source.address.bytes,
			  send->destination.address.bytes);
	store_be32(ip, 0x60000000u | (uint32_t)interface->config.dscp << 22);
}

static void write_udp(const struct net_send *send, uint8_t *udp, uint32_t len, uint16_t checksum)
{
	store_be16(udp + UDP_SOURCE_PORT, send->source.port);
	store_be16(udp + UDP_DESTINATION_PORT, send->destination.port);
	store_be16(udp + UDP_LENGTH, (uint16_t)len);
	store_raw16(udp + UDP_SUM, checksum);
}

static uint64_t pseudo_sum(const struct net_send *send, uint32_t len)
{
	uint8_t size = send->source.address.family == IP_V4 ? 4 : 16;

	return checksum_pseudo(send->source.address.bytes, size, PROTOCOL_UDP, len) +
	       checksum_pseudo(send->destination.address.bytes, size, 0, 0);
}

/* On top of the pseudo-header's sum: the UDP header and the payload. */
static uint16_t udp_checksum(const struct net_send *send, uint64_t sum, const uint8_t *payload,
			     uint32_t len)
{
	sum += checksum_word(send->source.port) + checksum_word(send->destination.port) +
	       checksum_word((uint16_t)(UDP_LEN + len));
	return checksum_final_udp(checksum_add(sum, payload, len));
}

uint8_t *net_build_udp(struct net_stack *stack, const struct net_send *send, uint8_t *payload,
		       uint32_t len, struct net_headers *headers)
{
	const struct net_interface *interface = &stack->interfaces[send->interface];
	bool is_v4 = send->source.address.family == IP_V4;
	uint32_t ip_len = is_v4 ? IPV4_LEN : IPV6_LEN, udp_len = UDP_LEN + len;
	uint8_t *udp = payload - UDP_LEN, *ip = udp - ip_len, *frame = ip - interface->link_len;
	uint64_t sum = pseudo_sum(send, udp_len);

	*headers = (struct net_headers){ .link_len = interface->link_len,
					 .ip_len = (uint8_t)ip_len,
					 .len = (uint8_t)(payload - frame) };
	link_write(interface, send->mac, is_v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, frame);
	headers->offload_udp = interface->config.flags & NET_INTERFACE_TX_UDP_CHECKSUM;
	write_udp(send, udp, udp_len,
		  headers->offload_udp ? checksum_fold(sum)
				       : udp_checksum(send, sum, payload, len));
	if (is_v4) {
		headers->offload_ip = interface->config.flags & NET_INTERFACE_TX_IP_CHECKSUM;
		write_ipv4(interface, ip, PROTOCOL_UDP, udp_len, next_ipv4_id(stack), 0,
			   send->source.address.bytes, send->destination.address.bytes,
			   !headers->offload_ip);
	} else {
		write_ipv6(interface, ip, PROTOCOL_UDP, udp_len, send);
	}
	return frame;
}

bool net_fragments_plan(struct net_stack *stack, const struct net_send *send,
			const uint8_t *payload, uint32_t len, uint16_t mtu,
			struct net_fragments *plan)
{
	bool is_v4 = send->source.address.family == IP_V4;
	uint32_t headers = is_v4 ? IPV4_LEN : IPV6_LEN + IPV6_FRAGMENT_LEN;
	/* The length field counts the header of IPv4, the payload alone of IPv6. */
	uint32_t longest = is_v4 ? 65535 - IPV4_LEN : 65535;

	if (mtu < (is_v4 ? NET_MTU_MIN_V4 : NET_MTU_MIN_V6) || len > longest - UDP_LEN)
		return false;
	plan->total = UDP_LEN + len;
	plan->part = (mtu - headers) & ~7u;
	plan->count = (plan->total + plan->part - 1) / plan->part;
	plan->identification = is_v4 ? next_ipv4_id(stack) : next_ipv6_id(stack);
	plan->udp_checksum = udp_checksum(send, pseudo_sum(send, plan->total), payload, len);
	return true;
}

uint32_t net_fragment_build(struct net_stack *stack, const struct net_send *send,
			    const struct net_fragments *plan, uint32_t index, uint8_t *headers,
			    struct net_headers *info, uint32_t *offset, uint32_t *len)
{
	const struct net_interface *interface = &stack->interfaces[send->interface];
	bool is_v4 = send->source.address.family == IP_V4, is_last = index + 1 == plan->count;
	uint32_t start = index * plan->part;
	uint32_t part = is_last ? plan->total - start : plan->part;
	uint8_t *ip = headers + link_write(interface, send->mac,
					   is_v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, headers);
	uint8_t *udp = ip + IPV4_LEN;

	*info = (struct net_headers){ .link_len = interface->link_len };
	if (is_v4) {
		uint16_t field = (uint16_t)(start / 8 | (is_last ? 0 : IPV4_MORE_FRAGMENTS));

		info->offload_ip = interface->config.flags & NET_INTERFACE_TX_IP_CHECKSUM;
		write_ipv4(interface, ip, PROTOCOL_UDP, part, (uint16_t)plan->identification, field,
			   send->source.address.bytes, send->destination.address.bytes,
			   !info->offload_ip);
	} else {
		uint8_t *fragment = ip + IPV6_LEN;

		write_ipv6(interface, ip, PROTOCOL_FRAGMENT, IPV6_FRAGMENT_LEN + part, send);
		fragment[0] = PROTOCOL_UDP;
		fragment[1] = 0;
		store_be16(fragment + 2, (uint16_t)(start | (is_last ? 0 : IPV6_FRAGMENT_MORE)));
		store_be32(fragment + 4, plan->identification);
		udp = fragment + IPV6_FRAGMENT_LEN;
	}
	info->ip_len = (uint8_t)(udp - ip);
	*offset = index ? start - UDP_LEN : 0;
	*len = index ? part : part - UDP_LEN;
	if (index == 0) {
		write_udp(send, udp, plan->total, plan->udp_checksum);
		udp += UDP_LEN;
	}
	info->len = (uint8_t)(udp - headers);
	return info->len;
}
