/* SPDX-License-Identifier: BSD-3-Clause */
/* Explaining messages; see explain.h. */
#include "api/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/json_text.h"
#include "api/server.h"
#include "balance/policy.h"
#include "targets/admin.h"
#include "api/explain_message.h"
#include "sip/message.h"

#define EXPLAIN_OUTSTANDING_MAX 256

struct explain_item {
	struct explain_job *job;
	struct explain_item *next, **link; /* in job->items */
	size_t index;                      /* of the Call-ID */
};

struct explain_job {
	struct explain *explain;
	struct explain_job *next;
	struct api_request *request; /* NULL: ended */
	struct explain_path path;
	char *message;               /* the template; NULL: made up */
	size_t message_len;
	json_t *call_ids;            /* NULL: the one message as it is */
	size_t total, asked, answered, sent;
	struct explain_item *items;  /* asked, not answered */
	json_t *answers;             /* array; null where none has come yet */
	uint64_t deadline_ms;
};

static const char *route_kind_name(enum proxy_route_kind kind)
{
	static const char *const names[] = {
		[ROUTE_REJECT] = "reject",     [ROUTE_TARGET] = "target",
		[ROUTE_DIALOG] = "dialog",     [ROUTE_NEXT_HOP] = "next-hop",
		[ROUTE_LOCAL] = "local",       [ROUTE_RESPONSE] = "response",
	};
	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}

static json_t *name_or_null(const char *name)
{
	return name ? json_text(name) : json_null();
}

/* The snapshot that the worker went by. */
static const struct balance_snapshot *snapshot_of(const struct explain *explain,
						  const struct proxy_explanation *e)
{
	return explain->before && explain->before->version == e->version ? explain->before :
									   explain->snapshot;
}

json_t *explain_answer(const struct balance_snapshot *snapshot, const struct proxy_explanation *e)
{
	const struct verdict_reason_info *reason = &verdict_reasons[e->verdict.reason];
	char next_hop[ENDPOINT_TEXT_MAX];
	bool has_next_hop = e->next_hop.address.family != IP_NONE;
	char hash[17];

	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)e->call_hash);
	return json_pack(
		"{s:s, s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "kind",
		route_kind_name(e->kind), "verdict", verdict_kind_name(e->verdict.kind), "reason",
		reason->name, "status", (int)reason->status, "help", reason->help, "clause",
		reason->clause, "service",
		name_or_null(e->service < snapshot->service_count
				     ? snapshot->services[e->service].name : NULL),
		"pool", name_or_null(e->pool < snapshot->pool_count ? snapshot->pools[e->pool].name
								    : NULL),
		"target",
		name_or_null(e->target < snapshot->target_count ? snapshot->targets[e->target].name
								: NULL),
		"interface",
		name_or_null(e->egress < snapshot->interface_count
				     ? snapshot->interfaces[e->egress].name : NULL),
		"next_hop",
		name_or_null(has_next_hop ? endpoint_to_string(&e->next_hop, next_hop) : NULL),
		"call_hash", hash, "why", json_text(e->why));
}

json_t *explain_pool(const struct balance_snapshot *snapshot, const struct proxy_explanation *e)
{
	static const struct balance_request request = { .tried_count = 0 };
	const struct balance_pool *pool = &snapshot->pools[e->pool];
	json_t *rows = json_array();

	for (uint32_t i = pool->target_first; i < pool->target_first + pool->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		enum balance_standing standing =
			balance_target_standing(snapshot, (uint16_t)i, &request);
		json_array_append_new(
			rows,
			json_pack("{s:o, s:b, s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I}", "name",
				  json_text(target->name), "chosen", i == e->target, "standing",
				  balance_standing_text(standing), "admin",
				  target_admin_name(target_admin_read(target)), "health",
				  target_health_name(target_health_read(target)), "priority",
				  (int)target->priority, "weight", (int)target->weight,
				  "weight_withheld",
				  (int)__atomic_load_n(&target->status->withheld, __ATOMIC_RELAXED),
				  "outstanding",
				  (json_int_t)__atomic_load_n(&target->status->outstanding,
							      __ATOMIC_RELAXED),
				  "calls",
				  (json_int_t)__atomic_load_n(&target->status->calls,
							      __ATOMIC_RELAXED)));
	}
	return json_pack("{s:s, s:b, s:o}", "policy",
			 balance_policy_name((enum balance_policy)pool->policy), "panicking",
			 (int)balance_pool_is_panicking(pool), "targets", rows);
}

/* Frees the job when it has ended and no answer is due any more. */
static void job_release(struct explain_job *job)
{
	struct explain_job **link = &job->explain->jobs;

	if (job->request || job->items)
		return;
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	json_decref(job->call_ids);
	json_decref(job->answers);
	free(job->message);
	free(job);
}

