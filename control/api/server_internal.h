/* SPDX-License-Identifier: BSD-3-Clause */
/* What server.c and dispatch.c share; nobody else includes it. */
#ifndef API_SERVER_INTERNAL_H
#define API_SERVER_INTERNAL_H

#include "api/peer.h"
#include "api/server.h"

struct api_request {
	struct api_server *server; /* NULL: stopped */
	struct api_peer *peer;     /* NULL: dropped */
	int64_t id;
	struct api_request *next, **link;
};

struct api_server {
	void *zmq, *socket;
	bool owns_zmq;
	char *path;              /* of the socket's file, to be removed; NULL: none */
	const char *program;
	unsigned int instance;
	const api_handler_fn *handlers;
	void *context;
	uv_poll_t poll;
	uv_idle_t idle;          /* runs while there is more to read than one pass may */
	uv_timer_t retry;        /* runs while a client's queue waits for the transport */
	unsigned int handles_open;
	struct api_request *requests;
	unsigned int request_count;
	uint64_t messages, malformed, clients_dropped;
	struct api_peers peers;
};

/* {code, text}; NULL: out of memory. */
json_t *api_error_body(enum api_error error, const char *text);
/* Borrows `message`; may drop the peer. */
void api_server_send(struct api_server *server, struct api_peer *peer, const json_t *message);
/* Takes a client out of the table and detaches its requests. */
void api_server_forget(struct api_server *server, struct api_peer *peer);
void api_server_idle(uv_idle_t *idle);
/* Takes one message off the socket and acts on it. */
void api_server_receive(struct api_server *server);

#endif
