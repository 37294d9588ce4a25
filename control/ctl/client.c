/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemctl's end of the conversation; see client.h. */
#include "ctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "api/curve_key.h"
#include "api/endpoint.h"
#include "api/protocol.h"
#include "base/text.h"

#define CLIENT_ALIVE_MS 1000 /* how often a follower asks whether tandemd is still there */
#define CLIENT_LINGER_MS 200
#define CLIENT_EVENTS_MAX 1024
#define IPC_SCHEME "ipc://"
#define TCP_SCHEME "tcp://"

struct ctl_client {
	void *zmq, *socket;
	bool owns_zmq, is_greeted;
	int timeout_ms;
	int64_t next_id;
	json_t *events; /* that came between */
	char endpoint[CTL_ENDPOINT_MAX];
};

/* Says so at once when there is no socket file or nobody behind it; a transport that only keeps
 * trying would let the operator wait for the time limit. */
static bool client_look(const char *endpoint, char why[CTL_WHY_MAX])
{
	const char *path = api_endpoint_path(endpoint);
	int status = path ? api_endpoint_try(path) : 0;

	switch (status) {
	case 0:
		return true;
	case -ENOENT:
		snprintf(why, CTL_WHY_MAX, "no tandemd: the control socket %s does not exist", path);
		return false;
	case -ECONNREFUSED:
		snprintf(why, CTL_WHY_MAX, "no tandemd: nobody answers on the control socket %s",
			 path);
		return false;
	default:
		snprintf(why, CTL_WHY_MAX, "cannot use the control socket %s: %s", path,
			 strerror(-status));
		return false;
	}
}

bool ctl_endpoint_take(const char *word, char endpoint[CTL_ENDPOINT_MAX], char *why, size_t size)
{
	struct span given = span_of_string(word), port;
	int len = snprintf(endpoint, CTL_ENDPOINT_MAX, "%s%s", word[0] == '/' ? IPC_SCHEME : "",
			   word);
	uint64_t number;

	if (len < CTL_ENDPOINT_MAX) {
		const char *path = api_endpoint_path(endpoint);
		if (path && path[0] && strlen(path) < API_ENDPOINT_PATH_MAX)
			return true;
	}
	if (len < CTL_ENDPOINT_MAX && span_starts_with(given, SPAN(TCP_SCHEME))) {
		const char *colon = strrchr(word, ':');
		port = span_of_string(colon + 1);
		if (colon > word + sizeof(TCP_SCHEME) - 1 &&
		    text_parse_u64(port, UINT16_MAX, &number) && number > 0)
			return true;
	}
	snprintf(why, size,
		 "'%.80s' is no control socket; accepted: a path that begins with / (at most %d "
		 "octets), ipc://PATH, or tcp://HOST:PORT",
		 word, API_ENDPOINT_PATH_MAX - 1);
	return false;
}

bool ctl_timeout_take(const char *word, int *timeout_ms, char *why, size_t size)
{
	uint64_t seconds;

	if (text_parse_u64(span_of_string(word), CTL_TIMEOUT_MAX, &seconds) && seconds > 0) {
		*timeout_ms = (int)seconds * 1000;
		return true;
	}
	snprintf(why, size, "'%.60s' is no time limit; accepted: whole seconds, 1 to %d", word,
		 CTL_TIMEOUT_MAX);
	return false;
}

volatile sig_atomic_t ctl_interrupted;

static const char *keys_file, *keys_server;

void ctl_client_use_keys(const char *key_file, const char *server_key)
{
	keys_file = key_file;
	keys_server = server_key;
}

