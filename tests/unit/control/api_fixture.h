/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server of the control socket in a loop that the test turns by hand, and clients that speak
 * raw bytes to it.  Waiting means turning the loop until the thing has come.
 */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include "api/server.h"

#define API_FIXTURE_ENDPOINT "inproc://control"

struct api_fixture {
	uv_loop_t loop;
	void *zmq;
	struct api_server *server;
	char error[256];
	void *clients[128]; /* open; those that a failed test leaves are closed at the stop */
};

/* Fails the test when the server does not start. */
void api_fixture_start(struct api_fixture *f, const api_handler_fn *handlers, void *context,
		       size_t queue_max);
/* The same on another endpoint; false when it does not start, with f->error. */
[[nodiscard]] bool api_fixture_start_at(struct api_fixture *f, const char *endpoint,
					const api_handler_fn *handlers, void *context,
					size_t queue_max);
/* The same with what else a server may be given; endpoint and transport are the fixture's unless
 * `config` has an endpoint. */
[[nodiscard]] bool api_fixture_start_with(struct api_fixture *f,
					  const struct api_server_config *config);
/* The server may have been stopped before (server NULL). */
void api_fixture_stop(struct api_fixture *f);

/* One pass of the loop that does not block. */
void api_fixture_turn(struct api_fixture *f);

void *api_client_open(struct api_fixture *f);
/* ... that lets the transport hold so few messages. */
void *api_client_open_narrow(struct api_fixture *f, int receive_queue);
/* ... elsewhere; `keys` (NULL: none) and the server's public key for CURVE. */
struct curve_key_pair;
void *api_client_open_at(struct api_fixture *f, const char *endpoint,
			 const struct curve_key_pair *keys, const char *server_key);
void api_client_close(struct api_fixture *f, void *client);
void api_client_say_bytes(void *client, const void *bytes, size_t len);
/* JSON with ' for ", to spare backslashes. */
void api_client_say(void *client, const char *json);
/* Says hello and takes the answer. */
void api_client_hello(struct api_fixture *f, void *client);
/* The next message to this client; fails the test when none comes in 10 s.  To be released. */
json_t *api_client_hear(struct api_fixture *f, void *client);
/* NULL when, after all that is under way has been dealt with, there is none. */
json_t *api_client_hear_at_once(struct api_fixture *f, void *client);
/* Hears a message and compares it, as text with sorted keys and ' for ". */
void api_client_expect(struct api_fixture *f, void *client, const char *json);
/* Hears an error with this code, and this id (-1: none). */
void api_client_expect_error(struct api_fixture *f, void *client, int id, const char *code);

#endif
