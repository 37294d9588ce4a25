/* SPDX-License-Identifier: BSD-3-Clause */
#include "ua.h"

char *ua_endpoint(struct arena *arena, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];
	return arena_string(arena, endpoint_to_string(endpoint, text));
}

char *ua_branch(struct node *node)
{
	return arena_format(node->world->arena, "z9hG4bK-%s-%u", node->name,
			    ++node->world->serial);
}

char *ua_tag(struct node *node)
{
	return arena_format(node->world->arena, "tag-%s-%u", node->name, ++node->world->serial);
}

static char *ua_via(struct node *node)
{
	return arena_format(node->world->arena, "SIP/2.0/UDP %s;branch=%s%s",
			    ua_endpoint(node->world->arena, &node->own),
			    ua_branch(node), node->asks_rport ? ";rport" : "");
}

static char *ua_contact(struct node *node)
{
	return arena_format(node->world->arena, "<sip:%s@%s>", node->name,
			    ua_endpoint(node->world->arena, &node->own));
}

static void add_cseq(struct message *message, unsigned long number, const char *method)
{
	message_set(message, "CSeq", arena_format(message->arena, "%lu %s", number, method));
}

struct message *ua_request(struct node *node, const char *method, const char *uri,
				const char *call_id, const char *tag, unsigned long cseq)
{
	struct arena *arena = node->world->arena;
	struct message *message = message_request(arena, method, uri);
	if (!call_id)
		call_id = arena_format(arena, "%u-%s", ++node->world->serial, node->name);
	message_add(message, "Via", ua_via(node));
	message_add(message, "Max-Forwards", "70");
	message_add(message, "From", arena_format(arena, "<sip:%s@example.com>;tag=%s", node->name,
						  tag ? tag : ua_tag(node)));
	message_add(message, "To", arena_format(arena, "<%s>", uri));
	message_add(message, "Call-ID", call_id);
	add_cseq(message, cseq, method);
	message_add(message, "Contact", ua_contact(node));
	message_add(message, "Content-Length", "0");
	return message;
}

struct message *ua_again(struct node *node, const struct message *request)
{
	struct message *message = message_clone(request);
	message_set(message, "Via", ua_via(node));
	add_cseq(message, message_cseq(request) + 1, message->method);
	return message;
}

static void add_routes(struct message *message, const struct dialog *dialog)
{
	for (int i = 0; i < dialog->route_count; i++)
		message_add(message, "Route", dialog->routes[i]);
}

static struct message *dialog_request(struct node *node, struct dialog *dialog, const char *method,
				      unsigned long cseq)
{
	struct arena *arena = node->world->arena;
	struct message *message = message_request(arena, method, dialog->remote_target);
	message_add(message, "Via", ua_via(node));
	message_add(message, "Max-Forwards", "70");
	add_routes(message, dialog);
	message_add(message, "From",
		    arena_format(arena, "%s;tag=%s", dialog->local, dialog->local_tag));
	message_add(message, "To",
		    arena_format(arena, "%s;tag=%s", dialog->remote, dialog->remote_tag));
	message_add(message, "Call-ID", dialog->call_id);
	add_cseq(message, cseq, method);
	if (!text_is(method, "ACK") && !text_is(method, "BYE"))
		message_add(message, "Contact", ua_contact(node));
	message_add(message, "Content-Length", "0");
	return message;
}

struct message *ua_in_dialog(struct node *node, struct dialog *dialog, const char *method)
{
	return dialog_request(node, dialog, method, ++dialog->local_cseq);
}

struct message *ua_ack_2xx(struct node *node, struct dialog *dialog,
				const struct message *invite)
{
	struct message *ack = dialog_request(node, dialog, "ACK", message_cseq(invite));
	static const char *const credentials[] = { "Authorization", "Proxy-Authorization" };
	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++) {
		const char *value = message_get(invite, credentials[i], 0);
		if (value)
			message_add(ack, credentials[i], value);
	}
	return ack;
}

/* ACK and CANCEL share the INVITE's top Via, Request-URI, Routes, From, Call-ID, CSeq number. */
static struct message *within_invite(const struct message *invite, const char *method,
				     const char *to)
{
	struct message *message = message_request(invite->arena, method, invite->uri);
	const char *route;
	message_add(message, "Via", message_get(invite, "Via", 0));
	message_add(message, "Max-Forwards", "70");
	for (int i = 0; (route = message_get(invite, "Route", i)); i++)
		message_add(message, "Route", route);
	message_add(message, "From", message_get(invite, "From", 0));
	message_add(message, "To", to);
	message_add(message, "Call-ID", message_get(invite, "Call-ID", 0));
	add_cseq(message, message_cseq(invite), method);
	message_add(message, "Content-Length", "0");
	return message;
}

struct message *ua_ack_failure(const struct message *invite, const struct message *response)
{
	return within_invite(invite, "ACK", message_get(response, "To", 0));
}

struct message *ua_cancel(const struct message *invite)
{
	return within_invite(invite, "CANCEL", message_get(invite, "To", 0));
}

/* received and rport (RFC 3261 §18.2.1, RFC 3581 §4). */
static char *via_seen(struct arena *arena, const char *via, const struct endpoint *source)
{
	char address[ENDPOINT_TEXT_MAX];
	struct endpoint sent_by;
	bool is_same = endpoint_parse(span_of_string(message_via_sent_by(arena, via)), 5060,
				      &sent_by) &&
		       ip_address_equal(&sent_by.address, &source->address);
	bool asks = message_param(arena, via, "rport") != NULL;
	char *out = arena_string(arena, via);
	ip_address_to_string(&source->address, address);
	if (asks)
		out = message_param_set(arena, out, "rport",
					arena_format(arena, "%u", source->port));
	if (asks || !is_same)
		out = message_param_set(arena, out, "received", address);
	return out;
}

