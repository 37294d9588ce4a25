/* SPDX-License-Identifier: BSD-3-Clause */
/* `show workers`, `show interfaces`; see stats.h. */
#include <stdio.h>

#include "api/json_text.h"
#include "stats/stats.h"

/* null where nothing was counted: 0 would be a figure. */
static json_t *ratio(uint64_t part, uint64_t whole)
{
	return whole ? json_real((double)part / (double)whole) : json_null();
}

static json_t *inside_times(const struct histogram *h)
{
	if (h->count == 0)
		return json_pack("{s:I, s:n, s:n, s:n, s:n, s:n}", "count", (json_int_t)0, "mean_ns",
				 "p50_ns", "p99_ns", "p999_ns", "max_ns");
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)h->count, "mean_ns",
			 (json_int_t)(h->sum / h->count), "p50_ns",
			 (json_int_t)histogram_permille(h, 500), "p99_ns",
			 (json_int_t)histogram_permille(h, 990), "p999_ns",
			 (json_int_t)histogram_permille(h, 999), "max_ns", (json_int_t)h->max);
}

static json_t *worker_row(const struct dataplane_worker_stats *w)
{
	uint64_t busy_polls = w->polls - w->empty_polls;

	return json_pack(
		"{s:I, s:o, s:o, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, "
		"s:o}",
		"messages", (json_int_t)w->messages, "cycles_per_message",
		ratio(w->busy_cycles, w->messages), "engine_cycles_per_message",
		ratio(w->engine_cycles, w->messages), "packets_rx", (json_int_t)w->packets_rx,
		"packets_tx", (json_int_t)w->packets_tx, "bursts", (json_int_t)w->bursts,
		"packets_per_burst", ratio(w->packets_rx, w->bursts), "handoffs_out",
		(json_int_t)w->handoffs_out, "handoffs_in", (json_int_t)w->handoffs_in,
		"handoff_drops", (json_int_t)w->handoff_drops, "tx_dropped",
		(json_int_t)w->tx_dropped, "outcomes_dropped", (json_int_t)w->outcomes_dropped,
		"events_dropped", (json_int_t)(w->events_dropped + w->proxy.events_dropped),
		"sleeps", (json_int_t)w->sleeps, "slept_us", (json_int_t)w->slept_us, "polls",
		(json_int_t)w->polls, "busy_share", ratio(busy_polls, w->polls), "inside",
		inside_times(&w->inside_ns));
}

static void worker_add(struct dataplane_worker_stats *into, const struct dataplane_worker_stats *w)
{
	into->polls += w->polls;
	into->empty_polls += w->empty_polls;
	into->sleeps += w->sleeps;
	into->slept_us += w->slept_us;
	into->bursts += w->bursts;
	into->packets_rx += w->packets_rx;
	into->packets_tx += w->packets_tx;
	into->tx_dropped += w->tx_dropped;
	into->messages += w->messages;
	into->busy_cycles += w->busy_cycles;
	into->engine_cycles += w->engine_cycles;
	into->handoffs_out += w->handoffs_out;
	into->handoffs_in += w->handoffs_in;
	into->handoff_drops += w->handoff_drops;
	into->outcomes_dropped += w->outcomes_dropped;
	into->events_dropped += w->events_dropped;
	into->proxy.events_dropped += w->proxy.events_dropped;
	histogram_merge(&into->inside_ns, &w->inside_ns);
}

json_t *stats_show_workers(const struct dataplane *dataplane)
{
	struct dataplane_worker_stats worker, total = { .worker = 0 };
	json_t *rows = json_array();

	for (uint16_t i = 0; dataplane_worker_stats(dataplane, i, &worker); i++) {
		json_t *row = worker_row(&worker);
		json_object_set_new(row, "worker", json_integer(i));
		json_object_set_new(row, "lcore", json_integer(worker.lcore));
		json_array_append_new(rows, row);
		worker_add(&total, &worker);
		total.tsc_hz = worker.tsc_hz;
	}
	return json_pack("{s:o, s:o, s:I}", "workers", rows, "total", worker_row(&total), "tsc_hz",
			 (json_int_t)total.tsc_hz);
}

static json_t *interface_row(const struct dataplane_interface_stats *i)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", i->mac[0], i->mac[1], i->mac[2],
		 i->mac[3], i->mac[4], i->mac[5]);
	return json_pack(
		"{s:o, s:o, s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
		json_text(i->name), "driver", json_text(i->driver), "mac", mac, "link",
		i->link_up ? "up" : "down", "queues", (int)i->queues, "rx_packets",
		(json_int_t)i->rx_packets, "rx_bytes", (json_int_t)i->rx_bytes, "rx_missed",
		(json_int_t)i->rx_missed, "rx_errors", (json_int_t)i->rx_errors, "tx_packets",
		(json_int_t)i->tx_packets, "tx_bytes", (json_int_t)i->tx_bytes, "tx_errors",
		(json_int_t)i->tx_errors);
}

json_t *stats_show_interfaces(const struct dataplane *dataplane)
{
	struct dataplane_interface_stats interface;
	json_t *rows = json_array();

	for (uint16_t i = 0; dataplane_interface_stats(dataplane, i, &interface); i++)
		json_array_append_new(rows, interface_row(&interface));
	return json_pack("{s:o}", "interfaces", rows);
}
