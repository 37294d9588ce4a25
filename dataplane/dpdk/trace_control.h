/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Following messages, control's side: who follows what, the set of filters in force, those that
 * workers may still read, and the rings.  Control thread.
 */
#ifndef DPDK_TRACE_CONTROL_H
#define DPDK_TRACE_CONTROL_H

#include "dpdk/trace.h"

struct dataplane;
struct trace_retired;

struct trace_follower {
	dataplane_traced_fn traced;    /* NULL: nobody */
	void *context;
	uint32_t since;                /* serial of the first set with its filter */
	struct dataplane_trace_filter filter;
};

struct trace_control {
	uint32_t serial;
	uint32_t count;                /* followers */
	struct hash_key key;
	struct trace_follower followers[DATAPLANE_TRACES_MAX];
	struct trace_ring **rings;     /* by worker; NULL: nobody follows */
	struct trace_set *set;         /* in force, or NULL */
	struct trace_retired *retired; /* newest first */
};

/* Passes on what the rings hold, and gives back what no worker reads any more. */
void trace_control_poll(struct dataplane *dataplane);
/* Workers have ended. */
void trace_control_fini(struct dataplane *dataplane);

#endif
