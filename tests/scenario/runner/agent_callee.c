/* SPDX-License-Identifier: BSD-3-Clause */
/* What a callee does with a new request, and either side with a request in a dialog. */
#include "agent.h"

static void answer(struct world *world, void *context);

/* A reliable provisional is repeated until its PRACK (RFC 3262 §3). */
static void repeat_reliable(struct world *world, void *context)
{
	struct leg *leg = context;
	uas_respond(leg->answering, leg->reliable);
	leg->reliable_interval *= 2;
	leg->reliable_timer =
		world_at(world, world->now + leg->reliable_interval, repeat_reliable, leg);
}

static void ring(struct world *world, void *context)
{
	struct leg *leg = context;
	struct server *server = leg->answering;
	struct agent *agent = leg->agent;
	struct message *response;

	if (server->state != TXN_PROCEEDING || leg->is_over)
		return;
	response = ua_response(agent->node, server->letter, agent->ring_status, leg->tag);
	if (agent->reliable) {
		message_add(response, "Require", "100rel");
		message_add(response, "RSeq", "1");
		leg->reliable = response;
		leg->awaits_prack = true;
		leg->reliable_interval = AGENT_T1;
		leg->reliable_timer =
			world_at(world, world->now + AGENT_T1, repeat_reliable, leg);
	}
	uas_respond(server, response);
}

static void answer(struct world *world, void *context)
{
	struct leg *leg = context;
	struct server *server = leg->answering;
	struct agent *agent = leg->agent;
	struct message *response;

	(void)world;
	if (server->state != TXN_PROCEEDING && server->state != TXN_TRYING)
		return;
	if (leg->awaits_prack) {
		leg->answer_due = true;
		return;
	}
	response = ua_response(agent->node, server->letter, agent->answer_status, leg->tag);
	if (agent->answer_status >= 300)
		leg_over(leg);
	uas_respond(server, response);
	/* A subscription stands with its 2xx; a call with the ACK. */
	if (agent->answer_status < 300 && text_is(server->letter->message->method, "SUBSCRIBE"))
		leg_confirmed(leg);
}

/* False: answered with 407. */
static bool has_credentials(struct agent *agent, struct letter *letter)
{
	const char *credentials = message_get(letter->message, "Proxy-Authorization", 0);
	struct arena *arena = agent->world->arena;
	const char *nonce = arena_format(arena, "nonce=\"%s\"", agent->node->name);
	struct server *server;
	struct message *response;

	if (credentials && strstr(credentials, nonce))
		return true;
	if (credentials)
		world_fail(agent->world, "%s gets credentials for another server's challenge: %s",
			   agent->node->name, credentials);
	agent->challenged++;
	server = uas_start(agent, NULL, letter);
	response = ua_response(agent->node, letter, 407, ua_tag(agent->node));
	message_add(response, "Proxy-Authenticate",
		    arena_format(arena, "Digest realm=\"example.com\", %s", nonce));
	uas_respond(server, response);
	return false;
}

void callee_request(struct agent *agent, struct letter *letter)
{
	struct world *world = agent->world;
	const struct message *request = letter->message;
	struct leg *leg;

	if (agent->challenges && !has_credentials(agent, letter))
		return;
	agent->calls++;
	leg = leg_create(agent, ua_tag(agent->node));
	dialog_of_request(&leg->dialog, request, leg->tag);
	leg->answering = uas_start(agent, leg, letter);
	if (text_is(request->method, "INVITE") && agent->ring_status)
		world_at(world, world->now + agent->ring_after, ring, leg);
	if (agent->answer_status)
		world_at(world, world->now + agent->answer_after, answer, leg);
}

static void pracked(struct leg *leg)
{
	leg->awaits_prack = false;
	world_cancel(&leg->reliable_timer);
	if (leg->answer_due)
		answer(leg->agent->world, leg);
}

/* The INVITE that an ACK is for may be older than the last one: their CSeq is the same. */
static struct server *invite_of_ack(struct leg *leg, const struct message *ack)
{
	for (struct server *server = leg->agent->servers; server; server = server->next) {
		if (server->leg == leg && server->is_invite &&
		    message_cseq(server->letter->message) == message_cseq(ack))
			return server;
	}
	return NULL;
}

void callee_in_dialog(struct leg *leg, struct letter *letter)
{
	struct agent *agent = leg->agent;
	const struct message *request = letter->message;
	struct server *server;

	if (text_is(request->method, "ACK")) {
		struct server *invite = invite_of_ack(leg, request);
		if (!invite) {
			world_fail(agent->world, "%s gets an ACK of CSeq %lu for no INVITE",
				   agent->node->name, message_cseq(request));
			return;
		}
		uas_acknowledged(invite);
		if (!leg->is_confirmed) {
			agent->answered++;
			leg_confirmed(leg);
		}
		return;
	}
	if (agent->got_count < (int)ARRAY_SIZE(agent->got))
		agent->got[agent->got_count++] = request->method;
	server = uas_start(agent, leg, letter);
	if (text_is(request->method, "INVITE"))
		leg->answering = server;
	if (text_is(request->method, "INVITE") || text_is(request->method, "UPDATE"))
		dialog_refresh(&leg->dialog, request);
	uas_respond(server, ua_response(agent->node, letter, leg->is_over ? 481 : 200,
						leg->tag));
	if (text_is(request->method, "PRACK") && leg->awaits_prack)
		pracked(leg);
	if (text_is(request->method, "BYE") && !leg->is_over) {
		agent->ended++;
		leg_over(leg);
	}
}

void callee_cancel(struct agent *agent, struct letter *letter)
{
	struct server *invite = uas_find(agent, letter->message, "INVITE");
	struct server *server = uas_start(agent, NULL, letter);
	const char *tag = invite && invite->leg ? invite->leg->tag : ua_tag(agent->node);

	uas_respond(server, ua_response(agent->node, letter, invite ? 200 : 481, tag));
	if (invite && invite->state == TXN_PROCEEDING) {
		world_cancel(&invite->leg->reliable_timer);
		leg_over(invite->leg);
		uas_respond(invite, ua_response(agent->node, invite->letter, 487, tag));
	}
}
