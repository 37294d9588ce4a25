/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients and their queues; see peer.h. */
#include "api/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct api_peer_message {
	struct api_peer_message *next;
	size_t len;
	char data[];
};

void api_peers_init(struct api_peers *peers, void *socket, size_t queue_max)
{
	memset(peers, 0, sizeof(*peers));
	peers->socket = socket;
	peers->queue_max = queue_max;
}

void api_peers_fini(struct api_peers *peers)
{
	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		if (peers->table[i].is_used)
			api_peers_remove(peers, &peers->table[i]);
	}
}

struct api_peer *api_peers_find(struct api_peers *peers, const void *identity, size_t len)
{
	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		struct api_peer *peer = &peers->table[i];
		if (peer->is_used && peer->identity_len == len &&
		    memcmp(peer->identity, identity, len) == 0)
			return peer;
	}
	return NULL;
}

/* Whom a limit counts: all, those with some key, those with this key. */
struct share {
	enum api_peers_full limit;
	const char *key;
	unsigned int max;
};

static bool share_counts(const struct share *share, const struct api_peer *peer)
{
	if (!peer->is_used)
		return false;
	switch (share->limit) {
	case API_PEERS_FULL_KEY:
		return strcmp(peer->key, share->key) == 0;
	case API_PEERS_FULL_REMOTE:
		return peer->key[0];
	default:
		return true;
	}
}

/* False: as many as may be are there, and none can go. */
static bool share_make_room(struct api_peers *peers, const struct share *share)
{
	struct api_peer *oldest = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		struct api_peer *peer = &peers->table[i];
		if (!share_counts(share, peer))
			continue;
		count++;
		if (peer->requests == 0 && !peer->is_subscribed && !peer->agent &&
		    (!oldest || peer->last_used < oldest->last_used))
			oldest = peer;
	}
	if (count < share->max)
		return true;
	if (oldest)
		api_peers_remove(peers, oldest);
	return oldest;
}

/* A free place.  The smallest share comes first: who has used up its own sends nobody else away. */
static struct api_peer *peers_make_room(struct api_peers *peers, const char *key,
					enum api_peers_full *full)
{
	const struct share shares[] = {
		{ API_PEERS_FULL_KEY, key, API_CLIENTS_KEY_MAX },
		{ API_PEERS_FULL_REMOTE, key, API_CLIENTS_MAX - API_CLIENTS_LOCAL },
		{ API_PEERS_FULL_ALL, key, API_CLIENTS_MAX },
	};

	for (size_t i = key[0] ? 0 : ARRAY_SIZE(shares) - 1; i < ARRAY_SIZE(shares); i++) {
		*full = shares[i].limit;
		if (!share_make_room(peers, &shares[i]))
			return NULL;
	}
	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		if (!peers->table[i].is_used)
			return &peers->table[i];
	}
	return NULL;
}

struct api_peer *api_peers_insert(struct api_peers *peers, const char *key, const void *identity,
				  size_t len, enum api_peers_full *full)
{
	struct api_peer *peer;

	*full = API_PEERS_FULL_ALL;
	peer = len <= sizeof(peer->identity) ? peers_make_room(peers, key, full) : NULL;
	if (!peer)
		return NULL;
	memset(peer, 0, sizeof(*peer));
	peer->is_used = true;
	peer->number = ++peers->numbered;
	peer->identity_len = (unsigned char)len;
	memcpy(peer->identity, identity, len);
	snprintf(peer->key, sizeof(peer->key), "%s", key);
	peer->tail = &peer->head;
	peers->count++;
	return peer;
}

static void peer_pop(struct api_peers *peers, struct api_peer *peer)
{
	struct api_peer_message *message = peer->head;

	peer->head = message->next;
	peer->queued -= message->len;
	if (!peer->head) {
		peer->tail = &peer->head;
		peers->blocked--;
	}
	free(message);
}

void api_peers_remove(struct api_peers *peers, struct api_peer *peer)
{
	while (peer->head)
		peer_pop(peers, peer);
	api_peer_unsubscribe(peers, peer);
	peer->is_used = false;
	peers->count--;
}

void api_peer_subscribe(struct api_peers *peers, struct api_peer *peer, int64_t id)
{
	if (!peer->is_subscribed)
		peers->subscribed++;
	peer->is_subscribed = true;
	peer->subscription = id;
}

void api_peer_unsubscribe(struct api_peers *peers, struct api_peer *peer)
{
	if (peer->is_subscribed)
		peers->subscribed--;
	peer->is_subscribed = false;
}

/* 0, EAGAIN or EHOSTUNREACH.  The transport decides on the identity; the second frame of a message
 * that it has begun to take never fails. */
static int peer_transmit(struct api_peers *peers, const void *identity, size_t identity_len,
			 const char *data, size_t len)
{
	if (zmq_send(peers->socket, identity, identity_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return zmq_errno() == EAGAIN ? EAGAIN : EHOSTUNREACH;
	return zmq_send(peers->socket, data, len, ZMQ_DONTWAIT) < 0 ? EHOSTUNREACH : 0;
}

static enum api_peer_sent peer_enqueue(struct api_peers *peers, struct api_peer *peer,
				       const char *data, size_t len)
{
	if (len > peers->queue_max - peer->queued)
		return API_PEER_SLOW;
	struct api_peer_message *message = malloc(sizeof(*message) + len);
	if (!message)
		return API_PEER_SLOW;
	message->next = NULL;
	message->len = len;
	memcpy(message->data, data, len);
	if (!peer->head)
		peers->blocked++;
	*peer->tail = message;
	peer->tail = &message->next;
	peer->queued += len;
	return API_PEER_SENT;
}

enum api_peer_sent api_peer_send(struct api_peers *peers, struct api_peer *peer, const char *data,
				 size_t len)
{
	if (peer->head)
		return peer_enqueue(peers, peer, data, len);
	switch (peer_transmit(peers, peer->identity, peer->identity_len, data, len)) {
	case 0:
		return API_PEER_SENT;
	case EAGAIN:
		return peer_enqueue(peers, peer, data, len);
	default:
		return API_PEER_GONE;
	}
}

enum api_peer_sent api_peer_flush(struct api_peers *peers, struct api_peer *peer)
{
	while (peer->head) {
		int status = peer_transmit(peers, peer->identity, peer->identity_len,
					   peer->head->data, peer->head->len);
		if (status == EAGAIN)
			break;
		if (status != 0)
			return API_PEER_GONE;
		peer_pop(peers, peer);
	}
	return API_PEER_SENT;
}

void api_peers_send_once(struct api_peers *peers, const void *identity, size_t identity_len,
			 const char *data, size_t len)
{
	(void)peer_transmit(peers, identity, identity_len, data, len);
}
