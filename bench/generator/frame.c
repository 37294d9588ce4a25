/* SPDX-License-Identifier: BSD-3-Clause */
/* See frame.h. */
#include "generator/frame.h"
#include "net/checksum.h"
#include "net/stack.h"
#include "net/wire.h"

/* ---- sending --------------------------------------------------------------------------------- */

static void write_ipv4_base(struct frame_template *t, const struct endpoint *source,
			    const struct endpoint *destination)
{
	uint8_t *ip = t->headers + ETHER_LEN;

	ip[IPV4_VERSION] = 0x45;
	ip[IPV4_TTL] = NET_TTL;
	ip[IPV4_PROTOCOL] = PROTOCOL_UDP;
	memcpy(ip + IPV4_SOURCE, source->address.bytes, 4);
	memcpy(ip + IPV4_DESTINATION, destination->address.bytes, 4);
	t->ip_sum = checksum_ipv4_header(ip);
	t->ip_len = IPV4_LEN;
}

static void write_ipv6_base(struct frame_template *t, const struct endpoint *source,
			    const struct endpoint *destination)
{
	uint8_t *ip = t->headers + ETHER_LEN;

	ip[IPV6_VERSION] = 0x60;
	ip[IPV6_NEXT] = PROTOCOL_UDP;
	ip[IPV6_HOP_LIMIT] = NET_TTL;
	memcpy(ip + IPV6_SOURCE, source->address.bytes, 16);
	memcpy(ip + IPV6_DESTINATION, destination->address.bytes, 16);
	t->ip_len = IPV6_LEN;
}

