/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices: probing and queues; see port.h.  Starting them is port_start.c's. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "dpdk/claim.h"
#include "dpdk/device_text.h"
#include "dpdk/eal.h"
#include "dpdk/memif_socket.h"
#include "dpdk/port.h"

/* The kernel device must exist before the driver is asked: the drivers' own words do not name it. */
static int kernel_device_check(const struct device *device, struct failure *failure)
{
	char driver[32], interface[64];

	if (!device_argument(device->text, "iface", interface, sizeof(interface))) {
		if (device_is_driver(device->text, "net_af_xdp") || device->is_af_packet)
			return failure_put(failure, EINVAL,
					   "interface %s: device \"%s\" lacks iface=KERNEL_DEVICE",
					   device->name, device->text);
		return 0;
	}
	if (device_is_driver(device->text, "net_tap") || if_nametoindex(interface))
		return 0;
	device_name(device->text, driver, sizeof(driver));
	driver[strcspn(driver, "0123456789")] = '\0';
	return failure_put(failure, ENODEV, "interface %s: no kernel device %s for %s",
			   device->name, interface, driver);
}

/* Devices of one process may share a kernel device, a queue each. */
static int device_claim(struct dataplane *dataplane, uint16_t index, struct failure *failure)
{
	struct device *device = &dataplane->devices[index];
	char kernel_device[64], other[64];

	if (!device->is_af_packet && !device_is_driver(device->text, "net_af_xdp"))
		return 0;
	if (!device_argument(device->text, "iface", kernel_device, sizeof(kernel_device)))
		return 0;
	for (uint16_t d = 0; d < index; d++) {
		if (dataplane->devices[d].claim >= 0 &&
		    device_argument(dataplane->devices[d].text, "iface", other, sizeof(other)) &&
		    strcmp(kernel_device, other) == 0)
			return 0;
	}
	device->claim = claim_take(kernel_device);
	if (device->claim >= 0)
		return 0;
	if (device->claim == -EADDRINUSE)
		return failure_put(failure, EBUSY,
				   "interface %s: another tandemd has the kernel device %s",
				   device->name, kernel_device);
	return failure_put(failure, -device->claim,
			   "interface %s: the kernel device %s cannot be claimed: %s", device->name,
			   kernel_device, strerror(-device->claim));
}

/* Before any device is opened, so that a listener is not ourselves. */
static int device_free_socket(const struct device *device, struct failure *failure)
{
	int rc = memif_socket_free(device->text);

	if (rc == -EADDRINUSE)
		return failure_put(failure, EADDRINUSE,
				   "interface %s: another process listens on the socket of device "
				   "\"%s\"",
				   device->name, device->text);
	if (rc)
		return failure_put(failure, -rc,
				   "interface %s: the socket that a process left behind for device "
				   "\"%s\" cannot be removed: %s",
				   device->name, device->text, strerror(-rc));
	return 0;
}

static int probe_failed(const struct device *device, const char *text, int rc,
			struct failure *failure)
{
	const char *log = eal_log_first();
	int code = rc < 0 ? -rc : EINVAL;

	if (code == EPERM || code == EACCES || strstr(log, "not permitted"))
		return failure_put(failure, EPERM,
				   "interface %s: permission denied for device \"%s\": run as root, "
				   "or give the process the capabilities in tandemd.service",
				   device->name, text);
	if (strstr(log, "attach") || strstr(log, "parse device"))
		return failure_put(failure, ENODEV,
				   "interface %s: DPDK knows no device \"%s\" (a driver's name with a "
				   "number, or a PCI address)",
				   device->name, text);
	return failure_put(failure, code, "interface %s: device \"%s\" cannot be opened: %s%s%s",
			   device->name, text, strerror(code), log[0] ? ": " : "", log);
}

static int port_probe(struct device *device, const char *text, struct failure *failure)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port;
	int rc = 0;

	if (device->port_count == DEVICE_PORTS_MAX)
		return failure_put(failure, EINVAL, "interface %s: more than %d queues",
				   device->name, DEVICE_PORTS_MAX);
	device_name(text, name, sizeof(name));
	eal_log_forget();
	if (!eal_device_is_pci(text))
		rc = rte_dev_probe(text);
	if (rc != 0)
		return probe_failed(device, text, rc, failure);
	if (rte_eth_dev_get_port_by_name(name, &port) != 0)
		return failure_put(failure, ENODEV,
				   "interface %s: no driver took device \"%s\" (a PCI device must be "
				   "bound to vfio-pci)%s%s",
				   device->name, text, eal_log_first()[0] ? ": " : "",
				   eal_log_first());
	device->ports[device->port_count++] = port;
	return 0;
}

