/* SPDX-License-Identifier: BSD-3-Clause */
/* Text to address and back, and what an address may be; see endpoint.h. */
#include "net/endpoint.h"

#define IPV6_GROUPS 8

static bool parse_v4(struct span text, uint8_t out[4])
{
	for (int i = 0; i < 4; i++) {
		struct span octet = i < 3 ? span_of(text.data, span_find(text, '.')) : text;
		uint64_t value;

		/* A leading zero is octal to some and decimal to others: refused, as an address
		 * must mean one thing. */
		if (octet.len > 3 || (octet.len > 1 && octet.data[0] == '0'))
			return false;
		if (!text_parse_u64(octet, 255, &value))
			return false;
		out[i] = (uint8_t)value;
		if (i < 3) {
			if (octet.len == text.len)
				return false;
			text = span_from(text, octet.len + 1);
		}
	}
	return true;
}

/*
 * One side of "::" (or the whole text): groups joined by single colons, the last of which may be a
 * dotted quad.  Returns the octets written, or -1.
 */
static int parse_v6_side(struct span text, bool quad_allowed, uint8_t out[16])
{
	int used = 0;

	if (text.len == 0)
		return 0;
	for (;;) {
		struct span group = span_of(text.data, span_find(text, ':'));
		bool is_last = group.len == text.len;
		uint64_t value;

		if (is_last && quad_allowed && span_find(group, '.') < group.len) {
			if (used > 12 || !parse_v4(group, out + used))
				return -1;
			return used + 4;
		}
		if (used > 14 || group.len > 4 || !text_parse_hex(group, &value))
			return -1;
		out[used++] = (uint8_t)(value >> 8);
		out[used++] = (uint8_t)value;
		if (is_last)
			return used;
		text = span_from(text, group.len + 1);
	}
}

/* RFC 4291 §2.2. */
static bool parse_v6(struct span text, uint8_t out[16])
{
	uint8_t head[16], tail[16];
	size_t gap = 0;

	while (gap + 1 < text.len && (text.data[gap] != ':' || text.data[gap + 1] != ':'))
		gap++;
	if (gap + 1 >= text.len)
		return parse_v6_side(text, true, out) == 16;

	int head_len = parse_v6_side(span_of(text.data, gap), false, head);
	int tail_len = parse_v6_side(span_from(text, gap + 2), true, tail);
	/* "::" stands for at least one group. */
	if (head_len < 0 || tail_len < 0 || head_len + tail_len > 14)
		return false;
	memset(out, 0, 16);
	memcpy(out, head, (size_t)head_len);
	memcpy(out + 16 - tail_len, tail, (size_t)tail_len);
	return true;
}

bool ip_address_parse(struct span text, struct ip_address *out)
{
	struct ip_address address = { .family = IP_NONE };
	bool bracketed = text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']';

	if (bracketed)
		text = span_of(text.data + 1, text.len - 2);
	if (text.len == 0)
		return false;
	if (span_find(text, ':') < text.len) {
		if (!parse_v6(text, address.bytes))
			return false;
		address.family = IP_V6;
	} else {
		if (bracketed || !parse_v4(text, address.bytes))
			return false;
		address.family = IP_V4;
	}
	*out = address;
	return true;
}

bool ip_prefix_parse(struct span text, struct ip_prefix *out)
{
	size_t slash = span_find(text, '/');
	struct ip_address address;
	uint64_t bits;

	if (!ip_address_parse(span_of(text.data, slash), &address))
		return false;
	uint64_t width = ip_address_size(&address) * 8;
	if (slash == text.len)
		bits = width;
	else if (!text_parse_u64(span_from(text, slash + 1), width, &bits))
		return false;
	*out = (struct ip_prefix){ .address = address, .bits = (uint8_t)bits };
	return true;
}

bool endpoint_parse(struct span text, uint16_t default_port, struct endpoint *out)
{
	size_t host_len = span_find(text, ':');
	uint64_t port = default_port;
	struct ip_address address;

	/* IPv6 only in brackets: "2001:db8::1:5060" could be read in two ways. */
	if (text.len && text.data[0] == '[') {
		host_len = span_find(text, ']');
		if (host_len == text.len)
			return false;
		host_len++;
	}
	if (!ip_address_parse(span_of(text.data, host_len), &address))
		return false;
	if (host_len < text.len) {
		struct span digits = span_from(text, host_len + 1);

		if (text.data[host_len] != ':' || digits.len > 5 ||
		    !text_parse_u64(digits, UINT16_MAX, &port) || port == 0)
			return false;
	}
	*out = (struct endpoint){ .address = address, .port = (uint16_t)port };
	return true;
}

