/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scalars that hold addresses: own addresses, networks, listen addresses, hosts, target URIs.
 */
#include "config/value.h"

#include "config/model.h"

#define LISTEN_EXAMPLE "udp:192.0.2.1:5060 or udp:[2001:db8::1]:5060"
#define URI_EXAMPLE    "sip:198.51.100.11:5060"

bool value_parse_address(struct span text, struct ip_address *address, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct ip_address parsed;
	if (!ip_address_parse(text, &parsed))
		return value_refuse(why, "%s is not an IP address; accepted: 192.0.2.254 or 2001:db8::1",
			      config_quote(text, quoted));
	if (ip_address_is_bogus(&parsed))
		return value_refuse(why,
			      "%s is unspecified, loopback, multicast or reserved; accepted: an "
			      "address that a host may have",
			      config_quote(text, quoted));
	*address = parsed;
	return true;
}

/* The first address of the prefix's network, or with `last` the one with all host bits set. */
static struct ip_address network_edge(const struct ip_prefix *prefix, bool last)
{
	struct ip_address edge = prefix->address;
	size_t size = ip_address_size(&edge);
	for (size_t bit = prefix->bits; bit < size * 8; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));
		edge.bytes[bit / 8] = last ? edge.bytes[bit / 8] | mask :
					     edge.bytes[bit / 8] & (uint8_t)~mask;
	}
	return edge;
}

/* ADDRESS/BITS; the number of bits is asked for, since an address alone would be no network. */
static bool parse_prefix(struct span text, struct ip_prefix *prefix, const char *example, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct ip_address alone;
	if (ip_prefix_parse(text, prefix) && span_find(text, '/') < text.len)
		return true;
	if (ip_address_parse(text, &alone))
		return value_refuse(why, "%s has no prefix length; accepted: ADDRESS/BITS, for example %s",
			      config_quote(text, quoted), example);
	return value_refuse(why, "%s is not an address with a prefix length; accepted: for example %s",
		      config_quote(text, quoted), example);
}

bool value_parse_own_address(struct span text, struct ip_prefix *prefix, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct ip_prefix parsed;
	if (!parse_prefix(text, &parsed, "192.0.2.1/24 or 2001:db8::1/64", why))
		return false;
	if (parsed.bits == 0 || ip_address_is_bogus(&parsed.address))
		return value_refuse(why, "%s is no address of a host; accepted: for example 192.0.2.1/24",
			      config_quote(text, quoted));
	struct ip_address first = network_edge(&parsed, false), last = network_edge(&parsed, true);
	/* RFC 3021: both addresses of a /31 are a host's; IPv6 has no broadcast address. */
	if (parsed.address.family == IP_V4 && parsed.bits < 31 &&
	    (ip_address_equal(&first, &parsed.address) || ip_address_equal(&last, &parsed.address)))
		return value_refuse(why,
			      "%s is the network's own or its broadcast address; accepted: an "
			      "address in between",
			      config_quote(text, quoted));
	*prefix = parsed;
	return true;
}

bool value_parse_network(struct span text, struct ip_prefix *prefix, char *why)
{
	char quoted[CONFIG_QUOTED_MAX], address[ENDPOINT_TEXT_MAX];
	struct ip_prefix parsed;
	if (!parse_prefix(text, &parsed, "203.0.113.0/24 or 203.0.113.7/32", why))
		return false;
	struct ip_address first = network_edge(&parsed, false);
	if (!ip_address_equal(&first, &parsed.address))
		return value_refuse(why, "%s has bits set beyond its prefix length; accepted: %s/%u",
			      config_quote(text, quoted), ip_address_to_string(&first, address),
			      parsed.bits);
	*prefix = parsed;
	return true;
}

/* HOST:PORT or [HOST]:PORT taken apart.  *port is 0 when none is written. */
static bool split_host_port(struct span text, struct span *host, uint16_t *port,
			    const char *example, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct span rest;
	if (text.len && text.data[0] == '[') {
		size_t end = span_find(text, ']');
		if (end == text.len)
			return value_refuse(why, "%s lacks the closing bracket; accepted: %s",
				      config_quote(text, quoted), example);
		*host = span_of(text.data + 1, end - 1);
		rest = span_from(text, end + 1);
	} else {
		size_t colon = span_find(text, ':');
		*host = span_of(text.data, colon);
		rest = span_from(text, colon);
		if (rest.len && span_find(span_from(rest, 1), ':') < rest.len - 1)
			return value_refuse(why,
				      "%s is an IPv6 address without brackets or has a ':' too "
				      "many; accepted: %s",
				      config_quote(text, quoted), example);
	}
	uint64_t number = 0;
	if (rest.len && (rest.data[0] != ':' ||
			 !text_parse_u64(span_from(rest, 1), UINT16_MAX, &number) || number == 0))
		return value_refuse(why, "%s has no valid port; accepted: 1 to 65535, for example %s",
			      config_quote(text, quoted), example);
	*port = (uint16_t)number;
	return true;
}

