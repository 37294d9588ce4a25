/* SPDX-License-Identifier: BSD-3-Clause */
#include "message.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const compact_names[][2] = {
	{ "v", "Via" },	  { "f", "From" },	     { "t", "To" },	      { "i", "Call-ID" },
	{ "m", "Contact" }, { "l", "Content-Length" }, { "c", "Content-Type" }, { "k", "Supported" },
	{ "e", "Content-Encoding" }, { "o", "Event" }, { "s", "Subject" },   { "r", "Refer-To" },
};

static const char *const list_names[] = { "Via", "Route", "Record-Route", "Path", "Contact" };

static const char *long_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(compact_names); i++) {
		if (strcasecmp(name, compact_names[i][0]) == 0)
			return compact_names[i][1];
	}
	return name;
}

static bool is_list(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(list_names); i++) {
		if (strcasecmp(name, list_names[i]) == 0)
			return true;
	}
	return false;
}

/* Length up to the first `stop` outside quotes and < >. */
static size_t find_outside(const char *text, const char *stop)
{
	bool quoted = false, bracket = false;
	size_t i;
	for (i = 0; text[i]; i++) {
		if (quoted) {
			if (text[i] == '\\' && text[i + 1])
				i++;
			else if (text[i] == '"')
				quoted = false;
		} else if (text[i] == '"') {
			quoted = true;
		} else if (text[i] == '<') {
			bracket = true;
		} else if (text[i] == '>') {
			bracket = false;
		} else if (!bracket && strchr(stop, text[i])) {
			break;
		}
	}
	return i;
}

void message_add(struct message *message, const char *name, const char *value)
{
	struct arena *arena = message->arena;
	name = long_name(name);
	do {
		size_t len = is_list(name) ? find_outside(value, ",") : strlen(value);
		if (message->row_count == MESSAGE_ROWS_MAX)
			return;
		struct message_row *row = &message->rows[message->row_count++];
		row->name = arena_string(arena, name);
		row->value = text_trim(arena, value, len);
		value += len;
	} while (*value++ == ',');
}

static int row_find(const struct message *message, const char *name, int index)
{
	name = long_name(name);
	for (int i = 0; i < message->row_count; i++) {
		if (strcasecmp(message->rows[i].name, name) == 0 && index-- == 0)
			return i;
	}
	return -1;
}

const char *message_get(const struct message *message, const char *name, int index)
{
	int row = row_find(message, name, index);
	return row < 0 ? NULL : message->rows[row].value;
}

int message_count(const struct message *message, const char *name)
{
	int count = 0;
	while (row_find(message, name, count) >= 0)
		count++;
	return count;
}

static void row_remove(struct message *message, int row)
{
	message->row_count--;
	memmove(&message->rows[row], &message->rows[row + 1],
		sizeof(message->rows[0]) * (size_t)(message->row_count - row));
}

void message_remove(struct message *message, const char *name)
{
	int row;
	while ((row = row_find(message, name, 0)) >= 0)
		row_remove(message, row);
}

void message_push(struct message *message, const char *name, const char *value)
{
	int row = row_find(message, name, 0);
	if (message->row_count == MESSAGE_ROWS_MAX)
		return;
	if (row < 0)
		row = message->row_count;
	memmove(&message->rows[row + 1], &message->rows[row],
		sizeof(message->rows[0]) * (size_t)(message->row_count - row));
	message->row_count++;
	message->rows[row].name = arena_string(message->arena, long_name(name));
	message->rows[row].value = arena_string(message->arena, value);
}

void message_set(struct message *message, const char *name, const char *value)
{
	int row = row_find(message, name, 0);
	if (row < 0) {
		message_add(message, name, value);
		return;
	}
	message->rows[row].value = arena_string(message->arena, value);
	while ((row = row_find(message, name, 1)) >= 0)
		row_remove(message, row);
}

void message_set_body(struct message *message, const char *body)
{
	message->body = arena_string(message->arena, body);
	message->body_len = strlen(body);
	message_set(message, "Content-Length",
		    arena_format(message->arena, "%zu", message->body_len));
}

static bool parse_start_line(struct message *message, const char *line)
{
	struct arena *arena = message->arena;
	message->start_line = arena_string(arena, line);
	if (strncmp(line, "SIP/2.0 ", 8) == 0) {
		message->status = atoi(line + 8);
		return message->status >= 100 && message->status <= 699;
	}
	const char *uri = strchr(line, ' ');
	const char *version = uri ? strrchr(line, ' ') : NULL;
	if (!uri || version == uri || strncmp(version, " SIP/", 5) != 0)
		return false;
	message->method = arena_copy(arena, line, (size_t)(uri - line));
	message->uri = arena_copy(arena, uri + 1, (size_t)(version - uri - 1));
	return true;
}

/* One header line, folds joined already. */
static bool parse_row(struct message *message, const char *line)
{
	const char *colon = strchr(line, ':');
	if (!colon || colon == line)
		return false;
	message_add(message, text_trim(message->arena, line, (size_t)(colon - line)), colon + 1);
	return true;
}

struct message *message_parse(struct arena *arena, const char *bytes, size_t len)
{
	struct message *message = arena_alloc(arena, sizeof(*message));
	const char *head = arena_copy(arena, bytes, len);
	const char *at = head, *end;
	char *pending = NULL;

