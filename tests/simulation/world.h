/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual world: clock, network, engines, callers and targets, and one record a call.
 *
 *	queue.c       calendar of events
 *	sip.c         SIP text
 *	network.c     links that lose, duplicate, delay; who is where
 *	cluster.c     the engines under test: one hash, several processes, failures
 *	engines.c     what an engine gets and sends, and its sums
 *	model*.c      what a proxy must send for what it got and when, told by the RFCs alone
 *	agent*.c      callers and targets: transactions, dialogs, what they want
 *	calls.c       a call's beginning, its look-ups, its end
 *	plan.c        what happens in a call
 *	agreement.c   at a call's end: did it end well, and do both sides agree
 *	run.c         the loop
 *	report.c      what a run says of itself
 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include "queue.h"
#include "sip.h"

#include "proxy/proxy.h"

#define EPOCH       TICK_SECONDS(1000)
#define ENGINES_MAX 8
#define ACCESS_IP   0xc0000201u /* 192.0.2.1, and up to ENGINES_MAX */
#define CORE_IP     0xc6336401u /* 198.51.100.1 */
#define POOLS       3
#define POOL_SIZE   8
#define TARGETS     (POOLS * POOL_SIZE)
#define ATTEMPTS_MAX 4

/* RFC 3261 table 4, for agents and model; the engines run with the same defaults. */
#define T1_MS      500u
#define T2_MS      4000u
#define T4_MS      5000u
#define TIMER_C_MS 181000u
#define TIMER_D_MS 32000u
#define SLACK      TICK_MS(2) /* a timer of 1 ms resolution may be that late, never early */

struct options {
	uint64_t seed;
	uint32_t calls, callers, engines, rate;
	uint32_t loss, duplicate, delay; /* of 10,000 datagrams */
	bool has_outages, is_quiet;
	bool is_scarce;                  /* no room for tombstones: all stays whole */
	bool is_shared;                  /* all engines behind one address */
	uint32_t fork_ms;                /* `try_next_after`; 0: none */
	bool forwards_strays;            /* `stray_responses: forward` */
	uint32_t failures_ms;            /* of engines, one in so many on average; 0: none */
	int64_t trace;                   /* number of the call to print, -1: none */
};

enum flow {
	FLOW_CALL, FLOW_REFUSED, FLOW_503, FLOW_CANCEL, FLOW_SILENT, FLOW_CHALLENGE, FLOW_PRACK,
	FLOW_TIMER_C, FLOW_STUBBORN, FLOW_SILENT_CANCEL, FLOW_MESSAGE, FLOW_REGISTER, FLOW_OPTIONS,
	FLOW_SLOW, FLOW_DEAD, FLOW_GONE, FLOW_NON_INVITE_503, FLOW_NON_INVITE_408, FLOW_PING,
	FLOW_AGAIN, FLOW_FORK, FLOWS,
};
extern const char *const flow_names[FLOWS];

enum midway { MIDWAY_NONE, MIDWAY_INFO, MIDWAY_REINVITE, MIDWAY_UPDATE, MIDWAY_MESSAGE,
	      MIDWAY_OPTIONS,
	      MIDWAY_OUT_OF_ORDER /* INFO with a CSeq below the INVITE's (RFC 3261 §12.2.2) */ };

struct plan {
	uint8_t flow, method, service;
	uint8_t failures;         /* targets that answer 503 first */
	uint16_t status;          /* what the last target says */
	uint16_t first_status;    /* what targets say to a first request that is to come again */
	bool has_trying, rings, has_reason;
	bool has_icmp;            /* of a caller that is gone */
	uint8_t breadth;          /* Max-Breadth; 0: none */
	uint16_t statuses[ATTEMPTS_MAX]; /* of a forked INVITE, by place */
	uint32_t late_ms[ATTEMPTS_MAX]; /* before anything is heard of a target */
	bool updates_early;       /* UPDATE before the answer (RFC 3311) */
	uint16_t rude_status;     /* what a target says once more, after its final response */
	bool hangs_up[2];         /* [0] the caller, [1] the callee */
	uint8_t midway[2];        /* enum midway of either side */
	bool refuses_midway;
	uint32_t ring_ms, answer_ms, hold_ms, cancel_ms, gone_ms, rude_ms;
	uint32_t midway_ms[2];
};

