/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces: own addresses, networks, gateways, peers and devices against each other.
 */
#include "config/model.h"

#define AT(interface, member) CONFIG_AT(SECTION_INTERFACE, interface, member)

static const char *prefix_text(const struct ip_prefix *prefix, char text[ENDPOINT_TEXT_MAX])
{
	struct text_writer w = text_writer_of(text, ENDPOINT_TEXT_MAX - 1);
	ip_address_put(&w, &prefix->address);
	text_put_char(&w, '/');
	text_put_u64(&w, prefix->bits);
	*w.at = '\0';
	return text;
}

static bool has_family(const struct config_interface *interface, uint8_t family)
{
	const struct config_prefix *own = CONFIG_ITEMS(config_prefix, interface->addresses);
	for (uint32_t i = 0; i < interface->addresses.count; i++) {
		if (own[i].prefix.address.family == family)
			return true;
	}
	return false;
}

static bool is_on_link(const struct config_interface *interface, const struct ip_address *address)
{
	const struct config_prefix *own = CONFIG_ITEMS(config_prefix, interface->addresses);
	for (uint32_t i = 0; i < interface->addresses.count; i++) {
		if (ip_prefix_contains(&own[i].prefix, address))
			return true;
	}
	return false;
}

static bool is_own(const struct config_interface *interface, const struct ip_address *address)
{
	const struct config_prefix *own = CONFIG_ITEMS(config_prefix, interface->addresses);
	for (uint32_t i = 0; i < interface->addresses.count; i++) {
		if (ip_address_equal(&own[i].prefix.address, address))
			return true;
	}
	return false;
}

static bool has_gateway(const struct config_interface *interface, uint8_t family)
{
	const struct config_address *gateways = CONFIG_ITEMS(config_address, interface->gateways);
	for (uint32_t i = 0; i < interface->gateways.count; i++) {
		if (gateways[i].address.family == family)
			return true;
	}
	return false;
}

static bool prefixes_overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_contains(a, &b->address) || ip_prefix_contains(b, &a->address);
}

static void check_address_pair(const struct config_interface *first,
			       const struct config_prefix *before,
			       const struct config_interface *second,
			       const struct config_prefix *own, struct config_report *report)
{
	char a[ENDPOINT_TEXT_MAX], b[ENDPOINT_TEXT_MAX];
	if (ip_address_equal(&before->prefix.address, &own->prefix.address))
		config_error(report, own->at,
			     "addresses: %s is given twice, before at line %u; accepted: every "
			     "address once",
			     ip_address_to_string(&own->prefix.address, a), before->at.line);
	else if (first != second && prefixes_overlap(&before->prefix, &own->prefix))
		config_error(report, own->at,
			     "addresses: the network of %s overlaps that of %s on interface \"%s\"; "
			     "accepted: networks that tell the interfaces apart",
			     prefix_text(&own->prefix, a), prefix_text(&before->prefix, b),
			     first->name);
}

/* Two addresses in one network are fine on one interface; across two nobody could say which of
 * them leads there. */
static void check_addresses(const struct config *config, uint32_t index, uint32_t address,
			    struct config_report *report)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	const struct config_prefix *own =
		&CONFIG_ITEMS(config_prefix, all[index].addresses)[address];
	for (uint32_t i = 0; i <= index; i++) {
		const struct config_prefix *before = CONFIG_ITEMS(config_prefix, all[i].addresses);
		uint32_t count = i == index ? address : all[i].addresses.count;
		for (uint32_t j = 0; j < count; j++)
			check_address_pair(&all[i], &before[j], &all[index], own, report);
	}
}

