/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator's own endpoints, and which one a datagram came to: callers, targets, sources of a
 * flood.  A table that is filled once and then read.
 */
#ifndef GENERATOR_LOCALS_H
#define GENERATOR_LOCALS_H

#include "net/endpoint.h"

#define LOCALS_MAX 1024u

enum locals_role { LOCALS_CALLER, LOCALS_TARGET, LOCALS_FLOOD };

struct local {
	struct endpoint endpoint;
	uint8_t role;    /* enum locals_role */
	uint16_t index;  /* among those of its role */
};

struct locals {
	uint32_t count;
	uint16_t slots[4 * LOCALS_MAX]; /* entry + 1; 0: free */
	struct local entries[LOCALS_MAX];
};

/* False: there is no room, or the endpoint is there already. */
[[nodiscard]] bool locals_insert(struct locals *locals, const struct endpoint *endpoint,
				 enum locals_role role, uint16_t index);
/* NULL: not one of ours. */
[[nodiscard]] const struct local *locals_find(const struct locals *locals,
					      const struct endpoint *endpoint);

#endif
