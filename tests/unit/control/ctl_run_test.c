/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends together: ctl/run.h in a thread, api/server.h in the test's loop, a socket between;
 * and what api/endpoint.h makes of the socket's file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/endpoint.h"
#include "ctl/run.h"

#define TEN_DIGITS    "0123456789"
#define FIFTY_DIGITS  TEN_DIGITS TEN_DIGITS TEN_DIGITS TEN_DIGITS TEN_DIGITS
#define LONG_ENDPOINT "ipc:///tmp/" FIFTY_DIGITS FIFTY_DIGITS FIFTY_DIGITS

struct test {
	struct api_fixture api;
	api_handler_fn table[API_COMMAND_COUNT];
	unsigned int explained; /* Call-IDs */
	unsigned int requests;  /* of explain */
	char directory[32], path[64], endpoint[80];
};

static void handle_ok(void *, struct api_request *request, const json_t *)
{
	api_request_ok(request, json_pack("{s:[]}", "pools"));
}

static void handle_error(void *, struct api_request *request, const json_t *)
{
	api_request_error(request, API_ERROR_NOT_FOUND, "there is no target '%s'", "x");
}

static void handle_never(void *, struct api_request *request, const json_t *)
{
	api_request_error(request, API_ERROR_FAILED, "not reached");
}

static void handle_explain(void *context, struct api_request *request, const json_t *args)
{
	struct test *t = context;
	size_t i;
	json_t *call_id;

	json_t *batch = json_array();

	t->requests++;
	json_array_foreach(json_object_get(args, "call_ids"), i, call_id) {
		t->explained++;
		json_array_append_new(batch, json_pack("{s:O}", "call_id", call_id));
		if (i % 100 == 99) {
			api_request_partial(request, json_pack("{s:o}", "answers", batch));
			batch = json_array();
		}
	}
	json_decref(batch);
	api_request_ok(request, json_pack("{s:i}", "count", 1));
}

/* Two events between the request and the end. */
static void handle_events(void *context, struct api_request *request, const json_t *)
{
	struct test *t = context;
	json_t *event = json_pack("{s:s, s:s, s:s}", "time", "T", "kind", "target", "text", "hello");

	api_request_subscribe(request);
	api_server_event(t->api.server, event);
	api_request_ok(request, json_pack("{s:[]}", "recent"));
	api_server_event(t->api.server, event);
	json_decref(event);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	snprintf(t->directory, sizeof(t->directory), "/tmp/tandem-run-XXXXXX");
	assert_non_null(mkdtemp(t->directory));
	snprintf(t->path, sizeof(t->path), "%s/s/control.sock", t->directory);
	snprintf(t->endpoint, sizeof(t->endpoint), "ipc://%s", t->path);
	for (unsigned int i = 0; i < API_COMMAND_COUNT; i++)
		t->table[i] = handle_never;
	t->table[API_COMMAND_SHOW_POOLS] = handle_ok;
	t->table[API_COMMAND_TARGET_DRAIN] = handle_error;
	t->table[API_COMMAND_EXPLAIN] = handle_explain;
	t->table[API_COMMAND_EVENTS] = handle_events;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	char directory[64];

	unlink(t->path);
	snprintf(directory, sizeof(directory), "%s/s", t->directory);
	rmdir(directory);
	rmdir(t->directory);
	free(t);
	return 0;
}

struct caller {
	const char *endpoint;
	const char *const *words;
	int count;
	bool is_json;
	enum ctl_status status;
	char *out, *err;
	_Atomic bool is_done;
};

static void *caller_run(void *context)
{
	struct caller *caller = context;
	size_t out_size, err_size;
	struct ctl_session session = {
		.endpoint = caller->endpoint,
		.timeout_ms = 10000,
		.is_json = caller->is_json,
		.out = open_memstream(&caller->out, &out_size),
		.err = open_memstream(&caller->err, &err_size),
	};

	caller->status = ctl_run(&session, caller->count, caller->words);
	ctl_session_close(&session);
	fclose(session.out);
	fclose(session.err);
	caller->is_done = true;
	return NULL;
}

