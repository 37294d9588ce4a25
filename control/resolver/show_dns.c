/* SPDX-License-Identifier: BSD-3-Clause */
/* `show dns`: names of SRV pools, their records, state and age; see srv_pools.h. */
#include <time.h>

#include "resolver/srv_pools_internal.h"

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static json_t *servers_of(const struct server_set *set)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; set && i < set->count; i++) {
		const struct server *server = &set->servers[i];
		char address[ENDPOINT_TEXT_MAX], name[SERVER_NAME_MAX];
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:i, s:s, s:i, s:i}", "target",
					server_name(server, name), "host", server->host, "port",
					(int)server->endpoint.port, "address",
					ip_address_to_string(&server->endpoint.address, address),
					"priority", (int)server->priority, "weight",
					(int)server->weight));
	}
	return rows;
}

static json_t *pools_of(const struct srv_pools *pools, const struct watch *watch)
{
	json_t *names = json_array();

	for (const struct srv_pool *pool = pools->list; pool; pool = pool->next) {
		if (pool->watch == watch)
			json_array_append_new(names, json_string(pool->name));
	}
	return names;
}

static json_t *seconds_or_null(bool is_known, int64_t ms)
{
	return is_known ? json_real((double)ms / 1000) : json_null();
}

static json_t *row_of(const struct srv_pools *pools, const struct watch *watch)
{
	const struct srv_name *srv = &watch->srv;
	int64_t wait_ms = (int64_t)srv->next_ms - (int64_t)uv_now(pools->loop);

	return json_pack("{s:s, s:o, s:s, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "name", srv->name, "pools", pools_of(pools, watch), "state",
			 srv_state_name(srv->state), "records",
			 (json_int_t)(srv->kept ? srv->kept->records : 0), "targets",
			 (json_int_t)(srv->kept ? srv->kept->count : 0), "age_s",
			 seconds_or_null(srv->answered_ms != 0, wall_ms() - srv->answered_ms),
			 "ttl_s", seconds_or_null(srv->answered_ms != 0, srv->ttl_ms),
			 "next_refresh_s",
			 seconds_or_null(!watch->lookup, wait_ms > 0 ? wait_ms : 0), "failures",
			 (json_int_t)srv->failures, "attempts", (json_int_t)srv->attempts, "unusable",
			 (json_int_t)srv->unusable, "omitted", (json_int_t)srv->omitted,
			 "unreachable", (json_int_t)srv->unreachable, "last_error",
			 srv->error[0] ? json_string(srv->error) : json_null(), "servers",
			 servers_of(srv->kept));
}

json_t *srv_pools_show(const struct srv_pools *pools, const char *name)
{
	const struct resolver_counters counters = resolver_counters(pools->resolver);
	json_t *rows = json_array();
	char nameservers[512];

	for (const struct watch *watch = pools->watches; watch; watch = watch->next) {
		if (!name || strcmp(name, watch->srv.name) == 0)
			json_array_append_new(rows, row_of(pools, watch));
	}
	resolver_servers(pools->resolver, nameservers, sizeof(nameservers));
	return json_pack("{s:o, s:s, s:{s:I, s:I, s:I, s:I, s:I, s:I}}", "names", rows,
			 "nameservers", nameservers, "lookups", "started",
			 (json_int_t)counters.lookups, "from_cache", (json_int_t)counters.from_cache,
			 "questions", (json_int_t)counters.questions, "failures",
			 (json_int_t)counters.failures, "waiting", (json_int_t)counters.waiting,
			 "cached", (json_int_t)counters.cached);
}
