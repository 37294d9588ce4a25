/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tandemctl's end of the conversation: connect, hello, one request at a time, events.
 * Blocks, within a time limit.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <signal.h>

#include "api/commands.h"

struct ctl_client;

/* Borrows `event`.  False: enough, stop following. */
typedef bool (*ctl_event_fn)(void *context, const json_t *event);

enum ctl_status {
	CTL_OK,
	CTL_ERROR,        /* tandemd answered with an error: its sentence */
	CTL_USAGE,        /* tandemctl was called wrongly: what is accepted */
	CTL_UNREACHABLE,  /* nobody answers, or not in time: a sentence naming the socket */
};

#define CTL_WHY_MAX 640

/* Set by a signal handler to end what waits, within a second; cleared by who installed it. */
extern volatile sig_atomic_t ctl_interrupted;

/* What the user may give for a control socket and a time limit.  False, with a sentence. */
#define CTL_ENDPOINT_MAX 256
#define CTL_TIMEOUT_MAX  86400
[[nodiscard]] bool ctl_endpoint_take(const char *word, char endpoint[CTL_ENDPOINT_MAX], char *why,
				     size_t size);
[[nodiscard]] bool ctl_timeout_take(const char *word, int *timeout_ms, char *why, size_t size);

/*
 * Keys for tcp://, for the whole process: the file of this client's pair, and the server's public
 * key, as text or as a file that has it.  NULL: not given.  Without both, tcp is not used.
 */
void ctl_client_use_keys(const char *key_file, const char *server_key);

/* timeout_ms: how long tandemd may be silent.  NULL: unreachable, with a sentence in why. */
[[nodiscard]] struct ctl_client *ctl_client_connect(const char *endpoint, void *zmq, int timeout_ms,
						    char why[CTL_WHY_MAX]);
/* NULL is allowed.  A client that was answered before may take 200 ms to say bye. */
void ctl_client_close(struct ctl_client *client);

/*
 * Sends a request and waits for its final answer.  *body is the answer, with the rows of partial
 * results put in front: to be released by the caller; NULL unless CTL_OK.  Events that arrive
 * meanwhile are kept for ctl_client_follow.  Borrows `args`; NULL for none.
 */
[[nodiscard]] enum ctl_status ctl_client_request(struct ctl_client *client, enum api_command_id id,
						 json_t *args, json_t **body,
						 char why[CTL_WHY_MAX]);

/* Borrows `partial`.  False: enough. */
typedef bool (*ctl_partial_fn)(void *context, const json_t *partial);

/*
 * The same for an answer that comes over time: each partial result goes to `partial` as it comes,
 * and tandemd may be silent for as long as it is there.  *body is NULL when `partial` had enough or
 * a signal interrupted: the client has to be closed then, for the request is still open.
 */
[[nodiscard]] enum ctl_status ctl_client_stream(struct ctl_client *client, enum api_command_id id,
						json_t *args, ctl_partial_fn partial, void *context,
						json_t **body, char why[CTL_WHY_MAX]);

/* Passes events on until told to stop or interrupted by a signal (CTL_OK), or tandemd is gone. */
[[nodiscard]] enum ctl_status ctl_client_follow(struct ctl_client *client, ctl_event_fn event,
						void *context, char why[CTL_WHY_MAX]);

#endif
