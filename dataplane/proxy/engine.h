/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the engine: the transaction, its tombstone, and what the rooms of proxy/ offer each other.
 * Not to be included outside proxy/.
 *
 *	proxy.c      create, receive (classification), expire, statistics
 *	request.c    a request: match, validate, route, forward, start a transaction
 *	select.c     the target of a balanced request
 *	response.c   a response: match, machine, forward upstream
 *	response_retry.c  a response that ICMP brings back
 *	context.c    response context: best response, what ends the other branches (§16.7)
 *	attempt.c    the next target: fail-over and forking, a branch each
 *	extra.c      a second 2xx to one INVITE: forwarded, dropped, or ended
 *	own.c        requests of our own: their answers are for nobody else (own.h)
 *	probe.c      OPTIONS to a target, for control (own.h)
 *	cancel.c     CANCEL, received and made (§9, §16.10)
 *	client.c     client side: machine and timers of a branch
 *	server.c     server side: machine, own responses
 *	route.c      where a request goes (pure; route.h)
 *	names.c      next hops that are names, and what waits for them (names.h)
 *	compose.c    edits that turn a received message into the one sent
 *	branch.c     keys, branch, tags
 *	txn.c        slots, deadlines, copies, tombstones
 *	reply.c      stateless replies
 *	memory.c     what memory is used for, and what is kept back
 *	mark.c       what a rejection leaves behind
 *	stateless.c  services without transactions
 *	stray.c      a response that belongs to no transaction
 *	stun.c       STUN Binding Requests
 *	peer.c       neighbours with another T1
 *	timers.c     whose timers, and how many of each run
 *	explain.c    where would this go
 *	note.c       what was decided, for who follows a call (note_add.h)
 *	inspect.c    live transactions, for people
 *	dialog.c     dialogs: CSeq order, the 2xx without ACK (dialog.h)
 *	bye.c        ends a call whose 2xx saw no ACK
 *	leg.c        the two legs of a dialog, as its 2xx tells them
 *	live.c       live calls of each target
 */
#ifndef PROXY_ENGINE_H
#define PROXY_ENGINE_H

#include "balance/cookie.h"
#include "balance/interface.h"
#include "balance/policy.h"
#include "proxy/memory.h"
#include "proxy/names.h"
#include "proxy/proxy.h"
#include "proxy/route.h"
#include "sip/build.h"
#include "sip/edit.h"
#include "sip/fsm.h"
#include "sip/message.h"
#include "sip/uri.h"
#include "state/call_memory.h"
#include "state/dialog_table.h"
#include "state/mark_set.h"
#include "state/peer_timing.h"
#include "state/retain.h"
#include "state/slot_pool.h"
#include "state/timer_wheel.h"
#include "state/txn_table.h"

/* Name of the URI parameter that carries the route token. */
#define ROUTE_PARAM          "tandem"
#define MAX_FORWARDS_DEFAULT 70 /* RFC 3261 §16.6 item 3 */
#define MAX_BREADTH          60 /* RFC 5393 §5.3.3 */
#define SIP_PORT             5060
#define SIP_PAYLOAD_MAX      (SIP_DATAGRAM_MAX - 28u) /* UDP over IPv4 */
#define BRANCH_TEXT_LEN      47 /* z9hG4bK, 32 digits of the key, 8 of the loop check */

/* A retained message and where it goes. */
struct held {
	uint8_t interface;
	uint8_t kind;              /* enum proxy_owed */
	uint8_t reserved[2];
	struct endpoint source, destination;
	char message[];
};

static inline struct held *held_of(struct retained *copy)
{
	return (struct held *)copy->bytes;
}

static inline struct span held_message(struct retained *copy)
{
	return span_of(held_of(copy)->message, copy->len - sizeof(struct held));
}

enum txn_deadline {
	DEADLINE_CLIENT_RETRANSMIT, /* Timer A, E */
	DEADLINE_CLIENT_END,        /* Timer B, C, D, F, K, M: which one, the state tells */
	DEADLINE_SERVER_RETRANSMIT, /* Timer G */
	DEADLINE_SERVER_END,        /* Timer H, I, J, L */
	DEADLINE_TRYING,            /* 100 to a non-INVITE (RFC 4320 §4.1) */
	DEADLINE_CANCEL_RETRANSMIT, /* Timer E of our CANCEL */
	DEADLINE_CANCEL_END,        /* Timer F of our CANCEL */
	DEADLINE_NEXT_TARGET,       /* no answer yet: the next target is tried beside this one */
	DEADLINES,
};