void frame_template_init(struct frame_template *t, const uint8_t source_mac[6],
			 const uint8_t destination_mac[6], const struct endpoint *source,
			 const struct endpoint *destination, bool offload)
{
	const size_t size = ip_address_size(&source->address);
	uint8_t *udp;

	memset(t, 0, sizeof(*t));
	t->is_v4 = source->address.family == IP_V4;
	t->offload = offload;
	memcpy(t->headers + ETHER_DESTINATION, destination_mac, MAC_LEN);
	memcpy(t->headers + ETHER_SOURCE, source_mac, MAC_LEN);
	store_be16(t->headers + ETHER_TYPE, t->is_v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	if (t->is_v4)
		write_ipv4_base(t, source, destination);
	else
		write_ipv6_base(t, source, destination);
	udp = t->headers + ETHER_LEN + t->ip_len;
	store_be16(udp + UDP_SOURCE_PORT, source->port);
	store_be16(udp + UDP_DESTINATION_PORT, destination->port);
	t->len = (uint8_t)(ETHER_LEN + t->ip_len + UDP_LEN);
	t->udp_sum = checksum_pseudo(source->address.bytes, size, PROTOCOL_UDP, 0) +
		     checksum_pseudo(destination->address.bytes, size, 0, 0);
	if (!offload)
		t->udp_sum += checksum_word(source->port) + checksum_word(destination->port);
}

uint8_t *frame_write(const struct frame_template *t, uint8_t *payload, uint32_t len, uint16_t id)
{
	uint8_t *frame = payload - t->len, *ip = frame + ETHER_LEN, *udp = payload - UDP_LEN;
	const uint16_t udp_len = (uint16_t)(UDP_LEN + len);
	uint64_t sum;

	memcpy(frame, t->headers, t->len);
	if (t->is_v4) {
		const uint16_t total = (uint16_t)(IPV4_LEN + udp_len);

		store_be16(ip + IPV4_TOTAL, total);
		store_be16(ip + IPV4_ID, id);
		if (!t->offload)
			store_raw16(ip + IPV4_CHECKSUM,
				    checksum_final(t->ip_sum + checksum_word(total) +
						   checksum_word(id)));
	} else {
		store_be16(ip + IPV6_PAYLOAD, udp_len);
	}
	store_be16(udp + UDP_LENGTH, udp_len);
	sum = t->udp_sum + checksum_word(udp_len);
	if (t->offload)
		store_raw16(udp + UDP_SUM, checksum_fold(sum));
	else
		store_raw16(udp + UDP_SUM, checksum_final_udp(checksum_add(
						   sum + checksum_word(udp_len), payload, len)));
	return frame;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void address_set(struct ip_address *address, const uint8_t *bytes, uint8_t family)
{
	memset(address, 0, sizeof(*address));
	memcpy(address->bytes, bytes, family == IP_V4 ? 4 : 16);
	address->family = family;
}

/* The UDP part, and the checksum over it and the addresses in front of it. */
static enum frame_kind parse_udp(const uint8_t *addresses, size_t addresses_len, const uint8_t *udp,
				 uint32_t room, uint32_t flags, struct frame_datagram *out)
{
	const uint8_t family = addresses_len == 8 ? IP_V4 : IP_V6;
	uint32_t len;
	uint64_t sum;

	if (room < UDP_LEN)
		return FRAME_CORRUPT;
	len = load_be16(udp + UDP_LENGTH);
	if (len < UDP_LEN || len > room)
		return FRAME_CORRUPT;
	/* RFC 768: 0 is no checksum; RFC 8200 §8.1 does not allow that. */
	if (load_raw16(udp + UDP_SUM) == 0 && !(flags & FRAME_UDP_GOOD)) {
		if (family == IP_V6)
			return FRAME_CORRUPT;
	} else if (!(flags & FRAME_UDP_GOOD)) {
		sum = checksum_pseudo(addresses, addresses_len, PROTOCOL_UDP, len);
		if (checksum_final(checksum_add(sum, udp, len)) != 0)
			return FRAME_CORRUPT;
	}
	address_set(&out->source.address, addresses, family);
	address_set(&out->destination.address, addresses + addresses_len / 2, family);
	out->source.reserved = out->destination.reserved = 0;
	out->source.port = load_be16(udp + UDP_SOURCE_PORT);
	out->destination.port = load_be16(udp + UDP_DESTINATION_PORT);
	out->payload = (const char *)udp + UDP_LEN;
	out->len = len - UDP_LEN;
	return FRAME_DATAGRAM;
}

static enum frame_kind parse_ipv4(const uint8_t *ip, uint32_t room, uint32_t flags,
				  struct frame_datagram *out)
{
	uint32_t total;

	if (room < IPV4_LEN || ip[IPV4_VERSION] != 0x45 || ip[IPV4_PROTOCOL] != PROTOCOL_UDP ||
	    (load_be16(ip + IPV4_FRAGMENT) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)))
		return FRAME_OTHER;
	total = load_be16(ip + IPV4_TOTAL);
	if (total < IPV4_LEN || total > room)
		return FRAME_CORRUPT;
	if (!(flags & FRAME_IP_GOOD) && checksum_final(checksum_ipv4_header(ip)) != 0)
		return FRAME_CORRUPT;
	return parse_udp(ip + IPV4_SOURCE, 8, ip + IPV4_LEN, total - IPV4_LEN, flags, out);
}

static enum frame_kind parse_ipv6(const uint8_t *ip, uint32_t room, uint32_t flags,
				  struct frame_datagram *out)
{
	uint32_t payload;

	if (room < IPV6_LEN || (ip[IPV6_VERSION] & 0xf0) != 0x60 || ip[IPV6_NEXT] != PROTOCOL_UDP)
		return FRAME_OTHER;
	payload = load_be16(ip + IPV6_PAYLOAD);
	if (payload > room - IPV6_LEN)
		return FRAME_CORRUPT;
	return parse_udp(ip + IPV6_SOURCE, 32, ip + IPV6_LEN, payload, flags, out);
}

enum frame_kind frame_parse(const uint8_t *frame, uint32_t len, uint32_t flags,
			    struct frame_datagram *datagram)
{
	if (len < ETHER_LEN)
		return FRAME_OTHER;
	switch (load_be16(frame + ETHER_TYPE)) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(frame + ETHER_LEN, len - ETHER_LEN, flags, datagram);
	case ETHERTYPE_IPV6:
		return parse_ipv6(frame + ETHER_LEN, len - ETHER_LEN, flags, datagram);
	default:
		return FRAME_OTHER;
	}
}
