/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of Tandem's parser behind plain functions, measured alone: the data plane's headers are
 * C.  The instruction set is the one that a parse_peer's start has chosen. */
#ifndef BENCH_OWN_PARTS_H
#define BENCH_OWN_PARTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* They return what the compiler must not leave out. */
unsigned int own_message(const char *bytes, size_t len); /* sip_message_parse, no more */
unsigned int own_index(const char *bytes, size_t len);   /* the structural index */
unsigned int own_call_id(const char *bytes, size_t len); /* the peek at the Call-ID */

#ifdef __cplusplus
}
#endif

#endif
