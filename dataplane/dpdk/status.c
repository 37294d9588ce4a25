/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control does with a running data plane: publish, read counters, capture, poll.
 * Control thread; workers are never waited for, but at the end of a capture.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ring_elem.h>

#include "dpdk/command.h"
#include "dpdk/port.h"

#define OUTCOMES_A_POLL 4096u
#define EVENTS_A_POLL   256u
#define NAMES_A_POLL 16 /* of a worker */

/* ---- snapshots ---------------------------------------------------------------------------- */

void dataplane_publish(struct dataplane *dataplane, const struct balance_snapshot *snapshot)
{
	__atomic_store_n(&dataplane->snapshot, snapshot, __ATOMIC_RELEASE);
	dataplane->publish_token = rte_rcu_qsbr_start(dataplane->qsbr);
}

bool dataplane_retired(struct dataplane *dataplane)
{
	if (dataplane->publish_token &&
	    rte_rcu_qsbr_check(dataplane->qsbr, dataplane->publish_token, false) != 1)
		return false;
	dataplane->publish_token = 0;
	return true;
}

/* ---- counters ----------------------------------------------------------------------------- */

static uint64_t read_counter(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/*
 * Net and engine verdicts.  Off go the engine's verdicts that are no packet's: those of messages
 * of ours that could not be sent, and of ICMP errors that another worker was asked about next.
 */
static void merge_verdicts(const struct worker *worker, struct verdict_counters *out)
{
	const struct verdict_counters *engine = proxy_verdicts(worker->proxy);

	for (unsigned int k = 0; k < VERDICT_KINDS; k++) {
		for (unsigned int r = 0; r < VERDICT_REASON_COUNT; r++) {
			uint64_t off = read_counter(&worker->uncounted.count[k][r]);
			uint64_t of_engine = read_counter(&engine->count[k][r]);

			out->count[k][r] = read_counter(&worker->verdicts.count[k][r]) +
					   of_engine - MIN(off, of_engine);
		}
	}
}

bool dataplane_worker_stats(const struct dataplane *dataplane, uint16_t index,
			    struct dataplane_worker_stats *stats)
{
	const struct worker_counters *from;
	const struct worker *worker;

	if (index >= dataplane->worker_count)
		return false;
	worker = dataplane->workers[index];
	from = &worker->counters;
	memset(stats, 0, sizeof(*stats));
	stats->worker = index;
	stats->lcore = worker->lcore;
	stats->tsc_hz = dataplane->clock.tsc_hz;
	stats->polls = read_counter(&from->polls);
	stats->empty_polls = read_counter(&from->empty_polls);
	stats->sleeps = read_counter(&from->sleeps);
	stats->slept_us = read_counter(&from->slept_us);
	stats->bursts = read_counter(&from->bursts);
	stats->packets_rx = read_counter(&from->packets_rx);
	stats->packets_tx = read_counter(&from->packets_tx);
	stats->tx_dropped = read_counter(&from->tx_dropped);
	stats->held_dropped = read_counter(&from->held_dropped);
	stats->messages = read_counter(&from->messages);
	stats->busy_cycles = read_counter(&from->busy_cycles);
	stats->engine_cycles = read_counter(&from->engine_cycles);
	stats->handoffs_out = read_counter(&from->handoffs_out);
	stats->handoffs_in = read_counter(&from->handoffs_in);
	stats->handoff_drops = read_counter(&from->handoff_drops);
	stats->outcomes_dropped = read_counter(&from->outcomes_dropped);
	stats->events_dropped = read_counter(&from->events_dropped);
	stats->punted_in = read_counter(&from->punted_in);
	stats->punted_out = read_counter(&from->punted_out);
	proxy_stats_read(worker->proxy, &stats->proxy);
	proxy_memory_read(worker->proxy, &stats->memory);
	stats->txn_octets = proxy_txn_octets;
	stats->tombstone_octets = proxy_tombstone_octets;
	stats->dialog_octets = proxy_dialog_octets;
	stats->net = *net_stats(worker->stack);
	merge_verdicts(worker, &stats->verdicts);
	histogram_merge(&stats->inside_ns, &worker->inside_ns);
	stage_totals_add(&stats->stages, &worker->stages.totals);
	return true;
}

bool dataplane_worker_polls(const struct dataplane *dataplane, uint16_t worker, uint64_t *polls)
{
	if (worker >= dataplane->worker_count)
		return false;
	*polls = read_counter(&dataplane->workers[worker]->counters.polls);
	return true;
}

bool dataplane_dialog_stats(const struct dataplane *dataplane, uint16_t worker, uint16_t service,
			    struct proxy_dialog_stats *stats)
{
	return worker < dataplane->worker_count &&
	       proxy_dialog_stats_read(dataplane->workers[worker]->proxy, service, stats);
}

bool dataplane_packets_stats(const struct dataplane *dataplane, uint16_t index,
			     struct dataplane_packets_stats *stats)
{
	const bool is_jumbo = index == dataplane->pool_count && dataplane->jumbos;
	const struct rte_mempool *pool;

	if (index >= dataplane->pool_count && !is_jumbo)
		return false;
	pool = is_jumbo ? dataplane->jumbos : dataplane->pools[index];
	*stats = (struct dataplane_packets_stats){
		.room = is_jumbo ? pool->elt_size : dataplane->pool_room[index],
		.buffers = pool->size,
		.in_use = rte_mempool_in_use_count(pool),
	};
	snprintf(stats->name, sizeof(stats->name), "%s", pool->name);
	return true;
}

bool dataplane_interface_stats(const struct dataplane *dataplane, uint16_t interface,
			       struct dataplane_interface_stats *stats)
{
	const struct device *device;

	if (interface >= dataplane->config.interface_count)
		return false;
	device = &dataplane->devices[dataplane->device_of[interface]];
	memset(stats, 0, sizeof(*stats));
	memcpy(stats->name, dataplane->config.interfaces[interface].name, sizeof(stats->name));
	memcpy(stats->driver, device->driver, sizeof(stats->driver));
	memcpy(stats->mac, device->mac, sizeof(stats->mac));
	stats->link_up = __atomic_load_n(&device->link_up, __ATOMIC_RELAXED);
	stats->queues = device->queue_count;
	for (uint16_t p = 0; p < device->port_count; p++) {
		struct rte_eth_stats from;

		if (rte_eth_stats_get(device->ports[p], &from) != 0)
			continue;
		stats->rx_packets += from.ipackets;
		stats->rx_bytes += from.ibytes;
		stats->rx_missed += from.imissed;
		stats->rx_errors += from.ierrors + from.rx_nombuf;
		stats->tx_packets += from.opackets;
		stats->tx_bytes += from.obytes;
		stats->tx_errors += from.oerrors;
	}
	return true;
}

/* ---- capture ------------------------------------------------------------------------------ */

int dataplane_capture_start(struct dataplane *dataplane, const char *path, uint64_t packets_max,
			    const struct dataplane_capture_filter *filter)
{
	struct capture_device devices[DEVICES_MAX];

	if (dataplane->capture)
		return -EBUSY;
	for (uint16_t d = 0; d < dataplane->device_count; d++)
		devices[d] = (struct capture_device){
			.name = dataplane->devices[d].name,
			.description = dataplane->devices[d].text,
		};
	dataplane->capture = capture_create(path, &dataplane->clock, devices,
					    dataplane->device_count, dataplane->worker_count,
					    packets_max, filter);
	if (!dataplane->capture)
		return -errno;
	for (uint16_t w = 0; w < dataplane->worker_count; w++)
		__atomic_store_n(&dataplane->workers[w]->capture, dataplane->capture->rings[w],
				 __ATOMIC_RELEASE);
	return 0;
}

static void capture_detach(struct dataplane *dataplane)
{
	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		if (dataplane->workers[w])
			__atomic_store_n(&dataplane->workers[w]->capture, NULL, __ATOMIC_RELEASE);
	}
}

