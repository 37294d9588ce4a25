/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What scripted parties send:
 *
 *	NAME sends METHOD URI [to ENDPOINT]       a new request, Call-ID and tag of its own
 *	NAME sends METHOD again                   its last request once more as a new transaction
 *	NAME sends METHOD in dialog               along the route set of its last dialog
 *	NAME sends ACK | CANCEL                   of its last INVITE and what answered it
 *	NAME sends raw [to ENDPOINT]              exactly the lines below
 *	NAME replies STATUS [to METHOD]           to the last request of that method
 *	NAME resends                              its last datagram, octet for octet
 *
 * Lines below: "Name: value" replaces, "+Name: value" adds, "-Name" removes a header field,
 * "| text" is a line of the body; variables are replaced.
 */
#include "play.h"

#include <stdlib.h>

static void edit(struct play *play, struct message *message)
{
	struct text body = { .arena = play->arena };
	for (int i = 0; i < play->command->block_count; i++) {
		char *line = play_expand(play, play->command->block[i]);
		char *colon = strchr(line, ':');
		play->line = play->command->block_line[i];
		if (*line == '|') {
			text_print(&body, "%s\r\n", line[1] == ' ' ? line + 2 : line + 1);
			continue;
		}
		if (*line == '-') {
			message_remove(message, line + 1);
			continue;
		}
		if (!colon) {
			play_fail(play, "expected 'Name: value': %s", line);
			return;
		}
		bool adds = *line == '+';
		char *name = arena_copy(play->arena, line + adds, (size_t)(colon - line - adds));
		char *value = text_trim(play->arena, colon + 1, strlen(colon + 1));
		if (adds)
			message_add(message, name, value);
		else
			message_set(message, name, value);
	}
	if (body.len)
		message_set_body(message, body.at);
}

static void send_bytes(struct node *node, const char *bytes, size_t len,
		       const struct endpoint *destination)
{
	struct world *world = node->world;
	node->last_sent = arena_alloc(world->arena, sizeof(*node->last_sent));
	node->last_sent->raw = bytes;
	node->last_sent->raw_len = len;
	node->last_destination = *destination;
	world_send(node, bytes, len, destination);
}

static void send_message(struct play *play, struct node *node, struct message *message,
			 const struct endpoint *destination)
{
	size_t len;
	const char *bytes = message_format(message, &len);
	if (play->world->failure)
		return;
	if (message_is_request(message) &&
	    node->sent_count < (int)ARRAY_SIZE(node->sent_requests))
		node->sent_requests[node->sent_count++] = message;
	send_bytes(node, bytes, len, destination);
}

static struct message *last_request(struct node *node, const char *method)
{
	for (int i = node->sent_count - 1; i >= 0; i--) {
		if (text_is(node->sent_requests[i]->method, method))
			return node->sent_requests[i];
	}
	return NULL;
}

/* The newest letter taken that the predicate's fields fit: a request of a method, or a final
 * response to it with a status in [low, high]. */
static struct letter *letter_find(struct node *node, const char *method, int low, int high)
{
	for (struct letter *letter = node->received; letter; letter = letter->next) {
		const struct message *message = letter->message;
		if (message->status >= low && message->status <= high &&
		    (!method || text_is(message->method, method)) &&
		    (method || !text_is(message->method, "ACK")))
			return letter;
	}
	return NULL;
}

static const char *scripted_tag(struct node *node)
{
	return arena_format(node->world->arena, "tag-%s", node->name);
}

/* The node's dialog: as callee of the INVITE (or SUBSCRIBE) it took last, else as caller. */
static bool node_dialog(struct node *node, struct dialog *dialog)
{
	static const char *const methods[] = { "INVITE", "SUBSCRIBE" };
	unsigned long highest = 0;
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(methods) && !found; i++) {
		struct letter *request = letter_find(node, methods[i], 0, 0);
		struct letter *response = letter_find(node, methods[i], 101, 299);
		struct message *sent = last_request(node, methods[i]);
		if (request) {
			dialog_of_request(dialog, request->message, scripted_tag(node));
			found = true;
		} else if (response && sent) {
			dialog_of_response(dialog, sent, response->message);
			found = true;
		}
	}
	for (int i = 0; found && i < node->sent_count; i++) {
		const struct message *sent = node->sent_requests[i];
		if (text_is(message_get(sent, "Call-ID", 0), dialog->call_id) &&
		    message_cseq(sent) > highest)
			highest = message_cseq(sent);
	}
	if (highest > dialog->local_cseq)
		dialog->local_cseq = highest;
	return found;
}

