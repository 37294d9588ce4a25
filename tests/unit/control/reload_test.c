/* SPDX-License-Identifier: BSD-3-Clause */
/* reload/reload.h and what else changes a running configuration, over the socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "dataplane_double.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/control.h"
#include "api/handlers.h"
#include "balance/timers.h"

#define FIRST                                                                                      \
	"interfaces: [{name: access, device: d, addresses: [192.0.2.1/24]}]\n"                      \
	"services: [{name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p}]\n"                        \
	"pools:\n"                                                                                 \
	"- name: p\n"                                                                              \
	"  targets: [{name: t, uri: \"sip:192.0.2.11\"}, {name: u, uri: \"sip:192.0.2.12\"}]\n"
#define SECRET(digit) "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde" digit

struct test {
	struct api_fixture api;
	struct dataplane dataplane;
	struct control control;
	char folder[64], file[96], keys[96];
	void *client;
	uint64_t numbered; /* targets that were seen and are in no snapshot */
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	fputs(text, file);
	fclose(file);
}

static void write_config(struct test *t, const char *text)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "state_dir: %s\n%s", t->folder, text);
	write_file(t->file, whole);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct control *c = &t->control;
	struct config_report report;
	char error[256];

	snprintf(t->folder, sizeof(t->folder), "/tmp/tandem-reload-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->file, sizeof(t->file), "%s/t.yaml", t->folder);
	snprintf(t->keys, sizeof(t->keys), "%s/keys", t->folder);
	write_file(t->keys, "master " SECRET("1") "\nroute 1 " SECRET("2") "\n");
	write_config(t, FIRST);
	api_fixture_start(&t->api, api_handlers, c, 0);
	c->api = t->api.server;
	c->loop = &t->api.loop;
	c->config_file = t->file;
	events_init(&c->events, NULL);
	assert_int_equal(config_load(t->file, &c->config, &report), 0);
	assert_int_equal(config_identity_load(c->config, 5, &c->publisher.identity, error,
					      sizeof(error)), 0);
	assert_int_equal(publish_open(c, error, sizeof(error)), 0);
	c->dataplane = &t->dataplane;
	t->client = api_client_open(&t->api);
	api_client_hello(&t->api, t->client);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	char command[128];

	api_client_close(&t->api, t->client);
	reload_fini(&t->control);
	api_fixture_stop(&t->api);
	publish_close(&t->control);
	config_destroy(t->control.config);
	events_fini(&t->control.events);
	snprintf(command, sizeof(command), "rm -rf %s", t->folder);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static void pass(struct test *t)
{
	reload_poll(&t->control);
	publish_poll(&t->control);
}

/* All passes that it takes until nothing is under way. */
static void settle(struct test *t)
{
	for (int i = 0; i < 4; i++)
		pass(t);
}

static json_t *hear(struct test *t)
{
	settle(t);
	return api_client_hear(&t->api, t->client);
}

/* The answer's body; settles. */
static json_t *ask(struct test *t, const char *command)
{
	char text[256];

	snprintf(text, sizeof(text), "{'id':1,'command':%s}", command);
	api_client_say(t->client, text);
	json_t *message = hear(t);
	json_t *body = json_incref(json_object_get(message, "ok"));
	if (!body)
		fail_msg("%s", json_dumps(message, 0));
	json_decref(message);
	settle(t);
	return body;
}

/* The sentence of the error; what came before it goes into *partial, when that is wanted. */
static const char *ask_error(struct test *t, const char *command, json_t **partial)
{
	static char sentence[512];
	char text[256];

	snprintf(text, sizeof(text), "{'id':1,'command':%s}", command);
	api_client_say(t->client, text);
	json_t *message = hear(t);
	if (json_object_get(message, "partial")) {
		if (partial)
			*partial = json_incref(json_object_get(message, "partial"));
		json_decref(message);
		message = hear(t);
	}
	const char *said =
		json_string_value(json_object_get(json_object_get(message, "error"), "text"));
	if (!said)
		fail_msg("%s", json_dumps(message, 0));
	snprintf(sentence, sizeof(sentence), "%s", said);
	json_decref(message);
	return sentence;
}

/* "what change before>after" of all differences, sorted as they are told. */
static const char *differences(const json_t *body)
{
	static char text[1024];
	size_t i, used = 0;
	json_t *row;

	text[0] = '\0';
	json_array_foreach(json_object_get(body, "differences"), i, row) {
		const char *before = json_string_value(json_object_get(row, "before"));
		const char *after = json_string_value(json_object_get(row, "after"));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s %s>%s\n",
					 json_string_value(json_object_get(row, "what")),
					 json_string_value(json_object_get(row, "change")),
					 before ? before : "", after ? after : "");
	}
	return text;
}

