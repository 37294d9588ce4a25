/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server's end of the conversation; see server.h.  This file: the loop, the socket, and what
 * goes out.  What comes in is in dispatch.c.
 */
#include "api/server_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "api/endpoint.h"

#define SERVER_BUDGET    64  /* messages a pass, so that the loop's other work gets its turn, ... */
#define SERVER_BUDGET_OCTETS (256 * 1024) /* ... and what may be in them: parsing takes time */
#define SERVER_RETRY_MS  10
#define SERVER_LINGER_MS 200
/* A wake-up that got lost, whoever lost it, costs a client this much and not its answer. */
#define SERVER_WATCH_MS  200

static bool server_has_input(const struct api_server *server)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(server->socket, ZMQ_EVENTS, &events, &size) == 0 &&
	       (events & ZMQ_POLLIN);
}

void api_server_forget(struct api_server *server, struct api_peer *peer)
{
	void *agent = peer->agent;

	for (struct api_request *r = server->requests; r; r = r->next) {
		if (r->peer == peer)
			r->peer = NULL;
	}
	api_peers_remove(&server->peers, peer);
	if (agent)
		server->agents.gone(agent);
}

static void server_drop(struct api_server *server, struct api_peer *peer)
{
	server->clients_dropped++;
	api_server_forget(server, peer);
}

static void server_retry(uv_timer_t *timer);

/*
 * ZMQ_FD tells of changes, not of states: any call on the socket may take note of a message
 * without its being read, and the descriptor stays quiet then.  So after every send the state is
 * asked for, and a pass of the loop is requested when there is something to read.
 */
static void server_after_send(struct api_server *server)
{
	if (server_has_input(server))
		uv_idle_start(&server->idle, api_server_idle);
	if (server->peers.blocked && !uv_is_active((uv_handle_t *)&server->retry))
		uv_timer_start(&server->retry, server_retry, SERVER_RETRY_MS, SERVER_RETRY_MS);
}

/* True when some queue became shorter. */
static bool server_flush(struct api_server *server)
{
	bool progressed = false;

	for (unsigned int i = 0; i < API_CLIENTS_MAX && server->peers.blocked; i++) {
		struct api_peer *peer = &server->peers.table[i];
		size_t queued = peer->queued;
		if (!peer->is_used || !peer->head)
			continue;
		if (api_peer_flush(&server->peers, peer) == API_PEER_GONE)
			server_drop(server, peer);
		else
			progressed |= peer->queued < queued;
	}
	if (!server->peers.blocked)
		uv_timer_stop(&server->retry);
	return progressed;
}

static void server_drain(struct api_server *server)
{
	size_t octets = 0;

	for (unsigned int i = 0; i < SERVER_BUDGET && octets < SERVER_BUDGET_OCTETS &&
				 server_has_input(server); i++)
		octets += api_server_receive(server);
	bool progressed = server_flush(server);
	/* Asking for input may take note of room in a pipe, too, and nothing would tell: a client
	 * that reads is tried again in the next pass, one that does not by the timer. */
	if (server_has_input(server) || (progressed && server->peers.blocked))
		uv_idle_start(&server->idle, api_server_idle);
	else
		uv_idle_stop(&server->idle);
}

void api_server_idle(uv_idle_t *idle)
{
	server_drain(idle->data);
}

static void server_readable(uv_poll_t *poll, int, int)
{
	server_drain(poll->data);
}

static void server_retry(uv_timer_t *timer)
{
	server_drain(timer->data);
}

static bool server_send(struct api_server *server, struct api_peer *peer, const json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	bool is_sent = true;

	if (!text)
		return true;
	if (api_peer_send(&server->peers, peer, text, strlen(text)) != API_PEER_SENT) {
		server_drop(server, peer);
		is_sent = false;
	}
	free(text);
	server_after_send(server);
	return is_sent;
}

void api_server_send(struct api_server *server, struct api_peer *peer, const json_t *message)
{
	(void)server_send(server, peer, message);
}

bool api_server_tell(struct api_server *server, struct api_peer *peer, json_t *message)
{
	bool is_sent = server_send(server, peer, message);

	json_decref(message);
	return is_sent;
}

