/* SPDX-License-Identifier: BSD-3-Clause */
/* api/trace.h, api/txns.h, filters of captures and lists: over the socket, on a data plane's double
 * whose records and answers the test makes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "build_fixture.h"
#include "dataplane_double.h"

#include <stdlib.h>

#include "api/control.h"
#include "api/handlers.h"
#include "balance/policy.h"
#include "config/config.h"
#include "health/adapter.h"

static const char configuration[] =
	"interfaces:\n"
	"  - {name: access, device: net_null0, addresses: [192.0.2.1/24]}\n"
	"  - {name: core, device: net_null1, addresses: [198.51.100.1/24]}\n"
	"services:\n"
	"  - {name: inbound, listen: [\"udp:192.0.2.1:5060\"], pool: switches}\n"
	"  - {name: outbound, listen: [\"udp:198.51.100.1:5060\"], from: switches, pool: carriers}\n"
	"pools:\n"
	"  - name: switches\n"
	"    targets:\n"
	"      - {name: sw1, uri: \"sip:198.51.100.11:5060\"}\n"
	"      - {name: sw2, uri: \"sip:198.51.100.12:5060\"}\n"
	"  - name: carriers\n"
	"    targets:\n"
	"      - {name: c1, uri: \"sip:192.0.2.77:5060\"}\n";

struct test {
	struct api_fixture api;
	struct dataplane dataplane;
	struct control control;
	struct target_registry *registry;
	void *client;
	uint64_t now_ms;
};

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct control *c = &t->control;
	struct config_report report;
	const struct config_identity identity = { .instance = 7, .epoch = 99, .route_key_count = 1 };

	*c = (struct control){ .program = "tandemd test", .config_file = "test.yaml" };
	if (config_load_text("test.yaml", span_of_string(configuration), &c->config, &report) < 0)
		config_report_print(&report, stderr);
	assert_non_null(c->config);
	t->registry = target_registry_create();
	assert_int_equal(build_fixture(c->config, &identity, t->registry, 1, &c->snapshot), 0);
	config_dataplane(c->config, &identity, &c->dataplane_config);
	c->dataplane_config.workers = 2;
	c->outcomes = target_outcomes_create(c->snapshot);
	c->dataplane = &t->dataplane;
	t->dataplane.workers = 2;
	c->txns = (struct txns){ .control = c };
	c->trace = (struct trace){ .control = c };
	events_init(&c->events, NULL);
	assert_int_equal(health_adapter_open(c), 0);
	api_fixture_start(&t->api, api_handlers, c, 0);
	c->api = t->api.server;
	c->loop = &t->api.loop;
	t->client = api_client_open(&t->api);
	api_client_hello(&t->api, t->client);
	/* What handlers take for now: the loop's clock. */
	uv_update_time(c->loop);
	t->now_ms = uv_now(c->loop);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	if (t->client)
		api_client_close(&t->api, t->client);
	trace_fini(&t->control.trace);
	txns_fini(&t->control.txns);
	api_fixture_stop(&t->api);
	events_fini(&t->control.events);
	health_adapter_close(&t->control);
	target_outcomes_destroy(t->control.outcomes);
	config_snapshot_destroy(t->control.snapshot);
	target_registry_destroy(t->registry);
	config_destroy(t->control.config);
	free(t);
	return 0;
}

static const struct balance_target *target_of(const struct test *t, const char *name)
{
	for (uint32_t i = 0; i < t->control.snapshot->target_count; i++) {
		if (strcmp(t->control.snapshot->targets[i].name, name) == 0)
			return &t->control.snapshot->targets[i];
	}
	fail_msg("no target %s", name);
	return NULL;
}

/* Says it, and lets the server take it. */
static void say(struct test *t, const char *json)
{
	api_client_say(t->client, json);
	assert_null(api_client_hear_at_once(&t->api, t->client));
}

static json_t *ask(struct test *t, const char *json)
{
	api_client_say(t->client, json);
	json_t *message = api_client_hear(&t->api, t->client);
	json_t *body = json_incref(json_object_get(message, "ok"));

	if (!body)
		fail_msg("%s", json_dumps(message, 0));
	json_decref(message);
	return body;
}

