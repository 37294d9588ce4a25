/* SPDX-License-Identifier: BSD-3-Clause */
/* What parse_bench.cc measures, behind plain functions: the data plane's headers are C. */
#ifndef BENCH_PARSE_SUBJECT_H
#define BENCH_PARSE_SUBJECT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Octets of the INVITE that is measured. */
size_t parse_subject_size(void);
/* Chooses the structural index by its number; NULL when the processor does not run it. */
const char *parse_subject_use(int index_kind);
/* One call each on one of several copies, so that no branch is learned from one address alone.
 * They return what the compiler must not leave out. */
unsigned int parse_subject_parse(void);
unsigned int parse_subject_index(void);
unsigned int parse_subject_peek(void);

#ifdef __cplusplus
}
#endif

#endif