void api_server_event(struct api_server *server, json_t *event)
{
	json_t *message = json_pack("{s:O}", "event", event);

	for (unsigned int i = 0; message && i < API_CLIENTS_MAX && server->peers.subscribed; i++) {
		struct api_peer *peer = &server->peers.table[i];
		if (peer->is_used && peer->is_subscribed)
			api_server_send(server, peer, message);
	}
	json_decref(message);
}

void api_server_stats(const struct api_server *server, struct api_server_stats *stats)
{
	*stats = (struct api_server_stats){
		.clients = server->peers.count,
		.subscribers = server->peers.subscribed,
		.requests = server->request_count,
		.messages = server->messages,
		.malformed = server->malformed,
		.clients_dropped = server->clients_dropped,
	};
}

/* Requests. */

bool api_request_is_live(const struct api_request *request)
{
	return request->peer && !request->is_answered;
}

const char *api_request_client(const struct api_request *request)
{
	return request->peer ? request->peer->name : "a client that has gone";
}

static void request_send(struct api_request *request, const char *member, json_t *body)
{
	json_t *message = json_pack("{s:I, s:o}", "id", request->id, member, body);

	if (message && api_request_is_live(request))
		api_server_send(request->server, request->peer, message);
	json_decref(message);
}

static void request_free(struct api_request *request)
{
	if (request->peer)
		request->peer->requests--;
	if (request->server) {
		*request->link = request->next;
		if (request->next)
			request->next->link = request->link;
		request->server->request_count--;
	}
	free(request);
}

void api_request_partial(struct api_request *request, json_t *body)
{
	request_send(request, "partial", body);
}

void api_request_ok(struct api_request *request, json_t *body)
{
	if (body)
		request_send(request, "ok", body);
	else
		request_send(request, "error",
			     api_error_body(API_ERROR_FAILED, "tandemd is out of memory"));
	request_free(request);
}

void api_request_error(struct api_request *request, enum api_error error, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	request_send(request, "error", api_error_body(error, text));
	request_free(request);
}

void api_request_cut(struct api_request *request, enum api_error error, const char *text)
{
	request_send(request, "error", api_error_body(error, text));
	request->is_answered = true;
}

void api_request_subscribe(struct api_request *request)
{
	if (api_request_is_live(request))
		api_peer_subscribe(&request->server->peers, request->peer, request->id);
}

/* Start and stop. */

static int server_set(struct api_server *server, int option, int value)
{
	return zmq_setsockopt(server->socket, option, &value, sizeof(value));
}