static bool event_says(const struct test *t, const char *text)
{
	size_t i;
	json_t *event;

	json_array_foreach(t->control.events.recent, i, event) {
		if (strcmp(json_string_value(json_object_get(event, "text")), text) == 0)
			return true;
	}
	return false;
}

#define SECOND                                                                                     \
	"timers: {t1: 250ms}\n"                                                                    \
	"interfaces: [{name: access, device: d, addresses: [192.0.2.1/24], peers: [10.0.0.0/8, "    \
	"192.0.2.0/24]}]\n"                                                                        \
	"services: [{name: b, listen: [\"udp:192.0.2.1:5060\"], pool: p}]\n"                        \
	"pools:\n"                                                                                 \
	"- name: p\n"                                                                              \
	"  policy: round-robin\n"                                                                  \
	"  targets: [{name: u, uri: \"sip:192.0.2.12\", weight: 3}, {name: v, uri: "               \
	"\"sip:192.0.2.13\"}]\n"

static const char second_differences[] =
	"interfaces[access].peers added >[\"10.0.0.0/8\", \"192.0.2.0/24\"]\n"
	"timers.t1 changed 500ms>250ms\n"
	"services[a] removed {listen: [\"udp:192.0.2.1:5060\"], pool: \"p\"}>\n"
	"services[b] added >{listen: [\"udp:192.0.2.1:5060\"], pool: \"p\"}\n"
	"pools[p].policy changed call-id-hash>round-robin\n"
	"pools[p].targets[t] removed {uri: \"sip:192.0.2.11\"}>\n"
	"pools[p].targets[u].weight changed 1>3\n"
	"pools[p].targets[v] added >{uri: \"sip:192.0.2.13\"}\n";

static void all_that_differs_is_told_and_taken_over_as_a_whole(void **state)
{
	struct test *t = *state;

	write_config(t, SECOND);
	json_t *body = ask(t, "'reload'");
	assert_string_equal(differences(body), second_differences);
	assert_int_equal(json_integer_value(json_object_get(body, "version")), 2);
	const json_t *t1 = json_array_get(json_object_get(body, "differences"), 1);
	assert_int_equal(json_integer_value(json_object_get(t1, "line")), 2);
	assert_int_equal(json_integer_value(json_object_get(t1, "column")), 14);
	json_decref(body);
	const struct balance_snapshot *s = t->control.snapshot;
	assert_ptr_equal(t->dataplane.published, s);
	assert_int_equal(s->version, 2);
	assert_int_equal(s->target_count, 2);
	assert_string_equal(s->services[1].name, "b");
	assert_int_equal(balance_timers_at(s, s->services[1].timer_set)->t1_ms, 250);
	assert_int_equal(balance_timers_at(s, s->services[0].timer_set)->t1_ms, 500);
	assert_true(event_says(t, "reloaded, version 2, asked by test: 8 differences"));
	assert_true(event_says(t, "pools[p].policy: round-robin, was call-id-hash"));
	assert_true(event_says(t, "p/t: removed, 192.0.2.11:5060 (reload)"));
}

static void dry_run_tells_the_same_and_takes_nothing_over(void **state)
{
	struct test *t = *state;

	write_config(t, SECOND);
	json_t *body = ask(t, "'reload','args':{'dry_run':true}");
	assert_string_equal(differences(body), second_differences);
	assert_true(json_is_true(json_object_get(body, "dry_run")));
	json_decref(body);
	assert_int_equal(t->dataplane.publications, 0);
	assert_int_equal(t->control.snapshot->version, 1);
	assert_int_equal(t->control.snapshot->target_count, 2);
	assert_int_equal(json_array_size(t->control.events.recent), 0);
}

