/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP addresses, prefixes and UDP endpoints as plain bytes in network order, comparable by memcmp.
 * No sockets, no names: text to address and back is all there is.
 */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include "base/span.h"
#include "base/text.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip_address {
	uint8_t bytes[16]; /* IPv4: the first 4; the rest is zero */
	uint8_t family;    /* enum ip_family */
};

struct ip_prefix {
	struct ip_address address;
	uint8_t bits;
};

struct endpoint {
	struct ip_address address;
	uint8_t reserved; /* zero */
	uint16_t port;    /* host order */
};
static_assert(sizeof(struct endpoint) == 20, "endpoints are compared as 20 bytes");

static inline bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline size_t ip_address_size(const struct ip_address *a)
{
	return a->family == IP_V4 ? 4 : a->family == IP_V6 ? 16 : 0;
}

/* True when `address` lies in `prefix`; never across families. */
[[nodiscard]] bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_address *address);

/* Dotted quad, or IPv6 text (RFC 4291 §2.2, embedded IPv4 included), with or without [ ].  No
 * zone.  False when the whole span is not one address; *out is then unchanged. */
[[nodiscard]] bool ip_address_parse(struct span text, struct ip_address *out);
/* "192.0.2.0/24"; an address alone is a host prefix. */
[[nodiscard]] bool ip_prefix_parse(struct span text, struct ip_prefix *out);
/* "192.0.2.1:5060", "[2001:db8::1]:5060"; the port may be absent and is then `default_port`. */
[[nodiscard]] bool endpoint_parse(struct span text, uint16_t default_port, struct endpoint *out);

/* Canonical text (RFC 5952), without brackets. */
void ip_address_put(struct text_writer *w, const struct ip_address *address);
/* As a SIP host: IPv6 in brackets. */
void ip_address_put_host(struct text_writer *w, const struct ip_address *address);
/* host:port, the port always. */
void endpoint_put(struct text_writer *w, const struct endpoint *endpoint);

/* Unspecified, loopback, multicast, broadcast, 240/4: never a peer's address on a wire. */
[[nodiscard]] bool ip_address_is_bogus(const struct ip_address *address);
/* The same of an IPv6 address as it stands in a packet. */
[[nodiscard]] bool ipv6_is_bogus(const uint8_t bytes[16]);

#define ENDPOINT_TEXT_MAX 56
/* Into `text` of ENDPOINT_TEXT_MAX bytes, NUL-terminated, for messages to people. */
const char *endpoint_to_string(const struct endpoint *endpoint, char *text);
const char *ip_address_to_string(const struct ip_address *address, char *text);

#endif