struct message *ua_response(struct node *node, const struct letter *letter, int status,
				 const char *tag)
{
	struct arena *arena = node->world->arena;
	const struct message *request = letter->message;
	struct message *response = message_response(arena, status);
	const char *value;

	response->method = request->method;
	for (int i = 0; (value = message_get(request, "Via", i)); i++)
		message_add(response, "Via", i ? value : via_seen(arena, value, &letter->source));
	message_add(response, "From", message_get(request, "From", 0));
	value = message_get(request, "To", 0);
	if (status > 100 && !message_param(arena, value, "tag"))
		value = arena_format(arena, "%s;tag=%s", value, tag);
	message_add(response, "To", value);
	message_add(response, "Call-ID", message_get(request, "Call-ID", 0));
	message_add(response, "CSeq", message_get(request, "CSeq", 0));
	if (status > 100 && status < 300) {
		for (int i = 0; (value = message_get(request, "Record-Route", i)); i++)
			message_add(response, "Record-Route", value);
		if (!text_is(request->method, "BYE") && !text_is(request->method, "CANCEL"))
			message_add(response, "Contact", ua_contact(node));
	}
	message_add(response, "Content-Length", "0");
	return response;
}

bool ua_uri_endpoint(struct arena *arena, const char *uri, struct endpoint *endpoint)
{
	const char *maddr = message_uri_param(arena, uri, "maddr");
	if (maddr)
		return endpoint_parse(span_of_string(maddr), 5060, endpoint);
	return endpoint_parse(span_of_string(message_uri_host_port(arena, uri)), 5060, endpoint);
}

struct endpoint ua_next_hop(struct node *node, const struct message *request)
{
	const char *route = message_get(request, "Route", 0);
	const char *to = message_get(request, "To", 0);
	struct endpoint endpoint;
	struct arena *arena = node->world->arena;

	if (route && ua_uri_endpoint(arena, message_addr_uri(arena, route), &endpoint))
		return endpoint;
	if (!route && to && message_param(arena, to, "tag") && !text_is(request->method, "CANCEL") &&
	    ua_uri_endpoint(arena, request->uri, &endpoint))
		return endpoint;
	return node->proxy;
}

bool ua_answer(const struct message *response, struct endpoint *destination)
{
	struct arena *arena = response->arena;
	const char *via = message_get(response, "Via", 0);
	const char *received, *rport;
	struct endpoint sent_by;
	uint64_t port;

	if (!via)
		return false;
	received = message_param(arena, via, "received");
	rport = message_param(arena, via, "rport");
	if (!endpoint_parse(span_of_string(message_via_sent_by(arena, via)), 5060, &sent_by)) {
		if (!received)
			return false;
		sent_by = (struct endpoint){ .port = 5060 };
	}
	*destination = sent_by;
	if (received && !ip_address_parse(span_of_string(received), &destination->address))
		return false;
	if (received && rport && text_parse_u64(span_of_string(rport), UINT16_MAX, &port))
		destination->port = (uint16_t)port;
	return true;
}

/* A header's value without its tag. */
static char *without_tag(struct arena *arena, const char *value)
{
	const char *open = strchr(value, '<'), *close = open ? strchr(open, '>') : NULL;
	size_t len = close ? (size_t)(close + 1 - value) : strcspn(value, ";");
	return arena_copy(arena, value, len);
}

static char *tag_of(struct arena *arena, const char *value)
{
	const char *tag = message_param(arena, value, "tag");
	return arena_string(arena, tag ? tag : "");
}

void dialog_refresh(struct dialog *dialog, const struct message *message)
{
	const char *contact = message_get(message, "Contact", 0);
	if (contact)
		dialog->remote_target = message_addr_uri(message->arena, contact);
}

void dialog_of_response(struct dialog *dialog, const struct message *request,
			const struct message *response)
{
	struct arena *arena = request->arena;
	const char *from = message_get(request, "From", 0), *to = message_get(response, "To", 0);
	int count = message_count(response, "Record-Route");

	dialog->call_id = arena_string(arena, message_get(request, "Call-ID", 0));
	dialog->local = without_tag(arena, from);
	dialog->local_tag = tag_of(arena, from);
	dialog->remote = without_tag(arena, to);
	dialog->remote_tag = tag_of(arena, to);
	dialog->remote_target = request->uri;
	dialog->local_cseq = message_cseq(request);
	/* The caller's route set is the Record-Route in reverse (§12.1.2). */
	dialog->route_count = 0;
	for (int i = count - 1; i >= 0 && dialog->route_count < ROUTES_MAX; i--)
		dialog->routes[dialog->route_count++] =
			arena_string(arena, message_get(response, "Record-Route", i));
	dialog_refresh(dialog, response);
}

void dialog_of_request(struct dialog *dialog, const struct message *request,
		       const char *local_tag)
{
	struct arena *arena = request->arena;
	const char *from = message_get(request, "From", 0), *to = message_get(request, "To", 0);
	int count = message_count(request, "Record-Route");

	dialog->call_id = arena_string(arena, message_get(request, "Call-ID", 0));
	dialog->local = without_tag(arena, to);
	dialog->local_tag = arena_string(arena, local_tag);
	dialog->remote = without_tag(arena, from);
	dialog->remote_tag = tag_of(arena, from);
	dialog->remote_target = message_addr_uri(arena, from);
	dialog->local_cseq = 100;
	dialog->route_count = 0;
	for (int i = 0; i < count && dialog->route_count < ROUTES_MAX; i++)
		dialog->routes[dialog->route_count++] =
			arena_string(arena, message_get(request, "Record-Route", i));
	dialog_refresh(dialog, request);
}
