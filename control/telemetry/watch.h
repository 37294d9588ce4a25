/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the workers still work: each polls, or sleeps for milliseconds at a time, so that its
 * count of polls moves.  One whose count has not moved for a while stalls.  Takes the time as an
 * argument; pure.
 */
#ifndef TELEMETRY_WATCH_H
#define TELEMETRY_WATCH_H

#include "base/compiler.h"

#define WATCH_WORKERS_MAX 64
/* An idle worker looks at least every 10 ms (idle_sleep's limit), a busy one is done with a pass in
 * milliseconds: seconds without a poll are no load but a defect, or a core taken away. */
#define WATCH_STALL_MS    3000

struct watch {
	struct {
		uint64_t polls;
		uint64_t moved_ms; /* when the count was last seen to move */
	} workers[WATCH_WORKERS_MAX];
};

void watch_init(struct watch *watch, uint64_t now_ms);
void watch_observe(struct watch *watch, uint16_t worker, uint64_t polls, uint64_t now_ms);
/* How long the worker's count has stood still. */
[[nodiscard]] uint64_t watch_still_ms(const struct watch *watch, uint16_t worker, uint64_t now_ms);
[[nodiscard]] bool watch_is_stalled(const struct watch *watch, uint16_t worker, uint64_t now_ms);

#endif
