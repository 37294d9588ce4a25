/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets: from URI to address, and whether some interface leads there, asked of the same code
 * that the data plane asks.
 */
#include <stdlib.h>

#include "balance/interface.h"
#include "config/distinct.h"
#include "config/value.h"

#define AT(target, member) CONFIG_AT(SECTION_TARGET, target, member)

struct checker {
	struct config_report *report;
	struct balance_snapshot *snapshot; /* the interfaces alone */
	struct distinct hosts;
	bool routes_known; /* the interfaces are without fault */
};

static void host_twice(void *context, const struct distinct_entry *first,
		       const struct distinct_entry *again)
{
	char quoted[CONFIG_QUOTED_MAX];
	config_error(context, again->at,
		     "hosts: %s is given twice, before at line %u; accepted: every name once",
		     config_quote(again->key, quoted), first->at.line);
}

static bool collect_hosts(struct checker *checker, const struct config *config)
{
	const struct config_host *hosts = CONFIG_ITEMS(config_host, config->hosts);
	if (!distinct_init(&checker->hosts, config->hosts.count))
		return false;
	for (uint32_t i = 0; i < config->hosts.count; i++)
		distinct_add(&checker->hosts, span_of_string(hosts[i].name), hosts[i].at,
			     &hosts[i]);
	distinct_check(&checker->hosts, host_twice, checker->report);
	return true;
}

/* The address of a target's host: a literal, or a name out of `hosts`. */
static bool resolve(struct checker *checker, const struct config *config,
		    const struct config_target *target, struct span host,
		    struct ip_address *address)
{
	char name[256], why[VALUE_WHY_MAX], quoted[CONFIG_QUOTED_MAX];
	if (ip_address_parse(host, address)) {
		if (!ip_address_is_bogus(address))
			return true;
		config_error(checker->report, AT(target, uri),
			     "uri: %s is unspecified, loopback, multicast or reserved; accepted: an "
			     "address that a host may have",
			     config_quote(host, quoted));
		return false;
	}
	if (!value_parse_host(host, name, why))
		return false;
	const struct distinct_entry *entry =
		distinct_find(&checker->hosts, span_of_string(name));
	if (entry) {
		*address = ((const struct config_host *)entry->owner)->address;
		return true;
	}
	if (!CONFIG_IS_BAD(SECTION_ROOT, config, hosts))
		config_error(checker->report, AT(target, uri),
			     "uri: %s is not under \"hosts\" and DNS is not asked yet; accepted: an "
			     "IP address, or a name that \"hosts\" has",
			     config_quote(host, quoted));
	return false;
}

static void check_route(struct checker *checker, const struct config_target *target)
{
	char text[ENDPOINT_TEXT_MAX];
	const struct ip_address *address = &target->endpoint.address;
	if (!checker->routes_known)
		return;
	ip_address_to_string(address, text);
	if (balance_is_own_address(checker->snapshot, address))
		config_error(checker->report, AT(target, uri),
			     "uri: %s is Tandem's own address; accepted: another host's", text);
	else if (balance_egress_find(checker->snapshot, address) == BALANCE_NONE)
		config_error(checker->report, AT(target, uri),
			     "uri: no interface leads to %s; accepted: an address on-link to one, "
			     "or one behind a gateway of its family",
			     text);
}

static void target_twice(void *context, const struct distinct_entry *first,
			 const struct distinct_entry *again)
{
	const struct config_target *before = first->owner;
	char text[ENDPOINT_TEXT_MAX];
	config_error(context, again->at,
		     "uri: %s is target \"%s\" of this pool already; accepted: an address and port "
		     "once in a pool",
		     endpoint_to_string(&before->endpoint, text), before->name);
}

static bool check_pool(struct checker *checker, const struct config *config,
		       struct config_pool *pool)
{
	struct config_target *targets = CONFIG_ITEMS(config_target, pool->targets);
	struct distinct endpoints;
	if (!distinct_init(&endpoints, pool->targets.count))
		return false;
	for (uint32_t i = 0; i < pool->targets.count; i++) {
		struct config_target *target = &targets[i];
		char why[VALUE_WHY_MAX];
		struct span host;
		uint16_t port;
		if (!value_split_uri(span_of_string(target->uri), &host, &port, why) ||
		    !resolve(checker, config, target, host, &target->endpoint.address))
			continue;
		target->endpoint.port = port ? port : 5060;
		check_route(checker, target);
		distinct_add(&endpoints,
			     span_of(&target->endpoint, sizeof(target->endpoint)),
			     AT(target, uri), target);
	}
	distinct_check(&endpoints, target_twice, checker->report);
	distinct_fini(&endpoints);
	return true;
}

/* Nothing about routes is said while an address or gateway is in doubt. */
static bool are_interfaces_good(const struct config *config)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	if (config->interfaces.count == 0)
		return false;
	for (uint32_t i = 0; i < config->interfaces.count; i++) {
		if (all[i].item.at.line == 0 ||
		    CONFIG_IS_BAD(SECTION_INTERFACE, &all[i], addresses) ||
		    CONFIG_IS_BAD(SECTION_INTERFACE, &all[i], gateways) ||
		    CONFIG_IS_BAD(SECTION_INTERFACE, &all[i], peers))
			return false;
	}
	return true;
}

bool config_check_targets(struct config *config, struct config_report *report)
{
	struct checker checker = { .report = report,
				   .routes_known = are_interfaces_good(config) };
	struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	struct ip_prefix *peers = calloc(config_peer_count(config) + 1, sizeof(*peers));
	bool ok = false;
	checker.snapshot = calloc(1, sizeof(*checker.snapshot));
	if (!peers || !checker.snapshot || !collect_hosts(&checker, config))
		goto out;
	config_fill_interfaces(config, checker.snapshot, peers);
	ok = true;
	for (uint32_t i = 0; ok && i < config->pools.count; i++)
		ok = check_pool(&checker, config, &pools[i]);
	distinct_fini(&checker.hosts);
out:
	free(checker.snapshot);
	free(peers);
	return ok;
}
