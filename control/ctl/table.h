/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables for terminals: cells of text, columns as wide as their widest cell.  Knows no JSON. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 32

struct table {
	size_t columns;
	bool is_right[TABLE_COLUMNS_MAX]; /* numbers */
	size_t cell_count;
	char **cells; /* by row; the first row is the head */
};

void table_init(struct table *table);
void table_fini(struct table *table);
/* All columns before the first row. */
void table_add_column(struct table *table, const char *title, bool is_right);
/* Cells by row, from left to right.  Short of memory, a cell stays out of the table's print. */
void table_add_cell(struct table *table, const char *text);
/* Columns stand two blanks apart; no blanks at the end of a line. */
void table_print(const struct table *table, FILE *out);

/* Characters of UTF-8 text, as far as terminals give each one cell. */
size_t table_text_width(const char *text);

#endif