bool value_parse_listen(struct span text, struct endpoint *endpoint, char *why)
{
	static const char *const later[] = { "tcp", "tls", "sctp", "ws", "wss" };
	char quoted[CONFIG_QUOTED_MAX];
	struct span transport = span_of(text.data, span_find(text, ':'));
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		if (span_equal_nocase(transport, span_of_string(later[i])))
			return value_refuse(why, "transport \"%s\" is not built yet; accepted: %s",
				      later[i], LISTEN_EXAMPLE);
	}
	if (!span_equal(transport, SPAN("udp")) || transport.len == text.len)
		return value_refuse(why, "%s does not begin with a transport; accepted: %s",
			      config_quote(text, quoted), LISTEN_EXAMPLE);
	struct span host;
	struct endpoint parsed = { 0 };
	if (!split_host_port(span_from(text, transport.len + 1), &host, &parsed.port,
			     LISTEN_EXAMPLE, why))
		return false;
	if (!ip_address_parse(host, &parsed.address))
		return value_refuse(why, "%s has no IP address; accepted: %s", config_quote(text, quoted),
			      LISTEN_EXAMPLE);
	if (parsed.port == 0)
		return value_refuse(why, "%s has no port; accepted: %s", config_quote(text, quoted),
			      LISTEN_EXAMPLE);
	*endpoint = parsed;
	return true;
}

bool value_parse_endpoint(struct span text, struct endpoint *endpoint, char *why)
{
	static const char example[] = "127.0.0.1:9580 or [::1]:9580";
	char quoted[CONFIG_QUOTED_MAX];
	struct endpoint parsed = { 0 };
	struct span host;
	if (!split_host_port(text, &host, &parsed.port, example, why))
		return false;
	if (!ip_address_parse(host, &parsed.address))
		return value_refuse(why, "%s has no IP address, and names are not looked up; accepted: %s",
				    config_quote(text, quoted), example);
	if (parsed.port == 0)
		return value_refuse(why, "%s has no port; accepted: %s", config_quote(text, quoted),
				    example);
	*endpoint = parsed;
	return true;
}

/* Letters, digits, dash and dot as in RFC 3261's hostname, and the underscore that people use. */
static bool is_host_name(struct span text)
{
	if (text.len == 0 || text.len > 253 || text.data[0] == '.' || text.data[0] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = char_lower(text.data[i]);
		bool dots = c == '.' && text.data[i - 1] == '.';
		if (dots || !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			      c == '.' || c == '_'))
			return false;
	}
	return true;
}

bool value_parse_host(struct span text, char *name, char *why)
{
	char quoted[CONFIG_QUOTED_MAX], canonical[ENDPOINT_TEXT_MAX];
	struct ip_address address;
	if (ip_address_parse(text, &address))
		text = span_of_string(ip_address_to_string(&address, canonical));
	else if (!is_host_name(text))
		return value_refuse(why,
				    "%s is not a host; accepted: a name like sip.example.com or an "
				    "address",
				    config_quote(text, quoted));
	else if (text.data[text.len - 1] == '.') /* the root's dot (RFC 3261 §25.1) */
		text.len--;
	memset(name, 0, 256);
	for (size_t i = 0; i < text.len; i++)
		name[i] = char_lower(text.data[i]);
	return true;
}

#define SRV_EXAMPLE "_sip._udp.example.com"

bool value_parse_srv(struct span text, char *name, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct span rest = span_from(text, span_find(text, '.') + 1);

	if (!is_host_name(text) || text.data[0] != '_' || span_find(rest, '.') + 1 >= rest.len ||
	    rest.data[0] != '_')
		return value_refuse(why, "%s is not the name of SRV records; accepted: %s",
				    config_quote(text, quoted), SRV_EXAMPLE);
	struct span transport = span_of(rest.data, span_find(rest, '.'));
	if (!span_equal_nocase(transport, SPAN("_udp")))
		return value_refuse(why, "%s is about transport \"%.*s\", which is not built yet; "
				    "accepted: %s",
				    config_quote(text, quoted), (int)MIN(transport.len - 1, 16ul),
				    transport.data + 1, SRV_EXAMPLE);
	return value_parse_host(text, name, why);
}

#define NAMESERVER_EXAMPLE "192.0.2.53 or [2001:db8::53]:53"

bool value_parse_nameserver(struct span text, struct endpoint *endpoint, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct endpoint parsed = { .port = 53 };
	/* One on this host is usual: loopback is fine. */
	if (!(ip_address_parse(text, &parsed.address) || endpoint_parse(text, 53, &parsed)) ||
	    parsed.port == 0)
		return value_refuse(why, "%s is not the address of a name server; accepted: %s",
				    config_quote(text, quoted), NAMESERVER_EXAMPLE);
	*endpoint = parsed;
	return true;
}

bool value_split_uri(struct span text, struct span *host, uint16_t *port, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	struct ip_address address;
	if (span_starts_with_nocase(text, SPAN("sips:")))
		return value_refuse(why, "%s wants TLS, which is not built yet; accepted: %s",
			      config_quote(text, quoted), URI_EXAMPLE);
	if (!span_starts_with_nocase(text, SPAN("sip:")))
		return value_refuse(why, "%s is not a SIP URI; accepted: %s", config_quote(text, quoted),
			      URI_EXAMPLE);
	struct span rest = span_from(text, 4);
	if (span_find(rest, '@') < rest.len || span_find(rest, ';') < rest.len ||
	    span_find(rest, '?') < rest.len)
		return value_refuse(why,
			      "%s has a user, parameters or headers, which a target does not; "
			      "accepted: %s",
			      config_quote(text, quoted), URI_EXAMPLE);
	if (!split_host_port(rest, host, port, URI_EXAMPLE, why))
		return false;
	bool in_brackets = rest.len && rest.data[0] == '[';
	bool is_address = ip_address_parse(*host, &address);
	if (in_brackets ? !is_address || address.family != IP_V6 : !is_address && !is_host_name(*host))
		return value_refuse(why, "%s has no valid host; accepted: %s", config_quote(text, quoted),
			      URI_EXAMPLE);
	return true;
}
