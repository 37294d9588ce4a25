/* SPDX-License-Identifier: BSD-3-Clause */
/* `show memory`; see stats.h. */
#include <stdio.h>
#include <unistd.h>

#include "stats/heap.h"
#include "stats/stats.h"

static const char *const owed_names[PROXY_OWED_KINDS] = {
#define X(name, text, help) [PROXY_OWED_##name] = text,
	PROXY_OWED(X)
#undef X
};

static json_t *owed_row(uint64_t count, uint64_t bytes)
{
	return json_pack("{s:I, s:I}", "count", (json_int_t)count, "bytes", (json_int_t)bytes);
}

/* Copies by what they are kept for. */
static json_t *owed(const struct proxy_memory *m, const struct proxy_dialog_stats *dialogs)
{
	json_t *all = json_object();

	for (size_t i = 0; i < PROXY_OWED_KINDS; i++)
		json_object_set_new(all, owed_names[i],
				    owed_row(m->owed[i].count, m->owed[i].bytes));
	json_object_set_new(all, "bye", owed_row(dialogs->bye_copies, dialogs->bye_copy_octets));
	return all;
}

/* What a worker, or all of them, use: of the pools, for copies, and around both. */
static json_t *memory_row(const struct proxy_stats *p, const struct proxy_memory *m,
			  const struct proxy_dialog_stats *dialogs)
{
	json_t *row = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "txns",
		(json_int_t)m->txns, "txns_max", (json_int_t)m->txns_max, "txns_peak",
		(json_int_t)m->txns_peak, "tombstones", (json_int_t)m->tombstones,
		"tombstones_max", (json_int_t)m->tombstones_max, "tombstones_peak",
		(json_int_t)m->tombstones_peak, "dialogs", (json_int_t)p->dialogs, "dialogs_max",
		(json_int_t)p->dialogs_max, "timers", (json_int_t)p->timers, "retained",
		(json_int_t)p->retained, "retained_bytes", (json_int_t)p->retained_bytes,
		"outbox_full", (json_int_t)p->outbox_full);

	json_object_set_new(row, "marks", json_integer((json_int_t)p->marks));
	json_object_set_new(row, "marks_overflow", json_integer((json_int_t)p->marks_overflow));
	json_object_set_new(row, "reserve",
			    json_pack("{s:I, s:I, s:I}", "txns", (json_int_t)m->txns_reserve,
				      "copies_bytes", (json_int_t)m->copies_reserve, "used",
				      (json_int_t)m->reserve_used));
	json_object_set_new(row, "copies",
			    json_pack("{s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)m->copies,
				      "bytes", (json_int_t)m->copies_bytes, "allocated_bytes",
				      (json_int_t)m->copies_allocated, "limit_bytes",
				      (json_int_t)m->copies_limit, "refused",
				      (json_int_t)m->copies_refused));
	json_object_set_new(row, "owed", owed(m, dialogs));
	json_object_set_new(row, "reserved_bytes",
			    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "slots",
				      (json_int_t)m->slots_octets, "table",
				      (json_int_t)m->table_octets, "wheel",
				      (json_int_t)m->wheel_octets, "calls",
				      (json_int_t)m->calls_octets, "peers",
				      (json_int_t)m->peers_octets, "marks",
				      (json_int_t)m->marks_octets, "dialogs",
				      (json_int_t)m->dialogs_octets, "names",
				      (json_int_t)m->names_octets));
	return row;
}

static json_t *packet_pools(const struct dataplane *dataplane)
{
	struct dataplane_packets_stats pool;
	json_t *rows = json_array();

	for (uint16_t i = 0; dataplane_packets_stats(dataplane, i, &pool); i++)
		json_array_append_new(rows,
				      json_pack("{s:s, s:I, s:I, s:I}", "pool", pool.name,
						"room_bytes", (json_int_t)pool.room, "buffers",
						(json_int_t)pool.buffers, "in_use",
						(json_int_t)pool.in_use));
	return rows;
}

uint64_t stats_resident_octets(void)
{
	unsigned long long size = 0, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm)
		return 0;
	if (fscanf(statm, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(statm);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

json_t *stats_show_memory(const struct control *c)
{
	struct dataplane_worker_stats worker;
	struct stats_sum sum;
	struct proxy_dialog_stats dialogs, all_dialogs = { .live = 0 };
	struct heap_stats heap;
	json_t *rows = json_array();
	uint32_t txn_octets = 0, tombstone_octets = 0, dialog_octets = 0;

	for (uint16_t i = 0; dataplane_worker_stats(c->dataplane, i, &worker) &&
			     dataplane_dialog_stats(c->dataplane, i, BALANCE_NONE, &dialogs);
	     i++) {
		json_t *row = memory_row(&worker.proxy, &worker.memory, &dialogs);
		json_object_set_new(row, "worker", json_integer(i));
		json_array_append_new(rows, row);
		txn_octets = worker.txn_octets;
		tombstone_octets = worker.tombstone_octets;
		dialog_octets = worker.dialog_octets;
		all_dialogs.bye_copies += dialogs.bye_copies;
		all_dialogs.bye_copy_octets += dialogs.bye_copy_octets;
	}
	stats_sum_read(c->dataplane, &sum);
	heap_stats_read(&heap);
	return json_pack("{s:o, s:o, s:o, s:{s:i, s:i, s:i}, s:I, s:b, s:{s:s, s:I, s:I, s:I}, s:I}",
			 "workers", rows, "total", memory_row(&sum.proxy, &sum.memory, &all_dialogs),
			 "packets", packet_pools(c->dataplane), "bytes_each", "txn",
			 (int)txn_octets, "tombstone", (int)tombstone_octets, "dialog",
			 (int)dialog_octets,
			 "dataplane_bytes", (json_int_t)c->dataplane_config.memory, "hugepages",
			 !c->dataplane_config.no_huge, "heap", "allocator", heap.allocator,
			 "allocated_bytes", (json_int_t)heap.allocated, "active_bytes",
			 (json_int_t)heap.active, "mapped_bytes", (json_int_t)heap.mapped,
			 "resident_bytes", (json_int_t)stats_resident_octets());
}
