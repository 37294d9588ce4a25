/* SPDX-License-Identifier: BSD-3-Clause */
/* The operator's wish for a target; see admin.h. */
#include "targets/admin.h"

#include <string.h>

const char *target_admin_name(enum target_admin admin)
{
	static const char *const names[] = {
		[TARGET_READY] = "ready",
		[TARGET_DRAIN] = "drain",
		[TARGET_MAINT] = "maint",
	};
	return admin < ARRAY_SIZE(names) ? names[admin] : "?";
}

const char *target_health_name(enum target_health health)
{
	static const char *const names[] = {
		[TARGET_UP] = "up",
		[TARGET_DOWN] = "down",
		[TARGET_BLACKLISTED] = "blacklisted",
		[TARGET_TRIAL] = "trial",
	};
	return health < ARRAY_SIZE(names) ? names[health] : "?";
}

static bool target_is_named(const struct balance_snapshot *snapshot,
			    const struct balance_target *target, const char *name)
{
	const char *pool = snapshot->pools[target->pool].name;
	size_t len = strlen(pool);

	if (strcmp(target->name, name) == 0)
		return true;
	return strncmp(name, pool, len) == 0 && name[len] == '/' &&
	       strcmp(name + len + 1, target->name) == 0;
}

enum target_found target_find(const struct balance_snapshot *snapshot, const char *name,
			      uint16_t *index)
{
	enum target_found found = TARGET_UNKNOWN;

	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		if (!target_is_named(snapshot, &snapshot->targets[i], name))
			continue;
		if (found == TARGET_FOUND)
			return TARGET_AMBIGUOUS;
		found = TARGET_FOUND;
		*index = (uint16_t)i;
	}
	return found;
}

enum target_admin target_admin_read(const struct balance_target *target)
{
	return __atomic_load_n(&target->status->admin, __ATOMIC_RELAXED);
}

enum target_health target_health_read(const struct balance_target *target)
{
	return __atomic_load_n(&target->status->health, __ATOMIC_RELAXED);
}

enum target_admin target_admin_set(const struct balance_snapshot *snapshot,
				   const struct balance_target *target, enum target_admin admin,
				   tick_t now)
{
	enum target_admin before = target_admin_read(target);

	balance_admin_set(target->status, admin, tick_to_ms(now), snapshot->settle_ms);
	return before;
}

bool target_pool_is_stateless(const struct balance_snapshot *snapshot, uint16_t pool)
{
	for (uint32_t i = 0; i < snapshot->service_count; i++) {
		const struct balance_service *service = &snapshot->services[i];
		if (!service->is_retired && service->pool == pool &&
		    service->mode == MODE_STATELESS)
			return true;
	}
	return false;
}
