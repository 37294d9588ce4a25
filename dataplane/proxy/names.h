/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops that are names: what has been learned of them, and the messages that wait until it is.
 * A name that `hosts` does not have is asked for through the outbox; control answers
 * (proxy_name_answer), and what waited is carried on as if it came just then.  Not to be included
 * outside proxy/.
 *
 * Names come from strangers, so that all is bounded: messages that wait, a name's and a sender's
 * part of them, their octets, questions a second, what is remembered, and how long.
 */
#ifndef PROXY_NAMES_H
#define PROXY_NAMES_H

#include "proxy/route.h"

#define NAMES_WAITING_MAX   256               /* messages */
#define NAMES_OF_ONE_MAX    32                /* of them for one name */
#define NAMES_OF_SENDER_MAX 64                /* of them from one address */
#define NAMES_OCTETS_MAX    (1024u * 1024)    /* of all together */
#define NAMES_WAIT_MS       3000u             /* then the message is answered with 503 */
#define NAMES_KNOWN_SETS    256               /* of four names each */
#define NAMES_KNOWN_WAYS    4
#define NAMES_RATE          200u              /* questions a second */
#define NAMES_BURST         64u
#define NAMES_KEEP_MIN_MS   1000u             /* of an answer: what waited must still find it */
#define NAMES_KEEP_MAX_MS   (3600u * 1000)
#define NAMES_FAILED_MS     5000u             /* a name that nobody answered for */

struct retained;
struct call;
struct txn;

enum name_knowledge {
	NAME_UNASKED, /* nothing is known, or not any more */
	NAME_FOUND,
	NAME_FAILED,  /* of late */
};

struct known_name {
	struct hash128 key; /* zero: free */
	tick_t until;
	struct endpoint endpoint;
	bool is_found;
};

struct waiting_message {
	struct retained *copy;     /* NULL: free */
	struct hash128 name;
	struct hash128 server_key; /* of a request */
	uint64_t number;           /* the order in which they came */
	tick_t until;
	uint8_t method;
	bool is_error;             /* what an ICMP error quotes, of a response of ours */
	bool is_ready;             /* the name has been answered for */
};

struct names {
	bool is_on;
	struct hash_key key;       /* strangers choose names */
	uint32_t waiting, ready, octets;
	uint64_t numbers;          /* given */
	tick_t next_until;         /* no message waits for less long; may be early */
	tick_t due;                /* when the next question is, at an even pace */
	struct known_name known[NAMES_KNOWN_SETS][NAMES_KNOWN_WAYS];
	struct waiting_message messages[NAMES_WAITING_MAX];
};

void names_init(struct names *names, bool is_on, uint64_t seed, tick_t now);

/* What is known of a URI's host; an address or a name of `hosts` is not asked for here. */
[[nodiscard]] enum name_knowledge names_find(const struct names *names, struct span host,
					     uint16_t port, tick_t now, struct endpoint *endpoint);

/* The request that `route` could not send on would wait: its name may be asked for. */
[[nodiscard]] bool names_may_wait(const struct names *names, const struct route *route, tick_t now);
/* The request that `route` could not send on, as it was received, waits for the name, or is a copy
 * of one that does.  False: refuse it, *reason says why. */
[[nodiscard]] bool names_wait(struct call *call, const struct sip_message *msg,
			      const struct route *route, struct hash128 server_key,
			      struct verdict *verdict, enum verdict_reason *reason);
/* The same for a response that ICMP brought back and that `host` may still take. */
[[nodiscard]] bool names_wait_error(struct call *call, struct span quoted,
				    const struct endpoint *destination, struct span host,
				    uint16_t port);
/* A CANCEL for an INVITE that waits: both are answered.  False: none does. */
[[nodiscard]] bool names_cancel(struct call *call, const struct sip_message *msg,
				struct verdict *verdict);
/* Carries on one message whose name is known by now, or has been waited for too long.  False: none
 * is due. */
[[nodiscard]] bool names_resume(struct call *call);
/* When names_resume has something to do; TICK_NEVER: nothing waits. */
[[nodiscard]] tick_t names_next(const struct names *names);
void names_forget_all(struct proxy *proxy);

#endif
