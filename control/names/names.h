/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of next hops, for workers: takes what they ask, has it looked up, and answers the one that
 * asked.  What is under way is bounded, and nobody waits: a worker that hears nothing gives up by
 * itself (proxy/names.h).  How a name is located is the resolver's to know.  Control thread only.
 */
#ifndef NAMES_NAMES_H
#define NAMES_NAMES_H

#include "dataplane.h"
#include "resolver/resolver.h"

#define NAMES_JOBS_MAX 512

struct names_counters {
	uint64_t asked;
	uint64_t found, unknown, failed; /* failed: nothing was learned */
	uint64_t dropped;                /* too many under way */
};

struct name_job {
	struct name_finder *finder;
	enum { NAME_JOB_FREE, NAME_JOB_ASKED, NAME_JOB_ANSWERED } state;
	uint16_t worker;
	struct resolver_lookup *lookup; /* of ASKED */
	struct proxy_name_answer answer;
};

struct name_finder {
	struct dataplane *dataplane;
	struct resolver *resolver;
	/* The one that is in force: which addresses some interface leads to. */
	const struct balance_snapshot *const *snapshot;
	struct names_counters counters;
	uint32_t under_way;
	struct name_job jobs[NAMES_JOBS_MAX];
};

/* All of them outlive it. */
void names_open(struct name_finder *finder, struct dataplane *dataplane, struct resolver *resolver,
		const struct balance_snapshot *const *snapshot);
/* Before the resolver goes; never opened: nothing. */
void names_close(struct name_finder *finder);
/* Takes questions and hands over answers; every few milliseconds. */
void names_pump(struct name_finder *finder);

#endif
