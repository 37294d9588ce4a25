/* SPDX-License-Identifier: BSD-3-Clause */
/* See idle.h.  Worker thread. */
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dpdk/idle.h"

void idle_prepare_thread(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
}

void idle_sleep(struct idle_bell *bell, uint32_t us)
{
	const struct timespec ts = {
		.tv_sec = us / 1000000u,
		.tv_nsec = (long)(us % 1000000u) * 1000,
	};

	syscall(SYS_futex, &bell->asleep, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0);
	idle_withdraw(bell);
}

void idle_wake(struct idle_bell *bell)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&bell->asleep, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&bell->asleep, 0, __ATOMIC_RELAXED))
		syscall(SYS_futex, &bell->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