struct node {
	struct address own, seen; /* as it writes itself; as the world sees it */
	bool is_target, asks_rport, joins_vias;
	uint8_t hops;             /* Via values of proxies before it */
	uint16_t number, pool;
	uint32_t incarnation;     /* counts crashes */
	uint8_t outage;           /* enum outage */
};
enum outage { OUTAGE_NONE, OUTAGE_SILENT, OUTAGE_ICMP };

enum ua_kind { UA_INVITE_CLIENT, UA_CLIENT, UA_INVITE_SERVER, UA_SERVER };
enum ua_state { UA_CALLING, UA_PROCEEDING, UA_COMPLETED, UA_CONFIRMED, UA_ACCEPTED };

struct call;
struct leg;

/* An agent's transaction. */
struct ua_txn {
	struct ua_txn *next;
	struct call *call;
	struct leg *leg;          /* NULL: none (a ping, a stray request) */
	struct node *node;
	uint32_t generation, incarnation;
	uint8_t kind, state, method;
	bool is_cancelled;
	uint32_t cseq, interval_ms;
	uint64_t branch_hash;
	tick_t end;
	struct address peer;
	struct buffer *request;   /* sent or received */
	struct buffer *last;      /* client: ACK; server: the last response */
};

enum leg_state { LEG_EARLY, LEG_CONFIRMED, LEG_ENDED };
#define TAG_SIZE 20

/* One side's view of a dialog. */
struct leg {
	struct leg *next;
	struct call *call;
	struct node *node;
	uint32_t generation, incarnation;
	uint8_t state;
	bool is_caller, is_acknowledged, has_dialog;
	bool gave_up;             /* no ACK within 64*T1 */
	bool sent_bye, got_bye;
	uint16_t status;          /* final response to the INVITE, sent or received */
	uint16_t bye_status;      /* 0: none, 1: timed out */
	uint16_t midway_status;
	uint32_t local_cseq, remote_cseq, invite_cseq, first_cseq;
	uint32_t rseq, repeat_ms, reliable_ms;
	tick_t repeat_since, reliable_since;
	uint64_t branch_hash;     /* of the INVITE that made a callee's leg */
	char local_tag[TAG_SIZE], remote_tag[TAG_SIZE];
	struct address next_hop, answer_to;
	uint16_t routes_len, target_len;
	char target[80];
	char routes[420];         /* complete rows */
	struct buffer *answer;    /* 2xx repeated until its ACK */
	struct buffer *reliable;  /* 1xx repeated until its PRACK */
	struct buffer *ack;       /* sent for each 2xx of ack_cseq */
	uint32_t answer_cseq, ack_cseq;
	struct ua_txn *invite;    /* the server transaction not yet answered */
};

struct model_txn;
struct model_dialog;

