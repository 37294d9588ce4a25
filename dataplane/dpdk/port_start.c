/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices: configuration and start of the ports; see port.h.  Control thread. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dpdk/af_xdp_socket.h"
#include "dpdk/eal.h"
#include "dpdk/port.h"

#define RX_DESCRIPTORS 2048
#define TX_DESCRIPTORS 2048

/*
 * Spreading looks at addresses alone: all fragments of a datagram then arrive on one queue, and
 * with them the pieces of one reassembly at one worker more often than not.  A trunk is one
 * 5-tuple anyhow; the spreading proper is by Call-ID.
 */
#define RSS_WANTED                                                                                 \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER |               \
	 RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER)

static int port_failed(const struct device *device, const char *what, int rc,
		       struct failure *failure)
{
	const char *log = eal_log_first();
	int code = rc < 0 ? -rc : EINVAL;

	if (code == EBUSY || strstr(log, "busy"))
		return failure_put(failure, EBUSY,
				   "interface %s: device \"%s\" is in use by another program",
				   device->name, device->text);
	/* The AF_XDP driver does not pass on why the kernel refused. */
	if (code == EPERM || strstr(log, "not permitted") || (geteuid() != 0 && code == EINVAL))
		return failure_put(failure, EPERM,
				   "interface %s: permission denied for device \"%s\": run as root, "
				   "or give the process the capabilities in tandemd.service",
				   device->name, device->text);
	if (strstr(log, "create xsk socket"))
		return failure_put(failure, EBUSY,
				   "interface %s: device \"%s\": no AF_XDP socket: the queue is in use "
				   "by another program, or the kernel device has no such queue",
				   device->name, device->text);
	return failure_put(failure, code, "interface %s: device \"%s\": %s: %s%s%s", device->name,
			   device->text, what, strerror(code), log[0] ? ": " : "", log);
}

static void port_choose_offloads(struct device *device, const struct rte_eth_dev_info *info,
				 bool is_tap, struct rte_eth_conf *conf)
{
	const uint64_t rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	const uint64_t tx = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	const bool tx_possible = !is_tap && strcmp(info->driver_name, "net_tap") != 0;

	if (is_tap)
		return;
	conf->rxmode.offloads = rx & info->rx_offload_capa;
	if (tx_possible && (info->tx_offload_capa & tx) == tx)
		conf->txmode.offloads = tx;
	device->tx_ip_checksum = conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	device->tx_udp_checksum = conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
}

static int port_configure(struct device *device, uint16_t port, uint16_t rx, uint16_t tx,
			  bool is_tap, struct failure *failure)
{
	struct rte_eth_conf conf = { .rxmode = { .mq_mode = RTE_ETH_MQ_RX_NONE } };
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(port, &info);

	if (rc != 0)
		return port_failed(device, "no information", rc, failure);
	if (!is_tap && eal_device_is_pci(device->text)) {
		if (device->mtu > info.max_mtu || device->mtu < info.min_mtu)
			return failure_put(failure, EINVAL,
					   "interface %s: mtu %u, device \"%s\" allows %u to %u",
					   device->name, device->mtu, device->text, info.min_mtu,
					   info.max_mtu);
		conf.rxmode.mtu = device->mtu;
	}
	if (rx > 1 && (info.flow_type_rss_offloads & RSS_WANTED)) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = RSS_WANTED & info.flow_type_rss_offloads;
	}
	port_choose_offloads(device, &info, is_tap, &conf);
	rc = rte_eth_dev_configure(port, rx, tx, &conf);
	return rc == 0 ? 0 : port_failed(device, "cannot be configured", rc, failure);
}

static int port_setup_queues(const struct device *device, uint16_t port, uint16_t rx, uint16_t tx,
			     struct rte_mempool *pool, struct failure *failure)
{
	uint16_t rx_descriptors = RX_DESCRIPTORS, tx_descriptors = TX_DESCRIPTORS;
	const int socket = rte_eth_dev_socket_id(port);
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx_descriptors, &tx_descriptors);

	for (uint16_t q = 0; rc == 0 && q < rx; q++)
		rc = rte_eth_rx_queue_setup(port, q, rx_descriptors, (unsigned int)socket, NULL,
					    pool);
	if (rc != 0)
		return port_failed(device, "no receive queue", rc, failure);
	for (uint16_t q = 0; rc == 0 && q < tx; q++)
		rc = rte_eth_tx_queue_setup(port, q, tx_descriptors, (unsigned int)socket, NULL);
	return rc == 0 ? 0 : port_failed(device, "no transmit queue", rc, failure);
}

/* Neighbour discovery arrives by multicast; a port that cannot let all of it in must let in all. */
static void port_let_multicast_in(struct device *device, uint16_t port)
{
	if (rte_eth_allmulticast_enable(port) == 0)
		return;
	if (rte_eth_promiscuous_enable(port) == 0)
		device->is_promiscuous = true;
}

static int port_start(struct dataplane *dataplane, struct device *device, uint16_t port,
		      bool is_tap, struct failure *failure)
{
	uint16_t rx = 0, tx = 0;
	int rc;

	for (uint16_t q = 0; q < dataplane->queue_count; q++) {
		if (dataplane->queues[q].port != port)
			continue;
		rx = (uint16_t)(rx + dataplane->queues[q].has_rx);
		tx = (uint16_t)(tx + dataplane->queues[q].has_tx);
	}
	eal_log_forget();
	rc = port_configure(device, port, rx, tx, is_tap, failure);
	if (rc == 0)
		rc = port_setup_queues(device, port, rx, tx, dataplane->pools[device->pool], failure);
	if (rc)
		return rc;
	rc = rte_eth_dev_start(port);
	if (rc != 0)
		return port_failed(device, "cannot be started", rc, failure);
	if (!is_tap)
		port_let_multicast_in(device, port);
	return 0;
}

int devices_start(struct dataplane *dataplane, struct failure *failure)
{
	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		struct device *device = &dataplane->devices[d];
		struct rte_ether_addr mac;
		int rc = 0;

		for (uint16_t p = 0; rc == 0 && p < device->port_count; p++)
			rc = port_start(dataplane, device, device->ports[p], false, failure);
		if (rc == 0 && device->tap_port != RTE_MAX_ETHPORTS)
			rc = port_start(dataplane, device, device->tap_port, true, failure);
		if (rc)
			return rc;
		rc = rte_eth_macaddr_get(device->ports[0], &mac);
		if (rc != 0)
			return port_failed(device, "no MAC address", rc, failure);
		memcpy(device->mac, mac.addr_bytes, sizeof(device->mac));
	}
	af_xdp_widen_sockets();
	return 0;
}