enum txn_flag {
	TXN_IS_INVITE = 1 << 0,
	TXN_HAS_TO_TAG = 1 << 1,    /* in-dialog: no fail-over */
	TXN_CANCELLED = 1 << 2,     /* this branch is to end: by the caller, Timer C, or the context */
	TXN_CANCEL_SENT = 1 << 3,
	TXN_IS_BALANCED = 1 << 4,   /* target chosen by a policy */
	TXN_OUTSTANDING = 1 << 5,   /* counted in the target's outstanding */
	TXN_REMEMBERED = 1 << 6,    /* in the call memory */
	TXN_IS_BRANCH = 1 << 7,     /* a further branch: `parent` has the server side */
	TXN_IS_OPEN = 1 << 8,       /* this branch has no final response, time-out or error yet */
	TXN_ABANDONED = 1 << 9,     /* no target is tried any more: cancelled by the caller, or 6xx */
	TXN_HAS_OFFER = 1 << 10,    /* the INVITE has a body */
	TXN_IS_SILENT = 1 << 12,    /* a non-INVITE that gets no final response, only its 100 */
	TXN_IS_OWN = 1 << 11,       /* a request of our own: no server side, answers end here */
	TXN_IS_PROBE = 1 << 13,     /* of them, a probe: client_end is its own time */
	TXN_COPY_CAME = 1 << 15,    /* a second copy of the request has been received */
	TXN_FORKS = 1 << 14,        /* its branches share Max-Breadth, whatever its pool says by now */
};

/*
 * A transaction: its server side, and the client side of the first branch.  Each further target,
 * after a failure or beside a silent one, gets a branch in a slot of its own: a struct txn whose
 * client side alone is used (TXN_IS_BRANCH).  A transaction outlives its open branches; branches
 * that only absorb any more are let go and live on by themselves.
 */
struct txn {
	struct hash128 server_key; /* zero in a branch */
	struct hash128 client_key; /* first part of the branch parameter */
	timer_handle_t timer;
	tick_t armed;              /* what the wheel was armed for; TICK_NEVER: not armed */
	uint32_t index;            /* own slot */
	uint16_t flags;            /* enum txn_flag */
	uint8_t server_state, client_state;
	uint8_t method;            /* enum sip_method */
	uint8_t attempt;           /* of this branch, from 0 */
	uint8_t attempts;          /* branches begun, this one included */
	uint8_t open;              /* branches with TXN_IS_OPEN, this one included */
	uint16_t service, pool;    /* indices at the time of selection */
	/* second line on: */
	tick_t deadlines[DEADLINES];
	struct retained *request;  /* as sent by this branch */
	struct retained *response; /* last one sent upstream that may be asked for again */
	struct retained *ack;      /* to this branch's non-2xx */
	struct retained *cancel;   /* of ours, until answered */
	struct target_status *status; /* of this branch's target, or NULL */
	uint64_t target_id;
	tick_t sent;               /* this branch, first */
	uint64_t call_hash;
	struct hash128 call_key;   /* of the call memory */
	struct endpoint answer;    /* where responses go */
	struct endpoint local;     /* from where */
	uint32_t client_interval_ms, server_interval_ms, cancel_interval_ms;
	uint32_t counted;          /* running timers that are counted (proxy/timers.h) */
	uint32_t received_ms;      /* first copy of the request, modulo 2^32 */
	uint16_t tried[BALANCE_TRIED_MAX]; /* targets' slots */
	uint16_t server_timers, client_timers; /* sets of the snapshot (proxy/timers.h) */
	union {
		uint32_t loop_part; /* second part of the branch parameter */
		uint32_t probe;     /* number of a probe */
	};
	uint32_t parent;           /* in a branch: slot of its transaction */
	uint32_t branches;         /* slot of the newest further branch; in a branch: of the next
	                              older one; SLOT_NONE: none */
	/* Response context (RFC 3261 §16.7). */
	struct retained *best;       /* best final response of the branches that ended */
	struct retained *challenges; /* WWW- and Proxy-Authenticate rows of those that are not best */
	uint32_t winner;             /* hash of the To tag of the first 2xx; 0: not kept */
	uint16_t best_status;        /* 0: none yet; without `best` a response of our own */
	uint8_t breadth;             /* Max-Breadth that this branch carries; 0: untouched */
	uint8_t breadth_left;        /* that no open branch carries */
	uint8_t tried_count;
	uint8_t ingress;
	uint8_t legs;                /* further answering parties that were ended */
	uint16_t target;             /* slot of this branch's target, from 1 on; 0: none */
};
static_assert(sizeof(struct txn) <= 384, "a live transaction takes at most 384 bytes");

