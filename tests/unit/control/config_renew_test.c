/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot after another: which index services and pools have, and what of before goes on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "balance/interface.h"
#include "config/config.h"

/* Longer than the default dialog_age and any transaction. */
#define LONG_MS (14ull * 3600 * 1000)

struct chain {
	struct target_registry *registry;
	struct target_set *targets;
	const struct balance_snapshot *snapshot;
	uint64_t now_ms;
	uint16_t in_use; /* this service has dialogs; BALANCE_NONE: none has */
	char error[256];
};

static const struct config_identity identity = { .instance = 1, .route_key_count = 1 };

static bool is_in_use(void *context, uint16_t service)
{
	const struct chain *chain = context;

	return service == chain->in_use;
}

static int setup(void **state)
{
	struct chain *chain = calloc(1, sizeof(*chain));

	chain->registry = target_registry_create();
	chain->targets = target_set_create();
	chain->in_use = BALANCE_NONE;
	*state = chain;
	return 0;
}

static int teardown(void **state)
{
	struct chain *chain = *state;

	config_snapshot_destroy(chain->snapshot);
	target_set_destroy(chain->targets);
	target_registry_destroy(chain->registry);
	free(chain);
	return 0;
}

/* The next snapshot out of what services and pools say; the one before is freed at once, so that
 * nothing can refer to it. */
static int renew(struct chain *chain, const char *services, const char *pools)
{
	char *text = malloc(1 << 20);
	struct config_report report;
	struct config *config;
	const struct balance_snapshot *after;

	snprintf(text, 1 << 20,
		 "interfaces: [{name: access, device: d, addresses: [192.0.2.1/24]}]\n"
		 "services:\n%spools:\n%s",
		 services, pools);
	if (config_load_text("t.yaml", span_of_string(text), &config, &report))
		fail_msg("%s", report.errors.list[0].text);
	free(text);
	assert_int_equal(config_targets_apply(config, chain->targets), 0);
	const struct config_build build = {
		.identity = &identity,
		.registry = chain->registry,
		.targets = chain->targets,
		.before = chain->snapshot,
		.version = chain->snapshot ? chain->snapshot->version + 1 : 1,
		.now_ms = chain->now_ms,
		.is_in_use = is_in_use,
		.context = chain,
	};
	int rc = config_snapshot_build(config, &build, &after, chain->error,
				       sizeof(chain->error));
	config_destroy(config);
	if (rc == 0) {
		config_snapshot_destroy(chain->snapshot);
		chain->snapshot = after;
	}
	return rc;
}

#define A "- {name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p}\n"
#define B "- {name: b, listen: [\"udp:192.0.2.1:5070\"], pool: q}\n"
#define C "- {name: c, listen: [\"udp:192.0.2.1:5080\"], pool: p}\n"
#define P "- {name: p, targets: [{name: t, uri: \"sip:192.0.2.11\"}]}\n"
#define Q "- {name: q, targets: [{name: u, uri: \"sip:192.0.2.12\"}]}\n"

static void services_and_pools_keep_their_index_wherever_they_stand_in_the_file(void **state)
{
	struct chain *chain = *state;

	assert_int_equal(renew(chain, A B, P Q), 0);
	assert_int_equal(renew(chain, C B A, Q P), 0);
	const struct balance_snapshot *s = chain->snapshot;
	assert_int_equal(s->service_count, 3);
	assert_string_equal(s->services[0].name, "a");
	assert_string_equal(s->services[1].name, "b");
	assert_string_equal(s->services[2].name, "c");
	assert_string_equal(s->pools[s->services[0].pool].name, "p");
	assert_string_equal(s->pools[s->services[1].pool].name, "q");
	assert_string_equal(s->pools[0].name, "p");
	for (uint32_t i = 0; i < s->target_count; i++)
		assert_string_equal(s->targets[i].name,
				    s->pools[s->targets[i].pool].name[0] == 'p' ? "t" : "u");
	for (uint32_t i = 0; i < s->listen_count; i++) {
		static const uint16_t ports[] = { 5060, 5070, 5080 };
		assert_int_equal(s->listens[i].endpoint.port, ports[s->listens[i].service]);
	}
}

