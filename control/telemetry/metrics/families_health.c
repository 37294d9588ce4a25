/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of probes and blacklist; see families.h. */
#include <stdlib.h>

#include "health/health.h"
#include "telemetry/metrics/families.h"

#define OF(member) .offset = offsetof(struct health_record, member)

static const struct row rows[] = {
	{ COUNTER("tandem_target_probes", "Probes that ended, by how."), .label = "result",
	  .value = "answered", OF(prober.answered) },
	{ COUNTER("tandem_target_probes", ""), .label = "result", .value = "unanswered",
	  OF(prober.unanswered) },
	{ GAUGE("tandem_target_probes_failed_in_a_row", "Latest probes that failed."), OF(prober.bad),
	  .kind = ROW_U32 },
	{ COUNTER("tandem_target_blacklistings", "Times that the target was put on the blacklist."),
	  OF(entry.times) },
};
static const struct metric delay_metric =
	GAUGE_IN("seconds", "tandem_target_probe_delay_seconds", "Delay of the latest probe's answer.");
static const struct metric remaining_metric =
	GAUGE_IN("seconds", "tandem_target_blacklisted_remaining_seconds",
		 "Time until the blacklist tries the target again; none where it takes a hand.");

struct records {
	const struct control *control;
	uint32_t count;
	struct row_thing *things;
};

/* A target without a record (memory was short) is up, and has no samples here. */
static void records_read(struct records *records)
{
	const struct balance_snapshot *snapshot = records->control->snapshot;

	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		const struct health_record *record = health_find(records->control->health, target->id);
		struct row_thing *thing = &records->things[records->count];

		if (!record)
			continue;
		thing->base = record;
		exposition_label(&thing->labels, "pool", snapshot->pools[target->pool].name);
		exposition_label(&thing->labels, "target", target->name);
		records->count++;
	}
}

static void put_delays(struct exposition *out, const struct records *records)
{
	exposition_begin(out, &delay_metric);
	for (uint32_t i = 0; i < records->count; i++) {
		const struct health_record *record = records->things[i].base;

		if (record->prober.last && record->prober.last_status)
			exposition_put_scaled(out, &records->things[i].labels,
					      record->prober.last_delay_us, 6);
	}
}

static void put_remaining(struct exposition *out, const struct records *records)
{
	const tick_t now = dataplane_now(records->control->dataplane);

	exposition_begin(out, &remaining_metric);
	for (uint32_t i = 0; i < records->count; i++) {
		const struct health_record *record = records->things[i].base;
		const tick_t until = record->entry.until;

		if (record->health == TARGET_BLACKLISTED && until != TICK_NEVER)
			exposition_put_scaled(out, &records->things[i].labels,
					      until > now ? until - now : 0, 6);
	}
}

void families_put_health(struct exposition *out, const struct page *page)
{
	struct records records = { .control = page->control };

	if (!page->control->health)
		return;
	records.things = calloc(page->control->snapshot->target_count + 1u, sizeof(*records.things));
	if (records.things)
		records_read(&records);
	else
		out->failed = true;
	rows_put(out, rows, ARRAY_SIZE(rows), records.things, records.count, 0);
	put_delays(out, &records);
	put_remaining(out, &records);
	free(records.things);
}