static json_t *hear(struct test *t, const char *member)
{
	json_t *message = api_client_hear(&t->api, t->client);
	json_t *body = json_incref(json_object_get(message, member));

	if (!body)
		fail_msg("%s", json_dumps(message, 0));
	json_decref(message);
	return body;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	assert_non_null(value);
	return value;
}

static json_int_t number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

/* ---- trace */

static struct endpoint endpoint_of(const char *from)
{
	struct endpoint endpoint = { .port = 0 };

	assert_true(endpoint_parse(span_of_string(from), 5060, &endpoint));
	return endpoint;
}

/* What a worker recorded: an INVITE that came, balanced. */
static void record(struct test *t, int number, uint64_t wall_ns)
{
	struct dataplane_follower *follower = &t->dataplane.followers[number];
	const struct proxy_note note = {
		.kind = NOTE_CHOSEN,
		.how = NOTE_BY_POLICY,
		.policy = POLICY_CALL_ID_HASH,
		.target_id = target_of(t, "sw1")->id,
		.call_hash = 0xabc,
		.health = TARGET_UP,
	};
	const struct dataplane_traced traced = {
		.wall_ns = wall_ns,
		.event = 3,
		.worker = 1,
		.kind = TRACED_RECEIVED,
		.verdict = verdict_of(VERDICT_FORWARD, REASON_INITIAL_REQUEST),
		.source = endpoint_of("192.0.2.50:5060"),
		.destination = endpoint_of("192.0.2.1:5060"),
		.call_id = SPAN("call@x"),
		.message = SPAN("INVITE sip:b@x SIP/2.0\r\nCSeq: 7 INVITE\r\n\r\n"),
		.len = 43,
		.note_count = 1,
		.notes = &note,
	};

	assert_non_null(follower->traced);
	follower->traced(follower->context, &traced);
}

static void a_trace_tells_when_it_follows_then_what_comes(void **state)
{
	struct test *t = *state;

	t->dataplane.is_unsettled = true;
	say(t, "{'id': 1, 'command': 'trace', 'args': {'call_id': 'call@x'}}");
	assert_string_equal(t->dataplane.followers[0].filter.call_id, "call@x");
	trace_pump(&t->control.trace, t->now_ms);
	assert_null(api_client_hear_at_once(&t->api, t->client));
	assert_int_equal(trace_following(&t->control.trace), 0);
	t->dataplane.is_unsettled = false;
	trace_pump(&t->control.trace, t->now_ms);
	assert_int_equal(trace_following(&t->control.trace), 1);
	json_t *partial = hear(t, "partial");
	assert_true(json_is_true(json_object_get(partial, "following")));
	json_decref(partial);

	record(t, 0, 1500000000);
	trace_pump(&t->control.trace, t->now_ms);
	partial = hear(t, "partial");
	const json_t *message = json_array_get(json_object_get(partial, "messages"), 0);
	assert_string_equal(text(message, "direction"), "in");
	assert_string_equal(text(message, "time"), "1970-01-01T00:00:01.500Z");
	assert_string_equal(text(message, "from"), "192.0.2.50:5060");
	assert_string_equal(text(message, "start_line"), "INVITE sip:b@x SIP/2.0");
	assert_string_equal(text(message, "cseq"), "7 INVITE");
	assert_string_equal(text(message, "call_id"), "call@x");
	assert_string_equal(text(message, "verdict"), "forward");
	assert_string_equal(text(message, "reason"), "INITIAL_REQUEST");
	assert_string_equal(text(message, "clause"), "RFC 3261 §16.6");
	assert_null(json_object_get(message, "message"));
	assert_int_equal(number(message, "worker"), 1);
	const json_t *decision = json_array_get(json_object_get(message, "decisions"), 0);
	assert_string_equal(text(decision, "what"), "target");
	assert_string_equal(text(decision, "service"), "inbound");
	assert_string_equal(text(decision, "pool"), "switches");
	assert_string_equal(text(decision, "target"), "sw1");
	assert_string_equal(text(decision, "policy"), "call-id-hash");
	assert_string_equal(text(decision, "text"),
			    "service inbound, pool switches: call-id-hash chose sw1 (ready, up)");
	json_decref(partial);
}

