/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool's probes, blacklist and slow start, as health/ takes them. */
#include "config/model.h"
#include "health/settings.h"

static void fill_probe(const struct config_probe *from, struct probe_settings *to)
{
	if (!from->item.at.line)
		return;
	to->interval_us = from->interval;
	to->timeout_us = from->timeout;
	to->rise = from->rise;
	to->fall = from->fall;
	to->jitter = from->jitter;
	for (uint32_t i = 0; i < from->accept.count; i++) {
		for (uint16_t code = from->accept.ranges[i].first;
		     code <= from->accept.ranges[i].last; code++)
			status_set_add(&to->accept, code);
	}
}

static void fill_blacklist(const struct config_blacklist *from, struct blacklist_settings *to)
{
	*to = (struct blacklist_settings){
		.base_us = from->base,
		.max_us = from->max,
		.honour_retry_after = from->honour_retry_after,
		.panic_threshold = from->panic_threshold,
		.timeouts = from->timeouts,
		.invite_timeouts = from->invite_timeouts,
		.errors = from->errors,
		.failures = from->failures,
		.failure_ratio = from->failure_ratio,
		.window_us = from->window,
		.slow_answer_us = from->slow_answer,
	};
}

bool config_pool_health(const struct config *config, const char *pool,
			struct health_settings *settings)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);

	*settings = (struct health_settings){ .slow_start_us = 0 };
	for (uint32_t i = 0; i < config->pools.count; i++) {
		if (strcmp(pools[i].name, pool) != 0)
			continue;
		fill_probe(&pools[i].probe, &settings->probe);
		fill_blacklist(&pools[i].blacklist, &settings->blacklist);
		settings->slow_start_us = pools[i].slow_start;
		return true;
	}
	return false;
}
