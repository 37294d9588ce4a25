/* SPDX-License-Identifier: BSD-3-Clause */
/* See memory.h.  Control thread, at start. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_errno.h>

#include "dpdk/memory.h"
#include "proxy/memory.h"

/*
 * Behind the frame there is room for the engine to move a message into: drivers deliver with a
 * headroom that is fixed when DPDK is built (128 octets, AF_XDP 384), less than our Via and two
 * Record-Routes may take.
 */
#define TAILROOM        1024u
#define AF_XDP_HEADROOM 256u      /* what the kernel adds to DPDK's own */
#define ROOM_STANDARD   2816u
#define ELEMENT_OVERHEAD (64u + (unsigned int)sizeof(struct rte_mbuf) + PACKET_PRIVATE_SIZE)
#define AF_XDP_ELEMENT_MAX 4096u  /* a UMEM chunk is a page at most */
#define POOL_CACHE      256u
#define PER_QUEUE       6144u     /* rx ring, tx ring and completions of an AF_XDP socket */
#define PER_QUEUE_MIN   4608u
#define PER_WORKER      4096u     /* buffers, rings, held packets, cache */
#define PER_WORKER_MIN  1536u
#define JUMBOS_A_WORKER 32u
#define JUMBO_ROUNDING  8192u     /* to whole pages */

size_t memory_available(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		return SIZE_MAX;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib ? (size_t)kib << 10 : SIZE_MAX;
}

/*
 * All is touched at start: asking for more than there is would not be refused but end in the
 * kernel's choosing a process to kill.  Hugepages are counted elsewhere.
 */
static int memory_check_available(const struct dataplane_config *config,
				  const struct memory_plan *plan, struct failure *failure)
{
	size_t wanted = plan->engine * config->workers + (config->no_huge ? plan->heap : 0);
	size_t available = memory_available();

	if (wanted <= available)
		return 0;
	return failure_put(failure, ENOMEM,
			   "memory: dataplane.memory of %zu MiB takes %zu MiB of the machine's memory "
			   "beside hugepages, and %zu MiB are available",
			   config->memory >> 20, wanted >> 20, available >> 20);
}

int memory_plan(const struct dataplane_config *config, struct memory_plan *plan,
		struct failure *failure)
{
	const size_t workers = config->workers;
	size_t fixed;

	if (config->memory < MEMORY_MIN + (workers - 1) * ((size_t)16 << 20))
		return failure_put(failure, ENOMEM,
				   "memory: %zu MiB are too little, %u worker(s) need at least %zu MiB",
				   config->memory >> 20, config->workers,
				   (MEMORY_MIN >> 20) + (workers - 1) * 16);
	plan->packets = config->memory / 3;
	/* A buffer of 68 KiB each: a sixteenth of the memory, 16 to 64 of them a worker. */
	plan->reassembly_max = (uint32_t)MIN(
		MAX(config->memory / 16 / workers / (68u << 10), (size_t)16), (size_t)64);
	/* Stack tables, jumbos, rings; DPDK's own needs. */
	fixed = workers * ((size_t)plan->reassembly_max * (70u << 10) + ((size_t)1 << 20) +
			   (workers > 1 ? JUMBOS_A_WORKER * (sizeof(struct jumbo) + JUMBO_ROUNDING) : 0)) +
		workers * workers * ((size_t)32 << 10);
	plan->heap = plan->packets + fixed + ((size_t)8 << 20);
	plan->engine = (config->memory - MIN(config->memory / 2, plan->packets + fixed)) / workers;
	plan->proxy = (struct proxy_config){ .txns_max = 0 };
	if (!proxy_memory_plan(plan->engine, &plan->proxy))
		return failure_put(failure, ENOMEM,
				   "memory: %zu MiB leave no room for transactions",
				   config->memory >> 20);
	return memory_check_available(config, plan, failure);
}

/* The data room of a device's packets, headroom included. */
static uint16_t device_room(const struct device *device)
{
	unsigned int needed = RTE_PKTMBUF_HEADROOM + device->frame_max + TAILROOM;

	if (strcmp(device->driver, "net_af_xdp") == 0)
		needed += AF_XDP_HEADROOM;
	return (uint16_t)MIN(MAX(needed, ROOM_STANDARD), 65535u);
}

static int device_choose_pool(struct dataplane *dataplane, struct device *device,
			      struct failure *failure)
{
	uint16_t room = device_room(device);
	uint16_t p;

