/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report: errors and warnings with positions, sorted, bounded; and strangers' text made fit
 * for a terminal.
 */
#include <inttypes.h>
#include <stdarg.h>

#include "config/model.h"

static bool is_before(struct config_position a, struct config_position b)
{
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

/* Mistakes are found in several passes: each goes to its place, after those of the same one. */
static void mistakes_insert(struct config_mistakes *mistakes, struct config_position at,
			    const char *format, va_list arguments)
{
	uint32_t place = mistakes->count;
	while (place > 0 && is_before(at, mistakes->list[place - 1].at))
		place--;
	if (mistakes->count == CONFIG_MISTAKES_MAX) {
		mistakes->omitted++;
		if (place == CONFIG_MISTAKES_MAX)
			return;
		mistakes->count--;
	}
	struct config_mistake *mistake = &mistakes->list[place];
	memmove(mistake + 1, mistake, (mistakes->count - place) * sizeof(*mistake));
	mistakes->count++;
	mistake->at = at;
	vsnprintf(mistake->text, sizeof(mistake->text), format, arguments);
}

void config_error(struct config_report *report, struct config_position at, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	mistakes_insert(&report->errors, at, format, arguments);
	va_end(arguments);
}

void config_warn(struct config_report *report, struct config_position at, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	mistakes_insert(&report->warnings, at, format, arguments);
	va_end(arguments);
}

const char *config_quote(struct span text, char quoted[CONFIG_QUOTED_MAX])
{
	char *at = quoted, *end = quoted + CONFIG_QUOTED_MAX - sizeof("\\x00...\"");
	*at++ = '"';
	size_t i = 0;
	for (; i < text.len && at < end; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c < 0x20 || c == 0x7f)
			at += snprintf(at, 5, "\\x%02x", c);
		else
			*at++ = (char)c;
	}
	/* A character of UTF-8 is not cut in two. */
	if (i < text.len) {
		while (at > quoted + 1 && ((unsigned char)text.data[i] & 0xc0) == 0x80)
			at--, i--;
		memcpy(at, "...", 3);
		at += 3;
	}
	*at++ = '"';
	*at = '\0';
	return quoted;
}

static void print_place(const struct config_report *report, struct config_position at, FILE *out)
{
	fputs(report->file, out);
	if (at.line)
		fprintf(out, ":%" PRIu32 ":%" PRIu32, at.line, at.column);
	fputs(": ", out);
}

static void print_mistakes(const struct config_report *report,
			   const struct config_mistakes *mistakes, const char *kind, FILE *out)
{
	for (uint32_t i = 0; i < mistakes->count; i++) {
		print_place(report, mistakes->list[i].at, out);
		fprintf(out, "%s%s\n", kind, mistakes->list[i].text);
	}
	if (mistakes->omitted)
		fprintf(out, "%s: %s%" PRIu32 " more\n", report->file, kind, mistakes->omitted);
}

void config_report_print(const struct config_report *report, FILE *out)
{
	print_mistakes(report, &report->errors, "", out);
	print_mistakes(report, &report->warnings, "warning: ", out);
}
