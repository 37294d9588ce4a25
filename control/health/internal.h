/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of health/ share; see health.h. */
#ifndef HEALTH_INTERNAL_H
#define HEALTH_INTERNAL_H

#include "health/health.h"

struct health {
	struct health_calls calls;
	const struct balance_snapshot *snapshot;
	struct health_record **slots; /* by id, open addressing */
	uint32_t size, count;         /* size: a power of two */
	struct due_heap due;
	struct health_pool *pools;    /* by index in the snapshot */
	uint32_t pool_count;
	tick_t counted;               /* when all pools were last counted */
	uint64_t random;
	uint32_t number;              /* of the last probe */
};

uint64_t health_random(struct health *health);
struct health_record *health_record_find(const struct health *health, uint64_t id);
const struct health_settings *health_settings_of(const struct health *health,
						 const struct health_record *record);
void health_tell(const struct health *health, enum health_event_kind kind,
		 const struct health_record *record, uint16_t pool, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* After anything changed of a record: what workers read, and when it is due next. */
void health_apply(struct health *health, struct health_record *record, tick_t now);
/* It is back: slow start, and what was counted against it is forgotten. */
void health_return(struct health *health, struct health_record *record, tick_t now,
		   const char *why);
/* Puts it on the list and tells.  for_us as blacklist_list. */
void health_list(struct health *health, struct health_record *record, enum blacklist_cause cause,
		 uint64_t for_us, const char *reason, tick_t now);
/* No probe tries any more, should one have been about to: a call does. */
void health_trial_by_call(struct health_record *record, tick_t now);
/* When something was last answered that ends a trial by call. */
tick_t health_trial_answered(const struct health_record *record);
/* What is due of a record. */
void health_record_tick(struct health *health, struct health_record *record, tick_t now);

/* panic.c */
void health_count_pools(struct health *health, tick_t now);

#endif