static void removed_service_goes_on_without_listening_and_comes_back_as_itself(void **state)
{
	struct chain *chain = *state;

	assert_int_equal(renew(chain, A B, P Q), 0);
	chain->now_ms = 5000;
	assert_int_equal(renew(chain, A, P), 0);
	const struct balance_snapshot *s = chain->snapshot;
	assert_int_equal(s->service_count, 2);
	assert_true(s->services[1].is_retired);
	assert_int_equal(s->services[1].retired_ms, 5000);
	assert_string_equal(s->services[1].name, "b");
	assert_true(s->services[1].record_route);
	assert_int_equal(s->services[1].listen_count, 0);
	assert_true(s->pools[s->services[1].pool].is_retired);
	assert_int_equal(s->pools[s->services[1].pool].target_count, 0);
	chain->now_ms = 6000;
	assert_int_equal(renew(chain, B A, Q P), 0);
	s = chain->snapshot;
	assert_int_equal(s->service_count, 2);
	assert_false(s->services[1].is_retired);
	assert_int_equal(s->services[1].listen_count, 1);
	assert_int_equal(s->pools[s->services[1].pool].target_count, 1);
}

static void another_mode_or_record_route_is_another_service_to_what_has_begun(void **state)
{
	struct chain *chain = *state;

	assert_int_equal(renew(chain, A, P), 0);
	assert_int_equal(renew(chain,
			       "- {name: a, listen: [\"udp:192.0.2.1:5060\"], pool: p, "
			       "record_route: false}\n", P), 0);
	const struct balance_snapshot *s = chain->snapshot;
	assert_int_equal(s->service_count, 2);
	assert_true(s->services[0].is_retired && s->services[0].record_route);
	assert_false(s->services[1].is_retired || s->services[1].record_route);
	assert_int_equal(s->listens[0].service, 1);
	assert_int_equal(renew(chain, A, P), 0);
	assert_false(chain->snapshot->services[0].is_retired);
	assert_true(chain->snapshot->services[1].is_retired);
}

static void an_index_is_given_away_only_when_nothing_can_refer_to_it(void **state)
{
	struct chain *chain = *state;

	assert_int_equal(renew(chain, A B, P Q), 0);
	assert_int_equal(renew(chain, A, P), 0);
	chain->now_ms = LONG_MS / 2;
	assert_int_equal(renew(chain, A C, P), 0);
	assert_int_equal(chain->snapshot->service_count, 3);
	assert_int_equal(renew(chain, A, P), 0);
	chain->now_ms = LONG_MS;
	chain->in_use = 1;
	assert_int_equal(renew(chain, A "- {name: d, listen: [\"udp:192.0.2.1:5090\"], pool: p}\n", P), 0);
	assert_int_equal(chain->snapshot->service_count, 4);
	chain->in_use = BALANCE_NONE;
	assert_int_equal(renew(chain, A "- {name: e, listen: [\"udp:192.0.2.1:5090\"], pool: r}\n",
			       P "- {name: r, targets: [{name: v, uri: \"sip:192.0.2.13\"}]}\n"), 0);
	assert_int_equal(chain->snapshot->service_count, 4);
	assert_string_equal(chain->snapshot->services[1].name, "e");
	assert_false(chain->snapshot->services[1].is_retired);
	assert_string_equal(chain->snapshot->pools[1].name, "r");
}

/* So many services, all of them new each time. */
static char *services(char letter, unsigned int count)
{
	char *text = malloc(count * 80), *at = text;

	for (unsigned int i = 0; i < count; i++)
		at += sprintf(at, "- {name: %c%u, listen: [\"udp:192.0.2.1:%u\"], pool: p}\n",
			      letter, i, 10000 + i);
	return text;
}

static void when_no_index_is_left_nothing_changes_until_time_has_passed(void **state)
{
	struct chain *chain = *state;
	char *first = services('f', 200), *second = services('s', 200);

	assert_int_equal(renew(chain, first, P), 0);
	assert_int_equal(renew(chain, second, P), -ENOSPC);
	assert_non_null(strstr(chain->error, "256"));
	assert_string_equal(chain->snapshot->services[0].name, "f0");
	assert_int_equal(renew(chain, A, P), 0);
	assert_int_equal(renew(chain, second, P), -ENOSPC);
	chain->now_ms = LONG_MS;
	assert_int_equal(renew(chain, second, P), 0);
	assert_int_equal(chain->snapshot->service_count, 201);
	free(first);
	free(second);
}

static bool is_own(const struct balance_snapshot *s, uint16_t port)
{
	const struct endpoint endpoint = { .address = s->interfaces[0].addresses[0].address,
					   .port = port };

	return balance_is_own_endpoint(s, &endpoint);
}

