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

enum side {
	SIDE_TRYING, SIDE_PROCEEDING, SIDE_COMPLETED, SIDE_CONFIRMED, SIDE_ACCEPTED, SIDE_TERMINATED,
};

/* A client transaction. */
struct model_attempt {
	uint64_t branch_hash;
	struct node *peer;
	struct address from, to;
	uint8_t side;
	bool has_cancel, cancel_is_kept;
	uint32_t interval_ms, cancel_interval_ms;
	tick_t resend_at, end, cancel_at, cancel_end;
	struct buffer *request, *ack, *cancel;
};

/* A server transaction with the client transactions that it caused. */
struct model_txn {
	struct model_txn *next;
	struct call *call;
	uint64_t branch_hash;
	struct address asker, own;
	uint8_t method, side, engine, attempts;
	bool is_balanced, is_cancelled, has_timeout, is_silent;
	bool is_lost;            /* the engine died; what was placed and asked is kept here */
	uint32_t life;           /* of the engine */
	bool keeps_cancel;       /* one with a Reason that waits for a provisional response */
	uint16_t status, pool;
	uint32_t interval_ms;
	tick_t resend_at, end, trying_at;
	struct buffer *request;  /* as received */
	struct buffer *response; /* the last one sent */
	struct model_attempt attempt[ATTEMPTS_MAX];
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
/* Timer F fires within a millisecond of its time, and nobody sees it: an engine that says nothing
 * then is through. */
void model_end_silent(struct model_txn *txn, const struct outputs *outputs);
/* Nothing runs any more. */
bool model_is_over(const struct call *call);
void model_forget(struct call *call);

/* What the engine must hold of it now: whole transactions and tombstones; `grey`: those whose end
 * is so near that either is right. */
struct model_held {
	uint64_t txns, tombstones, grey;
	uint64_t left;   /* attempts that others followed, which still repeat their ACK */
	uint64_t copies; /* messages that may have to be sent again */
};
void model_held(const struct model_txn *txn, struct model_held *held);

/* ---- model_lost.c: messages of transactions that died with their engine */
struct model_txn *model_lost(const struct call *call, const struct sip *sip);
/* A request whose transaction was lost is taken anew: as before. */
void model_check_revived(const struct model_txn *txn, const struct model_txn *lost);
void model_lost_cancel(struct model_txn *lost, struct buffer *in, struct outputs *outputs);
void model_lost_response(struct call *call, struct buffer *in, struct outputs *outputs);

/* ---- between the files of the model */
#define AFTER(ms) (world.now + TICK_MS(ms))
static inline bool model_is_invite(const struct model_txn *txn)
{
	return txn->method == METHOD_INVITE;
}
static inline struct model_attempt *model_current(struct model_txn *txn)
{
	return &txn->attempt[txn->attempts - 1];
}
/* An output of that kind that nobody asked for yet; NULL, with the failure said, when missing. */
struct output *model_take_response(struct model_txn *txn, struct outputs *outputs, uint16_t status);
struct output *model_take_request(struct model_txn *txn, struct outputs *outputs, uint8_t method);
void model_keep(struct buffer **slot, struct buffer *buffer);
/* A response goes upstream: the server machine's step. */
void model_server_sent(struct model_txn *txn, struct buffer *response, bool is_kept);
void model_server_silent(struct model_txn *txn, tick_t since);
/* The next attempt, or the answer of the proxy's own. */
void model_fail_over(struct model_txn *txn, struct outputs *outputs, bool may);
void model_answer_own(struct model_txn *txn, struct outputs *outputs, uint16_t status);
void model_attempt_begin(struct model_txn *txn, struct output *output);
void model_send_cancel(struct model_txn *txn, struct outputs *outputs);
/* The timer that was due at `due` fired now. */
void model_measure(const struct call *call, tick_t due, const char *timer);
/* Fields that a proxy must not change. */
void model_check_request(const struct call *call, const struct buffer *in,
			 const struct buffer *out);
void model_check_passed(const struct call *call, const struct buffer *in, const struct buffer *out);
void model_check_own(const struct model_txn *txn, const struct buffer *out);
void model_check_derived(const struct model_attempt *attempt, const struct call *call,
			 const struct buffer *out, const struct buffer *final);

#endif
