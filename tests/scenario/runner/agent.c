/* SPDX-License-Identifier: BSD-3-Clause */
#include "agent.h"
#include "script.h"

#include <stdlib.h>

struct agent *agent_create(struct node *node)
{
	struct agent *agent = arena_alloc(node->world->arena, sizeof(*agent));
	agent->node = node;
	agent->world = node->world;
	agent->answer_status = 200;
	agent->cancel_after = agent->hang_up_after = TICK_NEVER;
	node->agent = agent;
	return agent;
}

bool agent_configure(struct agent *agent, char **words, int count)
{
	if (count == 1 && text_is(words[0], "reliable"))
		agent->reliable = true;
	else if (count == 1 && text_is(words[0], "challenges"))
		agent->challenges = true;
	else if (count == 1 && text_is(words[0], "authorizes"))
		agent->authorizes = true;
	else if (count == 1 && text_is(words[0], "silent"))
		agent->silent = true;
	else if (count == 2 && text_is(words[0], "never") && text_is(words[1], "answers"))
		agent->answer_status = 0;
	else if (count == 4 && text_is(words[0], "rings") && text_is(words[2], "after"))
		agent->ring_status = atoi(words[1]),
		agent->ring_after = script_duration(words[3]);
	else if (count == 4 && text_is(words[0], "answers") && text_is(words[2], "after"))
		agent->answer_status = atoi(words[1]),
		agent->answer_after = script_duration(words[3]);
	else if (count == 3 && text_is(words[0], "cancels") && text_is(words[1], "after"))
		agent->cancel_after = script_duration(words[2]);
	else if (count == 4 && text_is(words[0], "hangs") && text_is(words[2], "after"))
		agent->hang_up_after = script_duration(words[3]);
	else if (count == 4 && text_is(words[0], "then") && text_is(words[2], "after") &&
		 agent->plan_count < AGENT_PLANS_MAX)
		agent->plans[agent->plan_count++] = (struct plan){
			.method = words[1], .after = script_duration(words[3]),
		};
	else if (count == 3 && text_is(words[0], "relays") && text_is(words[1], "to"))
		return agent->relays = endpoint_parse(span_of_string(words[2]), 5060,
						      &agent->relay_to);
	else if (count == 3 && text_is(words[0], "leaves") && text_is(words[2], "path"))
		agent->leaves_path = true;
	else if (count == 2 && text_is(words[0], "header") && strchr(words[1], ':') &&
		 agent->header_count < (int)ARRAY_SIZE(agent->headers))
		agent->headers[agent->header_count++] = words[1];
	else
		return false;
	return true;
}

int agent_result(const struct agent *agent, const char *name, const char *method)
{
	int count = 0;
	if (text_is(name, "calls"))
		return agent->calls;
	if (text_is(name, "answered"))
		return agent->answered;
	if (text_is(name, "ended"))
		return agent->ended;
	if (text_is(name, "final"))
		return agent->final;
	if (text_is(name, "challenged"))
		return agent->challenged;
	if (!text_is(name, "got") || !method)
		return -1;
	for (int i = 0; i < agent->got_count; i++)
		count += text_is(agent->got[i], method);
	return count;
}

/* ---- legs */

struct leg *leg_create(struct agent *agent, const char *tag)
{
	struct leg *leg = arena_alloc(agent->world->arena, sizeof(*leg));
	leg->agent = agent;
	leg->tag = tag;
	leg->next = agent->legs;
	agent->legs = leg;
	return leg;
}

void leg_over(struct leg *leg)
{
	leg->is_over = true;
	world_cancel(&leg->timer);
}

static void in_dialog_request(struct leg *leg, const char *method)
{
	struct agent *agent = leg->agent;
	struct message *request = ua_in_dialog(agent->node, &leg->dialog, method);
	struct endpoint next_hop = ua_next_hop(agent->node, request);
	if (text_is(method, "NOTIFY"))
		message_add(request, "Subscription-State", "active");
	uac_start(agent, leg, request, &next_hop);
}

static void plan_due(struct world *world, void *context)
{
	struct leg *leg = context;
	(void)world;
	leg->timer = NULL;
	in_dialog_request(leg, leg->agent->plans[leg->plans_done++].method);
}

static void hang_up(struct world *world, void *context)
{
	struct leg *leg = context;
	(void)world;
	leg->timer = NULL;
	in_dialog_request(leg, "BYE");
}

void leg_next_plan(struct leg *leg)
{
	struct agent *agent = leg->agent;
	struct world *world = agent->world;
	if (leg->is_over)
		return;
	if (leg->plans_done < agent->plan_count)
		leg->timer = world_at(world, world->now + agent->plans[leg->plans_done].after,
				      plan_due, leg);
	else if (agent->hang_up_after != TICK_NEVER)
		leg->timer = world_at(world, world->now + agent->hang_up_after, hang_up, leg);
}

void leg_confirmed(struct leg *leg)
{
	leg->is_confirmed = true;
	leg_next_plan(leg);
}

static struct leg *leg_find(struct agent *agent, const struct message *request)
{
	struct arena *arena = agent->world->arena;
	const char *call_id = message_get(request, "Call-ID", 0);
	const char *local = message_param(arena, message_get(request, "To", 0), "tag");
	const char *remote = message_param(arena, message_get(request, "From", 0), "tag");

	for (struct leg *leg = agent->legs; leg && call_id && local && remote; leg = leg->next) {
		if (text_is(leg->dialog.call_id, call_id) && text_is(leg->tag, local) &&
		    (!leg->dialog.remote_tag || text_is(leg->dialog.remote_tag, remote)))
			return leg;
	}
	return NULL;
}

/* ---- letters */

static const char *missing_header(const struct message *message)
{
	static const char *const needed[] = { "Via", "From", "To", "Call-ID", "CSeq" };
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!message_get(message, needed[i], 0))
			return needed[i];
	}
	return NULL;
}

static void agent_request(struct agent *agent, struct letter *letter)
{
	struct message *request = letter->message;
	bool is_ack = text_is(request->method, "ACK");
	struct server *server = uas_find(agent, request, is_ack ? "INVITE" : request->method);
	struct leg *leg = leg_find(agent, request);

	/* The ACK to a 2xx has a branch of its own. */
	if (server) {
		uas_receive(server, letter);
	} else if (text_is(request->method, "CANCEL")) {
		callee_cancel(agent, letter);
	} else if (leg) {
		callee_in_dialog(leg, letter);
	} else if (is_ack) {
		world_fail(agent->world, "%s gets an ACK that fits nothing", agent->node->name);
	} else if (message_param(agent->world->arena, message_get(request, "To", 0), "tag")) {
		world_fail(agent->world, "%s gets %s of no dialog of its own", agent->node->name,
			   request->method);
	} else {
		callee_request(agent, letter);
	}
}

void agent_receive(struct agent *agent, struct letter *letter)
{
	struct message *message = letter->message;
	const char *missing = missing_header(message);

	if (agent->silent)
		return;
	if (missing) {
		world_fail(agent->world, "%s gets %s without %s", agent->node->name,
			   message_label(message), missing);
		return;
	}
	if (agent->relays) {
		relay_receive(agent, letter);
	} else if (message_is_request(message)) {
		agent_request(agent, letter);
	} else {
		struct client *client = uac_find(agent, message);
		if (client)
			uac_receive(client, message);
		else
			world_fail(agent->world, "%s gets %s, which answers nothing it sent",
				   agent->node->name, message_label(message));
	}
}
