/* SPDX-License-Identifier: BSD-3-Clause */
/* The blacklist for people; see render.h. */
#include "base/compiler.h"
#include "ctl/field.h"
#include "ctl/render.h"
#include "ctl/table.h"

void ctl_render_blacklist(const json_t *body, FILE *out)
{
	static const struct {
		const char *title, *path;
		enum field_kind kind;
	} columns[] = {
		{ "POOL", "pool", FIELD_TEXT },
		{ "TARGET", "target", FIELD_TEXT },
		{ "WISH", "admin", FIELD_TEXT },
		{ "STATE", "state", FIELD_TEXT },
		{ "CAUSE", "cause", FIELD_TEXT },
		{ "FOR", "since_s", FIELD_SECONDS },
		{ "BACK IN", "returns_s", FIELD_SECONDS },
		{ "IN A ROW", "in_a_row", FIELD_COUNT },
		{ "LISTED", "listed", FIELD_COUNT },
		{ "REASON", "reason", FIELD_TEXT },
	};
	char text[FIELD_TEXT_MAX];
	struct table table;
	size_t i;
	const json_t *row;

	table_init(&table);
	for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
		table_add_column(&table, columns[c].title, columns[c].kind != FIELD_TEXT);
	json_array_foreach(json_object_get(body, "blacklist"), i, row) {
		for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
			table_add_cell(&table, field_format(row, columns[c].path, columns[c].kind,
							    text));
	}
	table_print(&table, out);
	table_fini(&table);
}
