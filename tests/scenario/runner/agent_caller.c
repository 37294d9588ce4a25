/* SPDX-License-Identifier: BSD-3-Clause */
/* What a caller does: place a request, cancel it, acknowledge, retry with credentials; and either
 * side with the final response to a request in a dialog. */
#include "agent.h"

#include <stdlib.h>

static void cancel_now(struct leg *leg)
{
	struct client *invite = leg->invite;
	leg->cancel_sent = true;
	uac_start(leg->agent, leg, ua_cancel(invite->request), &invite->destination);
}

/* CANCEL waits for a provisional response (§9.1). */
static void cancel_due(struct world *world, void *context)
{
	struct leg *leg = context;
	(void)world;
	leg->cancel_wanted = true;
	if (leg->invite->state == TXN_PROCEEDING && !leg->cancel_sent)
		cancel_now(leg);
}

void agent_place(struct agent *agent, const char *method, const char *uri, const char *call_id)
{
	struct world *world = agent->world;
	struct leg *leg = leg_create(agent, ua_tag(agent->node));
	struct message *request =
		ua_request(agent->node, method, uri, call_id, leg->tag, 1);

	leg->is_caller = true;
	if (agent->reliable)
		message_add(request, "Supported", "100rel");
	for (int i = 0; i < agent->header_count; i++) {
		const char *colon = strchr(agent->headers[i], ':');
		size_t len = (size_t)(colon - agent->headers[i]);
		message_add(request, arena_copy(world->arena, agent->headers[i], len), colon + 1);
	}
	leg->dialog.call_id = arena_string(world->arena, message_get(request, "Call-ID", 0));
	leg->invite = uac_start(agent, leg, request, &agent->node->proxy);
	if (agent->cancel_after != TICK_NEVER)
		world_at(world, world->now + agent->cancel_after, cancel_due, leg);
}

void caller_timeout(struct client *client)
{
	world_fail(client->agent->world, "%s: %s got no final response in 64*T1",
		   client->agent->node->name, client->request->method);
}

static void send_prack(struct leg *leg, struct client *client, const struct message *response)
{
	struct agent *agent = leg->agent;
	const char *require = message_get(response, "Require", 0);
	const char *rseq = message_get(response, "RSeq", 0);
	struct message *prack;
	struct endpoint next_hop;

	if (!require || !strstr(require, "100rel") || !rseq)
		return;
	if (strtoul(rseq, NULL, 10) <= leg->last_rseq)
		return;
	leg->last_rseq = strtoul(rseq, NULL, 10);
	prack = ua_in_dialog(agent->node, &leg->dialog, "PRACK");
	message_add(prack, "RAck", arena_format(agent->world->arena, "%s %s", rseq,
						message_get(client->request, "CSeq", 0)));
	next_hop = ua_next_hop(agent->node, prack);
	uac_start(agent, leg, prack, &next_hop);
}

static void acknowledge(struct client *client)
{
	struct agent *agent = client->agent;
	client->ack = ua_ack_2xx(agent->node, &client->leg->dialog, client->request);
	client->ack_destination = ua_next_hop(agent->node, client->ack);
	agent_send(agent, client->ack, &client->ack_destination);
}

/* 2xx to an INVITE, the first one or one that is repeated because its ACK was lost. */
static void invite_2xx(struct client *client, const struct message *response)
{
	struct leg *leg = client->leg;
	struct agent *agent = client->agent;
	struct arena *arena = agent->world->arena;
	const char *tag = message_param(arena, message_get(response, "To", 0), "tag");

	if (client->ack) {
		if (!tag || !text_is(tag, leg->dialog.remote_tag))
			world_fail(agent->world, "%s: two parties answered", agent->node->name);
		agent_send(agent, client->ack, &client->ack_destination);
		return;
	}
	if (leg->is_confirmed) { /* a re-INVITE's */
		dialog_refresh(&leg->dialog, response);
		acknowledge(client);
		leg_next_plan(leg);
		return;
	}
	unsigned long cseq = leg->dialog.local_cseq;
	dialog_of_response(&leg->dialog, client->request, response);
	if (cseq > leg->dialog.local_cseq) /* PRACKs went out meanwhile */
		leg->dialog.local_cseq = cseq;
	acknowledge(client);
	agent->final = response->status;
	agent->answered++;
	leg_confirmed(leg);
}

/* True when the request is tried once more, with credentials (§22.2). */
static bool authorize(struct client *client, const struct message *response)
{
	struct agent *agent = client->agent;
	const char *challenge = message_get(response, "Proxy-Authenticate", 0);
	struct message *again;

	if (response->status != 407 || !agent->authorizes || !challenge)
		return false;
	again = ua_again(agent->node, client->request);
	message_add(again, "Proxy-Authorization", challenge);
	client->leg->invite =
		uac_start(agent, client->leg, again, &client->destination);
	return true;
}

static void initial_response(struct client *client, const struct message *response)
{
	struct leg *leg = client->leg;
	struct agent *agent = client->agent;
	bool is_invite = client->is_invite;

	if (authorize(client, response))
		return;
	if (is_invite && response->status < 300) {
		invite_2xx(client, response);
		return;
	}
	agent->final = response->status;
	if (response->status < 300 && text_is(client->request->method, "SUBSCRIBE")) {
		dialog_of_response(&leg->dialog, client->request, response);
		leg_confirmed(leg);
	} else {
		leg_over(leg);
	}
}

static void provisional(struct client *client, const struct message *response)
{
	struct leg *leg = client->leg;
	struct arena *arena = client->agent->world->arena;

	if (leg->invite != client)
		return;
	if (leg->cancel_wanted && !leg->cancel_sent)
		cancel_now(leg);
	if (!leg->is_early && message_param(arena, message_get(response, "To", 0), "tag")) {
		leg->is_early = true;
		dialog_of_response(&leg->dialog, client->request, response);
	}
	if (leg->is_early)
		send_prack(leg, client, response);
}

void caller_response(struct client *client, const struct message *response)
{
	struct leg *leg = client->leg;
	const char *method = client->request->method;

	if (response->status < 200) {
		provisional(client, response);
	} else if (text_is(method, "CANCEL") || text_is(method, "PRACK")) {
		if (response->status >= 300)
			world_fail(client->agent->world, "%s: %d to %s",
				   client->agent->node->name, response->status, method);
	} else if (client == leg->invite) {
		initial_response(client, response);
	} else if (text_is(method, "BYE")) {
		client->agent->ended++;
		if (response->status >= 300)
			world_fail(client->agent->world, "%s: %d to BYE",
				   client->agent->node->name, response->status);
		leg_over(leg);
	} else if (client->is_invite && response->status < 300) {
		invite_2xx(client, response);
	} else {
		if (response->status >= 300)
			world_fail(client->agent->world, "%s: %d to %s in the dialog",
				   client->agent->node->name, response->status, method);
		leg_next_plan(leg);
	}
}
