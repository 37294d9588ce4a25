/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that change what runs: reload, targets by hand, timers; see handlers.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/control.h"
#include "api/handlers.h"
#include "api/json_text.h"
#include "balance/interface.h"
#include "config/config.h"
#include "sip/uri.h"

void api_handle_reload(void *context, struct api_request *request, const json_t *args)
{
	reload_ask(context, request, api_request_client(request), api_arg_flag(args, "dry_run"));
}

/* ---- targets by hand */

/* POOL/TARGET taken apart into what a spec holds. */
static bool name_split(const char *name, char pool[BALANCE_NAME_MAX], char target[BALANCE_NAME_MAX])
{
	const char *slash = strchr(name, '/');
	size_t pool_len = slash ? (size_t)(slash - name) : 0;

	if (!pool_len || pool_len >= BALANCE_NAME_MAX || !slash[1] ||
	    strlen(slash + 1) >= BALANCE_NAME_MAX)
		return false;
	for (const char *c = slash + 1; *c; c++) {
		if (!strchr("._-", *c) && !isalnum((unsigned char)*c))
			return false;
	}
	memcpy(pool, name, pool_len);
	pool[pool_len] = '\0';
	memcpy(target, slash + 1, strlen(slash + 1) + 1);
	return true;
}

static const struct balance_pool *pool_named(const struct balance_snapshot *snapshot,
					     const char *name)
{
	for (uint32_t i = 0; i < snapshot->pool_count; i++) {
		const struct balance_pool *pool = &snapshot->pools[i];
		if (!pool->is_retired && !pool->is_request_uri && strcmp(pool->name, name) == 0)
			return pool;
	}
	return NULL;
}

/* What speaks against it; NULL: nothing. */
static const char *why_not_added(const struct balance_snapshot *snapshot,
				 const struct balance_pool *pool, const struct target_spec *spec)
{
	for (uint32_t i = 0; i < pool->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[pool->target_first + i];
		if (strcmp(target->name, spec->name) == 0)
			return "the pool has a target of that name";
		if (endpoint_equal(&target->endpoint, &spec->endpoint))
			return "the pool has a target with that address and port";
	}
	if (balance_is_own_address(snapshot, &spec->endpoint.address))
		return "that is an address of Tandem itself";
	if (balance_egress_find(snapshot, &spec->endpoint.address) == BALANCE_NONE)
		return "no interface leads there";
	return NULL;
}

/* False: the request ended with an error. */
static bool spec_take(const struct control *control, struct api_request *request,
		      const json_t *args, struct target_spec *spec)
{
	const char *uri = api_arg_string(args, "uri");
	uint64_t priority = api_arg_number(args, "priority", 0);
	uint64_t weight = api_arg_number(args, "weight", 1);
	struct sip_uri parsed;

	if (strlen(uri) >= sizeof(spec->uri) || !sip_uri_decode(span_of_string(uri), &parsed) ||
	    parsed.scheme != SIP_URI_SIP || parsed.user.len ||
	    !balance_host_find(control->snapshot, parsed.host, &spec->endpoint.address)) {
		api_request_error(request, API_ERROR_ARGUMENT,
				  "uri: '%.130s' names no server; accepted: sip:ADDRESS:PORT, or a "
				  "name out of `hosts`", uri);
		return false;
	}
	if (priority > UINT16_MAX || weight > UINT16_MAX) {
		api_request_error(request, API_ERROR_ARGUMENT,
				  "priority and weight: 0 to 65535 are accepted");
		return false;
	}
	snprintf(spec->uri, sizeof(spec->uri), "%s", uri);
	spec->endpoint.port = parsed.port ? parsed.port : 5060;
	spec->priority = (uint16_t)priority;
	spec->weight = (uint16_t)weight;
	return true;
}

/* The operator's targets of a pool with `add` and without the one called `without`; either may be
 * NULL.  As target_set_replace. */
static int replace_own(struct control *control, const char *pool, const struct target_spec *add,
		       const char *without)
{
	struct target_set *set = control->publisher.targets;
	uint32_t count, kept = 0;
	const struct target_spec *own = target_set_of(set, pool, TARGET_SOURCE_OPERATOR, &count);
	struct target_spec *specs = calloc(count + 1, sizeof(*specs));

	if (!specs)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (!without || strcmp(own[i].name, without) != 0)
			specs[kept++] = own[i];
	}
	if (add)
		specs[kept++] = *add;
	int rc = target_set_replace(set, pool, TARGET_SOURCE_OPERATOR, specs, kept);
	free(specs);
	if (rc > 0)
		control_publish_soon(control, "operator");
	return rc;
}

/* Also one that waits for its snapshot. */
static bool has_own(const struct control *control, const char *pool, const char *name)
{
	uint32_t count;
	const struct target_spec *own = target_set_of(control->publisher.targets, pool,
						      TARGET_SOURCE_OPERATOR, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(own[i].name, name) == 0)
			return true;
	}
	return false;
}

void api_handle_target_add(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;
	const char *name = api_arg_string(args, "name");
	struct target_spec spec = { .weight = 1 };
	char pool_name[BALANCE_NAME_MAX], endpoint[ENDPOINT_TEXT_MAX];

	if (!name_split(name, pool_name, spec.name)) {
		api_request_error(request, API_ERROR_ARGUMENT,
				  "name: '%.130s' is not POOL/TARGET, the target of letters, digits, "
				  "dot, dash and underscore", name);
		return;
	}
	const struct balance_pool *pool = pool_named(control->snapshot, pool_name);
	if (!pool) {
		api_request_error(request, API_ERROR_NOT_FOUND, "there is no pool '%.60s'",
				  pool_name);
		return;
	}
	if (!spec_take(control, request, args, &spec))
		return;
	const char *why = has_own(control, pool_name, spec.name) ?
				  "the pool has a target of that name" :
				  why_not_added(control->snapshot, pool, &spec);
	if (why) {
		api_request_error(request, API_ERROR_CONFLICT, "%s: %s", name, why);
		return;
	}
	if (replace_own(control, pool_name, &spec, NULL) < 0) {
		api_request_error(request, API_ERROR_FAILED, "tandemd is out of memory");
		return;
	}
	api_request_ok(request,
		       json_pack("{s:o, s:o, s:s}", "pool", json_text(pool_name), "target",
				 json_text(spec.name), "endpoint",
				 endpoint_to_string(&spec.endpoint, endpoint)));
}

void api_handle_target_remove(void *context, struct api_request *request, const json_t *args)
{
	struct control *control = context;
	const struct balance_target *target =
		api_target_named(control, request, api_arg_string(args, "name"));

	if (!target)
		return;
	const char *pool = control->snapshot->pools[target->pool].name;
	if (!has_own(control, pool, target->name)) {
		api_request_error(request, API_ERROR_CONFLICT,
				  "%s/%s was not added by hand: take it out where it comes from, or "
				  "`target drain` it", pool, target->name);
		return;
	}
	json_int_t calls = drain_calls(target);
	json_t *body = json_pack("{s:o, s:o, s:I}", "pool", json_text(pool), "target",
				 json_text(target->name), "calls", calls);
	if (replace_own(control, pool, NULL, target->name) < 0) {
		json_decref(body);
		api_request_error(request, API_ERROR_FAILED, "tandemd is out of memory");
		return;
	}
	api_request_ok(request, body);
}

/* ---- timers */

void api_handle_set_timers(void *context, struct api_request *request, const json_t *args)
{
	reload_ask_timer(context, request, api_request_client(request), args);
}