/* Runs tandemctl's words against the test's server, whose loop turns meanwhile. */
static void call(struct test *t, struct caller *caller)
{
	pthread_t thread;

	caller->endpoint = t->endpoint;
	assert_int_equal(pthread_create(&thread, NULL, caller_run, caller), 0);
	while (!caller->is_done)
		api_fixture_turn(&t->api);
	pthread_join(thread, NULL);
}

static void caller_free(struct caller *caller)
{
	free(caller->out);
	free(caller->err);
}

static void start(struct test *t)
{
	if (!api_fixture_start_at(&t->api, t->endpoint, t->table, t, 0))
		fail_msg("%s", t->api.error);
}

static void an_answer_is_printed(void **state)
{
	struct test *t = *state;
	const char *const words[] = { "show", "pools" };
	struct caller plain = { .words = words, .count = 2 };
	struct caller json = { .words = words, .count = 2, .is_json = true };

	start(t);
	call(t, &plain);
	assert_int_equal(plain.status, CTL_OK);
	assert_string_equal(plain.out,
			    "POOL  POLICY  TARGETS  USABLE  OUT  PANIC  FAIL-OVER ON  ATTEMPTS  NEXT AFTER ms\n");
	assert_string_equal(plain.err, "");
	call(t, &json);
	assert_string_equal(json.out, "{\n  \"pools\": []\n}\n");
	caller_free(&plain);
	caller_free(&json);
	api_fixture_stop(&t->api);
}

static void an_error_is_one_sentence_and_status_1(void **state)
{
	struct test *t = *state;
	const char *const words[] = { "target", "drain", "x" };
	struct caller caller = { .words = words, .count = 3 };

	start(t);
	call(t, &caller);
	assert_int_equal(caller.status, CTL_ERROR);
	assert_string_equal(caller.out, "");
	assert_string_equal(caller.err, "tandemctl: there is no target 'x'\n");
	caller_free(&caller);
	api_fixture_stop(&t->api);
}

static void a_long_list_goes_in_slices_and_comes_back_whole(void **state)
{
	struct test *t = *state;
	char list[64];
	const char *const words[] = { "explain", "--call-ids", list };
	struct caller caller = { .words = words, .count = 3, .is_json = true };

	snprintf(list, sizeof(list), "%s/list", t->directory);
	FILE *file = fopen(list, "w");
	assert_non_null(file);
	for (int i = 0; i < 12000; i++)
		fprintf(file, "call-%d@host\n", i);
	fclose(file);
	start(t);
	call(t, &caller);
	assert_string_equal(caller.err, "");
	assert_int_equal(caller.status, CTL_OK);
	assert_int_equal(t->requests, 3);
	assert_int_equal(t->explained, 12000);
	json_t *body = json_loads(caller.out, 0, NULL);
	const json_t *answers = json_object_get(body, "answers");
	assert_int_equal(json_array_size(answers), 12000);
	assert_string_equal(json_string_value(json_object_get(json_array_get(answers, 11999),
							      "call_id")), "call-11999@host");
	assert_int_equal(json_integer_value(json_object_get(body, "count")), 12000);
	json_decref(body);
	caller_free(&caller);
	api_fixture_stop(&t->api);
	unlink(list);
}

static void events_before_and_after_the_answer_are_followed(void **state)
{
	struct test *t = *state;
	const char *const words[] = { "events", "--count", "2" };
	struct caller caller = { .words = words, .count = 3 };

	start(t);
	call(t, &caller);
	assert_int_equal(caller.status, CTL_OK);
	assert_string_equal(caller.out, "T target: hello\nT target: hello\n");
	caller_free(&caller);
	api_fixture_stop(&t->api);
}

static void without_a_server_it_names_the_socket_and_ends_with_3(void **state)
{
	struct test *t = *state;
	const char *const words[] = { "show", "pools" };
	struct caller none = { .endpoint = t->endpoint, .words = words, .count = 2 };
	char wanted[256];

	caller_run(&none);
	assert_int_equal(none.status, CTL_UNREACHABLE);
	snprintf(wanted, sizeof(wanted),
		 "tandemctl: no tandemd: the control socket %s does not exist\n", t->path);
	assert_string_equal(none.err, wanted);
	caller_free(&none);
}

