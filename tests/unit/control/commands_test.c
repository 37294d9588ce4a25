/* SPDX-License-Identifier: BSD-3-Clause */
/* api/handlers.h: what each command answers and does, over the socket, on a data plane's double. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "commands_fixture.h"

#include <errno.h>

#include "config/config.h"

static void show_status_sums_verdicts_but_not_hand_offs(void **state)
{
	struct test *t = *state;
	struct dataplane_worker_stats *w = t->dataplane.worker;

	t->dataplane.workers = 2;
	w[0].packets_rx = 1000;
	w[0].verdicts.count[VERDICT_FORWARD][REASON_INITIAL_REQUEST] = 500;
	w[0].verdicts.count[VERDICT_HANDOFF][REASON_OTHER_SHARD] = 490;
	w[0].verdicts.count[VERDICT_DROP][REASON_NOT_SIP] = 7;
	w[1].verdicts.count[VERDICT_REPLY][REASON_OPTIONS_ALIVE] = 200;
	w[1].verdicts.count[VERDICT_ABSORB][REASON_TRYING] = 290;
	w[0].proxy.txns = 5;
	w[1].proxy.txns = 6;
	w[0].net.neighbours = w[1].net.neighbours = 3;
	json_t *body = ask(t, "{'id':1,'command':'show status'}");
	assert_int_equal(number(body, "neighbours", NULL), 3);
	assert_int_equal(number(body, "packets", "received"), 1000);
	assert_int_equal(number(body, "packets", "verdicts"), 997);
	assert_int_equal(number(body, "packets", "difference"), 3);
	assert_int_equal(number(json_object_get(body, "packets"), "kinds", "handoff"), 490);
	assert_int_equal(number(body, "transactions", "live"), 11);
	assert_int_equal(number(body, "targets", "total"), 4);
	assert_int_equal(number(body, "targets", "usable"), 4);
	assert_int_equal(number(body, "workers", NULL), 2);
	assert_int_equal(number(body, "instance", NULL), 7);
	assert_string_equal(string(body, "state"), "serving");
	json_decref(body);
}

static void show_status_tells_that_tandemd_is_closing(void **state)
{
	struct test *t = *state;

	t->control.closing.is_under_way = true;
	json_t *body = ask(t, "{'id':1,'command':'show status'}");
	assert_string_equal(string(body, "state"), "closing");
	json_decref(body);
}

static void show_workers_gives_figures_a_message_and_null_without_messages(void **state)
{
	struct test *t = *state;
	struct dataplane_worker_stats *w = t->dataplane.worker;

	t->dataplane.workers = 2;
	w[0] = (struct dataplane_worker_stats){ .messages = 100, .busy_cycles = 250000,
		.engine_cycles = 100000, .packets_rx = 120, .bursts = 40, .polls = 200,
		.empty_polls = 150, .handoffs_out = 9, .tsc_hz = 2000000000 };
	w[1] = (struct dataplane_worker_stats){ .worker = 1, .handoffs_in = 9 };
	for (uint64_t i = 1; i <= 1000; i++)
		histogram_add(&w[0].inside_ns, i * 1000);
	json_t *body = ask(t, "{'id':1,'command':'show workers'}");
	const json_t *rows = json_object_get(body, "workers");
	const json_t *first = json_array_get(rows, 0), *second = json_array_get(rows, 1);
	const json_t *total = json_object_get(body, "total");
	assert_int_equal(json_array_size(rows), 2);
	assert_true(json_real_value(json_object_get(first, "cycles_per_message")) == 2500.0);
	assert_true(json_real_value(json_object_get(first, "engine_cycles_per_message")) == 1000.0);
	assert_true(json_real_value(json_object_get(first, "packets_per_burst")) == 3.0);
	assert_true(json_real_value(json_object_get(first, "busy_share")) == 0.25);
	assert_int_equal(number(first, "inside", "max_ns"), 1000000);
	assert_in_range(number(first, "inside", "p50_ns"), 500000, 531250);
	assert_true(json_is_null(json_object_get(second, "cycles_per_message")));
	assert_true(json_is_null(json_object_get(json_object_get(second, "inside"), "p50_ns")));
	assert_int_equal(number(total, "handoffs_out", NULL), 9);
	assert_int_equal(number(total, "handoffs_in", NULL), 9);
	assert_int_equal(number(total, "inside", "count"), 1000);
	json_decref(body);
}

static void show_workers_by_stage_gives_all_cycles_of_all_workers(void **state)
{
	struct test *t = *state;
	struct dataplane_worker_stats *w = t->dataplane.worker;

	t->dataplane.workers = 2;
	w[0].stages = (struct stage_totals){ .cycles = { [STAGE_PARSE] = 300, [STAGE_TX] = 100 },
		.entries = { [STAGE_PARSE] = 2, [STAGE_TX] = 1 }, .busy_cycles = 500,
		.clock_cycles = 100, .passes = 1, .messages = 2, .broken_passes = 4 };
	w[1].stages = (struct stage_totals){ .cycles = { [STAGE_PARSE] = 400 },
		.entries = { [STAGE_PARSE] = 2 }, .busy_cycles = 400, .passes = 1, .messages = 2 };
	json_t *body = ask(t, "{'id':1,'command':'show workers','args':{'stages':true}}");
	const json_t *rows = json_object_get(body, "stages");
	const json_t *parse = json_array_get(rows, STAGE_PARSE), *rx = json_array_get(rows, STAGE_RX);
	const json_t *second = json_array_get(json_object_get(body, "workers"), 1);
	json_int_t sum = number(body, "sampled", "clock_cycles");
	size_t i;
	const json_t *row;
	assert_int_equal(json_array_size(rows), STAGES);
	assert_string_equal(string(parse, "stage"), "parse");
	assert_true(json_real_value(json_object_get(parse, "share")) == 0.875);
	assert_true(json_real_value(json_object_get(parse, "cycles_per_message")) == 175.0);
	assert_int_equal(number(parse, "samples", NULL), 4);
	assert_true(json_real_value(json_object_get(rx, "share")) == 0.0);
	json_array_foreach(rows, i, row)
		sum += number(row, "cycles", NULL);
	assert_int_equal(sum, number(body, "sampled", "busy_cycles"));
	assert_int_equal(number(body, "sampled", "broken_passes"), 4);
	assert_int_equal(number(body, "total", "cycles"), 800);
	assert_int_equal(number(second, "total", "cycles"), 400);
	json_decref(body);
	t->dataplane = (struct dataplane){ .workers = 1 };
	body = ask(t, "{'id':2,'command':'show workers','args':{'stages':true}}");
	row = json_array_get(json_object_get(body, "stages"), STAGE_PARSE);
	assert_true(json_is_null(json_object_get(row, "share")));
	assert_true(json_is_null(json_object_get(row, "cycles_per_message")));
	json_decref(body);
}

static void show_drops_lists_each_verdict_with_its_clause(void **state)
{
	struct test *t = *state;
	struct dataplane_worker_stats *w = t->dataplane.worker;

	t->dataplane.workers = 2;
	w[0].packets_rx = 5;
	w[0].verdicts.count[VERDICT_DROP][REASON_VIA_MISSING] = 1;
	w[1].verdicts.count[VERDICT_DROP][REASON_VIA_MISSING] = 1;
	w[1].verdicts.count[VERDICT_REPLY][REASON_VIA_SYNTAX] = 3;
	json_t *body = ask(t, "{'id':1,'command':'show drops'}");
	const json_t *rows = json_object_get(body, "verdicts");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(string(json_array_get(rows, 0), "kind"), "reply");
	assert_int_equal(number(json_array_get(rows, 0), "status", NULL), 400);
	assert_string_equal(string(json_array_get(rows, 1), "reason"), "VIA_MISSING");
	assert_string_equal(string(json_array_get(rows, 1), "help"), "no Via");
	assert_string_equal(string(json_array_get(rows, 1), "clause"), "RFC 3261 §8.1.1");
	assert_int_equal(number(json_array_get(rows, 1), "count", NULL), 2);
	assert_int_equal(number(body, "sum", NULL), 5);
	assert_int_equal(number(body, "difference", NULL), 0);
	json_decref(body);
	body = ask(t, "{'id':1,'command':'show drops','args':{'drops_only':true}}");
	assert_int_equal(json_array_size(json_object_get(body, "verdicts")), 1);
	assert_int_equal(number(body, "sum", NULL), 5);
	json_decref(body);
}

static void show_targets_counts_what_traffic_showed(void **state)
{
	struct test *t = *state;
	const struct balance_target *sw1 = &t->control.snapshot->targets[0];
	const struct outcome outcomes[] = {
		{ .target_id = sw1->id, .kind = OUTCOME_RESPONSE, .value = 200, .flags = OUTCOME_IS_INVITE },
		{ .target_id = sw1->id, .kind = OUTCOME_RESPONSE, .value = 486 },
		{ .target_id = sw1->id, .kind = OUTCOME_RESPONSE, .value = 503 },
		{ .target_id = sw1->id, .kind = OUTCOME_TIMEOUT },
		/* Those of who is slow, and of who is asked by us, are no failures of traffic. */
		{ .target_id = sw1->id, .kind = OUTCOME_TIMEOUT, .flags = OUTCOME_WAS_ANSWERED },
		{ .target_id = sw1->id, .kind = OUTCOME_PROVISIONAL, .value = 180 },
		{ .target_id = sw1->id, .kind = OUTCOME_PROBE },
		{ .target_id = sw1->id, .kind = OUTCOME_TRANSPORT_ERROR },
		{ .target_id = sw1->id ^ 1, .kind = OUTCOME_TIMEOUT },
		{ .target_id = sw1->id, .kind = OUTCOME_RESPONSE, .value = 65535 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(outcomes) - 1; i++)
		target_outcomes_count(t->control.outcomes, &outcomes[i]);
	json_t *body = ask(t, "{'id':1,'command':'show targets','args':{'pool':'switches'}}");
	const json_t *rows = json_object_get(body, "targets");
	const json_t *answers = json_object_get(json_array_get(rows, 0), "answers");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(string(json_array_get(rows, 0), "name"), "sw1");
	assert_string_equal(string(json_array_get(rows, 0), "interface"), "core");
	assert_string_equal(string(json_array_get(rows, 0), "endpoint"), "198.51.100.11:5060");
	assert_int_equal(number(answers, "2xx", NULL), 1);
	assert_int_equal(number(answers, "4xx", NULL), 1);
	assert_int_equal(number(answers, "5xx", NULL), 1);
	assert_int_equal(number(answers, "503", NULL), 1);
	assert_int_equal(number(answers, "timeouts", NULL), 1);
	assert_int_equal(number(answers, "transport_errors", NULL), 1);
	assert_int_equal(number(answers, "failures_in_a_row", NULL), 3);
	json_decref(body);
	/* A status that cannot be is counted nowhere; an answer ends the row of failures. */
	target_outcomes_count(t->control.outcomes, &outcomes[ARRAY_SIZE(outcomes) - 1]);
	target_outcomes_count(t->control.outcomes, &outcomes[3]);
	assert_int_equal(target_outcomes_find(t->control.outcomes, sw1->id)->failures_in_a_row, 1);
	target_outcomes_count(t->control.outcomes, &outcomes[1]);
	assert_int_equal(target_outcomes_find(t->control.outcomes, sw1->id)->failures_in_a_row, 0);
	api_client_say(t->client, "{'id':2,'command':'show targets','args':{'pool':'nosuch'}}");
	api_client_expect_error(&t->api, t->client, 2, "not-found");
}