static void job_fail(struct explain_job *job, enum api_error error, const char *text)
{
	api_request_error(job->request, error, "%s", text);
	job->request = NULL;
}

static void item_free(struct explain_item *item)
{
	*item->link = item->next;
	if (item->next)
		item->next->link = item->link;
	item->job->explain->outstanding--;
	free(item);
}

/* Answers of several workers come in any order; they leave in that of the Call-IDs. */
static void job_send_ready(struct explain_job *job)
{
	size_t ready = job->sent;

	while (ready < job->total && json_is_object(json_array_get(job->answers, ready)))
		ready++;
	while (ready - job->sent >= EXPLAIN_BATCH || (ready == job->total && ready > job->sent)) {
		json_t *batch = json_array();
		for (size_t end = MIN(ready, job->sent + EXPLAIN_BATCH); job->sent < end; job->sent++) {
			json_array_append(batch, json_array_get(job->answers, job->sent));
			json_array_set_new(job->answers, job->sent, json_null());
		}
		api_request_partial(job->request, json_pack("{s:o}", "answers", batch));
	}
}

/* What was assumed where the request said nothing. */
static json_t *job_asked(const struct explain_job *job)
{
	const struct balance_snapshot *snapshot = job->explain->snapshot;
	char source[ENDPOINT_TEXT_MAX], local[ENDPOINT_TEXT_MAX];

	return json_pack("{s:s, s:s, s:o}", "source", endpoint_to_string(&job->path.source, source),
			 "local", endpoint_to_string(&job->path.local, local), "interface",
			 name_or_null(job->path.interface < snapshot->interface_count
					      ? snapshot->interfaces[job->path.interface].name
					      : NULL));
}

/* Of one message alone, more: each target of the pool, and why it takes part or not. */
static void job_take_one(struct explain_job *job, const struct proxy_explanation *e, json_t *answer)
{
	const struct balance_snapshot *snapshot = snapshot_of(job->explain, e);
	json_t *pool = e->pool < snapshot->pool_count ? explain_pool(snapshot, e) : json_null();

	json_object_set_new(answer, "selection", pool);
}

static void job_take(struct explain_job *job, size_t index, json_t *answer)
{
	job->answered++;
	if (!job->call_ids) {
		json_object_set_new(answer, "asked", job_asked(job));
		api_request_ok(job->request, answer);
		job->request = NULL;
		return;
	}
	json_object_set(answer, "call_id", json_array_get(job->call_ids, index));
	json_array_set_new(job->answers, index, answer);
	if (job->answered % EXPLAIN_BATCH == 0 || job->answered == job->total)
		job_send_ready(job);
	if (job->answered == job->total) {
		api_request_ok(job->request, json_pack("{s:I, s:o}", "count", (json_int_t)job->total,
						       "asked", job_asked(job)));
		job->request = NULL;
	}
}

static void explain_answered(void *context, const struct proxy_explanation *explanation)
{
	struct explain_item *item = context;
	struct explain_job *job = item->job;
	size_t index = item->index;

	item_free(item);
	job->deadline_ms = 0;
	if (job->request) {
		json_t *answer = explain_answer(snapshot_of(job->explain, explanation), explanation);
		if (!job->call_ids)
			job_take_one(job, explanation, answer);
		job_take(job, index, answer);
	}
	job_release(job);
}

/* The bytes of the job's message number `index`, in buffer[size]. */
static bool job_compose(const struct explain_job *job, size_t index, char *buffer, size_t size,
			struct span *message)
{
	struct text_writer w = text_writer_of(buffer, size);

	if (!job->call_ids) {
		*message = span_of(job->message, job->message_len);
		return true;
	}
	struct span call_id = span_of_string(json_string_value(json_array_get(job->call_ids, index)));
	if (!job->message)
		explain_message_put(&w, &job->path, call_id);
	else if (!explain_message_put_with_call_id(&w, span_of(job->message, job->message_len),
						   call_id))
		return false;
	*message = text_written(&w);
	return !w.overflow;
}

