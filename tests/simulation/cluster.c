/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engines: processes of one cluster, with the same keys and numbers of their own, behind one
 * hash of the Call-ID.  A call's hash chooses a slot, the slot's owner serves it; slots share an
 * address or have one each.
 *
 * With --failures a process dies now and then with all that it knew.  After a dark while its slots
 * are served again: by itself, started anew, or by another process that takes the address over, a
 * spare, or behind one address one that serves calls of its own already.  What it starts with is
 * its configuration.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/snapshot_fixture.h"

#define DIALOG_AGE_MS 900000u /* longer than any call */

#define ACCESS_TEXT "192.0.2."
#define CORE_TEXT   "198.51.100."

static const char *const extra_names[] = {
	[EXTRA_FORWARD] = "forward", [EXTRA_DROP] = "drop", [EXTRA_ACK_BYE] = "ack-bye"
};

static const char *policy_of(int pool)
{
	static const char *const policies[POOLS] = { "call-id-hash", "round-robin",
						     "weighted-random" };

	/* Only a pure function of the Call-ID is the same in another process. */
	return world.options.failures_ms ? "call-id-hash" : policies[pool];
}

struct address cluster_access(uint32_t slot)
{
	return (struct address){ ACCESS_IP + (world.options.is_shared ? 0 : slot), 0 };
}

struct engine *cluster_owner(const struct call *call)
{
	struct engine *engine = &world.engines[world.owners[call->slot]];

	return engine->proxy ? engine : NULL;
}

uint32_t cluster_slot(uint64_t secret)
{
	return (uint32_t)(secret >> 32) % world.options.engines;
}

/* ---- one process */

static int put_addresses(char *at, size_t size, uint32_t number, const char *word, const char *net,
			 const char *behind)
{
	int len = 0;

	for (uint32_t slot = 0; slot < world.options.engines; slot++)
		if (world.owners[slot] == number && (!world.options.is_shared || len == 0))
			len += snprintf(at + len, size - (size_t)len, " %s %s%u%s", word, net,
					world.options.is_shared ? 1 : 1 + slot, behind);
	return len;
}

static size_t put_configuration(char *text, size_t size, uint32_t number)
{
	char *at = text, *end = text + size;

#define PUT(...) at += snprintf(at, (size_t)(end - at), __VA_ARGS__)
	PUT("instance %u\nepoch %u\n", number + 1, world.engines[number].life);
	PUT("stray-responses %s\n", world.options.forwards_strays ? "forward" : "drop");
	PUT("interface access");
	at += put_addresses(at, (size_t)(end - at), number, "address", ACCESS_TEXT, "/24");
	PUT(" gateway 192.0.2.254 peers 203.0.113.0/24\ninterface core");
	at += put_addresses(at, (size_t)(end - at), number, "address", CORE_TEXT, "/24");
	PUT("\ntimers c %u\n", TIMER_C_MS);
	for (int i = 0; i < POOLS; i++)
		PUT("pool p%d policy %s try-next-after %u\n", i, policy_of(i),
		    world.options.fork_ms);
	for (int i = 0; i < TARGETS; i++)
		PUT("target p%d t%d 198.51.100.%d:5060 weight %d\n", i / POOL_SIZE, i, 11 + i,
		    1 + i % 3);
	for (int i = 0; i < POOLS; i++) {
		char port[16];
		PUT("service s%d", i);
		snprintf(port, sizeof(port), ":%d", 5060 + 2 * i);
		at += put_addresses(at, (size_t)(end - at), number, "listen", ACCESS_TEXT, port);
		PUT(" pool p%d record-route nat auto extra-2xx %s dialog-age-ms %u\n", i,
		    extra_names[model_extra((uint16_t)i)], DIALOG_AGE_MS);
	}
#undef PUT
	return (size_t)(at - text);
}

/* What control publishes: the statuses of the targets outlive it. */
static bool publish(struct engine *engine)
{
	char text[16384], error[256];
	size_t len = put_configuration(text, sizeof(text), (uint32_t)(engine - world.engines));
	struct snapshot_fixture *fixture =
		len < sizeof(text) ? snapshot_fixture_create(text, error, sizeof(error)) : NULL;

	if (!fixture) {
		world_fail(NULL, "a snapshot cannot be made: %s", error);
		return false;
	}
	struct balance_snapshot *snapshot = snapshot_fixture_edit(fixture);
	if (engine->fixture)
		snapshot_fixture_destroy(engine->fixture);
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		engine->targets[i] = snapshot->targets[i];
		engine->targets[i].status = &engine->statuses[i];
	}
	snapshot->targets = engine->targets;
	engine->fixture = fixture;
	engine->snapshot = snapshot;
	return true;
}