/*
 * What is left of a transaction, or of a branch, that only absorbs and repeats: INVITE in Accepted
 * (Timers L, M); INVITE Confirmed (I) with the client Completed (D), the ACK kept; non-INVITE
 * Completed (J), the final response kept.
 */
struct tombstone {
	struct hash128 server_key, client_key;
	struct retained *copy;     /* non-INVITE: final response; INVITE: ACK; or NULL */
	uint32_t server_end_ms, client_end_ms; /* tick in ms, modulo 2^32 */
	uint32_t winner;           /* as in struct txn */
	uint16_t service;
	uint16_t target;           /* as in struct txn */
	uint8_t server_state, client_state;
	uint8_t method;
	bool is_invite : 1;
	bool has_offer : 1;
	bool has_to_tag : 1;
	bool answer_failed : 1;    /* ICMP brought a 2xx back: the next goes to the Via's sent-by */
	bool is_own : 1;           /* of a probe */
	uint8_t local_address;     /* index among the ingress interface's addresses */
	uint8_t legs;              /* as in struct txn */
};
static_assert(sizeof(struct tombstone) <= 64, "a tombstone takes at most 64 bytes");

/* Values in the table and words in the wheel: tombstones have the top bit. */
#define TOMBSTONE_BIT 0x80000000u
#define DIALOG_BIT    0x40000000u /* in words of the wheel only */

/* Targets that live calls can be of: all slots, from 1 on. */
#define LIVE_OCTETS (((size_t)BALANCE_NONE + 1) * sizeof(struct target_status *))

/* Received branch and ours. */
#define PROXY_KEYS_A_SLOT 2

#define GRAVEYARD_MAX 512

struct proxy {
	struct proxy_config config;
	const char *owner;         /* identity of the thread, in sanitized builds */
	struct slot_pool txns, tombstones;
	struct txn_table *table;
	struct timer_wheel *wheel;
	struct retain_store *retain;
	struct call_memory *calls;
	struct peer_timing *peers;
	struct dialog_table *dialogs; /* NULL: none are kept */
	/* By struct txn's `target`, of those whose calls are counted; a target's status outlives it. */
	struct target_status **statuses;
	struct proxy_dialog_stats dialog_stats[PROXY_DIALOG_SERVICES_MAX]; /* by service */
	struct mark_set *marks;
	struct names names;
	struct balance_state balance;
	struct verdict_counters verdicts;
	struct proxy_stats stats;
	struct proxy_owed_stats owed[PROXY_OWED_KINDS]; /* worker: rw, control: ro */
	uint64_t reserve_used;     /* worker: rw, control: ro */
	/* Copies released during the current call: an outbox entry may still point to them. */
	uint32_t graveyard_count, graveyard_bytes; /* worker: rw, control: ro */
	struct retained *graveyard[GRAVEYARD_MAX];
	/* Scratch of the current call. */
	struct sip_message message; /* the one received */
	struct sip_message sent;    /* a retained one, parsed again */
	struct sip_edit_list edits;
};

/* What one call of the engine works on. */
struct call {
	struct proxy *proxy;
	const struct balance_snapshot *snapshot;
	struct proxy_datagram *datagram; /* NULL when a timer or an error drives */
	tick_t now;
	struct outbox *outbox;
	bool is_resumed; /* a message that has waited for a name: no more waiting */
	struct proxy_notes *notes; /* of the outbox; see note.h */
};

/* What follows is `stage`'s work; returns the stage before, for who interrupts another.  An
 * instrument: nothing is decided by it. */
static inline enum stage proxy_enter(const struct proxy *proxy, enum stage stage)
{
	return stage_enter(proxy->config.stages, stage);
}
static inline enum stage call_enter(const struct call *call, enum stage stage)
{
	return proxy_enter(call->proxy, stage);
}

