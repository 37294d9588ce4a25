/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools whose targets come from SRV records: asks for their names when the answers expire, keeps
 * the last good ones (also on disk), hands differences to whoever owns the targets, tells people.
 * What an answer does is srv_name.h's to say.  Control thread only.
 */
#ifndef RESOLVER_SRV_POOLS_H
#define RESOLVER_SRV_POOLS_H

#include <jansson.h>

#include "resolver/resolver.h"
#include "targets/set.h"

#define SRV_NAMES_MAX 256

struct srv_pools_ops {
	void *context;
	/* target_set_replace for TARGET_SOURCE_SRV: 1, 0 or -errno. */
	int (*replace)(void *context, const char *pool, const struct target_spec *specs,
		       uint32_t count);
	/* Some pool's targets differ. */
	void (*publish)(void *context);
	/* May a target have this address? */
	bool (*is_usable)(void *context, const struct ip_address *address);
	/* `fields` is stolen. */
	void (*tell)(void *context, json_t *fields, const char *text);
};

struct srv_pool_config {
	const char *pool, *name;
};

struct srv_pools;
/* Reads what an earlier process kept in `path`; a file that is refused is told.  NULL: out of
 * memory. */
[[nodiscard]] struct srv_pools *srv_pools_create(uv_loop_t *loop, struct resolver *resolver,
						 const struct srv_pools_ops *ops, const char *path);
/* Handles close while the loop runs on.  Nothing is told or replaced any more.  NULL is allowed. */
void srv_pools_destroy(struct srv_pools *pools);

/*
 * These pools from now on.  Names that are known go on as they are; of a new one what was kept is
 * served at once, and it is asked for as soon as the loop runs.  Pools that are gone lose the
 * targets that they had from here.  0 or -ENOMEM, and some pools may lack their names.
 */
[[nodiscard]] int srv_pools_configure(struct srv_pools *pools, const struct srv_pool_config *configs,
				      uint32_t count);

/* Each name with its records and state, {"names": [...], ...}; `name` NULL: all. */
[[nodiscard]] json_t *srv_pools_show(const struct srv_pools *pools, const char *name);

#endif
