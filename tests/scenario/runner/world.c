/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#define QUOTED_MAX  520      /* of a UDP payload in an ICMP error of 576 octets */
#define DELAY       TICK_MS(700) /* longer than T1: what is delayed is overtaken by its repetition */
#define STEPS_MAX   200000
#define SETTLE_MAX  TICK_SECONDS(7200)

/* A datagram under way. */
struct flight {
	struct endpoint source, destination;
	size_t len;
	char *bytes;
	struct node *node; /* to a node, else to the engine */
	bool is_error;     /* ICMP error about it, to the engine */
};

void world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;
	if (world->failure)
		return;
	va_start(arguments, format);
	world->failure = arena_vformat(world->arena, format, arguments);
	va_end(arguments);
}

static const struct proxy_config engine_config = {
	.txns_max = 256, .tombstones_max = 256, .dialogs_max = 64, .retain_max = 4u << 20,
	.seed = 1,
};

struct world *world_create(struct arena *arena, const char *snapshot, const char *capacity,
			   bool asks_names, char **error)
{
	struct world *world = arena_alloc(arena, sizeof(*world));
	struct proxy_config *config = &world->config;
	char reason[256] = "";

	*config = engine_config;
	config->asks_names = asks_names;
	if (capacity && sscanf(capacity, "%u %u %zu %u", &config->txns_max,
			       &config->tombstones_max, &config->retain_max,
			       &config->dialogs_max) < 3) {
		*error = arena_string(arena, "capacity: TXNS TOMBSTONES OCTETS [DIALOGS]");
		return NULL;
	}
	world->arena = arena;
	world->now = WORLD_EPOCH;
	world->headroom = world->tailroom = 1024;
	world->fixture = snapshot_fixture_create(snapshot, reason, sizeof(reason));
	if (!world->fixture) {
		*error = arena_format(arena, "snapshot: %s", reason);
		return NULL;
	}
	world->snapshot = snapshot_fixture_snapshot(world->fixture);
	world->outbox = calloc(1, sizeof(*world->outbox));
	world->proxy = proxy_create(&world->config, world->now);
	if (!world->proxy || !world->outbox) {
		*error = arena_string(arena, "the engine cannot be created");
		world_destroy(world);
		return NULL;
	}
	return world;
}

void world_restart(struct world *world, uint16_t instance)
{
	struct balance_snapshot *snapshot = snapshot_fixture_edit(world->fixture);

	ladder_note(&world->ladder, world->arena, world->now, "tandem is lost and starts again");
	proxy_destroy(world->proxy);
	world->proxy = proxy_create(&world->config, world->now);
	if (!world->proxy)
		abort();
	world->datagrams_received = world->errors_received = 0;
	world->outcome_count = 0;
	world->name_count = 0;
	snapshot->epoch++;
	snapshot->instance = instance;
	for (uint32_t i = 0; i < snapshot->target_count; i++)
		*snapshot->targets[i].status = (struct target_status){ .admin = TARGET_READY };
}

bool world_publish(struct world *world, const char *snapshot)
{
	char reason[256] = "";
	struct snapshot_fixture *next;

	if (world->publications == PUBLICATIONS_MAX) {
		world_fail(world, "too many snapshots");
		return false;
	}
	next = snapshot_fixture_follow(snapshot, world->fixture, reason, sizeof(reason));
	if (!next) {
		world_fail(world, "publish: %s", reason);
		return false;
	}
	ladder_note(&world->ladder, world->arena, world->now, "another snapshot is published");
	world->before[world->publications++] = world->fixture;
	world->fixture = next;
	world->snapshot = snapshot_fixture_snapshot(next);
	return true;
}

void world_destroy(struct world *world)
{
	if (world->proxy)
		proxy_destroy(world->proxy);
	free(world->outbox);
	if (world->fixture)
		snapshot_fixture_destroy(world->fixture);
	for (int i = 0; i < world->publications; i++)
		snapshot_fixture_destroy(world->before[i]);
}