static bool start(struct engine *engine)
{
	const struct options *options = &world.options;
	/* Room for all that may live at once: 70 s of arrivals, three transactions each; a taker's
	 * share is larger. */
	uint32_t share = options->failures_ms ? 1 : options->engines;
	uint32_t room = MAX(4096u, options->rate * 240 / share);
	const struct proxy_config config = {
		.worker = 0,
		.txns_max = options->is_scarce ? 3 * room : room,
		.tombstones_max = options->is_scarce ? 1 : 2 * room,
		.dialogs_max = room,
		.retain_max = (size_t)room * 2048,
		.seed = options->seed + engine->instance,
	};

	engine->life++;
	engine->next = TICK_NEVER;
	engine->given = 0;
	memset(engine->statuses, 0, sizeof(engine->statuses));
	engine->proxy = proxy_create(&config, world.now);
	return engine->proxy && publish(engine);
}

static void count_dialogs(const struct engine *engine)
{
	struct proxy_dialog_stats stats;

	if (!proxy_dialog_stats_read(engine->proxy, BALANCE_NONE, &stats))
		return;
	world.dialogs += stats.created;
	world.out_of_order += stats.out_of_order_caller + stats.out_of_order_callee;
	world.unacknowledged += stats.unacknowledged_caller + stats.unacknowledged_callee;
	if (stats.full || stats.unwatched)
		world_fail(NULL, "the dialog table of an engine was full");
}

static void stop(struct engine *engine)
{
	if (engine->proxy && !world.has_failed)
		count_dialogs(engine);
	proxy_destroy(engine->proxy);
	if (engine->fixture)
		snapshot_fixture_destroy(engine->fixture);
	engine->proxy = NULL;
	engine->fixture = NULL;
	engine->snapshot = NULL;
	engine->next = TICK_NEVER;
	engine->life++;
}

bool cluster_create(void)
{
	const struct options *options = &world.options;

	/* One spare stands by. */
	world.engine_count = options->engines + (options->failures_ms ? 1 : 0);
	for (uint32_t i = 0; i < options->engines; i++)
		world.owners[i] = i;
	for (uint32_t i = 0; i < world.engine_count; i++) {
		world.engines[i].instance = (uint16_t)(i + 1);
		world.engines[i].next = TICK_NEVER;
		if (i < options->engines && !start(&world.engines[i]))
			return false;
	}
	if (options->failures_ms)
		world_in(random_between(&world.outage_random, 1, 2 * options->failures_ms),
			 EVENT_FAILURE, NULL, 0, 0);
	return true;
}

void cluster_destroy(void)
{
	for (uint32_t i = 0; i < world.engine_count; i++)
		stop(&world.engines[i]);
}

/* ---- failures */

static bool has_slots(uint32_t number)
{
	for (uint32_t slot = 0; slot < world.options.engines; slot++)
		if (world.owners[slot] == number)
			return true;
	return false;
}

static uint32_t pick(bool (*fits)(uint32_t number), uint32_t none)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < world.engine_count; i++)
		count += fits(i);
	if (count == 0)
		return none;
	uint32_t left = random_below(&world.outage_random, count);
	for (uint32_t i = 0; i < world.engine_count; i++)
		if (fits(i) && left-- == 0)
			return i;
	return none;
}

static bool serves(uint32_t number)
{
	return world.engines[number].proxy != NULL;
}

static bool is_spare(uint32_t number)
{
	return !serves(number) && !has_slots(number);
}

void cluster_fail(void)
{
	uint64_t *random = &world.outage_random;
	uint32_t number = pick(serves, UINT32_MAX);

	/* Once no call starts any more, the world heals, so that it can end. */
	if (world.started == world.options.calls)
		return;
	world_in(random_between(random, 1, 2 * world.options.failures_ms), EVENT_FAILURE, NULL, 0,
		 0);
	if (number == UINT32_MAX)
		return;
	stop(&world.engines[number]);
	world.failures++;
	if (world.options.trace >= 0)
		printf("%13.6f  engine%u dies\n", (double)(world.now - EPOCH) / 1e6, number);
	world_in(random_between(random, 1, 4000), EVENT_TAKE_OVER, &world.engines[number], 0, 0);
}

void cluster_take_over(struct engine *dead)
{
	uint32_t from = (uint32_t)(dead - world.engines), to = from;
	uint32_t luck = random_below(&world.outage_random, 4);

	/* Who sends from an address of its own says so in its Via: another sent-by, another
	 * transaction (RFC 3261 §17.2.3).  A spare takes the address as its only one. */
	if (luck == 0 && world.options.is_shared)
		to = pick(serves, from);
	else if (luck == 1)
		to = pick(is_spare, from);
	for (uint32_t slot = 0; slot < world.options.engines; slot++)
		if (world.owners[slot] == from)
			world.owners[slot] = to;
	struct engine *engine = &world.engines[to];
	if (world.options.trace >= 0)
		printf("%13.6f  engine%u's calls are engine%u's\n",
		       (double)(world.now - EPOCH) / 1e6, from, to);
	if (to != from)
		world.take_overs++;
	if (!(engine->proxy ? publish(engine) : start(engine)))
		world_fail(NULL, "engine %u does not start", to);
}
