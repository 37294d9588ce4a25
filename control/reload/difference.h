/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between two snapshots, told as events: targets added, removed and changed.  What
 * differs between two files is the configuration's (config_differences).  Control thread only.
 */
#ifndef RELOAD_DIFFERENCE_H
#define RELOAD_DIFFERENCE_H

#include "balance/snapshot.h"
#include "events/events.h"

/* One event a target, at most DIFFERENCE_EVENTS_MAX; the rest is counted in one more.  `why`: who
 * asked. */
#define DIFFERENCE_EVENTS_MAX 20
void difference_tell(struct events *events, const struct balance_snapshot *before,
		     const struct balance_snapshot *after, const char *why);

#endif
