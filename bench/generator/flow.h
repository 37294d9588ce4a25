/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows as data: what a target answers to a first request, and how the caller goes on.  The
 * machinery that follows them is caller.c and target.c.
 */
#ifndef GENERATOR_FLOW_H
#define GENERATOR_FLOW_H

#include "generator/template.h"
#include "generator/traffic.h"

#define FLOW_ANSWERS_MAX 3

struct flow {
	uint8_t request;                    /* enum message: the first */
	uint8_t answers[FLOW_ANSWERS_MAX];  /* sent at once to it, up to MESSAGE_NONE */
	uint8_t second;                     /* request after a refusal among these; or MESSAGE_NONE */
	uint8_t second_answers[FLOW_ANSWERS_MAX];
	uint8_t after_ringing;              /* the target's answer then; MESSAGE_NONE: it waits */
	bool cancels;                       /* the caller cancels after ringing */
};

extern const struct flow flows[TRAFFIC_FLOW_COUNT];

/* The order of flows that a mix gives: flow_order[k % count] is the k-th call's; weights spread
 * as evenly as can be.  Returns the count, 0 for a mix without weight. */
uint32_t flow_order_make(const struct traffic_mix *mix, uint8_t order[TRAFFIC_WEIGHTS_MAX]);

#endif
