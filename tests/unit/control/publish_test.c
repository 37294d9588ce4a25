/* SPDX-License-Identifier: BSD-3-Clause */
/* reload/publish.h: what asks for a snapshot gets one, and the one before goes when nobody reads it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "dataplane_double.h"

#include <stdlib.h>

#include "api/control.h"

/* Every call of ours passes here (--wrap). */
void __wrap_drain_compare(struct drain *drain, const struct balance_snapshot *before,
			  const struct balance_snapshot *after);
void __real_drain_compare(struct drain *drain, const struct balance_snapshot *before,
			  const struct balance_snapshot *after);
static unsigned int drain_compared;

void __wrap_drain_compare(struct drain *drain, const struct balance_snapshot *before,
			  const struct balance_snapshot *after)
{
	drain_compared++;
	__real_drain_compare(drain, before, after);
}

static const char configuration[] =
	"interfaces: [{name: access, device: d, addresses: [192.0.2.1/24]}]\n"
	"services: [{name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p}]\n"
	"pools: [{name: p, targets: [{name: t, uri: \"sip:192.0.2.11\"}]}]\n";

struct test {
	struct dataplane dataplane;
	struct control control;
	uv_loop_t loop;
	unsigned int told;
	const struct balance_snapshot *told_of;
};

static void published(void *context, const struct balance_snapshot *snapshot)
{
	struct test *t = context;

	t->told++;
	t->told_of = snapshot;
	/* The one before is still there. */
	assert_int_equal(t->control.publisher.retiring->version, snapshot->version - 1);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct control *c = &t->control;
	struct config_report report;
	char error[256];

	assert_int_equal(config_load_text("t", SPAN(configuration), &c->config, &report), 0);
	uv_loop_init(&t->loop);
	c->loop = &t->loop;
	events_init(&c->events, NULL);
	c->publisher.identity = (struct config_identity){ .instance = 1, .route_key_count = 1 };
	assert_int_equal(publish_open(c, error, sizeof(error)), 0);
	c->dataplane = &t->dataplane;
	control_on_publish(c, published, t);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	publish_close(&t->control);
	config_destroy(t->control.config);
	events_fini(&t->control.events);
	uv_loop_close(&t->loop);
	free(t);
	return 0;
}

static void add(struct test *t, const char *name, uint8_t host)
{
	struct target_spec spec = { .endpoint = { .address = { .bytes = { 192, 0, 2, host },
							       .family = IP_V4 },
						  .port = 5060 },
				    .weight = 1 };

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	assert_int_equal(target_set_replace(t->control.publisher.targets, "p",
					    TARGET_SOURCE_SRV, &spec, 1), 1);
}

static const char *event_text(const struct test *t, size_t from_last)
{
	const json_t *recent = t->control.events.recent;
	const json_t *event = json_array_get(recent, json_array_size(recent) - 1 - from_last);

	return json_string_value(json_object_get(event, "text"));
}

static void all_that_ask_until_the_next_pass_get_one_snapshot(void **state)
{
	struct test *t = *state;

	publish_poll(&t->control);
	assert_int_equal(t->dataplane.publications, 0);
	add(t, "x", 12);
	control_publish_soon(&t->control, "DNS");
	control_publish_soon(&t->control, "agent a");
	control_publish_soon(&t->control, "DNS");
	assert_int_equal(t->dataplane.publications, 0);
	publish_poll(&t->control);
	assert_int_equal(t->dataplane.publications, 1);
	assert_ptr_equal(t->dataplane.published, t->control.snapshot);
	assert_ptr_equal(t->told_of, t->control.snapshot);
	assert_int_equal(t->control.snapshot->version, 2);
	assert_int_equal(t->control.snapshot->target_count, 2);
	assert_string_equal(event_text(t, 0), "p/x: added, 192.0.2.12:5060 (DNS, agent a)");
	publish_poll(&t->control);
	assert_int_equal(t->dataplane.publications, 1);
}

