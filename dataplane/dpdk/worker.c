/* SPDX-License-Identifier: BSD-3-Clause */
/* Creation and end of the workers; see worker.h.  Control thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_random.h>
#include <rte_ring_elem.h>

#include "dpdk/command.h"
#include "dpdk/egress.h"
#include "dpdk/ingress.h"
#include "dpdk/worker.h"
#include "state/mapping.h"

static_assert(sizeof(struct engine_event) % 4 == 0, "rte_ring's elements are multiples of 4");
static_assert(sizeof(struct outcome) % 4 == 0, "rte_ring's elements are multiples of 4");
static_assert(sizeof(struct proxy_name) % 4 == 0, "rte_ring's elements are multiples of 4");

static int no_memory(const char *what, struct failure *failure)
{
	return failure_put(failure, ENOMEM, "memory: no room for %s; raise dataplane.memory", what);
}

/* ---- rings -------------------------------------------------------------------------------- */

static struct rte_ring *ring_create(const char *kind, uint16_t from, uint16_t to,
				    unsigned int element, unsigned int count)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s_%u_%u", kind, from, to);
	return rte_ring_create_elem(name, element, count, SOCKET_ID_ANY,
				    RING_F_SP_ENQ | RING_F_SC_DEQ);
}

/* One ring a pair and direction: each has one producer and one consumer. */
static bool pair_create_rings(struct worker *from, struct worker *to, unsigned int count)
{
	struct rte_ring *handoff = ring_create("handoff", from->index, to->index, sizeof(void *),
					       count);
	struct rte_ring *tx = ring_create("tx", from->index, to->index, sizeof(void *), count);
	struct rte_ring *updates = ring_create("updates", from->index, to->index,
					       sizeof(struct update_item), 64);

	from->handoff_out[to->index] = to->handoff_in[from->index] = handoff;
	from->tx_out[to->index] = to->tx_in[from->index] = tx;
	from->updates_out[to->index] = to->updates_in[from->index] = updates;
	return handoff && tx && updates;
}

static int rings_create(struct dataplane *dataplane, struct failure *failure)
{
	const unsigned int pair = dataplane->worker_count <= 8 ? HANDOFF_RING : HANDOFF_RING / 4;

	for (uint16_t a = 0; a < dataplane->worker_count; a++) {
		struct worker *worker = dataplane->workers[a];

		worker->outcomes = ring_create("outcomes", a, a, sizeof(struct outcome),
					       OUTCOME_RING);
		worker->events = ring_create("events", a, a, sizeof(struct engine_event),
					     EVENT_RING);
		worker->names = ring_create("names", a, a, sizeof(struct proxy_name), NAME_RING);
		worker->commands = ring_create("commands", a, a, sizeof(void *), COMMAND_RING);
		worker->answers = ring_create("answers", a, a, sizeof(void *), COMMAND_RING);
		if (!worker->outcomes || !worker->events || !worker->names || !worker->commands ||
		    !worker->answers)
			return no_memory("a worker's rings", failure);
		for (uint16_t b = 0; b < dataplane->worker_count; b++) {
			if (a != b && !pair_create_rings(worker, dataplane->workers[b], pair))
				return no_memory("the rings between workers", failure);
		}
	}
	return 0;
}

/* ---- queues ------------------------------------------------------------------------------- */

/* The queue by which a worker sends: its own, else one of the others', spread. */
static uint16_t choose_tx_queue(const struct dataplane *dataplane, const struct device *device,
				uint16_t worker)
{
	uint16_t candidates = 0, chosen = QUEUE_NONE;

	for (uint16_t i = 0; i < device->queue_count; i++) {
		const struct queue *queue = &dataplane->queues[device->queue_first + i];

		if (!queue->has_tx)
			continue;
		if (queue->owner == worker)
			return (uint16_t)(device->queue_first + i);
		candidates++;
	}
	for (uint16_t i = 0, n = 0; i < device->queue_count; i++) {
		if (!dataplane->queues[device->queue_first + i].has_tx)
			continue;
		if (n++ == worker % candidates)
			chosen = (uint16_t)(device->queue_first + i);
	}
	return chosen;
}

