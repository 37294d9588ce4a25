/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of services, pools and targets; see families.h. */
#include <stdlib.h>

#include "balance/policy.h"
#include "targets/admin.h"
#include "telemetry/metrics/families.h"
#include "telemetry/telemetry.h"

/* ---- services ----------------------------------------------------------------------------- */

#define OF(member) .offset = offsetof(struct proxy_dialog_stats, member)

static const struct row service_rows[] = {
	{ GAUGE("tandem_service_dialogs", "Dialogs that are remembered."), OF(live) },
	{ COUNTER("tandem_service_dialogs_created", "Dialogs since the start."), OF(created) },
	{ COUNTER("tandem_service_dialogs_ended", "Dialogs that ended, by how."), .label = "by",
	  .value = "bye", OF(ended) },
	{ COUNTER("tandem_service_dialogs_ended", ""), .label = "by", .value = "age", OF(expired) },
	{ COUNTER("tandem_service_dialogs_unkept", "Dialogs that there was no room to remember."),
	  OF(full) },
	{ COUNTER("tandem_service_cseq_out_of_order",
		  "Requests in dialogs with a CSeq below the last, by who sent them."),
	  .label = "side", .value = "caller", OF(out_of_order_caller) },
	{ COUNTER("tandem_service_cseq_out_of_order", ""), .label = "side", .value = "callee",
	  OF(out_of_order_callee) },
	{ COUNTER("tandem_service_unacknowledged",
		  "2xx to INVITE that saw no ACK, by who did not send it."),
	  .label = "side", .value = "caller", OF(unacknowledged_caller) },
	{ COUNTER("tandem_service_unacknowledged", ""), .label = "side", .value = "callee",
	  OF(unacknowledged_callee) },
	{ COUNTER("tandem_service_byes", "Calls ended by Tandem for want of an ACK."), OF(byes) },
};
static const struct metric service_metric =
	INFO("tandem_service", "Services: pool and mode of each.");

static void dialogs_sum(const struct dataplane *dataplane, uint16_t service,
			struct proxy_dialog_stats *sum)
{
	struct proxy_dialog_stats worker;
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)&worker;

	/* All members are counters of one type. */
	for (uint16_t w = 0; dataplane_dialog_stats(dataplane, w, service, &worker); w++) {
		for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += from[i];
	}
}

static void put_service_infos(struct exposition *out, const struct balance_snapshot *snapshot)
{
	exposition_begin(out, &service_metric);
	for (uint32_t i = 0; i < snapshot->service_count; i++) {
		const struct balance_service *service = &snapshot->services[i];
		struct exposition_labels labels = { .len = 0 };

		if (service->is_retired)
			continue;
		exposition_label(&labels, "service", service->name);
		exposition_label(&labels, "pool",
				 service->pool < snapshot->pool_count ?
					 snapshot->pools[service->pool].name : "");
		exposition_label(&labels, "mode",
				 service->mode == MODE_STATELESS ? "stateless" : "stateful");
		exposition_put(out, &labels, 1);
	}
}

void families_put_services(struct exposition *out, const struct page *page)
{
	const struct balance_snapshot *snapshot = page->control->snapshot;
	struct proxy_dialog_stats *sums = calloc(snapshot->service_count + 1u, sizeof(*sums));
	struct row_thing *services = calloc(snapshot->service_count + 1u, sizeof(*services));
	uint32_t count = 0;

	for (uint32_t i = 0; sums && services && i < snapshot->service_count; i++) {
		if (snapshot->services[i].is_retired)
			continue;
		dialogs_sum(page->control->dataplane, (uint16_t)i, &sums[count]);
		services[count].base = &sums[count];
		exposition_label(&services[count].labels, "service", snapshot->services[i].name);
		count++;
	}
	out->failed |= !sums || !services;
	rows_put(out, service_rows, ARRAY_SIZE(service_rows), services, count, 0);
	put_service_infos(out, snapshot);
	free(services);
	free(sums);
}