static void send_ack(struct play *play, struct node *node)
{
	struct message *invite = last_request(node, "INVITE"), *ack;
	struct letter *final = letter_find(node, "INVITE", 200, 699);
	struct endpoint destination = node->proxy;
	struct dialog dialog = { 0 };

	if (!invite || !final) {
		play_fail(play, "%s has no answered INVITE", node->name);
		return;
	}
	if (final->message->status < 300) {
		dialog_of_response(&dialog, invite, final->message);
		ack = ua_ack_2xx(node, &dialog, invite);
		destination = ua_next_hop(node, ack);
	} else {
		ack = ua_ack_failure(invite, final->message);
	}
	edit(play, ack);
	send_message(play, node, ack, &destination);
}

static void send_cancel(struct play *play, struct node *node)
{
	struct message *invite = last_request(node, "INVITE");
	if (!invite) {
		play_fail(play, "%s has sent no INVITE", node->name);
		return;
	}
	struct message *cancel = ua_cancel(invite);
	edit(play, cancel);
	send_message(play, node, cancel, &node->proxy);
}

static void send_in_dialog(struct play *play, struct node *node, const char *method)
{
	struct dialog dialog = { 0 };
	if (!node_dialog(node, &dialog)) {
		play_fail(play, "%s is in no dialog", node->name);
		return;
	}
	struct message *message = ua_in_dialog(node, &dialog, method);
	edit(play, message);
	struct endpoint destination = ua_next_hop(node, message);
	send_message(play, node, message, &destination);
}

static void send_raw(struct play *play, struct node *node, const struct endpoint *destination)
{
	struct text out = { .arena = play->arena };
	const struct command *command = play->command;
	bool has_body = false;
	for (int i = 0; i < command->block_count; i++) {
		char *line = play_expand(play, command->block[i]);
		if (*line == '|' && !has_body) {
			text_print(&out, "\r\n");
			has_body = true;
		}
		text_print(&out, "%s\r\n", *line != '|' ? line : line[1] == ' ' ? line + 2 : line + 1);
	}
	if (!has_body)
		text_print(&out, "\r\n");
	struct message *message = message_parse(play->arena, out.at, out.len);
	if (message && message_is_request(message) &&
	    node->sent_count < (int)ARRAY_SIZE(node->sent_requests))
		node->sent_requests[node->sent_count++] = message;
	send_bytes(node, out.at, out.len, destination);
}

static void replies(struct play *play, struct node *node)
{
	const char *method = play->word_count == 5 ? play->words[4] : NULL;
	struct letter *request = letter_find(node, method, 0, 0);
	struct endpoint destination;

	if (!request) {
		play_fail(play, "%s has received no such request", node->name);
		return;
	}
	struct message *response =
		ua_response(node, request, atoi(play->words[2]), scripted_tag(node));
	edit(play, response);
	if (!ua_answer(response, &destination)) {
		play_fail(play, "the response's top Via leads nowhere");
		return;
	}
	send_message(play, node, response, &destination);
}

static void send_initial(struct play *play, struct node *node, const struct endpoint *destination)
{
	const char *method = play->words[2];
	struct message *message;

	if (text_is(play->words[3], "again")) {
		struct message *last = last_request(node, method);
		if (!last) {
			play_fail(play, "%s has sent no %s", node->name, method);
			return;
		}
		message = ua_again(node, last);
	} else {
		message = ua_request(node, method, play->words[3], NULL, NULL, 1);
	}
	edit(play, message);
	send_message(play, node, message, destination);
}

void scripted_command(struct play *play, struct node *node)
{
	struct endpoint destination = node->proxy;
	int count = play->word_count;

	if (count >= 5 && text_is(play->words[count - 2], "to") &&
	    text_is(play->words[1], "sends")) {
		if (!endpoint_parse(span_of_string(play->words[count - 1]), 5060, &destination))
			play_fail(play, "'%s' is no address", play->words[count - 1]);
		play->word_count = count -= 2;
	}
	if (play_words(play, 1, "resends", NULL)) {
		if (!node->last_sent)
			play_fail(play, "%s has sent nothing", node->name);
		else
			world_send(node, node->last_sent->raw, node->last_sent->raw_len,
				   &node->last_destination);
	} else if (play_words(play, 1, "replies", "*", NULL) ||
		   play_words(play, 1, "replies", "*", "to", "*", NULL)) {
		replies(play, node);
	} else if (play_words(play, 1, "sends", "ACK", NULL)) {
		send_ack(play, node);
	} else if (play_words(play, 1, "sends", "CANCEL", NULL)) {
		send_cancel(play, node);
	} else if (play_words(play, 1, "sends", "raw", NULL)) {
		send_raw(play, node, &destination);
	} else if (play_words(play, 1, "sends", "*", "in", "dialog", NULL)) {
		send_in_dialog(play, node, play->words[2]);
	} else if (play_words(play, 1, "sends", "*", "*", NULL)) {
		send_initial(play, node, &destination);
	} else {
		play_fail(play, "'%s' is not understood", play->command->text);
	}
}
