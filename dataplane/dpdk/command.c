/* SPDX-License-Identifier: BSD-3-Clause */
/* See command.h. */
#include <errno.h>
#include <stdlib.h>

#include "dpdk/command.h"
#include "dpdk/shard.h"

uint32_t command_serve(struct worker *worker)
{
	void *items[4];
	unsigned int taken = rte_ring_sc_dequeue_burst(worker->commands, items, ARRAY_SIZE(items),
						       NULL);

	for (unsigned int i = 0; i < taken; i++) {
		struct command *command = items[i];

		proxy_explain(worker->proxy, worker->snapshot, &command->datagram, worker->now,
			      &command->explanation);
		/* Control has no more under way than both rings hold. */
		(void)rte_ring_sp_enqueue(worker->answers, command);
	}
	return taken;
}

void command_collect(struct dataplane *dataplane)
{
	void *item;

	for (uint16_t w = 0; dataplane->commands_outstanding && w < dataplane->worker_count; w++) {
		while (rte_ring_sc_dequeue(dataplane->workers[w]->answers, &item) == 0) {
			struct command *command = item;

			dataplane->commands_outstanding--;
			command->done(command->context, &command->explanation);
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

int dataplane_explain(struct dataplane *dataplane, struct span message,
		      const struct endpoint *source, const struct endpoint *local,
		      uint16_t interface, dataplane_explained_fn done, void *context)
{
	struct command *command;
	uint16_t owner;

	if (message.len > SIP_DATAGRAM_MAX)
		return -EMSGSIZE;
	/* No more under way than one answer ring holds, whoever owns them. */
	if (dataplane->commands_outstanding >= COMMAND_RING - 1)
		return -EAGAIN;
	command = calloc(1, sizeof(*command) + 2 * COMMAND_MARGIN + message.len);
	if (!command)
		return -ENOMEM;
	owner = shard_owner(&dataplane->config.shard_key, message.data, (uint32_t)message.len,
			    dataplane->worker_count);
	if (owner == SHARD_NONE)
		owner = 0;
	command->done = done;
	command->context = context;
	command->len = (uint32_t)message.len;
	memcpy(command->message + COMMAND_MARGIN, message.data, message.len);
	command->datagram = (struct proxy_datagram){
		.data = command->message + COMMAND_MARGIN,
		.len = command->len,
		.headroom = COMMAND_MARGIN,
		.tailroom = COMMAND_MARGIN,
		.interface = interface,
		.source = *source,
		.local = *local,
	};
	if (rte_ring_sp_enqueue(dataplane->workers[owner]->commands, command) != 0) {
		free(command);
		return -EAGAIN;
	}
	dataplane->commands_outstanding++;
	return 0;
}
