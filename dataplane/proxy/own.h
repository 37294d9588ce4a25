/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the engine: requests of our own, and probes among them.  Not to be included outside proxy/.
 */
#ifndef PROXY_OWN_H
#define PROXY_OWN_H

#include "proxy/engine.h"

/* ---- own.c */
/* A request of our own: within a dialog, or a probe. */
struct own_request {
	enum sip_method method;
	struct span request_uri;
	struct span routes;       /* complete Route rows, or empty */
	struct span rows;         /* further complete rows, or empty */
	struct span from, to;     /* values of the rows */
	struct span call_id;
	uint32_t cseq;
	struct span sdp;          /* body, or empty */
	struct hash128 key;       /* first part of its branch */
	uint16_t service;         /* whose timers it has */
	uint16_t pool;            /* of a probe: the same */
	const struct route *route; /* next hop and egress */
	bool is_probe;            /* not sent where its answer would not be known */
};
/* Writes the request; `slot`: of its transaction, or NULL.  Empty: it cannot be composed. */
[[nodiscard]] struct span own_compose(struct call *call, const struct own_request *own,
				      const struct txn *slot, struct endpoint *source);
/* Sends a non-INVITE request as a client transaction whose answer ends here; to be settled by the
 * caller.  NULL: no slot or no memory, and it was sent once at most. */
struct txn *own_start(struct call *call, const struct own_request *own);
struct verdict own_response(struct call *call, struct txn *txn, const struct sip_message *msg);

/* ---- probe.c */
struct verdict probe_response(struct call *call, struct txn *txn, const struct sip_message *msg);
/* It ended without a final response. */
void probe_failed(struct call *call, struct txn *txn, enum failover_cause cause, bool was_answered);

#endif