static void a_socket_behind_the_command_is_the_one_asked(void **state)
{
	struct test *t = *state;
	char endpoint[80];
	const char *const words[] = { "show", "pools", "--socket", endpoint, "--json" };
	struct caller caller = { .words = words, .count = 5 };

	start(t);
	snprintf(endpoint, sizeof(endpoint), "%s", t->path);
	call(t, &caller);
	assert_string_equal(caller.out, "{\n  \"pools\": []\n}\n");
	caller_free(&caller);
	snprintf(endpoint, sizeof(endpoint), "%s-other", t->path);
	call(t, &caller);
	assert_int_equal(caller.status, CTL_UNREACHABLE);
	assert_non_null(strstr(caller.err, endpoint));
	caller_free(&caller);
	api_fixture_stop(&t->api);
}

static void usage_errors_need_no_server(void **state)
{
	struct test *t = *state;
	const char *const words[] = { "show", "everything" };
	struct caller caller = { .endpoint = t->endpoint, .words = words, .count = 2 };

	caller_run(&caller);
	assert_int_equal(caller.status, CTL_USAGE);
	assert_non_null(strstr(caller.err, "which one: show status"));
	caller_free(&caller);
}

/* An operator at a terminal: tandemctl in a process, its terminal's other end here. */
struct operator {
	struct test *t;
	pid_t process;
	int terminal;
	size_t len, read; /* read: what the test has asked for */
	char text[8192];
};

static void operator_sit_down(struct operator *o, struct test *t)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 200 };

	*o = (struct operator){ .t = t };
	o->process = forkpty(&o->terminal, NULL, NULL, &size);
	assert_true(o->process >= 0);
	if (o->process == 0) {
		struct ctl_session session = {
			.endpoint = t->endpoint, .timeout_ms = 10000, .out = stdout, .err = stdout,
		};
		setenv("TERM", "dumb", 1);
		enum ctl_status status = ctl_interactive(&session);
		ctl_session_close(&session);
		fflush(stdout);
		_exit((int)status);
	}
	assert_int_equal(fcntl(o->terminal, F_SETFL, O_NONBLOCK), 0);
}

/* Until the words stand on the screen, behind those asked for before. */
static void operator_await(struct operator *o, const char *words)
{
	for (int turn = 0; turn < 2000; turn++) {
		struct pollfd terminal = { .fd = o->terminal, .events = POLLIN };
		const char *at = strstr(o->text + o->read, words);
		if (at) {
			o->read = (size_t)(at - o->text) + strlen(words);
			return;
		}
		if (o->t->api.server)
			api_fixture_turn(&o->t->api);
		if (poll(&terminal, 1, 5) <= 0)
			continue;
		ssize_t len = read(o->terminal, o->text + o->len, sizeof(o->text) - 1 - o->len);
		o->len += len > 0 ? (size_t)len : 0;
	}
	fail_msg("no '%s' in: %s", words, o->text);
}

static void operator_type(const struct operator *o, const char *keys)
{
	assert_int_equal(write(o->terminal, keys, strlen(keys)), strlen(keys));
}

