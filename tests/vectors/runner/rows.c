/* SPDX-License-Identifier: BSD-3-Clause */
/* Header rows; see rows.h. */
#include "rows.h"

static size_t line_end(struct span message, size_t from)
{
	size_t end = from + span_find(span_from(message, from), '\n');

	return MIN(end + 1, message.len);
}

size_t start_line_end(struct span message)
{
	size_t at = 0;

	while (at < message.len && (message.data[at] == '\r' || message.data[at] == '\n'))
		at++;
	return line_end(message, at);
}

bool row_next(struct span message, size_t *at, struct row *row)
{
	size_t start = *at, end;

	if (start >= message.len || message.data[start] == '\r' || message.data[start] == '\n')
		return false;
	end = line_end(message, start);
	while (end < message.len && (message.data[end] == ' ' || message.data[end] == '\t'))
		end = line_end(message, end);
	*at = end;
	row->whole = span_of(message.data + start, end - start);
	size_t colon = span_find(row->whole, ':');
	row->name = span_trim(span_of(row->whole.data, colon));
	row->value = span_trim(span_from(row->whole, colon + 1));
	return true;
}

bool row_find(struct span message, const char *name, char compact, unsigned int n, struct row *row)
{
	size_t at = start_line_end(message);

	while (row_next(message, &at, row)) {
		if (!span_equal_nocase(row->name, span_of_string(name)) &&
		    !(compact && row->name.len == 1 && char_lower(row->name.data[0]) == compact))
			continue;
		if (n-- == 0)
			return true;
	}
	return false;
}
