/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine gets and sends, judged by the model; what it holds; see world.h. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#define HEADROOM 1024
#define TAILROOM 1024

static struct endpoint endpoint_of(struct address address)
{
	struct endpoint endpoint = { .port = address.port };

	endpoint.address.family = IP_V4;
	for (int i = 0; i < 4; i++)
		endpoint.address.bytes[i] = (uint8_t)(address.ip >> (24 - 8 * i));
	return endpoint;
}

static struct address address_of(const struct endpoint *endpoint)
{
	struct address address = { .port = endpoint->port };

	for (int i = 0; i < 4; i++)
		address.ip = address.ip << 8 | endpoint->address.bytes[i];
	return address;
}

bool engines_create(void)
{
	world.outbox = calloc(1, sizeof(*world.outbox));
	return world.outbox && cluster_create();
}

void engines_destroy(void)
{
	cluster_destroy();
	free(world.outbox);
}

/* ---- one step of an engine */

static void outputs_read(struct engine *engine, struct outputs *outputs)
{
	const struct outbox *outbox = world.outbox;

	outputs->count = 0;
	outputs->engine = (uint32_t)(engine - world.engines);
	for (uint32_t i = 0; i < outbox->count; i++) {
		const struct outbox_entry *entry = &outbox->entries[i];
		struct buffer *buffer = buffer_new(entry->len);
		buffer->len = (uint16_t)entry->len;
		memcpy(buffer->data, entry->data, entry->len);
		bool is_sip = sip_read(buffer);
		if (!is_sip || buffer->sip.call >= world.options.calls ||
		    !world.calls[buffer->sip.call]) {
			world_fail(NULL, "engine %u sent %u octets %s:\n%.*s", outputs->engine,
				   entry->len,
				   is_sip ? "of a call that is over" : "that nobody can read",
				   (int)MIN(buffer->len, 500), buffer->data);
			buffer_release(buffer);
			continue;
		}
		outputs->output[outputs->count++] =
			(struct output){ .buffer = buffer,
					 .from = address_of(&entry->source),
					 .to = address_of(&entry->destination) };
	}
	engine->next = proxy_next_expiry(engine->proxy);
}

static void outputs_send(struct outputs *outputs)
{
	for (uint32_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->output[i];
		const struct sip *sip = &output->buffer->sip;
		network_send(output->buffer, output->from, output->to);
		world.from_engines++;
		if (!output->is_asked_for && sip->is_request)
			world_fail(world.calls[sip->call], "a %s is sent that nothing asks for",
				   method_names[sip->method]);
		else if (!output->is_asked_for)
			world_fail(world.calls[sip->call],
				   "a %u to %s is sent that nothing asks for", sip->status,
				   method_names[sip->method]);
		buffer_release(output->buffer);
	}
}

static struct call *call_of(const struct buffer *buffer)
{
	struct call *call = world.calls[buffer->sip.call];

	if (!call)
		world_fail(NULL, "a datagram of call %u comes after its end", buffer->sip.call);
	return call;
}

static bool is_its_address(const struct engine *engine, struct address address)
{
	uint32_t slot = (address.ip - ACCESS_IP) & 255;

	return world.options.is_shared || &world.engines[world.owners[slot]] == engine;
}

void engines_receive(struct buffer *buffer, struct address from, struct address to)
{
	static char room[HEADROOM + 65536 + TAILROOM];
	struct call *call = call_of(buffer);
	struct engine *engine = call ? cluster_owner(call) : NULL;
	struct outputs outputs;

	if (!engine) {
		world.in_the_dark++;
		return;
	}
	if (!is_its_address(engine, to))
		world_fail(call, "a datagram goes to the engine of other calls");
	call->touched = world.now;
	memcpy(room + HEADROOM, buffer->data, buffer->len);
	struct proxy_datagram datagram = {
		.data = room + HEADROOM,
		.len = buffer->len,
		.headroom = HEADROOM,
		.tailroom = TAILROOM,
		.interface = (uint16_t)(to.ip >> 24 == 198),
		.source = endpoint_of(from),
		.local = endpoint_of(to),
	};
	outbox_reset(world.outbox);
	engine->given++;
	world.to_engines++;
	outputs.verdict =
		proxy_receive(engine->proxy, engine->snapshot, &datagram, world.now, world.outbox);
	outputs_read(engine, &outputs);
	if (buffer->sip.is_request)
		model_request(call, buffer, from, to, &outputs);
	else
		model_response(call, buffer, &outputs);
	model_calls_seen(call, engine, buffer, &outputs);
	outputs_send(&outputs);
}

