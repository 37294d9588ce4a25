/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health on a virtual clock, for a pool or two of targets, without a data plane: probes and events
 * are kept for the test to look at.
 */
#ifndef TESTS_HEALTH_FIXTURE_H
#define TESTS_HEALTH_FIXTURE_H

#include "health/health.h"

#define FIXTURE_TARGETS 8
#define FIXTURE_PROBES  64
#define FIXTURE_EVENTS  64

#define S(seconds) TICK_SECONDS(seconds)

struct fixture {
	struct health *health;
	struct health_settings settings;  /* of every pool */
	struct balance_snapshot snapshot;
	struct balance_pool pools[2];
	struct pool_status pool_statuses[2];
	struct balance_target targets[FIXTURE_TARGETS];
	struct target_status statuses[FIXTURE_TARGETS];
	tick_t now;
	uint32_t calls; /* that timed out */
	int probe_result;
	struct {
		uint64_t target_id;
		uint32_t number, timeout_ms;
		tick_t at;
	} probes[FIXTURE_PROBES];
	uint32_t probe_count;             /* since it was last set to 0 */
	char events[FIXTURE_EVENTS][320]; /* "pool/target: text" */
	uint32_t event_count;
};

/* `count` targets sw1 .. in the pool "switches", and the time is 1,000 s.  Not probed. */
void fixture_start(struct fixture *f, uint32_t count);
/* The same with probes every 2 s. */
void fixture_start_probed(struct fixture *f, uint32_t count);
void fixture_stop(struct fixture *f);
void fixture_publish(struct fixture *f);

/* The clock goes on in steps of 5 ms, ticking; stops after `us`. */
void fixture_run(struct fixture *f, uint64_t us);
/* The same, and each probe is answered at once with `status` (0: by silence), target by target. */
void fixture_run_probed(struct fixture *f, uint64_t us, const uint16_t status[FIXTURE_TARGETS]);

/* Outcomes of target `i`. */
void fixture_answer(struct fixture *f, uint32_t i, uint16_t status);
void fixture_refuse(struct fixture *f, uint32_t i, uint32_t retry_after_s);
void fixture_ring(struct fixture *f, uint32_t i, uint16_t status, uint32_t delay_us);
void fixture_error(struct fixture *f, uint32_t i);
/* What was sent 32 s ago, each of another call. */
void fixture_timeout(struct fixture *f, uint32_t i, uint8_t flags);
void fixture_timeout_of(struct fixture *f, uint32_t i, uint32_t call);
/* To another request than an INVITE. */
void fixture_answer_other(struct fixture *f, uint32_t i);

enum target_health fixture_health(const struct fixture *f, uint32_t i);
/* What counts of its weight. */
uint32_t fixture_percent(const struct fixture *f, uint32_t i);
const char *fixture_event(const struct fixture *f); /* the latest, or "" */

#endif
