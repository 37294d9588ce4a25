/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a stateless service cannot do (RFC 3261 §16.11): choose otherwise than by the message, and
 * try a second target.  Refused rather than ignored, so that the file says what happens.
 */
#include "config/model.h"

static bool is_given(enum keyword_section section, const struct config_item *item, struct span name)
{
	return item->given & 1u << keyword_find(section, name);
}

/* A stateful service uses the pool too: its fail-over acts there. */
static bool is_shared(const struct config *config, uint16_t pool)
{
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);

	for (uint32_t i = 0; i < config->services.count; i++) {
		if (services[i].pool_index == pool && services[i].mode == MODE_STATEFUL)
			return true;
	}
	return false;
}

/* What was written must mean something; what was not says how it is. */
static void check_failover(const struct config_service *service, struct config_pool *pool,
			   struct config_report *report)
{
	struct config_failover *failover = &pool->failover;
	bool is_off = is_given(SECTION_FAILOVER, &failover->item, SPAN("on")) && failover->on == 0;

	if (failover->item.at.line == 0 || failover->item.given == 0)
		failover->on = 0;
	else if (!is_off && !failover->item.bad)
		config_error(report, failover->item.at,
			     "failover: service \"%s\" is stateless and tries no second target, and "
			     "no stateful service uses this pool; accepted: no \"failover\", or "
			     "{on: []}",
			     service->name);
}

/* What would need the memory of a transaction or a dialog. */
static void check_memory(const struct config_service *service, struct config_report *report)
{
	if (service->extra_2xx != EXTRA_2XX_FORWARD)
		config_error(report, CONFIG_AT(SECTION_SERVICE, service, extra_2xx),
			     "extra_2xx: a stateless service does not know the first 2xx from the "
			     "second; accepted: forward, or mode stateful");
	if (service->cseq_check == CSEQ_CHECK_ENFORCE)
		config_error(report, CONFIG_AT(SECTION_SERVICE, service, cseq_check),
			     "cseq_check: a stateless service knows no dialogs; accepted: off, log "
			     "(which has nothing to tell), or mode stateful");
}

/* A stateless service sees no answers, and what it counted would move a copy of a request. */
static void check_caps(const struct config_service *service, const struct config_pool *pool,
		       struct config_report *report)
{
	const struct config_target *targets = CONFIG_ITEMS(config_target, pool->targets);

	for (uint32_t i = 0; i < pool->targets.count; i++) {
		const struct config_target *target = &targets[i];
		if (target->calls_max)
			config_error(report, CONFIG_AT(SECTION_TARGET, target, calls_max),
				     "max_calls: stateless service \"%s\" uses this pool and knows no "
				     "calls; accepted: no cap, or mode stateful",
				     service->name);
		if (target->rate_max)
			config_error(report, CONFIG_AT(SECTION_TARGET, target, rate_max),
				     "max_rate: stateless service \"%s\" uses this pool and sends each "
				     "copy of a request to the same target, whatever its rate; accepted: "
				     "no cap, or mode stateful",
				     service->name);
	}
}

static void check_service(struct config *config, const struct config_service *service,
			  struct config_report *report)
{
	struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);

	if (service->mode != MODE_STATELESS)
		return;
	check_memory(service, report);
	if (service->pool_index >= config->pools.count)
		return;
	struct config_pool *pool = &pools[service->pool_index];
	if (pool->policy != POLICY_CALL_ID_HASH)
		config_error(report, CONFIG_AT(SECTION_SERVICE, service, mode),
			     "mode: a stateless service sends each copy of a request to the same "
			     "target, which the policy of pool \"%s\" does not; accepted: a pool "
			     "with call-id-hash, or mode stateful",
			     pool->name);
	check_caps(service, pool, report);
	if (pool->srv[0])
		config_error(report, CONFIG_AT(SECTION_SERVICE, service, mode),
			     "mode: the targets of pool \"%s\" follow DNS, and a stateless service "
			     "would send copies of a request two ways when they change; accepted: a "
			     "pool without \"srv\", or mode stateful",
			     pool->name);
	if (!is_shared(config, service->pool_index))
		check_failover(service, pool, report);
}

void config_check_modes(struct config *config, struct config_report *report)
{
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);

	for (uint32_t i = 0; i < config->services.count; i++)
		check_service(config, &services[i], report);
}
