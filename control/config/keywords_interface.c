/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of an interface.  Data only. */
#include "config/keywords.h"

static const struct keyword interface_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, FIELD(config_interface, name),
	  .min = 1, .help = "What the interface is called in every output.", .example = "access" },
	{ .name = "device", .type = KEYWORD_TEXT, .required = true,
	  FIELD(config_interface, device), .min = 1,
	  .help = "The DPDK device: a PCI address, or a virtual device with its arguments.",
	  .example = "\"net_af_xdp0,iface=eth1\"" },
	{ .name = "addresses", .type = KEYWORD_ADDRESSES, .required = true,
	  FIELD(config_interface, addresses), .min = 1, .max = BALANCE_ADDRESSES_MAX,
	  .help = "Own addresses, each with the length of its on-link network.  The first of a family "
		  "is the one that Tandem sends from.",
	  .example = "[192.0.2.1/24, \"2001:db8::1/64\"]" },
	{ .name = "gateway", .type = KEYWORD_GATEWAYS, FIELD(config_interface, gateways), .min = 1,
	  .max = 2, .unset_means = "on-link destinations only",
	  .help = "The router for everything that is not on-link: one address, or a list with one "
		  "for IPv4 and one for IPv6.",
	  .example = "[192.0.2.254, \"2001:db8::fe\"]" },
	{ .name = "peers", .type = KEYWORD_PREFIXES, .reloadable = true,
	  FIELD(config_interface, peers), .min = 1, .max = 1024,
	  .unset_means = "the on-link networks",
	  .help = "Where requests may be sent through this interface besides configured targets, as "
		  "address ranges; anything else is answered with 403, so that Tandem is never an "
		  "open relay.  When given, on-link networks have to be listed too.",
	  .example = "[203.0.113.0/24]" },
	{ .name = "mtu", .type = KEYWORD_INTEGER, FIELD(config_interface, mtu), .min = 576,
	  .max = 9216, .unset = "1500",
	  .help = "Largest IP packet; longer messages leave as fragments.  IPv6 wants 1280 at least.",
	  .example = "9000" },
	{ .name = "dscp", .type = KEYWORD_INTEGER, FIELD(config_interface, dscp), .min = 0,
	  .max = 63, .unset = "0",
	  .help = "Differentiated services code point of what is sent (RFC 2474).", .example = "24" },
	{ .name = "vlan", .type = KEYWORD_INTEGER, FIELD(config_interface, vlan), .min = 0,
	  .max = 4094, .unset = "0", .help = "802.1Q tag; 0: untagged frames.", .example = "120" },
	{ .name = "tap", .type = KEYWORD_NAME, FIELD(config_interface, tap), .min = 1,
	  .unset_means = "dropped and counted",
	  .help = "Kernel interface that is made for what is not Tandem's, ssh and BGP for example.",
	  .example = "tandem0" },
	{ .name = "sip_port", .type = KEYWORD_INTEGER, FIELD(config_interface, sip_port), .min = 1,
	  .max = 65535,
	  .unset_means = "the port of the first service that listens on the interface, else 5060",
	  .help = "Port that Tandem sends from and names in its Via on this interface.",
	  .example = "5060" },
};

KEYWORD_TABLE(keywords_interface, "interfaces[]", config_interface, interface_keywords,
	      "One entry a port.")
