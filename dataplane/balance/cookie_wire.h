/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of the signed tokens, shared by cookie.c (route token) and hint.c (Via hint): a writer
 * and a reader over a small buffer, and the MAC.  Not for use outside balance/.
 */
#ifndef BALANCE_COOKIE_WIRE_H
#define BALANCE_COOKIE_WIRE_H

#include "balance/snapshot.h"

#define COOKIE_BYTES_MAX 72
#define COOKIE_MAC_BYTES 8

struct cookie_bytes {
	uint32_t len;
	uint8_t bytes[COOKIE_BYTES_MAX]; /* the longest token is 55 */
};

static inline void cookie_put(struct cookie_bytes *to, uint64_t value, unsigned int octets)
{
	for (unsigned int i = octets; i-- > 0;)
		to->bytes[to->len++] = (uint8_t)(value >> (8 * i));
}

/* Seven bits an octet, the least first; the top bit says that more follow. */
static inline void cookie_put_varying(struct cookie_bytes *to, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		to->bytes[to->len++] = (uint8_t)(value | 0x80);
	to->bytes[to->len++] = (uint8_t)value;
}

static inline void cookie_put_address(struct cookie_bytes *to, const struct ip_address *address)
{
	size_t size = ip_address_size(address);

	memcpy(to->bytes + to->len, address->bytes, size);
	to->len += (uint32_t)size;
}

struct cookie_reader {
	const uint8_t *at, *end;
	bool bad; /* read past the end, or a number too large */
};

static inline uint64_t cookie_get(struct cookie_reader *from, unsigned int octets)
{
	uint64_t value = 0;

	if ((size_t)(from->end - from->at) < octets) {
		from->bad = true;
		return 0;
	}
	for (; octets > 0; octets--)
		value = (value << 8) | *from->at++;
	return value;
}

static inline uint32_t cookie_get_varying(struct cookie_reader *from, uint32_t max)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 35; shift += 7) {
		uint64_t octet = cookie_get(from, 1);
		value |= (octet & 0x7f) << shift;
		if (octet & 0x80)
			continue;
		if (value > max)
			from->bad = true;
		return (uint32_t)value;
	}
	from->bad = true;
	return 0;
}

static inline void cookie_get_address(struct cookie_reader *from, uint8_t family,
				      struct ip_address *address)
{
	memset(address, 0, sizeof(*address));
	address->family = family;
	size_t size = ip_address_size(address);
	if ((size_t)(from->end - from->at) < size) {
		from->bad = true;
		return;
	}
	memcpy(address->bytes, from->at, size);
	from->at += size;
}

/*
 * The MAC of a token's bytes and of what they are bound to: a text compared octet by octet, then
 * one compared without case.  In two steps, so that a second candidate for the last text costs
 * little.  `label` keeps the kinds of token apart.
 */
static inline struct hash_stream cookie_mac_start(const struct hash_key *key, struct span label,
						  struct span bytes, struct span exact)
{
	struct hash_stream stream;

	hash_stream_init(&stream, key);
	hash_stream_field(&stream, label);
	hash_stream_field(&stream, bytes);
	hash_stream_field(&stream, exact);
	return stream;
}

static inline uint64_t cookie_mac_end(struct hash_stream stream, struct span nocase)
{
	hash_stream_field_lower(&stream, nocase);
	return hash_stream_final(&stream).lo;
}

#endif