static void a_trace_ends_by_count_and_by_time(void **state)
{
	struct test *t = *state;

	say(t, "{'id': 1, 'command': 'trace', 'args': {'method': 'INVITE', 'count': 2, 'full': true}}");
	assert_int_equal(t->dataplane.followers[0].filter.octets, DATAPLANE_OCTETS_MAX);
	/* The rings come one after the other: it is sent in the order of time, and no more. */
	record(t, 0, 2000);
	record(t, 0, 1000);
	record(t, 0, 3000);
	t->dataplane.trace_dropped = 5;
	trace_pump(&t->control.trace, t->now_ms);
	json_decref(hear(t, "partial")); /* following */
	json_t *partial = hear(t, "partial");
	const json_t *messages = json_object_get(partial, "messages");
	assert_int_equal(json_array_size(messages), 2);
	assert_int_equal(number(json_array_get(messages, 0), "time_ns"), 1000);
	assert_int_equal(number(json_array_get(messages, 1), "time_ns"), 2000);
	assert_string_equal(text(json_array_get(messages, 0), "message"),
			    "INVITE sip:b@x SIP/2.0\r\nCSeq: 7 INVITE\r\n\r\n");
	json_decref(partial);
	json_t *ok = hear(t, "ok");
	assert_int_equal(number(ok, "count"), 2);
	assert_int_equal(number(ok, "dropped"), 5);
	assert_string_equal(text(ok, "ended"), "count");
	json_decref(ok);
	assert_null(t->dataplane.followers[0].traced);

	say(t, "{'id': 2, 'command': 'trace', 'args': {'from': '192.0.2.50', 'seconds': 3}}");
	trace_pump(&t->control.trace, t->now_ms + 2900);
	json_decref(hear(t, "partial"));
	assert_non_null(t->dataplane.followers[0].traced);
	trace_pump(&t->control.trace, t->now_ms + 60000);
	ok = hear(t, "ok");
	assert_string_equal(text(ok, "ended"), "time");
	json_decref(ok);
	assert_null(t->dataplane.followers[0].traced);
}

static void a_trace_takes_its_filter_apart(void **state)
{
	struct test *t = *state;

	say(t, "{'id': 1, 'command': 'trace', 'args': {'target': 'switches/sw2', 'rule': "
	       "'initial-request', 'method': 'BYE', 'from': '2001:db8::1'}}");
	const struct dataplane_trace_filter *filter = &t->dataplane.followers[0].filter;
	assert_int_equal(filter->target_id, target_of(t, "sw2")->id);
	assert_true(endpoint_equal(&filter->target, &target_of(t, "sw2")->endpoint));
	assert_int_equal(filter->reason, REASON_INITIAL_REQUEST);
	assert_string_equal(filter->method, "BYE");
	assert_int_equal(filter->from.family, IP_V6);
	static const char *const wrong[] = {
		"{'id': 2, 'command': 'trace'}",
		"{'id': 2, 'command': 'trace', 'args': {'target': 'sw9'}}",
		"{'id': 2, 'command': 'trace', 'args': {'rule': 'NO_SUCH'}}",
		"{'id': 2, 'command': 'trace', 'args': {'from': 'example.com'}}",
		"{'id': 2, 'command': 'trace', 'args': {'call_id': ''}}",
		"{'id': 2, 'command': 'trace', 'args': {'call_id': 'a', 'seconds': 3601}}",
		"{'id': 2, 'command': 'trace', 'args': {'call_id': 'a', 'count': 0}}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		api_client_say(t->client, wrong[i]);
		api_client_expect_error(&t->api, t->client, 2, "argument");
	}
}

static void traces_are_bounded_and_end_with_their_client(void **state)
{
	struct test *t = *state;
	char json[96];

	for (int i = 0; i < DATAPLANE_TRACES_MAX; i++) {
		snprintf(json, sizeof(json), "{'id': %d, 'command': 'trace', 'args': {'call_id': 'a'}}",
			 i);
		say(t, json);
	}
	api_client_say(t->client, "{'id': 99, 'command': 'trace', 'args': {'call_id': 'a'}}");
	api_client_expect_error(&t->api, t->client, 99, "conflict");
	say(t, "{'bye': true}");
	trace_pump(&t->control.trace, t->now_ms);
	for (int i = 0; i < DATAPLANE_TRACES_MAX; i++)
		assert_null(t->dataplane.followers[i].traced);
}

/* ---- show txns */

