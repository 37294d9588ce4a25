/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locating servers (RFC 3263 §4.1, §4.2, RFC 2782) as questions and answers: what is to be asked
 * next, and what the answers mean.  Asks nobody itself: whoever drives it takes questions, hands in
 * answers in any order, and takes the result.  No socket, no clock.
 *
 * Where a failure is not an absence: a name server that fails or is silent about NAPTR is passed
 * over, since many do not know that type; about SRV records or addresses nothing is known then, and
 * no other way is taken, which could lead to a server that nobody meant.
 */
#ifndef RESOLVER_LOCATE_H
#define RESOLVER_LOCATE_H

#include "resolver/servers.h"

#define LOCATE_HOSTS_MAX    512 /* hosts of SRV records whose addresses are asked for */
#define LOCATE_ALIASES_MAX  8   /* CNAMEs followed by questions of our own */
#define LOCATE_NAPTRS_MAX   4   /* replacements tried, best first */
#define LOCATE_DEFAULT_PORT 5060

enum locate_transport {
	LOCATE_ANY,   /* the URI has no transport parameter */
	LOCATE_UDP,
	LOCATE_OTHER, /* one that is not spoken here */
};

struct locate_request {
	char name[DNS_NAME_MAX]; /* a host, an address with or without brackets, or an SRV name */
	uint16_t port;           /* 0: none given */
	uint8_t transport;       /* enum locate_transport */
	bool is_sips;
	bool is_srv;             /* the name is that of SRV records: nothing else is asked for it */
};

/* Lower case, without the root's dot and brackets.  False: no host, nor an address. */
[[nodiscard]] bool locate_request_init(struct locate_request *request, struct span host,
				       uint16_t port);

struct locate_question {
	uint32_t id;
	enum dns_type type;
	char name[DNS_NAME_MAX];
};

struct locate;
/* `known`: addresses of its hosts stand in where those cannot be asked for; NULL: none; borrowed
 * until the end.  NULL: out of memory. */
[[nodiscard]] struct locate *locate_create(const struct locate_request *request,
					   const struct server_set *known);
void locate_destroy(struct locate *locate);

/* The next question that nobody asks yet.  False: none, at the moment or at all. */
[[nodiscard]] bool locate_next(struct locate *locate, struct locate_question *question);
void locate_answer(struct locate *locate, uint32_t id, const struct dns_answer *answer);
[[nodiscard]] bool locate_is_done(const struct locate *locate);
/* Once it is done: the caller's, to be freed with free().  NULL: out of memory. */
[[nodiscard]] struct server_set *locate_result(const struct locate *locate);

#endif
