/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that lists targets, a line each: "POOL NAME sip:ADDRESS:PORT [priority N] [weight N]
 * [calls-max N] [rate-max N]"; # begins a comment.  From text to the rows that an agent sends.
 * Knows no file and no socket; whether the addresses make sense, tandemd says.
 */
#ifndef AGENT_FILE_TARGETS_FILE_H
#define AGENT_FILE_TARGETS_FILE_H

#include <jansson.h>

#include "base/span.h"

/* {pool: [{name, uri, priority, weight, ...}]}, to be released.  NULL: with "NAME:LINE: what is
 * wrong, what is accepted" in error[size]. */
[[nodiscard]] json_t *targets_file_parse(const char *name, struct span text, char *error,
					 size_t size);

#endif
