/* SPDX-License-Identifier: BSD-3-Clause */
/* `show workers --stages`: where the cycles go; see stats.h. */
#include "base/stage.h"

#include "stats/stats.h"

/* null where nothing was sampled: 0 would be a figure. */
static json_t *ratio(uint64_t part, uint64_t whole)
{
	return whole ? json_real((double)part / (double)whole) : json_null();
}

static uint64_t sum_of(const uint64_t *words)
{
	uint64_t sum = 0;

	for (unsigned int s = 0; s < STAGES; s++)
		sum += words[s];
	return sum;
}

static json_t *cycles_row(uint64_t cycles, uint64_t samples, const struct stage_totals *totals)
{
	return json_pack("{s:I, s:o, s:o, s:I}", "cycles", (json_int_t)cycles, "share",
			 ratio(cycles, sum_of(totals->cycles)), "cycles_per_message",
			 ratio(cycles, totals->messages), "samples", (json_int_t)samples);
}

static json_t *stage_rows(const struct stage_totals *totals)
{
	json_t *rows = json_array();

	for (unsigned int s = 0; s < STAGES; s++) {
		json_t *row = cycles_row(totals->cycles[s], totals->entries[s], totals);
		json_object_set_new(row, "stage", json_string(stage_infos[s].name));
		json_object_set_new(row, "help", json_string(stage_infos[s].help));
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *sampled(const struct stage_totals *totals)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:I}", "passes", (json_int_t)totals->passes,
			 "messages", (json_int_t)totals->messages, "busy_cycles",
			 (json_int_t)totals->busy_cycles, "clock_cycles",
			 (json_int_t)totals->clock_cycles, "clock_share",
			 ratio(totals->clock_cycles, totals->busy_cycles), "broken_passes",
			 (json_int_t)totals->broken_passes);
}

static json_t *answer(const struct stage_totals *totals)
{
	return json_pack("{s:o, s:o, s:o}", "stages", stage_rows(totals), "total",
			 cycles_row(sum_of(totals->cycles), sum_of(totals->entries), totals),
			 "sampled", sampled(totals));
}

json_t *stats_show_stages(const struct dataplane *dataplane)
{
	struct stage_totals total = { .passes = 0 };
	struct dataplane_worker_stats worker;
	json_t *rows = json_array(), *body;
	uint64_t tsc_hz = 0;

	for (uint16_t i = 0; dataplane_worker_stats(dataplane, i, &worker); i++) {
		json_t *row = answer(&worker.stages);
		json_object_set_new(row, "worker", json_integer(i));
		json_array_append_new(rows, row);
		stage_totals_add(&total, &worker.stages);
		tsc_hz = worker.tsc_hz;
	}
	body = answer(&total);
	json_object_set_new(body, "workers", rows);
	json_object_set_new(body, "tsc_hz", json_integer((json_int_t)tsc_hz));
	return body;
}
