/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, their state, and the servers behind them; see render_dns.h. */
#include "ctl/render_dns.h"

#include "ctl/field.h"
#include "ctl/table.h"

static const struct {
	const char *title, *path;
	enum field_kind kind;
} name_columns[] = {
	{ "NAME", "name", FIELD_TEXT },
	{ "POOLS", "pools", FIELD_LIST },
	{ "STATE", "state", FIELD_TEXT },
	{ "RECORDS", "records", FIELD_COUNT },
	{ "TARGETS", "targets", FIELD_COUNT },
	{ "AGE s", "age_s", FIELD_REAL },
	{ "TTL s", "ttl_s", FIELD_REAL },
	{ "NEXT s", "next_refresh_s", FIELD_REAL },
	{ "FAILED", "failures", FIELD_COUNT },
	{ "LAST ERROR", "last_error", FIELD_TEXT },
}, server_columns[] = {
	{ "PRIO", "priority", FIELD_COUNT },
	{ "WEIGHT", "weight", FIELD_COUNT },
	{ "PORT", "port", FIELD_TEXT },
	{ "ADDRESS", "address", FIELD_TEXT },
	{ "HOST", "host", FIELD_TEXT },
};

static void render_names(const json_t *names, FILE *out)
{
	char text[FIELD_TEXT_MAX];
	struct table table;
	size_t i;
	const json_t *row;

	table_init(&table);
	for (size_t c = 0; c < sizeof(name_columns) / sizeof(name_columns[0]); c++)
		table_add_column(&table, name_columns[c].title,
				 name_columns[c].kind == FIELD_COUNT ||
					 name_columns[c].kind == FIELD_REAL);
	json_array_foreach(names, i, row) {
		for (size_t c = 0; c < sizeof(name_columns) / sizeof(name_columns[0]); c++)
			table_add_cell(&table, field_format(row, name_columns[c].path,
							    name_columns[c].kind, text));
	}
	table_print(&table, out);
	table_fini(&table);
}

static void render_servers(const json_t *names, FILE *out)
{
	char text[FIELD_TEXT_MAX];
	struct table table;
	size_t i, j;
	const json_t *name, *row;

	table_init(&table);
	table_add_column(&table, "SRV RECORDS OF", false);
	for (size_t c = 0; c < sizeof(server_columns) / sizeof(server_columns[0]); c++)
		table_add_column(&table, server_columns[c].title,
				 server_columns[c].kind == FIELD_COUNT);
	json_array_foreach(names, i, name) {
		json_array_foreach(json_object_get(name, "servers"), j, row) {
			table_add_cell(&table, field_format(name, "name", FIELD_TEXT, text));
			for (size_t c = 0; c < sizeof(server_columns) / sizeof(server_columns[0]);
			     c++)
				table_add_cell(&table, field_format(row, server_columns[c].path,
								    server_columns[c].kind, text));
		}
	}
	table_print(&table, out);
	table_fini(&table);
}

void ctl_render_dns(const json_t *body, FILE *out)
{
	const json_t *names = json_object_get(body, "names");
	char text[FIELD_TEXT_MAX];

	if (json_array_size(names)) {
		render_names(names, out);
		fputc('\n', out);
		render_servers(names, out);
		fputc('\n', out);
	} else {
		fputs("no pool takes its targets from SRV records\n", out);
	}
	fprintf(out, "Name servers: %s\n", field_format(body, "nameservers", FIELD_TEXT, text));
	fprintf(out, "Lookups: %s", field_format(body, "lookups.started", FIELD_COUNT, text));
	fprintf(out, ", %s from the cache", field_format(body, "lookups.from_cache", FIELD_COUNT, text));
	fprintf(out, ", %s failed", field_format(body, "lookups.failures", FIELD_COUNT, text));
	fprintf(out, "; questions asked: %s\n",
		field_format(body, "lookups.questions", FIELD_COUNT, text));
}
