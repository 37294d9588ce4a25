/* SPDX-License-Identifier: BSD-3-Clause */
/* Live transactions for clients; see txns.h. */
#include "api/txns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/control.h"
#include "api/json_text.h"
#include "api/match_args.h"
#include "api/server.h"

static const char *const timer_names[PROXY_TIMER_KINDS] = {
#define X(name, text, what, clause) [PROXY_TIMER_##name] = text,
	PROXY_TIMERS(X)
#undef X
};

struct txns_job {
	struct txns *txns;
	struct txns_job *next;
	struct api_request *request; /* NULL: ended */
	struct proxy_txn_filter filter;
	uint16_t worker, worker_last;
	uint32_t cursor;
	bool is_asked;               /* an answer is due */
	bool is_over;                /* all have been seen, or enough */
	uint64_t found, limit;
	uint64_t deadline_ms;
};

static json_t *name_or_null(const char *name)
{
	return name ? json_text(name) : json_null();
}

static json_t *timers_of(uint32_t bits)
{
	json_t *list = json_array();

	for (; bits; bits &= bits - 1)
		json_array_append_new(list, json_string(timer_names[__builtin_ctz(bits)]));
	return list;
}

static const char *target_name(const struct balance_snapshot *snapshot, uint64_t id)
{
	for (uint32_t i = 0; id && i < snapshot->target_count; i++) {
		if (snapshot->targets[i].id == id)
			return snapshot->targets[i].name;
	}
	return NULL;
}

static json_t *octets(const char *text, size_t len)
{
	char copy[sizeof(((struct proxy_txn_row *)0)->call_id) + 1];

	memcpy(copy, text, len);
	copy[len] = '\0';
	return len ? json_text(copy) : json_null();
}

static json_t *row_json(const struct balance_snapshot *snapshot, uint16_t worker,
			const struct proxy_txn_row *row)
{
	char caller[ENDPOINT_TEXT_MAX];

	return json_pack(
		"{s:i, s:I, s:o, s:o, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:b, s:b, s:b, s:b}",
		"worker", (int)worker, "slot", (json_int_t)row->slot, "method",
		octets(row->method, row->method_len), "call_id",
		octets(row->call_id, row->call_id_len), "server",
		name_or_null(row->server_state), "client", row->client_state, "age_ms",
		(json_int_t)row->age_ms, "service",
		name_or_null(row->service < snapshot->service_count ?
				     snapshot->services[row->service].name : NULL),
		"pool",
		name_or_null(row->target_id && row->pool < snapshot->pool_count ?
				     snapshot->pools[row->pool].name : NULL),
		"target", name_or_null(target_name(snapshot, row->target_id)), "timers",
		timers_of(row->timers), "caller", endpoint_to_string(&row->caller, caller),
		"attempt", (int)row->attempt, "open_branches", (int)row->open, "due_ms",
		row->due_ms == UINT32_MAX ? json_null() : json_integer(row->due_ms), "branch",
		row->is_branch, "own", row->is_own, "in_dialog", row->is_in_dialog, "cancelled",
		row->is_cancelled);
}

static void job_release(struct txns_job *job)
{
	struct txns_job **link = &job->txns->jobs;

	if (job->request || job->is_asked)
		return;
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	free(job);
}

static void job_fail(struct txns_job *job, enum api_error error, const char *text)
{
	api_request_error(job->request, error, "%s", text);
	job->request = NULL;
}

static void job_end(struct txns_job *job)
{
	api_request_ok(job->request, json_pack("{s:[], s:I, s:b}", "txns", "count",
					       (json_int_t)job->found, "more",
					       job->found == job->limit));
	job->request = NULL;
}

static void job_answered(void *context, const struct proxy_txn_row *rows, uint32_t count,
			 uint32_t cursor)
{
	struct txns_job *job = context;
	json_t *list = json_array();

	job->is_asked = false;
	job->deadline_ms = 0;
	for (uint32_t i = 0; i < count && job->found < job->limit; i++, job->found++)
		json_array_append_new(list, row_json(job->txns->control->snapshot, job->worker,
						     &rows[i]));
	if (job->request && json_array_size(list))
		api_request_partial(job->request, json_pack("{s:O}", "txns", list));
	json_decref(list);
	job->cursor = cursor;
	if (cursor == UINT32_MAX) {
		job->is_over = job->worker == job->worker_last;
		job->worker++;
		job->cursor = 0;
	}
	job->is_over |= job->found == job->limit;
}

