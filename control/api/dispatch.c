/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients say: hello, requests, bye, and everything malformed; see server.h. */
#include "api/json_text.h"
#include "api/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

json_t *api_error_body(enum api_error error, const char *text)
{
	/* A sentence may quote what a client sent, and cut it in the middle of a character. */
	return json_pack("{s:s, s:o}", "code", api_error_code(error), "text", json_text(text));
}

struct sender {
	const void *identity;
	size_t identity_len;
	struct api_peer *peer; /* NULL: has not said hello */
};

static void answer(struct api_server *server, const struct sender *sender, json_t *message)
{
	if (sender->peer) {
		api_server_send(server, sender->peer, message);
	} else {
		char *text = json_dumps(message, JSON_COMPACT);
		if (text)
			api_peers_send_once(&server->peers, sender->identity, sender->identity_len,
					    text, strlen(text));
		free(text);
	}
	json_decref(message);
}

/* `id` < 0: the request's id is not known. */
static void refuse(struct api_server *server, const struct sender *sender, int64_t id,
		   enum api_error error, const char *text)
{
	json_t *message = json_pack("{s:o}", "error", api_error_body(error, text));

	if (id >= 0)
		json_object_set_new(message, "id", json_integer(id));
	answer(server, sender, message);
}

static json_t *hello_commands(void)
{
	json_t *list = json_array();
	char usage[256];

	for (unsigned int i = 0; i < API_COMMAND_COUNT; i++) {
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "name", api_commands[i].name, "usage",
					api_command_usage(i, usage, sizeof(usage)), "help",
					api_commands[i].help));
	}
	return list;
}

static void take_hello(struct api_server *server, struct sender *sender, const json_t *hello)
{
	const json_t *version = json_object_get(hello, "version");
	const char *client = json_string_value(json_object_get(hello, "client"));
	char why[128];

	if (!json_is_integer(version) || !client) {
		refuse(server, sender, -1, API_ERROR_MALFORMED,
		       "hello needs version (an integer) and client (a string)");
		return;
	}
	if (json_integer_value(version) != API_VERSION) {
		snprintf(why, sizeof(why), "this is protocol version %d, not %lld", API_VERSION,
			 (long long)json_integer_value(version));
		refuse(server, sender, -1, API_ERROR_VERSION, why);
		return;
	}
	if (!sender->peer)
		sender->peer = api_peers_insert(&server->peers, sender->identity,
						sender->identity_len);
	if (!sender->peer) {
		refuse(server, sender, -1, API_ERROR_BUSY, "too many clients are connected");
		return;
	}
	sender->peer->last_used = ++server->peers.clock;
	snprintf(sender->peer->name, sizeof(sender->peer->name), "%s", client);
	answer(server, sender,
	       json_pack("{s:{s:i, s:s, s:i, s:o}}", "hello", "version", API_VERSION, "program",
			 server->program, "instance", (int)server->instance, "commands",
			 hello_commands()));
}

static bool id_is_open(const struct api_server *server, const struct api_peer *peer, int64_t id)
{
	for (const struct api_request *r = server->requests; r; r = r->next) {
		if (r->peer == peer && r->id == id)
			return true;
	}
	return false;
}

static struct api_request *request_create(struct api_server *server, struct api_peer *peer,
					  int64_t id)
{
	struct api_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->server = server;
	request->peer = peer;
	request->id = id;
	request->next = server->requests;
	request->link = &server->requests;
	if (request->next)
		request->next->link = &request->next;
	server->requests = request;
	server->request_count++;
	peer->requests++;
	return request;
}

