/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions of control that only the owner of a shard can answer: they travel to the worker over
 * its command ring and come back over its answer ring.  Control allocates and frees them; in
 * between the worker owns them.
 */
#ifndef DPDK_COMMAND_H
#define DPDK_COMMAND_H

#include "dpdk/adapter.h"
#include "sip/message.h"

struct command {
	dataplane_explained_fn done;
	void *context;
	struct proxy_datagram datagram;
	struct proxy_explanation explanation; /* worker: writes */
	uint32_t len;
	char message[];
};

#define COMMAND_MARGIN 256 /* octets before and behind the message */

/* Worker: answers what has come; how many. */
uint32_t command_serve(struct worker *worker);

/* Control: calls back for all that is answered. */
void command_collect(struct dataplane *dataplane);
/* Control, workers ended: frees what was not answered. */
void command_fini(struct dataplane *dataplane);

#endif