static void put_v4(struct text_writer *w, const uint8_t bytes[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			text_put_char(w, '.');
		text_put_u64(w, bytes[i]);
	}
}

static void put_hex_group(struct text_writer *w, unsigned int group)
{
	unsigned int digits = group > 0xfff ? 4 : group > 0xff ? 3 : group > 0xf ? 2 : 1;

	text_put_hex(w, group, digits);
}

/* RFC 5952 §4.2.2, §4.2.3: the longest run of at least two zero groups, the first of equals. */
static int longest_zero_run(const unsigned int groups[IPV6_GROUPS], int *len)
{
	int best = -1;

	*len = 1;
	for (int i = 0; i < IPV6_GROUPS; i++) {
		int run = 0;

		while (i + run < IPV6_GROUPS && groups[i + run] == 0)
			run++;
		if (run > *len) {
			best = i;
			*len = run;
		}
		i += run;
	}
	return best;
}

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void put_v6(struct text_writer *w, const uint8_t bytes[16])
{
	unsigned int groups[IPV6_GROUPS];
	int run_len, run;

	/* RFC 5952 §5: a prefix known to embed IPv4 is followed by a dotted quad. */
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		text_put(w, SPAN("::ffff:"));
		put_v4(w, bytes + 12);
		return;
	}
	for (int i = 0; i < IPV6_GROUPS; i++)
		groups[i] = (unsigned int)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	run = longest_zero_run(groups, &run_len);
	for (int i = 0; i < IPV6_GROUPS; i++) {
		if (i == run) {
			text_put(w, SPAN("::"));
			i += run_len - 1;
			continue;
		}
		if (i > 0 && (run < 0 || i != run + run_len))
			text_put_char(w, ':');
		put_hex_group(w, groups[i]);
	}
}

void ip_address_put(struct text_writer *w, const struct ip_address *address)
{
	if (address->family == IP_V4)
		put_v4(w, address->bytes);
	else if (address->family == IP_V6)
		put_v6(w, address->bytes);
}

void ip_address_put_host(struct text_writer *w, const struct ip_address *address)
{
	if (address->family == IP_V6)
		text_put_char(w, '[');
	ip_address_put(w, address);
	if (address->family == IP_V6)
		text_put_char(w, ']');
}

void endpoint_put(struct text_writer *w, const struct endpoint *endpoint)
{
	ip_address_put_host(w, &endpoint->address);
	text_put_char(w, ':');
	text_put_u64(w, endpoint->port);
}

static uint64_t load_be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_address *address)
{
	uint64_t high = load_be64(prefix->address.bytes) ^ load_be64(address->bytes);
	uint64_t low = load_be64(prefix->address.bytes + 8) ^ load_be64(address->bytes + 8);
	unsigned int bits = prefix->bits;

	if (prefix->address.family != address->family || address->family == IP_NONE)
		return false;
	if (bits <= 64)
		return bits == 0 || high >> (64 - bits) == 0;
	return high == 0 && low >> (128 - bits) == 0;
}

bool ipv6_is_bogus(const uint8_t bytes[16])
{
	uint64_t high = load_be64(bytes), low = load_be64(bytes + 8);

	if (high >> 56 == 0xff)
		return true;
	/* ::, ::1, and what is IPv4-mapped: not for the wire (RFC 4038 §4.2) */
	return high == 0 && (low <= 1 || low >> 32 == 0xffff);
}

bool ip_address_is_bogus(const struct ip_address *address)
{
	if (address->family == IP_V4) {
		uint8_t first = address->bytes[0];
		return first == 0 || first == 127 || first >= 224;
	}
	return address->family != IP_V6 || ipv6_is_bogus(address->bytes);
}

static const char *terminate(struct text_writer *w)
{
	*(w->overflow ? w->start : w->at) = '\0';
	return w->start;
}

const char *endpoint_to_string(const struct endpoint *endpoint, char *text)
{
	struct text_writer w = text_writer_of(text, ENDPOINT_TEXT_MAX - 1);

	endpoint_put(&w, endpoint);
	return terminate(&w);
}

const char *ip_address_to_string(const struct ip_address *address, char *text)
{
	struct text_writer w = text_writer_of(text, ENDPOINT_TEXT_MAX - 1);

	ip_address_put(&w, address);
	return terminate(&w);
}
