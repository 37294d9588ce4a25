/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network: who is where, what gets lost, comes twice or late, and targets that crash or fall
 * silent.  Every datagram put on it goes into the digest of the run.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#define CALLER_NET 0xcb007100u /* 203.0.113.0/24 */
#define CALLERS_A_HOST 500u
#define CALLER_PORT 10000u

struct flight {
	struct flight *next;
	struct buffer *buffer;
	struct address from, to;
};

static struct flight *free_flights;

bool network_is_engine(struct address address)
{
	return address.ip - ACCESS_IP < ENGINES_MAX || address.ip - CORE_IP < ENGINES_MAX;
}

void network_create(void)
{
	uint64_t random = world.options.seed ^ 0x6e6f646573u;

	world.callers = calloc(world.options.callers, sizeof(*world.callers));
	if (!world.callers)
		abort();
	for (uint32_t i = 0; i < world.options.callers; i++) {
		struct node *node = &world.callers[i];
		uint32_t kind = random_below(&random, 10);
		node->number = (uint16_t)i;
		node->seen = (struct address){ CALLER_NET + 1 + i / CALLERS_A_HOST,
					       (uint16_t)(CALLER_PORT + i % CALLERS_A_HOST) };
		node->own = node->seen;
		node->asks_rport = kind & 1;
		if (kind < 3) { /* behind NAT: a private address in Via and Contact */
			node->own = (struct address){ 0x0a000000u + i, 5060 };
			node->asks_rport = true;
		} else if (kind < 6) {
			node->hops = (uint8_t)random_between(&random, 1, 3);
			node->joins_vias = random_below(&random, 2);
		}
	}
	if (world.options.has_outages)
		world_in(random_between(&random, 1000, 100000), EVENT_DARK, NULL, 0, 0);
	for (uint32_t i = 0; i < TARGETS; i++) {
		struct node *node = &world.targets[i];
		*node = (struct node){ .number = (uint16_t)i, .pool = (uint16_t)(i / POOL_SIZE),
				       .is_target = true };
		node->seen = node->own = (struct address){ CORE_IP + 10 + i, 5060 };
		if (world.options.has_outages)
			world_in(random_between(&random, 1000, 400000), EVENT_OUTAGE, node, 0, 0);
	}
}

void network_destroy(void)
{
	free(world.callers);
	world.callers = NULL;
	while (free_flights) {
		struct flight *flight = free_flights;
		free_flights = flight->next;
		free(flight);
	}
}

struct node *network_node(struct address address)
{
	uint32_t host = address.ip - CORE_IP - 10;

	if (host < TARGETS)
		return address.port == 5060 ? &world.targets[host] : NULL;
	host = address.ip - CALLER_NET - 1;
	uint32_t port = (uint32_t)address.port - CALLER_PORT;
	if (host >= 254 || port >= CALLERS_A_HOST ||
	    host * CALLERS_A_HOST + port >= world.options.callers)
		return NULL;
	return &world.callers[host * CALLERS_A_HOST + port];
}

static const char *node_name(struct address address, char *text, size_t size)
{
	const struct node *node = network_node(address);

	if (network_is_engine(address))
		snprintf(text, size, "tandem");
	else if (node)
		snprintf(text, size, "%s%u", node->is_target ? "target" : "caller", node->number);
	else
		snprintf(text, size, "?");
	return text;
}

static void trace(const struct buffer *buffer, struct address from, struct address to,
		  const char *fate)
{
	const struct sip *sip = &buffer->sip;
	char a[24], b[24], what[32];

	if (sip->is_request)
		snprintf(what, sizeof(what), "%s", method_names[sip->method]);
	else
		snprintf(what, sizeof(what), "%u %s", sip->status, method_names[sip->method]);
	struct span branch = sip_text(buffer, sip->branch), tag = sip_text(buffer, sip->to_tag);
	size_t tail = MIN(branch.len, (size_t)12);
	printf("%13.6f  %-10s -> %-10s %-12s CSeq %u branch ..%.*s tag %.*s%s\n",
	       (double)(world.now - EPOCH) / 1e6, node_name(from, a, sizeof(a)),
	       node_name(to, b, sizeof(b)), what, sip->cseq,
	       (int)tail, branch.data + branch.len - tail, (int)tag.len, tag.data, fate);
}

static void flight_start(struct buffer *buffer, struct address from, struct address to,
			 uint64_t delay_us, enum event_kind kind)
{
	struct flight *flight = free_flights;

	if (flight)
		free_flights = flight->next;
	else if (!(flight = malloc(sizeof(*flight))))
		abort();
	*flight = (struct flight){ .buffer = buffer_ref(buffer), .from = from, .to = to };
	queue_put(world.queue, world.now + delay_us, (uint8_t)kind, flight, 0, 0);
}

static void flight_end(struct flight *flight)
{
	buffer_release(flight->buffer);
	flight->next = free_flights;
	free_flights = flight;
}

static uint64_t latency(void)
{
	return random_between(&world.network_random, 500, 20000);
}

/* What a target in an outage or a side in the dark would hear or say. */
static bool is_swallowed(const struct node *node, const struct buffer *buffer)
{
	struct call *call = world.calls[buffer->sip.call];

	if (node->outage) {
		world.swallowed++;
		if (call)
			call->met_outage = true;
	} else if (world.is_dark[node->is_target]) {
		world.in_dark++;
		if (call)
			call->met_dark = true;
	} else {
		return false;
	}
	return true;
}

