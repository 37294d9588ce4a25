/* SPDX-License-Identifier: BSD-3-Clause */
/* See command.h. */
#include <errno.h>
#include <stdlib.h>

#include "balance/interface.h"
#include "dpdk/command.h"
#include "dpdk/engine.h"
#include "dpdk/shard.h"

#define COMMANDS_A_PASS 4 /* of housekeeping */

/* ---- worker */

static void explain_serve(struct worker *worker, struct command *command)
{
	struct command_explain *explain = &command->explain;

	proxy_explain(worker->proxy, worker->snapshot, &explain->datagram, worker->now,
		      &explain->explanation);
}

static void probe_serve(struct worker *worker, struct command *command)
{
	engine_probe(worker, &command->probe);
}

static void name_serve(struct worker *worker, struct command *command)
{
	engine_name_answer(worker, &command->name);
}

static void txns_serve(struct worker *worker, struct command *command)
{
	struct command_txns *txns = &command->txns;

	txns->count = proxy_txns_read(worker->proxy, &txns->filter, worker->now, &txns->cursor,
				      command_rows(command), COMMAND_ROWS);
}

uint32_t command_serve(struct worker *worker)
{
	static void (*const serve[COMMAND_KINDS])(struct worker *, struct command *) = {
		[COMMAND_EXPLAIN] = explain_serve,
		[COMMAND_PROBE] = probe_serve,
		[COMMAND_NAME] = name_serve,
		[COMMAND_TXNS] = txns_serve,
	};
	void *items[COMMANDS_A_PASS];
	unsigned int taken = rte_ring_sc_dequeue_burst(worker->commands, items, ARRAY_SIZE(items),
						       NULL);

	for (unsigned int i = 0; i < taken; i++) {
		struct command *command = items[i];

		serve[command->kind](worker, command);
		/* Control has no more under way than both rings hold. */
		(void)rte_ring_sp_enqueue(worker->answers, command);
	}
	return taken;
}

/* ---- control */

static void command_done(struct command *command)
{
	switch (command->kind) {
	case COMMAND_EXPLAIN:
		command->explain.done(command->explain.context, &command->explain.explanation);
		break;
	case COMMAND_TXNS:
		command->txns.done(command->txns.context, command_rows(command),
				   command->txns.count, command->txns.cursor);
		break;
	case COMMAND_PROBE:
	case COMMAND_NAME:
	case COMMAND_KINDS:
		break;
	}
}

void command_collect(struct dataplane *dataplane)
{
	void *item;

	for (uint16_t w = 0; dataplane->commands_outstanding && w < dataplane->worker_count; w++) {
		while (rte_ring_sc_dequeue(dataplane->workers[w]->answers, &item) == 0) {
			struct command *command = item;

			dataplane->commands_outstanding--;
			command_done(command);
			free(command);
		}
	}
}

void command_fini(struct dataplane *dataplane)
{
	void *item;

	for (uint16_t w = 0; w < dataplane->worker_count; w++) {
		struct worker *worker = dataplane->workers[w];

		if (!worker)
			continue;
		while (worker->commands && rte_ring_sc_dequeue(worker->commands, &item) == 0)
			free(item);
		while (worker->answers && rte_ring_sc_dequeue(worker->answers, &item) == 0)
			free(item);
	}
}

/* NULL with *error set: no more are under way than one answer ring holds, whoever serves them. */
static struct command *command_create(const struct dataplane *dataplane, enum command_kind kind,
				      size_t octets, int *error)
{
	struct command *command;

	*error = -EAGAIN;
	if (dataplane->commands_outstanding >= COMMAND_RING - 1)
		return NULL;
	*error = -ENOMEM;
	command = calloc(1, sizeof(*command) + octets);
	if (command)
		command->kind = kind;
	return command;
}

static int command_send(struct dataplane *dataplane, uint16_t worker, struct command *command)
{
	if (rte_ring_sp_enqueue(dataplane->workers[worker]->commands, command) != 0) {
		free(command);
		return -EAGAIN;
	}
	dataplane->commands_outstanding++;
	return 0;
}

int dataplane_explain(struct dataplane *dataplane, struct span message,
		      const struct endpoint *source, const struct endpoint *local,
		      uint16_t interface, dataplane_explained_fn done, void *context)
{
	struct command *command;
	uint16_t owner;
	int error;

	if (message.len > SIP_DATAGRAM_MAX)
		return -EMSGSIZE;
	command = command_create(dataplane, COMMAND_EXPLAIN, 2 * COMMAND_MARGIN + message.len,
				 &error);
	if (!command)
		return error;
	owner = shard_owner(&dataplane->config.shard_key, message.data, (uint32_t)message.len,
			    dataplane->worker_count);
	memcpy(command->octets + COMMAND_MARGIN, message.data, message.len);
	command->explain = (struct command_explain){
		.done = done,
		.context = context,
		.datagram = {
			.data = command->octets + COMMAND_MARGIN,
			.len = (uint32_t)message.len,
			.headroom = COMMAND_MARGIN,
			.tailroom = COMMAND_MARGIN,
			.interface = interface,
			.source = *source,
			.local = *local,
		},
	};
	return command_send(dataplane, owner == SHARD_NONE ? 0 : owner, command);
}

int dataplane_probe(struct dataplane *dataplane, const struct dataplane_probe *probe)
{
	/* Published by this thread. */
	const struct balance_snapshot *snapshot = dataplane->snapshot;
	struct command *command;
	int error;

	command = command_create(dataplane, COMMAND_PROBE, 0, &error);
	if (!command)
		return error;
	command->probe = (struct proxy_probe){
		.target_id = probe->target_id,
		.number = probe->number,
		.timeout_ms = probe->timeout_ms,
		.target = balance_target_by_id(snapshot, probe->target_id, dataplane->probe_hint),
	};
	dataplane->probe_hint = command->probe.target;
	proxy_probe_call_id(snapshot, ++dataplane->probes, command->probe.call_id);
	/* Its answers come to the owner of its Call-ID. */
	return command_send(dataplane,
			    shard_of(&dataplane->config.shard_key,
				     span_of_string(command->probe.call_id),
				     dataplane->worker_count),
			    command);
}

int dataplane_name_answer(struct dataplane *dataplane, uint16_t worker,
			  const struct proxy_name_answer *answer)
{
	struct command *command;
	int error;

	if (worker >= dataplane->worker_count)
		return -EINVAL;
	command = command_create(dataplane, COMMAND_NAME, 0, &error);
	if (!command)
		return error;
	command->name = *answer;
	return command_send(dataplane, worker, command);
}

int dataplane_txns(struct dataplane *dataplane, uint16_t worker, uint32_t cursor,
		   const struct proxy_txn_filter *filter, dataplane_txns_fn done, void *context)
{
	struct command *command;
	int error;

	if (worker >= dataplane->worker_count)
		return -ENOENT;
	command = command_create(dataplane, COMMAND_TXNS,
				 COMMAND_ROWS * sizeof(struct proxy_txn_row), &error);
	if (!command)
		return error;
	command->txns = (struct command_txns){
		.done = done,
		.context = context,
		.filter = *filter,
		.cursor = cursor,
	};
	return command_send(dataplane, worker, command);
}