/* Now, on the wall clock: the second of sending in the hint. */
static inline uint32_t call_second(const struct call *call)
{
	return call->proxy->config.wall_start_s + (uint32_t)(call->now / TICK_SECONDS(1));
}

/* ---- txn.c */
[[nodiscard]] struct txn *txn_create(struct proxy *proxy);
/* Ends the transaction: timer, keys, copies, slot. */
void txn_destroy(struct proxy *proxy, struct txn *txn);
/* Arms the wheel for the earliest deadline, or destroys, or shrinks to a tombstone: to be called
 * last after every change, with a transaction or any of its branches; settles all of them. */
void txn_settle(struct call *call, struct txn *txn);
/* The transaction that has the server side: itself, but for a further branch. */
static inline struct txn *txn_parent(struct proxy *proxy, struct txn *txn)
{
	return txn->flags & TXN_IS_BRANCH ? slot_pool_at(&proxy->txns, txn->parent) : txn;
}
/* All branches, the first included. */
static inline struct txn *txn_branch_next(struct proxy *proxy, const struct txn *branch)
{
	return branch->branches == SLOT_NONE ? NULL : slot_pool_at(&proxy->txns, branch->branches);
}
/* Nothing was sent upstream that ends the transaction. */
static inline bool txn_is_undecided(const struct txn *txn)
{
	return txn->flags & TXN_IS_INVITE ? txn->server_state == INVITE_SERVER_PROCEEDING :
					    txn->server_state <= NON_INVITE_SERVER_PROCEEDING;
}
void txn_deadline_in(struct call *call, struct txn *txn, enum txn_deadline which, uint64_t ms);
void txn_deadline_clear(struct txn *txn, enum txn_deadline which);
/* A candidate's slot is compared with the whole key.  NULL: none. */
[[nodiscard]] struct txn *txn_find_client(struct proxy *proxy, struct hash128 key,
					  struct tombstone **tombstone);
/* method: enum sip_method of the transaction looked for. */
[[nodiscard]] struct txn *txn_find_server(struct proxy *proxy, struct hash128 key, uint8_t method,
					  struct tombstone **tombstone);
void tombstone_expire(struct call *call, uint32_t index);
/* A slot for one more branch of `txn`, with what it shares with it; linked, not yet open.  NULL:
 * none left. */
[[nodiscard]] struct txn *txn_add_branch(struct proxy *proxy, struct txn *txn);
/* Room for a message to be kept, counted by what it is kept for.  NULL: no memory. */
[[nodiscard]] struct retained *txn_reserve(struct proxy *proxy, enum proxy_owed kind, uint32_t len);
/* Keeps a copy to be sent again; the old one at *slot is released.  False: no memory. */
[[nodiscard]] bool txn_hold(struct call *call, struct retained **slot, enum proxy_owed kind,
			    struct span message, uint8_t interface, const struct endpoint *source,
			    const struct endpoint *destination);
void txn_release(struct proxy *proxy, struct retained **slot);
void proxy_bury(struct proxy *proxy);

/* ---- peer.c */
/* A copy of the transaction's request came. */
void peer_note_copy(struct call *call, struct txn *txn);

/* ---- memory.c */
/* NULL when copies are counted as they are held, else what is wrong. */
[[nodiscard]] const char *memory_check(const struct proxy *proxy);

/* ---- outbox, in proxy.c */
/* What becomes of call->datagram; no verdict is counted. */
struct verdict call_receive(struct call *call);
/* Queues octets that stay valid (scratch, copy, or the datagram's own buffer). */
void call_send(struct call *call, struct span message, bool in_place, uint8_t interface,
	       const struct endpoint *source, const struct endpoint *destination);
void call_send_held(struct call *call, struct retained *copy);
/* Writer over the free scratch of the outbox, for one message that UDP can carry;
 * call_scratch_done keeps what was written. */
struct text_writer call_scratch(struct call *call);
struct span call_scratch_done(struct call *call, const struct text_writer *w);
/* What real traffic showed of the target that `txn` counts as outstanding at; NULL: it does not,
 * or there is no room. */
struct outcome *call_outcome(struct call *call, const struct txn *txn, enum outcome_kind kind,
			     uint16_t value);
