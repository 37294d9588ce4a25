/* SPDX-License-Identifier: BSD-3-Clause */
/* Header rows out of the structural index (RFC 3261 §7.3.1).  Inside sip/ only. */
#ifndef SIP_ROWS_H
#define SIP_ROWS_H

#include "sip/index.h"
#include "sip/isa.h"

/*
 * Fills start_line_end, header_count, first and headers of msg, whose bytes, len and zeroed first
 * are set.  Continuation lines join the row before; *start_line_folded tells that the start line
 * has one.  index->count > 0; the mark after the last one is overwritten.
 *
 * Rows that are none (no colon, no name, a name that is no token) are left out; the reason of the
 * first is returned.
 */
[[nodiscard]] enum verdict_reason sip_rows_parse(struct sip_message *msg, struct sip_index *index,
						 bool *start_line_folded);

#endif
