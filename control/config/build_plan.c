/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes on from one snapshot to the next.  Transactions and dialogs refer to their service and
 * pool by index, so those keep it; what is not configured any more is retired and keeps its
 * settings, until as much time has passed as the longest transaction and dialog may take.
 *
 * A service whose mode or Record-Route changes is another one to what has begun: it gets a new
 * index, and the old one is retired.
 */
#include <errno.h>

#include "balance/index.h"
#include "balance/timers.h"
#include "config/build.h"

#define PAST_ADDRESSES_MAX 1024

/* An upper bound of what one transaction takes, but for one that rings and rings. */
static uint64_t txn_ms(const struct balance_timers *t)
{
	return (uint64_t)t->timer_c_ms + t->timer_b_ms + t->timer_f_ms +
	       MAX(t->timer_d_ms, t->timer_m_ms) + MAX(t->timer_h_ms, t->timer_l_ms) + t->timer_i_ms +
	       MAX(t->timer_j_ms, t->timer_k_ms) + 64 * (uint64_t)t->t1_ms;
}

static uint64_t hold_ms(const struct balance_snapshot *before)
{
	uint64_t longest_txn = 0, longest_dialog = 0;

	for (uint32_t i = 0; i < before->timer_set_count; i++)
		longest_txn = MAX(longest_txn, txn_ms(&before->timer_sets[i]));
	for (uint32_t i = 0; i < before->service_count; i++)
		longest_dialog = MAX(longest_dialog, (uint64_t)before->services[i].dialog_age_ms);
	return longest_dialog + longest_txn;
}

static bool has_passed(const struct config_build *build, const struct build_plan *plan,
		       uint64_t since_ms)
{
	return build->now_ms >= since_ms + plan->hold_ms;
}

/* ---- services */

static bool service_goes_on(const struct balance_service *before, const struct config_service *now)
{
	return strcmp(before->name, now->name) == 0 && before->mode == now->mode &&
	       before->record_route == now->record_route;
}

static bool service_is_free(const struct config_build *build, const struct build_plan *plan,
			    uint32_t index)
{
	const struct balance_service *service = &build->before->services[index];

	return service->is_retired && has_passed(build, plan, service->retired_ms) &&
	       !(build->is_in_use && build->is_in_use(build->context, (uint16_t)index));
}

/* Services of before: whether their index is spoken for. */
static void services_keep(const struct config *config, const struct config_build *build,
			  struct build_plan *plan, bool *is_taken)
{
	const struct config_service *all = CONFIG_ITEMS(config_service, config->services);

	for (uint32_t i = 0; i < config->services.count; i++) {
		plan->service_index[i] = BALANCE_NONE;
		for (uint32_t j = 0; build->before && j < build->before->service_count; j++) {
			if (is_taken[j] || !service_goes_on(&build->before->services[j], &all[i]))
				continue;
			plan->service_index[i] = (uint16_t)j;
			is_taken[j] = true;
			break;
		}
	}
}

static uint16_t service_place(const struct config_build *build, struct build_plan *plan,
			      bool *is_taken)
{
	uint32_t before = build->before ? build->before->service_count : 0;

	for (uint32_t i = 0; i < before; i++) {
		if (is_taken[i] || !service_is_free(build, plan, i))
			continue;
		is_taken[i] = true;
		return (uint16_t)i;
	}
	return plan->service_count < BALANCE_SERVICES_MAX ? (uint16_t)plan->service_count++ :
							    BALANCE_NONE;
}

static int services_plan(const struct config *config, const struct config_build *build,
			 struct build_plan *plan, char *error, size_t size)
{
	bool is_taken[BALANCE_SERVICES_MAX] = { false };

	plan->service_count = build->before ? build->before->service_count : 0;
	services_keep(config, build, plan, is_taken);
	for (uint32_t i = 0; i < config->services.count; i++) {
		if (plan->service_index[i] != BALANCE_NONE)
			continue;
		plan->service_index[i] = service_place(build, plan, is_taken);
		if (plan->service_index[i] != BALANCE_NONE)
			continue;
		snprintf(error, size,
			 "services: calls may still be up that removed services began, which with "
			 "the configured ones are more than %u; remove fewer at a time, or restart",
			 BALANCE_SERVICES_MAX);
		return -ENOSPC;
	}
	return 0;
}

/* ---- pools */

static bool pool_is_free(const struct config_build *build, const struct build_plan *plan,
			 uint32_t index)
{
	const struct balance_snapshot *before = build->before;

	if (!before->pools[index].is_retired ||
	    !has_passed(build, plan, before->pools[index].retired_ms))
		return false;
	for (uint32_t i = 0; i < before->service_count; i++) {
		if (before->services[i].pool == index && !service_is_free(build, plan, i))
			return false;
	}
	return true;
}

static const char *pool_name(const struct config *config, uint32_t number)
{
	return number < config->pools.count ?
		       CONFIG_ITEMS(config_pool, config->pools)[number].name :
		       CONFIG_POOL_REQUEST_URI;
}

static uint16_t pool_place(const struct config_build *build, struct build_plan *plan,
			   bool *is_taken)
{
	uint32_t before = build->before ? build->before->pool_count : 0;

	for (uint32_t i = 0; i < before; i++) {
		if (is_taken[i] || !pool_is_free(build, plan, i))
			continue;
		is_taken[i] = true;
		return (uint16_t)i;
	}
	return plan->pool_count < BALANCE_POOLS_MAX ? (uint16_t)plan->pool_count++ : BALANCE_NONE;
}

