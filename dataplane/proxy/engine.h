/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the engine: the transaction, its tombstone, and what the rooms of proxy/ offer each other.
 * Not to be included outside proxy/.
 *
 *	proxy.c      create, receive (classification), expire, statistics
 *	request.c    a request: match, validate, route, forward, start a transaction
 *	response.c   a response: match, machine, best response, forward upstream
 *	cancel.c     CANCEL, received and made (§9, §16.10)
 *	client.c     client side: machine, timers, fail-over
 *	server.c     server side: machine, own responses
 *	route.c      where a request goes (pure)
 *	compose.c    edits that turn a received message into the one sent
 *	branch.c     keys, branch, tags
 *	txn.c        slots, deadlines, copies, tombstones
 *	reply.c      stateless replies
 *	explain.c    where would this go
 */
#ifndef PROXY_ENGINE_H
#define PROXY_ENGINE_H

#include "balance/cookie.h"
#include "balance/interface.h"
#include "balance/policy.h"
#include "proxy/proxy.h"
#include "sip/build.h"
#include "sip/edit.h"
#include "sip/fsm.h"
#include "sip/message.h"
#include "sip/uri.h"
#include "state/call_memory.h"
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
	uint8_t reserved[3];
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
	DEADLINES,
};

enum txn_flag {
	TXN_IS_INVITE = 1 << 0,
	TXN_HAS_TO_TAG = 1 << 1,    /* in-dialog: no fail-over */
	TXN_CANCELLED = 1 << 2,     /* the caller gave up, or Timer C did */
	TXN_CANCEL_SENT = 1 << 3,
	TXN_IS_BALANCED = 1 << 4,   /* target chosen by a policy */
	TXN_OUTSTANDING = 1 << 5,   /* counted in the target's outstanding */
	TXN_REMEMBERED = 1 << 6,    /* in the call memory */
	TXN_TIMED_OUT = 1 << 7,     /* an attempt counts as 408: the best of what failed */
};

/*
 * A transaction: server and client side together.  The client side is the current attempt; an
 * earlier attempt has ended before the next starts.
 */
struct txn {
	struct hash128 server_key;
	struct hash128 client_key; /* first part of the branch of the current attempt */
	timer_handle_t timer;
	tick_t armed;              /* what the wheel was armed for; TICK_NEVER: not armed */
	uint32_t index;            /* own slot */
	uint16_t flags;            /* enum txn_flag */
	uint8_t server_state, client_state;
	uint8_t method;            /* enum sip_method */
	uint8_t attempt;
	uint8_t tried_count;
	uint8_t ingress;
	uint16_t service, pool;    /* indices at the time of selection */
	/* second line on: */
	tick_t deadlines[DEADLINES];
	struct retained *request;  /* as sent by the current attempt */
	struct retained *response; /* last one sent upstream that may be asked for again */
	struct retained *ack;      /* to the current attempt's non-2xx */
	struct retained *cancel;   /* of ours, until answered */
	struct target_status *status; /* of the current attempt's target, or NULL */
	uint64_t target_id;
	uint64_t call_hash;
	struct hash128 call_key;   /* of the call memory */
	struct endpoint answer;    /* where responses go */
	struct endpoint local;     /* from where */
	uint32_t t1_ms, t2_ms, t4_ms;
	uint32_t client_interval_ms, server_interval_ms, cancel_interval_ms;
	uint32_t timer_c_ms, timer_d_ms;
	uint16_t tried[BALANCE_TRIED_MAX];
	uint32_t loop_part;        /* second part of the branch */
	uint16_t server_timers, client_timers; /* sets of the snapshot (proxy/timers.h) */
};
static_assert(sizeof(struct txn) <= 384, "a live transaction takes at most 384 bytes");

/*
 * What is left of a transaction that only absorbs and repeats: INVITE in Accepted (Timers L, M);
 * INVITE Confirmed (I) with the client Completed (D), the ACK kept; non-INVITE Completed (J), the
 * final response kept.
 */