static void show_services_pools_interfaces_and_memory_name_everything(void **state)
{
	struct test *t = *state;

	t->dataplane.interfaces = 1;
	t->dataplane.interface[0] = (struct dataplane_interface_stats){
		.name = "access", .driver = "net_null", .mac = { 2, 0, 0, 0, 0, 0xaf }, .link_up = true };
	t->dataplane.workers = 1;
	json_t *body = ask(t, "{'id':1,'command':'show services'}");
	const json_t *services = json_object_get(body, "services");
	assert_int_equal(json_array_size(services), 2);
	assert_string_equal(string(json_array_get(services, 1), "from"), "switches");
	assert_string_equal(json_string_value(json_array_get(
		json_object_get(json_array_get(services, 0), "listen"), 1)),
		"udp:[2001:db8::1]:5060");
	json_decref(body);
	body = ask(t, "{'id':1,'command':'show pools'}");
	assert_string_equal(string(json_array_get(json_object_get(body, "pools"), 0), "policy"),
			    "call-id-hash");
	json_decref(body);
	body = ask(t, "{'id':1,'command':'show interfaces'}");
	const json_t *interface = json_array_get(json_object_get(body, "interfaces"), 0);
	assert_string_equal(string(interface, "mac"), "02:00:00:00:00:af");
	json_decref(body);
	body = ask(t, "{'id':1,'command':'show memory'}");
	assert_int_equal(json_array_size(json_object_get(body, "workers")), 1);
	assert_true(number(body, "resident_bytes", NULL) > 0);
	json_decref(body);
}

