/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a user agent writes: requests in and out of dialogs (RFC 3261 §8.1.1, §12), ACK, CANCEL,
 * responses (§8.2.6), and where each goes.  Used by scripted nodes and by agents.
 */
#ifndef SCENARIO_UA_H
#define SCENARIO_UA_H

#include "world.h"

#define ROUTES_MAX 16

struct dialog {
	char *call_id, *local_tag, *remote_tag;
	char *local, *remote;      /* From and To values without tags */
	char *remote_target;       /* URI */
	char *routes[ROUTES_MAX];  /* Route values in sending order */
	int route_count;
	unsigned long local_cseq;
};

/* Text "host:port" of an address; IPv6 in brackets. */
char *ua_endpoint(struct arena *arena, const struct endpoint *endpoint);
/* An unused one of each; unique in the run. */
char *ua_branch(struct node *node);
char *ua_tag(struct node *node);

/* Initial request.  NULL for call_id, tag: new ones. */
struct message *ua_request(struct node *node, const char *method, const char *uri,
				const char *call_id, const char *tag, unsigned long cseq);
/* The same request once more as a new transaction: new branch, CSeq one higher (§8.1.3.5). */
struct message *ua_again(struct node *node, const struct message *request);
struct message *ua_in_dialog(struct node *node, struct dialog *dialog, const char *method);
/* ACK to a 2xx: a request of its own along the route set (§13.2.2.4). */
struct message *ua_ack_2xx(struct node *node, struct dialog *dialog,
				const struct message *invite);
/* ACK to a non-2xx, within the INVITE's transaction (§17.1.1.3). */
struct message *ua_ack_failure(const struct message *invite, const struct message *response);
struct message *ua_cancel(const struct message *invite);
/* `tag` goes into To where the request's has none; not into a 100. */
struct message *ua_response(struct node *node, const struct letter *request, int status,
				 const char *tag);

/* Where a request goes: its topmost Route, else its Request-URI if that is an address and the
 * request is in a dialog, else the node's proxy. */
struct endpoint ua_next_hop(struct node *node, const struct message *request);
/* Where a response goes (§18.2.2, RFC 3581 §4), by its top Via as the server filled it in. */
bool ua_answer(const struct message *response, struct endpoint *destination);
bool ua_uri_endpoint(struct arena *arena, const char *uri, struct endpoint *endpoint);

/* The dialog as the caller sees it after a response, and the callee after a request (§12.1). */
void dialog_of_response(struct dialog *dialog, const struct message *request,
			const struct message *response);
void dialog_of_request(struct dialog *dialog, const struct message *request,
		       const char *local_tag);
/* Target refresh (§12.2). */
void dialog_refresh(struct dialog *dialog, const struct message *message);

#endif
