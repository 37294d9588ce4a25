/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishing; see publish.h. */
#include "reload/publish.h"

#include <errno.h>
#include <string.h>

#include "api/control.h"
#include "reload/difference.h"

static uint64_t now_ms(const struct control *control)
{
	return uv_now(control->loop);
}

/* Dialogs of a retired service that the workers keep. */
static bool service_has_dialogs(void *context, uint16_t service)
{
	const struct control *control = context;
	struct proxy_dialog_stats dialogs;

	if (!control->dataplane)
		return false;
	for (uint16_t i = 0; dataplane_dialog_stats(control->dataplane, i, service, &dialogs); i++) {
		if (dialogs.live)
			return true;
	}
	return false;
}

int publish_build(struct control *control, const struct config *config,
		  const struct config_identity *identity, const struct target_set *targets,
		  const struct balance_snapshot **snapshot, char *error, size_t size)
{
	const struct config_build build = {
		.identity = identity,
		.registry = control->publisher.registry,
		.targets = targets,
		.before = control->snapshot,
		.version = control->snapshot ? control->snapshot->version + 1 : 1,
		.closing_retry_s = control->publisher.closing_retry_s,
		.now_ms = now_ms(control),
		.is_in_use = service_has_dialogs,
		.context = control,
	};

	return config_snapshot_build(config, &build, snapshot, error, size);
}

int publish_prepare(struct control *control, char *error, size_t size)
{
	struct publisher *publisher = &control->publisher;

	snprintf(error, size, "out of memory for the configuration's targets");
	publisher->registry = target_registry_create();
	publisher->targets = target_set_create();
	if (!publisher->registry || !publisher->targets ||
	    config_targets_apply(control->config, publisher->targets) < 0)
		return -ENOMEM;
	return 0;
}

int publish_open(struct control *control, char *error, size_t size)
{
	struct publisher *publisher = &control->publisher;
	int status = publisher->targets ? 0 : publish_prepare(control, error, size);

	if (status < 0)
		return status;
	status = publish_build(control, control->config, &publisher->identity, publisher->targets,
			       &control->snapshot, error, size);
	control->explain.snapshot = control->snapshot;
	return status;
}

void publish_close(struct control *control)
{
	struct publisher *publisher = &control->publisher;

	config_snapshot_destroy(publisher->retiring);
	config_snapshot_destroy(control->snapshot);
	target_set_destroy(publisher->targets);
	target_registry_destroy(publisher->registry);
	explicit_bzero(&publisher->identity, sizeof(publisher->identity));
	publisher->retiring = control->snapshot = NULL;
	publisher->targets = NULL;
	publisher->registry = NULL;
}

void control_publish_soon(struct control *control, const char *why)
{
	struct publisher *publisher = &control->publisher;

	if (!publisher->is_wanted)
		snprintf(publisher->why, sizeof(publisher->why), "%s", why);
	else if (!strstr(publisher->why, why))
		snprintf(publisher->why + strlen(publisher->why),
			 sizeof(publisher->why) - strlen(publisher->why), ", %s", why);
	publisher->is_wanted = true;
}

void control_on_publish(struct control *control, control_published_fn fn, void *context)
{
	struct publisher *publisher = &control->publisher;

	assert(publisher->hook_count < PUBLISH_HOOKS_MAX);
	publisher->hooks[publisher->hook_count].fn = fn;
	publisher->hooks[publisher->hook_count++].context = context;
}

bool publish_is_ready(const struct control *control)
{
	return !control->publisher.retiring;
}

/* What workers answered by the one before has been taken by the dataplane_poll that comes after the
 * last of them left it. */
static void retire(struct control *control)
{
	struct publisher *publisher = &control->publisher;

	if (!publisher->retiring)
		return;
	if (!publisher->is_retired) {
		publisher->is_retired = dataplane_retired(control->dataplane);
		return;
	}
	control->explain.before = NULL;
	config_snapshot_destroy(publisher->retiring);
	publisher->retiring = NULL;
}

void publish_now(struct control *control, const struct balance_snapshot *snapshot, const char *why)
{
	struct publisher *publisher = &control->publisher;
	const struct balance_snapshot *before = control->snapshot;

	assert(!publisher->retiring);
	dataplane_publish(control->dataplane, snapshot);
	publisher->retiring = before;
	publisher->is_retired = false;
	control->snapshot = snapshot;
	control->explain.snapshot = snapshot;
	control->explain.before = before;
	difference_tell(&control->events, before, snapshot, why);
	drain_compare(&control->drain, before, snapshot);
	for (uint32_t i = 0; i < publisher->hook_count; i++)
		publisher->hooks[i].fn(publisher->hooks[i].context, snapshot);
}

void publish_poll(struct control *control)
{
	struct publisher *publisher = &control->publisher;
	const struct balance_snapshot *snapshot;
	char error[256], why[PUBLISH_WHY_MAX];

	retire(control);
	if (!publish_is_ready(control) || !publisher->is_wanted)
		return;
	publisher->is_wanted = false;
	memcpy(why, publisher->why, sizeof(why));
	if (publish_build(control, control->config, &publisher->identity, publisher->targets,
			  &snapshot, error, sizeof(error)) < 0) {
		events_raise(&control->events, "config", NULL,
			     "%s: not taken over, all goes on as before: %s", why, error);
		return;
	}
	publish_now(control, snapshot, why);
}
