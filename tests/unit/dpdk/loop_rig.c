/* SPDX-License-Identifier: BSD-3-Clause */
/* See loop_rig.h. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "loop_rig.h"

#define DEADLINE_SECONDS 20u /* of what takes microseconds, on a machine under load */

struct dataplane *loop_dataplane;
struct snapshot_fixture *loop_fixture;
uint64_t loop_sent;

static uint16_t peer_port;
static struct rte_mempool *peer_pool;
static uint8_t own_mac[6];
static const uint8_t peer_mac[6] = { 0x02, 0, 0, 0, 0, 0x99 };

static uint64_t deadline(void)
{
	return rte_rdtsc() + DEADLINE_SECONDS * rte_get_tsc_hz();
}

/* The one wait of these tests: look, let the workers run, look again. */
static void wait_a_little(uint64_t until, const char *what)
{
	if (rte_rdtsc() > until)
		fail_msg("%s did not come", what);
	sched_yield();
}

static void peer_open(void)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_link link = { 0 };
	uint64_t until = deadline();
	char text[128];

	snprintf(text, sizeof(text), "net_memif9,role=client,socket=tandem-test-%ld", (long)getpid());
	assert_int_equal(rte_dev_probe(text), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_memif9", &peer_port), 0);
	peer_pool = rte_pktmbuf_pool_create("peer", 4096, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					    SOCKET_ID_ANY);
	assert_non_null(peer_pool);
	assert_int_equal(rte_eth_dev_configure(peer_port, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(peer_port, 0, 1024, 0, NULL, peer_pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(peer_port, 0, 1024, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(peer_port), 0);
	while (rte_eth_link_get_nowait(peer_port, &link) != 0 ||
	       link.link_status != RTE_ETH_LINK_UP)
		wait_a_little(until, "the link");
}

int loop_start(uint16_t workers, const char *snapshot)
{
	static struct dataplane_config config;
	struct dataplane_interface_stats stats;
	char error[512];

	loop_fixture = snapshot_fixture_create(snapshot, error, sizeof(error));
	if (!loop_fixture) {
		print_error("%s\n", error);
		return -1;
	}
	config = (struct dataplane_config){
		.workers = workers,
		.no_huge = true,
		.memory = (size_t)192 << 20,
		.idle_polls = 100,
		.idle_sleep_us = 500,
		.shard_key = { 0x1122334455667788u, 0x99aabbccddeeff00u },
		.interface_count = 1,
		.interfaces = { {
			.name = "lan",
			.mtu = 1500,
			.address_count = 1,
		} },
	};
	snprintf(config.interfaces[0].device, sizeof(config.interfaces[0].device),
		 "net_memif0,role=server,socket=tandem-test-%ld", (long)getpid());
	if (!ip_prefix_parse(SPAN("192.0.2.1/24"), &config.interfaces[0].addresses[0]))
		return -1;
	loop_dataplane = dataplane_start(&config, snapshot_fixture_snapshot(loop_fixture), error,
					 sizeof(error));
	if (!loop_dataplane) {
		print_error("%s\n", error);
		return -1;
	}
	if (!dataplane_interface_stats(loop_dataplane, 0, &stats))
		return -1;
	memcpy(own_mac, stats.mac, sizeof(own_mac));
	peer_open();
	return 0;
}

int loop_stop(void)
{
	rte_eth_dev_stop(peer_port);
	rte_eth_dev_close(peer_port);
	rte_mempool_free(peer_pool);
	dataplane_stop(loop_dataplane);
	snapshot_fixture_destroy(loop_fixture);
	return 0;
}

void loop_send_frame(const uint8_t *frame, uint32_t len)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(peer_pool);
	uint64_t until = deadline();

	assert_non_null(packet);
	memcpy(rte_pktmbuf_append(packet, (uint16_t)len), frame, len);
	while (rte_eth_tx_burst(peer_port, 0, &packet, 1) == 0)
		wait_a_little(until, "room on the link");
	loop_sent++;
}

static bool poll_frame(struct loop_frame *frame)
{
	struct rte_mbuf *packet;

	if (rte_eth_rx_burst(peer_port, 0, &packet, 1) == 0)
		return false;
	assert_in_range(packet->pkt_len, 14, LOOP_FRAME_MAX);
	frame->len = packet->pkt_len;
	memcpy(frame->bytes, rte_pktmbuf_mtod(packet, void *), packet->pkt_len);
	rte_pktmbuf_free(packet);
	return true;
}

void loop_receive_frame(struct loop_frame *frame)
{
	uint64_t until = deadline();

	while (!poll_frame(frame))
		wait_a_little(until, "a frame");
}

void loop_send_datagram(uint8_t host, uint16_t port, const char *payload, uint32_t len)
{
	uint8_t frame[LOOP_FRAME_MAX] = { 0 };
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + 14);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame + 34);

	assert_true(len <= 1472);
	memcpy(frame, own_mac, 6);
	memcpy(frame + 6, peer_mac, 6);
	frame[12] = 0x08;
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(28 + len));
	ip->time_to_live = 64;
	ip->next_proto_id = 17;
	ip->src_addr = rte_cpu_to_be_32(0xc0000200u | host);
	ip->dst_addr = rte_cpu_to_be_32(0xc0000201u);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(port);
	udp->dst_port = rte_cpu_to_be_16(5060);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(8 + len));
	memcpy(frame + 42, payload, len);
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	loop_send_frame(frame, 42 + len);
}

