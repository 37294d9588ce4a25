/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through an engine on a virtual clock, made by callers and targets that cost next to
 * nothing: messages are prebuilt and patched in place, what a target answers is copied out of what
 * it received at places learnt once.  Nothing is lost and nobody fails.
 *
 * A call: INVITE, 180 at once, 200 after a ringing time drawn evenly from half to one and a half
 * times its mean, ACK, BYE, 200.  Six messages received, two transactions.
 */
#ifndef BENCH_CAPACITY_LOAD_H
#define BENCH_CAPACITY_LOAD_H

#include "proxy/memory.h"
#include "proxy/proxy.h"

struct load;

struct load_config {
	double calls_a_second;
	uint32_t ring_ms;         /* mean */
	uint32_t txns_max, tombstones_max;
	size_t retain_max;
	uint32_t passes_a_sample; /* one message or expiry in so many is timed by stage; 0: none */
};

/* NULL: out of memory, or the engine does not do what is expected (told on stderr). */
[[nodiscard]] struct load *load_create(const struct load_config *config);
void load_destroy(struct load *load);

/* Lets virtual time pass.  False: the engine did something unexpected (told on stderr). */
[[nodiscard]] bool load_run(struct load *load, uint32_t ms);

struct load_counts {
	uint64_t calls;        /* completed */
	uint64_t messages;     /* received by the engine */
	uint64_t cycles;       /* TSC, in the engine alone: messages and timers */
	uint64_t expire_cycles; /* of them, timers */
};
/* Since the last call of it. */
void load_take_counts(struct load *load, struct load_counts *counts);

/* By stage, since the beginning; what is no stage of the engine's is empty. */
const struct stage_totals *load_stages(const struct load *load);

const struct proxy *load_proxy(const struct load *load);
/* Octets of the INVITE as received, and of one live call's copies, for the report. */
[[nodiscard]] uint32_t load_invite_octets(const struct load *load);

#endif
