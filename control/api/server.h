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

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

struct api_server;
struct api_request;

/* Must end, now or later, in exactly one api_request_ok or api_request_error. */
typedef void (*api_handler_fn)(void *context, struct api_request *request, const json_t *args);

struct api_server_config {
	uv_loop_t *loop;
	const char *endpoint;     /* ipc://PATH, or inproc://NAME on `zmq` */
	void *zmq;                /* a ZeroMQ context to share; NULL: one of its own */
	const char *program;      /* "tandemd 0.1.0" */
	unsigned int instance;
	const api_handler_fn *handlers; /* by enum api_command_id */
	void *context;            /* the handlers' first argument */
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

/* Stops serving.  Open requests are detached (api_request_is_live turns false) and still have to
 * be ended before the loop is closed.  Memory is freed by the loop's next pass. */
void api_server_stop(struct api_server *server);

/* Sends {event: event} to all that subscribed.  Borrows `event`. */
void api_server_event(struct api_server *server, json_t *event);

struct api_server_stats {
	unsigned int clients, subscribers, requests;
	uint64_t messages, malformed, clients_dropped;
};
void api_server_stats(const struct api_server *server, struct api_server_stats *stats);

/* False when its client has been dropped or the server stopped: work for it may be cut short. */
[[nodiscard]] bool api_request_is_live(const struct api_request *request);
/* What its client calls itself, for people. */
const char *api_request_client(const struct api_request *request);
/* These three steal `body`; the last two end and free the request. */
void api_request_partial(struct api_request *request, json_t *body);
void api_request_ok(struct api_request *request, json_t *body);
void api_request_error(struct api_request *request, enum api_error error, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* From now on the client gets events. */
void api_request_subscribe(struct api_request *request);

#endif
