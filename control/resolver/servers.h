/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The servers that a name stands for: one entry a host, port and address, with the priority and
 * weight of its record.  Order by RFC 2782, weights where hosts have several addresses, names,
 * difference.  Pure: chance comes from the caller.
 */
#ifndef RESOLVER_SERVERS_H
#define RESOLVER_SERVERS_H

#include "resolver/dns_answer.h"

#define SERVERS_MAX     1024 /* in a set */
#define SERVER_NAME_MAX 64   /* NUL included, as names of targets */

struct server {
	char host[DNS_NAME_MAX]; /* lower case; of an address its text */
	uint16_t priority, weight;
	struct endpoint endpoint;
};

enum servers_status {
	SERVERS_FOUND,
	SERVERS_NONE,        /* authoritative: no such name, or nothing there of use */
	SERVERS_REFUSED,     /* the single SRV record with target ".": the service is not offered */
	SERVERS_UNSUPPORTED, /* only over a transport that is not spoken here */
	SERVERS_FAILED,      /* nothing is known: no answer, or the name server failed */
};

struct server_set {
	enum servers_status status;
	enum dns_status cause; /* of the question that decided, when nothing was found */
	enum dns_type asked;   /* that question's type */
	bool is_partial;       /* some hosts' addresses could not be asked for: known ones were kept */
	uint32_t ttl_s;        /* the least of all records; DNS_TTL_UNKNOWN: none said */
	uint32_t records;      /* SRV records that were read */
	uint32_t unusable;     /* records, and hosts without an address */
	uint32_t omitted;      /* beyond what a set holds */
	uint32_t unreachable;  /* addresses that server_set_filter left out */
	uint32_t count;
	struct server servers[];
};

/* An empty set with room; NULL: out of memory.  To be freed with free(). */
[[nodiscard]] struct server_set *server_set_create(uint32_t room);
[[nodiscard]] struct server_set *server_set_copy(const struct server_set *set);

/* Leaves out the addresses that cannot be used.  A set that loses all is SERVERS_NONE. */
typedef bool (*server_usable_fn)(void *context, const struct ip_address *address);
void server_set_filter(struct server_set *set, server_usable_fn is_usable, void *context);

/* By priority, host, port, address: equal whatever the order in which a name server answered. */
void server_set_sort(struct server_set *set);

/*
 * Once the server of each host, port and address, as its record with the lowest priority number
 * says (of equals that with the highest weight).  Sorts.
 */
void server_set_unify(struct server_set *set);

/* Uniform in [0, below); `below` is not 0. */
typedef uint32_t (*server_random_fn)(void *context, uint32_t below);
/*
 * RFC 2782: lowest priority first; within one the records with weight 0 first in the list, running
 * sums, a uniform number from 0 to the total, the first record whose sum reaches it, until none is
 * left.  With all weights 0 the list is shuffled before.  Addresses of one host and port stay
 * together in the order that they have.  False: out of memory.
 */
[[nodiscard]] bool server_set_order(struct server_set *set, server_random_fn random, void *context);

/*
 * Divides a record's weight among the addresses of its host, and multiplies all of a priority so
 * that what remains are whole numbers: hosts keep their shares however many addresses they have.
 * The set is sorted.  A weight that is not 0 stays so.
 */
void server_set_share_weights(struct server_set *set);

/* "host:port@address"; a host that is too long is cut and told apart by a hash. */
const char *server_name(const struct server *server, char name[SERVER_NAME_MAX]);

struct server_difference {
	uint32_t added, removed, changed; /* changed: priority or weight */
};
/* Both sets are unified.  NULL is an empty one. */
struct server_difference server_set_difference(const struct server_set *before,
					       const struct server_set *after);

#endif
