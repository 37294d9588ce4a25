/* SPDX-License-Identifier: BSD-3-Clause */
/* api/remote.h: who comes in over TCP, and what a key that is for reading alone may do; the files
 * that hold keys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

struct world {
	struct api_rig rig;
	struct curve_key_pair server, alice, bob, stranger;
	struct api_remote_client clients[2];
	char local[64], remote[128];
	unsigned int refused;
	char refused_from[64];
};

static void refused(void *context, const char *address, unsigned int count)
{
	struct world *w = context;

	w->refused += count;
	snprintf(w->refused_from, sizeof(w->refused_from), "%s", address);
}

static void pair_make(struct curve_key_pair *pair)
{
	assert_int_equal(zmq_curve_keypair(pair->public_key, pair->secret_key), 0);
}

static int setup(void **state)
{
	static const char *const endpoints[] = { "tcp://127.0.0.1:*" };
	struct world *w = calloc(1, sizeof(*w));

	pair_make(&w->server);
	pair_make(&w->alice);
	pair_make(&w->bob);
	pair_make(&w->stranger);
	w->clients[0] = (struct api_remote_client){ .name = "alice", .access = API_ACCESS_ALL };
	w->clients[1] = (struct api_remote_client){ .name = "bob", .access = API_ACCESS_READ };
	strcpy(w->clients[0].key, w->alice.public_key);
	strcpy(w->clients[1].key, w->bob.public_key);
	snprintf(w->local, sizeof(w->local), "ipc:///tmp/tandem-remote-%d.sock", (int)getpid());
	api_rig_fill(&w->rig);
	const struct api_remote_config remote = {
		.endpoints = endpoints,
		.endpoint_count = 1,
		.secret_key = w->server.secret_key,
		.clients = w->clients,
		.client_count = 2,
		.refused = refused,
		.context = w,
	};
	const struct api_server_config config = {
		.endpoint = w->local,
		.handlers = w->rig.table,
		.context = &w->rig,
		.remote = &remote,
	};
	if (!api_fixture_start_with(&w->rig.api, &config))
		fail_msg("%s", w->rig.api.error);
	assert_true(api_server_remote_endpoint(w->rig.api.server, w->remote, sizeof(w->remote)));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	api_fixture_stop(&w->rig.api);
	free(w);
	return 0;
}

static void *client_of(struct world *w, const struct curve_key_pair *keys)
{
	return api_client_open_at(&w->rig.api, w->remote, keys, w->server.public_key);
}

/* Turns the loop until strangers have been refused; what a client has heard by then was it. */
static void await_refused(struct world *w, void *client)
{
	uint64_t deadline = uv_hrtime() + 10000000000u;

	while (w->refused == 0 && uv_hrtime() < deadline)
		api_fixture_turn(&w->rig.api);
	assert_true(w->refused > 0);
	assert_null(api_client_hear_at_once(&w->rig.api, client));
}

static void a_known_key_has_all_rights(void **state)
{
	struct world *w = *state;
	void *alice = client_of(w, &w->alice);

	api_client_hello(&w->rig.api, alice);
	api_client_say(alice, "{'id':1,'command':'target drain','args':{'name':'sw1'}}");
	api_client_expect(&w->rig.api, alice, "{'id':1,'ok':{'name':'sw1'}}");
	assert_int_equal(w->refused, 0);
}

static void a_reading_key_reads_and_changes_nothing(void **state)
{
	struct world *w = *state;
	void *bob = client_of(w, &w->bob);
	char text[128];

	api_client_say(bob, "{'hello':{'version':1,'client':'bob'}}");
	json_t *message = api_client_hear(&w->rig.api, bob);
	const json_t *hello = json_object_get(message, "hello"), *command;
	assert_string_equal(json_string_value(json_object_get(hello, "access")), "read");
	const json_t *commands = json_object_get(hello, "commands");
	size_t i, reading = 0;
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++)
		reading += api_command_reads(id);
	assert_int_equal(json_array_size(commands), reading);
	json_array_foreach(commands, i, command) {
		const char *name = json_string_value(json_object_get(command, "name"));
		assert_true(api_command_reads(api_command_find(name)));
	}
	json_decref(message);
	api_client_say(bob, "{'id':1,'command':'show pools'}");
	api_client_expect(&w->rig.api, bob, "{'id':1,'ok':{}}");
	api_client_say(bob, "{'id':2,'command':'events'}");
	api_client_expect(&w->rig.api, bob, "{'id':2,'ok':{}}");
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++) {
		if (api_command_reads(id))
			continue;
		snprintf(text, sizeof(text), "{'id':3,'command':'%s'}", api_commands[id].name);
		api_client_say(bob, text);
		api_client_expect_error(&w->rig.api, bob, 3, "denied");
	}
}

