/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of a line of a snapshot's text; see snapshot_line.h. */
#include <stdarg.h>
#include <stdio.h>

#include "support/snapshot_line.h"

bool line_fail(struct line *line, const char *format, ...)
{
	va_list args;

	if (line->failed)
		return false;
	line->failed = true;
	int n = snprintf(line->error, line->error_size, "line %u: ", line->number);
	if (n < 0 || (size_t)n >= line->error_size)
		return false;
	va_start(args, format);
	vsnprintf(line->error + n, line->error_size - (size_t)n, format, args);
	va_end(args);
	return false;
}

struct span line_word(struct line *line)
{
	line->rest = span_trim(line->rest);
	size_t n = 0;
	while (n < line->rest.len && line->rest.data[n] != ' ' && line->rest.data[n] != '\t')
		n++;
	struct span word = span_of(line->rest.data, n);
	line->rest = span_from(line->rest, n);
	return word;
}

bool line_word_is(struct span word, const char *text)
{
	return span_equal(word, span_of_string(text));
}

bool line_number(struct line *line, const char *what, uint64_t max, uint64_t *out)
{
	struct span word = line_word(line);

	if (text_parse_u64(word, max, out))
		return true;
	return line_fail(line, "%s: '%.*s' is no number up to %llu", what, SPAN_ARGS(word),
			 (unsigned long long)max);
}

bool line_u16(struct line *line, const char *what, uint16_t *out)
{
	uint64_t value = 0;

	if (!line_number(line, what, UINT16_MAX, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

bool line_u32(struct line *line, const char *what, uint32_t *out)
{
	uint64_t value = 0;

	if (!line_number(line, what, UINT32_MAX, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool line_name(struct line *line, char *out, size_t size)
{
	struct span word = line_word(line);

	if (word.len == 0 || word.len >= size)
		return line_fail(line, "a name of 1 to %zu characters is missing", size - 1);
	memcpy(out, word.data, word.len);
	out[word.len] = 0;
	return true;
}

bool line_address(struct line *line, struct ip_address *out)
{
	struct span word = line_word(line);

	return ip_address_parse(word, out) ||
	       line_fail(line, "'%.*s' is no IP address", SPAN_ARGS(word));
}

bool line_prefix(struct line *line, struct ip_prefix *out)
{
	struct span word = line_word(line);

	return ip_prefix_parse(word, out) ||
	       line_fail(line, "'%.*s' is no IP prefix", SPAN_ARGS(word));
}

bool line_endpoint(struct line *line, struct endpoint *out)
{
	struct span word = line_word(line);

	if (span_starts_with(word, SPAN("udp:")))
		word = span_from(word, 4);
	return endpoint_parse(word, SIP_PORT, out) ||
	       line_fail(line, "'%.*s' is no address with port", SPAN_ARGS(word));
}
