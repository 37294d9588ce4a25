/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults planted in what a proxy sends: each mangles, moves or drops messages of one kind, of one
 * call in 64, so that the rest of the traffic teaches the checks what is right.
 */
#ifndef GENERATOR_PLANT_H
#define GENERATOR_PLANT_H

#include "generator/traffic.h"

/* A datagram that the proxy sends. */
struct planted {
	char *data;
	uint32_t len, max;
	bool to_target;
	uint16_t target;       /* index that it goes to; may be changed */
	uint16_t target_count;
};

enum plant_result {
	PLANT_UNTOUCHED,
	PLANT_MANGLED,
	PLANT_DROPPED,
};

struct plant {
	const char *name, *text;   /* what the proxy does wrong */
	uint8_t fault;             /* enum traffic_fault_kind: how it must be reported */
	const char *start;         /* the message's first octets */
	const char *cseq;          /* what its CSeq value ends in */
	bool to_target;
	enum plant_result (*apply)(struct planted *message);
};

/* The five first are the ones that every generator ought to see. */
extern const struct plant plants[];
extern const uint32_t plant_count;

[[nodiscard]] const struct plant *plant_find(const char *name);
[[nodiscard]] enum plant_result plant_apply(const struct plant *plant, struct planted *message);

#endif
