/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the workers still work; see watch.h. */
#include "telemetry/watch.h"

void watch_init(struct watch *watch, uint64_t now_ms)
{
	for (uint16_t i = 0; i < WATCH_WORKERS_MAX; i++) {
		watch->workers[i].polls = 0;
		watch->workers[i].moved_ms = now_ms;
	}
}

void watch_observe(struct watch *watch, uint16_t worker, uint64_t polls, uint64_t now_ms)
{
	if (worker >= WATCH_WORKERS_MAX || watch->workers[worker].polls == polls)
		return;
	watch->workers[worker].polls = polls;
	watch->workers[worker].moved_ms = now_ms;
}

uint64_t watch_still_ms(const struct watch *watch, uint16_t worker, uint64_t now_ms)
{
	return worker < WATCH_WORKERS_MAX ? now_ms - watch->workers[worker].moved_ms : 0;
}

bool watch_is_stalled(const struct watch *watch, uint16_t worker, uint64_t now_ms)
{
	return watch_still_ms(watch, worker, now_ms) >= WATCH_STALL_MS;
}