/* Microseconds since this branch was sent, at least 1. */
static inline uint32_t call_delay_us(const struct call *call, const struct txn *branch)
{
	uint64_t us = call->now - branch->sent;

	return (uint32_t)MAX(MIN(us, (uint64_t)UINT32_MAX), UINT64_C(1));
}
/* In sanitized builds: ends the process when another thread than the owner comes. */
void proxy_check_owner(struct proxy *proxy);

/* ---- branch.c */
[[nodiscard]] struct hash128 branch_server_key(const struct balance_snapshot *snapshot,
					       const struct sip_message *msg);
/* From the server key, and Call-ID, From tag and CSeq of the request or of a response to it. */
[[nodiscard]] struct hash128 branch_client_key(const struct balance_snapshot *snapshot,
					       struct hash128 server_key,
					       const struct sip_message *msg, uint8_t attempt);
[[nodiscard]] uint32_t branch_loop_part(const struct balance_snapshot *snapshot,
					const struct sip_message *msg, uint16_t service);
/* Writes BRANCH_TEXT_LEN characters. */
void branch_put(struct text_writer *w, struct hash128 key, uint32_t loop_part);
/* From the branch of a Via of ours.  False: not of our form. */
[[nodiscard]] bool branch_parse(struct span branch, struct hash128 *key, uint32_t *loop_part);
/* Of a party that answered a request of ours with branch key `key`: for its leg (`purpose` 'x'),
 * and for what we send along it. */
[[nodiscard]] struct hash128 branch_leg_key(const struct balance_snapshot *snapshot, char purpose,
					    struct hash128 key, struct span to_tag);
[[nodiscard]] struct hash128 branch_call_key(const struct balance_snapshot *snapshot,
					     uint16_t service, struct span call_id);
#define TAG_TEXT_LEN 16
/* The To tag of our own responses: a MAC, so that their ACK is known without memory. */
void branch_tag(const struct balance_snapshot *snapshot, const struct sip_message *msg, char *tag);

/* ---- compose.c */
struct compose {
	const struct route *route;
	struct hash128 key;
	uint32_t loop_part;
	uint8_t breadth; /* Max-Breadth to carry; 0: as received */
	struct via_hint hint;
};
/* Edits of a request about to be forwarded.  False: it cannot be composed (no own address). */
[[nodiscard]] bool compose_request(struct call *call, const struct sip_message *msg,
				   const struct compose *compose, struct sip_edit_list *edits,
				   struct endpoint *source);
/* Edits that send a request, as sent before, to another target. */
[[nodiscard]] bool compose_next_attempt(struct call *call, const struct sip_message *sent,
					const struct compose *compose, struct sip_edit_list *edits,
					struct endpoint *source);
/* Our Via row. */
void compose_put_via(struct text_writer *w, const struct balance_snapshot *snapshot,
		     const struct compose *compose, const struct endpoint *source);
/* Edits that remove the top Via value. */
void compose_pop_via(const struct sip_message *msg, struct sip_edit_list *edits);
/* received and rport of the top Via as RFC 3261 §18.2.1 and RFC 3581 §4 want them. */
struct via_source {
	char received[ENDPOINT_TEXT_MAX];
	size_t received_len; /* 0: none */
	uint16_t rport;      /* 0: none */
};
void compose_via_source(const struct sip_message *msg, const struct endpoint *source,
			struct via_source *out);
/* Where responses to this request go (RFC 3261 §18.2.2, RFC 3581 §4). */
void compose_answer(const struct balance_snapshot *snapshot, const struct sip_message *msg,
		    const struct proxy_datagram *datagram, struct endpoint *answer);

/* Not one of our own, not broadcast, not port 0: a stranger chose it. */
[[nodiscard]] bool compose_answer_is_usable(const struct balance_snapshot *snapshot,
					    const struct endpoint *answer);

/* ---- reply.c */
/* One stateless response of our own to the request received; `extra` complete rows or empty. */
struct verdict reply_stateless(struct call *call, const struct sip_message *msg, uint16_t status,
			       struct span extra, enum verdict_reason reason);

/* ---- request.c, response.c, cancel.c */
struct verdict request_receive(struct call *call, struct sip_message *msg);
struct verdict response_receive(struct call *call, struct sip_message *msg);
/* Did the server that this branch was sent to send what was received? */
[[nodiscard]] bool response_is_from_target(const struct call *call, const struct txn *branch);
/* Seconds of a 503's Retry-After, or OUTCOME_NO_RETRY_AFTER. */
[[nodiscard]] uint32_t response_retry_after(const struct sip_message *msg);
/* What becomes of a response that belongs to nothing here; its reason is VERDICT_REASON_NONE when it
 * does.  Changes nothing. */
