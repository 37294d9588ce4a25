/* SPDX-License-Identifier: BSD-3-Clause */
/* A calendar of events; see queue.h. */
#include "queue.h"

#include <stdlib.h>

#define PAGE_MASK (QUEUE_SPAN_MS - 1)
#define NONE      UINT32_MAX

struct queue {
	struct event *events;
	uint32_t size, free;
	uint32_t *pages;      /* first event of each millisecond */
	uint64_t page;        /* milliseconds: everything up to here is in the heap */
	uint64_t in_pages;
	uint64_t order;
	uint32_t *heap, heap_count, heap_size;
};

struct queue *queue_create(tick_t now)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->page = now / 1000;
	queue->free = NONE;
	queue->pages = malloc(QUEUE_SPAN_MS * sizeof(*queue->pages));
	if (!queue->pages) {
		free(queue);
		return NULL;
	}
	for (uint32_t i = 0; i < QUEUE_SPAN_MS; i++)
		queue->pages[i] = NONE;
	return queue;
}

void queue_destroy(struct queue *queue)
{
	if (!queue)
		return;
	free(queue->events);
	free(queue->pages);
	free(queue->heap);
	free(queue);
}

static void *grow(void *memory, uint32_t *size, size_t each)
{
	*size = *size ? 2 * *size : 1024;
	memory = realloc(memory, *size * each);
	if (!memory)
		abort();
	return memory;
}

static uint32_t event_new(struct queue *queue)
{
	uint32_t index = queue->free;

	if (index != NONE) {
		queue->free = queue->events[index].next;
		return index;
	}
	uint32_t first = queue->size;
	queue->events = grow(queue->events, &queue->size, sizeof(*queue->events));
	for (uint32_t i = queue->size; i-- > first + 1;) {
		queue->events[i].next = queue->free;
		queue->free = i;
	}
	return first;
}

static bool is_before(const struct queue *queue, uint32_t a, uint32_t b)
{
	const struct event *x = &queue->events[a], *y = &queue->events[b];

	return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void heap_put(struct queue *queue, uint32_t index)
{
	if (queue->heap_count == queue->heap_size)
		queue->heap = grow(queue->heap, &queue->heap_size, sizeof(*queue->heap));
	uint32_t at = queue->heap_count++;
	while (at && is_before(queue, index, queue->heap[(at - 1) / 2])) {
		queue->heap[at] = queue->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue->heap[at] = index;
}

static uint32_t heap_take(struct queue *queue)
{
	uint32_t top = queue->heap[0], last = queue->heap[--queue->heap_count], at = 0;

	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= queue->heap_count)
			break;
		if (child + 1 < queue->heap_count &&
		    is_before(queue, queue->heap[child + 1], queue->heap[child]))
			child++;
		if (is_before(queue, last, queue->heap[child]))
			break;
		queue->heap[at] = queue->heap[child];
		at = child;
	}
	queue->heap[at] = last;
	return top;
}

void queue_put(struct queue *queue, tick_t at, uint8_t kind, void *object, uint32_t generation,
	       uint32_t value)
{
	uint32_t index = event_new(queue);
	uint64_t page = at / 1000;

	queue->events[index] = (struct event){ .at = at,
					       .order = queue->order++,
					       .object = object,
					       .generation = generation,
					       .value = value,
					       .kind = kind };
	if (page <= queue->page) {
		heap_put(queue, index);
		return;
	}
	if (page - queue->page >= QUEUE_SPAN_MS)
		abort();
	uint32_t *first = &queue->pages[page & PAGE_MASK];
	queue->events[index].next = *first;
	*first = index;
	queue->in_pages++;
}

tick_t queue_next(struct queue *queue)
{
	while (queue->heap_count == 0) {
		if (queue->in_pages == 0)
			return TICK_NEVER;
		uint32_t *first = &queue->pages[++queue->page & PAGE_MASK];
		for (uint32_t index = *first; index != NONE;) {
			uint32_t next = queue->events[index].next;
			heap_put(queue, index);
			queue->in_pages--;
			index = next;
		}
		*first = NONE;
	}
	return queue->events[queue->heap[0]].at;
}

struct event queue_take(struct queue *queue)
{
	uint32_t index = heap_take(queue);
	struct event event = queue->events[index];

	queue->events[index].next = queue->free;
	queue->free = index;
	return event;
}
