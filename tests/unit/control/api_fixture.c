/* SPDX-License-Identifier: BSD-3-Clause */
/* A server in a loop turned by hand, and raw clients; see api_fixture.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"

#include <stdlib.h>
#include <zmq.h>

#define DEADLINE_NS 10000000000ull

bool api_fixture_start_with(struct api_fixture *f, const struct api_server_config *given)
{
	struct api_server_config config = *given;

	memset(f, 0, sizeof(*f));
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->zmq = zmq_ctx_new();
	config.loop = &f->loop;
	config.zmq = f->zmq;
	config.program = "tandemd test";
	config.instance = 7;
	config.transport_queue = 4;
	if (!config.endpoint)
		config.endpoint = API_FIXTURE_ENDPOINT;
	f->server = api_server_start(&config, f->error, sizeof(f->error));
	return f->server != NULL;
}

bool api_fixture_start_at(struct api_fixture *f, const char *endpoint,
			  const api_handler_fn *handlers, void *context, size_t queue_max)
{
	const struct api_server_config config = {
		.endpoint = endpoint,
		.handlers = handlers,
		.context = context,
		.queue_max = queue_max,
	};
	return api_fixture_start_with(f, &config);
}

void api_fixture_start(struct api_fixture *f, const api_handler_fn *handlers, void *context,
		       size_t queue_max)
{
	if (!api_fixture_start_at(f, API_FIXTURE_ENDPOINT, handlers, context, queue_max))
		fail_msg("%s", f->error);
}

void api_fixture_stop(struct api_fixture *f)
{
	if (f->server)
		api_server_stop(f->server);
	f->server = NULL;
	while (uv_loop_close(&f->loop) == UV_EBUSY)
		uv_run(&f->loop, UV_RUN_NOWAIT);
	for (size_t i = 0; i < ARRAY_SIZE(f->clients); i++) {
		if (f->clients[i])
			zmq_close(f->clients[i]);
	}
	zmq_ctx_term(f->zmq);
}

void api_fixture_turn(struct api_fixture *f)
{
	uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void **client_slot(struct api_fixture *f, const void *client)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(f->clients) && f->clients[i] != client)
		i++;
	assert_true(i < ARRAY_SIZE(f->clients));
	return &f->clients[i];
}

void *api_client_open_at(struct api_fixture *f, const char *endpoint,
			 const struct curve_key_pair *keys, const char *server_key)
{
	void *client = zmq_socket(f->zmq, ZMQ_DEALER);
	int zero = 0;

	zmq_setsockopt(client, ZMQ_LINGER, &zero, sizeof(zero));
	if (keys) {
		zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, server_key, CURVE_KEY_TEXT_MAX);
		zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, keys->public_key, CURVE_KEY_TEXT_MAX);
		zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, keys->secret_key, CURVE_KEY_TEXT_MAX);
	}
	*client_slot(f, NULL) = client;
	assert_int_equal(zmq_connect(client, endpoint), 0);
	return client;
}

void *api_client_open_narrow(struct api_fixture *f, int receive_queue)
{
	void *client = zmq_socket(f->zmq, ZMQ_DEALER);
	int zero = 0;

	zmq_setsockopt(client, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(client, ZMQ_RCVHWM, &receive_queue, sizeof(receive_queue));
	*client_slot(f, NULL) = client;
	assert_int_equal(zmq_connect(client, API_FIXTURE_ENDPOINT), 0);
	return client;
}

void *api_client_open(struct api_fixture *f)
{
	return api_client_open_narrow(f, 1000);
}

void api_client_close(struct api_fixture *f, void *client)
{
	*client_slot(f, client) = NULL;
	zmq_close(client);
}

void api_client_say_bytes(void *client, const void *bytes, size_t len)
{
	assert_int_equal(zmq_send(client, bytes, len, ZMQ_DONTWAIT), (int)len);
}

static char *with_double_quotes(const char *json)
{
	char *text = strdup(json);

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return text;
}

void api_client_say(void *client, const char *json)
{
	char *text = with_double_quotes(json);

	api_client_say_bytes(client, text, strlen(text));
	free(text);
}

static json_t *take(void *client)
{
	zmq_msg_t frame;
	json_t *message = NULL;

	zmq_msg_init(&frame);
	if (zmq_msg_recv(&frame, client, ZMQ_DONTWAIT) >= 0) {
		message = json_loadb(zmq_msg_data(&frame), zmq_msg_size(&frame), 0, NULL);
		assert_non_null(message);
		assert_false(zmq_msg_more(&frame));
	}
	zmq_msg_close(&frame);
	return message;
}

json_t *api_client_hear(struct api_fixture *f, void *client)
{
	uint64_t deadline = uv_hrtime() + DEADLINE_NS;

	while (uv_hrtime() < deadline) {
		api_fixture_turn(f);
		json_t *message = take(client);
		if (message)
			return message;
	}
	fail_msg("no message within the deadline");
	return NULL;
}

json_t *api_client_hear_at_once(struct api_fixture *f, void *client)
{
	/* In-process pipes deliver in the call itself; a pass takes up to 64 messages. */
	for (int i = 0; i < 100; i++)
		api_fixture_turn(f);
	return take(client);
}

void api_client_hello(struct api_fixture *f, void *client)
{
	api_client_say(client, "{'hello':{'version':1,'client':'test'}}");
	json_t *message = api_client_hear(f, client);
	assert_non_null(json_object_get(message, "hello"));
	json_decref(message);
}

void api_client_expect(struct api_fixture *f, void *client, const char *json)
{
	json_t *message = api_client_hear(f, client);
	char *heard = json_dumps(message, JSON_COMPACT | JSON_SORT_KEYS);
	char *wanted = with_double_quotes(json);

	assert_string_equal(heard, wanted);
	free(heard);
	free(wanted);
	json_decref(message);
}

void api_client_expect_error(struct api_fixture *f, void *client, int id, const char *code)
{
	json_t *message = api_client_hear(f, client);
	const json_t *error = json_object_get(message, "error");
	const json_t *heard_id = json_object_get(message, "id");

	assert_non_null(error);
	assert_string_equal(json_string_value(json_object_get(error, "code")), code);
	assert_true(json_string_length(json_object_get(error, "text")) > 0);
	assert_int_equal(heard_id ? json_integer_value(heard_id) : -1, id);
	json_decref(message);
}