static int server_set_options(struct api_server *server, size_t transport_queue)
{
	int64_t max = API_TRANSPORT_MAX;

	return server_set(server, ZMQ_ROUTER_MANDATORY, 1) |
	       server_set(server, ZMQ_LINGER, SERVER_LINGER_MS) |
	       server_set(server, ZMQ_SNDHWM, (int)transport_queue) |
	       server_set(server, ZMQ_RCVHWM, API_REQUESTS_MAX * 2) |
	       zmq_setsockopt(server->socket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
}

/* The file is made by bind, so it is umask that gives it its mode: a chmod would come late. */
static int server_bind(struct api_server *server, const char *endpoint, char *error, size_t size)
{
	const char *path = api_endpoint_path(endpoint);
	int status = path ? api_endpoint_prepare(path, error, size) : 0;

	if (status < 0)
		return status;
	mode_t old = umask(0117);
	if (zmq_bind(server->socket, endpoint) < 0) {
		status = -zmq_errno();
		snprintf(error, size, "cannot open the control socket %s: %s", endpoint,
			 zmq_strerror(-status));
	}
	umask(old);
	/* The transport leaves its file behind. */
	server->path = path && status == 0 ? strdup(path) : NULL;
	return status;
}

static int server_open(struct api_server *server, const struct api_server_config *config,
		       char *error, size_t size)
{
	size_t queue = config->transport_queue ? config->transport_queue : API_TRANSPORT_QUEUE;

	server->zmq = config->zmq ? config->zmq : zmq_ctx_new();
	server->owns_zmq = !config->zmq;
	server->socket = server->zmq ? zmq_socket(server->zmq, ZMQ_ROUTER) : NULL;
	if (!server->socket || server_set_options(server, queue) != 0) {
		snprintf(error, size, "cannot make the control socket: %s",
			 zmq_strerror(zmq_errno()));
		return -ENOMEM;
	}
	return server_bind(server, config->endpoint, error, size);
}

static int server_watch(struct api_server *server, uv_loop_t *loop, char *error, size_t size)
{
	int fd = -1;
	size_t fd_size = sizeof(fd);

	zmq_getsockopt(server->socket, ZMQ_FD, &fd, &fd_size);
	int status = uv_poll_init(loop, &server->poll, fd);
	if (status < 0) {
		snprintf(error, size, "cannot watch the control socket: %s", uv_strerror(status));
		return status;
	}
	uv_idle_init(loop, &server->idle);
	uv_timer_init(loop, &server->retry);
	uv_timer_init(loop, &server->watch);
	server->poll.data = server->idle.data = server->retry.data = server->watch.data = server;
	server->handles_open = 4;
	uv_timer_start(&server->watch, server_retry, SERVER_WATCH_MS, SERVER_WATCH_MS);
	uv_poll_start(&server->poll, UV_READABLE, server_readable);
	/* What arrived between bind and here signalled before anybody watched. */
	uv_idle_start(&server->idle, api_server_idle);
	return 0;
}

static void server_close_socket(struct api_server *server)
{
	if (server->path)
		unlink(server->path);
	free(server->path);
	if (server->socket)
		zmq_close(server->socket);
	if (server->zmq && server->owns_zmq)
		zmq_ctx_term(server->zmq);
}

struct api_server *api_server_start(const struct api_server_config *config, char *error,
				    size_t size)
{
	struct api_server *server = calloc(1, sizeof(*server));

	if (!server) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	server->program = config->program;
	server->instance = config->instance;
	server->handlers = config->handlers;
	server->context = config->context;
	if (config->agents)
		server->agents = *config->agents;
	if (server_open(server, config, error, size) < 0)
		goto fail;
	api_peers_init(&server->peers, server->socket,
		       config->queue_max ? config->queue_max : API_QUEUE_MAX);
	if (server_watch(server, config->loop, error, size) < 0)
		goto fail;
	if (!config->remote)
		return server;
	if (api_remote_open(config->loop, server->zmq, server->socket, config->remote,
			    &server->remote, error, size) == 0)
		return server;
	api_server_stop(server); /* its handles are the loop's */
	return NULL;
fail:
	server_close_socket(server);
	free(server);
	return NULL;
}

static void server_handle_closed(void *context)
{
	struct api_server *server = context;

	if (--server->handles_open > 0)
		return;
	/* Only now: the loop watched the socket's descriptor until here. */
	server_close_socket(server);
	free(server);
}

static void server_uv_closed(uv_handle_t *handle)
{
	server_handle_closed(handle->data);
}

/* A last answer to all that is open, as far as the clients read. */
static void server_end_requests(struct api_server *server)
{
	for (struct api_request *request = server->requests, *next; request; request = next) {
		next = request->next;
		api_request_cut(request, API_ERROR_STOPPED, "tandemd is stopping");
	}
	while (server->requests) {
		struct api_request *request = server->requests;
		server->requests = request->next;
		request->peer = NULL;
		request->server = NULL;
	}
}

void api_server_stop(struct api_server *server)
{
	server_end_requests(server);
	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		struct api_peer *peer = &server->peers.table[i];
		if (peer->is_used && peer->agent)
			api_server_forget(server, peer);
	}
	api_peers_fini(&server->peers);
	if (server->remote) {
		server->handles_open++;
		api_remote_close(server->remote, server_handle_closed, server);
	}
	uv_close((uv_handle_t *)&server->poll, server_uv_closed);
	uv_close((uv_handle_t *)&server->idle, server_uv_closed);
	uv_close((uv_handle_t *)&server->retry, server_uv_closed);
	uv_close((uv_handle_t *)&server->watch, server_uv_closed);
}
