/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trial's result as people read it, as JSON and as CSV.  The keys of the JSON object and the
 * columns of the CSV are a contract: scripts read them.  Prints; measures nothing.
 */
#ifndef GENERATOR_REPORT_H
#define GENERATOR_REPORT_H

#include <stdio.h>

#include "generator/flood.h"
#include "generator/options.h"

/* About 70 KiB: static, or on the heap. */
struct report_result {
	struct options_trial trial;     /* as asked for */
	uint64_t tsc_hz;
	double seconds, drain_seconds;  /* in which calls began; from there until the last had
	                                   ended */
	struct traffic_results calls;
	bool has_flood;
	struct flood_results flood;
	uint64_t packets_sent, packets_received;
	uint64_t tx_full;               /* not sent: the port took none */
	uint64_t unroutable;            /* not sent: no next hop */
	uint64_t no_buffers;            /* not sent: no packet buffer */
	uint64_t corrupt;               /* received with a wrong checksum or length */
	uint64_t strangers;             /* received for an address that is not ours */
	uint64_t refused;               /* ICMP errors received */
	struct histogram gap;           /* ns */
	uint64_t cycles, busy_cycles;   /* while calls began: all, and those with work */
	uint64_t work_cycles;           /* with work, until the last call had ended */
	bool interrupted;               /* asked to stop before its time */
};

/* True when the generator, not what it measured, kept calls from being as asked, or may have: a proxy
 * that takes no packets any more looks the same from here. */
[[nodiscard]] bool report_is_limited(const struct report_result *result);
/* Why, for people: reasons with their figures, after a comma each; "" when it was not. */
#define REPORT_LIMIT_MAX 256
void report_limit(const struct report_result *result, char text[REPORT_LIMIT_MAX]);
/* True when nothing failed and nothing was at fault. */
[[nodiscard]] bool report_is_clean(const struct report_result *result);

void report_table(FILE *out, const struct report_result *result);
/* One JSON object on one line, allocated; NULL: out of memory. */
[[nodiscard]] char *report_json(const struct report_result *result);
void report_csv_header(FILE *out);
void report_csv(FILE *out, const struct report_result *result);

/* The first reports kept a kind, each with the offending message. */
void report_faults(FILE *out, const struct traffic *traffic);

#endif