static void the_same_file_again_differs_in_nothing(void **state)
{
	struct test *t = *state;
	json_t *body = ask(t, "'reload'");

	assert_string_equal(differences(body), "");
	json_decref(body);
}

/* Whatever is wrong: a sentence with the place, and not a bit changes. */
static void refused(struct test *t, const char *with)
{
	const struct balance_snapshot *snapshot = t->control.snapshot;
	struct config *config = t->control.config;
	char event[640];
	const char *why = ask_error(t, "'reload'", NULL);

	if (!strstr(why, with))
		fail_msg("'%s' does not say '%s'", why, with);
	assert_ptr_equal(t->control.snapshot, snapshot);
	assert_ptr_equal(t->control.config, config);
	assert_int_equal(t->dataplane.publications, 0);
	const char *tail = strstr(why, "before: ");
	assert_non_null(tail);
	snprintf(event, sizeof(event), "a reload by test was refused, all goes on as %s", tail);
	assert_true(event_says(t, event));
}

static void broken_file_is_refused_with_its_place(void **state)
{
	struct test *t = *state;
	char place[160];

	write_config(t, "interfaces: [{name: access, device: d, addresses: [192.0.2.1/24]}]\n"
			"services: [{name: a, listen: [\"udp:192.0.2.1:5060\"], pool: x}]\n"
			"pools: [{name: p, policy: magic, targets: [{name: t, uri: \"sip:192.0.2.11\"}]}]\n");
	snprintf(place, sizeof(place), "%s:3:", t->file);
	refused(t, place);
	json_t *partial = NULL;
	(void)ask_error(t, "'reload','args':{'dry_run':true}", &partial);
	assert_true(json_array_size(json_object_get(partial, "errors")) >= 2);
	json_decref(partial);
}

static void half_written_empty_or_missing_file_is_refused(void **state)
{
	struct test *t = *state;

	write_config(t, "interfaces: [{name: access, device: d, addre");
	refused(t, t->file);
	write_file(t->file, "");
	refused(t, t->file);
	unlink(t->file);
	refused(t, "cannot open the file");
	assert_int_equal(mkfifo(t->file, 0600), 0);
	refused(t, "not a regular file");
	unlink(t->file);
	assert_int_equal(mkdir(t->file, 0700), 0);
	refused(t, "not a regular file");
	rmdir(t->file);
}

static void what_needs_a_restart_is_named_with_its_line_and_nothing_is_taken_over(void **state)
{
	struct test *t = *state;
	char place[160];
	json_t *partial = NULL;

	write_config(t, "dataplane: {workers: 2}\n"
			"interfaces: [{name: access, device: d, addresses: [192.0.2.1/24], mtu: 9000}]\n"
			"services: [{name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p}]\n"
			"pools: [{name: p, targets: [{name: t, uri: \"sip:192.0.2.19\"}]}]\n");
	snprintf(place, sizeof(place), "%s:2:22: dataplane.workers needs a restart (and 1 more)",
		 t->file);
	refused(t, place);
	(void)ask_error(t, "'reload'", &partial);
	assert_non_null(strstr(differences(partial), "interfaces[access].mtu changed 1500>9000"));
	assert_non_null(strstr(differences(partial), "pools[p].targets[t].uri changed"));
	json_decref(partial);
}

static void interfaces_in_another_order_need_a_restart(void **state)
{
	struct test *t = *state;

	write_config(t, "interfaces: [{name: access, device: d, addresses: [192.0.2.1/24]}, {name: "
			"core, device: e, addresses: [198.51.100.1/24]}]\n"
			"services: [{name: a, listen: [\"udp:192.0.2.1:5060\"], pool: request-uri}]\n");
	refused(t, "interfaces[core] needs a restart");
}

