/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration and target set to snapshot: one block of memory with all tables.  Everything has
 * been checked; memory and indices are all that can be lacking.  What goes on from the snapshot
 * before is build_plan.c's.
 */
#include <errno.h>
#include <stdlib.h>

#include "balance/index.h"
#include "balance/interface.h"
#include "balance/policy.h"
#include "config/build.h"

struct sizes {
	uint32_t services, listens, pools, targets, peers, domains, hosts, timer_sets, index_slots;
	uint32_t past;
};

/* The one block: what it holds, in this order. */
struct tables {
	struct balance_snapshot *snapshot;
	struct balance_service *services;
	struct balance_listen *listens;
	struct balance_pool *pools;
	struct balance_target *targets;
	struct ip_prefix *peers;
	char (*domains)[256];
	struct balance_host *hosts;
	struct balance_timers *timer_sets;
	uint32_t timer_set_room;
	struct balance_index_slot *index_slots;
	struct balance_past *past;
};

struct builder {
	const struct config *config;
	const struct config_build *build;
	struct build_plan plan;
	struct tables tables;
	char *error; /* the caller's, for one sentence */
	size_t error_size;
};

static int no_memory(const struct builder *builder)
{
	snprintf(builder->error, builder->error_size,
		 "out of memory for a configuration of this size");
	return -ENOMEM;
}

/* What has got a number keeps it until the process ends. */
static int no_number(const struct builder *builder, const char *what)
{
	static_assert(BALANCE_NONE == 65535);
	snprintf(builder->error, builder->error_size,
		 "65,535 different %s since the start: restart tandemd", what);
	return -ENOSPC;
}

uint32_t config_peer_count(const struct config *config)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	uint32_t count = 0;
	for (uint32_t i = 0; i < config->interfaces.count; i++)
		count += all[i].peers.count;
	return count;
}

static const struct target_member *members_of(const struct builder *builder, uint32_t pool,
					      uint32_t *count)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, builder->config->pools);

	return target_set_members(builder->build->targets, pools[pool].name, count);
}

static struct sizes count_all(const struct builder *builder)
{
	const struct config *config = builder->config;
	const struct balance_timers *sets;
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	struct sizes sizes = {
		.services = builder->plan.service_count,
		.pools = builder->plan.pool_count,
		.peers = config_peer_count(config),
		.hosts = config->hosts.count,
		/* Those of before, and at most one for each that may have its own. */
		.timer_sets = target_registry_timer_sets(builder->build->registry, &sets) +
			      config->services.count + config->pools.count,
		.past = build_past_room(builder->build),
	};
	for (uint32_t i = 0; i < config->services.count; i++) {
		sizes.listens += services[i].listens.count;
		sizes.domains += services[i].domains.count;
	}
	for (uint32_t i = 0; i < config->pools.count; i++) {
		uint32_t count;
		(void)members_of(builder, i, &count);
		sizes.targets += count;
	}
	sizes.index_slots = balance_index_slots(sizes.targets, sizes.hosts);
	return sizes;
}

/* Takes `count` elements of `size` octets off the block; with no block it only measures. */
static void *carve(unsigned char *block, size_t *used, size_t count, size_t size)
{
	size_t at = *used;
	*used = (at + count * size + CACHE_LINE_SIZE - 1) & ~(size_t)(CACHE_LINE_SIZE - 1);
	return block ? block + at : NULL;
}

static size_t lay_out(unsigned char *block, const struct sizes *sizes, struct tables *tables)
{
	size_t used = 0;
	tables->snapshot = carve(block, &used, 1, sizeof(*tables->snapshot));
	tables->services = carve(block, &used, sizes->services, sizeof(*tables->services));
	tables->listens = carve(block, &used, sizes->listens, sizeof(*tables->listens));
	tables->pools = carve(block, &used, sizes->pools, sizeof(*tables->pools));
	tables->targets = carve(block, &used, sizes->targets, sizeof(*tables->targets));
	tables->peers = carve(block, &used, sizes->peers, sizeof(*tables->peers));
	tables->domains = carve(block, &used, sizes->domains, sizeof(*tables->domains));
	tables->hosts = carve(block, &used, sizes->hosts, sizeof(*tables->hosts));
	tables->timer_sets = carve(block, &used, sizes->timer_sets, sizeof(*tables->timer_sets));
	tables->timer_set_room = sizes->timer_sets;
	tables->index_slots =
		carve(block, &used, sizes->index_slots, sizeof(*tables->index_slots));
	tables->past = carve(block, &used, sizes->past, sizeof(*tables->past));
	return used;
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);
	assert(len < size);
	memcpy(to, from, MIN(len, size - 1));
}

