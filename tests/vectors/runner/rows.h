/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header rows of a message found the simple way, without the parser under test: line by line.
 */
#ifndef TESTS_VECTOR_ROWS_H
#define TESTS_VECTOR_ROWS_H

#include "base/span.h"

struct row {
	struct span whole; /* with its line end */
	struct span name;
	struct span value; /* trimmed; folds inside */
};

/* The row at `at` (the offset of its first octet); false at the empty line or the end. */
[[nodiscard]] bool row_next(struct span message, size_t *at, struct row *row);
/* The n-th (from 0) row of that name, long or compact as given in `compact` (0: none). */
[[nodiscard]] bool row_find(struct span message, const char *name, char compact, unsigned int n,
			    struct row *row);
/* Offset past the start line, leading line ends skipped. */
size_t start_line_end(struct span message);

#endif