static void the_one_before_is_kept_while_a_worker_reads_it_and_the_next_waits(void **state)
{
	struct test *t = *state;

	t->dataplane.is_in_use = true;
	control_publish_soon(&t->control, "DNS");
	publish_poll(&t->control);
	add(t, "x", 12);
	control_publish_soon(&t->control, "DNS");
	for (int i = 0; i < 10; i++)
		publish_poll(&t->control);
	assert_int_equal(t->dataplane.publications, 1);
	assert_int_equal(t->control.publisher.retiring->version, 1);
	assert_ptr_equal(t->control.explain.before, t->control.publisher.retiring);
	t->dataplane.is_in_use = false;
	publish_poll(&t->control);
	/* One pass more: what was answered by it may still lie in a ring. */
	assert_non_null(t->control.publisher.retiring);
	publish_poll(&t->control);
	assert_int_equal(t->dataplane.publications, 2);
	assert_int_equal(t->control.snapshot->target_count, 2);
	assert_int_equal(t->told, 2);
	publish_poll(&t->control);
	publish_poll(&t->control);
	assert_null(t->control.publisher.retiring);
	assert_null(t->control.explain.before);
}

static void each_target_that_differs_is_told_with_what_it_was(void **state)
{
	struct test *t = *state;

	add(t, "x", 12);
	control_publish_soon(&t->control, "DNS");
	publish_poll(&t->control);
	publish_poll(&t->control);
	publish_poll(&t->control);
	add(t, "x", 13);
	control_publish_soon(&t->control, "DNS");
	publish_poll(&t->control);
	assert_string_equal(event_text(t, 0),
			    "p/x: changed, 192.0.2.13:5060, was 192.0.2.12:5060 (DNS)");
	publish_poll(&t->control);
	publish_poll(&t->control);
	add(t, "y", 13);
	control_publish_soon(&t->control, "DNS");
	publish_poll(&t->control);
	bool added_last = strstr(event_text(t, 0), "added") != NULL;
	assert_string_equal(event_text(t, added_last), "p/x: removed, 192.0.2.13:5060 (DNS)");
	assert_string_equal(event_text(t, !added_last), "p/y: added, 192.0.2.13:5060 (DNS)");
}

static void counted_outcomes_outlive_a_target_that_goes_and_comes_back(void **state)
{
	struct test *t = *state;
	struct target_outcomes *outcomes = target_outcomes_create(t->control.snapshot);

	add(t, "x", 12);
	control_publish_soon(&t->control, "DNS");
	publish_poll(&t->control);
	assert_true(target_outcomes_renew(&outcomes, t->control.snapshot));
	uint64_t id = t->control.snapshot->targets[1].id;
	const struct outcome timeout = { .target_id = id, .kind = OUTCOME_TIMEOUT };
	target_outcomes_count(outcomes, &timeout);
	assert_int_equal(target_set_replace(t->control.publisher.targets, "p",
					    TARGET_SOURCE_SRV, NULL, 0), 1);
	control_publish_soon(&t->control, "DNS");
	for (int i = 0; i < 3; i++)
		publish_poll(&t->control);
	assert_int_equal(t->control.snapshot->target_count, 1);
	assert_true(target_outcomes_renew(&outcomes, t->control.snapshot));
	assert_int_equal(target_outcomes_find(outcomes, id)->timeouts, 1);
	target_outcomes_destroy(outcomes);
}

/* All targets are gone through for it. */
static void what_drains_is_looked_for_once_a_publication(void **state)
{
	struct test *t = *state;

	drain_compared = 0;
	add(t, "x", 12);
	control_publish_soon(&t->control, "DNS");
	publish_poll(&t->control);
	assert_int_equal(t->dataplane.publications, 1);
	assert_int_equal(drain_compared, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_that_ask_until_the_next_pass_get_one_snapshot),
		TEST(the_one_before_is_kept_while_a_worker_reads_it_and_the_next_waits),
		TEST(each_target_that_differs_is_told_with_what_it_was),
		TEST(counted_outcomes_outlive_a_target_that_goes_and_comes_back),
		TEST(what_drains_is_looked_for_once_a_publication),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
