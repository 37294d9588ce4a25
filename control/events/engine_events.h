/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the workers' engines tell people, as events: at most a few a second of a kind, since a
 * stranger can cause them; what is left out is counted and told of with the next.  Control thread
 * only.
 */
#ifndef EVENTS_ENGINE_EVENTS_H
#define EVENTS_ENGINE_EVENTS_H

#include "dataplane.h"
#include "events/events.h"

#define ENGINE_EVENTS_A_SECOND 10 /* of a kind */

struct engine_events {
	struct events *events;
	const struct balance_snapshot *snapshot;
	time_t second;                         /* that `told` counts in */
	uint32_t told[ENGINE_EVENT_KINDS];
	uint64_t left_out[ENGINE_EVENT_KINDS]; /* since one was told */
};

/* A dataplane_event_fn. */
void engine_events_tell(void *engine_events, const struct engine_event *event);

#endif