/* Nothing is said in clear: what is no local socket is encrypted, and both ends are known. */
static bool client_protect(void *socket, const char *endpoint, char why[CTL_WHY_MAX])
{
	struct curve_key_pair pair;
	char server[CURVE_KEY_TEXT_MAX];
	bool is_set;

	if (strncmp(endpoint, TCP_SCHEME, sizeof(TCP_SCHEME) - 1) != 0)
		return true;
	if (!keys_file || !keys_server) {
		snprintf(why, CTL_WHY_MAX,
			 "%s needs keys: --key FILE and --server-key KEY; tandemctl --make-key FILE "
			 "makes the first", endpoint);
		return false;
	}
	if (curve_key_is_text(keys_server))
		memcpy(server, keys_server, sizeof(server));
	else if (curve_key_file_read_public(keys_server, server, why, CTL_WHY_MAX) < 0)
		return false;
	if (curve_key_file_read(keys_file, &pair, why, CTL_WHY_MAX) < 0)
		return false;
	int ipv6 = strchr(endpoint, '[') != NULL;
	is_set = zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, sizeof(server)) == 0 &&
		 zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair.public_key,
				sizeof(pair.public_key)) == 0 &&
		 zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair.secret_key,
				sizeof(pair.secret_key)) == 0 &&
		 zmq_setsockopt(socket, ZMQ_IPV6, &ipv6, sizeof(ipv6)) == 0;
	explicit_bzero(&pair, sizeof(pair));
	if (!is_set)
		snprintf(why, CTL_WHY_MAX, "cannot use the keys: %s", zmq_strerror(zmq_errno()));
	return is_set;
}

static bool client_send(struct ctl_client *client, json_t *message, char why[CTL_WHY_MAX])
{
	char *text = json_dumps(message, JSON_COMPACT);
	bool sent = false;

	json_decref(message);
	if (!text)
		snprintf(why, CTL_WHY_MAX, "out of memory");
	else if (strlen(text) > API_MESSAGE_MAX)
		snprintf(why, CTL_WHY_MAX, "the request is longer than %d octets", API_MESSAGE_MAX);
	else if (zmq_send(client->socket, text, strlen(text), ZMQ_DONTWAIT) < 0)
		snprintf(why, CTL_WHY_MAX, "cannot send on the control socket %s: %s",
			 client->endpoint, zmq_strerror(zmq_errno()));
	else
		sent = true;
	free(text);
	return sent;
}

/* NULL: nothing came in time (errno EAGAIN), a signal (EINTR), or no JSON (EPROTO). */
static json_t *client_receive(struct ctl_client *client, int timeout_ms)
{
	zmq_pollitem_t item = { .socket = client->socket, .events = ZMQ_POLLIN };
	zmq_msg_t frame;
	json_t *message = NULL;

	if (ctl_interrupted) {
		errno = EINTR;
		return NULL;
	}
	int ready = zmq_poll(&item, 1, timeout_ms);
	if (ready <= 0) {
		errno = ready == 0 ? EAGAIN : zmq_errno();
		return NULL;
	}
	zmq_msg_init(&frame);
	if (zmq_msg_recv(&frame, client->socket, ZMQ_DONTWAIT) >= 0)
		message = json_loadb(zmq_msg_data(&frame), zmq_msg_size(&frame), 0, NULL);
	zmq_msg_close(&frame);
	if (!message)
		errno = EPROTO;
	return message;
}

static enum ctl_status client_silent(const struct ctl_client *client, char why[CTL_WHY_MAX])
{
	if (errno == EINTR)
		snprintf(why, CTL_WHY_MAX, "interrupted");
	else if (errno == EPROTO)
		snprintf(why, CTL_WHY_MAX, "what answers on the control socket %s is no tandemd",
			 client->endpoint);
	else
		snprintf(why, CTL_WHY_MAX, "no answer within %d ms on the control socket %s%s",
			 client->timeout_ms, client->endpoint,
			 client->is_greeted ? "" : "; a tandemd that has just been started answers "
						   "when its workers run");
	return CTL_UNREACHABLE;
}

static void client_keep_event(struct ctl_client *client, const json_t *message)
{
	json_t *event = json_object_get(message, "event");

	if (event && json_array_size(client->events) < CLIENT_EVENTS_MAX)
		json_array_append(client->events, event);
}

