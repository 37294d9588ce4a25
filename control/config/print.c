/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration in force as YAML, through the table of keywords.
 */
#include <inttypes.h>

#include "config/model.h"
#include "config/value.h"

static void print_section(enum keyword_section section, const struct config_item *item, int depth,
			  bool in_list, FILE *out);

static void indent(int depth, FILE *out)
{
	for (int i = 0; i < depth; i++)
		fputs("  ", out);
}

static void print_quoted(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void print_prefix(const struct ip_prefix *prefix, FILE *out)
{
	char text[ENDPOINT_TEXT_MAX];
	fprintf(out, "\"%s/%u\"", ip_address_to_string(&prefix->address, text), prefix->bits);
}

static void print_element(const struct keyword *keyword, const struct config_list *list,
			  uint32_t i, FILE *out)
{
	char text[ENDPOINT_TEXT_MAX];
	switch (keyword->type) {
	case KEYWORD_GATEWAYS:
		fprintf(out, "\"%s\"",
			ip_address_to_string(&CONFIG_ITEMS(config_address, *list)[i].address,
					     text));
		break;
	case KEYWORD_LISTENS:
		fprintf(out, "\"udp:%s\"",
			endpoint_to_string(&CONFIG_ITEMS(config_listen, *list)[i].endpoint, text));
		break;
	case KEYWORD_NAMESERVERS:
		fprintf(out, "\"%s\"",
			endpoint_to_string(&CONFIG_ITEMS(config_endpoint, *list)[i].endpoint, text));
		break;
	case KEYWORD_ENDPOINTS:
		fprintf(out, "\"%s\"",
			endpoint_to_string(&CONFIG_ITEMS(config_listen, *list)[i].endpoint, text));
		break;
	case KEYWORD_DOMAINS:
	case KEYWORD_TEXTS:
		print_quoted(CONFIG_ITEMS(config_text, *list)[i].text, out);
		break;
	default:
		print_prefix(&CONFIG_ITEMS(config_prefix, *list)[i].prefix, out);
		break;
	}
}

static void print_elements(const struct keyword *keyword, const struct config_list *list, FILE *out)
{
	fputs(" [", out);
	for (uint32_t i = 0; i < list->count; i++) {
		fputs(i ? ", " : "", out);
		print_element(keyword, list, i, out);
	}
	fputs("]\n", out);
}

static void print_choices(const struct keyword *keyword, uint32_t bits, FILE *out)
{
	const char *separator = "";
	fputs(" [", out);
	for (uint32_t i = 0; i < keyword->choice_count; i++) {
		if (!(bits & keyword->choices[i].value))
			continue;
		fprintf(out, "%s%s", separator, keyword->choices[i].name);
		separator = ", ";
	}
	fputs("]\n", out);
}

static void print_codes(const struct config_codes *codes, FILE *out)
{
	fputs(" [", out);
	for (uint32_t i = 0; i < codes->count; i++) {
		fprintf(out, "%s%u", i ? ", " : "", codes->ranges[i].first);
		if (codes->ranges[i].last != codes->ranges[i].first)
			fprintf(out, "-%u", codes->ranges[i].last);
	}
	fputs("]\n", out);
}

static void print_scalar(const struct keyword *keyword, const void *field, FILE *out)
{
	char text[VALUE_TEXT_MAX];
	putc(' ', out);
	switch (keyword->type) {
	case KEYWORD_INTEGER:
		fprintf(out, "%" PRIu32, *(const uint32_t *)field);
		break;
	case KEYWORD_DURATION:
		value_format_duration(*(const uint64_t *)field, text);
		fputs(text, out);
		break;
	case KEYWORD_SIZE:
		value_format_size(*(const uint64_t *)field, text);
		fputs(text, out);
		break;
	case KEYWORD_PERCENT:
		fprintf(out, "%" PRIu32 "%%", *(const uint32_t *)field);
		break;
	case KEYWORD_BOOLEAN:
		fputs(*(const bool *)field ? "true" : "false", out);
		break;
	case KEYWORD_CHOICE:
		for (uint32_t i = 0; i < keyword->choice_count; i++) {
			if (!keyword->choices[i].not_built &&
			    keyword->choices[i].value == *(const uint32_t *)field)
				fputs(keyword->choices[i].name, out);
		}
		break;
	case KEYWORD_ENDPOINT:
		fprintf(out, "\"%s\"", endpoint_to_string(field, text));
		break;
	default:
		print_quoted(field, out);
		break;
	}
	putc('\n', out);
}

static void print_list(const struct keyword *keyword, const struct config_list *list, int depth,
		       FILE *out)
{
	size_t size = keyword_tables[keyword->section]->struct_size;
	putc('\n', out);
	for (uint32_t i = 0; i < list->count; i++) {
		const void *item = (const unsigned char *)list->items + i * size;
		print_section(keyword->section, item, depth + 2, true, out);
	}
}

static void print_hosts(const struct config_list *list, int depth, FILE *out)
{
	const struct config_host *hosts = CONFIG_ITEMS(config_host, *list);
	char text[ENDPOINT_TEXT_MAX];
	putc('\n', out);
	for (uint32_t i = 0; i < list->count; i++) {
		indent(depth + 1, out);
		fprintf(out, "%s: \"%s\"\n", hosts[i].name,
			ip_address_to_string(&hosts[i].address, text));
	}
}

static bool is_set(const struct keyword *keyword, const void *field);

/* A section all of whose keywords have defaults is there with them; one that lacks what it has to
 * have was not given. */
static bool section_is_set(enum keyword_section section, const unsigned char *item)
{
	const struct keyword_table *table = keyword_tables[section];
	bool any = false;
	for (uint32_t i = 0; i < table->count; i++) {
		const struct keyword *keyword = &table->keywords[i];
		if (is_set(keyword, item + keyword->offset))
			any = true;
		else if (keyword->required)
			return false;
	}
	return any;
}

/* Whether there is anything to say: what has no default and was not given is left out. */
static bool is_set(const struct keyword *keyword, const void *field)
{
	switch (keyword->type) {
	case KEYWORD_NOT_BUILT:
		return false;
	case KEYWORD_TEXT:
	case KEYWORD_NAME:
	case KEYWORD_URI:
	case KEYWORD_SRV:
		return *(const char *)field != '\0';
	case KEYWORD_INTEGER:
		return keyword->unset || *(const uint32_t *)field;
	case KEYWORD_DURATION:
		return keyword->unset || *(const uint64_t *)field;
	case KEYWORD_ENDPOINT:
		return ((const struct endpoint *)field)->address.family != IP_NONE;
	case KEYWORD_ADDRESSES:
	case KEYWORD_GATEWAYS:
	case KEYWORD_PREFIXES:
	case KEYWORD_LISTENS:
	case KEYWORD_NAMESERVERS:
	case KEYWORD_ENDPOINTS:
	case KEYWORD_DOMAINS:
	case KEYWORD_TEXTS:
	case KEYWORD_HOSTS:
	case KEYWORD_LIST:
		return ((const struct config_list *)field)->count != 0;
	case KEYWORD_MAP:
		if (keyword->is_switch && !((const struct config_item *)field)->at.line)
			return false;
		return section_is_set(keyword->section, field);
	default:
		return true;
	}
}

static void print_value(const struct keyword *keyword, const void *field, int depth, FILE *out)
{
	switch (keyword->type) {
	case KEYWORD_MAP:
		putc('\n', out);
		print_section(keyword->section, field, depth + 1, false, out);
		break;
	case KEYWORD_LIST:
		print_list(keyword, field, depth, out);
		break;
	case KEYWORD_HOSTS:
		print_hosts(field, depth, out);
		break;
	case KEYWORD_CODES:
		print_codes(field, out);
		break;
	case KEYWORD_CHOICES:
		print_choices(keyword, *(const uint32_t *)field, out);
		break;
	case KEYWORD_ADDRESSES:
	case KEYWORD_GATEWAYS:
	case KEYWORD_PREFIXES:
	case KEYWORD_LISTENS:
	case KEYWORD_NAMESERVERS:
	case KEYWORD_ENDPOINTS:
	case KEYWORD_DOMAINS:
	case KEYWORD_TEXTS:
		print_elements(keyword, field, out);
		break;
	default:
		print_scalar(keyword, field, out);
		break;
	}
}

void config_print_field(const struct keyword *keyword, const void *field, FILE *out)
{
	if (is_set(keyword, field))
		print_value(keyword, field, 0, out);
}

static void print_section(enum keyword_section section, const struct config_item *item, int depth,
			  bool in_list, FILE *out)
{
	const struct keyword_table *table = keyword_tables[section];
	for (uint32_t i = 0; i < table->count; i++) {
		const struct keyword *keyword = &table->keywords[i];
		const void *field = (const unsigned char *)item + keyword->offset;
		if (!is_set(keyword, field))
			continue;
		indent(in_list ? depth - 1 : depth, out);
		fprintf(out, "%s%s:", in_list ? "- " : "", keyword->name);
		in_list = false;
		print_value(keyword, field, depth, out);
	}
}

void config_print(const struct config *config, FILE *out)
{
	print_section(SECTION_ROOT, &config->item, 0, false, out);
}
