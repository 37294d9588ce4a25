/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The answers to `show`, as JSON objects, from the data plane's counters and the snapshot.
 * Reads only; control thread only.  Each returns NULL when memory is short.
 */
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include <jansson.h>

#include "api/control.h"

/* All workers' counters in one. */
struct stats_sum {
	uint16_t workers;
	uint64_t packets_rx, packets_tx, tx_dropped, messages, outcomes_dropped;
	uint64_t handoffs, handoff_drops;
	struct proxy_stats proxy;
	struct proxy_memory memory;
	struct verdict_counters verdicts;
};
void stats_sum_read(const struct dataplane *dataplane, struct stats_sum *sum);
/* Verdicts of a kind. */
[[nodiscard]] uint64_t stats_sum_of_kind(const struct stats_sum *sum, enum verdict_kind kind);
/* Verdicts of all kinds but hand-off: what received packets must come to. */
[[nodiscard]] uint64_t stats_sum_of_verdicts(const struct stats_sum *sum);

/* Octets of this process in RAM, the data plane's hugepages not included. */
[[nodiscard]] uint64_t stats_resident_octets(void);

json_t *stats_show_status(const struct control *control);
json_t *stats_show_memory(const struct control *control);
json_t *stats_show_timers(const struct control *control);
json_t *stats_show_dialogs(const struct control *control);
json_t *stats_show_workers(const struct dataplane *dataplane);
/* `show workers --stages`: by stage, of all workers and of each. */
json_t *stats_show_stages(const struct dataplane *dataplane);
json_t *stats_show_drops(const struct dataplane *dataplane, bool drops_only);
/* Adds the reasons that `verdicts` lacks, with the count 0. */
void stats_show_drops_unseen(json_t *verdicts);
/* What `top` shows, in one answer; pool NULL: targets of all pools. */
json_t *stats_top(const struct control *control, const char *pool);
json_t *stats_show_interfaces(const struct dataplane *dataplane);
json_t *stats_show_services(const struct balance_snapshot *snapshot);
json_t *stats_show_pools(const struct balance_snapshot *snapshot);
/* pool NULL: of all pools. */
json_t *stats_show_targets(const struct control *control, const char *pool);
/* What probes and traffic showed of a target, and why it is out. */
json_t *stats_target_observed(const struct control *control, uint64_t id);
/* NULL: of all. */
struct stats_blacklist_filter {
	const char *pool, *target, *cause;
};
json_t *stats_show_blacklist(const struct control *control,
			     const struct stats_blacklist_filter *filter);
json_t *stats_show_config(const struct control *control);

#endif
