/* SPDX-License-Identifier: BSD-3-Clause */
/* `show services`, `show pools`, `show targets`: what the snapshot holds; see stats.h. */
#include <string.h>

#include "api/json_text.h"
#include "balance/policy.h"
#include "stats/stats.h"
#include "targets/admin.h"

static const char *pool_name(const struct balance_snapshot *snapshot, uint16_t pool)
{
	if (pool >= snapshot->pool_count)
		return NULL;
	return snapshot->pools[pool].is_request_uri ? "request-uri" : snapshot->pools[pool].name;
}

static json_t *name_or_null(const char *name)
{
	return name ? json_text(name) : json_null();
}

static json_t *service_listens(const struct balance_snapshot *snapshot,
			       const struct balance_service *service)
{
	json_t *list = json_array();
	char text[ENDPOINT_TEXT_MAX + 4] = "udp:";

	for (uint32_t i = 0; i < service->listen_count; i++) {
		endpoint_to_string(&snapshot->listens[service->listen_first + i].endpoint, text + 4);
		json_array_append_new(list, json_text(text));
	}
	return list;
}

static json_t *service_domains(const struct balance_snapshot *snapshot,
			       const struct balance_service *service)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < service->domain_count; i++)
		json_array_append_new(list, json_text(snapshot->domains[service->domain_first + i]));
	return list;
}

static json_t *service_row(const struct balance_snapshot *snapshot,
			   const struct balance_service *service)
{
	static const char *const extra_2xx[] = { "forward", "drop", "ack-bye" };
	static const char *const cseq_check[] = { "off", "log", "enforce" };

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:b}", "name",
			 json_text(service->name), "listen", service_listens(snapshot, service),
			 "from", name_or_null(pool_name(snapshot, service->from_pool)), "pool",
			 name_or_null(pool_name(snapshot, service->pool)), "domains",
			 service_domains(snapshot, service), "mode",
			 service->mode == MODE_STATELESS ? "stateless" : "stateful", "nat",
			 service->nat == NAT_AUTO ? "auto" : "off", "record_route",
			 service->record_route, "rewrite_host", service->rewrite_host, "push_route",
			 service->push_route, "extra_2xx", extra_2xx[service->extra_2xx],
			 "cseq_check", cseq_check[service->cseq_check], "bye_unacknowledged",
			 service->bye_unacknowledged);
}

json_t *stats_show_services(const struct balance_snapshot *snapshot)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < snapshot->service_count; i++)
		if (!snapshot->services[i].is_retired)
			json_array_append_new(rows, service_row(snapshot, &snapshot->services[i]));
	return json_pack("{s:o}", "services", rows);
}

static json_t *pool_failover(const struct balance_pool *pool)
{
	static const struct {
		enum failover_cause cause;
		const char *name;
	} causes[] = {
		{ FAILOVER_TIMEOUT, "timeout" },
		{ FAILOVER_TRANSPORT_ERROR, "transport-error" },
		{ FAILOVER_503, "503" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (pool->failover & causes[i].cause)
			json_array_append_new(list, json_string(causes[i].name));
	}
	return list;
}

static json_t *pool_row(const struct balance_snapshot *snapshot, const struct balance_pool *pool)
{
	bool is_panicking = pool->status &&
			    __atomic_load_n(&pool->status->is_panicking, __ATOMIC_RELAXED);
	int usable = 0, out = 0;

	for (uint32_t i = 0; i < pool->target_count; i++)
		out += target_health_read(&snapshot->targets[pool->target_first + i]) != TARGET_UP;
	for (uint32_t i = 0; i < pool->target_count; i++)
		usable += balance_target_is_usable(&snapshot->targets[pool->target_first + i]);
	return json_pack("{s:o, s:s, s:i, s:i, s:i, s:b, s:o, s:i, s:o}", "name", json_text(pool->name),
			 "policy",
			 pool->is_request_uri ? "request-uri" : balance_policy_name(pool->policy),
			 "targets", (int)pool->target_count, "usable", usable, "out", out,
			 "panicking", (int)is_panicking, "failover",
			 pool_failover(pool), "attempts", (int)pool->attempts_max,
			 "try_next_after_ms",
			 pool->try_next_after_ms ? json_integer(pool->try_next_after_ms) :
						   json_null());
}

json_t *stats_show_pools(const struct balance_snapshot *snapshot)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < snapshot->pool_count; i++)
		if (!snapshot->pools[i].is_retired)
			json_array_append_new(rows, pool_row(snapshot, &snapshot->pools[i]));
	return json_pack("{s:o}", "pools", rows);
}

static json_t *target_load(const struct target_status *status)
{
#define READ(member) ((json_int_t)__atomic_load_n(&status->member, __ATOMIC_RELAXED))
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "requests", READ(requests),
			 "outstanding", READ(outstanding), "calls", READ(calls), "responses_2xx", READ(responses_2xx),
			 "responses_other", READ(responses_other), "timeouts", READ(timeouts),
			 "errors", READ(errors), "unacknowledged", READ(unacknowledged));
#undef READ
}

static json_t *target_answers(const struct target_outcome *outcome)
{
	static const struct target_outcome none = { .id = 0 };
	const struct target_outcome *o = outcome ? outcome : &none;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i}", "2xx",
			 (json_int_t)o->responses[2], "3xx", (json_int_t)o->responses[3], "4xx",
			 (json_int_t)o->responses[4], "5xx", (json_int_t)o->responses[5], "6xx",
			 (json_int_t)o->responses[6], "503", (json_int_t)o->responses_503,
			 "timeouts", (json_int_t)o->timeouts, "transport_errors",
			 (json_int_t)o->transport_errors, "failures_in_a_row",
			 (json_int_t)o->failures_in_a_row, "last_status", (int)o->last_status);
}

static json_t *cap_or_null(uint32_t cap)
{
	return cap ? json_integer(cap) : json_null();
}

static json_t *target_row(const struct control *control, const struct balance_target *target)
{
	const struct balance_snapshot *snapshot = control->snapshot;
	const char *interface = target->interface < snapshot->interface_count
					? snapshot->interfaces[target->interface].name : NULL;
	char endpoint[ENDPOINT_TEXT_MAX];

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:s, s:s, s:b, s:o, s:o, s:o}",
			 "pool",
			 json_text(snapshot->pools[target->pool].name), "name",
			 json_text(target->name), "uri", json_text(target->uri), "endpoint",
			 json_text(endpoint_to_string(&target->endpoint, endpoint)), "interface",
			 name_or_null(interface), "priority", (int)target->priority, "weight",
			 (int)target->weight, "max_calls", cap_or_null(target->calls_max), "max_rate",
			 cap_or_null(target->rate_max), "admin", target_admin_name(target_admin_read(target)),
			 "health", target_health_name(target_health_read(target)), "usable",
			 (int)balance_target_is_usable(target), "load", target_load(target->status),
			 "answers",
			 target_answers(target_outcomes_find(control->outcomes, target->id)),
			 "observed", stats_target_observed(control, target->id));
}

json_t *stats_show_targets(const struct control *control, const char *pool)
{
	const struct balance_snapshot *snapshot = control->snapshot;
	json_t *rows = json_array();

	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		if (!pool || strcmp(pool, snapshot->pools[target->pool].name) == 0)
			json_array_append_new(rows, target_row(control, target));
	}
	return json_pack("{s:o}", "targets", rows);
}
