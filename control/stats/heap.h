/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control plane's allocator says of itself. */
#ifndef STATS_HEAP_H
#define STATS_HEAP_H

#include "base/compiler.h"

struct heap_stats {
	const char *allocator; /* "jemalloc"; "libc" in sanitized builds */
	uint64_t allocated, active, mapped; /* octets; 0 where the allocator does not say */
};

void heap_stats_read(struct heap_stats *stats);

#endif