static const char *error_text(const json_t *message)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(message, "error"), "text"));

	return text ? text : "an error without a text";
}

static enum ctl_status client_hello(struct ctl_client *client, char why[CTL_WHY_MAX])
{
	char name[64];

	snprintf(name, sizeof(name), "tandemctl, process %d", (int)getpid());
	if (!client_send(client, json_pack("{s:{s:i, s:s}}", "hello", "version", API_VERSION,
					   "client", name), why))
		return CTL_UNREACHABLE;
	for (;;) {
		json_t *message = client_receive(client, client->timeout_ms);
		if (!message)
			return client_silent(client, why);
		bool is_hello = json_object_get(message, "hello");
		bool is_error = json_object_get(message, "error");
		if (is_error)
			snprintf(why, CTL_WHY_MAX, "%s", error_text(message));
		json_decref(message);
		if (is_hello || is_error)
			return is_hello ? CTL_OK : CTL_ERROR;
	}
}

struct ctl_client *ctl_client_connect(const char *endpoint, void *zmq, int timeout_ms,
				      char why[CTL_WHY_MAX])
{
	struct ctl_client *client = NULL;
	/* Nothing is owed to an end that never answered. */
	int linger = 0;

	if (!client_look(endpoint, why))
		return NULL;
	client = calloc(1, sizeof(*client));
	if (!client) {
		snprintf(why, CTL_WHY_MAX, "out of memory");
		return NULL;
	}
	client->timeout_ms = timeout_ms;
	client->events = json_array();
	snprintf(client->endpoint, sizeof(client->endpoint), "%s", endpoint);
	client->owns_zmq = !zmq;
	client->zmq = zmq ? zmq : zmq_ctx_new();
	client->socket = client->zmq ? zmq_socket(client->zmq, ZMQ_DEALER) : NULL;
	if (client->socket)
		zmq_setsockopt(client->socket, ZMQ_LINGER, &linger, sizeof(linger));
	if (client->socket && !client_protect(client->socket, endpoint, why)) {
		ctl_client_close(client);
		return NULL;
	}
	if (!client->socket || zmq_connect(client->socket, endpoint) < 0) {
		snprintf(why, CTL_WHY_MAX, "cannot use the control socket %s: %s", endpoint,
			 zmq_strerror(zmq_errno()));
		ctl_client_close(client);
		return NULL;
	}
	if (client_hello(client, why) != CTL_OK) {
		ctl_client_close(client);
		return NULL;
	}
	client->is_greeted = true;
	return client;
}

void ctl_client_close(struct ctl_client *client)
{
	char why[CTL_WHY_MAX];
	int linger = CLIENT_LINGER_MS;

	if (!client)
		return;
	if (client->socket && client->is_greeted) {
		zmq_setsockopt(client->socket, ZMQ_LINGER, &linger, sizeof(linger));
		(void)client_send(client, json_pack("{s:b}", "bye", 1), why);
	}
	if (client->socket)
		zmq_close(client->socket);
	if (client->zmq && client->owns_zmq)
		zmq_ctx_term(client->zmq);
	json_decref(client->events);
	free(client);
}

/* Rows of a partial result go behind those that came before. */
static void merge_partial(json_t *merged, const json_t *partial)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)partial, key, value) {
		json_t *rows = json_object_get(merged, key);
		if (json_is_array(rows) && json_is_array(value))
			json_array_extend(rows, value);
		else
			json_object_set(merged, key, value);
	}
}

/* What a message means for the request: CTL_OK with *body NULL means that more is to come. */
static enum ctl_status request_take(struct ctl_client *client, const json_t *message, int64_t id,
				    json_t *merged, bool *ended, char why[CTL_WHY_MAX])
{
	const json_t *answer_id = json_object_get(message, "id");
	const json_t *ok = json_object_get(message, "ok");

	client_keep_event(client, message);
	if (json_object_get(message, "error") &&
	    (!answer_id || json_integer_value(answer_id) == id)) {
		snprintf(why, CTL_WHY_MAX, "%s", error_text(message));
		*ended = true;
		return CTL_ERROR;
	}
	if (!answer_id || json_integer_value(answer_id) != id)
		return CTL_OK;
	merge_partial(merged, ok ? ok : json_object_get(message, "partial"));
	*ended = ok != NULL;
	return CTL_OK;
}

