/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A timer set by hand, when its turn has come; see reload.h.  The configuration has the new value
 * only if workers go by it: the snapshot is built and published at once, or the value is put back.
 */
#include <errno.h>
#include <string.h>

#include "api/control.h"
#include "api/json_text.h"
#include "api/server.h"
#include "reload/reload.h"

struct change {
	const char *name;
	char before[CONFIG_VALUE_TEXT_MAX], after[CONFIG_VALUE_TEXT_MAX];
};

/* False: nothing has changed, and the request has ended. */
static bool put_in_force(struct control *control, const struct reload_asked *asked,
			 const struct change *change)
{
	struct publisher *publisher = &control->publisher;
	const struct balance_snapshot *snapshot;
	char error[256];

	if (publish_build(control, control->config, &publisher->identity, publisher->targets,
			  &snapshot, error, sizeof(error)) < 0) {
		config_timer_put_back(control->config);
		events_raise(&control->events, "config", NULL,
			     "timers: %s stays %s, %s asked by %s was refused, all goes on as "
			     "before: %s",
			     change->name, change->before, change->after, asked->who, error);
		api_request_error(asked->request, API_ERROR_CONFLICT,
				  "%s stays %s, all goes on as before: %s", change->name,
				  change->before, error);
		return false;
	}
	if (!control->reload.changed)
		control->reload.changed = json_object();
	json_object_set_new(control->reload.changed, change->name, json_string(change->after));
	events_raise(&control->events, "config",
		     json_pack("{s:o, s:s, s:s}", "timer", json_text(change->name), "before",
			       change->before, "after", change->after),
		     "timers: %s is %s, was %s, until the next reload (%s)", change->name,
		     change->after, change->before, asked->who);
	publish_now(control, snapshot, "set timers");
	return true;
}

void reload_serve_timer(struct control *control, const struct reload_asked *asked)
{
	struct change change = { .name = api_arg_string(asked->timer, "timer") };
	char error[384];
	int rc = config_timer_set(control->config, change.name,
				  api_arg_string(asked->timer, "value"), change.before,
				  change.after, error, sizeof(error));

	if (rc < 0) {
		api_request_error(asked->request,
				  rc == -ENOENT ? API_ERROR_NOT_FOUND : API_ERROR_ARGUMENT, "%s",
				  error);
		return;
	}
	bool changed = strcmp(change.before, change.after) != 0;
	if (changed && !put_in_force(control, asked, &change))
		return;
	api_request_ok(asked->request,
		       json_pack("{s:o, s:s, s:s, s:b}", "timer", json_text(change.name), "before",
				 change.before, "after", change.after, "changed", (int)changed));
}