static bool worker_take_queues(struct worker *worker)
{
	const struct dataplane *dataplane = worker->dataplane;
	uint16_t owned = 0;

	for (uint16_t q = 0; q < dataplane->queue_count; q++) {
		const struct queue *queue = &dataplane->queues[q];

		worker->tx_buffer_of[q] = QUEUE_NONE;
		if (queue->owner != worker->index)
			continue;
		if (queue->has_rx)
			worker->rx_queues[worker->rx_queue_count++] = q;
		if (queue->has_tx)
			worker->tx_buffer_of[q] = owned++;
	}
	worker->tx_buffer_count = owned;
	worker->tx_buffers = calloc(MAX(owned, 1), sizeof(*worker->tx_buffers));
	if (!worker->tx_buffers)
		return false;
	for (uint16_t q = 0; q < dataplane->queue_count; q++) {
		if (worker->tx_buffer_of[q] != QUEUE_NONE)
			worker->tx_buffers[worker->tx_buffer_of[q]].queue = q;
	}
	for (uint16_t d = 0; d < dataplane->device_count; d++)
		worker->tx_queue_of[d] = choose_tx_queue(dataplane, &dataplane->devices[d],
							 worker->index);
	return true;
}

/* ---- stack and engine --------------------------------------------------------------------- */

static void describe_interface(const struct dataplane *dataplane, uint16_t i,
			       struct net_interface_config *out)
{
	const struct dataplane_interface_config *in = &dataplane->config.interfaces[i];
	const struct device *device = &dataplane->devices[dataplane->device_of[i]];

	*out = (struct net_interface_config){
		.port = dataplane->device_of[i],
		.vlan = in->vlan,
		.mtu = in->mtu,
		.dscp = in->dscp,
		.address_count = (uint8_t)MIN(in->address_count, NET_ADDRESSES_MAX),
		.gateway_v4 = in->gateway_v4,
		.gateway_v6 = in->gateway_v6,
	};
	memcpy(out->mac, device->mac, sizeof(out->mac));
	memcpy(out->addresses, in->addresses, out->address_count * sizeof(out->addresses[0]));
	if (device->tap_name[0])
		out->flags |= NET_INTERFACE_PUNT;
	if (device->is_af_packet)
		out->flags |= NET_INTERFACE_TRUST_UDP;
	if (device->tx_ip_checksum)
		out->flags |= NET_INTERFACE_TX_IP_CHECKSUM;
	if (device->tx_udp_checksum)
		out->flags |= NET_INTERFACE_TX_UDP_CHECKSUM;
}

static int worker_create_stack(struct worker *worker, const struct memory_plan *plan,
			       struct failure *failure)
{
	const struct dataplane *dataplane = worker->dataplane;
	struct net_config config = {
		.interface_count = (uint16_t)dataplane->config.interface_count,
		.worker = worker->index,
		.workers = dataplane->worker_count,
		.key = dataplane->config.shard_key,
		.neighbours_max = HOLD_NEIGHBOURS_MAX,
		.reassembly_max = plan->reassembly_max,
	};
	size_t size;
	void *memory;

	for (uint16_t i = 0; i < config.interface_count; i++)
		describe_interface(dataplane, i, &config.interfaces[i]);
	size = net_stack_size(&config);
	if (size == 0)
		return failure_put(failure, EINVAL,
				   "interfaces: an mtu, a vlan or an address cannot be used");
	/* Ordinary memory: no device reads it, and DPDK's heap is measured for packets. */
	memory = mapping_create(size);
	if (!memory)
		return no_memory("a worker's network stack", failure);
	worker->stack_memory = memory;
	worker->stack_size = size;
	worker->stack = net_stack_init(memory, &config, clock_now(&dataplane->clock));
	return worker->stack ? 0 : failure_put(failure, EINVAL, "interfaces: refused by the stack");
}

static int worker_create_engine(struct worker *worker, const struct memory_plan *plan,
				struct failure *failure)
{
	struct proxy_config config = plan->proxy;

