/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health in a running tandemd: the workers' clock, probes out by the data plane, outcomes in, events
 * to people, each new snapshot.  Decides nothing.  Control thread only.
 */
#ifndef HEALTH_ADAPTER_H
#define HEALTH_ADAPTER_H

#include "health/health.h"

struct control;

/* Of the running snapshot and those to come.  After publish_open and before the loop runs; the data
 * plane has started.  0 or -ENOMEM. */
[[nodiscard]] int health_adapter_open(struct control *control);
void health_adapter_close(struct control *control);

/* A dataplane_outcome_fn; `control` is a struct control. */
void health_adapter_outcome(void *control, const struct outcome *outcome);
/* A pass of the loop, after dataplane_poll. */
void health_adapter_poll(struct control *control);

#endif