static int device_probe_ports(struct device *device, struct failure *failure)
{
	char text[DEVICE_TEXT_MAX];
	unsigned int parts;
	int rc = 0;

	if (device_is_driver(device->text, "net_af_xdp")) {
		parts = device_argument_number(device->text, "queue_count", 1);
		for (unsigned int i = 0; i < parts && rc == 0; i++) {
			device_af_xdp_part(device->text, i, text, sizeof(text));
			rc = port_probe(device, text, failure);
		}
		return rc;
	}
	if (device->is_af_packet)
		device_af_packet_complete(device->text, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", device->text);
	return port_probe(device, text, failure);
}

/* The port's queues: as many as can share the work, and no receive queue without a reader. */
static void port_queue_counts(const struct dataplane *dataplane, const struct device *device,
			      const struct rte_eth_dev_info *info, uint16_t *rx, uint16_t *tx)
{
	if (device->is_af_packet || strcmp(info->driver_name, "net_ring") == 0) {
		/* Their queues exist, whether one reads them or not. */
		*rx = info->max_rx_queues;
		*tx = info->max_tx_queues;
	} else if (info->flow_type_rss_offloads) {
		*rx = MIN(info->max_rx_queues, dataplane->worker_count);
		*tx = MIN(info->max_tx_queues, dataplane->worker_count);
	} else {
		*rx = 1;
		*tx = 1;
	}
}

static int queue_add(struct dataplane *dataplane, struct queue queue)
{
	if (dataplane->queue_count == QUEUES_MAX)
		return -ENOSPC;
	dataplane->queues[dataplane->queue_count++] = queue;
	return 0;
}

/* `next`: the worker that gets the next receive queue; devices of one queue each then spread. */
static int device_add_queues(struct dataplane *dataplane, uint16_t index, uint16_t *next,
			     struct failure *failure)
{
	struct device *device = &dataplane->devices[index];

	device->queue_first = dataplane->queue_count;
	for (uint16_t p = 0; p < device->port_count; p++) {
		struct rte_eth_dev_info info;
		uint16_t rx, tx;

		if (rte_eth_dev_info_get(device->ports[p], &info) != 0)
			return failure_put(failure, ENODEV, "interface %s: device \"%s\" is gone",
					   device->name, device->text);
		snprintf(device->driver, sizeof(device->driver), "%s", info.driver_name);
		port_queue_counts(dataplane, device, &info, &rx, &tx);
		if (rx == 0 || tx == 0)
			return failure_put(failure, ENODEV,
					   "interface %s: device \"%s\" has no %s queue",
					   device->name, device->text, rx ? "transmit" : "receive");
		for (uint16_t q = 0; q < MAX(rx, tx); q++) {
			const struct queue queue = {
				.port = device->ports[p],
				.index = q,
				.device = index,
				.owner = (uint16_t)((*next + q) % dataplane->worker_count),
				.has_rx = q < rx,
				.has_tx = q < tx,
			};

			if (queue_add(dataplane, queue) != 0)
				return failure_put(failure, ENOSPC, "more than %d queues in all",
						   QUEUES_MAX);
		}
		*next = (uint16_t)(*next + rx);
	}
	device->queue_count = (uint16_t)(dataplane->queue_count - device->queue_first);
	return 0;
}

/* The TAP carries the port's own MAC address, so that the kernel takes what was sent to it. */
static int device_add_tap(struct dataplane *dataplane, uint16_t index, struct failure *failure)
{
	struct device *device = &dataplane->devices[index];
	char text[DEVICE_TEXT_MAX], name[16];
	struct rte_ether_addr mac;
	int rc;

	if (!device->tap_name[0])
		return 0;
	if (if_nametoindex(device->tap_name))
		return failure_put(failure, EEXIST,
				   "interface %s: kernel device %s exists already, the TAP cannot "
				   "have its name",
				   device->name, device->tap_name);
	if (rte_eth_macaddr_get(device->ports[0], &mac) != 0)
		return failure_put(failure, ENODEV, "interface %s: no MAC address", device->name);
	snprintf(name, sizeof(name), "net_tap%u", index + 100u);
	snprintf(text, sizeof(text),
		 "%s,iface=%s,mac=%02x:%02x:%02x:%02x:%02x:%02x", name, device->tap_name,
		 mac.addr_bytes[0], mac.addr_bytes[1], mac.addr_bytes[2], mac.addr_bytes[3],
		 mac.addr_bytes[4], mac.addr_bytes[5]);
	eal_log_forget();
	rc = rte_dev_probe(text);
	if (rc != 0)
		return probe_failed(device, text, rc, failure);
	if (rte_eth_dev_get_port_by_name(name, &device->tap_port) != 0)
		return failure_put(failure, ENODEV, "interface %s: the TAP did not appear",
				   device->name);
	device->tap_queue = dataplane->queue_count;
	return queue_add(dataplane, (struct queue){
		.port = device->tap_port,
		.device = index,
		.owner = dataplane->queues[device->queue_first].owner,
		.has_rx = true,
		.has_tx = true,
		.is_tap = true,
	});
}

/* The device that an interface's string names: known already, or a new one. */
static uint16_t device_of_interface(struct dataplane *dataplane,
				    const struct dataplane_interface_config *interface)
{
	struct device *device;
	uint16_t d;

	for (d = 0; d < dataplane->device_count; d++) {
		if (strcmp(dataplane->devices[d].text, interface->device) == 0)
			break;
	}
	device = &dataplane->devices[d];
	if (d == dataplane->device_count) {
		dataplane->device_count++;
		(void)rte_strscpy(device->text, interface->device, sizeof(device->text));
		(void)rte_strscpy(device->name, interface->name, sizeof(device->name));
		device->is_af_packet = device_is_driver(device->text, "net_af_packet");
		device->tap_port = RTE_MAX_ETHPORTS;
		device->tap_queue = QUEUE_NONE;
		device->claim = -1;
	}
	if (interface->tap[0])
		(void)rte_strscpy(device->tap_name, interface->tap, sizeof(device->tap_name));
	device->mtu = MAX(device->mtu, interface->mtu);
	return d;
}

/* Octets of a frame that the driver may put into an mbuf. */
static void device_size_frames(struct device *device)
{
	char text[DEVICE_TEXT_MAX];

	device->frame_max = (uint16_t)MIN(device->mtu + NET_LINK_HEADER_MAX + 4u, 60000u);
	if (!device->is_af_packet)
		return;
	device_af_packet_complete(device->text, text, sizeof(text));
	device->frame_max = (uint16_t)MIN(
		MAX(device_argument_number(text, "framesz", 2048), device->frame_max), 60000u);
}

int devices_probe(struct dataplane *dataplane, struct failure *failure)
{
	const struct dataplane_config *config = &dataplane->config;
	uint16_t next = 0;
	int rc;

	for (uint32_t i = 0; i < config->interface_count; i++)
		dataplane->device_of[i] = device_of_interface(dataplane, &config->interfaces[i]);
	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		device_size_frames(&dataplane->devices[d]);
		rc = kernel_device_check(&dataplane->devices[d], failure);
		if (rc == 0)
			rc = device_claim(dataplane, d, failure);
		if (rc == 0)
			rc = device_free_socket(&dataplane->devices[d], failure);
		if (rc)
			return rc;
	}
	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		rc = device_probe_ports(&dataplane->devices[d], failure);
		if (rc == 0)
			rc = device_add_queues(dataplane, d, &next, failure);
		if (rc == 0)
			rc = device_add_tap(dataplane, d, failure);
		if (rc)
			return rc;
	}
	return 0;
}

void devices_stop(struct dataplane *dataplane)
{
	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		struct device *device = &dataplane->devices[d];

		for (uint16_t p = 0; p < device->port_count; p++) {
			if (device->is_promiscuous)
				rte_eth_promiscuous_disable(device->ports[p]);
			rte_eth_dev_stop(device->ports[p]);
			rte_eth_dev_close(device->ports[p]);
		}
		if (device->tap_port != RTE_MAX_ETHPORTS) {
			rte_eth_dev_stop(device->tap_port);
			rte_eth_dev_close(device->tap_port);
		}
		device->port_count = 0;
		device->tap_port = RTE_MAX_ETHPORTS;
		if (device->claim >= 0)
			close(device->claim);
		device->claim = -1;
	}
}

void devices_watch_links(struct dataplane *dataplane)
{
	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		struct device *device = &dataplane->devices[d];
		struct rte_eth_link link;
		bool up;

		if (device->port_count == 0 || rte_eth_link_get_nowait(device->ports[0], &link) != 0)
			continue;
		up = link.link_status == RTE_ETH_LINK_UP;
		if (up && !device->link_up)
			__atomic_fetch_add(&device->announce, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&device->link_up, up, __ATOMIC_RELAXED);
	}
}
