/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer wheel's check of itself, for tests; see timer_wheel.h. */
#include "state/timer_wheel.h"

#include "state/timer_wheel_layout.h"

static const char *check_node(const struct timer_wheel *wheel, uint32_t list, uint64_t slot)
{
	if (list == LIST_NEVER)
		return slot > SLOT_LAST ? NULL : "a timer with an end waits for ever";
	if (list == LIST_OVERDUE)
		return slot <= tick_to_ms(wheel->now) + 1 ? NULL : "a timer is overdue too early";
	if (list < LIST_FAR) {
		if (slot < wheel->cursor || slot >= wheel->horizon || slot % NEAR_SLOTS != list)
			return "a timer is in the wrong near list";
		return NULL;
	}
	if (list == timer_wheel_pending(wheel))
		return slot >= wheel->horizon - FAR_SPAN ? NULL : "a pending timer is too late";
	/* How far ahead of the horizon its list stands. */
	uint64_t at = (wheel->horizon >> FAR_SHIFT);
	at += (list - LIST_FAR - (uint32_t)(at % FAR_SLOTS)) % FAR_SLOTS;
	return slot >> FAR_SHIFT >= at ? NULL : "a timer is in too late a far list";
}

static const char *check_list(const struct timer_wheel *wheel, uint32_t list, uint32_t *timers)
{
	uint32_t in_list = 0;

	for (uint32_t strand = 0; strand < STRANDS; strand++) {
		uint32_t link = HEADS_AT + list * STRANDS + strand;
		for (uint32_t at = wheel->heads[list * STRANDS + strand]; at; at = wheel->nodes[at].next) {
			const struct timer_node *node = &wheel->nodes[at];
			if (at > wheel->capacity || !(node->generation & 1))
				return "a list names a timer that does not run";
			if (node->link != link)
				return "a timer does not know its place";
			if (++in_list > wheel->capacity)
				return "a strand does not end";
			const char *wrong = check_node(wheel, list, node->slot);
			if (wrong)
				return wrong;
			link = link_of_next(at);
		}
	}
	*timers += in_list;
	if (list < LIST_FAR)
		return slot_bitmap_has(&wheel->near, list) == (in_list > 0) ? NULL : "near bitmap";
	if (list >= LIST_OVERDUE)
		return NULL;
	uint32_t counted = wheel->far_counts[list - LIST_FAR];
	if (counted < in_list || (counted && !in_list))
		return "a far list's count is wrong";
	return slot_bitmap_has(&wheel->far, list - LIST_FAR) == (in_list > 0) ? NULL : "far bitmap";
}

const char *timer_wheel_check(const struct timer_wheel *wheel)
{
	uint32_t timers = 0;

	if (wheel->horizon % FAR_SPAN || wheel->horizon > wheel->cursor + NEAR_SLOTS)
		return "the horizon is out of reach";
	if (wheel->cursor > (timer_wheel_is_pending(wheel) ? wheel->horizon - FAR_SPAN : wheel->horizon))
		return "the cursor is past timers that are not near yet";
	for (uint32_t list = 0; list < LIST_COUNT; list++) {
		const char *wrong = check_list(wheel, list, &timers);
		if (wrong)
			return wrong;
	}
	if (timers != timer_wheel_count(wheel))
		return "the timers in the lists are not those that run";
	for (uint32_t i = 0; i < wheel->free_count; i++) {
		uint32_t index = (uint32_t)wheel->free[i];
		uint32_t generation = (uint32_t)(wheel->free[i] >> 32);
		if (!index || index > wheel->capacity || generation & 1 ||
		    wheel->nodes[index].generation != generation)
			return "the free list is wrong";
	}
	return NULL;
}