	if (strcmp(device->driver, "net_af_xdp") == 0 &&
	    room + ELEMENT_OVERHEAD > AF_XDP_ELEMENT_MAX) {
		const unsigned int spare = AF_XDP_ELEMENT_MAX - ELEMENT_OVERHEAD -
					   RTE_PKTMBUF_HEADROOM - AF_XDP_HEADROOM - 128;

		if (device->frame_max > spare)
			return failure_put(failure, EINVAL,
					   "interface %s: mtu %u, AF_XDP allows at most %u",
					   device->name, device->mtu,
					   spare - NET_LINK_HEADER_MAX - 4);
		room = AF_XDP_ELEMENT_MAX - ELEMENT_OVERHEAD;
	}
	for (p = 0; p < dataplane->pool_count; p++) {
		if (dataplane->pool_room[p] == room)
			break;
	}
	if (p == dataplane->pool_count)
		dataplane->pool_room[dataplane->pool_count++] = room;
	device->pool = p;
	return 0;
}

/*
 * Octets that an element takes in a pool, header and spreading over memory channels included.
 * An element does not cross pages when they are small, so without hugepages it takes whole ones.
 */
static size_t element_octets(uint16_t room)
{
	const size_t total = rte_mempool_calc_obj_size(
		sizeof(struct rte_mbuf) + PACKET_PRIVATE_SIZE + room, 0, NULL);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (rte_eal_has_hugepages())
		return total;
	return total < page ? page / (page / total) : RTE_ALIGN_CEIL(total, page);
}

static int pool_create(struct dataplane *dataplane, uint16_t p, size_t octets,
		       struct failure *failure)
{
	const size_t element = element_octets(dataplane->pool_room[p]);
	unsigned int queues = 0, wanted, least;
	char name[32];

	for (uint16_t q = 0; q < dataplane->queue_count; q++)
		queues += dataplane->devices[dataplane->queues[q].device].pool == p;
	wanted = queues * PER_QUEUE + dataplane->worker_count * PER_WORKER;
	least = queues * PER_QUEUE_MIN + dataplane->worker_count * PER_WORKER_MIN;
	if (dataplane->pool_room[p] > 8192) { /* AF_PACKET copies: no packet waits in its rings */
		wanted = queues * 512 + dataplane->worker_count * PER_WORKER_MIN;
		least = queues * 128 + dataplane->worker_count * 512;
	}
	if (least * element > octets)
		return failure_put(failure, ENOMEM,
				   "memory: %u packet buffers of %zu octets need %zu MiB, a third of "
				   "dataplane.memory is %zu MiB",
				   least, element, (least * element >> 20) + 1,
				   octets * dataplane->pool_count >> 20);
	wanted = (unsigned int)MIN(wanted, octets / element);
	snprintf(name, sizeof(name), "packets%u", p);
	dataplane->pools[p] = rte_pktmbuf_pool_create(name, wanted, POOL_CACHE, PACKET_PRIVATE_SIZE,
						      dataplane->pool_room[p], SOCKET_ID_ANY);
	if (!dataplane->pools[p])
		return failure_put(failure, ENOMEM,
				   "memory: no room for %u packet buffers of %zu octets: %s", wanted,
				   element, rte_strerror(rte_errno));
	return 0;
}

int memory_create_pools(struct dataplane *dataplane, const struct memory_plan *plan,
			struct failure *failure)
{
	int rc;

	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		rc = device_choose_pool(dataplane, &dataplane->devices[d], failure);
		if (rc)
			return rc;
	}
	for (uint16_t p = 0; p < dataplane->pool_count; p++) {
		rc = pool_create(dataplane, p, plan->packets / dataplane->pool_count, failure);
		if (rc)
			return rc;
	}
	if (dataplane->worker_count == 1)
		return 0;
	/* Any worker takes, any worker gives back. */
	dataplane->jumbos = rte_mempool_create("jumbos",
					       dataplane->worker_count * JUMBOS_A_WORKER,
					       sizeof(struct jumbo), 0, 0, NULL, NULL, NULL, NULL,
					       SOCKET_ID_ANY, 0);
	if (!dataplane->jumbos)
		return failure_put(failure, ENOMEM,
				   "memory: no room for buffers of reassembled datagrams");
	return 0;
}

void memory_free_pools(struct dataplane *dataplane)
{
	for (uint16_t p = 0; p < dataplane->pool_count; p++) {
		rte_mempool_free(dataplane->pools[p]);
		dataplane->pools[p] = NULL;
	}
	rte_mempool_free(dataplane->jumbos);
	dataplane->jumbos = NULL;
}
