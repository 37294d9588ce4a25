/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building a snapshot after another one: which index each service and pool has, and what of the
 * one before goes on.  Private to control/config.
 */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/model.h"

struct build_plan {
	/* Of each configured service and pool in the file's order; behind the pools that of
	 * request-uri. */
	uint16_t service_index[BALANCE_SERVICES_MAX];
	uint16_t pool_index[BALANCE_POOLS_MAX];
	uint32_t service_count, pool_count; /* of the snapshot, retired ones included */
	uint64_t hold_ms;  /* how long what has begun may refer to what it began with */
};

/* Services and pools keep the index of the snapshot before, new ones get one that nothing refers to.
 * -ENOSPC: there is none, with a sentence. */
[[nodiscard]] int build_plan_make(const struct config *config, const struct config_build *build,
				  struct build_plan *plan, char *error, size_t size);

/* What is configured no more: services and pools go on with their settings, without listens and
 * targets.  To be called before the configured ones are filled in. */
void build_retire(const struct config_build *build, const struct build_plan *plan,
		  struct balance_service *services, struct balance_pool *pools);

/* The ports and addresses that were ours, or a target's, of late; into the room for as many
 * addresses as build_past_room tells.  To be called when listens and targets are filled in. */
uint32_t build_past_room(const struct config_build *build);
void build_past(const struct config_build *build, const struct build_plan *plan,
		struct balance_snapshot *snapshot, struct balance_past *addresses);

#endif
