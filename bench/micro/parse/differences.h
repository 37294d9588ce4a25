/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The differences that are known: a file of rows separated by tabs.  `differences` in this folder
 * tells the format; every row names a reason, and every reason is told in a sentence.
 */
#ifndef BENCH_DIFFERENCES_H
#define BENCH_DIFFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#define DIFFERENCE_COLUMNS 6 /* message, field, Tandem's answer, osip's, sofia's, re's */

struct difference {
	char *columns[DIFFERENCE_COLUMNS];
	char *reason; /* its short name */
	bool seen;
};

struct differences {
	char *text;
	struct difference *rows;
	size_t count;
};

/* False, after a line on stderr, when the file cannot be read, a row is malformed, or a reason is
 * named that the file does not tell, or told and never named. */
bool differences_read(struct differences *differences, const char *path);
void differences_free(struct differences *differences);
/* The row with these columns, marked as seen; NULL: none. */
struct difference *differences_find(struct differences *differences,
				    const char *const columns[DIFFERENCE_COLUMNS]);
/* The reason of the row for a message and field, whatever its answers are; NULL: none. */
const char *differences_reason(const struct differences *differences, const char *message,
			       const char *field);

#endif
