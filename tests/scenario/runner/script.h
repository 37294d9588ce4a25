/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scenario file as commands: a line that starts in the first column is a command, indented lines
 * below belong to it, '#' starts a comment line.  Knows no command's meaning.
 */
#ifndef SCENARIO_SCRIPT_H
#define SCENARIO_SCRIPT_H

#include "arena.h"
#include "base/tick.h"

#define WORDS_MAX    24
#define BLOCK_MAX    80
#define COMMANDS_MAX 256

struct command {
	int line;                  /* in the file, from 1 */
	const char *text;          /* as written */
	const char *block[BLOCK_MAX]; /* indented lines, without their indentation */
	int block_line[BLOCK_MAX];
	int block_count;
};

struct script {
	const char *file;
	const char *title, *rule;  /* what it shows, and the clause that asks for it */
	const char *snapshot;
	const char *capacity;      /* "TXNS TOMBSTONES OCTETS [DIALOGS]" of the engine; NULL: plenty */
	bool with_every_loss;
	bool asks_names;           /* control answers for names, by commands */
	struct command *commands[COMMANDS_MAX];
	int command_count;
};

/* NULL with "file:line: what is wrong" in *error. */
struct script *script_read(struct arena *arena, const char *file, char **error);
/* "250ms", "2s", "3m", "0"; TICK_NEVER: not a duration. */
tick_t script_duration(const char *text);

#endif
