/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is due next; see due.h. */
#include "health/due.h"

#include <stdlib.h>

void due_fini(struct due_heap *heap)
{
	free(heap->nodes);
	*heap = (struct due_heap){ .nodes = NULL };
}

bool due_reserve(struct due_heap *heap, uint32_t room)
{
	if (room <= heap->room)
		return true;
	room = MAX(room, 2 * heap->room);
	struct due_node **nodes = realloc(heap->nodes, room * sizeof(*nodes));
	if (!nodes)
		return false;
	heap->nodes = nodes;
	heap->room = room;
	return true;
}

static void heap_put(struct due_heap *heap, uint32_t i, struct due_node *node)
{
	heap->nodes[i] = node;
	node->index = i;
}

static void heap_up(struct due_heap *heap, uint32_t i, struct due_node *node)
{
	while (i > 0 && heap->nodes[(i - 1) / 2]->at > node->at) {
		heap_put(heap, i, heap->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(heap, i, node);
}

static void heap_down(struct due_heap *heap, uint32_t i, struct due_node *node)
{
	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child + 1 < heap->count && heap->nodes[child + 1]->at < heap->nodes[child]->at)
			child++;
		if (child >= heap->count || heap->nodes[child]->at >= node->at)
			break;
		heap_put(heap, i, heap->nodes[child]);
		i = child;
	}
	heap_put(heap, i, node);
}

static void heap_remove(struct due_heap *heap, struct due_node *node)
{
	uint32_t i = node->index;
	struct due_node *last = heap->nodes[--heap->count];

	node->index = DUE_NOWHERE;
	if (last == node)
		return;
	if (last->at < node->at)
		heap_up(heap, i, last);
	else
		heap_down(heap, i, last);
}

void due_set(struct due_heap *heap, struct due_node *node, tick_t at)
{
	if (node->index != DUE_NOWHERE) {
		if (node->at == at)
			return;
		heap_remove(heap, node);
	}
	node->at = at;
	if (at == TICK_NEVER)
		return;
	assert(heap->count < heap->room);
	heap_up(heap, heap->count++, node);
}

struct due_node *due_first(const struct due_heap *heap, tick_t now)
{
	return heap->count && heap->nodes[0]->at <= now ? heap->nodes[0] : NULL;
}
