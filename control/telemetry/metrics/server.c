/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP end of the metrics; see server.h. */
#include "telemetry/metrics/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#define RUNS_A_TURN 16 /* of libmicrohttpd before other events have their turn */
#define BACKLOG     16

struct listener {
	struct metrics_server *server;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;       /* libmicrohttpd's own time-outs */
};

struct connection {
	struct MHD_Connection *http;
	uint64_t since_ms;
};

struct metrics_server {
	struct metrics_server_config config;
	struct metrics_server_stats stats;
	uint32_t listener_count, handles;
	uv_timer_t deadline;
	struct MHD_Response *pages[EXPOSITION_FORMATS];
	uint64_t rendered_ms[EXPOSITION_FORMATS];
	uint32_t connection_count;
	struct connection connections[METRICS_LISTENS_MAX * METRICS_CONNECTIONS_MAX];
	struct listener listeners[METRICS_LISTENS_MAX];
};

static const char help_page[] =
	"<!doctype html><title>Tandem</title>\n"
	"<p>Tandem: <a href=\"/metrics\">/metrics</a> for Prometheus, "
	"<a href=\"/healthz\">/healthz</a> for whoever asks whether it works.\n";

/* ---- pages -------------------------------------------------------------------------------- */

static void header(struct MHD_Response *response, const char *name, const char *value)
{
	(void)MHD_add_response_header(response, name, value);
}

static enum MHD_Result reply(struct MHD_Connection *http, unsigned int status,
			     struct MHD_Response *response)
{
	return response ? MHD_queue_response(http, status, response) : MHD_NO;
}

static struct MHD_Response *text_response(const char *text, const char *type)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return NULL;
	header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	/* One request a connection: what stays open holds a place and asks nothing. */
	header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static enum MHD_Result reply_text(struct MHD_Connection *http, unsigned int status, const char *text,
				  const char *type)
{
	struct MHD_Response *response = text_response(text, type);
	enum MHD_Result result = reply(http, status, response);

	if (response)
		MHD_destroy_response(response);
	return result;
}

static void page_drop(struct metrics_server *server, enum exposition_format format)
{
	if (server->pages[format])
		MHD_destroy_response(server->pages[format]);
	server->pages[format] = NULL;
}

/* Who is still being sent the page before keeps it: responses count their references. */
static void page_render(struct metrics_server *server, enum exposition_format format)
{
	const uint64_t before = uv_hrtime();
	struct exposition out;

	page_drop(server, format);
	exposition_init(&out, format);
	server->config.render(server->config.context, &out);
	exposition_end(&out);
	server->rendered_ms[format] = uv_now(server->config.loop);
	server->stats.renders++;
	server->stats.render_us = (uv_hrtime() - before) / 1000;
	if (out.failed) {
		exposition_fini(&out);
		return;
	}
	server->stats.page_octets = out.len;
	server->stats.page_samples = out.samples;
	server->pages[format] =
		MHD_create_response_from_buffer(out.len, out.text, MHD_RESPMEM_MUST_FREE);
	if (!server->pages[format]) {
		exposition_fini(&out);
		return;
	}
	header(server->pages[format], MHD_HTTP_HEADER_CONTENT_TYPE,
	       exposition_content_types[format]);
	header(server->pages[format], MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
	header(server->pages[format], MHD_HTTP_HEADER_CONNECTION, "close");
}

static enum MHD_Result reply_metrics(struct metrics_server *server, struct MHD_Connection *http)
{
	const enum exposition_format format = exposition_accepted(
		MHD_lookup_connection_value(http, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	const uint64_t now = uv_now(server->config.loop);

	if (!server->pages[format] || now - server->rendered_ms[format] >= METRICS_PAGE_MS)
		page_render(server, format);
	if (!server->pages[format])
		return reply_text(http, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n",
				  "text/plain");
	return reply(http, MHD_HTTP_OK, server->pages[format]);
}

static enum MHD_Result reply_health(struct metrics_server *server, struct MHD_Connection *http)
{
	char text[256];
	bool is_healthy = server->config.health(server->config.context, text, sizeof(text) - 1);

	memcpy(text + strlen(text), "\n", 2);
	return reply_text(http, is_healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, text,
			  "text/plain; charset=utf-8");
}

static enum MHD_Result answer(void *context, struct MHD_Connection *http, const char *url,
			      const char *method, const char *, const char *, size_t *body,
			      void **state)
{
	static char seen;
	struct listener *listener = context;
	struct metrics_server *server = listener->server;
	const bool is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
			    strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

	/* The first call has the headers alone; what is behind them is read and thrown away. */
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	if (*body) {
		*body = 0;
		return MHD_YES;
	}
	server->stats.requests++;
	if (is_get && strcmp(url, "/metrics") == 0)
		return reply_metrics(server, http);
	if (is_get && strcmp(url, "/healthz") == 0)
		return reply_health(server, http);
	if (is_get && strcmp(url, "/") == 0)
		return reply_text(http, MHD_HTTP_OK, help_page, "text/html; charset=utf-8");
	server->stats.refused++;
	if (!is_get)
		return reply_text(http, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD\n", "text/plain");
	return reply_text(http, MHD_HTTP_NOT_FOUND, "not found: /metrics and /healthz are\n",
			  "text/plain");
}

/* ---- connections -------------------------------------------------------------------------- */

static void connection_notify(void *context, struct MHD_Connection *http, void **,
			      enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;
	struct metrics_server *server = listener->server;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		if (server->connection_count < ARRAY_SIZE(server->connections))
			server->connections[server->connection_count++] = (struct connection){
				.http = http,
				.since_ms = uv_now(server->config.loop),
			};
		return;
	}
	for (uint32_t i = 0; i < server->connection_count; i++) {
		if (server->connections[i].http == http) {
			server->connections[i] =
				server->connections[--server->connection_count];
			return;
		}
	}
}

/* libmicrohttpd knows how long a peer may be idle, not how long it may take altogether. */
static void connections_end(uv_timer_t *timer)
{
	struct metrics_server *server = timer->data;
	const uint64_t now = uv_now(server->config.loop);

	for (uint32_t i = 0; i < server->connection_count; i++) {
		const union MHD_ConnectionInfo *info;

		if (now - server->connections[i].since_ms < METRICS_CONNECTION_MS)
			continue;
		info = MHD_get_connection_info(server->connections[i].http,
					       MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info)
			(void)shutdown(info->connect_fd, SHUT_RDWR);
	}
}

static void listener_run(struct listener *listener);

static void listener_timed_out(uv_timer_t *timer)
{
	listener_run(timer->data);
}

static void listener_ready(uv_poll_t *poll, int, int)
{
	listener_run(poll->data);
}

static void listener_run(struct listener *listener)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	for (int i = 0; i < RUNS_A_TURN && wait_ms == 0; i++) {
		(void)MHD_run(listener->daemon);
		if (MHD_get_timeout(listener->daemon, &wait_ms) != MHD_YES) {
			uv_timer_stop(&listener->timer);
			return;
		}
	}
	uv_timer_start(&listener->timer, listener_timed_out, wait_ms, 0);
}

/* ---- start and stop ----------------------------------------------------------------------- */

static int socket_listen(const struct endpoint *endpoint)
{
	const int one = 1;
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(endpoint->port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
	const bool is_v6 = endpoint->address.family == IP_V6;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int status;

	if (fd < 0)
		return -errno;
	memcpy(&v6.sin6_addr, endpoint->address.bytes, sizeof(v6.sin6_addr));
	memcpy(&v4.sin_addr, endpoint->address.bytes, sizeof(v4.sin_addr));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* "[::]:9580" beside "0.0.0.0:9580" is possible, and each is what it says. */
	if (is_v6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	status = is_v6 ? bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) :
			 bind(fd, (const struct sockaddr *)&v4, sizeof(v4));
	if (status == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	status = -errno;
	close(fd);
	return status;
}

/* The daemon owns the socket when it is started. */
static int listener_open(struct listener *listener, const struct endpoint *endpoint)
{
	const union MHD_DaemonInfo *info;
	int fd = socket_listen(endpoint);

	if (fd < 0)
		return fd;
	listener->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, endpoint->port, NULL, NULL, answer, listener,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)METRICS_CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)METRICS_PEER_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)METRICS_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(16 << 10),
		MHD_OPTION_NOTIFY_CONNECTION, connection_notify, listener, MHD_OPTION_END);
	if (!listener->daemon) {
		close(fd);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info || uv_poll_init(listener->server->config.loop, &listener->poll, info->epoll_fd) < 0) {
		MHD_stop_daemon(listener->daemon);
		return -EIO;
	}
	uv_timer_init(listener->server->config.loop, &listener->timer);
	listener->poll.data = listener->timer.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, listener_ready);
	return 0;
}

