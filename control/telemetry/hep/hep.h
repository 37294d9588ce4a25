/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SIP message as a HEPv3 packet (the Homer Encapsulation Protocol, version 3): octets in,
 * octets out.  Knows no socket, no clock, no ring.  Pure.
 *
 * A packet is "HEP3", its whole length in 16 bits, and chunks of vendor, type, length (its own six
 * octets included) and value, all in network order.
 */
#ifndef TELEMETRY_HEP_H
#define TELEMETRY_HEP_H

#include "net/endpoint.h"

/* What one UDP datagram over IPv4 carries; the length field would allow 28 octets more. */
#define HEP_PACKET_MAX      65507u
#define HEP_CORRELATION_MAX 256u /* octets of a Call-ID; a longer one is cut */
#define HEP_PASSWORD_MAX    64u
#define HEP_NODE_MAX        64u
/* More than all chunks take together when the payload is empty. */
#define HEP_OVERHEAD_MAX    640u
/* A payload that fits always. */
#define HEP_PAYLOAD_MAX     (HEP_PACKET_MAX - HEP_OVERHEAD_MAX)

struct hep_message {
	struct endpoint source, destination; /* of one family */
	uint64_t time_us;                    /* since 1970 */
	uint32_t capture_id;
	struct span password;                /* empty: the chunk is left out; so with the next two */
	struct span correlation;             /* Call-ID */
	struct span node;                    /* name of this instance */
	struct span payload;                 /* the SIP message */
};

/* Writes out[size]; returns the octets written.  0: it does not fit, or the endpoints are of two
 * families. */
[[nodiscard]] size_t hep_encode(const struct hep_message *message, uint8_t *out, size_t size);

#endif
