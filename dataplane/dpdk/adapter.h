/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of this folder share: devices, queues, a worker, the data plane.
 * Set up by start.c before any worker runs, given back after all have ended; in between each
 * field is written by the thread that its comment names.
 */
#ifndef DPDK_ADAPTER_H
#define DPDK_ADAPTER_H

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "dataplane.h"
#include "dpdk/capture.h"
#include "dpdk/clock.h"
#include "dpdk/failure.h"
#include "dpdk/hold.h"
#include "dpdk/idle.h"
#include "dpdk/mirror.h"
#include "dpdk/packet.h"
#include "dpdk/trace_control.h"
#include "net/send.h"
#include "net/stack.h"

#define WORKER_BURST        32
#define WORKER_FAILURES_MAX 64
#define STAGE_SAMPLE_PASSES 64   /* of the busy passes one is sampled, see base/stage.h */
#define DEVICES_MAX         BALANCE_INTERFACES_MAX
#define DEVICE_PORTS_MAX    16   /* AF_XDP: one a queue */
#define QUEUES_MAX          1024
#define QUEUE_NONE          UINT16_MAX
#define TX_BUFFER           64
#define HANDOFF_RING        1024
#define OUTCOME_RING        4096
#define EVENT_RING          512
#define NAME_RING           256
#define COMMAND_RING        256

static_assert(DATAPLANE_WORKERS_MAX <= 64, "worker->given has a bit each");
static_assert(DEVICES_MAX <= NET_PORTS_MAX, "a device is a port of the net layer");

/* One receive and transmit queue of a port, and the worker that alone touches it. */
struct queue {
	uint16_t port;       /* DPDK's */
	uint16_t index;      /* receive and transmit queue of the port */
	uint16_t device;
	uint16_t owner;      /* worker */
	bool has_rx, has_tx;
	bool is_tap;
};

/* What one `device:` of the configuration opened; several interfaces may share it by VLAN. */
struct device {
	char text[128];      /* as configured */
	char name[BALANCE_NAME_MAX]; /* of its first interface, for people */
	char driver[32];
	char tap_name[16];   /* "": no TAP */
	uint8_t mac[6];
	bool is_af_packet, is_promiscuous;
	bool tx_ip_checksum, tx_udp_checksum;
	uint16_t mtu;
	uint16_t frame_max;  /* octets that the driver may deliver */
	uint16_t port_count;
	uint16_t ports[DEVICE_PORTS_MAX];
	uint16_t tap_port;   /* RTE_MAX_ETHPORTS: none */
	uint16_t queue_first, queue_count;
	uint16_t tap_queue;  /* QUEUE_NONE: none */
	uint16_t pool;       /* index into dataplane->pools */
	int claim;           /* on the kernel device, see claim.h; -1: none */
	bool link_up;        /* control: rw */
	uint32_t announce;   /* control: adds 1 when the link comes up; workers: ro */
};

struct worker_counters { /* worker: rw, control: ro (relaxed) */
	uint64_t polls, empty_polls, sleeps, slept_us;
	uint64_t bursts, packets_rx, packets_tx, tx_dropped, held_dropped;
	uint64_t messages, busy_cycles, engine_cycles;
	uint64_t handoffs_out, handoffs_in, handoff_drops;
	uint64_t outcomes_dropped, events_dropped, punted_in, punted_out;
};

struct tx_buffer {
	uint16_t queue;
	uint16_t count;
	struct rte_mbuf *packets[TX_BUFFER];
};

struct worker {
	alignas(CACHE_LINE_SIZE) struct dataplane *dataplane;
	uint16_t index;
	unsigned int lcore;
	int socket;

