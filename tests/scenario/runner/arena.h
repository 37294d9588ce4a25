/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory and text of one run of a scenario: everything is freed at once with the run.
 * Strings are NUL-terminated; there is no failure to report, out of memory ends the process.
 */
#ifndef SCENARIO_ARENA_H
#define SCENARIO_ARENA_H

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena *arena);
/* Zeroed. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t len);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vformat(struct arena *arena, const char *format, va_list arguments)
	PRINTF_LIKE(2, 0);

/* Text that grows, in the arena. */
struct text {
	struct arena *arena;
	char *at;
	size_t len, size;
};
void text_add(struct text *text, const char *bytes, size_t len);
void text_print(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* Words separated by blanks; "double quoted" is one word, without its quotes.  Returns how many,
 * at most `max`. */
int text_split(struct arena *arena, const char *line, char **words, int max);
/* Without blanks at both ends. */
char *text_trim(struct arena *arena, const char *text, size_t len);

static inline bool text_is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

#endif