static void route_keys_are_read_again_and_the_first_signs(void **state)
{
	struct test *t = *state;

	write_file(t->keys, "master " SECRET("1") "\nroute 2 " SECRET("3") "\nroute 1 " SECRET("2") "\n");
	json_t *body = ask(t, "'reload'");
	assert_string_equal(differences(body), "keys.route[1] changed signs>verifies\n"
					       "keys.route[2] added >signs\n");
	json_decref(body);
	assert_int_equal(t->control.snapshot->route_key_count, 2);
	assert_int_equal(t->control.snapshot->route_keys[0].id, 2);
	assert_int_equal(t->control.snapshot->epoch, 5);
}

static void keys_that_calls_depend_on_do_not_change_live(void **state)
{
	struct test *t = *state;

	write_file(t->keys, "master " SECRET("9") "\nroute 1 " SECRET("2") "\n");
	refused(t, "master secret is another one");
	write_file(t->keys, "master " SECRET("1") "\nroute 1 " SECRET("8") "\n");
	refused(t, "another secret under the same id");
	write_file(t->keys, "master " SECRET("1") "\nroute x\n");
	refused(t, "line 2");
	unlink(t->keys);
	refused(t, t->keys);
	assert_int_equal(access(t->keys, F_OK), -1);
}

static void reload_waits_until_no_worker_reads_the_snapshot_before(void **state)
{
	struct test *t = *state;

	t->dataplane.is_in_use = true;
	json_decref(ask(t, "'reload'"));
	write_config(t, SECOND);
	api_client_say(t->client, "{'id':2,'command':'reload'}");
	assert_null(api_client_hear_at_once(&t->api, t->client));
	settle(t);
	assert_int_equal(t->dataplane.publications, 1);
	t->dataplane.is_in_use = false;
	settle(t);
	json_t *message = hear(t);
	assert_string_equal(differences(json_object_get(message, "ok")), second_differences);
	json_decref(message);
	assert_int_equal(t->dataplane.publications, 2);
}

static void timer_set_at_run_time_is_shown_and_put_back_by_a_reload(void **state)
{
	struct test *t = *state;

	json_t *body = ask(t, "'set timers','args':{'timer':'t1','value':'200ms'}");
	assert_string_equal(json_string_value(json_object_get(body, "before")), "500ms");
	assert_string_equal(json_string_value(json_object_get(body, "after")), "200ms");
	json_decref(body);
	const struct balance_snapshot *s = t->control.snapshot;
	assert_int_equal(balance_timers_at(s, s->services[0].timer_set)->t1_ms, 200);
	body = ask(t, "'show config'");
	assert_string_equal(json_string_value(json_object_get(json_object_get(body, "changed"), "t1")),
			    "200ms");
	assert_non_null(strstr(json_string_value(json_object_get(body, "yaml")), "  t1: 200ms\n"));
	json_decref(body);
	assert_non_null(strstr(ask_error(t, "'set timers','args':{'timer':'t2','value':'100ms'}", NULL),
			       "shorter than t1"));
	assert_non_null(strstr(ask_error(t, "'set timers','args':{'timer':'t1','value':'5'}", NULL),
			       "t1: "));
	assert_non_null(strstr(ask_error(t, "'set timers','args':{'timer':'t9','value':'5s'}", NULL),
			       "there is no timer"));
	body = ask(t, "'reload'");
	assert_string_equal(differences(body), "timers.t1 changed 200ms>500ms\n");
	json_decref(body);
	s = t->control.snapshot;
	assert_int_equal(balance_timers_at(s, s->services[0].timer_set)->t1_ms, 500);
	body = ask(t, "'show config'");
	assert_null(json_object_get(body, "changed"));
	assert_int_equal(json_integer_value(json_object_get(body, "reloads")), 1);
	json_decref(body);
}

/* A target more than the registry can number: no snapshot can be built. */
static void let_no_snapshot_be_built(struct test *t)
{
	const struct target_spec spec = {
		.name = "x",
		.endpoint = { .address = { .bytes = { 192, 0, 2, 13 }, .family = IP_V4 },
			      .port = 5060 },
		.weight = 1,
	};

	while (!target_registry_is_full(t->control.publisher.registry))
		assert_non_null(target_registry_find(t->control.publisher.registry,
						     ++t->numbered, NULL));
	assert_int_equal(target_set_replace(t->control.publisher.targets, "p", TARGET_SOURCE_SRV,
					    &spec, 1), 1);
}