struct tombstone {
	struct hash128 server_key, client_key;
	struct retained *copy;     /* non-INVITE: final response; INVITE: ACK; or NULL */
	timer_handle_t timer;
	uint32_t server_end_ms, client_end_ms; /* tick in ms, modulo 2^32 */
	uint16_t service;
	uint8_t server_state, client_state;
	uint8_t method;
	uint8_t is_invite;
	uint8_t local_address;     /* index among the ingress interface's addresses */
	uint8_t reserved;
};
static_assert(sizeof(struct tombstone) <= 64, "a tombstone takes at most 64 bytes");

/* Values in the table and words in the wheel: tombstones have the top bit. */
#define TOMBSTONE_BIT 0x80000000u

#define GRAVEYARD_MAX 512

struct proxy {
	struct proxy_config config;
	const char *owner;         /* identity of the thread, in sanitized builds */
	struct slot_pool txns, tombstones;
	struct txn_table *table;
	struct timer_wheel *wheel;
	struct retain_store *retain;
	struct call_memory *calls;
	struct balance_state balance;
	struct verdict_counters verdicts;
	struct proxy_stats stats;
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
};

/* ---- txn.c */
[[nodiscard]] struct txn *txn_create(struct proxy *proxy);
/* Ends the transaction: timer, keys, copies, slot. */
void txn_destroy(struct proxy *proxy, struct txn *txn);
/* Arms the wheel for the earliest deadline, or destroys, or shrinks to a tombstone: to be called
 * last after every change. */
void txn_settle(struct call *call, struct txn *txn);
void txn_deadline_in(struct call *call, struct txn *txn, enum txn_deadline which, uint64_t ms);
void txn_deadline_clear(struct txn *txn, enum txn_deadline which);
/* A candidate's slot is compared with the whole key.  NULL: none. */
[[nodiscard]] struct txn *txn_find_client(struct proxy *proxy, struct hash128 key,
					  struct tombstone **tombstone);
/* method: enum sip_method of the transaction looked for. */
[[nodiscard]] struct txn *txn_find_server(struct proxy *proxy, struct hash128 key, uint8_t method,
					  struct tombstone **tombstone);
void tombstone_expire(struct call *call, uint32_t index);
/* The current attempt ends here and the next begins: what the old one still owes (the ACK to its
 * final response, for Timer D) stays behind in a tombstone of its own. */
void txn_leave_attempt(struct call *call, struct txn *txn);
/* Keeps a copy to be sent again; the old one at *slot is released.  False: no memory. */
[[nodiscard]] bool txn_hold(struct call *call, struct retained **slot, struct span message,
			    uint8_t interface, const struct endpoint *source,
			    const struct endpoint *destination);
void txn_release(struct proxy *proxy, struct retained **slot);
void proxy_bury(struct proxy *proxy);

/* ---- outbox, in proxy.c */
/* Queues octets that stay valid (scratch, copy, or the datagram's own buffer). */
void call_send(struct call *call, struct span message, bool in_place, uint8_t interface,
	       const struct endpoint *source, const struct endpoint *destination);
void call_send_held(struct call *call, struct retained *copy);
/* Writer over the free scratch of the outbox, for one message that UDP can carry;
 * call_scratch_done keeps what was written. */
struct text_writer call_scratch(struct call *call);
struct span call_scratch_done(struct call *call, const struct text_writer *w);
void call_outcome(struct call *call, const struct txn *txn, enum outcome_kind kind, uint16_t value);

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
[[nodiscard]] struct hash128 branch_call_key(const struct balance_snapshot *snapshot,
					     uint16_t service, struct span call_id);
#define TAG_TEXT_LEN 16
/* The To tag of our own responses: a MAC, so that their ACK is known without memory. */
void branch_tag(const struct balance_snapshot *snapshot, const struct sip_message *msg, char *tag);

