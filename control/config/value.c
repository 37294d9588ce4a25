/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scalars: numbers, durations, sizes, booleans, names, choices.  Addresses and URIs are in
 * value_address.c.
 */
#include "config/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "config/model.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Ascending: formatting takes the largest that divides. */
static const struct unit duration_units[] = {
	{ "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 }, { "h", 3600000000 },
};
static const struct unit size_units[] = {
	{ "B", 1 }, { "KiB", 1ull << 10 }, { "MiB", 1ull << 20 }, { "GiB", 1ull << 30 },
	{ "TiB", 1ull << 40 },
};

static const char duration_names[] = "us, ms, s, m or h";
static const char size_names[] = "B, KiB, MiB, GiB or TiB";

bool value_refuse(char *why, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, VALUE_WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

/* "N to M, for example X" */
static bool refuse_number(const struct keyword *keyword, struct span text, const char *problem,
			  const char *units, char *why)
{
	char quoted[CONFIG_QUOTED_MAX], range[2 * VALUE_TEXT_MAX + 8];
	keyword_range(keyword, range, sizeof(range));
	return value_refuse(why, "%s %s; accepted: %s%s%s, for example %s", config_quote(text, quoted),
		      problem, range, *units ? " with a unit of " : "", units, keyword->example);
}

static bool parse_integer(const struct keyword *keyword, struct span text, uint32_t *field,
			  char *why)
{
	uint64_t value;
	if (!text_parse_u64(text, UINT64_MAX, &value))
		return refuse_number(keyword, text, "is not a whole number", "", why);
	if (value < keyword->min || value > keyword->max)
		return refuse_number(keyword, text, "is out of range", "", why);
	*field = (uint32_t)value;
	return true;
}

static bool parse_with_unit(const struct keyword *keyword, struct span text,
			    const struct unit *units, size_t unit_count, const char *names,
			    uint64_t *field, char *why)
{
	size_t digits = 0;
	while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	struct span suffix = span_from(text, digits);
	uint64_t number;
	if (digits == 0)
		return refuse_number(keyword, text, "is not a number with a unit", names, why);
	if (suffix.len == 0)
		return refuse_number(keyword, text, "has no unit", names, why);
	if (!text_parse_u64(span_of(text.data, digits), UINT64_MAX, &number))
		return refuse_number(keyword, text, "is out of range", names, why);
	for (size_t i = 0; i < unit_count; i++) {
		if (!span_equal(suffix, span_of_string(units[i].name)))
			continue;
		uint64_t value;
		if (__builtin_mul_overflow(number, units[i].factor, &value) ||
		    value < keyword->min || value > keyword->max)
			return refuse_number(keyword, text, "is out of range", names, why);
		*field = value;
		return true;
	}
	return refuse_number(keyword, text,
			     suffix.data[0] == '.' ? "is not a whole number of its unit" :
						     "has a unit that is not known",
			     names, why);
}

static bool parse_percent(const struct keyword *keyword, struct span text, uint32_t *field,
			  char *why)
{
	uint64_t value;
	if (text.len < 2 || text.data[text.len - 1] != '%' ||
	    !text_parse_u64(span_of(text.data, text.len - 1), UINT64_MAX, &value))
		return refuse_number(keyword, text, "is not a whole number with %", "", why);
	if (value < keyword->min || value > keyword->max)
		return refuse_number(keyword, text, "is out of range", "", why);
	*field = (uint32_t)value;
	return true;
}

static bool parse_boolean(struct span text, bool *field, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	if (span_equal(text, SPAN("true")))
		*field = true;
	else if (span_equal(text, SPAN("false")))
		*field = false;
	else
		return value_refuse(why, "%s is no truth value; accepted: true, false",
			      config_quote(text, quoted));
	return true;
}

/* Printable ASCII and UTF-8, at least one character, short enough for the field. */
static bool parse_text(const struct keyword *keyword, struct span text, char *field, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	if (text.len == 0)
		return value_refuse(why, "is empty; accepted: %s", keyword->example);
	if (text.len >= keyword->size)
		return value_refuse(why, "%s is too long; accepted: at most %u bytes",
			      config_quote(text, quoted), keyword->size - 1u);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
			return value_refuse(why, "%s has a control character; accepted: one line of text",
				      config_quote(text, quoted));
	}
	memset(field, 0, keyword->size);
	memcpy(field, text.data, text.len);
	return true;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool parse_name(const struct keyword *keyword, struct span text, char *field, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	for (size_t i = 0; i < text.len; i++) {
		if (!is_name_char(text.data[i]))
			return value_refuse(why,
				      "%s is not a name; accepted: letters, digits, '.', '_' and "
				      "'-'",
				      config_quote(text, quoted));
	}
	return parse_text(keyword, text, field, why);
}

bool value_parse_choice(const struct keyword *keyword, struct span text, uint32_t *value, char *why)
{
	char quoted[CONFIG_QUOTED_MAX], accepted[128];
	keyword_list_choices(keyword, accepted, sizeof(accepted));
	for (uint32_t i = 0; i < keyword->choice_count; i++) {
		const struct keyword_choice *choice = &keyword->choices[i];
		if (!span_equal(text, span_of_string(choice->name)))
			continue;
		if (choice->not_built)
			return value_refuse(why, "\"%s\" is refused: %s; accepted: %s", choice->name,
				      choice->not_built, accepted);
		*value = choice->value;
		return true;
	}
	const char *nearest = keyword_nearest_choice(keyword, text);
	return value_refuse(why, "%s is not known%s%s%s; accepted: %s", config_quote(text, quoted),
		      nearest ? ", did you mean \"" : "", nearest ? nearest : "",
		      nearest ? "\"?" : "", accepted);
}

bool value_parse_codes(struct span text, struct config_codes *codes, char *why)
{
	char quoted[CONFIG_QUOTED_MAX];
	uint64_t first, last;
	size_t dash = 0;
	while (dash < text.len && text.data[dash] != '-')
		dash++;
	bool ok = text_parse_u64(span_of(text.data, dash), UINT64_MAX, &first);
	last = first;
	if (ok && dash < text.len)
		ok = text_parse_u64(span_from(text, dash + 1), UINT64_MAX, &last);
	if (!ok || first < 200 || last > 699 || first > last)
		return value_refuse(why,
				    "%s is no final status code and no range of them; accepted: 200 "
				    "to 699, for example 404 or 200-299",
				    config_quote(text, quoted));
	if (codes->count == CONFIG_CODES_MAX)
		return value_refuse(why, "more than %d entries", CONFIG_CODES_MAX);
	codes->ranges[codes->count].first = (uint16_t)first;
	codes->ranges[codes->count++].last = (uint16_t)last;
	return true;
}

static bool parse_uri(const struct keyword *keyword, struct span text, char *field, char *why)
{
	struct span host;
	uint16_t port;
	return value_split_uri(text, &host, &port, why) && parse_text(keyword, text, field, why);
}

bool value_parse(const struct keyword *keyword, struct span text, void *field, char *why)
{
	switch (keyword->type) {
	case KEYWORD_TEXT:
		return parse_text(keyword, text, field, why);
	case KEYWORD_NAME:
		return parse_name(keyword, text, field, why);
	case KEYWORD_URI:
		return parse_uri(keyword, text, field, why);
	case KEYWORD_SRV:
		return value_parse_srv(text, field, why);
	case KEYWORD_INTEGER:
		return parse_integer(keyword, text, field, why);
	case KEYWORD_DURATION:
		return parse_with_unit(keyword, text, duration_units, ARRAY_SIZE(duration_units),
				       duration_names, field, why);
	case KEYWORD_SIZE:
		return parse_with_unit(keyword, text, size_units, ARRAY_SIZE(size_units),
				       size_names, field, why);
	case KEYWORD_PERCENT:
		return parse_percent(keyword, text, field, why);
	case KEYWORD_BOOLEAN:
		return parse_boolean(text, field, why);
	case KEYWORD_CHOICE:
		return value_parse_choice(keyword, text, field, why);
	case KEYWORD_ENDPOINT:
		return value_parse_endpoint(text, field, why);
	default:
		return value_refuse(why, "is not one value");
	}
}

static void format_with_unit(uint64_t value, const struct unit *units, size_t unit_count,
			     char text[VALUE_TEXT_MAX])
{
	size_t i = unit_count - 1;
	while (i > 0 && (value == 0 || value % units[i].factor))
		i--;
	snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 "%s", value / units[i].factor, units[i].name);
}

void value_format_duration(uint64_t us, char text[VALUE_TEXT_MAX])
{
	format_with_unit(us, duration_units, ARRAY_SIZE(duration_units), text);
}

void value_format_size(uint64_t octets, char text[VALUE_TEXT_MAX])
{
	format_with_unit(octets, size_units, ARRAY_SIZE(size_units), text);
}
