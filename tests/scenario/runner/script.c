/* SPDX-License-Identifier: BSD-3-Clause */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

tick_t script_duration(const char *text)
{
	char *unit;
	double value = strtod(text, &unit);
	if (unit == text || value < 0)
		return TICK_NEVER;
	if (text_is(unit, "us"))
		return (tick_t)(value + 0.5);
	if (text_is(unit, "ms"))
		return (tick_t)(value * 1e3 + 0.5);
	if (text_is(unit, "s"))
		return (tick_t)(value * 1e6 + 0.5);
	if (text_is(unit, "m"))
		return (tick_t)(value * 6e7 + 0.5);
	return value == 0 && !*unit ? 0 : TICK_NEVER;
}

static char *read_file(struct arena *arena, const char *file)
{
	FILE *in = fopen(file, "rb");
	struct text text = { .arena = arena };
	char buffer[4096];
	size_t n;
	if (!in)
		return NULL;
	text_add(&text, "", 0);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		text_add(&text, buffer, n);
	fclose(in);
	return text.at;
}

/* What describes the scenario itself is taken out of the commands.  True: it was such a one. */
static bool take_heading(struct arena *arena, struct script *script, struct command *command)
{
	const char *text = command->text;
	if (strncmp(text, "scenario ", 9) == 0) {
		script->title = text_trim(arena, text + 9, strlen(text + 9));
	} else if (strncmp(text, "rule ", 5) == 0) {
		script->rule = text_trim(arena, text + 5, strlen(text + 5));
	} else if (strncmp(text, "capacity ", 9) == 0) {
		script->capacity = text + 9;
	} else if (text_is(text, "with every loss")) {
		script->with_every_loss = true;
	} else if (text_is(text, "asks for names")) {
		script->asks_names = true;
	} else if (text_is(text, "snapshot")) {
		struct text lines = { .arena = arena };
		for (int i = 0; i < command->block_count; i++)
			text_print(&lines, "%s\n", command->block[i]);
		script->snapshot = lines.at;
	} else {
		return false;
	}
	return true;
}

static bool finish(struct arena *arena, struct script *script, struct command *command)
{
	if (!command || take_heading(arena, script, command))
		return true;
	if (script->command_count == COMMANDS_MAX)
		return false;
	script->commands[script->command_count++] = command;
	return true;
}

struct script *script_read(struct arena *arena, const char *file, char **error)
{
	struct script *script = arena_alloc(arena, sizeof(*script));
	struct command *command = NULL;
	char *at = read_file(arena, file), *next;

	script->file = file;
	if (!at) {
		*error = arena_format(arena, "%s: cannot be read", file);
		return NULL;
	}
	for (int line = 1; at && *at; at = next, line++) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		char *text = text_trim(arena, at, strlen(at));
		if (*text == '#' || !*text)
			continue;
		if (*at == ' ' || *at == '\t') {
			if (!command || command->block_count == BLOCK_MAX) {
				*error = arena_format(arena, "%s:%d: %s", file, line,
						      command ? "too many lines for a command" :
								"indented, but belongs to nothing");
				return NULL;
			}
			command->block[command->block_count] = text;
			command->block_line[command->block_count++] = line;
			continue;
		}
		if (!finish(arena, script, command)) {
			*error = arena_format(arena, "%s:%d: too many commands", file, line);
			return NULL;
		}
		command = arena_alloc(arena, sizeof(*command));
		command->line = line;
		command->text = text;
	}
	if (!finish(arena, script, command) || !script->title || !script->rule ||
	    !script->snapshot) {
		*error = arena_format(arena, "%s: needs a scenario, a rule and a snapshot", file);
		return NULL;
	}
	return script;
}
