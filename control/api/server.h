/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server's end of the control socket: clients, their queues, requests and events, on a ZeroMQ
 * ROUTER inside a libuv loop.  Control thread alone.  Knows the commands' names and arguments
 * (api/commands.h), not what they do: handlers are given to it.
 *
 * Nothing here blocks, and a client can cost no more than the limits of api/protocol.h: one that
 * does not read is dropped when its queue is full, one that is gone when something is next sent.
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include "api/commands.h"
#include "api/protocol.h"
#include "api/remote.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

struct api_server;
struct api_request;
struct api_peer;

/* Must end, now or later, in exactly one api_request_ok or api_request_error. */
typedef void (*api_handler_fn)(void *context, struct api_request *request, const json_t *args);

/*
 * Those that started helper processes know them again, and talk to them as they like; the server
 * carries the messages.  `agent` is what greet returned; `peer` is good until gone is called, which
 * happens once for each agent that was let in.
 */
struct api_agent_hooks {
	void *context;
	/* NULL: not let in, with the reason in why[size]. */
	void *(*greet)(void *context, struct api_peer *peer, const char *name, const char *token,
		       char *why, size_t size);
	/* Its hello has been answered. */
	void (*ready)(void *agent);
	/* Any message but requests, cancel, hello and bye.  Borrows it. */
	void (*message)(void *agent, const json_t *message);
	void (*gone)(void *agent);
};

struct api_server_config {
	uv_loop_t *loop;
	const char *endpoint;     /* ipc://PATH, or inproc://NAME on `zmq` */
	void *zmq;                /* a ZeroMQ context to share; NULL: one of its own */
	const char *program;      /* "tandemd 0.1.0" */
	unsigned int instance;
	const api_handler_fn *handlers; /* by enum api_command_id */
	void *context;            /* the handlers' first argument */
	const struct api_agent_hooks *agents; /* NULL: no agent is let in */
	const struct api_remote_config *remote; /* NULL: local clients alone */
	size_t queue_max;         /* octets for one client; 0: API_QUEUE_MAX */
	size_t transport_queue;   /* messages; 0: API_TRANSPORT_QUEUE */
};

/*
 * Binds and starts to serve when the loop runs.  A socket file that nobody answers on is replaced;
 * its directory is made when it is missing; the socket gets mode 0660.  NULL on failure, with one
 * sentence in error[size].
 */
[[nodiscard]] struct api_server *api_server_start(const struct api_server_config *config,
						  char *error, size_t size);

/* Stops serving.  Every open request is answered (`stopped`) and detached: api_request_is_live turns
 * false, and it still has to be ended before the loop is closed.  Memory is freed by the loop's next
 * pass. */
void api_server_stop(struct api_server *server);

/* Sends {event: event} to all that subscribed.  Borrows `event`. */
void api_server_event(struct api_server *server, json_t *event);

/* A message of its own to an agent's client.  Steals `message`.  False: the client has been
 * dropped, and gone was called. */
bool api_server_tell(struct api_server *server, struct api_peer *peer, json_t *message);

/* The agent's process has ended: its client is forgotten, and gone is called. */
void api_server_let_go(struct api_server *server, struct api_peer *peer);

/* {clients: [...]}: those that `name` (a part of what they call themselves), `role` ("client",
 * "agent") and `access` ("all", "read") ask for; NULL: any.  NULL: out of memory. */
json_t *api_server_show_clients(const struct api_server *server, const char *name,
				const char *role, const char *access);
/* Replaces the keys that are let in, and forgets clients whose key is not among them.  0 or -ENOMEM,
 * and nothing has changed; 0 where nothing remote is served. */
[[nodiscard]] int api_server_set_remote_clients(struct api_server *server,
						const struct api_remote_client *clients,
						unsigned int count);
/* Where the server listens for remote clients: the last endpoint, with the port that the kernel
 * chose for `:*`.  False: nowhere. */
[[nodiscard]] bool api_server_remote_endpoint(const struct api_server *server, char *text,
					      size_t size);

struct api_server_stats {
	unsigned int clients, subscribers, requests;
	uint64_t messages, malformed, clients_dropped;
};
void api_server_stats(const struct api_server *server, struct api_server_stats *stats);

/* False when its client has been dropped or has cancelled it, or the server stopped: nobody hears
 * what it still answers, and work for it is to be cut short. */
[[nodiscard]] bool api_request_is_live(const struct api_request *request);
/* What its client calls itself, for people. */
const char *api_request_client(const struct api_request *request);
/* These three steal `body`; the last two end and free the request. */
void api_request_partial(struct api_request *request, json_t *body);
void api_request_ok(struct api_request *request, json_t *body);
void api_request_error(struct api_request *request, enum api_error error, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* From now on the client gets events, until it cancels the request, which ends by itself. */
void api_request_subscribe(struct api_request *request);

#endif
