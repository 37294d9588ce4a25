/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration's pools list, into the target set.
 */
#include <errno.h>
#include <stdlib.h>

#include "config/model.h"

static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);
	assert(len < size);
	memcpy(to, from, MIN(len, size - 1));
}

static struct target_spec spec_of(const struct config_target *target)
{
	struct target_spec spec = {
		.endpoint = target->endpoint,
		.priority = (uint16_t)target->priority,
		.weight = (uint16_t)target->weight,
		.calls_max = target->calls_max,
		.rate_max = target->rate_max,
	};
	copy_text(spec.name, sizeof(spec.name), target->name);
	copy_text(spec.uri, sizeof(spec.uri), target->uri);
	return spec;
}

static int pool_apply(const struct config_pool *pool, struct target_set *set)
{
	const struct config_target *targets = CONFIG_ITEMS(config_target, pool->targets);
	struct target_spec *specs = calloc(pool->targets.count + 1, sizeof(*specs));
	if (!specs)
		return -ENOMEM;
	for (uint32_t i = 0; i < pool->targets.count; i++)
		specs[i] = spec_of(&targets[i]);
	int rc = target_set_replace(set, pool->name, TARGET_SOURCE_CONFIG, specs,
				    pool->targets.count);
	free(specs);
	return rc;
}

static bool has_pool(const struct config *config, const char *name)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	for (uint32_t i = 0; i < config->pools.count; i++) {
		if (strcmp(pools[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Pools of an earlier configuration. */
static int forget_others(const struct config *config, struct target_set *set)
{
	uint32_t number = 0;
	const char *name;
	while ((name = target_set_pool(set, TARGET_SOURCE_CONFIG, number))) {
		if (has_pool(config, name)) {
			number++;
			continue;
		}
		int rc = target_set_replace(set, name, TARGET_SOURCE_CONFIG, NULL, 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int config_targets_apply(const struct config *config, struct target_set *set)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	for (uint32_t i = 0; i < config->pools.count; i++) {
		int rc = pool_apply(&pools[i], set);
		if (rc < 0)
			return rc;
	}
	return forget_others(config, set);
}
