/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control plane's allocator says of itself; see heap.h. */
#include "stats/heap.h"

#ifdef CONTROL_JEMALLOC

#include <jemalloc/jemalloc.h>

static uint64_t heap_read(const char *name)
{
	size_t value = 0, size = sizeof(value);

	return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

void heap_stats_read(struct heap_stats *stats)
{
	uint64_t epoch = 1;

	/* Statistics are as of the last change of the epoch. */
	(void)mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	*stats = (struct heap_stats){
		.allocator = "jemalloc",
		.allocated = heap_read("stats.allocated"),
		.active = heap_read("stats.active"),
		.mapped = heap_read("stats.mapped"),
	};
}

#else

void heap_stats_read(struct heap_stats *stats)
{
	*stats = (struct heap_stats){ .allocator = "libc" };
}

#endif
