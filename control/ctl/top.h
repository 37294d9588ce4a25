/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The live screen: rates out of two answers (top_view.c), lines for a terminal (top_screen.c), and
 * the loop that looks, draws and listens to keys (top.c).  Plain ANSI: a screen of text that is
 * drawn anew every other second needs no library that knows terminals.
 */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include <jansson.h>
#include <stdio.h>

#include "base/compiler.h"
#include "ctl/run.h"

/* By what targets are ordered. */
enum top_sort { TOP_NAME, TOP_CALLS, TOP_OPEN, TOP_RATE, TOP_FAILED, TOP_DELAY, TOP_SORTS };
/* "name", "calls", ... as --sort takes them.  TOP_SORTS: no such column. */
[[nodiscard]] enum top_sort top_sort_find(const char *name);

/*
 * What the screen shows: the later answer's states, and per second what has grown since the
 * earlier one.  `before` NULL, or of another run of tandemd: rates are null.  Targets are in the
 * order of `sort`; those that have most first, names from a to z, and `reverse` the other way
 * round.  NULL: out of memory.
 */
json_t *top_view(const json_t *before, const json_t *now, enum top_sort sort, bool reverse);

struct top_size {
	int columns, lines;
};
/* At most size->lines lines of at most size->columns characters; `has_colours`: with ANSI codes. */
void top_screen(const json_t *view, enum top_sort sort, const struct top_size *size,
		bool has_colours, FILE *out);

struct ctl_call;
/* The command, until q or ^C; one screen where there is no terminal. */
[[nodiscard]] enum ctl_status top_run(struct ctl_session *session, const struct ctl_call *call,
				      char why[CTL_WHY_MAX]);

#endif
