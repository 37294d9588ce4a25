/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients as the server sees them: a bounded table by transport identity, with places that are kept
 * for local ones and a limit for each key, and for each a bounded queue of what the transport would
 * not take yet.  Knows no JSON and no loop.
 */
#ifndef API_PEER_H
#define API_PEER_H

#include "api/curve_key.h"
#include "api/protocol.h"
#include "base/compiler.h"

struct api_peer_message;

struct api_peer {
	bool is_used;
	bool is_subscribed;
	unsigned char identity_len;
	char identity[255];
	char name[64];           /* what the client calls itself */
	char key[CURVE_KEY_TEXT_MAX]; /* that let it in, told by the transport; "": it is local */
	char address[64];        /* as the transport tells it */
	uint64_t number;         /* of all clients since the start, from 1 */
	uint64_t since_ms;       /* uv_now at hello */
	uint64_t messages;       /* from it */
	int64_t subscription;    /* id of the request that events follow */
	void *agent;             /* what control/agents knows it as; NULL: no agent */
	unsigned int requests;   /* whose handlers have not ended them */
	uint64_t last_used;      /* the table's clock at its last message */
	struct api_peer_message *head, **tail;
	size_t queued;           /* octets in the queue */
};

struct api_peers {
	void *socket;            /* ROUTER with ZMQ_ROUTER_MANDATORY; not owned */
	size_t queue_max;
	uint64_t clock;          /* counts messages received */
	uint64_t numbered;       /* clients since the start */
	unsigned int count, subscribed, blocked; /* blocked: with a queue */
	struct api_peer table[API_CLIENTS_MAX];
};

enum api_peer_sent {
	API_PEER_SENT,    /* given to the transport, or queued */
	API_PEER_SLOW,    /* the queue is full */
	API_PEER_GONE,    /* the transport knows no such peer any more */
};

void api_peers_init(struct api_peers *peers, void *socket, size_t queue_max);
void api_peers_fini(struct api_peers *peers);

/* NULL: unknown. */
struct api_peer *api_peers_find(struct api_peers *peers, const void *identity, size_t len);
/* Why somebody new finds no place. */
enum api_peers_full {
	API_PEERS_FULL_ALL,    /* all places are taken by clients that are in use */
	API_PEERS_FULL_REMOTE, /* all that are not kept for local ones */
	API_PEERS_FULL_KEY,    /* as many have this key as may */
};

/*
 * `key`: that let it in; "": it is local.  Where a limit is reached, one of those that it counts
 * makes room: the one that is silent for longest, without an open request or a subscription, and no
 * agent.  It has most likely gone, and may say hello again.  NULL: there is no such, with *full; or
 * an identity that no transport gives.
 */
struct api_peer *api_peers_insert(struct api_peers *peers, const char *key, const void *identity,
				  size_t len, enum api_peers_full *full);
void api_peers_remove(struct api_peers *peers, struct api_peer *peer);

void api_peer_subscribe(struct api_peers *peers, struct api_peer *peer, int64_t id);
void api_peer_unsubscribe(struct api_peers *peers, struct api_peer *peer);

/* In order with what was sent before. */
[[nodiscard]] enum api_peer_sent api_peer_send(struct api_peers *peers, struct api_peer *peer,
					       const char *data, size_t len);
/* Tries the queue again. */
[[nodiscard]] enum api_peer_sent api_peer_flush(struct api_peers *peers, struct api_peer *peer);
/* To one that is not in the table: once, and never queued. */
void api_peers_send_once(struct api_peers *peers, const void *identity, size_t identity_len,
			 const char *data, size_t len);

#endif