/* How many run, of which name, and how long they are. */
static void show_timers_counts_by_worker_and_tells_durations(void **state)
{
	struct test *t = *state;

	t->dataplane.workers = 2;
	t->dataplane.worker[0].proxy.running[PROXY_TIMER_C] = 3;
	t->dataplane.worker[1].proxy.running[PROXY_TIMER_C] = 4;
	t->dataplane.worker[1].proxy.running[PROXY_TIMER_L] = 10;
	t->dataplane.worker[1].proxy.running[PROXY_TIMER_TRYING] = 1;
	json_t *body = ask(t, "{'id':1,'command':'show timers'}");
	const json_t *workers = json_object_get(body, "workers");
	const json_t *sets = json_object_get(body, "sets_ms");
	assert_int_equal(json_array_size(workers), 2);
	assert_int_equal(number(json_array_get(workers, 0), "C", NULL), 3);
	assert_int_equal(number(json_array_get(workers, 1), "100", NULL), 1);
	assert_int_equal(number(body, "total", "C"), 7);
	assert_int_equal(number(body, "total", "transactions"), 18);
	assert_int_equal(json_array_size(json_object_get(body, "kinds")), PROXY_TIMER_KINDS);
	/* Two services, and the pool that has its own. */
	assert_int_equal(json_array_size(sets), 3);
	assert_string_equal(string(json_array_get(sets, 1), "name"), "outbound");
	assert_int_equal(number(json_array_get(sets, 1), "B", NULL), 32000);
	assert_string_equal(string(json_array_get(sets, 2), "of"), "pool");
	assert_int_equal(number(json_array_get(sets, 2), "T1", NULL), 1000);
	assert_int_equal(number(json_array_get(sets, 2), "M", NULL), 64000);
	json_decref(body);
}

