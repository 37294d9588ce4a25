/* SPDX-License-Identifier: BSD-3-Clause */
/* What the benchmarks of state/ measure; in C, as those headers are. */
#ifndef BENCH_STATE_SUBJECT_H
#define BENCH_STATE_SUBJECT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Operations that one call of a subject does. */
#define STATE_SUBJECT_BATCH 1024

/* A wheel with `count` timers at random in the next 32 s, in an order unlike that in memory. */
void wheel_subject_fill(uint32_t count);
void wheel_subject_empty(void);
/* Cancels timers at random; each is armed anew, at random or 32 s from now. */
void wheel_subject_rearm_random(void);
void wheel_subject_rearm_same_delay(void);
/* The same at random, each handle's timer prefetched a few operations before. */
void wheel_subject_rearm_prefetched(void);
/* Advances until as many timers expired, a millisecond a call; arms as many again. */
void wheel_subject_expire(void);

/* A table with `count` entries, as many as it has room for. */
void table_subject_fill(uint32_t count);
void table_subject_empty(void);
/* Returns the sum of what it found. */
uint64_t table_subject_find(void);
uint64_t table_subject_find_prefetched(void);
uint64_t table_subject_find_none(void);
void table_subject_replace(void);

#ifdef __cplusplus
}
#endif

#endif
