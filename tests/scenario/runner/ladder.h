/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What went over the network, in order, and its picture: a column for each party, an arrow for each
 * datagram, virtual time on the left.
 */
#ifndef SCENARIO_LADDER_H
#define SCENARIO_LADDER_H

#include "arena.h"
#include "base/tick.h"

enum ladder_fate { LADDER_SENT, LADDER_LOST, LADDER_TWICE, LADDER_DELAYED, LADDER_UNREACHABLE };

struct ladder_entry {
	struct ladder_entry *next;
	tick_t at;
	unsigned int number;  /* of the datagram, from 1; 0: a note */
	const char *from, *to; /* column names; to may be an address without a column */
	const char *label;
	enum ladder_fate fate;
};

struct ladder {
	struct ladder_entry *first, *last;
};

void ladder_add(struct ladder *ladder, struct arena *arena, struct ladder_entry entry);
/* A line of its own: "timers run out", "sw1 is down". */
void ladder_note(struct ladder *ladder, struct arena *arena, tick_t at, const char *note);
/* Appends the picture to `out`, each line starting with `prefix`. */
void ladder_print(const struct ladder *ladder, const char *const *columns, int column_count,
		  tick_t epoch, const char *prefix, struct text *out);

#endif