static int job_ask(struct explain_job *job)
{
	static char buffer[SIP_DATAGRAM_MAX];
	struct span message;

	if (!job_compose(job, job->asked, buffer, sizeof(buffer), &message))
		return -EMSGSIZE;
	struct explain_item *item = calloc(1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->job = job;
	item->index = job->asked;
	item->next = job->items;
	item->link = &job->items;
	if (item->next)
		item->next->link = &item->next;
	job->items = item;
	job->explain->outstanding++;
	int status = dataplane_explain(job->explain->dataplane, message, &job->path.source,
				       &job->path.local, job->path.interface, explain_answered, item);
	if (status < 0)
		item_free(item);
	else
		job->asked++;
	return status;
}

/* A long list leaves room for the others: none of them waits for its end. */
static bool job_has_turn(const struct explain_job *job)
{
	unsigned int jobs = 0;

	for (const struct explain_job *j = job->explain->jobs; j; j = j->next)
		jobs += j->request && j->asked < j->total;
	return job->asked - job->answered <= EXPLAIN_OUTSTANDING_MAX / (jobs ? jobs : 1);
}

static void job_pump(struct explain_job *job, uint64_t now_ms)
{
	int status = 0;

	if (job->request && !api_request_is_live(job->request))
		job_fail(job, API_ERROR_FAILED, "the client has gone");
	if (job->deadline_ms == 0)
		job->deadline_ms = now_ms + EXPLAIN_TIMEOUT_MS;
	while (job->request && status == 0 && job->asked < job->total &&
	       job->explain->outstanding < EXPLAIN_OUTSTANDING_MAX && job_has_turn(job))
		status = job_ask(job);
	if (!job->request)
		return;
	if (status < 0 && status != -EAGAIN)
		job_fail(job, API_ERROR_FAILED,
			 status == -EMSGSIZE ? "the message has no Call-ID, or no room for another"
					     : strerror(-status));
	else if (now_ms >= job->deadline_ms)
		job_fail(job, API_ERROR_TIMEOUT, "no worker answers");
}

void explain_pump(struct explain *explain, uint64_t now_ms)
{
	for (struct explain_job *job = explain->jobs, *next; job; job = next) {
		next = job->next;
		job_pump(job, now_ms);
		job_release(job);
	}
}

/* Taking a request apart. */

static bool job_take_message(struct explain_job *job, const char *text, char *why, size_t size)
{
	struct span encoded = span_of_string(text);

	job->message = malloc(SIP_DATAGRAM_MAX);
	int len = job->message ? text_parse_base64url(encoded, job->message, SIP_DATAGRAM_MAX) : -1;
	if (len <= 0) {
		snprintf(why, size, "the message is empty, longer than %d octets, or not base64url",
			 SIP_DATAGRAM_MAX);
		return false;
	}
	job->message_len = (size_t)len;
	return true;
}

static bool job_take_call_ids(struct explain_job *job, json_t *call_ids, char *why, size_t size)
{
	size_t i;
	json_t *call_id;

	job->total = json_array_size(call_ids);
	if (job->total == 0 || job->total > EXPLAIN_CALL_IDS_MAX) {
		snprintf(why, size, "1 to %d Call-IDs at a time", EXPLAIN_CALL_IDS_MAX);
		return false;
	}
	json_array_foreach(call_ids, i, call_id) {
		if (!explain_call_id_is_usable(span_of_string(json_string_value(call_id)))) {
			snprintf(why, size, "Call-ID number %zu is empty, or has a blank in it", i + 1);
			return false;
		}
	}
	job->call_ids = json_incref(call_ids);
	job->answers = json_array();
	while (json_array_size(job->answers) < job->total) {
		if (json_array_append_new(job->answers, json_null()) < 0) {
			snprintf(why, size, "tandemd is out of memory");
			return false;
		}
	}
	return true;
}

static bool job_take_args(struct explain_job *job, const json_t *args, char *why, size_t size)
{
	const char *message = api_arg_string(args, "message");
	json_t *call_ids = json_object_get(args, "call_ids");

	job->total = 1;
	return (!message || job_take_message(job, message, why, size)) &&
	       (!call_ids || job_take_call_ids(job, call_ids, why, size)) &&
	       explain_path_find(job->explain->snapshot, api_arg_string(args, "source"),
				 api_arg_string(args, "local"), api_arg_string(args, "interface"),
				 &job->path, why, size);
}

void explain_request(struct explain *explain, struct api_request *request, const json_t *args,
		     uint64_t now_ms)
{
	struct explain_job *job = calloc(1, sizeof(*job));
	char why[192];

	if (!job) {
		api_request_error(request, API_ERROR_FAILED, "tandemd is out of memory");
		return;
	}
	job->explain = explain;
	job->request = request;
	job->next = explain->jobs;
	explain->jobs = job;
	if (job_take_args(job, args, why, sizeof(why)))
		job_pump(job, now_ms);
	else
		job_fail(job, API_ERROR_ARGUMENT, why);
	job_release(job);
}

void explain_fini(struct explain *explain)
{
	for (struct explain_job *job = explain->jobs, *next; job; job = next) {
		next = job->next;
		while (job->items)
			item_free(job->items);
		if (job->request)
			job_fail(job, API_ERROR_FAILED, "tandemd is stopping");
		job_release(job);
	}
}
