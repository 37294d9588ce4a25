/* SPDX-License-Identifier: BSD-3-Clause */
/* Following calls for clients; see trace.h. */
#include "api/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/control.h"
#include "api/match_args.h"
#include "api/server.h"

#define BATCH_MAX 256 /* messages in one partial result */

struct trace_job {
	struct trace *trace;
	struct trace_job *next;
	struct api_request *request;
	int number;               /* of the data plane */
	bool is_told;             /* that workers follow */
	bool has_message;
	uint64_t sent, wanted;    /* messages */
	uint64_t deadline_ms;
	uint64_t dropped_before;
	json_t *batch;            /* not sent yet */
};

static void job_take(void *context, const struct dataplane_traced *traced)
{
	struct trace_job *job = context;

	if (job->sent == job->wanted)
		return;
	job->sent++;
	json_array_append_new(job->batch, trace_message(job->trace->control->snapshot, traced,
							job->has_message));
}

static int by_time(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	json_int_t first = json_integer_value(json_object_get(*x, "time_ns"));
	json_int_t second = json_integer_value(json_object_get(*y, "time_ns"));
	json_int_t worker = json_integer_value(json_object_get(*x, "worker")) -
			    json_integer_value(json_object_get(*y, "worker"));

	if (first != second)
		return first < second ? -1 : 1;
	if (worker)
		return worker < 0 ? -1 : 1;
	/* One worker's are in order already. */
	first = json_integer_value(json_object_get(*x, "order"));
	second = json_integer_value(json_object_get(*y, "order"));
	return (first > second) - (first < second);
}

/* Rings come one after the other: in the order of time they are sent. */
static void batch_sort(json_t *batch)
{
	size_t count = json_array_size(batch), i;
	json_t **rows = malloc(MAX(count, (size_t)1) * sizeof(json_t *)), *row;

	if (!rows)
		return;
	json_array_foreach(batch, i, row) {
		json_object_set_new(row, "order", json_integer((json_int_t)i));
		rows[i] = json_incref(row);
	}
	qsort(rows, count, sizeof(*rows), by_time);
	json_array_clear(batch);
	for (i = 0; i < count; i++) {
		json_object_del(rows[i], "order");
		json_array_append_new(batch, rows[i]);
	}
	free(rows);
}

static void job_flush(struct trace_job *job)
{
	size_t count = json_array_size(job->batch);

	if (!job->is_told && dataplane_trace_settled(job->trace->control->dataplane)) {
		job->is_told = true;
		api_request_partial(job->request, json_pack("{s:b}", "following", 1));
	}
	if (count == 0)
		return;
	batch_sort(job->batch);
	for (size_t first = 0; first < count; first += BATCH_MAX) {
		json_t *part = json_array();
		for (size_t i = first; i < count && i < first + BATCH_MAX; i++)
			json_array_append(part, json_array_get(job->batch, i));
		api_request_partial(job->request, json_pack("{s:o}", "messages", part));
	}
	json_array_clear(job->batch);
}

static void job_free(struct trace_job *job)
{
	struct trace_job **link = &job->trace->jobs;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	dataplane_trace_stop(job->trace->control->dataplane, job->number);
	json_decref(job->batch);
	free(job);
}

static void job_end(struct trace_job *job, const char *ended)
{
	uint64_t dropped = dataplane_trace_dropped(job->trace->control->dataplane);

	job_flush(job);
	api_request_ok(job->request,
		       json_pack("{s:I, s:I, s:s}", "count", (json_int_t)job->sent, "dropped",
				 (json_int_t)(dropped - MIN(dropped, job->dropped_before)), "ended",
				 ended));
	job_free(job);
}

void trace_pump(struct trace *trace, uint64_t now_ms)
{
	for (struct trace_job *job = trace->jobs, *next; job; job = next) {
		next = job->next;
		if (!api_request_is_live(job->request)) {
			api_request_error(job->request, API_ERROR_FAILED, "the client has gone");
			job_free(job);
		} else if (job->sent == job->wanted) {
			job_end(job, "count");
		} else if (now_ms >= job->deadline_ms) {
			job_end(job, "time");
		} else {
			job_flush(job);
		}
	}
}

static bool number_take(const json_t *args, const char *key, uint64_t absent, uint64_t max,
			uint64_t *value, char *why, size_t size)
{
	*value = api_arg_number(args, key, absent);
	if (*value <= max)
		return true;
	snprintf(why, size, "'%s' is at most %llu", key, (unsigned long long)max);
	return false;
}

static bool filter_take(const struct balance_snapshot *snapshot, const json_t *args,
			struct dataplane_trace_filter *filter, char *why, size_t size)
{
	uint16_t target;

	*filter = (struct dataplane_trace_filter){
		.octets = api_arg_flag(args, "full") ? DATAPLANE_OCTETS_MAX : TRACE_OCTETS_DEFAULT,
	};
	if (!match_args_text(args, "call_id", filter->call_id, sizeof(filter->call_id), why, size) ||
	    !match_args_text(args, "method", filter->method, sizeof(filter->method), why, size) ||
	    !match_args_address(args, "from", &filter->from, why, size) ||
	    !match_args_reason(args, "rule", &filter->reason, why, size) ||
	    !match_args_target(snapshot, args, "target", &target, why, size))
		return false;
	if (target != BALANCE_NONE) {
		filter->target_id = snapshot->targets[target].id;
		filter->target = snapshot->targets[target].endpoint;
	}
	return true;
}

void trace_request(struct trace *trace, struct api_request *request, const json_t *args,
		   uint64_t now_ms)
{
	struct dataplane *dataplane = trace->control->dataplane;
	struct dataplane_trace_filter filter;
	uint64_t count, seconds;
	char why[192];

	if (!filter_take(trace->control->snapshot, args, &filter, why, sizeof(why)) ||
	    !number_take(args, "count", TRACE_COUNT_DEFAULT, TRACE_COUNT_MAX, &count, why,
			 sizeof(why)) ||
	    !number_take(args, "seconds", TRACE_SECONDS_DEFAULT, TRACE_SECONDS_MAX, &seconds, why,
			 sizeof(why))) {
		api_request_error(request, API_ERROR_ARGUMENT, "%s", why);
		return;
	}
	struct trace_job *job = calloc(1, sizeof(*job));
	if (!job || !(job->batch = json_array())) {
		free(job);
		api_request_error(request, API_ERROR_FAILED, "tandemd is out of memory");
		return;
	}
	job->trace = trace;
	job->request = request;
	job->has_message = api_arg_flag(args, "full");
	job->wanted = count;
	job->deadline_ms = now_ms + seconds * 1000;
	job->dropped_before = dataplane_trace_dropped(dataplane);
	job->number = dataplane_trace_start(dataplane, &filter, job_take, job);
	if (job->number < 0) {
		api_request_error(request, job->number == -ENOSPC ? API_ERROR_CONFLICT :
								    API_ERROR_FAILED,
				  job->number == -ENOSPC ? "%d traces run already" :
							   "no memory for trace %d",
				  DATAPLANE_TRACES_MAX);
		json_decref(job->batch);
		free(job);
		return;
	}
	job->next = trace->jobs;
	trace->jobs = job;
}

unsigned int trace_following(const struct trace *trace)
{
	unsigned int count = 0;

	for (const struct trace_job *job = trace->jobs; job; job = job->next)
		count += job->is_told;
	return count;
}

void trace_fini(struct trace *trace)
{
	while (trace->jobs)
		job_end(trace->jobs, "stop");
}