static void answer_txns(struct test *t, uint32_t count, uint32_t cursor)
{
	struct dataplane_txns_question question = t->dataplane.txns;
	struct proxy_txn_row rows[4] = { { .slot = 0 } };

	assert_non_null(question.done);
	for (uint32_t i = 0; i < count; i++) {
		rows[i] = (struct proxy_txn_row){
			.slot = i,
			.client_state = "Calling",
			.server_state = "Proceeding",
			.age_ms = 1234,
			.due_ms = UINT32_MAX,
			.timers = 1u << PROXY_TIMER_A | 1u << PROXY_TIMER_B,
			.target_id = target_of(t, "sw1")->id,
			.call_id_len = 3,
			.method_len = 6,
		};
		memcpy(rows[i].call_id, "a@b", 3);
		memcpy(rows[i].method, "INVITE", 6);
	}
	t->dataplane.txns.done = NULL;
	question.done(question.context, rows, count, cursor);
	txns_pump(&t->control.txns, t->now_ms);
}

static void transactions_are_asked_worker_by_worker_part_by_part(void **state)
{
	struct test *t = *state;

	say(t, "{'id': 1, 'command': 'show txns', 'args': {'target': 'sw1', 'service': 'outbound', "
	       "'state': 'calling', 'older_ms': 1000}}");
	assert_int_equal(t->dataplane.txns.filter.target_id, target_of(t, "sw1")->id);
	assert_int_equal(t->dataplane.txns.filter.service, 1);
	assert_int_equal(t->dataplane.txns.filter.older_ms, 1000);
	assert_string_equal(t->dataplane.txns.filter.state, "calling");
	assert_int_equal(t->dataplane.txns.worker, 0);
	answer_txns(t, 2, 77);
	json_t *partial = hear(t, "partial");
	const json_t *row = json_array_get(json_object_get(partial, "txns"), 1);
	assert_string_equal(text(row, "call_id"), "a@b");
	assert_string_equal(text(row, "method"), "INVITE");
	assert_string_equal(text(row, "client"), "Calling");
	assert_string_equal(text(row, "target"), "sw1");
	assert_string_equal(json_string_value(json_array_get(json_object_get(row, "timers"), 1)), "B");
	assert_int_equal(number(row, "age_ms"), 1234);
	assert_true(json_is_null(json_object_get(row, "due_ms")));
	json_decref(partial);
	assert_int_equal(t->dataplane.txns.cursor, 77);
	answer_txns(t, 0, UINT32_MAX);
	assert_int_equal(t->dataplane.txns.worker, 1);
	assert_int_equal(t->dataplane.txns.cursor, 0);
	answer_txns(t, 0, UINT32_MAX);
	json_t *ok = hear(t, "ok");
	assert_int_equal(number(ok, "count"), 2);
	assert_false(json_is_true(json_object_get(ok, "more")));
	json_decref(ok);
}

static void enough_transactions_end_the_search(void **state)
{
	struct test *t = *state;

	say(t, "{'id': 1, 'command': 'show txns', 'args': {'limit': 3, 'worker': 1}}");
	assert_int_equal(t->dataplane.txns.worker, 1);
	answer_txns(t, 4, 10);
	json_t *partial = hear(t, "partial"), *ok = hear(t, "ok");
	assert_int_equal(json_array_size(json_object_get(partial, "txns")), 3);
	assert_true(json_is_true(json_object_get(ok, "more")));
	json_decref(partial);
	json_decref(ok);
	api_client_say(t->client, "{'id': 2, 'command': 'show txns', 'args': {'worker': 2}}");
	api_client_expect_error(&t->api, t->client, 2, "argument");
	api_client_say(t->client, "{'id': 3, 'command': 'show txns', 'args': {'state': 'happy'}}");
	api_client_expect_error(&t->api, t->client, 3, "argument");
	/* A worker that never answers. */
	say(t, "{'id': 4, 'command': 'show txns'}");
	txns_pump(&t->control.txns, t->now_ms + TXNS_TIMEOUT_MS + 60000);
	api_client_expect_error(&t->api, t->client, 4, "timeout");
	t->dataplane.txns.done(t->dataplane.txns.context, NULL, 0, UINT32_MAX);
	txns_pump(&t->control.txns, t->now_ms);
	assert_null(t->control.txns.jobs);
}

/* ---- captures and lists */

