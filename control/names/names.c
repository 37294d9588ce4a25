/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of next hops, for workers; see names.h. */
#include "names/names.h"

#include <errno.h>

#include "balance/interface.h"
#include "resolver/ttl.h"

/* Kept where the resolver keeps nothing: a name that could not be asked for is not asked for again
 * by each request that comes. */
#define FAILED_KEEP_MS 2000u

void names_open(struct name_finder *finder, struct dataplane *dataplane, struct resolver *resolver,
		const struct balance_snapshot *const *snapshot)
{
	*finder = (struct name_finder){
		.dataplane = dataplane,
		.resolver = resolver,
		.snapshot = snapshot,
	};
	for (uint32_t i = 0; i < NAMES_JOBS_MAX; i++)
		finder->jobs[i].finder = finder;
}

void names_close(struct name_finder *finder)
{
	for (uint32_t i = 0; i < NAMES_JOBS_MAX && finder->under_way; i++) {
		struct name_job *job = &finder->jobs[i];
		if (job->state == NAME_JOB_FREE)
			continue;
		if (job->state == NAME_JOB_ASKED)
			resolver_cancel(job->lookup);
		job->state = NAME_JOB_FREE;
		finder->under_way--;
	}
	finder->resolver = NULL;
}

/* The first that some interface leads to: in the order in which they are to be tried.  Whether
 * requests may go there is the engine's to say. */
static bool choose(const struct balance_snapshot *snapshot, const struct server_set *set,
		   struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (balance_egress_find(snapshot, &set->servers[i].endpoint.address) ==
		    BALANCE_NONE)
			continue;
		*endpoint = set->servers[i].endpoint;
		return true;
	}
	return false;
}

/* False: no room in the ring, to be tried again. */
static bool hand_over(struct name_finder *finder, struct name_job *job)
{
	if (dataplane_name_answer(finder->dataplane, job->worker, &job->answer) == -EAGAIN)
		return false;
	job->state = NAME_JOB_FREE;
	finder->under_way--;
	return true;
}

static void job_answered(struct name_job *job, uint32_t keep_ms)
{
	job->state = NAME_JOB_ANSWERED;
	job->lookup = NULL;
	job->answer.keep_ms = keep_ms;
	(void)hand_over(job->finder, job);
}

static void job_failed(struct name_job *job)
{
	job->finder->counters.failed++;
	job_answered(job, FAILED_KEEP_MS);
}

static void found(void *context, const struct server_set *set)
{
	struct name_job *job = context;
	struct name_finder *finder = job->finder;

	if (set->status == SERVERS_FAILED) {
		job_failed(job);
		return;
	}
	job->answer.is_found = set->status == SERVERS_FOUND &&
			       choose(*finder->snapshot, set, &job->answer.endpoint);
	if (job->answer.is_found)
		finder->counters.found++;
	else
		finder->counters.unknown++;
	job_answered(job, ttl_of(set, resolver_settings(finder->resolver)));
}

static struct name_job *job_free(struct name_finder *finder)
{
	for (uint32_t i = 0; i < NAMES_JOBS_MAX && finder->under_way < NAMES_JOBS_MAX; i++) {
		if (finder->jobs[i].state == NAME_JOB_FREE)
			return &finder->jobs[i];
	}
	return NULL;
}

static void asked(void *context, uint16_t worker, const struct proxy_name *name)
{
	struct name_finder *finder = context;
	struct name_job *job = job_free(finder);

	finder->counters.asked++;
	if (!job) {
		finder->counters.dropped++;
		return;
	}
	finder->under_way++;
	job->state = NAME_JOB_ASKED;
	job->worker = worker;
	job->answer = (struct proxy_name_answer){ .key = name->key };
	if (resolver_lookup(finder->resolver, span_of_string(name->host), name->port, found, job,
			    &job->lookup) < 0)
		job_failed(job);
}

void names_pump(struct name_finder *finder)
{
	if (!finder->resolver)
		return;
	for (uint32_t i = 0; i < NAMES_JOBS_MAX && finder->under_way; i++) {
		if (finder->jobs[i].state == NAME_JOB_ANSWERED &&
		    !hand_over(finder, &finder->jobs[i]))
			break;
	}
	dataplane_poll_names(finder->dataplane, asked, finder);
}
