/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK for the generator: its start, one or two ports of one queue pair, the packets' pool, the
 * clock, and the lcore that polls.  Control thread.
 */
#ifndef GENERATOR_PORTS_H
#define GENERATOR_PORTS_H

#include "dpdk/clock.h"
#include "dpdk/failure.h"
#include "generator/links.h"

struct rte_mempool;

struct port {
	const char *device;
	uint16_t id;
	int claim;                   /* of the kernel's device; -1: none */
	struct links_device link;
};

struct ports {
	uint16_t count;
	struct port list[OPTIONS_DEVICES_MAX];
	struct rte_mempool *pool;
	struct clock clock;
	unsigned int lcore;          /* where the loop is launched */
	int core;                    /* the processor of that lcore */
	bool is_open;
};

/* Opens all and waits for the links, as long as the options say.  0, or -errno with a sentence in
 * `failure`; what was opened is then closed again. */
[[nodiscard]] int ports_open(struct ports *ports, const struct options *options,
			     struct failure *failure);
void ports_close(struct ports *ports);
/* True when the device says that its link is up. */
[[nodiscard]] bool port_is_up(const struct port *port);

#endif
