/* SPDX-License-Identifier: BSD-3-Clause */
/* All handlers behind a real socket; see commands_fixture.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "commands_fixture.h"

#include <stdlib.h>

#include "build_fixture.h"
#include "config/config.h"
#include "health/adapter.h"

static const char configuration[] =
	"interfaces:\n"
	"  - {name: access, device: net_null0, addresses: [192.0.2.1/24, \"2001:db8::1/64\"]}\n"
	"  - {name: core, device: net_null1, addresses: [198.51.100.1/24]}\n"
	"services:\n"
	"  - {name: inbound, listen: [\"udp:192.0.2.1:5060\", \"udp:[2001:db8::1]:5060\"], pool: switches}\n"
	"  - {name: outbound, listen: [\"udp:198.51.100.1:5060\"], from: switches, pool: carriers}\n"
	"pools:\n"
	"  - name: switches\n"
	"    targets:\n"
	"      - {name: sw1, uri: \"sip:198.51.100.11:5060\", weight: 50}\n"
	"      - {name: sw2, uri: \"sip:198.51.100.12:5060\", weight: 50}\n"
	"  - name: carriers\n"
	"    timers: {t1: 1s}\n"
	"    targets:\n"
	"      - {name: c1, uri: \"sip:192.0.2.77:5060\"}\n"
	"      - {name: sw2, uri: \"sip:192.0.2.78:5060\"}\n";

static void sink(void *context, json_t *event)
{
	struct control *control = context;

	if (control->api)
		api_server_event(control->api, event);
}

int commands_setup(void **state)
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
	c->outcomes = target_outcomes_create(c->snapshot);
	c->dataplane = &t->dataplane;
	c->explain = (struct explain){ .dataplane = c->dataplane, .snapshot = c->snapshot };
	t->dataplane.now = TICK_SECONDS(1000);
	events_init(&c->events, NULL);
	assert_int_equal(health_adapter_open(c), 0);
	c->events.sink = sink;
	c->events.context = c;
	api_fixture_start(&t->api, api_handlers, c, 0);
	c->api = t->api.server;
	c->loop = &t->api.loop;
	t->client = api_client_open(&t->api);
	api_client_hello(&t->api, t->client);
	*state = t;
	return 0;
}

int commands_teardown(void **state)
{
	struct test *t = *state;

	if (t->client)
		api_client_close(&t->api, t->client);
	explain_fini(&t->control.explain);
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

json_t *ask(struct test *t, const char *json)
{
	api_client_say(t->client, json);
	json_t *message = api_client_hear(&t->api, t->client);
	json_t *body = json_incref(json_object_get(message, "ok"));
	if (!body)
		fail_msg("%s", json_dumps(message, 0));
	json_decref(message);
	return body;
}

json_int_t number(const json_t *body, const char *a, const char *b)
{
	const json_t *value = json_object_get(body, a);

	value = b ? json_object_get(value, b) : value;
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

const char *string(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	assert_non_null(text);
	return text;
}
