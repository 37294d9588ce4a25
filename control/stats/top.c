/* SPDX-License-Identifier: BSD-3-Clause */
/* `top`: everything that its screen shows, read in one go, with the time of the reading, so that
 * who asks twice has rates; see stats.h. */
#include <string.h>

#include "api/json_text.h"
#include "balance/policy.h"
#include "stats/stats.h"
#include "targets/admin.h"

#define READ(word) ((json_int_t)__atomic_load_n(&(word), __ATOMIC_RELAXED))

/* [[the longest of a step in microseconds, how many], ...] */
static json_t *delays(const struct target_outcome *outcome)
{
	json_t *list = json_array();

	for (unsigned int i = 0; outcome && i < TARGET_DELAYS; i++) {
		if (outcome->delays[i])
			json_array_append_new(list, json_pack("[I, I]",
							      (json_int_t)target_delay_of(i),
							      (json_int_t)outcome->delays[i]));
	}
	return list;
}

static json_t *target_row(const struct control *c, const struct balance_target *target)
{
	const struct target_status *status = target->status;
	const struct target_outcome *outcome = target_outcomes_find(c->outcomes, target->id);

	return json_pack("{s:o, s:o, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "pool", json_text(c->snapshot->pools[target->pool].name), "name",
			 json_text(target->name), "admin",
			 target_admin_name(target_admin_read(target)), "health",
			 target_health_name(target_health_read(target)), "usable",
			 (int)balance_target_is_usable(target), "withheld",
			 (json_int_t)__atomic_load_n(&status->withheld, __ATOMIC_RELAXED), "calls",
			 READ(status->calls), "outstanding", READ(status->outstanding), "requests",
			 READ(status->requests), "responses_2xx", READ(status->responses_2xx),
			 "responses_other", READ(status->responses_other), "responses_5xx",
			 (json_int_t)(outcome ? outcome->responses[5] : 0), "timeouts",
			 READ(status->timeouts), "errors", READ(status->errors), "delays",
			 delays(outcome));
}

static json_t *targets(const struct control *c, const char *pool)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < c->snapshot->target_count; i++) {
		const struct balance_target *target = &c->snapshot->targets[i];
		if (!pool || strcmp(pool, c->snapshot->pools[target->pool].name) == 0)
			json_array_append_new(rows, target_row(c, target));
	}
	return rows;
}

static json_t *workers(const struct control *c)
{
	struct dataplane_worker_stats worker;
	json_t *rows = json_array();

	for (uint16_t i = 0; dataplane_worker_stats(c->dataplane, i, &worker); i++)
		json_array_append_new(
			rows,
			json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "worker", (int)i,
				  "messages", (json_int_t)worker.messages, "busy_cycles",
				  (json_int_t)worker.busy_cycles, "tsc_hz",
				  (json_int_t)worker.tsc_hz, "txns", (json_int_t)worker.proxy.txns,
				  "txns_max", (json_int_t)worker.proxy.txns_max, "dialogs",
				  (json_int_t)worker.proxy.dialogs, "inside_p50_ns",
				  (json_int_t)histogram_permille(&worker.inside_ns, 500),
				  "inside_p99_ns",
				  (json_int_t)histogram_permille(&worker.inside_ns, 990)));
	return rows;
}

static json_t *drops(const struct stats_sum *sum)
{
	json_t *rows = json_array();

	for (unsigned int reason = 0; reason < VERDICT_REASON_COUNT; reason++) {
		uint64_t count = sum->verdicts.count[VERDICT_DROP][reason];
		if (count)
			json_array_append_new(rows, json_pack("{s:s, s:I, s:s}", "reason",
							      verdict_reasons[reason].name, "count",
							      (json_int_t)count, "help",
							      verdict_reasons[reason].help));
	}
	return rows;
}

/* Dialogs begun: calls answered. */
static uint64_t calls_begun(const struct dataplane *dataplane)
{
	struct proxy_dialog_stats dialogs;
	uint64_t begun = 0;

	for (uint16_t i = 0; dataplane_dialog_stats(dataplane, i, BALANCE_NONE, &dialogs); i++)
		begun += dialogs.created;
	return begun;
}

json_t *stats_top(const struct control *c, const char *pool)
{
	struct stats_sum sum;

	stats_sum_read(c->dataplane, &sum);
	return json_pack("{s:I, s:s, s:i, s:I, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, "
			 "s:o, s:o, s:o}",
			 "time_us", (json_int_t)dataplane_now(c->dataplane), "program", c->program,
			 "instance", (int)c->snapshot->instance, "uptime_s",
			 (json_int_t)((uv_now(c->loop) - c->started_ms) / 1000), "total", "messages",
			 (json_int_t)sum.messages, "received", (json_int_t)sum.packets_rx, "sent",
			 (json_int_t)sum.packets_tx, "tx_dropped", (json_int_t)sum.tx_dropped,
			 "replies", (json_int_t)stats_sum_of_kind(&sum, VERDICT_REPLY), "drops",
			 (json_int_t)stats_sum_of_kind(&sum, VERDICT_DROP), "txns",
			 (json_int_t)sum.proxy.txns, "dialogs", (json_int_t)sum.proxy.dialogs,
			 "calls_begun", (json_int_t)calls_begun(c->dataplane), "failovers",
			 (json_int_t)sum.proxy.failovers, "targets", targets(c, pool), "workers",
			 workers(c), "drops", drops(&sum));
}