static void check_gateways(const struct config_interface *interface, struct config_report *report)
{
	const struct config_address *gateways = CONFIG_ITEMS(config_address, interface->gateways);
	char text[ENDPOINT_TEXT_MAX];
	for (uint32_t i = 0; i < interface->gateways.count; i++) {
		const struct config_address *gateway = &gateways[i];
		ip_address_to_string(&gateway->address, text);
		if (i && gateways[0].address.family == gateway->address.family)
			config_error(report, gateway->at,
				     "gateway: %s is the second of its family; accepted: one for "
				     "IPv4 and one for IPv6",
				     text);
		if (is_own(interface, &gateway->address))
			config_error(report, gateway->at,
				     "gateway: %s is the interface's own address; accepted: the "
				     "router's",
				     text);
		else if (!is_on_link(interface, &gateway->address) &&
			 !CONFIG_IS_BAD(SECTION_INTERFACE, interface, addresses))
			config_error(report, gateway->at,
				     "gateway: %s is not on-link; accepted: an address in one of "
				     "the networks under \"addresses\"",
				     text);
	}
	if (interface->gateways.count && interface->peers.count == 0 &&
	    !CONFIG_IS_BAD(SECTION_INTERFACE, interface, peers))
		config_warn(report, AT(interface, gateways),
			    "gateway without peers: behind it only configured targets get "
			    "requests, everything else is answered with 403; list the address "
			    "ranges under \"peers\"");
}

/* One range behind two gateways: the first interface gets it all. */
static void check_shared_peer(const struct config_interface *all,
			      const struct config_interface *interface,
			      const struct config_prefix *peer, struct config_report *report)
{
	char text[ENDPOINT_TEXT_MAX];
	for (const struct config_interface *before = all; before < interface; before++) {
		const struct config_prefix *peers = CONFIG_ITEMS(config_prefix, before->peers);
		for (uint32_t i = 0; i < before->peers.count; i++) {
			if (peers[i].prefix.bits != peer->prefix.bits ||
			    !ip_address_equal(&peers[i].prefix.address, &peer->prefix.address) ||
			    !has_gateway(before, peer->prefix.address.family) ||
			    !has_gateway(interface, peer->prefix.address.family))
				continue;
			config_warn(report, peer->at,
				    "peers: %s is behind interface \"%s\" too, and that one is "
				    "used",
				    prefix_text(&peer->prefix, text), before->name);
		}
	}
}

static void check_peers(const struct config_interface *all,
			const struct config_interface *interface, struct config_report *report)
{
	const struct config_prefix *peers = CONFIG_ITEMS(config_prefix, interface->peers);
	char text[ENDPOINT_TEXT_MAX];
	if (CONFIG_IS_BAD(SECTION_INTERFACE, interface, addresses) ||
	    CONFIG_IS_BAD(SECTION_INTERFACE, interface, gateways))
		return;
	for (uint32_t i = 0; i < interface->peers.count; i++) {
		const struct ip_prefix *peer = &peers[i].prefix;
		prefix_text(peer, text);
		if (peer->bits == 0)
			config_warn(report, peers[i].at,
				    "peers: %s lets requests be sent anywhere, an open relay to "
				    "whoever can reach a service",
				    text);
		check_shared_peer(all, interface, &peers[i], report);
		bool on_link = false;
		const struct config_prefix *own = CONFIG_ITEMS(config_prefix, interface->addresses);
		for (uint32_t j = 0; j < interface->addresses.count; j++)
			on_link = on_link || prefixes_overlap(&own[j].prefix, peer);
		if (!on_link && !has_gateway(interface, peer->address.family))
			config_warn(report, peers[i].at,
				    "peers: %s is not on-link and there is no gateway to it", text);
	}
}

/* "net_af_xdp0,iface=eth1": the name before the arguments is what DPDK knows the device by. */
static struct span device_name(const struct config_interface *interface)
{
	struct span device = span_of_string(interface->device);
	return span_of(device.data, span_find(device, ','));
}