static void a_capture_passes_its_filter_on(void **state)
{
	struct test *t = *state;

	json_decref(ask(t, "{'id': 1, 'command': 'capture start', 'args': {'path': '/x', 'call_id': "
			   "'a@b', 'host': '192.0.2.50', 'target': 'c1', 'method': 'BYE', "
			   "'snaplen': 200}}"));
	const struct dataplane_capture_filter *filter = &t->dataplane.capture_filter;
	assert_string_equal(filter->call_id, "a@b");
	assert_string_equal(filter->method, "BYE");
	assert_int_equal(filter->octets, 200);
	assert_int_equal(filter->host.family, IP_V4);
	assert_true(endpoint_equal(&filter->target, &target_of(t, "c1")->endpoint));
	json_decref(ask(t, "{'id': 2, 'command': 'capture stop'}"));
	json_decref(ask(t, "{'id': 3, 'command': 'capture start', 'args': {'path': '/x'}}"));
	assert_string_equal(filter->call_id, "");
	assert_int_equal(filter->host.family, IP_NONE);
	assert_int_equal(filter->target.address.family, IP_NONE);
}

static void assert_rows(struct test *t, const char *json, const char *key, size_t count)
{
	json_t *body = ask(t, json);

	if (json_array_size(json_object_get(body, key)) != count)
		fail_msg("%s: %s", json, json_dumps(body, 0));
	json_decref(body);
}

static void lists_are_filtered(void **state)
{
	struct test *t = *state;

	balance_admin_set(target_of(t, "sw2")->status, TARGET_DRAIN, 0, 0);
	t->dataplane.worker[0].verdicts.count[VERDICT_DROP][REASON_NOT_SIP] = 7;
	t->dataplane.worker[0].verdicts.count[VERDICT_FORWARD][REASON_FINAL] = 1;
	assert_rows(t, "{'id': 1, 'command': 'show services', 'args': {'name': 'inbound'}}", "services",
		    1);
	assert_rows(t, "{'id': 1, 'command': 'show pools', 'args': {'name': 'carriers'}}", "pools", 1);
	assert_rows(t, "{'id': 1, 'command': 'show targets'}", "targets", 3);
	assert_rows(t, "{'id': 1, 'command': 'show targets', 'args': {'name': 'sw1'}}", "targets", 1);
	assert_rows(t, "{'id': 1, 'command': 'show targets', 'args': {'name': 'switches/sw1'}}",
		    "targets", 1);
	assert_rows(t, "{'id': 1, 'command': 'show targets', 'args': {'state': 'drain'}}", "targets", 1);
	assert_rows(t, "{'id': 1, 'command': 'show targets', 'args': {'state': 'UP'}}", "targets", 3);
	assert_rows(t, "{'id': 1, 'command': 'show targets', 'args': {'state': 'usable', 'pool': "
		       "'switches'}}", "targets", 1);
	assert_rows(t, "{'id': 1, 'command': 'show targets', 'args': {'state': 'blacklisted'}}",
		    "targets", 0);
	assert_rows(t, "{'id': 1, 'command': 'show workers', 'args': {'worker': 1}}", "workers", 1);
	assert_rows(t, "{'id': 1, 'command': 'show memory', 'args': {'worker': 0}}", "workers", 1);
	assert_rows(t, "{'id': 1, 'command': 'show dialogs', 'args': {'service': 'outbound'}}",
		    "services", 1);
	assert_rows(t, "{'id': 1, 'command': 'show timers', 'args': {'service': 'inbound'}}", "sets_ms",
		    1);
	assert_rows(t, "{'id': 1, 'command': 'show drops'}", "verdicts", 2);
	assert_rows(t, "{'id': 1, 'command': 'show drops', 'args': {'kind': 'drop'}}", "verdicts", 1);
	assert_rows(t, "{'id': 1, 'command': 'show drops', 'args': {'reason': 'final'}}", "verdicts", 1);
	/* One that never occurred is known all the same. */
	assert_rows(t, "{'id': 1, 'command': 'show drops', 'args': {'reason': 'LOOP'}}", "verdicts", 1);
	assert_rows(t, "{'id': 1, 'command': 'show drops', 'args': {'all': true}}", "verdicts",
		    VERDICT_REASON_COUNT - 1);
	static const char *const unknown[] = {
		"{'id': 9, 'command': 'show services', 'args': {'name': 'x'}}",
		"{'id': 9, 'command': 'show pools', 'args': {'name': 'x'}}",
		"{'id': 9, 'command': 'show targets', 'args': {'name': 'x/sw1'}}",
		"{'id': 9, 'command': 'show targets', 'args': {'pool': 'x'}}",
		"{'id': 9, 'command': 'show workers', 'args': {'worker': 2}}",
		"{'id': 9, 'command': 'show drops', 'args': {'reason': 'x'}}",
		"{'id': 9, 'command': 'show dialogs', 'args': {'service': 'x'}}",
		"{'id': 9, 'command': 'show timers', 'args': {'pool': 'x'}}",
		"{'id': 9, 'command': 'top', 'args': {'pool': 'x'}}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		api_client_say(t->client, unknown[i]);
		api_client_expect_error(&t->api, t->client, 9, "not-found");
	}
	api_client_say(t->client, "{'id': 9, 'command': 'show targets', 'args': {'state': 'x'}}");
	api_client_expect_error(&t->api, t->client, 9, "argument");
}