struct call {
	uint32_t number;
	struct node *caller;
	struct plan plan;
	uint64_t random, secret;
	uint32_t slot;            /* of the hash in front of the engines */
	tick_t started, touched;
	struct leg *legs;         /* the caller's is the last */
	struct leg *caller_leg;
	struct ua_txn *txns;
	struct model_txn *models;
	struct model_dialog *dialogs;
	struct ua_txn *invite;    /* the caller's, for CANCEL */
	uint16_t status;          /* final answer to the caller's request; 1: timed out */
	bool is_done, wants_cancel, has_cancelled, has_provisional, is_answered_by_engine;
	bool was_challenged, has_race, begins_anew, is_caller_gone;
	bool was_contradicted; /* a target sent two final responses */
	bool had_failover;     /* the call memory knows another target than the hash does */
	bool has_lost;         /* an engine died that had transactions of it */
	bool met_outage, met_dark; /* a datagram of it was swallowed by a target's, a side's */
	uint8_t reached;          /* INVITEs or requests placed at targets, of this CSeq */
	uint32_t placed_cseq;
	uint64_t placed_branch[ATTEMPTS_MAX + 1];
	struct node *placed[ATTEMPTS_MAX + 1], *silent;
	uint32_t placed_incarnation[ATTEMPTS_MAX + 1];
	uint32_t cseq;
	uint16_t challenger;
	/* Of a slow non-INVITE, while its caller waits. */
	struct answer_path {
		tick_t asked;     /* a target heard it first; 0: none has */
		bool was_given;   /* the target sent its final response, */
		bool came_in;     /* a copy of it reached an engine, */
		bool went_on;     /* an engine sent one on, */
		bool came_back;   /* it reached the caller */
	} answer;
};

/* A process. */
struct engine {
	struct proxy *proxy;      /* NULL: it does not run */
	tick_t next;              /* no timer of its before that */
	uint64_t given;           /* datagrams and errors, in this life */
	uint32_t life;            /* changes with each start and each end; at a start the epoch */
	uint16_t instance;
	struct snapshot_fixture *fixture;
	const struct balance_snapshot *snapshot;
	struct balance_target targets[TARGETS];
	struct target_status statuses[TARGETS];
};

enum race {
	RACE_ANSWER_BEATS_CANCEL, RACE_BYE_CROSSES_BYE, RACE_BYE_OVERTAKES_ACK,
	RACE_BYE_MEETS_REQUEST, RACE_REINVITE_GLARE, RACE_REQUEST_BEFORE_ACK, RACE_REQUEST_OVERTAKEN,
	RACE_LATE_RETRANSMISSION, RACE_CANCEL_MEETS_503, RACE_CANCEL_TOO_LATE,
	RACE_SLOW_ANSWER, RACE_CALLER_GONE,
	RACE_CONTRADICTION, RACE_ANSWER_AFTER_FAILOVER,
	/* three each, in the order of enum view */
	RACE_OUTAGE_STATUS, RACE_OUTAGE_VIEWS, RACE_OUTAGE_DIALOG,
	RACE_DARK_STATUS, RACE_DARK_VIEWS, RACE_DARK_DIALOG,
	RACE_LOST_STATUS, RACE_LOST_VIEWS, RACE_LOST_DIALOG,
	RACE_LOST_ATTEMPTS, RACE_LOST_TWICE, RACE_TWO_ANSWERS,
	RACE_EXTRA_DROPPED, RACE_EXTRA_ENDED, RACES,
};
struct race_rule {
	const char *name;
	uint32_t limit; /* of 10,000 calls */
	const char *clause;
};
extern const struct race_rule race_rules[RACES];

struct world {
	struct options options;
	tick_t now;
	struct queue *queue;
	uint64_t network_random, plan_random, outage_random;
	struct engine engines[ENGINES_MAX + 1];
	uint32_t engine_count;
	uint32_t owners[ENGINES_MAX]; /* engine of each slot */
	struct outbox *outbox;
	struct node *callers, targets[TARGETS];
	struct call **calls;
	uint32_t started, ended;
	uint64_t digest;
	uint64_t sent, lost, duplicated, delayed, icmp, to_engines, from_engines, swallowed;
	uint64_t crashes, blackouts, samples, alive_max, failures, take_overs, in_the_dark;
	uint64_t forks, second_answers, legs_ended;
	uint64_t dialogs, out_of_order, unacknowledged, planted;
	struct model_dialog *dialogs_alive;
	uint64_t calls_seen;      /* in all samples together */
	uint64_t lost_flows[FLOWS];
	uint64_t lost_txns, revived, strays_forwarded, darkenings, in_dark;
	bool is_dark[2];          /* the callers' side, the targets' */
	uint64_t flows[FLOWS], races[RACES], statuses[700], strays;
	uint64_t timers_measured, engine_answers, busiest;
	tick_t latest;            /* of a timer, beyond its time */
	bool has_failed;
	uint32_t failed_call;
	char failure[600];
};

