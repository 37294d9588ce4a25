/* SPDX-License-Identifier: BSD-3-Clause */
/* Who of the remote operators may come in; see remote.h. */
#include "api/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define ZAP_ENDPOINT     "inproc://zeromq.zap.01"
#define ZAP_DOMAIN       "tandem"
#define ZAP_FRAMES       7 /* version, id, domain, address, identity, mechanism, credentials */
#define ZAP_FRAME_MAX    256
#define ZAP_BUDGET       32
#define REFUSED_TELL_MS  1000
/* A stranger that connects and says nothing is cut off after this. */
#define HANDSHAKE_MS     10000
#define HEARTBEAT_MS     10000
#define HEARTBEAT_LOST_MS 30000

struct api_remote {
	void *zap;
	uv_poll_t poll;
	uv_idle_t idle; /* runs while there is more to read than one pass may */
	unsigned int handles_open;
	uv_loop_t *loop;
	struct api_remote_client *clients;
	unsigned int client_count;
	api_remote_refused_fn refused;
	void *context;
	unsigned int refused_count;
	uint64_t refused_told_ms;
	void *socket;
	char endpoints[API_REMOTE_ENDPOINTS_MAX][128]; /* bound */
	unsigned int endpoint_count;
	void (*closed)(void *context);
	void *closed_context;
};

struct zap_frame {
	char data[ZAP_FRAME_MAX];
	size_t len;
};

const char *api_access_name(enum api_access access)
{
	return access == API_ACCESS_ALL ? "all" : "read";
}

const struct api_remote_client *api_remote_find(const struct api_remote *remote, const char *key)
{
	for (unsigned int i = 0; i < remote->client_count; i++) {
		if (strcmp(remote->clients[i].key, key) == 0)
			return &remote->clients[i];
	}
	return NULL;
}

/* Reads one request whole.  False: it is none. */
static bool zap_read(struct api_remote *remote, struct zap_frame frames[ZAP_FRAMES])
{
	unsigned int count = 0;
	bool fits = true;
	zmq_msg_t frame;
	int more;

	zmq_msg_init(&frame);
	do {
		if (zmq_msg_recv(&frame, remote->zap, ZMQ_DONTWAIT) < 0)
			break;
		size_t len = zmq_msg_size(&frame);
		more = zmq_msg_more(&frame);
		fits = fits && count < ZAP_FRAMES && len <= ZAP_FRAME_MAX;
		if (fits) {
			memcpy(frames[count].data, zmq_msg_data(&frame), len);
			frames[count].len = len;
		}
		count++;
	} while (more);
	zmq_msg_close(&frame);
	return fits && count == ZAP_FRAMES;
}

static bool frame_is(const struct zap_frame *frame, const char *text)
{
	return frame->len == strlen(text) && memcmp(frame->data, text, frame->len) == 0;
}

static void refused_tell(struct api_remote *remote, const struct zap_frame *address)
{
	uint64_t now = uv_now(remote->loop);
	char text[ZAP_FRAME_MAX + 1];

	remote->refused_count++;
	if (!remote->refused ||
	    (remote->refused_told_ms && now - remote->refused_told_ms < REFUSED_TELL_MS))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)address->len, address->data);
	remote->refused(remote->context, text, remote->refused_count);
	remote->refused_count = 0;
	remote->refused_told_ms = now;
}

static void zap_send(struct api_remote *remote, const char *data, size_t len, bool more)
{
	(void)zmq_send(remote->zap, data, len, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
}

/* The user id travels with every message of the connection, put there by the transport: it is the
 * key, so that a list that changes later holds for those that are connected. */
static void zap_answer(struct api_remote *remote, const struct zap_frame frames[ZAP_FRAMES],
		       bool is_request)
{
	char key[CURVE_KEY_TEXT_MAX] = "";
	bool is_known = is_request && frame_is(&frames[0], "1.0") &&
			frame_is(&frames[2], ZAP_DOMAIN) && frame_is(&frames[5], "CURVE") &&
			frames[6].len == 32 &&
			zmq_z85_encode(key, (const unsigned char *)frames[6].data, 32) &&
			api_remote_find(remote, key);

	zap_send(remote, "1.0", 3, true);
	zap_send(remote, frames[1].data, is_request ? frames[1].len : 0, true);
	zap_send(remote, is_known ? "200" : "400", 3, true);
	zap_send(remote, is_known ? "OK" : "no", 2, true);
	zap_send(remote, key, is_known ? strlen(key) : 0, true);
	zap_send(remote, "", 0, false);
	if (!is_known && is_request)
		refused_tell(remote, &frames[3]);
}

static bool zap_has_input(const struct api_remote *remote)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(remote->zap, ZMQ_EVENTS, &events, &size) == 0 &&
	       (events & ZMQ_POLLIN);
}

static void remote_idle(uv_idle_t *idle);

/* As the server's own loop: the descriptor tells of changes, so the state is asked for last. */
static void remote_drain(struct api_remote *remote)
{
	static struct zap_frame frames[ZAP_FRAMES];

	for (unsigned int i = 0; i < ZAP_BUDGET && zap_has_input(remote); i++) {
		bool is_request = zap_read(remote, frames);
		zap_answer(remote, frames, is_request);
	}
	if (zap_has_input(remote))
		uv_idle_start(&remote->idle, remote_idle);
	else
		uv_idle_stop(&remote->idle);
}

