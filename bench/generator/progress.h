/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of a trial while it runs, a line a second.  The polling thread puts a reading into
 * a box when that is empty, the control thread takes it out and prints: polling never waits for a
 * terminal.
 */
#ifndef GENERATOR_PROGRESS_H
#define GENERATOR_PROGRESS_H

#include <stdio.h>

#include "generator/flood.h"

/* Totals since the trial began; delays are those of the last interval. */
struct progress_reading {
	double at_s;
	uint64_t started, completed, failed, faults, live;
	uint64_t retransmissions; /* sent by both sides */
	uint64_t flood_sent, flood_received;
	uint64_t invite_count, invite_p50_ns, invite_p99_ns;
};

struct progress_box {
	bool is_full;                   /* atomic: set by the polling thread, reset by the other */
	struct progress_reading reading;
	struct histogram invite_before; /* the polling thread's: as of the last reading */
};

/* Polling thread, at the begin of a trial. */
void progress_begin(struct progress_box *box);
/* Polling thread: a reading, unless the last one was not taken yet.  `flood` may be NULL. */
void progress_put(struct progress_box *box, double at_s, const struct traffic_results *calls,
		  const struct flood_results *flood);
/* Control thread.  False: there is none. */
[[nodiscard]] bool progress_take(struct progress_box *box, struct progress_reading *reading);

/* One line, with a head when `before` is NULL; rates are those since `before`. */
void progress_print(FILE *out, bool is_terminal, const struct progress_reading *before,
		    const struct progress_reading *now);

#endif
