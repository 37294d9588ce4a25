/* SPDX-License-Identifier: BSD-3-Clause */
/* The table, and what is said of a result; see report.h.  JSON and CSV are report_json.c's. */
#include <math.h>

#include "generator/report.h"

#define LATE_LIMIT_NS 1000000u

typedef unsigned long long big;

static double ratio(uint64_t part, double whole)
{
	return whole > 0 ? (double)part / whole : 0;
}

/* ---- judgement ------------------------------------------------------------------------------- */

/* Poisson arrivals spread; uniform ones end within one call of what was asked. */
static bool is_short(const struct report_result *r)
{
	const struct traffic_trial *asked = &r->trial.calls;
	const double expected = asked->rate * r->seconds;
	const double spread = asked->arrivals == TRAFFIC_POISSON ? 4 * sqrt(expected) : 1;

	return (double)r->calls.started < 0.99 * expected - spread;
}

void report_limit(const struct report_result *r, char text[REPORT_LIMIT_MAX])
{
	const struct flood_results *f = &r->flood;
	const uint64_t late = histogram_permille(&r->calls.delays[TRAFFIC_DELAY_LATE], 990);
	size_t n = 0;

#define REASON(...)                                                                                \
	do {                                                                                       \
		if (n)                                                                             \
			n += (size_t)snprintf(text + n, REPORT_LIMIT_MAX - n, ", ");               \
		n += (size_t)snprintf(text + n, REPORT_LIMIT_MAX - n, __VA_ARGS__);                \
	} while (0)
	text[0] = '\0';
	if (r->trial.calls.rate > 0 && is_short(r))
		REASON("%.6g calls/s begun of %.6g", ratio(r->calls.started, r->seconds),
		       r->trial.calls.rate);
	if (r->trial.calls.rate > 0 && late > LATE_LIMIT_NS)
		REASON("begun late: p99 %.1f ms", (double)late / 1e6);
	if (r->tx_full)
		REASON("%llu packets found the port full", (big)r->tx_full);
	if (r->no_buffers)
		REASON("%llu packets found no buffer", (big)r->no_buffers);
	if (r->has_flood && (double)f->sent < 0.99 * (double)f->due)
		REASON("%llu of the flood's %llu messages sent", (big)f->sent, (big)f->due);
#undef REASON
}

bool report_is_limited(const struct report_result *r)
{
	char why[REPORT_LIMIT_MAX];

	report_limit(r, why);
	return why[0] != '\0';
}

bool report_is_clean(const struct report_result *r)
{
	if (r->calls.failed)
		return false;
	for (int i = 0; i < TRAFFIC_FAULT_COUNT; i++) {
		if (r->calls.faults[i])
			return false;
	}
	return true;
}

/* ---- table ----------------------------------------------------------------------------------- */

static void table_calls(FILE *out, const struct report_result *r)
{
	const struct traffic_results *c = &r->calls;

	fprintf(out,
		"calls        asked %.6g/s, offered %.6g/s for %.3f s, goodput %.6g/s, "
		"drained in %.3f s\n",
		r->trial.calls.rate, ratio(c->started, r->seconds), r->seconds,
		ratio(c->completed_in_time, r->seconds), r->drain_seconds);
	fprintf(out, "             %12s %12s %12s\n", "started", "completed", "failed");
	for (int i = 0; i < TRAFFIC_FLOW_COUNT; i++) {
		const struct traffic_flow_results *f = &c->flows[i];

		if (f->started)
			fprintf(out, "  %-10s %12llu %12llu %12llu\n",
				traffic_flow_name((enum traffic_flow)i), (big)f->started,
				(big)f->completed, (big)f->failed);
	}
	fprintf(out, "  %-10s %12llu %12llu %12llu    at most %llu live\n", "all", (big)c->started,
		(big)c->completed, (big)c->failed, (big)c->live_max);
	if (c->not_begun)
		fprintf(out, "  not begun  %12llu  due, but the time was over\n",
			(big)c->not_begun);
}

static void table_wrong(FILE *out, const struct traffic_results *c)
{
	for (int i = 0; i < TRAFFIC_FAILURE_COUNT; i++) {
		if (c->failures[i])
			fprintf(out, "  failed     %12llu  %s: %s\n", (big)c->failures[i],
				traffic_failure_name((enum traffic_failure)i),
				traffic_failure_text((enum traffic_failure)i));
	}
	for (int i = 0; i < TRAFFIC_FAULT_COUNT; i++) {
		if (c->faults[i])
			fprintf(out, "  fault      %12llu  %s: %s (%s)\n", (big)c->faults[i],
				traffic_fault_name((enum traffic_fault_kind)i),
				traffic_fault_text((enum traffic_fault_kind)i),
				traffic_fault_clause((enum traffic_fault_kind)i));
	}
}

