/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of tandemd for people: tables and short lists.  Pure but for the stream it prints to. */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include <jansson.h>
#include <stdio.h>

#include "api/commands.h"

void ctl_render(enum api_command_id id, const json_t *body, FILE *out);
void ctl_render_blacklist(const json_t *body, FILE *out);
/* "TIME KIND: TEXT" */
void ctl_render_event(const json_t *event, FILE *out);

#endif
