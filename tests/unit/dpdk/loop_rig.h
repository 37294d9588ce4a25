/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole data plane without a NIC, without hugepages and without privileges: one interface on
 * a shared-memory port (net_memif), its other end in the hands of the test, which plays all peers
 * of that link.  DPDK starts once a process, so that all tests of a binary share one data plane.
 */
#ifndef TESTS_DPDK_LOOP_RIG_H
#define TESTS_DPDK_LOOP_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dataplane.h"
#include "support/snapshot_fixture.h"

#define LOOP_FRAME_MAX 2048

struct loop_frame {
	uint32_t len;
	uint8_t bytes[LOOP_FRAME_MAX];
};

/* A UDP datagram over IPv4 as a peer sees it. */
struct loop_datagram {
	uint8_t source[4], destination[4];
	uint16_t source_port, destination_port;
	uint32_t len;
	char payload[LOOP_FRAME_MAX];
};

extern struct dataplane *loop_dataplane;
extern struct snapshot_fixture *loop_fixture;
/* Frames that the peers' end has sent. */
extern uint64_t loop_sent;

/* Group set-up and tear-down: interface "lan" 192.0.2.1/24, `workers` workers. */
int loop_start(uint16_t workers, const char *snapshot);
int loop_stop(void);

void loop_send_frame(const uint8_t *frame, uint32_t len);
/* The next frame from the data plane; fails the test when none comes within some seconds. */
void loop_receive_frame(struct loop_frame *frame);

/* From a peer: 192.0.2.`host`. */
void loop_send_datagram(uint8_t host, uint16_t port, const char *payload, uint32_t len);
/* The next datagram; on the way to it peers answer what ARP asks of them. */
void loop_receive_datagram(struct loop_datagram *datagram);
/* The same without waiting; false: none is there. */
bool loop_poll_datagram(struct loop_datagram *datagram);

/* Waits until the workers have judged all that was sent. */
void loop_settle(void);
uint64_t loop_verdicts(enum verdict_kind kind, enum verdict_reason reason);

#endif
