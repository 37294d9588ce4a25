/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator as stations on its links: answers for its own addresses (ARP, neighbour discovery,
 * ping), asks for the next hops of what it sends, puts fragments together, and keeps headers
 * ready-made for what is sent again and again.  The protocols are the data plane's net library.
 * Knows no mbuf; the polling thread's alone after creation.
 */
#ifndef GENERATOR_LINKS_H
#define GENERATOR_LINKS_H

#include "generator/frame.h"
#include "generator/locals.h"
#include "generator/options.h"
#include "net/send.h"

#define LINKS_ROLES (LOCALS_FLOOD + 1)

/* Sends an ARP or neighbour discovery frame by a device; the octets are gone when it returns. */
typedef void links_send(void *context, uint16_t device, const uint8_t *frame, uint32_t len);

struct links_device {
	uint8_t mac[6];
	bool trust_udp; /* UDP checksums of what comes are not looked at */
	bool offload;   /* the port completes the checksums of what is sent */
};

struct links_config {
	const struct options *options; /* addresses, gateways, MTU; must outlive the links */
	const struct links_device *devices;
	uint16_t device_count;         /* 1: all roles share it; 2: the second is the targets' */
	uint64_t seed;
	links_send *send;
	void *context;
};

struct links;

/* NULL: error[OPTIONS_ERROR_MAX] tells. */
[[nodiscard]] struct links *links_create(const struct links_config *config, tick_t now,
					 char *error);
void links_destroy(struct links *links);

/* The device that a role sends by. */
[[nodiscard]] uint16_t links_device_of(const struct links *links, enum locals_role role);

/* Sends what tells neighbours that we are there: at start and when a link comes up. */
void links_announce(struct links *links);

enum links_result {
	LINKS_DATAGRAM, /* its payload lies in the frame, or is good until the next call */
	LINKS_TAKEN,    /* answered, absorbed, held, or not for us */
	LINKS_ERROR,    /* an ICMP error: what we have sent was refused */
	LINKS_CORRUPT,
};
/* Takes a frame; `flags`: enum frame_flag. */
enum links_result links_receive(struct links *links, uint16_t device, const uint8_t *frame,
				uint32_t len, uint32_t flags, tick_t now,
				struct frame_datagram *datagram);

/*
 * The headers from local `local` of a role to `destination`, which `peer` stands for (below the
 * number of the other side's addresses when direct, else 0).  NULL: the next hop is not known
 * (yet); it is being asked for.
 */
[[nodiscard]] const struct frame_template *links_headers(struct links *links, enum locals_role role,
							 uint16_t local, uint16_t peer,
							 const struct endpoint *destination,
							 tick_t now);

/* What net/send.h needs to cut a datagram into fragments.  False: the next hop is not known. */
[[nodiscard]] bool links_route(struct links *links, enum locals_role role, uint16_t local,
			       const struct endpoint *destination, tick_t now,
			       struct net_send *send);
[[nodiscard]] struct net_stack *links_stack(struct links *links);

/* Starts to look for the next hop; true when it is known. */
[[nodiscard]] bool links_find(struct links *links, enum locals_role role,
			      const struct endpoint *destination, tick_t now);

/* Runs what is due: asks again, keeps known next hops fresh.  To be called every few
 * milliseconds; bounded. */
void links_expire(struct links *links, tick_t now);

#endif
