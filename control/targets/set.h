/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The target set: which targets each pool has, by who says so: the configuration, DNS, an agent,
 * the operator.  A snapshot is built out of the configuration and this set.  It resolves nothing
 * and judges nothing, and knows no state of a target: that lies in the registry by stable id.
 * Control thread only.
 */
#ifndef TARGETS_SET_H
#define TARGETS_SET_H

#include "balance/snapshot.h"

enum target_source {
	TARGET_SOURCE_CONFIG,
	TARGET_SOURCE_SRV,
	TARGET_SOURCE_AGENT,
	TARGET_SOURCE_OPERATOR,
};
#define TARGET_SOURCES 4

/* "config", "srv", "agent", "operator". */
const char *target_source_name(enum target_source source);

/* The stable id comes from the pool's name and `name`, so it tells all that makes the target what
 * it is: of an SRV record host, port and, where a host has several addresses, the address. */
struct target_spec {
	char name[BALANCE_NAME_MAX];
	char uri[128];               /* without < > */
	struct endpoint endpoint;    /* an address and a port, always */
	uint16_t priority, weight;
	uint32_t calls_max;          /* live calls; 0: no cap */
	uint32_t rate_max;           /* initial requests a second; 0: no cap */
};

struct target_member {
	const struct target_spec *spec;
	enum target_source source;
};

struct target_set;
[[nodiscard]] struct target_set *target_set_create(void); /* NULL: out of memory */
void target_set_destroy(struct target_set *set);          /* NULL is allowed */
/* For changes that are taken over as a whole or not at all.  NULL: out of memory. */
[[nodiscard]] struct target_set *target_set_copy(const struct target_set *set);
/* Exchanges what the two hold. */
void target_set_swap(struct target_set *a, struct target_set *b);

/*
 * Replaces all targets that a source gives to a pool.  The pool need not be configured (yet).  What
 * the configuration gives keeps its order, the others are sorted by name, so that the order in
 * which DNS answers makes no difference.  1: something differs and a new snapshot is wanted; 0:
 * nothing does; -EINVAL: a spec has no name, no address or no port, and nothing was replaced;
 * -ENOMEM.
 */
[[nodiscard]] int target_set_replace(struct target_set *set, const char *pool,
				     enum target_source source, const struct target_spec *specs,
				     uint32_t count);

/* What one source gives to a pool; *count 0 and NULL: nothing.  Until the next replacement. */
const struct target_spec *target_set_of(const struct target_set *set, const char *pool,
					enum target_source source, uint32_t *count);

/* All of a pool's, in the order of the sources.  Of two with one name the first counts.  Until the
 * next replacement; *count 0 and NULL: none. */
const struct target_member *target_set_members(const struct target_set *set, const char *pool,
					       uint32_t *count);

/* The pools that a source gives something to, by number; NULL: no more. */
const char *target_set_pool(const struct target_set *set, enum target_source source,
			    uint32_t number);

#endif
