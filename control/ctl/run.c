/* SPDX-License-Identifier: BSD-3-Clause */
/* One command of tandemctl, from words to print; see run.h. */
#include "ctl/run.h"

#include <string.h>

#include "ctl/arguments.h"
#include "ctl/help.h"
#include "ctl/render.h"
#include "ctl/render_trace.h"
#include "ctl/top.h"

/* Call-IDs a request; tandemd takes no message of more than 1 MiB. */
#define RUN_CALL_IDS 5000

static enum ctl_status run_fail(const struct ctl_session *session, enum ctl_status status,
				const char *why)
{
	fprintf(session->err, "tandemctl: %s\n", why);
	return status;
}

static void print_json(const json_t *value, size_t flags, FILE *out)
{
	json_dumpf(value, out, flags);
	fputc('\n', out);
	fflush(out);
}

/* A long list of Call-IDs goes in several requests, whose answers are joined. */
static enum ctl_status run_slices(struct ctl_session *session, const struct ctl_call *call,
				  json_t **body, char why[CTL_WHY_MAX])
{
	json_t *list = json_incref(json_object_get(call->args, "call_ids"));
	json_t *answers = json_array(), *asked = NULL;
	size_t count = json_array_size(list);
	enum ctl_status status = CTL_OK;

	for (size_t first = 0; first < count && status == CTL_OK; first += RUN_CALL_IDS) {
		json_t *slice = json_array(), *part = NULL;
		for (size_t i = first; i < count && i < first + RUN_CALL_IDS; i++)
			json_array_append(slice, json_array_get(list, i));
		json_object_set_new(call->args, "call_ids", slice);
		status = ctl_client_request(session->client, call->id, call->args, &part, why);
		json_array_extend(answers, json_object_get(part, "answers"));
		if (!asked)
			asked = json_incref(json_object_get(part, "asked"));
		json_decref(part);
	}
	json_decref(list);
	*body = status == CTL_OK ? json_pack("{s:O, s:I, s:O*}", "answers", answers, "count",
					     (json_int_t)count, "asked", asked) : NULL;
	json_decref(asked);
	json_decref(answers);
	return status;
}

static enum ctl_status run_request(struct ctl_session *session, const struct ctl_call *call,
				   json_t **body, char why[CTL_WHY_MAX])
{
	if (json_array_size(json_object_get(call->args, "call_ids")) > RUN_CALL_IDS)
		return run_slices(session, call, body, why);
	return ctl_client_request(session->client, call->id, call->args, body, why);
}

static bool print_traced(void *context, const json_t *partial)
{
	const struct ctl_session *session = context;
	size_t i;
	const json_t *message;

	json_array_foreach(json_object_get(partial, "messages"), i, message) {
		if (session->is_json)
			print_json(message, JSON_COMPACT, session->out);
		else
			ctl_render_traced(message, session->out);
	}
	/* Who does not read any more wants no more. */
	return !ferror(session->out);
}

static void note_signal(int)
{
	ctl_interrupted = 1;
}

/* What ends a program from the keyboard ends the trace, and tandemd is told; what is ignored (in the
 * background of a script) stays so. */
static void signal_take(int number, struct sigaction *before)
{
	const struct sigaction note = { .sa_handler = note_signal };

	sigaction(number, NULL, before);
	if (before->sa_handler != SIG_IGN)
		sigaction(number, &note, NULL);
}

/* With --json one object a message, and none at the end. */
static enum ctl_status run_trace(struct ctl_session *session, const struct ctl_call *call,
				 char why[CTL_WHY_MAX])
{
	struct sigaction interrupt, terminate;
	json_t *body;

	signal_take(SIGINT, &interrupt);
	signal_take(SIGTERM, &terminate);
	enum ctl_status status = ctl_client_stream(session->client, call->id, call->args,
						   print_traced, session, &body, why);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &terminate, NULL);
	if (status == CTL_OK && body && !session->is_json)
		ctl_render_trace_end(body, session->out);
	json_decref(body);
	return status;
}

struct follower {
	const struct ctl_session *session;
	const char *kind; /* NULL: any */
	uint64_t left;    /* events still wanted */
};

static bool is_wanted(const struct follower *follower, const json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "kind"));

	return !follower->kind || (kind && strcmp(kind, follower->kind) == 0);
}

static bool follow_event(void *context, const json_t *event)
{
	struct follower *follower = context;
	const char *kind = json_string_value(json_object_get(event, "kind"));

	if (!is_wanted(follower, event))
		return !(kind && strcmp(kind, "stop") == 0);
	if (follower->session->is_json)
		print_json(event, JSON_COMPACT, follower->session->out);
	else
		ctl_render_event(event, follower->session->out);
	follower->left--;
	return follower->left > 0 && !(kind && strcmp(kind, "stop") == 0);
}