struct metrics_server *metrics_server_start(const struct metrics_server_config *config, char *error,
					    size_t size)
{
	struct metrics_server *server = calloc(1, sizeof(*server));

	if (!server || config->listen_count > METRICS_LISTENS_MAX) {
		snprintf(error, size, "control.metrics: out of memory");
		free(server);
		return NULL;
	}
	server->config = *config;
	uv_timer_init(config->loop, &server->deadline);
	server->deadline.data = server;
	uv_timer_start(&server->deadline, connections_end, METRICS_CONNECTION_MS / 4,
		       METRICS_CONNECTION_MS / 4);
	for (uint32_t i = 0; i < config->listen_count; i++) {
		char listen[ENDPOINT_TEXT_MAX];
		int status;

		server->listeners[i].server = server;
		status = listener_open(&server->listeners[i], &config->listens[i]);
		if (status < 0) {
			snprintf(error, size, "control.metrics: cannot listen on %s: %s",
				 endpoint_to_string(&config->listens[i], listen),
				 strerror(-status));
			metrics_server_stop(server);
			return NULL;
		}
		server->listener_count++;
	}
	return server;
}

static void handle_closed(uv_handle_t *handle)
{
	struct metrics_server *server = handle->data;

	if (--server->handles == 0)
		free(server);
}

static void handle_close(struct metrics_server *server, uv_handle_t *handle)
{
	handle->data = server;
	server->handles++;
	uv_close(handle, handle_closed);
}

void metrics_server_stop(struct metrics_server *server)
{
	if (!server)
		return;
	for (uint32_t i = 0; i < server->listener_count; i++) {
		struct listener *listener = &server->listeners[i];

		/* The descriptor is the daemon's: first nobody watches it any more. */
		uv_poll_stop(&listener->poll);
		MHD_stop_daemon(listener->daemon);
		handle_close(server, (uv_handle_t *)&listener->poll);
		handle_close(server, (uv_handle_t *)&listener->timer);
	}
	for (unsigned int format = 0; format < EXPOSITION_FORMATS; format++)
		page_drop(server, format);
	handle_close(server, (uv_handle_t *)&server->deadline);
}

void metrics_server_stats(const struct metrics_server *server, struct metrics_server_stats *stats)
{
	*stats = server->stats;
}
