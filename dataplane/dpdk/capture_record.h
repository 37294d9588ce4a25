/* SPDX-License-Identifier: BSD-3-Clause */
/* How a frame lies in a capture ring: header, octets, padding to 8. */
#ifndef DPDK_CAPTURE_RECORD_H
#define DPDK_CAPTURE_RECORD_H

#include "dpdk/capture.h"

#define CAPTURE_FRAME_MAX 65535u

struct capture_record {
	uint64_t tsc;
	uint32_t len;       /* of the frame */
	uint32_t kept;      /* of it here */
	uint16_t device;
	uint16_t direction; /* enum capture_direction */
	uint32_t reserved;
};
static_assert(sizeof(struct capture_record) == 24);

static inline uint32_t capture_record_size(uint32_t kept)
{
	return ((uint32_t)sizeof(struct capture_record) + kept + 7u) & ~7u;
}

void capture_ring_copy_in(struct capture_ring *ring, uint64_t at, const void *bytes, uint32_t len);
void capture_ring_copy_out(const struct capture_ring *ring, uint64_t at, void *bytes, uint32_t len);

#endif
