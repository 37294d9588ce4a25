/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of the process and of what control itself does; see families.h. */
#include <dirent.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "api/server.h"
#include "stats/heap.h"
#include "stats/stats.h"
#include "telemetry/metrics/families.h"
#include "telemetry/telemetry.h"

static void put_one(struct exposition *out, const struct metric *metric, uint64_t value)
{
	exposition_begin(out, metric);
	exposition_put(out, NULL, value);
}

static void put_labelled(struct exposition *out, const char *label, const char *value, uint64_t count)
{
	struct exposition_labels labels = { .len = 0 };

	exposition_label(&labels, label, value);
	exposition_put(out, &labels, count);
}

/* ---- the process -------------------------------------------------------------------------- */

static const struct metric build_metric =
	INFO("tandem_build", "Version and compiler of this tandemd.");
static const struct metric instance_metric =
	INFO("tandem_instance", "Number of this instance, and the epoch of its start.");
static const struct metric start_metric =
	GAUGE_IN("seconds", "process_start_time_seconds", "Start of the process since 1970.");
static const struct metric cpu_metric =
	COUNTER_IN("seconds", "process_cpu_seconds", "Processor time, user and system.");
static const struct metric resident_metric =
	GAUGE_IN("bytes", "process_resident_memory_bytes",
		 "Memory of the process in RAM; its hugepages are not counted by the kernel.");
static const struct metric fds_metric = GAUGE("process_open_fds", "Open file descriptors.");
static const struct metric fds_max_metric =
	GAUGE("process_max_fds", "File descriptors that may be open.");
static const struct metric heap_metric =
	GAUGE_IN("bytes", "tandem_heap_bytes",
		 "The control plane's heap, as its allocator sees it; 0: it does not say.");

static uint64_t microseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

static uint64_t open_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (!directory)
		return 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 3; /* ".", "..", and the directory's own */
}

static void put_usage(struct exposition *out)
{
	struct rusage usage = { .ru_maxrss = 0 };
	struct rlimit limit = { .rlim_cur = 0 };

	(void)getrusage(RUSAGE_SELF, &usage);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	exposition_begin(out, &cpu_metric);
	exposition_put_scaled(out, NULL, microseconds(usage.ru_utime) + microseconds(usage.ru_stime), 6);
	put_one(out, &resident_metric, stats_resident_octets());
	put_one(out, &fds_metric, open_fds());
	put_one(out, &fds_max_metric, limit.rlim_cur);
}

void families_put_process(struct exposition *out, const struct page *page)
{
	const struct control *c = page->control;
	struct exposition_labels labels = { .len = 0 };
	struct heap_stats heap;

	exposition_label(&labels, "version", c->program + strcspn(c->program, " ") + 1);
	exposition_label(&labels, "compiler", __VERSION__);
	exposition_begin(out, &build_metric);
	exposition_put(out, &labels, 1);
	exposition_labels_clear(&labels);
	exposition_label_u64(&labels, "instance", c->snapshot->instance);
	exposition_label_u64(&labels, "epoch", c->snapshot->epoch);
	exposition_begin(out, &instance_metric);
	exposition_put(out, &labels, 1);
	exposition_begin(out, &start_metric);
	exposition_put_scaled(out, NULL,
			      (uint64_t)c->started.tv_sec * 1000u +
				      (uint64_t)c->started.tv_nsec / 1000000u, 3);
	put_usage(out);
	heap_stats_read(&heap);
	exposition_begin(out, &heap_metric);
	put_labelled(out, "state", "allocated", heap.allocated);
	put_labelled(out, "state", "active", heap.active);
	put_labelled(out, "state", "mapped", heap.mapped);
}

/* ---- control ------------------------------------------------------------------------------ */

static const struct metric clients_metric =
	GAUGE("tandem_control_clients", "Clients of the control socket.");
static const struct metric followers_metric =
	GAUGE("tandem_control_followers", "Of the clients, those that follow events.");
static const struct metric messages_metric =
	COUNTER("tandem_control_messages", "Messages from clients.");
static const struct metric malformed_metric =
	COUNTER("tandem_control_malformed_messages", "Messages from clients that were none.");
static const struct metric dropped_metric =
	COUNTER("tandem_control_clients_dropped", "Clients given up because they did not read.");
static const struct metric events_metric = COUNTER("tandem_events", "Events raised.");
static const struct metric lines_metric =
	COUNTER("tandem_log_lines", "Lines of the log, by what became of them.");