/* A who-has for any address of the link but the data plane's own is answered. */
static void answer_arp(const struct loop_frame *asked)
{
	uint8_t answer[42];

	if (asked->bytes[21] != 1 || memcmp(asked->bytes + 28, asked->bytes + 38, 4) == 0)
		return;
	memcpy(answer, asked->bytes, sizeof(answer));
	memcpy(answer, asked->bytes + 6, 6);
	memcpy(answer + 6, peer_mac, 6);
	answer[21] = 2;
	memcpy(answer + 22, peer_mac, 6);
	memcpy(answer + 28, asked->bytes + 38, 4);
	memcpy(answer + 32, asked->bytes + 22, 10);
	loop_send_frame(answer, sizeof(answer));
}

static bool is_datagram(const struct loop_frame *frame)
{
	return frame->len > 42 && frame->bytes[12] == 0x08 && frame->bytes[13] == 0x00 &&
	       frame->bytes[23] == 17;
}

static void read_datagram(struct loop_frame *frame, struct loop_datagram *datagram)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame->bytes + 14);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame->bytes + 34);
	uint16_t checksum = udp->dgram_cksum;

	udp->dgram_cksum = 0;
	assert_int_equal(checksum, rte_ipv4_udptcp_cksum(ip, udp));
	assert_int_equal(rte_raw_cksum(ip, sizeof(*ip)), 0xffff);
	memcpy(datagram->source, &ip->src_addr, 4);
	memcpy(datagram->destination, &ip->dst_addr, 4);
	datagram->source_port = rte_be_to_cpu_16(udp->src_port);
	datagram->destination_port = rte_be_to_cpu_16(udp->dst_port);
	datagram->len = rte_be_to_cpu_16(udp->dgram_len) - 8u;
	memcpy(datagram->payload, frame->bytes + 42, datagram->len);
	datagram->payload[datagram->len] = '\0';
}

bool loop_poll_datagram(struct loop_datagram *datagram)
{
	struct loop_frame frame;

	while (poll_frame(&frame)) {
		if (is_datagram(&frame)) {
			read_datagram(&frame, datagram);
			return true;
		}
		if (frame.bytes[12] == 0x08 && frame.bytes[13] == 0x06)
			answer_arp(&frame);
	}
	return false;
}

void loop_receive_datagram(struct loop_datagram *datagram)
{
	uint64_t until = deadline();

	while (!loop_poll_datagram(datagram))
		wait_a_little(until, "a datagram");
}

uint64_t loop_verdicts(enum verdict_kind kind, enum verdict_reason reason)
{
	static struct dataplane_worker_stats stats;
	uint64_t sum = 0;

	for (uint16_t w = 0; dataplane_worker_stats(loop_dataplane, w, &stats); w++)
		sum += stats.verdicts.count[kind][reason];
	return sum;
}

static uint64_t all_verdicts(void)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < VERDICT_KINDS; k++) {
		for (unsigned int r = 0; k != VERDICT_HANDOFF && r < VERDICT_REASON_COUNT; r++)
			sum += loop_verdicts((enum verdict_kind)k, (enum verdict_reason)r);
	}
	return sum;
}

void loop_settle(void)
{
	uint64_t until = deadline();

	while (all_verdicts() < loop_sent)
		wait_a_little(until, "the last verdict");
}
