/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults found in messages: counted a kind, and the first of each kind kept with the offending
 * message and what was expected.
 */
#ifndef GENERATOR_FAULT_H
#define GENERATOR_FAULT_H

#include "generator/traffic.h"

struct call;

struct fault_store {
	struct traffic_fault *kept;           /* max of each kind */
	uint32_t counts[TRAFFIC_FAULT_COUNT]; /* kept */
	uint32_t max;
};

[[nodiscard]] bool fault_store_create(struct fault_store *store, uint32_t max);
void fault_store_destroy(struct fault_store *store);
void fault_store_clear(struct fault_store *store);

/*
 * Reports a fault of the message that is being looked at (traffic->incoming); `call` NULL: it is
 * not known.  The call then does not count as completed.  Nothing happens when checks are off.
 */
void fault_report(struct traffic *traffic, enum traffic_fault_kind kind, struct call *call,
		  struct span expected, const char *what, ...) PRINTF_LIKE(5, 6);

#endif
