/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools out of SRV records; see srv_pools.h. */
#include "resolver/srv_pools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "resolver/srv_pools_internal.h"
#include "resolver/store_file.h"

/* Answers that confirm what is known only make the age on disk younger: now and then will do. */
#define STORE_AGE_MS 60000

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell(struct srv_pools *pools, const char *name, const char *text)
{
	if (pools->is_closing)
		return;
	pools->ops.tell(pools->ops.context, name ? json_pack("{s:s}", "name", name) : NULL, text);
}

/* On disk. */

static void store_written(void *context, int status)
{
	struct srv_pools *pools = context;
	char text[256];

	if (status < 0 && !pools->has_store_failed) {
		snprintf(text, sizeof(text), "the last good answers cannot be kept in %.150s: %s",
			 pools->path, strerror(-status));
		tell(pools, NULL, text);
	}
	pools->has_store_failed = status < 0;
}

static void store_put(struct srv_pools *pools)
{
	struct store_entry entries[SRV_NAMES_MAX];
	uint32_t count = 0;

	for (struct watch *watch = pools->watches; watch; watch = watch->next) {
		const struct srv_name *srv = &watch->srv;
		if (srv->kept && srv->kept->count)
			entries[count++] = (struct store_entry){ srv->name, srv->answered_ms,
								 srv->ttl_ms, srv->kept };
	}
	char *text = store_format(entries, count);
	if (!text)
		return;
	pools->stored_ms = uv_now(pools->loop);
	pools->is_store_due = false;
	store_writer_put(pools->writer, text);
}

static void restored(void *context, const struct store_entry *entry)
{
	struct srv_pools *pools = context;
	struct restored *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return;
	kept->set = server_set_copy(entry->set);
	if (!kept->set) {
		free(kept);
		return;
	}
	snprintf(kept->name, sizeof(kept->name), "%s", entry->name);
	kept->answered_ms = entry->answered_ms;
	kept->ttl_ms = entry->ttl_ms;
	kept->next = pools->restored;
	pools->restored = kept;
}

static void store_read(struct srv_pools *pools)
{
	char *bytes, why[STORE_WHY_MAX], text[512];
	size_t len;
	int status = store_file_read(pools->path, &bytes, &len);

	if (status == -ENOENT)
		return;
	if (status < 0) {
		snprintf(why, sizeof(why), "%s", status == -EPERM ? "others may write it" :
								    strerror(-status));
	} else {
		bool is_good = store_parse(span_of(bytes, len), restored, pools, why);
		free(bytes);
		if (is_good)
			return;
	}
	snprintf(text, sizeof(text), "the answers kept in %.200s are not used: %s", pools->path, why);
	tell(pools, NULL, text);
}

static void restored_free(struct srv_pools *pools)
{
	while (pools->restored) {
		struct restored *next = pools->restored->next;
		free(pools->restored->set);
		free(pools->restored);
		pools->restored = next;
	}
}

/* Into targets. */

static void spec_of(const struct server *server, struct target_spec *spec)
{
	static_assert(sizeof(spec->name) == SERVER_NAME_MAX);
	struct text_writer w = text_writer_of(spec->uri, sizeof(spec->uri) - 1);

	*spec = (struct target_spec){
		.endpoint = server->endpoint,
		.priority = server->priority,
		.weight = server->weight,
	};
	server_name(server, spec->name);
	text_put(&w, SPAN("sip:"));
	if (strlen(server->host) < sizeof(spec->uri) - sizeof("sip:") - sizeof(":65535")) {
		text_put(&w, span_of_string(server->host));
		text_put_char(&w, ':');
		text_put_u64(&w, server->endpoint.port);
	} else {
		endpoint_put(&w, &server->endpoint);
	}
	*w.at = '\0';
}

/* 1: the targets differ. */
static int pool_apply(struct srv_pools *pools, const char *pool, const struct server_set *kept)
{
	uint32_t count = kept ? kept->count : 0;
	struct target_spec *specs = calloc(count + 1u, sizeof(*specs));
	struct server_set *set = kept ? server_set_copy(kept) : NULL;
	int status = -ENOMEM;

	if (specs && (set || !kept)) {
		if (set)
			server_set_share_weights(set);
		for (uint32_t i = 0; i < count; i++)
			spec_of(&set->servers[i], &specs[i]);
		status = pools->ops.replace(pools->ops.context, pool, specs, count);
	}
	free(specs);
	free(set);
	return status;
}

