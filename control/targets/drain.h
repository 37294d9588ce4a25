/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets that get no new calls any more, by the operator's wish or because they were removed: an
 * event tells when the last call of one has ended.  Control thread only.
 */
#ifndef TARGETS_DRAIN_H
#define TARGETS_DRAIN_H

#include "events/events.h"
#include "balance/snapshot.h"

#define DRAIN_TARGETS_MAX 256

struct drain_entry {
	uint64_t id;
	const struct target_status *status;
	char name[2 * BALANCE_NAME_MAX]; /* POOL/TARGET */
};

struct drain {
	uint32_t count;
	struct drain_entry entries[DRAIN_TARGETS_MAX]; /* with calls left; more are not told of */
};

/* Live calls of a target, as the workers count them. */
[[nodiscard]] int64_t drain_calls(const struct balance_target *target);

/* The target is out (`is_out`) or back in.  `pool`: its name. */
void drain_watch(struct drain *drain, const char *pool, const struct balance_target *target,
		 bool is_out);

/* What was removed is out, what was added is not any more.  Before the snapshot before is freed. */
void drain_compare(struct drain *drain, const struct balance_snapshot *before,
		   const struct balance_snapshot *after);

/* Now and then: tells of those whose last call has ended. */
void drain_poll(struct drain *drain, struct events *events);

#endif
