/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics that tandemd has, family by family, out of what the control thread can read: workers'
 * counters (relaxed: a scrape never makes a worker wait), the snapshot, what control itself counts.
 * Control thread only.
 */
#ifndef TELEMETRY_FAMILIES_H
#define TELEMETRY_FAMILIES_H

#include "api/control.h"
#include "telemetry/metrics/exposition.h"

struct telemetry;

/* What one page is made of; read once, so that all of its samples are of one moment. */
struct page {
	const struct control *control;
	const struct telemetry *telemetry;
	uint16_t worker_count;
	const struct dataplane_worker_stats *workers;
};

void families_put_process(struct exposition *out, const struct page *page);
void families_put_dns(struct exposition *out, const struct page *page);
void families_put_control(struct exposition *out, const struct page *page);
void families_put_workers(struct exposition *out, const struct page *page);
void families_put_verdicts(struct exposition *out, const struct page *page);
void families_put_memory(struct exposition *out, const struct page *page);
void families_put_interfaces(struct exposition *out, const struct page *page);
void families_put_services(struct exposition *out, const struct page *page);
void families_put_pools(struct exposition *out, const struct page *page);
void families_put_targets(struct exposition *out, const struct page *page);
void families_put_health(struct exposition *out, const struct page *page);

#define COUNTER(name_, help_) { .name = name_, .type = METRIC_COUNTER, .help = help_ }
#define COUNTER_IN(unit_, name_, help_)                                                            \
	{ .name = name_, .type = METRIC_COUNTER, .unit = unit_, .help = help_ }
#define GAUGE(name_, help_) { .name = name_, .type = METRIC_GAUGE, .help = help_ }
#define GAUGE_IN(unit_, name_, help_)                                                              \
	{ .name = name_, .type = METRIC_GAUGE, .unit = unit_, .help = help_ }
#define INFO(name_, help_) { .name = name_, .type = METRIC_INFO, .help = help_ }

/* ---- fields of structs as families -------------------------------------------------------- */

enum row_kind {
	ROW_U64,
	ROW_I64,
	ROW_U32,
	ROW_CYCLES,       /* uint64_t, as seconds */
	ROW_MICROSECONDS, /* uint64_t, as seconds */
};

/* One field.  Rows of one family follow each other and have the same name; the first one's help
 * counts.  `label`="`value`" tells them apart; NULL: none. */
struct row {
	struct metric metric;
	const char *label, *value;
	size_t offset;
	enum row_kind kind;
};

/* What has such fields, and the labels it is known by. */
struct row_thing {
	const void *base;
	struct exposition_labels labels;
};

/* A sample for each row and thing; fields are read relaxed. */
void rows_put(struct exposition *out, const struct row *rows, size_t row_count,
	      struct row_thing *things, size_t thing_count, uint64_t tsc_hz);

#endif
