/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SIP message as text that can be read and changed freely: the scenario's own view, on purpose
 * independent of dataplane/sip, so that an error there is not made twice.  Slow and simple.
 *
 * Values of Via, Route, Record-Route, Path and Contact are split at their commas: each is a row.
 */
#ifndef SCENARIO_MESSAGE_H
#define SCENARIO_MESSAGE_H

#include "arena.h"

#define MESSAGE_ROWS_MAX 128

struct message_row {
	char *name, *value;
};

struct message {
	struct arena *arena;
	char *start_line;
	char *method;        /* of the request line, or of a response's CSeq */
	char *uri;           /* requests */
	int status;          /* 0: a request */
	int row_count;
	struct message_row rows[MESSAGE_ROWS_MAX];
	char *body;
	size_t body_len;
	const char *raw;     /* as received, NULL for one being composed */
	size_t raw_len;
};

/* NULL when the bytes are no SIP message. */
struct message *message_parse(struct arena *arena, const char *bytes, size_t len);
struct message *message_request(struct arena *arena, const char *method, const char *uri);
struct message *message_response(struct arena *arena, int status);
struct message *message_clone(const struct message *message);
/* With CRLF line ends; the length goes to *len. */
char *message_format(const struct message *message, size_t *len);

static inline bool message_is_request(const struct message *message)
{
	return message->status == 0;
}

/* The index-th value of that name, NULL: none.  Names compare without case; compact forms are
 * known by their long names. */
const char *message_get(const struct message *message, const char *name, int index);
int message_count(const struct message *message, const char *name);
void message_add(struct message *message, const char *name, const char *value);
/* Before all rows of that name, or at the end. */
void message_push(struct message *message, const char *name, const char *value);
/* Replaces all rows of that name by one, at the place of the first. */
void message_set(struct message *message, const char *name, const char *value);
void message_remove(struct message *message, const char *name);
void message_set_body(struct message *message, const char *body);

/* ";name=value" outside < > and quotes: the value, "" for one without, NULL: not there. */
const char *message_param(struct arena *arena, const char *value, const char *name);
/* The same on a URI (without < >). */
const char *message_uri_param(struct arena *arena, const char *uri, const char *name);
/* Value with the parameter replaced or added. */
char *message_param_set(struct arena *arena, const char *value, const char *name,
			const char *parameter);
/* The URI of a name-addr or addr-spec. */
char *message_addr_uri(struct arena *arena, const char *value);
/* "host:port" or "host" of a SIP URI. */
char *message_uri_host_port(struct arena *arena, const char *uri);
/* "host[:port]" of a Via value. */
char *message_via_sent_by(struct arena *arena, const char *via);
unsigned long message_cseq(const struct message *message);
/* "INVITE", "200 (INVITE)": for ladders and failures. */
char *message_label(const struct message *message);

#endif
