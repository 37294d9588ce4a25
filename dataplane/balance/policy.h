/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Choosing a target of a pool.  Who takes part is the same for all policies: what the operator
 * wishes, what was observed (in a pool that panics that does not count), what caps leave room for,
 * and what the request has not tried; the lowest priority number first.  Then
 *
 *	call-id-hash        weighted rendezvous hashing: a pure function of Call-ID and configured
 *	                    set, so that a removed target's calls, and no others, move, spread over
 *	                    all survivors, and a restart or a sibling instance picks the same
 *	round-robin         in turn, by exact shares
 *	weighted-random     by lot
 *	least-transactions  of two by lot the one with fewer requests that wait for an answer
 *	least-calls         of two by lot the one with fewer calls
 *	srv                 RFC 2782
 */
#ifndef BALANCE_POLICY_H
#define BALANCE_POLICY_H

#include "balance/snapshot.h"
#include "base/tick.h"

#define BALANCE_TRIED_MAX 8

/* Of round-robin. */
struct balance_round {
	uint64_t turns; /* given */
	uint64_t total; /* the sum of weights that step was found for */
	uint64_t step;  /* kept because finding it costs several divisions */
};

/* What a worker keeps for policies with memory.  One a worker. */
struct balance_state {
	uint64_t random;                  /* xorshift state, seeded by the owner, never 0 */
	struct balance_round rounds[256]; /* by pool index modulo 256 */
};

struct balance_request {
	uint64_t call_hash;         /* balance_call_hash of the Call-ID */
	tick_t now;                 /* what caps on rate go by */
	bool is_call;               /* an INVITE: caps on calls count */
	uint32_t tried_count;
	uint16_t tried[BALANCE_TRIED_MAX]; /* slots of targets not to choose again */
};

struct balance_choice {
	uint16_t target;    /* index into snapshot->targets; BALANCE_NONE: nobody takes part */
	bool is_full;       /* with BALANCE_NONE: caps alone keep some target out */
	bool is_remembered; /* the call memory has to keep it: without, another request of the call
			       might be given another target */
};

/* hash64 under snapshot->call_key. */
[[nodiscard]] uint64_t balance_call_hash(const struct balance_snapshot *snapshot,
					 struct span call_id);

/*
 * Of the targets that take part those with the lowest priority number are chosen from; those of
 * weight 0, and those whose whole weight is withheld, only where all have none (srv gives weight 0
 * RFC 2782's small chance).  With `peek` nothing changes: what would the next call get.  Without,
 * the target's cap on rate and its trial calls are used up: to be asked once for a request that
 * will be sent.
 */
[[nodiscard]] struct balance_choice balance_select(const struct balance_snapshot *snapshot,
						   uint16_t pool,
						   const struct balance_request *request,
						   struct balance_state *state, bool peek);

/* call-id-hash's choice whatever the policy, usable or not (stray CANCEL and ACK follow it). */
[[nodiscard]] uint16_t balance_select_by_hash(const struct balance_snapshot *snapshot, uint16_t pool,
					      const struct balance_request *request);

/* Why a target does not take part. */
enum balance_standing {
	STANDING_USABLE,
	STANDING_TRIED,       /* by this request */
	STANDING_NO_WAY,      /* no interface leads there */
	STANDING_DRAIN,
	STANDING_MAINT,
	STANDING_DOWN,
	STANDING_BLACKLISTED,
	STANDING_TRIAL_SPENT, /* half-open, and others have the calls that it may get */
	STANDING_CALLS_FULL,
	STANDING_RATE_FULL,
};
/* `target`: index into snapshot->targets. */
[[nodiscard]] enum balance_standing balance_target_standing(const struct balance_snapshot *snapshot,
							    uint16_t target,
							    const struct balance_request *request);
/* "blacklisted": for an operator. */
const char *balance_standing_text(enum balance_standing standing);

/* A new call may go there, its caps aside: admin ready, health up or on trial with calls left,
 * egress known. */
[[nodiscard]] bool balance_target_is_usable(const struct balance_target *target);
/* Some target of the pool is, or would be if observation counted in a pool that panics. */
[[nodiscard]] bool balance_pool_is_usable(const struct balance_snapshot *snapshot, uint16_t pool);
[[nodiscard]] bool balance_pool_is_panicking(const struct balance_pool *pool);

/*
 * What the operator wished for at `now_ms` as far as a service without transactions is concerned:
 * a change takes effect settle_ms after it was announced, when nothing that was sent by the old
 * wish is repeated any more (RFC 3261 §16.11).
 */
[[nodiscard]] enum target_admin balance_admin_settled(const struct target_status *status,
						      uint64_t now_ms, uint32_t settle_ms);
/* Sets the wish.  One thread sets, any read.  `now_ms`: of the workers' clock. */
void balance_admin_set(struct target_status *status, enum target_admin admin, uint64_t now_ms,
		       uint32_t settle_ms);
/* settle_ms for a snapshot's services and timers. */
[[nodiscard]] uint32_t balance_settle_ms(const struct balance_snapshot *snapshot);

/*
 * call-id-hash by configuration and the operator's settled wish alone, never by what was observed
 * or by load, so that each repetition of a message gets the same answer.  *announced: what it will
 * be when all that was announced is settled; the same unless a change is under way.
 */
[[nodiscard]] uint16_t balance_select_settled(const struct balance_snapshot *snapshot,
					      uint16_t pool, uint64_t call_hash, uint64_t now_ms,
					      uint16_t *announced);

const char *balance_policy_name(enum balance_policy policy); /* "call-id-hash" */

#endif