/* An ICMP error quotes the first octets of what came to nobody. */
void engines_error(struct buffer *buffer, struct address to)
{
	struct call *call = call_of(buffer);
	struct engine *engine = call ? cluster_owner(call) : NULL;
	struct endpoint destination = endpoint_of(to);
	struct outputs outputs;

	if (!engine) {
		world.in_the_dark++;
		return;
	}
	call->touched = world.now;
	outbox_reset(world.outbox);
	engine->given++;
	outputs.verdict = proxy_transport_error(engine->proxy, engine->snapshot,
						span_of(buffer->data, MIN(buffer->len, 520)),
						&destination, world.now, world.outbox);
	outputs_read(engine, &outputs);
	model_error(call, buffer, to, &outputs);
	outputs_send(&outputs);
}

tick_t engines_next(void)
{
	tick_t next = TICK_NEVER;

	for (uint32_t i = 0; i < world.engine_count; i++)
		next = MIN(next, world.engines[i].next);
	return next;
}

void engines_expire(void)
{
	struct outputs outputs;

	for (uint32_t i = 0; i < world.engine_count && !world.has_failed; i++) {
		struct engine *engine = &world.engines[i];
		int idle = 0;
		for (int n = 0; engine->next <= world.now && !world.has_failed; n++) {
			outbox_reset(world.outbox);
			bool more = proxy_expire(engine->proxy, engine->snapshot, world.now,
						 world.outbox);
			outputs_read(engine, &outputs);
			for (uint32_t j = 0; j < outputs.count; j++)
				model_expiry(&outputs.output[j], &outputs);
			outputs_send(&outputs);
			/* What ends in this millisecond may make way for a tombstone that does
			 * too. */
			idle += !more;
			if (n > 1000000 || (idle > 2 && engine->next <= world.now))
				world_fail(NULL, "the timers of an engine never end");
		}
	}
}

/* ---- sums */

static void check_verdicts(const struct engine *engine)
{
	const struct verdict_counters *counters = proxy_verdicts(engine->proxy);
	uint64_t sum = 0;

	for (int kind = 0; kind < VERDICT_KINDS; kind++)
		for (int reason = 0; reason < VERDICT_REASON_COUNT; reason++)
			sum += counters->count[kind][reason];
	if (sum != engine->given)
		world_fail(NULL, "%llu verdicts for %llu datagrams", (unsigned long long)sum,
			   (unsigned long long)engine->given);
}

static bool is_within(uint64_t is, uint64_t low, uint64_t grey)
{
	return low <= is && is <= low + grey;
}

static void check_held(uint32_t i, const struct proxy_stats *is, const struct model_held *held)
{
	struct proxy_memory memory;

	/* Without room for tombstones what would be one stays whole. */
	bool is_right = world.options.is_scarce
				? is_within(is->txns + is->tombstones,
					    held->txns + held->tombstones, held->grey)
				: is_within(is->txns, held->txns, held->grey) &&
					  is_within(is->tombstones, held->tombstones, held->grey);

	if (!is_right)
		world_fail(
			NULL,
			"engine %u holds %llu transactions and %llu tombstones; %llu and %llu are "
			"alive, %llu about to turn",
			i, (unsigned long long)is->txns, (unsigned long long)is->tombstones,
			(unsigned long long)held->txns, (unsigned long long)held->tombstones,
			(unsigned long long)held->grey);
	proxy_memory_read(world.engines[i].proxy, &memory);
	for (int kind = 0; kind < PROXY_OWED_KINDS; kind++)
		if (!is_within(memory.owed[kind].count, held->copies[kind], 2 * held->grey))
			world_fail(NULL,
				   "engine %u keeps %llu copies of %s, %llu are owed, %llu about "
				   "to turn",
				   i, (unsigned long long)memory.owed[kind].count,
				   proxy_owed_names[kind], (unsigned long long)held->copies[kind],
				   (unsigned long long)held->grey);
}

