/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a transaction-stateful proxy must send, for each datagram that it gets and each moment that
 * passes: RFC 3261 §16 and §17, RFC 6026, RFC 4320, RFC 3263 §4.3 written down a second time, as
 * an observer on the wire sees them.  Every datagram that an engine sends must be asked for here,
 * and everything asked for must be sent, at its time.
 */
#ifndef SIMULATION_MODEL_H
#define SIMULATION_MODEL_H

#include "world.h"

#include "proxy/memory.h"

enum side {
	SIDE_TRYING, SIDE_PROCEEDING, SIDE_COMPLETED, SIDE_CONFIRMED, SIDE_ACCEPTED, SIDE_TERMINATED,
};

/* A client transaction: a branch of the response context. */
struct model_attempt {
	uint64_t branch_hash, via_hash;
	struct node *peer;
	struct address from, to;
	uint8_t side;
	uint8_t breadth;         /* Max-Breadth that it was given */
	bool has_cancel, cancel_is_kept;
	bool is_cancelled;       /* a CANCEL goes, or waits for a provisional response */
	bool keeps_cancel;       /* one with a Reason that waits */
	bool is_followed;        /* by the next target: its failure is nobody's answer */
	bool is_own;             /* its status is the proxy's word */
	uint16_t status;         /* final, as it counts in the context; 0: none */
	uint8_t order;           /* in which it came */
	uint32_t interval_ms, cancel_interval_ms;
	tick_t began, resend_at, end, cancel_at, cancel_end;
	struct buffer *request, *ack, *cancel;
	struct buffer *final;    /* while nothing is decided */
};

/* A callee that answered too late for its caller, under `ack-bye`. */
#define MODEL_LEGS_MAX ATTEMPTS_MAX
struct model_leg {
	uint64_t tag_hash, branch_hash; /* of the BYE */
	uint8_t side;
	uint32_t interval_ms;
	tick_t resend_at, end, keep_end;
	struct address to;
	struct buffer *ack, *bye;
};

/* A server transaction with the client transactions that it caused. */
struct model_txn {
	struct model_txn *next;
	struct call *call;
	uint64_t branch_hash;
	struct address asker, own;
	uint8_t method, side, engine, attempts, legs, counted;
	bool is_balanced, is_abandoned, is_silent;
	bool may_be_alone;       /* perhaps no next target is tried at next_at */
	bool is_lost;            /* the engine died; what was placed and asked is kept here */
	uint32_t life;           /* of the engine */
	uint16_t status, pool;
	uint16_t breadth;        /* Max-Breadth that came in */
	uint32_t interval_ms;
	uint64_t winner;         /* hash of the To tag that took the call */
	tick_t resend_at, end, trying_at;
	tick_t next_at;          /* the next target is tried beside those that are silent */
	struct buffer *request;  /* as received */
	struct buffer *response; /* the last one sent */
	struct buffer *cancel;   /* forwarded without state, when lost */
	struct model_attempt attempt[ATTEMPTS_MAX];
	struct model_leg leg[MODEL_LEGS_MAX];
};

/* What an engine sent in one go. */
struct output {
	struct buffer *buffer;
	struct address from, to;
	bool is_asked_for;
};
struct outputs {
	struct verdict verdict;
	uint32_t count, engine;
	struct output output[OUTBOX_MAX];
};

/* The engine of some of its transactions died: from then on they owe nothing. */
void model_bury(struct call *call);
/* They judge, and mark the outputs that were asked for. */
void model_request(struct call *call, struct buffer *in, struct address from, struct address to,
		   struct outputs *outputs);
void model_response(struct call *call, struct buffer *in, struct outputs *outputs);
void model_error(struct call *call, const struct buffer *quoted, struct address to,
		 struct outputs *outputs);
void model_expiry(struct output *output, struct outputs *outputs);

/* Everything owed up to now was sent?  Then what ended without a word is ended here too. */
void model_advance(struct model_txn *txn);
/* What ends without a word does so within a millisecond of its time; what the engine did tells
 * whether it has. */
void model_end_silent(struct model_txn *txn, struct outputs *outputs);
/* Nothing runs any more. */
bool model_is_over(const struct call *call);
void model_forget(struct call *call);

/* What the engine must hold of it now: whole transactions and tombstones; `grey`: those whose end
 * is so near that either is right. */
struct model_held {
	uint64_t txns, tombstones, grey;
	uint64_t copies[PROXY_OWED_KINDS]; /* messages that may have to be sent again */
};
void model_held(const struct model_txn *txn, struct model_held *held);

/* ---- model_lost.c: messages of transactions that died with their engine */
struct model_txn *model_lost(const struct call *call, const struct sip *sip);
/* A request whose transaction was lost is taken anew: as before. */
void model_check_revived(const struct model_txn *txn, const struct model_txn *lost);
void model_lost_cancel(struct model_txn *lost, struct buffer *in, struct outputs *outputs);
/* False: it belongs to none of them. */
bool model_lost_response(struct call *call, struct buffer *in, struct outputs *outputs);

