/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The JSON Schema for editors: the shape of the file.  What takes two values to judge (names,
 * references, routes) only `tandemd --check` tells.
 */
#include <inttypes.h>

#include "config/model.h"

static void print_section(enum keyword_section section, int depth, FILE *out);

static void indent(int depth, FILE *out)
{
	for (int i = 0; i < depth; i++)
		fputs("  ", out);
}

static void print_string(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* Patterns are those of value.c and value_address.c, addresses only roughly. */
#define ADDRESS_PATTERN "[0-9A-Fa-f.:]+"

static const char *pattern_of(enum keyword_type type)
{
	switch (type) {
	case KEYWORD_NAME:
		return "^[A-Za-z0-9._-]+$";
	case KEYWORD_URI:
		return "^[sS][iI][pP]:([A-Za-z0-9._-]+|\\[" ADDRESS_PATTERN "\\])(:[0-9]+)?$";
	case KEYWORD_SRV:
		return "^_[A-Za-z0-9-]+\\._[uU][dD][pP]\\.[A-Za-z0-9._-]+$";
	case KEYWORD_NAMESERVERS:
		return "^(" ADDRESS_PATTERN "|\\[" ADDRESS_PATTERN "\\])(:[0-9]+)?$";
	case KEYWORD_DURATION:
		return "^[0-9]+(us|ms|s|m|h)$";
	case KEYWORD_PERCENT:
		return "^[0-9]+%$";
	case KEYWORD_SIZE:
		return "^[0-9]+(B|KiB|MiB|GiB|TiB)$";
	case KEYWORD_ADDRESSES:
	case KEYWORD_PREFIXES:
		return "^" ADDRESS_PATTERN "/[0-9]+$";
	case KEYWORD_GATEWAYS:
	case KEYWORD_HOSTS:
		return "^(" ADDRESS_PATTERN "|\\[" ADDRESS_PATTERN "\\])$";
	case KEYWORD_LISTENS:
		return "^udp:([0-9.]+|\\[" ADDRESS_PATTERN "\\]):[0-9]+$";
	case KEYWORD_ENDPOINT:
	case KEYWORD_ENDPOINTS:
		return "^([0-9.]+|\\[" ADDRESS_PATTERN "\\]):[0-9]+$";
	default:
		return NULL;
	}
}

static void print_pattern(enum keyword_type type, FILE *out)
{
	const char *pattern = pattern_of(type);
	fputs("\"type\": \"string\"", out);
	if (!pattern)
		return;
	fputs(", \"pattern\": ", out);
	print_string(pattern, out);
}

/* A word of digits, like 503, is a number to YAML tools; both are taken. */
static void print_words(const struct keyword *keyword, FILE *out)
{
	const char *separator = "";
	fputs("\"enum\": [", out);
	for (uint32_t i = 0; i < keyword->choice_count; i++) {
		const struct keyword_choice *choice = &keyword->choices[i];
		if (choice->not_built)
			continue;
		fputs(separator, out);
		print_string(choice->name, out);
		separator = ", ";
		if (choice->name[0] >= '0' && choice->name[0] <= '9')
			fprintf(out, ", %s", choice->name);
		/* YAML 1.1 tools read these words as truth values. */
		if (strcmp(choice->name, "on") == 0)
			fputs(", true", out);
		if (strcmp(choice->name, "off") == 0)
			fputs(", false", out);
	}
	putc(']', out);
}

static void print_list_of_strings(const struct keyword *keyword, FILE *out)
{
	fprintf(out,
		"\"type\": \"array\", \"minItems\": %" PRIu64 ", \"maxItems\": %" PRIu64
		", \"items\": {",
		keyword->min, keyword->max);
	print_pattern(keyword->type, out);
	putc('}', out);
}

static void print_type(const struct keyword *keyword, int depth, FILE *out)
{
	switch (keyword->type) {
	case KEYWORD_INTEGER:
		fprintf(out,
			"\"type\": \"integer\", \"minimum\": %" PRIu64 ", \"maximum\": %" PRIu64,
			keyword->min, keyword->max);
		break;
	case KEYWORD_BOOLEAN:
		fputs("\"type\": \"boolean\"", out);
		break;
	case KEYWORD_CHOICE:
		print_words(keyword, out);
		break;
	case KEYWORD_CHOICES:
		fputs("\"type\": \"array\", \"items\": {", out);
		print_words(keyword, out);
		putc('}', out);
		break;
	case KEYWORD_CODES:
		/* One code is a number to YAML tools. */
		fprintf(out,
			"\"type\": \"array\", \"minItems\": %" PRIu64 ", \"maxItems\": %" PRIu64
			", \"items\": {\"oneOf\": [{\"type\": \"integer\", \"minimum\": 200, "
			"\"maximum\": 699}, {\"type\": \"string\", \"pattern\": "
			"\"^[2-6][0-9][0-9](-[2-6][0-9][0-9])?$\"}]}",
			keyword->min, keyword->max);
		break;
	case KEYWORD_ADDRESSES:
	case KEYWORD_PREFIXES:
	case KEYWORD_LISTENS:
	case KEYWORD_NAMESERVERS:
	case KEYWORD_DOMAINS:
	case KEYWORD_TEXTS:
		print_list_of_strings(keyword, out);
		break;
	case KEYWORD_GATEWAYS:
	case KEYWORD_ENDPOINTS:
		fputs("\"oneOf\": [{", out);
		print_pattern(keyword->type, out);
		fputs("}, {", out);
		print_list_of_strings(keyword, out);
		fputs("}]", out);
		break;
	case KEYWORD_HOSTS:
		fputs("\"type\": \"object\", \"minProperties\": 1, \"additionalProperties\": {", out);
		print_pattern(keyword->type, out);
		putc('}', out);
		break;
	case KEYWORD_MAP:
		print_section(keyword->section, depth, out);
		break;
	case KEYWORD_LIST:
		fprintf(out,
			"\"type\": \"array\", \"minItems\": %" PRIu64 ", \"maxItems\": %" PRIu64
			", \"items\": {",
			keyword->min, keyword->max);
		print_section(keyword->section, depth, out);
		putc('}', out);
		break;
	default:
		/* An instance that is a number, a name that is one: YAML tools see integers. */
		if (keyword->type == KEYWORD_NAME)
			fputs("\"type\": [\"string\", \"integer\"], \"pattern\": "
			      "\"^[A-Za-z0-9._-]+$\"",
			      out);
		else
			print_pattern(keyword->type, out);
		if (keyword->type == KEYWORD_TEXT || keyword->type == KEYWORD_NAME ||
		    keyword->type == KEYWORD_URI || keyword->type == KEYWORD_SRV)
			fprintf(out, ", \"minLength\": 1, \"maxLength\": %u", keyword->size - 1u);
		break;
	}
}

static bool is_plain(const struct keyword *keyword)
{
	return keyword->type == KEYWORD_INTEGER || keyword->type == KEYWORD_BOOLEAN ||
	       keyword->type == KEYWORD_CHOICES || keyword->unset[0] == '"';
}

static void print_keyword(const struct keyword *keyword, int depth, FILE *out)
{
	indent(depth, out);
	print_string(keyword->name, out);
	fputs(": {", out);
	print_type(keyword, depth, out);
	fputs(", \"description\": ", out);
	print_string(keyword->help, out);
	if (keyword->unset && keyword->type != KEYWORD_CHOICES && keyword->type != KEYWORD_CODES) {
		fputs(", \"default\": ", out);
		if (is_plain(keyword))
			fputs(keyword->unset, out);
		else
			print_string(keyword->unset, out);
	}
	putc('}', out);
}

/* The members of a mapping's schema, without the braces around them. */
static void print_section(enum keyword_section section, int depth, FILE *out)
{
	const struct keyword_table *table = keyword_tables[section];
	const char *separator = "";
	fputs("\"type\": \"object\", \"additionalProperties\": false, \"required\": [", out);
	for (uint32_t i = 0; i < table->count; i++) {
		if (!table->keywords[i].required)
			continue;
		fputs(separator, out);
		print_string(table->keywords[i].name, out);
		separator = ", ";
	}
	fputs("], \"properties\": {", out);
	separator = "\n";
	for (uint32_t i = 0; i < table->count; i++) {
		if (table->keywords[i].type == KEYWORD_NOT_BUILT)
			continue;
		fputs(separator, out);
		print_keyword(&table->keywords[i], depth + 1, out);
		separator = ",\n";
	}
	putc('\n', out);
	indent(depth, out);
	putc('}', out);
}

void config_print_schema(FILE *out)
{
	fputs("{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	      "\"title\": \"Tandem configuration\",\n",
	      out);
	print_section(SECTION_ROOT, 0, out);
	fputs("\n}\n", out);
}
