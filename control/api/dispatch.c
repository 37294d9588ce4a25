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
	const char *key;       /* that let it in; "": it is local.  The transport says so */
	const char *address;   /* the same */
	struct api_peer *peer; /* NULL: has not said hello */
	enum api_access access;
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

static json_t *hello_commands(enum api_access access)
{
	json_t *list = json_array();
	char usage[256];

	for (unsigned int i = 0; i < API_COMMAND_COUNT; i++) {
		if (access < API_ACCESS_ALL && !api_command_reads(i))
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "name", api_commands[i].name, "usage",
					api_command_usage(i, usage, sizeof(usage)), "help",
					api_commands[i].help));
	}
	return list;
}

/* The client may name one version, or all that it speaks. */
static bool hello_speaks_ours(const json_t *hello)
{
	const json_t *version = json_object_get(hello, "version"), *item;
	const json_t *versions = json_object_get(hello, "versions");
	size_t i;

	if (json_integer_value(version) == API_VERSION)
		return true;
	json_array_foreach((json_t *)(uintptr_t)versions, i, item) {
		if (json_integer_value(item) == API_VERSION)
			return true;
	}
	return false;
}

static bool hello_is_well_formed(const json_t *hello)
{
	return (json_is_integer(json_object_get(hello, "version")) ||
		json_is_array(json_object_get(hello, "versions"))) &&
	       json_is_string(json_object_get(hello, "client"));
}

static void refuse_version(struct api_server *server, const struct sender *sender,
			   const json_t *hello)
{
	const json_t *version = json_object_get(hello, "version");
	char why[128];

	if (json_is_integer(version))
		snprintf(why, sizeof(why), "this is protocol version %d, not %lld", API_VERSION,
			 (long long)json_integer_value(version));
	else
		snprintf(why, sizeof(why), "this is protocol version %d, and not among those given",
			 API_VERSION);
	answer(server, sender, json_pack("{s:{s:s, s:s, s:[i]}}", "error", "code",
					 api_error_code(API_ERROR_VERSION), "text", why, "versions",
					 API_VERSION));
}

/* Agents are asked for the name and the token that they were started with. */
static bool hello_greet_agent(struct api_server *server, struct sender *sender, const json_t *hello)
{
	const char *role = json_string_value(json_object_get(hello, "role"));
	const char *name = json_string_value(json_object_get(hello, "agent"));
	const char *token = json_string_value(json_object_get(hello, "token"));
	char why[192] = "no agent was configured";
	struct api_peer *peer = sender->peer;

	if (!role || strcmp(role, "agent") != 0 || peer->agent)
		return true;
	if (sender->key[0])
		snprintf(why, sizeof(why), "an agent uses the local socket");
	else if (!name || !token)
		snprintf(why, sizeof(why), "an agent's hello needs agent and token (strings)");
	else if (server->agents.greet)
		peer->agent = server->agents.greet(server->agents.context, peer, name, token, why,
						   sizeof(why));
	if (peer->agent)
		return true;
	refuse(server, sender, -1, API_ERROR_DENIED, why);
	return false;
}

static json_t *hello_answer(const struct api_server *server, const struct sender *sender)
{
	return json_pack("{s:{s:i, s:[i], s:s, s:i, s:s, s:s, s:o}}", "hello", "version",
			 API_VERSION, "versions", API_VERSION, "program", server->program,
			 "instance", (int)server->instance, "access",
			 api_access_name(sender->access), "role",
			 sender->peer->agent ? "agent" : "client", "commands",
			 hello_commands(sender->access));
}

/* A place in the table; without one the hello is refused. */
static bool hello_let_in(struct api_server *server, struct sender *sender)
{
	const struct api_remote_client *client = NULL;
	enum api_peers_full full;
	char why[128] = "too many clients are connected";

	sender->peer = api_peers_insert(&server->peers, sender->key, sender->identity,
					sender->identity_len, &full);
	if (sender->peer)
		return true;
	if (full == API_PEERS_FULL_KEY)
		client = server->remote ? api_remote_find(server->remote, sender->key) : NULL;
	if (client)
		snprintf(why, sizeof(why), "key %s has %d clients already", client->name,
			 API_CLIENTS_KEY_MAX);
	else if (full == API_PEERS_FULL_REMOTE)
		snprintf(why, sizeof(why), "all %d places for remote clients are taken",
			 API_CLIENTS_MAX - API_CLIENTS_LOCAL);
	refuse(server, sender, -1, API_ERROR_BUSY, why);
	return false;
}

static void take_hello(struct api_server *server, struct sender *sender, const json_t *hello)
{
	if (!hello_is_well_formed(hello)) {
		refuse(server, sender, -1, API_ERROR_MALFORMED,
		       "hello needs version (an integer) and client (a string)");
		return;
	}
	if (!hello_speaks_ours(hello)) {
		refuse_version(server, sender, hello);
		return;
	}
	if (!sender->peer && !hello_let_in(server, sender))
		return;
	struct api_peer *peer = sender->peer;
	peer->last_used = ++server->peers.clock;
	if (!peer->since_ms)
		peer->since_ms = uv_now(server->poll.loop);
	snprintf(peer->name, sizeof(peer->name), "%s",
		 json_string_value(json_object_get(hello, "client")));
	snprintf(peer->address, sizeof(peer->address), "%s", sender->address);
	bool was_agent = peer->agent;
	if (!hello_greet_agent(server, sender, hello)) {
		api_server_forget(server, peer);
		return;
	}
	answer(server, sender, hello_answer(server, sender));
	/* Work comes behind the answer to its hello; that may have dropped it. */
	if (!was_agent && peer->is_used && peer->agent)
		server->agents.ready(peer->agent);
}