/* ---- route.c */
struct route {
	enum proxy_route_kind kind;
	enum verdict_reason reason;   /* of a rejection; of a forward otherwise */
	uint16_t service, pool, target, egress;
	uint8_t own_routes;           /* leading Route values of ours, to remove */
	bool was_strict;              /* Request-URI held a Record-Route value of ours (§16.4) */
	bool strict_next_hop;         /* first Route left has no lr (§16.6 item 6) */
	bool has_token;
	bool is_balanced;
	bool is_stranger;             /* the source is neither a target nor a peer */
	enum route_token_side side;
	struct route_token token;
	struct endpoint next_hop;
	struct span strict_uri;       /* with was_strict: the last Route's URI */
	struct span balance_call_id;  /* the Call-ID that chooses (Replaces, Join follow theirs) */
};
/* Where a request goes; a balanced one without its target yet. */
void route_find(const struct balance_snapshot *snapshot, const struct sip_message *msg,
		const struct proxy_datagram *datagram, struct route *route);
/* Fills next_hop and egress of a target; false: no way there. */
[[nodiscard]] bool route_use_target(const struct balance_snapshot *snapshot, uint16_t target,
				    struct route *route);

/* ---- compose.c */
struct compose {
	const struct route *route;
	struct hash128 key;
	uint32_t loop_part;
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
/* Why a response belongs to nothing here; VERDICT_REASON_NONE: it does.  Changes nothing. */
[[nodiscard]] enum verdict_reason response_stray_reason(struct call *call,
							const struct sip_message *msg);
struct verdict cancel_receive(struct call *call, struct sip_message *msg);
/* RFC 3261 §16.3, of every request that is forwarded.  VERDICT_REASON_NONE: passes. */
[[nodiscard]] enum verdict_reason request_validate(const struct sip_message *msg);
/* What becomes of a request that belongs to no transaction: VERDICT_REASON_NONE and the route with
 * its target, or the reason to refuse it.  With `peek` nothing changes. */
[[nodiscard]] enum verdict_reason request_decide(struct call *call, const struct sip_message *msg,
						 struct route *route, uint32_t *loop_part,
						 bool peek);
/* Sends our CANCEL when the branch has a provisional and none was sent. */
void cancel_client(struct call *call, struct txn *txn, const struct sip_message *cancel);
void cancel_answered(struct call *call, struct txn *txn);
void cancel_retransmit(struct call *call, struct txn *txn);
/* Forwards a request without a transaction (ACK, stray CANCEL). */
struct verdict request_forward_stateless(struct call *call, struct sip_message *msg,
					 struct route *route, enum verdict_reason reason);
/* Chooses the target of a balanced route.  False: none usable. */
[[nodiscard]] bool request_select(struct call *call, struct route *route, const struct txn *txn,
				  bool peek);

/* ---- client.c */
/* The machine's step: sets the state, returns the actions. */
[[nodiscard]] uint16_t client_step(struct txn *txn, unsigned int event);
/* After the request left: first timers of the attempt. */
void client_start(struct call *call, struct txn *txn);
void client_linger(struct call *call, struct txn *txn);
void client_retransmit_due(struct call *call, struct txn *txn);
void client_end_due(struct call *call, struct txn *txn);
void client_transport_error(struct call *call, struct txn *txn);
/* The attempt is over without a response to forward: next target, else answer upstream. */
void client_failed(struct call *call, struct txn *txn, enum failover_cause cause);
/* What the caller hears when no attempt is left and none brought a response to forward. */
void client_answer_failure(struct call *call, struct txn *txn, enum failover_cause cause);
/* True when the request now travels to another target. */
[[nodiscard]] bool client_failover(struct call *call, struct txn *txn, enum failover_cause cause);
void client_forget_target(struct txn *txn);
/* Binds the transaction to a target for the next attempt. */
void client_use_target(struct call *call, struct txn *txn, const struct route *route);

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
