/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that the control plane may use of the data plane: start, stop, publish, status, counters,
 * commands.  Called from one control thread unless said otherwise; never from a worker.
 *
 * No <rte_*.h> here: control must not see DPDK.
 */
#ifndef DATAPLANE_H
#define DATAPLANE_H

#include "balance/snapshot.h"
#include "base/histogram.h"
#include "base/stage.h"
#include "base/verdict.h"
#include "net/stack.h"
#include "proxy/memory.h"
#include "proxy/proxy.h"

#define DATAPLANE_WORKERS_MAX 64
#define DATAPLANE_CALL_ID_MAX 256 /* of filters, with the NUL */
#define DATAPLANE_METHOD_MAX  32

struct dataplane_interface_config {
	char name[BALANCE_NAME_MAX];
	char device[128];       /* a DPDK device: "net_af_xdp0,iface=eth1" or a PCI address */
	char tap[16];           /* kernel interface for what is not ours; "": dropped, counted */
	uint16_t mtu;
	uint16_t vlan;          /* 0: untagged */
	uint8_t dscp;
	uint8_t address_count;
	struct ip_prefix addresses[BALANCE_ADDRESSES_MAX];
	struct ip_address gateway_v4, gateway_v6;
};

struct dataplane_config {
	uint16_t workers;
	bool no_huge;
	size_t memory;              /* octets for mbufs, transactions and copies together */
	char lcores[128];           /* DPDK --lcores map; "": chosen */
	uint32_t idle_polls;        /* empty polls before a worker sleeps; 0: never sleeps */
	uint32_t idle_sleep_us;     /* bound of one sleep */
	bool asks_names;            /* somebody calls dataplane_poll_names and answers */
	struct hash_key shard_key;
	uint32_t interface_count;
	struct dataplane_interface_config interfaces[BALANCE_INTERFACES_MAX];
};

struct dataplane;

/*
 * Initialises EAL, ports and workers, and starts them with `snapshot`.  NULL on failure, with one
 * sentence for the operator in error[size].  The calling thread becomes DPDK's main lcore and is
 * free to do what it likes; no worker runs on it.  Once a process: DPDK cannot be started again.
 *
 * Interfaces, their addresses, MTU and DSCP are those of `config` until the end; a snapshot
 * published later changes services, pools and targets, and the ports listened on.
 */
[[nodiscard]] struct dataplane *dataplane_start(const struct dataplane_config *config,
						const struct balance_snapshot *snapshot,
						char *error, size_t size);
/* Stops workers and ports and frees all; snapshots stay the caller's.  Explanations under way are
 * given up without a call. */
void dataplane_stop(struct dataplane *dataplane);

/* Installs a snapshot.  The caller keeps both; dataplane_retired tells when the old one is free. */
void dataplane_publish(struct dataplane *dataplane, const struct balance_snapshot *snapshot);
/* True when no worker can still read any snapshot but the last published.  Never blocks. */
[[nodiscard]] bool dataplane_retired(struct dataplane *dataplane);

/* The workers' clock. */
[[nodiscard]] tick_t dataplane_now(const struct dataplane *dataplane);

struct dataplane_worker_stats {
	uint16_t worker;
	unsigned int lcore;
	uint64_t polls, empty_polls, sleeps, slept_us;
	uint64_t bursts, packets_rx, packets_tx, tx_dropped;
	uint64_t messages;                /* SIP messages the engine took */
	uint64_t busy_cycles;             /* TSC cycles in non-empty polls */
	uint64_t engine_cycles;           /* of them, inside the engine */
	uint64_t tsc_hz;
	uint64_t handoffs_out, handoffs_in, handoff_drops;
	uint64_t outcomes_dropped, events_dropped;
	uint64_t held_dropped;            /* of tx_dropped: too many waited for a neighbour */
	uint64_t punted_out, punted_in;   /* frames to and from the kernel's TAP */
	struct proxy_stats proxy;
	struct proxy_memory memory;
	uint32_t txn_octets, tombstone_octets; /* a slot */
	uint32_t dialog_octets;                /* one that is kept, index and timer included */
	struct net_stats net;
	struct verdict_counters verdicts; /* all verdicts of this worker: net and engine */
	struct histogram inside_ns;       /* rx burst to tx burst, a message, nanoseconds */
	struct stage_totals stages;       /* of the busy passes sampled */
};
/* False when there is no such worker. */
[[nodiscard]] bool dataplane_worker_stats(const struct dataplane *dataplane, uint16_t worker,
					  struct dataplane_worker_stats *stats);

/* Passes of its poll loop alone, which is cheap: does it still work?  False: no such worker. */
[[nodiscard]] bool dataplane_worker_polls(const struct dataplane *dataplane, uint16_t worker,
					  uint64_t *polls);

/* Dialogs of a service, or of all when it is BALANCE_NONE, in one worker.  False: there is no such
 * worker or service. */
