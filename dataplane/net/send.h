/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is sent: link, IP and UDP headers in front of a payload, and the plan of its fragments
 * where it does not fit.  The next hop's MAC address is net_resolve's (net/stack.h); moving
 * payload octets into packets is the caller's.
 */
#ifndef NET_SEND_H
#define NET_SEND_H

#include "net/stack.h"

struct net_send {
	uint16_t interface;
	uint8_t mac[6];              /* of the next hop */
	struct endpoint source;      /* own */
	struct endpoint destination; /* of the same family */
};

/* Lengths for the port's checksum offload. */
struct net_headers {
	uint8_t link_len, ip_len;    /* ip_len: extension headers included */
	uint8_t len;                 /* all headers in front of the payload */
	bool offload_ip, offload_udp; /* the port has to complete this checksum */
};

/* Octets of headers that net_build_udp puts in front of a payload. */
[[nodiscard]] uint32_t net_headers_len(const struct net_stack *stack, uint16_t interface,
				       uint8_t family);

/* The device by which an interface sends. */
[[nodiscard]] uint16_t net_interface_port(const struct net_stack *stack, uint16_t interface);

/* True when a payload of `len` octets needs more than one packet of `mtu` octets. */
[[nodiscard]] bool net_needs_fragments(uint8_t family, uint32_t len, uint16_t mtu);

/*
 * Writes the headers into the net_headers_len octets before `payload` and returns where the frame
 * starts.  The payload must fit one packet (net_needs_fragments is the caller's to ask).
 */
uint8_t *net_build_udp(struct net_stack *stack, const struct net_send *send, uint8_t *payload,
		       uint32_t len, struct net_headers *headers);

/* A datagram cut for an MTU.  A value; stays good as long as the payload. */
struct net_fragments {
	uint32_t count;
	uint32_t part;          /* octets of the IP payload in every fragment but the last */
	uint32_t total;         /* UDP header and payload */
	uint32_t identification;
	uint16_t udp_checksum;  /* as on the wire */
};

/*
 * Plans the fragments of a payload for packets of `mtu` octets, and computes the checksum over
 * all of it.  False: longer than a UDP datagram of that family can be, or the MTU is below the
 * family's minimum.
 */
[[nodiscard]] bool net_fragments_plan(struct net_stack *stack, const struct net_send *send,
				      const uint8_t *payload, uint32_t len, uint16_t mtu,
				      struct net_fragments *plan);

/*
 * Writes the headers of fragment `index` to headers[NET_HEADERS_MAX] and returns their length;
 * payload[*offset, *offset + *len) follows them in the frame.
 */
uint32_t net_fragment_build(struct net_stack *stack, const struct net_send *send,
			    const struct net_fragments *plan, uint32_t index, uint8_t *headers,
			    struct net_headers *info, uint32_t *offset, uint32_t *len);

#endif
