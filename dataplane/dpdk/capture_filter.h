/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames a capture takes: asked on the worker before anything is copied.  What a filter asks
 * for must all be so.  A fragment but the first names no call: only its hosts are looked at.
 */
#ifndef DPDK_CAPTURE_FILTER_H
#define DPDK_CAPTURE_FILTER_H

#include "base/hash.h"
#include "dataplane.h"

struct capture_filter {
	struct dataplane_capture_filter is;
	struct span call_id, method;   /* into `is` */
	bool is_any;
};

void capture_filter_init(struct capture_filter *filter, const struct dataplane_capture_filter *is);
[[nodiscard]] bool capture_filter_takes(const struct capture_filter *filter, const uint8_t *frame,
					uint32_t len);

#endif
