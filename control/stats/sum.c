/* SPDX-License-Identifier: BSD-3-Clause */
/* All workers' counters in one, and the verdict table; see stats.h. */
#include "stats/stats.h"

#include <string.h>

/* All members are counters of one type. */
static void counters_add(void *into, const void *from, size_t size)
{
	uint64_t *to = into;
	const uint64_t *add = from;

	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += add[i];
}
static_assert(sizeof(struct proxy_stats) % sizeof(uint64_t) == 0);
static_assert(sizeof(struct proxy_memory) % sizeof(uint64_t) == 0);

void stats_sum_read(const struct dataplane *dataplane, struct stats_sum *sum)
{
	struct dataplane_worker_stats worker;

	*sum = (struct stats_sum){ .workers = 0 };
	while (dataplane_worker_stats(dataplane, sum->workers, &worker)) {
		sum->workers++;
		sum->packets_rx += worker.packets_rx;
		sum->packets_tx += worker.packets_tx;
		sum->tx_dropped += worker.tx_dropped;
		sum->messages += worker.messages;
		sum->outcomes_dropped += worker.outcomes_dropped;
		sum->handoffs += worker.handoffs_out;
		sum->handoff_drops += worker.handoff_drops;
		counters_add(&sum->proxy, &worker.proxy, sizeof(sum->proxy));
		counters_add(&sum->memory, &worker.memory, sizeof(sum->memory));
		for (unsigned int kind = 0; kind < VERDICT_KINDS; kind++) {
			for (unsigned int reason = 0; reason < VERDICT_REASON_COUNT; reason++)
				sum->verdicts.count[kind][reason] +=
					worker.verdicts.count[kind][reason];
		}
	}
}

uint64_t stats_sum_of_kind(const struct stats_sum *sum, enum verdict_kind kind)
{
	uint64_t total = 0;

	for (unsigned int reason = 0; reason < VERDICT_REASON_COUNT; reason++)
		total += sum->verdicts.count[kind][reason];
	return total;
}

uint64_t stats_sum_of_verdicts(const struct stats_sum *sum)
{
	uint64_t total = 0;

	for (unsigned int kind = 0; kind < VERDICT_KINDS; kind++) {
		if (kind != VERDICT_HANDOFF)
			total += stats_sum_of_kind(sum, kind);
	}
	return total;
}

static json_t *verdict_row(enum verdict_kind kind, enum verdict_reason reason, uint64_t count)
{
	const struct verdict_reason_info *info = &verdict_reasons[reason];

	return json_pack("{s:s, s:s, s:I, s:i, s:s, s:s}", "kind", verdict_kind_name(kind),
			 "reason", info->name, "count", (json_int_t)count, "status",
			 kind == VERDICT_REPLY ? (int)info->status : 0, "help", info->help,
			 "clause", info->clause);
}

json_t *stats_show_drops(const struct dataplane *dataplane, bool drops_only)
{
	struct stats_sum sum;
	json_t *rows = json_array(), *kinds = json_object();

	stats_sum_read(dataplane, &sum);
	for (unsigned int kind = 0; kind < VERDICT_KINDS; kind++) {
		if (drops_only && kind != VERDICT_DROP)
			continue;
		json_object_set_new(kinds, verdict_kind_name(kind),
				    json_integer((json_int_t)stats_sum_of_kind(&sum, kind)));
		for (unsigned int reason = 0; reason < VERDICT_REASON_COUNT; reason++) {
			uint64_t count = sum.verdicts.count[kind][reason];
			if (count)
				json_array_append_new(rows, verdict_row(kind, reason, count));
		}
	}
	uint64_t verdicts = stats_sum_of_verdicts(&sum);
	return json_pack("{s:o, s:o, s:I, s:I, s:I}", "verdicts", rows, "kinds", kinds, "sum",
			 (json_int_t)verdicts, "received", (json_int_t)sum.packets_rx, "difference",
			 (json_int_t)(sum.packets_rx - verdicts));
}

void stats_show_drops_unseen(json_t *verdicts)
{
	bool is_seen[VERDICT_REASON_COUNT] = { false };
	size_t i;
	const json_t *row;

	json_array_foreach(verdicts, i, row) {
		const char *name = json_string_value(json_object_get(row, "reason"));
		for (unsigned int reason = 0; name && reason < VERDICT_REASON_COUNT; reason++)
			is_seen[reason] |= strcmp(verdict_reasons[reason].name, name) == 0;
	}
	for (unsigned int reason = VERDICT_REASON_NONE + 1; reason < VERDICT_REASON_COUNT; reason++) {
		if (is_seen[reason])
			continue;
		const struct verdict_reason_info *info = &verdict_reasons[reason];
		json_array_append_new(verdicts,
				      json_pack("{s:n, s:s, s:i, s:i, s:s, s:s}", "kind", "reason",
						info->name, "count", 0, "status", 0, "help",
						info->help, "clause", info->clause));
	}
}
