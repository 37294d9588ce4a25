/* SPDX-License-Identifier: BSD-3-Clause */
/* See idle.h.  Worker thread. */
#include <sys/prctl.h>
#include <time.h>

#include "dpdk/idle.h"

void idle_prepare_thread(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
}

void idle_sleep(uint32_t us)
{
	const struct timespec ts = {
		.tv_sec = us / 1000000u,
		.tv_nsec = (long)(us % 1000000u) * 1000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}