/* ---- pools -------------------------------------------------------------------------------- */

static const struct metric pool_targets_metric =
	GAUGE("tandem_pool_targets", "Targets of the pool.");
static const struct metric pool_usable_metric =
	GAUGE("tandem_pool_usable_targets", "Of these such that may get new calls.");
static const struct metric pool_panic_metric =
	GAUGE("tandem_pool_panicking",
	      "1: so many targets are out that what was observed of them is ignored.");
static const struct metric pool_first_metric = {
	"tandem_pool_first_response_seconds", METRIC_HISTOGRAM, "seconds",
	"Delay from an INVITE sent to a target until its first response."
};
static const struct metric pool_answer_metric = {
	"tandem_pool_answer_seconds", METRIC_HISTOGRAM, "seconds",
	"Delay from an INVITE sent to a target until its 2xx: set-up and ringing."
};
/* 1 ms to 67 s, in microseconds: from a LAN's round trip to the end of Timer B and of patience. */
#define DELAY_FIRST 10
#define DELAY_LAST  26

static bool is_shown(const struct balance_pool *pool)
{
	return !pool->is_retired && !pool->is_request_uri;
}

static uint64_t usable_targets(const struct balance_snapshot *snapshot,
			       const struct balance_pool *pool)
{
	uint64_t usable = 0;

	for (uint32_t i = 0; i < pool->target_count; i++)
		usable += balance_target_is_usable(&snapshot->targets[pool->target_first + i]);
	return usable;
}

static uint64_t pool_is_panicking(const struct balance_pool *pool)
{
	return pool->status ? __atomic_load_n(&pool->status->is_panicking, __ATOMIC_RELAXED) : 0;
}

static void put_pool_delays(struct exposition *out, const struct page *page,
			    const struct metric *metric, bool is_answer)
{
	static const struct pool_delays none;
	const struct balance_snapshot *snapshot = page->control->snapshot;

	exposition_begin(out, metric);
	for (uint32_t i = 0; i < snapshot->pool_count; i++) {
		const struct balance_pool *pool = &snapshot->pools[i];
		const struct pool_delays *delays;
		struct exposition_labels labels = { .len = 0 };

		if (!is_shown(pool))
			continue;
		delays = delays_of_pool(page->telemetry->delays, pool->name);
		delays = delays ? delays : &none;
		exposition_label(&labels, "pool", pool->name);
		exposition_put_histogram(out, &labels, is_answer ? &delays->answer_us : &delays->first_us,
					 6, DELAY_FIRST, DELAY_LAST);
	}
}

static void put_pool_gauge(struct exposition *out, const struct balance_snapshot *snapshot,
			   const struct metric *metric)
{
	exposition_begin(out, metric);
	for (uint32_t i = 0; i < snapshot->pool_count; i++) {
		const struct balance_pool *pool = &snapshot->pools[i];
		struct exposition_labels labels = { .len = 0 };

		if (!is_shown(pool))
			continue;
		exposition_label(&labels, "pool", pool->name);
		exposition_put(out, &labels,
			       metric == &pool_targets_metric ? pool->target_count :
			       metric == &pool_usable_metric  ? usable_targets(snapshot, pool) :
								pool_is_panicking(pool));
	}
}

void families_put_pools(struct exposition *out, const struct page *page)
{
	const struct balance_snapshot *snapshot = page->control->snapshot;

	put_pool_gauge(out, snapshot, &pool_targets_metric);
	put_pool_gauge(out, snapshot, &pool_usable_metric);
	put_pool_gauge(out, snapshot, &pool_panic_metric);
	put_pool_delays(out, page, &pool_first_metric, false);
	put_pool_delays(out, page, &pool_answer_metric, true);
}

/* ---- targets ------------------------------------------------------------------------------ */

#define STATUS(member) .offset = offsetof(struct target_status, member)
#define OUTCOME(member) .offset = offsetof(struct target_outcome, member)