static void show_memory_tells_copies_owed_and_the_reserve(void **state)
{
	struct test *t = *state;

	t->dataplane.workers = 2;
	for (int i = 0; i < 2; i++) {
		t->dataplane.worker[i].memory = (struct proxy_memory){
			.txns = 5, .txns_max = 1600, .txns_reserve = 100, .tombstones = 70,
			.copies = 9, .copies_bytes = 4500, .copies_refused = 2, .reserve_used = 1,
		};
		t->dataplane.worker[i].memory.owed[PROXY_OWED_ACK] =
			(struct proxy_owed_stats){ 4, 1200 };
		t->dataplane.worker[i].txn_octets = 384;
		t->dataplane.worker[i].tombstone_octets = 64;
		t->dataplane.worker[i].dialog_octets = 128;
		t->dataplane.dialogs[i].bye_copies = 6;
	}
	json_t *body = ask(t, "{'id':1,'command':'show memory'}");
	const json_t *worker = json_array_get(json_object_get(body, "workers"), 1);
	const json_t *total = json_object_get(body, "total");
	assert_int_equal(number(worker, "txns_max", NULL), 1600);
	assert_int_equal(number(worker, "reserve", "txns"), 100);
	assert_int_equal(number(total, "reserve", "used"), 2);
	assert_int_equal(number(total, "tombstones", NULL), 140);
	assert_int_equal(number(total, "copies", "bytes"), 9000);
	assert_int_equal(number(json_object_get(total, "owed"), "ack", "count"), 8);
	assert_int_equal(number(json_object_get(total, "owed"), "bye", "count"), 12);
	assert_int_equal(number(body, "bytes_each", "txn"), 384);
	assert_int_equal(number(body, "bytes_each", "dialog"), 128);
	assert_int_equal(number(json_array_get(json_object_get(body, "packets"), 0), "in_use", NULL),
			 7);
	json_decref(body);
}