static int operator_leave(struct operator *o)
{
	int status = -1;

	operator_type(o, "quit\n");
	operator_await(o, "quit");
	for (int turn = 0; turn < 2000; turn++) {
		struct pollfd terminal = { .fd = o->terminal, .events = POLLIN };
		char rest[256];
		if (o->t->api.server)
			api_fixture_turn(&o->t->api);
		/* The other end is closed when the process ends. */
		if (poll(&terminal, 1, 5) > 0 && read(o->terminal, rest, sizeof(rest)) <= 0)
			break;
	}
	assert_int_equal(waitpid(o->process, &status, 0), o->process);
	close(o->terminal);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_operator_without_tandemd_is_told_and_leaves_with_3(void **state)
{
	struct operator o;

	operator_sit_down(&o, *state);
	operator_await(&o, "no tandemd: the control socket");
	operator_await(&o, "tandem> ");
	operator_type(&o, "help show drops\n");
	operator_await(&o, "Usage: tandemctl show drops");
	operator_await(&o, "tandem> ");
	operator_type(&o, "show status\n");
	operator_await(&o, "no tandemd: the control socket");
	operator_await(&o, "tandem> ");
	assert_int_equal(operator_leave(&o), CTL_UNREACHABLE);
}

static void an_interrupt_gives_up_the_line_or_the_events(void **state)
{
	struct test *t = *state;
	struct operator o;

	start(t);
	operator_sit_down(&o, t);
	operator_await(&o, "tandem> ");
	operator_type(&o, "show nonsense");
	operator_await(&o, "show nonsense");
	operator_type(&o, "\003");
	operator_await(&o, "^C\r\n");
	operator_await(&o, "tandem> ");
	/* Nothing of the old line is left. */
	operator_type(&o, "show pools\n");
	operator_await(&o, "FAIL-OVER ON");
	operator_await(&o, "tandem> ");
	operator_type(&o, "events\n");
	operator_await(&o, "T target: hello");
	operator_type(&o, "\003");
	operator_await(&o, "tandem> ");
	operator_type(&o, "show pools\n");
	operator_await(&o, "FAIL-OVER ON");
	operator_await(&o, "tandem> ");
	assert_int_equal(operator_leave(&o), CTL_OK);
	api_fixture_stop(&t->api);
}

static void the_socket_is_for_owner_and_group_and_goes_with_the_server(void **state)
{
	struct test *t = *state;
	struct stat info;

	start(t);
	assert_int_equal(stat(t->path, &info), 0);
	assert_true(S_ISSOCK(info.st_mode));
	assert_int_equal(info.st_mode & 07777, 0660);
	api_fixture_stop(&t->api);
	assert_int_equal(stat(t->path, &info), -1);
}

static void a_socket_that_somebody_answers_on_is_refused(void **state)
{
	struct test *t = *state;
	struct api_fixture second;

	start(t);
	assert_false(api_fixture_start_at(&second, t->endpoint, t->table, t, 0));
	assert_non_null(strstr(second.error, t->path));
	assert_non_null(strstr(second.error, "is in use"));
	api_fixture_stop(&second);
	assert_int_equal(api_endpoint_try(t->path), 0);
	api_fixture_stop(&t->api);
}

static void make_directory(const struct test *t)
{
	char directory[64];

	snprintf(directory, sizeof(directory), "%s/s", t->directory);
	assert_int_equal(mkdir(directory, 0755), 0);
}

static void a_socket_that_nobody_answers_on_is_replaced(void **state)
{
	struct test *t = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	make_directory(t);
	memcpy(address.sun_path, t->path, strlen(t->path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(api_endpoint_try(t->path), -ECONNREFUSED);
	start(t);
	assert_int_equal(api_endpoint_try(t->path), 0);
	api_fixture_stop(&t->api);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct test *t = *state;
	struct stat info;

	make_directory(t);
	FILE *file = fopen(t->path, "w");
	assert_non_null(file);
	fclose(file);
	assert_false(api_fixture_start_at(&t->api, t->endpoint, t->table, t, 0));
	assert_non_null(strstr(t->api.error, "is no socket"));
	assert_int_equal(stat(t->path, &info), 0);
	assert_true(S_ISREG(info.st_mode));
	api_fixture_stop(&t->api);
}

static void an_endpoint_is_a_path_or_a_known_transport(void **)
{
	static const char *const good[][2] = {
		{ "/run/x.sock", "ipc:///run/x.sock" }, { "ipc:///x", "ipc:///x" },
		{ "tcp://[::1]:5", "tcp://[::1]:5" },	{ "tcp://a:65535", "tcp://a:65535" },
	};
	static const char *const bad[] = {
		"", "nonsense", "ipc://", "tcp://", "tcp://a", "tcp://a:", "tcp://:1",
		"tcp://a:0", "tcp://a:65536", "udp://a:1", "run/x.sock", LONG_ENDPOINT,
	};
	char endpoint[CTL_ENDPOINT_MAX], why[256];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (!ctl_endpoint_take(good[i][0], endpoint, why, sizeof(why)))
			fail_msg("%s", why);
		assert_string_equal(endpoint, good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ctl_endpoint_take(bad[i], endpoint, why, sizeof(why)))
			fail_msg("'%s' is taken", bad[i]);
		assert_non_null(strstr(why, "accepted: a path that begins with /"));
	}
}

static void a_time_limit_is_in_whole_seconds(void **)
{
	static const char *const bad[] = { "", "0", "0.5", "-1", "1s", "86401" };
	char why[256];
	int ms = 0;

	assert_true(ctl_timeout_take("86400", &ms, why, sizeof(why)));
	assert_int_equal(ms, 86400000);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(ctl_timeout_take(bad[i], &ms, why, sizeof(why)));
		assert_non_null(strstr(why, "accepted: whole seconds, 1 to 86400"));
	}
	assert_int_equal(ms, 86400000);
}

/* The transport takes none of these: no bye can be sent, and the end must not wait for it. */
static void an_endpoint_that_cannot_be_connected_ends_at_once(void **)
{
	static const char *const endpoints[] = { "", "nonsense" };

	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		char why[CTL_WHY_MAX] = "";
		assert_null(ctl_client_connect(endpoints[i], NULL, 1000, why));
		assert_non_null(strstr(why, "cannot use the control socket"));
	}
}