static const struct row status_rows[] = {
	{ COUNTER("tandem_target_requests", "Initial requests that were sent to the target."),
	  STATUS(requests) },
	{ GAUGE("tandem_target_transactions", "Requests without a final response."),
	  STATUS(outstanding), .kind = ROW_I64 },
	{ GAUGE("tandem_target_calls", "Live calls: INVITE dialogs."), STATUS(calls),
	  .kind = ROW_I64 },
	{ COUNTER("tandem_target_timeouts", "Requests without any response in time."),
	  STATUS(timeouts) },
	{ COUNTER("tandem_target_transport_errors", "Requests that did not get there (ICMP)."),
	  STATUS(errors) },
	{ COUNTER("tandem_target_unacknowledged", "2xx of the target that saw no ACK."),
	  STATUS(unacknowledged) },
};

static const struct row outcome_rows[] = {
	{ COUNTER("tandem_target_responses", "Final responses of the target."), .label = "class",
	  .value = "2xx", OUTCOME(responses[2]) },
	{ COUNTER("tandem_target_responses", ""), .label = "class", .value = "3xx",
	  OUTCOME(responses[3]) },
	{ COUNTER("tandem_target_responses", ""), .label = "class", .value = "4xx",
	  OUTCOME(responses[4]) },
	{ COUNTER("tandem_target_responses", ""), .label = "class", .value = "5xx",
	  OUTCOME(responses[5]) },
	{ COUNTER("tandem_target_responses", ""), .label = "class", .value = "6xx",
	  OUTCOME(responses[6]) },
	{ COUNTER("tandem_target_unavailable_responses", "503 among the target's responses."),
	  OUTCOME(responses_503) },
	{ GAUGE("tandem_target_failures_in_a_row",
		"Timeouts, transport errors and 503 since the last other response."),
	  OUTCOME(failures_in_a_row) },
};

static const struct metric target_metric =
	INFO("tandem_target", "Targets: where each is.");
static const struct metric usable_metric =
	GAUGE("tandem_target_usable", "1: the target may get new calls.");
static const struct metric admin_metric =
	GAUGE("tandem_target_admin", "1 at what the operator wishes of the target.");
static const struct metric health_metric =
	GAUGE("tandem_target_health", "1 at what was observed of the target.");
static const struct metric priority_metric =
	GAUGE("tandem_target_priority", "Priority of the target; the lowest is served.");
static const struct metric weight_metric =
	GAUGE("tandem_target_weight", "Weight of the target as configured.");
static const struct metric withheld_metric =
	GAUGE_IN("ratio", "tandem_target_withheld_ratio",
		 "Share of the weight that does not count: slow start, or the target said it is "
		 "full.");
static const struct metric response_metric = {
	"tandem_target_first_response_seconds", METRIC_SUMMARY, "seconds",
	"Delay from an INVITE sent to the target until its first response."
};

struct targets {
	const struct page *page;
	const struct balance_snapshot *snapshot;
	uint32_t count;
	struct row_thing *statuses, *outcomes; /* labels: those of statuses */
};

static uint64_t target_gauge(const struct balance_target *target, const struct metric *metric)
{
	if (metric == &usable_metric)
		return balance_target_is_usable(target);
	return metric == &priority_metric ? target->priority : target->weight;
}

static void put_target_gauge(struct exposition *out, const struct targets *t,
			     const struct metric *metric)
{
	exposition_begin(out, metric);
	for (uint32_t i = 0; i < t->count; i++)
		exposition_put(out, &t->statuses[i].labels,
			       target_gauge(&t->snapshot->targets[i], metric));
}