static void timer_that_cannot_be_put_in_force_is_put_back_and_told(void **state)
{
	struct test *t = *state;

	json_decref(ask(t, "'set timers','args':{'timer':'t2','value':'5s'}"));
	let_no_snapshot_be_built(t);
	assert_string_equal(ask_error(t, "'set timers','args':{'timer':'t1','value':'700ms'}", NULL),
			    "t1 stays 500ms, all goes on as before: 65,535 different targets since "
			    "the start: restart tandemd");
	json_t *body = ask(t, "'show config'");
	const json_t *changed = json_object_get(body, "changed");
	assert_int_equal(json_object_size(changed), 1);
	assert_string_equal(json_string_value(json_object_get(changed, "t2")), "5s");
	const char *yaml = json_string_value(json_object_get(body, "yaml"));
	assert_non_null(strstr(yaml, "  t2: 5s\n"));
	assert_null(strstr(yaml, "700ms"));
	json_decref(body);
	assert_true(event_says(t, "timers: t1 stays 500ms, 700ms asked by test was refused, all goes "
				  "on as before: 65,535 different targets since the start: restart "
				  "tandemd"));
	assert_int_equal(t->dataplane.publications, 1);
	/* Nothing of it is left for the next snapshot. */
	assert_int_equal(target_set_replace(t->control.publisher.targets, "p", TARGET_SOURCE_SRV,
					    NULL, 0), 1);
	control_publish_soon(&t->control, "DNS");
	settle(t);
	const struct balance_snapshot *s = t->control.snapshot;
	assert_int_equal(t->dataplane.publications, 2);
	assert_int_equal(balance_timers_at(s, s->services[0].timer_set)->t1_ms, 500);
	assert_int_equal(balance_timers_at(s, s->services[0].timer_set)->t2_ms, 5000);
}

static void timer_is_answered_when_it_is_in_force(void **state)
{
	struct test *t = *state;

	t->dataplane.is_in_use = true;
	json_decref(ask(t, "'reload'"));
	api_client_say(t->client, "{'id':2,'command':'set timers','args':{'timer':'t1','value':'700ms'}}");
	assert_null(api_client_hear_at_once(&t->api, t->client));
	settle(t);
	api_client_say(t->client, "{'id':3,'command':'show config'}");
	json_t *message = hear(t);
	assert_int_equal(json_integer_value(json_object_get(message, "id")), 3);
	assert_null(json_object_get(json_object_get(message, "ok"), "changed"));
	json_decref(message);
	assert_int_equal(t->dataplane.publications, 1);
	t->dataplane.is_in_use = false;
	settle(t);
	api_client_expect(&t->api, t->client, "{'id':2,'ok':{'after':'700ms','before':'500ms',"
					      "'changed':true,'timer':'t1'}}");
	assert_int_equal(t->dataplane.publications, 2);
	const struct balance_snapshot *s = t->control.snapshot;
	assert_int_equal(balance_timers_at(s, s->services[0].timer_set)->t1_ms, 700);
}

static void target_added_by_hand_stays_over_a_reload_until_it_is_removed(void **state)
{
	struct test *t = *state;

	json_t *body = ask(t, "'target add','args':{'name':'p/x','uri':'sip:192.0.2.30:5070','weight':7}");
	assert_string_equal(json_string_value(json_object_get(body, "endpoint")), "192.0.2.30:5070");
	json_decref(body);
	assert_int_equal(t->control.snapshot->target_count, 3);
	assert_int_equal(t->control.snapshot->targets[2].weight, 7);
	json_decref(ask(t, "'reload'"));
	assert_string_equal(t->control.snapshot->targets[2].name, "x");
	assert_non_null(strstr(ask_error(t, "'target remove','args':{'name':'p/t'}", NULL),
			       "not added by hand"));
	__atomic_store_n(&t->control.snapshot->targets[2].status->calls, 4, __ATOMIC_RELAXED);
	struct target_status *status = t->control.snapshot->targets[2].status;
	body = ask(t, "'target remove','args':{'name':'x'}");
	assert_int_equal(json_integer_value(json_object_get(body, "calls")), 4);
	json_decref(body);
	assert_int_equal(t->control.snapshot->target_count, 2);
	drain_poll(&t->control.drain, &t->control.events);
	assert_false(event_says(t, "p/x: the last call has ended"));
	__atomic_store_n(&status->calls, 0, __ATOMIC_RELAXED);
	drain_poll(&t->control.drain, &t->control.events);
	assert_true(event_says(t, "p/x: the last call has ended"));
}

