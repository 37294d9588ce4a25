/* SPDX-License-Identifier: BSD-3-Clause */
/* Help out of the table of commands. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

#include "api/commands.h"

void ctl_help(FILE *out);
/* What `help` followed by these words asks for: everything, a command, or those of a group.  False,
 * with a sentence, when they name none. */
[[nodiscard]] bool ctl_help_words(int count, const char *const *words, FILE *out, char *why,
				  size_t size);
void ctl_help_command(enum api_command_id id, FILE *out);
/* The commands as a part of a manual page (roff, man macros). */
void ctl_help_manual(FILE *out);

#endif
