/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads and stores of network byte order at any alignment, and the numbers of the headers: offsets,
 * types, codes.  No struct overlays: a header is bytes at an offset.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include <string.h>

#include "base/compiler.h"

static inline uint16_t load_be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline void store_be16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

/* As it stands in memory: checksums and comparisons need no swap. */
static inline uint16_t load_raw16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load_raw32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void store_raw16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

enum { /* IEEE 802.3, 802.1Q */
	ETHER_DESTINATION = 0,
	ETHER_SOURCE = 6,
	ETHER_TYPE = 12,
	ETHER_LEN = 14,
	VLAN_LEN = 4,
	VLAN_ID_MASK = 0x0fff,
};
enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_VLAN = 0x8100,
       ETHERTYPE_IPV6 = 0x86dd, ETHERTYPE_QINQ = 0x88a8 };

enum { /* RFC 826, for Ethernet and IPv4 */
	ARP_HARDWARE = 0,
	ARP_PROTOCOL = 2,
	ARP_HARDWARE_LEN = 4,
	ARP_PROTOCOL_LEN = 5,
	ARP_OPERATION = 6,
	ARP_SENDER_MAC = 8,
	ARP_SENDER_IP = 14,
	ARP_TARGET_MAC = 18,
	ARP_TARGET_IP = 24,
	ARP_LEN = 28,
};
enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

enum { /* RFC 791 */
	IPV4_VERSION = 0,
	IPV4_TOS = 1,
	IPV4_TOTAL = 2,
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECKSUM = 10,
	IPV4_SOURCE = 12,
	IPV4_DESTINATION = 16,
	IPV4_LEN = 20,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV4_OFFSET_MASK = 0x1fff,
};

enum { /* RFC 8200 */
	IPV6_VERSION = 0,
	IPV6_PAYLOAD = 4,
	IPV6_NEXT = 6,
	IPV6_HOP_LIMIT = 7,
	IPV6_SOURCE = 8,
	IPV6_DESTINATION = 24,
	IPV6_LEN = 40,
	IPV6_FRAGMENT_LEN = 8,
	IPV6_FRAGMENT_OFFSET_MASK = 0xfff8,
	IPV6_FRAGMENT_MORE = 1,
};

enum { PROTOCOL_HOP_BY_HOP = 0, PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17, PROTOCOL_ROUTING = 43,
       PROTOCOL_FRAGMENT = 44, PROTOCOL_ICMPV6 = 58, PROTOCOL_NONE = 59,
       PROTOCOL_DESTINATION = 60 };

enum { /* RFC 768 */
	UDP_SOURCE_PORT = 0,
	UDP_DESTINATION_PORT = 2,
	UDP_LENGTH = 4,
	UDP_SUM = 6, /* the checksum */
	UDP_LEN = 8,
};

enum { ICMP_TYPE = 0, ICMP_CODE = 1, ICMP_CHECKSUM = 2, ICMP_REST = 4, ICMP_LEN = 8 };

enum { /* RFC 792 */
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO = 8,
	ICMP_PARAMETER = 12,
};
enum { /* RFC 4443, RFC 4861, RFC 3810 */
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_PARAMETER = 4,
	ICMPV6_FIRST_INFORMATIONAL = 128,
	ICMPV6_ECHO = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_MLD_QUERY = 130,
	ICMPV6_SOLICITATION = 135,
	ICMPV6_ADVERTISEMENT = 136,
	ICMPV6_MLD_REPORT = 143,
};

#define MAC_LEN 6

/* A station's own address: unicast and not all zero. */
static inline bool mac_is_station(const uint8_t mac[MAC_LEN])
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

static inline bool mac_equal(const uint8_t a[MAC_LEN], const uint8_t b[MAC_LEN])
{
	return load_raw32(a) == load_raw32(b) && load_raw16(a + 4) == load_raw16(b + 4);
}

#endif