static void show_dialogs_adds_workers_up_by_service(void **state)
{
	struct test *t = *state;

	t->dataplane.workers = 2;
	t->dataplane.worker[0].proxy.dialogs = 5;
	t->dataplane.worker[1].proxy.dialogs_max = 100;
	t->dataplane.worker[1].proxy.dialog_watches = 2;
	t->dataplane.dialogs[0] = (struct proxy_dialog_stats){
		.live = 5, .created = 9, .out_of_order_caller = 3, .unacknowledged_callee = 1 };
	t->dataplane.dialogs[1] = (struct proxy_dialog_stats){
		.created = 2, .full = 4, .out_of_order_caller = 1, .byes = 6 };
	json_t *body = ask(t, "{'id':1,'command':'show dialogs'}");
	const json_t *workers = json_object_get(body, "workers");
	assert_int_equal(json_array_size(workers), 2);
	assert_int_equal(number(json_array_get(workers, 0), "live", NULL), 5);
	assert_int_equal(number(json_array_get(workers, 1), "max", NULL), 100);
	assert_int_equal(number(json_array_get(workers, 1), "watches", NULL), 2);
	const json_t *services = json_object_get(body, "services");
	assert_int_equal(json_array_size(services), 2);
	const json_t *first = json_array_get(services, 0);
	assert_string_equal(string(first, "service"), "inbound");
	assert_int_equal(number(first, "created", NULL), 11);
	assert_int_equal(number(first, "full", NULL), 4);
	assert_int_equal(number(first, "byes", NULL), 6);
	assert_int_equal(number(first, "out_of_order", "caller"), 4);
	assert_int_equal(number(first, "unacknowledged", "callee"), 1);
	assert_int_equal(number(json_array_get(services, 1), "created", NULL), 0);
	assert_int_equal(number(json_object_get(body, "total"), "created", NULL), 11);
	json_decref(body);
}

static void show_config_prints_yaml_that_loads(void **state)
{
	struct test *t = *state;
	struct config_report report;
	struct config *again = NULL;
	json_t *body = ask(t, "{'id':1,'command':'show config'}");

	assert_string_equal(string(body, "file"), "test.yaml");
	assert_int_equal(config_load_text("x", span_of_string(string(body, "yaml")), &again, &report),
			 0);
	config_destroy(again);
	json_decref(body);
}

static void the_wish_for_a_target_is_stored_and_told(void **state)
{
	struct test *t = *state;
	void *follower = api_client_open(&t->api);
	struct target_status *status = t->control.snapshot->targets[0].status;

	api_client_hello(&t->api, follower);
	api_client_say(follower, "{'id':1,'command':'events'}");
	api_client_expect(&t->api, follower, "{'id':1,'ok':{'recent':[]}}");
	json_decref(ask(t, "{'id':1,'command':'target drain','args':{'name':'sw1'}}"));
	assert_int_equal(status->admin, TARGET_DRAIN);
	json_t *event = api_client_hear(&t->api, follower);
	const json_t *fields = json_object_get(event, "event");
	assert_string_equal(string(fields, "kind"), "target");
	assert_string_equal(string(fields, "text"), "switches/sw1: drain, was ready");
	assert_string_equal(string(fields, "admin"), "drain");
	json_decref(event);
	json_t *body = ask(t, "{'id':1,'command':'target drain','args':{'name':'switches/sw1'}}");
	assert_true(json_is_false(json_object_get(body, "changed")));
	json_decref(body);
	assert_null(api_client_hear_at_once(&t->api, follower));
	json_decref(ask(t, "{'id':1,'command':'target maint','args':{'name':'carriers/sw2'}}"));
	assert_int_equal(t->control.snapshot->targets[3].status->admin, TARGET_MAINT);
	assert_int_equal(t->control.snapshot->targets[1].status->admin, TARGET_READY);
	json_decref(ask(t, "{'id':1,'command':'target ready','args':{'name':'sw1'}}"));
	assert_int_equal(status->admin, TARGET_READY);
	api_client_close(&t->api, follower);
}

static void a_target_that_is_unknown_or_in_two_pools_is_refused(void **state)
{
	struct test *t = *state;
	static const char *const names[] = { "sw2", "nosuch", "switches/c1", "switches/", "/sw1", "" };
	char request[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(request, sizeof(request),
			 "{'id':1,'command':'target drain','args':{'name':'%s'}}", names[i]);
		api_client_say(t->client, request);
		api_client_expect_error(&t->api, t->client, 1, "not-found");
	}
	for (uint32_t i = 0; i < t->control.snapshot->target_count; i++)
		assert_int_equal(t->control.snapshot->targets[i].status->admin, TARGET_READY);
}