struct node *world_node_add(struct world *world, const char *name, const struct endpoint *own,
			    const struct endpoint *seen)
{
	struct node *node = arena_alloc(world->arena, sizeof(*node));
	if (world->node_count == NODES_MAX)
		return NULL;
	node->world = world;
	node->name = name;
	node->own = *own;
	node->seen = *seen;
	world->nodes[world->node_count++] = node;
	return node;
}

struct node *world_node_find(struct world *world, const char *name)
{
	for (int i = 0; i < world->node_count; i++) {
		if (text_is(world->nodes[i]->name, name))
			return world->nodes[i];
	}
	return NULL;
}

static struct node *node_at(struct world *world, const struct endpoint *endpoint)
{
	for (int i = 0; i < world->node_count; i++) {
		if (endpoint_equal(&world->nodes[i]->seen, endpoint))
			return world->nodes[i];
	}
	return NULL;
}

/* The interface that owns the address, or -1. */
static int interface_of(const struct world *world, const struct ip_address *address)
{
	for (uint32_t i = 0; i < world->snapshot->interface_count; i++) {
		const struct balance_interface *interface = &world->snapshot->interfaces[i];
		for (uint8_t j = 0; j < interface->address_count; j++) {
			if (ip_address_equal(&interface->addresses[j].address, address))
				return (int)i;
		}
	}
	return -1;
}

struct event *world_at(struct world *world, tick_t at, event_fn run, void *context)
{
	struct event *event = arena_alloc(world->arena, sizeof(*event)), **link = &world->events;
	*event = (struct event){ .at = at, .run = run, .context = context };
	while (*link && (*link)->at <= at)
		link = &(*link)->next;
	event->next = *link;
	*link = event;
	return event;
}

uint64_t world_verdicts(const struct world *world)
{
	const struct verdict_counters *counters = proxy_verdicts(world->proxy);
	uint64_t sum = 0;
	for (int kind = 0; kind < VERDICT_KINDS; kind++) {
		for (int reason = 0; reason < VERDICT_REASON_COUNT; reason++)
			sum += counters->count[kind][reason];
	}
	return sum;
}

/* ---- the network */

static void flight_land(struct world *world, void *context);

static void flight_start(struct world *world, struct flight *flight, const char *from,
			 const char *to)
{
	struct message *message = message_parse(world->arena, flight->bytes, flight->len);
	struct ladder_entry entry = {
		.at = world->now, .number = ++world->datagrams_sent, .from = from, .to = to,
		.label = message ? message_label(message) : "(not SIP)",
	};
	const struct faults *faults = &world->faults;
	bool is_lost = entry.number == faults->lose || entry.number == faults->lose_too;
	bool is_twice = entry.number == faults->duplicate;
	bool is_late = entry.number == faults->delay;
	tick_t latency = world->latency + (is_late ? DELAY : 0);

	entry.fate = is_lost ? LADDER_LOST : is_twice ? LADDER_TWICE :
		     is_late ? LADDER_DELAYED : LADDER_SENT;
	if (flight->node && flight->node->unreachable)
		entry.fate = LADDER_UNREACHABLE;
	ladder_add(&world->ladder, world->arena, entry);
	if (is_lost)
		return;
	world_at(world, tick_add(world->now, latency), flight_land, flight);
	if (is_twice)
		world_at(world, tick_add(world->now, latency + TICK_MS(7)), flight_land, flight);
}

static struct flight *flight_create(struct world *world, const char *bytes, size_t len,
				    const struct endpoint *source,
				    const struct endpoint *destination)
{
	struct flight *flight = arena_alloc(world->arena, sizeof(*flight));
	flight->source = *source;
	flight->destination = *destination;
	flight->bytes = arena_copy(world->arena, bytes, len);
	flight->len = len;
	return flight;
}

static const char *endpoint_name(struct world *world, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];
	return arena_string(world->arena, endpoint_to_string(endpoint, text));
}

void world_send(struct node *node, const char *bytes, size_t len,
		const struct endpoint *destination)
{
	struct world *world = node->world;
	struct flight *flight = flight_create(world, bytes, len, &node->seen, destination);

	flight->node = node_at(world, destination);
	if (!flight->node && interface_of(world, &destination->address) < 0) {
		world_fail(world, "%s sends to %s, where nobody is", node->name,
			   endpoint_name(world, destination));
		return;
	}
	flight_start(world, flight, node->name, flight->node ? flight->node->name : "tandem");
}

