/* SPDX-License-Identifier: BSD-3-Clause */
/* A stateless proxy (RFC 3261 §16.11) that stays on the path: the switch that sends a call back. */
#include "agent.h"

static void relay_response(struct agent *agent, struct message *response)
{
	struct message *onward = message_clone(response);
	struct endpoint destination;
	const char *value;

	message_remove(onward, "Via");
	for (int i = 1; (value = message_get(response, "Via", i)); i++)
		message_add(onward, "Via", value);
	if (!message_get(onward, "Via", 0) || !ua_answer(onward, &destination))
		world_fail(agent->world, "%s: a response without a Via below", agent->node->name);
	else
		agent_send(agent, onward, &destination);
}

static bool is_own(struct agent *agent, const char *route)
{
	struct arena *arena = agent->world->arena;
	struct endpoint endpoint;
	return ua_uri_endpoint(arena, message_addr_uri(arena, route), &endpoint) &&
	       endpoint_equal(&endpoint, &agent->node->own);
}

static void relay_request(struct agent *agent, struct letter *letter)
{
	struct arena *arena = agent->world->arena;
	struct message *request = letter->message;
	struct message *onward = message_clone(request);
	const char *own = ua_endpoint(arena, &agent->node->own);
	const char *branch = message_param(arena, message_get(request, "Via", 0), "branch");
	const char *hops = message_get(request, "Max-Forwards", 0);
	const char *route = message_get(request, "Route", 0), *value;
	uint64_t left = 70;
	bool is_initial = !message_param(arena, message_get(request, "To", 0), "tag");
	int routes_from = 0;
	struct endpoint destination;

	if (hops && (!text_parse_u64(span_of_string(hops), 255, &left) || left == 0)) {
		world_fail(agent->world, "%s: Max-Forwards '%s'", agent->node->name, hops);
		return;
	}
	message_set(onward, "Max-Forwards", arena_format(arena, "%u", (unsigned int)left - 1));
	message_push(onward, "Via", arena_format(arena, "SIP/2.0/UDP %s;branch=z9hG4bK%s-%s", own,
						 agent->node->name, branch));
	if (route && is_own(agent, route))
		routes_from = 1;
	message_remove(onward, "Route");
	for (int i = routes_from; (value = message_get(request, "Route", i)); i++)
		message_add(onward, "Route", value);
	if (is_initial && !agent->leaves_path && !text_is(request->method, "CANCEL") &&
	    !text_is(request->method, "ACK"))
		message_push(onward, "Record-Route", arena_format(arena, "<sip:%s;lr>", own));
	destination = agent->relay_to;
	route = message_get(onward, "Route", 0);
	if (route && !ua_uri_endpoint(arena, message_addr_uri(arena, route), &destination))
		world_fail(agent->world, "%s: Route '%s'", agent->node->name, route);
	/* In a dialog, and at the end of the route set: the Request-URI is the next hop. */
	if (!route && routes_from && !ua_uri_endpoint(arena, onward->uri, &destination))
		world_fail(agent->world, "%s: Request-URI '%s'", agent->node->name, onward->uri);
	if (is_initial && text_is(request->method, "INVITE"))
		agent->calls++;
	agent_send(agent, onward, &destination);
}

void relay_receive(struct agent *agent, struct letter *letter)
{
	if (message_is_request(letter->message))
		relay_request(agent, letter);
	else
		relay_response(agent, letter->message);
}
