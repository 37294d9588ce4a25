/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemd's handlers: from a request to what answers it; see handlers.h. */
#include "api/handlers.h"

#include <errno.h>
#include <string.h>

#include "api/control.h"
#include "targets/admin.h"

#define ROWS_BATCH 512

const api_handler_fn api_handlers[API_COMMAND_COUNT] = {
#define X(id, handler) [API_COMMAND_##id] = api_handle_##handler,
	API_COMMANDS(X)
#undef X
};

void api_answer_rows(struct api_request *request, const char *key, json_t *body)
{
	json_t *rows = json_object_get(body, key);
	size_t count = json_array_size(rows);

	if (count <= ROWS_BATCH) {
		api_request_ok(request, body);
		return;
	}
	for (size_t first = 0; first < count; first += ROWS_BATCH) {
		json_t *batch = json_array();
		for (size_t i = first; i < count && i < first + ROWS_BATCH; i++)
			json_array_append(batch, json_array_get(rows, i));
		api_request_partial(request, json_pack("{s:o}", key, batch));
	}
	json_object_del(body, key);
	api_request_ok(request, body);
}

const struct balance_target *api_target_named(const struct control *control,
					      struct api_request *request, const char *name)
{
	uint16_t index = 0;

	switch (target_find(control->snapshot, name, &index)) {
	case TARGET_UNKNOWN:
		api_request_error(request, API_ERROR_NOT_FOUND, "there is no target '%.130s'", name);
		return NULL;
	case TARGET_AMBIGUOUS:
		api_request_error(request, API_ERROR_NOT_FOUND,
				  "more than one pool has a target '%.60s': say POOL/TARGET", name);
		return NULL;
	case TARGET_FOUND:
		break;
	}
	return &control->snapshot->targets[index];
}

static void target_wish(struct control *control, struct api_request *request, const json_t *args,
			enum target_admin admin)
{
	const struct balance_target *target =
		api_target_named(control, request, api_arg_string(args, "name"));

	if (!target)
		return;
	const char *pool = control->snapshot->pools[target->pool].name;
	const char *before = target_admin_name(target_admin_set(
		control->snapshot, target, admin, dataplane_now(control->dataplane)));
	const char *after = target_admin_name(admin);
	bool changed = strcmp(before, after) != 0;
	const long long calls = drain_calls(target);
	char later[64] = "";

	if (target_pool_is_stateless(control->snapshot, target->pool))
		snprintf(later, sizeof(later), "; stateless services follow in %u s",
			 (control->snapshot->settle_ms + 999) / 1000);

	if (changed)
		events_raise(&control->events, "target",
			     json_pack("{s:s, s:s, s:s, s:s}", "pool", pool, "target", target->name,
				       "before", before, "admin", after),
			     "%s/%s: %s, was %s%s", pool, target->name, after, before, later);
	if (changed)
		drain_watch(&control->drain, pool, target, admin != TARGET_READY);
	api_request_ok(request,
		       json_pack("{s:s, s:s, s:s, s:s, s:b, s:I}", "pool", pool, "target",
				 target->name, "before", before, "admin", after, "changed",
				 (int)changed, "calls", (json_int_t)calls));
}

void api_handle_target_ready(void *context, struct api_request *request, const json_t *args)
{
	target_wish(context, request, args, TARGET_READY);
}

void api_handle_target_drain(void *context, struct api_request *request, const json_t *args)
{
	target_wish(context, request, args, TARGET_DRAIN);
}

void api_handle_target_maint(void *context, struct api_request *request, const json_t *args)
{
	target_wish(context, request, args, TARGET_MAINT);
}

void api_handle_explain(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;

	explain_request(&control->explain, request, args, uv_now(control->loop));
}

void api_handle_capture_stop(void *context, struct api_request *request, const json_t *)
{
	struct control *control = context;
	struct capture_result result;
	int status = capture_stop(&control->capture, control->dataplane, &result);

	if (status == -ESRCH) {
		api_request_error(request, API_ERROR_CONFLICT, "no capture is running");
		return;
	}
	if (status < 0) {
		api_request_error(request, API_ERROR_FAILED, "the capture to %.300s ended: %s",
				  result.path, strerror(-status));
		return;
	}
	events_raise(&control->events, "capture", json_pack("{s:s}", "path", result.path),
		     "stopped, %llu packets in %s, %llu missed",
		     (unsigned long long)result.packets, result.path,
		     (unsigned long long)result.dropped);
	api_request_ok(request,
		       json_pack("{s:s, s:I, s:I}", "path", result.path, "packets",
				 (json_int_t)result.packets, "dropped", (json_int_t)result.dropped));
}

void api_handle_events(void *context, struct api_request *request, const json_t *)
{
	struct control *control = context;

	api_request_subscribe(request);
	api_request_ok(request, json_pack("{s:O}", "recent", control->events.recent));
}
