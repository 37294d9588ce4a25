/* SPDX-License-Identifier: BSD-3-Clause */
/* The result for programs: JSON and CSV; see report.h. */
#include <jansson.h>

#include "generator/report.h"

#define JSON_PLACES 12 /* digits of a real number */

typedef unsigned long long big;

static double ratio(uint64_t part, double whole)
{
	return whole > 0 ? (double)part / whole : 0;
}

static double us(uint64_t ns)
{
	return (double)ns / 1000;
}

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *delay_json(const struct histogram *h)
{
	json_t *o = json_object();

	json_object_set_new(o, "count", integer(h->count));
	json_object_set_new(o, "mean", json_real(ratio(h->sum, (double)h->count) / 1000));
	json_object_set_new(o, "p50", json_real(us(histogram_permille(h, 500))));
	json_object_set_new(o, "p90", json_real(us(histogram_permille(h, 900))));
	json_object_set_new(o, "p99", json_real(us(histogram_permille(h, 990))));
	json_object_set_new(o, "p999", json_real(us(histogram_permille(h, 999))));
	json_object_set_new(o, "max", json_real(us(h->max)));
	return o;
}

static json_t *flows_json(const struct traffic_results *c)
{
	json_t *flows = json_object();

	for (int i = 0; i < TRAFFIC_FLOW_COUNT; i++) {
		json_t *flow = json_object();

		if (c->flows[i].started) {
			json_object_set_new(flow, "started", integer(c->flows[i].started));
			json_object_set_new(flow, "completed", integer(c->flows[i].completed));
			json_object_set_new(flow, "failed", integer(c->flows[i].failed));
			json_object_set(flows, traffic_flow_name((enum traffic_flow)i), flow);
		}
		json_decref(flow);
	}
	return flows;
}

static json_t *statuses_json(const uint64_t *statuses)
{
	json_t *o = json_object();
	char name[8];

	for (int i = 0; i < (int)TRAFFIC_STATUSES; i++) {
		snprintf(name, sizeof(name), "%03d", i);
		if (statuses[i])
			json_object_set_new(o, name, integer(statuses[i]));
	}
	return o;
}

/* Every name is there, also with 0: a script need not ask. */
static void put_failures(json_t *o, const struct traffic_results *c)
{
	json_t *failures = json_object(), *faults = json_object();

	for (int i = 0; i < TRAFFIC_FAILURE_COUNT; i++)
		json_object_set_new(failures, traffic_failure_name((enum traffic_failure)i),
				    integer(c->failures[i]));
	for (int i = 0; i < TRAFFIC_FAULT_COUNT; i++)
		json_object_set_new(faults, traffic_fault_name((enum traffic_fault_kind)i),
				    integer(c->faults[i]));
	json_object_set_new(o, "failures", failures);
	json_object_set_new(o, "faults", faults);
}

static void put_traffic(json_t *o, const struct report_result *r)
{
	const struct traffic_results *c = &r->calls;

	json_object_set_new(o, "retransmissions", json_pack("{s:I,s:I,s:I}",
		"caller", (json_int_t)c->retransmissions_caller,
		"target", (json_int_t)c->retransmissions_target,
		"received", (json_int_t)c->retransmissions_received));
	json_object_set_new(o, "messages", json_pack("{s:I,s:I,s:I,s:I}",
		"sent", (json_int_t)c->messages_sent,
		"received", (json_int_t)c->messages_received, "late", (json_int_t)c->late,
		"strangers", (json_int_t)c->strangers));
	json_object_set_new(o, "packets", json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
		"sent", (json_int_t)r->packets_sent, "received", (json_int_t)r->packets_received,
		"tx_full", (json_int_t)r->tx_full, "unroutable", (json_int_t)r->unroutable,
		"no_buffers", (json_int_t)r->no_buffers, "corrupt", (json_int_t)r->corrupt,
		"strangers", (json_int_t)r->strangers, "refused", (json_int_t)r->refused));
}

static void put_delays(json_t *o, const struct report_result *r)
{
	json_t *delays = json_object();

	for (int i = 0; i < TRAFFIC_DELAY_COUNT; i++)
		json_object_set_new(delays, traffic_delay_name((enum traffic_delay)i),
				    delay_json(&r->calls.delays[i]));
	json_object_set_new(delays, "gap", delay_json(&r->gap));
	json_object_set_new(o, "delay_us", delays);
}

static json_t *flood_json(const struct report_result *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "rate", json_real(r->trial.flood_rate));
	json_object_set_new(o, "offered", json_real(ratio(r->flood.sent, r->seconds)));
	json_object_set_new(o, "sent", integer(r->flood.sent));
	json_object_set_new(o, "received", integer(r->flood.received));
	json_object_set_new(o, "requests", integer(r->flood.requests));
	json_object_set_new(o, "statuses", statuses_json(r->flood.statuses));
	return o;
}

