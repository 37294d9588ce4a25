/* SPDX-License-Identifier: BSD-3-Clause */
/* The one capture that may run; see capture.h. */
#include "api/capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int capture_start(struct capture *capture, struct dataplane *dataplane, const char *path,
		  uint64_t packets_max, const struct dataplane_capture_filter *filter)
{
	if (capture->is_running)
		return -EBUSY;
	if (strlen(path) >= sizeof(capture->path))
		return -ENAMETOOLONG;
	int status = dataplane_capture_start(dataplane, path,
					     packets_max ? packets_max : UINT64_MAX, filter);
	if (status < 0)
		return status;
	capture->is_running = true;
	snprintf(capture->path, sizeof(capture->path), "%s", path);
	return 0;
}

int capture_stop(struct capture *capture, struct dataplane *dataplane,
		 struct capture_result *result)
{
	if (!capture->is_running)
		return -ESRCH;
	*result = (struct capture_result){ .packets = 0 };
	memcpy(result->path, capture->path, sizeof(result->path));
	capture->is_running = false;
	return dataplane_capture_stop(dataplane, &result->packets, &result->dropped);
}
