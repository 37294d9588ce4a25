/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signed tokens that travel in messages, so that routing a dialog or a response needs no memory:
 * the route token (our Record-Route and Path URIs) and the hint (a parameter of our Via).
 * Binary, MAC'd with SipHash-2-4, base64url.  Knows no SIP text: the caller passes Call-ID and
 * tag as spans and puts the token into its URI.
 */
#ifndef BALANCE_COOKIE_H
#define BALANCE_COOKIE_H

#include "balance/snapshot.h"

/*
 * Route token.  MAC over (Call-ID, creator's From tag, all fields).  It is checked against the From
 * tag, then the To tag of an in-dialog request, since those come from both sides.
 */
struct route_token {
	uint8_t ingress;         /* interface the dialog's first request came in by */
	uint8_t egress;          /* interface it left by */
	bool inner;              /* of a double Record-Route: the one towards the creator's side is
	                            false, the one towards the other side true */
	uint16_t service;
	bool has_source;         /* the creator's transport address follows (behind NAT) */
	struct endpoint source;
};

#define ROUTE_TOKEN_TEXT_MAX 64

/* Signs with the snapshot's first key.  Sets the writer's overflow also when there is no key, or
 * when ingress or egress is no interface (BALANCE_INTERFACES_MAX or above). */
void route_token_encode(const struct balance_snapshot *snapshot, const struct route_token *token,
			struct span call_id, struct span creator_tag, struct text_writer *w);

enum route_token_side { ROUTE_TOKEN_FORGED, ROUTE_TOKEN_FROM_CREATOR, ROUTE_TOKEN_TO_CREATOR };

/* Tags compare without case (RFC 3261 §7.3.1), the Call-ID with it.
 * FROM_CREATOR when the MAC verifies with from_tag (the sender created the dialog), TO_CREATOR
 * with to_tag; FORGED when the text is no token or no key verifies it. */
[[nodiscard]] enum route_token_side route_token_decode(const struct balance_snapshot *snapshot,
						       struct span text, struct span call_id,
						       struct span from_tag, struct span to_tag,
						       struct route_token *token);

/* Hint. */
struct via_hint {
	uint16_t shard;
	uint16_t instance;
	uint32_t epoch;
	uint32_t slot, generation;
	uint32_t sent_second;    /* wall clock or tick second of sending, as the owner likes */
	uint8_t attempt;
	uint8_t ingress;         /* interface to answer through */
	bool stateless;
	struct endpoint answer;  /* the address to answer to */
	struct endpoint local;   /* the own address the request came to: answers leave from it
	                            (RFC 3581 §4); its port travels, and its number among the
	                            interface's addresses */
};

#define VIA_HINT_TEXT_MAX 96

/* MAC over the fields and `branch` (our branch that it stands beside), which compares without
 * case.  Sets the writer's overflow when `ingress` is no interface or `answer` no address. */
void via_hint_encode(const struct balance_snapshot *snapshot, const struct via_hint *hint,
		     struct span branch, struct text_writer *w);
/* On success `local` is an own address of the interface as the snapshot has it now; its family is
 * IP_NONE when the interface has lost all addresses of that family. */
[[nodiscard]] bool via_hint_decode(const struct balance_snapshot *snapshot, struct span text,
				   struct span branch, struct via_hint *hint);

#endif
