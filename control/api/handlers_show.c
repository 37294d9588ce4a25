/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemd's handlers of `show`: what there is, and which rows of it are wanted; see handlers.h. */
#include "api/handlers.h"

#include <string.h>

#include "api/control.h"
#include "api/match_args.h"
#include "api/rows.h"
#include "stats/stats.h"

/* One that names nothing is an error, not an empty list. */
static void answer_named(struct api_request *request, json_t *body, const char *key,
			 const char *what, const char *name, rows_wanted_fn wanted)
{
	size_t kept = 1;

	if (name)
		kept = wanted ? rows_keep(body, key, wanted, name) :
				rows_keep_text(body, key, "name", name);
	if (kept) {
		api_answer_rows(request, key, body);
		return;
	}
	json_decref(body);
	api_request_error(request, API_ERROR_NOT_FOUND, "there is no %s '%.130s'", what, name);
}

/* Keeps the rows of a worker, if one is asked for.  False: there is none; the request has ended. */
static bool take_worker(struct api_request *request, const json_t *args, const char *key,
			json_t *body)
{
	uint64_t worker = api_arg_number(args, "worker", UINT64_MAX);

	if (worker == UINT64_MAX || rows_keep_number(body, key, "worker", worker))
		return true;
	json_decref(body);
	api_request_error(request, API_ERROR_NOT_FOUND, "there is no worker %llu",
			  (unsigned long long)worker);
	return false;
}

/* False: there is none of the name given; the request has ended. */
static bool take_service(const struct control *control, struct api_request *request,
			 const json_t *args)
{
	uint16_t service;
	char why[128];

	if (match_args_service(control->snapshot, args, "service", &service, why, sizeof(why)))
		return true;
	api_request_error(request, API_ERROR_NOT_FOUND, "%s", why);
	return false;
}

static bool take_pool(const struct control *control, struct api_request *request,
		      const json_t *args)
{
	const char *pool = api_arg_string(args, "pool");

	for (uint32_t i = 0; pool && i < control->snapshot->pool_count; i++) {
		const struct balance_pool *known = &control->snapshot->pools[i];
		if (!known->is_retired && strcmp(known->name, pool) == 0)
			return true;
	}
	if (!pool)
		return true;
	api_request_error(request, API_ERROR_NOT_FOUND, "there is no pool '%.60s'", pool);
	return false;
}

void api_handle_show_status(void *context, struct api_request *request, const json_t *)
{
	api_request_ok(request, stats_show_status(context));
}

void api_handle_show_services(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;

	answer_named(request, stats_show_services(control->snapshot), "services", "service",
		     api_arg_string(args, "name"), NULL);
}

void api_handle_show_pools(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;

	answer_named(request, stats_show_pools(control->snapshot), "pools", "pool",
		     api_arg_string(args, "name"), NULL);
}

/* POOL/TARGET or TARGET */
static bool target_is_named(const json_t *row, const char *value)
{
	const char *pool = json_string_value(json_object_get(row, "pool"));
	const char *name = json_string_value(json_object_get(row, "name"));

	if (!pool || !name)
		return false;
	size_t len = strlen(pool);
	return strcmp(name, value) == 0 || (strncmp(value, pool, len) == 0 && value[len] == '/' &&
					    strcmp(value + len + 1, name) == 0);
}

static bool target_is_in_state(const json_t *row, const char *value)
{
	const char *admin = json_string_value(json_object_get(row, "admin"));
	const char *health = json_string_value(json_object_get(row, "health"));
	bool is_usable = json_is_true(json_object_get(row, "usable"));
	struct span state = span_of_string(value);

	if (span_equal_nocase(state, SPAN("usable")))
		return is_usable;
	if (span_equal_nocase(state, SPAN("unusable")))
		return !is_usable;
	return (admin && span_equal_nocase(state, span_of_string(admin))) ||
	       (health && span_equal_nocase(state, span_of_string(health)));
}