static const struct metric pages_metric =
	COUNTER("tandem_metrics_requests", "Requests over HTTP, those refused included.");
static const struct metric renders_metric =
	COUNTER("tandem_metrics_renders", "Pages of metrics that were rendered.");
static const struct metric render_metric =
	GAUGE_IN("seconds", "tandem_metrics_render_seconds",
		 "Time that rendering the page before this one took.");
static const struct metric samples_metric =
	GAUGE("tandem_metrics_samples", "Samples of the page before this one.");
static const struct metric hep_messages_metric =
	COUNTER("tandem_hep_messages", "SIP messages for Homer, by what became of them.");
static const struct metric hep_bytes_metric =
	COUNTER_IN("bytes", "tandem_hep_sent_bytes", "Octets of HEP sent.");
static const struct metric hep_cut_metric =
	COUNTER("tandem_hep_cut_messages", "Messages sent to Homer without their end.");

static const struct metric publications_metric =
	COUNTER("tandem_publications", "Snapshots handed to the workers after the first.");
static const struct metric reloads_metric =
	COUNTER("tandem_config_reloads", "Configurations taken over while running.");
static const struct metric loaded_metric =
	GAUGE_IN("seconds", "tandem_config_loaded_timestamp_seconds",
		 "When the configuration in force was read, since 1970.");
static const struct metric published_metric =
	GAUGE_IN("seconds", "tandem_publication_age_seconds",
		 "Time since the snapshot in force was handed to the workers.");
static const struct metric pending_metric =
	GAUGE("tandem_publication_pending",
	      "1: some worker may still read the snapshot before the one in force.");

static void put_publications(struct exposition *out, const struct page *page)
{
	const struct telemetry *telemetry = page->telemetry;

	put_one(out, &reloads_metric, page->control->reload.count);
	exposition_begin(out, &loaded_metric);
	exposition_put_scaled(out, NULL,
			      (uint64_t)page->control->reload.loaded.tv_sec * 1000u +
				      (uint64_t)page->control->reload.loaded.tv_nsec / 1000000u, 3);
	put_one(out, &publications_metric, telemetry->publications);
	exposition_begin(out, &published_metric);
	exposition_put_scaled(out, NULL, uv_now(page->control->loop) - telemetry->published_ms, 3);
	put_one(out, &pending_metric, page->control->publisher.retiring != NULL);
}

static void put_hep(struct exposition *out, const struct hep_export *hep)
{
	struct hep_export_stats stats;

	hep_export_stats_read(hep, &stats);
	exposition_begin(out, &hep_messages_metric);
	put_labelled(out, "result", "sent", stats.sent);
	put_labelled(out, "result", "dropped_ring", stats.dropped_ring);
	put_labelled(out, "result", "dropped_socket", stats.dropped_socket);
	put_labelled(out, "result", "dropped_encoding", stats.dropped_encoding);
	put_one(out, &hep_bytes_metric, stats.sent_octets);
	put_one(out, &hep_cut_metric, stats.cut);
}

static void put_log(struct exposition *out, const struct telemetry *telemetry)
{
	put_one(out, &events_metric, telemetry->events);
	exposition_begin(out, &lines_metric);
	put_labelled(out, "result", "written", telemetry->log.lines - telemetry->log.lost);
	put_labelled(out, "result", "lost", telemetry->log.lost);
	put_labelled(out, "result", "suppressed", telemetry->log.limit.left_out);
}

static void put_server(struct exposition *out, const struct metrics_server *server)
{
	struct metrics_server_stats stats;

	metrics_server_stats(server, &stats);
	put_one(out, &pages_metric, stats.requests);
	put_one(out, &renders_metric, stats.renders);
	exposition_begin(out, &render_metric);
	exposition_put_scaled(out, NULL, stats.render_us, 6);
	put_one(out, &samples_metric, stats.page_samples);
}

void families_put_control(struct exposition *out, const struct page *page)
{
	struct api_server_stats stats = { .clients = 0 };

	if (page->control->api)
		api_server_stats(page->control->api, &stats);
	put_one(out, &clients_metric, stats.clients);
	put_one(out, &followers_metric, stats.subscribers);
	put_one(out, &messages_metric, stats.messages);
	put_one(out, &malformed_metric, stats.malformed);
	put_one(out, &dropped_metric, stats.clients_dropped);
	put_publications(out, page);
	put_log(out, page->telemetry);
	if (page->telemetry->metrics)
		put_server(out, page->telemetry->metrics);
	if (page->telemetry->hep)
		put_hep(out, page->telemetry->hep);
}