char *report_json(const struct report_result *r)
{
	const struct traffic_results *c = &r->calls;
	json_t *o = json_object();
	char *text, why[REPORT_LIMIT_MAX];

	report_limit(r, why);
	json_object_set_new(o, "tandem_bench", integer(1));
	json_object_set_new(o, "rate", json_real(r->trial.calls.rate));
	json_object_set_new(o, "offered", json_real(ratio(c->started, r->seconds)));
	json_object_set_new(o, "seconds", json_real(r->seconds));
	json_object_set_new(o, "drain_seconds", json_real(r->drain_seconds));
	json_object_set_new(o, "started", integer(c->started));
	json_object_set_new(o, "completed", integer(c->completed));
	json_object_set_new(o, "failed", integer(c->failed));
	json_object_set_new(o, "goodput", json_real(ratio(c->completed_in_time, r->seconds)));
	json_object_set_new(o, "completed_in_time", integer(c->completed_in_time));
	json_object_set_new(o, "not_begun", integer(c->not_begun));
	json_object_set_new(o, "planned_seconds", json_real(r->trial.calls.seconds));
	json_object_set_new(o, "begin_seconds", json_real(r->seconds));
	json_object_set_new(o, "elapsed_seconds", json_real(r->seconds + r->drain_seconds));
	json_object_set_new(o, "flows", flows_json(c));
	put_failures(o, c);
	json_object_set_new(o, "statuses", statuses_json(c->statuses));
	put_traffic(o, r);
	put_delays(o, r);
	json_object_set_new(o, "generator", json_pack("{s:f,s:f,s:b,s:s,s:I}",
		"busy_share", ratio(r->busy_cycles, (double)r->cycles),
		"cycles_a_call", ratio(r->work_cycles, (double)(c->completed + c->failed)),
		"limited", why[0] != '\0', "limit", why, "tsc_hz", (json_int_t)r->tsc_hz));
	json_object_set_new(o, "live_max", integer(c->live_max));
	if (r->has_flood)
		json_object_set_new(o, "flood", flood_json(r));
	json_object_set_new(o, "interrupted", json_boolean(r->interrupted));
	text = json_dumps(o, JSON_REAL_PRECISION(JSON_PLACES));
	json_decref(o);
	return text;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

void report_csv_header(FILE *out)
{
	fputs("rate,offered,seconds,drain_seconds,started,completed,failed,faults,goodput,"
	      "retransmissions_caller,retransmissions_target,retransmissions_received,"
	      "messages_sent,messages_received,packets_sent,packets_received,tx_full", out);
	for (int i = 0; i < TRAFFIC_DELAY_COUNT + 1; i++) {
		const char *name = i < TRAFFIC_DELAY_COUNT ?
					   traffic_delay_name((enum traffic_delay)i) : "gap";

		fprintf(out, ",%s_mean_us,%s_p50_us,%s_p99_us,%s_p999_us,%s_max_us", name, name,
			name, name, name);
	}
	fputs(",busy_share,cycles_a_call,limited,live_max,flood_sent,flood_received,interrupted\n",
	      out);
}

void report_csv(FILE *out, const struct report_result *r)
{
	const struct traffic_results *c = &r->calls;
	uint64_t faults = 0;

	for (int i = 0; i < TRAFFIC_FAULT_COUNT; i++)
		faults += c->faults[i];
	fprintf(out, "%.9g,%.9g,%.6f,%.6f,%llu,%llu,%llu,%llu,%.9g,%llu,%llu,%llu,%llu,%llu,%llu,"
		     "%llu,%llu",
		r->trial.calls.rate, ratio(c->started, r->seconds), r->seconds, r->drain_seconds,
		(big)c->started, (big)c->completed, (big)c->failed, (big)faults,
		ratio(c->completed_in_time, r->seconds), (big)c->retransmissions_caller,
		(big)c->retransmissions_target, (big)c->retransmissions_received,
		(big)c->messages_sent, (big)c->messages_received, (big)r->packets_sent,
		(big)r->packets_received, (big)r->tx_full);
	for (int i = 0; i < TRAFFIC_DELAY_COUNT + 1; i++) {
		const struct histogram *h = i < TRAFFIC_DELAY_COUNT ? &c->delays[i] : &r->gap;

		fprintf(out, ",%.3f,%.3f,%.3f,%.3f,%.3f", ratio(h->sum, (double)h->count) / 1000,
			us(histogram_permille(h, 500)), us(histogram_permille(h, 990)),
			us(histogram_permille(h, 999)), us(h->max));
	}
	fprintf(out, ",%.6f,%.1f,%d,%llu,%llu,%llu,%d\n", ratio(r->busy_cycles, (double)r->cycles),
		ratio(r->work_cycles, (double)(c->completed + c->failed)), report_is_limited(r),
		(big)c->live_max, (big)r->flood.sent, (big)r->flood.received, r->interrupted);
}
