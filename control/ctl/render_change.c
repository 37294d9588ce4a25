/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of commands that change what runs; see render_change.h. */
#include "ctl/render_change.h"

#include "ctl/field.h"
#include "ctl/table.h"

static const char *text_of(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text ? text : "-";
}

static long long number_of(const json_t *body, const char *key)
{
	return json_integer_value(json_object_get(body, key));
}

void ctl_render_calls_left(const json_t *body, FILE *out)
{
	long long calls = number_of(body, "calls");

	if (calls > 0)
		fprintf(out, ", %lld call%s left", calls, calls == 1 ? "" : "s");
}

static void render_differences(const json_t *differences, FILE *out)
{
	static const char *const titles[] = { "WHAT", "CHANGE", "BEFORE", "AFTER", "LINE" };
	static const char *const paths[] = { "what", "change", "before", "after", "line" };
	struct table table;
	size_t row;
	const json_t *difference;

	table_init(&table);
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		table_add_column(&table, titles[i], false);
	json_array_foreach(differences, row, difference) {
		char text[FIELD_TEXT_MAX];
		for (size_t i = 0; i + 1 < ARRAY_SIZE(paths); i++)
			table_add_cell(&table,
				       field_format(difference, paths[i], FIELD_TEXT, text));
		/* What was removed has no place any more. */
		snprintf(text, sizeof(text), "%lld", number_of(difference, "line"));
		table_add_cell(&table, number_of(difference, "line") ? text : "-");
	}
	table_print(&table, out);
	table_fini(&table);
}

static void render_mistakes(const json_t *mistakes, const char *kind, FILE *out)
{
	size_t i;
	const json_t *mistake;

	json_array_foreach(mistakes, i, mistake) {
		fputs(text_of(mistake, "file"), out);
		if (number_of(mistake, "line"))
			fprintf(out, ":%lld:%lld", number_of(mistake, "line"),
				number_of(mistake, "column"));
		fprintf(out, ": %s%s\n", kind, text_of(mistake, "text"));
	}
}

static void render_restarts(const json_t *differences, FILE *out)
{
	size_t i;
	const json_t *difference;

	json_array_foreach(differences, i, difference) {
		if (json_is_true(json_object_get(difference, "needs_restart")))
			fprintf(out, "needs a restart: %s\n", text_of(difference, "what"));
	}
}

static void render_reload(const json_t *body, FILE *out)
{
	const json_t *differences = json_object_get(body, "differences");
	const json_t *errors = json_object_get(body, "errors");

	render_mistakes(errors, "", out);
	render_mistakes(json_object_get(body, "warnings"), "warning: ", out);
	if (json_array_size(differences))
		render_differences(differences, out);
	else if (!json_array_size(errors))
		fputs("nothing differs\n", out);
	render_restarts(differences, out);
}

static void render_config(const json_t *body, FILE *out)
{
	const json_t *value;
	const char *name;

	fprintf(out, "# %s, version %lld, read %s\n", text_of(body, "file"),
		number_of(body, "version"), text_of(body, "loaded"));
	json_object_foreach(json_object_get(body, "changed"), name, value)
		fprintf(out, "# timers.%s: %s, set since then\n", name, json_string_value(value));
	fputs(text_of(body, "yaml"), out);
}

void ctl_render_change(enum api_command_id id, const json_t *body, FILE *out)
{
	switch (id) {
	case API_COMMAND_TARGET_ADD:
		fprintf(out, "%s/%s: added, %s; until it is removed or tandemd is restarted\n",
			text_of(body, "pool"), text_of(body, "target"), text_of(body, "endpoint"));
		break;
	case API_COMMAND_TARGET_REMOVE:
		fprintf(out, "%s/%s: removed", text_of(body, "pool"), text_of(body, "target"));
		ctl_render_calls_left(body, out);
		fputc('\n', out);
		break;
	case API_COMMAND_SET_TIMERS:
		fprintf(out, "%s: %s, was %s; until the next reload\n", text_of(body, "timer"),
			text_of(body, "after"), text_of(body, "before"));
		break;
	case API_COMMAND_RELOAD:
		render_reload(body, out);
		break;
	default:
		render_config(body, out);
		break;
	}
}