static void take_request(struct api_server *server, struct sender *sender, const json_t *message,
			 int64_t id)
{
	const char *name = json_string_value(json_object_get(message, "command"));
	json_t *args = json_object_get(message, "args");
	enum api_command_id command = name ? api_command_find(name) : API_COMMAND_COUNT;
	char why[192];

	sender->peer->last_used = ++server->peers.clock;
	if (id < 0) {
		refuse(server, sender, id, API_ERROR_MALFORMED,
		       "a request needs an id: an integer of at least 0");
		return;
	}
	if (command == API_COMMAND_COUNT) {
		snprintf(why, sizeof(why), "there is no command '%.60s'", name ? name : "");
		refuse(server, sender, id, API_ERROR_UNKNOWN_COMMAND, why);
		return;
	}
	if (id_is_open(server, sender->peer, id)) {
		refuse(server, sender, id, API_ERROR_ARGUMENT, "this id belongs to an open request");
		return;
	}
	if (sender->peer->requests >= API_REQUESTS_MAX) {
		refuse(server, sender, id, API_ERROR_BUSY, "too many of your requests are open");
		return;
	}
	if (!api_command_check(command, args, why, sizeof(why))) {
		refuse(server, sender, id, API_ERROR_ARGUMENT, why);
		return;
	}
	struct api_request *request = request_create(server, sender->peer, id);
	if (!request) {
		refuse(server, sender, id, API_ERROR_FAILED, "tandemd is out of memory");
		return;
	}
	server->handlers[command](server->context, request, args);
}

static int64_t message_id(const json_t *message)
{
	const json_t *id = json_object_get(message, "id");
	int64_t value = json_is_integer(id) ? json_integer_value(id) : -1;

	return value <= API_ID_MAX ? value : -1;
}

static void take_message(struct api_server *server, struct sender *sender, const json_t *message)
{
	const json_t *hello = json_object_get(message, "hello");
	int64_t id = message_id(message);

	if (hello) {
		take_hello(server, sender, hello);
	} else if (json_object_get(message, "command")) {
		if (sender->peer)
			take_request(server, sender, message, id);
		else
			refuse(server, sender, id, API_ERROR_NO_HELLO, "say hello first");
	} else if (json_object_get(message, "bye")) {
		if (sender->peer)
			api_server_forget(server, sender->peer);
	} else {
		server->malformed++;
		refuse(server, sender, id, API_ERROR_MALFORMED,
		       "a message has one of the members hello, command, bye");
	}
}

static void take_bytes(struct api_server *server, struct sender *sender, const char *bytes,
		       size_t len)
{
	json_error_t error;
	char why[256];

	if (len > API_MESSAGE_MAX) {
		server->malformed++;
		snprintf(why, sizeof(why), "a message has at most %d octets", API_MESSAGE_MAX);
		refuse(server, sender, -1, API_ERROR_TOO_LARGE, why);
		return;
	}
	json_t *message = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(message)) {
		take_message(server, sender, message);
	} else {
		server->malformed++;
		snprintf(why, sizeof(why), "not a JSON object: %.120s",
			 message ? "it is an array" : error.text);
		refuse(server, sender, -1, API_ERROR_MALFORMED, why);
	}
	json_decref(message);
}

/* Reads what is left of a message that `frame` is a part of. */
static void skip_frames(struct api_server *server, zmq_msg_t *frame)
{
	while (zmq_msg_more(frame) && zmq_msg_recv(frame, server->socket, ZMQ_DONTWAIT) >= 0)
		;
}

void api_server_receive(struct api_server *server)
{
	zmq_msg_t identity, payload;

	zmq_msg_init(&identity);
	zmq_msg_init(&payload);
	if (zmq_msg_recv(&identity, server->socket, ZMQ_DONTWAIT) < 0)
		goto out;
	server->messages++;
	struct sender sender = {
		.identity = zmq_msg_data(&identity),
		.identity_len = zmq_msg_size(&identity),
	};
	sender.peer = api_peers_find(&server->peers, sender.identity, sender.identity_len);
	bool is_single = zmq_msg_more(&identity) &&
			 zmq_msg_recv(&payload, server->socket, ZMQ_DONTWAIT) >= 0;
	if (is_single && zmq_msg_more(&payload)) {
		skip_frames(server, &payload);
		is_single = false;
	}
	if (is_single) {
		take_bytes(server, &sender, zmq_msg_data(&payload), zmq_msg_size(&payload));
	} else {
		server->malformed++;
		refuse(server, &sender, -1, API_ERROR_MALFORMED, "a message has one frame");
	}
out:
	zmq_msg_close(&identity);
	zmq_msg_close(&payload);
}
