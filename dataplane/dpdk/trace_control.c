/* SPDX-License-Identifier: BSD-3-Clause */
/* See trace_control.h. */
#include <errno.h>
#include <stdlib.h>

#include <rte_random.h>

#include "dpdk/adapter.h"

#define RECORDS_A_POLL 4096 /* a worker: what is left comes in the next pass of the loop */

/* Given back when no worker can still look at it. */
struct trace_retired {
	struct trace_retired *next;
	uint64_t token;
	struct trace_set *set;
	struct trace_ring **rings;     /* of the last set, with it; or NULL */
};

static void rings_destroy(struct trace_ring **rings, uint16_t count)
{
	for (uint16_t w = 0; rings && w < count; w++)
		free(rings[w]);
	free(rings);
}

static struct trace_ring **rings_create(uint16_t count)
{
	struct trace_ring **rings = calloc(count, sizeof(*rings));

	for (uint16_t w = 0; rings && w < count; w++) {
		rings[w] = trace_ring_create();
		if (rings[w])
			continue;
		rings_destroy(rings, count);
		return NULL;
	}
	return rings;
}

static uint64_t rings_dropped(struct trace_ring *const *rings, uint16_t count)
{
	uint64_t dropped = 0;

	for (uint16_t w = 0; rings && w < count; w++)
		dropped += __atomic_load_n(&rings[w]->dropped, __ATOMIC_RELAXED);
	return dropped;
}

static struct trace_set *set_create(struct trace_control *control)
{
	struct trace_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->key = control->key;
	set->rings = control->rings;
	set->serial = ++control->serial;
	for (uint32_t f = 0; f < DATAPLANE_TRACES_MAX; f++) {
		const struct trace_follower *follower = &control->followers[f];
		if (!follower->traced)
			continue;
		set->used |= (uint8_t)(1u << f);
		set->octets = MAX(set->octets,
				  MIN(follower->filter.octets, (uint32_t)DATAPLANE_OCTETS_MAX));
		trace_filter_init(&set->filters[f], &follower->filter, &set->key);
	}
	return set;
}

/* `retired` holds what was in force, and takes the rings when nobody follows any more. */
static void set_install(struct dataplane *dataplane, struct trace_set *set,
			struct trace_retired *retired)
{
	struct trace_control *control = &dataplane->trace;

	retired->set = control->set;
	if (!set) {
		retired->rings = control->rings;
		control->rings = NULL;
	}
	control->set = set;
	__atomic_store_n(&dataplane->trace_set, set, __ATOMIC_RELEASE);
	retired->token = rte_rcu_qsbr_start(dataplane->qsbr);
	retired->next = control->retired;
	control->retired = retired;
}

/* One whose filter cannot be taken out for want of memory is not told of anything any more. */
static bool set_renew(struct dataplane *dataplane)
{
	struct trace_control *control = &dataplane->trace;
	struct trace_retired *retired = calloc(1, sizeof(*retired));
	struct trace_set *set = NULL;

	if (retired && control->count)
		set = set_create(control);
	if (!retired || (control->count && !set)) {
		free(retired);
		return false;
	}
	set_install(dataplane, set, retired);
	return true;
}

int dataplane_trace_start(struct dataplane *dataplane, const struct dataplane_trace_filter *filter,
			  dataplane_traced_fn traced, void *context)
{
	struct trace_control *control = &dataplane->trace;
	int number = 0;

	while (number < DATAPLANE_TRACES_MAX && control->followers[number].traced)
		number++;
	if (number == DATAPLANE_TRACES_MAX)
		return -ENOSPC;
	if (!control->rings) {
		control->key = (struct hash_key){ rte_rand(), rte_rand() };
		control->rings = rings_create(dataplane->worker_count);
		if (!control->rings)
			return -ENOMEM;
	}
	control->followers[number] = (struct trace_follower){
		.traced = traced,
		.context = context,
		.since = control->serial + 1,
		.filter = *filter,
	};
	control->count++;
	if (set_renew(dataplane))
		return number;
	control->followers[number].traced = NULL;
	control->count--;
	return -ENOMEM;
}

void dataplane_trace_stop(struct dataplane *dataplane, int number)
{
	struct trace_control *control = &dataplane->trace;

	if (number < 0 || number >= DATAPLANE_TRACES_MAX || !control->followers[number].traced)
		return;
	control->followers[number].traced = NULL;
	control->count--;
	(void)set_renew(dataplane);
}

bool dataplane_trace_settled(struct dataplane *dataplane)
{
	const struct trace_retired *newest = dataplane->trace.retired;

	return !newest || rte_rcu_qsbr_check(dataplane->qsbr, newest->token, false) == 1;
}

uint64_t dataplane_trace_dropped(const struct dataplane *dataplane)
{
	return rings_dropped(dataplane->trace.rings, dataplane->worker_count);
}

static void record_pass_on(struct dataplane *dataplane, uint16_t worker,
			   const struct trace_record *record)
{
	struct dataplane_traced traced;

	trace_record_read(record, &traced);
	traced.worker = worker;
	traced.wall_ns = clock_wall_ns_of(&dataplane->clock, record->tsc);
	for (uint32_t f = 0; f < DATAPLANE_TRACES_MAX; f++) {
		const struct trace_follower *follower = &dataplane->trace.followers[f];
		/* Not what a filter took that had this number before. */
		if (!(record->matched >> f & 1) || !follower->traced ||
		    (int32_t)(record->serial - follower->since) < 0)
			continue;
		follower->traced(follower->context, &traced);
	}
}

static void retired_free(struct dataplane *dataplane, struct trace_retired **link)
{
	struct trace_retired *retired = *link;

	*link = retired->next;
	rings_destroy(retired->rings, dataplane->worker_count);
	free(retired->set);
	free(retired);
}

void trace_control_poll(struct dataplane *dataplane)
{
	struct trace_control *control = &dataplane->trace;

	/* A follower that had enough may stop the trace in its call: the rings may go then. */
	for (uint16_t w = 0; control->rings && w < dataplane->worker_count; w++) {
		const struct trace_record *record;
		for (int i = 0; i < RECORDS_A_POLL && control->rings &&
				(record = trace_ring_peek(control->rings[w])) != NULL; i++) {
			struct trace_ring *ring = control->rings[w];
			record_pass_on(dataplane, w, record);
			trace_ring_pop(ring, record);
		}
	}
	for (struct trace_retired **link = &control->retired; *link;) {
		if (rte_rcu_qsbr_check(dataplane->qsbr, (*link)->token, false) == 1)
			retired_free(dataplane, link);
		else
			link = &(*link)->next;
	}
}

void trace_control_fini(struct dataplane *dataplane)
{
	struct trace_control *control = &dataplane->trace;

	while (control->retired)
		retired_free(dataplane, &control->retired);
	rings_destroy(control->rings, dataplane->worker_count);
	free(control->set);
	control->rings = NULL;
	control->set = NULL;
}