enum ctl_status ctl_client_request(struct ctl_client *client, enum api_command_id command,
				   json_t *args, json_t **body, char why[CTL_WHY_MAX])
{
	int64_t id = client->next_id++;
	json_t *request = json_pack("{s:I, s:s}", "id", id, "command", api_commands[command].name);
	json_t *merged = json_object();
	enum ctl_status status = CTL_OK;
	bool ended = false;

	*body = NULL;
	if (args)
		json_object_set(request, "args", args);
	if (!client_send(client, request, why)) {
		json_decref(merged);
		return CTL_ERROR;
	}
	while (!ended) {
		json_t *message = client_receive(client, client->timeout_ms);
		if (!message) {
			status = client_silent(client, why);
			break;
		}
		status = request_take(client, message, id, merged, &ended, why);
		json_decref(message);
	}
	/* What came before an error may say more than it. */
	if (status == CTL_OK || (status == CTL_ERROR && json_object_size(merged)))
		*body = merged;
	else
		json_decref(merged);
	return status;
}

/* CTL_OK and *message NULL: interrupted. */
static enum ctl_status stream_receive(struct ctl_client *client, json_t **message,
				      char why[CTL_WHY_MAX])
{
	for (;;) {
		*message = client_receive(client, CLIENT_ALIVE_MS);
		if (*message || errno == EINTR)
			return CTL_OK;
		if (errno != EAGAIN)
			return client_silent(client, why);
		if (!client_look(client->endpoint, why))
			return CTL_UNREACHABLE;
	}
}

enum ctl_status ctl_client_stream(struct ctl_client *client, enum api_command_id command,
				  json_t *args, ctl_partial_fn partial, void *context, json_t **body,
				  char why[CTL_WHY_MAX])
{
	int64_t id = client->next_id++;
	json_t *request = json_pack("{s:I, s:s}", "id", id, "command", api_commands[command].name);
	json_t *merged = json_object();
	bool ended = false;

	*body = NULL;
	if (args)
		json_object_set(request, "args", args);
	enum ctl_status status = client_send(client, request, why) ? CTL_OK : CTL_ERROR;
	while (status == CTL_OK && !ended) {
		json_t *message;
		bool goes_on = true;
		status = stream_receive(client, &message, why);
		if (status != CTL_OK || !message)
			break;
		const json_t *part = json_object_get(message, "partial");
		if (part && json_integer_value(json_object_get(message, "id")) == id)
			goes_on = partial(context, part);
		else
			status = request_take(client, message, id, merged, &ended, why);
		json_decref(message);
		if (!goes_on)
			break;
	}
	if (status == CTL_OK && ended)
		*body = json_incref(merged);
	json_decref(merged);
	return status;
}

/* False: enough. */
static bool follow_kept(struct ctl_client *client, ctl_event_fn event, void *context)
{
	bool more = true;

	while (more && json_array_size(client->events) > 0) {
		more = event(context, json_array_get(client->events, 0));
		json_array_remove(client->events, 0);
	}
	return more;
}

enum ctl_status ctl_client_follow(struct ctl_client *client, ctl_event_fn event, void *context,
				  char why[CTL_WHY_MAX])
{
	while (follow_kept(client, event, context)) {
		json_t *message = client_receive(client, CLIENT_ALIVE_MS);
		if (message) {
			client_keep_event(client, message);
			json_decref(message);
		} else if (errno == EINTR) {
			return CTL_OK; /* that is how one ends it */
		} else if (errno != EAGAIN) {
			return client_silent(client, why);
		} else if (!client_look(client->endpoint, why)) {
			return CTL_UNREACHABLE;
		}
	}
	return CTL_OK;
}