[[nodiscard]] bool dataplane_dialog_stats(const struct dataplane *dataplane, uint16_t worker,
					  uint16_t service, struct proxy_dialog_stats *stats);

/* Buffers that packets are received into. */
struct dataplane_packets_stats {
	char name[32];
	uint64_t room;            /* octets of a packet */
	uint64_t buffers, in_use; /* in use: at devices, in rings, waiting */
};
/* False: there is no such pool. */
[[nodiscard]] bool dataplane_packets_stats(const struct dataplane *dataplane, uint16_t pool,
					   struct dataplane_packets_stats *stats);

struct dataplane_interface_stats {
	char name[BALANCE_NAME_MAX];
	char driver[32];
	uint8_t mac[6];
	bool link_up;
	uint16_t queues;
	uint64_t rx_packets, rx_bytes, rx_missed, rx_errors;
	uint64_t tx_packets, tx_bytes, tx_errors;
};
[[nodiscard]] bool dataplane_interface_stats(const struct dataplane *dataplane, uint16_t interface,
					     struct dataplane_interface_stats *stats);

/*
 * Asks the owning worker to explain a message (proxy_explain) and calls `done` from
 * dataplane_poll.  -EAGAIN: the command ring is full.  The bytes are copied.
 */
typedef void (*dataplane_explained_fn)(void *context, const struct proxy_explanation *explanation);
[[nodiscard]] int dataplane_explain(struct dataplane *dataplane, struct span message,
				    const struct endpoint *source, const struct endpoint *local,
				    uint16_t interface, dataplane_explained_fn done, void *context);

/*
 * Sends an OPTIONS to a target of the current snapshot, whatever its state, as a client transaction
 * of an engine, on the way that calls take; its end comes as OUTCOME_PROBE with the same number.
 * -EAGAIN: the command ring is full.  A target that has gone meanwhile: OUTCOME_PROBE with value 0,
 * delay 0 and OUTCOME_WAS_NOT_SENT.
 *
 * Outcomes are dropped when control does not take them (outcomes_dropped), so that a probe whose end
 * was not told long after its time has to be given up by who asked.
 */
struct dataplane_probe {
	uint64_t target_id;
	uint32_t number;
	uint32_t timeout_ms;
};
[[nodiscard]] int dataplane_probe(struct dataplane *dataplane, const struct dataplane_probe *probe);

/*
 * Names of next hops that workers ask for; each is answered to the worker that asked, or given up by
 * it after some seconds.  Bounded: a worker asks for 200 a second at most.
 */
typedef void (*dataplane_name_fn)(void *context, uint16_t worker, const struct proxy_name *name);
void dataplane_poll_names(struct dataplane *dataplane, dataplane_name_fn name, void *context);
/* -EAGAIN: the command ring is full. */
[[nodiscard]] int dataplane_name_answer(struct dataplane *dataplane, uint16_t worker,
					const struct proxy_name_answer *answer);

/* Capture of frames to a pcapng file, written by dataplane_poll; packets_max 0: no limit.  What a
 * filter (NULL: all) asks for must all be so.  -errno on failure: -EBUSY when one runs. */
struct dataplane_capture_filter {
	char call_id[DATAPLANE_CALL_ID_MAX]; /* "": any */
	char method[DATAPLANE_METHOD_MAX];   /* as of a trace */
	struct ip_address host;     /* at either end; IP_NONE: any */
	struct endpoint target;     /* at either end; address IP_NONE: any */
	uint32_t octets;            /* of a frame that are written; 0: all */
};
[[nodiscard]] int dataplane_capture_start(struct dataplane *dataplane, const char *path,
					  uint64_t packets_max,
					  const struct dataplane_capture_filter *filter);
/* -ENOENT: none runs; else 0 or -errno of the file.  Either counter may be NULL. */
int dataplane_capture_stop(struct dataplane *dataplane, uint64_t *packets, uint64_t *dropped);
/* False: none runs.  `full`: packets_max are written, or the file cannot be written further; it
 * waits for dataplane_capture_stop. */
[[nodiscard]] bool dataplane_capture_status(const struct dataplane *dataplane, uint64_t *packets,
					    uint64_t *dropped, bool *full);

/*
 * Copies of the SIP messages that engines receive and send, for an observer.  A worker copies into
 * a ring of its own and never waits: what finds no room is counted.  Start, detach and stop are the
 * control thread's; taking is one thread's at a time, which may be another.
 */
struct dataplane_mirror_config {
	uint32_t message_max; /* octets of a message that are copied; the rest is cut off */
	uint32_t one_in;      /* so many calls one is copied, by Call-ID, with all its messages; 1: all */
};
struct dataplane_mirrored {
	uint64_t age_ns;      /* since it was received or sent */
	struct endpoint source, destination;
	struct span data;     /* valid during the call back */
	uint32_t len;         /* of the message; more than data.len: it was cut */
	uint16_t interface;
	bool is_sent;
};
typedef void (*dataplane_mirrored_fn)(void *context, const struct dataplane_mirrored *mirrored);
/* -EBUSY: it runs; -ENOMEM. */
[[nodiscard]] int dataplane_mirror_start(struct dataplane *dataplane,
					 const struct dataplane_mirror_config *config);