static enum ctl_status run_events(struct ctl_session *session, const struct ctl_call *call,
				  const json_t *body, char why[CTL_WHY_MAX])
{
	struct follower follower = {
		.session = session,
		.kind = api_arg_string(call->local, "kind"),
		.left = api_arg_number(call->local, "count", UINT64_MAX),
	};
	const json_t *recent = json_object_get(body, "recent"), *event;
	size_t i;

	json_array_foreach(recent, i, event) {
		if (!is_wanted(&follower, event))
			continue;
		if (session->is_json)
			print_json(event, JSON_COMPACT, session->out);
		else
			ctl_render_event(event, session->out);
	}
	if (follower.left == 0)
		return CTL_OK;
	return ctl_client_follow(session->client, follow_event, &follower, why);
}

static bool session_connect(struct ctl_session *session, char why[CTL_WHY_MAX])
{
	if (!session->client)
		session->client = ctl_client_connect(session->endpoint, NULL, session->timeout_ms,
						     why);
	return session->client != NULL;
}

static enum ctl_status run_call(struct ctl_session *session, const struct ctl_call *call,
				char why[CTL_WHY_MAX])
{
	json_t *body = NULL;
	enum ctl_status status;

	if (!session_connect(session, why))
		return CTL_UNREACHABLE;
	if (call->id == API_COMMAND_TRACE)
		status = run_trace(session, call, why);
	else if (call->id == API_COMMAND_TOP)
		status = top_run(session, call, why);
	else
		status = run_request(session, call, &body, why);
	if (call->id == API_COMMAND_TRACE || call->id == API_COMMAND_TOP)
		goto out;
	if (status == CTL_OK && call->id == API_COMMAND_EVENTS)
		status = run_events(session, call, body, why);
	else if (body && session->is_json)
		print_json(body, JSON_INDENT(2), session->out);
	else if (status == CTL_OK || (body && call->id == API_COMMAND_RELOAD))
		ctl_render(call->id, body, session->out);
out:
	json_decref(body);
	/* An unreachable tandemd may come back, and then knows nothing of this client; and events
	 * that were subscribed to, or what a trace has under way, are not wanted by the next
	 * command. */
	if (status == CTL_UNREACHABLE || call->id == API_COMMAND_EVENTS ||
	    call->id == API_COMMAND_TRACE)
		ctl_session_close(session);
	return status;
}

/* Options behind the command hold for it alone: another socket or time limit gets a client of its
 * own. */
static enum ctl_status run_with_options(struct ctl_session *session, const struct ctl_call *call,
					char why[CTL_WHY_MAX])
{
	struct ctl_session own = *session;
	enum ctl_status status;

	if (!call->endpoint[0] && !call->timeout_ms) {
		session->is_json |= call->wants_json;
		status = run_call(session, call, why);
		session->is_json = own.is_json;
		return status;
	}
	own.client = NULL;
	own.is_json |= call->wants_json;
	if (call->endpoint[0])
		own.endpoint = call->endpoint;
	if (call->timeout_ms)
		own.timeout_ms = call->timeout_ms;
	status = run_call(&own, call, why);
	ctl_session_close(&own);
	return status;
}

enum ctl_status ctl_run(struct ctl_session *session, int count, const char *const *words)
{
	struct ctl_call call;
	char why[CTL_WHY_MAX];

	if (strcmp(words[0], "help") == 0 || strcmp(words[0], "?") == 0)
		return ctl_help_words(count - 1, words + 1, session->out, why, sizeof(why))
			       ? CTL_OK : run_fail(session, CTL_USAGE, why);
	if (!ctl_call_parse(count, words, &call, why, sizeof(why)))
		return run_fail(session, CTL_USAGE, why);
	if (call.wants_help) {
		ctl_help_command(call.id, session->out);
		ctl_call_release(&call);
		return CTL_OK;
	}
	enum ctl_status status = run_with_options(session, &call, why);
	ctl_call_release(&call);
	return status == CTL_OK ? CTL_OK : run_fail(session, status, why);
}

enum ctl_status ctl_session_open(struct ctl_session *session)
{
	char why[CTL_WHY_MAX];

	if (session_connect(session, why))
		return CTL_OK;
	return run_fail(session, CTL_UNREACHABLE, why);
}

void ctl_session_close(struct ctl_session *session)
{
	ctl_client_close(session->client);
	session->client = NULL;
}
