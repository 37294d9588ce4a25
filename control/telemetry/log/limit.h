/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * At most so many lines of one kind about one thing: a bucket of tokens a key, in a bounded table.
 * What is left out is counted and told with the next line of the key, or when the key has been
 * quiet.  Takes the time as an argument; pure.
 */
#ifndef TELEMETRY_LIMIT_H
#define TELEMETRY_LIMIT_H

#include "base/span.h"

#define LIMIT_KEYS       256
#define LIMIT_BURST      10   /* lines at once */
#define LIMIT_REFILL_MS  1000 /* for one more */
#define LIMIT_QUIET_MS   10000
#define LIMIT_NAME_MAX   160

struct limit_key {
	char name[LIMIT_NAME_MAX]; /* "": free */
	uint64_t due_ms;           /* GCRA: when the bucket is full again */
	uint64_t seen_ms;
	uint64_t left_out;         /* since the last line that was told */
};

struct limit {
	struct limit_key keys[LIMIT_KEYS];
	uint64_t left_out;         /* ever */
};

/* True: tell, and that *left_out lines before it were not.  False: leave out. */
[[nodiscard]] bool limit_pass(struct limit *limit, const char *name, uint64_t now_ms,
			      uint64_t *left_out);
/* A key that left lines out and has been quiet since: its name and their number.  False: there is
 * none (any more). */
[[nodiscard]] bool limit_settle(struct limit *limit, uint64_t now_ms, char name[LIMIT_NAME_MAX],
				uint64_t *left_out);

#endif