/* Workers copy no more; what the rings hold can still be taken. */
void dataplane_mirror_detach(struct dataplane *dataplane);
/* Nobody may take any more.  Before dataplane_stop. */
void dataplane_mirror_stop(struct dataplane *dataplane);
/* Calls back for at most `max` messages, from all workers in turn, each worker's in order.
 * Returns how many. */
uint32_t dataplane_mirror_take(struct dataplane *dataplane, dataplane_mirrored_fn done, void *context,
			       uint32_t max);
/* Messages that found no room, since the start of the mirror.  Any thread. */
[[nodiscard]] uint64_t dataplane_mirror_dropped(const struct dataplane *dataplane);

/*
 * Following messages: workers copy those that a filter takes, with what was decided, into a ring
 * each, which dataplane_poll empties.  What a filter asks for must all be so; an event (a message
 * received, a timer that ran out) is taken with all that it caused to be sent.
 */
#define DATAPLANE_TRACES_MAX  8    /* at a time */
#define DATAPLANE_OCTETS_MAX  8192 /* of a message that are copied */
struct dataplane_trace_filter {
	char call_id[DATAPLANE_CALL_ID_MAX]; /* "": any */
	char method[DATAPLANE_METHOD_MAX];   /* of the request, or of the response's CSeq; "": any */
	struct ip_address from;     /* source of the message received; IP_NONE: any */
	uint64_t target_id;         /* 0: any; and its address: */
	struct endpoint target;
	uint8_t reason;             /* enum verdict_reason; VERDICT_REASON_NONE: any */
	uint32_t octets;            /* of a message to be copied, at most DATAPLANE_OCTETS_MAX */
};

enum dataplane_traced_kind {
	TRACED_RECEIVED, /* with its verdict */
	TRACED_SENT,
	TRACED_TIMER,    /* no message: notes alone */
	TRACED_ERROR,    /* ICMP, or a message of ours that could not be sent: no message */
};
struct dataplane_traced {
	uint64_t wall_ns;
	uint32_t event;             /* of that worker: what has the same number belongs together */
	uint16_t worker;
	uint8_t kind;               /* enum dataplane_traced_kind */
	uint8_t origin;             /* of one sent: enum outbox_origin */
	uint8_t interface;
	struct verdict verdict;     /* of one received */
	struct endpoint source, destination;
	struct span call_id;        /* empty: it has none */
	struct span message;        /* its first octets */
	uint32_t len;               /* of the whole message */
	uint32_t note_count;        /* none of one sent */
	const struct proxy_note *notes;
};
/* All is valid during the call alone. */
typedef void (*dataplane_traced_fn)(void *context, const struct dataplane_traced *traced);

/* The number of the trace; -ENOSPC: too many run, -ENOMEM.  The filter is copied. */
[[nodiscard]] int dataplane_trace_start(struct dataplane *dataplane,
					const struct dataplane_trace_filter *filter,
					dataplane_traced_fn traced, void *context);
/* No call comes any more. */
void dataplane_trace_stop(struct dataplane *dataplane, int number);
/* True when every worker goes by all filters there are. */
[[nodiscard]] bool dataplane_trace_settled(struct dataplane *dataplane);
/* Records that found no room, of all traces, since the first of those that run. */
[[nodiscard]] uint64_t dataplane_trace_dropped(const struct dataplane *dataplane);

/*
 * Asks a worker for the next part of its live transactions (proxy_txns_read), and calls `done` from
 * dataplane_poll; cursor 0: from the beginning.  -EAGAIN: the command ring is full.  -ENOENT: there
 * is no such worker.
 */
typedef void (*dataplane_txns_fn)(void *context, const struct proxy_txn_row *rows, uint32_t count,
				  uint32_t cursor);
[[nodiscard]] int dataplane_txns(struct dataplane *dataplane, uint16_t worker, uint32_t cursor,
				 const struct proxy_txn_filter *filter, dataplane_txns_fn done,
				 void *context);

/* Outcomes since the last call, from all workers' rings; calls back for each.
 * To be called every few milliseconds from the control thread. */
typedef void (*dataplane_outcome_fn)(void *context, const struct outcome *outcome);
void dataplane_poll(struct dataplane *dataplane, dataplane_outcome_fn outcome, void *context);
/* The same with what people are to be told, a bounded number. */
typedef void (*dataplane_event_fn)(void *context, const struct engine_event *event);
void dataplane_poll_events(struct dataplane *dataplane, dataplane_event_fn event, void *context);

#endif
