/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture of frames in and out: workers copy those that the filter takes into a ring of bytes
 * each, control writes the rings out as pcapng.  Off, it costs a worker one predicted branch a
 * burst; on, a look and a copy a frame, and a frame that finds its ring full is counted, never
 * waited for.
 *
 * Frames appear as the device delivers and takes them.
 */
#ifndef DPDK_CAPTURE_H
#define DPDK_CAPTURE_H

#include <stdio.h>

#include <rte_mbuf.h>

#include "base/compiler.h"
#include "dpdk/capture_filter.h"
#include "dpdk/clock.h"

#define CAPTURE_RING_SIZE (4u << 20) /* octets a worker; a power of two */
#define CAPTURE_DEVICES_MAX 16

enum capture_direction { CAPTURE_IN = 1, CAPTURE_OUT = 2 }; /* pcapng's epb_flags */

/* A single-producer, single-consumer ring of records. */
struct capture_ring {
	alignas(CACHE_LINE_SIZE) uint64_t head; /* worker: rw, control: ro (acquire) */
	uint64_t dropped;                        /* worker: rw, control: ro (relaxed) */
	struct capture_filter filter;            /* immutable */
	alignas(CACHE_LINE_SIZE) uint64_t tail; /* control: rw, worker: ro (acquire) */
	alignas(CACHE_LINE_SIZE) uint8_t bytes[CAPTURE_RING_SIZE];
};

struct capture_ring *capture_ring_create(void);
void capture_ring_destroy(struct capture_ring *ring);

/* Worker: a burst that came in or goes out by a device. */
void capture_packets(struct capture_ring *ring, struct rte_mbuf *const *packets, uint16_t count,
		     uint16_t device, enum capture_direction direction, uint64_t tsc);

/* The file.  Control. */
struct capture {
	FILE *file;
	const struct clock *clock;
	uint64_t packets, packets_max; /* packets_max 0: unlimited */
	int error;                     /* errno of the first write that failed; then nothing is written */
	uint16_t ring_count;
	struct capture_ring *rings[64];
	uint8_t *frame;                /* a record, unwrapped */
};

struct capture_device {
	const char *name;        /* the interface's */
	const char *description; /* the device's */
};

/* Creates the file with a section header and an interface block a device, and a ring a worker.
 * NULL with errno set. */
[[nodiscard]] struct capture *capture_create(const char *path, const struct clock *clock,
					     const struct capture_device *devices,
					     uint16_t device_count, uint16_t ring_count,
					     uint64_t packets_max,
					     const struct dataplane_capture_filter *filter);
/* Writes what the rings hold. */
void capture_drain(struct capture *capture);
/* True when packets_max are written or writing failed. */
[[nodiscard]] bool capture_is_full(const struct capture *capture);
[[nodiscard]] uint64_t capture_dropped(const struct capture *capture);
/* Drains, closes and frees; no worker may know the rings any more.  0 or -errno of the file. */
int capture_destroy(struct capture *capture);

#endif