static int watch_apply(struct watch *watch)
{
	struct srv_pools *pools = watch->pools;
	bool differs = false;
	int failed = 0;

	for (struct srv_pool *pool = pools->list; pool; pool = pool->next) {
		if (pool->watch != watch)
			continue;
		int status = pool_apply(pools, pool->name, watch->srv.kept);
		differs |= status > 0;
		if (status < 0)
			failed = status;
	}
	if (differs)
		pools->ops.publish(pools->ops.context);
	return failed;
}

/* Asking. */

static void watch_due(uv_timer_t *timer);

static void watch_arm(struct watch *watch)
{
	uint64_t now = uv_now(watch->pools->loop);

	uv_timer_start(&watch->timer, watch_due,
		       watch->srv.next_ms > now ? watch->srv.next_ms - now : 0, 0);
}

static void watch_answered(void *context, const struct server_set *answer)
{
	struct watch *watch = context;
	struct srv_pools *pools = watch->pools;
	struct server_set *set = server_set_copy(answer);
	struct srv_change change;
	const struct srv_moment moment = {
		.now_ms = uv_now(pools->loop),
		.wall_ms = wall_ms(),
		.chance = resolver_random(NULL, TTL_CHANCE + 1),
	};

	watch->lookup = NULL;
	free(watch->known);
	watch->known = NULL;
	if (set) {
		server_set_filter(set, pools->ops.is_usable, pools->ops.context);
		server_set_unify(set);
	}
	/* Without memory the answer as it came, which is then refused for the same reason. */
	(void)srv_name_answer(&watch->srv, set ? set : answer, resolver_settings(pools->resolver),
			      &moment, &change);
	free(set);
	if (change.has_targets_changed && watch_apply(watch) < 0)
		tell(pools, watch->srv.name, "its answer was not taken over: out of memory");
	if (change.is_worth_telling)
		tell(pools, watch->srv.name, change.text);
	if (change.has_targets_changed || (watch->srv.failures == 0 &&
					   moment.now_ms - pools->stored_ms >= STORE_AGE_MS))
		store_put(pools);
	else
		pools->is_store_due |= watch->srv.failures == 0;
	watch_arm(watch);
}

static void watch_ask(struct watch *watch)
{
	struct srv_pools *pools = watch->pools;
	static const struct server_set busy = { .status = SERVERS_FAILED, .cause = DNS_FAILED,
						.asked = DNS_SRV, .ttl_s = DNS_TTL_UNKNOWN };
	struct locate_request request;

	/* A copy: what is kept may change while the question is under way. */
	watch->known = watch->srv.kept ? server_set_copy(watch->srv.kept) : NULL;
	bool is_name = locate_request_init(&request, span_of_string(watch->srv.name), 0);
	request.is_srv = true;
	if (!is_name || resolver_locate(pools->resolver, &request, watch->known, watch_answered,
					watch, &watch->lookup) < 0)
		watch_answered(watch, &busy);
}

static void watch_due(uv_timer_t *timer)
{
	watch_ask(timer->data);
}

/* Names and pools. */

static void pools_unref(struct srv_pools *pools)
{
	if (--pools->references)
		return;
	free(pools);
}

static void watch_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;

	pools_unref(watch->pools);
	free(watch);
}

static void watch_end(struct watch *watch)
{
	if (watch->lookup)
		resolver_cancel(watch->lookup);
	free(watch->known);
	srv_name_fini(&watch->srv);
	uv_close((uv_handle_t *)&watch->timer, watch_closed);
}

static struct watch *watch_find(struct srv_pools *pools, const char *name)
{
	struct watch *watch = pools->watches;

	while (watch && strcmp(watch->srv.name, name) != 0)
		watch = watch->next;
	return watch;
}

static void watch_restore(struct watch *watch)
{
	struct srv_pools *pools = watch->pools;

	for (struct restored *kept = pools->restored; kept; kept = kept->next) {
		if (!kept->set || strcmp(kept->name, watch->srv.name) != 0)
			continue;
		server_set_filter(kept->set, pools->ops.is_usable, pools->ops.context);
		srv_name_restore(&watch->srv, kept->set, kept->answered_ms, kept->ttl_ms);
		kept->set = NULL;
		return;
	}
}

static struct watch *watch_add(struct srv_pools *pools, const char *name)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->pools = pools;
	snprintf(watch->srv.name, sizeof(watch->srv.name), "%s", name);
	uv_timer_init(pools->loop, &watch->timer);
	watch->timer.data = watch;
	watch->next = pools->watches;
	pools->watches = watch;
	pools->references++;
	watch_restore(watch);
	uv_timer_start(&watch->timer, watch_due, 0, 0);
	return watch;
}

