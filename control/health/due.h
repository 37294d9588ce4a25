/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is due next: a binary heap over nodes that others own.  Grows when nodes are added, never
 * later.  Control thread.
 */
#ifndef HEALTH_DUE_H
#define HEALTH_DUE_H

#include "base/compiler.h"
#include "base/tick.h"

#define DUE_NOWHERE UINT32_MAX

struct due_node {
	tick_t at;
	uint32_t index; /* in the heap; DUE_NOWHERE: not in it */
};

struct due_heap {
	struct due_node **nodes;
	uint32_t count, room;
};

void due_fini(struct due_heap *heap);
/* False: out of memory. */
[[nodiscard]] bool due_reserve(struct due_heap *heap, uint32_t room);
/* In, out, or moved; TICK_NEVER: out.  There is room. */
void due_set(struct due_heap *heap, struct due_node *node, tick_t at);
/* The first whose time has come, or NULL.  It stays in. */
struct due_node *due_first(const struct due_heap *heap, tick_t now);

#endif
