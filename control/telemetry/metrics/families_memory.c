/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of the data plane's memory and of its interfaces; see families.h. */
#include <stdlib.h>

#include "telemetry/metrics/families.h"

#define OF(member) .offset = offsetof(struct dataplane_worker_stats, member)

static const struct row copies_rows[] = {
	{ GAUGE("tandem_copies", "Messages kept for retransmission."), OF(memory.copies) },
	{ GAUGE_IN("bytes", "tandem_copies_bytes", "Octets of memory that these take."),
	  OF(memory.copies_allocated) },
	{ GAUGE_IN("bytes", "tandem_copies_limit_bytes", "Octets that there are for them."),
	  OF(memory.copies_limit) },
	{ COUNTER("tandem_copies_refused", "Copies that there was no room for."),
	  OF(memory.copies_refused) },
	{ COUNTER("tandem_reserve_used",
		  "Requests within dialogs that lived on what is kept back for them."),
	  OF(memory.reserve_used) },
	{ GAUGE_IN("bytes", "tandem_reserved_bytes", "Memory reserved at start, used or not."),
	  .label = "part", .value = "slots", OF(memory.slots_octets) },
	{ GAUGE("tandem_reserved_bytes", ""), .label = "part", .value = "table",
	  OF(memory.table_octets) },
	{ GAUGE("tandem_reserved_bytes", ""), .label = "part", .value = "wheel",
	  OF(memory.wheel_octets) },
	{ GAUGE("tandem_reserved_bytes", ""), .label = "part", .value = "calls",
	  OF(memory.calls_octets) },
	{ GAUGE("tandem_reserved_bytes", ""), .label = "part", .value = "peers",
	  OF(memory.peers_octets) },
	{ GAUGE("tandem_reserved_bytes", ""), .label = "part", .value = "marks",
	  OF(memory.marks_octets) },
	{ GAUGE("tandem_reserved_bytes", ""), .label = "part", .value = "dialogs",
	  OF(memory.dialogs_octets) },
};

static const struct metric owed_metric =
	GAUGE_IN("bytes", "tandem_copies_owed_bytes", "Octets of copies, by what they are kept for.");

static const char *const owed_names[PROXY_OWED_KINDS] = {
#define X(name, text, help) [PROXY_OWED_##name] = text,
	PROXY_OWED(X)
#undef X
};

static const struct row packets_rows[] = {
	{ GAUGE("tandem_packet_buffers", "Buffers for packets."),
	  .offset = offsetof(struct dataplane_packets_stats, buffers) },
	{ GAUGE("tandem_packet_buffers_in_use", "Of these at devices, in rings, or waiting."),
	  .offset = offsetof(struct dataplane_packets_stats, in_use) },
};

static void put_packets(struct exposition *out, const struct dataplane *dataplane)
{
	struct dataplane_packets_stats stats[BALANCE_INTERFACES_MAX + 1];
	struct row_thing pools[ARRAY_SIZE(stats)] = { { .base = NULL } };
	uint16_t count = 0;

	while (count < ARRAY_SIZE(stats) && dataplane_packets_stats(dataplane, count, &stats[count])) {
		pools[count].base = &stats[count];
		exposition_label(&pools[count].labels, "buffers", stats[count].name);
		count++;
	}
	rows_put(out, packets_rows, ARRAY_SIZE(packets_rows), pools, count, 0);
}

static void put_owed(struct exposition *out, struct row_thing *workers, uint16_t count)
{
	exposition_begin(out, &owed_metric);
	for (uint16_t w = 0; w < count; w++) {
		const struct dataplane_worker_stats *stats = workers[w].base;
		struct exposition_labels *labels = &workers[w].labels;
		const uint16_t len = labels->len;

		for (size_t i = 0; i < PROXY_OWED_KINDS; i++) {
			exposition_label(labels, "for", owed_names[i]);
			exposition_put(out, labels, stats->memory.owed[i].bytes);
			labels->len = len;
		}
	}
}

void families_put_memory(struct exposition *out, const struct page *page)
{
	struct row_thing *workers = calloc(page->worker_count + 1u, sizeof(*workers));

	if (!workers) {
		out->failed = true;
		return;
	}
	for (uint16_t w = 0; w < page->worker_count; w++) {
		workers[w].base = &page->workers[w];
		exposition_label_u64(&workers[w].labels, "worker", page->workers[w].worker);
	}
	rows_put(out, copies_rows, ARRAY_SIZE(copies_rows), workers, page->worker_count, 0);
	put_owed(out, workers, page->worker_count);
	put_packets(out, page->control->dataplane);
	free(workers);
}

/* ---- interfaces --------------------------------------------------------------------------- */

#define IN(member) .offset = offsetof(struct dataplane_interface_stats, member)

static const struct row interface_rows[] = {
	{ COUNTER("tandem_interface_received_packets", "Packets that the device received."),
	  IN(rx_packets) },
	{ COUNTER_IN("bytes", "tandem_interface_received_bytes", "Octets that the device received."),
	  IN(rx_bytes) },
	{ COUNTER("tandem_interface_missed_packets", "Packets lost because the device had no buffer."),
	  IN(rx_missed) },
	{ COUNTER("tandem_interface_receive_errors", "Packets damaged, or without memory for them."),
	  IN(rx_errors) },
	{ COUNTER("tandem_interface_sent_packets", "Packets that the device sent."), IN(tx_packets) },
	{ COUNTER_IN("bytes", "tandem_interface_sent_bytes", "Octets that the device sent."),
	  IN(tx_bytes) },
	{ COUNTER("tandem_interface_send_errors", "Packets that the device could not send."),
	  IN(tx_errors) },
};
static const struct metric up_metric = GAUGE("tandem_interface_up", "1: the link is up.");

void families_put_interfaces(struct exposition *out, const struct page *page)
{
	struct dataplane_interface_stats stats[BALANCE_INTERFACES_MAX];
	struct row_thing interfaces[BALANCE_INTERFACES_MAX] = { { .base = NULL } };
	uint16_t count = 0;

	while (count < BALANCE_INTERFACES_MAX &&
	       dataplane_interface_stats(page->control->dataplane, count, &stats[count])) {
		interfaces[count].base = &stats[count];
		exposition_label(&interfaces[count].labels, "interface", stats[count].name);
		count++;
	}
	rows_put(out, interface_rows, ARRAY_SIZE(interface_rows), interfaces, count, 0);
	exposition_begin(out, &up_metric);
	for (uint16_t i = 0; i < count; i++)
		exposition_put(out, &interfaces[i].labels, stats[i].link_up);
}
