/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the set-up of calls takes: from the INVITE that Tandem sent to a target until its first
 * response, and until its 2xx, out of what real traffic showed.  Histograms by pool, number and sum
 * by target.  Found by stable names and ids, so that what was counted outlives a reload.
 * Control thread only.
 */
#ifndef TELEMETRY_DELAYS_H
#define TELEMETRY_DELAYS_H

#include "balance/snapshot.h"
#include "base/histogram.h"
#include "dataplane.h"

struct pool_delays {
	char pool[BALANCE_NAME_MAX];
	struct histogram first_us;  /* INVITE to its first response, provisional or final */
	struct histogram answer_us; /* INVITE to its 2xx */
};

struct target_delays {
	uint64_t id;
	uint16_t pool;              /* index of its pool_delays */
	uint64_t first_count, first_sum_us;
};

struct delays;

[[nodiscard]] struct delays *delays_create(void); /* NULL: out of memory */
void delays_destroy(struct delays *delays);       /* NULL is allowed */
/* Knows the snapshot's pools and targets from here on.  False: out of memory; those that it does
 * not know are not counted. */
bool delays_follow(struct delays *delays, const struct balance_snapshot *snapshot);
void delays_count(struct delays *delays, const struct outcome *outcome);
/* NULL: not known. */
[[nodiscard]] const struct pool_delays *delays_of_pool(const struct delays *delays,
						       const char *pool);
[[nodiscard]] const struct target_delays *delays_of_target(const struct delays *delays, uint64_t id);

#endif
