/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a vector; see vector.h and tests/vectors/README.md. */
#include "vector.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SECTION_MARK "=== "

struct reader {
	char *error;
	size_t size;
	unsigned int line;
};

__attribute__((format(printf, 2, 3))) static bool fail(const struct reader *reader,
						       const char *format, ...)
{
	va_list arguments;
	int n = snprintf(reader->error, reader->size, "line %u: ", reader->line);

	va_start(arguments, format);
	vsnprintf(reader->error + n, reader->size - (size_t)n, format, arguments);
	va_end(arguments);
	return false;
}

static char *file_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0;
	FILE *memory = file ? open_memstream(&text, &size) : NULL;
	char block[4096];

	if (!file || !memory) {
		if (file)
			fclose(file);
		return NULL;
	}
	for (size_t n; (n = fread(block, 1, sizeof(block), file)) > 0;)
		fwrite(block, 1, n, memory);
	fclose(memory);
	fclose(file);
	return text;
}

/* Cuts the line that starts at *at; NULL at the end. */
static char *line_next(char **at)
{
	char *line = *at;

	if (!*line)
		return NULL;
	char *end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static bool endpoint_take(const struct reader *reader, const char *value, struct endpoint *out)
{
	return endpoint_parse(span_of_string(value), 5060, out) ||
	       fail(reader, "'%s' is no endpoint", value);
}

static bool verdict_take(const struct reader *reader, const char *value, struct verdict *out)
{
	const char *blank = strchr(value, ' ');

	for (int kind = 0; blank && kind < VERDICT_KINDS; kind++) {
		const char *name = verdict_kind_name((enum verdict_kind)kind);
		if (strlen(name) != (size_t)(blank - value) ||
		    strncmp(name, value, strlen(name)) != 0)
			continue;
		for (int reason = 0; reason < VERDICT_REASON_COUNT; reason++) {
			if (!verdict_reasons[reason].name ||
			    strcmp(verdict_reasons[reason].name, blank + 1) != 0)
				continue;
			*out = verdict_of((enum verdict_kind)kind, (enum verdict_reason)reason);
			return true;
		}
	}
	return fail(reader, "no verdict is called '%s'", value);
}

static bool key_take(struct vector *v, const struct reader *reader, const char *key,
		     const char *value)
{
	if (strcmp(key, "trap") == 0)
		v->trap = value;
	else if (strcmp(key, "rule") == 0)
		v->rule = value;
	else if (strcmp(key, "answer") == 0)
		v->answer = value;
	else if (strcmp(key, "inserted") == 0)
		v->inserted = value;
	else if (strcmp(key, "from") == 0)
		return endpoint_take(reader, value, &v->from);
	else if (strcmp(key, "to") == 0)
		return endpoint_take(reader, value, &v->to);
	else if (strcmp(key, "sent-to") == 0)
		return endpoint_take(reader, value, &v->sent_to);
	else if (strcmp(key, "answer-to") == 0)
		return endpoint_take(reader, value, &v->answer_to);
	else if (strcmp(key, "expect") == 0)
		return verdict_take(reader, value, &v->expect);
	else if (strcmp(key, "has") == 0 && v->has_count < VECTOR_ROWS_MAX)
		v->has[v->has_count++] = value;
	else
		return fail(reader, "'%s' is not understood here", key);
	return true;
}

/* Where the text of a section goes; NULL: no such section. */
static struct span *section_of(struct vector *v, const char *name, struct span *snapshot)
{
	if (strcmp(name, "message") == 0)
		return &v->message;
	if (strcmp(name, "trailing") == 0)
		return &v->trailing;
	if (strcmp(name, "changes") == 0)
		return &v->changes;
	if (strcmp(name, "answer") == 0)
		return &v->octets;
	if (strcmp(name, "snapshot") == 0)
		return snapshot;
	if (strcmp(name, "request") != 0)
		return NULL;
	v->has_request = true;
	return &v->request;
}

static bool sections_take(struct vector *v, struct reader *reader, char *mark, char *rest)
{
	struct span snapshot = SPAN_EMPTY;

	while (strcmp(mark, SECTION_MARK "end") != 0) {
		struct span *section = section_of(v, mark + strlen(SECTION_MARK), &snapshot);
		if (!section)
			return fail(reader, "no section is called '%s'", mark);
		if (section->data)
			return fail(reader, "'%s' stands twice", mark);
		*section = span_of(rest, 0);
		for (;;) {
			char *start = rest, *line = line_next(&rest);
			if (!line)
				return fail(reader, "'" SECTION_MARK "end' is missing");
			reader->line++;
			if (strncmp(line, SECTION_MARK, strlen(SECTION_MARK)) == 0) {
				mark = line;
				break;
			}
			/* Lines stay as they were written. */
			rest[-1] = '\n';
			section->len += (size_t)(rest - start);
		}
	}
	if (snapshot.data) {
		((char *)(uintptr_t)snapshot.data)[snapshot.len ? snapshot.len - 1 : 0] = '\0';
		v->snapshot = snapshot.data;
	}
	return v->message.len || fail(reader, "a vector needs its message");
}

bool vector_read(struct vector *v, const char *path, char *error, size_t size)
{
	struct reader reader = { .error = error, .size = size };

	memset(v, 0, sizeof(*v));
	v->text = file_load(path);
	if (!v->text)
		return fail(&reader, "%s", strerror(errno));
	char *rest = v->text, *line;
	while ((line = line_next(&rest)) != NULL) {
		reader.line++;
		if (*line == '\0' || *line == '#')
			continue;
		if (strncmp(line, SECTION_MARK, strlen(SECTION_MARK)) == 0)
			break;
		char *colon = strstr(line, ": ");
		if (!colon)
			return fail(&reader, "'%s' is no 'key: value'", line);
		*colon = '\0';
		if (!key_take(v, &reader, line, colon + 2))
			return false;
	}
	if (!line || !v->trap || !v->rule || v->expect.reason == VERDICT_REASON_NONE)
		return fail(&reader, "a vector needs trap, rule, expect and its message");
	return sections_take(v, &reader, line, rest);
}

void vector_free(struct vector *v)
{
	free(v->text);
	v->text = NULL;
}

/* ---- escapes */

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | ('A' <= c && c <= 'F' ? 0x20 : 0)) : NULL;

	return at ? (int)(at - digits) : -1;
}