/* ---- between the files of the model */
#define AFTER(ms) (world.now + TICK_MS(ms))
static inline bool model_is_invite(const struct model_txn *txn)
{
	return txn->method == METHOD_INVITE;
}
static inline bool model_is_open(const struct model_attempt *attempt)
{
	return attempt->side == SIDE_TRYING || attempt->side == SIDE_PROCEEDING;
}
static inline bool model_is_undecided(const struct model_txn *txn)
{
	return txn->side == SIDE_TRYING || txn->side == SIDE_PROCEEDING;
}
static inline bool model_has_open(const struct model_txn *txn)
{
	for (int i = 0; i < txn->attempts; i++)
		if (model_is_open(&txn->attempt[i]))
			return true;
	return false;
}
/* An output of that kind that nobody asked for yet; NULL, with the failure said, when missing. */
struct output *model_take_response(struct model_txn *txn, struct outputs *outputs, uint16_t status);
/* To that method, the CANCEL's among them. */
struct output *model_take_answer(struct model_txn *txn, struct outputs *outputs, uint8_t method,
				 uint16_t status);
/* Any final response. */
struct output *model_take_final(struct model_txn *txn, struct outputs *outputs);
struct output *model_take_request(struct model_txn *txn, struct outputs *outputs, uint8_t method);
/* The one with that branch. */
struct output *model_take_branch(struct model_txn *txn, struct outputs *outputs, uint8_t method,
				 uint64_t branch_hash);
/* Whether a final response goes up to it. */
bool model_has_final(const struct model_txn *txn, const struct outputs *outputs);
void model_keep(struct buffer **slot, struct buffer *buffer);
/* A response goes upstream: the server machine's step. */
void model_server_sent(struct model_txn *txn, struct buffer *response, bool is_kept);
void model_server_silent(struct model_txn *txn, tick_t since, bool by_timer);
/* Of the top Via's row, with all that the engine put into it. */
uint64_t model_via_hash(const struct buffer *buffer);
void model_attempt_begin(struct model_txn *txn, struct output *output);

/* ---- model_client.c */
void model_release_request(struct model_attempt *attempt);
void model_attempt_over(struct model_attempt *attempt, tick_t at);
struct model_txn *model_find_attempt(struct call *call, const struct sip *sip,
				     struct model_attempt **attempt);

/* ---- model_context.c: the branches of one request, RFC 3261 §16.7 */
/* Another target may get the request. */
bool model_may_follow(const struct model_txn *txn);
/* The branch ended without a response to pass on: the next target, or what is known so far. */
void model_attempt_failed(struct model_txn *txn, struct model_attempt *attempt, uint16_t status,
			  bool may_follow, struct outputs *outputs);
/* A non-2xx counts; when it was the last, the best goes up. */
void model_count(struct model_txn *txn, struct model_attempt *attempt, uint16_t status, bool is_own,
		 struct buffer *final, struct outputs *outputs);
/* Each open branch is to end (RFC 3261 §16.7 item 10, §16.10). */
void model_cancel_all(struct model_txn *txn, bool has_reason, struct outputs *outputs);
void model_send_cancel(struct model_txn *txn, struct model_attempt *attempt,
		       struct outputs *outputs);
/* How many challenges wait beside the best, and whether the best is a target's. */
void model_kept(const struct model_txn *txn, bool *has_best, bool *has_challenges);

/* ---- model_calls.c: the calls of each target */
/* What an engine got and sent. */
void model_calls_seen(struct call *call, const struct engine *engine, const struct buffer *in,
		      const struct outputs *outputs);
/* The engines count as many. */
void model_calls_check(void);
/* The call goes, what it began is looked after on. */
void model_calls_detach(struct call *call);
void model_calls_forget(void);

/* ---- model_leg.c: `extra_2xx` */
enum extra { EXTRA_FORWARD, EXTRA_DROP, EXTRA_ACK_BYE };
enum extra model_extra(uint16_t pool);
void model_leg_take(struct model_txn *txn, struct buffer *in, struct outputs *outputs);
/* An answer to a BYE of ours; false: it is none. */
bool model_leg_response(struct call *call, const struct buffer *in);
/* An error about one. */
bool model_leg_error(struct call *call, const struct buffer *quoted, struct address to);
/* A BYE of ours repeated; false: it is none. */
bool model_leg_resent(struct call *call, struct output *output);
void model_leg_advance(struct model_txn *txn);

/* The timer that was due at `due` fired now. */
void model_measure(const struct call *call, tick_t due, const char *timer);
/* Fields that a proxy must not change. */
void model_check_request(const struct call *call, const struct buffer *in,
			 const struct buffer *out);
void model_check_passed(const struct call *call, const struct buffer *in, const struct buffer *out);
/* With rows of challenges added. */
void model_check_challenged(const struct call *call, const struct buffer *in,
			    const struct buffer *out);
void model_check_own(const struct model_txn *txn, const struct buffer *out);
void model_check_derived(const struct model_attempt *attempt, const struct call *call,
			 const struct buffer *out, const struct buffer *final);

#endif
