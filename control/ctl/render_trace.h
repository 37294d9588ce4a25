/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of a trace for people.  Pure but for the stream it prints to. */
#ifndef CTL_RENDER_TRACE_H
#define CTL_RENDER_TRACE_H

#include <jansson.h>
#include <stdio.h>

/* `message`: one member of a partial result's `messages`. */
void ctl_render_traced(const json_t *message, FILE *out);
/* What the last answer says of the whole. */
void ctl_render_trace_end(const json_t *body, FILE *out);

#endif
