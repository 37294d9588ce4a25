/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's wish for a target: ready, drain, maint.  Kept apart from what was observed.
 * Control thread only; workers read the wish from the target's status.
 */
#ifndef TARGETS_ADMIN_H
#define TARGETS_ADMIN_H

#include "balance/policy.h"

/* "ready", "drain", "maint"; "up", "down", "blacklisted", "trial". */
const char *target_admin_name(enum target_admin admin);
const char *target_health_name(enum target_health health);

enum target_found { TARGET_FOUND, TARGET_UNKNOWN, TARGET_AMBIGUOUS };

/* POOL/TARGET, or TARGET where one pool alone has a target of that name. */
[[nodiscard]] enum target_found target_find(const struct balance_snapshot *snapshot,
					    const char *name, uint16_t *index);

[[nodiscard]] enum target_admin target_admin_read(const struct balance_target *target);
[[nodiscard]] enum target_health target_health_read(const struct balance_target *target);
/* Returns the wish that held before.  `now` is the workers' clock: a service without transactions
 * follows when snapshot->settle_ms have passed. */
enum target_admin target_admin_set(const struct balance_snapshot *snapshot,
				   const struct balance_target *target, enum target_admin admin,
				   tick_t now);
/* Does a service without transactions send to this pool? */
[[nodiscard]] bool target_pool_is_stateless(const struct balance_snapshot *snapshot, uint16_t pool);

#endif
