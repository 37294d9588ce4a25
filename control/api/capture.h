/* SPDX-License-Identifier: BSD-3-Clause */
/* The one capture that may run: its file and since when.  Control thread only. */
#ifndef API_CAPTURE_H
#define API_CAPTURE_H

#include "dataplane.h"

struct capture {
	bool is_running;
	char path[4096];
};

struct capture_result {
	char path[4096];
	uint64_t packets, dropped;
};

/* packets_max 0: no limit; filter NULL: all frames.  0, -EBUSY when one runs, else -errno. */
[[nodiscard]] int capture_start(struct capture *capture, struct dataplane *dataplane,
				const char *path, uint64_t packets_max,
				const struct dataplane_capture_filter *filter);
/* 0, -ESRCH when none runs, else -errno. */
[[nodiscard]] int capture_stop(struct capture *capture, struct dataplane *dataplane,
			       struct capture_result *result);

#endif