int dataplane_capture_stop(struct dataplane *dataplane, uint64_t *packets, uint64_t *dropped)
{
	struct capture *capture = dataplane->capture;

	if (!capture)
		return -ENOENT;
	capture_detach(dataplane);
	/* A worker may still be copying: microseconds, and none when it sleeps. */
	rte_rcu_qsbr_synchronize(dataplane->qsbr, RTE_QSBR_THRID_INVALID);
	capture_drain(capture);
	if (packets)
		*packets = capture->packets;
	if (dropped)
		*dropped = capture_dropped(capture);
	dataplane->capture = NULL;
	return capture_destroy(capture);
}

bool dataplane_capture_status(const struct dataplane *dataplane, uint64_t *packets,
			      uint64_t *dropped, bool *full)
{
	const struct capture *capture = dataplane->capture;

	if (!capture)
		return false;
	*packets = capture->packets;
	*dropped = capture_dropped(capture);
	*full = capture_is_full(capture);
	return true;
}

/* ---- copies of messages -------------------------------------------------------------------- */

int dataplane_mirror_start(struct dataplane *dataplane,
			   const struct dataplane_mirror_config *config)
{
	if (dataplane->mirror)
		return -EBUSY;
	dataplane->mirror = mirror_create(&dataplane->clock, dataplane->worker_count,
					  &dataplane->config.shard_key, config);
	if (!dataplane->mirror)
		return -ENOMEM;
	for (uint16_t w = 0; w < dataplane->worker_count; w++)
		__atomic_store_n(&dataplane->workers[w]->mirror, &dataplane->mirror->lanes[w],
				 __ATOMIC_RELEASE);
	return 0;
}

