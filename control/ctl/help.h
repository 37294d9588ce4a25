/* SPDX-License-Identifier: BSD-3-Clause */
/* Help out of the table of commands. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

#include "api/commands.h"

void ctl_help(FILE *out);
void ctl_help_command(enum api_command_id id, FILE *out);
/* The commands as a part of a manual page (roff, man macros). */
void ctl_help_manual(FILE *out);

#endif