struct unescape {
	FILE *out;
	const struct vector_values *values;
	long body; /* where ${body} stands in the output, -1: nowhere */
	char *error;
	size_t size;
};

static bool wrong(const struct unescape *u, const char *what, struct span text)
{
	snprintf(u->error, u->size, "%s: '%.*s'", what, SPAN_ARGS(span_of(text.data,
									  MIN(text.len, 40u))));
	return false;
}

static bool placeholder_put(struct unescape *u, struct span name)
{
	const char *value = NULL;

	if (span_equal(name, SPAN("body"))) {
		u->body = ftell(u->out);
		return true;
	}
	if (span_equal(name, SPAN("via")))
		value = u->values->via;
	else if (span_equal(name, SPAN("branch")))
		value = u->values->branch;
	if (!value)
		return wrong(u, "a placeholder without value", name);
	fputs(value, u->out);
	return true;
}

static bool line_put(struct unescape *u, struct span line);

/* "{N*text}" at `rest`; returns what it takes, 0: malformed. */
static size_t repeat_put(struct unescape *u, struct span rest)
{
	size_t star = span_find(rest, '*'), close = span_find(rest, '}');
	unsigned long n = strtoul(rest.data + 1, NULL, 10);

	if (star >= close || close >= rest.len || n == 0 || n > 70000)
		return 0;
	for (unsigned long i = 0; i < n; i++)
		if (!line_put(u, span_of(rest.data + star + 1, close - star - 1)))
			return 0;
	return close + 1;
}