static bool has_status(const struct balance_snapshot *snapshot, const struct target_status *status)
{
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		if (snapshot->targets[i].status == status)
			return true;
	}
	return false;
}

/* Of targets that a later snapshot has no more. */
static int64_t calls_of_removed(const struct world *world)
{
	int64_t sum = 0;

	for (int i = 0; i < world->publications; i++) {
		const struct balance_snapshot *old = snapshot_fixture_snapshot(world->before[i]);
		const struct balance_snapshot *next =
			i + 1 < world->publications ?
				snapshot_fixture_snapshot(world->before[i + 1]) :
				world->snapshot;
		for (uint32_t j = 0; j < old->target_count; j++) {
			if (!has_status(next, old->targets[j].status))
				sum += old->targets[j].status->calls;
		}
	}
	return sum;
}

/* The engine's calls are those of the targets, none of which has less than none. */
static void calls_check(struct world *world)
{
	struct proxy_stats stats;
	int64_t sum = 0;

	proxy_stats_read(world->proxy, &stats);
	for (uint32_t i = 0; i < world->snapshot->target_count; i++) {
		const struct balance_target *target = &world->snapshot->targets[i];
		if (target->status->calls < 0)
			world_fail(world, "target %s has %lld calls", target->name,
				   (long long)target->status->calls);
		sum += target->status->calls;
	}
	sum += calls_of_removed(world);
	if (sum != (int64_t)stats.calls)
		world_fail(world, "targets have %lld calls, the engine counts %llu", (long long)sum,
			   (unsigned long long)stats.calls);
}

/* What the engine must keep at each single step. */
static void outbox_check(struct world *world, bool was_datagram)
{
	struct outbox *outbox = world->outbox;
	const char *methods[OUTBOX_MAX];
	int count = 0;
	const char *wrong = proxy_check(world->proxy);

	if (wrong)
		world_fail(world, "the engine's own check: %s", wrong);
	calls_check(world);
	if (world_verdicts(world) != world->datagrams_received + world->errors_received)
		world_fail(world, "%llu verdicts for %llu datagrams and %llu ICMP errors",
			   (unsigned long long)world_verdicts(world),
			   (unsigned long long)world->datagrams_received,
			   (unsigned long long)world->errors_received);
	for (uint32_t i = 0; i < outbox->count && was_datagram; i++) {
		struct message *message = message_parse(world->arena, outbox->entries[i].data,
							outbox->entries[i].len);
		if (!message || !message_is_request(message))
			continue;
		for (int j = 0; j < count; j++) {
			if (text_is(methods[j], message->method))
				world_fail(world, "%s sent twice for one datagram received",
					   message->method);
		}
		methods[count++] = message->method;
	}
}

/* Puts what the engine wants sent on the network. */
static void outbox_drain(struct world *world, bool was_datagram)
{
	struct outbox *outbox = world->outbox;
	outbox_check(world, was_datagram);
	for (uint32_t i = 0; i < outbox->count; i++) {
		const struct outbox_entry *entry = &outbox->entries[i];
		struct flight *flight = flight_create(world, entry->data, entry->len,
						      &entry->source, &entry->destination);
		flight->node = node_at(world, &entry->destination);
		if (interface_of(world, &entry->source.address) != (int)entry->interface)
			world_fail(world, "sent from %s by interface %u, which does not own it",
				   endpoint_name(world, &entry->source), entry->interface);
		if (!flight->node)
			world_fail(world, "tandem sends to %s, where nobody is",
				   endpoint_name(world, &entry->destination));
		flight_start(world, flight, "tandem",
			     flight->node ? flight->node->name :
					    endpoint_name(world, &entry->destination));
	}
	for (uint32_t i = 0; i < outbox->outcome_count; i++) {
		if (world->outcome_count < (int)ARRAY_SIZE(world->outcomes))
			world->outcomes[world->outcome_count++] = outbox->outcomes[i];
	}
	for (uint32_t i = 0; i < outbox->event_count; i++) {
		if (world->engine_event_count < (int)ARRAY_SIZE(world->engine_events))
			world->engine_events[world->engine_event_count++] = outbox->events[i];
	}
	for (uint32_t i = 0; i < outbox->name_count; i++) {
		if (world->name_count < (int)ARRAY_SIZE(world->names))
			world->names[world->name_count++] = outbox->names[i];
	}
	outbox_reset(outbox);
}

