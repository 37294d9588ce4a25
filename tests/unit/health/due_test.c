/* SPDX-License-Identifier: BSD-3-Clause */
/* health/due.h against a sorted list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "health/due.h"

#define NODES 300

static uint64_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void the_first_is_always_the_earliest_of_all(void **)
{
	static struct due_node nodes[NODES];
	struct due_heap heap = { .nodes = NULL };
	uint64_t state = 7;

	assert_true(due_reserve(&heap, NODES));
	for (size_t i = 0; i < NODES; i++)
		nodes[i] = (struct due_node){ .at = TICK_NEVER, .index = DUE_NOWHERE };
	for (int step = 0; step < 20000; step++) {
		struct due_node *node = &nodes[random_next(&state) % NODES];
		tick_t at = random_next(&state) % 5 == 0 ? TICK_NEVER : random_next(&state) % 1000;
		due_set(&heap, node, at);
		tick_t earliest = TICK_NEVER;
		uint32_t count = 0;
		for (size_t i = 0; i < NODES; i++) {
			assert_int_equal(nodes[i].index == DUE_NOWHERE, nodes[i].at == TICK_NEVER);
			earliest = MIN(earliest, nodes[i].at);
			count += nodes[i].at != TICK_NEVER;
		}
		assert_int_equal(heap.count, count);
		if (!count) {
			assert_null(due_first(&heap, TICK_NEVER));
			continue;
		}
		assert_int_equal(due_first(&heap, earliest)->at, earliest);
		if (earliest > 0)
			assert_null(due_first(&heap, earliest - 1));
	}
	due_fini(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_always_the_earliest_of_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