static void table_statuses(FILE *out, const char *name, const uint64_t *statuses)
{
	bool any = false;

	for (int i = 0; i < (int)TRAFFIC_STATUSES; i++) {
		if (!statuses[i])
			continue;
		fprintf(out, "%s%d: %llu", any ? ", " : name, i, (big)statuses[i]);
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static void table_delay(FILE *out, const char *name, const struct histogram *h, const char *text)
{
	if (h->count == 0)
		return;
	fprintf(out, "  %-10s %10llu %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f  %s\n", name,
		(big)h->count, (double)h->sum / (double)h->count / 1000,
		(double)histogram_permille(h, 500) / 1000,
		(double)histogram_permille(h, 900) / 1000,
		(double)histogram_permille(h, 990) / 1000,
		(double)histogram_permille(h, 999) / 1000, (double)h->max / 1000, text);
}

static void table_delays(FILE *out, const struct report_result *r)
{
	fprintf(out, "delays in us %10s %9s %9s %9s %9s %9s %9s\n", "count", "mean", "p50", "p90",
		"p99", "p99.9", "max");
	for (int i = 0; i < TRAFFIC_DELAY_COUNT; i++)
		table_delay(out, traffic_delay_name((enum traffic_delay)i), &r->calls.delays[i],
			    traffic_delay_text((enum traffic_delay)i));
	table_delay(out, "gap", &r->gap, "between two polls of this generator beyond work");
}

static void table_packets(FILE *out, const struct report_result *r)
{
	const struct traffic_results *c = &r->calls;
	static const char *const names[] = { "dropped: port full",     "dropped: no next hop",
					     "dropped: no buffer",     "received corrupt",
					     "received for others",    "refused by ICMP",
					     "received after the call" };
	const uint64_t counts[] = { r->tx_full,   r->unroutable, r->no_buffers, r->corrupt,
				    r->strangers, r->refused,    c->late };

	fprintf(out, "messages     %llu sent, %llu received; packets %llu sent, %llu received\n",
		(big)c->messages_sent, (big)c->messages_received, (big)r->packets_sent,
		(big)r->packets_received);
	fprintf(out, "  resent     by callers %llu, by targets %llu, received again %llu\n",
		(big)c->retransmissions_caller, (big)c->retransmissions_target,
		(big)c->retransmissions_received);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (counts[i])
			fprintf(out, "  %-24s %llu\n", names[i], (big)counts[i]);
	}
}

static void table_generator(FILE *out, const struct report_result *r)
{
	const double calls = (double)(r->calls.completed + r->calls.failed);
	char why[REPORT_LIMIT_MAX];

	fprintf(out, "generator    busy %.1f %% of its core, %.0f cycles a call (%.3f GHz)\n",
		100 * ratio(r->busy_cycles, (double)r->cycles), ratio(r->work_cycles, calls),
		(double)r->tsc_hz / 1e9);
	report_limit(r, why);
	if (why[0])
		fprintf(out,
			"LIMITED      %s:\n             these figures are the generator's, or of a "
			"proxy that takes no more\n",
			why);
	if (r->interrupted)
		fputs("INTERRUPTED  before its time\n", out);
}

void report_table(FILE *out, const struct report_result *r)
{
	const struct flood_results *f = &r->flood;

	if (r->trial.calls.rate > 0) {
		table_calls(out, r);
		table_wrong(out, &r->calls);
		table_statuses(out, "  statuses   ", r->calls.statuses);
		table_delays(out, r);
	}
	if (r->has_flood) {
		fprintf(out,
			"flood        %llu messages sent, %.6g/s; %llu answers, %llu sent on to "
			"targets\n",
			(big)f->sent, ratio(f->sent, r->seconds), (big)(f->received - f->requests),
			(big)f->requests);
		table_statuses(out, "  statuses   ", f->statuses);
	}
	table_packets(out, r);
	table_generator(out, r);
	fflush(out);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void fault_print(FILE *out, const struct traffic_fault *f, uint32_t n)
{
	char source[ENDPOINT_TEXT_MAX];

	fprintf(out, "\nfault %s #%u at %.3f s, %s %u%s%s%s%s: %s\n",
		traffic_fault_name((enum traffic_fault_kind)f->kind), n + 1, f->at_s,
		f->side == TRAFFIC_CALLERS ? "caller" : "target", f->local,
		f->source.port ? ", from " : "",
		f->source.port ? endpoint_to_string(&f->source, source) : "",
		f->call_id[0] ? ", Call-ID " : "", f->call_id, f->what);
	fprintf(out, "%s\n", traffic_fault_clause((enum traffic_fault_kind)f->kind));
	if (f->expected[0])
		fprintf(out, "expected:\n%s\n", f->expected);
	if (f->message_len)
		fprintf(out, "message:\n%.*s\n", (int)f->message_len, f->message);
}

void report_faults(FILE *out, const struct traffic *traffic)
{
	for (int kind = 0; kind < TRAFFIC_FAULT_COUNT; kind++) {
		const struct traffic_fault *f;

		for (uint32_t n = 0;
		     (f = traffic_fault(traffic, (enum traffic_fault_kind)kind, n)) != NULL; n++)
			fault_print(out, f, n);
	}
	fflush(out);
}
