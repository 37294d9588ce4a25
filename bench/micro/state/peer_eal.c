/* SPDX-License-Identifier: BSD-3-Clause */
/* See peer_eal.h. */
#include "peer_eal.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "state/mapping.h"

#define HEAPS_MAX 4

static struct heap {
	char name[32];
	void *memory;
	size_t size;
} heaps[HEAPS_MAX];

static bool eal_started;

static int core_first(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			return cpu;
	}
	return 0;
}

const char *peer_eal_start(void)
{
	/* DPDK may keep pointers into its arguments. */
	static char lcores[32], prefix[48], error[160];
	static char *arguments[] = {
		"bench",
		"--no-huge",
		"-m64",
		"--no-pci",
		"--no-telemetry",
		"--no-shconf",
		"--iova-mode=va",
		"--log-level=*:error",
		lcores,
		prefix,
		NULL,
	};

	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", core_first());
	snprintf(prefix, sizeof(prefix), "--file-prefix=tandem-micro-%ld", (long)getpid());
	eal_started = rte_eal_init(ARRAY_SIZE(arguments) - 1, arguments) >= 0;
	if (eal_started)
		return NULL;
	snprintf(error, sizeof(error), "DPDK does not start: %s", rte_strerror(rte_errno));
	return error;
}

void peer_eal_stop(void)
{
	char folder[128];

	if (!eal_started)
		return;
	snprintf(folder, sizeof(folder), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	/* DPDK leaves it behind; a folder a run would add up. */
	if (strstr(folder, "tandem-micro-"))
		rmdir(folder);
}

int peer_heap_create(const char *name, size_t size)
{
	struct heap *heap = heaps;

	while (heap < heaps + HEAPS_MAX && heap->memory)
		heap++;
	if (heap == heaps + HEAPS_MAX)
		return -1;
	heap->size = (size + MAPPING_HUGE_PAGE - 1) / MAPPING_HUGE_PAGE * MAPPING_HUGE_PAGE;
	heap->memory = mapping_create(heap->size);
	if (!heap->memory)
		return -1;
	snprintf(heap->name, sizeof(heap->name), "%s", name);
	if (rte_malloc_heap_create(name) == 0) {
		if (rte_malloc_heap_memory_add(name, heap->memory, heap->size, NULL, 0,
					       MAPPING_HUGE_PAGE) == 0)
			return rte_malloc_heap_get_socket(name);
		rte_malloc_heap_destroy(name);
	}
	mapping_destroy(heap->memory, heap->size);
	heap->memory = NULL;
	return -1;
}

void peer_heap_destroy(const char *name)
{
	for (struct heap *heap = heaps; heap < heaps + HEAPS_MAX; heap++) {
		if (!heap->memory || strcmp(heap->name, name) != 0)
			continue;
		if (rte_malloc_heap_memory_remove(name, heap->memory, heap->size) != 0)
			return;
		rte_malloc_heap_destroy(name);
		mapping_destroy(heap->memory, heap->size);
		heap->memory = NULL;
	}
}