void network_send(struct buffer *buffer, struct address from, struct address to)
{
	const struct options *options = &world.options;
	bool is_traced = options->trace == (int64_t)buffer->sip.call;
	uint32_t luck = random_below(&world.network_random, 10000);
	const char *fate = "";
	uint64_t delay = latency();

	if (world.calls[buffer->sip.call])
		world.calls[buffer->sip.call]->touched = world.now;
	world.sent++;
	world.digest = (world.digest ^ sip_hash(buffer->data, buffer->len) ^ world.now ^
			(uint64_t)from.ip << 32 ^ (uint64_t)to.ip << 16 ^ from.port ^
			(uint64_t)to.port << 48) * 0x9e3779b97f4a7c15u;
	world.digest ^= world.digest >> 31;
	if (!network_is_engine(to) && !network_node(to))
		world_fail(world.calls[buffer->sip.call], "sent to %u.%u.%u.%u:%u, where nobody is",
			   to.ip >> 24, to.ip >> 16 & 255, to.ip >> 8 & 255, to.ip & 255, to.port);
	if (network_node(from) && is_swallowed(network_node(from), buffer))
		return;
	agreement_note(buffer, from, to, false);
	if (luck < options->loss) {
		world.lost++;
		if (is_traced)
			trace(buffer, from, to, "  LOST");
		return;
	}
	luck -= options->loss;
	if (luck < options->duplicate) {
		world.duplicated++;
		fate = "  TWICE";
		flight_start(buffer, from, to,
			     delay + random_between(&world.network_random, 1, 2500000), EVENT_LAND);
	} else if (luck - options->duplicate < options->delay) {
		world.delayed++;
		fate = "  LATE";
		delay += random_between(&world.network_random, 20000, 1500000);
	}
	if (is_traced)
		trace(buffer, from, to, fate);
	flight_start(buffer, from, to, delay, EVENT_LAND);
}

static void land_at(struct node *node, struct flight *flight)
{
	const struct call *call = world.calls[flight->buffer->sip.call];
	bool is_gone = !node->is_target && call && call->is_caller_gone;
	bool has_icmp = is_gone ? call->plan.has_icmp : node->outage == OUTAGE_ICMP;

	if (!is_gone && !is_swallowed(node, flight->buffer)) {
		agreement_note(flight->buffer, flight->from, flight->to, true);
		agent_receive(node, flight->buffer, flight->from);
		return;
	}
	if (!has_icmp)
		return;
	flight_start(flight->buffer, flight->from, flight->to, latency(), EVENT_ERROR);
	if (world.options.trace == (int64_t)flight->buffer->sip.call)
		trace(flight->buffer, flight->to, flight->from, "  ICMP ERROR");
}

void network_land(void *object)
{
	struct flight *flight = object;
	struct node *node;

	if (network_is_engine(flight->to)) {
		agreement_note(flight->buffer, flight->from, flight->to, true);
		engines_receive(flight->buffer, flight->from, flight->to);
	} else if ((node = network_node(flight->to)) != NULL) {
		land_at(node, flight);
	}
	flight_end(flight);
}

void network_error(void *object)
{
	struct flight *flight = object;

	world.icmp++;
	engines_error(flight->buffer, flight->to);
	flight_end(flight);
}

void network_drop(void *object)
{
	flight_end(object);
}

/* ---- outages */

void network_outage(struct node *target)
{
	uint64_t *random = &world.outage_random;
	bool is_crash = random_below(random, 2);

	/* Once no call starts any more, the world heals, so that it can end. */
	if (world.started == world.options.calls)
		return;
	target->outage = random_below(random, 2) ? OUTAGE_ICMP : OUTAGE_SILENT;
	if (is_crash) {
		target->incarnation++;
		world.crashes++;
	} else {
		world.blackouts++;
	}
	if (world.options.trace >= 0)
		printf("%13.6f  target%u %s, %s\n", (double)(world.now - EPOCH) / 1e6,
		       target->number, is_crash ? "crashes" : "falls silent",
		       target->outage == OUTAGE_ICMP ? "ICMP errors" : "without a word");
	world_in(random_between(random, 200, is_crash ? 20000 : 50000), EVENT_RECOVERY, target, 0,
		 0);
}

void network_recovery(struct node *target)
{
	target->outage = OUTAGE_NONE;
	if (world.options.trace >= 0)
		printf("%13.6f  target%u is back\n", (double)(world.now - EPOCH) / 1e6,
		       target->number);
	world_in(random_between(&world.outage_random, 200000, 500000), EVENT_OUTAGE, target, 0, 0);
}

void network_dark(void)
{
	uint64_t *random = &world.outage_random;
	uint32_t side = random_below(random, 2);

	if (world.started == world.options.calls)
		return;
	world.is_dark[side] = true;
	world.darkenings++;
	if (world.options.trace >= 0)
		printf("%13.6f  %s hear nothing\n", (double)(world.now - EPOCH) / 1e6,
		       side ? "targets" : "callers");
	world_in(random_between(random, 200, 6000), EVENT_LIGHT, NULL, 0, side);
}

void network_light(uint32_t side)
{
	world.is_dark[side] = false;
	world_in(random_between(&world.outage_random, 20000, 150000), EVENT_DARK, NULL, 0, 0);
}