static uint16_t interface_of(const struct config *config, const struct ip_address *address)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	for (uint32_t i = 0; i < config->interfaces.count; i++) {
		const struct config_prefix *own = CONFIG_ITEMS(config_prefix, all[i].addresses);
		for (uint32_t j = 0; j < all[i].addresses.count; j++) {
			if (ip_address_equal(&own[j].prefix.address, address))
				return (uint16_t)i;
		}
	}
	return BALANCE_NONE;
}

/* Port that we send from: what the operator says, else where a service listens there. */
static uint16_t find_sip_port(const struct config *config, uint16_t index)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	if (all[index].sip_port)
		return (uint16_t)all[index].sip_port;
	for (uint32_t i = 0; i < config->services.count; i++) {
		const struct config_listen *listens =
			CONFIG_ITEMS(config_listen, services[i].listens);
		for (uint32_t j = 0; j < services[i].listens.count; j++) {
			if (interface_of(config, &listens[j].endpoint.address) == index)
				return listens[j].endpoint.port;
		}
	}
	return 5060;
}

void config_fill_interfaces(const struct config *config, struct balance_snapshot *snapshot,
			    struct ip_prefix *peers)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	snapshot->interface_count = config->interfaces.count;
	snapshot->peers = peers;
	for (uint16_t i = 0; i < config->interfaces.count; i++) {
		const struct config_interface *from = &all[i];
		const struct config_prefix *own = CONFIG_ITEMS(config_prefix, from->addresses);
		const struct config_address *gateways = CONFIG_ITEMS(config_address, from->gateways);
		const struct config_prefix *list = CONFIG_ITEMS(config_prefix, from->peers);
		struct balance_interface *to = &snapshot->interfaces[i];
		copy_text(to->name, sizeof(to->name), from->name);
		to->mtu = (uint16_t)from->mtu;
		to->dscp = (uint8_t)from->dscp;
		to->sip_port = find_sip_port(config, i);
		to->address_count = (uint8_t)from->addresses.count;
		for (uint32_t j = 0; j < from->addresses.count; j++)
			to->addresses[j] = own[j].prefix;
		for (uint32_t j = 0; j < from->gateways.count; j++) {
			if (gateways[j].address.family == IP_V4)
				to->gateway_v4 = gateways[j].address;
			else
				to->gateway_v6 = gateways[j].address;
		}
		to->peer_first = snapshot->peer_count;
		to->peer_count = from->peers.count;
		for (uint32_t j = 0; j < from->peers.count; j++)
			peers[snapshot->peer_count++] = list[j].prefix;
	}
}

static void fill_listens(const struct builder *builder, const struct config_service *from,
			 uint16_t index)
{
	const struct tables *tables = &builder->tables;
	struct balance_snapshot *snapshot = tables->snapshot;
	const struct config_listen *listens = CONFIG_ITEMS(config_listen, from->listens);
	const struct config_text *domains = CONFIG_ITEMS(config_text, from->domains);
	struct balance_service *to = &tables->services[index];

	to->listen_first = snapshot->listen_count;
	to->listen_count = from->listens.count;
	for (uint32_t i = 0; i < from->listens.count; i++)
		tables->listens[snapshot->listen_count++] = (struct balance_listen){
			.endpoint = listens[i].endpoint,
			.service = index,
			.interface = interface_of(builder->config, &listens[i].endpoint.address),
		};
	to->domain_first = snapshot->domain_count;
	to->domain_count = from->domains.count;
	for (uint32_t i = 0; i < from->domains.count; i++)
		copy_text(tables->domains[snapshot->domain_count++], sizeof(*tables->domains),
			  domains[i].text);
}

static void fill_services(const struct builder *builder)
{
	const struct config *config = builder->config;
	const struct config_service *all = CONFIG_ITEMS(config_service, config->services);
	const struct tables *tables = &builder->tables;
	const uint16_t *pool_index = builder->plan.pool_index;
	struct balance_snapshot *snapshot = tables->snapshot;

	for (uint32_t i = 0; i < config->services.count; i++) {
		const struct config_service *from = &all[i];
		struct balance_service *to = &tables->services[builder->plan.service_index[i]];
		*to = (struct balance_service){
			.pool = pool_index[from->pool_index],
			.from_pool = from->from_index == BALANCE_NONE ?
					     BALANCE_NONE : pool_index[from->from_index],
			.mode = (uint8_t)from->mode,
			.nat = (uint8_t)from->nat,
			.extra_2xx = (uint8_t)from->extra_2xx,
			.record_route = from->record_route,
			.rewrite_host = from->rewrite_host,
			.push_route = from->push_route,
			.cseq_check = (uint8_t)from->cseq_check,
			.bye_unacknowledged = from->bye_unacknowledged,
			.dialog_age_ms = (uint32_t)(from->dialog_age / 1000),
		};
		copy_text(to->name, sizeof(to->name), from->name);
		fill_listens(builder, from, builder->plan.service_index[i]);
	}
	snapshot->forward_strays = config->stray_responses != 0;
	snapshot->service_count = builder->plan.service_count;
	snapshot->services = tables->services;
	snapshot->listens = tables->listens;
	snapshot->domains = tables->domains;
}

