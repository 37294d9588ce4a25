/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's environment for the peers out of DPDK.  It runs without hugetlbfs; what a peer allocates
 * comes from a heap over memory that was mapped the way Tandem's tables map theirs, so that both
 * have pages of the same kind: TLB misses decide at ten million entries.
 */
#ifndef BENCH_MICRO_PEER_EAL_H
#define BENCH_MICRO_PEER_EAL_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Starts DPDK on the first core that this process may run on.  NULL, or what keeps it. */
const char *peer_eal_start(void);
/* Nothing is left in the file system.  Harmless when it did not start. */
void peer_eal_stop(void);
/* A heap of `size` octets; its socket id, which DPDK's create functions take; -1: none. */
int peer_heap_create(const char *name, size_t size);
/* All that was allocated from it must be free again. */
void peer_heap_destroy(const char *name);

#ifdef __cplusplus
}
#endif

#endif