static void check_device(const struct config_interface *before,
			 const struct config_interface *interface, struct config_report *report)
{
	if (interface->device[0] && span_equal(device_name(before), device_name(interface)))
		config_error(report, AT(interface, device),
			     "device: \"%.*s\" is interface \"%s\" already; accepted: one interface "
			     "a device",
			     SPAN_ARGS(device_name(interface)), before->name);
	if (interface->tap[0] && strcmp(before->tap, interface->tap) == 0)
		config_error(report, AT(interface, tap),
			     "tap: \"%s\" is that of interface \"%s\" already; accepted: a name "
			     "used once",
			     interface->tap, before->name);
}

/* The value of iface= among the device's arguments; empty without one. */
static struct span device_iface(const struct config_interface *interface)
{
	struct span rest = span_of_string(interface->device);
	for (;;) {
		size_t end = span_find(rest, ',');
		if (end == rest.len)
			return (struct span){ 0 };
		rest = span_from(rest, end + 1);
		if (span_starts_with(rest, SPAN("iface=")))
			return span_of(rest.data + 6, span_find(rest, ',') - 6);
	}
}

/* "net_af_xdp" of "net_af_xdp0,iface=eth1". */
static struct span device_driver(const struct config_interface *interface)
{
	struct span name = device_name(interface);
	while (name.len && name.data[name.len - 1] >= '0' && name.data[name.len - 1] <= '9')
		name.len--;
	return name;
}

/* "0000:3b:00.0", or without the domain. */
static bool is_pci_address(struct span name)
{
	static const char shape[] = "xxxx:xx:xx.x";
	const char *wanted = name.len == sizeof(shape) - 1 ? shape : shape + 5;
	if (name.len != strlen(wanted))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint64_t digit;
		if (wanted[i] == 'x' ? !text_parse_hex(span_of(name.data + i, 1), &digit)
				     : name.data[i] != wanted[i])
			return false;
	}
	return true;
}

static void check_driver(const struct config_interface *interface, struct config_report *report)
{
	static const char *const known[] = { "net_af_xdp", "net_af_packet", "net_memif", "net_ring",
					     "net_null",   "net_tap",	    "net_pcap" };
	struct span driver = device_driver(interface);
	char quoted[CONFIG_QUOTED_MAX];
	if (interface->device[0] == '\0' || CONFIG_IS_BAD(SECTION_INTERFACE, interface, device) ||
	    is_pci_address(device_name(interface)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (span_equal(driver, span_of_string(known[i])))
			return;
	}
	config_warn(report, AT(interface, device),
		    "device: %s is no driver known here; usual: a PCI address, or net_af_xdp, "
		    "net_af_packet, net_memif, net_ring, net_null, net_tap or net_pcap and a number",
		    config_quote(device_name(interface), quoted));
}

/* The second could not open it, or would take the first's packets. */
static void check_iface(const struct config_interface *before,
			const struct config_interface *interface, struct config_report *report)
{
	struct span iface = device_iface(interface);
	if (iface.len && span_equal(iface, device_iface(before)) &&
	    span_equal(device_driver(interface), device_driver(before)))
		config_warn(report, AT(interface, device),
			    "device: iface=%.*s is that of interface \"%s\" already; usual: one "
			    "interface a device",
			    SPAN_ARGS(iface), before->name);
}

void config_check_interfaces(const struct config *config, struct config_report *report)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	for (uint32_t i = 0; i < config->interfaces.count; i++) {
		const struct config_interface *interface = &all[i];
		for (uint32_t j = 0; j < i; j++) {
			check_device(&all[j], interface, report);
			check_iface(&all[j], interface, report);
		}
		check_driver(interface, report);
		for (uint32_t j = 0; j < interface->addresses.count; j++)
			check_addresses(config, i, j, report);
		check_gateways(interface, report);
		check_peers(all, interface, report);
		if (has_family(interface, IP_V6) && interface->mtu < 1280 &&
		    !CONFIG_IS_BAD(SECTION_INTERFACE, interface, mtu))
			config_error(report, AT(interface, mtu),
				     "mtu: %u is too small for an interface with an IPv6 address; "
				     "accepted: 1280 to 9216",
				     interface->mtu);
	}
}