[[nodiscard]] struct verdict response_stray_verdict(struct call *call,
						    const struct sip_message *msg);
/* ICMP brought back a response of ours: sends it once to its Via's sent-by, when that may be. */
struct verdict response_transport_error(struct call *call, struct span quoted,
					const struct endpoint *destination);
/* Where a further 2xx goes: changed to the sent-by of the Via below ours after one to `answer` was
 * brought back, when that may be. */
void response_answer_2xx(struct call *call, const struct sip_message *msg, uint16_t interface,
			 struct endpoint *answer);
struct verdict cancel_receive(struct call *call, struct sip_message *msg);
/* RFC 3261 §16.3, of every request that is forwarded.  VERDICT_REASON_NONE: passes. */
[[nodiscard]] enum verdict_reason request_validate(const struct sip_message *msg);
/* What becomes of a request that belongs to no transaction: VERDICT_REASON_NONE and the route with
 * its target, or the reason to refuse it.  With `peek` nothing changes. */
[[nodiscard]] enum verdict_reason request_decide(struct call *call, const struct sip_message *msg,
						 struct route *route, uint32_t *loop_part,
						 bool peek);
/* Sends our CANCEL when the branch has a provisional and none was sent.  `cancel`: the caller's,
 * whose Reason rows it takes along; or NULL. */
void cancel_client(struct call *call, struct txn *branch, const struct sip_message *cancel);
void cancel_answered(struct call *call, struct txn *branch);
void cancel_retransmit(struct call *call, struct txn *branch);
/* The branch is to end: now, or as soon as it has a provisional (§9.1). */
void cancel_branch(struct call *call, struct txn *branch, const struct sip_message *cancel);
/* Forwards a request without a transaction (ACK, stray CANCEL). */
struct verdict request_forward_stateless(struct call *call, struct sip_message *msg,
					 struct route *route, enum verdict_reason reason);

/* Answers a request with a rejection; an ACK is dropped. */
struct verdict request_refuse(struct call *call, struct sip_message *msg,
			      enum verdict_reason reason);
/* Takes our Via off and sends the response on. */
struct verdict response_pass(struct call *call, const struct sip_message *msg, uint8_t interface,
			     const struct endpoint *local, const struct endpoint *destination,
			     enum verdict_reason reason);

/* ---- mark.c */
/* Leaves a mark where the next copy of the request might be answered differently. */
void mark_leave(struct call *call, const struct sip_message *msg, enum verdict_reason reason);
/* Was this transaction rejected?  `method` as in txn_find_server. */
[[nodiscard]] bool mark_find(struct call *call, struct hash128 server_key, uint8_t method,
			     enum verdict_reason *reason);

/* ---- stateless.c: `mode: stateless` (RFC 3261 §16.11) */
[[nodiscard]] bool stateless_serves(const struct balance_snapshot *snapshot, uint16_t service);
/* The rest of request_decide for such a service: the target of a balanced route, and whether the
 * request can go without a transaction. */
[[nodiscard]] enum verdict_reason stateless_decide(struct call *call, const struct sip_message *msg,
						   struct route *route);
struct verdict stateless_forward(struct call *call, struct sip_message *msg, struct route *route);

/* ---- stray.c */
/* What becomes of a response that belongs to no transaction.  `hint`: of our Via, NULL: none that
 * verifies; `otherwise`: when nothing speaks for it. */
[[nodiscard]] struct verdict stray_decide(const struct call *call, const struct sip_message *msg,
					  const struct via_hint *hint, struct verdict otherwise);
struct verdict stray_receive(struct call *call, const struct sip_message *msg,
			     const struct via_hint *hint, struct verdict otherwise);
/* A CANCEL that was sent on without state has its INVITE's branch, but is no part of its
 * transaction. */
[[nodiscard]] bool stray_is_stateless_cancel(const struct sip_message *msg,
					     const struct via_hint *hint);

/* ---- stun.c */
struct verdict stun_receive(struct call *call);