	/* worker: rw */
	struct proxy *proxy;
	struct net_stack *stack;
	void *stack_memory;
	size_t stack_size;
	struct outbox *outbox;
	const struct balance_snapshot *snapshot; /* of this pass of the loop */
	uint64_t ports_version;                  /* of the snapshot whose ports the stack knows */
	bool ports_known;
	const struct trace_set *trace;           /* taken with the snapshot; NULL: nobody follows */
	tick_t now;
	uint64_t rx_tsc;
	tick_t engine_due, stack_due, announce_due;
	uint32_t announce_rounds;
	uint32_t announce_seen[DEVICES_MAX];
	uint16_t rx_queue_count, tx_buffer_count;
	uint16_t rx_queues[QUEUES_MAX];
	struct tx_buffer *tx_buffers;
	uint16_t tx_buffer_of[QUEUES_MAX];    /* by queue; QUEUE_NONE: another worker's */
	uint16_t tx_queue_of[DEVICES_MAX];    /* by device: the queue to send by */
	struct hold hold;                     /* packets that wait for a neighbour */
	uint64_t given;                       /* bit w: something lies in a ring to worker w */
	uint32_t failure_count;
	struct rte_mbuf *failures[WORKER_FAILURES_MAX]; /* not sendable, the engine to be told */

	/* Rings, by the other worker's index; SPSC. */
	struct rte_ring *handoff_in[DATAPLANE_WORKERS_MAX];
	struct rte_ring *handoff_out[DATAPLANE_WORKERS_MAX];
	struct rte_ring *tx_in[DATAPLANE_WORKERS_MAX];
	struct rte_ring *tx_out[DATAPLANE_WORKERS_MAX];
	struct rte_ring *updates_in[DATAPLANE_WORKERS_MAX];
	struct rte_ring *updates_out[DATAPLANE_WORKERS_MAX];
	struct rte_ring *outcomes, *events, *names; /* worker: produces, control: consumes */
	struct rte_ring *commands, *answers;  /* control to worker, worker to control */

	alignas(CACHE_LINE_SIZE) struct stage_clock stages; /* its totals: control: ro (relaxed) */

	/* worker: rw, control: ro (relaxed) */
	alignas(CACHE_LINE_SIZE) struct worker_counters counters;
	struct verdict_counters verdicts;     /* of packets that the engine did not judge */
	struct verdict_counters uncounted;    /* engine verdicts that are no packet's, or not the last */
	struct histogram inside_ns;

	/* all workers: rw */
	alignas(CACHE_LINE_SIZE) struct idle_bell bell;

	/* control: rw, worker: ro */
	alignas(CACHE_LINE_SIZE) struct capture_ring *capture; /* atomic; NULL: off */
	const struct mirror_lane *mirror;                      /* the same */
};

struct dataplane {
	struct dataplane_config config;
	struct clock clock;
	uint16_t worker_count;
	uint16_t device_count, queue_count, pool_count;
	struct worker *workers[DATAPLANE_WORKERS_MAX];
	struct device devices[DEVICES_MAX];
	struct queue queues[QUEUES_MAX];
	uint16_t device_of[BALANCE_INTERFACES_MAX]; /* by interface */
	struct rte_mempool *pools[DEVICES_MAX];
	uint16_t pool_room[DEVICES_MAX];  /* octets of a packet behind the headroom */
	struct rte_mempool *jumbos;       /* NULL with one worker */
	struct rte_rcu_qsbr *qsbr;
	bool owns_eal, launched;

	/* control: rw, workers: ro */
	alignas(CACHE_LINE_SIZE) const struct balance_snapshot *snapshot; /* release, acquire */
	const struct trace_set *trace_set;                                /* release, acquire */
	bool stopping;                                                    /* relaxed */
	/* control: rw */
	alignas(CACHE_LINE_SIZE) uint64_t publish_token;
	uint64_t link_checked_tsc;
	struct capture *capture;          /* NULL: off */
	struct mirror *mirror;            /* the same */
	uint32_t commands_outstanding;
	uint64_t probes;                  /* asked for, ever */
	uint16_t probe_hint;              /* index of the target asked for last: the next is near */
	struct trace_control trace;
};

static inline void counter_add(uint64_t *word, uint64_t by)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + by, __ATOMIC_RELAXED);
}

/* What follows is `stage`'s work. */
static inline void worker_enter(struct worker *worker, enum stage stage)
{
	(void)stage_enter(&worker->stages, stage);
}

/* Something has been put into a ring to `to`: it is woken at the end of the pass. */
static inline void worker_given(struct worker *worker, uint16_t to)
{
	worker->given |= UINT64_C(1) << to;
}

/* What a burst's worth of packets may be allocated from towards a device. */
static inline struct rte_mempool *device_pool(const struct dataplane *dataplane, uint16_t device)
{
	return dataplane->pools[dataplane->devices[device].pool];
}

#endif