static void target_that_cannot_be_is_not_added(void **state)
{
	static const char *const cases[][2] = {
		{ "'name':'x','uri':'sip:192.0.2.30'", "POOL/TARGET" },
		{ "'name':'q/x','uri':'sip:192.0.2.30'", "there is no pool 'q'" },
		{ "'name':'p/t','uri':'sip:192.0.2.30'", "target of that name" },
		{ "'name':'p/x','uri':'sip:192.0.2.11:5060'", "with that address" },
		{ "'name':'p/x','uri':'sip:192.0.2.1:5060'", "Tandem itself" },
		{ "'name':'p/x','uri':'sip:203.0.113.1'", "no interface" },
		{ "'name':'p/x','uri':'sips:192.0.2.30'", "sip:ADDRESS:PORT" },
		{ "'name':'p/x','uri':'sip:nowhere.example'", "sip:ADDRESS:PORT" },
		{ "'name':'p/x','uri':'sip:192.0.2.30','weight':70000", "0 to 65535" },
	};
	struct test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char command[256];
		snprintf(command, sizeof(command), "'target add','args':{%s}", cases[i][0]);
		const char *why = ask_error(t, command, NULL);
		if (!strstr(why, cases[i][1]))
			fail_msg("'%s' does not say '%s'", why, cases[i][1]);
	}
	assert_int_equal(t->control.snapshot->target_count, 2);
	assert_int_equal(t->dataplane.publications, 0);
}

static void drain_tells_the_calls_left_and_when_the_last_has_ended(void **state)
{
	struct test *t = *state;
	struct target_status *status = t->control.snapshot->targets[0].status;

	status->calls = 2;
	json_t *body = ask(t, "'target drain','args':{'name':'t'}");
	assert_int_equal(json_integer_value(json_object_get(body, "calls")), 2);
	json_decref(body);
	drain_poll(&t->control.drain, &t->control.events);
	assert_false(event_says(t, "p/t: the last call has ended"));
	/* One that is ready again is not drained any more. */
	json_decref(ask(t, "'target ready','args':{'name':'t'}"));
	status->calls = 0;
	drain_poll(&t->control.drain, &t->control.events);
	assert_false(event_says(t, "p/t: the last call has ended"));
	status->calls = 1;
	json_decref(ask(t, "'target maint','args':{'name':'t'}"));
	status->calls = 0;
	drain_poll(&t->control.drain, &t->control.events);
	assert_true(event_says(t, "p/t: the last call has ended"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_that_differs_is_told_and_taken_over_as_a_whole),
		TEST(dry_run_tells_the_same_and_takes_nothing_over),
		TEST(the_same_file_again_differs_in_nothing),
		TEST(broken_file_is_refused_with_its_place),
		TEST(half_written_empty_or_missing_file_is_refused),
		TEST(what_needs_a_restart_is_named_with_its_line_and_nothing_is_taken_over),
		TEST(interfaces_in_another_order_need_a_restart),
		TEST(route_keys_are_read_again_and_the_first_signs),
		TEST(keys_that_calls_depend_on_do_not_change_live),
		TEST(reload_waits_until_no_worker_reads_the_snapshot_before),
		TEST(timer_set_at_run_time_is_shown_and_put_back_by_a_reload),
		TEST(timer_that_cannot_be_put_in_force_is_put_back_and_told),
		TEST(timer_is_answered_when_it_is_in_force),
		TEST(target_added_by_hand_stays_over_a_reload_until_it_is_removed),
		TEST(target_that_cannot_be_is_not_added),
		TEST(drain_tells_the_calls_left_and_when_the_last_has_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