/* The open request of this client with this id, or NULL. */
static struct api_request *request_find(const struct api_server *server,
					const struct api_peer *peer, int64_t id)
{
	for (struct api_request *r = server->requests; r; r = r->next) {
		if (r->peer == peer && r->id == id && !r->is_answered)
			return r;
	}
	return NULL;
}

/* Of what is not open nothing is said: its final answer is on its way. */
static void take_cancel(struct api_server *server, struct sender *sender, const json_t *cancel)
{
	int64_t id = json_is_integer(cancel) ? json_integer_value(cancel) : -1;
	struct api_peer *peer = sender->peer;
	struct api_request *request = request_find(server, peer, id);

	peer->last_used = ++server->peers.clock;
	if (request) {
		api_request_cut(request, API_ERROR_CANCELLED, "cancelled");
	} else if (peer->is_subscribed && peer->subscription == id) {
		api_peer_unsubscribe(&server->peers, peer);
		refuse(server, sender, id, API_ERROR_CANCELLED, "cancelled");
	} else if (id < 0) {
		refuse(server, sender, -1, API_ERROR_MALFORMED,
		       "cancel needs the id of a request: an integer of at least 0");
	}
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
	if (sender->access < API_ACCESS_ALL && !api_command_reads(command)) {
		snprintf(why, sizeof(why), "'%s' changes something, and this key is for reading alone",
			 name);
		refuse(server, sender, id, API_ERROR_DENIED, why);
		return;
	}
	if (request_find(server, sender->peer, id)) {
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
	} else if (json_object_get(message, "cancel")) {
		if (sender->peer)
			take_cancel(server, sender, json_object_get(message, "cancel"));
		else
			refuse(server, sender, -1, API_ERROR_NO_HELLO, "say hello first");
	} else if (json_object_get(message, "bye")) {
		if (sender->peer)
			api_server_forget(server, sender->peer);
	} else if (sender->peer && sender->peer->agent) {
		server->agents.message(sender->peer->agent, message);
	} else {
		server->malformed++;
		refuse(server, sender, id, API_ERROR_MALFORMED,
		       "a message has one of the members hello, command, cancel, bye");
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

static const char *frame_property(const zmq_msg_t *frame, const char *name)
{
	const char *value = zmq_msg_gets(frame, name);

	return value ? value : "";
}

/* By a local socket, whose file keeps strangers out. */
static bool sender_is_local(const struct api_server *server, const struct sender *sender)
{
	unsigned int uid, pid;

	return !server->remote ||
	       (!sender->key[0] && api_address_is_local(sender->address, &uid, &pid));
}

/* Whoever sends what under an identity that somebody else had is a new client; and one whose key is
 * not in the list any more is nobody. */
static bool sender_is_let_in(struct api_server *server, struct sender *sender)
{
	const struct api_remote_client *client = NULL;

	if (sender->peer && strcmp(sender->peer->key, sender->key) != 0) {
		api_server_forget(server, sender->peer);
		sender->peer = NULL;
	}
	sender->access = API_ACCESS_ALL;
	if (sender_is_local(server, sender))
		return true;
	client = server->remote ? api_remote_find(server->remote, sender->key) : NULL;
	if (!client) {
		refuse(server, sender, -1, API_ERROR_DENIED, "this key is not known any more");
		if (sender->peer)
			api_server_forget(server, sender->peer);
		return false;
	}
	sender->access = client->access;
	return true;
}

/* Reads what is left of a message that `frame` is a part of. */
static void skip_frames(struct api_server *server, zmq_msg_t *frame)
{
	while (zmq_msg_more(frame) && zmq_msg_recv(frame, server->socket, ZMQ_DONTWAIT) >= 0)
		;
}

size_t api_server_receive(struct api_server *server)
{
	zmq_msg_t identity, payload;
	size_t octets = 0;

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
	octets = zmq_msg_size(&payload);
	/* The identity's frame has none. */
	sender.key = frame_property(&payload, "User-Id");
	sender.address = frame_property(&payload, "Peer-Address");
	if (sender.peer)
		sender.peer->messages++;
	if (!sender_is_let_in(server, &sender)) {
		goto out;
	} else if (is_single) {
		take_bytes(server, &sender, zmq_msg_data(&payload), zmq_msg_size(&payload));
	} else {
		server->malformed++;
		refuse(server, &sender, -1, API_ERROR_MALFORMED, "a message has one frame");
	}
out:
	zmq_msg_close(&identity);
	zmq_msg_close(&payload);
	return octets;
}
