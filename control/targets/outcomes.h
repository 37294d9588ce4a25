/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What real traffic showed of each target: outcomes that workers report, counted.  Judges nothing
 * yet: no target is taken out because of them.  Control thread only.
 */
#ifndef TARGETS_OUTCOMES_H
#define TARGETS_OUTCOMES_H

#include "balance/snapshot.h"
#include "dataplane.h"

/* Delays to the first response, four steps a power of two, up to a minute. */
#define TARGET_DELAYS 104

struct target_outcome {
	uint64_t id;                  /* the target's stable id */
	uint64_t responses[7];        /* final responses by class: [2] 2xx .. [6] 6xx */
	uint64_t responses_503;       /* of [5] */
	uint64_t timeouts, transport_errors;
	uint64_t failures_in_a_row;   /* timeouts, transport errors and 503 since the last other */
	uint16_t last_status;         /* 0: none yet */
	uint32_t delays[TARGET_DELAYS]; /* by target_delay_bucket */
};

/* Of microseconds; the longest have the last. */
[[nodiscard]] unsigned int target_delay_bucket(uint32_t us);
/* The longest delay of a bucket. */
[[nodiscard]] uint64_t target_delay_of(unsigned int bucket);

struct target_outcomes;

/* One record for each of the snapshot's targets.  NULL: out of memory. */
[[nodiscard]] struct target_outcomes *target_outcomes_create(const struct balance_snapshot *snapshot);
/* The same for another snapshot's, records that are there kept: also those of targets that it does
 * not have, since they may come back.  False: out of memory, and *outcomes is as it was. */
bool target_outcomes_renew(struct target_outcomes **outcomes,
			   const struct balance_snapshot *snapshot);
void target_outcomes_destroy(struct target_outcomes *outcomes); /* NULL is allowed */

/* A dataplane_outcome_fn. */
void target_outcomes_count(void *outcomes, const struct outcome *outcome);
/* NULL: no such target. */
[[nodiscard]] const struct target_outcome *
target_outcomes_find(const struct target_outcomes *outcomes, uint64_t id);

#endif
