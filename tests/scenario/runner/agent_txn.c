/* SPDX-License-Identifier: BSD-3-Clause */
/* Client and server transactions of an agent: RFC 3261 §17 figures 5 to 8 with RFC 6026. */
#include "agent.h"

void agent_send(struct agent *agent, const struct message *message,
		const struct endpoint *destination)
{
	size_t len;
	const char *bytes = message_format(message, &len);
	world_send(agent->node, bytes, len, destination);
}

/* ---- client */

static void uac_over(struct world *world, void *context)
{
	struct client *client = context;
	(void)world;
	client->state = TXN_OVER;
	world_cancel(&client->retransmit);
	client->end = NULL;
}

static void uac_timeout(struct world *world, void *context)
{
	struct client *client = context;
	uac_over(world, client);
	caller_timeout(client);
}

/* Timers A and E. */
static void uac_retransmit(struct world *world, void *context)
{
	struct client *client = context;
	agent_send(client->agent, client->request, &client->destination);
	if (client->is_invite)
		client->interval *= 2;
	else if (client->state == TXN_PROCEEDING)
		client->interval = AGENT_T2;
	else
		client->interval = MIN(client->interval * 2, AGENT_T2);
	client->retransmit =
		world_at(world, world->now + client->interval, uac_retransmit, client);
}

struct client *uac_start(struct agent *agent, struct leg *leg, struct message *request,
			    const struct endpoint *destination)
{
	struct world *world = agent->world;
	struct client *client = arena_alloc(world->arena, sizeof(*client));
	client->agent = agent;
	client->leg = leg;
	client->request = request;
	client->destination = *destination;
	client->is_invite = text_is(request->method, "INVITE");
	client->branch = message_param(world->arena, message_get(request, "Via", 0), "branch");
	client->interval = AGENT_T1;
	client->next = agent->clients;
	agent->clients = client;
	client->retransmit = world_at(world, world->now + AGENT_T1, uac_retransmit, client);
	client->end = world_at(world, world->now + 64 * AGENT_T1, uac_timeout, client);
	agent_send(agent, request, destination);
	return client;
}

struct client *uac_find(struct agent *agent, const struct message *response)
{
	const char *via = message_get(response, "Via", 0);
	const char *branch = via ? message_param(agent->world->arena, via, "branch") : NULL;
	for (struct client *client = agent->clients; client && branch; client = client->next) {
		if (strcasecmp(client->branch, branch) == 0 && client->state != TXN_OVER &&
		    text_is(client->request->method, response->method))
			return client;
	}
	return NULL;
}

/* The state is entered: what ended the old one stops, `after` ends the new one. */
static void uac_linger(struct client *client, enum txn_state state, tick_t after)
{
	struct world *world = client->agent->world;
	client->state = state;
	world_cancel(&client->retransmit);
	world_cancel(&client->end);
	client->end = world_at(world, world->now + after, uac_over, client);
}

static void uac_invite_receive(struct client *client, const struct message *response)
{
	int status = response->status;
	if (status < 200) {
		if (client->state == TXN_TRYING || client->state == TXN_PROCEEDING) {
			client->state = TXN_PROCEEDING;
			world_cancel(&client->retransmit);
			world_cancel(&client->end);
			caller_response(client, response);
		}
	} else if (status < 300) {
		if (client->state == TXN_COMPLETED)
			return;
		if (client->state != TXN_ACCEPTED)
			uac_linger(client, TXN_ACCEPTED, 64 * AGENT_T1);
		caller_response(client, response);
	} else if (client->state == TXN_COMPLETED) {
		agent_send(client->agent, client->ack, &client->destination);
	} else if (client->state == TXN_ACCEPTED) {
		world_fail(client->agent->world, "%s gets %d after a 2xx", client->agent->node->name,
			   status);
	} else {
		client->ack = ua_ack_failure(client->request, response);
		agent_send(client->agent, client->ack, &client->destination);
		uac_linger(client, TXN_COMPLETED, TICK_SECONDS(32));
		caller_response(client, response);
	}
}

void uac_receive(struct client *client, const struct message *response)
{
	if (client->is_invite) {
		uac_invite_receive(client, response);
	} else if (response->status < 200) {
		if (client->state == TXN_TRYING)
			client->state = TXN_PROCEEDING;
	} else if (client->state != TXN_COMPLETED) {
		uac_linger(client, TXN_COMPLETED, AGENT_T4);
		caller_response(client, response);
	}
}

