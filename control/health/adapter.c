/* SPDX-License-Identifier: BSD-3-Clause */
/* Health in a running tandemd; see adapter.h. */
#include "health/adapter.h"

#include <errno.h>

#include "api/control.h"
#include "api/json_text.h"
#include "config/config.h"
#include "targets/admin.h"

static int send_probe(void *context, uint64_t target_id, uint32_t number, uint32_t timeout_ms)
{
	const struct control *control = context;
	const struct dataplane_probe probe = { .target_id = target_id,
					       .number = number,
					       .timeout_ms = timeout_ms };

	return dataplane_probe(control->dataplane, &probe);
}

static void tell(void *context, const struct health_event *event)
{
	static const char *const kinds[] = {
		[HEALTH_EVENT_TARGET] = "health",
		[HEALTH_EVENT_LOAD] = "health",
		[HEALTH_EVENT_PANIC] = "panic",
	};
	struct control *control = context;
	const char *pool = control->snapshot->pools[event->pool].name;
	const struct health_record *record = event->record;

	if (!record) {
		events_raise(&control->events, kinds[event->kind], json_pack("{s:s}", "pool", pool),
			     "%s: %s", pool, event->text);
		return;
	}
	events_raise(&control->events, kinds[event->kind],
		     json_pack("{s:s, s:o, s:s, s:s}", "pool", pool, "target",
			       json_text(record->target->name), "health",
			       target_health_name(record->health), "admin",
			       target_admin_name(target_admin_read(record->target))),
		     "%s/%s: %s", pool, record->target->name, event->text);
}

static void settings_of(void *context, const struct balance_pool *pool,
			struct health_settings *settings)
{
	const struct control *control = context;

	(void)config_pool_health(control->config, pool->name, settings);
}

static void take_over(void *context, const struct balance_snapshot *snapshot)
{
	struct control *control = context;

	if (health_publish(control->health, snapshot, dataplane_now(control->dataplane)) < 0)
		events_raise(&control->events, "health", NULL,
			     "out of memory: some new targets are not watched until the next change");
}

int health_adapter_open(struct control *control)
{
	const struct health_calls calls = {
		.probe = send_probe, .tell = tell, .settings = settings_of, .context = control
	};
	tick_t now = dataplane_now(control->dataplane);

	control->health = health_create(&calls, now ^ (uint64_t)control->started.tv_nsec << 32);
	if (!control->health || health_publish(control->health, control->snapshot, now) < 0)
		return -ENOMEM;
	control_on_publish(control, take_over, control);
	return 0;
}

void health_adapter_close(struct control *control)
{
	health_destroy(control->health);
	control->health = NULL;
}

void health_adapter_outcome(void *context, const struct outcome *outcome)
{
	const struct control *control = context;

	health_outcome(control->health, outcome, dataplane_now(control->dataplane));
}

void health_adapter_poll(struct control *control)
{
	health_tick(control->health, dataplane_now(control->dataplane));
}