static int pools_plan(const struct config *config, const struct config_build *build,
		      struct build_plan *plan, char *error, size_t size)
{
	const uint32_t count = config->pools.count + config->uses_request_uri;
	bool is_taken[BALANCE_POOLS_MAX] = { false };

	plan->pool_count = build->before ? build->before->pool_count : 0;
	for (uint32_t i = 0; i < count; i++) {
		plan->pool_index[i] = BALANCE_NONE;
		for (uint32_t j = 0; build->before && j < build->before->pool_count; j++) {
			if (is_taken[j] ||
			    strcmp(build->before->pools[j].name, pool_name(config, i)) != 0)
				continue;
			plan->pool_index[i] = (uint16_t)j;
			is_taken[j] = true;
			break;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		if (plan->pool_index[i] != BALANCE_NONE)
			continue;
		plan->pool_index[i] = pool_place(build, plan, is_taken);
		if (plan->pool_index[i] != BALANCE_NONE)
			continue;
		snprintf(error, size,
			 "pools: calls may still be up that went to removed pools, which with the "
			 "configured ones are more than %u; remove fewer at a time, or restart",
			 BALANCE_POOLS_MAX);
		return -ENOSPC;
	}
	return 0;
}

int build_plan_make(const struct config *config, const struct config_build *build,
		    struct build_plan *plan, char *error, size_t size)
{
	*plan = (struct build_plan){ .hold_ms = build->before ? hold_ms(build->before) : 0 };
	int rc = services_plan(config, build, plan, error, size);
	return rc ? rc : pools_plan(config, build, plan, error, size);
}

/* ---- what is configured no more */

void build_retire(const struct config_build *build, const struct build_plan *,
		  struct balance_service *services, struct balance_pool *pools)
{
	const struct balance_snapshot *before = build->before;

	for (uint32_t i = 0; before && i < before->service_count; i++) {
		services[i] = before->services[i];
		if (!services[i].is_retired)
			services[i].retired_ms = build->now_ms;
		services[i].is_retired = true;
		services[i].from_pool = BALANCE_NONE;
		services[i].listen_first = services[i].listen_count = 0;
		services[i].domain_first = services[i].domain_count = 0;
	}
	for (uint32_t i = 0; before && i < before->pool_count; i++) {
		pools[i] = before->pools[i];
		if (!pools[i].is_retired)
			pools[i].retired_ms = build->now_ms;
		pools[i].is_retired = true;
		pools[i].target_first = pools[i].target_count = 0;
	}
}

/* ---- ports and addresses */

static bool has_port(const struct balance_snapshot *snapshot, uint16_t port)
{
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		if (snapshot->interfaces[i].sip_port == port)
			return true;
	}
	for (uint32_t i = 0; i < snapshot->listen_count; i++) {
		if (snapshot->listens[i].endpoint.port == port)
			return true;
	}
	return false;
}

static void past_port(struct balance_snapshot *snapshot, uint16_t port, uint64_t since_ms)
{
	if (has_port(snapshot, port))
		return;
	for (uint32_t i = 0; i < snapshot->past_port_count; i++) {
		if (snapshot->past_ports[i].port == port)
			return;
	}
	/* Those that went last come first. */
	if (snapshot->past_port_count < BALANCE_PAST_PORTS_MAX)
		snapshot->past_ports[snapshot->past_port_count++] =
			(struct balance_past_port){ .port = port, .since_ms = since_ms };
}

static void past_ports(const struct config_build *build, const struct build_plan *plan,
		       struct balance_snapshot *snapshot)
{
	const struct balance_snapshot *before = build->before;

	for (uint32_t i = 0; i < before->interface_count; i++)
		past_port(snapshot, before->interfaces[i].sip_port, build->now_ms);
	for (uint32_t i = 0; i < before->listen_count; i++)
		past_port(snapshot, before->listens[i].endpoint.port, build->now_ms);
	for (uint32_t i = 0; i < before->past_port_count; i++) {
		if (!has_passed(build, plan, before->past_ports[i].since_ms))
			past_port(snapshot, before->past_ports[i].port,
				  before->past_ports[i].since_ms);
	}
}

uint32_t build_past_room(const struct config_build *build)
{
	const struct balance_snapshot *before = build->before;

	return before ? MIN(before->target_count + before->past_count, (uint32_t)PAST_ADDRESSES_MAX) :
			0;
}

static void past_address(struct balance_snapshot *snapshot, struct balance_past *list,
			 uint32_t room, const struct ip_address *address, uint64_t since_ms)
{
	const struct endpoint any_port = { .address = *address };

	if (address->family == IP_NONE || snapshot->past_count == room ||
	    balance_index_find_target(snapshot, &any_port) != BALANCE_NONE)
		return;
	for (uint32_t i = 0; i < snapshot->past_count; i++) {
		if (ip_address_equal(&list[i].address, address))
			return;
	}
	list[snapshot->past_count++] =
		(struct balance_past){ .address = *address, .since_ms = since_ms };
}

void build_past(const struct config_build *build, const struct build_plan *plan,
		struct balance_snapshot *snapshot, struct balance_past *addresses)
{
	const struct balance_snapshot *before = build->before;
	const uint32_t room = build_past_room(build);

	snapshot->past = addresses;
	if (!before)
		return;
	past_ports(build, plan, snapshot);
	for (uint32_t i = 0; i < before->target_count; i++)
		past_address(snapshot, addresses, room, &before->targets[i].endpoint.address,
			     build->now_ms);
	for (uint32_t i = 0; i < before->past_count; i++) {
		if (!has_passed(build, plan, before->past[i].since_ms))
			past_address(snapshot, addresses, room, &before->past[i].address,
				     before->past[i].since_ms);
	}
}
