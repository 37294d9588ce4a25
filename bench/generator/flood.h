/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods: messages at a set rate whose answers nobody waits for.  Built-in ones (new calls without
 * follow-up, scanners, responses and ACKs that belong to nothing) each with a Call-ID, branch and
 * tag of its own, or the files of a folder in turn.  What comes back is counted by status.
 * Pure: no mbuf, no socket, no clock.
 */
#ifndef GENERATOR_FLOOD_H
#define GENERATOR_FLOOD_H

#include "generator/traffic.h"

#define FLOOD_ERROR_MAX   320u
#define FLOOD_OCTETS_MAX  65507u /* RFC 768: of a datagram over IPv4 */
#define FLOOD_FILES_MAX   65536u

struct flood_config {
	const char *what;               /* a built-in name, or a folder */
	const struct endpoint *from;    /* read at creation only */
	uint16_t from_count;
	struct endpoint proxy;
	uint64_t seed;
};

struct flood_results {
	uint64_t due, sent, received;   /* due: until now, or in all */
	uint64_t statuses[TRAFFIC_STATUSES];
	uint64_t requests;              /* of those received, no responses: sent on to a target */
};

struct flood;

/* NULL: no such flood or folder, or nothing in it; error[FLOOD_ERROR_MAX] tells. */
[[nodiscard]] struct flood *flood_create(const struct flood_config *config, char *error);
void flood_destroy(struct flood *flood);
/* Messages that it has: files, or 1. */
[[nodiscard]] uint32_t flood_messages(const struct flood *flood);

void flood_begin(struct flood *flood, double rate, double seconds, uint64_t now_tsc,
		 uint64_t tsc_hz);
/* No more from here on. */
void flood_stop(struct flood *flood);
/* True when none will be sent any more: all are, or their time is over. */
[[nodiscard]] bool flood_is_done(const struct flood *flood, uint64_t now_tsc);

/*
 * The next message, when one is due.  Up to `size` octets it is written to `room`, and *data is
 * room; a longer one stays the flood's and is good until destruction.  `*from` is the address it
 * leaves by.  False: none is due.
 */
[[nodiscard]] bool flood_next(struct flood *flood, uint64_t now_tsc, char *room, uint32_t size,
			      const char **data, uint32_t *len, uint16_t *from);

/* True when the message has a Call-ID of the flood's: a proxy has sent it on to a target, or has
 * answered where its Via says. */
[[nodiscard]] bool flood_owns(const struct flood *flood, const char *data, uint32_t len);
void flood_receive(struct flood *flood, const char *data, uint32_t len);
[[nodiscard]] const struct flood_results *flood_results(const struct flood *flood);

#endif
