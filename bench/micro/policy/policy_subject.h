/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every request costs in balance/ and in the computation of its branch and tokens, behind
 * plain functions.  Inputs take turns, so that the processor learns no outcome by heart.
 */
#ifndef BENCH_MICRO_POLICY_SUBJECT_H
#define BENCH_MICRO_POLICY_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- hash_subject.c: a Call-ID of so many octets */
#define HASH_SUBJECT_OCTETS_MAX 128
void hash_subject_fill(uint32_t octets);
uint64_t hash_subject_call(void); /* keyed: balance_call_hash */
uint64_t hash_subject_mac(void);  /* keyed: of tokens */
uint64_t hash_subject_jhash(void);
uint64_t hash_subject_crc(void);

/* ---- policy_subject.c */
enum policy_subject_kind {
	POLICY_SUBJECT_HASH,
	POLICY_SUBJECT_ROUND,
	POLICY_SUBJECT_RANDOM,
	POLICY_SUBJECT_LEAST,
	POLICY_SUBJECT_SRV,
};
/* A snapshot of one pool with so many targets, all usable, with weights all alike or of 1 to 4.
 * False: out of memory. */
bool policy_subject_fill(enum policy_subject_kind kind, uint32_t targets, bool weighted);
void policy_subject_empty(void);
/* Chooses a target for the next call. */
uint32_t policy_subject_select(void);
/* The same where the first two choices were tried before. */
uint32_t policy_subject_select_third(void);

/* ---- token_subject.c: of an INVITE of 971 octets */
/* NULL, or why not. */
const char *token_subject_fill(void);
uint64_t token_subject_server_key(void);
uint64_t token_subject_client_key(void);
uint64_t token_subject_loop_part(void);
uint64_t token_subject_branch_put(void);
uint64_t token_subject_branch_parse(void);
uint64_t token_subject_hint_encode(void);
uint64_t token_subject_hint_decode(void);
uint64_t token_subject_route_encode(void);
uint64_t token_subject_route_decode(void);
/* All that an initial request needs, in the order of the packet path: keys, loop part, branch,
 * hint, one Record-Route. */
uint64_t token_subject_request(void);
/* All that its response needs: branch read, client key computed anew, hint read. */
uint64_t token_subject_response(void);

#ifdef __cplusplus
}
#endif

#endif