static void ports_and_targets_of_before_are_known_while_dialogs_may_lead_there(void **state)
{
	struct chain *chain = *state;
	struct ip_address u;

	assert_true(ip_address_parse(SPAN("192.0.2.12"), &u));
	assert_int_equal(renew(chain, A B, P Q), 0);
	assert_false(balance_was_target(chain->snapshot, &u));
	assert_int_equal(renew(chain, A, P), 0);
	assert_true(is_own(chain->snapshot, 5070));
	assert_true(balance_was_target(chain->snapshot, &u));
	chain->now_ms = LONG_MS / 2;
	assert_int_equal(renew(chain, A, P), 0);
	assert_true(is_own(chain->snapshot, 5070));
	assert_true(balance_was_target(chain->snapshot, &u));
	chain->now_ms = LONG_MS;
	assert_int_equal(renew(chain, A, P), 0);
	assert_false(is_own(chain->snapshot, 5070));
	assert_false(balance_was_target(chain->snapshot, &u));
	assert_true(is_own(chain->snapshot, 5060));
}

static void sip_port_that_follows_the_first_service_stays_ours_when_that_goes(void **state)
{
	struct chain *chain = *state;

	assert_int_equal(renew(chain, B A, P Q), 0);
	assert_int_equal(chain->snapshot->interfaces[0].sip_port, 5070);
	assert_int_equal(renew(chain, A, P), 0);
	assert_int_equal(chain->snapshot->interfaces[0].sip_port, 5060);
	assert_true(is_own(chain->snapshot, 5070));
	assert_int_equal(chain->snapshot->past_port_count, 1);
}

static void targets_of_all_sources_stand_in_the_pool_and_none_is_ourselves(void **state)
{
	struct chain *chain = *state;
	struct target_spec specs[2] = { { .name = "own", .endpoint.port = 5060, .weight = 1 },
					{ .name = "x", .endpoint.port = 5060, .weight = 3,
					  .priority = 2, .calls_max = 4, .rate_max = 5 } };

	assert_true(ip_address_parse(SPAN("192.0.2.1"), &specs[0].endpoint.address));
	assert_true(ip_address_parse(SPAN("192.0.2.99"), &specs[1].endpoint.address));
	assert_int_equal(target_set_replace(chain->targets, "p", TARGET_SOURCE_SRV, specs, 2), 1);
	assert_int_equal(renew(chain, A, P), 0);
	const struct balance_snapshot *s = chain->snapshot;
	assert_int_equal(s->target_count, 3);
	assert_int_equal(s->pools[0].target_count, 3);
	assert_string_equal(s->targets[0].name, "t");
	assert_int_equal(s->targets[1].interface, BALANCE_NONE);
	assert_int_equal(s->targets[2].interface, 0);
	assert_int_equal(s->targets[2].calls_max, 4);
	assert_int_equal(s->targets[2].rate_max, 5);
	assert_int_equal(s->targets[2].priority, 2);
	assert_int_equal(balance_target_find(s, &specs[1].endpoint), 2);
}

static void status_of_a_pool_is_one_over_all_snapshots(void **state)
{
	struct chain *chain = *state;

	assert_int_equal(renew(chain, A B, P Q), 0);
	struct pool_status *status = chain->snapshot->pools[1].status;
	assert_int_equal(renew(chain, A, P), 0);
	assert_ptr_equal(chain->snapshot->pools[1].status, status);
	assert_int_equal(renew(chain, B A, Q P), 0);
	assert_ptr_equal(chain->snapshot->pools[1].status, status);
	assert_ptr_not_equal(chain->snapshot->pools[0].status, status);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(services_and_pools_keep_their_index_wherever_they_stand_in_the_file),
		TEST(removed_service_goes_on_without_listening_and_comes_back_as_itself),
		TEST(another_mode_or_record_route_is_another_service_to_what_has_begun),
		TEST(an_index_is_given_away_only_when_nothing_can_refer_to_it),
		TEST(when_no_index_is_left_nothing_changes_until_time_has_passed),
		TEST(ports_and_targets_of_before_are_known_while_dialogs_may_lead_there),
		TEST(sip_port_that_follows_the_first_service_stays_ours_when_that_goes),
		TEST(targets_of_all_sources_stand_in_the_pool_and_none_is_ourselves),
		TEST(status_of_a_pool_is_one_over_all_snapshots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
