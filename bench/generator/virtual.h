/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The call engine of the generator on a virtual network with a virtual clock: looped to itself, or
 * with Tandem's own engine between, whose output a plant may mangle (plant.h).  For tests and for
 * the program that shows the planted faults.
 */
#ifndef GENERATOR_VIRTUAL_H
#define GENERATOR_VIRTUAL_H

#include "generator/plant.h"
#include "generator/traffic.h"

#define VIRTUAL_HZ 1000000000u /* of the virtual TSC: a cycle is a nanosecond */

struct virtual_config {
	bool direct;              /* no proxy between */
	bool is_ipv6;
	bool is_stateless;        /* the proxy */
	bool no_record_route;     /* the proxy adds none */
	uint32_t loss_permille;   /* of datagrams, on each hop */
	uint32_t duplicate_permille;
	uint32_t hop_ns;          /* from one end of a hop to the other */
	uint16_t caller_count, target_count;
	uint32_t calls_max;
	uint32_t proxied_max;     /* calls within 32 s, which a proxy remembers so long; 0: 16384 */
	uint8_t check;            /* enum traffic_check */
	uint64_t seed;
	const struct plant *plant; /* NULL: none */
	void (*fault)(void *context, const struct traffic_fault *fault);
	void *fault_context;
	uint32_t faults_max;
};

struct virtual;

/* NULL: out of memory, or a mistake that stderr tells. */
[[nodiscard]] struct virtual *virtual_create(const struct virtual_config *config);
void virtual_destroy(struct virtual *v);

struct traffic *virtual_traffic(struct virtual *v);
uint64_t virtual_now(const struct virtual *v);
/* Cycles of the real TSC that the call engine has taken. */
uint64_t virtual_cycles(const struct virtual *v);
/* Messages that the plant has mangled, moved or dropped. */
uint64_t virtual_planted(const struct virtual *v);
/* What the proxy resent and received again, when there is one. */
uint64_t virtual_proxy_resent(const struct virtual *v);

/* Runs a trial to its end, at most `seconds_max` of virtual time; false: calls are left. */
[[nodiscard]] bool virtual_run(struct virtual *v, const struct traffic_trial *trial,
			       double seconds_max);
/* Lets virtual time pass, in steps or (`stalled`) without a single poll. */
void virtual_pass(struct virtual *v, uint64_t ns, bool stalled);

#endif
