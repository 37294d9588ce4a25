/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of tandemd for people; see render.h. */
#include "ctl/render.h"

#include <string.h>

#include "ctl/field.h"
#include "ctl/render_change.h"
#include "ctl/render_dns.h"
#include "ctl/table.h"

#define NO_HASH "0000000000000000" /* of a message without a Call-ID */

struct column {
	const char *title;
	const char *path;
	enum field_kind kind;
};

/* A line of "label: value, value"; `text` has a field for each %. */
struct line {
	const char *label;
	struct {
		const char *before; /* text before the value */
		const char *path;   /* NULL: no more values */
		enum field_kind kind;
	} values[6];
};

static const struct column services_columns[] = {
	{ "SERVICE", "name", FIELD_TEXT },
	{ "LISTEN", "listen", FIELD_LIST },
	{ "FROM", "from", FIELD_TEXT },
	{ "POOL", "pool", FIELD_TEXT },
	{ "MODE", "mode", FIELD_TEXT },
	{ "RECORD-ROUTE", "record_route", FIELD_YES_NO },
	{ "NAT", "nat", FIELD_TEXT },
	{ "2ND 2XX", "extra_2xx", FIELD_TEXT },
	{ "CSEQ", "cseq_check", FIELD_TEXT },
	{ "DOMAINS", "domains", FIELD_LIST },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column pools_columns[] = {
	{ "POOL", "name", FIELD_TEXT },
	{ "POLICY", "policy", FIELD_TEXT },
	{ "TARGETS", "targets", FIELD_COUNT },
	{ "USABLE", "usable", FIELD_COUNT },
	{ "FAIL-OVER ON", "failover", FIELD_LIST },
	{ "ATTEMPTS", "attempts", FIELD_COUNT },
	{ "NEXT AFTER ms", "try_next_after_ms", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column targets_columns[] = {
	{ "POOL", "pool", FIELD_TEXT },
	{ "TARGET", "name", FIELD_TEXT },
	{ "ADDRESS", "endpoint", FIELD_TEXT },
	{ "BY", "interface", FIELD_TEXT },
	{ "PRIO", "priority", FIELD_COUNT },
	{ "WEIGHT", "weight", FIELD_COUNT },
	{ "WISH", "admin", FIELD_TEXT },
	{ "HEALTH", "health", FIELD_TEXT },
	{ "REQUESTS", "load.requests", FIELD_COUNT },
	{ "OPEN", "load.outstanding", FIELD_COUNT },
	{ "CALLS", "load.calls", FIELD_COUNT },
	{ "2XX", "answers.2xx", FIELD_COUNT },
	{ "3XX", "answers.3xx", FIELD_COUNT },
	{ "4XX", "answers.4xx", FIELD_COUNT },
	{ "5XX", "answers.5xx", FIELD_COUNT },
	{ "6XX", "answers.6xx", FIELD_COUNT },
	{ "TIMEOUTS", "answers.timeouts", FIELD_COUNT },
	{ "ERRORS", "answers.transport_errors", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column interfaces_columns[] = {
	{ "INTERFACE", "name", FIELD_TEXT },
	{ "DRIVER", "driver", FIELD_TEXT },
	{ "MAC", "mac", FIELD_TEXT },
	{ "LINK", "link", FIELD_TEXT },
	{ "QUEUES", "queues", FIELD_COUNT },
	{ "RX", "rx_packets", FIELD_COUNT },
	{ "RX SIZE", "rx_bytes", FIELD_OCTETS },
	{ "MISSED", "rx_missed", FIELD_COUNT },
	{ "RX ERR", "rx_errors", FIELD_COUNT },
	{ "TX", "tx_packets", FIELD_COUNT },
	{ "TX SIZE", "tx_bytes", FIELD_OCTETS },
	{ "TX ERR", "tx_errors", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column workers_columns[] = {
	{ "WORKER", "worker", FIELD_TEXT },
	{ "LCORE", "lcore", FIELD_TEXT },
	{ "MESSAGES", "messages", FIELD_COUNT },
	{ "CYCLES/MSG", "cycles_per_message", FIELD_REAL },
	{ "ENGINE", "engine_cycles_per_message", FIELD_REAL },
	{ "BURSTS", "bursts", FIELD_COUNT },
	{ "PKT/BURST", "packets_per_burst", FIELD_REAL },
	{ "OFF", "handoffs_out", FIELD_COUNT },
	{ "IN", "handoffs_in", FIELD_COUNT },
	{ "LOST", "handoff_drops", FIELD_COUNT },
	{ "SLEEPS", "sleeps", FIELD_COUNT },
	{ "BUSY", "busy_share", FIELD_PERCENT },
	{ "p50 µs", "inside.p50_ns", FIELD_US },
	{ "p99", "inside.p99_ns", FIELD_US },
	{ "p99.9", "inside.p999_ns", FIELD_US },
	{ "max", "inside.max_ns", FIELD_US },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column stages_columns[] = {
	{ "STAGE", "stage", FIELD_TEXT },
	{ "SHARE", "share", FIELD_PERCENT },
	{ "CYCLES/MSG", "cycles_per_message", FIELD_REAL },
	{ "SAMPLES", "samples", FIELD_COUNT },
	{ "WHAT IT DOES", "help", FIELD_TEXT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column drops_columns[] = {
	{ "VERDICT", "kind", FIELD_TEXT },
	{ "REASON", "reason", FIELD_TEXT },
	{ "COUNT", "count", FIELD_COUNT },
	{ "MEANING", "help", FIELD_TEXT },
	{ "CLAUSE", "clause", FIELD_TEXT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column dialog_workers_columns[] = {
	{ "WORKER", "worker", FIELD_TEXT },
	{ "DIALOGS", "live", FIELD_COUNT },
	{ "OF", "max", FIELD_COUNT },
	{ "WAIT FOR ACK", "watches", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column dialog_services_columns[] = {
	{ "SERVICE", "service", FIELD_TEXT },
	{ "DIALOGS", "live", FIELD_COUNT },
	{ "BEGUN", "created", FIELD_COUNT },
	{ "ENDED", "ended", FIELD_COUNT },
	{ "EXPIRED", "expired", FIELD_COUNT },
	{ "FULL", "full", FIELD_COUNT },
	{ "CSEQ CALLER", "out_of_order.caller", FIELD_COUNT },
	{ "CALLEE", "out_of_order.callee", FIELD_COUNT },
	{ "NO ACK CALLER", "unacknowledged.caller", FIELD_COUNT },
	{ "CALLEE", "unacknowledged.callee", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column memory_columns[] = {
	{ "WORKER", "worker", FIELD_TEXT },
	{ "TXNS", "txns", FIELD_COUNT },
	{ "OF", "txns_max", FIELD_COUNT },
	{ "RESERVE", "reserve.txns", FIELD_COUNT },
	{ "TOMBSTONES", "tombstones", FIELD_COUNT },
	{ "OF", "tombstones_max", FIELD_COUNT },
	{ "DIALOGS", "dialogs", FIELD_COUNT },
	{ "OF", "dialogs_max", FIELD_COUNT },
	{ "TIMERS", "timers", FIELD_COUNT },
	{ "SLOTS", "reserved_bytes.slots", FIELD_OCTETS },
	{ "TABLE", "reserved_bytes.table", FIELD_OCTETS },
	{ "WHEEL", "reserved_bytes.wheel", FIELD_OCTETS },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column copies_columns[] = {
	{ "WORKER", "worker", FIELD_TEXT },
	{ "COPIES", "copies.count", FIELD_COUNT },
	{ "SIZE", "copies.bytes", FIELD_OCTETS },
	{ "TAKES", "copies.allocated_bytes", FIELD_OCTETS },
	{ "OF", "copies.limit_bytes", FIELD_OCTETS },
	{ "RESERVE", "reserve.copies_bytes", FIELD_OCTETS },
	{ "REFUSED", "copies.refused", FIELD_COUNT },
	{ "REQUESTS", "owed.request.count", FIELD_COUNT },
	{ "RESPONSES", "owed.response.count", FIELD_COUNT },
	{ "ACKS", "owed.ack.count", FIELD_COUNT },
	{ "CANCELS", "owed.cancel.count", FIELD_COUNT },
	{ "BYES", "owed.bye.count", FIELD_COUNT },
	{ "OTHERS", "owed.other.count", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column packets_columns[] = {
	{ "BUFFERS", "pool", FIELD_TEXT },
	{ "ROOM", "room_bytes", FIELD_OCTETS },
	{ "IN USE", "in_use", FIELD_COUNT },
	{ "OF", "buffers", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
#define LETTERS(kind)                                                                              \
	{ "A", "A", kind }, { "B", "B", kind }, { "C", "C", kind }, { "D", "D", kind },            \
	{ "E", "E", kind }, { "F", "F", kind }, { "G", "G", kind }, { "H", "H", kind },            \
	{ "I", "I", kind }, { "J", "J", kind }, { "K", "K", kind }, { "L", "L", kind },            \
	{ "M", "M", kind }
static const struct column timers_columns[] = {
	{ "WORKER", "worker", FIELD_TEXT },
	LETTERS(FIELD_COUNT),
	{ "100", "100", FIELD_COUNT },
	{ "CANCEL", "cancel", FIELD_COUNT },
	{ "NEXT", "next", FIELD_COUNT },
	{ "DIALOGS", "dialogs", FIELD_COUNT },
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column timer_sets_columns[] = {
	{ "OF", "of", FIELD_TEXT },
	{ "NAME", "name", FIELD_TEXT },
	{ "T1", "T1", FIELD_MS },
	{ "T2", "T2", FIELD_MS },
	{ "T4", "T4", FIELD_MS },
	LETTERS(FIELD_MS),
	{ NULL, NULL, FIELD_TEXT },
};
static const struct column answers_columns[] = {
	{ "CALL-ID", "call_id", FIELD_TEXT },
	{ "GOES", "kind", FIELD_TEXT },
	{ "POOL", "pool", FIELD_TEXT },
	{ "TARGET", "target", FIELD_TEXT },
	{ "NEXT HOP", "next_hop", FIELD_TEXT },
	{ "REASON", "reason", FIELD_TEXT },
	{ NULL, NULL, FIELD_TEXT },
};

static const struct line status_lines[] = {
	{ "Tandem",
	  { { "", "program", FIELD_TEXT },
	    { ", instance ", "instance", FIELD_TEXT },
	    { ", process ", "pid", FIELD_TEXT } } },
	{ "Up",
	  { { "", "uptime_s", FIELD_SECONDS },
	    { ", since ", "started", FIELD_TEXT } } },
	{ "Configuration", { { "", "config_file", FIELD_TEXT } } },
	{ "Workers",
	  { { "", "workers", FIELD_COUNT },
	    { "; interfaces ", "interfaces", FIELD_COUNT },
	    { ", services ", "services", FIELD_COUNT },
	    { ", pools ", "pools", FIELD_COUNT } } },
	{ "Neighbours", { { "", "neighbours", FIELD_COUNT } } },
	{ "Targets",
	  { { "", "targets.usable", FIELD_COUNT },
	    { " of ", "targets.total", FIELD_COUNT },
	    { " usable: ready ", "targets.ready", FIELD_COUNT },
	    { ", drain ", "targets.drain", FIELD_COUNT },
	    { ", maint ", "targets.maint", FIELD_COUNT } } },
	{ "Messages", { { "", "messages", FIELD_COUNT } } },
	{ "Packets received", { { "", "packets.received", FIELD_COUNT } } },
	{ "Sum of verdicts",
	  { { "", "packets.verdicts", FIELD_COUNT },
	    { ", difference ", "packets.difference", FIELD_COUNT } } },
	{ "Verdicts",
	  { { "forward ", "packets.kinds.forward", FIELD_COUNT },
	    { ", reply ", "packets.kinds.reply", FIELD_COUNT },
	    { ", absorb ", "packets.kinds.absorb", FIELD_COUNT },
	    { ", punt ", "packets.kinds.punt", FIELD_COUNT },
	    { ", drop ", "packets.kinds.drop", FIELD_COUNT },
	    { "; handed off ", "packets.kinds.handoff", FIELD_COUNT } } },
	{ "Packets sent",
	  { { "", "packets.sent", FIELD_COUNT },
	    { ", lost before the wire ", "packets.tx_dropped", FIELD_COUNT } } },
	{ "Transactions",
	  { { "", "transactions.live", FIELD_COUNT },
	    { " live, ", "transactions.tombstones", FIELD_COUNT },
	    { " tombstones, ", "transactions.created", FIELD_COUNT },
	    { " since the start", NULL, FIELD_TEXT } } },
	{ "Resent",
	  { { "requests ", "transactions.requests_resent", FIELD_COUNT },
	    { ", responses ", "transactions.responses_resent", FIELD_COUNT },
	    { ", ACKs ", "transactions.acks_resent", FIELD_COUNT } } },
	{ "Retransmissions seen",
	  { { "requests ", "transactions.request_retransmissions_seen", FIELD_COUNT },
	    { ", responses ", "transactions.response_retransmissions_seen", FIELD_COUNT } } },
	{ "Failed over",
	  { { "", "transactions.failovers", FIELD_COUNT },
	    { "; timed out: INVITE ", "transactions.timeouts_invite", FIELD_COUNT },
	    { ", others ", "transactions.timeouts_non_invite", FIELD_COUNT } } },
	{ "Forked",
	  { { "", "transactions.forks", FIELD_COUNT },
	    { "; second answers ended ", "transactions.extra_2xx_ended", FIELD_COUNT },
	    { ", dropped ", "transactions.extra_2xx_dropped", FIELD_COUNT } } },
	{ "Probes",
	  { { "", "probes.sent", FIELD_COUNT },
	    { ", answered ", "probes.answered", FIELD_COUNT },
	    { ", timed out ", "probes.timed_out", FIELD_COUNT },
	    { ", unreachable ", "probes.unreachable", FIELD_COUNT },
	    { ", not sent ", "probes.not_sent", FIELD_COUNT } } },
	{ "Capture", { { "", "capture", FIELD_TEXT } } },
	{ "Control clients",
	  { { "", "clients.connected", FIELD_COUNT },
	    { ", following ", "clients.following", FIELD_COUNT },
	    { ", dropped ", "clients.dropped", FIELD_COUNT } } },
	{ NULL, { { NULL, NULL, FIELD_TEXT } } },
};
static const struct line memory_lines[] = {
	{ "A transaction",
	  { { "", "bytes_each.txn", FIELD_OCTETS },
	    { ", a tombstone ", "bytes_each.tombstone", FIELD_OCTETS },
	    { ", copies apart", NULL, FIELD_TEXT } } },
	{ "Lived on the reserve", { { "", "total.reserve.used", FIELD_COUNT } } },
	{ "Data plane",
	  { { "", "dataplane_bytes", FIELD_OCTETS },
	    { " configured, in hugepages: ", "hugepages", FIELD_YES_NO } } },
	{ "Control plane",
	  { { "", "heap.allocated_bytes", FIELD_OCTETS },
	    { " allocated, ", "heap.active_bytes", FIELD_OCTETS },
	    { " active, ", "heap.mapped_bytes", FIELD_OCTETS },
	    { " mapped, by ", "heap.allocator", FIELD_TEXT } } },
	{ "Process", { { "", "resident_bytes", FIELD_OCTETS }, { " resident", NULL, FIELD_TEXT } } },
	{ NULL, { { NULL, NULL, FIELD_TEXT } } },
};
static const struct line stages_lines[] = {
	{ "Sampled",
	  { { "", "sampled.passes", FIELD_COUNT },
	    { " passes with ", "sampled.messages", FIELD_COUNT },
	    { " messages; left out ", "sampled.broken_passes", FIELD_COUNT },
	    { " in which something else had the core", NULL, FIELD_TEXT } } },
	{ "Clock",
	  { { "", "sampled.clock_share", FIELD_PERCENT },
	    { " of their cycles are taken off for reading the clock", NULL, FIELD_TEXT } } },
	{ NULL, { { NULL, NULL, FIELD_TEXT } } },
};
static const struct line drops_lines[] = {
	{ "Sum",
	  { { "", "sum", FIELD_COUNT },
	    { " verdicts, ", "received", FIELD_COUNT },
	    { " packets received, difference ", "difference", FIELD_COUNT } } },
	{ NULL, { { NULL, NULL, FIELD_TEXT } } },
};
static const struct line asked_lines[] = {
	{ "From",
	  { { "", "asked.source", FIELD_TEXT },
	    { " to ", "asked.local", FIELD_TEXT },
	    { " by ", "asked.interface", FIELD_TEXT } } },
	{ NULL, { { NULL, NULL, FIELD_TEXT } } },
};
static const struct line explain_lines[] = {
	{ "From",
	  { { "", "asked.source", FIELD_TEXT },
	    { " to ", "asked.local", FIELD_TEXT },
	    { " by ", "asked.interface", FIELD_TEXT } } },
	{ "Verdict",
	  { { "", "verdict", FIELD_TEXT },
	    { " ", "reason", FIELD_TEXT },
	    { ": ", "help", FIELD_TEXT },
	    { " (", "clause", FIELD_TEXT },
	    { ")", NULL, FIELD_TEXT } } },
	{ "Goes by", { { "", "kind", FIELD_TEXT } } },
	{ "Service", { { "", "service", FIELD_TEXT }, { ", pool ", "pool", FIELD_TEXT } } },
	{ "Target", { { "", "target", FIELD_TEXT } } },
	{ "Next hop",
	  { { "", "next_hop", FIELD_TEXT }, { " by interface ", "interface", FIELD_TEXT } } },
	{ "Call hash", { { "", "call_hash", FIELD_TEXT } } },
	{ "Why", { { "", "why", FIELD_TEXT } } },
	{ NULL, { { NULL, NULL, FIELD_TEXT } } },
};

static bool kind_is_number(enum field_kind kind)
{
	return kind != FIELD_TEXT && kind != FIELD_YES_NO && kind != FIELD_LIST;
}

static void table_add_row(struct table *table, const struct column *columns, const json_t *row)
{
	char text[FIELD_TEXT_MAX];

	for (; columns->title; columns++)
		table_add_cell(table, field_format(row, columns->path, columns->kind, text));
}

/* `total`: a last row, or NULL; its first cell says so. */
static void render_rows(const struct column *columns, const json_t *rows, const json_t *total,
			FILE *out)
{
	struct table table;
	size_t i;
	const json_t *row;

	table_init(&table);
	for (const struct column *column = columns; column->title; column++)
		table_add_column(&table, column->title, kind_is_number(column->kind));
	json_array_foreach(rows, i, row)
		table_add_row(&table, columns, row);
	if (total && json_array_size(rows) > 1) {
		char text[FIELD_TEXT_MAX];
		table_add_cell(&table, "all");
		for (const struct column *column = columns + 1; column->title; column++)
			table_add_cell(&table,
				       field_format(total, column->path, column->kind, text));
	}
	table_print(&table, out);
	table_fini(&table);
}

static void render_lines(const struct line *lines, const json_t *body, FILE *out)
{
	char text[FIELD_TEXT_MAX];
	int width = 0;

	for (const struct line *line = lines; line->label; line++)
		width = (int)strlen(line->label) > width ? (int)strlen(line->label) : width;
	for (const struct line *line = lines; line->label; line++) {
		fprintf(out, "%-*s", width + 2, line->label);
		for (size_t i = 0; i < ARRAY_SIZE(line->values) && line->values[i].before; i++) {
			fputs(line->values[i].before, out);
			if (line->values[i].path)
				fputs(field_format(body, line->values[i].path,
						   line->values[i].kind, text), out);
		}
		fputc('\n', out);
	}
}

/* Whether the answer has something to say here. */
static bool value_is_given(const json_t *body, const char *path)
{
	const json_t *value = field_find(body, path);

	return value && !json_is_null(value) &&
	       !(json_is_string(value) && json_string_length(value) == 0) &&
	       !(json_is_string(value) && strcmp(json_string_value(value), NO_HASH) == 0);
}

/* Like render_lines, without the values that are not there, and without lines that lack their
 * first.  Text behind a value goes with it. */
static void render_given_lines(const struct line *lines, const json_t *body, FILE *out)
{
	char text[FIELD_TEXT_MAX];
	int width = 0;

	for (const struct line *line = lines; line->label; line++)
		width = (int)strlen(line->label) > width ? (int)strlen(line->label) : width;
	for (const struct line *line = lines; line->label; line++) {
		bool is_given = value_is_given(body, line->values[0].path);
		if (!is_given)
			continue;
		fprintf(out, "%-*s", width + 2, line->label);
		for (size_t i = 0; i < ARRAY_SIZE(line->values) && line->values[i].before; i++) {
			const char *path = line->values[i].path;
			is_given = path ? value_is_given(body, path) : is_given;
			if (!is_given)
				continue;
			fputs(line->values[i].before, out);
			if (path)
				fputs(field_format(body, path, line->values[i].kind, text), out);
		}
		fputc('\n', out);
	}
}

static const char *text_of(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text ? text : "-";
}

void ctl_render_event(const json_t *event, FILE *out)
{
	fprintf(out, "%s %s: %s\n", text_of(event, "time"), text_of(event, "kind"),
		text_of(event, "text"));
	fflush(out);
}

static void render_events(const json_t *body, FILE *out)
{
	size_t i;
	const json_t *event;

	json_array_foreach(json_object_get(body, "recent"), i, event)
		ctl_render_event(event, out);
}

static void render_explain(const json_t *body, FILE *out)
{
	const json_t *answers = json_object_get(body, "answers");

	if (!answers) {
		render_given_lines(explain_lines, body, out);
		return;
	}
	render_rows(answers_columns, answers, NULL, out);
	render_given_lines(asked_lines, body, out);
}

static void render_workers(const json_t *body, FILE *out)
{
	const json_t *stages = json_object_get(body, "stages");
	const json_t *total = json_object_get(body, "total");

	if (!stages) {
		render_rows(workers_columns, json_object_get(body, "workers"), total, out);
		return;
	}
	render_rows(stages_columns, stages, total, out);
	render_lines(stages_lines, body, out);
}

static void render_target_wish(const json_t *body, FILE *out)
{
	bool changed = json_is_true(json_object_get(body, "changed"));

	fprintf(out, changed ? "%s/%s: %s, was %s" : "%s/%s: %s already", text_of(body, "pool"),
		text_of(body, "target"), text_of(body, "admin"), text_of(body, "before"));
	if (strcmp(text_of(body, "admin"), "ready") != 0)
		ctl_render_calls_left(body, out);
	fputc('\n', out);
}

static void render_capture_stop(const json_t *body, FILE *out)
{
	char text[FIELD_TEXT_MAX];

	fprintf(out, "%s packets in %s", field_format(body, "packets", FIELD_COUNT, text),
		text_of(body, "path"));
	fprintf(out, ", %s missed\n", field_format(body, "dropped", FIELD_COUNT, text));
}

void ctl_render(enum api_command_id id, const json_t *body, FILE *out)
{
	switch (id) {
	case API_COMMAND_SHOW_STATUS:
		render_lines(status_lines, body, out);
		break;
	case API_COMMAND_SHOW_SERVICES:
		render_rows(services_columns, json_object_get(body, "services"), NULL, out);
		break;
	case API_COMMAND_SHOW_POOLS:
		render_rows(pools_columns, json_object_get(body, "pools"), NULL, out);
		break;
	case API_COMMAND_SHOW_TARGETS:
		render_rows(targets_columns, json_object_get(body, "targets"), NULL, out);
		break;
	case API_COMMAND_SHOW_INTERFACES:
		render_rows(interfaces_columns, json_object_get(body, "interfaces"), NULL, out);
		break;
	case API_COMMAND_SHOW_WORKERS:
		render_workers(body, out);
		break;
	case API_COMMAND_SHOW_DROPS:
		render_rows(drops_columns, json_object_get(body, "verdicts"), NULL, out);
		render_lines(drops_lines, body, out);
		break;
	case API_COMMAND_SHOW_DIALOGS:
		render_rows(dialog_workers_columns, json_object_get(body, "workers"), NULL, out);
		fputc('\n', out);
		render_rows(dialog_services_columns, json_object_get(body, "services"),
			    json_object_get(body, "total"), out);
		break;
	case API_COMMAND_SHOW_TIMERS:
		render_rows(timers_columns, json_object_get(body, "workers"),
			    json_object_get(body, "total"), out);
		render_rows(timer_sets_columns, json_object_get(body, "sets_ms"), NULL, out);
		break;
	case API_COMMAND_SHOW_MEMORY:
		render_rows(memory_columns, json_object_get(body, "workers"),
			    json_object_get(body, "total"), out);
		render_rows(copies_columns, json_object_get(body, "workers"),
			    json_object_get(body, "total"), out);
		render_rows(packets_columns, json_object_get(body, "packets"), NULL, out);
		render_lines(memory_lines, body, out);
		break;
	case API_COMMAND_SHOW_DNS:
		ctl_render_dns(body, out);
		break;
	case API_COMMAND_SHOW_CONFIG:
	case API_COMMAND_TARGET_ADD:
	case API_COMMAND_TARGET_REMOVE:
	case API_COMMAND_SET_TIMERS:
	case API_COMMAND_RELOAD:
		ctl_render_change(id, body, out);
		break;
	case API_COMMAND_TARGET_READY:
	case API_COMMAND_TARGET_DRAIN:
	case API_COMMAND_TARGET_MAINT:
		render_target_wish(body, out);
		break;
	case API_COMMAND_EXPLAIN:
		render_explain(body, out);
		break;
	case API_COMMAND_CAPTURE_START:
		fprintf(out, "capturing to %s\n", text_of(body, "path"));
		break;
	case API_COMMAND_CAPTURE_STOP:
		render_capture_stop(body, out);
		break;
	case API_COMMAND_EVENTS:
		render_events(body, out);
		break;
	case API_COMMAND_COUNT:
		break;
	}
}
