/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to the table of keywords: find one, the nearest to a misspelt one, lists and ranges
 * for messages.
 */
#include "config/keyword.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/value.h"
#include "words/nearest.h"

int keyword_find(enum keyword_section section, struct span name)
{
	const struct keyword_table *table = keyword_tables[section];
	for (uint32_t i = 0; i < table->count; i++) {
		if (span_equal(span_of_string(table->keywords[i].name), name))
			return (int)i;
	}
	return -1;
}

const char *keyword_nearest(enum keyword_section section, struct span name)
{
	const struct keyword_table *table = keyword_tables[section];
	const char *nearest = NULL;
	unsigned int best = UINT32_MAX;
	for (uint32_t i = 0; i < table->count; i++) {
		if (table->keywords[i].type != KEYWORD_NOT_BUILT &&
		    word_is_nearer(name, span_of_string(table->keywords[i].name), &best))
			nearest = table->keywords[i].name;
	}
	return nearest;
}

const char *keyword_nearest_choice(const struct keyword *keyword, struct span name)
{
	const char *nearest = NULL;
	unsigned int best = UINT32_MAX;
	for (uint32_t i = 0; i < keyword->choice_count; i++) {
		if (!keyword->choices[i].not_built &&
		    word_is_nearer(name, span_of_string(keyword->choices[i].name), &best))
			nearest = keyword->choices[i].name;
	}
	return nearest;
}

static void append_name(char *text, size_t size, const char *name)
{
	size_t used = strlen(text);
	snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

void keyword_list_names(enum keyword_section section, char *text, size_t size)
{
	const struct keyword_table *table = keyword_tables[section];
	text[0] = '\0';
	for (uint32_t i = 0; i < table->count; i++) {
		if (table->keywords[i].type != KEYWORD_NOT_BUILT)
			append_name(text, size, table->keywords[i].name);
	}
}

void keyword_list_choices(const struct keyword *keyword, char *text, size_t size)
{
	text[0] = '\0';
	for (uint32_t i = 0; i < keyword->choice_count; i++) {
		if (!keyword->choices[i].not_built)
			append_name(text, size, keyword->choices[i].name);
	}
}

void keyword_range(const struct keyword *keyword, char *text, size_t size)
{
	char min[VALUE_TEXT_MAX], max[VALUE_TEXT_MAX];
	text[0] = '\0';
	switch (keyword->type) {
	case KEYWORD_DURATION:
		value_format_duration(keyword->min, min);
		value_format_duration(keyword->max, max);
		break;
	case KEYWORD_SIZE:
		value_format_size(keyword->min, min);
		value_format_size(keyword->max, max);
		break;
	case KEYWORD_PERCENT:
		snprintf(min, sizeof(min), "%" PRIu64 "%%", keyword->min);
		snprintf(max, sizeof(max), "%" PRIu64 "%%", keyword->max);
		break;
	case KEYWORD_INTEGER:
	case KEYWORD_CODES:
	case KEYWORD_ADDRESSES:
	case KEYWORD_GATEWAYS:
	case KEYWORD_PREFIXES:
	case KEYWORD_LISTENS:
	case KEYWORD_NAMESERVERS:
	case KEYWORD_ENDPOINTS:
	case KEYWORD_DOMAINS:
	case KEYWORD_HOSTS:
	case KEYWORD_LIST:
		snprintf(min, sizeof(min), "%" PRIu64, keyword->min);
		snprintf(max, sizeof(max), "%" PRIu64, keyword->max);
		break;
	default:
		return;
	}
	snprintf(text, size, "%s to %s", min, max);
}