/* The escape after a backslash at `rest`; returns what it takes, 0: malformed. */
static size_t escape_put(struct unescape *u, struct span rest)
{
	static const char names[] = "rnt0\\", octets[] = "\r\n\t\0\\";

	if (rest.len == 0)
		return 0;
	if (rest.data[0] == '{')
		return repeat_put(u, rest);
	if (rest.data[0] == 'x' && rest.len >= 3) {
		int high = hex_value(rest.data[1]), low = hex_value(rest.data[2]);
		if (high < 0 || low < 0)
			return 0;
		fputc(high << 4 | low, u->out);
		return 3;
	}
	const char *at = memchr(names, rest.data[0], sizeof(names) - 1);
	if (!at)
		return 0;
	fputc(octets[at - names], u->out);
	return 1;
}

static bool line_put(struct unescape *u, struct span line)
{
	for (size_t i = 0; i < line.len;) {
		struct span rest = span_from(line, i);
		size_t n = 1;
		if (rest.data[0] == '\\') {
			n = escape_put(u, span_from(rest, 1)) + 1;
			if (n == 1)
				return wrong(u, "no such escape", rest);
		} else if (rest.len > 2 && rest.data[0] == '$' && rest.data[1] == '{') {
			size_t close = span_find(rest, '}');
			if (!placeholder_put(u, span_of(rest.data + 2, close - 2)))
				return false;
			n = close + 1;
		} else {
			fputc(rest.data[0], u->out);
		}
		i += n;
	}
	return true;
}

/* Octets after the first empty line, written in place of ${body}. */
static void body_put(struct octets *out, long at)
{
	const char *body = memmem(out->data, out->len, "\r\n\r\n", 4);
	char digits[16], *whole;
	size_t len = 0;
	FILE *file = open_memstream(&whole, &len);

	snprintf(digits, sizeof(digits), "%zu",
		 body ? out->len - (size_t)(body + 4 - out->data) : 0);
	fwrite(out->data, 1, (size_t)at, file);
	fputs(digits, file);
	fwrite(out->data + at, 1, out->len - (size_t)at, file);
	fclose(file);
	free(out->data);
	*out = (struct octets){ whole, len };
}

static bool octets_put(struct span text, bool ends_lines, const struct vector_values *values,
		       struct octets *out, char *error, size_t size)
{
	struct unescape u = { .out = open_memstream(&out->data, &out->len),
			      .values = values,
			      .body = -1,
			      .error = error,
			      .size = size };
	bool good = u.out != NULL;

	while (good && text.len) {
		size_t end = span_find(text, '\n');
		struct span line = span_of(text.data, end);
		size_t slashes = 0;
		while (slashes < line.len && line.data[line.len - 1 - slashes] == '\\')
			slashes++;
		/* A backslash at the end: the line goes on. */
		if (slashes % 2)
			line.len--;
		good = line_put(&u, line);
		if (ends_lines && slashes % 2 == 0)
			fputs("\r\n", u.out);
		text = span_from(text, end + 1);
	}
	if (u.out)
		fclose(u.out);
	if (good && u.body >= 0)
		body_put(out, u.body);
	return good;
}

bool vector_octets(struct span section, const struct vector_values *values, struct octets *out,
		   char *error, size_t size)
{
	return octets_put(section, true, values, out, error, size);
}

int vector_changes(const struct vector *vector, const struct vector_values *values,
		   struct vector_change changes[VECTOR_CHANGES_MAX], char *error, size_t size)
{
	struct span text = vector->changes;
	int count = 0;
	bool is_open = false; /* a '-' line waits for its '+' */

	memset(changes, 0, VECTOR_CHANGES_MAX * sizeof(*changes));
	while (text.len) {
		struct span line = span_of(text.data, span_find(text, '\n'));
		char sign = line.len ? line.data[0] : 0;
		text = span_from(text, line.len + 1);
		if ((sign != '-' && (sign != '+' || !is_open)) || count == VECTOR_CHANGES_MAX) {
			snprintf(error, size, "changes: '%.*s' is no change", SPAN_ARGS(line));
			return -1;
		}
		struct octets *slot = sign == '-' ? &changes[count++].from : &changes[count - 1].to;
		if (!octets_put(span_from(line, 1), false, values, slot, error, size))
			return -1;
		is_open = sign == '-';
	}
	return count;
}
