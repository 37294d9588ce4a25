/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keyword reference as a manual page, tandem.yaml(5): what reference.c prints in Markdown, in
 * roff.  Knows no more Markdown than reference.c writes.
 */
#include <stdlib.h>

#include "config/config.h"

/* `code` is bold, *a word* slanted; what roff would take for a request or a hyphen is escaped. */
static void put_text(struct span text, FILE *out)
{
	bool is_bold = false, is_slanted = false;

	if (text.len && (*text.data == '.' || *text.data == '\''))
		fputs("\\&", out);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '`') {
			is_bold = !is_bold;
			fputs(is_bold ? "\\fB" : "\\fR", out);
		} else if (c == '*' && !is_bold) {
			is_slanted = !is_slanted;
			fputs(is_slanted ? "\\fI" : "\\fR", out);
		} else if (c == '\\') {
			fputs("\\e", out);
		} else if (c == '-') {
			fputs("\\-", out);
		} else {
			fputc(c, out);
		}
	}
	fputc('\n', out);
}

static void put_heading(const char *request, struct span text, FILE *out)
{
	fprintf(out, "%s \"", request);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '"')
			fputc(text.data[i], out);
	}
	fputs("\"\n", out);
}

/* "- Type: text" */
static void put_fact(struct span line, FILE *out)
{
	size_t colon = span_find(line, ':');

	fprintf(out, ".IP %.*s 10\n", (int)colon, line.data);
	put_text(span_trim(span_from(line, colon + 1)), out);
}

/* "| a | b |" */
static void put_row(struct span line, FILE *out)
{
	struct span first = span_from(line, 1);
	size_t bar = span_find(first, '|');
	struct span second = span_trim(span_from(first, bar + 1));

	if (second.len && second.data[second.len - 1] == '|')
		second.len--;
	fputs(".TP\n", out);
	put_text(span_trim(span_of(first.data, bar)), out);
	put_text(span_trim(second), out);
}

static bool is_table_head(struct span line)
{
	return span_starts_with(line, SPAN("|---")) || span_starts_with(line, SPAN("| keyword |"));
}

static void put_line(struct span line, bool *wants_paragraph, FILE *out)
{
	if (line.len == 0) {
		*wants_paragraph = true;
		return;
	}
	if (span_starts_with(line, SPAN("### ")))
		put_heading(".SS", span_from(line, 4), out);
	else if (span_starts_with(line, SPAN("## ")))
		put_heading(".SH", span_from(line, 3), out);
	else if (span_starts_with(line, SPAN("- ")))
		put_fact(span_from(line, 2), out);
	else if (*line.data == '|' && !is_table_head(line))
		put_row(line, out);
	else if (*line.data != '|') {
		if (*wants_paragraph)
			fputs(".PP\n", out);
		put_text(line, out);
	}
	*wants_paragraph = false;
}

static const char head[] =
	".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	".\\\" Generated from the table of keywords; do not edit.\n"
	".TH TANDEM.YAML 5 \"\" \"Tandem\" \"File formats\"\n"
	".SH NAME\n"
	"tandem.yaml \\- configuration of tandemd\n"
	".SH SYNOPSIS\n"
	".B tandemd \\-\\-check \\-c tandem.yaml\n"
	".SH DESCRIPTION\n";
static const char foot[] =
	".SH SEE ALSO\n"
	".BR tandemd (8),\n"
	".BR tandemctl (8)\n";

void config_print_manual(FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *reference = open_memstream(&text, &size);
	bool wants_paragraph = false;

	if (!reference)
		return;
	config_print_reference(reference);
	fclose(reference);
	fputs(head, out);
	for (struct span rest = span_of(text, size); rest.len;) {
		struct span line = span_of(rest.data, span_find(rest, '\n'));
		rest = span_from(rest, line.len + 1);
		if (span_starts_with(line, SPAN("# ")) || span_starts_with(line, SPAN("Generated ")))
			continue;
		put_line(line, &wants_paragraph, out);
	}
	fputs(foot, out);
	free(text);
}