	config.worker = worker->index;
	config.seed = rte_rand();
	config.wall_start_s = (uint32_t)(worker->dataplane->clock.wall_start_ns / 1000000000u);
	config.stages = &worker->stages;
	config.asks_names = worker->dataplane->config.asks_names;
	worker->proxy = proxy_create(&config, clock_now(&worker->dataplane->clock));
	return worker->proxy ? 0 : no_memory("a worker's transactions", failure);
}

/* A stage that lasts two milliseconds was interrupted.  The longest of our own is a transmit burst
 * that the kernel carries out (AF_XDP, copying): half of that. */
static void worker_create_stages(struct worker *worker)
{
	const struct stage_clock_config config = {
		.read = clock_cycles,
		.seed = rte_rand(),
		.passes_a_sample = STAGE_SAMPLE_PASSES,
		.stay_max = worker->dataplane->clock.tsc_hz / 500,
	};

	stage_clock_init(&worker->stages, &config);
}

static int worker_create(struct dataplane *dataplane, uint16_t index,
			 const struct memory_plan *plan, struct failure *failure)
{
	struct worker *worker = aligned_alloc(alignof(struct worker), sizeof(*worker));
	int rc;

	if (!worker)
		return no_memory("a worker", failure);
	memset(worker, 0, sizeof(*worker));
	dataplane->workers[index] = worker;
	worker->dataplane = dataplane;
	worker->index = index;
	worker->socket = SOCKET_ID_ANY;
	worker->outbox = malloc(sizeof(*worker->outbox));
	worker->hold.neighbours = calloc(HOLD_NEIGHBOURS_MAX, sizeof(*worker->hold.neighbours));
	if (!worker->outbox || !worker->hold.neighbours || !worker_take_queues(worker))
		return no_memory("a worker", failure);
	memset(worker->outbox, 0, sizeof(*worker->outbox)); /* no page fault is left for the loop */
	worker_create_stages(worker);
	rc = worker_create_stack(worker, plan, failure);
	return rc ? rc : worker_create_engine(worker, plan, failure);
}

int workers_create(struct dataplane *dataplane, const struct memory_plan *plan,
		   struct failure *failure)
{
	size_t size = rte_rcu_qsbr_get_memsize(dataplane->worker_count);

	dataplane->qsbr = rte_zmalloc("qsbr", size, CACHE_LINE_SIZE);
	if (!dataplane->qsbr || rte_rcu_qsbr_init(dataplane->qsbr, dataplane->worker_count) != 0)
		return no_memory("the grace periods", failure);
	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		int rc = worker_create(dataplane, w, plan, failure);

		if (rc)
			return rc;
	}
	return rings_create(dataplane, failure);
}

static void worker_destroy(struct worker *worker)
{
	const uint16_t workers = worker->dataplane->worker_count;

	for (uint16_t w = 0; w < workers; w++) {
		rte_ring_free(worker->handoff_out[w]);
		rte_ring_free(worker->tx_out[w]);
		rte_ring_free(worker->updates_out[w]);
	}
	rte_ring_free(worker->outcomes);
	rte_ring_free(worker->events);
	rte_ring_free(worker->names);
	rte_ring_free(worker->commands);
	rte_ring_free(worker->answers);
	if (worker->proxy)
		proxy_destroy(worker->proxy);
	mapping_destroy(worker->stack_memory, worker->stack_size);
	free(worker->hold.neighbours);
	free(worker->tx_buffers);
	free(worker->outbox);
	free(worker);
}

void workers_destroy(struct dataplane *dataplane)
{
	command_fini(dataplane);
	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		if (!dataplane->workers[w])
			continue;
		ingress_fini(dataplane->workers[w]);
		egress_fini(dataplane->workers[w]);
	}
	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		if (dataplane->workers[w])
			worker_destroy(dataplane->workers[w]);
		dataplane->workers[w] = NULL;
	}
	rte_free(dataplane->qsbr);
	dataplane->qsbr = NULL;
}