static void tell_start(struct watch *watch)
{
	char text[SRV_TEXT_MAX + DNS_NAME_MAX], age[32];
	const struct srv_name *srv = &watch->srv;

	if (srv->state == SRV_DISK)
		snprintf(text, sizeof(text),
			 "%s: %u target%s as answered %s ago, out of %.100s, until DNS answers",
			 srv->name, srv->kept->count, srv->kept->count == 1 ? "" : "s",
			 srv_age_text(wall_ms() - srv->answered_ms, age), watch->pools->path);
	else
		snprintf(text, sizeof(text), "%s: no target until DNS answers", srv->name);
	tell(watch->pools, srv->name, text);
}

static bool pool_is_configured(const struct srv_pool *pool, const struct srv_pool_config *configs,
			       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(configs[i].pool, pool->name) == 0 &&
		    strcmp(configs[i].name, pool->watch->srv.name) == 0)
			return true;
	}
	return false;
}

static bool pool_is_listed(const struct srv_pools *pools, const char *name)
{
	for (const struct srv_pool *pool = pools->list; pool; pool = pool->next) {
		if (strcmp(pool->name, name) == 0)
			return true;
	}
	return false;
}

/* Pools that are gone, or that have another name now, which then gives them their targets. */
static void drop_others(struct srv_pools *pools, const struct srv_pool_config *configs,
			uint32_t count)
{
	for (struct srv_pool **link = &pools->list, *pool; (pool = *link);) {
		if (pool_is_configured(pool, configs, count)) {
			link = &pool->next;
			continue;
		}
		*link = pool->next;
		if (pool_apply(pools, pool->name, NULL) > 0)
			pools->ops.publish(pools->ops.context);
		free(pool);
	}
}

static void drop_watches(struct srv_pools *pools)
{
	for (struct watch **link = &pools->watches, *watch; (watch = *link);) {
		bool is_used = false;
		for (struct srv_pool *pool = pools->list; pool; pool = pool->next)
			is_used |= pool->watch == watch;
		if (is_used) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		watch_end(watch);
	}
}

static int pool_add(struct srv_pools *pools, const struct srv_pool_config *config)
{
	struct watch *watch = watch_find(pools, config->name);
	bool is_new = !watch;
	struct srv_pool *pool = calloc(1, sizeof(*pool));

	if (!watch && pool)
		watch = watch_add(pools, config->name);
	if (!watch || !pool) {
		free(pool);
		return -ENOMEM;
	}
	snprintf(pool->name, sizeof(pool->name), "%s", config->pool);
	pool->watch = watch;
	pool->next = pools->list;
	pools->list = pool;
	int status = pool_apply(pools, pool->name, watch->srv.kept);
	if (status > 0)
		pools->ops.publish(pools->ops.context);
	if (is_new)
		tell_start(watch);
	return status < 0 ? status : 0;
}

int srv_pools_configure(struct srv_pools *pools, const struct srv_pool_config *configs,
			uint32_t count)
{
	int status = 0;

	drop_others(pools, configs, count);
	for (uint32_t i = 0; i < count; i++) {
		if (pool_is_listed(pools, configs[i].pool))
			continue;
		int added = pool_add(pools, &configs[i]);
		status = added < 0 ? added : status;
	}
	drop_watches(pools);
	return status;
}

/* As a whole. */

struct srv_pools *srv_pools_create(uv_loop_t *loop, struct resolver *resolver,
				   const struct srv_pools_ops *ops, const char *path)
{
	struct srv_pools *pools = calloc(1, sizeof(*pools));

	if (!pools)
		return NULL;
	pools->writer = store_writer_create(loop, path, store_written, pools);
	if (!pools->writer) {
		free(pools);
		return NULL;
	}
	pools->loop = loop;
	pools->resolver = resolver;
	pools->ops = *ops;
	pools->references = 1;
	snprintf(pools->path, sizeof(pools->path), "%s", path);
	store_read(pools);
	return pools;
}

void srv_pools_destroy(struct srv_pools *pools)
{
	if (!pools)
		return;
	pools->is_closing = true;
	if (pools->is_store_due)
		store_put(pools);
	store_writer_destroy(pools->writer);
	while (pools->list) {
		struct srv_pool *next = pools->list->next;
		free(pools->list);
		pools->list = next;
	}
	drop_watches(pools);
	restored_free(pools);
	pools_unref(pools);
}