static void tcp_without_keys_is_not_used(void **)
{
	char why[CTL_WHY_MAX] = "";

	assert_null(ctl_client_connect("tcp://127.0.0.1:9", NULL, 1000, why));
	assert_non_null(strstr(why, "needs keys: --key FILE and --server-key KEY"));
	ctl_client_use_keys("/nonexistent/key", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
	assert_null(ctl_client_connect("tcp://127.0.0.1:9", NULL, 1000, why));
	assert_non_null(strstr(why, "cannot open the key file /nonexistent/key"));
	ctl_client_use_keys("/nonexistent/key", "/nonexistent/server");
	assert_null(ctl_client_connect("tcp://127.0.0.1:9", NULL, 1000, why));
	assert_non_null(strstr(why, "/nonexistent/server"));
	ctl_client_use_keys(NULL, NULL);
}

static void an_endpoint_that_cannot_be_is_told(void **state)
{
	struct test *t = *state;
	static const char *const endpoints[] = {
		"ipc:///nonexistent/deeper/control.sock", "nonsense", "tcp://nonsense",
		LONG_ENDPOINT,
	};

	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		t->api.error[0] = '\0';
		assert_false(api_fixture_start_at(&t->api, endpoints[i], t->table, t, 0));
		assert_true(strlen(t->api.error) > 20);
		api_fixture_stop(&t->api);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(an_answer_is_printed),
		CASE(an_error_is_one_sentence_and_status_1),
		CASE(a_long_list_goes_in_slices_and_comes_back_whole),
		CASE(events_before_and_after_the_answer_are_followed),
		CASE(without_a_server_it_names_the_socket_and_ends_with_3),
		CASE(a_socket_behind_the_command_is_the_one_asked),
		CASE(usage_errors_need_no_server),
		CASE(an_operator_without_tandemd_is_told_and_leaves_with_3),
		CASE(an_interrupt_gives_up_the_line_or_the_events),
		CASE(the_socket_is_for_owner_and_group_and_goes_with_the_server),
		CASE(a_socket_that_somebody_answers_on_is_refused),
		CASE(a_socket_that_nobody_answers_on_is_replaced),
		CASE(a_file_that_is_no_socket_is_left_alone),
		CASE(an_endpoint_that_cannot_be_is_told),
		cmocka_unit_test(an_endpoint_is_a_path_or_a_known_transport),
		cmocka_unit_test(a_time_limit_is_in_whole_seconds),
		cmocka_unit_test(an_endpoint_that_cannot_be_connected_ends_at_once),
		cmocka_unit_test(tcp_without_keys_is_not_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
