/* SPDX-License-Identifier: BSD-3-Clause */
/* See ports.h. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "dpdk/af_xdp_socket.h"
#include "dpdk/claim.h"
#include "dpdk/device_text.h"
#include "dpdk/eal.h"
#include "generator/ports.h"
#include "net/wire.h"

#define DESCRIPTORS        2048
#define POOL_CACHE         256
#define PACKETS_OWN        2048u /* in the outbox and waiting to be sent */
#define LOOP_DEVICE        "net_ring0"
#define LOOKS_A_SECOND     20
#define LOOKS_A_START      6

/* ---- start of DPDK --------------------------------------------------------------------------- */

/* The processor to poll on, and the text that gives it to lcore 1; lcore 0 floats over all. */
static int lcores_choose(int core, char *text, size_t size, struct failure *failure)
{
	char all[256] = "";
	size_t used = 0;
	cpu_set_t set;
	int first = -1;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return failure_put(failure, errno, "the allowed processors cannot be told: %s",
				   strerror(errno));
	for (int cpu = 0; cpu < CPU_SETSIZE && used < sizeof(all) - 16; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%d", used ? "," : "",
					 cpu);
		first = first < 0 ? cpu : first;
	}
	if (core >= 0 && (core >= CPU_SETSIZE || !CPU_ISSET(core, &set)))
		return failure_put(failure, EINVAL,
				   "--core: processor %d is not among the allowed: %s", core, all);
	core = core < 0 ? first : core;
	snprintf(text, size, "0@(%s),1@%d", all, core);
	return core;
}

static uint32_t packets_needed(uint16_t ports)
{
	return ports * 2u * DESCRIPTORS + PACKETS_OWN + ports * 1024u;
}

static uint16_t packet_room(const struct options *o)
{
	const uint32_t room = RTE_PKTMBUF_HEADROOM + o->mtu + NET_LINK_HEADER_MAX + 4u;
	bool packet = false;

	for (uint16_t d = 0; d < o->device_count; d++)
		packet = packet || device_is_driver(o->devices[d], "net_af_packet");
	if (packet) /* what the kernel has put together comes whole */
		return (uint16_t)MIN(RTE_PKTMBUF_HEADROOM + DEVICE_AF_PACKET_FRAME, 65535u);
	return (uint16_t)MAX(room, (uint32_t)RTE_MBUF_DEFAULT_BUF_SIZE);
}

