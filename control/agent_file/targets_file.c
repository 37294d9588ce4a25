/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that lists targets; see targets_file.h. */
#include "agent_file/targets_file.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/text.h"

#define ACCEPTED                                                                                   \
	"accepted: POOL NAME sip:ADDRESS:PORT [priority N] [weight N] [calls-max N] [rate-max N]"

struct reader {
	const char *name;
	unsigned int line;
	char *error;
	size_t size;
};

static bool refuse(const struct reader *r, const char *format, ...) PRINTF_LIKE(2, 3);
static bool refuse(const struct reader *r, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(r->error, r->size, "%s:%u: ", r->name, r->line);

	va_start(arguments, format);
	if (used > 0 && (size_t)used < r->size)
		vsnprintf(r->error + used, r->size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the next word off the line; empty: there is none. */
static struct span word_next(struct span *line)
{
	size_t start = 0, end;

	while (start < line->len && is_blank(line->data[start]))
		start++;
	end = start;
	while (end < line->len && !is_blank(line->data[end]))
		end++;
	struct span word = span_of(line->data + start, end - start);
	*line = span_of(line->data + end, line->len - end);
	return word;
}

static const struct option_word {
	const char *word, *key;
	uint64_t max;
} options[] = {
	{ "priority", "priority", UINT16_MAX },
	{ "weight", "weight", UINT16_MAX },
	{ "calls-max", "calls_max", UINT32_MAX },
	{ "rate-max", "rate_max", UINT32_MAX },
};

static bool take_option(const struct reader *r, struct span word, struct span *line, json_t *row)
{
	struct span value = word_next(line);
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!span_equal(word, span_of_string(options[i].word)))
			continue;
		if (json_object_get(row, options[i].key))
			return refuse(r, "%s is given twice; " ACCEPTED, options[i].key);
		if (!text_parse_u64(value, options[i].max, &number))
			return refuse(r, "%.*s is followed by '%.*s'; accepted: 0 to %llu",
				      SPAN_ARGS(word), SPAN_ARGS(value),
				      (unsigned long long)options[i].max);
		json_object_set_new(row, options[i].key, json_integer((json_int_t)number));
		return true;
	}
	return refuse(r, "'%.*s' is not known; " ACCEPTED, SPAN_ARGS(word));
}

static bool name_is_given(const json_t *rows, struct span name)
{
	size_t i;
	const json_t *row;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
		if (span_equal(span_of_string(json_string_value(json_object_get(row, "name"))), name))
			return true;
	}
	return false;
}

static json_t *pool_rows(json_t *pools, struct span pool)
{
	char key[256];

	snprintf(key, sizeof(key), "%.*s", SPAN_ARGS(pool));
	json_t *rows = json_object_get(pools, key);
	if (rows)
		return rows;
	rows = json_array();
	json_object_set_new(pools, key, rows);
	return rows;
}

static bool take_line(const struct reader *r, struct span line, json_t *pools)
{
	struct span pool = word_next(&line), name, uri, word;

	if (pool.len == 0)
		return true;
	name = word_next(&line);
	uri = word_next(&line);
	if (uri.len == 0)
		return refuse(r, "the line ends too early; " ACCEPTED);
	json_t *row = json_pack("{s:s%, s:s%}", "name", name.data, name.len, "uri", uri.data, uri.len);
	if (!row)
		return refuse(r, "no text in UTF-8; " ACCEPTED);
	json_t *rows = pool_rows(pools, pool);
	bool is_good = !name_is_given(rows, name) ||
		       refuse(r, "pool %.*s has a target '%.*s' already; accepted: a name once",
			      SPAN_ARGS(pool), SPAN_ARGS(name));
	while (is_good && (word = word_next(&line)).len)
		is_good = take_option(r, word, &line, row);
	if (is_good)
		json_array_append(rows, row);
	json_decref(row);
	return is_good;
}

json_t *targets_file_parse(const char *name, struct span text, char *error, size_t size)
{
	struct reader reader = { .name = name, .error = error, .size = size };
	json_t *pools = json_object();

	while (text.len) {
		struct span line = span_of(text.data, span_find(text, '\n'));
		reader.line++;
		text = span_from(text, MIN(line.len + 1, text.len));
		line.len = span_find(line, '#');
		if (!take_line(&reader, line, pools)) {
			json_decref(pools);
			return NULL;
		}
	}
	return pools;
}
