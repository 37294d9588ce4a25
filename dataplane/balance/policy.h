/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Choosing a target of a pool.  call-id-hash is weighted rendezvous hashing: a pure function of
 * Call-ID and configured set, so that a removed target's calls, and no others, move, spread over
 * all survivors, and a restart or a sibling instance picks the same.
 */
#ifndef BALANCE_POLICY_H
#define BALANCE_POLICY_H

#include "balance/snapshot.h"

#define BALANCE_TRIED_MAX 8

/* What a worker keeps for policies with memory.  One a worker. */
struct balance_state {
	uint64_t random;            /* xorshift state, seeded by the owner, never 0 */
	uint32_t round_robin[256];  /* turns given; by pool index modulo 256 */
	uint32_t round_total[256];  /* the sum of weights that round_step was found for */
	uint32_t round_step[256];   /* kept because finding it costs several divisions */
};

struct balance_request {
	uint64_t call_hash;         /* balance_call_hash of the Call-ID */
	uint32_t tried_count;
	uint16_t tried[BALANCE_TRIED_MAX]; /* slots of targets not to choose again */
};

/* hash64 under snapshot->call_key. */
[[nodiscard]] uint64_t balance_call_hash(const struct balance_snapshot *snapshot,
					 struct span call_id);

/* A new call may go there: admin ready, health up, egress known. */
[[nodiscard]] bool balance_target_is_usable(const struct balance_target *target);

/*
 * Index into snapshot->targets, or BALANCE_NONE when no usable target is left.  Only the usable
 * targets of the lowest priority number that has one take part; weight 0 only where all have
 * weight 0.  With `peek` the state is read, not advanced: what would the next call get.
 */
[[nodiscard]] uint16_t balance_select(const struct balance_snapshot *snapshot, uint16_t pool,
				      const struct balance_request *request,
				      struct balance_state *state, bool peek);

/* call-id-hash's choice whatever the policy, usable or not (stray CANCEL and ACK follow it). */
[[nodiscard]] uint16_t balance_select_by_hash(const struct balance_snapshot *snapshot, uint16_t pool,
					      const struct balance_request *request);

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