void dataplane_mirror_detach(struct dataplane *dataplane)
{
	for (uint16_t w = 0; w < dataplane->worker_count; w++)
		__atomic_store_n(&dataplane->workers[w]->mirror, NULL, __ATOMIC_RELEASE);
	/* A worker may still be copying: microseconds, and none when it sleeps. */
	rte_rcu_qsbr_synchronize(dataplane->qsbr, RTE_QSBR_THRID_INVALID);
}

void dataplane_mirror_stop(struct dataplane *dataplane)
{
	if (!dataplane->mirror)
		return;
	dataplane_mirror_detach(dataplane);
	mirror_destroy(dataplane->mirror);
	dataplane->mirror = NULL;
}

uint32_t dataplane_mirror_take(struct dataplane *dataplane, dataplane_mirrored_fn done, void *context,
			       uint32_t max)
{
	return mirror_take(dataplane->mirror, rte_rdtsc(), done, context, max);
}

uint64_t dataplane_mirror_dropped(const struct dataplane *dataplane)
{
	return dataplane->mirror ? mirror_dropped(dataplane->mirror) : 0;
}

/* ---- polling ------------------------------------------------------------------------------ */

static void collect_outcomes(struct worker *worker, dataplane_outcome_fn outcome, void *context)
{
	struct outcome items[64];
	unsigned int left = OUTCOMES_A_POLL, taken;

	do {
		taken = rte_ring_sc_dequeue_burst_elem(worker->outcomes, items, sizeof(items[0]),
						       ARRAY_SIZE(items), NULL);
		for (unsigned int i = 0; i < taken; i++)
			outcome(context, &items[i]);
		left -= taken;
	} while (taken == ARRAY_SIZE(items) && left >= ARRAY_SIZE(items));
}

void dataplane_poll_events(struct dataplane *dataplane, dataplane_event_fn event, void *context)
{
	struct engine_event items[16];

	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		unsigned int left = EVENTS_A_POLL, taken;

		do {
			taken = rte_ring_sc_dequeue_burst_elem(dataplane->workers[w]->events,
							       items, sizeof(items[0]),
							       ARRAY_SIZE(items), NULL);
			for (unsigned int i = 0; i < taken; i++)
				event(context, &items[i]);
			left -= taken;
		} while (taken == ARRAY_SIZE(items) && left >= ARRAY_SIZE(items));
	}
}

void dataplane_poll_names(struct dataplane *dataplane, dataplane_name_fn name, void *context)
{
	struct proxy_name items[NAMES_A_POLL];

	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		unsigned int taken = rte_ring_sc_dequeue_burst_elem(
			dataplane->workers[w]->names, items, sizeof(items[0]), ARRAY_SIZE(items),
			NULL);
		for (unsigned int i = 0; i < taken; i++)
			name(context, w, &items[i]);
	}
}

void dataplane_poll(struct dataplane *dataplane, dataplane_outcome_fn outcome, void *context)
{
	uint64_t tsc = rte_rdtsc();

	for (uint16_t w = 0; w < dataplane->worker_count; w++)
		collect_outcomes(dataplane->workers[w], outcome, context);
	command_collect(dataplane);
	trace_control_poll(dataplane);
	if (dataplane->capture) {
		capture_drain(dataplane->capture);
		if (capture_is_full(dataplane->capture))
			capture_detach(dataplane);
	}
	if (tsc - dataplane->link_checked_tsc > dataplane->clock.tsc_hz) {
		dataplane->link_checked_tsc = tsc;
		devices_watch_links(dataplane);
	}
}
