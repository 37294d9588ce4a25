/* SPDX-License-Identifier: BSD-3-Clause */
/* Where one value of a list header ends.  Inside sip/ only; the cursor is in message.h. */
#ifndef SIP_VALUES_H
#define SIP_VALUES_H

#include "sip/message.h"

/* Offset of the comma that ends the value starting at `from`, or `end`.  Commas within quotes and
 * within < > do not separate (RFC 3261 §7.3.1).  bytes[0..limit) may be read; limit >= end. */
[[nodiscard]] uint32_t sip_value_end(const char *bytes, uint32_t from, uint32_t end,
				     uint32_t limit);

#endif