/* ---- client.c */
/* The machine's step: sets the state, returns the actions. */
[[nodiscard]] uint16_t client_step(struct txn *txn, unsigned int event);
/* After the request left: first timers of the attempt. */
void client_start(struct call *call, struct txn *txn);
void client_linger(struct call *call, struct txn *txn);
/* The machine's event for a response of this status. */
[[nodiscard]] unsigned int client_event(const struct txn *txn, uint16_t status);
void client_retransmit_due(struct call *call, struct txn *txn);
void client_end_due(struct call *call, struct txn *txn);
void client_transport_error(struct call *call, struct txn *txn);
/* The branch is over without a final response: next target, else what the context decides.
 * `was_answered`: it had a provisional one, so its target is not told of as silent. */
void client_failed(struct call *call, struct txn *branch, enum failover_cause cause,
		   bool was_answered);
void client_forget_target(struct txn *branch);
/* Binds a branch of `txn` to the route's target. */
void client_use_target(struct call *call, struct txn *txn, struct txn *branch,
		       const struct route *route);

/* ---- attempt.c */
/* The Max-Breadth that the next branch carries; 0: none is left (RFC 5393 §5.3.3). */
[[nodiscard]] uint8_t attempt_breadth(const struct balance_pool *pool, const struct txn *txn);
/* True when this pool's requests are forked, so that Max-Breadth has to be shared out. */
[[nodiscard]] bool attempt_may_fork(const struct call *call, const struct txn *txn);
/* After `branch` failed.  True when the request now travels to another target as well. */
[[nodiscard]] bool attempt_failover(struct call *call, struct txn *txn, const struct txn *branch,
				    enum failover_cause cause);
/* Arms the deadline after which a silent target gets company. */
void attempt_wait(struct call *call, struct txn *txn);
void attempt_next_target_due(struct call *call, struct txn *txn);

/* ---- context.c */
/* The branch has its final response, or never will: its breadth is free. */
void context_branch_ended(struct txn *txn, struct txn *branch);
/* A final response other than a 2xx to INVITE, of a branch that has ended; a 503 counts as 500. */
struct verdict context_final(struct call *call, struct txn *txn, const struct sip_message *msg,
			     enum verdict_reason reason);
/* A branch ended without one: `status` stands for it; 0: a non-INVITE that timed out. */
void context_failed(struct call *call, struct txn *txn, uint16_t status);
/* A response upstream, our Via taken off, `rows` added before the body; in the datagram itself. */
struct verdict context_forward(struct call *call, struct txn *txn, const struct sip_message *msg,
			       struct span rows, enum verdict_reason reason);
/* No further target is tried, and the branches still open are cancelled (§16.7 item 10).
 * `cancel`: the caller's, or NULL. */
void context_cancel(struct call *call, struct txn *txn, const struct sip_message *cancel);

/* ---- extra.c */
/* A 2xx that the service's policy keeps from the caller.  False: forward it. */
struct extra_2xx {
	uint16_t service;
	uint32_t winner;
	bool has_offer;
	uint8_t *legs;    /* ended so far; counts on */
};
[[nodiscard]] bool extra_2xx_take(struct call *call, const struct sip_message *msg,
				  const struct extra_2xx *extra, struct verdict *verdict);
/* Of the first 2xx, for struct txn; 0 where the policy forwards all. */
[[nodiscard]] uint32_t extra_2xx_winner(const struct call *call, uint16_t service,
					const struct sip_message *msg);

/* ---- server.c */
[[nodiscard]] uint16_t server_step(struct txn *txn, unsigned int event);
/* The event for a response of this status from the TU. */
[[nodiscard]] unsigned int server_tu_event(const struct txn *txn, uint16_t status);
/* Carries out the actions on a response that is ready to be sent at `message`. */
void server_respond(struct call *call, struct txn *txn, uint16_t actions, struct span message,
		    bool in_place);
/* A response of our own, built from the request as sent. */
void server_reply(struct call *call, struct txn *txn, uint16_t status);
/* A non-INVITE ends without a final response: no 408 is sent (RFC 4320 §4.2). */
void server_stay_silent(struct call *call, struct txn *txn);
struct verdict server_retransmission(struct call *call, struct txn *txn);
struct verdict server_ack(struct call *call, struct txn *txn);
void server_retransmit_due(struct call *call, struct txn *txn);
void server_end_due(struct call *call, struct txn *txn);
void server_trying_due(struct call *call, struct txn *txn);

#endif