bool world_name(struct world *world, const char *host, uint16_t port,
		const struct endpoint *endpoint, tick_t keep)
{
	for (int i = 0; i < world->name_count; i++) {
		struct proxy_name *name = &world->names[i];
		struct proxy_name_answer answer = { .key = name->key,
						    .is_found = endpoint != NULL,
						    .keep_ms = (uint32_t)tick_to_ms(keep) };
		if (!text_is(name->host, host) || name->port != port)
			continue;
		if (endpoint)
			answer.endpoint = *endpoint;
		*name = world->names[--world->name_count];
		proxy_name_answer(world->proxy, &answer, world->now);
		return true;
	}
	return false;
}

/* The buffer has exactly the room announced, so that the sanitizer sees one octet too many. */
static void engine_receive(struct world *world, const struct flight *flight)
{
	size_t size = world->headroom + flight->len + world->tailroom;
	char *buffer = malloc(size ? size : 1);
	struct proxy_datagram datagram = {
		.data = buffer + world->headroom, .len = (uint32_t)flight->len,
		.headroom = world->headroom, .tailroom = world->tailroom,
		.interface = (uint16_t)interface_of(world, &flight->destination.address),
		.source = flight->source, .local = flight->destination,
	};
	if (!buffer)
		abort();
	memset(buffer, 0x5a, size);
	memcpy(datagram.data, flight->bytes, flight->len);
	outbox_reset(world->outbox);
	world->datagrams_received++;
	proxy_receive(world->proxy, world->snapshot, &datagram, world->now, world->outbox);
	outbox_drain(world, true);
	free(buffer);
}

static void engine_error(struct world *world, const struct flight *flight)
{
	size_t len = flight->len < QUOTED_MAX ? flight->len : QUOTED_MAX;
	outbox_reset(world->outbox);
	world->errors_received++;
	proxy_transport_error(world->proxy, world->snapshot, span_of(flight->bytes, len),
			      &flight->destination, world->now, world->outbox);
	outbox_drain(world, true);
}

void agent_receive(struct agent *agent, struct letter *letter);

static void flight_land(struct world *world, void *context)
{
	struct flight *flight = context;
	struct node *node = flight->node;

	if (!node) {
		if (flight->is_error)
			engine_error(world, flight);
		else if (interface_of(world, &flight->destination.address) >= 0)
			engine_receive(world, flight);
		return;
	}
	if (node->unreachable) {
		struct flight *error = flight_create(world, flight->bytes, flight->len,
						     &flight->source, &flight->destination);
		error->is_error = true;
		world_at(world, tick_add(world->now, world->latency), flight_land, error);
		return;
	}
	struct letter *letter = arena_alloc(world->arena, sizeof(*letter));
	letter->at = world->now;
	letter->source = flight->source;
	letter->destination = flight->destination;
	letter->message = message_parse(world->arena, flight->bytes, flight->len);
	if (!letter->message)
		world_fail(world, "%s got what is no SIP message", node->name);
	else if (node->agent)
		agent_receive(node->agent, letter);
	else if (!node->ignored) {
		if (node->last)
			node->last->next = letter;
		else
			node->first = letter;
		node->last = letter;
	}
}

struct letter *node_take(struct node *node)
{
	struct letter *letter = node->first;
	if (letter) {
		node->first = letter->next;
		if (!node->first)
			node->last = NULL;
		letter->next = node->received;
		node->received = letter;
	}
	return letter;
}

/* ---- probes */