static void what_changes_something_is_not_for_reading_keys(void **)
{
	static const char *const names[] = { "target ready", "target drain", "target maint",
					     "capture start", "capture stop" };
	static const char *const reading[] = { "show status", "show config", "explain", "events" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_false(api_command_reads(api_command_find(names[i])));
	for (size_t i = 0; i < ARRAY_SIZE(reading); i++)
		assert_true(api_command_reads(api_command_find(reading[i])));
}

static void strangers_and_clear_text_are_not_heard(void **state)
{
	struct world *w = *state;
	void *stranger = client_of(w, &w->stranger);

	api_client_say(stranger, "{'hello':{'version':1,'client':'x'}}");
	await_refused(w, stranger);
	assert_string_equal(w->refused_from, "127.0.0.1");
	void *clear = api_client_open_at(&w->rig.api, w->remote, NULL, NULL);
	api_client_say(clear, "{'hello':{'version':1,'client':'x'}}");
	void *alice = client_of(w, &w->alice);
	api_client_hello(&w->rig.api, alice);
	assert_null(api_client_hear_at_once(&w->rig.api, clear));
	assert_int_equal(api_rig_stats(&w->rig).clients, 1);
}

static void the_wrong_server_is_not_believed(void **state)
{
	struct world *w = *state;
	void *alice = api_client_open_at(&w->rig.api, w->remote, &w->alice,
					 w->stranger.public_key);
	void *good = client_of(w, &w->alice);

	api_client_say(alice, "{'hello':{'version':1,'client':'x'}}");
	api_client_hello(&w->rig.api, good);
	assert_null(api_client_hear_at_once(&w->rig.api, alice));
}

static void a_key_that_is_taken_away_ends_what_it_began(void **state)
{
	struct world *w = *state;
	void *alice = client_of(w, &w->alice), *bob = client_of(w, &w->bob);

	api_client_hello(&w->rig.api, alice);
	api_client_hello(&w->rig.api, bob);
	api_client_say(alice, "{'id':1,'command':'events'}");
	api_client_expect(&w->rig.api, alice, "{'id':1,'ok':{}}");
	assert_int_equal(api_server_set_remote_clients(w->rig.api.server, &w->clients[1], 1), 0);
	api_rig_raise(&w->rig, "start");
	api_client_say(alice, "{'id':2,'command':'show pools'}");
	api_client_expect_error(&w->rig.api, alice, -1, "denied");
	api_client_say(bob, "{'id':1,'command':'show pools'}");
	api_client_expect(&w->rig.api, bob, "{'id':1,'ok':{}}");
	assert_int_equal(api_rig_stats(&w->rig).clients, 1);
	/* Rights go by the list of now, not by that of hello. */
	w->clients[1].access = API_ACCESS_ALL;
	assert_int_equal(api_server_set_remote_clients(w->rig.api.server, &w->clients[1], 1), 0);
	api_client_say(bob, "{'id':1,'command':'target drain','args':{'name':'x'}}");
	api_client_expect(&w->rig.api, bob, "{'id':1,'ok':{'name':'x'}}");
}

static void local_and_remote_clients_share_the_server(void **state)
{
	struct world *w = *state;
	void *bob = client_of(w, &w->bob);
	void *local = api_client_open_at(&w->rig.api, w->local, NULL, NULL);

	api_client_hello(&w->rig.api, bob);
	api_client_hello(&w->rig.api, local);
	api_client_say(local, "{'id':1,'command':'target drain','args':{'name':'x'}}");
	api_client_expect(&w->rig.api, local, "{'id':1,'ok':{'name':'x'}}");
	json_t *shown = api_server_show_clients(w->rig.api.server, NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(shown, "clients")), 2);
	json_decref(shown);
	shown = api_server_show_clients(w->rig.api.server, NULL, NULL, "read");
	const json_t *row = json_array_get(json_object_get(shown, "clients"), 0);
	assert_int_equal(json_array_size(json_object_get(shown, "clients")), 1);
	assert_string_equal(json_string_value(json_object_get(row, "key")), "bob");
	assert_string_equal(json_string_value(json_object_get(row, "address")), "127.0.0.1");
	json_decref(shown);
	shown = api_server_show_clients(w->rig.api.server, NULL, "agent", NULL);
	assert_int_equal(json_array_size(json_object_get(shown, "clients")), 0);
	json_decref(shown);
}