static void remote_idle(uv_idle_t *idle)
{
	remote_drain(idle->data);
}

static void remote_readable(uv_poll_t *poll, int, int)
{
	remote_drain(poll->data);
}

static int socket_set(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value));
}

/* A socket's options hold for what is bound after them: what it serves already stays as it is. */
static int socket_protect(void *socket, const char *secret_key)
{
	return socket_set(socket, ZMQ_CURVE_SERVER, 1) |
	       zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, CURVE_KEY_TEXT_MAX) |
	       zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, sizeof(ZAP_DOMAIN) - 1) |
	       socket_set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) |
	       socket_set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) |
	       socket_set(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_LOST_MS);
}

static int zap_open(struct api_remote *remote, void *zmq, uv_loop_t *loop)
{
	int fd = -1, linger = 0;
	size_t fd_size = sizeof(fd);

	remote->zap = zmq_socket(zmq, ZMQ_REP);
	if (!remote->zap || zmq_setsockopt(remote->zap, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
	    zmq_bind(remote->zap, ZAP_ENDPOINT) < 0 ||
	    zmq_getsockopt(remote->zap, ZMQ_FD, &fd, &fd_size) < 0)
		return -zmq_errno();
	int status = uv_poll_init(loop, &remote->poll, fd);
	if (status < 0)
		return status;
	uv_idle_init(loop, &remote->idle);
	remote->poll.data = remote->idle.data = remote;
	remote->handles_open = 2;
	uv_poll_start(&remote->poll, UV_READABLE, remote_readable);
	uv_idle_start(&remote->idle, remote_idle);
	return 0;
}

static int remote_bind(struct api_remote *remote, void *socket,
		       const struct api_remote_config *config, char *error, size_t size)
{
	if (!zmq_has("curve")) {
		snprintf(error, size, "this libzmq has no CURVE: tcp is not served without it");
		return -ENOTSUP;
	}
	if (socket_protect(socket, config->secret_key) != 0) {
		snprintf(error, size, "cannot protect the control socket: %s",
			 zmq_strerror(zmq_errno()));
		return -EINVAL;
	}
	for (unsigned int i = 0; i < config->endpoint_count && i < API_REMOTE_ENDPOINTS_MAX; i++) {
		size_t bound_size = sizeof(remote->endpoints[0]);
		/* Otherwise IPv4 clients would be told as ::ffff:192.0.2.1. */
		(void)socket_set(socket, ZMQ_IPV6, strchr(config->endpoints[i], '[') != NULL);
		if (zmq_bind(socket, config->endpoints[i]) < 0) {
			int status = -zmq_errno();
			snprintf(error, size, "cannot open the control socket %s: %s",
				 config->endpoints[i], zmq_strerror(-status));
			return status;
		}
		(void)zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT,
				     remote->endpoints[remote->endpoint_count++], &bound_size);
	}
	return 0;
}

int api_remote_set_clients(struct api_remote *remote, const struct api_remote_client *clients,
			   unsigned int count)
{
	struct api_remote_client *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	memcpy(copy, clients, count * sizeof(*copy));
	free(remote->clients);
	remote->clients = copy;
	remote->client_count = count;
	return 0;
}

static void remote_free(struct api_remote *remote)
{
	if (remote->zap)
		zmq_close(remote->zap);
	free(remote->clients);
	free(remote);
}

static void remote_handle_closed(uv_handle_t *handle)
{
	struct api_remote *remote = handle->data;
	void (*closed)(void *) = remote->closed;
	void *context = remote->closed_context;

	if (--remote->handles_open > 0)
		return;
	/* Only now: the loop watched the socket's descriptor until here. */
	remote_free(remote);
	if (closed)
		closed(context);
}

void api_remote_close(struct api_remote *remote, void (*closed)(void *context), void *context)
{
	/* The door before its keeper: without one, the transport would let anybody in. */
	for (unsigned int i = 0; i < remote->endpoint_count; i++)
		(void)zmq_unbind(remote->socket, remote->endpoints[i]);
	remote->closed = closed;
	remote->closed_context = context;
	uv_close((uv_handle_t *)&remote->poll, remote_handle_closed);
	uv_close((uv_handle_t *)&remote->idle, remote_handle_closed);
}

int api_remote_open(uv_loop_t *loop, void *zmq, void *socket,
		    const struct api_remote_config *config, struct api_remote **out, char *error,
		    size_t size)
{
	struct api_remote *remote = calloc(1, sizeof(*remote));

	*out = NULL;
	if (!remote || api_remote_set_clients(remote, config->clients, config->client_count) < 0) {
		snprintf(error, size, "out of memory");
		free(remote);
		return -ENOMEM;
	}
	remote->loop = loop;
	remote->socket = socket;
	remote->refused = config->refused;
	remote->context = config->context;
	/* The door-keeper before the door. */
	int status = zap_open(remote, zmq, loop);
	if (status < 0) {
		snprintf(error, size, "cannot watch over the control socket's keys: %s",
			 strerror(-status));
		remote_free(remote);
		return status;
	}
	*out = remote;
	return remote_bind(remote, socket, config, error, size);
}

const char *api_remote_endpoint(const struct api_remote *remote)
{
	return remote->endpoints[remote->endpoint_count ? remote->endpoint_count - 1 : 0];
}
