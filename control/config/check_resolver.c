/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of DNS, for --check and for the builders: lifetimes that fit each other, pools that
 * get targets from somewhere.  Asks no name server.
 */
#include "config/model.h"
#include "config/value.h"
#include "resolver/settings.h"

static void check_lifetimes(const struct config_resolver *resolver, struct config_report *report)
{
	char floor[VALUE_TEXT_MAX], ceiling[VALUE_TEXT_MAX];

	if (resolver->item.bad || resolver->ttl_min <= resolver->ttl_max)
		return;
	value_format_duration(resolver->ttl_min, floor);
	value_format_duration(resolver->ttl_max, ceiling);
	config_error(report, CONFIG_AT(SECTION_RESOLVER, resolver, ttl_max),
		     "ttl_max: %s is less than ttl_min, %s; accepted: at least as much", ceiling,
		     floor);
}

static void check_pool(const struct config *config, const struct config_pool *pool,
		       struct config_report *report)
{
	if (pool->item.at.line == 0 || pool->targets.count || pool->srv[0] ||
	    config_pool_has_agent(config, pool->name) ||
	    CONFIG_IS_BAD(SECTION_POOL, pool, targets) || CONFIG_IS_BAD(SECTION_POOL, pool, srv))
		return;
	config_error(report, pool->item.at,
		     "pools[]: \"targets\" is missing; accepted: for example targets: [{name: sw1, "
		     "uri: \"sip:198.51.100.11:5060\"}], or srv: _sip._udp.example.com, or an agent");
}

void config_check_resolver(const struct config *config, struct config_report *report)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);

	check_lifetimes(&config->resolver, report);
	for (uint32_t i = 0; i < config->pools.count; i++)
		check_pool(config, &pools[i], report);
}

static uint32_t to_ms(uint64_t us)
{
	return (uint32_t)(us / 1000);
}

void config_resolver(const struct config *config, struct resolver_settings *settings)
{
	const struct config_resolver *from = &config->resolver;
	const struct config_endpoint *servers = CONFIG_ITEMS(config_endpoint, from->nameservers);

	*settings = (struct resolver_settings){
		.nameserver_count = from->nameservers.count,
		.ttl_min_ms = to_ms(from->ttl_min),
		.ttl_max_ms = to_ms(from->ttl_max),
		.negative_ttl_ms = to_ms(from->negative_ttl),
		.timeout_ms = to_ms(from->timeout),
		.tries = from->tries,
	};
	for (uint32_t i = 0; i < from->nameservers.count; i++)
		settings->nameservers[i] = servers[i].endpoint;
}

const char *config_srv_pool(const struct config *config, uint32_t number, const char **name)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);

	for (uint32_t i = 0; i < config->pools.count; i++) {
		if (!pools[i].srv[0] || number--)
			continue;
		*name = pools[i].srv;
		return pools[i].name;
	}
	return NULL;
}
