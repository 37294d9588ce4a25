/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071), summed in the machine's own byte order (§2 B): sums and
 * results are stored as they are (store_raw16), never swapped.
 */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include "net/endpoint.h"
#include "net/wire.h"

/* Adds data[0, len) to a sum; an odd length is padded with a zero octet, so only the last piece
 * may have one. */
[[nodiscard]] uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len);

/* The sum as 16 bits, not complemented: what an offloading port expects of the pseudo-header. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* What goes into the header; 0 over data that carry a right checksum. */
static inline uint16_t checksum_final(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/* RFC 768: a computed 0 is sent as all ones; 0 on the wire means "none". */
static inline uint16_t checksum_final_udp(uint64_t sum)
{
	uint16_t checksum = checksum_final(sum);
	return checksum ? checksum : 0xffff;
}

/* A 16-bit number of host order as a word of the sum. */
static inline uint64_t checksum_word(uint16_t value)
{
	return __builtin_bswap16(value);
}

/* The header of 20 octets; no loop. */
static inline uint64_t checksum_ipv4_header(const uint8_t *header)
{
	return (uint64_t)load_raw32(header) + load_raw32(header + 4) + load_raw32(header + 8) +
	       load_raw32(header + 12) + load_raw32(header + 16);
}

/* RFC 768, RFC 8200 §8.1: `addresses` are source and destination as they stand in the IP header,
 * 8 or 32 octets. */
static inline uint64_t checksum_pseudo(const uint8_t *addresses, size_t addresses_len,
				       uint8_t protocol, uint32_t len)
{
	uint64_t sum = checksum_word(protocol) + checksum_word((uint16_t)(len >> 16)) +
		       checksum_word((uint16_t)len);

	for (size_t i = 0; i < addresses_len; i += 4)
		sum += load_raw32(addresses + i);
	return sum;
}

#endif
