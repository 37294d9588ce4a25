/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Following calls for clients: a filter for the workers, and what they record as partial results
 * until so many messages have come or so much time has passed, so that one who forgets costs
 * nothing for long.  Control thread only.
 */
#ifndef API_TRACE_H
#define API_TRACE_H

#include <jansson.h>

#include "dataplane.h"

#define TRACE_COUNT_DEFAULT   1000
#define TRACE_COUNT_MAX       1000000
#define TRACE_SECONDS_DEFAULT 60
#define TRACE_SECONDS_MAX     3600
#define TRACE_OCTETS_DEFAULT  1024

struct api_request;
struct control;
struct trace_job;

struct trace {
	struct control *control;
	struct trace_job *jobs;
};

/* Answers the request, over time.  `args` as in the table of commands. */
void trace_request(struct trace *trace, struct api_request *request, const json_t *args,
		   uint64_t now_ms);
/* Sends what has come, and ends what is over.  To be called after every dataplane_poll. */
void trace_pump(struct trace *trace, uint64_t now_ms);
/* How many run whose filters every worker goes by. */
[[nodiscard]] unsigned int trace_following(const struct trace *trace);
/* Ends all; before dataplane_stop. */
void trace_fini(struct trace *trace);

/* One record as JSON, `octets` of its message as `message` (0: none).  NULL: out of memory. */
json_t *trace_message(const struct balance_snapshot *snapshot,
		      const struct dataplane_traced *traced, bool has_message);

#endif