static int start_dpdk(struct ports *ports, const struct options *o, struct failure *failure)
{
	static struct dataplane_config config;
	/* Without hugepages an element takes whole pages. */
	const size_t element = RTE_ALIGN_CEIL(packet_room(o) + 256u, 4096u);
	const size_t heap = packets_needed(ports->count) * element + ((size_t)16 << 20);
	int rc;

	config = (struct dataplane_config){ .workers = 1,
					    .no_huge = o->no_huge,
					    .interface_count = o->device_count };
	ports->core = lcores_choose(o->core, config.lcores, sizeof(config.lcores), failure);
	if (ports->core < 0)
		return ports->core;
	for (uint16_t d = 0; d < o->device_count; d++) {
		if (strlen(o->devices[d]) >= sizeof(config.interfaces[d].device))
			return failure_put(failure, EINVAL, "--device: longer than %zu characters",
					   sizeof(config.interfaces[d].device) - 1);
		snprintf(config.interfaces[d].device, sizeof(config.interfaces[d].device), "%s",
			 o->devices[d]);
	}
	rc = eal_start(&config, heap, failure);
	if (rc == -ENOMEM) {
		failure->text[0] = '\0';
		return failure_put(failure, ENOMEM,
				   "%zu MiB of hugepages are needed and fewer are "
				   "free: reserve more, or use --no-huge",
				   (heap + (1 << 20) - 1) >> 20);
	}
	if (rc)
		return rc;
	ports->is_open = true;
	ports->lcore = rte_get_next_lcore(-1, 1, 0);
	return 0;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static int port_failed(const struct port *port, const char *what, int rc, struct failure *failure)
{
	const char *log = eal_log_first();

	return failure_put(failure, rc ? rc : EINVAL, "device \"%s\": %s: %s%s%s", port->device,
			   what, strerror(rc < 0 ? -rc : rc), log[0] ? ": " : "", log);
}

/* Two programs on one AF_XDP device spoil it for one another: see dpdk/claim.h. */
static int kernel_device_take(struct port *port, struct failure *failure)
{
	char name[64];

	if (!device_is_driver(port->device, "net_af_xdp") &&
	    !device_is_driver(port->device, "net_af_packet"))
		return 0;
	if (!device_argument(port->device, "iface", name, sizeof(name)))
		return failure_put(failure, EINVAL, "device \"%s\" lacks iface=KERNEL_DEVICE",
				   port->device);
	if (!if_nametoindex(name))
		return failure_put(failure, ENODEV, "device \"%s\": there is no kernel device %s",
				   port->device, name);
	port->claim = claim_take(name);
	if (port->claim >= 0)
		return 0;
	return failure_put(failure, -port->claim,
			   "the kernel device %s is in use by another tandemd "
			   "or tandem-bench: %s",
			   name, strerror(-port->claim));
}

static int port_probe(struct port *port, struct failure *failure)
{
	char name[RTE_ETH_NAME_MAX_LEN], text[DEVICE_TEXT_MAX];
	int rc = 0;

	if (device_is_driver(port->device, "net_af_packet"))
		device_af_packet_complete(port->device, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", port->device);
	device_name(text, name, sizeof(name));
	eal_log_forget();
	if (!eal_device_is_pci(text))
		rc = rte_dev_probe(text);
	if (rc != 0)
		return port_failed(port,
				   "DPDK knows no such device (a driver's name with a number, or "
				   "a PCI address), or it cannot be opened",
				   rc, failure);
	if (rte_eth_dev_get_port_by_name(name, &port->id) != 0)
		return port_failed(port,
				   "no driver took it (a PCI device must be bound to vfio-pci)",
				   ENODEV, failure);
	return 0;
}

static int port_configure(struct port *port, const struct options *o, struct failure *failure)
{
	const uint64_t rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	const uint64_t tx = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	struct rte_eth_conf conf = { .rxmode = { .mq_mode = RTE_ETH_MQ_RX_NONE } };
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(port->id, &info);

	if (rc != 0)
		return port_failed(port, "no information", rc, failure);
	if (eal_device_is_pci(port->device)) {
		if (o->mtu < info.min_mtu || o->mtu > info.max_mtu)
			return failure_put(failure, EINVAL,
					   "device \"%s\": mtu %u, it allows %u to %u",
					   port->device, o->mtu, info.min_mtu, info.max_mtu);
		conf.rxmode.mtu = o->mtu;
	}
	conf.rxmode.offloads = rx & info.rx_offload_capa;
	if ((info.tx_offload_capa & tx) == tx && strcmp(info.driver_name, "net_tap") != 0)
		conf.txmode.offloads = tx;
	port->link.offload = conf.txmode.offloads != 0;
	port->link.trust_udp = strcmp(info.driver_name, "net_af_packet") == 0;
	rc = rte_eth_dev_configure(port->id, 1, 1, &conf);
	return rc == 0 ? 0 : port_failed(port, "cannot be configured", rc, failure);
}

static int port_start(struct ports *ports, struct port *port, const struct options *o,
		      struct failure *failure)
{
	static const uint8_t loop_mac[MAC_LEN] = { 0x02, 0, 0, 0, 0, 1 };
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS;
	struct rte_ether_addr mac;
	unsigned int socket;
	int rc;

	eal_log_forget();
	rc = port_configure(port, o, failure);
	if (rc)
		return rc;
	socket = (unsigned int)rte_eth_dev_socket_id(port->id);
	rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(port->id, 0, rx, socket, NULL, ports->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(port->id, 0, tx, socket, NULL);
	if (rc != 0)
		return port_failed(port, "no queues", rc, failure);
	rc = rte_eth_dev_start(port->id);
	if (rc != 0 && !device_is_driver(port->device, "net_memif")) /* see link_wait */
		return port_failed(port, "cannot be started", rc, failure);
	/* Neighbour discovery comes by multicast. */
	if (rte_eth_allmulticast_enable(port->id) != 0)
		(void)rte_eth_promiscuous_enable(port->id);
	if (rte_eth_macaddr_get(port->id, &mac) != 0)
		return port_failed(port, "no MAC address", ENODEV, failure);
	memcpy(port->link.mac, mac.addr_bytes, MAC_LEN);
	if (o->loop || !mac_is_station(port->link.mac))
		memcpy(port->link.mac, loop_mac, MAC_LEN);
	return 0;
}

bool port_is_up(const struct port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

/*
 * Until the link is up.  A memif client connects once, when it is started: to a server that is
 * just starting itself it has to be started again.
 */
static int link_wait(const struct port *port, uint32_t wait_s, struct failure *failure)
{
	const struct timespec pause = { .tv_nsec = 1000000000L / LOOKS_A_SECOND };

	for (uint32_t look = 1; !port_is_up(port); look++) {
		if (look > wait_s * LOOKS_A_SECOND)
			return failure_put(
				failure, ENETDOWN,
				"device \"%s\": no link after %u s: is the "
				"other end (for net_memif a server with the same socket, "
				"socket-abstract and id) running?",
				port->device, wait_s);
		if (nanosleep(&pause, NULL) != 0)
			return failure_put(failure, EINTR,
					   "interrupted while waiting for the link of "
					   "device \"%s\"",
					   port->device);
		if (look % LOOKS_A_START == 0 && device_is_driver(port->device, "net_memif")) {
			rte_eth_dev_stop(port->id);
			(void)rte_eth_dev_start(port->id);
		}
	}
	return 0;
}

static int open_all(struct ports *ports, const struct options *o, struct failure *failure)
{
	struct clock_sample from, to;
	int rc;

	clock_sample_take(&from);
	for (uint16_t d = 0; d < ports->count; d++) {
		ports->list[d].device = o->loop ? LOOP_DEVICE : o->devices[d];
		rc = kernel_device_take(&ports->list[d], failure);
		if (rc)
			return rc;
	}
	rc = start_dpdk(ports, o, failure);
	if (rc)
		return rc;
	ports->pool = rte_pktmbuf_pool_create("packets", packets_needed(ports->count), POOL_CACHE,
					      0, packet_room(o), SOCKET_ID_ANY);
	if (!ports->pool)
		return failure_put(failure, ENOMEM, "no room for %u packets: %s",
				   packets_needed(ports->count), rte_strerror(rte_errno));
	for (uint16_t d = 0; d < ports->count; d++) {
		rc = port_probe(&ports->list[d], failure);
		if (rc == 0)
			rc = port_start(ports, &ports->list[d], o, failure);
		if (rc)
			return rc;
	}
	af_xdp_widen_sockets();
	for (uint16_t d = 0; d < ports->count; d++) {
		rc = link_wait(&ports->list[d], o->wait_s, failure);
		if (rc)
			return rc;
	}
	clock_sample_take(&to);
	clock_init(&ports->clock, &from, &to, rte_get_tsc_hz());
	return 0;
}

int ports_open(struct ports *ports, const struct options *options, struct failure *failure)
{
	int rc;

	memset(ports, 0, sizeof(*ports));
	ports->count = options->loop ? 1 : options->device_count;
	for (uint16_t d = 0; d < OPTIONS_DEVICES_MAX; d++)
		ports->list[d] = (struct port){ .id = RTE_MAX_ETHPORTS, .claim = -1 };
	rc = open_all(ports, options, failure);
	if (rc)
		ports_close(ports);
	return rc;
}

void ports_close(struct ports *ports)
{
	for (uint16_t d = 0; d < ports->count; d++) {
		struct port *port = &ports->list[d];

		if (port->id != RTE_MAX_ETHPORTS) {
			rte_eth_dev_stop(port->id);
			rte_eth_dev_close(port->id);
		}
		if (port->claim >= 0)
			close(port->claim);
	}
	rte_mempool_free(ports->pool);
	if (ports->is_open)
		eal_stop();
	memset(ports, 0, sizeof(*ports));
}