void world_probe(struct world *world, uint16_t target, tick_t timeout)
{
	struct proxy_probe probe = {
		.number = ++world->probes,
		.timeout_ms = (uint32_t)tick_to_ms(timeout),
		.target = target,
	};

	probe.target_id = target == BALANCE_NONE ? 1 : world->snapshot->targets[target].id;
	proxy_probe_call_id(world->snapshot, world->probes, probe.call_id);
	outbox_reset(world->outbox);
	proxy_probe(world->proxy, world->snapshot, &probe, world->now, world->outbox);
	outbox_drain(world, false);
}

/* ---- time */

/* When something happens next. */
static tick_t world_next(struct world *world)
{
	tick_t engine = proxy_next_expiry(world->proxy);
	while (world->events && world->events->cancelled)
		world->events = world->events->next;
	if (world->events && world->events->at < engine)
		return world->events->at;
	return engine;
}

static void world_step(struct world *world)
{
	struct event *event = world->events;
	tick_t engine = proxy_next_expiry(world->proxy);

	if (event && event->at < engine) {
		world->now = event->at > world->now ? event->at : world->now;
		world->events = event->next;
		event->run(world, event->context);
		return;
	}
	if (engine > world->now)
		world->now = engine;
	bool more = true;
	for (int i = 0; more && i < 1000; i++) {
		outbox_reset(world->outbox);
		more = proxy_expire(world->proxy, world->snapshot, world->now, world->outbox);
		outbox_drain(world, false);
	}
	if (more)
		world_fail(world, "proxy_expire always has more to do");
	else if (proxy_next_expiry(world->proxy) <= world->now)
		world_fail(world, "timers ran, and the next one is still due now");
}

void world_run(struct world *world, tick_t until, bool (*stop)(void *context), void *context)
{
	for (int steps = 0; !world->failure; steps++) {
		if (stop && stop(context))
			return;
		if (world_next(world) > until)
			break;
		if (steps > STEPS_MAX)
			world_fail(world, "more than %d steps: it does not come to an end",
				   STEPS_MAX);
		else
			world_step(world);
	}
	if (!world->failure && until != TICK_NEVER && until > world->now)
		world->now = until;
}

void world_settle(struct world *world)
{
	struct proxy_stats stats;
	tick_t limit = tick_add(world->now, SETTLE_MAX);

	world_run(world, limit, NULL, NULL);
	if (world->failure)
		return;
	if (world_next(world) != TICK_NEVER) {
		world_fail(world, "timers still run after two hours");
		return;
	}
	/* Copies that the last outbox pointed to are released by the next call. */
	outbox_reset(world->outbox);
	proxy_expire(world->proxy, world->snapshot, world->now, world->outbox);
	proxy_stats_read(world->proxy, &stats);
	if (stats.txns || stats.tombstones || stats.timers || stats.retained ||
	    stats.retained_bytes || stats.dialogs || stats.dialog_watches)
		world_fail(world,
			   "left after the last timer: %llu transactions, %llu tombstones, "
			   "%llu timers, %llu copies of %llu octets, %llu dialogs",
			   (unsigned long long)stats.txns, (unsigned long long)stats.tombstones,
			   (unsigned long long)stats.timers, (unsigned long long)stats.retained,
			   (unsigned long long)stats.retained_bytes,
			   (unsigned long long)stats.dialogs);
	for (uint32_t i = 0; i < world->snapshot->target_count; i++) {
		const struct balance_target *target = &world->snapshot->targets[i];
		if (target->status->outstanding)
			world_fail(world, "target %s has %lld requests outstanding at the end",
				   target->name, (long long)target->status->outstanding);
		if (target->status->calls)
			world_fail(world, "target %s has %lld calls at the end", target->name,
				   (long long)target->status->calls);
	}
}

void world_picture(const struct world *world, const char *prefix, struct text *out)
{
	const char *columns[NODES_MAX + 1];
	int count = 0;
	/* The balancer stands in the middle, where the arrows then are short. */
	for (int i = 0; i < world->node_count; i++) {
		if (i == 1)
			columns[count++] = "tandem";
		columns[count++] = world->nodes[i]->name;
	}
	if (world->node_count < 2)
		columns[count++] = "tandem";
	ladder_print(&world->ladder, columns, count, WORLD_EPOCH, prefix, out);
}
