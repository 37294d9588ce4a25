/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables for terminals; see table.h. */
#include "ctl/table.h"

#include <stdlib.h>
#include <string.h>

void table_init(struct table *table)
{
	*table = (struct table){ .columns = 0 };
}

void table_fini(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	table_init(table);
}

void table_add_cell(struct table *table, const char *text)
{
	char **cells = realloc(table->cells, (table->cell_count + 1) * sizeof(*cells));

	if (!cells)
		return;
	table->cells = cells;
	table->cells[table->cell_count++] = strdup(text);
}

void table_add_column(struct table *table, const char *title, bool is_right)
{
	if (table->columns >= TABLE_COLUMNS_MAX)
		return;
	table->is_right[table->columns++] = is_right;
	table_add_cell(table, title);
}

size_t table_text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static const char *table_cell(const struct table *table, size_t index)
{
	return table->cells[index] ? table->cells[index] : "";
}

static void table_print_row(const struct table *table, size_t first, const size_t *widths, FILE *out)
{
	size_t blanks = 0; /* due before the next text */

	for (size_t c = 0; c < table->columns; c++) {
		const char *text = table_cell(table, first + c);
		size_t pad = widths[c] - table_text_width(text);
		if (table->is_right[c])
			blanks += pad;
		if (*text)
			fprintf(out, "%*s%s", (int)blanks, "", text);
		if (*text)
			blanks = 0;
		blanks += (table->is_right[c] ? 0 : pad) + 2;
	}
	fputc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };
	size_t rows = table->columns ? table->cell_count / table->columns : 0;

	for (size_t i = 0; i < rows * table->columns; i++) {
		size_t width = table_text_width(table_cell(table, i));
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t row = 0; row < rows; row++)
		table_print_row(table, row * table->columns, widths, out);
}
