/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The health of all targets: probes, outcomes of real traffic, blacklist, slow start and panic put
 * together, by stable id, so that a reload loses nothing.  Writes what workers read (health,
 * withheld, trials of a target; is_panicking of a pool) and never touches the operator's wish.
 *
 * Knows neither clock nor loop nor data plane: the time is an argument, probes leave by a callback,
 * what happened is told by another.  Control thread.
 *
 * What is observed of a target (enum target_health), the first that holds:
 *	blacklisted   its entry is listed
 *	down          `fall` probes in a row failed
 *	trial         its entry is half-open: a probe or one call tries
 *	up            with all of its weight or less
 * Only what a snapshot configures has a record, and records are found by id, so no stranger can put
 * anything on the list, and targets of one name are apart.
 */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include "balance/snapshot.h"
#include "blacklist/entry.h"
#include "dataplane.h"
#include "health/due.h"
#include "health/prober.h"
#include "health/settings.h"
#include "health/share.h"
#include "health/traffic.h"

#define HEALTH_WHY_MAX 160

struct health_record {
	struct due_node due; /* first: the heap's node is the record */
	uint64_t id;
	struct target_status *status;
	const struct balance_target *target; /* of the snapshot; NULL: not in it */
	uint16_t pool;                       /* index in the snapshot */
	enum target_health health;           /* as the workers see it */
	tick_t since;
	tick_t returned;       /* what was sent before that says nothing of now; 0: never away */
	tick_t trial_given;    /* half-open by a call: when it was last allowed */
	bool was_full;         /* people know of it */
	struct prober prober;
	struct traffic traffic;
	struct share share;
	struct blacklist_entry entry;
	char down[64];         /* why its probes say so */
};

struct health_pool {
	struct health_settings settings;
	struct pool_status *status; /* NULL: it never panics */
	bool is_stale;              /* a target of it changed: to be counted anew */
	bool is_panicking;
	uint32_t ready, out;        /* by wish; of them not up by observation */
	tick_t calm;                /* panicking: since when so many are not out; 0: they are */
};

enum health_event_kind {
	HEALTH_EVENT_TARGET,    /* its health changed, or it was listed anew */
	HEALTH_EVENT_LOAD,      /* full, and no more */
	HEALTH_EVENT_PANIC,     /* began or ended */
};

/* What happened.  `text` goes after the name of the target or the pool. */
struct health_event {
	enum health_event_kind kind;
	const struct health_record *record; /* NULL: of a pool */
	uint16_t pool;
	const char *text;
};

struct health_calls {
	/* 0, or -errno: tried again soon. */
	int (*probe)(void *context, uint64_t target_id, uint32_t number, uint32_t timeout_ms);
	void (*tell)(void *context, const struct health_event *event);
	/* Of a pool of the snapshot being taken over. */
	void (*settings)(void *context, const struct balance_pool *pool,
			 struct health_settings *settings);
	void *context;
};

struct health;
/* NULL: out of memory.  `seed` of the jitter. */
[[nodiscard]] struct health *health_create(const struct health_calls *calls, uint64_t seed);
void health_destroy(struct health *health); /* NULL is allowed */

/* Takes a snapshot over, which lasts until the next is.  0 or -ENOMEM: some targets, or
 * all, are not watched until the next one, and stay as they are. */
[[nodiscard]] int health_publish(struct health *health, const struct balance_snapshot *snapshot,
				 tick_t now);
/* One outcome; of targets that are not configured it is ignored. */
void health_outcome(struct health *health, const struct outcome *outcome, tick_t now);
/* What is due; a bounded part of it a call.  To be called every few milliseconds. */
void health_tick(struct health *health, tick_t now);

/* NULL: no such target was ever configured.  One of an earlier snapshot has no `target`. */
[[nodiscard]] const struct health_record *health_find(const struct health *health, uint64_t id);
/* NULL: there is no such pool. */
[[nodiscard]] const struct health_pool *health_pool_find(const struct health *health,
							 uint16_t pool);

/* By hand.  `for_us` 0: until removed.  False: it is not configured. */
[[nodiscard]] bool health_blacklist_add(struct health *health, uint64_t id, uint64_t for_us,
					const char *reason, tick_t now);
/* False: it is not on the list. */
[[nodiscard]] bool health_blacklist_remove(struct health *health, uint64_t id, tick_t now);

/* Why it is not up, "" when it is; returns text. */
const char *health_why(const struct health_record *record, char text[HEALTH_WHY_MAX]);
/* When it returns by itself; TICK_NEVER: that is not known. */
tick_t health_returns(const struct health_record *record);
/* "7 s", "350 ms", "5 min"; returns text. */
#define HEALTH_TIME_MAX 32
const char *health_time(uint64_t us, char text[HEALTH_TIME_MAX]);

#endif
