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
	bool is_answered;          /* with `cancelled` or `stopped`; its handler does not know yet */
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
	struct api_agent_hooks agents; /* no greet: none is let in */
	struct api_remote *remote; /* NULL: local clients alone */
	uv_poll_t poll;
	uv_idle_t idle;          /* runs while there is more to read than one pass may */
	uv_timer_t retry;        /* runs while a client's queue waits for the transport */
	uv_timer_t watch;        /* looks without being told, now and then */
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
/* The transport tells a local peer as "localhost:UID:GID:PID", others as an address in digits. */
[[nodiscard]] bool api_address_is_local(const char *address, unsigned int *uid, unsigned int *pid);
/* Ends a request for its client, before its handler does. */
void api_request_cut(struct api_request *request, enum api_error error, const char *text);
/* Takes a client out of the table and detaches its requests. */
void api_server_forget(struct api_server *server, struct api_peer *peer);
void api_server_idle(uv_idle_t *idle);
/* Takes one message off the socket and acts on it.  Returns its octets. */
size_t api_server_receive(struct api_server *server);

#endif
