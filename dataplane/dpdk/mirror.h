/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies of the SIP messages that a worker's engine receives and sends, for an observer outside of
 * the packet path: a worker copies them into a ring of bytes of its own, one thread takes them out
 * (dataplane_mirror_take).  Off, it costs one predicted branch a message; on, a copy a message; one
 * that finds the ring full is counted, never waited for.
 *
 * Not frames as they are on the wire (that is capture.h), and no judgement of what a message says.
 */
#ifndef DPDK_MIRROR_H
#define DPDK_MIRROR_H

#include "base/hash.h"
#include "dataplane.h"
#include "dpdk/capture.h"
#include "dpdk/clock.h"

enum mirror_direction { MIRROR_IN, MIRROR_OUT };

/* A worker's end. */
struct mirror_lane {
	struct capture_ring *ring;
	uint32_t message_max;
	uint32_t one_in;
	struct hash_key sample_key;
};

struct mirror {
	const struct clock *clock;
	uint16_t lane_count;
	uint16_t next;                 /* taker: the lane whose turn it is */
	struct mirror_lane lanes[DATAPLANE_WORKERS_MAX];
	uint8_t *message;              /* taker: unwrapped, octets of message_max */
};

/* NULL: out of memory. */
[[nodiscard]] struct mirror *mirror_create(const struct clock *clock, uint16_t lane_count,
					   const struct hash_key *sample_key,
					   const struct dataplane_mirror_config *config);
void mirror_destroy(struct mirror *mirror); /* NULL is allowed */

/* Worker: what is no SIP message (a keep-alive, STUN) is passed over. */
void mirror_put(const struct mirror_lane *lane, enum mirror_direction direction, uint64_t tsc,
		uint16_t interface, const struct endpoint *source,
		const struct endpoint *destination, struct span message);

/* At most `max`, in turn from all lanes; `tsc` is now.  Returns how many.  One thread at a time. */
uint32_t mirror_take(struct mirror *mirror, uint64_t tsc, dataplane_mirrored_fn done, void *context,
		     uint32_t max);
[[nodiscard]] uint64_t mirror_dropped(const struct mirror *mirror);

#endif
