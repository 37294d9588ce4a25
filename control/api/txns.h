/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Live transactions for clients: asks one worker after the other for a bounded part of its table,
 * until all have been seen or enough have been found.  Control thread only.
 */
#ifndef API_TXNS_H
#define API_TXNS_H

#include <jansson.h>

#include "dataplane.h"

#define TXNS_LIMIT_DEFAULT 100
#define TXNS_LIMIT_MAX     100000
#define TXNS_TIMEOUT_MS    5000 /* without any answer */

struct api_request;
struct control;
struct txns_job;

struct txns {
	struct control *control;
	struct txns_job *jobs;
};

/* Answers the request, now or after some txns_pump.  `args` as in the table of commands. */
void txns_request(struct txns *txns, struct api_request *request, const json_t *args,
		  uint64_t now_ms);
/* Asks for more as workers answer.  To be called after every dataplane_poll. */
void txns_pump(struct txns *txns, uint64_t now_ms);
[[nodiscard]] static inline bool txns_is_busy(const struct txns *txns)
{
	return txns->jobs != NULL;
}
/* Ends every request.  Only after dataplane_stop: until then answers may still arrive. */
void txns_fini(struct txns *txns);

#endif
