/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keyword reference in Markdown, every keyword in one shape.
 */
#include "config/model.h"
#include "config/value.h"

static const char *type_text(enum keyword_type type)
{
	switch (type) {
	case KEYWORD_TEXT:
		return "text";
	case KEYWORD_NAME:
		return "name: letters, digits, `.`, `_`, `-`";
	case KEYWORD_URI:
		return "SIP URI: `sip:HOST` or `sip:HOST:PORT`";
	case KEYWORD_SRV:
		return "name of SRV records: `_SERVICE._udp.DOMAIN`";
	case KEYWORD_NAMESERVERS:
		return "list of `ADDRESS` or `ADDRESS:PORT`, an IPv6 address with a port in brackets";
	case KEYWORD_INTEGER:
		return "whole number";
	case KEYWORD_DURATION:
		return "duration: a whole number and its unit";
	case KEYWORD_PERCENT:
		return "share: a whole number and `%`";
	case KEYWORD_CODES:
		return "list of status codes and ranges of them";
	case KEYWORD_SIZE:
		return "size: a whole number and its unit";
	case KEYWORD_BOOLEAN:
		return "`true` or `false`";
	case KEYWORD_CHOICE:
		return "one word of the range";
	case KEYWORD_CHOICES:
		return "list of words of the range";
	case KEYWORD_ADDRESSES:
		return "list of `ADDRESS/BITS`";
	case KEYWORD_GATEWAYS:
		return "address, or list of addresses";
	case KEYWORD_PREFIXES:
		return "list of `NETWORK/BITS`";
	case KEYWORD_LISTENS:
		return "list of `udp:ADDRESS:PORT`, an IPv6 address in brackets";
	case KEYWORD_ENDPOINT:
		return "`ADDRESS:PORT`, an IPv6 address in brackets";
	case KEYWORD_ENDPOINTS:
		return "`ADDRESS:PORT`, an IPv6 address in brackets, or a list of them";
	case KEYWORD_DOMAINS:
		return "list of host names or addresses";
	case KEYWORD_TEXTS:
		return "list of texts";
	case KEYWORD_HOSTS:
		return "mapping of names to addresses";
	case KEYWORD_MAP:
		return "mapping";
	case KEYWORD_LIST:
		return "list of mappings";
	default:
		return "";
	}
}

static const char *unit_text(enum keyword_type type)
{
	switch (type) {
	case KEYWORD_DURATION:
		return "`us`, `ms`, `s`, `m`, `h`";
	case KEYWORD_SIZE:
		return "`B`, `KiB`, `MiB`, `GiB`, `TiB`";
	case KEYWORD_PERCENT:
		return "`%`";
	default:
		return "none";
	}
}

static void print_default(const struct keyword *keyword, FILE *out)
{
	if (keyword->required)
		fputs("none, required", out);
	else if (keyword->unset)
		fprintf(out, "`%s`", keyword->unset);
	else if (keyword->type == KEYWORD_MAP && !keyword->unset_means)
		fputs("the defaults of its keywords", out);
	else
		fprintf(out, "none: %s",
			keyword->unset_means ? keyword->unset_means : "nothing");
}

static void print_range(const struct keyword *keyword, FILE *out)
{
	char text[2 * VALUE_TEXT_MAX + 8];
	const char *separator = "";
	switch (keyword->type) {
	case KEYWORD_CHOICE:
	case KEYWORD_CHOICES:
		for (uint32_t i = 0; i < keyword->choice_count; i++) {
			if (keyword->choices[i].not_built)
				continue;
			fprintf(out, "%s`%s`", separator, keyword->choices[i].name);
			separator = ", ";
		}
		return;
	case KEYWORD_TEXT:
	case KEYWORD_NAME:
	case KEYWORD_URI:
	case KEYWORD_SRV:
		fprintf(out, "1 to %u bytes", keyword->size - 1u);
		return;
	case KEYWORD_BOOLEAN:
	case KEYWORD_ENDPOINT:
	case KEYWORD_MAP:
		fputs("not limited further", out);
		return;
	case KEYWORD_INTEGER:
	case KEYWORD_DURATION:
	case KEYWORD_SIZE:
	case KEYWORD_PERCENT:
		keyword_range(keyword, text, sizeof(text));
		fputs(text, out);
		return;
	default:
		keyword_range(keyword, text, sizeof(text));
		fprintf(out, "%s entries", text);
		return;
	}
}

static void print_keyword(const struct keyword_table *table, const struct keyword *keyword,
			  FILE *out)
{
	fprintf(out, "### %s%s%s\n\n%s\n\n", table->path, *table->path ? "." : "", keyword->name,
		keyword->help);
	fprintf(out, "- Type: %s\n- Unit: %s\n- Default: ", type_text(keyword->type),
		unit_text(keyword->type));
	print_default(keyword, out);
	fputs("\n- Range: ", out);
	print_range(keyword, out);
	fprintf(out, "\n- Reload: %s\n- Example: `%s: %s`\n\n",
		keyword->reloadable ? "may change" : "no, at start only", keyword->name,
		keyword->example);
}

static void print_not_built(FILE *out)
{
	fputs("## Known, not built yet\n\n"
	      "These are refused by name, so that nobody believes that they work.\n\n"
	      "| keyword | until then |\n|---|---|\n",
	      out);
	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		const struct keyword_table *table = keyword_tables[i];
		for (uint32_t j = 0; j < table->count; j++) {
			const struct keyword *keyword = &table->keywords[j];
			if (keyword->type == KEYWORD_NOT_BUILT)
				fprintf(out, "| `%s.%s` | %s |\n", table->path, keyword->name,
					keyword->help);
			for (uint32_t k = 0; k < keyword->choice_count; k++) {
				if (keyword->choices[k].not_built)
					fprintf(out, "| `%s.%s: %s` | %s |\n", table->path,
						keyword->name, keyword->choices[k].name,
						keyword->choices[k].not_built);
			}
		}
	}
	fputs("| `services[].listen` with `tcp:`, `tls:`, `sctp:`, `ws:`, `wss:` | `udp:` alone is "
	      "served |\n",
	      out);
}

void config_print_reference(FILE *out)
{
	fputs("# Keyword reference\n\n"
	      "Generated from the table of keywords; do not edit.\n\n"
	      "The file is YAML in UTF-8, one mapping, at most 16 MiB.  Aliases, anchors and tags "
	      "are refused: every value stands where it is used.  A keyword that is not known, or "
	      "given twice, is an error.  Durations and sizes carry their unit, a bare number is an "
	      "error.\n\n"
	      "*Reload* says which keywords a reload may change; this version reads the file at "
	      "start alone.\n",
	      out);
	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		const struct keyword_table *table = keyword_tables[i];
		fprintf(out, "\n## %s\n\n%s\n\n", *table->path ? table->path : "Top level",
			table->help);
		for (uint32_t j = 0; j < table->count; j++) {
			if (table->keywords[j].type != KEYWORD_NOT_BUILT)
				print_keyword(table, &table->keywords[j], out);
		}
	}
	print_not_built(out);
}
