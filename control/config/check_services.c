/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of settings of services and pools that only make sense together. */
#include "config/keyword.h"
#include "config/model.h"
#include "config/value.h"

static void check_fork(const struct config *config, const struct config_pool *pool,
		       struct config_report *report)
{
	const struct config_failover *failover = &pool->failover;
	uint64_t t1 = TICK_MS(config_timers_of(config, &pool->timers).t1_ms);
	char after[VALUE_TEXT_MAX], least[VALUE_TEXT_MAX];

	if (!failover->try_next_after || failover->item.bad)
		return;
	struct config_position at = CONFIG_AT(SECTION_FAILOVER, failover, try_next_after);
	if (failover->attempts < 2) {
		config_error(report, at,
			     "try_next_after: `attempts: 1` leaves no next target; accepted: "
			     "attempts of at least 2");
		return;
	}
	if (pool->targets.count < 2)
		config_warn(report, at, "try_next_after: the pool has one target only");
	value_format_duration(failover->try_next_after, after);
	value_format_duration(2 * t1, least);
	if (failover->try_next_after < 2 * t1)
		config_warn(report, at,
			    "try_next_after: %s is less than 2*t1 (%s): one lost INVITE makes two "
			    "targets ring",
			    after, least);
}

static void check_extra_2xx(const struct config_service *service, struct config_report *report)
{
	if (service->extra_2xx == EXTRA_2XX_ACK_BYE && !service->record_route && !service->item.bad)
		config_error(report, CONFIG_AT(SECTION_SERVICE, service, extra_2xx),
			     "extra_2xx: `ack-bye` needs `record_route: true`, which tells which "
			     "proxies lie beyond; accepted: forward, drop");
}

void config_check_services(const struct config *config, struct config_report *report)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);

	for (uint32_t i = 0; i < config->pools.count; i++)
		check_fork(config, &pools[i], report);
	for (uint32_t i = 0; i < config->services.count; i++)
		check_extra_2xx(&services[i], report);
}