/* 0, or -errno with a sentence, as all that fill in. */
static int set_number(const struct builder *builder, const struct config_timers *timers,
		      uint16_t *number)
{
	struct target_registry *registry = builder->build->registry;
	const struct balance_timers set = config_timers_of(builder->config, timers);

	*number = target_registry_timers(registry, &set);
	if (*number != BALANCE_NONE)
		return 0;
	return target_registry_timers_are_full(registry) ? no_number(builder, "sets of timers") :
							   no_memory(builder);
}

static int fill_timers(const struct builder *builder)
{
	const struct config *config = builder->config;
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	const struct tables *tables = &builder->tables;

	for (uint32_t i = 0; i < config->services.count; i++) {
		int rc = set_number(builder, &services[i].timers,
				    &tables->services[builder->plan.service_index[i]].timer_set);
		if (rc < 0)
			return rc;
	}
	for (uint32_t i = 0; i < config->pools.count; i++) {
		if (pools[i].timers.item.at.line == 0)
			continue;
		int rc = set_number(builder, &pools[i].timers,
				    &tables->pools[builder->plan.pool_index[i]].timer_set);
		if (rc < 0)
			return rc;
	}
	const struct balance_timers *sets;
	uint32_t count = target_registry_timer_sets(builder->build->registry, &sets);
	assert(count <= tables->timer_set_room);
	memcpy(tables->timer_sets, sets, count * sizeof(*sets));
	tables->snapshot->timer_sets = tables->timer_sets;
	tables->snapshot->timer_set_count = count;
	tables->snapshot->settle_ms = balance_settle_ms(tables->snapshot);
	return 0;
}

static int fill_target(const struct builder *builder, const char *pool,
		       const struct target_spec *from, uint16_t pool_index,
		       struct balance_target *to)
{
	struct target_registry *registry = builder->build->registry;
	const struct balance_snapshot *snapshot = builder->tables.snapshot;

	to->id = target_registry_id(span_of_string(pool), span_of_string(from->name));
	copy_text(to->name, sizeof(to->name), from->name);
	copy_text(to->uri, sizeof(to->uri), from->uri);
	to->endpoint = from->endpoint;
	to->pool = pool_index;
	/* What others than the configuration gave has not been checked: never to ourselves. */
	to->interface = balance_is_own_address(snapshot, &from->endpoint.address) ?
				BALANCE_NONE :
				balance_egress_find(snapshot, &from->endpoint.address);
	to->priority = from->priority;
	to->weight = from->weight;
	to->calls_max = from->calls_max;
	to->rate_max = from->rate_max;
	to->status = target_registry_find(registry, to->id, &to->slot);
	if (to->status)
		return 0;
	return target_registry_is_full(registry) ? no_number(builder, "targets") :
						   no_memory(builder);
}

