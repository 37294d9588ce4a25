/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmark of transaction tables asks of each end of the comparison: Tandem's table and
 * DPDK's rte_hash.  Keys are 16 octets, values are slots of a pool; keys are picked at random and
 * drawing them is not timed.  A table is full: it has as many entries as it was made for.
 */
#ifndef BENCH_MICRO_TABLE_SUBJECT_H
#define BENCH_MICRO_TABLE_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum table_operation {
	TABLE_FIND,
	TABLE_FIND_ABSENT,
	TABLE_INSERT,
	TABLE_REMOVE,
	TABLE_REPLACE, /* each: remove one, insert one */
	TABLE_OPERATION_COUNT,
};

struct table_subject {
	const char *name;
	/* For `count` entries, a multiple of MICRO_BATCH.  False: out of memory. */
	bool (*fill)(uint32_t count);
	void (*empty)(void);
	/* TSC cycles of MICRO_BATCH operations, one by one, or all in bulk.  As many entries are
	 * there after it as before.  What was found is checked, outside what is timed. */
	uint64_t (*batch)(enum table_operation operation, bool bulk);
	bool has_bulk[TABLE_OPERATION_COUNT];
};

/* A look-up is over when the whole key was compared, in the slot, where Tandem does it. */
extern const struct table_subject table_subject_txn;
/* One reader and writer, as Tandem's. */
extern const struct table_subject table_subject_rte;
/* Readers without locks beside one writer. */
extern const struct table_subject table_subject_rte_lock_free;

#ifdef __cplusplus
}
#endif

#endif
