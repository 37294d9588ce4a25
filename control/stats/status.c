/* SPDX-License-Identifier: BSD-3-Clause */
/* `show status`, `show config`; see stats.h. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/json_text.h"
#include "api/server.h"
#include "balance/policy.h"
#include "config/config.h"
#include "stats/stats.h"
#include "targets/admin.h"

static json_t *status_targets(const struct balance_snapshot *snapshot)
{
	int usable = 0, wish[3] = { 0 };

	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		enum target_admin admin = target_admin_read(target);
		usable += balance_target_is_usable(target);
		if (admin < ARRAY_SIZE(wish))
			wish[admin]++;
	}
	return json_pack("{s:i, s:i, s:i, s:i, s:i}", "total", (int)snapshot->target_count, "usable",
			 usable, "ready", wish[TARGET_READY], "drain", wish[TARGET_DRAIN], "maint",
			 wish[TARGET_MAINT]);
}

static json_t *status_verdicts(const struct stats_sum *sum)
{
	json_t *kinds = json_object();

	for (unsigned int kind = 0; kind < VERDICT_KINDS; kind++)
		json_object_set_new(kinds, verdict_kind_name(kind),
				    json_integer((json_int_t)stats_sum_of_kind(sum, kind)));
	return kinds;
}

static json_t *status_packets(const struct stats_sum *sum)
{
	uint64_t verdicts = stats_sum_of_verdicts(sum);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "received", (json_int_t)sum->packets_rx,
			 "verdicts", (json_int_t)verdicts, "difference",
			 (json_int_t)(sum->packets_rx - verdicts), "sent",
			 (json_int_t)sum->packets_tx, "tx_dropped", (json_int_t)sum->tx_dropped,
			 "kinds", status_verdicts(sum));
}

static json_t *status_transactions(const struct proxy_stats *p)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"live",
		(json_int_t)p->txns, "tombstones", (json_int_t)p->tombstones, "created",
		(json_int_t)p->txns_created, "requests_resent", (json_int_t)p->requests_resent,
		"responses_resent", (json_int_t)p->responses_resent, "acks_resent",
		(json_int_t)p->acks_resent, "request_retransmissions_seen",
		(json_int_t)p->request_retransmissions_seen, "response_retransmissions_seen",
		(json_int_t)p->response_retransmissions_seen, "failovers",
		(json_int_t)p->failovers, "timeouts_invite", (json_int_t)p->timeouts_invite,
		"timeouts_non_invite", (json_int_t)p->timeouts_non_invite, "forks",
		(json_int_t)p->forks, "extra_2xx_dropped", (json_int_t)p->extra_2xx_dropped,
		"extra_2xx_ended", (json_int_t)p->extra_2xx_ended, "own_requests",
		(json_int_t)p->own_requests, "calls", (json_int_t)p->calls, "calls_uncounted",
		(json_int_t)p->calls_uncounted);
}

static json_t *status_probes(const struct proxy_stats *p)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sent", (json_int_t)p->probes,
			 "resent", (json_int_t)p->probes_resent, "answered",
			 (json_int_t)p->probes_answered, "timed_out",
			 (json_int_t)p->probes_timed_out, "unreachable",
			 (json_int_t)p->probes_unreachable, "not_sent",
			 (json_int_t)p->probes_not_sent, "strangers",
			 (json_int_t)p->probe_strangers);
}

static json_t *status_clients(const struct api_server *api, const struct trace *trace)
{
	struct api_server_stats stats;

	api_server_stats(api, &stats);
	return json_pack("{s:i, s:i, s:i, s:I, s:I, s:I}", "connected", (int)stats.clients, "following",
			 (int)stats.subscribers, "tracing", (int)trace_following(trace), "messages", (json_int_t)stats.messages,
			 "malformed", (json_int_t)stats.malformed, "dropped",
			 (json_int_t)stats.clients_dropped);
}

/* All workers know the same neighbours but for what is under way. */
static uint64_t neighbours_known(const struct dataplane *dataplane)
{
	struct dataplane_worker_stats worker;

	return dataplane_worker_stats(dataplane, 0, &worker) ? worker.net.neighbours : 0;
}

static int services_configured(const struct balance_snapshot *snapshot)
{
	int count = 0;

	for (uint32_t i = 0; i < snapshot->service_count; i++)
		count += !snapshot->services[i].is_retired;
	return count;
}

static int pools_configured(const struct balance_snapshot *snapshot)
{
	int count = 0;

	for (uint32_t i = 0; i < snapshot->pool_count; i++)
		count += !snapshot->pools[i].is_retired;
	return count;
}

json_t *stats_show_status(const struct control *c)
{
	struct stats_sum sum;
	char started[EVENTS_TIME_MAX];

	stats_sum_read(c->dataplane, &sum);
	return json_pack(
		"{s:s, s:s, s:i, s:I, s:i, s:s, s:I, s:o, s:i, s:I, s:i, s:i, s:i, s:o, s:I, s:o, "
		"s:o, s:o, s:o, s:o}",
		"program", c->program, "state", c->closing.is_under_way ? "closing" : "serving",
		"instance", (int)c->snapshot->instance, "epoch",
		(json_int_t)c->snapshot->epoch, "pid", (int)getpid(), "started",
		events_time(&c->started, started), "uptime_s",
		(json_int_t)((uv_now(c->loop) - c->started_ms) / 1000), "config_file",
		json_text(c->config_file), "workers", (int)sum.workers, "neighbours",
		(json_int_t)neighbours_known(c->dataplane), "interfaces",
		(int)c->snapshot->interface_count, "services", services_configured(c->snapshot),
		"pools", pools_configured(c->snapshot), "targets", status_targets(c->snapshot),
		"messages", (json_int_t)sum.messages, "packets", status_packets(&sum),
		"transactions", status_transactions(&sum.proxy), "probes",
		status_probes(&sum.proxy), "capture",
		c->capture.is_running ? json_text(c->capture.path) : json_null(), "clients",
		status_clients(c->api, &c->trace));
}

json_t *stats_show_config(const struct control *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	config_print(c->config, out);
	fclose(out);
	char loaded[EVENTS_TIME_MAX];
	json_t *body = json_pack("{s:o, s:I, s:s, s:i, s:O*, s:o}", "file",
				 json_text(c->config_file), "version",
				 (json_int_t)c->snapshot->version, "loaded",
				 events_time(&c->reload.loaded, loaded), "reloads",
				 (int)c->reload.count, "changed", c->reload.changed, "yaml",
				 json_text(text));
	free(text);
	return body;
}
