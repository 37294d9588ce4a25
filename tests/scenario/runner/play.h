/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carries the commands of a scenario out, on one world.
 *
 *	play.c     the parties, time, operator's commands, automatic flows
 *	scripted.c what scripted parties send
 *	expect.c   what is expected of them and of the engine
 *	expect_dialog.c of its dialogs and events
 *	expect_outcome.c of what control is told of targets
 */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include "agent.h"
#include "script.h"

#define VARIABLES_MAX 32

struct play {
	struct arena *arena;
	const struct script *script;
	struct world *world;
	const struct command *command; /* being carried out */
	int line;                      /* of it, or of the line of its block */
	char *words[WORDS_MAX];
	int word_count;
	struct letter *letter;         /* the last one expected */
	struct {
		const char *name, *value;
	} variables[VARIABLES_MAX];
	int variable_count;
};

/* One run.  Returns NULL when all went as written, else what went wrong with its line; the
 * network's picture goes to `picture`, the number of datagrams to *datagrams. */
char *play_script(struct arena *arena, const struct script *script, const struct faults *faults,
		  struct text *picture, unsigned int *datagrams);

/* ---- for the parts */
void play_fail(struct play *play, const char *format, ...) PRINTF_LIKE(2, 3);
/* $name and ${name} replaced. */
char *play_expand(struct play *play, const char *text);
void play_set(struct play *play, const char *name, const char *value);
/* The words from `from` on are these (NULL-terminated)?  "*" stands for any word. */
bool play_words(const struct play *play, int from, ...);

void scripted_command(struct play *play, struct node *node);
void expect_command(struct play *play);
/* expect told, expect target, expect calls; false: it is none of them. */
[[nodiscard]] bool expect_outcome_command(struct play *play);
/* expect dialogs, expect event; false: it is neither. */
[[nodiscard]] bool expect_dialog_command(struct play *play);
/* Checks of one letter, one a line of the block. */
void expect_block(struct play *play, const struct letter *letter);

#endif
