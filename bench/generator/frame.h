/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of the generator as octets: headers made once for a pair of endpoints and stamped in
 * front of each payload, and the short way from a frame that came to the datagram in it.  What is
 * not a plain UDP datagram (ARP, neighbour discovery, fragments, errors) is for the net library.
 * Knows no mbuf.
 */
#ifndef GENERATOR_FRAME_H
#define GENERATOR_FRAME_H

#include "net/endpoint.h"

#define FRAME_HEADERS_MAX 62u /* Ethernet, IPv6, UDP */

struct frame_template {
	uint8_t headers[FRAME_HEADERS_MAX];
	uint8_t len;          /* of the headers */
	uint8_t ip_len;
	bool is_v4;
	bool offload;         /* the port completes the checksums */
	uint64_t ip_sum;      /* of the IPv4 header but total length and identification */
	uint64_t udp_sum;     /* of pseudo-header and UDP header but both lengths */
};

/* Both endpoints are of one family. */
void frame_template_init(struct frame_template *t, const uint8_t source_mac[6],
			 const uint8_t destination_mac[6], const struct endpoint *source,
			 const struct endpoint *destination, bool offload);

/* Writes the headers into the t->len octets before the payload, which must fit one packet; returns
 * where the frame starts.  `id`: IPv4's identification. */
uint8_t *frame_write(const struct frame_template *t, uint8_t *payload, uint32_t len, uint16_t id);

enum frame_kind {
	FRAME_DATAGRAM, /* UDP, whole, checksums right */
	FRAME_CORRUPT,  /* an IP or UDP checksum, or a length, is wrong */
	FRAME_OTHER,    /* not a plain UDP datagram: the net library's */
};

enum frame_flag {
	FRAME_IP_GOOD = 1u << 0,  /* the port has verified this checksum */
	FRAME_UDP_GOOD = 1u << 1, /* the same, or it is not to be looked at */
};

struct frame_datagram {
	struct endpoint source, destination;
	const char *payload;
	uint32_t len;
};

/* `datagram` is set for FRAME_DATAGRAM only; its payload lies in the frame. */
enum frame_kind frame_parse(const uint8_t *frame, uint32_t len, uint32_t flags,
			    struct frame_datagram *datagram);

#endif
