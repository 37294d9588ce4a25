/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemd's handlers of what looks at messages as they pass: trace, capture; see handlers.h. */
#include "api/handlers.h"

#include <errno.h>
#include <string.h>

#include "api/control.h"
#include "api/match_args.h"

void api_handle_trace(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;

	trace_request(&control->trace, request, args, uv_now(control->loop));
}

static bool capture_filter_take(const struct balance_snapshot *snapshot, const json_t *args,
				struct dataplane_capture_filter *filter, char *why, size_t size)
{
	uint16_t target;

	*filter = (struct dataplane_capture_filter){
		.octets = (uint32_t)MIN(api_arg_number(args, "snaplen", 0), (uint64_t)UINT32_MAX),
	};
	if (!match_args_text(args, "call_id", filter->call_id, sizeof(filter->call_id), why, size) ||
	    !match_args_text(args, "method", filter->method, sizeof(filter->method), why, size) ||
	    !match_args_address(args, "host", &filter->host, why, size) ||
	    !match_args_target(snapshot, args, "target", &target, why, size))
		return false;
	if (target != BALANCE_NONE)
		filter->target = snapshot->targets[target].endpoint;
	return true;
}

void api_handle_capture_start(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;
	const char *path = api_arg_string(args, "path");
	struct dataplane_capture_filter filter;
	char why[192];

	if (!capture_filter_take(control->snapshot, args, &filter, why, sizeof(why))) {
		api_request_error(request, API_ERROR_ARGUMENT, "%s", why);
		return;
	}
	int status = capture_start(&control->capture, control->dataplane, path,
				   api_arg_number(args, "packets", 0), &filter);
	if (status == -EBUSY) {
		api_request_error(request, API_ERROR_CONFLICT, "a capture to %.300s is running",
				  control->capture.path);
		return;
	}
	if (status < 0) {
		api_request_error(request, API_ERROR_FAILED, "cannot capture to %.300s: %s", path,
				  strerror(-status));
		return;
	}
	events_raise(&control->events, "capture", json_pack("{s:s}", "path", path),
		     "started, to %s", path);
	api_request_ok(request, json_pack("{s:s}", "path", path));
}
