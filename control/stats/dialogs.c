/* SPDX-License-Identifier: BSD-3-Clause */
/* Dialogs, by worker and by service; see stats.h. */
#include "stats/stats.h"

#include "api/json_text.h"

static json_t *dialogs_row(const struct proxy_dialog_stats *d)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:{s:I, s:I}, s:I, s:I}", "live",
			 (json_int_t)d->live, "created", (json_int_t)d->created, "ended",
			 (json_int_t)d->ended, "expired", (json_int_t)d->expired, "full",
			 (json_int_t)d->full, "out_of_order", "caller",
			 (json_int_t)d->out_of_order_caller, "callee",
			 (json_int_t)d->out_of_order_callee, "unacknowledged", "caller",
			 (json_int_t)d->unacknowledged_caller, "callee",
			 (json_int_t)d->unacknowledged_callee, "unwatched",
			 (json_int_t)d->unwatched, "byes", (json_int_t)d->byes);
}

static void dialogs_add(struct proxy_dialog_stats *into, const struct proxy_dialog_stats *from)
{
	/* All members are counters of one type. */
	uint64_t *to = (uint64_t *)into;
	const uint64_t *add = (const uint64_t *)from;

	static_assert(sizeof(*into) % sizeof(*to) == 0);
	for (size_t i = 0; i < sizeof(*into) / sizeof(*to); i++)
		to[i] += add[i];
}

/* Of a service, or of all, in all workers. */
static json_t *service_row(const struct dataplane *dataplane, uint16_t service)
{
	struct proxy_dialog_stats worker, total = { .live = 0 };

	for (uint16_t i = 0; dataplane_dialog_stats(dataplane, i, service, &worker); i++)
		dialogs_add(&total, &worker);
	return dialogs_row(&total);
}

/* A removed service is of interest until its last dialog has ended. */
static bool service_has_live(const struct dataplane *dataplane, uint16_t service)
{
	struct proxy_dialog_stats worker;
	uint64_t live = 0;

	for (uint16_t i = 0; dataplane_dialog_stats(dataplane, i, service, &worker); i++)
		live += worker.live;
	return live != 0;
}

json_t *stats_show_dialogs(const struct control *c)
{
	struct dataplane_worker_stats worker;
	struct proxy_dialog_stats dialogs;
	json_t *workers = json_array(), *services = json_array();

	for (uint16_t i = 0; dataplane_worker_stats(c->dataplane, i, &worker) &&
			     dataplane_dialog_stats(c->dataplane, i, BALANCE_NONE, &dialogs);
	     i++) {
		json_t *row = dialogs_row(&dialogs);
		json_object_set_new(row, "worker", json_integer(i));
		json_object_set_new(row, "live", json_integer((json_int_t)worker.proxy.dialogs));
		json_object_set_new(row, "max", json_integer((json_int_t)worker.proxy.dialogs_max));
		json_object_set_new(row, "watches",
				    json_integer((json_int_t)worker.proxy.dialog_watches));
		json_array_append_new(workers, row);
	}
	for (uint16_t i = 0; i < c->snapshot->service_count; i++) {
		bool is_retired = c->snapshot->services[i].is_retired;
		if (is_retired && !service_has_live(c->dataplane, i))
			continue;
		json_t *row = service_row(c->dataplane, i);
		json_object_set_new(row, "removed", json_boolean(is_retired));
		json_object_set_new(row, "service", json_text(c->snapshot->services[i].name));
		json_array_append_new(services, row);
	}
	json_t *total = service_row(c->dataplane, BALANCE_NONE);
	json_object_set_new(total, "service", json_string("all"));
	return json_pack("{s:o, s:o, s:o}", "workers", workers, "services", services, "total",
			 total);
}
