/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices: from the `device:` strings of the configuration to started DPDK ports with queues,
 * each queue given to a worker.  Control thread only; workers touch the queues, not this file.
 *
 * In order: devices_probe, (pools), devices_start; devices_stop undoes what was done.
 */
#ifndef DPDK_PORT_H
#define DPDK_PORT_H

#include "dpdk/adapter.h"

/* Opens what the configuration names; fills devices, queues (owners included), device_of. */
[[nodiscard]] int devices_probe(struct dataplane *dataplane, struct failure *failure);
/* Configures and starts the ports, each with its pool. */
[[nodiscard]] int devices_start(struct dataplane *dataplane, struct failure *failure);
/* Stops and closes all ports. */
void devices_stop(struct dataplane *dataplane);

/* Reads the ports' link states; one that has come up is announced again by the workers. */
void devices_watch_links(struct dataplane *dataplane);

#endif