static void job_pump(struct txns_job *job, uint64_t now_ms)
{
	int status = 0;

	if (!job->request)
		return;
	if (!api_request_is_live(job->request)) {
		job_fail(job, API_ERROR_FAILED, "the client has gone");
		return;
	}
	if (job->is_over) {
		job_end(job);
		return;
	}
	if (job->deadline_ms == 0)
		job->deadline_ms = now_ms + TXNS_TIMEOUT_MS;
	if (!job->is_asked) {
		status = dataplane_txns(job->txns->control->dataplane, job->worker, job->cursor,
					&job->filter, job_answered, job);
		job->is_asked = status == 0;
	}
	if (status < 0 && status != -EAGAIN)
		job_fail(job, API_ERROR_FAILED, "tandemd is out of memory");
	else if (now_ms >= job->deadline_ms)
		job_fail(job, API_ERROR_TIMEOUT, "no worker answers");
}

void txns_pump(struct txns *txns, uint64_t now_ms)
{
	for (struct txns_job *job = txns->jobs, *next; job; job = next) {
		next = job->next;
		job_pump(job, now_ms);
		job_release(job);
	}
}

static bool job_take_workers(struct txns_job *job, const json_t *args, char *why, size_t size)
{
	const uint16_t count = job->txns->control->dataplane_config.workers;
	uint64_t worker = api_arg_number(args, "worker", UINT64_MAX);

	job->worker_last = (uint16_t)(count - 1);
	if (worker == UINT64_MAX)
		return true;
	if (worker >= count) {
		snprintf(why, size, "there is no worker %llu; there are 0 to %u",
			 (unsigned long long)worker, count - 1u);
		return false;
	}
	job->worker = job->worker_last = (uint16_t)worker;
	return true;
}

static bool job_take_args(struct txns_job *job, const json_t *args, char *why, size_t size)
{
	const struct balance_snapshot *snapshot = job->txns->control->snapshot;
	struct proxy_txn_filter *filter = &job->filter;
	uint64_t older_ms = api_arg_number(args, "older_ms", 0);
	uint16_t target;

	if (!match_args_text(args, "state", filter->state, sizeof(filter->state), why, size) ||
	    !match_args_text(args, "method", filter->method, sizeof(filter->method), why, size) ||
	    !match_args_text(args, "call_id", filter->call_id, sizeof(filter->call_id), why,
			     size) ||
	    !match_args_service(snapshot, args, "service", &filter->service, why, size) ||
	    !match_args_target(snapshot, args, "target", &target, why, size) ||
	    !job_take_workers(job, args, why, size))
		return false;
	filter->target_id = target == BALANCE_NONE ? 0 : snapshot->targets[target].id;
	filter->older_ms = (uint32_t)MIN(older_ms, (uint64_t)UINT32_MAX);
	job->limit = api_arg_number(args, "limit", TXNS_LIMIT_DEFAULT);
	if (job->limit <= TXNS_LIMIT_MAX)
		return true;
	snprintf(why, size, "'limit' is at most %d", TXNS_LIMIT_MAX);
	return false;
}

void txns_request(struct txns *txns, struct api_request *request, const json_t *args,
		  uint64_t now_ms)
{
	struct txns_job *job = calloc(1, sizeof(*job));
	char why[192];

	if (!job) {
		api_request_error(request, API_ERROR_FAILED, "tandemd is out of memory");
		return;
	}
	job->txns = txns;
	job->request = request;
	job->next = txns->jobs;
	txns->jobs = job;
	if (job_take_args(job, args, why, sizeof(why)))
		job_pump(job, now_ms);
	else
		job_fail(job, API_ERROR_ARGUMENT, why);
	job_release(job);
}

void txns_fini(struct txns *txns)
{
	while (txns->jobs) {
		struct txns_job *job = txns->jobs;
		job->is_asked = false;
		if (job->request)
			job_fail(job, API_ERROR_FAILED, "tandemd is stopping");
		job_release(job);
	}
}
