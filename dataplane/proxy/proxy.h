/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine: a transaction-stateful SIP proxy (RFC 3261 §16, §17, RFC 6026) as pure code.
 * Datagrams, expiries and transport errors go in with a tick; verdicts and an outbox come out.
 * No clock, no socket, no DPDK, no allocation after creation.  One engine a worker, used by that
 * worker's thread alone.
 *
 * Every call of one Call-ID must go to one engine: the owner shards before it calls.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "base/stage.h"
#include "base/tick.h"
#include "base/verdict.h"
#include "balance/snapshot.h"
#include "proxy/outbox.h"
#include "proxy/timer_kinds.h"

struct proxy;

struct proxy_config {
	uint16_t worker;            /* index, for the hint */
	uint32_t txns_max;          /* live transactions */
	uint32_t tombstones_max;    /* transactions that owe nothing more, or one copy */
	uint32_t dialogs_max;       /* 0: none are kept */
	size_t retain_max;          /* octets of retained copies */
	bool asks_names;            /* names of next hops are asked for in the outbox; else those that
	                               `hosts` does not have are unknown */
	uint64_t seed;              /* of the policies' randomness; any value */
	uint32_t wall_start_s;      /* second of the wall clock at tick 0: what other instances, and
	                               this one after a restart, can compare */
	struct stage_clock *stages; /* told which stage works; the owner's; NULL: none */
};

/* A UDP payload.  The engine may edit [data - headroom, data + len + tailroom). */
struct proxy_datagram {
	char *data;
	uint32_t len;
	uint32_t headroom, tailroom;
	uint16_t interface;
	struct endpoint source;
	struct endpoint local;      /* the own address and port it came to */
};

/* NULL: out of memory. */
[[nodiscard]] struct proxy *proxy_create(const struct proxy_config *config, tick_t now);
void proxy_destroy(struct proxy *proxy);

/* Takes a datagram; returns its verdict and fills the outbox (which the caller has reset). */
struct verdict proxy_receive(struct proxy *proxy, const struct balance_snapshot *snapshot,
			     struct proxy_datagram *datagram, tick_t now, struct outbox *outbox);

/* Runs due timers, a bounded number.  True: more are due, call again after draining. */
bool proxy_expire(struct proxy *proxy, const struct balance_snapshot *snapshot, tick_t now,
		  struct outbox *outbox);

/* No timer is due before this tick; TICK_NEVER: none runs. */
[[nodiscard]] tick_t proxy_next_expiry(const struct proxy *proxy);

/*
 * An ICMP error quotes `quoted`, the first octets of a UDP payload of ours sent to `destination`.
 * Only one that quotes the branch of a live client transaction towards that destination counts
 * (RFC 5927: an off-path attacker does not know it).  A response quoted, of which a copy is kept,
 * is sent once more to the sent-by of its Via.
 */
struct verdict proxy_transport_error(struct proxy *proxy, const struct balance_snapshot *snapshot,
				     struct span quoted, const struct endpoint *destination,
				     tick_t now, struct outbox *outbox);

/*
 * An OPTIONS to a target, whatever its state, repeated by Timer E until it is answered, by whom it
 * was sent to, or `timeout_ms` is over.  One OUTCOME_PROBE tells of its end, at once when it cannot
 * be sent.  It is no traffic: the target's load and counters, call memory and dialogs know nothing
 * of it.
 */
#define PROXY_PROBE_CALL_ID_MAX 40
struct proxy_probe {
	uint64_t target_id;
	uint32_t number;            /* told in the outcome */
	uint32_t timeout_ms;
	uint16_t target;            /* index where the target may be looked for first */
	char call_id[PROXY_PROBE_CALL_ID_MAX]; /* of proxy_probe_call_id, never used before */
};
void proxy_probe(struct proxy *proxy, const struct balance_snapshot *snapshot,
		 const struct proxy_probe *probe, tick_t now, struct outbox *outbox);
/* Call-ID of the `serial`-th probe of this instance and epoch, NUL-terminated.  Answers come to
 * whose shard it is: the engine that sends it is to be chosen by it. */
void proxy_probe_call_id(const struct balance_snapshot *snapshot, uint64_t serial,
			 char text[PROXY_PROBE_CALL_ID_MAX]);

/*
 * The answer for a name that the outbox asked for: where its server is, or that there is none of
 * use.  It is kept so long, between a second and an hour, and what waited for it is carried on by
 * the next calls of proxy_expire, without a verdict: its packet had one when it began to wait.
 */
struct proxy_name_answer {
	struct hash128 key;
	bool is_found;
	struct endpoint endpoint;
	uint32_t keep_ms;
};
void proxy_name_answer(struct proxy *proxy, const struct proxy_name_answer *answer, tick_t now);

/* Where would this message go, and why?  The engine's own routing on the snapshot, nothing sent,
 * nothing changed.  `datagram->data` is not edited. */
enum proxy_route_kind {
	ROUTE_REJECT,    /* answered with verdict.reason's status */
	ROUTE_TARGET,    /* initial request, balanced: target is set */
	ROUTE_DIALOG,    /* follows the signed route */
	ROUTE_NEXT_HOP,  /* follows a foreign Route or its Request-URI */
	ROUTE_LOCAL,     /* answered by Tandem itself (OPTIONS, CANCEL of a live INVITE) */
	ROUTE_RESPONSE,  /* a response */
};
struct proxy_explanation {
	uint64_t version;           /* of the snapshot that the indices are of */
	struct verdict verdict;
	enum proxy_route_kind kind;
	uint16_t service, pool, target; /* BALANCE_NONE where none */
	uint16_t egress;
	uint64_t call_hash;
	struct endpoint next_hop;
	char why[512];              /* a sentence, and who of the pool was left out */
};
void proxy_explain(struct proxy *proxy, const struct balance_snapshot *snapshot,
		   const struct proxy_datagram *datagram, tick_t now,
		   struct proxy_explanation *explanation);