extern struct world world;

/* Ends the run; the first is kept.  NULL: no call to blame. */
void world_fail(const struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}
static inline uint32_t random_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((random_next(state) >> 32) * bound >> 32);
}
static inline uint32_t random_between(uint64_t *state, uint32_t low, uint32_t high)
{
	return low + random_below(state, high - low + 1);
}

enum event_kind {
	EVENT_LAND, EVENT_ERROR, EVENT_START, EVENT_CHECK, EVENT_OUTAGE, EVENT_RECOVERY,
	EVENT_TXN_RETRANSMIT, EVENT_TXN_END, EVENT_LEG, EVENT_TXN_ANSWER, EVENT_SAMPLE, EVENT_GONE,
	EVENT_FAILURE, EVENT_TAKE_OVER, EVENT_DARK, EVENT_LIGHT,
};

static inline void world_in(uint64_t ms, enum event_kind kind, void *object, uint32_t generation,
			    uint32_t value)
{
	queue_put(world.queue, world.now + TICK_MS(ms), (uint8_t)kind, object, generation, value);
}

/* ---- run.c */
/* True when all is well; else world.failure says what is not. */
bool world_run(const struct options *options);

/* ---- report.c */
void report(double seconds);

/* ---- network.c */
void network_create(void);
void network_destroy(void);
/* Takes no reference. */
void network_send(struct buffer *buffer, struct address from, struct address to);
void network_land(void *flight);
void network_error(void *flight);
void network_drop(void *flight); /* when a run breaks off */
void network_outage(struct node *target);
void network_recovery(struct node *target);
/* A whole side hears and says nothing. */
void network_dark(void);
void network_light(uint32_t side);
struct node *network_node(struct address address);
bool network_is_engine(struct address address);

/* ---- cluster.c */
bool cluster_create(void);
void cluster_destroy(void);
uint32_t cluster_slot(uint64_t secret);
/* Where callers send; the port is the service's. */
struct address cluster_access(uint32_t slot);
/* NULL: nobody serves it now. */
struct engine *cluster_owner(const struct call *call);
void cluster_fail(void);
void cluster_take_over(struct engine *dead);

/* ---- engines.c */
bool engines_create(void);
void engines_destroy(void);
tick_t engines_next(void);
void engines_expire(void);
void engines_receive(struct buffer *buffer, struct address from, struct address to);
void engines_error(struct buffer *buffer, struct address to);
/* What is held now against what the model says must be held. */
void engines_sample(void);
/* Nothing may be left. */
void engines_check_end(void);

/* ---- plan.c */
void plan_make(struct call *call);

/* ---- agent.c */
void agent_receive(struct node *node, struct buffer *buffer, struct address from);
void agent_txn_retransmit(struct ua_txn *txn);
void agent_txn_end(struct ua_txn *txn);

/* ---- calls.c */
struct call *call_start(uint32_t number);
void call_check(struct call *call);
void calls_forget(void);

/* ---- agreement.c */
void agreement_check(struct call *call);
/* A datagram that leaves, or, `has_landed`, one that arrives. */
void agreement_note(const struct buffer *buffer, struct address from, struct address to,
		    bool has_landed);
/* Were races met more often than anybody can believe? */
void agreement_check_races(void);
/* Did an outage of a target touch this call? */
bool agreement_is_touched(const struct call *call);

static inline void call_race(struct call *call, enum race race)
{
	world.races[race]++;
	call->has_race = true;
}

#endif
