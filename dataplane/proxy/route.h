/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a request goes: the way (route.c), and the target where it is balanced (select.c).  Not to be
 * included outside proxy/.
 */
#ifndef PROXY_ROUTE_H
#define PROXY_ROUTE_H

#include "balance/cookie.h"
#include "proxy/proxy.h"
#include "sip/message.h"
#include "sip/uri.h"

struct call;
struct names;
struct txn;

/* Times that a call passes us and is kept account of for each. */
#define ROUTE_PASSAGES_MAX 4
struct route {
	enum proxy_route_kind kind;
	enum verdict_reason reason;   /* of a rejection; of a forward otherwise */
	uint16_t service, pool, target, egress;
	uint8_t own_routes;           /* leading Route values of ours, to remove */
	bool was_strict;              /* Request-URI held a Record-Route value of ours (§16.4) */
	bool strict_next_hop;         /* first Route left has no lr (§16.6 item 6) */
	bool strips_maddr;            /* maddr of the Request-URI is ours (§16.4) */
	bool has_token;
	bool is_balanced;
	bool is_call;                 /* an INVITE: caps on calls count */
	bool is_recalled;             /* balanced: by an earlier request of the call */
	bool is_remembered;           /* balanced: to be kept in the call memory */
	bool is_stateless;            /* to be sent on without a transaction */
	bool is_stranger;             /* the source is neither a target nor a peer */
	enum route_token_side side;
	struct route_token token;
	/* Services of the signed values met, `service` among them: more than one where nobody
	 * between two passages of a call stayed on its path, and this request makes one of them. */
	uint16_t passages[ROUTE_PASSAGES_MAX];
	uint8_t passage_count;
	/* Of a next hop whose name nobody knows yet: its host and port. */
	struct span name;
	uint16_t name_port;
	const struct names *names;    /* what is known of names; NULL: nothing */
	tick_t now;
	struct endpoint next_hop;
	struct span strict_uri;       /* with was_strict: the last Route's URI */
	struct span strict_hop;       /* with strict_next_hop: its URI */
	struct span balance_call_id;  /* the Call-ID that chooses (Replaces, Join follow theirs) */
};
/* Where a request goes; a balanced one without its target yet.  `names` and `now` serve names of
 * next hops that `hosts` does not have. */
void route_find(const struct balance_snapshot *snapshot, const struct names *names, tick_t now,
		const struct sip_message *msg, const struct proxy_datagram *datagram,
		struct route *route);
/* Next hop of a request of our own in a dialog of `route`'s token: by `uri`, its first Route value
 * or, `is_last`, its Request-URI.  False: no way there, route->reason tells why. */
[[nodiscard]] bool route_follow(const struct balance_snapshot *snapshot, const struct sip_uri *uri,
				bool is_last, struct route *route);
/* A Route or Record-Route value of ours whose token verifies against the message's tags: fills the
 * route's token and side. */
[[nodiscard]] bool route_is_own_signed(const struct balance_snapshot *snapshot,
				       const struct sip_message *msg, struct span value,
				       struct route *route);
/* Fills next_hop and egress of a target; false: no way there. */
[[nodiscard]] bool route_use_target(const struct balance_snapshot *snapshot, uint16_t target,
				    struct route *route);

/* ---- select.c */
/* Chooses the target of a balanced route, anew or, with `txn`, among those that it has not tried.
 * VERDICT_REASON_NONE, or why there is none. */
[[nodiscard]] enum verdict_reason request_select(struct call *call, struct route *route,
						 const struct txn *txn, bool peek);
/* ACK and CANCEL go where their INVITE went, as far as that can be told without its state:
 * usable or not does not matter, the call is there or nowhere. */
[[nodiscard]] bool request_select_stray(struct call *call, struct route *route);

#endif