static void capture_is_one_at_a_time_and_tells_why_it_cannot(void **state)
{
	struct test *t = *state;

	t->dataplane.capture_status = -EACCES;
	api_client_say(t->client, "{'id':1,'command':'capture start','args':{'path':'/x'}}");
	api_client_expect(&t->api, t->client,
			  "{'error':{'code':'failed','text':"
			  "'cannot capture to /x: Permission denied'},'id':1}");
	t->dataplane.capture_status = 0;
	api_client_say(t->client, "{'id':1,'command':'capture stop'}");
	api_client_expect_error(&t->api, t->client, 1, "conflict");
	json_decref(ask(t, "{'id':1,'command':'capture start','args':{'path':'/x','packets':9}}"));
	assert_string_equal(t->dataplane.capture_path, "/x");
	assert_int_equal(t->dataplane.capture_max, 9);
	api_client_say(t->client, "{'id':1,'command':'capture start','args':{'path':'/y'}}");
	api_client_expect_error(&t->api, t->client, 1, "conflict");
	json_t *body = ask(t, "{'id':1,'command':'capture stop'}");
	assert_int_equal(number(body, "packets", NULL), 12);
	assert_int_equal(number(body, "dropped", NULL), 3);
	assert_false(t->dataplane.is_capturing);
	json_decref(body);
	json_decref(ask(t, "{'id':1,'command':'capture start','args':{'path':'/y'}}"));
	assert_true(t->dataplane.capture_max == UINT64_MAX);
	json_decref(ask(t, "{'id':1,'command':'capture stop'}"));
}

static void recent_events_are_bounded(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < EVENTS_RECENT_MAX + 10; i++)
		events_raise(&t->control.events, "start", NULL, "number %d", i);
	json_t *body = ask(t, "{'id':1,'command':'events'}");
	const json_t *recent = json_object_get(body, "recent");
	assert_int_equal(json_array_size(recent), EVENTS_RECENT_MAX);
	assert_string_equal(string(json_array_get(recent, 0), "text"), "number 10");
	json_decref(body);
}

static void an_event_is_one_line_with_time_and_kind(void **)
{
	char *text = NULL;
	size_t size = 0;
	struct events events;
	FILE *out = open_memstream(&text, &size);
	const struct timespec at = { .tv_sec = 1700000000, .tv_nsec = 7000000 };
	char time[EVENTS_TIME_MAX];

	events_init(&events, out);
	events_raise(&events, "target", json_pack("{s:s}", "pool", "p"), "%s is up", "p/t");
	fclose(out);
	assert_int_equal(strlen(text), strlen("2023-11-14T22:13:20.007Z target: p/t is up\n"));
	assert_string_equal(text + 24, " target: p/t is up\n");
	assert_string_equal(events_time(&at, time), "2023-11-14T22:13:20.007Z");
	events_fini(&events);
	free(text);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, commands_setup, commands_teardown)
	const struct CMUnitTest tests[] = {
		CASE(show_status_sums_verdicts_but_not_hand_offs),
		CASE(show_status_tells_that_tandemd_is_closing),
		CASE(show_workers_gives_figures_a_message_and_null_without_messages),
		CASE(show_workers_by_stage_gives_all_cycles_of_all_workers),
		CASE(show_drops_lists_each_verdict_with_its_clause),
		CASE(show_targets_counts_what_traffic_showed),
		CASE(show_services_pools_interfaces_and_memory_name_everything),
		CASE(show_timers_counts_by_worker_and_tells_durations),
		CASE(show_memory_tells_copies_owed_and_the_reserve),
		CASE(show_dialogs_adds_workers_up_by_service),
		CASE(show_config_prints_yaml_that_loads),
		CASE(the_wish_for_a_target_is_stored_and_told),
		CASE(a_target_that_is_unknown_or_in_two_pools_is_refused),
		CASE(capture_is_one_at_a_time_and_tells_why_it_cannot),
		CASE(recent_events_are_bounded),
		cmocka_unit_test(an_event_is_one_line_with_time_and_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
