/* SPDX-License-Identifier: BSD-3-Clause */
/* What SRV pools consist of, for the files that make them up. */
#ifndef RESOLVER_SRV_POOLS_INTERNAL_H
#define RESOLVER_SRV_POOLS_INTERNAL_H

#include <limits.h>

#include "resolver/srv_name.h"
#include "resolver/srv_pools.h"

struct store_writer;

/* A name that is asked for, for one pool or for several. */
struct watch {
	struct watch *next;
	struct srv_pools *pools;
	struct srv_name srv;
	uv_timer_t timer;
	struct resolver_lookup *lookup; /* under way */
	struct server_set *known;       /* lent to it */
};

struct srv_pool {
	struct srv_pool *next;
	struct watch *watch;
	char name[BALANCE_NAME_MAX];
};

/* What an earlier process kept, until a name claims it. */
struct restored {
	struct restored *next;
	struct server_set *set; /* NULL: claimed */
	int64_t answered_ms;
	uint32_t ttl_ms;
	char name[DNS_NAME_MAX];
};

struct srv_pools {
	uv_loop_t *loop;
	struct resolver *resolver;
	struct srv_pools_ops ops;
	struct watch *watches;
	struct srv_pool *list;
	struct restored *restored;
	struct store_writer *writer;
	uint64_t stored_ms;       /* uv_now of the last write */
	unsigned int references;  /* one of the owner, one of each watch that is not closed */
	bool is_store_due;        /* answers came since */
	bool has_store_failed, is_closing;
	char path[PATH_MAX];
};

#endif