	message->arena = arena;
	message->raw = arena_copy(arena, bytes, len);
	message->raw_len = len;
	for (bool first = true; (end = strstr(at, "\r\n")); at = end + 2, first = false) {
		char *line = arena_copy(arena, at, (size_t)(end - at));
		if (first) {
			if (!parse_start_line(message, line))
				return NULL;
			continue;
		}
		if (pending && (*line == ' ' || *line == '\t')) {
			pending = arena_format(arena, "%s %s", pending,
					       text_trim(arena, line, strlen(line)));
			continue;
		}
		if (pending && !parse_row(message, pending))
			return NULL;
		pending = line;
		if (!*line)
			break;
	}
	if (!end)
		return NULL;
	message->body_len = len - (size_t)(end + 2 - head);
	message->body = arena_copy(arena, bytes + (len - message->body_len), message->body_len);
	const char *cseq = message_get(message, "CSeq", 0);
	if (message->status) {
		const char *method = cseq ? strchr(cseq, ' ') : NULL;
		if (!method)
			return NULL;
		message->method = text_trim(arena, method, strlen(method));
	}
	return message;
}

struct message *message_request(struct arena *arena, const char *method, const char *uri)
{
	struct message *message = arena_alloc(arena, sizeof(*message));
	message->arena = arena;
	message->method = arena_string(arena, method);
	message->uri = arena_string(arena, uri);
	message->body = arena_string(arena, "");
	return message;
}

static const char *reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 100, "Trying" },     { 180, "Ringing" },   { 183, "Session Progress" },
		{ 200, "OK" },	       { 202, "Accepted" },  { 401, "Unauthorized" },
		{ 404, "Not Found" },  { 407, "Proxy Authentication Required" },
		{ 486, "Busy Here" },  { 487, "Request Terminated" },
		{ 481, "Call/Transaction Does Not Exist" },
		{ 503, "Service Unavailable" }, { 603, "Decline" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Status";
}

struct message *message_response(struct arena *arena, int status)
{
	struct message *message = message_request(arena, "", "");
	message->status = status;
	message->start_line =
		arena_format(arena, "SIP/2.0 %d %s", status, reason_phrase(status));
	return message;
}

struct message *message_clone(const struct message *message)
{
	struct message *clone = arena_alloc(message->arena, sizeof(*clone));
	*clone = *message;
	clone->raw = NULL;
	return clone;
}

char *message_format(const struct message *message, size_t *len)
{
	struct text out = { .arena = message->arena };
	if (message->status)
		text_print(&out, "%s\r\n", message->start_line);
	else
		text_print(&out, "%s %s SIP/2.0\r\n", message->method, message->uri);
	for (int i = 0; i < message->row_count; i++)
		text_print(&out, "%s: %s\r\n", message->rows[i].name, message->rows[i].value);
	text_add(&out, "\r\n", 2);
	text_add(&out, message->body, message->body_len);
	*len = out.len;
	return out.at;
}

/* In ";a=b;c": skips what is before the first ';' of the text. */
static const char *param_in(struct arena *arena, const char *text, const char *name,
			    const char *stop)
{
	size_t name_len = strlen(name);
	text += find_outside(text, stop);
	while (*text == ';') {
		text++;
		size_t len = find_outside(text, stop);
		char *parameter = text_trim(arena, text, len);
		size_t key = strcspn(parameter, "= \t");
		if (key == name_len && strncasecmp(parameter, name, key) == 0) {
			const char *value = strchr(parameter, '=');
			return value ? text_trim(arena, value + 1, strlen(value + 1)) : "";
		}
		text += len;
	}
	return NULL;
}

const char *message_param(struct arena *arena, const char *value, const char *name)
{
	return param_in(arena, value, name, ";");
}

const char *message_uri_param(struct arena *arena, const char *uri, const char *name)
{
	return param_in(arena, uri, name, ";?");
}

char *message_param_set(struct arena *arena, const char *value, const char *name,
			const char *parameter)
{
	struct text out = { .arena = arena };
	size_t name_len = strlen(name), len = find_outside(value, ";");
	bool done = false;
	text_add(&out, value, len);
	value += len;
	while (*value == ';') {
		len = find_outside(value + 1, ";");
		if (strcspn(value + 1, "=;") == name_len &&
		    strncasecmp(value + 1, name, name_len) == 0) {
			text_print(&out, ";%s=%s", name, parameter);
			done = true;
		} else {
			text_add(&out, value, len + 1);
		}
		value += len + 1;
	}
	if (!done)
		text_print(&out, ";%s=%s", name, parameter);
	return out.at;
}

char *message_addr_uri(struct arena *arena, const char *value)
{
	const char *open = strchr(value, '<');
	const char *close = open ? strchr(open, '>') : NULL;
	if (close)
		return arena_copy(arena, open + 1, (size_t)(close - open - 1));
	return text_trim(arena, value, strcspn(value, ";"));
}

char *message_uri_host_port(struct arena *arena, const char *uri)
{
	const char *at = strchr(uri, ':');
	at = at ? at + 1 : uri;
	size_t len = strcspn(at, ";?");
	const char *user = memchr(at, '@', len);
	if (user) {
		len -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	return text_trim(arena, at, len);
}

char *message_via_sent_by(struct arena *arena, const char *via)
{
	const char *at = via + strcspn(via, " \t");
	return text_trim(arena, at, strcspn(at, ";"));
}

unsigned long message_cseq(const struct message *message)
{
	const char *cseq = message_get(message, "CSeq", 0);
	return cseq ? strtoul(cseq, NULL, 10) : 0;
}

char *message_label(const struct message *message)
{
	if (message_is_request(message))
		return arena_string(message->arena, message->method);
	return arena_format(message->arena, "%d (%s)", message->status, message->method);
}