/* worker: rw, control: ro (relaxed) */
struct proxy_stats {
	uint64_t txns, tombstones;               /* now */
	uint64_t txns_max, tombstones_max;       /* capacities */
	uint64_t txns_created;
	uint64_t timers;                         /* in the wheel: one a transaction or tombstone */
	uint64_t running[PROXY_TIMER_KINDS];     /* by enum proxy_timer */
	uint64_t retained, retained_bytes;
	uint64_t requests_resent;                /* by Timers A and E */
	uint64_t responses_resent;               /* by Timer G and for request retransmissions */
	uint64_t acks_resent;
	uint64_t request_retransmissions_seen;   /* from callers */
	uint64_t response_retransmissions_seen;  /* from targets */
	uint64_t failovers;
	uint64_t forks;                          /* next target tried beside a silent one */
	uint64_t extra_2xx_dropped, extra_2xx_ended;
	uint64_t own_requests;                   /* BYEs of our own */
	uint64_t calls;                          /* live at targets, now: struct target_status */
	uint64_t calls_uncounted;                /* answered by targets, but their dialogs are not kept */
	uint64_t probes, probes_resent;          /* begun; sent again by Timer E */
	uint64_t probes_answered, probes_timed_out, probes_unreachable; /* how they ended */
	uint64_t probes_not_sent;                /* no such target, no way there, no memory */
	uint64_t probe_strangers;                /* answers from others than the target, not heeded */
	uint64_t timeouts_invite, timeouts_non_invite;
	uint64_t hint_hits, hint_misses;         /* responses found by slot, by table */
	uint64_t outbox_full;
	uint64_t dialogs, dialogs_max;           /* now, capacity */
	uint64_t dialog_watches;                 /* 2xx that wait for their ACK */
	uint64_t events_dropped;                 /* the outbox had no room for them */
	uint64_t marks;                          /* of rejections, now */
	uint64_t names_waiting;                  /* messages that wait for a name, now */
	uint64_t names_asked, names_resumed;     /* questions; messages carried on */
	uint64_t names_given_up;                 /* nobody answered for the name in time */
	uint64_t marks_overflow;                 /* gave way before their end */
};
void proxy_stats_read(const struct proxy *proxy, struct proxy_stats *stats);

/* Dialogs of one service.  worker: rw, control: ro (relaxed).  All members are counters of one
 * type. */
struct proxy_dialog_stats {
	uint64_t live;                           /* with those ended less than 64*T1 ago */
	uint64_t created;
	uint64_t ended;                          /* by BYE */
	uint64_t expired;                        /* by session timer or age */
	uint64_t full;                           /* not kept: no slot was left */
	uint64_t out_of_order_caller, out_of_order_callee;    /* requests, by who sent them */
	uint64_t unacknowledged_caller, unacknowledged_callee; /* 2xx, by who did not send the ACK */
	uint64_t unwatched;                      /* 2xx whose ACK was not waited for: no slot left */
	uint64_t byes;                           /* calls ended because of a missing ACK */
	uint64_t bye_copies, bye_copy_octets;    /* kept for that, now */
	uint64_t bye_copies_refused;             /* no memory: such a call is not ended */
};
#define PROXY_DIALOG_SERVICES_MAX 256
/* `service` BALANCE_NONE: the sum of all.  False: there is no such service. */
[[nodiscard]] bool proxy_dialog_stats_read(const struct proxy *proxy, uint16_t service,
					   struct proxy_dialog_stats *stats);
const struct verdict_counters *proxy_verdicts(const struct proxy *proxy);

/* Live transactions, for people.  What a filter asks for must all be so. */
struct proxy_txn_filter {
	uint16_t service;           /* BALANCE_NONE: any */
	uint64_t target_id;         /* 0: any */
	uint32_t older_ms;          /* at least so old */
	char state[16];             /* of either side, in any case; "": any */
	char method[16];            /* "": any */
	char call_id[128];          /* "": any */
};
struct proxy_txn_row {
	uint64_t target_id;         /* 0: none */
	const char *server_state;   /* NULL: a further branch, which has none */
	const char *client_state;   /* static */
	uint32_t slot;
	uint32_t age_ms;            /* since the request came */
	uint32_t due_ms;            /* to the next of its timers; UINT32_MAX: none runs */
	uint32_t timers;            /* bit enum proxy_timer: runs */
	uint16_t service, pool;     /* BALANCE_NONE: none */
	uint16_t call_id_len;       /* 0: nothing is kept that would tell */
	uint8_t method_len, attempt;
	uint8_t open;               /* branches without a final response */
	bool is_branch, is_own, is_in_dialog, is_cancelled;
	struct endpoint caller;     /* where responses go */
	char method[16];
	char call_id[128];          /* its first octets */
};
/* The next rows from *cursor on (0: from the beginning), at most `max`, after a bounded number of
 * slots; *cursor is then where to go on, UINT32_MAX at the end.  How many. */
[[nodiscard]] uint32_t proxy_txns_read(const struct proxy *proxy,
				       const struct proxy_txn_filter *filter, tick_t now,
				       uint32_t *cursor, struct proxy_txn_row *rows, uint32_t max);

/* For tests: NULL when every invariant holds, else what is wrong. */
[[nodiscard]] const char *proxy_check(const struct proxy *proxy);

#endif
