/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of listing commands; see rows.h. */
#include "api/rows.h"

#include "base/span.h"

size_t rows_keep(json_t *body, const char *key, rows_wanted_fn wanted, const char *value)
{
	json_t *rows = json_object_get(body, key);

	for (size_t i = json_array_size(rows); i-- > 0;) {
		if (!wanted(json_array_get(rows, i), value))
			json_array_remove(rows, i);
	}
	return json_array_size(rows);
}

size_t rows_keep_text(json_t *body, const char *key, const char *member, const char *value)
{
	json_t *rows = json_object_get(body, key);

	for (size_t i = json_array_size(rows); i-- > 0;) {
		const char *text = json_string_value(
			json_object_get(json_array_get(rows, i), member));
		if (!text || !span_equal_nocase(span_of_string(text), span_of_string(value)))
			json_array_remove(rows, i);
	}
	return json_array_size(rows);
}

size_t rows_keep_number(json_t *body, const char *key, const char *member, uint64_t value)
{
	json_t *rows = json_object_get(body, key);

	for (size_t i = json_array_size(rows); i-- > 0;) {
		const json_t *number = json_object_get(json_array_get(rows, i), member);
		if (!json_is_integer(number) || (uint64_t)json_integer_value(number) != value)
			json_array_remove(rows, i);
	}
	return json_array_size(rows);
}