static void top_reads_all_in_one_answer(void **state)
{
	struct test *t = *state;
	const struct outcome outcomes[] = {
		{ .target_id = target_of(t, "sw1")->id, .kind = OUTCOME_PROVISIONAL, .value = 180,
		  .delay_us = 5000, .flags = OUTCOME_IS_INVITE },
		/* When somebody picks up is no delay of the target. */
		{ .target_id = target_of(t, "sw1")->id, .kind = OUTCOME_RESPONSE, .value = 200,
		  .delay_us = 9000000, .flags = OUTCOME_IS_INVITE },
		{ .target_id = target_of(t, "sw1")->id, .kind = OUTCOME_RESPONSE, .value = 503,
		  .delay_us = 100 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		target_outcomes_count(t->control.outcomes, &outcomes[i]);
	t->dataplane.now = 123456;
	t->dataplane.worker[1].busy_cycles = 42;
	t->dataplane.dialogs[0].created = 5;
	t->dataplane.worker[0].verdicts.count[VERDICT_DROP][REASON_NOT_SIP] = 7;
	json_t *body = ask(t, "{'id': 1, 'command': 'top', 'args': {'pool': 'switches'}}");
	assert_int_equal(number(body, "time_us"), 123456);
	assert_int_equal(number(json_object_get(body, "total"), "calls_begun"), 5);
	const json_t *targets = json_object_get(body, "targets");
	assert_int_equal(json_array_size(targets), 2);
	const json_t *delays = json_object_get(json_array_get(targets, 0), "delays");
	assert_int_equal(json_array_size(delays), 2);
	json_int_t us = json_integer_value(json_array_get(json_array_get(delays, 1), 0));
	assert_in_range(us, 5000, 6250);
	assert_int_equal(number(json_array_get(targets, 0), "responses_5xx"), 1);
	assert_int_equal(number(json_array_get(json_object_get(body, "workers"), 1), "busy_cycles"), 42);
	assert_string_equal(text(json_array_get(json_object_get(body, "drops"), 0), "reason"),
			    "NOT_SIP");
	json_decref(body);
}

static void delay_steps_hold_what_they_say(void **)
{
	unsigned int last = 0;

	for (uint64_t us = 0; us < UINT32_MAX / 64; us += 1 + us / 7) {
		unsigned int bucket = target_delay_bucket((uint32_t)us);
		assert_true(bucket >= last && bucket < TARGET_DELAYS);
		assert_true(us <= target_delay_of(bucket));
		assert_true(bucket == 0 || us > target_delay_of(bucket - 1));
		last = bucket;
	}
	assert_int_equal(target_delay_bucket(UINT32_MAX), TARGET_DELAYS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_trace_tells_when_it_follows_then_what_comes),
		TEST(a_trace_ends_by_count_and_by_time),
		TEST(a_trace_takes_its_filter_apart),
		TEST(traces_are_bounded_and_end_with_their_client),
		TEST(transactions_are_asked_worker_by_worker_part_by_part),
		TEST(enough_transactions_end_the_search),
		TEST(a_capture_passes_its_filter_on),
		TEST(lists_are_filtered),
		TEST(top_reads_all_in_one_answer),
#undef TEST
		cmocka_unit_test(delay_steps_hold_what_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
