/* SPDX-License-Identifier: BSD-3-Clause */
/* The command that words name, by the table of commands; what to say when they name none. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "api/commands.h"

/* The command whose name is the first *used words, or API_COMMAND_COUNT. */
[[nodiscard]] enum api_command_id ctl_command_find(int count, const char *const *words, int *used);
/* True when the name begins with the `count` words and has more. */
[[nodiscard]] bool ctl_command_goes_on(enum api_command_id id, int count, const char *const *words);
/* Why there is no such command, and which one may be meant, into why[size]. */
void ctl_command_why_none(int count, const char *const *words, char *why, size_t size);

#endif
