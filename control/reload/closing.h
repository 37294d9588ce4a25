/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An orderly end: no new calls, those that are up go on, until none is left or the time is up.
 * Control thread only.
 */
#ifndef RELOAD_CLOSING_H
#define RELOAD_CLOSING_H

#include <stdbool.h>
#include <stdint.h>

struct control;

struct closing {
	bool is_under_way;
	uint64_t until_ms, told_ms;
	uint64_t told_calls;
};

/* From now on what would begin a call is refused.  `why`: "SIGTERM". */
void closing_begin(struct control *control, const char *why);
/* Is there nothing left to wait for?  Tells now and then how much is. */
[[nodiscard]] bool closing_is_over(struct control *control);

#endif
