/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot out of text, for tests; see snapshot_fixture.h. */
#include <stdio.h>
#include <stdlib.h>

#include "balance/index.h"
#include "balance/policy.h"
#include "balance/timers.h"
#include "support/snapshot_line.h"

static int by_pool(const void *a, const void *b)
{
	const struct balance_target *x = a, *y = b;

	if (x->pool != y->pool)
		return x->pool < y->pool ? -1 : 1;
	return x->status < y->status ? -1 : x->status > y->status; /* in order of the text */
}

static bool finish(struct snapshot_fixture *fixture, const struct snapshot_fixture *before)
{
	struct balance_snapshot *s = &fixture->snapshot;

	qsort(fixture->targets, s->target_count, sizeof(fixture->targets[0]), by_pool);
	for (uint32_t i = s->target_count; i-- > 0;) {
		struct balance_pool *pool = &fixture->pools[fixture->targets[i].pool];
		fixture->targets[i].slot = (uint16_t)i;
		pool->target_first = i;
		pool->target_count++;
	}
	if (s->route_key_count == 0)
		s->route_keys[s->route_key_count++] =
			(struct balance_route_key){ 1,
						    { 0x5151515151515151u, 0x2323232323232323u } };
	s->timer_sets = fixture->timers;
	s->timer_set_count = ARRAY_SIZE(fixture->timers);
	for (uint32_t i = 0; i < s->timer_set_count; i++)
		balance_timers_resolve(&fixture->timers[i]);
	fixture->slots = s->target_count;
	if (before && !snapshot_adopt(fixture, before))
		return false;
	s->settle_ms = balance_settle_ms(s);
	uint32_t slots = balance_index_slots(s->target_count, s->host_count);
	fixture->index = malloc(slots * sizeof(*fixture->index));
	if (!fixture->index)
		return false;
	balance_index_build(s, fixture->index, slots);
	return true;
}

static struct snapshot_fixture *fixture_new(void)
{
	/* target_status is aligned to cache lines; calloc promises less. */
	struct snapshot_fixture *fixture = aligned_alloc(CACHE_LINE_SIZE, sizeof(*fixture));

	if (!fixture)
		return NULL;
	memset(fixture, 0, sizeof(*fixture));
	struct balance_snapshot *s = &fixture->snapshot;
	s->version = 1;
	s->instance = 1;
	s->epoch = 1;
	s->branch_key = (struct hash_key){ 0x0101010101010101u, 0x1010101010101010u };
	s->hint_key = (struct hash_key){ 0x0202020202020202u, 0x2020202020202020u };
	s->call_key = (struct hash_key){ 0x0303030303030303u, 0x3030303030303030u };
	s->tag_key = (struct hash_key){ 0x0404040404040404u, 0x4040404040404040u };
	s->services = fixture->services;
	s->listens = fixture->listens;
	s->pools = fixture->pools;
	s->targets = fixture->targets;
	s->peers = fixture->peers;
	s->domains = (const char(*)[256])fixture->domains;
	s->hosts = fixture->hosts;
	return fixture;
}

struct snapshot_fixture *snapshot_fixture_create(const char *text, char *error, size_t size)
{
	return snapshot_fixture_follow(text, NULL, error, size);
}

struct snapshot_fixture *snapshot_fixture_follow(const char *text,
						 const struct snapshot_fixture *before, char *error,
						 size_t size)
{
	struct line line = { .fixture = fixture_new(), .error = error, .error_size = size };
	struct span left = span_of_string(text);

	if (!line.fixture) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	while (left.len) {
		size_t n = span_find(left, '\n');
		line.number++;
		line.rest = span_of(left.data, n);
		line.rest.len = span_find(line.rest, '#');
		left = span_from(left, n + 1);
		if (!line_carry_out(&line) || line.failed) {
			snapshot_fixture_destroy(line.fixture);
			return NULL;
		}
	}
	if ((before && !snapshot_reindex(line.fixture, before)) || !finish(line.fixture, before)) {
		snprintf(error, size, "out of memory");
		snapshot_fixture_destroy(line.fixture);
		return NULL;
	}
	return line.fixture;
}

void snapshot_fixture_destroy(struct snapshot_fixture *fixture)
{
	if (fixture) {
		free(fixture->index);
		free(fixture->all_timers);
	}
	free(fixture);
}

const struct balance_snapshot *snapshot_fixture_snapshot(const struct snapshot_fixture *fixture)
{
	return &fixture->snapshot;
}

struct balance_snapshot *snapshot_fixture_edit(struct snapshot_fixture *fixture)
{
	return &fixture->snapshot;
}

uint16_t snapshot_fixture_interface(const struct snapshot_fixture *fixture, const char *name)
{
	return snapshot_interface_find(&fixture->snapshot, span_of_string(name));
}

uint16_t snapshot_fixture_service(const struct snapshot_fixture *fixture, const char *name)
{
	return snapshot_service_find(&fixture->snapshot, span_of_string(name));
}

uint16_t snapshot_fixture_pool(const struct snapshot_fixture *fixture, const char *name)
{
	return snapshot_pool_find(&fixture->snapshot, span_of_string(name));
}

uint16_t snapshot_fixture_target(const struct snapshot_fixture *fixture, const char *name)
{
	return snapshot_target_find(&fixture->snapshot, span_of_string(name));
}

struct target_status *snapshot_fixture_status(struct snapshot_fixture *fixture, const char *name)
{
	uint16_t target = snapshot_target_find(&fixture->snapshot, span_of_string(name));

	return target == BALANCE_NONE ? NULL : fixture->targets[target].status;
}

void snapshot_fixture_pool_status(struct snapshot_fixture *fixture, const char *name,
				  struct pool_status *status)
{
	fixture->pools[snapshot_pool_find(&fixture->snapshot, span_of_string(name))].status =
		status;
}