static int fill_targets(const struct builder *builder, uint32_t number, struct balance_pool *pool)
{
	const struct tables *tables = &builder->tables;
	struct balance_snapshot *snapshot = tables->snapshot;
	uint32_t count;
	const struct target_member *members = members_of(builder, number, &count);

	pool->target_first = snapshot->target_count;
	pool->target_count = count;
	for (uint32_t i = 0; i < count; i++) {
		int rc = fill_target(builder, pool->name, members[i].spec,
				     builder->plan.pool_index[number],
				     &tables->targets[snapshot->target_count++]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int fill_pools(const struct builder *builder)
{
	const struct config *config = builder->config;
	const struct config_pool *all = CONFIG_ITEMS(config_pool, config->pools);
	const struct tables *tables = &builder->tables;
	struct balance_snapshot *snapshot = tables->snapshot;

	for (uint32_t i = 0; i < config->pools.count; i++) {
		const struct config_pool *from = &all[i];
		struct balance_pool *to = &tables->pools[builder->plan.pool_index[i]];
		*to = (struct balance_pool){
			.policy = (uint8_t)from->policy,
			.failover = (uint8_t)from->failover.on,
			.attempts_max = (uint8_t)from->failover.attempts,
			.try_next_after_ms = (uint32_t)tick_to_ms(from->failover.try_next_after),
			.timer_set = BALANCE_NONE,
			.status = target_registry_pool(builder->build->registry, from->name),
		};
		copy_text(to->name, sizeof(to->name), from->name);
		int rc = to->status ? fill_targets(builder, i, to) : no_memory(builder);
		if (rc < 0)
			return rc;
	}
	if (config->uses_request_uri)
		tables->pools[builder->plan.pool_index[config->pools.count]] =
			(struct balance_pool){
				.name = CONFIG_POOL_REQUEST_URI,
				.attempts_max = 1,
				.is_request_uri = true,
				.timer_set = BALANCE_NONE,
				.target_first = snapshot->target_count,
			};
	snapshot->pool_count = builder->plan.pool_count;
	snapshot->pools = tables->pools;
	snapshot->targets = tables->targets;
	return 0;
}

static void fill_hosts(const struct config *config, const struct tables *tables)
{
	const struct config_host *all = CONFIG_ITEMS(config_host, config->hosts);
	for (uint32_t i = 0; i < config->hosts.count; i++) {
		copy_text(tables->hosts[i].name, sizeof(tables->hosts[i].name), all[i].name);
		tables->hosts[i].address = all[i].address;
	}
	tables->snapshot->host_count = config->hosts.count;
	tables->snapshot->hosts = tables->hosts;
}

static void fill_identity(const struct config_identity *identity, uint64_t version,
			  struct balance_snapshot *snapshot)
{
	snapshot->version = version;
	snapshot->instance = identity->instance;
	snapshot->epoch = identity->epoch;
	snapshot->branch_key = identity->branch_key;
	snapshot->hint_key = identity->hint_key;
	snapshot->call_key = identity->call_key;
	snapshot->tag_key = identity->tag_key;
	snapshot->route_key_count = identity->route_key_count;
	memcpy(snapshot->route_keys, identity->route_keys, sizeof(snapshot->route_keys));
}

/* In this order: targets go by the interfaces, timers by services and pools, the index by targets,
 * and what has gone by the index. */
static int fill_all(struct builder *builder, const struct sizes *sizes)
{
	struct tables *tables = &builder->tables;

	fill_identity(builder->build->identity, builder->build->version, tables->snapshot);
	tables->snapshot->closing_retry_s = builder->build->closing_retry_s;
	config_fill_interfaces(builder->config, tables->snapshot, tables->peers);
	build_retire(builder->build, &builder->plan, tables->services, tables->pools);
	fill_services(builder);
	fill_hosts(builder->config, tables);
	int rc = fill_pools(builder);
	if (rc == 0)
		rc = fill_timers(builder);
	if (rc < 0)
		return rc;
	balance_index_build(tables->snapshot, tables->index_slots, sizes->index_slots);
	build_past(builder->build, &builder->plan, tables->snapshot, tables->past);
	return 0;
}

int config_snapshot_build(const struct config *config, const struct config_build *build,
			  const struct balance_snapshot **snapshot, char *error, size_t size)
{
	struct builder builder = {
		.config = config,
		.build = build,
		.error = error,
		.error_size = size,
	};

	*snapshot = NULL;
	int rc = build_plan_make(config, build, &builder.plan, error, size);
	if (rc < 0)
		return rc;
	struct sizes sizes = count_all(&builder);
	if (sizes.targets > CONFIG_TARGETS_MAX) {
		snprintf(error, size, "pools: %u targets together, %u are possible", sizes.targets,
			 CONFIG_TARGETS_MAX);
		return -ENOSPC;
	}
	size_t total = lay_out(NULL, &sizes, &builder.tables);
	unsigned char *block = aligned_alloc(CACHE_LINE_SIZE, total);
	if (!block)
		return no_memory(&builder);
	memset(block, 0, total);
	lay_out(block, &sizes, &builder.tables);
	rc = fill_all(&builder, &sizes);
	if (rc < 0) {
		free(block);
		return rc;
	}
	*snapshot = builder.tables.snapshot;
	return 0;
}

void config_snapshot_destroy(const struct balance_snapshot *snapshot)
{
	/* The snapshot is the first thing in its block. */
	union {
		const struct balance_snapshot *snapshot;
		void *block;
	} start = { .snapshot = snapshot };
	free(start.block);
}
