/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control asks of a worker: questions that only the owner of a shard can answer, and probes.
 * A command travels over the worker's command ring and, carried out, back over its answer ring.
 * Control allocates and frees it; in between the worker owns it.
 */
#ifndef DPDK_COMMAND_H
#define DPDK_COMMAND_H

#include "dpdk/adapter.h"
#include "sip/message.h"

enum command_kind {
	COMMAND_EXPLAIN,
	COMMAND_PROBE,   /* its result is an outcome, and comes later */
	COMMAND_NAME,    /* nothing comes back */
	COMMAND_TXNS,    /* the next part of its transactions */
	COMMAND_KINDS,
};

struct command_explain {
	dataplane_explained_fn done;
	void *context;
	struct proxy_datagram datagram; /* in `octets` */
	struct proxy_explanation explanation; /* worker: writes */
};

#define COMMAND_ROWS 64 /* an answer */

struct command_txns {
	dataplane_txns_fn done;
	void *context;
	struct proxy_txn_filter filter;
	uint32_t cursor, count;         /* worker: writes, and rows into `octets` */
};

struct command {
	enum command_kind kind;
	union {
		struct command_explain explain;
		struct proxy_probe probe;
		struct proxy_name_answer name;
		struct command_txns txns;
	};
	char octets[];
};
static_assert(offsetof(struct command, octets) % alignof(struct proxy_txn_row) == 0);

static inline struct proxy_txn_row *command_rows(struct command *command)
{
	return (struct proxy_txn_row *)(void *)command->octets;
}

#define COMMAND_MARGIN 256 /* octets before and behind a message */

/* Worker: carries out what has come, a bounded number; how many. */
uint32_t command_serve(struct worker *worker);

/* Control: calls back for all that is carried out, and frees it. */
void command_collect(struct dataplane *dataplane);
/* Control, workers ended: frees what is left. */
void command_fini(struct dataplane *dataplane);

#endif
