/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explaining messages: hands them to the workers that own their calls, a few at a time, and turns
 * the answers into replies to the client that asked.  Control thread only.
 */
#ifndef API_EXPLAIN_H
#define API_EXPLAIN_H

#include <jansson.h>

#include "dataplane.h"

#define EXPLAIN_CALL_IDS_MAX 100000
#define EXPLAIN_BATCH        256  /* answers in one partial result */
#define EXPLAIN_TIMEOUT_MS   5000 /* without any answer */

struct api_request;
struct explain_job;

struct explain {
	struct dataplane *dataplane;
	const struct balance_snapshot *snapshot;
	const struct balance_snapshot *before; /* while answers by it may come; NULL: none */
	struct explain_job *jobs;
	unsigned int outstanding; /* asked, not answered */
};

/* Answers the request, now or after some explain_pump.  `args` as in the table of commands. */
void explain_request(struct explain *explain, struct api_request *request, const json_t *args,
		     uint64_t now_ms);
/* Asks for more as the workers answer.  To be called after every dataplane_poll. */
void explain_pump(struct explain *explain, uint64_t now_ms);
[[nodiscard]] static inline bool explain_is_busy(const struct explain *explain)
{
	return explain->jobs != NULL;
}
/* Ends every request.  Only after dataplane_stop: until then answers may still arrive. */
void explain_fini(struct explain *explain);

/* NULL: out of memory. */
json_t *explain_answer(const struct balance_snapshot *snapshot,
		       const struct proxy_explanation *explanation);

/* By what a pool's target was chosen, and each target's standing now; e->pool is set. */
json_t *explain_pool(const struct balance_snapshot *snapshot, const struct proxy_explanation *e);

#endif