/* Speaks under the name "ops" by bob's key.  NULL: no answer came, since the transport has not let the
 * one go yet who had the name. */
static void *bob_as_ops(struct world *w)
{
	void *bob = zmq_socket(w->rig.api.zmq, ZMQ_DEALER);
	const uint64_t until = uv_hrtime() + UINT64_C(500000000);
	zmq_pollitem_t item = { .socket = bob, .events = ZMQ_POLLIN };
	int zero = 0;

	zmq_setsockopt(bob, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(bob, ZMQ_ROUTING_ID, "ops", 3);
	zmq_setsockopt(bob, ZMQ_CURVE_SERVERKEY, w->server.public_key, CURVE_KEY_TEXT_MAX);
	zmq_setsockopt(bob, ZMQ_CURVE_PUBLICKEY, w->bob.public_key, CURVE_KEY_TEXT_MAX);
	zmq_setsockopt(bob, ZMQ_CURVE_SECRETKEY, w->bob.secret_key, CURVE_KEY_TEXT_MAX);
	w->rig.api.clients[0] = bob;
	assert_int_equal(zmq_connect(bob, w->remote), 0);
	api_client_say(bob, "{'id':1,'command':'target drain','args':{'name':'x'}}");
	while (uv_hrtime() < until) {
		api_fixture_turn(&w->rig.api);
		if (zmq_poll(&item, 1, 0) > 0)
			return bob;
	}
	w->rig.api.clients[0] = NULL;
	zmq_close(bob);
	return NULL;
}

/* A name that a local client left is no way to its rights. */
static void an_identity_that_another_had_is_a_new_client(void **state)
{
	struct world *w = *state;
	void *local = zmq_socket(w->rig.api.zmq, ZMQ_DEALER), *bob = NULL;
	int zero = 0;

	zmq_setsockopt(local, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(local, ZMQ_ROUTING_ID, "ops", 3);
	assert_int_equal(zmq_connect(local, w->local), 0);
	api_client_hello(&w->rig.api, local);
	zmq_close(local);
	for (int tries = 0; !bob && tries < 20; tries++)
		bob = bob_as_ops(w);
	assert_non_null(bob);
	api_client_expect_error(&w->rig.api, bob, 1, "no-hello");
	api_client_hello(&w->rig.api, bob);
	api_client_say(bob, "{'id':1,'command':'target drain','args':{'name':'x'}}");
	api_client_expect_error(&w->rig.api, bob, 1, "denied");
}

/* Says hello, and follows events: nothing makes it go but its own wish. */
static void *follower(struct world *w, void *client)
{
	api_client_hello(&w->rig.api, client);
	api_client_say(client, "{'id':1,'command':'events'}");
	api_client_expect(&w->rig.api, client, "{'id':1,'ok':{}}");
	return client;
}

/* Hello is answered with the error `busy` and this sentence. */
static void expect_busy(struct world *w, void *client, const char *sentence)
{
	api_client_say(client, "{'hello':{'version':1,'client':'test'}}");
	json_t *message = api_client_hear(&w->rig.api, client);
	const json_t *error = json_object_get(message, "error");
	assert_non_null(error);
	assert_string_equal(json_string_value(json_object_get(error, "code")), "busy");
	assert_string_equal(json_string_value(json_object_get(error, "text")), sentence);
	json_decref(message);
}

static void a_key_has_its_share_of_clients_and_no_more(void **state)
{
	struct world *w = *state;
	void *bobs[API_CLIENTS_KEY_MAX];

	for (unsigned int i = 0; i < API_CLIENTS_KEY_MAX; i++)
		bobs[i] = follower(w, client_of(w, &w->bob));
	void *late = client_of(w, &w->bob);
	expect_busy(w, late, "key bob has 16 clients already");
	/* One that is in says hello again, and others are not touched. */
	api_client_hello(&w->rig.api, bobs[0]);
	api_client_hello(&w->rig.api, client_of(w, &w->alice));
	follower(w, api_client_open_at(&w->rig.api, w->local, NULL, NULL));
	assert_int_equal(api_rig_stats(&w->rig).clients, API_CLIENTS_KEY_MAX + 2);
	/* One that waits for nothing makes room for its own key. */
	api_client_say(bobs[3], "{'cancel':1}");
	api_client_expect_error(&w->rig.api, bobs[3], 1, "cancelled");
	api_client_hello(&w->rig.api, late);
	assert_int_equal(api_rig_stats(&w->rig).clients, API_CLIENTS_KEY_MAX + 2);
	api_client_say(bobs[3], "{'id':2,'command':'show pools'}");
	api_client_expect_error(&w->rig.api, bobs[3], 2, "no-hello");
}

static void remote_clients_leave_room_for_local_ones(void **state)
{
	struct world *w = *state;
	struct curve_key_pair pairs[4];
	struct api_remote_client clients[ARRAY_SIZE(pairs)];
	unsigned int remote = API_CLIENTS_MAX - API_CLIENTS_LOCAL;

	for (unsigned int i = 0; i < ARRAY_SIZE(pairs); i++) {
		pair_make(&pairs[i]);
		clients[i] = (struct api_remote_client){ .access = API_ACCESS_READ };
		snprintf(clients[i].name, sizeof(clients[i].name), "key%u", i);
		strcpy(clients[i].key, pairs[i].public_key);
	}
	assert_int_equal(api_server_set_remote_clients(w->rig.api.server, clients,
						       ARRAY_SIZE(clients)), 0);
	for (unsigned int i = 0; i < remote; i++)
		follower(w, client_of(w, &pairs[i / API_CLIENTS_KEY_MAX]));
	expect_busy(w, client_of(w, &pairs[3]), "all 48 places for remote clients are taken");
	for (unsigned int i = 0; i < API_CLIENTS_LOCAL; i++)
		follower(w, api_client_open_at(&w->rig.api, w->local, NULL, NULL));
	expect_busy(w, api_client_open_at(&w->rig.api, w->local, NULL, NULL),
		    "too many clients are connected");
	assert_int_equal(api_rig_stats(&w->rig).clients, API_CLIENTS_MAX);
}

/* Files. */

static void key_files_are_made_once_and_read_back(void **)
{
	char directory[] = "/tmp/tandem-keys-XXXXXX", path[64], error[256];
	char public_key[CURVE_KEY_TEXT_MAX], again[CURVE_KEY_TEXT_MAX];
	struct curve_key_pair pair;
	struct stat status;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/key", directory);
	assert_int_equal(curve_key_file_create(path, public_key, error, sizeof(error)), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(curve_key_file_read(path, &pair, error, sizeof(error)), 0);
	assert_string_equal(pair.public_key, public_key);
	assert_true(curve_key_is_text(pair.secret_key));
	assert_int_equal(curve_key_file_create(path, again, error, sizeof(error)), -EEXIST);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(curve_key_file_read(path, &pair, error, sizeof(error)), -EPERM);
	assert_non_null(strstr(error, "0640"));
	assert_null(strstr(error, pair.secret_key[0] ? pair.secret_key : "?"));
	assert_int_equal(curve_key_file_read_public(path, again, error, sizeof(error)), 0);
	assert_string_equal(again, public_key);
	unlink(path);
	rmdir(directory);
}

static void a_bad_key_file_is_refused_with_its_line(void **)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "has no line \"secret KEY\"" },
		{ "secret x\n", ":1: accepted" },
		{ "# c\n\nsecret\n", ":3: accepted" },
		{ "secret aaaaabbbbbcccccdddddeeeeefffffggggghhhhh more\n", ":1: accepted" },
		{ "public aaaaabbbbbcccccdddddeeeeefffffggggghhhhh\n"
		  "secret aaaaabbbbbcccccdddddeeeeefffffggggghhhhh\n", "is not that of" },
	};
	char path[] = "/tmp/tandem-key-XXXXXX", error[256];
	struct curve_key_pair pair;
	int fd = mkstemp(path);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].text, strlen(cases[i].text), 0),
				 strlen(cases[i].text));
		assert_true(curve_key_file_read(path, &pair, error, sizeof(error)) < 0);
		assert_non_null(strstr(error, cases[i].error));
	}
	close(fd);
	unlink(path);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_known_key_has_all_rights),
		CASE(a_reading_key_reads_and_changes_nothing),
		cmocka_unit_test(what_changes_something_is_not_for_reading_keys),
		CASE(strangers_and_clear_text_are_not_heard),
		CASE(the_wrong_server_is_not_believed),
		CASE(a_key_that_is_taken_away_ends_what_it_began),
		CASE(local_and_remote_clients_share_the_server),
		CASE(an_identity_that_another_had_is_a_new_client),
		CASE(a_key_has_its_share_of_clients_and_no_more),
		CASE(remote_clients_leave_room_for_local_ones),
		cmocka_unit_test(key_files_are_made_once_and_read_back),
		cmocka_unit_test(a_bad_key_file_is_refused_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