/* A sample a state, 1 at the one that holds: what Prometheus can count and compare. */
static void put_states(struct exposition *out, struct targets *t, const struct metric *metric,
		       uint32_t states)
{
	const bool is_admin = metric == &admin_metric;

	exposition_begin(out, metric);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct balance_target *target = &t->snapshot->targets[i];
		const uint32_t holds = is_admin ? (uint32_t)target_admin_read(target) :
						  (uint32_t)target_health_read(target);
		struct exposition_labels *labels = &t->statuses[i].labels;
		const uint16_t len = labels->len;

		for (uint32_t state = 0; state < states; state++) {
			exposition_label(labels, "state",
					 is_admin ? target_admin_name((enum target_admin)state) :
						    target_health_name((enum target_health)state));
			exposition_put(out, labels, holds == state);
			labels->len = len;
		}
	}
}

static void put_infos(struct exposition *out, struct targets *t)
{
	exposition_begin(out, &target_metric);
	for (uint32_t i = 0; i < t->count; i++) {
		struct exposition_labels *labels = &t->statuses[i].labels;
		const uint16_t len = labels->len;
		char endpoint[ENDPOINT_TEXT_MAX];

		exposition_label(labels, "endpoint",
				 endpoint_to_string(&t->snapshot->targets[i].endpoint, endpoint));
		exposition_label(labels, "uri", t->snapshot->targets[i].uri);
		exposition_put(out, labels, 1);
		labels->len = len;
	}
}

static void put_delays(struct exposition *out, const struct targets *t)
{
	exposition_begin(out, &response_metric);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct target_delays *delays =
			delays_of_target(t->page->telemetry->delays, t->snapshot->targets[i].id);

		exposition_put_summary(out, &t->statuses[i].labels, delays ? delays->first_count : 0,
				       delays ? delays->first_sum_us : 0, 6);
	}
}

static void put_withheld(struct exposition *out, const struct targets *t)
{
	exposition_begin(out, &withheld_metric);
	for (uint32_t i = 0; i < t->count; i++) {
		const uint64_t withheld = __atomic_load_n(&t->snapshot->targets[i].status->withheld,
							  __ATOMIC_RELAXED);

		exposition_put_scaled(out, &t->statuses[i].labels,
				      withheld * 1000000 / TARGET_WEIGHT_WHOLE, 6);
	}
}

static void targets_read(struct targets *t)
{
	static const struct target_outcome none;

	for (uint32_t i = 0; i < t->snapshot->target_count; i++) {
		const struct balance_target *target = &t->snapshot->targets[i];
		const struct target_outcome *outcome =
			target_outcomes_find(t->page->control->outcomes, target->id);
		struct exposition_labels *labels = &t->statuses[i].labels;

		exposition_label(labels, "pool", t->snapshot->pools[target->pool].name);
		exposition_label(labels, "target", target->name);
		t->statuses[i].base = target->status;
		t->outcomes[i] = t->statuses[i];
		t->outcomes[i].base = outcome ? outcome : &none;
	}
	t->count = t->snapshot->target_count;
}

void families_put_targets(struct exposition *out, const struct page *page)
{
	struct targets t = { .page = page, .snapshot = page->control->snapshot };

	t.statuses = calloc(t.snapshot->target_count + 1u, sizeof(*t.statuses));
	t.outcomes = calloc(t.snapshot->target_count + 1u, sizeof(*t.outcomes));
	if (t.statuses && t.outcomes)
		targets_read(&t);
	else
		out->failed = true;
	put_infos(out, &t);
	put_target_gauge(out, &t, &usable_metric);
	put_states(out, &t, &admin_metric, TARGET_MAINT + 1);
	put_states(out, &t, &health_metric, TARGET_TRIAL + 1);
	put_target_gauge(out, &t, &priority_metric);
	put_target_gauge(out, &t, &weight_metric);
	put_withheld(out, &t);
	rows_put(out, status_rows, ARRAY_SIZE(status_rows), t.statuses, t.count, 0);
	rows_put(out, outcome_rows, ARRAY_SIZE(outcome_rows), t.outcomes, t.count, 0);
	put_delays(out, &t);
	free(t.statuses);
	free(t.outcomes);
}
