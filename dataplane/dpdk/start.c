/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of start and stop: EAL, devices, pools, ports, workers, launch; and back.
 * Control thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "dpdk/eal.h"
#include "dpdk/memory.h"
#include "dpdk/port.h"
#include "dpdk/worker.h"

static int config_check(const struct dataplane_config *config, struct failure *failure)
{
	if (config->workers == 0 || config->workers > DATAPLANE_WORKERS_MAX)
		return failure_put(failure, EINVAL, "workers: %u, 1 to %d are possible",
				   config->workers, DATAPLANE_WORKERS_MAX);
	if (config->interface_count == 0 || config->interface_count > BALANCE_INTERFACES_MAX)
		return failure_put(failure, EINVAL, "interfaces: %u, 1 to %d are possible",
				   config->interface_count, BALANCE_INTERFACES_MAX);
	for (uint32_t i = 0; i < config->interface_count; i++) {
		const struct dataplane_interface_config *interface = &config->interfaces[i];

		if (!interface->device[0])
			return failure_put(failure, EINVAL, "interface %s: no device",
					   interface->name);
		if (interface->mtu < NET_MTU_MIN_V4)
			return failure_put(failure, EINVAL, "interface %s: mtu %u is below %d",
					   interface->name, interface->mtu, NET_MTU_MIN_V4);
	}
	return 0;
}

/* Workers run on the lcores behind the main one, in order. */
static int workers_launch(struct dataplane *dataplane, struct failure *failure)
{
	uint16_t launched = 0;
	unsigned int lcore;

	if (rte_lcore_count() <= dataplane->worker_count)
		return failure_put(failure, EINVAL,
				   "lcores: %u are mapped, %u workers and the control thread need %u",
				   rte_lcore_count(), dataplane->worker_count,
				   dataplane->worker_count + 1u);
	dataplane->launched = true;
	RTE_LCORE_FOREACH_WORKER(lcore) {
		if (launched == dataplane->worker_count)
			break;
		if (rte_eal_remote_launch(worker_run, dataplane->workers[launched], lcore) != 0)
			return failure_put(failure, EBUSY, "lcore %u does not start", lcore);
		launched++;
	}
	return 0;
}

static int start(struct dataplane *dataplane, struct failure *failure)
{
	struct memory_plan plan;
	struct clock_sample before, after;
	int rc = config_check(&dataplane->config, failure);

	if (rc == 0)
		rc = memory_plan(&dataplane->config, &plan, failure);
	if (rc)
		return rc;
	clock_sample_take(&before);
	rc = eal_start(&dataplane->config, plan.heap, failure);
	if (rc)
		return rc;
	dataplane->owns_eal = true;
	rc = devices_probe(dataplane, failure);
	if (rc == 0)
		rc = memory_create_pools(dataplane, &plan, failure);
	if (rc == 0)
		rc = devices_start(dataplane, failure);
	if (rc)
		return rc;
	devices_watch_links(dataplane);
	clock_sample_take(&after);
	clock_init(&dataplane->clock, &before, &after, rte_get_tsc_hz());
	rc = workers_create(dataplane, &plan, failure);
	return rc ? rc : workers_launch(dataplane, failure);
}

struct dataplane *dataplane_start(const struct dataplane_config *config,
				  const struct balance_snapshot *snapshot, char *error, size_t size)
{
	struct dataplane *dataplane = aligned_alloc(alignof(struct dataplane), sizeof(*dataplane));
	struct failure failure = { .text = "" };

	if (!dataplane) {
		snprintf(error, size, "memory: no room for the data plane");
		return NULL;
	}
	memset(dataplane, 0, sizeof(*dataplane));
	dataplane->config = *config;
	dataplane->worker_count = config->workers;
	dataplane->snapshot = snapshot;
	if (start(dataplane, &failure) != 0) {
		snprintf(error, size, "%s", failure.text);
		dataplane_stop(dataplane);
		return NULL;
	}
	return dataplane;
}

tick_t dataplane_now(const struct dataplane *dataplane)
{
	return clock_now(&dataplane->clock);
}

void dataplane_stop(struct dataplane *dataplane)
{
	if (!dataplane)
		return;
	__atomic_store_n(&dataplane->stopping, true, __ATOMIC_RELAXED);
	/* A worker looks at least every idle_sleep_us. */
	if (dataplane->launched)
		rte_eal_mp_wait_lcore();
	if (dataplane->capture)
		dataplane_capture_stop(dataplane, NULL, NULL);
	trace_control_fini(dataplane);
	workers_destroy(dataplane);
	devices_stop(dataplane);
	memory_free_pools(dataplane);
	if (dataplane->owns_eal)
		eal_stop();
	free(dataplane);
}
