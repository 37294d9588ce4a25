/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of tandemd for people; see render.h. */
#include "ctl/render.h"

#include <string.h>

#include "ctl/field.h"
#include "ctl/render_change.h"
#include "ctl/render_columns.h"
#include "ctl/render_dns.h"
#include "ctl/table.h"

#define NO_HASH "0000000000000000" /* of a message without a Call-ID */

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

static void render_txns(const json_t *body, FILE *out)
{
	render_rows(txns_columns, json_object_get(body, "txns"), NULL, out);
	if (json_is_true(json_object_get(body, "more")))
		fputs("there may be more: --limit\n", out);
}

static void render_explain(const json_t *body, FILE *out)
{
	const json_t *answers = json_object_get(body, "answers");

	if (!answers) {
		const json_t *selection = json_object_get(body, "selection");
		render_given_lines(explain_lines, body, out);
		if (json_is_object(selection))
			render_rows(standings_columns, json_object_get(selection, "targets"), NULL,
				    out);
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

static void render_agents(const json_t *agents, FILE *out)
{
	render_rows(agents_columns, agents, NULL, out);
	for (size_t i = 0; i < json_array_size(agents); i++)
		render_rows(agent_sets_columns, json_object_get(json_array_get(agents, i), "sets"),
			    NULL, out);
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
	case API_COMMAND_SHOW_TXNS:
		render_txns(body, out);
		break;
	case API_COMMAND_SHOW_BLACKLIST:
		ctl_render_blacklist(body, out);
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
	case API_COMMAND_BLACKLIST_ADD:
	case API_COMMAND_BLACKLIST_REMOVE:
		fprintf(out, "%s/%s: %s\n", text_of(body, "pool"), text_of(body, "target"),
			text_of(body, "health"));
		break;
	case API_COMMAND_BLACKLIST_CLEAR:
		fprintf(out, "%d removed\n", (int)json_integer_value(json_object_get(body, "removed")));
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
	case API_COMMAND_TRACE: /* as they come: render_trace.h, top.h, ctl_render_event */
	case API_COMMAND_TOP:
	case API_COMMAND_EVENTS:
		break;
	case API_COMMAND_SHOW_AGENTS:
		render_agents(json_object_get(body, "agents"), out);
		break;
	case API_COMMAND_AGENT_RESTART:
		fprintf(out, "%s: ends, and starts anew\n", text_of(body, "agent"));
		break;
	case API_COMMAND_SHOW_CLIENTS:
		render_rows(clients_columns, json_object_get(body, "clients"), NULL, out);
		break;
	case API_COMMAND_COUNT:
		break;
	}
}
