/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of commands that show or change what runs, for people. */
#ifndef CTL_RENDER_CHANGE_H
#define CTL_RENDER_CHANGE_H

#include <jansson.h>
#include <stdio.h>

#include "api/commands.h"

/* Of reload, also one that was refused; target add and remove; set timers; show config. */
void ctl_render_change(enum api_command_id id, const json_t *body, FILE *out);
/* ", 3 calls left", when there are any. */
void ctl_render_calls_left(const json_t *body, FILE *out);

#endif
