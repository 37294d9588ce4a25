/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of the blacklist's commands; see handlers.h. */
#include <string.h>

#include "api/control.h"
#include "api/handlers.h"
#include "config/value.h"
#include "stats/stats.h"
#include "targets/admin.h"

/* As a keyword, so that mistakes are told as those in the configuration are. */
static const struct keyword for_keyword = {
	.name = "for",
	.type = KEYWORD_DURATION,
	.min = TICK_SECONDS(1),
	.max = TICK_SECONDS(30 * 24 * 3600),
	.example = "5m",
};

static bool pool_is_known(const struct control *control, struct api_request *request,
			  const char *pool)
{
	for (uint32_t i = 0; pool && i < control->snapshot->pool_count; i++) {
		if (strcmp(control->snapshot->pools[i].name, pool) == 0)
			return true;
	}
	if (pool)
		api_request_error(request, API_ERROR_NOT_FOUND, "there is no pool '%.60s'", pool);
	return !pool;
}

void api_handle_show_blacklist(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;
	const struct stats_blacklist_filter filter = {
		.pool = api_arg_string(args, "pool"),
		.target = api_arg_string(args, "target"),
		.cause = api_arg_string(args, "cause"),
	};

	if (pool_is_known(control, request, filter.pool))
		api_answer_rows(request, "blacklist", stats_show_blacklist(control, &filter));
}

static void answer_entry(const struct control *control, struct api_request *request,
			 const struct balance_target *target)
{
	api_request_ok(request,
		       json_pack("{s:s, s:s, s:s, s:o}", "pool",
				 control->snapshot->pools[target->pool].name, "target",
				 target->name, "health",
				 target_health_name(target_health_read(target)), "observed",
				 stats_target_observed(control, target->id)));
}

void api_handle_blacklist_add(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;
	const struct balance_target *target =
		api_target_named(control, request, api_arg_string(args, "name"));
	const char *duration = api_arg_string(args, "for");
	const char *reason = api_arg_string(args, "reason");
	char why[VALUE_WHY_MAX], text[BLACKLIST_REASON_MAX];
	uint64_t for_us = 0;

	if (!target)
		return;
	if (duration && !value_parse(&for_keyword, span_of_string(duration), &for_us, why)) {
		api_request_error(request, API_ERROR_ARGUMENT, "for: %s", why);
		return;
	}
	snprintf(text, sizeof(text), "by hand%s%s", reason ? ": " : "", reason ? reason : "");
	if (!health_blacklist_add(control->health, target->id, for_us, text,
				  dataplane_now(control->dataplane))) {
		api_request_error(request, API_ERROR_FAILED, "out of memory for that target");
		return;
	}
	answer_entry(control, request, target);
}

void api_handle_blacklist_remove(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;
	const struct balance_target *target =
		api_target_named(control, request, api_arg_string(args, "name"));

	if (!target)
		return;
	if (!health_blacklist_remove(control->health, target->id,
				     dataplane_now(control->dataplane))) {
		bool is_down = target_health_read(target) == TARGET_DOWN;
		api_request_error(request, API_ERROR_CONFLICT,
				  "%s/%s is not on the blacklist%s",
				  control->snapshot->pools[target->pool].name, target->name,
				  is_down ? "; it is down by its probes" : "");
		return;
	}
	answer_entry(control, request, target);
}

void api_handle_blacklist_clear(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;
	const struct balance_snapshot *snapshot = control->snapshot;
	const char *pool = api_arg_string(args, "pool");
	json_int_t removed = 0;

	if (!pool_is_known(control, request, pool))
		return;
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		if (pool && strcmp(snapshot->pools[target->pool].name, pool) != 0)
			continue;
		removed += health_blacklist_remove(control->health, target->id,
						   dataplane_now(control->dataplane));
	}
	api_request_ok(request, json_pack("{s:I}", "removed", removed));
}