/* An engine is a process of its own: its targets' calls are those that it counts. */
static void check_calls(const struct engine *engine, const struct proxy_stats *stats)
{
	int64_t sum = 0;

	for (uint32_t j = 0; j < TARGETS; j++) {
		int64_t calls = engine->statuses[j].calls;
		if (calls < 0)
			world_fail(NULL, "target %s has %lld calls", engine->targets[j].name,
				   (long long)calls);
		sum += calls;
	}
	if (sum != (int64_t)stats->calls || stats->calls > stats->dialogs)
		world_fail(NULL, "%lld calls of targets, %llu counted, %llu dialogs",
			   (long long)sum, (unsigned long long)stats->calls,
			   (unsigned long long)stats->dialogs);
	if (stats->calls_uncounted)
		world_fail(NULL, "a call was not counted although there was room");
}

void engines_sample(void)
{
	struct model_held held[ENGINES_MAX + 1] = { { 0 } };
	struct proxy_stats stats;

	world.samples++;
	model_calls_check();
	for (uint32_t i = world.started; i-- > 0 && world.started - i < 4 * world.busiest + 100000;)
		for (struct model_txn *txn = world.calls[i] ? world.calls[i]->models : NULL; txn;
		     txn = txn->next) {
			if (txn->is_lost || world.engines[txn->engine].life != txn->life)
				continue;
			model_advance(txn);
			model_held(txn, &held[txn->engine]);
		}
	for (uint32_t i = 0; i < world.engine_count; i++) {
		if (!world.engines[i].proxy)
			continue;
		const struct model_held *h = &held[i];
		proxy_stats_read(world.engines[i].proxy, &stats);
		world.alive_max = MAX(world.alive_max, stats.txns + stats.tombstones);
		check_held(i, &stats, h);
		if (stats.outbox_full)
			world_fail(NULL, "an outbox was full");
		check_calls(&world.engines[i], &stats);
		/* Looks at every slot, taken or not. */
		const char *wrong = world.samples % 4 ? NULL : proxy_check(world.engines[i].proxy);
		if (wrong)
			world_fail(NULL, "engine %u: %s", i, wrong);
		check_verdicts(&world.engines[i]);
	}
}

static void check_end(uint32_t i)
{
	struct engine *engine = &world.engines[i];
	struct proxy_stats stats;

	/* Copies that the last outbox pointed to are released by the next call. */
	outbox_reset(world.outbox);
	(void)proxy_expire(engine->proxy, engine->snapshot, world.now, world.outbox);
	proxy_stats_read(engine->proxy, &stats);
	if (stats.txns || stats.tombstones || stats.timers || stats.retained ||
	    stats.retained_bytes || stats.dialogs || stats.dialog_watches)
		world_fail(NULL,
			   "engine %u keeps %llu transactions, %llu tombstones, %llu timers, "
			   "%llu copies, %llu dialogs",
			   i, (unsigned long long)stats.txns, (unsigned long long)stats.tombstones,
			   (unsigned long long)stats.timers, (unsigned long long)stats.retained,
			   (unsigned long long)stats.dialogs);
	check_verdicts(engine);
	for (uint32_t j = 0; j < TARGETS; j++)
		if (engine->statuses[j].outstanding)
			world_fail(NULL, "target %s has %lld requests outstanding at the end",
				   engine->targets[j].name,
				   (long long)engine->statuses[j].outstanding);
	check_calls(engine, &stats);
	if (stats.calls)
		world_fail(NULL, "engine %u counts %llu calls at the end", i,
			   (unsigned long long)stats.calls);
}

void engines_check_end(void)
{
	for (uint32_t i = 0; i < world.engine_count; i++)
		if (world.engines[i].proxy)
			check_end(i);
}