void api_handle_show_targets(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;
	const char *state = api_arg_string(args, "state");

	if (!take_pool(control, request, args))
		return;
	json_t *body = stats_show_targets(control, api_arg_string(args, "pool"));
	const char *name = api_arg_string(args, "name");
	if (name && !rows_keep(body, "targets", target_is_named, name)) {
		json_decref(body);
		api_request_error(request, API_ERROR_NOT_FOUND, "there is no target '%.130s'", name);
		return;
	}
	if (state)
		rows_keep(body, "targets", target_is_in_state, state);
	api_answer_rows(request, "targets", body);
}

void api_handle_show_interfaces(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;

	answer_named(request, stats_show_interfaces(control->dataplane), "interfaces", "interface",
		     api_arg_string(args, "name"), NULL);
}

/* The stages of one worker stand where those of all together do. */
static json_t *stages_of_worker(json_t *body)
{
	json_t *workers = json_incref(json_object_get(body, "workers"));

	json_object_update(body, json_array_get(workers, 0));
	json_object_set_new(body, "workers", workers);
	return body;
}

void api_handle_show_workers(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;
	const bool wants_stages = api_arg_flag(args, "stages");
	json_t *body = wants_stages ? stats_show_stages(control->dataplane) :
				      stats_show_workers(control->dataplane);

	if (!take_worker(request, args, "workers", body))
		return;
	if (wants_stages && json_object_get(args, "worker"))
		body = stages_of_worker(body);
	api_request_ok(request, body);
}

void api_handle_show_drops(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;
	const char *kind = api_arg_string(args, "kind");
	uint8_t reason;
	char why[128];

	if (!match_args_reason(args, "reason", &reason, why, sizeof(why))) {
		api_request_error(request, API_ERROR_NOT_FOUND, "%s", why);
		return;
	}
	json_t *body = stats_show_drops(control->dataplane, api_arg_flag(args, "drops_only"));
	if (api_arg_flag(args, "all") || reason != VERDICT_REASON_NONE)
		stats_show_drops_unseen(json_object_get(body, "verdicts"));
	if (reason != VERDICT_REASON_NONE)
		rows_keep_text(body, "verdicts", "reason", verdict_reasons[reason].name);
	if (kind)
		rows_keep_text(body, "verdicts", "kind", kind);
	api_request_ok(request, body);
}

void api_handle_show_dialogs(void *context, struct api_request *request, const json_t *args)
{
	const char *service = api_arg_string(args, "service");

	if (!take_service(context, request, args))
		return;
	json_t *body = stats_show_dialogs(context);
	if (!take_worker(request, args, "workers", body))
		return;
	if (service)
		rows_keep_text(body, "services", "service", service);
	api_request_ok(request, body);
}

static bool is_set_of_service(const json_t *row, const char *value)
{
	return strcmp(json_string_value(json_object_get(row, "of")), "service") == 0 &&
	       strcmp(json_string_value(json_object_get(row, "name")), value) == 0;
}

static bool is_set_of_pool(const json_t *row, const char *value)
{
	return strcmp(json_string_value(json_object_get(row, "of")), "pool") == 0 &&
	       strcmp(json_string_value(json_object_get(row, "name")), value) == 0;
}

void api_handle_show_timers(void *context, struct api_request *request, const json_t *args)
{
	const char *service = api_arg_string(args, "service"), *pool = api_arg_string(args, "pool");

	if (!take_service(context, request, args) || !take_pool(context, request, args))
		return;
	json_t *body = stats_show_timers(context);
	if (!take_worker(request, args, "workers", body))
		return;
	if (service)
		rows_keep(body, "sets_ms", is_set_of_service, service);
	if (pool)
		rows_keep(body, "sets_ms", is_set_of_pool, pool);
	api_request_ok(request, body);
}

void api_handle_show_txns(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;

	txns_request(&control->txns, request, args, uv_now(control->loop));
}

void api_handle_show_memory(void *context, struct api_request *request, const json_t *args)
{
	json_t *body = stats_show_memory(context);

	if (take_worker(request, args, "workers", body))
		api_request_ok(request, body);
}

void api_handle_show_config(void *context, struct api_request *request, const json_t *)
{
	api_request_ok(request, stats_show_config(context));
}

void api_handle_top(void *context, struct api_request *request, const json_t *args)
{
	if (take_pool(context, request, args))
		api_answer_rows(request, "targets",
				stats_top(context, api_arg_string(args, "pool")));
}
