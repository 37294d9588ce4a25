/* SPDX-License-Identifier: BSD-3-Clause */
/* A fixture's snapshot after another one's, as control would build it; see snapshot_fixture.h. */
#include <stdlib.h>

#include "balance/interface.h"
#include "support/snapshot_line.h"

/* ---- indices */

static bool service_goes_on(const struct balance_service *before, const struct balance_service *now)
{
	return strcmp(before->name, now->name) == 0 && before->mode == now->mode &&
	       before->record_route == now->record_route;
}

static uint16_t mapped(const uint16_t *map, uint16_t index)
{
	return index == BALANCE_NONE ? BALANCE_NONE : map[index];
}

/* Where each pool of the text goes; retired ones in between.  False: too many. */
static bool place_pools(struct snapshot_fixture *fixture, const struct balance_snapshot *before,
			uint16_t map[POOLS_MAX])
{
	struct balance_snapshot *s = &fixture->snapshot;
	struct balance_pool placed[POOLS_MAX];
	uint32_t count = before->pool_count;

	for (uint32_t i = 0; i < count; i++) {
		placed[i] = before->pools[i];
		placed[i].is_retired = true;
		placed[i].target_first = placed[i].target_count = 0;
	}
	for (uint32_t i = 0; i < s->pool_count; i++) {
		uint32_t at = 0;
		while (at < before->pool_count &&
		       strcmp(before->pools[at].name, fixture->pools[i].name) != 0)
			at++;
		if (at == before->pool_count)
			at = count++;
		if (at >= POOLS_MAX)
			return false;
		placed[at] = fixture->pools[i];
		map[i] = (uint16_t)at;
	}
	memcpy(fixture->pools, placed, count * sizeof(placed[0]));
	s->pool_count = count;
	return true;
}

static bool place_services(struct snapshot_fixture *fixture, const struct balance_snapshot *before,
			   uint16_t map[SERVICES_MAX])
{
	struct balance_snapshot *s = &fixture->snapshot;
	struct balance_service placed[SERVICES_MAX];
	uint32_t count = before->service_count;

	for (uint32_t i = 0; i < count; i++) {
		placed[i] = before->services[i];
		placed[i].is_retired = true;
		placed[i].from_pool = BALANCE_NONE;
		placed[i].listen_count = placed[i].domain_count = 0;
	}
	for (uint32_t i = 0; i < s->service_count; i++) {
		uint32_t at = 0;
		while (at < before->service_count &&
		       !service_goes_on(&before->services[at], &fixture->services[i]))
			at++;
		if (at == before->service_count)
			at = count++;
		if (at >= SERVICES_MAX)
			return false;
		placed[at] = fixture->services[i];
		map[i] = (uint16_t)at;
	}
	memcpy(fixture->services, placed, count * sizeof(placed[0]));
	s->service_count = count;
	return true;
}

bool snapshot_reindex(struct snapshot_fixture *fixture, const struct snapshot_fixture *before)
{
	struct balance_snapshot *s = &fixture->snapshot;
	uint16_t pools[POOLS_MAX], services[SERVICES_MAX];

	s->version = before->snapshot.version + 1;
	s->epoch = before->snapshot.epoch;
	s->instance = before->snapshot.instance;
	if (!place_pools(fixture, &before->snapshot, pools) ||
	    !place_services(fixture, &before->snapshot, services))
		return false;
	for (uint32_t i = 0; i < s->service_count; i++) {
		struct balance_service *service = &fixture->services[i];
		if (service->is_retired)
			continue;
		service->pool = mapped(pools, service->pool);
		service->from_pool = mapped(pools, service->from_pool);
	}
	for (uint32_t i = 0; i < s->listen_count; i++)
		fixture->listens[i].service = services[fixture->listens[i].service];
	for (uint32_t i = 0; i < s->target_count; i++)
		fixture->targets[i].pool = pools[fixture->targets[i].pool];
	return true;
}

/* ---- what goes on */

static const struct balance_target *target_of(const struct balance_snapshot *snapshot, uint64_t id)
{
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		if (snapshot->targets[i].id == id)
			return &snapshot->targets[i];
	}
	return NULL;
}

static void adopt_targets(struct snapshot_fixture *fixture, const struct snapshot_fixture *before)
{
	struct balance_snapshot *s = &fixture->snapshot;

	fixture->slots = before->slots;
	for (uint32_t i = 0; i < s->target_count; i++) {
		struct balance_target *target = &fixture->targets[i];
		const struct balance_target *old = target_of(&before->snapshot, target->id);
		target->slot = old ? old->slot : (uint16_t)fixture->slots++;
		if (old)
			target->status = old->status;
	}
}

/* What runs keeps the set that it began with. */
static bool adopt_timers(struct snapshot_fixture *fixture, const struct snapshot_fixture *before)
{
	struct balance_snapshot *s = &fixture->snapshot;
	uint32_t old = before->snapshot.timer_set_count, own = s->timer_set_count;
	struct balance_timers *all = calloc(old + own, sizeof(*all));

	if (!all)
		return false;
	memcpy(all, before->snapshot.timer_sets, old * sizeof(*all));
	memcpy(all + old, s->timer_sets, own * sizeof(*all));
	for (uint32_t i = 0; i < s->service_count; i++) {
		if (!fixture->services[i].is_retired)
			fixture->services[i].timer_set += (uint16_t)old;
	}
	for (uint32_t i = 0; i < s->pool_count; i++) {
		if (!fixture->pools[i].is_retired && fixture->pools[i].timer_set != BALANCE_NONE)
			fixture->pools[i].timer_set += (uint16_t)old;
	}
	fixture->all_timers = all;
	s->timer_sets = all;
	s->timer_set_count = old + own;
	return true;
}

static void adopt_past(struct snapshot_fixture *fixture, const struct balance_snapshot *before)
{
	struct balance_snapshot *s = &fixture->snapshot;

	for (uint32_t i = 0; i < before->past_port_count; i++)
		s->past_ports[s->past_port_count++] = before->past_ports[i];
	for (uint32_t i = 0; i < before->listen_count; i++) {
		if (s->past_port_count < BALANCE_PAST_PORTS_MAX)
			s->past_ports[s->past_port_count++].port = before->listens[i].endpoint.port;
	}
	s->past = fixture->past;
	for (uint32_t i = 0; i < before->past_count && s->past_count < TARGETS_MAX; i++)
		fixture->past[s->past_count++] = before->past[i];
	for (uint32_t i = 0; i < before->target_count && s->past_count < TARGETS_MAX; i++)
		fixture->past[s->past_count++].address = before->targets[i].endpoint.address;
}

bool snapshot_adopt(struct snapshot_fixture *fixture, const struct snapshot_fixture *before)
{
	adopt_targets(fixture, before);
	adopt_past(fixture, &before->snapshot);
	return adopt_timers(fixture, before);
}