/* ---- server */

static void uas_send(struct server *server)
{
	struct endpoint destination;
	if (!ua_answer(server->response, &destination)) {
		world_fail(server->agent->world, "%s cannot answer: the top Via is unusable",
			   server->agent->node->name);
		return;
	}
	agent_send(server->agent, server->response, &destination);
}

static void uas_over(struct world *world, void *context)
{
	struct server *server = context;
	(void)world;
	server->state = TXN_OVER;
	world_cancel(&server->retransmit);
	server->end = NULL;
}

static void uas_unacknowledged(struct world *world, void *context)
{
	struct server *server = context;
	world_fail(world, "%s: %d to %s was never acknowledged", server->agent->node->name,
		   server->response->status, server->letter->message->method);
	uas_over(world, server);
}

/* Timer G, and the core's repetition of a 2xx until its ACK (§13.3.1.4). */
static void uas_retransmit(struct world *world, void *context)
{
	struct server *server = context;
	if (server->state == TXN_ACCEPTED && world->now - server->first_2xx >= 64 * AGENT_T1) {
		uas_unacknowledged(world, server);
		return;
	}
	uas_send(server);
	server->interval = MIN(server->interval * 2, AGENT_T2);
	server->retransmit =
		world_at(world, world->now + server->interval, uas_retransmit, server);
}

struct server *uas_start(struct agent *agent, struct leg *leg, struct letter *letter)
{
	struct arena *arena = agent->world->arena;
	struct server *server = arena_alloc(arena, sizeof(*server));
	const char *via = message_get(letter->message, "Via", 0);
	server->agent = agent;
	server->leg = leg;
	server->letter = letter;
	server->branch = message_param(arena, via, "branch");
	server->sent_by = message_via_sent_by(arena, via);
	server->is_invite = text_is(letter->message->method, "INVITE");
	server->state = server->is_invite ? TXN_PROCEEDING : TXN_TRYING;
	server->next = agent->servers;
	agent->servers = server;
	return server;
}

struct server *uas_find(struct agent *agent, const struct message *request,
			   const char *method)
{
	struct arena *arena = agent->world->arena;
	const char *via = message_get(request, "Via", 0);
	const char *branch = via ? message_param(arena, via, "branch") : NULL;
	const char *sent_by = via ? message_via_sent_by(arena, via) : NULL;
	for (struct server *server = agent->servers; server && branch; server = server->next) {
		if (server->state != TXN_OVER && strcasecmp(server->branch, branch) == 0 &&
		    strcasecmp(server->sent_by, sent_by) == 0 &&
		    text_is(server->letter->message->method, method))
			return server;
	}
	return NULL;
}

void uas_respond(struct server *server, struct message *response)
{
	struct world *world = server->agent->world;
	int status = response->status;

	server->response = response;
	uas_send(server);
	if (status < 200) {
		server->state = TXN_PROCEEDING;
		return;
	}
	server->interval = AGENT_T1;
	if (!server->is_invite) {
		server->state = TXN_COMPLETED;
		server->end = world_at(world, world->now + 64 * AGENT_T1, uas_over, server);
		return;
	}
	server->retransmit = world_at(world, world->now + AGENT_T1, uas_retransmit, server);
	if (status < 300) {
		server->state = TXN_ACCEPTED;
		server->first_2xx = world->now;
		/* Timer L ends the transaction; the core may still repeat its 2xx. */
	} else {
		server->state = TXN_COMPLETED;
		server->end = world_at(world, world->now + 64 * AGENT_T1, uas_unacknowledged,
				       server);
	}
}

void uas_acknowledged(struct server *server)
{
	struct world *world = server->agent->world;
	world_cancel(&server->retransmit);
	if (!server->end)
		server->end = world_at(world, server->first_2xx + 64 * AGENT_T1, uas_over,
				       server);
}

void uas_receive(struct server *server, const struct letter *letter)
{
	struct world *world = server->agent->world;
	if (text_is(letter->message->method, "ACK")) {
		if (server->state != TXN_COMPLETED)
			return;
		server->state = TXN_CONFIRMED;
		world_cancel(&server->retransmit);
		world_cancel(&server->end);
		server->end = world_at(world, world->now + AGENT_T4, uas_over, server);
		return;
	}
	if (server->response && (server->state == TXN_PROCEEDING || server->state == TXN_COMPLETED))
		uas_send(server);
}
